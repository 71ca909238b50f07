//! What can go wrong with a vault file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::folder::FolderError;

/// A vault that was not read, opened or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The folder or the file is not ours alone, or the system does not let us at it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The path names no file.
    #[error("{path} cannot be the name of a vault")]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// Not a vault, cut off or otherwise damaged.
    #[error("the vault {path} is damaged: {what}")]
    Corrupt {
        /// The vault.
        path: PathBuf,
        /// What was seen first.
        what: &'static str,
        /// The generation before, where it is there and whole.
        previous: Option<PathBuf>,
    },
    /// Written by a later program.
    #[error("the vault {path} has the version {version}, which this program does not know")]
    NewerVersion {
        /// The vault.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// The key is that of another vault.
    #[error("the key does not open the vault {path}")]
    WrongKey {
        /// The vault.
        path: PathBuf,
    },
    /// Whole, yet not as a holder of the key wrote it.
    #[error("the vault {path} was changed by something that does not hold its key")]
    Tampered {
        /// The vault.
        path: PathBuf,
    },
    /// A generation lies there that is not older than the one that was to replace it.
    #[error("the vault {path} was changed meanwhile: it is of generation {found}")]
    Changed {
        /// The vault.
        path: PathBuf,
        /// What lies there; 0 where there is none.
        found: u64,
    },
    /// Another process is writing it.
    #[error("the vault {path} is being written by another process")]
    Busy {
        /// The vault.
        path: PathBuf,
    },
    /// The next generation could not be put in place; the one before is.
    #[error("cannot write the vault {path}, it is as it was: {step}: {source}")]
    Write {
        /// The vault.
        path: PathBuf,
        /// What failed.
        step: Step,
        /// The system's reason.
        source: io::Error,
    },
    /// The next generation is in place, but the disk did not confirm it.
    #[error("the vault {path} is written, but the disk did not confirm it: {source}")]
    Unsynced {
        /// The vault.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl VaultError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Folder(error) => error.remedy(),
            Self::Path { .. } => "name a file in a folder of its own".to_owned(),
            Self::Corrupt { path, previous: Some(previous), .. } => {
                let (previous, path) = (previous.display(), path.display());
                format!("the generation before is whole; to go back to it, type: mv {previous} {path}")
            }
            Self::Corrupt { path, previous: None, .. } | Self::WrongKey { path } | Self::Tampered { path } => {
                format!("restore {} from a backup, or move it away and log in again", path.display())
            }
            Self::NewerVersion { .. } => "install the newer devpi-tokens-agent".to_owned(),
            Self::Changed { .. } | Self::Busy { .. } => "try again".to_owned(),
            Self::Write { path, .. } => format!("see that {} can be written, and try again", path.display()),
            Self::Unsynced { .. } => "see to the disk: a power cut may bring the generation before back".to_owned(),
        }
    }
}

/// The steps of writing a vault, for its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Sealing the contents.
    Seal,
    /// Keeping other writers out.
    Lock,
    /// Making the new file.
    Create,
    /// Filling it.
    Fill,
    /// Waiting until it is on the disk.
    Sync,
    /// Keeping the generation before.
    Keep,
    /// Putting the new file in place.
    Rename,
    /// Waiting until its name is on the disk.
    SyncFolder,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seal => "sealing it",
            Self::Lock => "locking its folder",
            Self::Create => "making the new file",
            Self::Fill => "filling the new file",
            Self::Sync | Self::SyncFolder => "waiting for the disk",
            Self::Keep => "keeping the generation before",
            Self::Rename => "putting the new file in place",
        })
    }
}
