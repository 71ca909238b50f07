//! What must happen to hostile and faulty tokens, clause by clause.

mod format_1;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use super::*;

const CAVEATS: [&str; 2] = ["allowed=pkg_read", "expires=1795000000"];
const SIGNATURE: [u8; 32] = [0xfb; 32];

fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, u8::try_from(value.len()).expect("a short field")];
    bytes.extend_from_slice(value);
    bytes
}

fn v2(caveats: &[&str]) -> Vec<u8> {
    let mut bytes = [vec![2], field(1, b""), field(2, b"alice-abcDEF23"), vec![0]].concat();
    for caveat in caveats {
        bytes.extend(field(2, caveat.as_bytes()));
        bytes.push(0);
    }
    bytes.push(0);
    bytes.extend(field(6, &SIGNATURE));
    bytes
}

fn packet(key: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:04x}{key} ", 6 + key.len() + value.len()).into_bytes();
    bytes.extend_from_slice(value);
    bytes.push(b'\n');
    bytes
}

fn v1(packets: &[(&str, &[u8])]) -> Vec<u8> {
    packets.iter().flat_map(|(key, value)| packet(key, value)).collect()
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn refusal(bytes: &[u8]) -> TokenError {
    Token::parse(&encoded(bytes)).expect_err("a refusal")
}

fn root(caveats: &[&str]) -> RootToken {
    Token::parse(&encoded(&v2(caveats))).and_then(RootToken::try_from).expect("a root token")
}

fn restrictions(caveats: &[&str]) -> Vec<Restriction> {
    caveats.iter().map(Restriction::read).collect()
}

#[test]
fn a_token_is_read_with_and_without_its_prefix() {
    let bare = encoded(&v2(&CAVEATS));
    for text in [bare.clone(), format!("devpi-{bare}")] {
        let token = Token::parse(&text).expect("a token");
        assert_eq!((token.user().as_str(), token.id().as_str()), ("alice", "abcDEF23"));
        assert_eq!(token.restrictions(), restrictions(&CAVEATS));
        assert_eq!(token.bare_text().expose(), bare);
        assert_eq!(token.text().expose(), format!("devpi-{bare}"));
    }
}

#[test]
fn a_missing_doubled_or_foreign_prefix_is_told_apart() {
    let bare = encoded(&v2(&CAVEATS));
    assert_eq!(Token::parse(""), Err(TokenError::Empty));
    assert_eq!(Token::parse("devpi-"), Err(TokenError::Empty));
    assert_eq!(Token::parse(&format!("devpi-devpi-{bare}")), Err(TokenError::PrefixTwice));
    assert_eq!(Token::parse(&format!("pypi-{bare}")), Err(TokenError::Pypi));
}

#[test]
fn only_the_one_spelling_in_base64_is_taken() {
    let encoding = Err(TokenError::Macaroon(MacaroonError::Encoding));
    let bytes = v2(&["expires=10"]);
    let bare = encoded(&bytes);
    assert!(Token::parse(&bare).is_ok());
    let (front, back) = bare.split_at(20);
    for inside in [" ", "\n", "\t", "\0", "\u{feff}", "é", "=", "+", "/", ".", "\u{ff0d}"] {
        assert_eq!(Token::parse(&format!("{front}{inside}{back}")), encoding, "{inside:?}");
        let around = if inside.trim().is_empty() { Err(TokenError::Blanks) } else { encoding.clone() };
        assert_eq!(Token::parse(&format!("{inside}{bare}")), around, "{inside:?}");
        assert_eq!(Token::parse(&format!("{bare}{inside}")), around, "{inside:?}");
    }
    let padded = v2(&["expires=10000"]);
    assert_ne!(padded.len() % 3, 0);
    assert_eq!(Token::parse(&URL_SAFE.encode(&padded)), encoding);
    assert_eq!(Token::parse(STANDARD.encode(&padded).trim_end_matches('=')), encoding);
}

#[test]
fn bits_that_belong_to_no_byte_are_refused() {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let lengths = ["expires=1", "expires=10", "expires=100"].map(|caveat| encoded(&v2(&[caveat])));
    assert!(lengths.iter().any(|text| text.len() % 4 == 2) && lengths.iter().any(|text| text.len() % 4 == 3));
    for bare in lengths.iter().filter(|text| text.len() % 4 != 0) {
        let front = &bare[..bare.len() - 1];
        let taken = alphabet.chars().filter(|last| {
            let token = Token::parse(&format!("{front}{last}"));
            token.is_ok_and(|token| {
                assert_eq!(token.bare_text().expose(), format!("{front}{last}"));
                true
            })
        });
        assert_eq!(taken.count(), if bare.len() % 4 == 2 { 4 } else { 16 });
    }
}

#[test]
fn more_than_8_kib_is_refused_before_decoding() {
    assert_eq!(Token::parse(&"=".repeat(8193)), Err(TokenError::Macaroon(MacaroonError::Length)));
    assert_eq!(Token::parse(&"=".repeat(8192)), Err(TokenError::Macaroon(MacaroonError::Encoding)));
}

#[test]
fn every_truncated_prefix_is_refused() {
    let old = v1(&[("location", b""), ("identifier", b"a-b"), ("cid", b"x=1"), ("signature", &SIGNATURE)]);
    assert_eq!(refusal(&[]), TokenError::Empty);
    // Of format 1 the end of a packet may be the end of what is there: then the next one is missing.
    for (bytes, missing) in [(v2(&CAVEATS), MacaroonError::Truncated), (old, MacaroonError::Field)] {
        assert!(Token::parse(&encoded(&bytes)).is_ok());
        for length in 1..bytes.len() {
            let refused = refusal(&bytes[..length]);
            assert!([missing.into(), MacaroonError::Truncated.into()].contains(&refused), "{length} bytes: {refused}");
        }
    }
}

#[test]
fn every_byte_changed_to_every_value_is_taken_as_it_is_or_refused() {
    let bytes = v2(&CAVEATS);
    for place in 0..bytes.len() {
        for value in 0..=u8::MAX {
            let mut changed = bytes.clone();
            changed[place] = value;
            if let Ok(token) = Token::parse(&encoded(&changed)) {
                assert_eq!(token.bare_text().expose(), encoded(&changed));
                // What it is read as is written in this one way.
                let identifier = format!("{}-{}", token.user(), token.id());
                let caveats = token.caveats().flat_map(|caveat| [field(2, caveat.text), vec![0]].concat()).collect();
                let head = [vec![2], field(1, b""), field(2, identifier.as_bytes()), vec![0], caveats].concat();
                assert_eq!([head, vec![0], field(6, &changed[bytes.len() - 32..])].concat(), changed);
            }
        }
    }
}

#[test]
fn lengths_are_exact_and_in_their_shortest_form() {
    let identifier = field(2, b"alice-abcDEF23");
    let tail = [vec![0, 0], field(6, &SIGNATURE)].concat();
    let long = |length: &[u8]| [&[2, 2], length, &identifier[2..], &tail].concat();
    assert!(Token::parse(&encoded(&long(&[14]))).is_ok());
    for length in [&[0x8e, 0x00][..], &[0x8e, 0x80, 0x00], &[0x8e, 0x80, 0x80, 0x00], &[0xff; 11]] {
        assert_eq!(refusal(&long(length)), MacaroonError::Varint.into(), "{length:?}");
    }
    for length in [&[0x7f][..], &[0xff, 0x7f]] {
        assert_eq!(refusal(&long(length)), MacaroonError::Truncated.into(), "{length:?}");
    }
    for over in [33, 0x7f] {
        let bytes = [&[2], &identifier[..], &[0, 0, 6, over], &SIGNATURE].concat();
        assert_eq!(refusal(&bytes), MacaroonError::Truncated.into(), "{over} bytes of signature");
    }
}

#[test]
fn fields_stand_in_their_one_order() {
    let [version, location, identifier] = [vec![2], field(1, b""), field(2, b"alice-abcDEF23")];
    let tail = [vec![0], field(6, &SIGNATURE)].concat();
    let (end, other) = (vec![0], vec![9]);
    for parts in [
        vec![&version, &identifier, &location, &end, &tail],
        vec![&version, &identifier, &identifier, &end, &tail],
        vec![&version, &location, &location, &identifier, &end, &tail],
        vec![&version, &location, &end, &tail],
        vec![&version, &end, &tail],
        vec![&version, &location, &identifier, &tail],
        vec![&version, &location, &identifier, &end, &location, &identifier, &end, &tail],
        vec![&version, &location, &identifier, &end, &location, &end, &tail],
        vec![&version, &location, &identifier, &end, &end, &end, &tail],
        vec![&version, &location, &identifier, &other, &tail],
        vec![&version, &location, &identifier, &end, &identifier, &other, &tail],
    ] {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        assert_eq!(refusal(&bytes), MacaroonError::Field.into(), "{bytes:?}");
    }
    assert_eq!(refusal(&[3, 0, 0]), MacaroonError::Format.into());
    assert_eq!(refusal(br#"{"v":2}"#), MacaroonError::Format.into());
}

#[test]
fn a_location_is_empty_or_absent_and_stays_so() {
    let mut absent = v2(&CAVEATS);
    absent.drain(1..3);
    let token = Token::parse(&encoded(&absent)).and_then(RootToken::try_from).expect("a root token");
    let derived = token.attenuate(&restrictions(&["expires=5"])).expect("a derived token");
    assert!(derived.bare_text().expose().starts_with(&encoded(&absent[..15])));
    let named = [vec![2], field(1, b"pypi.org"), field(2, b"a-b"), vec![0, 0], field(6, &SIGNATURE)].concat();
    assert_eq!(refusal(&named), MacaroonError::Location.into());
}

#[test]
fn a_signature_is_32_bytes_and_the_end() {
    let head = [vec![2], field(2, b"alice-abcDEF23"), vec![0, 0]].concat();
    for length in [0, 31, 33] {
        let bytes = [head.clone(), field(6, &vec![1; length])].concat();
        assert_eq!(refusal(&bytes), MacaroonError::Signature.into(), "{length} bytes");
    }
    for after in [vec![0], field(6, &SIGNATURE), b"\n".to_vec()] {
        assert_eq!(refusal(&[v2(&CAVEATS), after].concat()), MacaroonError::Trailing.into());
    }
}

#[test]
fn an_identifier_is_a_user_and_an_id() {
    for identifier in
        ["", "alice", "-abcDEF23", "alice-", "al ice-abc", "alice-a/b", "alice-a%2f", "al,ice-abc", "é-abc"]
    {
        let bytes = [vec![2], field(2, identifier.as_bytes()), vec![0, 0], field(6, &SIGNATURE)].concat();
        assert_eq!(refusal(&bytes), TokenError::Identifier, "{identifier:?}");
    }
    let bytes = [vec![2], field(2, b"\xff-abc"), vec![0, 0], field(6, &SIGNATURE)].concat();
    assert_eq!(refusal(&bytes), TokenError::Identifier);
}

#[test]
fn more_than_64_caveats_are_refused() {
    assert!(Token::parse(&encoded(&v2(&["expires=1"; 64]))).is_ok());
    assert_eq!(refusal(&v2(&["expires=1"; 65])), MacaroonError::Caveats.into());
    let full = root(&["expires=10"; 63]);
    assert!(full.attenuate(&restrictions(&["expires=5"])).is_ok());
    let over = full.attenuate(&restrictions(&["expires=5", "not_before=1"]));
    assert_eq!(over, Err(MacaroonError::Caveats.into()));
}

#[test]
fn a_derived_token_over_8_kib_is_refused() {
    let names: Vec<String> = (0..140).map(|number| format!("{number}/{}", "x".repeat(60))).collect();
    let indexes = Restriction::read(format!("indexes={}", names.join(",")));
    assert!(indexes.is_canonical());
    assert_eq!(root(&[]).attenuate(&[indexes]), Err(MacaroonError::Length.into()));
}

#[test]
fn a_third_party_caveat_can_be_looked_at_and_no_more() {
    let third = [field(1, b"https://x"), field(2, b"expires=1"), field(4, b"vid"), vec![0]].concat();
    let bytes = [vec![2], field(2, b"a-b"), vec![0], third, vec![0], field(6, &SIGNATURE)].concat();
    let token = Token::parse(&encoded(&bytes)).expect("a token");
    assert!(token.caveats().all(|caveat| caveat.third_party));
    assert_eq!(token.restrictions(), [Restriction::Unknown("third-party: expires=1".to_owned())]);
    assert_eq!(token.scope().expires(), None);
    assert_eq!(RootToken::try_from(token), Err(TokenError::ThirdParty));
}

#[test]
fn a_derived_token_is_the_root_with_the_asked_restrictions_in_their_order() {
    let asked = ["projects=pkg", "not_before=5", "indexes=alice/dev", "expires=50", "allowed=upload"];
    let root = root(&CAVEATS);
    let derived = root.attenuate(&restrictions(&asked)).expect("a derived token");
    let mut expected = CAVEATS.to_vec();
    expected.extend(asked.iter().rev());
    assert_eq!(derived.restrictions(), restrictions(&expected));
    assert_eq!((derived.user(), derived.id()), (root.user(), root.id()));
    assert!(derived.scope().is_within(&root.scope()));
}

#[test]
fn nothing_is_derived_without_a_restriction_or_with_one_that_no_server_understands() {
    let root = root(&CAVEATS);
    assert_eq!(root.attenuate(&[]), Err(TokenError::Nothing));
    for odd in [Restriction::Unknown("x=1".to_owned()), Restriction::NotBefore(0), Restriction::Allowed([].into())] {
        assert_eq!(root.attenuate(&[Restriction::read("expires=5"), odd]), Err(TokenError::Restriction));
    }
}

#[test]
fn a_root_with_an_unknown_caveat_is_derived_from_only_by_force() {
    let root = root(&["expires=never", "odd=1"]);
    let asked = restrictions(&["expires=5"]);
    assert_eq!(root.attenuate(&asked), Err(TokenError::Unknown));
    assert_eq!(root.attenuate_forced(&asked).expect("a derived token").scope().unknown(), ["odd=1"]);
}

#[test]
fn debug_and_errors_show_no_byte_of_a_token() {
    let token = Token::parse(&encoded(&v2(&["canary=1"]))).expect("a token");
    let shown = format!("{token:?} {:#?}", RootToken::try_from(token.clone()));
    for secret in ["canary", "251", "fb", &token.bare_text().expose()[40..50]] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("abcDEF23"), "{shown}");
}

#[test]
fn two_tokens_are_equal_only_as_a_whole() {
    let other = {
        let mut bytes = v2(&CAVEATS);
        *bytes.last_mut().expect("a signature") ^= 1;
        Token::parse(&encoded(&bytes)).and_then(RootToken::try_from).expect("a root token")
    };
    assert_eq!(root(&CAVEATS), root(&CAVEATS));
    assert_ne!(root(&CAVEATS), other);
    assert_ne!(root(&CAVEATS), root(&CAVEATS[..1]));
}

#[test]
fn a_token_of_another_server_is_read_by_another_reader_only() {
    let named = [vec![2], field(1, b"index.example"), field(2, b"\xffany"), vec![0, 0], field(6, &SIGNATURE)].concat();
    let text = format!("pypi-{}", encoded(&named));
    let token = ForeignToken::parse(&text).expect("a token");
    assert_eq!(
        (token.location(), token.identifier(), token.caveats().len()),
        (&b"index.example"[..], &b"\xffany"[..], 0)
    );
    assert_eq!(Token::parse(&text), Err(TokenError::Pypi));
    assert_eq!(Token::parse(&encoded(&named)), Err(MacaroonError::Location.into()));
    assert_eq!(ForeignToken::parse(&encoded(&named)), Err(TokenError::Identifier));
    assert_eq!(ForeignToken::parse("pypi-"), Err(TokenError::Empty));
    assert_eq!(ForeignToken::parse(&format!("pypi-{text}")), Err(TokenError::PrefixTwice));
    for length in 0..named.len() {
        assert!(ForeignToken::parse(&format!("pypi-{}", encoded(&named[..length]))).is_err(), "{length} bytes");
    }
    assert!(!format!("{token:?}").contains("any"));
}
