//! The agent with ten thousand connections, and without a descriptor left: whoever comes next is served, and nothing of
//! it stays.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::raw::{Raw, kind};
use support::{BED, Home, err, out, wait_for};

/// How long a good request may take. A second is promised; the machine may be busy with other tests, and this is no
/// optimised build.
const SOON: Duration = Duration::from_secs(8);

/// Opens as many connections as its second argument says, and holds them until its standard input is closed. Some are
/// silent, some say half a frame, some a whole one and never read.
const HOLD: &str = r#"
import socket, struct, sys
held = []
hello = b'{"hello":{"version":1}}'
hello = struct.pack(">I", len(hello)) + hello
for number in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    try:
        one.sendall([b"", hello[:9], hello][number % 3])
    except OSError:
        pass
    held.append(one)
print("held", flush=True)
sys.stdin.read()
"#;

/// Processes that hold connections.
struct Holders(Vec<Child>);

impl Holders {
    fn start(socket: &Path, processes: usize, each: usize) -> Self {
        let start = |_| {
            let mut python = Command::new("python3");
            python.args(["-c", HOLD]).arg(socket).arg(each.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
            python.spawn().expect("python3")
        };
        let mut holders: Vec<Child> = (0..processes).map(start).collect();
        for holder in &mut holders {
            let mut line = String::new();
            let said = BufReader::new(holder.stdout.take().expect("an output")).read_line(&mut line);
            assert_eq!((said.expect("a line"), line.as_str()), (5, "held\n"));
        }
        Self(holders)
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        for holder in &mut self.0 {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

/// How much of a processor a process has used, and how many bytes of memory it has (`proc_pid_stat(5)`).
fn used(pid: u32) -> (Duration, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<u64> =
        stat.rsplit(')').next().expect("fields").split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    let ticks = fields[11] + fields[12];
    let (a_second, page) = (rustix::param::clock_ticks_per_second(), rustix::param::page_size() as u64);
    (Duration::from_millis(ticks * 1000 / a_second), fields[21] * page)
}

fn assert_serves(socket: &Path) {
    let begun = Instant::now();
    let answer = Raw::greeted(socket).ask(&json!("status"));
    assert_eq!(kind(&answer), "status", "{answer}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// That the agent does next to nothing for as long as a silent connection is waited for.
fn assert_idle(socket: &Path, agent: u32) {
    let (begun, (before, _)) = (Instant::now(), used(agent));
    Raw::silent(socket).hangs_up_after();
    let (worked, took) = (used(agent).0.saturating_sub(before), begun.elapsed());
    assert!(worked * 4 < took, "{worked:?} of {took:?}");
}

#[test]
fn ten_thousand_connections_that_are_held_keep_nobody_waiting_and_leave_nothing_behind() {
    let home = Home::new("memory");
    // It says as much as a person's.
    let start = home.cli(&["agent", "start"]).env("DEVPI_TOKENS_LOG", "info").output().expect("start");
    assert!(start.status.success());
    let (socket, agent) = (home.paths().sockets.remove(0), home.agent().expect("it runs"));
    // The code that serves a connection is in memory: the agent has let go of what it needed to start.
    assert_serves(&socket);
    let (_, before) = used(agent);
    let holders = Holders::start(&socket, 40, 250);
    assert_serves(&socket);
    assert_idle(&socket, agent);
    assert_serves(&socket);
    drop(holders);
    assert_serves(&socket);
    wait_for("its memory", || used(agent).1 <= before + before / 10);
    assert_eq!(home.agent(), Some(agent));
}

#[test]
fn of_a_thousand_who_come_at_once_those_who_speak_are_heard() {
    let home = Home::new("memory");
    assert!(home.cli(&["agent", "start"]).output().expect("start").status.success());
    let (socket, agent) = (home.paths().sockets.remove(0), home.agent().expect("it runs"));
    let agent = Pid::from_raw(agent.try_into().expect("a number")).expect("a process");
    // All of them wait at its door before it opens.
    kill_process(agent, Signal::STOP).expect("stopped");
    let mut held = Vec::new();
    let mut speaking: Vec<Raw> = Vec::new();
    for _ in 0..20 {
        held.push(Holders::start(&socket, 2, 25));
        let mut raw = Raw::silent(&socket);
        raw.frame(br#"{"hello":{"version":1}}"#);
        speaking.push(raw);
    }
    kill_process(agent, Signal::CONT).expect("continued");
    let answers: Vec<_> = speaking.iter_mut().map(|raw| raw.answer().is_some()).collect();
    assert_eq!(answers, [true; 20]);
}

#[test]
fn an_agent_with_few_descriptors_gives_none_of_its_last_to_whoever_holds_connections() {
    let home = Home::new("memory");
    let mut limited = home.command("prlimit");
    limited.arg("--nofile=48:48").arg(env!("CARGO_BIN_EXE_devpi-tokens-agent")).stdout(Stdio::null());
    let mut process = limited.spawn().expect("prlimit");
    wait_for("the agent", || home.agent().is_some());
    let (socket, agent) = (home.paths().sockets.remove(0), home.agent().expect("it runs"));
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    let holders = Holders::start(&socket, 6, 30);
    // The log and the errand for the bases need some.
    for index in ["alice/dev", "alice/mid"] {
        let got = home.cli(&["get", &BED.simple_url(index)]).output().expect("get");
        assert!(got.status.success(), "{}", err(&got));
        assert_eq!(err(&got), "", "its bases are known");
    }
    assert_eq!(out(&home.cli(&["log", "--json"]).output().expect("log")).lines().count(), 2, "both are in the log");
    assert!(!home.log().contains("cannot"), "{}", home.log());
    assert_idle(&socket, agent);
    drop(holders);
    assert_serves(&socket);
    assert_eq!(home.agent(), Some(agent));
    drop(home);
    assert!(process.wait().expect("it ends").success());
}
