//! `devpi-tokens can`: what a server would answer, without asking it.

use super::args::Can;
use super::inspect::refused;
use super::prompt::Prompt;
use super::terminal::Tone;
use super::{Terminal, input, not_a_time, now, when};
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::judge::{Answer, Why, Wish, judge};
use crate::time;
use crate::token::Token;

pub(super) fn run(args: Can, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let text = input::token(args.source, &Prompt::new(args.no_input), terminal)?;
    let token = Token::parse(text.expose()).map_err(refused)?;
    let at = match &args.at {
        Some(text) => time::parse_instant(text, now()).map_err(|error| not_a_time("--at", error))?,
        None => now(),
    };
    let Can { permission, index, project, .. } = args;
    let what = match &project {
        Some(project) => format!("{permission} on {index} of {project}"),
        None => format!("{permission} on {index}"),
    };
    match judge(&token, &Wish { permission, index, project, at }) {
        Answer::Granted => {
            terminal.tell_as(Tone::Good, &format!("yes: {what}"))?;
            match token.scope().expires() {
                Some(end) => terminal.note(format!("it ends {}", when(now(), end))),
                None => terminal.note("it never ends"),
            }
            Ok(Exit::Done)
        }
        Answer::Refused { caveat, why } => {
            terminal.tell_as(Tone::Bad, &format!("no: {what} (403)"))?;
            terminal.note(reason(why));
            decided_by(caveat.as_deref(), terminal);
            Ok(Exit::Refused)
        }
        Answer::Fails { caveat } => {
            terminal.tell_as(Tone::Bad, &format!("no: {what} (500)"))?;
            terminal.note("the server takes this restriction as valid, and then fails over it");
            decided_by(Some(&caveat), terminal);
            Ok(Exit::Refused)
        }
    }
}

fn decided_by(caveat: Option<&str>, terminal: &mut Terminal<'_>) {
    if let Some(caveat) = caveat {
        terminal.note(format!("decided by: {}", escape::printable(caveat)));
    }
}

fn reason(why: Why) -> &'static str {
    match why {
        Why::Expired => "it is over by then",
        Why::NotYetValid => "it is not valid yet then",
        Why::Index => "it is for other indexes",
        Why::Project => "it is for other projects",
        Why::Permission => "it does not have this permission",
        Why::NotUnderstood => "the server does not understand a restriction of it",
        Why::NeverForTokens => "the server gives this permission to no token",
        Why::ThirdParty => "another server would have to agree, which devpi-server does not ask",
    }
}
