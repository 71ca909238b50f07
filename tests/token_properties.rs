//! Properties of tokens, with the crate `macaroon` as the second opinion, and pymacaroons, the server's own library, as
//! the third. The types of the former print signatures: they are compared, never shown.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use devpi_tokens::judge::{Answer, Wish, judge};
use devpi_tokens::target::{IndexName, Permission, ProjectName};
use devpi_tokens::time::Expiry;
use devpi_tokens::token::{Item, Narrowing, Restriction, RootToken, Scope, Token, TokenError};
use macaroon::{Caveat, Macaroon, MacaroonKey, Verifier};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use testbed::Pymacaroons;

const KEY: &str = "the key of the properties";

/// One process of Python for all; a failed case is shrunk with it, so a poisoned lock does not matter.
fn pymacaroons() -> MutexGuard<'static, Pymacaroons> {
    static PYTHON: LazyLock<Mutex<Pymacaroons>> = LazyLock::new(|| {
        let tools = testbed::install(|_| ()).expect("the test bed is installed");
        Mutex::new(Pymacaroons::start(&tools).expect("pymacaroons"))
    });
    PYTHON.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the server would make: empty location, format 2, no padding.
fn minted(identifier: &str, caveats: &[String]) -> (Macaroon, String) {
    let key = MacaroonKey::generate(KEY.as_bytes());
    let mut macaroon = Macaroon::create(Some(String::new()), &key, identifier.into()).expect("a macaroon");
    for caveat in caveats {
        macaroon.add_first_party_caveat(caveat.as_str().into());
    }
    let text = macaroon.serialize(macaroon::Format::V2).expect("a text");
    (macaroon, text.trim_end_matches('=').to_owned())
}

fn root(text: &str) -> RootToken {
    Token::parse(text).and_then(RootToken::try_from).expect("a root token")
}

fn index() -> impl Strategy<Value = IndexName> {
    "[a-c][a-c.@_-]{0,1}[a-c]/[a-c0-9_]{1,3}".prop_map(|text| text.parse().expect("an index"))
}

fn project() -> impl Strategy<Value = ProjectName> {
    "[a-cA-C]([._-]?[a-c]){0,3}".prop_map(|text| text.parse().expect("a project"))
}

fn restriction() -> impl Strategy<Value = Restriction> {
    let permission = proptest::sample::select(Permission::ALL);
    let time = prop_oneof![1..20_u64, 1..=99_999_999_999_u64];
    prop_oneof![
        btree_set(permission, 1..4).prop_map(Restriction::Allowed),
        time.clone().prop_map(|at| Restriction::Expires(Expiry::At(at))),
        Just(Restriction::Expires(Expiry::Never)),
        btree_set(index(), 1..12).prop_map(Restriction::Indexes),
        time.prop_map(Restriction::NotBefore),
        btree_set(project(), 1..12).prop_map(Restriction::Projects),
    ]
}

fn identifier() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_-]{0,8}[a-z]-[a-zA-Z2-9]{8}"
}

/// What a person may ask for, names included that nobody knows; at least one thing.
fn narrowing() -> impl Strategy<Value = Narrowing> {
    let item = |known: BoxedStrategy<String>| {
        let odd = "[!-~]{1,12}".prop_map(|text| text);
        prop_oneof![3 => known, 1 => odd].prop_filter_map("an item", |text| text.parse::<Item>().ok())
    };
    let permission = proptest::sample::select(Permission::ALL).prop_map(|permission| permission.to_string()).boxed();
    let expiry = prop_oneof![(1..=99_999_999_999_u64).prop_map(Expiry::At), Just(Expiry::Never)];
    let index = index().prop_map(|index| index.to_string()).boxed();
    let project = project().prop_map(|project| project.to_string()).boxed();
    let lists = (btree_set(item(permission), 0..4), btree_set(item(index), 0..6), btree_set(item(project), 0..6));
    let times = (option::of(expiry), option::of(1..=99_999_999_999_u64));
    (lists, times)
        .prop_map(|((allowed, indexes, projects), (expires, not_before))| Narrowing {
            allowed,
            expires,
            indexes,
            not_before,
            projects,
        })
        .prop_filter("something", |narrowing| *narrowing != Narrowing::default())
}

