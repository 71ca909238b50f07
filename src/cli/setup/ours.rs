//! The servers that a token is kept for, and which of them an address in a file means.

use super::lying;
use crate::hosts;
use crate::protocol::{ServerAccess, Status};
use crate::target::{Place, ServerUrl, Target, UserName};
use crate::token::TokenId;

/// A server of ours.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) server: ServerUrl,
    /// Who tokens are kept of, the default one first; nobody while the vault is locked.
    pub(super) users: Vec<UserName>,
    /// The ids of these tokens.
    pub(super) ids: Vec<TokenId>,
    /// How it is reached.
    pub(super) access: ServerAccess,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Ours {
    kept: Vec<Kept>,
    list: String,
}

impl Ours {
    /// Those in the list of hosts, and what the agent says of them.
    pub(super) fn of(list: &str, status: Option<&Status>) -> Self {
        let known = |server: ServerUrl| {
            let roots = status.into_iter().flat_map(|status| &status.roots);
            let mut roots: Vec<_> = roots.filter(|root| root.holder.server == server).collect();
            roots.sort_by_key(|root| !root.default);
            Kept {
                ids: roots.iter().map(|root| root.id.clone()).collect(),
                users: roots.iter().map(|root| root.holder.user.clone()).collect(),
                access: roots.first().map(|root| root.access.clone()).unwrap_or_default(),
                server,
            }
        };
        Self { kept: hosts::servers(list).map(known).collect(), list: list.to_owned() }
    }

    /// Each server.
    pub(super) fn all(&self) -> &[Kept] {
        &self.kept
    }

    /// The server that an address as it is written lies on, and where there.
    pub(super) fn find(&self, url: &str) -> Option<(&Kept, Place)> {
        let target: Target = lying::apart(url).plain.parse().ok()?;
        let (server, place) = hosts::find(&self.list, &target)?;
        Some((self.kept.iter().find(|kept| kept.server == server)?, place))
    }

    /// The only server on a host, whatever its port: a netrc knows none.
    pub(super) fn of_host(&self, host: &str) -> Option<&Kept> {
        let mut kept = self.kept.iter().filter(|kept| kept.server.host() == host);
        kept.next().filter(|_| kept.next().is_none())
    }

    /// Who is meant where an address of ours names nobody.
    pub(super) fn user(&self, url: &str) -> Option<&UserName> {
        self.find(url)?.0.users.first()
    }
}

#[cfg(test)]
impl Ours {
    /// A server with that user, for tests.
    pub(super) fn with(server: &str, user: &str) -> Self {
        let kept = Kept {
            server: server.parse().expect("a server"),
            users: vec![user.parse().expect("a user")],
            ids: Vec::new(),
            access: ServerAccess::default(),
        };
        Self { kept: vec![kept], list: format!("{server}\n") }
    }
}
