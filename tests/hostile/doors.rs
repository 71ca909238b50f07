//! What is said to the two front doors that no honest caller says: git's lines and the words of the keyring command.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::offline::{Offline, token};
use crate::support::{Home, code, err, fed, out};

/// What git says where everything is well.
fn lines(offline: &Offline, more: &str) -> String {
    let host = offline.url("").replace("http://", "").replace('/', "");
    format!("protocol=http\nhost={host}\npath=bob/dev/\n{more}")
}

fn helper(offline: &Offline, said: &[u8]) -> Output {
    let input = offline.home.path().join("input");
    std::fs::write(&input, said).expect("a file");
    let mut command = offline.home.helper(&["get"]);
    command.stdin(std::fs::File::open(&input).expect("a file")).output().expect("it runs")
}

/// Refused as malformed: nothing for git and no failure, one line for the person that repeats nothing.
fn assert_malformed(asked: &Output, said: &[u8]) {
    let shown = said.escape_ascii();
    assert_eq!((code(asked), out(asked).as_str()), (Some(0), ""), "{shown}: {}", err(asked));
    let complaint = err(asked);
    assert!(complaint.starts_with("git-credential-devpi-tokens: git says "), "{shown}: {complaint:?}");
    assert_eq!(complaint.lines().count(), 1, "{shown}: {complaint}");
    assert!(complaint.trim_end().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{complaint:?}");
    assert!(!complaint.contains("127.0.0.1") && !complaint.contains("evil"), "{complaint}");
}

#[test]
fn what_git_says_that_could_mean_two_things_gets_no_answer_and_costs_nobody_else_anything() {
    let offline = Offline::new();
    let before = offline.roots();
    let long = format!("path={}\n", "a".repeat(8 * 1024));
    let longer = "x=evil\n".repeat(10_000);
    for more in [
        "username=ev\ril\n",
        "username=bob\r\n",
        "username=ev\0il\n",
        "username=ev\x1bil\n",
        "username=ev\u{9b}il\n",
        "wwwauth[]=ev\x07il\n",
        "host=evil\n",
        "path=evil\n",
        "protocol=http\n",
        "username=evil\nusername=evil\n",
        "evil\n",
        &long,
        &longer,
    ] {
        let said = lines(&offline, more).into_bytes();
        assert_malformed(&helper(&offline, &said), &said);
    }
    let said = [lines(&offline, "username=").as_bytes(), b"\xff\n"].concat();
    assert_malformed(&helper(&offline, &said), &said);
    for host in ["bob@evil", "evil/", "evil?x", "evil#x", "evil%2f", "evil\\"] {
        let said = format!("protocol=http\nhost={host}\n").into_bytes();
        assert_malformed(&helper(&offline, &said), &said);
    }
    let answered = helper(&offline, lines(&offline, "username=bob\n").as_bytes());
    assert!(out(&answered).contains("\npassword=devpi-"), "the control: {}", err(&answered));
    offline.assert_as_before(&before);
}

#[test]
fn keys_that_mean_nothing_here_are_passed_over() {
    let offline = Offline::new();
    for more in [
        "capability[]=authtype\ncapability[]=state\n",
        "wwwauth[]=Basic realm=\"x\"\nwwwauth[]=Bearer\n",
        "password=old\noauth_refresh_token=x\nfuture=1\nfuture=2\n",
    ] {
        let answered = helper(&offline, lines(&offline, more).as_bytes());
        assert!(out(&answered).starts_with("username=bob\npassword=devpi-"), "{more}: {}", err(&answered));
        assert_eq!(out(&answered).lines().count(), 3);
    }
}

#[test]
fn where_git_names_no_host_or_no_protocol_there_is_no_answer() {
    let offline = Offline::new();
    let host = offline.url("").replace("http://", "").replace('/', "");
    for said in [
        String::new(),
        "\n".to_owned(),
        format!("host={host}\n"),
        format!("protocol=\nhost={host}\n"),
        "protocol=http\n".to_owned(),
        "protocol=http\nhost=\n".to_owned(),
        format!("\nprotocol=http\nhost={host}\n"),
    ] {
        let asked = helper(&offline, said.as_bytes());
        assert_eq!((code(&asked), out(&asked), err(&asked)), (Some(0), String::new(), String::new()), "{said:?}");
    }
}

/// Runs the helper with standard input left open behind what is said; how long it took.
fn left_open(home: &Home, said: &[u8]) -> (Output, Duration) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let mut command = home.helper(&["get"]);
    let begun = Instant::now();
    let child = command.stdin(reader).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(command);
    // It may hang up before it has read all of it, which is the point.
    let _ = writer.write_all(said);
    let output = child.wait_with_output().expect("it ends");
    drop(writer);
    (output, begun.elapsed())
}

