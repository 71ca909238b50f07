//! Tokens that are well made and give nothing, and names that mean something else.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::offline::{Offline, now, token};
use crate::support::raw::{Raw, kind};
use crate::support::{code, err, fed, out};

/// Names of an index, a user or a project that could mean something else than they show.
fn odd_names() -> Vec<String> {
    let odd = ["", "a b", "a=b", "a\nb", "*", "a*", "a..b", "..", "\u{430}lice", "a\u{202e}b", "a\x1b[31m", "\u{ff0d}"];
    odd.into_iter().map(str::to_owned).chain(["x".repeat(65)]).collect()
}

/// A root token, what is asked of it, and the words of the refusal.
struct Case {
    root: Vec<String>,
    asked: &'static [&'static str],
    words: String,
}

const READ: &[&str] = &["--for", "read"];
const UPLOAD: &[&str] = &["--for", "upload", "--project", "pkg"];
const USER: &str = r#"{"version": 1, "permissions": "user"}"#;

/// Less than half a minute after it is kept.
const ENDS_NOW: &str = "expires=IN 25 SECONDS";

fn cases() -> Vec<Case> {
    let soon = now() + 3600;
    let date = jiff::Timestamp::from_second(soon.cast_signed()).expect("a time").to_string();
    let case = |root: &[&str], asked, words: &str| Case {
        root: root.iter().map(|text| (*text).to_owned()).collect(),
        asked,
        words: words.to_owned(),
    };
    let mut cases: Vec<Case> = [READ, UPLOAD]
        .into_iter()
        .flat_map(|asked| {
            [
                case(&["expires=1700000000"], asked, "ended at 2023-11-14T22:13:20Z"),
                case(&[ENDS_NOW], asked, "ends in a moment"),
                case(&[&format!("not_before={soon}")], asked, &format!("is valid from {date} on")),
                case(&["indexes=a/x", "indexes=a/y"], asked, "leave no index"),
                case(&["allowed=pkg_read", "allowed=upload"], asked, "leave no permission"),
                case(&["indexes=alice/other,bob/dev"], asked, "does not reach alice/dev"),
                case(&["colour=\x1b[31m"], asked, r"not understood: colour=\x1b[31m"),
                case(&[USER], asked, &format!("not understood: {USER}")),
                case(&["expires=1e10"], asked, "not understood: expires=1e10"),
            ]
        })
        .collect();
    cases.push(case(&["projects=a", "projects=b"], UPLOAD, "leave no project"));
    cases.push(case(&["projects=other"], UPLOAD, "does not reach the project pkg"));
    cases.push(case(&["allowed=upload"], READ, "does not allow read"));
    cases.push(case(&["allowed=pkg_read"], UPLOAD, "does not allow upload"));
    cases
}

impl Case {
    fn keep(&self, offline: &Offline) {
        let soon = format!("expires={}", now() + 25);
        let caveat = |text: &String| if text == ENDS_NOW { soon.clone() } else { text.clone() };
        let caveats: Vec<String> = self.root.iter().map(caveat).collect();
        let caveats: Vec<&str> = caveats.iter().map(String::as_str).collect();
        offline.keep("alice", &token("alice", &caveats)).expect("kept");
    }
}

