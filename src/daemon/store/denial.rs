//! What stands in the way of the vault, as a denial.

use std::path::Path;

use crate::folder::FolderError;
use crate::protocol::{Denial, Keeper};
use crate::vault::child::ChildError;
use crate::vault::file::VaultError;
use crate::vault::{CommandError, KeyringError, PassphraseError};

/// Contents of a later version.
pub(super) fn not_known(vault: &Path) -> Denial {
    unusable(
        format!("the vault {} holds what this program does not know", vault.display()),
        "install the newer devpi-tokens".to_owned(),
    )
}

/// Neither the key nor its keeper change without the agent.
pub(super) fn replaced(vault: &Path) -> Denial {
    unusable(
        format!("the vault {} was replaced: its key is not kept as before", vault.display()),
        "put the right one back; if you have put this one there: devpi-tokens agent stop".to_owned(),
    )
}

fn unusable(message: String, remedy: String) -> Denial {
    Denial::Vault { message, remedy: Some(remedy), is_unsafe: false, in_writing: false }
}

/// The file cannot be used.
pub(super) fn denial(error: VaultError) -> Denial {
    let is_unsafe = matches!(error, VaultError::Folder(FolderError::Unsafe { .. }));
    let in_writing = matches!(error, VaultError::Write { .. } | VaultError::Unsynced { .. });
    Denial::Vault { message: error.to_string(), remedy: Some(error.remedy()), is_unsafe, in_writing }
}

/// The key was not to be had.
pub(super) fn not_given(error: &ChildError) -> Denial {
    match error {
        ChildError::Keyring(KeyringError::Locked) => Denial::Locked { keeper: Keeper::Keyring, why: None },
        ChildError::Command(CommandError::Late) => Denial::Locked { keeper: Keeper::Command, why: None },
        ChildError::Passphrase(PassphraseError::Wrong) => Denial::WrongPassphrase,
        other => unusable(other.to_string(), other.remedy()),
    }
}