#[test]
fn a_line_or_an_input_that_is_too_long_is_refused_before_it_ends() {
    let home = Home::new("memory");
    for said in ["a".repeat(8 * 1024 + 1), format!("x=1\n{}", "a".repeat(9000)), "x=evil\n".repeat(10_000)] {
        let (refused, took) = left_open(&home, said.as_bytes());
        assert_malformed(&refused, b"a long line");
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}

#[test]
fn a_standard_input_that_never_closes_is_given_up_after_five_seconds() {
    let home = Home::new("memory");
    let (given_up, took) = left_open(&home, b"protocol=http\nhost=127.0.0.1:1\n\n");
    assert_eq!((code(&given_up), out(&given_up).as_str()), (Some(0), ""));
    assert!(err(&given_up).contains("git did not say within 5 s what it wants"), "{}", err(&given_up));
    assert!((5..9).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn an_operation_that_nobody_knows_is_silence_and_success() {
    let offline = Offline::new();
    let shim = offline.home.shim().join("git-credential-devpi-tokens");
    let named = |args: &[&str]| {
        let mut command = offline.home.command(&shim);
        command.args(args);
        command
    };
    let all: Vec<Command> = [&["capability"][..], &["Get"], &["get "], &["list"], &["\u{430}"]]
        .into_iter()
        .flat_map(|args| [offline.home.helper(args), named(args)])
        .chain([named(&[]), named(&["--version"]), named(&[""])])
        .collect();
    for command in all {
        let shown = format!("{command:?}");
        let asked = fed(command, &lines(&offline, ""));
        assert_eq!((code(&asked), out(&asked), err(&asked)), (Some(0), String::new(), String::new()), "{shown}");
    }
    assert!(out(&fed(named(&["get"]), &lines(&offline, ""))).contains("password="), "the control");
}

#[test]
fn another_user_than_the_tokens_gets_no_answer() {
    let offline = Offline::new();
    for user in ["alice", "Bob", "__token__", "bob ", "b\u{43e}b", "bob:x"] {
        let asked = helper(&offline, lines(&offline, &format!("username={user}\n")).as_bytes());
        assert_eq!((code(&asked), out(&asked).as_str()), (Some(0), ""), "{user}");
        let url = offline.url("bob/dev/+simple/");
        let asked = offline.home.helper(&["keyring", "get", &url, user]).output().expect("it runs");
        assert_eq!((code(&asked), out(&asked).as_str()), (Some(1), ""), "{user}");
    }
}

#[test]
fn what_is_stored_or_erased_adds_and_deletes_no_root() {
    let offline = Offline::new();
    let before = offline.roots();
    let simple = offline.url("bob/dev/");
    let new = token("mallory", &[]);
    let shim = offline.home.shim();
    for user in ["bob", "mallory"] {
        let said = lines(&offline, &format!("username={user}\npassword={new}\n"));
        for verb in ["store", "erase"] {
            let done = fed(offline.home.helper(&[verb]), &said);
            assert_eq!((code(&done), out(&done), err(&done)), (Some(0), String::new(), String::new()), "{verb}");
            offline.assert_as_before(&before);
        }
        for verb in ["set", "del"] {
            let mut named = offline.home.command(shim.join("keyring"));
            named.args([verb, &simple, user]);
            for command in [offline.home.helper(&["keyring", verb, &simple, user]), named] {
                let done = fed(command, &format!("{new}\n"));
                assert_eq!((code(&done), out(&done), err(&done)), (Some(1), String::new(), String::new()), "{verb}");
                offline.assert_as_before(&before);
            }
        }
    }
}

#[test]
fn the_keyring_door_answers_1_to_every_refusal_and_2_only_to_wrong_usage() {
    let offline = Offline::new();
    let url = offline.url("bob/dev/+simple/");
    let keyring = |args: &[&str]| offline.home.helper(&[&["keyring"], args].concat()).output().expect("it runs");
    let usage = keyring(&["get", &url]);
    assert_eq!((code(&usage), out(&usage).as_str()), (Some(2), ""), "{}", err(&usage));
    assert!(!err(&usage).contains("unrecognized arguments"));
    for args in [
        &["get", &url, "alice"][..],
        &["get", "http://127.0.0.1:1/alice/dev/", "alice"],
        &["get", &format!("{url}../x"), "bob"],
        &["get", "no address", "bob"],
        &["get", &url, "bob", "more"],
        &["get"],
        &["--list-backends"],
        &["-b", "some.Backend", "get", &url, "bob"],
        &["diagnose"],
        &[],
    ] {
        let refused = keyring(args);
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(1), ""), "{args:?}: {}", err(&refused));
    }
    assert!(offline.ran(&["agent", "lock"]).status.success());
    let locked = keyring(&["get", &url, "bob"]);
    assert_eq!((code(&locked), out(&locked).as_str()), (Some(1), ""));
    assert!(err(&locked).contains("the agent is locked"), "{}", err(&locked));
}
