//! The agent's life: started by whoever needs it, never twice, gone and back.

#[path = "lifecycle/starter.rs"]
mod starter;
mod support;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::client;
use devpi_tokens::pipe;
use devpi_tokens::protocol::{Holder, Keeper, Request, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use devpi_tokens::token::Token;
use rustix::process::Signal;
use serde_json::json;
use support::desktop::{Desktop, equipped};
use support::raw::{Raw, kind};
use support::{BED, Home, TOOLS, code, err, fed, is_alive, out, send, state_and_session, wait_for};
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
fn an_answer_that_is_being_made_is_finished_when_the_agent_is_told_to_end() {
    let home = Home::with_alice();
    let (agent, socket) = (home.agent().expect("it runs"), home.paths().sockets.remove(0));
    // A server that keeps the agent's errand for the bases waiting.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let server = format!("http://{}", listener.local_addr().expect("an address"));
    let token = BED.create_token("alice", &json!({})).expect("a token");
    let kept = Raw::greeted(&socket).ask(&json!({"keep": {
        "holder": {"server": server, "user": "alice"}, "token": token, "index": null, "bases": [],
        "default": true, "access": {"ca_file": null, "allow_http": false, "skew": 0}, "policy": null,
    }}));
    assert_eq!(kind(&kept), "left", "{kept}");
    let mut asking = Raw::greeted(&socket);
    asking.frame(
        json!({"ask": {
            "server": server, "user": null, "purpose": "read", "indexes": ["alice/dev"],
            "projects": [], "bytes": 0,
        }})
        .to_string()
        .as_bytes(),
    );
    let errand = Cell::new(None);
    wait_for("the errand", || {
        errand.set(listener.accept().ok());
        let came = errand.take();
        let is_there = came.is_some();
        errand.set(came);
        is_there
    });
    send(agent, Signal::TERM);
    wait_for("the end of its socket", || !socket.exists());
    assert!(is_alive(agent), "it answers first");
    drop((errand, listener));
    let answer = asking.answer().expect("the answer");
    let given = Token::parse(answer["credential"]["password"].as_str().unwrap_or_else(|| panic!("{answer}")))
        .expect("a whole token");
    assert_eq!(given.id(), Token::parse(&token).expect("a token").id());
    assert_eq!(asking.answer(), None, "and then it ends");
    wait_for("its end", || !is_alive(agent));
}

/// The library that shows a program another time, where one can have it.
fn faketime() -> Option<PathBuf> {
    testbed::debian(&["libfaketime"], |_| ()).ok()?;
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

#[test]
fn with_the_clock_a_year_on_the_vault_is_locked_and_what_it_keeps_is_over() {
    let Some(library) = faketime() else { return };
    let home = Home::new("passphrase");
    let clock = home.path().join("clock");
    std::fs::write(&clock, "+0\n").expect("a file");
    let mut agent = home.command(AGENT);
    agent.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    agent.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    let mut agent = agent.stdout(Stdio::null()).spawn().expect("the agent");
    wait_for("the agent", || home.agent().is_some());
    let url = BED.simple_url("alice/dev");
    let login = fed(home.cli(&["login", &url, "alice"]), &format!("horse\n{}\n", BED.password("alice")));
    assert!(login.status.success(), "{}", err(&login));
    let get = || home.cli(&["get", &url]).output().expect("get");
    assert!(get().status.success(), "{}", err(&get()));
    std::fs::write(&clock, "+400d\n").expect("a file");
    let locked = get();
    assert_eq!((code(&locked), out(&locked).as_str()), (Some(75), ""), "{}", err(&locked));
    assert!(home.log().contains("locked why=the clock was set forward"), "{}", home.log());
    assert!(fed(home.cli(&["agent", "unlock"]), "horse\n").status.success());
    let over = get();
    assert_eq!((code(&over), out(&over).as_str()), (Some(77), ""), "{}", err(&over));
    assert!(err(&over).contains(" ended at "), "{}", err(&over));
    assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success());
    assert!(agent.wait().expect("it ends").success());
}

#[test]
fn what_cannot_be_written_to_standard_output_ends_in_74_and_says_nothing_secret() {
    let home = Home::with_alice();
    let simple = BED.simple_url("alice/dev");
    for args in [&["get", &simple][..], &["status"], &["status", "--json"], &["log"], &["agent", "status"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("it is there");
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        for (name, stdout) in [("full", Stdio::from(full)), ("closed", Stdio::from(closed))] {
            let done = home.cli(args).stdout(stdout).stderr(Stdio::piped()).output().expect("it runs");
            assert_eq!(code(&done), Some(74), "{name}: {args:?}: {}", err(&done));
            assert!(!err(&done).contains("devpi-A"), "{name}: {args:?}: {}", err(&done));
            // Whoever has closed it has seen enough, as with `| head`.
            assert_eq!(err(&done).is_empty(), name == "closed" && args[0] != "get", "{args:?}: {}", err(&done));
        }
    }
    let full = std::fs::File::options().write(true).open("/dev/full").expect("it is there");
    let helper = home.helper(&["keyring", "--mode=creds", "get", &simple]).stdout(full).output().expect("it runs");
    assert_eq!(code(&helper), Some(1), "{}", err(&helper));
}

#[test]
fn a_program_is_told_which_agent_runs_and_what_it_keeps() {
    let home = Home::with_alice();
    let told = home.cli(&["agent", "status", "--json"]).output().expect("it runs");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["agent"]["pid"], home.agent().expect("an agent"), "{told}");
    assert_eq!(told["agent"]["socket"], json!(home.paths().sockets[0]), "{told}");
    assert_eq!(told["roots"][0]["holder"]["user"], "alice", "{told}");
}
