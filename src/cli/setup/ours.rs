//! The servers that a token is kept for, and which of them an address in a file means.

use super::lying;
use super::work::Work;
use crate::cli::open;
use crate::exit::Failure;
use crate::hosts;
use crate::protocol::{RootStatus, ServerAccess, Status};
use crate::target::{Place, ServerUrl, Target, UserName};

/// A server of ours.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) server: ServerUrl,
    /// The tokens, that of the default user first; none while the vault is locked.
    pub(super) roots: Vec<RootStatus>,
    /// How it is reached.
    pub(super) access: ServerAccess,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Ours {
    kept: Vec<Kept>,
    list: String,
    /// Whether the vault is locked, so that nobody knows what is in it.
    pub(super) is_locked: bool,
    /// Whether what is kept ends with the agent.
    pub(super) is_in_memory: bool,
}

impl Ours {
    /// As it is now. Where nobody has ever logged in no agent is started for that.
    pub(super) fn look(work: &mut Work<'_, '_>) -> Result<Self, Failure> {
        let list = hosts::read(&work.paths.hosts());
        let status = if list.trim().is_empty() { None } else { Some(open::status(&work.paths)) };
        match status.transpose() {
            Ok(status) => Ok(Self::of(&list, status.as_ref())),
            Err(failure) => work.go_on(Err(failure)).map(|()| Self::of(&list, None)),
        }
    }

    /// Those in the list of hosts, and what the agent says of them.
    fn of(list: &str, status: Option<&Status>) -> Self {
        let known = |server: ServerUrl| {
            let roots = status.into_iter().flat_map(|status| &status.roots);
            let mut roots: Vec<RootStatus> = roots.filter(|root| root.holder.server == server).cloned().collect();
            roots.sort_by_key(|root| !root.default);
            Kept { access: roots.first().map(|root| root.access.clone()).unwrap_or_default(), roots, server }
        };
        Self {
            kept: hosts::servers(list).map(known).collect(),
            list: list.to_owned(),
            is_locked: status.is_some_and(|status| status.vault.is_locked()),
            is_in_memory: open::is_in_memory(status),
        }
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
        self.find(url)?.0.roots.first().map(|root| &root.holder.user)
    }
}

#[cfg(test)]
use crate::protocol::Holder;

#[cfg(test)]
impl Ours {
    /// A server with that user, for tests.
    pub(super) fn with(server: &str, user: &str) -> Self {
        Self::with_root(server, user, &[])
    }

    /// The same with a token that is restricted like that.
    pub(super) fn with_root(server: &str, user: &str, restrictions: &[&str]) -> Self {
        let server: ServerUrl = server.parse().expect("a server");
        let mut root = RootStatus {
            holder: Holder { server: server.clone(), user: user.parse().expect("a user") },
            id: "abcDEF23".parse().expect("an id"),
            default: true,
            restrictions: restrictions.iter().map(|restriction| (*restriction).to_owned()).collect(),
            expires: None,
            access: ServerAccess::default(),
        };
        root.expires = root.scope().expires();
        let list = format!("{server}\n");
        let kept = Kept { server, roots: vec![root], access: ServerAccess::default() };
        Self { kept: vec![kept], list, ..Self::default() }
    }
}
