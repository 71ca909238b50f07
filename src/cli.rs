//! The command line, a verb a file. It never opens the vault: what it knows of kept tokens the agent tells.

mod agent;
pub mod args;
mod can;
mod complaint;
mod create;
mod delete;
mod derive;
mod doctor;
mod entry;
mod exec;
mod explain;
mod fetch_bases;
mod get;
mod input;
mod inspect;
mod installed;
mod list;
mod log;
mod login;
mod logout;
mod mint;
mod open;
mod output;
mod policy;
mod prompt;
mod renew;
mod session;
mod setup;
mod status;
mod token_login;
mod trace;
mod wanted;
mod which;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;

use crate::escape;
use crate::exit::{Exit, Failure};
use crate::wrap::{WIDTH, wrapped};

const PROGRAM: &str = "devpi-tokens";

/// Where a verb writes: what was asked for to `out`, all else to `err`. What people read is broken at `width`.
pub(crate) struct Terminal<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    pub(crate) width: usize,
}

impl Terminal<'_> {
    /// A line that was asked for.
    fn say(&mut self, line: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).map_err(|error| {
            Failure::new(Exit::CannotWrite, format!("cannot write to standard output: {}", error.kind()))
                .with_remedy("see that what reads it stays open, and that there is room on the disk")
        })
    }

    /// JSON that was asked for, by a program or at a terminal, which is to show it and no more.
    fn say_json(&mut self, json: impl std::fmt::Display) -> Result<(), Failure> {
        self.say(escape::json(&json.to_string()))
    }

    /// A line that was asked for by a person, broken where the terminal ends.
    fn tell(&mut self, line: &str) -> Result<(), Failure> {
        broken(line, self.width).into_iter().try_for_each(|line| self.say(line))
    }

    /// A line or more beside it, for a person.
    fn note(&mut self, text: impl std::fmt::Display) {
        for line in text.to_string().lines().flat_map(|line| broken(line, self.width)) {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(self.err, "{line}");
        }
    }
}

/// A line as lines of at most that width; those after the first are indented by two blanks more.
fn broken(line: &str, width: usize) -> Vec<String> {
    wrapped(line, width, line.len() - line.trim_start().len() + 2)
}

/// How wide the terminal is: what the shell says, else what the terminal says, else 80 columns.
fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let sizes = [rustix::termios::tcgetwinsize(std::io::stdout()), rustix::termios::tcgetwinsize(std::io::stderr())];
    let measured = || sizes.into_iter().flatten().map(|size| usize::from(size.ws_col)).find(|columns| *columns > 0);
    said.or_else(measured).unwrap_or(WIDTH)
}

/// Runs the command line. `args` are those of the process, its own name first.
pub fn run(args: &[OsString], out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    let cli = match args::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            return match complaint::of_value(&error, args) {
                _ if !error.use_stderr() => written(write!(out, "{}", error.render()), Exit::Done),
                Some(failure) => {
                    failure.report(PROGRAM, width(), err);
                    failure.exit.into()
                }
                None => {
                    let mut lines = complaint::in_words_of_clap(&error, width()).into_iter();
                    written(lines.try_for_each(|line| writeln!(err, "{line}")), Exit::Usage)
                }
            };
        }
    };
    let mut terminal = Terminal { out, err, width: width() };
    match verb(cli.verb, &mut terminal) {
        Ok(code) => code,
        Err(failure) => {
            failure.report(PROGRAM, terminal.width, terminal.err);
            failure.exit.into()
        }
    }
}

fn written(said: std::io::Result<()>, exit: Exit) -> ExitCode {
    said.map_or(Exit::CannotWrite, |()| exit).into()
}

fn verb(verb: args::Verb, terminal: &mut Terminal<'_>) -> Result<ExitCode, Failure> {
    use args::Verb;
    let exit = match verb {
        // The one whose code is another program's.
        Verb::Exec(args) => return exec::run(args, terminal),
        Verb::Login(args) => login::run(args, terminal),
        Verb::Renew(args) => renew::run(args, terminal),
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
        Verb::Log(args) => log::run(args, terminal),
        Verb::Trace(args) => trace::run(args, terminal),
        Verb::Explain(args) => explain::run(args, terminal),
        Verb::Doctor(args) => doctor::run(&args, terminal),
        Verb::Policy(args) => policy::run(args, terminal),
        Verb::Agent(args) => agent::run(args, terminal),
        Verb::Setup(args) => setup::run(args, terminal),
        Verb::FetchBases => fetch_bases::run(terminal),
    }?;
    Ok(exit.into())
}

/// Seconds since the epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A time of an option that was refused.
fn not_a_time(option: &str, error: crate::time::TimeError) -> Failure {
    Failure::new(Exit::Malformed, format!("{option}: {error}")).with_remedy(error.remedy())
}

/// An instant in words and as a date in the zone of this machine; both in seconds since the epoch.
fn when(now: u64, then: u64) -> String {
    crate::time::in_words_with_date(now, then, &jiff::tz::TimeZone::system())
}
