//! `devpi-tokens doctor`: looks at all that has to be right for a client to get a token, and says what mends the rest.
//!
//! A check is a noun and a file. It looks, judges and gives findings; nothing is changed and no agent is started, but by
//! the look-up that `--as` replays. Two things leave a trace: the agent hands out a token or two for each that it keeps,
//! which its log has, and the server is asked.

mod agent;
mod desk;
mod finding;
mod kept;
mod keyring;
mod names;
mod pip;
mod python;
mod replay;
mod server;
mod token;
mod uv;

use super::args;
use super::waiting::Waiting;
use super::{Terminal, now};
use crate::exit::{Exit, Failure};
use crate::protocol::{Holder, RootStatus, Status};
use crate::target::{IndexName, ServerUrl};
use desk::Desk;
use finding::{Finding, Level};
use token::Kept;

/// How many indexes of one server are looked at.
const MOST_INDEXES: usize = 8;

pub(super) fn run(args: &args::Doctor, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let desk = Desk::find()?;
    let findings = everything(&desk, args, terminal);
    if args.json {
        terminal.say(format!("{:#}", finding::json(&findings)))?;
    } else {
        // A replay is asked for to be seen.
        finding::tell(&findings, args.all || args.client.is_some(), terminal)?;
    }
    Ok(match finding::worst(&findings) {
        Level::Ok | Level::Hint => Exit::Done,
        Level::Warning | Level::Failing => Exit::NotFound,
    })
}

fn everything(desk: &Desk, args: &args::Doctor, terminal: &Terminal<'_>) -> Vec<Finding> {
    let (mut findings, kept) = agent::look(&desk.paths);
    if let Some(client) = args.client {
        // The look-up of a client starts an agent, as ever.
        findings.retain(|finding| finding.level != Level::Ok);
        findings.extend(replay::run(desk, args, client, kept.as_ref()));
        return findings;
    }
    if let Some(stranger) = args.url.as_ref().filter(|url| kept.is_some() && desk.place(url).is_none()) {
        let what = format!("no token is kept for {}: no client is given one there", stranger.host());
        findings.push(Finding::failing("index", what).by_hand("log in there: devpi-tokens login URL"));
    }
    if let Some(kept) = &kept {
        findings.extend(kept::look(kept, now()));
        findings.extend(servers(desk, kept, args, terminal));
    }
    for look in [keyring::look, pip::look, uv::look, python::look, names::look] {
        findings.extend(look(desk));
    }
    findings.extend(pip::hint(desk, || example(desk, kept.as_ref()?, args)));
    findings
}

/// The address by which any pip asks for the index that is named, else for that of the login.
fn example(desk: &Desk, kept: &Status, args: &args::Doctor) -> Option<String> {
    let ((server, index), named) = match &args.url {
        Some(target) => {
            let (server, place) = desk.place(target)?;
            ((server, place.index?), target.user())
        }
        None => (login(desk, kept)?, None),
    };
    let is_meant = |root: &&RootStatus| {
        let Holder { server: other, user } = &root.holder;
        *other == server && named.map_or(root.default, |named| user.as_str() == named)
    };
    let user = kept.roots.iter().find(is_meant).map(|root| &root.holder.user);
    let user = user.filter(|user| user.is_plain_in_a_url())?;
    Some(server.join(&format!("{index}/+simple/")).replacen("://", &format!("://{user}@"), 1))
}

/// The server and the index of the first login.
fn login(desk: &Desk, kept: &Status) -> Option<(ServerUrl, IndexName)> {
    kept.roots.iter().filter(|root| root.default).find_map(|root| {
        let index = Kept { paths: &desk.paths, root }.login_index()?;
        Some((root.holder.server.clone(), index))
    })
}

