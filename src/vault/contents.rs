//! What lies in the vault: root tokens, to which server each belongs, and their policies.

use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::protocol::{Holder, IndexBases, Retired, Root, ServerAccess, Variables};
use crate::secret::{Secret, SecretBytes};
use crate::target::{IndexName, ServerUrl, UserName};
use crate::token::{RootToken, Token, TokenError};

/// Everything that is kept, as the sealed file holds it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The servers, in the order of their first login.
    pub servers: Vec<Server>,
    /// Tokens that are replaced and not yet deleted on their server.
    pub retired: Vec<Retired>,
}

/// A server and what is kept of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its root URL: tokens kept here are for nothing else.
    pub url: ServerUrl,
    /// The index of the URL of its last login.
    pub index: Option<IndexName>,
    /// The user that a look-up without a user name means.
    pub default: UserName,
    /// The root tokens, one a user.
    pub roots: Vec<Held>,
    /// The bases of its indexes, as far as they are known.
    pub bases: Vec<KnownBases>,
}

/// The root token of one user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The token.
    pub root: StoredRoot,
    /// How its server is reached, as that was said at its login: nobody else's token changes it.
    pub access: ServerAccess,
    /// The variables by which it was reached then.
    #[serde(default)]
    pub environment: Variables,
    /// Its ceilings.
    pub policy: Policy,
    /// Since when it is kept, in seconds since the epoch.
    pub since: u64,
}

/// A root token that goes into the vault as its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Secret", into = "Secret")]
pub struct StoredRoot(pub RootToken);

impl TryFrom<Secret> for StoredRoot {
    type Error = TokenError;
    fn try_from(text: Secret) -> Result<Self, TokenError> {
        RootToken::try_from(Token::parse(text.expose())?).map(Self)
    }
}

impl From<StoredRoot> for Secret {
    fn from(stored: StoredRoot) -> Self {
        stored.0.text()
    }
}

/// The bases of one index and when they were learnt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBases {
    /// The index and its bases.
    pub known: IndexBases,
    /// When, in seconds since the epoch.
    pub fetched: u64,
}

/// Counts what is written, and keeps nothing of it.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Contents {
    /// As the sealed file holds it. Written twice, the first time to count: a buffer that grows may be one without a lock.
    ///
    /// # Errors
    /// None that can happen: everything here has a JSON form.
    pub fn to_bytes(&self) -> serde_json::Result<SecretBytes> {
        let mut length = Length(0);
        serde_json::to_writer(&mut length, self)?;
        let mut bytes = SecretBytes::from(Vec::with_capacity(length.0));
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// A server by its root URL.
    pub fn server(&self, url: &ServerUrl) -> Option<&Server> {
        self.servers.iter().find(|server| server.url == *url)
    }

    /// The same, to change it.
    pub fn server_mut(&mut self, url: &ServerUrl) -> Option<&mut Server> {
        self.servers.iter_mut().find(|server| server.url == *url)
    }

    /// Keeps a root token in place of one of the same user. Answers with the token that was replaced, if it is another.
    pub fn keep(&mut self, kept: Root, root: RootToken, now: u64) -> Option<Held> {
        let user = kept.holder.user.clone();
        if self.server(&kept.holder.server).is_none() {
            self.servers.push(Server {
                url: kept.holder.server.clone(),
                index: None,
                default: user.clone(),
                roots: Vec::new(),
                bases: Vec::new(),
            });
        }
        let server = self.server_mut(&kept.holder.server)?;
        server.index = kept.index.clone().or(server.index.take());
        if kept.default {
            server.default = user.clone();
        }
        for known in &kept.bases {
            server.learn(known.clone(), now);
        }
        let position = server.roots.iter().position(|held| *held.root.0.user() == user);
        match position.map(|position| &mut server.roots[position]) {
            Some(held) if held.root.0 == root => {
                held.access = kept.access;
                held.environment = kept.environment;
                held.policy = kept.policy.unwrap_or_else(|| std::mem::take(&mut held.policy));
                None
            }
            Some(held) => Some(std::mem::replace(held, Held::new(root, kept, now))),
            None => {
                server.roots.push(Held::new(root, kept, now));
                None
            }
        }
    }

    /// The root token of a user.
    pub fn held(&self, holder: &Holder) -> Option<&Held> {
        self.server(&holder.server)?.root_of(Some(&holder.user))
    }

    /// The same, to change it.
    pub fn held_mut(&mut self, holder: &Holder) -> Option<&mut Held> {
        let roots = &mut self.server_mut(&holder.server)?.roots;
        roots.iter_mut().find(|held| *held.root.0.user() == holder.user)
    }

    /// Forgets the root token of a user, and a server without one. Answers with the token.
    pub fn forget(&mut self, holder: &Holder) -> Option<Held> {
        let server = self.server_mut(&holder.server)?;
        let position = server.roots.iter().position(|held| *held.root.0.user() == holder.user)?;
        let held = server.roots.remove(position);
        if let (true, Some(first)) = (server.default == holder.user, server.roots.first()) {
            server.default = first.root.0.user().clone();
        }
        self.servers.retain(|server| !server.roots.is_empty());
        Some(held)
    }
}

impl Held {
    /// A policy belongs to one root: a new one does not take over that of the one before it.
    fn new(root: RootToken, kept: Root, now: u64) -> Self {
        let Root { access, environment, policy, .. } = kept;
        Self { root: StoredRoot(root), access, environment, policy: policy.unwrap_or_default(), since: now }
    }
}

impl Server {
    /// The root token that a look-up means: of the user who is named, else of the default one.
    pub fn root_of(&self, user: Option<&UserName>) -> Option<&Held> {
        let user = user.unwrap_or(&self.default);
        self.roots.iter().find(|held| held.root.0.user() == user)
    }

    /// Remembers the bases of an index. Whether they are others than were known.
    pub fn learn(&mut self, known: IndexBases, fetched: u64) -> bool {
        match self.bases.iter_mut().find(|entry| entry.known.index == known.index) {
            Some(entry) => {
                let is_new = entry.known != known;
                *entry = KnownBases { known, fetched };
                is_new
            }
            None => {
                self.bases.push(KnownBases { known, fetched });
                true
            }
        }
    }
}
