//! The agent's life: started by whoever needs it, never twice, gone and back.

mod support;

use std::collections::BTreeSet;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::pipe;
use rustix::process::Signal;
use support::desktop::{Desktop, equipped};
use support::raw::Raw;
use support::{BED, Home, TOOLS, code, err, is_alive, out, send, state_and_session, wait_for};
use testbed::Client;

const AGENT: &str = env!("CARGO_BIN_EXE_devpi-tokens-agent");

/// How long a pipe may stay open whose writers have ended.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Reads a pipe to its end, which has to come although the agent lives.
fn ends(pipe: &mut (impl Read + std::os::fd::AsFd), name: &str) -> String {
    let said = pipe::read(pipe, 1024 * 1024, AT_ONCE).unwrap_or_else(|error| panic!("{name} stays open: {error}"));
    String::from_utf8_lossy(&said).into_owned()
}

/// That the agent has left everything of whoever started it.
fn assert_detached(agent: u32) {
    let (_, session) = state_and_session(agent).expect("it lives");
    let (_, ours) = state_and_session(std::process::id()).expect("we live");
    assert_ne!(session, ours, "it is in the session of whoever started it");
    assert_eq!(session, agent.cast_signed(), "it leads a session of its own");
    // Nobody but root may look any further: the agent hides.
    let Ok(folder) = std::fs::read_link(format!("/proc/{agent}/cwd")) else { return };
    assert_eq!(folder.to_str(), Some("/"));
    let open = std::fs::read_dir(format!("/proc/{agent}/fd")).expect("listed").filter_map(|entry| {
        let target = std::fs::read_link(entry.ok()?.path()).ok()?;
        Some(target.display().to_string())
    });
    let pipes: Vec<String> = open.filter(|target| target.starts_with("pipe:")).collect();
    assert!(pipes.is_empty(), "{pipes:?}");
}

#[test]
fn a_login_is_enough_for_a_fresh_token() {
    let home = Home::with_alice();
    let got = home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get");
    assert!(got.status.success(), "{}", err(&got));
    assert!(out(&got).starts_with("devpi-"), "a token");
}

#[test]
fn pip_starts_the_agent_and_leaves_it_behind() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    for way in ["stopped", "killed"] {
        match way {
            "stopped" => assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success()),
            _ => home.kill_agent(),
        }
        assert_eq!(home.agent(), None, "{way}");
        let mut client = Client::new(&TOOLS).expect("a client");
        client.put_on_path(home.shim());
        let mut pip = client
            .pip(["install", "--no-input", "--keyring-provider", "subprocess", "bed-app", "--index-url"])
            .arg(BED.simple_url("alice/dev"))
            .envs(home.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pip");
        // pip's words fit into its pipes.
        let ended = pip.wait().expect("pip ends");
        let (mut stdout, mut stderr) = (pip.stdout.take().expect("piped"), pip.stderr.take().expect("piped"));
        let said = format!("{}{}", ends(&mut stdout, "pip's output"), ends(&mut stderr, "pip's error stream"));
        assert!(ended.success(), "{way}: {said}");
        assert!(client.imports("bed_app"), "{way}: {said}");
        assert_detached(home.agent().expect("the agent stays"));
    }
}

