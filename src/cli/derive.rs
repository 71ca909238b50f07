//! `devpi-tokens derive`: a narrower token, made without the server.

use super::args::Derive;
use super::inspect::refused;
use super::prompt::Prompt;
use super::{Terminal, get, input, now, output, wanted, when};
use crate::exit::{Exit, Failure};
use crate::secret::Secret;
use crate::token::{DerivedToken, Narrowing, RootToken, Token, TokenError};

pub(super) fn run(args: Derive, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.wanted.no_input);
    let narrowing = wanted::narrowing(&args.wanted, &prompt, terminal)?;
    if narrowing == Narrowing::default() {
        return Err(Failure::new(Exit::Usage, "no restriction to add")
            .with_remedy("name at least one of --allowed, --expires, --indexes, --not-before, --projects"));
    }
    let destination = output::check(args.output, &prompt)?;
    let from = match input::named(args.source, &prompt, terminal)? {
        Some(token) => token,
        None => get::under_the_ceiling(&args.which, &narrowing, (&prompt, terminal))?,
    };
    let root = root(&from)?;
    let derived = root.narrow(&narrowing, args.force_unknown).map_err(|error| match error {
        TokenError::Unknown => Failure::new(Exit::Refused, error.to_string())
            .with_remedy("see which: devpi-tokens inspect\nto derive from it all the same: --force-unknown"),
        other => refused(other),
    })?;
    is_of_use(&root, &derived)?;
    let opened = destination.open()?;
    wanted::say_end(derived.scope().expires().map(crate::time::Expiry::At), terminal);
    opened.write(&derived.text(), terminal)?;
    Ok(Exit::Done)
}

fn root(text: &Secret) -> Result<RootToken, Failure> {
    let read = Token::parse(text.expose()).and_then(RootToken::try_from);
    read.map_err(refused)
}

/// Refuses what no server would ever take: a token made from one that has ended, and one whose lists leave nothing.
fn is_of_use(root: &RootToken, derived: &DerivedToken) -> Result<(), Failure> {
    let now = now();
    if let Some(end) = root.scope().expires().filter(|end| *end <= now) {
        return Err(Failure::new(Exit::Refused, format!("the token to derive from ended {}", when(now, end)))
            .with_remedy("make another one: devpi-tokens create"));
    }
    match derived.scope().leaves_no() {
        Some(what) => Err(Failure::new(Exit::Refused, format!("of what is asked the token allows no {what}"))
            .with_remedy("see what it allows: devpi-tokens inspect")),
        None => Ok(()),
    }
}
