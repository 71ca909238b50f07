//! A disk that fails where a test says so.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;

use rustix::io::Errno;

use super::{Disk, Folder, FolderError};

/// What a disk does at the n-th call and after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    /// That call fails with this error, half done where it can be; the ones after it work.
    Error(Errno),
    /// Nothing works any more, as if the process had been killed.
    Death,
}

/// A folder whose n-th call fails, counted from 0.
pub(crate) struct Faulty {
    folder: Folder,
    trouble: Trouble,
    left: Cell<usize>,
    over: Cell<bool>,
    calls: RefCell<Vec<&'static str>>,
}

impl Faulty {
    pub(crate) fn new(folder: Folder, trouble: Trouble, at: usize) -> Self {
        Self { folder, trouble, left: Cell::new(at), over: Cell::new(false), calls: RefCell::default() }
    }

    /// What was called until now.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.calls.borrow().clone()
    }

    fn call<T>(&self, name: &'static str, real: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.calls.borrow_mut().push(name);
        let dead = self.over.get() && self.trouble == Trouble::Death;
        if dead || (!self.over.get() && self.left.get() == 0) {
            self.over.set(true);
            return Err(match self.trouble {
                Trouble::Error(errno) => errno.into(),
                Trouble::Death => Errno::IO.into(),
            });
        }
        self.left.set(self.left.get().saturating_sub(1));
        real()
    }
}

impl Disk for Faulty {
    fn lock(&self) -> io::Result<File> {
        self.call("lock", || self.folder.lock())
    }
    fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, FolderError> {
        let read = self.call("read", || Ok(self.folder.read(name, limit)));
        read.unwrap_or_else(|source| Err(FolderError::Open { path: name.into(), source }))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.call("remove", || self.folder.remove(name))
    }
    fn create(&self, name: &str) -> io::Result<File> {
        self.call("create", || self.folder.create(name))
    }
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let half = self.call("write", || Ok(()));
        let bytes = if half.is_err() { &bytes[..bytes.len() / 2] } else { bytes };
        self.folder.write(file, bytes)?;
        half
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.call("sync", || self.folder.sync(file))
    }
    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.call("link", || self.folder.link(from, to))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call("rename", || self.folder.rename(from, to))
    }
    fn sync_folder(&self) -> io::Result<()> {
        self.call("sync_folder", || self.folder.sync_folder())
    }
}
