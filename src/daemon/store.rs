//! What the agent holds of the vault: nothing while it is closed, everything while it is open.

mod denial;
mod passphrase;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use denial::{denial, not_given, unknown_keeper};
use zeroize::Zeroizing;

use crate::hosts;
use crate::paths::Paths;
use crate::protocol::SessionBus;
use crate::protocol::{Denial, IndexBases, Keeper, VaultState};
use crate::secret::Secret;
use crate::target::ServerUrl;
use crate::vault::contents::Contents;
use crate::vault::file::{self, Header, Sealed, VaultError};
use crate::vault::{Key, KeyringState, keeper};

/// How long a look-up waits for its turn while somebody else has the vault opened.
const LOOK_UP: Duration = Duration::from_secs(2);

/// An open vault.
struct Open {
    contents: Rc<Contents>,
    /// With what it is sealed again; a vault in memory only has none.
    seal: Option<Seal>,
}

struct Seal {
    key: Key,
    header: Header,
}

/// The vault, open or closed, and how it is opened.
pub(super) struct Store {
    vault: PathBuf,
    hosts: PathBuf,
    keeper: keeper::Keeper,
    open: RefCell<Option<Open>>,
    /// Locked by a person: nothing opens it unasked. Only whoever has the turn of `opening` takes this back.
    locked_by_hand: Cell<bool>,
    /// How often a person locked it: an opening that this overtook has come to nothing.
    locks: Cell<u64>,
    /// How many wrong passphrases there were since the last right one.
    wrong: Cell<u32>,
    /// One opening at a time: look-ups that find it closed together bring up one question to the person.
    opening: tokio::sync::Mutex<()>,
}

