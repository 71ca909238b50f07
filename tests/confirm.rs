//! What a person has to confirm: asked by the system's pinentry, on a terminal of its own.

#[path = "confirm/terminal.rs"]
mod terminal;

mod support;

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use devpi_tokens::pinentry::{self, Answer, MOST_LINES};
use devpi_tokens::protocol::SessionBus;
use rustix::process::Signal;
use serde_json::json;
use support::raw::{Raw, denied, kind};
use support::{BED, Home, code, err, fed, is_alive, out, wait_for};
use terminal::{Terminal, device};

/// The session of a program on that terminal.
fn on(terminal: &Terminal) -> SessionBus {
    SessionBus {
        terminal: Some(terminal.path.clone()),
        terminal_kind: Some("xterm".to_owned()),
        address: Some("none".to_owned()),
        ..SessionBus::default()
    }
}

/// A home whose alice logged in at that terminal, with that `config.toml`.
fn at(terminal: &Terminal, config: &str) -> Home {
    let home = Home::new("memory");
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    std::fs::write(home.paths().config.join("config.toml"), config).expect("config.toml");
    let mut login = home.cli(&["login", &BED.simple_url("alice/dev"), "alice"]);
    let mut login = login
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(device(&terminal.path))
        .spawn()
        .expect("it runs");
    let password = format!("{}\n", BED.password("alice"));
    login.stdin.take().expect("piped").write_all(password.as_bytes()).expect("told");
    assert!(login.wait().expect("it ends").success(), "{}", terminal.screen());
    terminal.shown.lock().expect("no panic").clear();
    home
}

const UPLOADS: &str = "[[limit]]\nconfirm = [\"upload\"]\n";

fn get(home: &Home, args: &[&str]) -> Command {
    home.cli(&[&["get", &BED.index_url("alice/dev")], args].concat())
}

fn begun(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
}

fn ended(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

/// The pinentry that this agent runs now.
fn pinentry_of(home: &Home) -> Option<u32> {
    let agent = home.agent().expect("an agent");
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let mut pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.find(|pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        stat.contains("(pinentry") && parent == Some(agent)
    })
}

#[test]
fn a_token_that_is_to_be_confirmed_is_handed_out_after_the_number_is_typed() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let uploading = begun(get(&home, &["--project", "bed-app"]));
    let (number, screen) = terminal.number();
    for part in
        ["kind: upload", "index: alice/dev", "project: bed-app", "lifetime: 15 minutes", "program: ", "folder: "]
    {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    let pid = std::process::id();
    assert!(screen.contains(&format!("program: pid {pid}, /")), "{screen}");
    // Nobody else waits for that.
    let reading = get(&home, &["--for", "read"]).output().expect("it runs");
    assert!(reading.status.success(), "{}", err(&reading));
    terminal.type_in(&format!("{number}\r"));
    let uploading = ended(uploading);
    assert!(uploading.status.success(), "{}", err(&uploading));
    let again = get(&home, &["--project", "bed-app"]).output().expect("it runs");
    assert_eq!(out(&again), out(&uploading), "the same question of the same program is not asked twice");
    let log = out(&home.cli(&["log"]).output().expect("it runs"));
    assert_eq!(log.matches(", confirmed by you\n").count(), 1, "{log}");
    assert!(!log.contains("refused"), "{log}");
}

#[test]
fn enter_alone_refuses_and_the_same_question_is_not_asked_again_at_once() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let uploading = begun(get(&home, &["--project", "bed-app"]));
    terminal.number();
    terminal.type_in("\r");
    let refused = ended(uploading);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(77), ""));
    assert!(err(&refused).contains("you were asked, and said no"), "{}", err(&refused));
    let again = get(&home, &["--project", "bed-app"]).output().expect("it runs");
    assert_eq!((code(&again), out(&again).as_str()), (Some(77), ""));
    assert!(err(&again).contains("you said no to this a moment ago"), "{}", err(&again));
    let log = out(&home.cli(&["log"]).output().expect("it runs"));
    assert!(log.contains("why      you were asked, and said no\n"), "{log}");
    assert!(log.contains("why      you said no to this a moment ago\n"), "{log}");
}

