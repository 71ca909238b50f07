//! `devpi-tokens create`: a new token, made by the server.

use super::args::Create;
use super::prompt::Prompt;
use super::session::{Place, refused};
use super::waiting::Waiting;
use super::{Terminal, output, wanted};
use crate::exit::{Exit, Failure};
use crate::time::Expiry;
use crate::token::Token;

pub(super) fn run(args: Create, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.wanted.no_input);
    let narrowing = wanted::narrowing(&args.wanted, &prompt, terminal)?;
    let destination = output::check(args.output, &prompt)?;
    let place = Place::find(&args.acting)?;
    let user = args.user.as_ref().unwrap_or(place.user());
    let session = place.session(&prompt)?;
    let opened = destination.open()?;
    let waiting = Waiting::for_whom(place.server().url().host(), terminal);
    let token = session.create_token(user, &narrowing).map_err(refused)?;
    drop(waiting);
    // Where no end was asked for, the server has chosen one.
    if let Ok(made) = Token::parse(token.expose()) {
        wanted::say_end(made.scope().expires().map(Expiry::At), terminal);
    }
    opened.write(&token, terminal)?;
    Ok(Exit::Done)
}
