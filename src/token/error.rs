//! Why a token is refused.

use super::MacaroonError;

/// A token that was refused, or that cannot be narrowed as asked. What it holds is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing, or the prefix alone.
    #[error("no token: it is empty")]
    Empty,
    /// A blank or a line end before or behind it.
    #[error("blanks or line ends stand around the token: take them away")]
    Blanks,
    /// `devpi-devpi-…` or `pypi-pypi-…`.
    #[error("the prefix of the token stands in front of it twice")]
    PrefixTwice,
    /// `pypi-…`.
    #[error("a token of PyPI (`pypi-`), where one of a devpi server is expected")]
    Pypi,
    /// Not the one spelling of a macaroon.
    #[error(transparent)]
    Macaroon(#[from] MacaroonError),
    /// The identifier is not `USER-TOKENID`.
    #[error("the token does not name its user and id as a devpi token does")]
    Identifier,
    /// Not an id that devpi gives to a token.
    #[error("not the id of a token: letters and digits only")]
    Id,
    /// Format 1 can be looked at, neither kept nor derived from.
    #[error("the token is in the old format 1, which can only be inspected")]
    Format,
    /// Another server would have to agree.
    #[error("the token has a third-party caveat, which devpi-server refuses")]
    ThirdParty,
    /// The root token has a caveat that is not understood, and so would all that is derived from it.
    #[error("the token has a caveat that is not understood")]
    Unknown,
    /// A derived token has at least one restriction more.
    #[error("no restriction to add")]
    Nothing,
    /// An empty list, a time outside of 1 to 99999999999, or something not understood.
    #[error("a restriction that no server would understand")]
    Restriction,
    /// A name of a list that could not stand in it.
    #[error("not a name of a permission, an index or a project: no blanks, commas or `=`, at most 64 characters")]
    Item,
    /// The derived token is not what was asked for. This is an error in this program.
    #[error("the derived token is not the root token with the asked restrictions")]
    Check,
}
