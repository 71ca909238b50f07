//! The log of hand-outs: who asked, what came of it, and which token was that.

mod support;
#[path = "log/trace.rs"]
mod trace;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use devpi_tokens::client::Client;
use devpi_tokens::handout::Entry;
use devpi_tokens::protocol::{Question, Request, Response};
use devpi_tokens::target::{ProjectName, Purpose};
use serde_json::{Value, json};
use support::{BED, Home, code, err, fed, out, wait_for};

/// The bound of the whole log, in bytes: nine files of a megabyte.
const BOUND: u64 = 9 * 1024 * 1024;

const CLI: &str = env!("CARGO_BIN_EXE_devpi-tokens");

/// What the log says, a line each.
fn entries(home: &Home, args: &[&str]) -> Vec<Entry> {
    let done = home.cli(&[&["log", "--json"], args].concat()).output().expect("log");
    assert_eq!(done.status.success(), !done.stdout.is_empty(), "{}", err(&done));
    let entry = |line: &str| Entry::read(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
    out(&done).lines().map(entry).collect()
}

fn handouts(home: &Home) -> PathBuf {
    home.path().join("state/handouts.log")
}

/// Every file of the log, with what is in it.
fn files(home: &Home) -> Vec<Vec<u8>> {
    let all = std::fs::read_dir(home.path().join("state")).expect("the state folder");
    let all = all.map(|entry| entry.expect("an entry").path());
    let ours = all.filter(|path| path.to_string_lossy().contains("handouts.log"));
    ours.map(|path| std::fs::read(path).expect("a file")).collect()
}

/// A shell that says its own number on standard error, and then runs what asks for a token.
fn shell(home: &Home, args: &[&str]) -> Command {
    let mut shell = home.command("sh");
    shell.args(["-c", "echo $$ >&2; \"$0\" \"$@\"; exit $?", CLI]).args(args);
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

fn trace(home: &Home, token: &str, args: &[&str]) -> (Option<i32>, String) {
    let done = fed(home.cli(&[&["trace", "--file", "-"], args].concat()), &format!("{token}\n"));
    (code(&done), out(&done) + &err(&done))
}

/// A token to read `alice/dev`, asked for by a process of its own: the same one would get the same token.
fn got(home: &Home) -> String {
    let done = shell(home, &["get", &BED.simple_url("alice/dev")]).output().expect("get");
    assert!(done.status.success(), "{}", err(&done));
    out(&done).trim().to_owned()
}

/// For an upload.
fn request(projects: Vec<ProjectName>) -> Request {
    Request::Ask(Question {
        server: BED.url().parse().expect("a server"),
        user: None,
        purpose: Purpose::Upload,
        indexes: vec!["alice/dev".parse().expect("an index")],
        projects,
        bytes: 0,
        stranger: None,
    })
}

/// Asks for an upload of those projects.
fn upload(agent: &mut Client, projects: Vec<ProjectName>) -> String {
    match agent.request(&request(projects)).expect("a token") {
        Response::Credential(given) => given.password.expose().to_owned(),
        _ => panic!("another answer"),
    }
}

#[test]
fn ten_thousand_hand_outs_stay_readable_in_a_log_that_never_grows_over_its_bound() {
    let home = Home::new("memory");
    let name = |number: usize| format!("project-{number:05}").parse().expect("a project");
    let (mut first, mut last) = (String::new(), String::new());
    // No root token gives more than three thousand tokens at once that can all be told apart.
    for round in 0..4 {
        home.login(&BED, &BED.simple_url("alice/dev"), "alice");
        let mut agent = Client::running(&home.paths()).expect("a greeting").expect("an agent");
        for number in 0..2_500 {
            last = upload(&mut agent, vec![name(2_500 * round + number)]);
            if first.is_empty() {
                first.clone_from(&last);
            }
        }
    }
    let logged = entries(&home, &[]);
    assert_eq!(logged.len(), 10_000);
    let projects = |entry: &Entry| entry.projects.first().map(ToString::to_string);
    assert_eq!(projects(&logged[0]).as_deref(), Some("project-00000"), "the oldest first");
    assert_eq!(projects(&logged[9_999]).as_deref(), Some("project-09999"));
    assert!(files(&home).len() > 3, "it was turned over");
    assert!(files(&home).iter().all(|file| file.len() <= 1024 * 1024));
    for token in [&first, &last] {
        assert_eq!(trace(&home, token, &[]).0, Some(0));
    }
    assert_eq!(entries(&home, &["--project", "project-05000"]).len(), 1);
    // Fatter ones, until the oldest have to go.
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    let mut agent = Client::running(&home.paths()).expect("a greeting").expect("an agent");
    for number in 0..1_500 {
        last = upload(&mut agent, (0..200).map(|more| name(20_000 + number + more)).collect());
    }
    let total: u64 = files(&home).iter().map(|file| file.len() as u64).sum();
    assert!((BOUND - 1024 * 1024..=BOUND).contains(&total), "{total} bytes");
    assert_eq!(trace(&home, &last, &[]).0, Some(0));
    let (exit, told) = trace(&home, &first, &[]);
    assert_eq!(exit, Some(1));
    assert!(told.contains("which begins on"), "{told}");
}

#[test]
fn a_process_that_lies_about_its_name_is_in_the_log_with_its_real_program() {
    let home = Home::with_alice();
    let script = home.path().join("script");
    let ask = format!(
        "{} keyring --mode=creds get {}\nexit $?\n",
        env!("CARGO_BIN_EXE_devpi-tokens-helper"),
        BED.index_url("alice/dev")
    );
    std::fs::write(&script, ask).expect("written");
    let real = std::fs::canonicalize("/bin/bash").expect("bash").display().to_string();
    for name in ["/usr/bin/twine", "\x1b[2Jtwine"] {
        let mut liar = home.command("bash");
        liar.args(["-c", "exec -a \"$0\" bash \"$1\" upload bed_app-1.0-py3-none-any.whl", name]).arg(&script);
        let done = liar.output().expect("bash");
        assert!(done.status.success(), "{}", err(&done));
        let entry = entries(&home, &["-n", "1"]).remove(0);
        assert_eq!(entry.purpose, Purpose::Upload);
        let caller = entry.asker.caller.expect("a caller");
        assert_eq!(caller.program.expect("a program").to_string(), real);
        let says: Vec<String> = caller.says.iter().map(ToString::to_string).collect();
        assert_eq!(says, [name.replace('\x1b', "\\x1b"), script.display().to_string()], "its own word, as its own");
        let shown = out(&home.cli(&["log", "-n", "1"]).output().expect("log"));
        assert!(shown.contains(&format!("by       {real} (process ")), "{shown}");
        assert!(!shown.contains('\x1b'), "{shown:?}");
    }
    assert_eq!(entries(&home, &["--program", "bash"]).len(), 2);
    assert_eq!(entries(&home, &["--program", &real]).len(), 2);
    assert_eq!(entries(&home, &["--program", "twine"]).len(), 1, "it is found by its own word, too");
}

#[test]
fn a_process_in_a_container_is_marked_in_the_log() {
    let across = ["--user", "--map-root-user"];
    // Some machines forbid new namespaces: then there is no container either.
    if !Command::new("unshare").args(across).arg("true").status().is_ok_and(|status| status.success()) {
        return;
    }
    let home = Home::with_alice();
    let mut inside = home.command("unshare");
    let done = inside.args(across).args([CLI, "get", &BED.index_url("alice/dev")]).output().expect("unshare");
    assert_eq!(code(&done), Some(77), "{}", err(&done));
    let entry = entries(&home, &[]).remove(0);
    assert!(entry.asker.restricted && entry.handed_out().is_none());
}

#[test]
fn a_process_that_is_gone_by_the_time_of_its_answer_is_in_the_log_as_what_it_was() {
    let home = Home::with_alice();
    // The shell ends as soon as the helper runs: who it was is known from when the helper connected, or not at all.
    let mut shell = home.command("sh");
    shell.args(["-c", "\"$0\" get \"$1\" & exit 0", CLI, &BED.simple_url("alice/dev")]).stdout(Stdio::piped());
    let done = shell.output().expect("sh");
    assert!(out(&done).starts_with("devpi-"), "{}", err(&done));
    let entry = entries(&home, &[]).remove(0);
    let peer = entry.asker.peer.expect("a peer").program.expect("its program").to_string();
    assert_eq!(peer, std::fs::canonicalize(CLI).expect("a path").display().to_string());
}

#[test]
fn the_log_is_filtered_by_whatever_a_line_says() {
    let home = Home::with_alice();
    home.login(&BED, &BED.index_url("bob/dev"), "bob");
    let ask = |args: &[&str]| code(&home.cli(args).output().expect("get"));
    let (simple, index) = (BED.simple_url("alice/dev"), BED.index_url("alice/dev"));
    assert_eq!(ask(&["get", &simple]), Some(0));
    assert_eq!(ask(&["get", &index, "--project", "bed-app"]), Some(0));
    assert_eq!(ask(&["get", &index]), Some(0));
    assert_eq!(ask(&["get", &BED.simple_url("bob/dev"), "--user", "bob"]), Some(0));
    assert_eq!(ask(&["get", &simple, "--user", "carol"]), Some(69));
    for (args, count) in [
        (&[][..], 5),
        (&["--user", "alice"], 3),
        (&["--user", "bob"], 1),
        (&["--for", "upload"], 2),
        (&["--project", "bed-app"], 1),
        (&["--index", "alice/base"], 1),
        (&["--index", "bob/dev"], 1),
        (&["--server", &BED.url()], 5),
        (&["--server", "https://other.example/"], 0),
        (&["--since", "1 hour"], 5),
        (&["--since", "-1h"], 5),
        (&["--since", "2100-01-01"], 0),
        (&["-n", "2"], 2),
        (&["-n", "1", "--user", "alice", "--for", "upload"], 1),
        (&["-n", "0"], 0),
    ] {
        assert_eq!(entries(&home, args).len(), count, "{args:?}");
    }
    let all = entries(&home, &[]);
    let any: Vec<bool> = all.iter().map(|entry| entry.handed_out().is_some_and(|handed| handed.any_project)).collect();
    assert_eq!(any, [false, false, true, false, false], "an upload of an unknown project is marked");
    let mut log = home.cli(&["log"]);
    let shown = out(&log.env("COLUMNS", "80").env("TZ", "UTC").output().expect("log"));
    assert!(shown.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')), "{shown}");
    assert!(shown.contains("any project: none was known") && shown.contains("refused: read alice/dev"), "{shown}");
    assert!(shown.contains("  why      no token is kept for carol at "), "{shown}");
}

#[test]
fn a_refusal_says_why_pip_got_nothing() {
    let home = Home::with_alice();
    assert!(home.cli(&["agent", "lock"]).status().expect("lock").success());
    let url = BED.simple_url("alice/dev");
    let asked = home.helper(&["keyring", "--mode=creds", "get", &url]).output().expect("keyring");
    assert_eq!(code(&asked), Some(1));
    let mut raw = Client::running(&home.paths()).expect("a greeting").expect("an agent");
    for _ in 0..100 {
        let refused = raw.request(&request(Vec::new())).expect_err("locked");
        assert!(refused.message.contains("locked"), "{refused}");
    }
    assert_eq!(entries(&home, &[]).len(), 2, "who asks again and again is told of once");
    let shown = out(&home.cli(&["log"]).output().expect("log"));
    assert!(shown.contains("refused: read alice/dev") && shown.contains("why      the agent is locked"), "{shown}");
    let own = std::env::current_exe().expect("a program");
    assert!(shown.contains(&format!("  through  {} (process ", own.display())), "{shown}");
}

#[test]
fn the_log_is_followed_while_it_is_turned_over_and_ends_with_whoever_reads() {
    let home = Home::with_alice();
    let mut follow = home.cli(&["log", "--follow", "--json"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().expect("log");
    let mut lines = BufReader::new(follow.stdout.take().expect("piped")).lines();
    let mut next = || Entry::read(lines.next().expect("a line").expect("text").as_bytes()).expect("an entry");
    let fill = |bytes: &[u8]| {
        let open = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(handouts(&home));
        open.expect("the log").write_all(bytes).expect("written");
    };
    // Half a line, as of an agent that was killed; then so many that are none that the next one begins a file.
    for junk in ["{\"at\":1795", "", &"{\"half\":\n".repeat(120_000), "\0\x1b[2J\n"] {
        fill(junk.as_bytes());
        let before = got(&home);
        let entry = next();
        assert_eq!((entry.purpose, entry.handed_out().is_some()), (Purpose::Read, true));
        assert_eq!(trace(&home, &before, &[]).0, Some(0));
    }
    assert_eq!(files(&home).len(), 2);
    assert_eq!(entries(&home, &[]).len(), 4);
    drop(lines);
    let ended = std::cell::RefCell::new(follow);
    wait_for("its end", || ended.borrow_mut().try_wait().expect("its status").is_some());
}

#[test]
fn a_log_that_cannot_be_written_stops_no_answer_and_is_warned_of_once() {
    let home = Home::with_alice();
    std::fs::create_dir(handouts(&home)).expect("in the way");
    got(&home);
    got(&home);
    assert_eq!(home.log().matches("the log of hand-outs cannot be written").count(), 1, "{}", home.log());
    std::fs::remove_dir(handouts(&home)).expect("removed");
    got(&home);
    assert_eq!(entries(&home, &[]).len(), 1);
    let mode = std::fs::metadata(handouts(&home)).expect("the log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_agents_own_log_is_turned_over_while_it_runs() {
    let home = Home::with_alice();
    let own = home.path().join("state/agent.log");
    let mut open = std::fs::OpenOptions::new().append(true).open(&own).expect("the log");
    open.write_all(&b"filled\n".repeat(150_000)).expect("written");
    got(&home);
    assert!(home.log().len() < 10_000 && home.log().contains("handed out"), "{}", home.log().len());
    assert!(std::fs::metadata(own.with_extension("log.1")).expect("the older one").len() > 1_000_000);
}
