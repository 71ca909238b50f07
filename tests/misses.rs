//! What is not ours: a miss that costs nothing, and other programs' services reach the keyring that they are meant for.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;

use support::{BED, Home, err, fed, out};

/// The `keyring` of another maker: it says how it was called and what it was told, and ends with 7.
const NEXT: &str = "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done\ncat\necho said >&2\nexit 7\n";

/// Our `keyring` first on PATH, and behind it another one.
fn keyring(home: &Home, args: &[&OsStr]) -> Command {
    let (shim, next) = (home.shim(), home.path().join("next"));
    std::fs::create_dir_all(&next).expect("a folder");
    let program = next.join("keyring");
    if !program.exists() {
        std::fs::write(&program, NEXT).expect("a keyring");
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("a program");
    }
    let mut command = home.command("keyring");
    command.env("PATH", format!("{}:{}:/usr/bin:/bin", shim.display(), next.display())).args(args);
    command
}

/// Our `keyring` alone.
fn lonely(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(home.shim().join("keyring"));
    command.env("PATH", home.path().join("shim")).args(args);
    command
}

fn socket(home: &Home) -> PathBuf {
    home.paths().sockets[0].clone()
}

#[test]
fn an_unknown_host_is_a_miss_that_starts_nothing() {
    let home = Home::new("memory");
    for url in ["https://pypi.invalid/simple/", "http://127.0.0.1:1/alice/dev/+simple/", "host.invalid:3141"] {
        for args in [&["get", url, "alice"][..], &["--mode=creds", "--output=json", "get", url]] {
            let missed = lonely(&home, args).output().expect("keyring");
            assert_eq!((missed.status.code(), out(&missed), err(&missed)), (Some(1), String::new(), String::new()));
        }
    }
    assert!(!home.path().join("state").exists(), "an agent was here");
    assert!(!home.path().join("data").exists(), "a vault was made");
}

#[test]
fn a_bare_host_is_a_miss_where_the_server_is_https() {
    let home = Home::new("memory");
    let data = home.path().join("data");
    std::fs::DirBuilder::new().mode(0o700).create(&data).expect("a folder");
    std::fs::write(data.join("hosts"), "http://127.0.0.1:2\nhttps://corp.invalid\n").expect("a list");
    let asked = |service: &str| lonely(&home, &["--mode=creds", "get", service]).output().expect("keyring");
    for bare in ["corp.invalid", "corp.invalid:443"] {
        let missed = asked(bare);
        assert_eq!((missed.status.code(), out(&missed), err(&missed)), (Some(1), String::new(), String::new()));
    }
    assert!(!home.path().join("state").exists(), "an agent was here");
    // The control: a question is asked about the other one, which says why there is no answer.
    assert!(err(&asked("127.0.0.1:2")).contains("no token is kept"));
}

#[test]
fn an_unknown_host_is_a_miss_beside_a_known_one_and_starts_no_agent() {
    let home = Home::new("memory");
    // What an earlier login left, whose agent ended.
    let data = home.path().join("data");
    std::fs::DirBuilder::new().mode(0o700).create(&data).expect("a folder");
    std::fs::write(data.join("hosts"), "http://127.0.0.1:2\n").expect("a list");
    let missed = lonely(&home, &["get", "http://127.0.0.1:1/alice/dev/+simple/", "alice"]).output().expect("keyring");
    assert_eq!((missed.status.code(), out(&missed), err(&missed)), (Some(1), String::new(), String::new()));
    assert!(!socket(&home).exists(), "an agent was started");
    // The known one does start it: the test would see it.
    let known = lonely(&home, &["get", "http://127.0.0.1:2/alice/dev/+simple/", "alice"]).output().expect("keyring");
    assert_eq!((known.status.code(), out(&known).as_str()), (Some(1), ""));
    assert!(err(&known).contains("devpi-tokens login"), "{}", err(&known));
    assert!(socket(&home).exists());
}

