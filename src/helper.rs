//! The program that other programs run for credentials: two front doors, one question.

pub mod git;
pub mod keyring;
mod question;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use crate::exit::Exit;

/// What `--help` says.
pub const USAGE: &str = "devpi-tokens-helper: run by other programs, not by hand
  as `keyring`, or with: keyring get --mode creds URL
  as git's credential helper, or with: get, store, erase
  by hand there is: devpi-tokens get URL
";

/// The standard streams of the helper.
pub struct Streams<'a, I> {
    /// Standard input; only git says something there.
    pub stdin: I,
    /// Standard output, for the credential alone.
    pub stdout: &'a mut dyn Write,
    /// Standard error, for what a person should know.
    pub stderr: &'a mut dyn Write,
}

/// Runs the helper. `args` are those of the process, its own name first: as `keyring` it is the keyring command, as
/// `git-credential-devpi-tokens` or with one of git's verbs it is a credential helper of git. `keyring` as the first
/// word is the keyring command, too, for callers that cannot choose the name.
pub fn run<I: Read + AsFd>(args: &[OsString], streams: Streams<'_, I>) -> Exit {
    let name = args.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let rest = args.get(1..).unwrap_or_default();
    if name == "keyring" {
        return keyring::run(rest, keyring::Others::PassedOn, streams);
    }
    let words: Vec<String> = rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    if name == "git-credential-devpi-tokens" {
        return git::run(words.first().map(String::as_str).unwrap_or_default(), streams);
    }
    match words.split_first() {
        Some((door, _)) if door == "keyring" => keyring::run(&rest[1..], keyring::Others::Missed, streams),
        Some((verb, _)) if !verb.starts_with('-') => git::run(verb, streams),
        Some((option, _)) if option == "--version" => {
            let said = writeln!(streams.stdout, "devpi-tokens-helper {}", env!("CARGO_PKG_VERSION"));
            if said.is_ok() { Exit::Done } else { Exit::NotFound }
        }
        Some((option, _)) if option == "--help" || option == "-h" => {
            let said = write!(streams.stdout, "{USAGE}");
            if said.is_ok() { Exit::Done } else { Exit::NotFound }
        }
        _ => {
            // Nobody is left to tell where standard error is closed.
            let _ = write!(streams.stderr, "{USAGE}");
            Exit::Usage
        }
    }
}
