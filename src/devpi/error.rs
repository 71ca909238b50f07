//! What can go wrong with a server, in words, with an exit code and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use crate::exit::{Exit, Failure};
use crate::target::{AddressError, IndexName, ServerUrl, UserName};

/// A server was not asked, not reached, or gave an answer that is of no use.
///
/// No variant holds a secret, and every text of a server in one was escaped when it was read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address without pages: a bare host.
    #[error("a server is named by its URL: {0}")]
    Address(#[from] AddressError),
    /// `http` to another machine.
    #[error("{server} is not encrypted and not this machine")]
    Unencrypted {
        /// The server that was not asked.
        server: ServerUrl,
    },
    /// The file of certificates cannot be read, or holds none.
    #[error("{}: {why}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No connection.
    #[error("{server} cannot be reached: {why}")]
    Unreachable {
        /// The server.
        server: ServerUrl,
        /// The system's reason.
        why: String,
    },
    /// No whole answer in time.
    #[error("{server} did not answer within {} s", limit.as_secs_f32())]
    TimedOut {
        /// The server.
        server: ServerUrl,
        /// How long was waited.
        limit: Duration,
    },
    /// The certificate was not accepted, or what answers does not speak TLS.
    #[error("no secure connection to {server}: {why}")]
    Insecure {
        /// The server.
        server: ServerUrl,
        /// The reason.
        why: String,
    },
    /// A redirect, which is never followed.
    #[error("{server} answered with a redirect to {to}")]
    Redirect {
        /// The server.
        server: ServerUrl,
        /// Where to, escaped.
        to: String,
    },
    /// A body over the limit.
    #[error("{server} sent more than {limit} bytes")]
    TooLarge {
        /// The server.
        server: ServerUrl,
        /// The limit in bytes.
        limit: usize,
    },
    /// Not what devpi-server answers: no HTTP, no JSON, cut off, a field that is missing.
    #[error("{server} gave a bad answer: {what}")]
    BadAnswer {
        /// The server.
        server: ServerUrl,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Nothing at that address or above it is a devpi server.
    #[error("no devpi server answers at {address} or above it")]
    NotDevpi {
        /// The address that was given.
        address: ServerUrl,
    },
    /// 400.
    #[error("{server} does not take the request: 400 Bad Request{said}")]
    BadRequest {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// 401 to a user name and password.
    #[error("{server} does not know user {user} with that password")]
    WrongPassword {
        /// The server.
        server: ServerUrl,
        /// The user.
        user: UserName,
    },
    /// 401.
    #[error("{server} wants to know who asks: 401 Unauthorized{said}")]
    Unauthorized {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// 403.
    #[error("{server} refuses: 403 Forbidden{said}")]
    Forbidden {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// 404.
    #[error("{server} has no {what}: 404 Not Found{said}")]
    NotFound {
        /// The server.
        server: ServerUrl,
        /// The path below its root.
        what: String,
        /// What it said.
        said: Said,
    },
    /// 429.
    #[error("{server} was asked too often: 429 Too Many Requests{said}")]
    TooOften {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// 500.
    #[error("{server} failed at the request: 500 Internal Server Error{said}")]
    Failed {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// 503.
    #[error("{server} is not available at the moment: 503 Service Unavailable{said}")]
    Unavailable {
        /// The server.
        server: ServerUrl,
        /// What it said.
        said: Said,
    },
    /// Any other status.
    #[error("{server} answered with status {status}{said}")]
    Status {
        /// The server.
        server: ServerUrl,
        /// The status.
        status: u16,
        /// What it said.
        said: Said,
    },
    /// The server answers as if no token had been sent.
    #[error("{server} does not take the token for one of {user}")]
    NotAccepted {
        /// The server.
        server: ServerUrl,
        /// Whose token it should be.
        user: UserName,
    },
    /// The token is another user's.
    #[error("{server} says that the token is of user {user}")]
    OtherUser {
        /// The server.
        server: ServerUrl,
        /// Whose it is, escaped.
        user: String,
    },
    /// More bases than a token can list.
    #[error("{index} has more than {limit} bases")]
    TooManyBases {
        /// The index.
        index: IndexName,
        /// The limit.
        limit: usize,
    },
}

/// What a server said beside a status, escaped; shown after a colon, or as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(pub(super) Option<String>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

impl Error {
    /// The exit code of a program that ends with this.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Address(_) => Exit::Malformed,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::TooOften { .. } | Self::Unavailable { .. } => {
                Exit::TryAgain
            }
            Self::Insecure { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::BadAnswer { .. }
            | Self::NotDevpi { .. }
            | Self::NotFound { .. }
            | Self::Failed { .. }
            | Self::Status { .. }
            | Self::NotAccepted { .. }
            | Self::OtherUser { .. }
            | Self::TooManyBases { .. } => Exit::BadAnswer,
            Self::BadRequest { .. }
            | Self::WrongPassword { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. } => Exit::Refused,
            Self::Unencrypted { .. } | Self::CaFile { .. } => Exit::Unsafe,
        }
    }

    /// What the person can do about it, where that is known.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Address(_) => "write it as https://host/, with the path of the server or of an index",
            Self::Unencrypted { .. } => "use https, or accept the risk with --allow-http",
            Self::CaFile { .. } => "--ca-file takes a file with certificates in PEM form",
            Self::Unreachable { .. } => "is the address right, and the server or the proxy up?",
            Self::TimedOut { .. } | Self::TooOften { .. } | Self::Unavailable { .. } => "try again in a minute",
            Self::Insecure { why, .. } if why.contains("InvalidContentType") => {
                "the server may speak plain http there: write the address with http://"
            }
            Self::Insecure { .. } => "for a certificate of your own authority give its file with --ca-file",
            Self::Redirect { .. } => "give the address that the server itself uses; redirects are never followed",
            Self::NotDevpi { .. } => "give the URL of the server, of an index or of its +simple/ page",
            Self::WrongPassword { .. } => {
                "type it again; a token that you have is no password, and is kept by: devpi-tokens login URL -f FILE"
            }
            Self::Unauthorized { .. } => {
                "the server or the proxy in front of it wants a login first: devpi-tokens login"
            }
            Self::Forbidden { .. } => {
                "a token may be expired, deleted or too narrow; after a restart of the server without \
                 a secret file every token is void"
            }
            Self::Failed { .. } => "the reason stands in the server's log",
            Self::NotAccepted { .. } => "is it a token of this server, and has the server the plugin devpi-tokens?",
            Self::OtherUser { user, .. } => return Some(format!("name that user: {user}")),
            Self::TooLarge { .. } | Self::BadAnswer { .. } | Self::Status { .. } => {
                "is it a devpi server, and nothing in front of it that answers in its place?"
            }
            Self::BadRequest { .. } => "ask for what the server takes: it says above what it does not",
            Self::NotFound { .. } => "see that the name is right: devpi-tokens list shows the tokens of a user",
            Self::TooManyBases { .. } => "give the index fewer bases, or name one of them",
        };
        Some(text.to_owned())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { exit: error.exit(), message: error.to_string(), remedy: error.remedy() }
    }
}
