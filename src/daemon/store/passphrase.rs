//! Passphrases that are tried: one at a time, and each wrong one makes the next wait.

use std::time::Duration;

use super::denial::not_given;
use super::{Open, Seal, Store};
use crate::protocol::Denial;
use crate::secret::Secret;
use crate::vault::child::ChildError;
use crate::vault::{Key, PassphraseError, Wrapped, file};

/// The longest pause after wrong passphrases, in seconds: well within the patience of whoever types the next one.
const LONGEST_PAUSE: u64 = 15;

impl Store {
    /// Refuses a passphrase that is not the open vault's.
    pub(in crate::daemon) async fn is_passphrase(&self, passphrase: &Secret) -> Result<(), Denial> {
        let _turn = self.opening.try_lock().map_err(|_| Denial::Opening)?;
        let wrapped = match &*self.open.borrow() {
            Some(Open { seal: Some(Seal { header, .. }), .. }) => match &header.keeper {
                file::Keeper::Passphrase { wrapped } => wrapped.clone(),
                _ => return Err(Denial::WrongPassphrase),
            },
            _ => return Err(Denial::WrongPassphrase),
        };
        self.unwrap(&wrapped, passphrase).await.map(drop).map_err(|error| not_given(&error))
    }

    /// Tries a passphrase, after a pause that doubles with each wrong one. Only whoever has the turn of `opening` may
    /// call this, so that nobody tries two at a time; who asks for something else does not wait for it.
    pub(super) async fn unwrap(&self, wrapped: &Wrapped, passphrase: &Secret) -> Result<Key, ChildError> {
        let pause = 1_u64.checked_shl(self.wrong.get()).map_or(LONGEST_PAUSE, |pause| LONGEST_PAUSE.min(pause - 1));
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let unwrapped = self.keeper.unwrap(wrapped, passphrase).await;
        match &unwrapped {
            Ok(_) => self.wrong.set(0),
            Err(ChildError::Passphrase(PassphraseError::Wrong)) => self.wrong.set(self.wrong.get() + 1),
            Err(_) => {}
        }
        unwrapped
    }
}