/// The question for an upload.
fn uploading() -> serde_json::Value {
    json!({"ask": {"server": BED.url(), "user": null, "purpose": "upload",
        "indexes": ["alice/dev"], "projects": ["bed-app"], "bytes": 0}})
}

#[test]
fn whoever_asks_does_not_choose_where_the_person_is_asked() {
    let (terminal, other) = (Terminal::new(), Terminal::new());
    let home = at(&terminal, UPLOADS);
    let mut evil = Raw::silent(&home.paths().sockets[0]);
    let session = json!({"terminal": other.path, "terminal_kind": "xterm", "display": ":99"});
    let hello = evil.ask(&json!({"hello": {"version": 1, "session": session}}));
    assert_eq!(kind(&hello), "hello", "{hello}");
    // What opens nothing and shows nothing moves nothing either.
    evil.ask(&json!({"unlock": {}}));
    evil.frame(uploading().to_string().as_bytes());
    let (_, screen) = terminal.number();
    assert!(screen.contains("it asks through: "), "{screen}");
    assert_eq!(other.screen(), "");
    assert_eq!(evil.answer(), Some(json!("confirming")), "at once, so that it is waited for");
    terminal.type_in("\r");
    assert_eq!(denied(&evil.answer().expect("an answer")), "said_no");
}

#[test]
fn a_lock_takes_the_question_back_and_wins() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let uploading = begun(get(&home, &["--project", "bed-app"]));
    terminal.number();
    let pinentry = pinentry_of(&home).expect("a pinentry");
    assert!(home.cli(&["agent", "lock"]).output().expect("it runs").status.success());
    // Earlier than the person's time is over.
    wait_for("the end of pinentry", || !is_alive(pinentry));
    let refused = ended(uploading);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(75), ""));
    assert!(err(&refused).contains("the agent is locked"), "{}", err(&refused));
}

#[test]
fn a_question_is_taken_back_when_whoever_asked_is_gone() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let mut uploading = begun(get(&home, &["--project", "bed-app"]));
    terminal.number();
    let pinentry = pinentry_of(&home).expect("a pinentry");
    uploading.kill().expect("killed");
    uploading.wait().expect("reaped");
    wait_for("the end of pinentry", || !is_alive(pinentry));
}

#[test]
fn what_came_of_a_question_is_in_the_log_where_its_connection_is_closed_before_anybody_is_asked() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let mut asking = Raw::greeted(&home.paths().sockets[0]);
    let agent = home.agent().expect("an agent");
    support::send(agent, Signal::STOP);
    asking.frame(uploading().to_string().as_bytes());
    drop(asking);
    support::send(agent, Signal::CONT);
    terminal.number();
    terminal.type_in("\r");
    wait_for("a line", || out(&home.cli(&["log"]).output().expect("it runs")).contains("you were asked, and said no"));
}

#[test]
fn a_killed_pinentry_is_no_yes() {
    let terminal = Terminal::new();
    let home = at(&terminal, UPLOADS);
    let uploading = begun(get(&home, &["--project", "bed-app"]));
    terminal.number();
    support::send(pinentry_of(&home).expect("a pinentry"), Signal::KILL);
    let refused = ended(uploading);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(69), ""));
    assert!(err(&refused).contains("pinentry gave no answer"), "{}", err(&refused));
}

#[test]
fn where_nobody_can_be_asked_nothing_is_handed_out() {
    let home = Home::with_alice();
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    std::fs::write(home.paths().config.join("config.toml"), UPLOADS).expect("config.toml");
    let refused = get(&home, &[]).output().expect("it runs");
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(69), ""), "an upload of anything is an upload");
    assert!(err(&refused).contains("is no desktop and no terminal"), "{}", err(&refused));
    let mut raw = Raw::greeted(&home.paths().sockets[0]);
    raw.frame(uploading().to_string().as_bytes());
    assert_eq!(denied(&raw.answer().expect("an answer")), "nobody_to_ask", "nobody is waited for");
    let explained = out(&home.cli(&["explain", &BED.index_url("alice/dev")]).output().expect("it runs"));
    assert_eq!(explained.matches(", once you have confirmed it: ").count(), 2, "{explained}");
}

