//! Why the agent refuses, in words, with an exit code and what to do about it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Beyond, Holder, Keeper, NoSocket};
use crate::exit::{Exit, Failure};
use crate::policy::Kind;
use crate::target::{IndexName, ProjectName, Purpose, ServerUrl, UserName};

/// Why a question or an order was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
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
    /// The policy allows more than the one that is kept, and no secret was shown.
    #[error("this policy allows more than the one that is kept: {what}")]
    Widens {
        /// Whose policy.
        holder: Holder,
        /// What it allows more of.
        what: String,
        /// Whether the vault has a passphrase, which would do.
        by_passphrase: bool,
    },
    /// A policy for more single indexes than one may name.
    #[error("a policy names at most {most} indexes")]
    PolicyTooLong {
        /// How many.
        most: usize,
    },
    /// Somebody else is opening the vault, or trying a passphrase.
    #[error("the vault is being opened already")]
    Opening,
    /// The passphrase is not the vault's.
    #[error("that is not the vault's passphrase")]
    WrongPassphrase,
    /// The root token, its scope or its policy says no.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// No index was named, and none is known for this server.
    #[error("no index is known for {server}")]
    NoIndex {
        /// The server.
        server: ServerUrl,
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
    /// What a person has to confirm is not even asked about where nobody can see who asks.
    #[error("what you have to confirm is not given across a container's border or through a restricted socket")]
    RestrictedUnconfirmed,
    /// A person was asked, and said no.
    #[error("{}", if *before { "you said no to this a moment ago" } else { "you were asked, and said no" })]
    SaidNo {
        /// To the same a moment ago: this time nobody was asked.
        before: bool,
    },
    /// A person was asked, and said nothing.
    #[error("you were asked to confirm this, and nobody answered")]
    NobodyAnswered,
    /// Other questions are in front of this one.
    #[error("other questions are waiting for your answer")]
    Asking,
    /// A person has to be asked, and cannot be.
    #[error("you have to confirm this, and cannot be asked: {why}")]
    NobodyToAsk {
        /// Why.
        why: NobodyToAsk,
    },
    /// While a person was asked, the vault was locked or what was asked about became something else.
    #[error("what you were asked about has changed meanwhile")]
    Overtaken,
    /// The socket that was asked through gives less.
    #[error("{what}")]
    Beyond {
        /// What it does not give.
        what: Beyond,
    },
    /// No restricted socket was made there, or closed.
    #[error("no restricted socket at {path}: {why}", path = path.display())]
    NoSocket {
        /// Where.
        path: PathBuf,
        /// Why.
        why: NoSocket,
    },
    /// More tokens were asked for within a minute than can be told apart.
    #[error("the agent was asked for too many tokens within a minute")]
    TooOften,
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
    /// `config.toml` cannot be read: what it was to narrow is not known.
    #[error("{message}")]
    Config {
        /// What is wrong, with its path.
        message: String,
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

/// Why a person cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NobodyToAsk {
    /// The system has no pinentry.
    #[error("there is no pinentry")]
    NoPinentry,
    /// Whoever showed a secret last has neither a desktop nor a terminal, or not any more.
    #[error("where you unlocked or logged in is no desktop and no terminal")]
    NoScreen,
    /// pinentry did not do it, in words.
    #[error("{0}")]
    Failed(String),
}

impl NobodyToAsk {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoPinentry => "install one: apt install pinentry-gnome3, or pinentry-curses for a terminal",
            Self::NoScreen => "type where you want to be asked: devpi-tokens agent lock; devpi-tokens agent unlock",
            Self::Failed(_) => "see that pinentry can ask where you unlocked or logged in",
        }
    }
}

/// A question that was refused because of the root token that it was asked of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.text())]
pub struct Refused {
    /// Whose token, and where.
    pub holder: Holder,
    /// Why.
    pub why: Refusal,
}

/// Why a root token gives nothing for a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It ended, in seconds since the epoch.
    Expired(u64),
    /// It ends in under 30 seconds: nothing made from it would last.
    EndsNow,
    /// It is valid from then on, in seconds since the epoch.
    NotYetValid(u64),
    /// It has this restriction (escaped), which is not understood.
    NotUnderstood(String),
    /// Its restrictions contradict each other: no index, project or permission is left.
    LeavesNo(String),
    /// The index is outside its scope.
    Index(IndexName),
    /// The project is outside its scope.
    Project(ProjectName),
    /// The permission is outside its scope.
    Purpose(Purpose),
    /// What is done with one index was asked for so many.
    ManyIndexes(usize),
    /// The policy, or a limit in `config.toml`, forbids it for this index.
    Policy(Kind, IndexName),
    /// The same forbids what a push is for an index that it reaches; without one, for those that have no rules of their
    /// own.
    Reach(Kind, Option<IndexName>),
}

impl Refused {
    fn text(&self) -> String {
        let Self { holder: Holder { server, user }, why } = self;
        let whose = format!("the token of {user} at {server}");
        match why {
            Refusal::Expired(at) => format!("{whose} ended at {}", date(*at)),
            Refusal::EndsNow => format!("{whose} ends in a moment"),
            Refusal::NotYetValid(from) => format!("{whose} is valid from {} on", date(*from)),
            Refusal::NotUnderstood(restriction) => {
                format!("{whose} has a restriction that is not understood: {restriction}")
            }
            Refusal::LeavesNo(what) => format!("the restrictions of {whose} leave no {what}"),
            Refusal::Index(index) => format!("{whose} does not reach {index}"),
            Refusal::Project(project) => format!("{whose} does not reach the project {project}"),
            Refusal::Purpose(purpose) => format!("{whose} does not allow {purpose}"),
            Refusal::ManyIndexes(count) => format!("an upload goes to one index, not to {count}"),
            Refusal::Policy(kind, index) => format!("the policy for {server} allows no {kind} for {index}"),
            Refusal::Reach(kind, index) => {
                let index = index.as_ref().map_or("indexes that it does not name".to_owned(), ToString::to_string);
                format!("a push may go to every index, and the policy for {server} allows no {kind} for {index}")
            }
        }
    }

