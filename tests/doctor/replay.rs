//! `doctor --as`: what a client would get, by the way that it goes.

use super::desk::{Desk, Report};
use crate::support::{BED, out};

/// What came of a replay that worked: all its lines.
fn replayed(desk: &Desk, args: &str) -> Vec<String> {
    let report = desk.doctor(args);
    assert_eq!((report.exit, report.wrong()), (Some(0), Vec::new()), "{}", report.text);
    report.findings.iter().map(|finding| finding["what"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn pip_asks_the_keyring_on_path_and_gets_a_token_that_the_server_takes() {
    let desk = Desk::new();
    let said = replayed(&desk, "--as pip");
    let url = BED.simple_url("alice/dev");
    let keyring = desk.home.path().join("shim/keyring");
    let line = format!("{} --mode=creds --output=json get {url}: a token made from ", keyring.display());
    assert!(said[1].starts_with(&line), "{said:?}");
    assert!(said[1].contains("pkg_read on alice/base, alice/dev, alice/mid, ends in "), "{said:?}");
    assert!(said[2].starts_with("the server takes what is made from "), "{said:?}");
    let named = replayed(&desk, &format!("--as pip {}", url.replace("http://", "http://alice@")));
    assert!(named[1].contains(&format!("get {url} alice: a token")), "{named:?}");
}

#[test]
fn uv_asks_in_two_lines_and_twine_in_its_own_python() {
    let desk = Desk::new();
    let url = BED.simple_url("alice/dev");
    let uv = replayed(&desk, "--as uv");
    assert!(uv[1].contains(&format!("keyring get {url} --mode creds: a token")), "{uv:?}");
    let twine = replayed(&desk, "--as twine");
    let python = desk.venv().join("bin/python");
    let line = format!(
        "keyring.get_credential({}, None), then get_password of {}: a token",
        BED.index_url("alice/dev"),
        python.display()
    );
    assert!(twine[1].starts_with(&line), "{twine:?}");
    assert!(twine[1].contains("upload on alice/dev, ends in "), "{twine:?}");
}

#[test]
fn where_nothing_is_named_or_configured_the_index_of_the_login_is_asked_for() {
    let desk = Desk::new();
    desk.write(".config/pip/pip.conf", "[global]\nkeyring-provider = subprocess\n");
    let said = replayed(&desk, "--as pip");
    assert!(said[1].contains(&format!(" get {}: a token", BED.simple_url("alice/dev"))), "{said:?}");
    let (_, what, _) = desk.doctor("--as pip https://typo.example/alice/dev/").only("pip", "do");
    assert!(what.starts_with("no index of a server that is kept is named"), "{what}");
}

#[test]
fn an_index_that_is_not_there_is_not_well_whatever_token_comes() {
    let desk = Desk::new();
    for client in ["pip", "uv", "twine"] {
        let url = BED.simple_url("alice/dve").replace("://", "://alice@");
        let (level, what, _) = desk.doctor(&format!("--as {client} {url}")).only(client, "do");
        assert_eq!(level, "failing");
        assert!(what.starts_with("there is no alice/dve at "), "{what}");
    }
}

#[test]
fn a_client_that_asks_nobody_and_a_keyring_that_knows_nothing_are_told_apart() {
    let mut desk = Desk::new();
    let url = desk.simple();
    desk.write_uv("");
    let (_, what, mend) = desk.doctor("--as uv").only("uv", "do");
    assert!(what.contains("authenticate = \"always\" is missing"), "{what}");
    assert!(mend.contains(&url.replace("://", "://USER@")), "{mend}");
    desk.env.push(("PIP_KEYRING_PROVIDER", "disabled".into()));
    let (_, what, mend) = desk.doctor("--as pip").only("pip", "run");
    assert!(what.contains("asks no keyring, as it is told to"), "{what}");
    assert_eq!(mend, "export PIP_KEYRING_PROVIDER=subprocess");
    desk.env.clear();

    assert!(desk.home.cli(&["agent", "lock"]).status().expect("lock").success());
    let report: Report = desk.doctor(&format!("--as pip {url}"));
    let wrong = report.wrong();
    // For the URL, then for host and port.
    assert_eq!(wrong.len(), 2, "{}", report.text);
    assert!(wrong.iter().all(|finding| finding["what"].as_str().is_some_and(|what| what.contains("locked"))));
    let shown = desk.shell("devpi-tokens doctor --as pip").output().expect("doctor");
    assert!(out(&shown).contains("the agent is locked"), "{}", out(&shown));
}
