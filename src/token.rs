//! Tokens of devpi: reading them, what they allow, and deriving narrower ones without the server.

mod error;
mod field;
mod fingerprint;
mod foreign;
mod id;
mod macaroon;
mod narrowing;
mod pasted;
mod restriction;
mod scope;

pub use error::TokenError;
pub use fingerprint::fingerprint;
pub use foreign::ForeignToken;
pub use id::TokenId;
pub use macaroon::{Caveat, Format, MacaroonError};
pub use narrowing::{Item, Narrowing};
pub use restriction::Restriction;
pub use scope::Scope;

use crate::secret::Secret;
use crate::target::UserName;
use macaroon::Macaroon;

/// What devpi-tokens writes in front of a new token. The server takes it with and without.
const PREFIX: &str = "devpi-";

/// A token that was read, of any kind: to be looked at, or to become a [`RootToken`].
///
/// Whether its signature is right only the server knows. `Debug` shows user and id; the bytes are wiped on drop, and
/// two tokens are compared in constant time. No token is serialised: whatever writes one out takes its
/// [`text`](Self::text).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    user: UserName,
    id: TokenId,
    macaroon: Macaroon,
}

impl Token {
    /// Reads a token with or without the prefix `devpi-`. Nothing is trimmed.
    ///
    /// # Errors
    /// [`TokenError`] for whatever is not the one spelling of a token that devpi-tokens could have made, at most
    /// 8 KiB and 64 caveats.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.starts_with("pypi-") {
            return Err(TokenError::Pypi);
        }
        if text.trim() != text {
            return Err(TokenError::Blanks);
        }
        let bare = text.strip_prefix(PREFIX).unwrap_or(text);
        if bare.is_empty() {
            return Err(TokenError::Empty);
        }
        if bare.starts_with(PREFIX) {
            return Err(TokenError::PrefixTwice);
        }
        Self::of(Macaroon::parse(bare)?)
    }

    fn of(macaroon: Macaroon) -> Result<Self, TokenError> {
        let identifier = str::from_utf8(macaroon.identifier()).map_err(|_| TokenError::Identifier)?;
        // At the last `-`: a user's name may have one, an id never.
        let (user, id) = identifier.rsplit_once('-').ok_or(TokenError::Identifier)?;
        let user = user.parse().map_err(|_| TokenError::Identifier)?;
        let id = id.parse().map_err(|_| TokenError::Identifier)?;
        Ok(Self { user, id, macaroon })
    }

    /// Whose token it is.
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// Its id on the server, the same for all that is derived from it.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// The binary format that it is written in.
    pub fn format(&self) -> Format {
        self.macaroon.format()
    }

    /// The caveats as they stand in it.
    pub fn caveats(&self) -> impl ExactSizeIterator<Item = Caveat<'_>> {
        self.macaroon.caveats()
    }

    /// The caveats, understood where that is possible.
    pub fn restrictions(&self) -> Vec<Restriction> {
        let read = |caveat: Caveat<'_>| match caveat.third_party {
            false => Restriction::read(caveat.text),
            // Marked, so that `expires=1` for another server is never taken for a restriction of this one.
            true => Restriction::Unknown(format!("third-party: {}", String::from_utf8_lossy(caveat.text))),
        };
        self.caveats().map(read).collect()
    }

    /// What all restrictions together still allow.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.restrictions())
    }

    /// The text with the prefix `devpi-`.
    pub fn text(&self) -> Secret {
        self.macaroon.text(PREFIX)
    }

    /// The text without a prefix, for clients that look into what begins with `devpi-`.
    pub fn bare_text(&self) -> Secret {
        self.macaroon.text("")
    }
}

/// What tokens of both kinds tell about themselves.
macro_rules! kind_of_token {
    ($name:ident) => {
        impl $name {
            /// Whose token it is.
            pub fn user(&self) -> &UserName {
                self.token.user()
            }

            /// Its id on the server.
            pub fn id(&self) -> &TokenId {
                self.token.id()
            }

            /// The caveats, understood where that is possible.
            pub fn restrictions(&self) -> Vec<Restriction> {
                self.token.restrictions()
            }

            /// What all restrictions together still allow.
            pub fn scope(&self) -> Scope {
                self.token.scope()
            }

            /// The text with the prefix `devpi-`.
            pub fn text(&self) -> Secret {
                self.token.text()
            }

            /// The text without a prefix.
            pub fn bare_text(&self) -> Secret {
                self.token.bare_text()
            }
        }
    };
}

