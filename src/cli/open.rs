//! A vault that can be written to: made where there is none, opened where it is locked.

use super::Terminal;
use super::prompt::Prompt;
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Denial, Keeper, Request, Response, Status, VaultState};

/// Who is to keep the key of a new vault, where that was said.
const CHOICE: &str = "DEVPI_TOKENS_VAULT";

/// What the agent keeps.
pub(super) fn status(paths: &Paths) -> Result<Status, Failure> {
    match client::ask(paths, &Request::Status)? {
        Response::Status(status) => Ok(*status),
        _ => Err(client::unexpected()),
    }
}

/// What the agent keeps, with a vault opened that is locked; what somebody locked stays so.
pub(super) fn opened(paths: &Paths, prompt: &Prompt) -> Result<Status, Failure> {
    let found = status(paths)?;
    match found.vault {
        VaultState::Absent | VaultState::Open => return Ok(found),
        VaultState::LockedByHand => return Err(Denial::LockedByHand.into()),
        VaultState::Locked => unlock(paths, found.keeper, prompt)?,
    }
    status(paths)
}

/// A vault that is open, or the order to make one.
#[must_use]
pub(super) struct Vault(Option<Request>);

impl Vault {
    /// Makes it, where there is none yet.
    pub(super) fn make(self, paths: &Paths) -> Result<(), Failure> {
        self.0.map_or(Ok(()), |order| client::ask(paths, &order).map(drop))
    }
}

/// Makes sure that the vault is open, or asks all that is to be known to make one. It is made where there is something to
/// be kept in it.
///
/// An empty one is made anew: any process of the user may have made it, with a passphrase that it knows.
pub(super) fn ensure(paths: &Paths, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Vault, Failure> {
    let status = status(paths)?;
    match status.vault {
        VaultState::Open if !status.roots.is_empty() => Ok(Vault(None)),
        VaultState::LockedByHand => Err(Denial::LockedByHand.into()),
        VaultState::Locked => unlock(paths, status.keeper, prompt).map(|()| Vault(None)),
        VaultState::Open | VaultState::Absent => {
            let keeper = choose(paths, prompt)?;
            terminal.note(match keeper {
                Keeper::Keyring => "the tokens are sealed in a vault; the desktop's keyring keeps its key",
                Keeper::Passphrase => {
                    "the tokens are sealed in a vault with a passphrase of its own, typed once after each start"
                }
                Keeper::Command => "the tokens are sealed in a vault; the command in config.toml prints its key",
                Keeper::Memory => "the tokens are kept in memory and end with the agent",
            });
            let passphrase = match keeper {
                Keeper::Passphrase => Some(prompt.new_secret("new passphrase for the vault")?),
                Keeper::Keyring | Keeper::Command | Keeper::Memory => None,
            };
            Ok(Vault(Some(Request::Create { keeper, passphrase })))
        }
    }
}

/// Whether what is logged in with now ends with the agent; `status` is what the agent keeps, where one was asked.
pub(super) fn is_in_memory(status: Option<&Status>) -> bool {
    match status.filter(|status| !status.roots.is_empty()) {
        Some(status) => status.keeper == Some(Keeper::Memory),
        None => std::env::var(CHOICE).is_ok_and(|choice| choice == Keeper::Memory.to_string()),
    }
}

/// Opens a locked vault.
pub(super) fn unlock(paths: &Paths, keeper: Option<Keeper>, prompt: &Prompt) -> Result<(), Failure> {
    let passphrase = match keeper {
        Some(Keeper::Passphrase) => Some(prompt.secret("passphrase of the vault")?),
        _ => None,
    };
    client::ask(paths, &Request::Unlock { passphrase }).map(drop)
}

/// What was said; else the desktop's keyring where one answers, else a passphrase where somebody can be asked for it.
fn choose(paths: &Paths, prompt: &Prompt) -> Result<Keeper, Failure> {
    if let Some(choice) = std::env::var(CHOICE).ok().filter(|choice| !choice.is_empty()) {
        return choice.parse();
    }
    match client::ask(paths, &Request::ProbeKeyring)? {
        Response::Keyring { answers: true } => return Ok(Keeper::Keyring),
        Response::Keyring { answers: false } => {}
        _ => return Err(client::unexpected()),
    }
    if prompt.has_person() {
        return Ok(Keeper::Passphrase);
    }
    Err(Failure::new(Exit::Unavailable, "there is nobody to keep the key of the vault").with_remedy(format!(
        "choose one, with {CHOICE} in the environment of `login`:\n\
         keyring     the desktop's keyring (none answers here)\n\
         passphrase  one that you type at each start (here: on standard input)\n\
         command     one that prints it, named in config.toml\n\
         memory      nobody: the tokens end with the agent"
    )))
}
