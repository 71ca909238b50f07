//! The restrictions that a person asks for.

use super::args::Wanted;
use super::prompt::Prompt;
use super::{Terminal, not_a_time, now, when};
use crate::exit::{Exit, Failure};
use crate::target::{Permission, ProjectName};
use crate::time::{self, Expiry};
use crate::token::{Item, Narrowing};

/// The narrowing that the arguments ask for, once a person has agreed to what looks like a mistake.
pub(super) fn narrowing(wanted: &Wanted, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Narrowing, Failure> {
    let now = now();
    let expires = match &wanted.expires {
        Some(text) => Some(time::parse_expiry(text, now).map_err(|error| not_a_time("--expires", error))?),
        None => None,
    };
    let not_before = match &wanted.not_before {
        Some(text) => Some(time::parse_instant(text, now).map_err(|error| not_a_time("--not-before", error))?),
        None => None,
    };
    let project = |item: &Item| {
        item.as_str().parse::<ProjectName>().map(Item::from).map_err(|error| {
            Failure::new(Exit::Malformed, format!("--projects: {error}"))
                .with_remedy("a project's name begins and ends with a letter or a digit")
        })
    };
    let narrowing = Narrowing {
        allowed: wanted.allowed.iter().cloned().collect(),
        expires,
        indexes: wanted.indexes.iter().cloned().collect(),
        not_before,
        projects: wanted.projects.iter().map(project).collect::<Result<_, _>>()?,
    };
    for index in narrowing.odd_indexes() {
        terminal.note(format!("warning: no index is called {index}: it is written user/index"));
    }
    let unknown: Vec<&str> = narrowing.unknown_permissions().map(Item::as_str).collect();
    if !unknown.is_empty() && !wanted.yes {
        let (unknown, known) = (unknown.join(", "), Permission::of_tokens());
        if !prompt.has_person() {
            return Err(Failure::new(Exit::Usage, format!("devpi-server knows no such permission: {unknown}"))
                .with_remedy(format!("name one of {known}; if a plugin of the server knows it, add --yes")));
        }
        if !prompt.confirm(&format!("devpi-server knows no such permission: {unknown}; use it all the same?"))? {
            return Err(Failure::new(Exit::Refused, "nothing was made").with_remedy(format!("name one of {known}")));
        }
    }
    Ok(narrowing)
}

/// Says when a token ends; a person may have meant something else.
pub(super) fn say_end(ends: Option<Expiry>, terminal: &mut Terminal<'_>) {
    let now = now();
    match ends {
        Some(Expiry::At(second)) if second <= now => {
            terminal.note(format!("warning: it has ended already, {}", when(now, second)));
        }
        Some(Expiry::At(second)) => terminal.note(format!("it ends {}", when(now, second))),
        Some(Expiry::Never) | None => terminal.note("it never ends"),
    }
}
