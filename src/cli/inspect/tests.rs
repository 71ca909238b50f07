//! What is shown of tokens, line by line, as files in `src/cli/golden/`.
//!
//! `INSTA_UPDATE=always cargo test --lib` writes the files anew; to be read before they are committed.

use serde::Deserialize;

use super::*;

/// Mon 23 Nov 2026 18:01 UTC.
const NOW: u64 = 1_795_456_860;

#[derive(Deserialize)]
struct Case {
    name: String,
    token: String,
}

/// Tokens of pymacaroons; `tests/vectors/inspect.py` makes them.
fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/vectors/inspect.json")).expect("the vectors")
}

fn shown(zone: &TimeZone, width: usize) -> String {
    let view = View { now: NOW, zone: zone.clone(), width };
    let mut text = String::new();
    for Case { name, token } in cases() {
        let token = Looked::parse(&token).expect(&name);
        let lines = lines(&token, &view);
        let signature = |line: &&String| line.contains("signature");
        assert_eq!(lines.iter().find(signature), None, "{name}");
        for line in &lines {
            let is_one_word = line.trim().split(' ').count() == 1;
            assert!(line.chars().count() <= width || is_one_word, "{name}: {line}");
        }
        text.push_str(&format!("== {name} ==\n{}\n\n", lines.join("\n")));
    }
    text
}

/// A difference is a failure; insta then writes what there is into a file beside it, which git ignores.
fn golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_token_is_shown_in_words_in_utc() {
    golden("inspect_utc_80", &shown(&TimeZone::UTC, 80));
    golden("inspect_utc_120", &shown(&TimeZone::UTC, 120));
}

#[test]
fn a_token_is_shown_in_words_in_a_zone_with_summer_time() {
    // Written out: no test depends on the zones that a machine has.
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    golden("inspect_berlin_80", &shown(&berlin, 80));
    golden("inspect_berlin_120", &shown(&berlin, 120));
}

#[test]
fn a_token_of_another_server_is_shown_and_nothing_more() {
    for Case { name, token } in cases() {
        let is_foreign = matches!(Looked::parse(&token), Ok(Looked::Foreign(_)));
        assert_eq!(is_foreign, token.starts_with("pypi-"), "{name}");
        assert_eq!(Token::parse(&token).err(), is_foreign.then_some(TokenError::Pypi), "{name}");
    }
}

#[test]
fn the_json_of_a_token_of_another_server_holds_what_it_says() {
    let foreign = cases().into_iter().find(|case| case.name == "PyPI: version and permissions of projects");
    let token = ForeignToken::parse(&foreign.expect("a case").token).expect("a token");
    assert_eq!(
        pypi::json(&token),
        serde_json::json!({
            "location": "index.example",
            "identifier": "0b5d7c6e-8f10-4a9a-8e9b-3d6f4b2a1c00",
            "kind": "pypi",
            "format": 2,
            "restrictions": [r#"{"version": 1, "permissions": {"projects": ["my-pkg", "pkg"]}}"#],
        })
    );
}
