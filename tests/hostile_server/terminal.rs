//! What a server and a token say, at a terminal.

use super::*;

/// Asserts that a terminal would only show it.
fn tame(what: &str, done: &Output, expected: &str) {
    let said = out(done) + &err(done);
    let acted_upon = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
    assert!(!said.contains(acted_upon), "{what}: {said:?}");
    assert!(said.contains(expected), "{what}: {said}");
}

#[test]
fn nothing_that_a_server_says_acts_upon_the_terminal() {
    let (home, fake) = (Home::new("memory"), Devpi { believes: WILD, ..Devpi::GOOD }.start());
    tame("login", &login(&home, &fake, &[]), TAME);
    let args = ["list", "-s", &fake.root, "--as", "alice"];
    tame("list", &fed(home.cli(&args), "a password\n"), TAME);
    tame("list --json", &fed(home.cli(&[&args[..], &["--json"]].concat()), "a password\n"), TAME_JSON);
    let of_bob = [&args[..], &["--user", "bob"]].concat();
    tame("list of bob", &fed(home.cli(&of_bob), "a password\n"), r"\x1b[2J\x1b]52;c;aGk=\x07 \x9b31m\u{202e}gpj");
    let redirect = Fake::bytes("HTTP/1.1 302 x\r\nLocation: /\u{9b}\u{202e}\r\nContent-Length: 0\r\n\r\n");
    tame("a redirect", &login(&home, &redirect, &[]), r"/\x9b\u{202e}");
}

#[test]
fn nothing_that_a_token_says_acts_upon_the_terminal_and_no_signature_is_shown() {
    let home = Home::new("memory");
    let macaroon = minted("alice", &["allowed=pkg_read".to_owned(), WILD.to_owned()]);
    let token = text(&macaroon);
    std::fs::write(home.path().join("token"), &token).expect("a file");
    let foreign = Macaroon::create(Some(WILD.to_owned()), &MacaroonKey::generate(b"k"), ByteString::from(WILD));
    let mut foreign = foreign.expect("a macaroon");
    foreign.add_first_party_caveat(WILD.into());
    // As PyPI writes them: these are shown in words.
    for caveat in [
        json!({"version": 1, "permissions": {"projects": [WILD]}}),
        json!([1, [WILD]]),
        json!([2, [WILD]]),
        json!([3, WILD]),
    ] {
        foreign.add_first_party_caveat(caveat.to_string().as_str().into());
    }
    foreign.add_third_party_caveat(WILD, &MacaroonKey::generate(b"k"), WILD.into());
    let foreign = text(&foreign).replacen("devpi-", "pypi-", 1);
    std::fs::write(home.path().join("foreign"), &foreign).expect("a file");
    let mut third = minted("alice", &[]);
    third.add_third_party_caveat(WILD, &MacaroonKey::generate(b"k"), WILD.into());
    std::fs::write(home.path().join("third"), text(&third)).expect("a file");
    for (args, shown) in [
        (&["inspect", "-f", "token"][..], TAME),
        (&["inspect", "-f", "foreign"], TAME),
        (&["inspect", "-f", "token", "--json"], TAME_JSON),
        (&["inspect", "-f", "foreign", "--json"], TAME_JSON),
        (&["trace", "-f", "token", "--json"], TAME_JSON),
        (&["can", "pkg_read", "alice/dev", "-f", "token"], TAME),
        (&["inspect", "-f", "third"], TAME),
        (&["can", "pkg_read", "alice/dev", "-f", "third"], TAME),
    ] {
        let done = home.cli(args).output().expect("it ends");
        tame(&args.join(" "), &done, shown);
        let said = out(&done) + &err(&done);
        // The signature is at the end of a token.
        for token in [&token, &foreign] {
            assert!(!said.contains(&token[token.len() - 20..]), "{args:?}: {said}");
        }
        let hex: String = macaroon.signature().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!said.contains(&hex), "{args:?}: {said}");
    }
    // A server may take such a token, and it is kept then.
    let fake = Devpi::GOOD.start();
    tame("login", &login(&home, &fake, &["-f", "token"]), ID);
    tame("status", &home.cli(&["status"]).output().expect("it ends"), TAME);
    let in_json = &TAME.replace('\\', r"\\");
    tame("status --json", &home.cli(&["status", "--json"]).output().expect("it ends"), in_json);
    let get = home.cli(&["get", &format!("{}/alice/dev/", fake.root)]).output().expect("it ends");
    tame("get", &get, TAME);
    assert_eq!((code(&get), out(&get).as_str()), (Some(77), ""));
    tame("renew", &fed(home.cli(&["renew"]), "a password\n"), "is not understood");
}
