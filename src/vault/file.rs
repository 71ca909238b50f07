//! The vault file: what lies on the disk, and how one generation follows another.
//!
//! ```text
//! devpi-tokens vault 1\n                                      magic and version
//! {"keeper":"keyring","generation":7,"id":"0123456789abcdef"}\n
//! age-encryption.org/v1 …                                     sealed: SHA-256 of the two lines, then the contents
//! 32 bytes                                                    SHA-256 of everything before
//! ```
//!
//! The checksum tells damage from a wrong key, and every later version keeps it at the end. It protects against
//! nobody: that the lines are those of the body's writer shows when the body is open. An older generation put in
//! place of a newer one is as good as that one here: whoever keeps count of generations notices it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::command::CommandLine;
use super::key::{Key, KeyError, KeyId};
use super::passphrase::Wrapped;
use crate::folder::{Disk, Folder};

mod error;
#[cfg(test)]
mod tests;

pub use error::{Step, VaultError};

/// How every version begins; the version's number ends the line.
const MAGIC: &str = "devpi-tokens vault ";

/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// The longest first line and the longest header, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// The largest file that is read or written, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// The length of a SHA-256, in bytes.
const HASH: usize = 32;

/// Who keeps the key of a vault. A vault that nobody keeps a key of is in memory only and has no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keeper", rename_all = "lowercase")]
pub enum Keeper {
    /// The desktop keyring, in the item named by [`Header::id`].
    Keyring,
    /// Whoever knows a passphrase: the key, wrapped with it, is here.
    Passphrase {
        /// The wrapped key.
        wrapped: Wrapped,
    },
    /// A command of the person's, which prints the key.
    Command {
        /// The command. Whoever changes it here has a vault that does not open.
        command: CommandLine,
    },
}

/// What can be read of a vault without its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Who keeps the key.
    #[serde(flatten)]
    pub keeper: Keeper,
    /// Counts the writes, from 1.
    pub generation: u64,
    /// The name of the key.
    pub id: KeyId,
}

impl Header {
    /// The header of a vault's first generation.
    pub fn first(keeper: Keeper, key: &Key) -> Self {
        Self { keeper, generation: 1, id: key.id() }
    }

    /// The header of the generation after this one, with the same keeper and key.
    pub fn next(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    /// The header of the generation after this one, with another keeper or key.
    pub fn next_with(&self, keeper: Keeper, key: &Key) -> Self {
        Self { keeper, generation: self.generation.saturating_add(1), id: key.id() }
    }
}

/// A vault as it lies on the disk: whole, of a version that is known, its contents still sealed.
#[derive(Debug)]
pub struct Sealed {
    path: PathBuf,
    header: Header,
    /// SHA-256 of the magic and the header, as they are written.
    lines: [u8; HASH],
    body: Vec<u8>,
}

impl Sealed {
    /// Reads the vault at that path, or nothing where there is none.
    ///
    /// # Errors
    /// [`VaultError::Folder`] where its folder or itself is not ours alone, [`VaultError::Corrupt`],
    /// [`VaultError::NewerVersion`]. The file is never touched.
    pub fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let place = Place::new(path)?;
        match Folder::existing(place.folder)? {
            Some(folder) => place.read(&folder),
            None => Ok(None),
        }
    }

    /// What can be read without the key. Believe it only once the vault is open.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Opens the contents.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`]; [`VaultError::Tampered`] where the file is whole, yet was not written so by a holder
    /// of its key.
    pub fn open(&self, key: &Key) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if key.id() != self.header.id {
            return Err(VaultError::WrongKey { path: self.path.clone() });
        }
        let opened = key.open(&self.body).map_err(|error| match error {
            KeyError::Other => VaultError::WrongKey { path: self.path.clone() },
            _ => VaultError::Tampered { path: self.path.clone() },
        })?;
        match opened.split_first_chunk::<HASH>() {
            Some((lines, contents)) if *lines == self.lines => Ok(Zeroizing::new(contents.to_vec())),
            _ => Err(VaultError::Tampered { path: self.path.clone() }),
        }
    }

    /// Takes the bytes of a file apart; the path is for messages. The checksum comes first: a flipped bit must not look
    /// like a newer version.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], [`VaultError::NewerVersion`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, VaultError> {
        let corrupt = |what| VaultError::Corrupt { path: path.to_owned(), what, previous: None };
        if bytes.len() > LARGEST {
            return Err(corrupt("it is larger than 64 MiB"));
        }
        let (content, checksum) = bytes.split_last_chunk::<HASH>().ok_or_else(|| corrupt("it is cut off"))?;
        if Sha256::digest(content).as_slice() != checksum {
            return Err(corrupt("its checksum is wrong"));
        }
        let (magic, rest) = line(content).ok_or_else(|| corrupt("it has no first line"))?;
        let version = magic.strip_prefix(MAGIC).and_then(|version| version.parse::<u64>().ok());
        match version.ok_or_else(|| corrupt("it does not begin as a vault does"))? {
            VERSION => {}
            newer if newer > VERSION => return Err(VaultError::NewerVersion { path: path.to_owned(), version: newer }),
            _ => return Err(corrupt("it has a version that never was")),
        }
        let (header, body) = line(rest).ok_or_else(|| corrupt("it has no header"))?;
        let header = serde_json::from_str(header).map_err(|_| corrupt("its header cannot be read"))?;
        let lines = Sha256::digest(&content[..content.len() - body.len()]).into();
        Ok(Self { path: path.to_owned(), header, lines, body: body.to_vec() })
    }
}