/// A token to derive from: what the server made, or one that was narrowed before. It goes into the vault and nowhere
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootToken {
    token: Token,
    /// Whether each of its caveats is understood.
    is_understood: bool,
}

/// A token made from a [`RootToken`] with at least one restriction more: what is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedToken {
    token: Token,
}

kind_of_token!(RootToken);
kind_of_token!(DerivedToken);

/// Refuses what cannot be derived from: format 1 and third-party caveats.
impl TryFrom<Token> for RootToken {
    type Error = TokenError;
    fn try_from(token: Token) -> Result<Self, TokenError> {
        if token.format() != Format::V2 {
            return Err(TokenError::Format);
        }
        if token.caveats().any(|caveat| caveat.third_party) {
            return Err(TokenError::ThirdParty);
        }
        let is_understood = !token.restrictions().iter().any(|one| matches!(one, Restriction::Unknown(_)));
        Ok(Self { token, is_understood })
    }
}

impl RootToken {
    /// A token with these restrictions more, made without the server. They are written in one order, whatever the
    /// order here: `allowed`, `expires`, `indexes`, `not_before`, `projects`.
    ///
    /// # Errors
    /// [`TokenError::Nothing`] and [`TokenError::Restriction`] for what cannot be added, [`TokenError::Unknown`]
    /// where the root token has a caveat that is not understood, [`TokenError::Macaroon`] for more than 64 caveats or
    /// 8 KiB.
    pub fn attenuate(&self, restrictions: &[Restriction]) -> Result<DerivedToken, TokenError> {
        if !self.is_understood {
            return Err(TokenError::Unknown);
        }
        self.attenuate_forced(restrictions)
    }

    /// As [`attenuate`](Self::attenuate), from a root token with caveats that are not understood too. The server will
    /// refuse the result as it refuses the root token.
    ///
    /// # Errors
    /// As [`attenuate`](Self::attenuate), but for [`TokenError::Unknown`].
    pub fn attenuate_forced(&self, restrictions: &[Restriction]) -> Result<DerivedToken, TokenError> {
        if restrictions.is_empty() {
            return Err(TokenError::Nothing);
        }
        if !restrictions.iter().all(Restriction::is_canonical) {
            return Err(TokenError::Restriction);
        }
        let mut restrictions: Vec<&Restriction> = restrictions.iter().collect();
        restrictions.sort_unstable();
        self.append(&restrictions.into_iter().map(Restriction::to_caveat).collect::<Vec<_>>())
    }

    /// A token narrowed to what a person asks for. `force` derives from a root token with caveats that are not
    /// understood, too.
    ///
    /// # Errors
    /// As [`attenuate`](Self::attenuate).
    pub fn narrow(&self, narrowing: &Narrowing, force: bool) -> Result<DerivedToken, TokenError> {
        let caveats = narrowing.caveats();
        if caveats.is_empty() {
            return Err(TokenError::Nothing);
        }
        if !force && !self.is_understood {
            return Err(TokenError::Unknown);
        }
        self.append(&caveats)
    }

    fn append(&self, added: &[String]) -> Result<DerivedToken, TokenError> {
        let Token { user, id, macaroon } = &self.token;
        let derived = Token { user: user.clone(), id: id.clone(), macaroon: macaroon.with_caveats(added)? };
        // Read back from its own bytes: nothing is handed out that another reader would take for something wider.
        let before = self.token.caveats().map(|caveat| caveat.text);
        let expected = before.chain(added.iter().map(String::as_bytes));
        let same = derived.macaroon.identifier() == macaroon.identifier()
            && derived.caveats().all(|caveat| !caveat.third_party)
            && derived.caveats().map(|caveat| caveat.text).eq(expected);
        if same { Ok(DerivedToken { token: derived }) } else { Err(TokenError::Check) }
    }
}

#[cfg(test)]
mod tests;
