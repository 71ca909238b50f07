//! The command line, a verb a file. It never opens the vault: what it knows of kept tokens the agent tells.

mod agent;
pub mod args;
mod can;
mod create;
mod delete;
mod derive;
mod fetch_bases;
mod get;
mod input;
mod inspect;
mod list;
mod login;
mod logout;
mod open;
mod output;
mod prompt;
mod session;
mod setup;
mod status;
mod token_login;
mod wanted;
mod which;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use clap::error::ErrorKind;

use crate::exit::{Exit, Failure};

const PROGRAM: &str = "devpi-tokens";

/// Where a verb writes: what was asked for to `out`, all else to `err`.
pub(crate) struct Terminal<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
}

impl Terminal<'_> {
    /// A line that was asked for.
    fn say(&mut self, line: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).map_err(|error| {
            Failure::new(Exit::CannotWrite, format!("cannot write to standard output: {}", error.kind()))
        })
    }

    /// A line beside it, for a person.
    fn note(&mut self, line: impl std::fmt::Display) {
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(self.err, "{line}");
    }
}

/// Runs the command line. `args` are those of the process, its own name first.
pub fn run(args: &[OsString], out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    let cli = match args::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render();
            let said = if error.use_stderr() { write!(err, "{text}") } else { write!(out, "{text}") };
            let exit = match error.kind() {
                _ if !error.use_stderr() => Exit::Done,
                // A word in its right place that is not what belongs there: a URL, a name.
                ErrorKind::ValueValidation => Exit::Malformed,
                _ => Exit::Usage,
            };
            return if said.is_err() { Exit::CannotWrite.into() } else { exit.into() };
        }
    };
    let mut terminal = Terminal { out, err };
    match verb(cli.verb, &mut terminal) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report(PROGRAM, terminal.err);
            failure.exit.into()
        }
    }
}

fn verb(verb: args::Verb, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    use args::Verb;
    match verb {
        Verb::Login(args) => login::run(args, terminal),
        Verb::Logout(args) => logout::run(args, terminal),
        Verb::Status(args) => status::run(&args, terminal),
        Verb::Get(args) => get::run(args, terminal),
        Verb::Create(args) => create::run(args, terminal),
        Verb::Derive(args) => derive::run(args, terminal),
        Verb::Inspect(args) => inspect::run(args, terminal),
        Verb::List(args) => list::run(args, terminal),
        Verb::Delete(args) => delete::run(args, terminal),
        Verb::TokenLogin(args) => token_login::run(args, terminal),
        Verb::Can(args) => can::run(args, terminal),
        Verb::Agent(args) => agent::run(args, terminal),
        Verb::Setup(args::Setup::Shim { dir }) => setup::shim(dir, terminal),
        Verb::FetchBases => fetch_bases::run(terminal),
    }
}

/// Seconds since the epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// An instant in words and as a date in the zone of this machine; both in seconds since the epoch.
fn when(now: u64, then: u64) -> String {
    crate::time::in_words_with_date(now, then, &jiff::tz::TimeZone::system())
}
