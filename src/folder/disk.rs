//! The few calls by which what we keep reaches the disk, as a seam: a test makes the n-th of them fail, for every n.

use std::fs::File;
use std::io::{self, Read, Write};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Folder, FolderError};

/// One folder of the file system. Names are single components of a path.
pub(crate) trait Disk {
    /// Keeps other writers out until the answer is dropped; an error of the kind `WouldBlock` where one is in.
    fn lock(&self) -> io::Result<File>;
    /// At most `limit` bytes of a file that is safe to read, or none where there is no such file.
    fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, FolderError>;
    /// Removes a file, and is content where there is none.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes a file that is not there, for us alone.
    fn create(&self, name: &str) -> io::Result<File>;
    /// Writes all of it.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
    /// Waits until the file is on the disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// A second name for a file.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;
    /// Another name for a file, in place of whatever had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Waits until the names are on the disk.
    fn sync_folder(&self) -> io::Result<()>;
}

impl Disk for Folder {
    fn lock(&self) -> io::Result<File> {
        // An open of its own: a lock belongs to an open file, and a second writer of this process has to meet it too.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let itself = rustix::fs::openat(self, ".", flags, Mode::empty())?;
        rustix::fs::flock(&itself, FlockOperation::NonBlockingLockExclusive)?;
        Ok(File::from(itself))
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, FolderError> {
        let Some(file) = self.file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        match file.take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            Err(source) => Err(FolderError::Open { path: self.path().join(name), source }),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(self, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(self, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(self, from, self, to, AtFlags::empty())?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(self, from, self, to)?)
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(self)?)
    }
}

/// Puts bytes in the place of a file that other processes read at any time: all of it, or what was there before.
///
/// # Errors
/// What the system says; [`io::ErrorKind::WouldBlock`] where another writer is at the folder.
pub(crate) fn replace(disk: &impl Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let _lock = disk.lock()?;
    let new = format!("{name}.new");
    let place = || {
        // Left over by a writer that was killed: we hold the lock, so nobody is writing it.
        disk.remove(&new)?;
        let mut file = disk.create(&new)?;
        disk.write(&mut file, bytes)?;
        disk.sync(&file)?;
        disk.rename(&new, name)
    };
    if let Err(error) = place() {
        // What it answers changes nothing: the next writer removes the file too.
        let _ = disk.remove(&new);
        return Err(error);
    }
    disk.sync_folder()
}

#[cfg(test)]
mod tests {
    use super::super::faulty::{Faulty, Trouble};
    use super::*;

    #[test]
    fn a_fault_at_any_call_leaves_the_old_or_the_new_file_whole() {
        for trouble in [Trouble::Error(Errno::NOSPC), Trouble::Error(Errno::ROFS), Trouble::Death] {
            let mut at = 0;
            loop {
                let home = tempfile::tempdir().expect("a folder");
                let folder = || {
                    let folder = Folder::private(&home.path().join("ours")).expect("ours");
                    // A child that another test has just started holds our lock until it has become its program.
                    while folder.lock().is_err() {
                        std::thread::yield_now();
                    }
                    folder
                };
                replace(&folder(), "hosts", b"old").expect("written");
                let disk = Faulty::new(folder(), trouble, at);
                let outcome = replace(&disk, "hosts", b"newer");
                let found = folder().read("hosts", 99).expect("readable").expect("there");
                // Behind the rename nothing but the disk's word is missing.
                let is_last = disk.calls().last() == Some(&"sync_folder");
                let expected: &[u8] = if is_last { b"newer" } else { b"old" };
                assert_eq!(found, expected, "{trouble:?} at {at} of {:?}", disk.calls());
                assert_eq!(outcome.is_ok(), at >= disk.calls().len());
                if trouble != Trouble::Death {
                    assert!(folder().read("hosts.new", 99).expect("readable").is_none(), "litter at {at}");
                }
                replace(&folder(), "hosts", b"newest").expect("the next writer is not hindered");
                if outcome.is_ok() {
                    assert_eq!(at, 7, "every call was tried: {:?}", disk.calls());
                    break;
                }
                at += 1;
            }
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_new_file_is_removed_and_never_followed() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::private(&home.path().join("ours")).expect("ours");
        let other = home.path().join("other");
        std::fs::write(&other, "precious").expect("written");
        std::os::unix::fs::symlink(&other, folder.path().join("hosts.new")).expect("linked");
        replace(&folder, "hosts", b"new").expect("written");
        assert_eq!(std::fs::read(&other).expect("there"), b"precious");
    }
}