#[test]
fn a_policy_is_widened_by_whoever_confirms_that() {
    let terminal = Terminal::new();
    let home = at(&terminal, "");
    let edit = |policy: &str| {
        std::fs::write(home.path().join("policy.toml"), policy).expect("a file");
        home.cli(&["policy", "edit", "--file", "policy.toml"])
    };
    let asking = fed(edit("[every-index]\nconfirm = [\"push\"]\n"), "");
    assert!(asking.status.success(), "to be asked more is not to be allowed more: {}", err(&asking));

    let wide = "[every-index]\nread = \"2 h\"\n";
    let refused = begun(edit(wide));
    let (_, screen) = terminal.number();
    assert!(screen.contains("more than before: read for every index, push unasked for every index"), "{screen}");
    terminal.type_in("123456\r");
    let refused = ended(refused);
    assert_eq!(code(&refused), Some(77), "{}", err(&refused));

    let confirmed = begun(edit(wide));
    terminal.type_in(&format!("{}\r", terminal.number().0));
    let confirmed = ended(confirmed);
    assert!(confirmed.status.success(), "{}", err(&confirmed));
    let shown = out(&home.cli(&["policy", "show"]).output().expect("it runs"));
    assert!(shown.contains("  every index  2h ") && !shown.contains("you are asked"), "{shown}");
}

/// What the longest question looks like to each of the system's pinentries.
#[tokio::test]
async fn a_question_of_as_many_lines_as_it_may_have_is_answered_in_any_pinentry() {
    for (program, more) in [("curses", 0), ("tty", 0), ("curses", 1)] {
        let terminal = Arc::new(Terminal::new());
        let screen = on(&terminal).screen().expect("a terminal");
        let text = ["a line of the question"; MOST_LINES].join("\n") + &"\nmore".repeat(more);
        let person = Arc::clone(&terminal);
        let person = std::thread::spawn(move || {
            if more == 0 {
                wait_for("a question", || person.screen().contains("Number:"));
                let number = person.screen().rsplit_once("type ").expect("a number").1[..3].to_owned();
                person.type_in(&format!("{number}\r"));
            }
        });
        let program = format!("/usr/bin/pinentry-{program}");
        let answer = pinentry::ask(std::path::Path::new(&program), &text, &screen, Duration::from_secs(20)).await;
        person.join().expect("typed");
        match more {
            0 => assert_eq!(answer, Ok(Answer::Yes), "{program}"),
            _ => assert!(answer.is_err(), "the control: {answer:?}"),
        }
    }
}

/// What each of the system's pinentries says to each key, on a terminal.
#[tokio::test]
async fn no_key_but_those_of_the_number_is_a_yes_in_any_pinentry() {
    for program in ["/usr/bin/pinentry-curses", "/usr/bin/pinentry-tty"] {
        let program = std::path::Path::new(program);
        for (keys, said) in [
            ("\r", Answer::No),
            ("yes\r", Answer::No),
            ("\t\r", Answer::No),
            ("\t\t\r", Answer::No),
            ("\u{4}\r", Answer::No),
            ("\u{1b}", Answer::Nothing),
            ("", Answer::Nothing),
            ("NUMBER\r", Answer::Yes),
        ] {
            let terminal = Arc::new(Terminal::new());
            let person = Arc::clone(&terminal);
            let person = std::thread::spawn(move || {
                wait_for("a question", || person.screen().contains("means no.") && person.screen().contains("Number:"));
                let number = person.screen().rsplit_once("type ").expect("a number").1[..3].to_owned();
                person.type_in(&keys.replace("NUMBER", &number));
            });
            let patience = Duration::from_secs(if said == Answer::Nothing { 2 } else { 20 });
            let screen = on(&terminal).screen().expect("a terminal");
            let answer = pinentry::ask(program, "May it?", &screen, patience).await;
            assert_eq!(answer, Ok(said), "{} {keys:?}", program.display());
            person.join().expect("typed");
        }
        let lost = SessionBus { display: Some(":99".to_owned()), ..SessionBus::default() };
        let screen = lost.screen().expect("a display, it says");
        let answer = pinentry::ask(program, "May it?", &screen, Duration::from_secs(20)).await;
        assert_ne!(answer, Ok(Answer::Yes), "{}", program.display());
    }
}
