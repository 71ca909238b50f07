//! Real clients under `exec`, by what can go wrong: the token ends, the agent does, a signal comes, somebody has a netrc.

mod support;

#[path = "exec/agent.rs"]
mod agent;
#[path = "exec/builds.rs"]
mod builds;
#[path = "exec/command.rs"]
mod command;
#[path = "exec/netrc.rs"]
mod netrc;
#[path = "exec/uploads.rs"]
mod uploads;
#[path = "exec/uv.rs"]
mod uv;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

use support::judge::Watch;
use support::run::succeeds;
use support::{BED, Home, TOOLS};
use testbed::{Bed, Client, Closing};

/// The same behind a login page.
static REDIRECTING: LazyLock<Bed> =
    LazyLock::new(|| Bed::start(&TOOLS, Closing::Redirect302).expect("a server with a login page"));

fn with_alice(bed: &Bed) -> Home {
    let home = Home::new("memory");
    home.login(bed, &bed.simple_url("alice/dev"), "alice");
    home
}

/// `devpi-tokens exec …` around a client's command, with the client's environment.
fn exec(args: &[&str], command: Command) -> Command {
    let mut exec = Command::new(env!("CARGO_BIN_EXE_devpi-tokens"));
    exec.arg("exec").args(args).arg("--").arg(command.get_program()).args(command.get_args());
    exec.env_clear();
    for (name, value) in command.get_envs() {
        value.map(|value| exec.env(name, value));
    }
    if let Some(folder) = command.get_current_dir() {
        exec.current_dir(folder);
    }
    exec
}

/// Where the runs of a home have their folders.
fn runs(home: &Home) -> PathBuf {
    home.path().join("state/exec")
}

fn nothing_is_left(home: &Home) {
    let left: Vec<_> =
        std::fs::read_dir(runs(home)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The earliest end among a token's caveats.
fn end(caveats: &[String]) -> f64 {
    let ends = caveats.iter().filter_map(|caveat| caveat.strip_prefix("expires="));
    ends.map(|end| end.parse().expect("a number")).reduce(f64::min).expect("an end")
}

/// A shell with that script, in the client's environment, `uv` and `twine` by their paths in `$UV` and `$TWINE`.
fn shell(client: &Client, script: &str) -> Command {
    let mut shell = client.command("sh");
    shell.args(["-e", "-c", script]);
    shell.env("UV", TOOLS.uv()).env("VIRTUAL_ENV", client.venv()).env("UV_NO_CACHE", "1");
    shell.env("TWINE", client.venv().join("bin/twine"));
    shell
}

/// A shell with that script under `exec`, which heeds signals and whose streams are pipes.
fn waiting(home: &Home, script: &str) -> Child {
    let mut command = home.command("sh");
    command.args(["-c", script]);
    let exec = exec(&["--lifetime", "6s", &BED.simple_url("alice/dev")], command);
    // What runs tests may ignore signals, and what is ignored is inherited.
    let mut plain = home.command("env");
    plain.arg("--default-signal").arg(exec.get_program()).args(exec.get_args());
    plain.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    plain.spawn().expect("it starts")
}

fn ends(child: Child) -> Output {
    child.wait_with_output().expect("its end")
}

#[test]
fn without_a_url_the_indexes_of_pips_environment_are_meant() {
    let home = with_alice(&BED);
    let watch = Watch::new(&home, &BED);
    let client = Client::new(&TOOLS).expect("a client");
    let mut pip = client.pip(["install", "--no-input", "bed-app", "bed-extra"]);
    pip.env("PIP_INDEX_URL", BED.simple_url("alice/dev")).env("PIP_EXTRA_INDEX_URL", BED.simple_url("alice/other"));
    succeeds(&home, exec(&[], pip));
    assert!(client.imports("bed_app") && client.imports("bed_extra"));
    for sent in watch.of("pip/26.") {
        assert_eq!(sent.added[2], "indexes=alice/base,alice/dev,alice/mid,alice/other");
        assert!(end(&sent.added) <= sent.seen.time + 120.0, "{sent:?}");
    }
}
