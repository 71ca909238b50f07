//! Where a token goes: to standard output, or into a file that nobody else can read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::Terminal;
use super::args::Output;
use super::prompt::Prompt;
use crate::exit::{Exit, Failure, why};
use crate::secret::Secret;

/// What to do where a file cannot be made.
const ELSEWHERE: &str = "name a file in a folder that is there and that you may write to";

/// Where a token goes, with the leave to replace what is there.
pub(super) struct Destination {
    path: Option<PathBuf>,
    replace: bool,
}

/// Makes sure that what is there may be replaced, before anything is asked or made.
pub(super) fn check(output: Output, prompt: &Prompt) -> Result<Destination, Failure> {
    let Output { output: path, force } = output;
    let there = path.as_ref().and_then(|path| Some((path, std::fs::symlink_metadata(path).ok()?)));
    let Some((path, metadata)) = there else { return Ok(Destination { path, replace: force }) };
    let shown = path.display();
    if metadata.is_dir() {
        return Err(Failure::new(Exit::CannotCreate, format!("{shown} is a folder")).with_remedy("name a file in it"));
    }
    if force {
        return Ok(Destination { path: Some(path.clone()), replace: true });
    }
    if !prompt.has_person() {
        return Err(exists(path));
    }
    if !prompt.confirm(&format!("there is already a file at {shown}; replace it?"))? {
        return Err(Failure::new(Exit::CannotCreate, format!("{shown} is left as it is"))
            .with_remedy("name another file with --output"));
    }
    Ok(Destination { path: Some(path.clone()), replace: true })
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::CannotCreate, format!("there is already a file at {}", path.display()))
        .with_remedy("name another one, or replace it with --force")
}

impl Destination {
    /// Makes sure that a token can be written, before one is made on a server that nobody gets.
    pub(super) fn open(self) -> Result<Opened, Failure> {
        let Self { path, replace } = self;
        Ok(Opened(path.map(|path| NewFile::create(&path, replace)).transpose()?))
    }
}

/// A place that a token can be written to.
pub(super) struct Opened(Option<NewFile>);

impl Opened {
    /// Writes the token.
    pub(super) fn write(self, token: &Secret, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
        match self.0 {
            None => terminal.say(token.expose()),
            Some(file) => file.fill(|file| writeln!(file, "{}", token.expose())),
        }
    }
}

/// Makes a file, or replaces one: it is there as a whole or not at all, and with mode 0600 from its first byte on. A link
/// is replaced, never followed.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Failure> {
    NewFile::create(path, true)?.fill(fill)
}

/// Replaces a file that people edit: its mode and its owner stay, a new one is for its user alone. It is no link.
pub(super) fn rewrite(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let before = std::fs::metadata(path).ok();
    replace(path, |file| {
        if let Some(before) = before {
            let own = file.metadata()?;
            if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
                std::os::unix::fs::fchown(&*file, Some(before.uid()), Some(before.gid()))?;
            }
            file.set_permissions(before.permissions())?;
        }
        file.write_all(text)
    })
}

/// A file under another name until it is whole; removed where that never happens.
struct NewFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    replace: bool,
}

impl NewFile {
    fn create(path: &Path, replace: bool) -> Result<Self, Failure> {
        let beside = beside(path);
        let options = |options: &mut OpenOptions| options.write(true).create_new(true).mode(0o600).open(&beside);
        let file = options(&mut OpenOptions::new()).map_err(|error| {
            Failure::new(Exit::CannotCreate, format!("cannot create {}: {}", path.display(), why(error.kind())))
                .with_remedy(ELSEWHERE)
        })?;
        Ok(Self { path: path.to_owned(), beside, file, replace })
    }

    fn fill(mut self, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Failure> {
        let written = fill(&mut self.file).and_then(|()| self.file.sync_all()).and_then(|()| self.name());
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(&self.path),
            kind => Failure::new(Exit::CannotWrite, format!("cannot write {}: {}", self.path.display(), why(kind)))
                .with_remedy(ELSEWHERE),
        })
    }

    fn name(&self) -> std::io::Result<()> {
        if self.replace {
            return std::fs::rename(&self.beside, &self.path);
        }
        match renameat_with(CWD, &self.beside, CWD, &self.path, RenameFlags::NOREPLACE) {
            // A file system that cannot look and rename in one step: nothing was there a moment ago.
            Err(Errno::INVAL | Errno::NOSYS) => std::fs::rename(&self.beside, &self.path),
            renamed => Ok(renamed?),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Once it has its name there is nothing left to remove.
        let _ = std::fs::remove_file(&self.beside);
    }
}

/// A name in the same folder, so that renaming it is one step, and of this process, so that no file of anybody's is in
/// the way.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_comes_in_between_is_not_replaced_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let new = NewFile::create(&path, false).expect("a place");
        std::fs::write(&path, "another's").expect("written");
        let refused = new.fill(|file| file.write_all(b"ours")).expect_err("a refusal");
        assert_eq!(refused.exit, Exit::CannotCreate);
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "another's");
        assert_eq!(names(folder.path()), ["token"]);
    }

    #[test]
    fn a_file_that_cannot_be_filled_is_left_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "old").expect("written");
        let full = |_: &mut File| Err(std::io::Error::from(ErrorKind::StorageFull));
        assert_eq!(replace(&path, full).expect_err("a refusal").exit, Exit::CannotWrite);
        drop(NewFile::create(&path, true).expect("a place"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "old");
        assert_eq!(names(folder.path()), ["token"]);
    }

    #[test]
    fn a_neighbour_of_nearly_the_same_name_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(folder.path().join("token.new"), "another's").expect("written");
        replace(&path, |file| file.write_all(b"ours")).expect("written");
        assert_eq!(names(folder.path()), ["token", "token.new"]);
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}
