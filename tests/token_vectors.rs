//! Tokens made by pymacaroons, the library of the server: read to the same fields, derived to the same bytes.

use devpi_tokens::token::{Format, Restriction, RootToken, Token, TokenError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    key: String,
    derived: Vec<Derived>,
    format_1: String,
    third_party: String,
    format_1_third_party: String,
}

#[derive(Deserialize)]
struct Derived {
    name: String,
    identifier: String,
    root: String,
    root_caveats: Vec<String>,
    added: Vec<String>,
    derived: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/tokens.json")).expect("the vectors")
}

fn caveats(token: &Token) -> Vec<String> {
    token.caveats().map(|caveat| String::from_utf8_lossy(caveat.text).into_owned()).collect()
}

#[test]
fn tokens_of_pymacaroons_are_read_to_the_same_fields() {
    for vector in vectors().derived {
        let token = Token::parse(&vector.root).expect(&vector.name);
        assert_eq!(format!("{}-{}", token.user(), token.id()), vector.identifier, "{}", vector.name);
        assert_eq!(caveats(&token), vector.root_caveats, "{}", vector.name);
        assert!(token.bare_text().expose() == vector.root, "{}", vector.name);
    }
}

#[test]
fn a_derived_token_is_the_one_that_pymacaroons_derives() {
    for vector in vectors().derived {
        let root = Token::parse(&vector.root).and_then(RootToken::try_from).expect(&vector.name);
        let added: Vec<Restriction> = vector.added.iter().map(Restriction::read).collect();
        let derived = root.attenuate(&added).expect(&vector.name);
        assert!(derived.bare_text().expose() == vector.derived, "{}", vector.name);
    }
}

#[test]
fn format_1_and_third_party_caveats_are_read_but_never_a_root() {
    let vectors = vectors();
    let refused = |text: &str| RootToken::try_from(Token::parse(text).expect("a token")).expect_err("a refusal");
    assert_eq!(refused(&vectors.format_1), TokenError::Format);
    assert_eq!(refused(&vectors.third_party), TokenError::ThirdParty);
    assert_eq!(refused(&vectors.format_1_third_party), TokenError::Format);
    for text in [&vectors.third_party, &vectors.format_1_third_party] {
        let token = Token::parse(text).expect("a token");
        assert_eq!(token.caveats().map(|caveat| caveat.third_party).collect::<Vec<_>>(), [false, true]);
        assert_eq!(token.scope().expires(), None);
    }
    assert_eq!(Token::parse(&vectors.format_1).expect("a token").format(), Format::V1);
}

#[test]
fn the_crate_macaroon_verifies_the_tokens_of_pymacaroons() {
    let vectors = vectors();
    let key = macaroon::MacaroonKey::generate(vectors.key.as_bytes());
    for vector in vectors.derived {
        let derived = macaroon::Macaroon::deserialize(&vector.derived).expect(&vector.name);
        let mut verifier = macaroon::Verifier::default();
        verifier.satisfy_general(|_| true);
        assert!(verifier.verify(&derived, &key, Vec::new()).is_ok(), "{}", vector.name);
    }
}
