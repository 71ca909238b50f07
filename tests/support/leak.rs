//! What must not stand in what the programs of a home leave behind, whatever the test was about.
//!
//! Nobody tells this file which tokens there were: the agent makes most of them, and forgets them. It looks for what no
//! log, list or setting of ours ever holds: long runs of what tokens, signatures and keys are written in.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The shortest run of base64 that cannot be a name, in characters; a signature has 43. Names of projects and of
/// folders are shorter, or have no capitals and digits among their small letters.
const BASE64: usize = 40;

/// How many capitals there are at least in as much of base64 as a signature takes: 17 are to be expected.
const CAPITALS: usize = 8;

/// A signature or a key in hex, in digits.
const HEX: usize = 64;

/// A signature or a key as `{:?}` shows bytes, in numbers.
const NUMBERS: usize = 16;

/// Shorter lines of input are answers to questions.
const SHORTEST: usize = 6;

/// What the programs of this process's tests were told in secret.
static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Remembers what a program is told on its standard input, where that is secret: passwords, passphrases, tokens.
pub fn remember(command: &Command, input: &str) {
    if command.get_args().any(|arg| arg == "login" || arg == "unlock") {
        let secrets = input.lines().map(str::trim).filter(|line| line.len() >= SHORTEST).map(str::to_owned);
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).extend(secrets);
    }
}

/// Which secrets stand in a text, by their kinds.
pub fn in_text(text: &[u8]) -> Vec<&'static str> {
    let mut found = told(text);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte);
    let is_mixed = |run: &[u8]| {
        run.iter().any(u8::is_ascii_uppercase)
            && run.iter().any(u8::is_ascii_lowercase)
            && run.iter().any(u8::is_ascii_digit)
    };
    // The other alphabet has the slash, as paths have; but no path has as many capitals.
    let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || b"/+".contains(&byte);
    let is_random =
        |run: &[u8]| is_mixed(run) && run.iter().filter(|byte| byte.is_ascii_uppercase()).count() >= CAPITALS;
    if runs(text, BASE64, is_base64).any(is_mixed) || runs(text, BASE64, is_standard).any(is_random) {
        found.push("a token or a key in base64");
    }
    if runs(text, HEX, |byte| byte.is_ascii_hexdigit()).next().is_some() {
        found.push("a signature or a key in hex");
    }
    let is_listed = |byte: u8| byte.is_ascii_digit() || b", ".contains(&byte);
    let is_bytes = |run: &[u8]| {
        let numbers = run.split(|byte| !byte.is_ascii_digit()).filter(|number| !number.is_empty());
        numbers.filter(|number| number.len() <= 3).count() >= NUMBERS
    };
    if runs(text, 2 * NUMBERS, is_listed).any(is_bytes) {
        found.push("bytes in decimal");
    }
    found
}

/// What was told in secret, and keys of age, which have their own letters.
fn told(text: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(text);
    let has = |secret: &str| text.contains(secret);
    let mut found = Vec::new();
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|secret| has(secret)) {
        found.push("what a program was told in secret");
    }
    if has("AGE-SECRET-KEY-") {
        found.push("a vault's key");
    }
    found
}

/// The longest pieces of such bytes, of at least that many.
fn runs(text: &[u8], least: usize, is_inside: impl Fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    text.split(move |byte| !is_inside(*byte)).filter(move |run| run.len() >= least)
}

/// The secrets in what lies in a home of ours: a line each, with the file.
pub fn in_home(home: &Path) -> Vec<String> {
    ["config", "data", "state"].iter().flat_map(|folder| in_folder(&home.join(folder))).collect()
}

fn in_folder(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut lines = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        } else if path.is_dir() && name != "exec" {
            lines.extend(in_folder(&path));
        } else if let Ok(text) = std::fs::read(&path) {
            // What is sealed is in base64 itself.
            let found = if name.starts_with("vault") { told(&text) } else { in_text(&text) };
            lines.extend(found.iter().map(|kind| format!("{}: {kind}", path.display())));
        }
    }
    lines
}
