//! What is wrong with the arguments, without repeating what was typed: it may be a password or a token.

use std::error::Error as _;
use std::ffi::OsString;
use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Command, CommandFactory};

use super::{PROGRAM, args, broken};
use crate::escape;
use crate::exit::{Exit, Failure};

/// The longest word that is repeated, in bytes: no token is as short.
const LONGEST_WORD: usize = 24;

/// The words about a value that cannot be used: a word in its right place that is not what belongs there.
pub(super) fn of_value(error: &Error, words: &[OsString]) -> Option<Failure> {
    if error.kind() != ErrorKind::ValueValidation {
        return None;
    }
    let Some(ContextValue::String(place)) = error.get(ContextKind::InvalidArg) else { return None };
    let why = match error.source() {
        None => "not what belongs there".to_owned(),
        Some(why) if why.is::<ParseIntError>() => "not a whole number that fits".to_owned(),
        Some(why) => escape::printable(&why.to_string()),
    };
    Some(
        Failure::new(Exit::Malformed, format!("{place}: {why}")).with_remedy(format!("see: {} --help", command(words))),
    )
}

/// What clap says about all else, with the long words left out, as lines of that width.
pub(super) fn in_words_of_clap(error: &Error, width: usize) -> Vec<String> {
    let mut text = error.render().to_string();
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(word)) = error.get(kind)
            && word.len() > LONGEST_WORD
            && !word.contains(' ')
        {
            text = text.replace(word.as_str(), "…");
        }
    }
    text.lines().flat_map(|line| broken(&escape::printable(line), width)).collect()
}

/// The command that was meant, as far as the words name one.
fn command(words: &[OsString]) -> String {
    let mut name = PROGRAM.to_owned();
    let mut command: Command = args::Cli::command();
    for word in words.iter().skip(1) {
        let Some(verb) = command.find_subcommand(word) else { break };
        name.push(' ');
        name.push_str(verb.get_name());
        command = verb.clone();
    }
    name
}
