//! Why the agent refuses, in words, with an exit code and what to do about it.

use serde::{Deserialize, Serialize};

use super::Keeper;
use crate::exit::{Exit, Failure};
use crate::target::{IndexName, ProjectName, Purpose, ServerUrl, UserName};

/// Why a question or an order was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "denied", rename_all = "snake_case")]
pub enum Denial {
    /// No root token for that server and user.
    #[error("no token is kept for {user}{server}", user = user.as_ref().map(|user| format!("{user} at ")).unwrap_or_default())]
    NoRoot {
        /// The server that was asked about.
        server: ServerUrl,
        /// The user, where one was named.
        user: Option<UserName>,
    },
    /// The vault is locked.
    #[error("the vault is locked")]
    Locked {
        /// Who keeps its key.
        keeper: Keeper,
        /// What stood in the way, where more is known than that.
        why: Option<String>,
    },
    /// Locked by `agent lock`: only `agent unlock` opens it.
    #[error("the agent is locked")]
    LockedByHand,
    /// There is no vault to do this in.
    #[error("there is no vault yet")]
    NoVault,
    /// The passphrase is not the vault's.
    #[error("that is not the vault's passphrase")]
    WrongPassphrase,
    /// The root token is over.
    #[error("the token of {user} at {server} ended at {}", date(*ended))]
    Expired {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// When, in seconds since the epoch.
        ended: u64,
    },
    /// The root token ends in under 30 seconds: nothing made from it would last.
    #[error("the token of {user} at {server} ends in a moment")]
    EndsNow {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
    },
    /// The root token is not valid yet.
    #[error("the token of {user} at {server} is valid from {} on", date(*from))]
    NotYetValid {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// When, in seconds since the epoch.
        from: u64,
    },
    /// The root token has a restriction that is not understood.
    #[error("the token of {user} at {server} has a restriction that is not understood: {restriction}")]
    NotUnderstood {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// The restriction, escaped.
        restriction: String,
    },
    /// Its restrictions contradict each other.
    #[error("the restrictions of the token of {user} at {server} leave no {what}")]
    LeavesNothing {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// Of what nothing is left: index, project, permission.
        what: String,
    },
    /// The index is not in the root token's scope.
    #[error("the token of {user} at {server} does not reach {index}")]
    IndexOutside {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// The index that was asked about.
        index: IndexName,
    },
    /// The project is not in the root token's scope.
    #[error("the token of {user} at {server} does not reach the project {project}")]
    ProjectOutside {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// The project that was asked about.
        project: ProjectName,
    },
    /// The permission is not in the root token's scope.
    #[error("the token of {user} at {server} does not allow {purpose}")]
    PurposeOutside {
        /// Whose it is.
        user: UserName,
        /// Where.
        server: ServerUrl,
        /// What was asked for.
        purpose: Purpose,
    },
    /// No index was named, and none is known for this server.
    #[error("no index is known for {server}")]
    NoIndex {
        /// The server.
        server: ServerUrl,
    },
    /// An upload goes to one index.
    #[error("a token for {purpose} is for one index, not for {count}")]
    ManyIndexes {
        /// What was asked for.
        purpose: Purpose,
        /// How many indexes were named.
        count: usize,
    },
    /// The policy says no.
    #[error("the policy of {server} allows no {purpose}")]
    Policy {
        /// The server.
        server: ServerUrl,
        /// What was asked for.
        purpose: Purpose,
    },
    /// A token that cannot be kept.
    #[error("this token cannot be kept: {why}")]
    BadToken {
        /// Why.
        why: String,
    },
    /// The peer may only ask for read tokens.
    #[error("only read tokens are given across a container's or namespace's border")]
    Restricted,
    /// The request is not one of this protocol.
    #[error("the agent does not understand this request")]
    NotARequest,
    /// The two programs are not of one version.
    #[error("the agent speaks version {agent} of its protocol, this program version {client}")]
    Version {
        /// The agent's version.
        agent: u32,
        /// The client's version.
        client: u32,
    },
    /// The vault's file cannot be used or written.
    #[error("{message}")]
    Vault {
        /// What happened.
        message: String,
        /// What to do.
        remedy: Option<String>,
        /// Whether the set-up is unsafe rather than the store broken.
        is_unsafe: bool,
        /// Whether it was in writing.
        in_writing: bool,
    },
    /// Something that should not happen. The log of the agent says more.
    #[error("the agent failed inside")]
    Internal,
}