#[test]
fn what_clients_ask_for_beside_an_address_is_a_miss_that_asks_nobody() {
    let home = Home::with_alice();
    // Whoever asks an agent would start a new one.
    home.kill_agent();
    let (index, simple) = (BED.index_url("alice/dev"), BED.simple_url("alice/dev"));
    for (service, user) in [
        ("python-poetry-check", "python-poetry"),
        ("poetry-repository-dev", "__token__"),
        ("poetry-repository-dev", "__poetry_source_empty_username__"),
        ("poetry-repository-dev", "alice"),
        ("pdm-pypi-dev", "alice"),
        (&simple, "__token__"),
        (&index, "pypi_token:project:bed-app"),
        (&index, "pypi_token:user:alice"),
    ] {
        for args in [&["get", service, user][..], &["--mode=creds", "--output=json", "get", service, user]] {
            let missed = lonely(&home, args).output().expect("keyring");
            assert_eq!((missed.status.code(), out(&missed), err(&missed)), (Some(1), String::new(), String::new()));
        }
    }
    assert!(home.agent().is_none(), "an agent was started");
    let asked = lonely(&home, &["get", &index, "alice"]).output().expect("keyring");
    assert!(!asked.status.success() && home.agent().is_some(), "the control: {}", err(&asked));
}

#[test]
fn what_is_not_ours_reaches_the_next_keyring_unchanged() {
    let home = Home::with_alice();
    let ours = BED.simple_url("alice/dev");
    let odd = OsStr::from_bytes(b"caf\xe9");
    let words = |words: &'static [&'static str]| words.iter().map(OsStr::new).collect::<Vec<_>>();
    for args in [
        words(&["get", "https://pypi.invalid/simple/", "me"]),
        words(&["--mode=creds", "--output=json", "get", "https://pypi.invalid/simple/"]),
        words(&["get", "a service", "a user", "--mode", "password"]),
        words(&["get", "service", ""]),
        words(&["get", "service"]),
        words(&["set", "127.0.0.1:1", "me"]),
        words(&["del", "service", "me"]),
        words(&["--list-backends"]),
        words(&["-b", "some.Backend", "get", "service", "me"]),
        words(&["--help"]),
        words(&[]),
        vec![OsStr::new("set"), OsStr::new(&ours), OsStr::new("alice")],
        vec![OsStr::new("get"), odd, OsStr::new("me")],
    ] {
        let passed = fed(keyring(&home, &args), "a secret");
        let said: Vec<u8> = args.iter().flat_map(|arg| [b"[", arg.as_bytes(), b"]"].concat()).collect();
        assert_eq!(passed.stdout, [said.as_slice(), b"a secret"].concat(), "{args:?}");
        assert_eq!((passed.status.code(), err(&passed).as_str()), (Some(7), "said\n"), "{args:?}");
    }
}

#[test]
fn what_is_ours_never_reaches_the_next_keyring() {
    let home = Home::with_alice();
    let ours = BED.simple_url("alice/dev");
    let ask = |words: &[&str]| keyring(&home, &words.iter().map(OsStr::new).collect::<Vec<_>>()).output();
    let got = ask(&["get", &ours, "alice"]).expect("keyring");
    assert!(got.status.success() && out(&got).starts_with("devpi-"), "{}", err(&got));
    for user in ["bob", "__token__"] {
        let missed = ask(&["get", &ours, user]).expect("keyring");
        assert_eq!((missed.status.code(), out(&missed).as_str()), (Some(1), ""), "{user}");
    }
}

#[test]
fn another_keyring_gets_its_signals_as_ever() {
    let home = Home::new("memory");
    let args = ["get", "https://pypi.invalid/simple/", "alice"].map(OsStr::new);
    let mut passed_on = keyring(&home, &args);
    // A shell lets go of what is held back; Python does not.
    let shows =
        "#!/usr/bin/python3 -I\nprint(*(line for line in open('/proc/self/status') if line[:7] == 'SigBlk:'))\n";
    std::fs::write(home.path().join("next/keyring"), shows).expect("a keyring");
    let done = passed_on.output().expect("keyring");
    assert_eq!(out(&done).trim(), "SigBlk:\t0000000000000000", "{}", err(&done));
}