/// Caveats as a stranger may have written them: those of the server, their odd forms, JSON, and neither.
fn any_caveat() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => restriction().prop_map(|restriction| restriction.to_caveat()),
        2 => "(allowed|indexes|projects)=([ab]/[ab]|upload|pkg_read|[ab]| ){0,2}(,|, )?(a/b|upload|b)?",
        2 => "(expires|not_before)=[ +]?[0-9_]{0,3}",
        1 => r#"\[0, [0-9]{1,2}, [0-9]\]|\[1, \["[ab]"\]\]|\{"nbf": [0-9], "exp": [0-9]{1,2}\}"#,
        1 => r#"\{"version": 1, "permissions": ("user"|\{"projects": \["[ab]"\]\})\}"#,
        1 => "[ -~]{0,8}",
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let permission = proptest::sample::select(Permission::ALL);
    (permission, index(), option::of(project()), 1..20_u64).prop_map(|(permission, index, project, at)| Wish {
        permission,
        index,
        project,
        at,
    })
}

fn grants(text: &str, wish: &Wish) -> bool {
    judge(&Token::parse(text).expect("a token"), wish) == Answer::Granted
}

/// The server's checks, one caveat after another, as its plugin makes them on text.
fn server_admits(caveats: &[String], now: u64, permission: Permission, index: &IndexName) -> bool {
    caveats.iter().all(|caveat| {
        let (key, value) = caveat.split_once('=').expect("a caveat with a key");
        match key {
            "allowed" => value.split(',').any(|item| item == permission.as_str()),
            "expires" => value == "never" || now < value.parse().expect("a time"),
            "indexes" => value.split(',').any(|item| item.trim() == index.to_string()),
            "not_before" => now >= value.parse().expect("a time"),
            "projects" => true,
            _ => false,
        }
    })
}

