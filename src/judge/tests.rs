//! What the model answers; that the server answers the same is shown against a real one.

use super::*;
use crate::token::{RootToken, Token};

/// A token of alice's with those caveats, made by pymacaroons with another key each: the model looks at no signature.
fn token(caveats: &[&str]) -> Token {
    let mut macaroon = macaroon::Macaroon::create(None, &[7; 32].into(), "alice-abcdefgh".into()).expect("a macaroon");
    for caveat in caveats {
        macaroon.add_first_party_caveat((*caveat).into());
    }
    let text = macaroon.serialize(macaroon::Format::V2).expect("a text").trim_end_matches('=').to_owned();
    let token = Token::parse(&text).expect("a token");
    assert!(RootToken::try_from(token.clone()).is_ok());
    token
}

fn answer(caveats: &[&str], permission: &str, index: &str, project: Option<&str>) -> Answer {
    let wish = Wish {
        permission: permission.parse().expect("a permission"),
        index: index.parse().expect("an index"),
        project: project.map(|project| project.parse().expect("a project")),
        at: 1000,
    };
    judge(&token(caveats), &wish)
}

fn why(caveats: &[&str]) -> Option<Why> {
    match answer(caveats, "upload", "alice/dev", Some("my-pkg")) {
        Answer::Refused { why, .. } => Some(why),
        Answer::Granted | Answer::Fails { .. } => None,
    }
}

#[test]
fn each_caveat_is_checked_on_its_own_and_later_ones_only_narrow() {
    assert_eq!(why(&[]), None);
    assert_eq!(why(&["expires=1", "expires=never"]), Some(Why::Expired));
    assert_eq!(why(&["allowed=upload,pkg_read", "allowed=pkg_read"]), Some(Why::Permission));
    assert_eq!(why(&["expires=1001"]), None);
    assert_eq!(why(&["expires=1000"]), Some(Why::Expired));
    assert_eq!(why(&["not_before=1000"]), None);
    assert_eq!(why(&["not_before=1001"]), Some(Why::NotYetValid));
    assert_eq!(why(&["colour=red"]), Some(Why::NotUnderstood));
    assert_eq!(why(&["indexes=alice/base"]), Some(Why::Index));
    assert_eq!(why(&["indexes=alice/base, alice/dev"]), None);
    assert_eq!(why(&["projects=My_Pkg"]), None);
    assert_eq!(why(&["projects=other"]), Some(Why::Project));
}

#[test]
fn a_blank_in_allowed_is_part_of_the_name() {
    assert_eq!(why(&["allowed=pkg_read, upload"]), Some(Why::Permission));
}

#[test]
fn a_request_that_names_no_project_is_not_narrowed_to_one() {
    assert_eq!(answer(&["projects=other"], "pkg_read", "alice/dev", None), Answer::Granted);
}

#[test]
fn the_server_fails_over_json_and_over_an_empty_item() {
    for caveat in ["[0, 2000, 10]", "{\"version\": 1, \"permissions\": \"user\"}", "allowed=", "indexes=,alice/dev"] {
        let answered = answer(&[caveat], "upload", "alice/dev", Some("pkg"));
        assert_eq!(answered, Answer::Fails { caveat: caveat.to_owned() }, "{caveat}");
    }
    assert_eq!(why(&["[0, 900, 10]"]), Some(Why::Expired));
    assert_eq!(why(&["[1, [\"other\"]]"]), Some(Why::Project));
    assert_eq!(why(&["indexes=,alice/base"]), Some(Why::Index));
}

#[test]
fn no_token_may_change_users() {
    let answered = answer(&[], "user_modify", "alice/dev", None);
    assert_eq!(answered, Answer::Refused { caveat: None, why: Why::NeverForTokens });
}

#[test]
fn the_json_checks_all_look_at_a_caveat_and_one_that_objects_decides() {
    assert_eq!(why(&[r#"{"version": 1, "permissions": "user", "nbf": 0, "exp": 900}"#]), Some(Why::Expired));
    assert_eq!(why(&[r#"{"version": 2, "permissions": "user", "nbf": 0, "exp": 2000}"#]), Some(Why::NotUnderstood));
    assert_eq!(why(&[r#"{"version": 1, "permissions": "user", "nbf": null, "exp": 2000}"#]), Some(Why::NotUnderstood));
    assert_eq!(why(&[r#"{"version": 1, "permissions": "user", "nbf": "x", "exp": 900}"#]), None);
}

#[test]
fn json_is_compared_as_python_compares_it() {
    let fails = |caveat: &str, permission: &str, project: Option<&str>| {
        assert!(matches!(answer(&[caveat], permission, "alice/dev", project), Answer::Fails { .. }), "{caveat}");
    };
    fails("[false, 2000, true]", "upload", Some("pkg"));
    fails("[true, [5, \"my pkg\"]]", "upload", Some("my-pkg"));
    fails("[1, [5]]", "upload", Some("5"));
    // What is no list is found out only where a project is looked for in it.
    let number = r#"{"version": 1, "permissions": {"projects": 5}}"#;
    fails(number, "pkg_read", None);
    assert_eq!(why(&[number]), Some(Why::NotUnderstood));
    assert_eq!(why(&["[1, [\" my-pkg\"]]"]), Some(Why::Project));
    // A list has fractions of seconds, an object whole ones.
    fails("[0, 1000.5, 0]", "upload", Some("pkg"));
    assert_eq!(why(&["[0, 2000, 1000.5]"]), Some(Why::NotYetValid));
    assert_eq!(why(&[r#"{"nbf": 0, "exp": 1000.5}"#]), Some(Why::Expired));
}

#[test]
fn a_project_in_a_list_is_compared_by_its_letters_and_digits() {
    assert_eq!(why(&["projects=my pkg"]), None);
    assert_eq!(why(&["projects=\u{1c}my\u{e4}pkg"]), None);
    assert_eq!(why(&["projects=mypkg"]), Some(Why::Project));
}

#[test]
fn what_is_asked_about_a_user_is_of_no_index_and_no_project() {
    for caveat in ["indexes=bob/dev,", "projects=other,"] {
        let answered = answer(&[caveat], "user_modify", "alice/dev", Some("pkg"));
        assert_eq!(answered, Answer::Fails { caveat: caveat.to_owned() });
    }
}

#[test]
fn the_fate_of_a_caveat_does_not_depend_on_what_is_asked() {
    let at = 1_795_456_860;
    for (caveat, expected) in [
        ("colour=red", Fate::Refused(Why::NotUnderstood)),
        ("[9]", Fate::Refused(Why::NotUnderstood)),
        ("expires=soon", Fate::Refused(Why::Expired)),
        ("expires= 1_795_456_861", Fate::Read),
        ("not_before=soon", Fate::Refused(Why::NotYetValid)),
        ("[0, 1, 0]", Fate::Refused(Why::Expired)),
        ("[0, 1795456861, 0]", Fate::Fails),
        (r#"[1, ["pkg"]]"#, Fate::Fails),
        ("indexes=,alice/dev", Fate::Fails),
        ("indexes=alice/dev, bob/dev", Fate::Read),
        ("projects=a,,b", Fate::Fails),
        ("allowed=", Fate::Fails),
        ("allowed=pkg_read, upload", Fate::Read),
    ] {
        assert_eq!(fate(caveat, at), expected, "{caveat}");
    }
}