/// The bytes of one line as text, without its end, and what follows.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

/// Writes the next generation of the vault at that path, and makes its folder where there is none.
///
/// The generation before stays beside it as `….previous`. What is written is newer than what lies there, mostly by one:
/// who has it open writes over an older one that was put in its place meanwhile.
///
/// # Errors
/// [`VaultError::Changed`] where a generation lies there that is not older: read it, and make the change once more.
/// [`VaultError::Busy`] where another writer is at it. After [`VaultError::Write`] the vault is as it was; after
/// [`VaultError::Unsynced`], where not even that could be had, the new one is in its place, but may not survive a power
/// cut.
pub fn write(path: &Path, header: &Header, key: &Key, contents: &[u8]) -> Result<(), VaultError> {
    let place = Place::new(path)?;
    let folder = Folder::private(place.folder)?;
    let bytes = place.seal(header, key, contents)?;
    place.replace(&folder, header.generation, &bytes)
}

/// Where a vault is: the names of its files, in the one folder that they share.
struct Place<'a> {
    path: &'a Path,
    folder: &'a Path,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn new(path: &'a Path) -> Result<Self, VaultError> {
        match (path.parent(), path.file_name().and_then(|name| name.to_str())) {
            (Some(folder), Some(name)) => Ok(Self { path, folder, name }),
            _ => Err(VaultError::Path { path: path.to_owned() }),
        }
    }

    fn previous(&self) -> String {
        format!("{}.previous", self.name)
    }

    fn new_one(&self) -> String {
        format!("{}.new", self.name)
    }

    fn read(&self, disk: &impl Disk) -> Result<Option<Sealed>, VaultError> {
        // One byte more than is taken, to see that there is more.
        let limit = LARGEST as u64 + 1;
        let Some(bytes) = disk.read(self.name, limit)? else { return Ok(None) };
        Sealed::parse(self.path, &bytes).map(Some).map_err(|error| match error {
            VaultError::Corrupt { path, what, .. } => {
                let previous = self.folder.join(self.previous());
                let bytes = disk.read(&self.previous(), limit).ok().flatten();
                let whole = bytes.is_some_and(|bytes| Sealed::parse(&previous, &bytes).is_ok());
                VaultError::Corrupt { path, what, previous: whole.then_some(previous) }
            }
            other => other,
        })
    }

    fn seal(&self, header: &Header, key: &Key, contents: &[u8]) -> Result<Vec<u8>, VaultError> {
        if key.id() != header.id {
            return Err(VaultError::WrongKey { path: self.path.to_owned() });
        }
        let failed = |source| self.failed(Step::Seal, source);
        let mut bytes = format!("{MAGIC}{VERSION}\n").into_bytes();
        serde_json::to_writer(&mut bytes, header).map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        let mut plain = Zeroizing::new(Vec::with_capacity(HASH + contents.len()));
        plain.extend_from_slice(&Sha256::digest(&bytes));
        plain.extend_from_slice(contents);
        bytes.append(&mut key.seal(&plain).map_err(failed)?);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        if bytes.len() > LARGEST {
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "more than 64 MiB")));
        }
        Ok(bytes)
    }

    /// Puts the bytes in the place of the vault, where that is of an earlier generation.
    fn replace(&self, disk: &impl Disk, generation: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let _lock = disk.lock().map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => VaultError::Busy { path: self.path.to_owned() },
            _ => self.failed(Step::Lock, source),
        })?;
        let found = self.read(disk)?.map_or(0, |sealed| sealed.header.generation);
        if found >= generation {
            return Err(VaultError::Changed { path: self.path.to_owned(), found });
        }
        let new = self.new_one();
        let placed = self.place(disk, found > 0, bytes);
        if placed.is_err() {
            // What it answers changes nothing: the next writer removes the file too.
            let _ = disk.remove(&new);
            return placed;
        }
        disk.sync_folder().map_err(|source| self.undone(disk, found > 0, source))
    }

    /// Puts the generation before back: what the disk did not confirm must not come to life later, after whoever asked
    /// for it was told that it failed.
    fn undone(&self, disk: &impl Disk, keep: bool, source: io::Error) -> VaultError {
        let undone = if keep { disk.rename(&self.previous(), self.name) } else { disk.remove(self.name) };
        match undone {
            Ok(()) => self.failed(Step::SyncFolder, source),
            Err(_) => VaultError::Unsynced { path: self.path.to_owned(), source },
        }
    }

    /// Everything up to the rename that decides.
    fn place(&self, disk: &impl Disk, keep: bool, bytes: &[u8]) -> Result<(), VaultError> {
        let (new, previous) = (self.new_one(), self.previous());
        let at = |step| move |source| self.failed(step, source);
        // Left over by a writer that was killed: we hold the lock, so nobody is writing it.
        disk.remove(&new).map_err(at(Step::Create))?;
        let mut file: File = disk.create(&new).map_err(at(Step::Create))?;
        disk.write(&mut file, bytes).map_err(at(Step::Fill))?;
        disk.sync(&file).map_err(at(Step::Sync))?;
        if keep {
            disk.remove(&previous).map_err(at(Step::Keep))?;
            disk.link(self.name, &previous).map_err(at(Step::Keep))?;
        }
        disk.rename(&new, self.name).map_err(at(Step::Rename))
    }

    fn failed(&self, step: Step, source: io::Error) -> VaultError {
        VaultError::Write { path: self.path.to_owned(), step, source }
    }
}
