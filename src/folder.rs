//! Folders and files that only we may touch: made with mode 0700, and checked through the descriptor that is used
//! afterwards, so that nobody can exchange them between the check and the use.

// Only the agent writes what we keep.
#[cfg(feature = "agent")]
mod disk;
#[cfg(all(test, feature = "agent"))]
pub(crate) mod faulty;

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::exit::{Exit, Failure};

#[cfg(feature = "agent")]
pub(crate) use disk::{Disk, replace};

/// Bits of a mode that let anyone else in.
const OTHERS: u32 = 0o077;
/// Bits of a mode that let anyone else put something in, or take it out.
const OTHERS_WRITE: u32 = 0o022;

/// A folder or file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Somebody else could have put it there, or could read it.
    #[error("{path} is not safe: {fault}")]
    Unsafe {
        /// What was looked at.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The folder is not there and cannot be made.
    #[error("cannot create the folder {path}: {source}")]
    Create {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder or file is there but cannot be opened or looked at.
    #[error("cannot open {path}: {source}")]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        let exit = match &error {
            FolderError::Unsafe { .. } => Exit::Unsafe,
            FolderError::Create { .. } => Exit::CannotCreate,
            FolderError::Open { .. } => Exit::Unavailable,
        };
        Self { exit, message: error.to_string(), remedy: Some(error.remedy()) }
    }
}

impl From<FolderError> for io::Error {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Unsafe { .. } => Self::new(io::ErrorKind::PermissionDenied, error.to_string()),
            FolderError::Create { source, .. } | FolderError::Open { source, .. } => source,
        }
    }
}

/// What makes a folder or file unsafe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It belongs to another user.
    #[error("it belongs to another user")]
    Owner,
    /// Its mode lets the group or others in.
    #[error("other users may open it (mode {0:o})")]
    Mode(u32),
    /// Its mode lets the group or others change what is in it.
    #[error("other users may change it (mode {0:o})")]
    Writable(u32),
    /// A symbolic link, or not the kind of thing that belongs there.
    #[error("it is a symbolic link or not a {0}")]
    Kind(&'static str),
    /// The path is relative, so what it means depends on where a program was started.
    #[error("the path is not absolute")]
    Relative,
}

impl FolderError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unsafe { path, fault: Fault::Mode(_) } => {
                format!("see who else used it, then type: chmod go= {}", path.display())
            }
            Self::Unsafe { path, fault: Fault::Writable(_) } => {
                format!("see who else used it, then type: chmod go-w {}", path.display())
            }
            Self::Unsafe { fault: Fault::Relative, .. } => "name it from the root on".to_owned(),
            Self::Unsafe { path, .. } => format!("move {} away and try again", path.display()),
            Self::Create { path, .. } | Self::Open { path, .. } => {
                format!("make {} yours to read and write", path.display())
            }
        }
    }
}

/// An open folder that is ours and closed to everybody else.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    descriptor: OwnedFd,
}

impl Folder {
    /// Opens the folder, and makes it first, with mode 0700, where it is not there; so are missing folders above it.
    ///
    /// # Errors
    /// [`FolderError::Unsafe`] for a symbolic link, another owner, a mode that lets others in or a relative path;
    /// nothing is repaired, because whoever could enter until now may have left something behind.
    pub fn private(path: &Path) -> Result<Self, FolderError> {
        Self::made(path, ours_alone)
    }

    /// The same for a folder that others may enter and look into, and only we may change: what is in it is ours.
    ///
    /// # Errors
    /// As [`Folder::private`]; a mode that lets others change it instead of one that lets them in.
    pub fn kept(path: &Path) -> Result<Self, FolderError> {
        Self::made(path, ours_to_change)
    }

    /// Opens the folder where it is there.
    ///
    /// # Errors
    /// As [`Folder::private`].
    pub fn existing(path: &Path) -> Result<Option<Self>, FolderError> {
        Self::opened(path, ours_alone)
    }

    fn made(path: &Path, fits: Fits) -> Result<Self, FolderError> {
        if let Some(folder) = Self::opened(path, fits)? {
            return Ok(folder);
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| FolderError::Create { path: path.to_owned(), source })?;
        Self::opened(path, fits)?
            .ok_or_else(|| FolderError::Create { path: path.to_owned(), source: io::ErrorKind::NotFound.into() })
    }