/// Each server of a kept token, and what it says to that token. All are asked at once: one that is silent keeps the
/// others from nothing.
fn servers(desk: &Desk, kept: &Status, args: &args::Doctor, terminal: &Terminal<'_>) -> Vec<Finding> {
    let mut urls: Vec<&ServerUrl> = kept.roots.iter().map(|root| &root.holder.server).collect();
    urls.dedup();
    let hosts: Vec<String> = urls.iter().map(|url| url.host().to_string()).collect();
    let _waiting = Waiting::for_whom(hosts.join(", "), terminal);
    std::thread::scope(|scope| {
        let asked: Vec<_> = urls.iter().map(|url| scope.spawn(|| about(desk, url, kept, args))).collect();
        asked.into_iter().flat_map(|asked| asked.join().unwrap_or_default()).collect()
    })
}

fn about(desk: &Desk, url: &ServerUrl, kept: &Status, args: &args::Doctor) -> Vec<Finding> {
    let roots: Vec<&RootStatus> = kept.roots.iter().filter(|root| root.holder.server == *url).collect();
    let Some(first) = roots.first() else { return Vec::new() };
    let server::Reached { server, mut findings } = match server::reach(url, &first.access) {
        Ok(reached) => reached,
        Err(finding) => return vec![finding],
    };
    let alive: Vec<Kept<'_>> =
        roots.iter().filter(|root| root.is_alive(now())).map(|root| Kept { paths: &desk.paths, root }).collect();
    // Who is meant where no user is named.
    let default = alive.iter().copied().find(|kept| kept.root.default).or(alive.first().copied());
    let mut indexes = indexes(desk, url, default, args);
    let clock = server::clock(url, server.skew(), first.access.skew);
    // Tokens miss a clock that has changed since: that they do is nothing more to mend.
    let tells = clock.as_ref().is_none_or(|clock| clock.level != Level::Failing);
    findings.extend(clock);
    if tells {
        findings.extend(alive.iter().map(|kept| {
            // What clients are configured with has to be in the reach of the one whom they mean, not of each.
            let index = if kept.root.default { indexes.first().cloned() } else { kept.reach(&indexes) };
            kept.is_good(&server, index.as_ref())
        }));
    }
    findings.extend(indexes.first().and_then(|index| default?.is_refused(index)));
    let missing = indexes.first().filter(|_| tells).and_then(|index| default?.is_missing(&server, index));
    if missing.is_some() {
        indexes.remove(0);
    }
    findings.extend(missing);
    for index in &indexes {
        let (finding, redirects) = match server::access(&server, index) {
            Ok(answered) => answered,
            // Whoever is silent now will be for the next index.
            Err(silent) => {
                findings.push(silent);
                return findings;
            }
        };
        findings.push(finding);
        if let Some(bases) = default.filter(|_| redirects).map(|kept| kept.known_bases(index)) {
            findings.extend(uv::without_bases(desk, (url, index), &bases));
        }
    }
    findings.extend(default.iter().flat_map(|kept| indexes.iter().filter_map(|index| kept.bases(index))));
    findings
}

/// The indexes of a server that somebody means: the one that is named, that of the login, those that clients know.
fn indexes(desk: &Desk, url: &ServerUrl, kept: Option<Kept<'_>>, args: &args::Doctor) -> Vec<IndexName> {
    let named = args.url.as_ref().and_then(|target| url.place(target)?.index);
    let mut all: Vec<IndexName> = Vec::new();
    let own = named.into_iter().chain(kept.and_then(Kept::login_index));
    // A client may know bases as indexes of their own: what is said of the heir goes for them.
    let mut inherited: Vec<IndexName> = Vec::new();
    for index in own.chain(desk.indexes(url)) {
        if all.len() < MOST_INDEXES && !all.contains(&index) && !inherited.contains(&index) {
            inherited.extend(kept.map(|kept| kept.known_bases(&index)).unwrap_or_default());
            all.push(index);
        }
    }
    all
}

/// An agent that ended meanwhile.
fn gone() -> Failure {
    Failure::new(Exit::Unavailable, "the agent ended meanwhile").with_remedy("start it: devpi-tokens agent start")
}
