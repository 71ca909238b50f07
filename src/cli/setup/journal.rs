//! What `setup` changed, kept so that `setup --undo` can take it back: `setup.json` in the state folder, mode 0600.
//!
//! Of a file it keeps the lines that were changed, never the whole. A credential that was taken out is in none of them:
//! that is a change of its own, made before, and not taken back.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::Found;
use super::patch::Patch;
use crate::cli::output;
use crate::exit::{Exit, Failure};
use crate::folder::Folder;

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
    pub(super) changes: Vec<Change>,
}

impl Journal {
    /// As it was left.
    pub(super) fn open(state: &Path) -> Result<Self, Failure> {
        let path = state.join(NAME);
        let unreadable = || {
            Failure::new(Exit::Malformed, format!("{} cannot be read", path.display()))
                .with_remedy("move it away; what it says of earlier changes is then not taken back")
        };
        let folder = Folder::existing(state).map_err(|error| Failure::new(Exit::Unsafe, error.to_string()))?;
        let file = match folder {
            Some(folder) => folder.file(NAME).map_err(|error| Failure::new(Exit::Unsafe, error.to_string()))?,
            None => None,
        };
        let changes = match file {
            Some(mut file) => {
                let limit = std::time::Duration::from_secs(5);
                let text = crate::pipe::read(&mut file, LARGEST, limit).map_err(|_| unreadable())?;
                serde_json::from_slice(&text).map_err(|_| unreadable())?
            }
            None => Vec::new(),
        };
        Ok(Self { state: state.to_owned(), changes })
    }

    /// Writes down a change that is about to be made.
    pub(super) fn note(&mut self, change: Change) -> Result<(), Failure> {
        self.changes.push(change);
        self.save()
    }

    /// Replaces the journal by what it is now; there is none where it is empty.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let path = self.state.join(NAME);
        if self.changes.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(Failure::new(Exit::CannotWrite, format!("cannot remove {}: {}", path.display(), error.kind())))
                }
                _ => Ok(()),
            };
        }
        Folder::private(&self.state).map_err(|error| Failure::new(Exit::CannotCreate, error.to_string()))?;
        output::replace(&path, |file| {
            serde_json::to_writer_pretty(&mut *file, &self.changes)?;
            file.flush()
        })
    }
}

/// What came of taking a change back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// It is as before.
    Yes,
    /// It was never made, or is undone already.
    Already,
    /// It was changed since, by somebody else: left as it is. The lines that would come back.
    ChangedSince(Vec<String>),
}

impl Change {
    /// What is changed.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File { path, .. } | Self::Link { path, .. } => path,
        }
    }

    /// Takes it back; with `dry` only says what would come of it.
    pub(super) fn undo(&self, dry: bool) -> Result<Undone, Failure> {
        match self {
            Self::File { path, made, back } => undo_file(path, made.as_deref(), back, dry),
            Self::Link { path, to, made } => {
                if std::fs::read_link(path).ok().as_ref() != Some(to) {
                    return Ok(Undone::Already);
                }
                if !dry {
                    std::fs::remove_file(path).map_err(|error| cannot_remove(path, &error))?;
                    remove(made);
                }
                Ok(Undone::Yes)
            }
        }
    }
}

fn undo_file(path: &Path, made: Option<&[PathBuf]>, back: &Patch, dry: bool) -> Result<Undone, Failure> {
    let found = Found::read(path)?;
    let is_before = if made.is_some() { found.text.is_none() } else { back.is_before(found.text()) };
    if is_before {
        return Ok(Undone::Already);
    }
    let Some(before) = back.apply(found.text()) else {
        return Ok(Undone::ChangedSince(back.lines().map(str::to_owned).collect()));
    };
    match made {
        _ if dry => {}
        None => found.write(&before)?,
        Some(folders) => {
            std::fs::remove_file(path).map_err(|error| cannot_remove(path, &error))?;
            remove(folders);
        }
    }
    Ok(Undone::Yes)
}

/// Removes folders that are empty; what else was put there meanwhile keeps its own.
fn remove(folders: &[PathBuf]) {
    let _ = folders.iter().rev().try_for_each(std::fs::remove_dir);
}

fn cannot_remove(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::CannotWrite, format!("cannot remove {}: {}", path.display(), error.kind()))
        .with_remedy("see that you may write there, and try again: devpi-tokens setup --undo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_for_its_user_alone_and_gone_when_nothing_is_left_to_undo() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let mut journal = Journal::open(&state).expect("none yet");
        let back = Patch::back("a\n", "b\n");
        journal.note(Change::File { path: folder.path().join("x"), made: None, back }).expect("noted");
        let file = state.join(NAME);
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        let mut again = Journal::open(&state).expect("read");
        assert_eq!(again.changes.len(), 1);
        again.changes.clear();
        again.save().expect("saved");
        assert!(!file.exists());
    }

    #[test]
    fn a_file_comes_back_byte_for_byte_and_only_if_nobody_changed_it_since() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        let change = Change::File { path: path.clone(), made: None, back: Patch::back("a\r\nb", "a\r\nc\n") };
        std::fs::write(&path, "a\r\nc\n").expect("written");
        assert_eq!(change.undo(true).expect("dry"), Undone::Yes);
        assert_eq!(std::fs::read(&path).expect("read"), b"a\r\nc\n");
        assert_eq!(change.undo(false).expect("undone"), Undone::Yes);
        assert_eq!(std::fs::read(&path).expect("read"), b"a\r\nb");
        assert_eq!(change.undo(false).expect("undone"), Undone::Already);
        std::fs::write(&path, "mine").expect("written");
        assert_eq!(change.undo(false).expect("left"), Undone::ChangedSince(vec!["b".to_owned()]));
        assert_eq!(std::fs::read(&path).expect("read"), b"mine");
    }

    #[test]
    fn a_file_that_was_made_goes_with_its_folders_unless_they_are_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        let made = Some(vec![at("a"), at("a/b")]);
        let change = Change::File { path: at("a/b/x"), made, back: Patch::back("", "new\n") };
        std::fs::create_dir_all(at("a/b")).expect("made");
        std::fs::write(at("a/b/x"), "new\n").expect("written");
        std::fs::write(at("a/mine"), "").expect("written");
        assert_eq!(change.undo(false).expect("undone"), Undone::Yes);
        assert!(at("a/mine").exists() && !at("a/b").exists());
    }
}
