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
