//! The folder of one run: ours alone, and gone with the run.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::exit::{Exit, Failure, why};
use crate::folder::Folder;

/// The file that is locked for as long as the run lasts: whoever can lock it may remove the folder.
const LOCK: &str = "lock";

/// How many names are tried.
const MOST_NAMES: u32 = 100;

/// A folder with a held lock; removed when dropped, and by the next run where this process cannot do that.
pub(super) struct RunFolder {
    path: PathBuf,
    _lock: OwnedFd,
}

impl RunFolder {
    /// Makes a folder within that one, and removes what ended runs have left there.
    pub(super) fn make(all: &Path) -> Result<Self, Failure> {
        let all = Folder::private(all)?;
        sweep(all.path());
        let failed = |path: &Path, why: &str| {
            Failure::new(Exit::CannotCreate, format!("cannot create {}: {why}", path.display()))
                .with_remedy(format!("make {} yours to write", all.path().display()))
        };
        for number in 0..MOST_NAMES {
            let path = all.path().join(format!("{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(&path, &why(error.kind()))),
            }
            // Until the lock is held, another run may take the folder for one that was left.
            match locked(&path) {
                Ok(Some(lock)) => return Ok(Self { path, _lock: lock }),
                Ok(None) => {}
                Err(error) => {
                    let _ = std::fs::remove_dir_all(&path);
                    return Err(failed(&path, &why(error.kind())));
                }
            }
        }
        Err(failed(all.path(), "too many runs"))
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file in one step for those who read it. Nobody waits for the disk: it ends with the run.
    pub(super) fn replace(&self, name: &str, text: &[u8]) -> Result<(), Failure> {
        let new = self.file(&format!("{name}.new"));
        let write = || {
            // What a writing that failed has left.
            match std::fs::remove_file(&new) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?.write_all(text)?;
            std::fs::rename(&new, self.file(name))
        };
        write().map_err(|error| {
            let why = format!("cannot write {}: {}", self.file(name).display(), why(error.kind()));
            Failure::new(Exit::CannotWrite, why).with_remedy("make room on its disk, and its folder yours to write")
        })
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of runs that have ended.
fn sweep(all: &Path) {
    let entries = std::fs::read_dir(all).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if let Ok(Some(_lock)) = locked(&path) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// The lock of a folder of ours; none where it is held, or where the folder is gone by now.
fn locked(path: &Path) -> std::io::Result<Option<OwnedFd>> {
    let Ok(Some(folder)) = Folder::existing(path) else { return Ok(None) };
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let lock = match rustix::fs::openat(&folder, LOCK, flags, Mode::RUSR | Mode::WUSR) {
        Ok(lock) => lock,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        // Removed between opening and locking: then the lock is of nothing.
        Ok(()) => Ok((rustix::fs::fstat(&lock)?.st_nlink > 0).then_some(lock)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_the_folders_of_others_that_run_and_removes_the_rest() {
        let home = tempfile::tempdir().expect("a folder");
        let all = home.path().join("exec");
        let running = RunFolder::make(&all).expect("a folder");
        let left = all.join("4711-0");
        DirBuilder::new().mode(0o700).create(&left).expect("made");
        std::fs::write(left.join("netrc"), "a token").expect("written");
        let other = RunFolder::make(&all).expect("a folder");
        assert!(!left.exists());
        assert!(running.path.exists() && other.path.exists() && running.path != other.path);
        let path = running.path.clone();
        drop(running);
        assert!(!path.exists());
        drop(other);
        assert_eq!(std::fs::read_dir(&all).expect("a folder").count(), 0);
    }
}