/// A date for people, the same in every zone: who reads it may sit elsewhere than the agent.
fn date(seconds: u64) -> impl std::fmt::Display {
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

impl Denial {
    /// The exit code of a program that ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Locked { .. } | Self::LockedByHand => Exit::TryAgain,
            Self::NoRoot { .. } | Self::NoVault | Self::Version { .. } | Self::Internal => Exit::Unavailable,
            Self::NotARequest | Self::BadToken { .. } => Exit::Malformed,
            Self::Vault { is_unsafe: true, .. } => Exit::Unsafe,
            Self::Vault { in_writing: true, .. } => Exit::CannotWrite,
            Self::Vault { .. } => Exit::Unavailable,
            Self::WrongPassphrase
            | Self::Expired { .. }
            | Self::EndsNow { .. }
            | Self::NotYetValid { .. }
            | Self::NotUnderstood { .. }
            | Self::LeavesNothing { .. }
            | Self::IndexOutside { .. }
            | Self::ProjectOutside { .. }
            | Self::PurposeOutside { .. }
            | Self::NoIndex { .. }
            | Self::ManyIndexes { .. }
            | Self::Policy { .. }
            | Self::Restricted => Exit::Refused,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoRoot { server, user: Some(user) } => Some(format!("log in: devpi-tokens login {server} {user}")),
            Self::NoRoot { server, user: None } => Some(format!("log in: devpi-tokens login {server}")),
            Self::Locked { keeper: Keeper::Keyring, .. } => {
                Some("unlock the desktop's keyring, or type: devpi-tokens agent unlock".to_owned())
            }
            Self::Locked { .. } | Self::LockedByHand => Some("type: devpi-tokens agent unlock".to_owned()),
            Self::NoVault => Some("log in: devpi-tokens login URL".to_owned()),
            Self::Expired { user, server, .. }
            | Self::EndsNow { user, server }
            | Self::NotUnderstood { user, server, .. }
            | Self::LeavesNothing { user, server, .. } => {
                Some(format!("make a new one: devpi-tokens login {server} {user}"))
            }
            Self::IndexOutside { user, server, .. }
            | Self::ProjectOutside { user, server, .. }
            | Self::PurposeOutside { user, server, .. } => {
                Some(format!("log in with a wider token: devpi-tokens login {server} {user}"))
            }
            Self::NoIndex { .. } => Some("name one: a URL that ends in user/index/".to_owned()),
            Self::Version { agent, client } if agent < client => {
                Some("the agent is the older one: devpi-tokens agent stop (the next request starts it)".to_owned())
            }
            Self::Version { .. } => Some("this program is the older one: install devpi-tokens again".to_owned()),
            Self::Vault { remedy, .. } => remedy.clone(),
            Self::WrongPassphrase => Some("type it again: devpi-tokens agent unlock".to_owned()),
            Self::NotYetValid { .. }
            | Self::ManyIndexes { .. }
            | Self::Policy { .. }
            | Self::BadToken { .. }
            | Self::Restricted
            | Self::NotARequest
            | Self::Internal => None,
        }
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        let message = match &denial {
            Denial::Locked { why: Some(why), .. } => format!("{denial}: {why}"),
            _ => denial.to_string(),
        };
        Self { exit: denial.exit(), message, remedy: denial.remedy() }
    }
}
