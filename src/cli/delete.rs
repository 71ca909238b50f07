//! `devpi-tokens delete`: ends a token on the server, and all that was derived from it.

use super::args::Delete;
use super::prompt::Prompt;
use super::session::{Place, refused};
use super::{Terminal, open};
use crate::client::{self, Client};
use crate::devpi;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, Request};

pub(super) fn run(args: Delete, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let place = Place::find(&args.acting)?;
    let user = args.user.unwrap_or_else(|| place.user().clone());
    place.session(&Prompt::new(args.no_input), terminal)?.delete_token(&user, &args.id).map_err(
        |error| match error {
            devpi::Error::NotFound { server, .. } => {
                Failure::new(Exit::NotFound, format!("{user} has no token {} at {server}", args.id))
                    .with_remedy("see which there are: devpi-tokens list")
            }
            other => refused(other),
        },
    )?;
    terminal.tell(&format!("token {} deleted", args.id))?;
    let holder = Holder { server: place.server().url().clone(), user };
    let paths = Paths::find()?;
    if Client::running(&paths)?.is_none() {
        return Ok(Exit::Done);
    }
    let is_kept = open::status(&paths)?.roots.iter().any(|root| root.holder == holder && root.id == args.id);
    if is_kept {
        client::ask(&paths, &Request::Drop(holder))?;
        terminal.note("the agent kept this token, and has forgotten it");
    } else {
        // One that was replaced, or none that the agent knows of.
        client::ask(&paths, &Request::Deleted { holder, ids: vec![args.id] }).map(drop).or_else(|failure| {
            if failure.exit == Exit::Unavailable || failure.exit == Exit::TryAgain { Ok(()) } else { Err(failure) }
        })?;
    }
    Ok(Exit::Done)
}