/// What was said, as it was before it was broken for the terminal.
fn said(output: &Output) -> String {
    err(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_refused(refused: &Output, words: &str) {
    assert_eq!((code(refused), out(refused).as_str()), (Some(77), ""), "{words}: {}", err(refused));
    assert!(err(refused).contains(words), "{words}: {}", err(refused));
    assert!(err(refused).lines().any(|line| line.starts_with("  ")), "nothing of what to do: {}", err(refused));
}

#[test]
fn a_root_that_gives_nothing_is_refused_with_77_its_reason_and_nothing_sent() {
    let offline = Offline::new();
    let url = offline.url("alice/dev/");
    for case in cases() {
        case.keep(&offline);
        let before = offline.roots();
        assert_refused(&offline.ran(&[&["get", &url, "--user", "alice"], case.asked].concat()), &case.words);
        let with = ["--", "touch", "ran"];
        let of_alice = offline.url("alice/dev/").replacen("http://", "http://alice@", 1);
        assert_refused(&offline.ran(&[&["exec", &of_alice], case.asked, &with].concat()), &case.words);
        offline.assert_as_before(&before);
    }
    assert!(!offline.home.path().join("ran").exists());
    offline.assert_unasked();
}

#[test]
fn a_root_that_gives_nothing_gives_nothing_by_the_two_front_doors_either() {
    let offline = Offline::new();
    let simple = offline.url("alice/dev/+simple/");
    let host = offline.url("").replace("http://", "").replace('/', "");
    for case in cases().into_iter().filter(|case| case.asked == READ) {
        case.keep(&offline);
        let asked = offline.home.helper(&["keyring", "get", &simple, "alice"]).output().expect("it runs");
        assert_eq!((code(&asked), out(&asked).as_str()), (Some(1), ""), "{}", case.words);
        assert!(said(&asked).contains(&case.words), "{}", err(&asked));
        let lines = format!("protocol=http\nhost={host}\npath=alice/dev/\nusername=alice\n");
        let asked = fed(offline.home.helper(&["get"]), &lines);
        assert_eq!((code(&asked), out(&asked).as_str()), (Some(0), ""), "{}", case.words);
        assert!(said(&asked).contains(&case.words), "{}", err(&asked));
    }
    offline.assert_unasked();
}

#[test]
fn a_root_that_ends_in_two_minutes_ends_what_is_made_of_it() {
    let offline = Offline::new();
    let end = now() + 120;
    offline.keep("alice", &token("alice", &[&format!("expires={end}")])).expect("kept");
    let url = offline.url("alice/dev/");
    let which = ["--as", "alice", "--server", &offline.url("")];
    for args in [
        [&["get", &url, "--user", "alice"][..], UPLOAD].concat(),
        [&["derive", "-a", "upload", "-i", "alice/dev", "-p", "pkg", "-e", "30min"][..], &which].concat(),
    ] {
        let given = offline.ran(&args);
        assert!(given.status.success(), "{}", err(&given));
        let shown = fed(offline.home.cli(&["inspect", "--json", "-f", "-"]), &out(&given));
        let shown: Value = serde_json::from_str(&out(&shown)).expect("JSON");
        assert_eq!(shown["scope"]["expires"], json!(end), "{args:?}");
    }
    let told = offline.ran(&["get", &url, "--user", "alice", "--for", "upload", "--json"]);
    let told: Value = serde_json::from_str(&out(&told)).expect("JSON");
    assert!(told["expires"].as_u64().is_some_and(|told| told <= end), "{told}");
}

#[test]
fn what_is_asked_of_a_token_of_ones_own_that_it_does_not_give_is_refused_and_not_written() {
    let offline = Offline::new();
    for (caveats, args, words) in [
        (&["expires=1700000000"][..], &["-e", "1h"][..], "ended"),
        (&["expires=1700000000"], &["-a", "pkg_read"], "Nov 2023"),
        (&["indexes=alice/dev"], &["-i", "alice/other"], "allows no index"),
        (&["indexes=a/x", "indexes=a/y"], &["-e", "1h"], "allows no index"),
        (&["allowed=pkg_read"], &["-a", "upload"], "allows no permission"),
        (&["projects=a"], &["-p", "b"], "allows no project"),
        (&["colour=red"], &["-e", "1h"], "not understood"),
        (&[USER], &["-e", "1h"], "not understood"),
    ] {
        std::fs::write(offline.home.path().join("token"), token("alice", caveats)).expect("a file");
        let refused = offline.ran(&[&["derive", "-f", "token", "-o", "derived"], args].concat());
        assert_refused(&refused, words);
        assert!(!offline.home.path().join("derived").exists(), "{caveats:?}");
    }
}

#[test]
fn a_restriction_that_is_not_understood_is_shown_as_it_is_with_what_the_server_does_and_derived_from_by_force() {
    let offline = Offline::new();
    for (caveat, fate) in [("colour=red", "403"), (USER, "500"), ("expires=1e10", "403"), ("indexes=,x", "500")] {
        std::fs::write(offline.home.path().join("token"), token("alice", &[caveat])).expect("a file");
        let shown = offline.ran(&["inspect", "-f", "token"]);
        let told = out(&shown);
        assert!(told.lines().any(|line| line.contains(caveat) && line.contains(fate)), "{told}");
        let json: Value =
            serde_json::from_str(&out(&offline.ran(&["inspect", "--json", "-f", "token"]))).expect("JSON");
        assert_eq!(json["not_understood"], json!([caveat]));
        let derive = |force: &[&str]| offline.ran(&[&["derive", "-f", "token", "-e", "1h"], force].concat());
        assert_refused(&derive(&[]), "not understood");
        let forced = derive(&["--force-unknown"]);
        assert!(forced.status.success() && out(&forced).starts_with("devpi-"), "{}", err(&forced));
    }
}

#[test]
fn a_name_that_could_mean_something_else_is_refused_wherever_one_is_typed() {
    let offline = Offline::new();
    let before = offline.roots();
    std::fs::write(offline.home.path().join("token"), token("alice", &[])).expect("a file");
    let url = offline.url("alice/dev/");
    for odd in odd_names() {
        let (name, index) = (odd.as_str(), format!("alice/{odd}"));
        for args in [
            &["get", &url, "--project", name][..],
            &["get", &url, "--user", name],
            &["can", "pkg_read", &index, "-f", "token"],
            &["can", "upload", "alice/dev", name, "-f", "token"],
            &["derive", "-f", "token", "-p", name],
            &["derive", "-f", "token", "-a", name],
            &["create", "-p", name],
            &["create", "-a", name],
            &["login", &url, "alice", "-i", &index],
            &["login", &url, "alice", "-p", name],
            &["login", &url, name],
            &["exec", "--project", name, &url, "--", "touch", "ran"],
            &["explain", &url, "--project", name],
            &["log", "--index", &index],
            &["delete", name],
        ] {
            assert_odd(&offline.ran(args), args);
        }
        // What is not `user/index` is a warning here, as it is upstream; what could break the list is not.
        if !odd.is_empty() {
            for args in [&["derive", "-f", "token", "-i", &index][..], &["create", "-i", &index]] {
                assert_odd(&offline.ran(args), args);
            }
        }
    }
    // By commas it is two.
    let comma = ["can", "upload", "alice/dev", "a,b", "-f", "token"];
    assert_odd(&offline.ran(&comma), &comma);
    assert!(!offline.home.path().join("ran").exists());
    offline.assert_as_before(&before);
    offline.assert_unasked();
}

/// Refused with 65, and nothing shown that a terminal would act upon, or that looks like something else.
fn assert_odd(refused: &Output, args: &[&str]) {
    assert_eq!((code(refused), out(refused).as_str()), (Some(65), ""), "{args:?}: {}", err(refused));
    let shown = |byte: &u8| *byte == b'\n' || *byte == b' ' || byte.is_ascii_graphic();
    assert!(refused.stderr.iter().all(shown), "{args:?}: {:?}", err(refused));
}

#[test]
fn a_name_that_could_mean_something_else_is_no_request() {
    let offline = Offline::new();
    let before = offline.roots();
    let mut raw = Raw::greeted(&offline.home.paths().sockets[0]);
    let question = |user: &str, index: &str, project: &str| {
        json!({"ask": {
            "server": offline.url(""), "user": user, "purpose": "upload", "indexes": [index],
            "projects": [project], "bytes": 0,
        }})
    };
    for odd in odd_names().into_iter().chain(["a,b".to_owned(), "a\0b".to_owned()]) {
        for asked in [
            question(&odd, "bob/dev", "pkg"),
            question("bob", &format!("bob/{odd}"), "pkg"),
            question("bob", &format!("{odd}/dev"), "pkg"),
            question("bob", "bob/dev", &odd),
        ] {
            assert_eq!(raw.ask(&asked), json!({"denied": "not_a_request"}), "{odd:?}");
        }
    }
    assert_eq!(kind(&raw.ask(&question("bob", "bob/dev", "pkg"))), "credential", "the control");
    offline.assert_as_before(&before);
}

#[test]
fn an_index_that_is_none_is_derived_for_with_a_warning() {
    let offline = Offline::new();
    std::fs::write(offline.home.path().join("token"), token("alice", &[])).expect("a file");
    let derived = offline.ran(&["derive", "-f", "token", "-i", "dev"]);
    assert!(derived.status.success() && out(&derived).starts_with("devpi-"), "{}", err(&derived));
    assert!(err(&derived).contains("warning: no index is called dev"), "{}", err(&derived));
}

#[test]
fn what_is_handed_out_again_and_again_is_made_of_the_root_each_time() {
    let offline = Offline::new();
    let root = ["allowed=pkg_read,upload", "indexes=alice/dev,alice/other"];
    offline.keep("alice", &token("alice", &root)).expect("kept");
    let url = offline.url("alice/dev/");
    for project in ["one", "two", "three"] {
        let given = offline.ran(&["get", &url, "--user", "alice", "--project", project]);
        let shown = fed(offline.home.cli(&["inspect", "--json", "-f", "-"]), &out(&given));
        let shown: Value = serde_json::from_str(&out(&shown)).expect("JSON");
        let caveats: Vec<&str> =
            shown["restrictions"].as_array().expect("a list").iter().flat_map(Value::as_str).collect();
        assert_eq!(&caveats[..2], root);
        let keys: Vec<&str> = caveats[2..].iter().filter_map(|text| Some(text.split_once('=')?.0)).collect();
        assert_eq!(keys, ["allowed", "expires", "indexes", "not_before", "projects"]);
        assert_eq!(*caveats.last().expect("one"), format!("projects={project}"));
    }
}
