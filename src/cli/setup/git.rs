//! git: our credential helper for each kept server, written by git itself into a copy of its global configuration.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ours::Ours;
use crate::exit::{Exit, Failure};

/// The name under which git runs the helper: `git-credential-` in front of it.
const HELPER: &str = "devpi-tokens";

/// The file that `git config --global` writes.
pub(super) fn file(home: &Path, config: &Path, named: Option<PathBuf>) -> PathBuf {
    let own = home.join(".gitconfig");
    let other = config.join("git/config");
    named.unwrap_or_else(|| if !own.exists() && other.exists() { other } else { own })
}

/// The file with our helper for each kept server; the same text where it has them.
pub(super) fn settled(text: &str, git: &Path, ours: &Ours) -> Result<String, Failure> {
    let cannot = |error: &std::io::Error| {
        Failure::new(Exit::Unavailable, format!("cannot have git edit its configuration: {}", error.kind()))
    };
    let folder = tempfile::tempdir().map_err(|error| cannot(&error))?;
    let copy = folder.path().join("config");
    std::fs::write(&copy, text).map_err(|error| cannot(&error))?;
    for kept in ours.all() {
        let key = format!("credential.{}.helper", kept.server);
        let there = run(git, &copy, &["--get-all", &key])?;
        if !there.lines().any(|helper| helper == HELPER) {
            run(git, &copy, &["--add", &key, HELPER])?;
        }
    }
    std::fs::read_to_string(&copy).map_err(|error| cannot(&error))
}

/// `git config` on that file: what it printed.
fn run(git: &Path, file: &Path, words: &[&str]) -> Result<String, Failure> {
    let done = Command::new(git).args(["config", "--file"]).arg(file).args(words).stdin(Stdio::null()).output();
    let failed = |why: String| {
        Failure::new(Exit::Unavailable, format!("git config: {why}"))
            .with_remedy("see what it says: git config --global --list")
    };
    let done = done.map_err(|error| failed(error.kind().to_string()))?;
    // 1: there is no such key.
    match done.status.code() {
        Some(0 | 1) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        _ => Err(failed(crate::escape::one_line(&String::from_utf8_lossy(&done.stderr)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_writes_its_own_file_once_and_keeps_what_is_in_it() {
        let text = "# mine\n[user]\n\tname = A # me\n[credential \"https://else\"]\n\thelper = store\n";
        let ours = Ours::with("https://h/devpi", "alice");
        let git = Path::new("git");
        let told = settled(text, git, &ours).expect("git");
        assert_eq!(told, format!("{text}[credential \"https://h/devpi\"]\n\thelper = devpi-tokens\n"));
        assert_eq!(settled(&told, git, &ours).expect("git"), told);
        let refused = settled("[broken", git, &ours).expect_err("git refuses it");
        assert_eq!(refused.exit, Exit::Unavailable);
    }

    #[test]
    fn the_file_is_the_one_that_git_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, config) = (folder.path().join("home"), folder.path().join("config"));
        std::fs::create_dir_all(config.join("git")).expect("made");
        std::fs::create_dir_all(&home).expect("made");
        assert_eq!(file(&home, &config, None), home.join(".gitconfig"));
        std::fs::write(config.join("git/config"), "").expect("written");
        assert_eq!(file(&home, &config, None), config.join("git/config"));
        std::fs::write(home.join(".gitconfig"), "").expect("written");
        assert_eq!(file(&home, &config, None), home.join(".gitconfig"));
        assert_eq!(file(&home, &config, Some("/x".into())), Path::new("/x"));
    }
}
