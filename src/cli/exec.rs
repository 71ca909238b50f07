//! `devpi-tokens exec`: a command that finds fresh tokens in a netrc for as long as it runs.

mod command;
mod folder;
mod live;
mod questions;
mod token;
mod variables;

use std::process::ExitCode;

use super::args::Exec;
use super::{Terminal, not_a_time, now, when};
use crate::caller::Program;
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::target::Purpose;
use crate::time::parse_duration;

use command::Signals;
use folder::RunFolder;
use live::Live;
use questions::Run;
use token::Source;

/// The shortest lifetime, in seconds: a token has to reach the server while it is valid.
const SHORTEST: u64 = 5;

/// Runs the command, and ends as it did.
pub(super) fn run(args: Exec, terminal: &mut Terminal<'_>) -> Result<ExitCode, Failure> {
    let lifetime = lifetime(&args.lifetime)?;
    command::check()?;
    let paths = Paths::find()?;
    let run = Run::of(&args.command);
    let places = questions::places(&client::hosts(&paths)?, &args, &run)?;
    let mut sources = Vec::new();
    for place in places {
        let question = run.question(&place, &args);
        sources.push(Source::ask(&paths, place, question)?);
    }
    tell(&sources, terminal);
    let variables = match args.purpose {
        Purpose::Upload => variables::for_upload(&sources, &run),
        _ => variables::for_read(&sources, &run),
    };
    variables.left.iter().for_each(|left| terminal.note(left));
    let whole = match args.purpose {
        Purpose::Upload => Some("the server judges a token once it has all of an upload"),
        _ if run.program == Program::Uv => Some("uv reads its netrc once and keeps what it read"),
        _ => None,
    };
    if let (Some(why), Some(end)) = (whole, sources.iter().map(Source::end).min()) {
        terminal.note(format!("{why}: the token ends {}", when(now(), end)));
    }
    // From here on no signal ends this process before it has put away what it leaves.
    let signals = Signals::hold()?;
    let folder = RunFolder::make(&paths.runs())?;
    let mut live = Live::new(paths, sources, if whole.is_some() { u64::MAX } else { lifetime }, folder);
    live.begin(terminal)?;
    let mut command = command::prepared(&args.command, &live.path());
    variables.give(&mut command);
    let end = command::run(&mut command, &signals, &mut || live.turn(terminal))?;
    drop(live);
    Ok(signals.end(end))
}

fn lifetime(text: &str) -> Result<u64, Failure> {
    let lifetime = parse_duration(text, now()).map_err(|error| not_a_time("--lifetime", error))?.as_secs();
    if lifetime < SHORTEST {
        return Err(Failure::new(Exit::Malformed, format!("--lifetime: under {SHORTEST} seconds"))
            .with_remedy("a token has to reach the server while it is valid: name 5s or more"));
    }
    Ok(lifetime)
}

/// What is to be known before the command runs.
fn tell(sources: &[Source], terminal: &mut Terminal<'_>) {
    sources.iter().flat_map(|source| source.notes()).for_each(|note| terminal.note(note));
    let hosts: Vec<&str> = sources.iter().map(|source| source.host()).collect();
    terminal.note(format!(
        "a netrc knows no port and no scheme: the token goes to any port of {} that the command asks, over http, too",
        hosts.join(" and ")
    ));
}
