//! The front door of pip, uv, pdm and of our Python backend: the arguments and answers of Python's `keyring` command.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Streams;
use super::question::{self, Asked};
use crate::exit::{Exit, Failure, why};
use crate::protocol::Credential;
use crate::wrap::WIDTH;

const PROGRAM: &str = "devpi-tokens (as keyring)";

/// What becomes of a service that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// The next `keyring` on PATH gets it: we stand in its place.
    PassedOn,
    /// It is a miss: our Python backend asks, and the next backend is Python's to ask.
    Missed,
}

/// The arguments of a `get`; whatever else the command can do is somebody else's.
#[derive(Debug, PartialEq, Eq)]
pub struct Get {
    /// A URL, a bare `host:port`, or a name that means something to others only.
    pub service: String,
    /// The user whose password is wanted.
    pub user: Option<String>,
    /// `--mode creds`: the user's name is wanted too.
    pub with_user: bool,
    /// `--output json`.
    pub json: bool,
}

pub(super) fn run<I: Read + AsFd>(args: &[OsString], others: Others, streams: Streams<'_, I>) -> Exit {
    let words: Option<Vec<&str>> = args.iter().map(|word| word.to_str()).collect();
    let Some(get) = words.and_then(|words| Get::parse(&words)) else {
        return not_ours(args, others);
    };
    if !get.with_user && get.user.as_ref().is_none_or(String::is_empty) {
        // Who else is asked may have an answer to that.
        if !question::is_ours(&get.service) {
            return not_ours(args, others);
        }
        let _ = writeln!(streams.stderr, "{PROGRAM}: get needs a service and a user\n  or: get --mode creds SERVICE");
        return Exit::Usage;
    }
    let credential = match question::ask(&get.service, get.user.as_deref()) {
        Ok(Asked::Answer(credential)) => credential,
        Ok(Asked::NotOurs) => return not_ours(args, others),
        Ok(Asked::Miss) => return Exit::NotFound,
        Err(failure) => {
            failure.report(PROGRAM, WIDTH, streams.stderr);
            return Exit::NotFound;
        }
    };
    for note in &credential.notes {
        let _ = writeln!(streams.stderr, "{PROGRAM}: {note}");
    }
    match write(&get, &credential, streams.stdout) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let message = format!("cannot write the credential: {}", why(error.kind()));
            Failure::new(Exit::CannotWrite, message).report(PROGRAM, WIDTH, streams.stderr);
            Exit::NotFound
        }
    }
}

impl Get {
    /// Reads the words of a `get`; `None` for all else. Options stand before, after or between the positionals, with `=`
    /// or without, as Python's argparse takes them.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let (mut positionals, mut with_user, mut json) = (Vec::new(), false, false);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let (name, attached) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (word, None),
            };
            match name {
                "--mode" | "--get-mode" => with_user = attached.or_else(|| words.next())? == "creds",
                "--output" => json = attached.or_else(|| words.next())? == "json",
                "--" => positionals.extend(words.by_ref()),
                // A backend that is named, a list, completions: not a question to us.
                option if option.starts_with('-') && option.len() > 1 => return None,
                positional => positionals.push(positional),
            }
        }
        let (service, user) = match positionals[..] {
            ["get", service] => (service, None),
            ["get", service, user] => (service, Some(user.to_owned())),
            _ => return None,
        };
        Some(Self { service: service.to_owned(), user, with_user, json })
    }
}

fn write(get: &Get, credential: &Credential, stdout: &mut dyn Write) -> std::io::Result<()> {
    let Credential { username, password, .. } = credential;
    // Names and tokens have no character that JSON escapes.
    let text = zeroize::Zeroizing::new(match (get.with_user, get.json) {
        (true, true) => format!("{{\"username\": \"{username}\", \"password\": \"{}\"}}\n", password.expose()),
        (true, false) => format!("{username}\n{}\n", password.expose()),
        (false, true) => format!("{{\"password\": \"{}\"}}\n", password.expose()),
        (false, false) => format!("{}\n", password.expose()),
    });
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn not_ours(args: &[OsString], others: Others) -> Exit {
    if others == Others::PassedOn {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if let Some(next) = std::env::current_exe().ok().and_then(|own| next_keyring(&path, &own)) {
            // It only returns where the program cannot be started: then nothing is found.
            let _ = Command::new(next).args(args).exec();
        }
    }
    Exit::NotFound
}

/// The `keyring` that would be run if ours were not there: the first one on PATH behind ours. Only behind it, so that
/// two of ours never pass a service to and fro.
fn next_keyring(path: &OsStr, own: &Path) -> Option<PathBuf> {
    let own = own.canonicalize().ok()?;
    let is_ours = |program: &PathBuf| program.canonicalize().is_ok_and(|program| program == own);
    let all: Vec<PathBuf> = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("keyring"))
        .filter(|program| is_executable(program))
        .collect();
    let behind = all.iter().rposition(is_ours).map_or(0, |position| position + 1);
    all.into_iter().nth(behind)
}

fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    program.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Get> {
        Get::parse(&line.split(' ').collect::<Vec<_>>())
    }

    fn get(user: Option<&str>, with_user: bool, json: bool) -> Option<Get> {
        Some(Get { service: "http://h/".to_owned(), user: user.map(str::to_owned), with_user, json })
    }

    #[test]
    fn every_form_that_a_client_uses_is_understood() {
        for (line, expected) in [
            ("--mode=creds --output=json get http://h/", get(None, true, true)),
            ("--mode=creds --output=json get http://h/ alice", get(Some("alice"), true, true)),
            ("get http://h/ alice", get(Some("alice"), false, false)),
            ("get http://h/ --mode creds", get(None, true, false)),
            ("--mode=creds get http://h/ ", get(Some(""), true, false)),
            ("--mode=password get http://h/ __token__", get(Some("__token__"), false, false)),
            ("--get-mode creds get http://h/", get(None, true, false)),
            ("get --output json --mode creds http://h/", get(None, true, true)),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_question_to_us_is_left_to_others() {
        for line in [
            "set http://h/ alice",
            "del http://h/ alice",
            "--list-backends",
            "-b some.Backend get http://h/ alice",
            "--disable",
            "diagnose",
            "get",
            "get a b c",
            "--mode",
            "",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }

    #[test]
    fn the_next_keyring_is_the_one_behind_ours() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let root = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| {
            let folder = root.path().join(name);
            std::fs::create_dir(&folder).expect("a folder");
            folder
        };
        let program = |path: PathBuf| {
            std::fs::write(&path, "").expect("a file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
            path
        };
        let (before, ours, plain, next) = (folder("before"), folder("ours"), folder("plain"), folder("next"));
        let own = program(root.path().join("devpi-tokens-helper"));
        symlink(&own, ours.join("keyring")).expect("a link");
        program(before.join("keyring"));
        std::fs::write(plain.join("keyring"), "").expect("a file");
        let expected = program(next.join("keyring"));
        let path = |folders: &[&PathBuf]| std::env::join_paths(folders).expect("a PATH");
        assert_eq!(next_keyring(&path(&[&before, &ours, &plain, &next]), &own), Some(expected.clone()));
        assert_eq!(next_keyring(&path(&[&before, &ours]), &own), None);
        assert_eq!(next_keyring(&path(&[&next]), &own), Some(expected));
    }
}
