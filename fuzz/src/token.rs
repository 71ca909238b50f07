//! Tokens and their caveats.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devpi_tokens::escape::{one_line, printable};
use devpi_tokens::judge::{self, Answer, Fate, Why, Wish, judge};
use devpi_tokens::target::{IndexName, Permission, ProjectName};
use devpi_tokens::token::{DerivedToken, ForeignToken, Format, Restriction, RootToken, Scope, Token, TokenError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::assert_harmless;

/// The longest token, in characters without its prefix.
const LONGEST: usize = 8 * 1024;
const MOST_CAVEATS: usize = 64;
const SIGNATURE: usize = 32;

/// Restrictions as the agent adds them, in the order in which they are written.
const ADDED: [&str; 4] = ["allowed=pkg_read", "expires=1795000000", "indexes=alice/dev", "not_before=1794999000"];

/// A text that may be a token.
pub fn token_text(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let token = Token::parse(text);
    if let Some(bare) = text.strip_prefix("pypi-") {
        assert_eq!(token, Err(TokenError::Pypi));
        if let Ok(foreign) = ForeignToken::parse(text) {
            assert_spelled(&foreign, bare);
        }
        return;
    }
    assert!(ForeignToken::parse(text).is_err(), "a token of PyPI without its prefix");
    if let Ok(token) = token {
        assert_token(&token, text.strip_prefix("devpi-").unwrap_or(text));
    }
}

/// The bytes of a macaroon of format 2 behind the first one, which tells the format.
pub fn macaroon_v2(data: &[u8]) {
    macaroon(&[&[2], data].concat());
}

/// The bytes of a macaroon of format 1, and the same lines with their lengths put right.
pub fn macaroon_v1(data: &[u8]) {
    macaroon(data);
    let lines = data.split(|byte| *byte == b'\n').flat_map(|line| packet(b"", line));
    macaroon(&lines.collect::<Vec<u8>>());
}

fn macaroon(bytes: &[u8]) {
    let text = URL_SAFE_NO_PAD.encode(bytes);
    token_text(text.as_bytes());
    token_text(format!("pypi-{text}").as_bytes());
}

/// Asserts what holds of each token that is taken; `bare` is what was read, without its prefix.
fn assert_token(token: &Token, bare: &str) {
    assert!(token.bare_text().expose() == bare, "another text comes out than went in");
    assert!(token.text().expose().strip_prefix("devpi-") == Some(bare));
    assert!(Token::parse(token.text().expose()).as_ref() == Ok(token));

    let foreign = ForeignToken::parse(&format!("pypi-{bare}")).expect("whatever one parser takes, the other does");
    assert_eq!(foreign.identifier(), format!("{}-{}", token.user(), token.id()).as_bytes());
    assert!(foreign.format() == token.format() && foreign.caveats().eq(token.caveats()));
    assert!(token.format() == Format::V1 || foreign.location().is_empty(), "a token of devpi with a location");
    let bytes = assert_spelled(&foreign, bare);

    // A byte of the signature, in both formats.
    let mut forged = bytes.clone();
    forged[bytes.len() - 2] ^= 0xff;
    let forged = Token::parse(&URL_SAFE_NO_PAD.encode(forged)).expect("a token with another signature");
    assert!(forged != *token && format!("{forged:?}") == format!("{token:?}"), "the signature is shown");
    token.restrictions().iter().for_each(|restriction| assert_harmless(&restriction.to_string()));

    let third_party = token.caveats().any(|caveat| caveat.third_party);
    match RootToken::try_from(token.clone()) {
        Ok(root) => {
            assert!(token.format() == Format::V2 && !third_party);
            let added: Vec<Restriction> = ADDED.iter().map(Restriction::read).collect();
            assert_derives((token, &root), &bytes, &added);
        }
        Err(TokenError::Format) => assert_eq!(token.format(), Format::V1),
        Err(error) => assert!(error == TokenError::ThirdParty && third_party),
    }
}

/// Asserts that a macaroon has the one spelling that its parts have. Answers with its bytes.
fn assert_spelled(token: &ForeignToken, bare: &str) -> Vec<u8> {
    let bytes = URL_SAFE_NO_PAD.decode(bare).expect("base64 without padding");
    assert!(bare.len() <= LONGEST && token.caveats().len() <= MOST_CAVEATS);
    let refused = |text: &str| ForeignToken::parse(text).is_err() && Token::parse(&text[5..]).is_err();
    for more in ["=", "==", "\n", "\r\n", " ", "A", "AA", "\0"] {
        assert!(refused(&format!("pypi-{bare}{more}")), "taken with {more:?} behind it");
    }
    for more in [" ", "\u{feff}", "\n", "pypi-", "devpi-devpi-"] {
        assert!(refused(&format!("pypi-{more}{bare}")), "taken with {more:?} in front of it");
    }
    let cut = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % bare.len();
    for length in [cut, bare.len() / 2, bare.len() - 1, bare.len() - 2, bare.len() - 4] {
        assert!(refused(&format!("pypi-{}", &bare[..length])), "taken without its end");
    }
    let other = bare.replace('-', "+").replace('_', "/");
    assert!(other == bare || refused(&format!("pypi-{other}")), "taken in the other base64");

    // A third-party caveat has parts that are not told.
    if token.caveats().all(|caveat| !caveat.third_party) {
        let caveats: Vec<&[u8]> = token.caveats().map(|caveat| caveat.text).collect();
        let signature = match token.format() {
            Format::V1 => &bytes[bytes.len() - SIGNATURE - 1..bytes.len() - 1],
            Format::V2 => &bytes[bytes.len() - SIGNATURE..],
        };
        let written = |location| written(token.format(), (location, token.identifier()), &caveats, signature);
        let is_left_out = token.location().is_empty() && written(None) == bytes;
        assert!(is_left_out || written(Some(token.location())) == bytes, "its parts are spelt otherwise");
    }
    bytes
}

/// A macaroon as its format says, written by the letter.
fn written(format: Format, named: (Option<&[u8]>, &[u8]), caveats: &[&[u8]], signature: &[u8]) -> Vec<u8> {
    let (location, identifier) = named;
    match format {
        Format::V2 => {
            let location = location.map(|location| field(1, location)).unwrap_or_default();
            let caveats = caveats.iter().flat_map(|text| [field(2, text), vec![0]].concat()).collect();
            [vec![2], location, field(2, identifier), vec![0], caveats, vec![0], field(6, signature)].concat()
        }
        Format::V1 => {
            let location = location.map(|location| packet(b"location ", location)).unwrap_or_default();
            let caveats = caveats.iter().flat_map(|text| packet(b"cid ", text)).collect();
            [location, packet(b"identifier ", identifier), caveats, packet(b"signature ", signature)].concat()
        }
    }
}

/// A field of format 2.
fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![(long % 0x80) as u8 | 0x80, (long / 0x80) as u8],
    };
    [vec![kind], length, value.to_vec()].concat()
}

