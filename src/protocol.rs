//! What is said over the agent's socket. Each message is one JSON object in one frame ([`crate::wire`]).
//!
//! A client says [`Request::Hello`] first; then each request gets one response. No response has a place for a root
//! token: what the agent keeps cannot be asked for.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};
use crate::secret::Secret;
use crate::session_bus::SessionBus;
use crate::target::{IndexName, ProjectName, Purpose, ServerUrl, UserName};
use crate::token::TokenId;

/// The version of this protocol. It grows only when one side would misread the other.
pub const VERSION: u32 = 1;

/// What a client asks of the agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// The first message on a connection.
    Hello {
        /// The client's [`VERSION`].
        version: u32,
        /// What the desktop's keyring would need to reach the person.
        #[serde(default)]
        session: SessionBus,
    },
    /// A token for what somebody is doing right now.
    Ask(Question),
    /// Keep a root token, in place of the one that is kept for the same server and user.
    Keep(Box<Root>),
    /// Forget the root token of a user.
    Drop(Holder),
    /// These tokens are deleted on the server: nothing is left to remember of them.
    Deleted {
        /// Whose tokens they were.
        holder: Holder,
        /// Their ids.
        ids: Vec<TokenId>,
    },
    /// Make that user the one whom a look-up without a user name means.
    MakeDefault(Holder),
    /// What is kept, and whether it is locked.
    Status,
    /// Whether a desktop keyring answers.
    ProbeKeyring,
    /// Make a vault where there is none.
    Create {
        /// Who keeps its key.
        keeper: Keeper,
        /// For [`Keeper::Passphrase`].
        passphrase: Option<Secret>,
    },
    /// Wipe what is in memory and answer nothing until [`Request::Unlock`].
    Lock,
    /// Open the vault.
    Unlock {
        /// For [`Keeper::Passphrase`].
        passphrase: Option<Secret>,
    },
    /// End the agent.
    Stop,
}

/// What the agent answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "response", rename_all = "snake_case")]
pub enum Response {
    /// The answer to [`Request::Hello`].
    Hello {
        /// The agent's [`VERSION`].
        version: u32,
        /// The agent's process id.
        pid: u32,
        /// The version of the agent's program.
        program: String,
    },
    /// The answer to [`Request::Ask`].
    Credential(Credential),
    /// The answer to [`Request::Keep`] and [`Request::Drop`]: the tokens that this leaves alive on the server.
    Left {
        /// One each.
        tokens: Vec<Retired>,
    },
    /// The answer to [`Request::Status`].
    Status(Box<Status>),
    /// The answer to [`Request::ProbeKeyring`]: whether one answers, locked or not.
    Keyring {
        /// Whether one does.
        answers: bool,
    },
    /// Done, with nothing to say.
    Done,
    /// Ours, or not, but no.
    Denied(Denial),
}

/// Whose token: a user on a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The server.
    pub server: ServerUrl,
    /// The user.
    pub user: UserName,
}

/// What the helper asks: for whom, where, what for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The server, as the list of our hosts names it.
    pub server: ServerUrl,
    /// Whose token; without one the server's default user is meant.
    pub user: Option<UserName>,
    /// What for.
    pub purpose: Purpose,
    /// The index first that was asked about, then the others that the same run uses on this server. None: the
    /// index that was logged in to.
    pub indexes: Vec<IndexName>,
    /// The projects that are uploaded.
    pub projects: Vec<ProjectName>,
    /// How much is uploaded, in bytes.
    pub bytes: u64,
}

/// A token that is handed out.
#[derive(Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The token's user; the server takes no other.
    pub username: UserName,
    /// The token.
    pub password: Secret,
    /// When it ends, in seconds since the epoch, by the clock of this machine.
    pub expires: u64,
    /// What a person should know about it, a line each.
    pub notes: Vec<String>,
}

/// A root token and what was learnt at its login.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Whose it is, and where.
    pub holder: Holder,
    /// The token.
    pub token: Secret,
    /// The index of the URL that was logged in to.
    pub index: Option<IndexName>,
    /// Indexes and what each inherits from, transitively.
    pub bases: Vec<IndexBases>,
    /// Make its user the default one of this server.
    pub default: bool,
    /// How to reach the server.
    pub access: ServerAccess,
}

/// An index and all that it inherits from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexBases {
    /// The index.
    pub index: IndexName,
    /// Its bases, transitively, without itself.
    pub bases: Vec<IndexName>,
}

/// How a server is reached; said once at `login`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerAccess {
    /// A file of certificates to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// Plain HTTP although the server is not on this machine.
    pub allow_http: bool,
    /// How many seconds the server's clock is ahead of ours.
    pub skew: i64,
}

/// What the agent has a process of the command line find out, as it asks no server itself. The process gets it on its
/// standard input and answers with [`IndexBases`] on its standard output, each as one frame.
#[derive(Debug, Serialize, Deserialize)]
pub struct Errand {
    /// The server to ask.
    pub server: ServerUrl,
    /// How to reach it.
    pub access: ServerAccess,
    /// The index.
    pub index: IndexName,
    /// Whose token.
    pub user: UserName,
    /// A derived token for reading.
    pub token: Secret,
}

impl Errand {
    /// The hidden verb of the command line.
    pub const VERB: &str = "fetch-bases";
}

/// A root token that is no longer used and still alive on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// Whose it is, and where.
    pub holder: Holder,
    /// Its id.
    pub id: TokenId,
    /// Until when a token derived from it may be alive, in seconds since the epoch.
    pub in_use_until: u64,
}

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
}

/// One root token, without the token.
#[derive(Debug, Serialize, Deserialize)]
pub struct RootStatus {
    /// Whose it is, and where.
    pub holder: Holder,
    /// Its id.
    pub id: TokenId,
    /// Whether its user is the default one of the server.
    pub default: bool,
    /// Its restrictions, as they stand in it.
    pub restrictions: Vec<String>,
    /// When it ends, in seconds since the epoch.
    pub expires: Option<u64>,
    /// How the server is reached.
    pub access: ServerAccess,
}

/// Whether the vault can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// There is none yet.
    Absent,
    /// There is one, and its key is not at hand.
    Locked,
    /// It is open.
    Open,
}

/// Who keeps the vault's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// The desktop's keyring.
    Keyring,
    /// A person's memory: the key lies in the vault, wrapped by a passphrase.
    Passphrase,
    /// Nobody: the vault is never written and ends with the agent.
    Memory,
}

impl std::str::FromStr for Keeper {
    type Err = Failure;
    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "keyring" => Ok(Self::Keyring),
            "passphrase" => Ok(Self::Passphrase),
            "memory" => Ok(Self::Memory),
            _ => Err(Failure::new(Exit::Usage, "DEVPI_TOKENS_VAULT is none of keyring, passphrase, memory")),
        }
    }
}

impl std::fmt::Display for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::Memory => "memory",
        })
    }
}

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
