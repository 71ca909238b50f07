//! Tokens of other servers than devpi's, to be looked at.

use super::macaroon::Macaroon;
use super::{Caveat, Format, TokenError};

/// What PyPI writes in front of its tokens.
const PREFIX: &str = "pypi-";

/// A token of PyPI, or of whatever makes tokens as it does: it may name a location, and any identifier.
///
/// It is only looked at. Nothing makes a root token of it, and nothing is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignToken(Macaroon);

impl ForeignToken {
    /// Reads a token that begins with `pypi-`. Nothing is trimmed.
    ///
    /// # Errors
    /// [`TokenError::Empty`], [`TokenError::PrefixTwice`], and [`TokenError::Macaroon`] as for tokens of devpi;
    /// [`TokenError::Identifier`] without that prefix.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let bare = text.strip_prefix(PREFIX).ok_or(TokenError::Identifier)?;
        if bare.is_empty() {
            return Err(TokenError::Empty);
        }
        if bare.starts_with(PREFIX) {
            return Err(TokenError::PrefixTwice);
        }
        Ok(Self(Macaroon::parse_located(bare)?))
    }

    /// The host that it names as its own. It comes from outside: escape it before it is shown.
    pub fn location(&self) -> &[u8] {
        self.0.location()
    }

    /// Which token of that host it is. It comes from outside, too.
    pub fn identifier(&self) -> &[u8] {
        self.0.identifier()
    }

    /// The binary format that it is written in.
    pub fn format(&self) -> Format {
        self.0.format()
    }

    /// The caveats as they stand in it.
    pub fn caveats(&self) -> impl ExactSizeIterator<Item = Caveat<'_>> {
        self.0.caveats()
    }
}
