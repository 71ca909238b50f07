//! A new vault, and who is to keep its key.

use std::rc::Rc;

use super::denial::{denial, not_given};
use super::{Open, Seal, Store, bytes};
use crate::config;
use crate::protocol::{Denial, Keeper, SessionBus};
use crate::secret::Secret;
use crate::vault::child::ChildError;
use crate::vault::contents::Contents;
use crate::vault::file::{self, Header, Sealed};
use crate::vault::{CommandError, CommandLine, Key};

impl Store {
    /// Makes an empty vault, also in place of one that is open and empty. Where there is another, nothing is done.
    pub(in crate::daemon) async fn create(
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
        let mut key = Key::generate();
        let kept_by = match keeper {
            Keeper::Memory => None,
            Keeper::Keyring => {
                self.keeper.keep(&key, session).await.map_err(|error| not_given(&error))?;
                Some(file::Keeper::Keyring)
            }
            Keeper::Command => {
                let command = self.command()?;
                let printed = self.keeper.printed(&command, session).await;
                key = printed.map_err(|error| not_given(&error))?;
                Some(file::Keeper::Command { command })
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
                self.generations.opened(&header);
                Some(Seal { key, header })
            }
        };
        tracing::info!(keeper = %keeper, "a vault was made");
        self.locked_by_hand.set(false);
        *self.open.borrow_mut() = Some(Open { contents: Rc::new(contents), seal });
        Ok(())
    }

    /// The command that `config.toml` names.
    fn command(&self) -> Result<CommandLine, Denial> {
        let limits = config::limits(&self.config).map_err(|error| Denial::Config { message: error.to_string() })?;
        let words = limits.vault_command().to_vec();
        let search = std::env::var_os("PATH").unwrap_or_default();
        let command = if words.is_empty() { Err(CommandError::Unnamed) } else { CommandLine::found(words, &search) };
        command.map_err(|error| not_given(&ChildError::from(error)))
    }
}
