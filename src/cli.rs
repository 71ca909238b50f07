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
mod mask;
mod mint;
mod netrc;
mod open;
mod output;
mod policy;
mod prompt;
mod renew;
mod session;
mod setup;
mod status;
mod terminal;
mod token_login;
mod trace;
mod waiting;
mod wanted;
mod which;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
pub(crate) use terminal::Terminal;
use terminal::{Manners, broken, width};

use crate::exit::{Exit, Failure};

const PROGRAM: &str = "devpi-tokens";

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
    let manners = Manners::of_process(cli.quiet, cli.verbose);
    let mut terminal = Terminal { out, err, width: width(), manners, is_cut_off: false };
    if cli.verbose {
        say_what_is_asked();
    }
    let (tells_of_ends, only_shows) = (cli.verb.tells_of_ends(), cli.verb.only_shows());
    match verb(cli.verb, &mut terminal) {
        Ok(code) => {
            if !tells_of_ends {
                status::warn_of_ends(&mut terminal);
            }
            code
        }
        Err(failure) => {
            // As with `| head`: whoever reads it has seen enough, and nothing else is undone.
            if !(terminal.is_cut_off && only_shows) {
                terminal.report(PROGRAM, &failure);
            }
            failure.exit.into()
        }
    }
}

/// Has each request to a server written to standard error. Nothing that is secret is in one of these lines.
fn say_what_is_asked() {
    let lines = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO);
    lines.without_time().with_level(false).with_target(false).with_ansi(false).init();
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
