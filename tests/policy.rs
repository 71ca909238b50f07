//! Ceilings: what a person allows is never exceeded, and allowing more takes a secret.

mod support;

use std::collections::BTreeSet;
use std::process::Output;

use devpi_tokens::policy::{Bounds, Ceiling, Kind, LONGEST, Limits, Policy, Rooted, Rules, decide};
use devpi_tokens::protocol::{Holder, Question};
use devpi_tokens::target::{IndexName, Permission, ProjectName, Purpose};
use devpi_tokens::time::Expiry;
use devpi_tokens::token::{Restriction, Scope, Token};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use support::{BED, Home, code, err, fed, out};

fn ran(home: &Home, args: &[&str]) -> Output {
    home.cli(args).output().expect("it runs")
}

fn configure(home: &Home, text: &str) {
    let config = home.paths().config;
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), text).expect("config.toml");
}

/// The policy of alice from standard input, and what else is asked for.
fn edited(home: &Home, policy: &str, passphrase: &str) -> Output {
    let file = home.path().join("policy.toml");
    std::fs::write(&file, policy).expect("a file");
    fed(home.cli(&["policy", "edit", "--file", "policy.toml"]), &format!("{passphrase}\n"))
}

/// For how many seconds a token of that kind is good that the agent gives now, to the minute.
fn lifetime(home: &Home, args: &[&str]) -> u64 {
    let dev = BED.index_url("alice/dev");
    let got = ran(home, &[&["get", &dev], args].concat());
    assert!(got.status.success(), "{args:?}: {}", err(&got));
    let end = Token::parse(out(&got).trim()).expect("a token").scope().expires().expect("an end");
    let rest = end - std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    (rest + 30) / 60 * 60
}

fn refused(home: &Home, args: &[&str]) -> (Option<i32>, String) {
    let dev = BED.index_url("alice/dev");
    let got = ran(home, &[&["get", &dev], args].concat());
    assert_eq!(out(&got), "");
    (code(&got), err(&got))
}

#[test]
fn a_limit_in_config_toml_holds_from_the_next_question_on() {
    let home = Home::with_alice();
    assert_eq!(lifetime(&home, &["--for", "read"]), 3600);
    configure(&home, "[[limit]]\nindex = \"alice/dev\"\nread = \"5 min\"\nupload-any = \"never\"\n");
    assert_eq!(lifetime(&home, &["--for", "read"]), 300);
    assert_eq!(lifetime(&home, &["--project", "bed-app"]), 900);
    let (exit, said) = refused(&home, &[]);
    assert_eq!(exit, Some(77));
    assert!(said.contains("allows no upload of an unknown project for alice/dev"), "{said}");
    // It could be used to push there.
    let pushing = ran(&home, &["get", "--for", "push", &BED.index_url("alice/mid")]);
    assert_eq!((code(&pushing), out(&pushing)), (Some(77), String::new()));
    let said = err(&pushing).replace("\n ", "");
    assert!(said.contains("a push may go to every index") && said.contains("for alice/dev"), "{said}");
    let shown = out(&ran(&home, &["policy", "show"]));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[2].split_whitespace().collect::<Vec<_>>(),
        ["every", "index", "1h", "15m", "10m", "never", "5m", "5m"]
    );
    assert_eq!(
        lines[3].split_whitespace().collect::<Vec<_>>(),
        ["alice/dev", "5m", "15m", "never", "never", "5m", "5m"]
    );
    assert!(lines[6].starts_with("narrowed by ") && lines[6].ends_with("/config.toml"), "{shown}");
    configure(&home, "[[limit]]\nread = \"12 h\"\n");
    assert_eq!(lifetime(&home, &["--for", "read"]), 3600, "a limit widens nothing");
}

#[test]
fn a_config_toml_that_cannot_be_understood_stops_every_hand_out() {
    let home = Home::with_alice();
    configure(&home, "[[limit]]\nraed = \"5 min\"\n");
    let (exit, said) = refused(&home, &[]);
    assert_eq!(exit, Some(78));
    assert!(said.contains("config.toml, line 1: unknown variant `raed`, expected one of `read`"), "{said}");
    let url = BED.simple_url("alice/dev");
    let looked_up = home.helper(&["keyring", "get", &url, "alice"]).output().expect("it runs");
    assert_eq!((code(&looked_up), out(&looked_up).as_str()), (Some(1), ""));
    configure(&home, "");
    assert_eq!(lifetime(&home, &[]), 600);
}