    fn opened(path: &Path, fits: Fits) -> Result<Option<Self>, FolderError> {
        if !path.is_absolute() {
            return Err(unsafe_at(path, Fault::Relative));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => return Err(unsafe_at(path, Fault::Kind("folder"))),
            Err(error) => return Err(cannot_open(path, error)),
        };
        let stat = rustix::fs::fstat(&descriptor).map_err(|error| cannot_open(path, error))?;
        fits(&stat).map_err(|fault| unsafe_at(path, fault))?;
        Ok(Some(Self { path: path.to_owned(), descriptor }))
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file of the folder to write behind its end, and makes it first, with mode 0600, where it is not there.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidInput`] for what is not a regular file.
    pub fn append(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(self, name, flags | OFlags::NONBLOCK, Mode::RUSR | Mode::WUSR)?;
        let file = File::from(descriptor);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Opens a file of the folder for reading where it is there: a regular file, ours, closed to others.
    ///
    /// # Errors
    /// [`FolderError::Unsafe`] for anything else under that name.
    pub fn file(&self, name: &str) -> Result<Option<File>, FolderError> {
        let path = self.path.join(name);
        // Without NONBLOCK a FIFO planted under the name would keep us waiting for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let descriptor = match rustix::fs::openat(self, name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NXIO) => return Err(unsafe_at(&path, Fault::Kind("file"))),
            Err(error) => return Err(cannot_open(&path, error)),
        };
        let stat = rustix::fs::fstat(&descriptor).map_err(|error| cannot_open(&path, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(unsafe_at(&path, Fault::Kind("file")));
        }
        ours_alone(&stat).map_err(|fault| unsafe_at(&path, fault))?;
        Ok(Some(File::from(descriptor)))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// What a folder or file has to be like.
type Fits = fn(&Stat) -> Result<(), Fault>;

fn ours_alone(stat: &Stat) -> Result<(), Fault> {
    ours(stat)?;
    if stat.st_mode & OTHERS != 0 { Err(Fault::Mode(stat.st_mode & 0o7777)) } else { Ok(()) }
}

fn ours_to_change(stat: &Stat) -> Result<(), Fault> {
    ours(stat)?;
    if stat.st_mode & OTHERS_WRITE != 0 { Err(Fault::Writable(stat.st_mode & 0o7777)) } else { Ok(()) }
}

fn ours(stat: &Stat) -> Result<(), Fault> {
    if stat.st_uid == rustix::process::geteuid().as_raw() { Ok(()) } else { Err(Fault::Owner) }
}

fn unsafe_at(path: &Path, fault: Fault) -> FolderError {
    FolderError::Unsafe { path: path.to_owned(), fault }
}

fn cannot_open(path: &Path, error: Errno) -> FolderError {
    FolderError::Open { path: path.to_owned(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn fault<T>(outcome: Result<T, FolderError>) -> Fault {
        match outcome {
            Err(FolderError::Unsafe { fault, .. }) => fault,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("taken as safe"),
        }
    }

    #[test]
    fn a_missing_folder_is_made_for_us_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("a/b");
        assert!(Folder::existing(&path).expect("nothing there").is_none());
        Folder::private(&path).expect("made");
        for made in [path.as_path(), &home.path().join("a")] {
            assert_eq!(fs::metadata(made).expect("there").permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_folder_that_others_may_open_is_refused_and_left_as_it_is() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("open");
        fs::create_dir(&path).expect("made");
        for mode in [0o755, 0o710, 0o701, 0o770] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
            assert_eq!(fault(Folder::private(&path)), Fault::Mode(mode));
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn a_folder_that_others_may_enter_is_kept_by_us_as_long_as_they_cannot_change_it() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("open");
        fs::create_dir(&path).expect("made");
        for mode in [0o700, 0o755, 0o711] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
            assert!(Folder::kept(&path).is_ok(), "{mode:o}");
        }
        for mode in [0o770, 0o757, 0o720, 0o1777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
            assert_eq!(fault(Folder::kept(&path)), Fault::Writable(mode));
        }
        symlink(&path, home.path().join("link")).expect("linked");
        assert_eq!(fault(Folder::kept(&home.path().join("link"))), Fault::Kind("folder"));
    }

    #[test]
    fn a_symbolic_link_a_file_and_a_relative_path_are_no_folder() {
        let home = tempfile::tempdir().expect("a folder");
        Folder::private(&home.path().join("real")).expect("made");
        symlink(home.path().join("real"), home.path().join("link")).expect("linked");
        fs::write(home.path().join("file"), "").expect("written");
        assert_eq!(fault(Folder::private(&home.path().join("link"))), Fault::Kind("folder"));
        assert_eq!(fault(Folder::private(&home.path().join("file"))), Fault::Kind("folder"));
        assert_eq!(fault(Folder::private(Path::new("here"))), Fault::Relative);
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        if !rustix::process::geteuid().is_root() {
            assert_eq!(fault(Folder::existing(Path::new("/"))), Fault::Owner);
            return;
        }
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("theirs");
        Folder::private(&path).expect("made");
        std::os::unix::fs::chown(&path, Some(65534), None).expect("given away");
        assert_eq!(fault(Folder::private(&path)), Fault::Owner);
        assert_eq!(fault(Folder::kept(&path)), Fault::Owner);
    }

    #[test]
    fn only_a_plain_file_of_ours_is_opened_and_a_fifo_keeps_nobody_waiting() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::private(&home.path().join("ours")).expect("made");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("good"), "x").expect("written");
        fs::set_permissions(at("good"), fs::Permissions::from_mode(0o600)).expect("set");
        assert!(folder.file("good").expect("safe").is_some());
        assert!(folder.file("absent").expect("safe").is_none());
        symlink(at("good"), at("link")).expect("linked");
        assert_eq!(fault(folder.file("link")), Fault::Kind("file"));
        rustix::fs::mkfifoat(CWD, at("fifo"), Mode::RUSR | Mode::WUSR).expect("made");
        assert_eq!(fault(folder.file("fifo")), Fault::Kind("file"));
        fs::set_permissions(at("good"), fs::Permissions::from_mode(0o640)).expect("set");
        assert_eq!(fault(folder.file("good")), Fault::Mode(0o640));
    }
}
