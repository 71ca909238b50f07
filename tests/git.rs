//! Real git asks for credentials of an index, and gives them back.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use support::{BED, Home, err, fed, out};

/// git as a person has it who configured our helper and nothing else.
fn git(home: &Home, shim: &Path, args: &[&str]) -> Command {
    let mut git = home.command("git");
    git.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", shim.display()));
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true");
    git.args(["-c", "credential.helper=devpi-tokens"]).args(args);
    git
}

/// The lines that a credential is made of.
fn credential(output: &Output) -> BTreeMap<String, String> {
    let lines = out(output);
    lines.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect()
}

fn asked(url: &str) -> String {
    format!("url={url}\n\n")
}

/// Whether this git knows that credentials end: it passes the line on from 2.41 on.
fn knows_ends(home: &Home, shim: &Path) -> bool {
    let version = out(&git(home, shim, &["version"]).output().expect("git"));
    let numbers: Vec<u32> = version.split([' ', '.']).filter_map(|word| word.parse().ok()).collect();
    numbers.as_slice() >= &[2, 41][..]
}

/// A password that a server would take ends within the hour.
fn is_good_for_an_hour(filled: &BTreeMap<String, String>) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let ends: u64 = filled["password_expiry_utc"].parse().expect("a time");
    assert!(ends > now && ends <= now + 3600, "{ends} at {now}");
}

fn allowed(token: &str) -> Vec<String> {
    let token: devpi_tokens::token::RootToken =
        devpi_tokens::token::Token::parse(token).expect("a token").try_into().expect("a token of devpi");
    let all = token.restrictions().iter().map(ToString::to_string).collect::<Vec<_>>();
    all.into_iter().filter(|text| !text.starts_with("expires=") && !text.starts_with("not_before=")).collect()
}

#[test]
fn git_gets_a_token_for_the_login_index_or_with_the_path_for_the_one_in_it() {
    let home = Home::with_alice();
    let shim = home.shim();
    let knows_ends = knows_ends(&home, &shim);
    let with_path = &["-c", "credential.useHttpPath=true"][..];
    let (simple, index) = (BED.simple_url("alice/other"), BED.index_url("alice/other"));
    for (url, options, promised) in [
        // Without the path git says the host alone.
        (&simple, &[][..], ["allowed=pkg_read", "indexes=alice/base,alice/dev,alice/mid"]),
        (&index, &[][..], ["allowed=pkg_read", "indexes=alice/base,alice/dev,alice/mid"]),
        // With it the index is known; git only ever reads from it.
        (&simple, with_path, ["allowed=pkg_read", "indexes=alice/other"]),
        (&index, with_path, ["allowed=pkg_read", "indexes=alice/other"]),
    ] {
        let filled = fed(git(&home, &shim, &[options, &["credential", "fill"]].concat()), &asked(url));
        assert!(filled.status.success(), "{}\n{}", err(&filled), home.log());
        let filled = credential(&filled);
        assert_eq!(filled["username"], "alice");
        let restrictions = allowed(&filled["password"]);
        let root = &home.roots()[0].restrictions;
        let added: Vec<&String> = restrictions.iter().filter(|text| !root.contains(text)).collect();
        assert_eq!(added, promised, "{url} {options:?}");
        if knows_ends {
            is_good_for_an_hour(&filled);
        }
    }
}

#[test]
fn git_is_told_when_the_password_ends() {
    let home = Home::with_alice();
    let mut helper = home.command(home.shim().join("git-credential-devpi-tokens"));
    helper.arg("get");
    let host = BED.url().replace("http://", "");
    let answer = fed(helper, &format!("capability[]=authtype\nprotocol=http\nhost={host}\n"));
    is_good_for_an_hour(&credential(&answer));
}

#[test]
fn what_git_rejects_or_approves_changes_nothing() {
    let home = Home::with_alice();
    let shim = home.shim();
    for with_path in [false, true] {
        let path = format!("credential.useHttpPath={with_path}");
        let url = asked(&BED.index_url("alice/dev"));
        let filled = fed(git(&home, &shim, &["-c", &path, "credential", "fill"]), &url);
        assert!(filled.status.success(), "{}", err(&filled));
        let before = home.roots().len();
        for verb in ["reject", "approve"] {
            let done = fed(git(&home, &shim, &["-c", &path, "credential", verb]), &format!("{}\n", out(&filled)));
            assert!(done.status.success(), "{verb}: {}", err(&done));
            assert_eq!((before, home.roots().len()), (1, 1));
        }
        let again = fed(git(&home, &shim, &["-c", &path, "credential", "fill"]), &url);
        assert_eq!(credential(&again)["username"], "alice");
    }
    let status = home.cli(&["status"]).output().expect("status");
    assert!(status.status.success() && out(&status).contains("alice (default): token "), "{}", out(&status));
}

#[test]
fn git_gets_nothing_for_another_user_or_another_host() {
    let home = Home::with_alice();
    let shim = home.shim();
    let as_bob = BED.index_url("alice/dev").replacen("http://", "http://bob@", 1);
    for url in [as_bob.as_str(), "http://127.0.0.1:1/alice/dev/", "https://git.invalid/alice/dev"] {
        let filled = fed(git(&home, &shim, &["credential", "fill"]), &asked(url));
        // Nobody else is left to ask: our prompt program says nothing.
        assert_eq!(credential(&filled).get("password").map_or("", String::as_str), "", "{url}");
    }
    assert!(!home.log().contains("handed out"), "{}", home.log());
}
