//! The files of this machine, as far as a caller's configuration and uploads are looked at.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use glob::Pattern;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::caller::Files;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// How many folders and entries are looked at for one pattern, how many parts it has, and how deep `**` goes.
const MOST_ENTRIES: usize = 20_000;
const MOST_PARTS: usize = 64;
const DEEPEST: usize = 8;

/// The real files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Option<String> {
        text(path).ok()
    }

    fn list(&self, pattern: &Path) -> Vec<PathBuf> {
        let mut walk = Walk { found: Vec::new(), left: MOST_ENTRIES };
        let parts: Option<Vec<Part>> = pattern.components().take(MOST_PARTS + 1).filter_map(Part::of).collect();
        if let Some(mut parts) = parts.filter(|parts| parts.len() <= MOST_PARTS) {
            parts.dedup_by(|later, former| matches!((later, former), (Part::Deep, Part::Deep)));
            walk.enter(PathBuf::new(), &parts, DEEPEST);
        }
        walk.found.sort();
        walk.found.dedup();
        walk.found
    }

    fn size(&self, path: &Path) -> Option<u64> {
        let metadata = std::fs::metadata(path).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}

/// The text of a file that a person wrote; what is no UTF-8 in it is replaced.
///
/// # Errors
/// Those of the system; [`ErrorKind::InvalidInput`] for what is no plain file, [`ErrorKind::FileTooLarge`] for more than
/// a megabyte.
pub fn text(path: &Path) -> std::io::Result<String> {
    // Opening a pipe must not wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The bytes of a file with secrets in it; nothing where there is none.
///
/// # Errors
/// As [`text`].
pub fn secret(path: &Path) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Opening a pipe must not wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    // In one piece, as a buffer that grows leaves unwiped copies behind.
    let room = usize::try_from(found.len().min(LARGEST)).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

/// One part of a pattern.
enum Part {
    Literal(PathBuf),
    Wild(Pattern),
    /// `**`: this folder and those below.
    Deep,
}

impl Part {
    /// The inner `None` is for what is no pattern at all.
    fn of(component: Component<'_>) -> Option<Option<Self>> {
        let Component::Normal(name) = component else {
            return (component != Component::CurDir).then(|| Some(Self::Literal(component.as_os_str().into())));
        };
        let Some(text) = name.to_str() else { return Some(Some(Self::Literal(name.into()))) };
        Some(match text {
            "**" => Some(Self::Deep),
            _ if text.contains(['*', '?', '[']) => Pattern::new(text).ok().map(Self::Wild),
            _ => Some(Self::Literal(name.into())),
        })
    }
}

/// A walk over folders with a bound on all that it looks at.
struct Walk {
    found: Vec<PathBuf>,
    left: usize,
}

impl Walk {
    fn enter(&mut self, folder: PathBuf, parts: &[Part], deeper: usize) {
        let Some((part, rest)) = parts.split_first() else {
            if Disk.size(&folder).is_some() {
                self.found.push(folder);
            }
            return;
        };
        match part {
            Part::Literal(name) => self.enter(folder.join(name), rest, deeper),
            Part::Wild(pattern) => {
                for name in self.names(&folder).into_iter().filter(|name| pattern.matches(name)) {
                    self.enter(folder.join(name), rest, deeper);
                }
            }
            Part::Deep => {
                self.enter(folder.clone(), rest, deeper);
                let below = if deeper > 0 { self.names(&folder) } else { Vec::new() };
                for path in below.into_iter().map(|name| folder.join(name)).filter(|path| path.is_dir()) {
                    self.enter(path, parts, deeper - 1);
                }
            }
        }
    }

    fn names(&mut self, folder: &Path) -> Vec<String> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Some(left) = self.left.checked_sub(1) else { return Vec::new() };
        self.left = left;
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let entries: Vec<_> = entries.take(left).collect();
        self.left -= entries.len();
        entries.into_iter().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, file).expect("written");
        }
        folder
    }

    #[test]
    fn a_pattern_finds_files_and_no_folders() {
        let folder = folder_with(&["dist/a.whl", "dist/b.tar.gz", "dist/sub/c.whl", "x/y/z/d.whl"]);
        let found = |pattern: &str| -> Vec<String> {
            let paths = Disk.list(&folder.path().join(pattern));
            paths.iter().map(|path| path.strip_prefix(folder.path()).expect("below").display().to_string()).collect()
        };
        assert_eq!(found("dist/*"), ["dist/a.whl", "dist/b.tar.gz"]);
        assert_eq!(found("./dist/[ab].whl"), ["dist/a.whl"]);
        assert_eq!(found("d?st/../dist/*.gz"), ["dist/../dist/b.tar.gz"]);
        assert_eq!(found("**/*.whl"), ["dist/a.whl", "dist/sub/c.whl", "x/y/z/d.whl"]);
        assert!(found("dist/[").is_empty());
        assert!(found("none/*").is_empty());
    }

    #[test]
    fn only_a_regular_file_of_sensible_size_is_read() {
        let folder = folder_with(&["small"]);
        assert_eq!(Disk.read(&folder.path().join("small")).as_deref(), Some("small"));
        assert_eq!(Disk.size(&folder.path().join("small")), Some(5));
        let large = folder.path().join("large");
        std::fs::write(&large, vec![b'x'; 1024 * 1024 + 1]).expect("written");
        assert_eq!(Disk.read(&large), None);
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        assert_eq!(Disk.read(&pipe), None);
        assert_eq!(Disk.size(&pipe), None);
        assert_eq!(Disk.read(folder.path()), None);
        assert_eq!(Disk.read(Path::new("/dev/zero")), None);
    }

    #[test]
    fn a_walk_ends_whatever_the_pattern() {
        let started = std::time::Instant::now();
        let _ = Disk.list(Path::new("/**/*/**/*/**/nothing-has-this-name"));
        assert!(Disk.list(Path::new(&"**/a/".repeat(30_000))).is_empty());
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
    }
}
