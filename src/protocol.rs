//! What is said over the agent's socket. Each message is one JSON value in one frame ([`crate::wire`]): its kind alone, or
//! an object with the kind as its only key, so that it is read from front to back and not collected in a tree first.
//!
//! A client says [`Request::Hello`] first; then each request gets one response, which [`Response::Confirming`] may come
//! before. No response has a place for a root token: what the agent keeps cannot be asked for.

mod denial;
pub mod ending;
mod restricted;
mod root;
mod session_bus;
mod status;
mod weighed;

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::policy::Policy;
use crate::secret::Secret;
use crate::target::{IndexName, ProjectName, Purpose, ServerUrl, UserName};
use crate::token::TokenId;

pub use denial::{Denial, NobodyToAsk, Refusal, Refused};
pub use restricted::{Beyond, NoSocket, RestrictedSocket};
pub use root::{Errand, IndexBases, Retired, Root, ServerAccess, Variables};
pub use session_bus::SessionBus;
pub use status::{Keeper, Rollback, RootStatus, Status, VaultState};
pub use weighed::Weighed;

/// The version of this protocol. It grows only when one side would misread the other.
pub const VERSION: u32 = 1;

/// What a client asks of the agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
    /// What [`Request::Ask`] would get. No token is made, nothing is fetched and nothing written down.
    Weigh(Question),
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
    /// The policy of a user's root token.
    Policy(Holder),
    /// Another policy for a user's root token. One that allows more than the one that is kept needs the passphrase of the
    /// vault; where nobody knows one, a person is asked, or it comes with a root token ([`Request::Keep`]).
    SetPolicy {
        /// Whose root token.
        holder: Holder,
        /// The policy.
        policy: Policy,
        /// The vault's passphrase.
        passphrase: Option<Secret>,
    },
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
    /// Listen at one more socket, where less is given.
    OpenSocket(RestrictedSocket),
    /// Close a socket of that kind.
    CloseSocket {
        /// Where it is.
        path: PathBuf,
    },
    /// The servers of which tokens are kept: for whoever has no list of them, as in a container.
    Servers,
    /// End the agent.
    Stop,
}

/// What the agent answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// No answer yet: a person is asked first, which takes a minute at most. The answer follows.
    Confirming,
    /// The answer to [`Request::Ask`].
    Credential(Credential),
    /// The answer to [`Request::Weigh`].
    Weighed(Box<Weighed>),
    /// The answer to [`Request::Keep`] and [`Request::Drop`]: the tokens that this leaves alive on the server.
    Left(Vec<Retired>),
    /// The answer to [`Request::Policy`].
    Policy(Policy),
    /// The answer to [`Request::Status`].
    Status(Box<Status>),
    /// The answer to [`Request::ProbeKeyring`]: whether one answers, locked or not.
    Keyring {
        /// Whether one does.
        answers: bool,
    },
    /// The answer to [`Request::Servers`].
    Servers(Vec<ServerUrl>),
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
    /// The host of an index that is open to strangers, where the same run mixes it with ours: for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranger: Option<String>,
}

impl Question {
    /// The most indexes of one question: each may cost the agent a process that asks for its bases.
    pub const MOST_INDEXES: usize = 32;
    /// The most projects of one question.
    pub const MOST_PROJECTS: usize = 256;
    /// The longest name of a host, in bytes ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035)).
    pub const LONGEST_HOST: usize = 255;

    /// Whether it has no more indexes and projects than a question may have, and no longer names.
    pub fn is_within_limits(&self) -> bool {
        self.indexes.len() <= Self::MOST_INDEXES
            && self.projects.len() <= Self::MOST_PROJECTS
            && self.stranger.as_ref().is_none_or(|host| host.len() <= Self::LONGEST_HOST)
    }
}

/// A token that is handed out.
#[derive(Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The token's user; the server takes no other.
    pub username: UserName,
    /// The token. Nothing else is read in its place: what is written out behind it, a line each, is nobody's but ours.
    #[serde(deserialize_with = "token_text")]
    pub password: Secret,
    /// When it ends, in seconds since the epoch, by the clock of this machine.
    pub expires: u64,
    /// What a person should know about it, a line each.
    pub notes: Vec<String>,
}

/// A text in the characters of a token, none of which ends a line or a string.
fn token_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = Secret::deserialize(deserializer)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_plain = !text.is_empty() && text.expose().bytes().all(plain);
    if is_plain { Ok(text) } else { Err(D::Error::custom("no token")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_would_hold_more_than_its_lines_is_not_read() {
        let read = |username: &str, password: &str| {
            let message = serde_json::json!({
                "credential": {"username": username, "password": password, "expires": 7, "notes": []},
            });
            serde_json::from_value::<Response>(message).is_ok()
        };
        assert!(read("alice", "devpi-AgEA_-"));
        for odd in ["", "a\nhost=evil", "a\r", "a\0", "a b", "a\"", "a\\", "\u{1b}[31m", "a\u{85}b", "a\u{2028}b"] {
            assert!(!read("alice", odd), "{odd:?}");
            assert!(!read(odd, "AgEA"), "{odd:?}");
        }
    }
}
