//! `devpi-tokens create`: a new token, made by the server.

use super::args::Create;
use super::prompt::Prompt;
use super::session::{Place, refused};
use super::{Terminal, output, wanted};
use crate::exit::{Exit, Failure};

pub(super) fn run(args: Create, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.wanted.no_input);
    let narrowing = wanted::narrowing(&args.wanted, &prompt, terminal)?;
    output::check(&args.output, &prompt)?;
    let place = Place::find(&args.acting)?;
    let user = args.user.as_ref().unwrap_or(place.user());
    let token = place.session(&prompt)?.create_token(user, &narrowing).map_err(refused)?;
    wanted::say_end(narrowing.expires, terminal);
    output::write(&args.output, &token, terminal)?;
    Ok(Exit::Done)
}
