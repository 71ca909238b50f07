//! git: our credential helper for each kept server, in its global configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ours::Ours;
use crate::exit::{Exit, Failure, why};
use crate::target::ServerUrl;

/// The name under which git runs the helper: `git-credential-` in front of it.
const HELPER: &str = "devpi-tokens";

/// The file that `git config --global` writes.
pub(super) fn file(home: &Path, config: &Path, named: Option<PathBuf>) -> PathBuf {
    let own = home.join(".gitconfig");
    let other = config.join("git/config");
    named.unwrap_or_else(|| if !own.exists() && other.exists() { other } else { own })
}

/// The file in which git asks our helper for each kept server, and no other one: git has every helper store what one of
/// them has given, and what we give is nobody's to keep. The same text where it does so already.
pub(super) fn settled(text: &str, git: &Path, ours: &Ours) -> Result<String, Failure> {
    let helpers = helpers(text, git)?;
    let lacking = ours.all().iter().filter(|kept| !is_alone(&helpers, &kept.server.to_string()));
    Ok(lacking.fold(text.to_owned(), |text, kept| with_section(&text, &kept.server)))
}

/// Each helper in the file, in order: what addresses it is for, and its name.
fn helpers(text: &str, git: &Path) -> Result<Vec<(String, String)>, Failure> {
    let listed = run(git, text)?;
    let helpers = listed.split('\0').filter(|entry| !entry.is_empty()).map(|entry| {
        let (key, helper) = entry.split_once('\n').unwrap_or((entry, ""));
        let url = key.strip_prefix("credential.").and_then(|key| key.strip_suffix(".helper"));
        (url.unwrap_or_default().trim_end_matches('/').to_owned(), helper.to_owned())
    });
    Ok(helpers.collect())
}

/// Whether ours is the only helper for a server, whatever other files say: an empty one takes back all before it.
fn is_alone(helpers: &[(String, String)], server: &str) -> bool {
    let asked: Vec<&str> =
        helpers.iter().filter(|(url, _)| may_match(url, server)).map(|(_, helper)| helper.as_str()).collect();
    asked.ends_with(&["", HELPER])
}

/// Whether git may take a server for one of these addresses: they may have `*` in their host and a user in front, and be
/// spelt in another way.
fn may_match(url: &str, server: &str) -> bool {
    let plain = url.parse::<ServerUrl>().map_or_else(|_| url.to_owned(), |url| url.to_string());
    url.contains(['*', '@']) || server.starts_with(&plain)
}

fn with_section(text: &str, server: &ServerUrl) -> String {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
    format!("{text}{gap}[credential \"{server}\"]{ending}\thelper ={ending}\thelper = {HELPER}{ending}")
}

/// What git lists of such a file. It reads it from standard input, so that no copy of it lies anywhere.
fn run(git: &Path, text: &str) -> Result<String, Failure> {
    let failed = |why: String| {
        Failure::new(Exit::Unavailable, format!("git config: {why}"))
            .with_remedy("see what it says: git config --global --list")
    };
    let words = ["config", "--file", "-", "--null", "--get-regexp", r"^credential\.(.*\.)?helper$"];
    let mut command = Command::new(git);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let done = command.spawn().and_then(|mut git| {
        // Where it does not read to the end it says why.
        let _ = git.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
        git.wait_with_output()
    });
    let done = done.map_err(|error| failed(why(error.kind())))?;
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
    fn git_is_told_once_and_keeps_what_is_in_its_file() {
        let text = "# mine\n[user]\n\tname = A # me\n[credential \"https://else\"]\n\thelper = store\n";
        let ours = Ours::with("https://h/devpi", "alice");
        let git = Path::new("git");
        let told = settled(text, git, &ours).expect("git");
        assert_eq!(told, format!("{text}[credential \"https://h/devpi\"]\n\thelper =\n\thelper = devpi-tokens\n"));
        assert_eq!(settled(&told, git, &ours).expect("git"), told);
        let refused = settled("[broken", git, &ours).expect_err("git refuses it");
        assert_eq!(refused.exit, Exit::Unavailable);
    }

    #[test]
    fn another_helper_for_the_same_addresses_is_taken_back_and_one_for_others_is_not_looked_at() {
        let ours = Ours::with("https://h/devpi", "alice");
        let settled = |text: &str| settled(text, Path::new("git"), &ours).expect("git");
        let own = "[credential \"https://h/devpi\"]\n\thelper =\n\thelper = devpi-tokens\n";
        for lacking in [
            "[credential]\n\thelper = store\n",
            "[credential \"https://h/devpi\"]\n\thelper = devpi-tokens\n",
            &format!("{own}[credential]\n\thelper = store\n"),
            &format!("{own}[credential \"https://h/\"]\n\thelper = store\n"),
            &format!("{own}[credential \"https://*\"]\n\thelper = store\n"),
            &format!("{own}[credential \"https://alice@h\"]\n\thelper = store\n"),
            &format!("{own}[credential \"https://H:443/devpi/\"]\n\thelper = store\n"),
        ] {
            let whole = format!("{lacking}{own}");
            assert_eq!((settled(lacking), settled(&whole)), (whole.clone(), whole));
        }
        let other = format!("{own}[credential \"https://else\"]\n\thelper = store\n");
        assert_eq!(settled(&other), other);
        assert_eq!(settled("[a]\r\n\tb = c"), format!("[a]\r\n\tb = c\r\n{}", own.replace('\n', "\r\n")));
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
