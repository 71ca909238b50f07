//! What `setup` changed, kept so that `setup --undo` can take it back: `setup.json` in the state folder, mode 0600.
//!
//! Of a file it keeps the lines that were changed, never the whole. A credential that was taken out is in none of them:
//! that is a change of its own, made before, and not taken back.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::patch::Patch;
use crate::cli::output;
use crate::exit::{Exit, Failure, why};
use crate::folder::Folder;

use rustix::fs::FlockOperation;

const NAME: &str = "setup.json";

/// The largest journal that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// A file of somebody's.
    File {
        path: PathBuf,
        /// What was made for it, to be removed with it: folders, the outermost first; nothing where it was there.
        made: Option<Vec<PathBuf>>,
        back: Patch,
    },
    /// A link of ours, what it leads to, and the folders that were made for it.
    Link { path: PathBuf, to: PathBuf, made: Vec<PathBuf> },
}

/// All of them, in order.
pub(super) struct Journal {
    state: PathBuf,
    /// The folder, locked for as long as this run lasts; nothing where it is not there and nothing is changed.
    _folder: Option<Folder>,
    pub(super) changes: Vec<Change>,
}

impl Journal {
    /// As it was left; for one run at a time where something may be changed.
    pub(super) fn open(state: &Path, may_change: bool) -> Result<Self, Failure> {
        let path = state.join(NAME);
        let unreadable = || {
            Failure::new(Exit::Malformed, format!("{} cannot be read", path.display()))
                .with_remedy("move it away; what it says of earlier changes is then not taken back")
        };
        let folder = if may_change { Some(locked(state)?) } else { Folder::existing(state)? };
        let file = folder.as_ref().map(|folder| folder.file(NAME)).transpose()?.flatten();
        let changes = match file {
            Some(mut file) => {
                let limit = std::time::Duration::from_secs(5);
                let text = crate::pipe::read(&mut file, LARGEST, limit).map_err(|_| unreadable())?;
                serde_json::from_slice(&text).map_err(|_| unreadable())?
            }
            None => Vec::new(),
        };
        Ok(Self { state: state.to_owned(), _folder: folder, changes })
    }

    /// Makes a change that is written down first, so that none is ever without its way back.
    pub(super) fn make(&mut self, change: Change, make: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        self.changes.push(change);
        let made = self.save().and_then(|()| make());
        if made.is_err() {
            self.changes.pop();
            // That it is written down for nothing is not the news.
            let _ = self.save();
        }
        made
    }

    /// Replaces the journal by what it is now; there is none where it is empty.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let path = self.state.join(NAME);
        if self.changes.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::new(
                    Exit::CannotWrite,
                    format!("cannot remove {}: {}", path.display(), why(error.kind())),
                )),
                _ => Ok(()),
            };
        }
        output::replace(&path, |file| {
            serde_json::to_writer_pretty(&mut *file, &self.changes)?;
            file.flush()
        })
    }
}

fn locked(state: &Path) -> Result<Folder, Failure> {
    let folder = Folder::private(state)?;
    rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Failure::new(Exit::TryAgain, "another devpi-tokens setup is at work")
            .with_remedy("wait for its end, and try again")
    })?;
    Ok(folder)
}

impl Change {
    /// What is changed.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File { path, .. } | Self::Link { path, .. } => path,
        }
    }
}

/// Removes a file or link, and the folders that were made for it where nothing else was put there meanwhile.
pub(super) fn remove(path: &Path, folders: &[PathBuf]) -> Result<(), Failure> {
    std::fs::remove_file(path).map_err(|error| {
        Failure::new(Exit::CannotWrite, format!("cannot remove {}: {}", path.display(), why(error.kind())))
            .with_remedy("see that you may write there, and try again: devpi-tokens setup --undo")
    })?;
    let _ = folders.iter().rev().try_for_each(std::fs::remove_dir);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_for_its_user_alone_and_gone_when_nothing_is_left_to_undo() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let mut journal = Journal::open(&state, true).expect("none yet");
        let link = Change::Link { path: folder.path().join("x"), to: "y".into(), made: Vec::new() };
        journal.make(link, || Ok(())).expect("noted");
        let file = state.join(NAME);
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        drop(journal);
        let mut again = Journal::open(&state, true).expect("read");
        assert_eq!(again.changes.len(), 1);
        again.changes.clear();
        again.save().expect("saved");
        assert!(!file.exists());
    }

    #[test]
    fn two_runs_at_once_are_refused_and_a_change_that_was_not_made_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let mut journal = Journal::open(&state, true).expect("the first");
        assert_eq!(Journal::open(&state, true).err().expect("refused").exit, Exit::TryAgain);
        assert!(Journal::open(&state, false).is_ok(), "who only looks");
        let link = |to: &str| Change::Link { path: folder.path().join(to), to: to.into(), made: Vec::new() };
        let refused = Failure::new(Exit::CannotWrite, "full");
        journal.make(link("a"), || Ok(())).expect("made");
        assert_eq!(journal.make(link("b"), || Err(refused.clone())), Err(refused));
        drop(journal);
        assert_eq!(Journal::open(&state, true).expect("the next").changes.len(), 1);
    }

    #[test]
    fn what_was_made_goes_with_its_folders_unless_they_are_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("a/b")).expect("made");
        std::fs::write(at("a/b/x"), "new\n").expect("written");
        std::fs::write(at("a/mine"), "").expect("written");
        remove(&at("a/b/x"), &[at("a"), at("a/b")]).expect("removed");
        assert!(at("a/mine").exists() && !at("a/b").exists());
    }
}
