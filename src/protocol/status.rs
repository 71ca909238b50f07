//! What the agent says of itself.

use serde::{Deserialize, Serialize};

use super::{Holder, RestrictedSocket, Retired, ServerAccess};
use crate::exit::{Exit, Failure};
use crate::token::{Restriction, Scope, TokenId};

/// What the agent keeps.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// The vault.
    pub vault: VaultState,
    /// Who keeps the vault's key.
    pub keeper: Option<Keeper>,
    /// The root tokens, by server and user; empty while locked.
    pub roots: Vec<RootStatus>,
    /// Tokens that are to be deleted on their server.
    pub retired: Vec<Retired>,
    /// Where the open vault is older than the one that was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// The restricted sockets that are open.
    #[serde(default)]
    pub sockets: Vec<RestrictedSocket>,
}

/// An older generation of the vault in place of a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The one that is open.
    pub generation: u64,
    /// The newest that was seen.
    pub newest: u64,
}

/// One root token, without the token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RootStatus {
    /// Whose it is, and where.
    pub holder: Holder,
    /// Its id.
    pub id: TokenId,
    /// Whether its user is the default one of the server.
    pub default: bool,
    /// Its restrictions as they stand in it, escaped.
    pub restrictions: Vec<String>,
    /// When it ends, in seconds since the epoch.
    pub expires: Option<u64>,
    /// How the server is reached.
    pub access: ServerAccess,
}

impl RootStatus {
    /// What it still allows.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.restrictions.iter().map(Restriction::read).collect::<Vec<_>>())
    }

    /// Whether it has not ended; `now` is this machine's clock, in seconds since the epoch.
    pub fn is_alive(&self, now: u64) -> bool {
        let there = now.saturating_add_signed(self.access.skew);
        self.expires.is_none_or(|end| end > there)
    }
}

/// Whether the vault can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// There is none yet.
    Absent,
    /// There is one, and its key is not at hand.
    Locked,
    /// Somebody locked it: nothing but an order to unlock it opens it.
    LockedByHand,
    /// It is open.
    Open,
}

impl VaultState {
    /// Whether there is one that is not open.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Locked | Self::LockedByHand)
    }
}

/// Who keeps the vault's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// The desktop's keyring.
    Keyring,
    /// A person's memory: the key lies in the vault, wrapped by a passphrase.
    Passphrase,
    /// A command of the person's, which prints the key.
    Command,
    /// Nobody: the vault is never written and ends with the agent.
    Memory,
}

impl std::str::FromStr for Keeper {
    type Err = Failure;
    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "keyring" => Ok(Self::Keyring),
            "passphrase" => Ok(Self::Passphrase),
            "command" => Ok(Self::Command),
            "memory" => Ok(Self::Memory),
            _ => Err(Failure::new(Exit::Usage, "DEVPI_TOKENS_VAULT names no keeper of the vault's key")
                .with_remedy("set it to keyring, passphrase, command or memory, or leave it out")),
        }
    }
}

impl std::fmt::Display for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::Command => "command",
            Self::Memory => "memory",
        })
    }
}
