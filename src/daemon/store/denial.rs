//! What stands in the way of the vault, as a denial.

use crate::folder::FolderError;
use crate::protocol::{Denial, Keeper};
use crate::vault::child::ChildError;
use crate::vault::file::VaultError;
use crate::vault::{KeyringError, PassphraseError};

/// A vault of a later version.
pub(super) fn unknown_keeper() -> Denial {
    Denial::Vault {
        message: "the vault's key is kept in a way that this program does not know".to_owned(),
        remedy: Some("install the newer devpi-tokens".to_owned()),
        is_unsafe: false,
        in_writing: false,
    }
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
        ChildError::Passphrase(PassphraseError::Wrong) => Denial::WrongPassphrase,
        other => Denial::Vault {
            message: other.to_string(),
            remedy: Some(other.remedy().to_owned()),
            is_unsafe: false,
            in_writing: false,
        },
    }
}
