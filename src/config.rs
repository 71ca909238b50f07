//! `config.toml`, which a person writes: it narrows what the agent hands out, and nothing in it can widen that.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::escape::printable;
use crate::policy::Limits;

/// The file's name in the folder of the configuration.
const NAME: &str = "config.toml";

/// A file that cannot be used. What it was to narrow is not known then, so nothing should be handed out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is there and cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: ErrorKind,
    },
    /// It does not say what it should.
    #[error("{path}, line {line}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads the limits in `config.toml`; where there is none, there are none.
///
/// # Errors
/// Where it is there and cannot be read or understood, or has more than a megabyte.
pub fn limits(folder: &Path) -> Result<Limits, ConfigError> {
    let path = path(folder);
    // The usual case, in one question to the system. A link to nowhere was to lead to limits.
    let is_absent = || path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if is_absent() {
        return Ok(Limits::default());
    }
    let text = match disk::text(&path) {
        Ok(text) => text,
        // Removed just now.
        Err(error) if error.kind() == ErrorKind::NotFound && is_absent() => return Ok(Limits::default()),
        Err(error) => return Err(ConfigError::Unreadable { path, why: error.kind() }),
    };
    toml::from_str(&text).map_err(|error| {
        let (line, why) = place(&text, &error);
        ConfigError::Malformed { path, line, why }
    })
}

/// Where it lies.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// In which line, from 1, a text in TOML is not what it should be, and why, fit for a terminal.
pub fn place(text: &str, error: &toml::de::Error) -> (usize, String) {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let why = printable(error.message().lines().next().unwrap_or_default());
    (before.matches('\n').count() + 1, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Limits, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(NAME), text).expect("written");
        limits(folder.path()).map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn no_file_is_no_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(limits(&folder.path().join("absent")).expect("limits"), Limits::default());
        assert_eq!(said("# nothing"), Ok(Limits::default()));
        assert_ne!(said("[[limit]]\nread = '1 min'"), Ok(Limits::default()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_escaped() {
        let wrong = said("\n[[limit]]\nread = '1 day'\n").expect_err("no ceiling");
        assert_eq!(
            wrong,
            "/config.toml, line 2: a ceiling is a time from 1 second to 12 hours, for example 15 min, or never"
        );
        let wrong = said("[[limit]]\n\"\\u001b[31m\" = '1s'\n").expect_err("no kind");
        assert!(wrong.starts_with("/config.toml, line 1: unknown variant `\\x1b[31m`, expected"), "{wrong}");
        assert!(said("[[limit]").expect_err("no TOML").starts_with("/config.toml, line 1: "));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_missing_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(NAME)).expect("a folder in its place");
        assert!(matches!(limits(folder.path()), Err(ConfigError::Unreadable { .. })));
        std::fs::remove_dir(folder.path().join(NAME)).expect("removed");
        std::os::unix::fs::symlink("nowhere", folder.path().join(NAME)).expect("a link");
        assert!(matches!(limits(folder.path()), Err(ConfigError::Unreadable { .. })));
    }
}
