//! The few calls by which a vault reaches the disk, as a seam: a test makes the n-th of them fail, for every n.

use std::fs::File;
use std::io::{self, Read, Write};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::folder::{Folder, FolderError};

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
