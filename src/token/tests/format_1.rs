//! Format 1: packets with their lengths in hexadecimal digits.

use super::*;

#[test]
fn format_1_can_be_looked_at_and_no_more() {
    let bytes =
        v1(&[("location", b""), ("identifier", b"alice-abc"), ("cid", b"expires=5"), ("signature", &SIGNATURE)]);
    let token = Token::parse(&encoded(&bytes)).expect("a token");
    assert_eq!((token.format(), token.scope().expires()), (Format::V1, Some(5)));
    assert_eq!(token.bare_text().expose(), encoded(&bytes));
    assert_eq!(RootToken::try_from(token), Err(TokenError::Format));
}

#[test]
fn faulty_packets_of_format_1_are_refused() {
    let [identifier, signature] = [packet("identifier", b"a-b"), packet("signature", &SIGNATURE)];
    let caveat = packet("cid", b"x=1");
    use MacaroonError::{Field, Signature, Trailing, Truncated};
    for (parts, error) in [
        (vec![&identifier], Field),
        (vec![&signature], Field),
        (vec![&identifier, &signature, &signature], Trailing),
        (vec![&identifier, &signature, &caveat], Trailing),
        (vec![&identifier, &identifier, &signature], Field),
        (vec![&caveat, &identifier, &signature], Field),
        (vec![&identifier, &packet("vid", b"v"), &signature], Field),
        (vec![&identifier, &caveat, &packet("vid", b"v"), &signature], Field),
        (vec![&identifier, &packet("other", b"v"), &signature], Field),
        (vec![&identifier, &packet("signature", &[1; 31])], Signature),
        (vec![&identifier, &packet("signature", &[1; 33])], Signature),
        (vec![&identifier, &b"0000".to_vec()], Truncated),
        (vec![&identifier, &b"0003".to_vec(), &signature], Truncated),
        (vec![&identifier, &b"ffff".to_vec(), &signature], Truncated),
        (vec![&identifier, &[b"+02fsignature ", &SIGNATURE[..], b"\n"].concat()], Field),
        (vec![&identifier, &[b"002Fsignature ", &SIGNATURE[..], b"\n"].concat()], Field),
        (vec![&identifier, &[b"0030signature ", &SIGNATURE[..], b"\n"].concat()], Truncated),
        (vec![&identifier, &[b"002esignature ", &SIGNATURE[..], b"\n"].concat()], Field),
        (vec![&identifier, &b"000ccid x=1!".to_vec(), &signature], Field),
    ] {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        assert_eq!(refusal(&bytes), error.into(), "{}", bytes.escape_ascii());
        let foreign = ForeignToken::parse(&format!("pypi-{}", encoded(&bytes)));
        assert_eq!(foreign, Err(error.into()), "{}", bytes.escape_ascii());
    }
}

#[test]
fn any_number_of_packets_of_format_1_is_refused_without_recursion() {
    let [identifier, signature] = [packet("identifier", b"a-b"), packet("signature", &SIGNATURE)];
    let of = |count: usize| [identifier.clone(), packet("cid", b"x=1").repeat(count), signature.clone()].concat();
    assert!(Token::parse(&encoded(&of(64))).is_ok());
    // As many as fit end at the 65th, and 10,000 are over 8 KiB.
    assert_eq!(refusal(&of(65)), MacaroonError::Caveats.into());
    assert_eq!(refusal(&of(400)), MacaroonError::Caveats.into());
    assert_eq!(refusal(&of(10_000)), MacaroonError::Length.into());
}