    fn remedy(&self) -> Option<String> {
        let Holder { server, user } = &self.holder;
        let login = format!("devpi-tokens login {server} {user}");
        match self.why {
            Refusal::Expired(_) | Refusal::EndsNow | Refusal::NotUnderstood(_) | Refusal::LeavesNo(_) => {
                Some(format!("make a new one: {login}"))
            }
            Refusal::Index(_) | Refusal::Project(_) | Refusal::Purpose(_) => {
                Some(format!("log in with a wider token: {login}"))
            }
            Refusal::NotYetValid(_) => Some(format!("wait until then, or make another one: {login}")),
            Refusal::ManyIndexes(_) => Some("name one index".to_owned()),
            Refusal::Policy(..) | Refusal::Reach(..) => {
                Some(format!("see what it allows: devpi-tokens policy show -s {server} --as {user}"))
            }
        }
    }
}

/// A date for people, the same in every zone: who reads it may sit elsewhere than the agent.
fn date(seconds: u64) -> impl std::fmt::Display {
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

impl Denial {
    /// The exit code of a program that ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Locked { .. } | Self::LockedByHand | Self::Opening | Self::TooOften => Exit::TryAgain,
            Self::NobodyAnswered | Self::Asking | Self::Overtaken => Exit::TryAgain,
            Self::NoRoot { .. } | Self::NoVault | Self::Version { .. } | Self::Internal => Exit::Unavailable,
            Self::NobodyToAsk { .. } => Exit::Unavailable,
            Self::NotARequest | Self::BadToken { .. } | Self::PolicyTooLong { .. } => Exit::Malformed,
            Self::Vault { is_unsafe: true, .. } | Self::Config { .. } => Exit::Unsafe,
            Self::Vault { in_writing: true, .. } => Exit::CannotWrite,
            Self::Vault { .. } => Exit::Unavailable,
            Self::WrongPassphrase
            | Self::Widens { .. }
            | Self::Refused(_)
            | Self::NoIndex { .. }
            | Self::SaidNo { .. }
            | Self::RestrictedUnconfirmed
            | Self::Restricted
            | Self::Beyond { .. } => Exit::Refused,
            Self::NoSocket { why, .. } => why.exit(),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoRoot { server, user: Some(user) } => Some(format!("log in: devpi-tokens login {server} {user}")),
            Self::NoRoot { server, user: None } => Some(format!("log in: devpi-tokens login {server} USER")),
            Self::Locked { keeper: Keeper::Keyring, .. } => {
                Some("unlock the desktop's keyring, or type: devpi-tokens agent unlock".to_owned())
            }
            Self::Locked { .. } | Self::LockedByHand => Some("type: devpi-tokens agent unlock".to_owned()),
            Self::Widens { by_passphrase: true, .. } => Some("show the passphrase of the vault".to_owned()),
            Self::Widens { holder: Holder { server, user }, .. } => {
                Some(format!("log in with it: devpi-tokens login --policy FILE {server} {user}"))
            }
            Self::PolicyTooLong { .. } => Some("say what holds for most of them under [every-index]".to_owned()),
            Self::NoVault => Some("log in: devpi-tokens login URL".to_owned()),
            Self::Refused(refused) => refused.remedy(),
            Self::NoIndex { .. } => Some("name one: a URL that ends in user/index/".to_owned()),
            Self::Version { agent, client } if agent < client => {
                Some("the agent is the older one: devpi-tokens agent stop (the next request starts it)".to_owned())
            }
            Self::Version { .. } => Some("this program is the older one: install devpi-tokens again".to_owned()),
            Self::Config { .. } => Some("mend it, or move it away: nothing is handed out until then".to_owned()),
            Self::Vault { remedy, .. } => remedy.clone(),
            Self::Opening => Some("answer where you are asked, or try again in a minute".to_owned()),
            Self::TooOften => Some("try again in a minute".to_owned()),
            Self::WrongPassphrase => Some("type it again: devpi-tokens agent unlock".to_owned()),
            Self::BadToken { .. } => Some("let the server make one: devpi-tokens login URL USER".to_owned()),
            Self::Restricted | Self::RestrictedUnconfirmed => Some("ask from outside of it".to_owned()),
            Self::SaidNo { .. } => Some("if that was a mistake, try again in 10 seconds".to_owned()),
            Self::NobodyAnswered => {
                Some("try again, and answer where you last unlocked or logged in, within a minute".to_owned())
            }
            Self::Asking => Some("answer them, or try again in a minute".to_owned()),
            Self::Overtaken => Some("try again".to_owned()),
            Self::NobodyToAsk { why } => Some(why.remedy().to_owned()),
            Self::Beyond { what: Beyond::Else } => Some("do that where the agent runs".to_owned()),
            Self::Beyond { .. } => Some("ask whoever made it for another: devpi-tokens agent socket".to_owned()),
            Self::NoSocket { why, .. } => Some(why.remedy()),
            Self::NotARequest => {
                Some("it may be of an older version: devpi-tokens agent stop (the next request starts it)".to_owned())
            }
            Self::Internal => Some("the reason stands at the end of the agent's log, agent.log".to_owned()),
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
