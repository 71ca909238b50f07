//! `devpi-tokens get`: a fresh token, by hand.

use super::Terminal;
use super::args::Get;
use crate::client;
use crate::exit::{Exit, Failure};
use crate::hosts;
use crate::paths::Paths;
use crate::protocol::{Question, Request, Response};
use crate::target::{Page, Purpose, UserName};

pub(super) fn run(args: Get, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let paths = Paths::find()?;
    let Some((server, place)) = hosts::find(&hosts::read(&paths.hosts()), &args.url) else {
        return Err(Failure::new(Exit::NotFound, "no token is kept for that URL")
            .with_remedy("see what is kept: devpi-tokens status\nlog in: devpi-tokens login URL"));
    };
    let by_page = match place.page {
        Page::Index if place.index.is_some() => Purpose::Upload,
        Page::Index | Page::Simple | Page::Project => Purpose::Read,
    };
    let user = match (args.user, args.url.user()) {
        (Some(user), _) => Some(user),
        (None, Some(user)) => Some(
            user.parse::<UserName>()
                .map_err(|error| Failure::new(Exit::Malformed, format!("the user in the URL: {error}")))?,
        ),
        (None, None) => None,
    };
    let question = Question {
        server,
        user,
        purpose: args.purpose.unwrap_or(by_page),
        indexes: place.index.into_iter().collect(),
        projects: args.projects,
        bytes: 0,
    };
    match client::ask(&paths, &Request::Ask(question))? {
        Response::Credential(credential) => {
            for note in &credential.notes {
                terminal.note(note);
            }
            terminal.say(credential.password.expose())?;
            Ok(Exit::Done)
        }
        _ => Err(client::unexpected()),
    }
}