/// A packet of format 1.
fn packet(key: &[u8], value: &[u8]) -> Vec<u8> {
    let length = format!("{:04x}", 4 + key.len() + value.len() + 1);
    [length.as_bytes(), key, value, b"\n"].concat()
}

/// Asserts that a token which is derived is the root with what was added, signed, and never wider.
fn assert_derives((token, root): (&Token, &RootToken), bytes: &[u8], added: &[Restriction]) {
    let forced = root.attenuate_forced(added);
    let is_understood = root.scope().unknown().is_empty();
    assert_eq!(root.attenuate(added), if is_understood { forced.clone() } else { Err(TokenError::Unknown) });

    let caveats: Vec<String> = added.iter().map(Restriction::to_caveat).collect();
    let (body, signature) = bytes.split_at(bytes.len() - SIGNATURE);
    let sections = caveats.iter().flat_map(|text| [field(2, text.as_bytes()), vec![0]].concat());
    // Without the end of the sections, the signature's kind and its length.
    let body: Vec<u8> = body[..body.len() - 3].iter().copied().chain(sections).collect();
    let signature = caveats.iter().fold(signature.to_vec(), |key, text| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    });
    let text = URL_SAFE_NO_PAD.encode([body, vec![0], field(6, &signature)].concat());
    let Ok(derived) = forced else {
        assert!(token.caveats().len() + added.len() > MOST_CAVEATS || text.len() > LONGEST, "not derived, yet it fits");
        return;
    };
    assert!(derived.bare_text().expose() == text, "it is not what the specification says");
    assert!(derived.user() == root.user() && derived.id() == root.id());
    assert!(derived.scope().is_within(&root.scope()) && derived.scope().is_within(&Scope::of(added)));
    assert_never_granted_more(token, &derived);
}

/// Asserts that the server's rules give a derived token nothing that they do not give its root.
fn assert_never_granted_more(root: &Token, derived: &DerivedToken) {
    let read = Token::parse(derived.text().expose()).expect("what is handed out is read");
    for wish in wishes(&root.scope()) {
        let (before, after) = (judge(root, &wish), judge(&read, &wish));
        assert!(before == Answer::Granted || after != Answer::Granted, "{wish:?} of {:?}", root.restrictions());
    }
}

