//! What `config.toml` and a policy say.

use devpi_tokens::config;
use devpi_tokens::policy::{Bounds, Ceiling, Kind, LONGEST, Limits, Policy, Rooted, decide};
use devpi_tokens::protocol::{Holder, Question};
use devpi_tokens::target::{IndexName, Purpose};
use devpi_tokens::token::{Restriction, Scope};

use super::assert_harmless;

const NOW: u64 = 1_795_000_000;

/// A text in TOML, as `config.toml` and as a policy.
pub fn limits(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let policy = read::<Policy>(text);
    if let Some(policy) = &policy {
        assert_policy(policy);
    }
    if let Some(limits) = read::<Limits>(text) {
        assert_narrows(&limits, &policy.unwrap_or_default());
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    let error = match toml::from_str(text) {
        Ok(read) => return Some(read),
        Err(error) => error,
    };
    let (line, why) = config::place(text, &error);
    assert!((1..=text.matches('\n').count() + 1).contains(&line), "line {line} is not in the file");
    assert_harmless(&why);
    None
}

fn holder() -> Holder {
    Holder { server: "https://devpi.example".parse().expect("a server"), user: "alice".parse().expect("a user") }
}

fn indexes() -> [IndexName; 2] {
    ["alice/dev", "alice/prod"].map(|name| name.parse().expect("an index"))
}

fn assert_policy(policy: &Policy) {
    let written = serde_json::to_vec(policy).expect("JSON");
    assert_eq!(serde_json::from_slice::<Policy>(&written).expect("a policy"), *policy);
    assert_eq!(policy.exceeds(policy), None);
    let usual = Policy::default();
    let named: Vec<&IndexName> = policy.index.keys().collect();
    let is_higher = |kind| {
        let of_index = named.iter().any(|index| policy.ceiling(kind, index) > usual.ceiling(kind, index));
        of_index || policy.general(kind) > usual.general(kind)
    };
    let asks = |kind| named.iter().any(|index| policy.confirms(kind, Some(index))) || policy.confirms(kind, None);
    assert_eq!(usual.exceeds(policy).is_some_and(|more| more.contains("unasked")), Kind::ALL.into_iter().any(asks));
    assert_eq!(policy.exceeds(&usual).is_some(), Kind::ALL.into_iter().any(is_higher));
    for kind in Kind::ALL {
        for ceiling in named.iter().map(|index| policy.ceiling(kind, index)).chain([policy.general(kind)]) {
            assert!(ceiling <= Ceiling::For(LONGEST) && ceiling != Ceiling::For(0));
            assert_eq!(ceiling.to_string().parse(), Ok(ceiling));
        }
    }
}

/// Asserts that limits only ever narrow, and that what is decided under them stays within.
fn assert_narrows(limits: &Limits, policy: &Policy) {
    assert!((1..=8 * 60 * 60).contains(&limits.idle_lock()));
    let holder = holder();
    for index in limits.indexes(&holder).cloned().chain(indexes()) {
        for kind in Kind::ALL {
            let narrow = |ceiling| limits.narrow(ceiling, (&holder, kind, Some(&index)));
            let lowest = narrow(Ceiling::For(LONGEST));
            assert!(lowest <= limits.narrow(Ceiling::For(LONGEST), (&holder, kind, None)), "an index widens");
            for ceiling in [Ceiling::Never, Ceiling::For(1), Ceiling::For(900), Ceiling::For(LONGEST)] {
                assert_eq!(narrow(ceiling), ceiling.min(lowest));
            }
        }
    }
    for purpose in [Purpose::Read, Purpose::Upload, Purpose::Push, Purpose::Toxresult, Purpose::Remove] {
        for named in [&indexes()[..], &indexes()[..1]] {
            assert_decided((limits, policy), &holder, purpose, named);
        }
    }
}

fn assert_decided((limits, policy): (&Limits, &Policy), holder: &Holder, purpose: Purpose, named: &[IndexName]) {
    let question = Question {
        server: holder.server.clone(),
        user: None,
        purpose,
        indexes: named.to_vec(),
        projects: Vec::new(),
        bytes: u64::MAX,
        stranger: None,
    };
    let scope = Scope::of(&["indexes=alice/dev,alice/prod", "expires=1795020000"].map(Restriction::read));
    let bounds = Bounds { holder, policy, limits };
    let Ok(grant) = decide(Rooted { scope: &scope, bounds }, &question, NOW) else { return };
    let given = Scope::of(&grant.restrictions(NOW - 10, grant.expires));
    assert!(given.is_within(&scope) && grant.expires <= NOW + LONGEST && !grant.indexes.is_empty());
    assert!(grant.permissions.iter().copied().eq(purpose.permissions().iter().copied()));
    let named = limits.indexes(holder).chain(policy.index.keys()).filter(|_| purpose == Purpose::Push);
    for index in grant.indexes.iter().chain(named) {
        let kind = Kind::of(&question);
        let ceiling = limits.narrow(policy.ceiling(kind, index), (holder, kind, Some(index)));
        let Ceiling::For(seconds) = ceiling else { panic!("{kind} for {index} is forbidden, and granted") };
        // Large uploads get their share on top.
        assert!(
            purpose == Purpose::Upload || grant.expires <= NOW + seconds,
            "longer than {kind} for {index} may last"
        );
    }
}
