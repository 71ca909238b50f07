//! What the agent holds of the vault: nothing while it is closed, everything while it is open.

mod change;
mod creation;
mod denial;
mod generation;
mod passphrase;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use denial::{denial, not_given, not_known, replaced};
use generation::Generations;

use crate::paths::Paths;
use crate::protocol::SessionBus;
use crate::protocol::{Denial, Keeper, Rollback, VaultState};
use crate::secret::{Secret, SecretBytes};
use crate::vault::contents::Contents;
use crate::vault::file::{self, Header, Sealed};
use crate::vault::keeper::{self, Wanted};
use crate::vault::{Key, KeyringState};

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
    /// The folder of the configuration, which names the command for the key of a new vault.
    config: PathBuf,
    keeper: keeper::Keeper,
    generations: Generations,
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
            config: paths.config.clone(),
            keeper: keeper::Keeper::new(program),
            generations: Generations::new(&paths.state),
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
        let state =
            |otherwise: VaultState| if self.locked_by_hand.get() { VaultState::LockedByHand } else { otherwise };
        match &*open {
            Some(Open { seal: None, .. }) => Ok((state(VaultState::Open), Some(Keeper::Memory))),
            Some(Open { seal: Some(seal), .. }) => Ok((state(VaultState::Open), Some(kept_by(&seal.header)))),
            None => Ok(match Sealed::read(&self.vault).map_err(denial)? {
                Some(sealed) => (state(VaultState::Locked), Some(kept_by(sealed.header()))),
                None => (VaultState::Absent, None),
            }),
        }
    }

    /// Whether the open vault is an older one than was here before.
    pub(super) fn rollback(&self) -> Option<Rollback> {
        let open = self.open.borrow();
        open.as_ref()?.seal.as_ref().and_then(|seal| self.generations.rollback(&seal.header))
    }

    /// Opens it if that can be done without asking anybody who does not answer within 2 s.
    pub(super) async fn open_for_lookup(&self, session: &SessionBus) -> Result<(), Denial> {
        self.not_locked_by_hand()?;
        if self.open.borrow().is_some() {
            return Ok(());
        }
        // Not in its turn: that of a passphrase may be long, after wrong ones.
        let keeper = kept_by(self.sealed()?.header());
        let locked = || Denial::Locked { keeper, why: None };
        if keeper == Keeper::Passphrase {
            return Err(locked());
        }
        let turn = tokio::time::timeout(LOOK_UP, self.opening.lock()).await;
        let _turn = turn.map_err(|_| locked())?;
        self.not_locked_by_hand()?;
        if self.open.borrow().is_some() {
            return Ok(());
        }
        let sealed = self.sealed()?;
        let wanted = wanted(sealed.header()).ok_or_else(locked)?;
        let key = self.keeper.look_up(wanted, session).await.map_err(|error| not_given(&error))?;
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
            let key = match (wanted(sealed.header()), &sealed.header().keeper, passphrase) {
                (Some(wanted), ..) => self.keeper.unlock(wanted, session).await,
                (None, file::Keeper::Passphrase { wrapped }, Some(passphrase)) => {
                    self.unwrap(wrapped, &passphrase).await
                }
                (None, ..) => return Err(Denial::Locked { keeper: Keeper::Passphrase, why: None }),
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

    /// What is kept, while the vault is open.
    pub(super) fn contents(&self) -> Result<Rc<Contents>, Denial> {
        self.not_locked_by_hand()?;
        self.open.borrow().as_ref().map(|open| Rc::clone(&open.contents)).ok_or_else(|| match self.state() {
            // It was open when this request began, and was closed while it waited for something.
            Ok((VaultState::Locked, Some(keeper))) => Denial::Locked { keeper, why: None },
            _ => Denial::NoVault,
        })
    }

    fn not_locked_by_hand(&self) -> Result<(), Denial> {
        if self.locked_by_hand.get() { Err(Denial::LockedByHand) } else { Ok(()) }
    }

    fn not_locked_since(&self, locks: u64) -> Result<(), Denial> {
        (self.locks.get() == locks).then_some(()).ok_or(Denial::LockedByHand)
    }

    /// The closed vault. Nobody is asked for the key of one whose keeper was changed by somebody else.
    fn sealed(&self) -> Result<Sealed, Denial> {
        let sealed = Sealed::read(&self.vault).map_err(denial)?.ok_or(Denial::NoVault)?;
        self.generations.is_ours(sealed.header()).then_some(sealed).ok_or_else(|| replaced(&self.vault))
    }

    fn read(&self, sealed: &Sealed, key: &Key) -> Result<Contents, Denial> {
        let bytes = sealed.open(key).map_err(denial)?;
        serde_json::from_slice(&bytes).map_err(|_| not_known(&self.vault))
    }

    fn open_with(&self, sealed: &Sealed, key: Key) -> Result<(), Denial> {
        let contents = self.read(sealed, &key)?;
        self.generations.opened(sealed.header());
        let seal = Some(Seal { key, header: sealed.header().clone() });
        *self.open.borrow_mut() = Some(Open { contents: Rc::new(contents), seal });
        tracing::info!("the vault is open");
        Ok(())
    }
}

fn kept_by(header: &Header) -> Keeper {
    match header.keeper {
        file::Keeper::Keyring => Keeper::Keyring,
        file::Keeper::Passphrase { .. } => Keeper::Passphrase,
        file::Keeper::Command { .. } => Keeper::Command,
    }
}

/// The key, where it is to be had without a passphrase.
fn wanted(header: &Header) -> Option<Wanted<'_>> {
    let command = match &header.keeper {
        file::Keeper::Keyring => None,
        file::Keeper::Command { command } => Some(command),
        file::Keeper::Passphrase { .. } => return None,
    };
    Some(Wanted { id: &header.id, command })
}

fn bytes(contents: &Contents) -> Result<SecretBytes, Denial> {
    contents.to_bytes().map_err(|_| Denial::Internal)
}

#[cfg(test)]
mod tests;
