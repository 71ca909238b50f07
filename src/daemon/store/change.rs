//! Changes of what is kept: on the disk first, then here.

use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::denial::{denial, replaced};
use super::{Store, bytes};
use crate::exit::why;
use crate::hosts;
use crate::protocol::{Denial, IndexBases};
use crate::target::ServerUrl;
use crate::vault::contents::Contents;
use crate::vault::file::{self, Sealed, VaultError};

/// How often a change is tried where another agent changes the same vault: one on another machine, over a shared home.
const MOST_TRIES: u32 = 50;

/// How long the other one is left to its writing, which takes a few milliseconds.
const PAUSE: Duration = Duration::from_millis(20);

impl Store {
    /// Changes what is kept. Where another agent was faster the change is made anew, on top of that one's.
    pub(in crate::daemon) fn change<T>(&self, change: impl Fn(&mut Contents) -> T) -> Result<T, Denial> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_change(&change)? {
                Ok(outcome) => return Ok(outcome),
                Err(VaultError::Changed { .. }) if tries < MOST_TRIES => self.catch_up()?,
                Err(VaultError::Busy { .. }) if tries < MOST_TRIES => std::thread::sleep(PAUSE),
                Err(error) => return Err(denial(error)),
            }
        }
    }

    fn try_change<T>(&self, change: impl Fn(&mut Contents) -> T) -> Result<Result<T, VaultError>, Denial> {
        let mut contents = Contents::clone(&*self.contents()?);
        let outcome = change(&mut contents);
        let mut open = self.open.borrow_mut();
        let open = open.as_mut().ok_or(Denial::NoVault)?;
        // The list first: it only tells a miss from a question, so a server too many in it does no harm.
        match write_hosts(&self.hosts, &contents) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Err(VaultError::Busy { path: self.vault.clone() }));
            }
            written => written.map_err(|error| not_listed(&self.hosts, &error))?,
        }
        let mut unsynced = None;
        if let Some(seal) = &mut open.seal {
            let header = seal.header.next();
            match file::write(&self.vault, &header, &seal.key, &bytes(&contents)?) {
                Ok(()) => {}
                // It is in its place, and what is in memory has to be the same.
                Err(error @ VaultError::Unsynced { .. }) => unsynced = Some(error),
                Err(error) => {
                    // A server too few would hide a token that is still kept.
                    let _ = write_hosts(&self.hosts, &open.contents);
                    return Ok(Err(error));
                }
            }
            self.generations.opened(&header);
            seal.header = header;
        }
        open.contents = Rc::new(contents);
        Ok(unsynced.map_or(Ok(outcome), Err))
    }

    /// Takes over what another agent has written.
    fn catch_up(&self) -> Result<(), Denial> {
        let sealed = Sealed::read(&self.vault).map_err(denial)?.ok_or(Denial::NoVault)?;
        let mut open = self.open.borrow_mut();
        let open = open.as_mut().ok_or(Denial::NoVault)?;
        let seal = open.seal.as_mut().ok_or(Denial::NoVault)?;
        if !self.generations.is_ours(sealed.header()) {
            return Err(replaced(&self.vault));
        }
        let contents = self.read(&sealed, &seal.key)?;
        tracing::info!(generation = sealed.header().generation, "another agent has changed the vault");
        self.generations.opened(sealed.header());
        seal.header = sealed.header().clone();
        open.contents = Rc::new(contents);
        Ok(())
    }

    /// Remembers the bases of an index. They can be asked for again: that they cannot be written is only logged.
    pub(in crate::daemon) fn learn_bases(&self, server: &ServerUrl, known: IndexBases, now: u64) {
        let is_new = |contents: &Contents| {
            let bases = contents.server(server).map(|server| server.bases.as_slice()).unwrap_or_default();
            bases.iter().all(|entry| entry.known != known)
        };
        let Ok(contents) = self.contents() else { return };
        if is_new(&contents) {
            let learnt = self.change(|contents| {
                contents.server_mut(server).map(|server| server.learn(known.clone(), now));
            });
            if let Err(error) = learnt {
                tracing::warn!(%error, "the bases of an index were not kept");
            }
            return;
        }
        // Only the time is new: not worth a generation on the disk.
        drop(contents);
        if let Some(open) = self.open.borrow_mut().as_mut() {
            let contents = Rc::make_mut(&mut open.contents);
            contents.server_mut(server).map(|server| server.learn(known, now));
        }
    }
}

fn write_hosts(path: &Path, contents: &Contents) -> std::io::Result<()> {
    hosts::write(path, contents.servers.iter().map(|server| &server.url))
}

fn not_listed(path: &Path, error: &std::io::Error) -> Denial {
    Denial::Vault {
        message: format!("cannot write {}: {}", path.display(), why(error.kind())),
        remedy: Some("see that its folder can be written, and try again".to_owned()),
        is_unsafe: false,
        in_writing: true,
    }
}
