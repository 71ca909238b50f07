//! A kept token that is about to end is noticed: beside each token that is made from it, in `status`, on the desktop.

mod support;

use std::process::Stdio;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use support::desktop::{Desktop, equipped};
use support::{BED, Home, err, fed, out, wait_for};
use zbus::zvariant::OwnedValue;

/// A daemon that shows notes: it hands them to the test.
struct Notes(Sender<(String, String)>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notes {
    #[expect(clippy::too_many_arguments, reason = "the specification has as many")]
    fn notify(
        &self,
        _application: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        _actions: Vec<String>,
        _hints: std::collections::HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        self.0.send((summary, body)).expect("a test that listens");
        1
    }
}

/// The daemon on the bus of a desktop, as long as the connection lives.
fn daemon(desktop: &Desktop) -> (zbus::blocking::Connection, Receiver<(String, String)>) {
    let (tell, told) = channel();
    let builder = zbus::blocking::connection::Builder::address(desktop.address.as_str()).expect("an address");
    let builder = builder.name("org.freedesktop.Notifications").expect("a name");
    let builder = builder.serve_at("/org/freedesktop/Notifications", Notes(tell)).expect("a path");
    (builder.build().expect("a connection"), told)
}

fn login(home: &Home, expires: &str) {
    let url = BED.simple_url("alice/dev");
    let entered = format!("an odd passphrase\n{}\n", BED.password("alice"));
    let password = entered.lines().last().expect("a line").to_owned() + "\n";
    let is_first = !home.path().join("data/vault").exists();
    let login = home.cli(&["login", "--no-input", "--expires", expires, &url, "alice"]);
    let done = fed(login, if is_first { &entered } else { &password });
    assert!(done.status.success(), "{}", err(&done));
}

fn get(home: &Home) -> String {
    err(&home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get"))
}

#[test]
fn the_desktop_hears_of_it_once_for_each_stage_and_at_the_first_refusal() {
    if !equipped() {
        return;
    }
    let desktop = Desktop::new();
    let (_daemon, notes) = daemon(&desktop);
    let home = Home::at(&desktop, "passphrase");
    let soon = Duration::from_secs(20);
    login(&home, "30 days");
    get(&home);
    login(&home, "250 hours");
    get(&home);
    let (summary, body) = notes.recv_timeout(soon).expect("a note");
    assert_eq!(summary, "devpi: the token of alice ends in 10 days");
    let url = BED.url();
    assert_eq!(body, format!("{url}\ntype: devpi-tokens renew --server {url} --as alice"));

    // Neither the same agent nor the next one says it again; what comes next is of another token.
    let said = home.path().join("state/endings");
    wait_for("it to be remembered", || said.exists());
    get(&home);
    home.kill_agent();
    let done = fed(home.cli(&["agent", "unlock", "--no-input"]), "an odd passphrase\n");
    assert!(done.status.success(), "{}", err(&done));
    get(&home);
    login(&home, "60 hours");
    get(&home);
    assert_eq!(notes.recv_timeout(soon).expect("a note").0, "devpi: the token of alice ends in 2 days");
    login(&home, "2s");
    get(&home);
    assert!(notes.recv_timeout(soon).expect("a note").0.starts_with("devpi: the token of alice ends in "));
    wait_for("its end", || get(&home).contains("ended at"));
    assert!(notes.recv_timeout(soon).expect("a note").0.starts_with("devpi: the token of alice ended "));
    assert!(notes.try_recv().is_err());
}

#[test]
fn whoever_gets_a_token_and_whoever_looks_is_told_what_to_type() {
    let home = Home::new("passphrase");
    login(&home, "15 days");
    assert_eq!(get(&home), "");
    login(&home, "250 hours");
    let (url, renew) = (BED.url(), format!("devpi-tokens renew --server {} --as alice", BED.url()));
    assert_eq!(get(&home), format!("the token of alice at {url} ends in 10 days; type: {renew}\n"));
    let mut keyring = home.command(home.shim().join("keyring"));
    let helper = keyring.args(["get", &BED.simple_url("alice/dev"), "alice"]).output().expect("the helper");
    assert!(err(&helper).contains(&renew), "{}", err(&helper));
    // At a terminal every other command says it as well; a program that reads is told nothing that it did not ask for.
    let log = |at_terminal: bool, options: &str| {
        let line = format!("'{}' log {options}", env!("CARGO_BIN_EXE_devpi-tokens"));
        let mut command = home.command(if at_terminal { "script" } else { "sh" });
        let words: &[&str] = if at_terminal { &["--quiet", "--return", "--command"] } else { &["-c"] };
        command.args(words).arg(line).args(at_terminal.then_some("/dev/null"));
        let done = command.env("COLUMNS", "200").env("TERM", "xterm").stdin(Stdio::null()).output().expect("log");
        assert!(done.status.success(), "{}{}", out(&done), err(&done));
        out(&done) + &err(&done)
    };
    let careful = format!("\u{1b}[33mthe token of alice at {url} ends in 10 days; type: {renew}\u{1b}[0m");
    assert!(log(true, "").contains(&careful), "{}", log(true, ""));
    assert!(!log(true, "--quiet").contains(&renew) && !log(false, "").contains(&renew));
    let status = out(&home.cli(&["status"]).output().expect("status"));
    assert!(status.contains(&format!("renew it: {renew}")), "{status}");
    // What it says can be typed.
    let words: Vec<&str> = renew.split(' ').skip(1).chain(["--no-input"]).collect();
    let done = fed(home.cli(&words), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(get(&home), "");
}
