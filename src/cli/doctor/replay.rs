//! Looks up a token as pip, uv or twine does, and tells what comes of it.
//!
//! What the client would run is run with the same words: the `keyring` that it finds on PATH, or its own Python with its
//! own keyring. One thing differs, which is who asks: the log of hand-outs names this program, and as twine's files are
//! not known its token is for any project.

mod answer;
mod ask;
mod steps;

use super::desk::{Desk, env, shown};
use super::finding::Finding;
use super::server;
use crate::caller::{Repository, repositories, understand};
use crate::cli::args::{Client, Doctor, Replayed};
use crate::disk;
use crate::protocol::Status;
use crate::target::{IndexName, ServerUrl, Target};

/// A client, and what it is called in findings.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Who {
    client: Client,
    name: &'static str,
}

impl Who {
    fn of(client: Replayed) -> Self {
        let (client, name) = match client {
            Replayed::Pip => (Client::Pip, "pip"),
            Replayed::Uv => (Client::Uv, "uv"),
            Replayed::Twine => (Client::Twine, "twine"),
        };
        Self { client, name }
    }
}

/// What a client asks about.
struct Service {
    /// The URL, without a user in it.
    url: String,
    /// The user whom it names.
    user: Option<String>,
    server: ServerUrl,
    index: IndexName,
}

/// What the client does for the URL that is named, else for the first one of ours that it is configured with, else for the
/// index of the login.
pub(super) fn run(desk: &Desk, args: &Doctor, client: Replayed, kept: Option<&Status>) -> Vec<Finding> {
    let who = Who::of(client);
    let Some(found) = desk.clients(who.client).into_iter().next() else {
        return vec![Finding::failing(who.name, "it is not on PATH")];
    };
    let mut findings = vec![Finding::ok(who.name, format!("it is {}", shown(&found.program)))];
    let steps = service(desk, args, (who, kept)).and_then(|service| Ok((steps::of(desk, &found, &service)?, service)));
    let (steps, service) = match steps {
        Ok(found) => found,
        Err(finding) => return vec![finding],
    };
    for step in steps {
        match step.look_up(who.name) {
            Ok((finding, came)) => {
                let judged = match server::reach(&service.server, &access(kept, &service.server)) {
                    Ok(reached) => came.judged(who.name, (&reached.server, &service.index)),
                    Err(unreached) => unreached,
                };
                findings.extend([finding, judged]);
                return findings;
            }
            Err(nothing) => findings.push(nothing),
        }
    }
    findings
}

/// How a server was reached at the login.
fn access(kept: Option<&Status>, server: &ServerUrl) -> crate::protocol::ServerAccess {
    let root = kept.and_then(|kept| kept.roots.iter().find(|root| root.holder.server == *server));
    root.map(|root| root.access.clone()).unwrap_or_default()
}

/// What is named, else what it is configured with, else what was logged in to.
fn service(desk: &Desk, args: &Doctor, (who, kept): (Who, Option<&Status>)) -> Result<Service, Finding> {
    let is_twine = who.client == Client::Twine;
    let (target, user) = match &args.url {
        Some(target) => (Some(target.clone()), None),
        None if is_twine => match repository(desk) {
            Some(Repository { url, user, .. }) => (url.parse().ok(), user),
            None => (None, None),
        },
        None => (configured(desk, who), None),
    };
    let user = env("TWINE_USERNAME").filter(|_| is_twine).or(user);
    let user = user.or_else(|| target.as_ref()?.user().map(str::to_owned));
    let place = target.and_then(|target| {
        let (server, place) = desk.place(&target)?;
        Some((server, place.index?))
    });
    let login = || kept.filter(|_| args.url.is_none()).and_then(|kept| super::login(desk, kept));
    let page = if is_twine { "" } else { "+simple/" };
    let service = place.or_else(login).map(|(server, index)| Service {
        url: server.join(&format!("{index}/{page}")),
        user,
        server,
        index,
    });
    service.ok_or_else(|| {
        let what = "no index of a server that is kept is named, nor is one in its configuration here";
        Finding::failing(who.name, what).by_hand(format!("name one: devpi-tokens doctor --as {} URL", who.name))
    })
}

/// The first repository of `.pypirc` that is ours.
fn repository(desk: &Desk) -> Option<Repository> {
    let text = disk::text(&desk.around.home.join(".pypirc")).ok()?;
    repositories(&text).into_iter().find(|repository| desk.ours(&repository.url).is_some())
}

/// The first index of ours that pip or uv is configured with.
fn configured(desk: &Desk, who: Who) -> Option<Target> {
    let verb = if who.client == Client::Pip { "install" } else { "sync" };
    let urls = desk.seen(&[who.name.to_owned(), verb.to_owned()], understand).index_urls;
    urls.into_iter().find_map(|url| desk.ours(&url).map(|ours| ours.target))
}