#[test]
fn the_agent_keeps_no_descriptor_that_its_starter_had_open() {
    let home = Home::with_alice();
    home.kill_agent();
    let helper = home.helper(&["keyring", "--mode=creds", "get", &BED.simple_url("alice/dev")]);
    let (mut ninth, writer) = std::io::pipe().expect("a pipe");
    // The shell's own descriptors are closed when it runs a program, those of a redirection are not.
    let mut shell = home.command("sh");
    shell.args(["-c", "exec 9>&0 </dev/null; exec \"$0\" \"$@\""]).arg(helper.get_program()).args(helper.get_args());
    let started = shell.stdin(OwnedFd::from(writer)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut asked = started.expect("a shell");
    drop(shell);
    assert_eq!(asked.wait().expect("it ends").code(), Some(1), "nothing is kept any more");
    ends(&mut ninth, "descriptor 9");
    assert_eq!(ends(asked.stdout.as_mut().expect("piped"), "the output"), "");
    let said = ends(asked.stderr.as_mut().expect("piped"), "the error stream");
    assert!(said.contains("devpi-tokens login"), "{said}");
    assert_detached(home.agent().expect("the agent stays"));
}

#[test]
fn a_killed_agent_with_a_vault_in_memory_says_to_log_in() {
    let home = Home::with_alice();
    let url = BED.simple_url("alice/dev");
    home.kill_agent();
    assert!(home.paths().sockets[0].exists(), "what it left behind disturbs nobody");
    let keyring = home.command(home.shim().join("keyring")).args(["--mode=creds", "get", &url]).output();
    let get = home.cli(&["get", &url]).output();
    let status = home.cli(&["status"]).output();
    for (name, output, expected) in [("keyring get", keyring, 1), ("get", get, 69), ("status", status, 1)] {
        let output = output.expect("it ends");
        let said = out(&output) + &err(&output);
        assert_eq!(code(&output), Some(expected), "{name}: {said}");
        assert!(said.contains("devpi-tokens login"), "{name}: {said}");
    }
    home.login(&BED, &url, "alice");
    let got = home.cli(&["get", &url]).output().expect("get");
    assert!(out(&got).starts_with("devpi-"), "{}", err(&got));
}

#[test]
fn a_new_agent_serves_in_under_a_second() {
    let home = Home::with_alice();
    // The best of some: the machine may be busy with other tests.
    let times = (0..5).map(|_| {
        home.kill_agent();
        let begun = Instant::now();
        let started = home.cli(&["agent", "start"]).output().expect("start");
        assert!(started.status.success(), "{}", err(&started));
        begun.elapsed()
    });
    let best = times.min().expect("some");
    assert!(best < Duration::from_secs(1), "{best:?}");
}

#[test]
fn of_a_hundred_starts_at_once_one_serves() {
    let home = Home::new("memory");
    let spawn = |mut command: Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let clients = (0..20).map(|_| home.cli(&["agent", "start"]));
    let agents = (0..100).map(|_| home.command(AGENT));
    let mut started: Vec<_> = clients.chain(agents).map(spawn).collect();
    let mut served = BTreeSet::new();
    for one in &mut started {
        let patience = Duration::from_secs(30);
        let said = pipe::read(one.stdout.as_mut().expect("piped"), 4096, patience).expect("it says something");
        let said = String::from_utf8_lossy(&said).into_owned();
        match said.strip_prefix("the agent runs: process ").and_then(|rest| rest.split(',').next()) {
            Some(pid) => drop(served.insert(pid.to_owned())),
            None => assert_eq!(said, "ready\n"),
        }
    }
    let agent = home.agent().expect("one serves");
    assert_eq!(served.into_iter().collect::<Vec<_>>(), [agent.to_string()], "all were told of the same one");
    for one in started.iter_mut().filter(|one| one.id() != agent) {
        assert_eq!(one.wait().expect("it ends").code(), Some(0));
    }
    let again = home.cli(&["agent", "start"]).output().expect("start");
    assert!(out(&again).contains(&format!("process {agent},")) && again.status.success(), "{}", out(&again));
    let stopped = home.cli(&["agent", "stop"]).output().expect("stop");
    assert_eq!((code(&stopped), out(&stopped).as_str()), (Some(0), "the agent has ended\n"));
    assert!(!home.paths().sockets[0].exists(), "the socket is gone");
    // Where it is a child of this test it waits to be asked for its end.
    wait_for("its end", || !is_alive(agent));
    for mut one in started {
        assert_eq!(one.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn an_agent_ends_at_once_whoever_is_connected_and_the_next_one_need_not_wait() {
    let home = Home::new("memory");
    for signal in [None, Some(Signal::TERM), Some(Signal::INT)] {
        assert!(home.cli(&["agent", "start"]).output().expect("start").status.success());
        let agent = home.agent().expect("it runs");
        let socket = home.paths().sockets.remove(0);
        let _silent = Raw::silent(&socket);
        let _idle = Raw::greeted(&socket);
        let begun = Instant::now();
        match signal {
            None => assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success()),
            Some(signal) => send(agent, signal),
        }
        wait_for("its end", || !is_alive(agent));
        assert!(!socket.exists(), "it removes its socket");
        assert!(home.log().trim_end().ends_with("ended"), "{}", home.log());
        assert!(home.cli(&["agent", "start"]).output().expect("start").status.success());
        // Less than the five seconds that the last answers may take.
        assert!(begun.elapsed() < Duration::from_secs(3), "{signal:?}: {:?}", begun.elapsed());
        assert_ne!(home.agent(), Some(agent));
    }
}

#[test]
fn an_agent_does_not_end_with_the_terminal_of_its_starter() {
    let home = Home::with_alice();
    let agent = home.agent().expect("it runs");
    send(agent, Signal::HUP);
    let got = home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get");
    assert!(got.status.success(), "{}", err(&got));
    assert_eq!(home.agent(), Some(agent));
}
