//! Of several users on one server the right one's token travels, and no root token does. What each client's tokens may
//! do is in `tests/table.rs`.

mod support;

use std::path::Path;

use support::judge::{Watch, files_came_from, only_reads};
use support::run::{client_with_shim, client_with_wheel, run, succeeds};
use support::{BED, Home, err, out};

/// The address with this user in it.
fn as_user(url: &str, user: &str) -> String {
    url.replacen("http://", &format!("http://{user}@"), 1)
}

/// Whose token `keyring get --mode creds` gives for an address.
fn user_of(home: &Home, shim: &Path, words: &[&str]) -> String {
    let mut keyring = home.command(shim.join("keyring"));
    keyring.args(["get", "--mode", "creds"]).args(words);
    let got = run(home, keyring);
    assert!(got.status.success(), "{words:?}: {}", err(&got));
    out(&got).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn of_two_users_on_one_host_the_named_one_is_answered_else_the_default() {
    let home = Home::with_alice();
    home.login(&BED, &BED.simple_url("bob/dev"), "bob");
    let shim = home.shim();
    let (alices, bobs) = (BED.simple_url("alice/dev"), BED.simple_url("bob/dev"));
    assert_eq!(user_of(&home, &shim, &[&alices]), "alice");
    assert_eq!(user_of(&home, &shim, &[&bobs]), "alice", "the first user of a host is its default");
    assert_eq!(user_of(&home, &shim, &[&alices, "bob"]), "bob");
    assert_eq!(user_of(&home, &shim, &[&as_user(&alices, "bob")]), "bob");
    let login = ["login", "--default", &bobs, "bob"];
    let done = support::fed(home.cli(&login), &format!("{}\n", BED.password("bob")));
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(user_of(&home, &shim, &[&alices]), "bob");
    assert_eq!(user_of(&home, &shim, &[&alices, "alice"]), "alice");
    let mut carol = home.command(shim.join("keyring"));
    carol.args(["get", &alices, "carol"]);
    let missed = run(&home, carol);
    assert_eq!((missed.status.code(), out(&missed).as_str()), (Some(1), ""), "{}", err(&missed));
}

#[test]
fn the_user_in_pips_url_decides_whose_token_travels() {
    let home = Home::with_alice();
    home.login(&BED, &BED.simple_url("bob/dev"), "bob");
    let watch = Watch::new(&home, &BED);
    for user in ["alice", "bob"] {
        let client = client_with_shim(&home);
        let url = as_user(&BED.simple_url("alice/other"), user);
        succeeds(&home, client.pip(["install", "--keyring-provider", "subprocess", "-i", &url, "bed-extra"]));
        assert!(client.imports("bed_extra"));
        let sent: Vec<_> = watch.of("pip/26.").into_iter().filter(|sent| sent.user == user).collect();
        only_reads(&sent, &["alice/other"]);
        files_came_from(&sent, &["alice/other"]);
    }
}

#[test]
fn a_public_index_beside_a_private_one_is_warned_of() {
    let home = Home::with_alice();
    let client = client_with_wheel();
    let install = |more: &[&str]| {
        let mut pip = client.pip(["install", "--keyring-provider", "import", "--force-reinstall"]);
        pip.args(["-i", &BED.simple_url("alice/other"), "bed-extra"]).args(more).env("PIP_RETRIES", "0");
        err(&succeeds(&home, pip))
    };
    let warning = "pip may install a stranger's namesake from mirror.invalid";
    let said = install(&["--extra-index-url", "https://mirror.invalid/simple/"]);
    assert!(said.contains(warning), "{said}");
    assert!(!install(&[]).contains("namesake"));
}

#[test]
fn what_pip_does_not_show_of_the_keyring_command_stands_in_the_log() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    let mut pip = client.pip(["install", "--keyring-provider", "subprocess"]);
    pip.args(["-i", &BED.simple_url("alice/other"), "bed-extra"]);
    pip.args(["--extra-index-url", "https://mirror.invalid/simple/"]).env("PIP_RETRIES", "0");
    let said = succeeds(&home, pip);
    assert!(!err(&said).contains("namesake"), "pip shows it by now: {}", err(&said));
    let log = out(&home.cli(&["log"]).output().expect("the log"));
    assert!(log.contains("warning  a stranger's namesake may come from mirror.invalid,"), "{log}");
}

#[test]
#[should_panic(expected = "the root token travelled")]
fn a_root_token_that_travels_is_noticed() {
    let home = Home::new("memory");
    let root = BED.create_token("alice", &serde_json::json!({"allowed": ["pkg_read"]})).expect("a token");
    let done = support::fed(home.cli(&["login", "-f", "-", &BED.simple_url("alice/dev")]), &format!("{root}\n"));
    assert!(done.status.success(), "{}", err(&done));
    let watch = Watch::new(&home, &BED);
    assert!(watch.sent().is_empty());
    BED.get("alice/dev/+simple/bed-app/", testbed::Auth::Basic("alice", &root)).expect("an answer");
    watch.sent();
}
