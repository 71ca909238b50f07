//! `devpi-tokens get`: a fresh token, by hand.

use std::collections::BTreeSet;

mod format;

use super::args::{Format, Get, Which};
use super::prompt::Prompt;
use super::{Terminal, open, which};
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Credential, Question};
use crate::secret::Secret;
use crate::target::{IndexName, Page, Permission, Place, Purpose, ServerUrl, UserName};
use crate::token::{Item, Narrowing};

/// A place where a token is good for something.
pub(super) fn on_an_index(found: Option<(ServerUrl, Place)>) -> Result<(ServerUrl, Place), Failure> {
    let (message, remedy) = match found {
        Some((server, place)) if place.page != Page::Other => return Ok((server, place)),
        Some((server, _)) => (
            format!("the URL is on {server}, and of no index there"),
            "name an index: a URL that ends in user/index/ or user/index/+simple/",
        ),
        None => (
            "no token is kept for that URL".to_owned(),
            "see what is kept: devpi-tokens status\nlog in: devpi-tokens login URL",
        ),
    };
    Err(Failure::new(Exit::NotFound, message).with_remedy(remedy))
}

pub(super) fn run(args: Get, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let paths = Paths::find()?;
    let found = client::hosts(&paths)?.find(&args.url);
    let (server, place) = on_an_index(found)?;
    let by_page = match place.page {
        Page::Index if place.index.is_some() => Purpose::Upload,
        Page::Index | Page::Simple | Page::Project | Page::Other => Purpose::Read,
    };
    let user = match (args.user, args.url.user()) {
        (Some(user), _) => Some(user),
        (None, Some(user)) => Some(user.parse::<UserName>().map_err(|error| {
            Failure::new(Exit::Malformed, format!("the user in the URL: {error}"))
                .with_remedy("leave it out, and name the user with --user")
        })?),
        (None, None) => None,
    };
    let question = Question {
        server,
        user,
        purpose: args.purpose.unwrap_or(by_page),
        indexes: place.index.into_iter().collect(),
        projects: args.projects,
        bytes: args.bytes,
        stranger: None,
    };
    let (server, index, purpose) = (question.server.clone(), question.indexes.first().cloned(), question.purpose);
    let given = asked(&paths, question, terminal)?;
    let place = (&server, index.as_ref());
    let text = match args.format {
        _ if args.json => json(&given)?,
        Format::Token => given.password,
        Format::Env => format::variables(place, purpose, &given)?,
        Format::Netrc => format::netrc(&server, &given),
    };
    terminal.say(text.expose().trim_end())?;
    Ok(Exit::Done)
}

/// A token to read an index of a server, of its default user.
pub(super) fn to_read(
    paths: &Paths,
    server: ServerUrl,
    index: IndexName,
    terminal: &mut Terminal<'_>,
) -> Result<Secret, Failure> {
    let question = Question {
        server,
        user: None,
        purpose: Purpose::Read,
        indexes: vec![index],
        projects: Vec::new(),
        bytes: 0,
        stranger: None,
    };
    asked(paths, question, terminal).map(|given| given.password)
}

/// A token of the kept root that is fit for a narrowing: of the kind that its permissions need, for its indexes and
/// projects, under the agent's ceiling.
pub(super) fn under_the_ceiling(
    which: &Which,
    narrowing: &Narrowing,
    (prompt, terminal): (&Prompt, &mut Terminal<'_>),
) -> Result<Secret, Failure> {
    let paths = Paths::find()?;
    let status = open::opened(&paths, prompt)?;
    let holder = which::choose(which, &status.roots)?.holder.clone();
    let allowed: BTreeSet<Permission> =
        narrowing.allowed.iter().filter_map(|item| item.as_str().parse().ok()).collect();
    let kinds = [Purpose::Read, Purpose::Upload, Purpose::Toxresult, Purpose::Push, Purpose::Remove];
    let fits = |purpose: &Purpose| allowed.iter().all(|permission| purpose.permissions().contains(permission));
    let purpose = kinds.into_iter().find(fits).filter(|_| narrowing.unknown_permissions().next().is_none());
    let purpose = purpose.ok_or_else(|| {
        Failure::new(Exit::Refused, "the agent gives these permissions in no token")
            .with_remedy("derive from a token of your own: -f FILE, or make one: devpi-tokens create")
    })?;
    fn parsed<T: std::str::FromStr>(items: &BTreeSet<Item>) -> Vec<T> {
        items.iter().filter_map(|item| item.as_str().parse().ok()).collect()
    }
    let question = Question {
        server: holder.server,
        user: Some(holder.user),
        purpose,
        indexes: parsed(&narrowing.indexes),
        projects: parsed(&narrowing.projects),
        bytes: 0,
        stranger: None,
    };
    asked(&paths, question, terminal).map(|given| given.password)
}

fn json(given: &Credential) -> Result<Secret, Failure> {
    #[derive(serde::Serialize)]
    struct Given<'a> {
        user: &'a UserName,
        token: &'a Secret,
        expires: u64,
    }
    let Credential { username, password, expires, notes: _ } = given;
    let given = Given { user: username, token: password, expires: *expires };
    serde_json::to_string(&given).map(Secret::new).map_err(|_| client::unexpected())
}

fn asked(paths: &Paths, question: Question, terminal: &mut Terminal<'_>) -> Result<Credential, Failure> {
    let credential = client::greet(paths).ask(question)?;
    for note in &credential.notes {
        terminal.warn(note);
    }
    Ok(credential)
}