impl Store {
    pub(super) fn new(program: PathBuf, paths: &Paths) -> Self {
        Self {
            vault: paths.vault(),
            hosts: paths.hosts(),
            keeper: keeper::Keeper::new(program),
            open: RefCell::new(None),
            locked_by_hand: Cell::new(false),
            locks: Cell::new(0),
            wrong: Cell::new(0),
            opening: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether it can be used, and who keeps its key.
    pub(super) fn state(&self) -> Result<(VaultState, Option<Keeper>), Denial> {
        let open = self.open.borrow();
        let state = if self.locked_by_hand.get() { VaultState::Locked } else { VaultState::Open };
        match &*open {
            Some(Open { seal: None, .. }) => Ok((state, Some(Keeper::Memory))),
            Some(Open { seal: Some(seal), .. }) => Ok((state, kept_by(&seal.header))),
            None => Ok(match Sealed::read(&self.vault).map_err(denial)? {
                Some(sealed) => (VaultState::Locked, kept_by(sealed.header())),
                None => (VaultState::Absent, None),
            }),
        }
    }

    /// Opens it if that can be done without asking anybody who does not answer within 2 s.
    pub(super) async fn open_for_lookup(&self, session: &SessionBus) -> Result<(), Denial> {
        self.not_locked_by_hand()?;
        if self.open.borrow().is_some() {
            return Ok(());
        }
        // Not in its turn: that of a passphrase may be long, after wrong ones.
        if let file::Keeper::Passphrase { .. } = self.sealed()?.header().keeper {
            return Err(Denial::Locked { keeper: Keeper::Passphrase, why: None });
        }
        let turn = tokio::time::timeout(LOOK_UP, self.opening.lock()).await;
        let _turn = turn.map_err(|_| Denial::Locked { keeper: Keeper::Keyring, why: None })?;
        self.not_locked_by_hand()?;
        if self.open.borrow().is_some() {
            return Ok(());
        }
        let sealed = self.sealed()?;
        let key = match &sealed.header().keeper {
            file::Keeper::Keyring => {
                self.keeper.look_up(&sealed.header().id, session).await.map_err(|error| not_given(&error))?
            }
            file::Keeper::Passphrase { .. } => return Err(Denial::Locked { keeper: Keeper::Passphrase, why: None }),
            file::Keeper::Command => return Err(unknown_keeper()),
        };
        self.not_locked_by_hand()?;
        self.open_with(&sealed, key)
    }

    /// Opens it where that brings up no question to anybody.
    pub(super) async fn open_in_silence(&self, session: &SessionBus) {
        let is_closed = self.not_locked_by_hand().is_ok() && self.open.borrow().is_none();
        let by_keyring = is_closed && matches!(self.state(), Ok((_, Some(Keeper::Keyring))));
        if by_keyring && self.keeper.keyring_state(session).await == KeyringState::Open {
            // Why it stays closed is for those to hear who need it open.
            let _ = self.open_for_lookup(session).await;
        }
    }

    /// Opens it because a person says so, who may be asked for something in turn. Whether it was closed: an open one is
    /// no proof that anybody knows a secret.
    pub(super) async fn unlock(&self, passphrase: Option<Secret>, session: &SessionBus) -> Result<bool, Denial> {
        let locks = self.locks.get();
        // No queue of passphrases: in front of everybody else's there could be a thousand wrong ones.
        let _turn = match passphrase {
            Some(_) => self.opening.try_lock().map_err(|_| Denial::Opening)?,
            None => self.opening.lock().await,
        };
        let was_closed = self.open.borrow().is_none();
        if was_closed {
            let sealed = self.sealed()?;
            let key = match (&sealed.header().keeper, passphrase) {
                (file::Keeper::Keyring, _) => self.keeper.unlock(&sealed.header().id, session).await,
                (file::Keeper::Passphrase { wrapped }, Some(passphrase)) => self.unwrap(wrapped, &passphrase).await,
                (file::Keeper::Passphrase { .. }, None) => {
                    return Err(Denial::Locked { keeper: Keeper::Passphrase, why: None });
                }
                (file::Keeper::Command, _) => return Err(unknown_keeper()),
            };
            let key = key.map_err(|error| not_given(&error))?;
            self.not_locked_since(locks)?;
            self.open_with(&sealed, key)?;
        }
        self.not_locked_since(locks)?;
        self.locked_by_hand.set(false);
        Ok(was_closed)
    }

    /// Wipes what is in memory, unless it is nowhere else; answers nothing until [`Store::unlock`].
    pub(super) fn lock(&self) {
        self.locked_by_hand.set(true);
        self.locks.set(self.locks.get() + 1);
        self.keeper.forget();
        self.close();
    }

    /// Wipes what is in memory, unless it is nowhere else; opens again unasked where that needs no person. Whether
    /// there was something to wipe.
    pub(super) fn close(&self) -> bool {
        self.open.borrow_mut().take_if(|open| open.seal.is_some()).is_some()
    }

    /// Whether a desktop's keyring answers that can keep something.
    pub(super) async fn keyring_answers(&self, session: &SessionBus) -> bool {
        matches!(self.keeper.keyring_state(session).await, KeyringState::Open | KeyringState::Locked)
    }

    /// Makes an empty vault, also in place of one that is open and empty. Where there is another, nothing is done.
    pub(super) async fn create(
        &self,
        keeper: Keeper,
        passphrase: Option<Secret>,
        session: &SessionBus,
    ) -> Result<(), Denial> {
        let locks = self.locks.get();
        let _turn = self.opening.lock().await;
        let is_empty = self.open.borrow().as_ref().map(|open| open.contents.servers.is_empty());
        let before = Sealed::read(&self.vault).map_err(denial)?;
        if is_empty == Some(false) || (is_empty.is_none() && before.is_some()) {
            return Ok(());
        }
        let key = Key::generate();
        let kept_by = match keeper {
            Keeper::Memory => None,
            Keeper::Keyring => {
                self.keeper.keep(&key, session).await.map_err(|error| not_given(&error))?;
                Some(file::Keeper::Keyring)
            }
            Keeper::Passphrase => {
                let passphrase = passphrase.ok_or(Denial::WrongPassphrase)?;
                let wrapped = self.keeper.wrap(&key, &passphrase).await.map_err(|error| not_given(&error))?;
                Some(file::Keeper::Passphrase { wrapped })
            }
        };
        self.not_locked_since(locks)?;
        let contents = Contents::default();
        let seal = match kept_by {
            None => {
                // An empty one on the disk would come back, locked, when the agent has ended.
                let _ = std::fs::remove_file(&self.vault);
                None
            }
            Some(kept_by) => {
                let header = match &before {
                    Some(before) => before.header().next_with(kept_by, &key),
                    None => Header::first(kept_by, &key),
                };
                file::write(&self.vault, &header, &key, &bytes(&contents)?).map_err(denial)?;
                Some(Seal { key, header })
            }
        };
        tracing::info!(keeper = %keeper, "a vault was made");
        self.locked_by_hand.set(false);
        *self.open.borrow_mut() = Some(Open { contents: Rc::new(contents), seal });
        Ok(())
    }

    /// What is kept, while the vault is open.
    pub(super) fn contents(&self) -> Result<Rc<Contents>, Denial> {
        self.not_locked_by_hand()?;
        self.open.borrow().as_ref().map(|open| Rc::clone(&open.contents)).ok_or_else(|| match self.state() {
            // It was open when this request began, and was closed while it waited for something.
            Ok((VaultState::Locked, Some(keeper))) => Denial::Locked { keeper, why: None },
            _ => Denial::NoVault,
        })
    }

    /// Changes what is kept: on the disk first, then here.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> Result<T, Denial> {
        let mut contents = Contents::clone(&*self.contents()?);
        let outcome = change(&mut contents);
        let mut open = self.open.borrow_mut();
        let open = open.as_mut().ok_or(Denial::NoVault)?;
        // The list first: it only tells a miss from a question, so a server too many in it does no harm.
        write_hosts(&self.hosts, &contents)?;
        if let Some(seal) = &mut open.seal {
            let header = seal.header.next();
            let written = file::write(&self.vault, &header, &seal.key, &bytes(&contents)?);
            // One that may not survive a power cut is in its place all the same: the next one has to follow it.
            if matches!(written, Ok(()) | Err(VaultError::Unsynced { .. })) {
                seal.header = header;
            }
            if let Err(error) = written {
                // A server too few would hide a token that is still kept.
                let _ = write_hosts(&self.hosts, &open.contents);
                return Err(denial(error));
            }
        }
        open.contents = Rc::new(contents);
        Ok(outcome)
    }

    /// Remembers the bases of an index. They can be asked for again: that they cannot be written is only logged.
    pub(super) fn learn_bases(&self, server: &ServerUrl, known: IndexBases, now: u64) {
        let is_new = |contents: &Contents| {
            let bases = contents.server(server).map(|server| server.bases.as_slice()).unwrap_or_default();
            bases.iter().all(|entry| entry.known != known)
        };
        let Ok(contents) = self.contents() else { return };
        if is_new(&contents) {
            let learnt = self.change(|contents| {
                contents.server_mut(server).map(|server| server.learn(known, now));
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

    fn not_locked_by_hand(&self) -> Result<(), Denial> {
        if self.locked_by_hand.get() { Err(Denial::LockedByHand) } else { Ok(()) }
    }

    fn not_locked_since(&self, locks: u64) -> Result<(), Denial> {
        (self.locks.get() == locks).then_some(()).ok_or(Denial::LockedByHand)
    }

    fn sealed(&self) -> Result<Sealed, Denial> {
        Sealed::read(&self.vault).map_err(denial)?.ok_or(Denial::NoVault)
    }

    fn open_with(&self, sealed: &Sealed, key: Key) -> Result<(), Denial> {
        let bytes = sealed.open(&key).map_err(denial)?;
        let contents = serde_json::from_slice(&bytes).map_err(|_| Denial::Vault {
            message: format!("the vault {} holds what this program does not know", self.vault.display()),
            remedy: Some("install the newer devpi-tokens".to_owned()),
            is_unsafe: false,
            in_writing: false,
        })?;
        let seal = Some(Seal { key, header: sealed.header().clone() });
        *self.open.borrow_mut() = Some(Open { contents: Rc::new(contents), seal });
        tracing::info!("the vault is open");
        Ok(())
    }
}

fn kept_by(header: &Header) -> Option<Keeper> {
    match header.keeper {
        file::Keeper::Keyring => Some(Keeper::Keyring),
        file::Keeper::Passphrase { .. } => Some(Keeper::Passphrase),
        file::Keeper::Command => None,
    }
}

fn bytes(contents: &Contents) -> Result<Zeroizing<Vec<u8>>, Denial> {
    contents.to_bytes().map_err(|_| Denial::Internal)
}

fn write_hosts(path: &Path, contents: &Contents) -> Result<(), Denial> {
    hosts::write(path, contents.servers.iter().map(|server| &server.url)).map_err(|error| Denial::Vault {
        message: format!("cannot write {}: {}", path.display(), error.kind()),
        remedy: None,
        is_unsafe: false,
        in_writing: true,
    })
}

#[cfg(test)]
mod tests;
