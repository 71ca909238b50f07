//! A configuration file of a person: read as a whole, and replaced only if it is still what was read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::output;
use crate::exit::{Exit, Failure, why};

/// A file as it was found.
pub(super) struct Found {
    /// Where its text lies: what a link leads to.
    pub(super) path: PathBuf,
    /// Nothing where there is no file.
    pub(super) text: Option<Zeroizing<String>>,
}

impl Found {
    /// Reads it; a link is followed, as people keep such files in another place.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        let path = match path.canonicalize() {
            Ok(target) => target,
            Err(_) if is_link => return Err(unusable(path, "is a link that leads nowhere")),
            Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(unusable(path, &format!("cannot be read: {}", why(error.kind())))),
        };
        let text = read(&path)?;
        Ok(Self { path, text })
    }

    /// The text; empty where there is no file.
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().map_or("", String::as_str)
    }

    /// Replaces the text.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        if read(&self.path)?.as_deref() != self.text.as_deref() {
            return Err(Failure::new(Exit::TryAgain, format!("{} was changed meanwhile", self.path.display()))
                .with_remedy("it is left as it is; try again: devpi-tokens setup"));
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::new(Exit::CannotCreate, format!("cannot create {}: {}", folder.display(), why(error.kind())))
                    .with_remedy("see that you may write there, and try again: devpi-tokens setup")
            })?;
        }
        output::rewrite(&self.path, text.as_bytes())
    }
}

/// The folders that have to be made for a file, the outermost first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1);
    let mut missing: Vec<PathBuf> = above.take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Failure> {
    let found = crate::disk::secret(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => unusable(path, "is no plain file"),
        ErrorKind::FileTooLarge => unusable(path, "is larger than a megabyte"),
        kind => unusable(path, &format!("cannot be read: {kind}")),
    })?;
    let Some(bytes) = found else { return Ok(None) };
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(_) => Err(unusable(path, "is not written in UTF-8")),
    }
}

fn unusable(path: &Path, what: &str) -> Failure {
    Failure::new(Exit::Malformed, format!("{} {what}", path.display()))
        .with_remedy("it is left as it is; mend it, or move it away, and try again")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "old").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("a mode");
        symlink("real", &link).expect("a link");
        Found::read(&link).expect("read").write("new").expect("written");
        assert_eq!(std::fs::read_link(&link).expect("a link"), Path::new("real"));
        assert_eq!(std::fs::read_to_string(&real).expect("read"), "new");
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o7777, 0o640);
    }

    #[test]
    fn what_was_changed_meanwhile_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/file");
        let absent = Found::read(&path).expect("nothing there");
        assert_eq!(missing_folders(&absent.path), [folder.path().join("a"), folder.path().join("a/b")]);
        absent.write("one").expect("written");
        assert_eq!(absent.write("two").expect_err("it is there now").exit, Exit::TryAgain);
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "one");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_text_file_of_sensible_size_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("latin"), b"caf\xe9").expect("written");
        std::fs::write(at("large"), vec![b'x'; 1024 * 1024 + 1]).expect("written");
        symlink("nowhere", at("link")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), rustix::fs::Mode::RUSR).expect("made");
        std::fs::create_dir(at("folder")).expect("made");
        for name in ["latin", "large", "link", "fifo", "folder"] {
            assert_eq!(Found::read(&at(name)).err().expect(name).exit, Exit::Malformed, "{name}");
        }
    }
}
