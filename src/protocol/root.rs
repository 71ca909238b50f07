//! What is said of root tokens: one that comes in, one that is over, and where each belongs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Holder;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::target::{IndexName, ServerUrl, UserName};
use crate::token::TokenId;

/// Names and values of variables; a proxy's password may stand in one.
pub type Variables = BTreeMap<String, Secret>;

/// A root token and what was learnt at its login.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// What of its environment the client reaches the server by that has logged in: see [`Errand::ENVIRONMENT`].
    #[serde(default)]
    pub environment: Variables,
    /// Its ceilings: whoever shows the token may have any. Without them a new token has the usual ones, and one that is
    /// kept already stays under its own.
    pub policy: Option<Policy>,
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

    /// All that the process gets as its environment: how to reach a server, as it was at the login of the token. Not from
    /// the agent's own, which whoever starts it decides about: by a proxy and certificates of one's own the token of an
    /// errand could be read.
    pub const ENVIRONMENT: &[&str] = &[
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];
}

impl Errand {
    /// The longest value of such a variable that is kept, in bytes: all of them have room in one message.
    pub const LONGEST_VARIABLE: usize = 4096;

    /// What of that is set, in the environment that `env` looks into. A longer value is left out.
    pub fn environment(env: impl Fn(&str) -> Option<String>) -> Variables {
        let value = |name: &str| env(name).filter(|value| value.len() <= Self::LONGEST_VARIABLE);
        let set = |name: &&str| Some(((*name).to_owned(), Secret::new(value(name)?)));
        Self::ENVIRONMENT.iter().filter_map(set).collect()
    }
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
    /// Its [fingerprint](crate::token::fingerprint()); none of one that was replaced before these were noted.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_too_long_to_be_kept_is_left_out_and_hinders_no_login() {
        let long = "h,".repeat(Errand::LONGEST_VARIABLE);
        let env = |name: &str| match name {
            "NO_PROXY" => Some(long.clone()),
            "https_proxy" => Some("http://proxy:3128".to_owned()),
            _ => None,
        };
        assert_eq!(Errand::environment(env).into_keys().collect::<Vec<_>>(), ["https_proxy"]);
    }
}