proptest! {
    #[test]
    fn a_derived_token_is_the_one_that_the_crate_macaroon_derives(
        identifier in identifier(),
        before in vec(restriction(), 0..5),
        asked in vec(restriction(), 1..8),
    ) {
        let before: Vec<String> = before.iter().map(Restriction::to_caveat).collect();
        let (mut macaroon, text) = minted(&identifier, &before);
        let root = root(&text);
        let derived = root.attenuate(&asked).expect("a derived token");

        let mut sorted = asked.clone();
        sorted.sort();
        for restriction in &sorted {
            macaroon.add_first_party_caveat(restriction.to_caveat().as_str().into());
        }
        let theirs = macaroon.serialize(macaroon::Format::V2).expect("a text");
        prop_assert!(derived.bare_text().expose() == theirs.trim_end_matches('='));
        prop_assert!(derived.scope().is_within(&root.scope()));
        prop_assert!(derived.scope().is_within(&Scope::of(&asked)));
        prop_assert!(Token::parse(derived.text().expose()).is_ok_and(|token| token.bare_text() == derived.bare_text()));

        let ours = Macaroon::deserialize(derived.bare_text().expose()).expect("a macaroon");
        let mut verifier = Verifier::default();
        for restriction in derived.restrictions() {
            verifier.satisfy_exact(restriction.to_caveat().as_str().into());
        }
        prop_assert!(verifier.verify(&ours, &MacaroonKey::generate(KEY.as_bytes()), Vec::new()).is_ok());
        prop_assert!(verifier.verify(&ours, &MacaroonKey::generate(b"another"), Vec::new()).is_err());
    }

    #[test]
    fn what_the_server_admits_is_what_the_scope_allows(
        restrictions in vec(restriction(), 0..5),
        now in 1..20_u64,
        permission in proptest::sample::select(&Permission::ALL[..9]),
        index in index(),
    ) {
        let scope = Scope::of(&restrictions);
        let in_time = scope.expires().is_none_or(|end| now < end) && scope.not_before().is_none_or(|start| now >= start);
        let allowed = in_time && scope.allows_permission(permission) && scope.allows_index(&index);
        let caveats: Vec<String> = restrictions.iter().map(Restriction::to_caveat).collect();
        prop_assert_eq!(allowed, server_admits(&caveats, now, permission, &index));
    }

    #[test]
    fn a_restriction_is_read_back_from_its_caveat(restriction in restriction()) {
        prop_assert!(restriction.is_canonical());
        prop_assert_eq!(Restriction::read(restriction.to_caveat()), restriction);
    }

    #[test]
    fn any_caveat_is_read_to_something_that_writes_the_same_meaning(caveat in "(allowed|expires|indexes|not_before|projects)=[a-c/, 0-9_]{0,6}") {
        let read = Restriction::read(&caveat);
        match &read {
            Restriction::Unknown(text) => prop_assert_eq!(text, &caveat),
            read => prop_assert_eq!(&Restriction::read(read.to_caveat()), read),
        }
    }

    #[test]
    fn more_restrictions_never_allow_more(
        first in vec(restriction(), 0..4),
        second in vec(restriction(), 0..4),
    ) {
        let both: Vec<Restriction> = first.iter().chain(&second).cloned().collect();
        prop_assert!(Scope::of(&both).is_within(&Scope::of(&first)));
        prop_assert!(Scope::of(&both).is_within(&Scope::of(&second)));
    }

    #[test]
    fn every_truncated_text_is_refused(identifier in identifier(), caveats in vec(restriction(), 0..4)) {
        let caveats: Vec<String> = caveats.iter().map(Restriction::to_caveat).collect();
        let (_, text) = minted(&identifier, &caveats);
        for length in 0..text.len() {
            prop_assert!(Token::parse(&text[..length]).is_err(), "{} characters", length);
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_or_read_as_the_crate_macaroon_reads_it(
        caveats in vec(restriction(), 0..4),
        flips in vec(any::<(prop::sample::Index, u8)>(), 1..3),
    ) {
        let caveats: Vec<String> = caveats.iter().map(Restriction::to_caveat).collect();
        let (_, text) = minted("alice-abcDEF23", &caveats);
        let mut bytes = text.into_bytes();
        for (place, bit) in flips {
            *place.get_mut(&mut bytes) ^= 1 << (bit % 8);
        }
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(token) = Token::parse(&text) {
            let bare = token.bare_text();
            prop_assert!(bare.expose() == text);
            let theirs = Macaroon::deserialize(bare.expose()).expect("a macaroon");
            let texts: Vec<Vec<u8>> = theirs.caveats().iter().map(|caveat| match caveat {
                Caveat::FirstParty(first) => first.predicate().0,
                Caveat::ThirdParty(third) => third.id().0,
            }).collect();
            prop_assert_eq!(token.caveats().map(|caveat| caveat.text.to_vec()).collect::<Vec<_>>(), texts);
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in prop_oneof![".{0,64}", "(devpi-)?(Ag|MDAx)[A-Za-z0-9_-]{0,200}"]) {
        prop_assert!(Token::parse(&text).is_err());
    }
}

#[test]
fn a_thousand_derives_from_derived_tokens_end_at_64_caveats() {
    let (_, text) = minted("alice-abcDEF23", &[]);
    let mut token = root(&text);
    let asked = [Restriction::Allowed(BTreeSet::from([Permission::PkgRead]))];
    let mut derives = 0;
    let refusal = loop {
        match token.attenuate(&asked) {
            Ok(derived) => token = root(derived.bare_text().expose()),
            Err(refusal) => break refusal,
        }
        derives += 1;
    };
    assert_eq!(derives, 64);
    assert!(matches!(refusal, TokenError::Macaroon(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_derived_token_is_the_one_that_pymacaroons_derives_makes_and_verifies(
        identifier in identifier(),
        before in vec(restriction(), 0..5),
        asked in vec(restriction(), 1..8),
    ) {
        let mut python = pymacaroons();
        let before: Vec<String> = before.iter().map(Restriction::to_caveat).collect();
        let minted = python.mint(KEY, &identifier, &before).expect("a token");
        let root = root(&minted);
        prop_assert!(root.text().expose() == minted);
        let derived = root.attenuate(&asked).expect("a derived token");
        let mut sorted = asked.clone();
        sorted.sort();
        let added: Vec<String> = sorted.iter().map(Restriction::to_caveat).collect();
        assert_is_theirs(&mut python, (&identifier, &before, &added), derived.text().expose())?;
        prop_assert!(derived.scope().is_within(&root.scope()));
    }

    #[test]
    fn a_narrowed_token_is_the_one_that_pymacaroons_derives_makes_and_verifies(
        identifier in identifier(),
        before in vec(any_caveat(), 0..5),
        narrowing in narrowing(),
    ) {
        let mut python = pymacaroons();
        let minted = python.mint(KEY, &identifier, &before).expect("a token");
        let root = root(&minted);
        let derived = root.narrow(&narrowing, true).expect("a derived token");
        assert_is_theirs(&mut python, (&identifier, &before, &narrowing.caveats()), derived.text().expose())?;
        prop_assert!(derived.scope().is_within(&root.scope()));
        prop_assert!(derived.scope().is_within(&Scope::of(&narrowing.restrictions())));
    }
}

/// That a token is what pymacaroons makes of the same caveats, in one go and from the token before, and that it verifies
/// with the key and with no other.
fn assert_is_theirs(
    python: &mut Pymacaroons,
    (identifier, before, added): (&str, &[String], &[String]),
    derived: &str,
) -> Result<(), TestCaseError> {
    let minted = python.mint(KEY, identifier, before).expect("a token");
    prop_assert!(python.restrict(&minted, added).expect("a token") == derived);
    let all: Vec<String> = before.iter().chain(added).cloned().collect();
    prop_assert!(python.mint(KEY, identifier, &all).expect("a token") == derived);
    prop_assert!(python.verify(KEY, derived).expect("an answer"));
    prop_assert!(!python.verify("another", derived).expect("an answer"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_a_derived_token_is_granted_its_parent_is_granted(
        before in vec(any_caveat(), 0..4),
        asked in vec(restriction(), 1..4),
        narrowing in narrowing(),
        wishes in vec(wish(), 8),
    ) {
        let (_, text) = minted("alice-abcDEF23", &before);
        let root = root(&text);
        let derived = root.attenuate_forced(&asked).expect("a derived token");
        let narrowed = root.narrow(&narrowing, true).expect("a derived token");
        for wish in &wishes {
            for derived in [&derived, &narrowed] {
                let (parent, child) = (grants(&text, wish), grants(derived.bare_text().expose(), wish));
                prop_assert!(parent || !child, "{wish:?} of {before:?}");
            }
        }
    }

    // Where nothing is left to misunderstand, the scope and the model are one: nothing is told that does not hold.
    #[test]
    fn a_token_is_granted_what_its_scope_allows(restrictions in vec(restriction(), 0..5), wish in wish()) {
        let scope = Scope::of(&restrictions);
        let in_time =
            scope.expires().is_none_or(|end| wish.at < end) && scope.not_before().is_none_or(|start| wish.at >= start);
        let of_project =
            wish.project.as_ref().is_none_or(|one| scope.projects().is_none_or(|projects| projects.contains(one)));
        let allowed =
            in_time && of_project && scope.allows_permission(wish.permission) && scope.allows_index(&wish.index);
        let caveats: Vec<String> = restrictions.iter().map(Restriction::to_caveat).collect();
        prop_assert_eq!(grants(&minted("alice-abcDEF23", &caveats).1, &wish), allowed);
    }
}