/// Wishes at the edges of what a scope allows.
fn wishes(scope: &Scope) -> Vec<Wish> {
    let named: IndexName = "alice/dev".parse().expect("an index");
    let indexes = scope.indexes().into_iter().flatten().take(2).cloned().chain([named]);
    let project: ProjectName = "my-pkg".parse().expect("a project");
    let project = scope.projects().and_then(|projects| projects.first()).cloned().unwrap_or(project);
    let times = [scope.expires(), scope.expires().map(|at| at - 1), scope.not_before(), Some(1_794_999_500)];
    let times: Vec<u64> = times.into_iter().flatten().collect();
    let mut wishes = Vec::new();
    for index in indexes {
        for permission in [Permission::PkgRead, Permission::Upload, Permission::UserLogin] {
            for at in &times {
                let project = Some(project.clone()).filter(|_| permission == Permission::Upload);
                wishes.push(Wish { permission, index: index.clone(), project, at: *at });
            }
        }
    }
    wishes
}

/// Caveats, one a line: the first half those of a root token, the others added to it.
pub fn caveats(data: &[u8]) {
    let texts: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(16).collect();
    let read: Vec<Restriction> = texts.iter().map(|text| assert_read(text)).collect();
    let (first, second) = texts.split_at(texts.len() / 2);
    let identifier = b"alice-abcDEF23";
    let bytes = written(Format::V2, (Some(b""), identifier), first, &[7; SIGNATURE]);
    let text = URL_SAFE_NO_PAD.encode(&bytes);
    if text.len() > LONGEST {
        assert!(Token::parse(&text).is_err());
        return;
    }
    let token = Token::parse(&text).expect("a token with these caveats");
    assert!(token.caveats().map(|caveat| caveat.text).eq(first.iter().copied()));

    let (before, after) = (&read[..first.len()], &read[first.len()..]);
    let (scope, both) = (Scope::of(before), Scope::of(&read));
    assert_eq!(token.scope(), scope);
    assert!(both.is_within(&scope) && both.is_within(&Scope::of(after)) && both.is_within(&both));
    assert_eq!(second.len(), after.len());
    if scope.unknown().is_empty() {
        for wish in wishes(&scope) {
            assert_eq!(judge(&token, &wish) == Answer::Granted, allows(&scope, &wish), "{wish:?} of {before:?}");
        }
    }
    let root = RootToken::try_from(token.clone()).expect("a root token");
    let mut added: Vec<Restriction> = after.iter().filter(|caveat| caveat.is_canonical()).cloned().collect();
    added.sort();
    if added.is_empty() {
        assert_eq!(root.attenuate_forced(&added), Err(TokenError::Nothing));
    } else {
        assert_derives((&token, &root), &bytes, &added);
    }
}

/// Asserts what holds of one caveat, whatever stands in it.
fn assert_read(caveat: &[u8]) -> Restriction {
    let text = String::from_utf8_lossy(caveat);
    let read = Restriction::read(caveat);
    let written = read.to_caveat();
    assert_eq!(Restriction::read(&written), read);
    let json = serde_json::to_string(&read).expect("JSON");
    assert_eq!(serde_json::from_str::<Restriction>(&json).expect("a restriction"), read);

    let fate = judge::fate(&text, 1_795_000_000);
    if read.is_canonical() {
        assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written:?} could be read as two things");
        // The server reads it as well, whatever it then says to it.
        assert!(matches!(fate, Fate::Read | Fate::Refused(Why::Expired | Why::NotYetValid)), "{text:?}: {fate:?}");
    } else {
        assert_eq!(written, text);
    }
    assert_harmless(&read.to_string());
    for shown in [printable(&text), one_line(&text)] {
        assert_harmless(&shown);
        assert!(shown.chars().count() <= 301 * 10, "too long to be shown");
    }
    if text.chars().count() <= 300 && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        assert_eq!(printable(&text), text);
    }
    read
}

/// What a scope says to a wish, where all of it is understood.
fn allows(scope: &Scope, wish: &Wish) -> bool {
    let is_over = scope.expires().is_some_and(|end| wish.at >= end);
    let is_early = scope.not_before().is_some_and(|begin| wish.at < begin);
    let is_other = |project: &ProjectName| scope.projects().is_some_and(|projects| !projects.contains(project));
    // A request for what no token has is made of no index.
    scope.allows_permission(wish.permission)
        && scope.allows_index(&wish.index)
        && !(is_over || is_early || wish.project.as_ref().is_some_and(is_other))
}
