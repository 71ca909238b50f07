//! Real clients, run against a home's agent.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde::Serialize;
use testbed::Client;

use super::{BED, Home, TOOLS, err, out};

/// A machine with nothing but pip and uv, where the first `keyring` on PATH is ours.
pub fn client_with_shim(home: &Home) -> Client {
    let mut client = Client::new(&TOOLS).expect("a client");
    client.put_on_path(home.shim());
    client
}

/// The wheel of this checkout. Built once: another build would replace it under whoever installs it.
pub static WHEEL: LazyLock<PathBuf> =
    LazyLock::new(|| testbed::wheel(&TOOLS, Path::new(env!("CARGO_MANIFEST_DIR"))).expect("our wheel"));

/// A machine with pip, twine and Python keyring, where the wheel of this checkout is installed.
pub fn client_with_wheel() -> Client {
    let client = Client::with_keyring(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    client
}

/// The output of a program that reaches this home's agent.
pub fn run(home: &Home, mut command: Command) -> Output {
    command.envs(home.variables()).stdin(Stdio::null()).output().expect("the program starts")
}

/// Runs a program that reaches this home's agent and has to succeed.
pub fn succeeds(home: &Home, command: Command) -> Output {
    let line = format!("{command:?}");
    let output = run(home, command);
    assert!(output.status.success(), "{line}\n{}{}\nthe agent's log:\n{}", out(&output), err(&output), home.log());
    output
}

/// A command at a terminal of 80 columns, and somebody who answers: what is waited for and what is typed, in this order.
/// With a third word it is typed each time, until what the next one waits for comes.
pub fn at_terminal(command: &Command, answers: &[impl Serialize]) -> Output {
    let mut typist = Command::new(TOOLS.program("python"));
    typist.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/typist.py"));
    typist.arg(serde_json::to_string(answers).expect("JSON")).arg(command.get_program()).args(command.get_args());
    typist.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    typist.current_dir(command.get_current_dir().expect("a folder")).output().expect("a terminal")
}

/// A look-up of a token to read `alice/dev`.
pub fn get(home: &Home) -> Output {
    home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("it ends")
}

/// That the agent gives one.
pub fn assert_gives(home: &Home) {
    let got = get(home);
    assert!(got.status.success() && out(&got).starts_with("devpi-"), "{}", err(&got));
}
