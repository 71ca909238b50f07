//! `devpi-tokens create`: a new token, made by the server.

use super::args::Create;
use super::prompt::Prompt;
use super::session::{Place, refused};
use super::waiting::Waiting;
use super::{Terminal, mint, output, wanted};
use crate::exit::{Exit, Failure};
use crate::time::Expiry;

pub(super) fn run(args: Create, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.wanted.no_input);
    let narrowing = wanted::narrowing(&args.wanted, &prompt, terminal)?;
    let destination = output::check(args.output, &prompt)?;
    let place = Place::find(&args.acting)?;
    let user = args.user.as_ref().unwrap_or(place.user());
    let session = place.session(&prompt, terminal)?;
    let opened = destination.open()?;
    let waiting = Waiting::for_whom(place.server().url().host(), terminal);
    let token = session.create_token(user, &narrowing).map_err(refused)?;
    drop(waiting);
    let made = mint::made(&session, user, &token, &narrowing)?;
    // Where no end was asked for, the server has chosen one.
    wanted::say_end(made.scope().expires().map(Expiry::At), terminal);
    mint::warn_of_clock(place.server(), terminal);
    opened.write(&token, terminal)?;
    Ok(Exit::Done)
}