#[test]
fn a_policy_is_narrowed_by_everybody_and_widened_with_a_new_login() {
    let home = Home::with_alice();
    let narrow = "[every-index]\nread = \"30 min\"\n[index.\"alice/dev\"]\nupload = \"never\"\n";
    let done = edited(&home, narrow, "");
    assert_eq!((code(&done), err(&done)), (Some(0), format!("changed for alice at {}\n", BED.url())));
    assert_eq!(lifetime(&home, &["--for", "read"]), 1800);
    assert_eq!(refused(&home, &["--project", "bed-app"]).0, Some(77));
    let again = edited(&home, narrow, "");
    assert_eq!((code(&again), err(&again).as_str()), (Some(0), "the policy is as it was\n"));

    let wide = "[every-index]\nread = \"2 h\"\n";
    let widened = edited(&home, wide, "guessed");
    assert_eq!(code(&widened), Some(77));
    assert!(err(&widened).contains("devpi-tokens login --policy FILE"), "{}", err(&widened));
    assert_eq!(lifetime(&home, &["--for", "read"]), 1800);

    let login = ["login", "--policy", "policy.toml", &BED.index_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(lifetime(&home, &["--for", "read"]), 7200);
    assert_eq!(lifetime(&home, &["--project", "bed-app"]), 900);
    // Another root token does not take it over.
    home.login(&BED, &BED.index_url("alice/dev"), "alice");
    assert_eq!(lifetime(&home, &["--for", "read"]), 3600);
}

#[test]
fn the_passphrase_of_the_vault_widens_a_policy_which_outlives_the_agent() {
    let home = Home::new("passphrase");
    let login = ["login", &BED.index_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("correct horse\n{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let wide = "[every-index]\nread = \"2 h\"\n";
    let wrong = edited(&home, wide, "guessed");
    assert_eq!(code(&wrong), Some(77));
    assert!(err(&wrong).contains("that is not the vault's passphrase"), "{}", err(&wrong));
    assert_eq!(lifetime(&home, &["--for", "read"]), 3600);
    let right = edited(&home, wide, "correct horse");
    assert_eq!(code(&right), Some(0), "{}", err(&right));
    assert!(err(&right).contains("this allows more than before: read for every index"), "{}", err(&right));
    home.kill_agent();
    let shown = fed(home.cli(&["policy", "show", "--toml"]), "correct horse\n");
    assert!(out(&shown).contains("\nread = \"2h\"\n"), "{}{}", out(&shown), err(&shown));
    assert_eq!(lifetime(&home, &["--for", "read"]), 7200);
}

#[test]
fn what_show_prints_is_what_edit_reads() {
    let home = Home::with_alice();
    let policy = "[every-index]\nremove = \"never\"\n[index.\"alice/prod\"]\nread = \"1h 30m\"\nupload = \"10s\"\n";
    let file = home.path().join("policy.toml");
    std::fs::write(&file, policy).expect("a file");
    let login = ["login", "--policy", "policy.toml", &BED.index_url("alice/dev"), "alice"];
    assert!(fed(home.cli(&login), &format!("{}\n", BED.password("alice"))).status.success());
    let shown = out(&ran(&home, &["policy", "show", "--toml"]));
    let done = edited(&home, &shown, "");
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(out(&ran(&home, &["policy", "show", "--toml"])), shown);
    let json: serde_json::Value = serde_json::from_str(&out(&ran(&home, &["policy", "show", "--json"]))).expect("JSON");
    assert_eq!(
        (&json["index"]["alice/prod"]["upload"], &json["every_index"]["remove"]),
        (&"10s".into(), &"never".into())
    );
}

const NOW: u64 = 1_800_000_000;

fn index() -> impl Strategy<Value = IndexName> {
    "[ab]/[a-c]".prop_map(|text| text.parse().expect("an index"))
}

fn project() -> impl Strategy<Value = ProjectName> {
    "[a-d]".prop_map(|text| text.parse().expect("a project"))
}

fn ceilings() -> impl Strategy<Value = std::collections::BTreeMap<Kind, Ceiling>> {
    let ceiling = prop_oneof![1 => Just(Ceiling::Never), 5 => (1..=LONGEST).prop_map(Ceiling::For)];
    btree_map(proptest::sample::select(&Kind::ALL[..]), ceiling, 0..5)
}

fn policy() -> impl Strategy<Value = Policy> {
    (rules(), btree_map(index(), rules(), 0..4)).prop_map(|(every_index, index)| Policy { every_index, index })
}

fn rules() -> impl Strategy<Value = Rules> {
    let confirm = option::of(btree_set(proptest::sample::select(&Kind::ALL[..]), 0..3));
    (ceilings(), confirm).prop_map(|(ceilings, confirm)| Rules { ceilings, confirm })
}

/// Limits as a person writes them, for this server or another, this user or another.
fn limits() -> impl Strategy<Value = String> {
    let of = |key: &'static str, values: [&'static str; 2]| {
        option::of(proptest::sample::select(values.to_vec()).prop_map(move |value| format!("{key} = \"{value}\"\n")))
    };
    let scope = (of("server", ["http://127.0.0.1:3141", "http://127.0.0.1:3142"]), of("user", ["alice", "bob"]));
    let confirm = btree_set(proptest::sample::select(&Kind::ALL[..]), 0..2);
    let limit =
        (scope, option::of(index()), ceilings(), confirm).prop_map(|((server, user), index, ceilings, confirm)| {
            let index = index.map(|index| format!("index = \"{index}\"\n")).unwrap_or_default();
            let ceilings: String =
                ceilings.iter().map(|(kind, ceiling)| format!("{} = \"{ceiling}\"\n", kind.key())).collect();
            let confirm: Vec<String> = confirm.iter().map(|kind| format!("\"{}\"", kind.key())).collect();
            let confirm = format!("confirm = [{}]\n", confirm.join(", "));
            format!("[[limit]]\n{}{}{index}{confirm}{ceilings}", server.unwrap_or_default(), user.unwrap_or_default())
        });
    vec(limit, 0..4).prop_map(|limits| limits.concat())
}

fn question() -> impl Strategy<Value = Question> {
    let purposes = [Purpose::Read, Purpose::Upload, Purpose::Push, Purpose::Toxresult, Purpose::Remove];
    let bytes = prop_oneof![Just(0), 0..10_000_000_000_u64, Just(u64::MAX)];
    (proptest::sample::select(purposes.to_vec()), vec(index(), 0..5), vec(project(), 0..3), bytes).prop_map(
        |(purpose, indexes, projects, bytes)| Question {
            server: "http://127.0.0.1:3141".parse().expect("a server"),
            user: None,
            purpose,
            indexes,
            projects,
            bytes,
            stranger: None,
        },
    )
}

fn root() -> impl Strategy<Value = Vec<Restriction>> {
    let permission = proptest::sample::select(Permission::ALL);
    let restriction = prop_oneof![
        btree_set(permission, 3..9).prop_map(Restriction::Allowed),
        (NOW..NOW + 50_000).prop_map(|end| Restriction::Expires(Expiry::At(end))),
        btree_set(index(), 1..6).prop_map(Restriction::Indexes),
        (NOW - 100..NOW + 10).prop_map(Restriction::NotBefore),
        btree_set(project(), 1..5).prop_map(Restriction::Projects),
    ];
    vec(restriction, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_grant_is_within_the_root_the_kind_and_every_ceiling(
        (root, policy, limits, question) in (root(), policy(), limits(), question())
    ) {
        let holder = Holder { server: question.server.clone(), user: "alice".parse().expect("a user") };
        let scope = Scope::of(&root);
        let limits: Limits = toml::from_str(&limits).expect("limits");
        let bounds = Bounds { holder: &holder, policy: &policy, limits: &limits };
        let Ok(grant) = decide(Rooted { scope: &scope, bounds }, &question, NOW) else { return Ok(()) };

        let promised: BTreeSet<Permission> = question.purpose.permissions().iter().copied().collect();
        prop_assert_eq!(&grant.permissions, &promised);
        prop_assert!(grant.indexes.is_subset(&question.indexes.iter().cloned().collect()));
        prop_assert!(grant.indexes.contains(&question.indexes[0]));
        prop_assert_eq!(&grant.projects, &question.projects.iter().cloned().collect());
        let is_upload = question.purpose == Purpose::Upload;
        let share = if is_upload { question.bytes / 100_000 } else { 0 };
        // A push may put any project into any index: it reaches all that have rules of their own, and one that has none.
        let is_push = question.purpose == Purpose::Push;
        let any = is_push || question.projects.is_empty();
        let mut reached = grant.indexes.clone();
        if is_push {
            reached.extend(policy.index.keys().chain(limits.indexes(&holder)).cloned());
            reached.insert("none/named".parse().expect("an index"));
        }
        for (index, permission) in reached.iter().flat_map(|index| promised.iter().map(move |one| (index, one))) {
            if *permission == Permission::PkgRead && !grant.indexes.contains(index) {
                continue;
            }
            let kinds = match permission {
                Permission::PkgRead => vec![Kind::Read],
                Permission::Upload if any => vec![Kind::UploadAny, Kind::Upload],
                Permission::Upload => vec![Kind::Upload],
                _ => vec![],
            };
            for kind in kinds.into_iter().chain([Kind::of(&question)]) {
                let lasts = match policy.ceiling(kind, index) {
                    Ceiling::For(longest) => longest.saturating_add(share),
                    Ceiling::Never => 0,
                };
                prop_assert!(lasts > 0 && grant.expires <= NOW + lasts, "{} of {}", kind, index);
                let confirmed = policy.confirms(kind, Some(index)) || limits.confirms((&holder, kind, Some(index)));
                prop_assert!(grant.confirm || !confirmed, "{} of {} is handed out unasked", kind, index);
                match limits.narrow(Ceiling::For(LONGEST), (&holder, kind, Some(index))) {
                    Ceiling::For(longest) => prop_assert!(grant.expires <= NOW + longest),
                    Ceiling::Never => prop_assert!(false, "{} of {} is never granted", kind, index),
                }
            }
        }
        prop_assert!(grant.expires <= NOW + LONGEST);
        let derived: Vec<Restriction> = root.iter().cloned().chain(grant.restrictions(NOW - 10, grant.expires)).collect();
        prop_assert!(Scope::of(&derived).is_within(&scope));
        prop_assert!(Scope::of(&derived).is_within(&Scope::of(&grant.restrictions(NOW - 10, grant.expires))));
    }
}
