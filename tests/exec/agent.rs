//! The agent while a command runs: ended, slow, refusing, locked.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::Signal;

use crate::support::run::succeeds;
use crate::support::{BED, Home, TOOLS, code, err, fed, is_alive, out, send, wait_for};
use crate::{ends, exec, nothing_is_left, runs, waiting, with_alice};

#[test]
fn an_agent_that_has_ended_takes_nothing_from_a_command_that_runs() {
    let home = with_alice(&BED);
    let mut script = home.command("sh");
    let text = "\"$AGENT\" agent stop; first=$(cat \"$NETRC\"); while test \"$first\" = \"$(cat \"$NETRC\")\"; do sleep 0.1; done";
    script.args(["-e", "-c", text]).env("AGENT", env!("CARGO_BIN_EXE_devpi-tokens"));
    let done = succeeds(&home, exec(&["--lifetime", "5s", &BED.simple_url("alice/dev")], script));
    assert_eq!((out(&done).as_str(), err(&done).lines().count()), ("the agent has ended\n", 1), "{}", err(&done));
    assert!(home.agent().is_none(), "it was started again");
}

#[test]
fn the_agent_is_asked_again_in_time_and_what_it_refuses_ends_nothing() {
    let home = Home::new("memory");
    // What is made of it lasts for 70 seconds: the agent is asked again at 35, and gives nothing in the last 30.
    let login = ["login", "--expires", "70s", &BED.simple_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let next = "first=$(cat \"$NETRC\"); while test \"$first\" = \"$(cat \"$NETRC\")\"; do sleep 0.1; done; echo next";
    let mut child = waiting(&home, &format!("{next}; read end; {next}"));
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map(|line| line.expect("a line"));
    let refused = said.find(|line| line.starts_with("devpi-tokens: ")).expect("a refusal");
    assert!(refused.starts_with("devpi-tokens: trying again: the token of alice at "), "{refused}");
    assert!(refused.ends_with(" ends in a moment"), "{refused}");
    assert_eq!(home.log().matches("handed out").count(), 2, "{}", home.log());
    drop(child.stdin.take());
    assert_eq!(said.next(), None, "it is said once");
    let done = ends(child);
    assert_eq!((code(&done), out(&done).as_str()), (Some(0), "next\nnext\n"));
}

/// Says whether a token in the netrc had ended, once its input ends.
const WATCHING: &str = r#"
import base64, os, re, select, sys, time

late = set()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    words = open(os.environ["NETRC"]).read().split()
    token = words[words.index("password") + 1].removeprefix("devpi-")
    token = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if min(int(end) for end in re.findall(rb"expires=(\d+)", token)) <= time.time():
        late.add(token)
print(len(late), "late")
"#;

#[test]
fn a_slow_agent_lets_no_token_run_out() {
    let home = Home::new("memory");
    // The agent is asked again when half of that is over, and a token is replaced after six seconds.
    let login = ["login", "--expires", "45s", &BED.simple_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let mut python = home.command(TOOLS.program("python"));
    python.args(["-c", WATCHING]);
    let mut exec = exec(&["--lifetime", "12s", &BED.simple_url("alice/dev")], python);
    exec.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = exec.spawn().expect("it starts");
    wait_for("the run", || std::fs::read_dir(runs(&home)).is_ok_and(|mut found| found.next().is_some()));
    let agent = home.agent().expect("an agent");
    send(agent, Signal::STOP);
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map(|line| line.expect("a line"));
    let failed = said.find(|line| line.starts_with("devpi-tokens: "));
    send(agent, Signal::CONT);
    assert_eq!(failed.as_deref(), Some("devpi-tokens: trying again: the agent took too long"));
    drop(child.stdin.take());
    let done = ends(child);
    assert_eq!((code(&done), out(&done).as_str()), (Some(0), "0 late\n"));
}

/// As `exec` is while its command runs, and asks again.
#[test]
fn an_agent_whose_starter_holds_signals_back_ends_by_them_all_the_same() {
    const HOLDING: &str = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); os.execv(sys.argv[1], sys.argv[1:])";
    let home = Home::new("memory");
    let mut start = home.command(TOOLS.program("python"));
    start.args(["-c", HOLDING, env!("CARGO_BIN_EXE_devpi-tokens"), "agent", "start"]);
    assert!(start.output().expect("it starts").status.success());
    let agent = home.agent().expect("an agent");
    send(agent, Signal::TERM);
    wait_for("the agent's end", || !is_alive(agent));
}

#[test]
fn a_command_is_not_started_where_there_is_no_token() {
    let home = with_alice(&BED);
    assert!(home.cli(&["agent", "lock"]).output().expect("lock").status.success());
    let child = waiting(&home, "echo > \"$HOME/started\"");
    let done = ends(child);
    assert_eq!(code(&done), Some(75), "{}", err(&done));
    assert!(err(&done).contains("devpi-tokens agent unlock"), "{}", err(&done));
    assert!(!home.path().join("started").exists());
    nothing_is_left(&home);
}
