use super::*;

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../tests/vectors/tokens.json")).expect("the vectors")
}

/// A root token of the vectors with these restrictions more.
fn token(restrictions: &[&str]) -> Token {
    let vectors = vectors();
    let text = vectors["derived"][0]["root"].as_str().expect("a token");
    let root = crate::token::RootToken::try_from(Token::parse(text).expect("a token")).expect("a root token");
    restrictions.iter().fold(Token::parse(text).expect("a token"), |token, restriction| {
        let before = crate::token::RootToken::try_from(token).unwrap_or_else(|_| root.clone());
        let derived = before.attenuate_forced(&[Restriction::read(restriction)]).expect("a token");
        Token::parse(derived.text().expose()).expect("a token")
    })
}

fn entry(token: &Token, not_before: u64, expires: u64) -> Entry {
    Entry {
        at: 1_800_000_000,
        server: "https://devpi.example".parse().expect("a server"),
        user: Some(token.user().clone()),
        purpose: Purpose::Read,
        indexes: vec!["a/dev".parse().expect("an index"), "a/base".parse().expect("an index")],
        projects: Vec::new(),
        bytes: 0,
        stranger: None,
        asker: Asker {
            peer: None,
            caller: Some(Seen {
                pid: 7,
                start: 9,
                program: Some("/usr/bin/python3.11".to_owned().into()),
                says: vec!["python".to_owned().into(), "/usr/bin/pip".to_owned().into()],
            }),
            restricted: false,
            socket: None,
            user: None,
        },
        outcome: Outcome::HandedOut(HandedOut {
            root: token.id().clone(),
            not_before,
            expires,
            ends: expires,
            any_project: false,
            confirmed: false,
        }),
    }
}

const ONE: [&str; 4] = ["allowed=pkg_read", "expires=1800003600", "indexes=a/base,a/dev", "not_before=1799999990"];
const OTHER: [&str; 4] = ["allowed=pkg_read", "expires=1800003600", "indexes=a/base,a/dev", "not_before=1799999989"];

#[test]
fn a_line_is_read_as_it_was_written_and_takes_what_later_versions_add() {
    let entry = entry(&token(&[]), 1, 2);
    let line = entry.to_line().expect("a line");
    assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
    assert_eq!(Entry::read(line.as_bytes()), Some(entry.clone()));
    let later = line.replacen('{', "{\"mood\":\"good\",", 1).replacen("\"root\"", "\"zone\":1,\"root\"", 1);
    assert_eq!(Entry::read(later.as_bytes()), Some(entry));
    for broken in [&line[..line.len() / 2], "", "{}", "[]", "null", "\0\0\0"] {
        assert_eq!(Entry::read(broken.as_bytes()), None, "{broken}");
    }
}

#[test]
fn whatever_stands_in_a_line_can_be_shown() {
    let line = entry(&token(&[]), 1, 2).to_line().expect("a line");
    let planted = line.replace("/usr/bin/pip", "\\u001b[2J\\u202e");
    let read = Entry::read(planted.as_bytes()).expect("a line");
    assert_eq!(read.asker.caller.expect("a caller").says[1].to_string(), "\\x1b[2J\\u{202e}");
}

#[test]
fn a_token_leads_to_its_own_hand_out_and_to_no_other() {
    let (one, other) = (token(&ONE), token(&OTHER));
    let trail = Trail::of(&one);
    assert_eq!(trail.leads_to(&entry(&one, 1_799_999_990, 1_800_003_600)), Some(0));
    assert_eq!(trail.leads_to(&entry(&one, 1_799_999_989, 1_800_003_600)), None);
    assert_eq!(Trail::of(&other).leads_to(&entry(&one, 1_799_999_990, 1_800_003_600)), None);
    let mut strange = entry(&one, 1_799_999_990, 1_800_003_600);
    strange.user = Some("mallory".parse().expect("a user"));
    assert_eq!(trail.leads_to(&strange), None);
    assert_eq!(Trail::of(&token(&[])).leads_to(&entry(&one, 1_799_999_990, 1_800_003_600)), None, "the root");
    let line = entry(&one, 1, 2).to_line().expect("a line");
    assert!(trail.may_be_in(line.as_bytes()));
    assert!(!trail.may_be_in(line.replace(one.id().as_str(), "zzzzzzzz").as_bytes()));
}

#[test]
fn a_token_that_its_holder_narrowed_leads_where_it_led_before() {
    let narrowed: Vec<&str> = ["expires=1900000000", "not_before=5"]
        .into_iter()
        .chain(ONE)
        .chain(["expires=1800000060", "indexes=a/dev"])
        .chain(OTHER)
        .collect();
    let token = token(&narrowed);
    let trail = Trail::of(&token);
    let own = trail.leads_to(&entry(&token, 1_799_999_990, 1_800_003_600)).expect("its own");
    let added = trail.leads_to(&entry(&token, 1_799_999_989, 1_800_003_600)).expect("what the holder added");
    assert!(own < added, "what the agent wrote stands in front");
}

#[test]
fn a_program_is_named_by_its_script_and_nothing_behind_that_is_kept() {
    let words = |line: &str, program: &str| {
        let argv: Vec<String> = line.split('|').map(str::to_owned).collect();
        own_words(&argv, Some(program)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(words("python3|/usr/bin/pip|install|x", "/usr/bin/python3.11"), ["python3", "/usr/bin/pip"]);
    assert_eq!(words("python3|-m|twine|-p|secret", "/usr/bin/python3.11"), ["python3", "twine"]);
    assert_eq!(words("twine|lies.py", "/usr/bin/python3.11"), ["twine", "lies.py"]);
    assert_eq!(words("sh|-c|TOKEN=devpi-secret run", "/usr/bin/dash"), ["sh"]);
    assert_eq!(words("uv|publish|--token|secret", "/usr/bin/uv"), ["uv"]);
    assert_eq!(words("curl|https://me:secret@host/", "/usr/bin/curl"), ["curl"]);
    assert_eq!(words("tool --token=secret|x", "/usr/bin/tool"), ["tool"]);
    let long = "A".repeat(60);
    assert_eq!(words(&format!("/a/{long}/b"), "/usr/bin/tool"), ["/a/…/b"]);
    assert_eq!(words("\x1b[2J|x", "/bin/sh"), ["\\x1b[2J", "x"]);
    assert_eq!(own_words(&[], None), []);
}

#[test]
fn a_program_is_found_by_its_path_its_name_and_its_own_words() {
    let caller = entry(&token(&[]), 1, 2).asker.caller.expect("a caller");
    assert!(["/usr/bin/python3.11", "python3.11", "pip", "python"].iter().all(|name| caller.is_called(name)));
    assert!(!["pi", "usr", ""].iter().any(|name| caller.is_called(name)));
}
