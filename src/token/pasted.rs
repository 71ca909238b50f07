//! Tokens as they are met: in a URL, in a header, in a server's log.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::{Token, TokenError};
use crate::secret::Secret;

/// With and without padding; nobody cuts it off with care.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What may stand in front, in this order.
const LEADS: [&str; 4] = ["authorization:", "x-devpi-auth:", "basic ", "bearer "];

impl Token {
    /// Reads a token that was found somewhere: as [`parse`](Self::parse) does, or as `user:token`, in a URL, in a line
    /// `Authorization: …` or `X-Devpi-Auth: …`, or as the base64 of such a line. Blanks and quotes around it are
    /// dropped.
    ///
    /// To be looked at only: a token that is kept or derived from has one spelling.
    ///
    /// # Errors
    /// [`TokenError`] for what would be the token.
    pub fn parse_pasted(text: &str) -> Result<Self, TokenError> {
        let text = bare(text);
        if let Some((_, rest)) = text.split_once("://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            return Self::of_pair(authority.rsplit_once('@').map_or("", |(pair, _)| pair));
        }
        if text.contains(':') {
            return Self::of_pair(text);
        }
        let refused = match Self::parse(text) {
            Ok(token) => return Ok(token),
            Err(error) => error,
        };
        // Both alphabets at once: what is decoded has to be a token in the end.
        let usual = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
        let pair = LENIENT.decode(usual.as_bytes()).ok().and_then(Secret::from_utf8);
        match pair.filter(|pair| pair.expose().contains(':')) {
            Some(pair) => Self::of_pair(pair.expose()),
            None => Err(refused),
        }
    }

    /// The server takes a token as the user's name, too, with an empty password.
    fn of_pair(pair: &str) -> Result<Self, TokenError> {
        match pair.split_once(':') {
            Some((token, "")) => Self::parse(token),
            Some((_, token)) => Self::parse(token),
            None => Self::parse(pair),
        }
    }
}

fn bare(text: &str) -> &str {
    let mut text = text.trim().trim_matches(['"', '\'']).trim();
    for lead in LEADS {
        if text.get(..lead.len()).is_some_and(|found| found.eq_ignore_ascii_case(lead)) {
            text = text[lead.len()..].trim_start();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    use super::*;

    fn token() -> String {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/tokens.json")).expect("the vectors");
        vectors["derived"][0]["root"].as_str().expect("a token").to_owned()
    }

    #[test]
    fn a_token_is_read_in_every_spelling_in_which_it_is_met() {
        let whole = token();
        let expected = Token::parse(&whole).expect("a token");
        let bare = whole.trim_start_matches("devpi-");
        let pair = format!("alice:devpi-{bare}");
        let mut spellings = vec![
            whole.clone(),
            bare.to_owned(),
            format!("  {whole}\r\n"),
            format!("\"{bare}\""),
            pair.clone(),
            format!(":{bare}"),
            format!("{bare}:"),
            format!("https://alice:{whole}@devpi.example.com/alice/dev/+simple/"),
            format!("https://{whole}@devpi.example.com"),
            format!("https://{whole}:@devpi.example.com?a@b"),
            format!("Authorization: Bearer {whole}"),
        ];
        for user in ["", "a", "ab", "alice"] {
            let pair = format!("{user}:{whole}");
            for encoded in [
                STANDARD.encode(&pair),
                STANDARD_NO_PAD.encode(&pair),
                URL_SAFE.encode(&pair),
                URL_SAFE_NO_PAD.encode(&pair),
            ] {
                spellings.push(format!("Authorization: Basic {encoded}"));
                spellings.push(format!("authorization:basic {encoded}"));
                spellings.push(format!("X-Devpi-Auth: {encoded}"));
                spellings.push(format!("Basic {encoded}"));
                spellings.push(encoded);
            }
        }
        for spelling in spellings {
            assert_eq!(Token::parse_pasted(&spelling), Ok(expected.clone()), "{spelling}");
        }
    }

    #[test]
    fn what_holds_no_token_is_none() {
        for (text, error) in [
            ("", TokenError::Empty),
            ("https://host/", TokenError::Empty),
            ("https://alice:@host/", TokenError::Macaroon(crate::token::MacaroonError::Encoding)),
            ("Authorization: Basic", TokenError::Macaroon(crate::token::MacaroonError::Encoding)),
            ("pypi-AgEI", TokenError::Pypi),
        ] {
            let found = Token::parse_pasted(text).expect_err(text);
            assert!(found == error || matches!(found, TokenError::Macaroon(_)), "{text}: {found:?}");
        }
    }
}
