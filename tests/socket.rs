//! The agent's socket against peers that say nothing, nonsense or everything.

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use devpi_tokens::token::Token;
use serde_json::json;
use support::raw::{Raw, denied, kind};
use support::{BED, Home, err, fed};

fn socket(home: &Home) -> PathBuf {
    home.paths().sockets.remove(0)
}

fn started() -> Home {
    let home = Home::new("memory");
    assert!(home.cli(&["agent", "start"]).output().expect("start").status.success());
    home
}

/// That whoever comes next is served, and soon.
fn assert_serves(home: &Home) {
    let begun = Instant::now();
    let answer = Raw::greeted(&socket(home)).ask(&json!("status"));
    assert_eq!(kind(&answer), "status", "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_length_of_nothing_or_too_much_is_refused_and_ends_the_connection() {
    let home = started();
    for length in [0_u32, 65_537, u32::MAX] {
        for greet in [true, false] {
            let connect = if greet { Raw::greeted } else { Raw::silent };
            let mut raw = connect(&socket(&home));
            let begun = Instant::now();
            raw.write(&length.to_be_bytes());
            assert_eq!(denied(&raw.answer().expect("an answer")), "not_a_request", "{length}");
            assert_eq!(raw.answer(), None, "{length}");
            assert!(begun.elapsed() < Duration::from_secs(1), "nothing of it was waited for");
            assert_serves(&home);
        }
    }
}

#[test]
fn a_frame_that_is_no_request_costs_that_frame_only() {
    let home = started();
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let mut raw = Raw::greeted(&socket(&home));
    for content in [
        "garbage",
        "\u{16}\u{3}\u{1}",
        "[]",
        "17",
        "null",
        "{}",
        &deep,
        r#"{"ask":17}"#,
        r#""export""#,
        r#"{"ask":{"server":["http://h"]}}"#,
        r#"{"hello":{"version":1}}"#,
    ] {
        raw.frame(content.as_bytes());
        assert_eq!(denied(&raw.answer().expect("an answer")), "not_a_request", "{content:.30}");
        let answer = raw.ask(&json!("status"));
        assert_eq!(kind(&answer), "status", "the connection stays after {content:.30}");
    }
    raw.frame(&[0xff; 65_536]);
    assert_eq!(denied(&raw.answer().expect("an answer")), "not_a_request");
    assert_serves(&home);
}

#[test]
fn whoever_does_not_greet_is_not_served() {
    let home = started();
    for first in [&b"\"status\""[..], b"\"stop\"", b"garbage"] {
        let mut raw = Raw::silent(&socket(&home));
        raw.frame(first);
        assert_eq!(denied(&raw.answer().expect("an answer")), "not_a_request");
        assert_eq!(raw.answer(), None);
        assert_serves(&home);
    }
    // Not even a frame: the first four bytes of a browser's request, and of a hello of TLS, are a length of hundreds of
    // megabytes.
    for hello in [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"] {
        let mut browser = Raw::silent(&socket(&home));
        browser.write(hello);
        assert_eq!(denied(&browser.answer().expect("an answer")), "not_a_request");
        assert_eq!(browser.answer(), None);
        assert_serves(&home);
    }
}

#[test]
fn another_version_of_the_protocol_is_told_which_side_is_older() {
    let home = started();
    for (version, older) in [(0, "this program is the older one"), (2, "the agent is the older one")] {
        let mut raw = Raw::silent(&socket(&home));
        let answer = raw.ask(&json!({"hello": {"version": version}}));
        assert_eq!(denied(&answer), "version");
        let denial: devpi_tokens::protocol::Denial =
            serde_json::from_value(answer["denied"].clone()).expect("a denial");
        assert!(denial.remedy().expect("a remedy").contains(older), "{:?}", denial.remedy());
        assert_eq!(raw.answer(), None);
        assert_serves(&home);
    }
}

#[test]
fn silence_is_not_waited_for_long_and_keeps_nobody_else_waiting() {
    let home = started();
    let mut silent = Raw::silent(&socket(&home));
    let mut halves = Raw::greeted(&socket(&home));
    halves.write(b"\0\0\0\x14{\"ask\":");
    let mut header = Raw::silent(&socket(&home));
    header.write(b"\0\0");
    assert_serves(&home);
    let first_byte = silent.hangs_up_after();
    assert!(first_byte < Duration::from_secs(3), "{first_byte:?}");
    assert_serves(&home);
    // The three began together.
    let rest = halves.hangs_up_after() + header.hangs_up_after();
    assert!(first_byte + rest < Duration::from_secs(6), "{first_byte:?} and {rest:?}");
    assert_serves(&home);
}

#[test]
fn who_writes_a_byte_a_second_or_never_reads_is_not_waited_for_long_and_keeps_nobody_waiting() {
    let home = started();
    let path = socket(&home);
    std::thread::scope(|scope| {
        let trickling = scope.spawn(|| Raw::greeted(&path).trickle(b"\0\0\0\x08\"status\""));
        let unread = scope.spawn(|| Raw::greeted(&path).pester(&json!("status")));
        while !trickling.is_finished() || !unread.is_finished() {
            assert_serves(&home);
            std::thread::sleep(Duration::from_millis(100));
        }
        let took = [trickling, unread].map(|slow| slow.join().expect("it ends"));
        // Five seconds for a frame, whichever way it goes.
        assert!(took.iter().all(|took| *took >= Duration::from_secs(4) && *took < Duration::from_secs(9)), "{took:?}");
    });
    assert_serves(&home);
}

#[test]
fn a_process_that_takes_all_connections_does_not_shut_out_others() {
    let home = started();
    let held: Vec<Raw> = (0..32).map(|_| Raw::greeted(&socket(&home))).collect();
    for _ in 0..8 {
        let mut more = Raw::silent(&socket(&home));
        more.frame(br#"{"hello":{"version":1}}"#);
        assert_eq!(more.answer(), None, "this process has all that one may have");
    }
    let status = home.cli(&["status"]).output().expect("status");
    assert_eq!(support::code(&status), Some(1), "{}", err(&status));
    drop(held);
    support::wait_for("room for this process", || {
        let mut raw = Raw::silent(&socket(&home));
        raw.frame(br#"{"hello":{"version":1}}"#);
        raw.answer().is_some()
    });
    assert_serves(&home);
}

/// Greets the agent over 32 connections, says so, and holds them until its standard input is closed. Then it says how many
/// of them the agent holds, too.
const HOLDER: &str = r#"
import socket, struct, sys
def is_open(one):
    try:
        while one.recv(1024, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return True
    return False
held = []
for _ in range(32):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    hello = b'{"hello":{"version":1}}'
    one.sendall(struct.pack(">I", len(hello)) + hello)
    one.recv(4)
    held.append(one)
print("held", flush=True)
sys.stdin.read()
print(sum(map(is_open, held)))
"#;

#[test]
fn many_processes_that_hold_every_place_and_say_nothing_make_room_for_whoever_speaks() {
    use std::io::BufRead;
    use std::process::{Command, Stdio};
    let home = started();
    let mut holders = Vec::new();
    for _ in 0..9 {
        let mut python = Command::new("python3");
        python.args(["-c", HOLDER]).arg(socket(&home)).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = python.spawn().expect("python3");
        let mut output = std::io::BufReader::new(holder.stdout.take().expect("an output"));
        let mut line = String::new();
        let said = output.read_line(&mut line);
        assert_eq!((said.expect("a line"), line.as_str()), (5, "held\n"));
        holders.push((holder, output));
    }
    for _ in 0..3 {
        assert_serves(&home);
    }
    let counted = holders.into_iter().map(|(mut holder, mut output)| {
        drop(holder.stdin.take());
        let mut count = String::new();
        output.read_line(&mut count).expect("a line");
        holder.wait().expect("it ends");
        count.trim().parse::<usize>().expect("a number")
    });
    // Each that spoke may have taken the place of another one.
    let count: usize = counted.sum();
    assert!((253..256).contains(&count), "{count}");
    assert_serves(&home);
}

/// That a token is made from that root, says more than it, and ends in 12 hours at the latest.
fn assert_ends(root: &Token, text: &str) {
    let token = Token::parse(text).expect("a token");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the time").as_secs();
    let end = token.scope().expires().expect("an end");
    assert!(end <= now + 12 * 60 * 60, "{} s", end - now);
    assert_eq!(token.id(), root.id());
    assert!(token.caveats().len() > root.caveats().len());
}

#[test]
fn whoever_asks_for_everything_gets_no_root_and_nothing_that_lasts() {
    const PERMISSIONS: [&str; 2] = ["pkg_read", "upload"];
    let home = Home::new("memory");
    let root = BED.create_token("alice", &json!({ "allowed": PERMISSIONS })).expect("a token");
    let done = fed(home.cli(&["login", "-f", "-", &BED.simple_url("alice/dev"), "alice"]), &format!("{root}\n"));
    assert!(done.status.success(), "{}", err(&done));
    let root = Token::parse(&root).expect("a token");
    let mut raw = Raw::greeted(&socket(&home));
    let status = raw.ask(&json!("status"));
    let server = status["status"]["roots"][0]["holder"]["server"].as_str().expect("the server").to_owned();
    let many: Vec<String> = (0..500).map(|number| format!("alice/i{number}")).collect();
    let one = vec!["alice/dev".to_owned()];
    let mut answers = vec![status];
    let mut granted = BTreeSet::new();
    for purpose in ["read", "upload", "push", "toxresult", "remove"] {
        for (indexes, bytes) in [(&Vec::new(), 0), (&one, u64::MAX), (&many, u64::MAX)] {
            let answer = raw.ask(&json!({"ask": {
                "server": server, "user": "alice", "purpose": purpose,
                "indexes": indexes, "projects": [], "bytes": bytes,
            }}));
            if let Some(password) = answer["credential"]["password"].as_str() {
                assert_ends(&root, password);
                let scope = Token::parse(password).expect("a token").scope();
                let allowed = scope.allowed().expect("what it allows").iter().map(ToString::to_string);
                granted.insert((purpose, allowed.collect::<Vec<_>>().join(",")));
            }
            answers.push(answer);
        }
    }
    let granted: Vec<_> = granted.iter().map(|(purpose, allowed)| (*purpose, allowed.as_str())).collect();
    assert_eq!(granted, [("push", "pkg_read,upload"), ("read", "pkg_read"), ("upload", "upload")]);
    let holder = json!({"server": server, "user": "alice"});
    let widest = json!({"every-index": {"read": "12h", "upload": "12h", "remove": "12h"}});
    let widened = raw.ask(&json!({"set_policy": {"holder": holder, "policy": widest, "passphrase": "guessed"}}));
    assert_eq!(denied(&widened), "widens");
    let own = raw.ask(&json!({"policy": {"server": server, "user": "alice"}}));
    assert_eq!(own, json!({"policy": {"every-index": {}, "index": {}}}), "as it was");
    answers.extend([widened, own]);
    for request in ["probe_keyring", "export", "dump"] {
        answers.push(raw.ask(&json!(request)));
    }
    answers.push(raw.ask(&json!({"drop": {"server": server, "user": "alice"}})));
    let secret = root.bare_text();
    assert!(answers.iter().all(|answer| !answer.to_string().contains(secret.expose())), "the root was handed out");
    let gone = raw.ask(&json!({"make_default": {"server": server, "user": "alice"}}));
    assert_eq!(denied(&gone), "no_root", "it was there until now");
}
