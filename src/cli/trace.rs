//! `devpi-tokens trace`: to which program a token was handed out, and what it can still do.
//!
//! It is found by its user, its id and its times. Whether its signature is right only the server knows: a token that
//! somebody made up after the log would be found, too.

use jiff::tz::TimeZone;

use super::args::Inspect;
use super::inspect;
use super::log::unreadable;
use super::prompt::Prompt;
use super::{Terminal, entry, input, now};
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::handout::{Entry, Trail};
use crate::logbook::Logbook;
use crate::paths::Paths;
use crate::protocol::{Request, Response, RootStatus, VaultState};
use crate::time::{date, in_words};
use crate::token::{Token, TokenError};

/// The most hand-outs of one token that are told: more than one is rare, and a log that was tampered with.
const MOST: usize = 16;

pub(super) fn run(args: Inspect, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let text = input::token(args.source, &Prompt::new(args.no_input), terminal)?;
    let token = Token::parse_pasted(text.expose()).map_err(not_one)?;
    let paths = Paths::find()?;
    let found = Found::of(&token, &paths)?;
    let root = Root::of(&token, &paths);
    if args.json {
        terminal.say_json(serde_json::json!({
            "handed_out": found.entries,
            "log_begins": found.begins,
            "root": root.as_ref().map(Root::name),
            "token": inspect::json(&token),
        }))?;
        return Ok(if found.entries.is_empty() { Exit::NotFound } else { Exit::Done });
    }
    if found.entries.is_empty() {
        return Err(found.missing(&token, root));
    }
    let view = entry::View::of(terminal);
    for handed in &found.entries {
        terminal.say(format!("handed out {}:", in_words(now(), handed.at)))?;
        entry::lines(handed, &view).iter().try_for_each(|line| terminal.say(line))?;
    }
    match root {
        Some(Root::Kept | Root::Itself(_)) => terminal.tell("the token that it was made from is still kept")?,
        Some(Root::Gone) => terminal.tell("the token that it was made from is not kept any more")?,
        None => {}
    }
    inspect::standing(&token, terminal.width).iter().try_for_each(|line| terminal.say(line))?;
    Ok(Exit::Done)
}

fn not_one(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, error.to_string())
        .with_remedy("give it as it was found: alone, as user:token, in its URL or in its header")
}

/// What the log has of a token.
struct Found {
    entries: Vec<Entry>,
    /// When the first line was written that is still there, in seconds since the epoch.
    begins: Option<u64>,
}

impl Found {
    fn of(token: &Token, paths: &Paths) -> Result<Self, Failure> {
        let mut found = Self { entries: Vec::new(), begins: None };
        let Some(book) = Logbook::of_earlier_handouts(&paths.state)? else { return Ok(found) };
        let (trail, mut least) = (Trail::of(token), usize::MAX);
        let mut reader = book.read()?;
        while let Some(line) = reader.next_line().map_err(|error| unreadable(&error))? {
            if found.begins.is_some() && !trail.may_be_in(line) {
                continue;
            }
            let Some(entry) = Entry::read(line) else { continue };
            found.begins = found.begins.or(Some(entry.at));
            let Some(place) = trail.leads_to(&entry).filter(|place| *place <= least) else { continue };
            if place < least {
                found.entries.clear();
                least = place;
            }
            if found.entries.len() < MOST {
                found.entries.push(entry);
            }
        }
        Ok(found)
    }

    fn missing(&self, token: &Token, root: Option<Root>) -> Failure {
        let (user, id) = (token.user(), token.id());
        if let Some(Root::Itself(root)) = root {
            let message = format!("this is the token that is kept for {user} at {}", root.holder.server);
            return Failure::new(Exit::NotFound, format!("{message}: it is never handed out")).with_remedy(format!(
                "where somebody else has it: devpi-tokens logout --server {} --as {user} --revoke",
                root.holder.server
            ));
        }
        let made = match root {
            Some(Root::Kept) => ", though it was made from a token that is kept here",
            _ => "",
        };
        let begins = match self.begins {
            Some(at) => format!("the log, which begins on {}", date(at, &TimeZone::system())),
            None => "the log, which is empty".to_owned(),
        };
        Failure::new(Exit::NotFound, format!("this token of {user} ({id}) is not in {begins}{made}"))
            .with_remedy("see what it says: devpi-tokens inspect")
    }
}

/// What the agent knows of the token that a token was made from.
enum Root {
    /// It is that one.
    Itself(RootStatus),
    /// It is kept.
    Kept,
    /// It is not.
    Gone,
}

impl Root {
    /// Nothing where no agent runs, and where it is locked: none is started or unlocked for this.
    fn of(token: &Token, paths: &Paths) -> Option<Self> {
        let status = match Client::running(paths).ok()??.request(&Request::Status).ok()? {
            Response::Status(status) if status.vault == VaultState::Open => *status,
            _ => return None,
        };
        let own: Vec<String> = token.restrictions().iter().map(ToString::to_string).collect();
        let same = |root: &RootStatus| root.holder.user == *token.user() && root.id == *token.id();
        Some(match status.roots.into_iter().find(same) {
            Some(root) if root.restrictions == own => Self::Itself(root),
            Some(_) => Self::Kept,
            None => Self::Gone,
        })
    }

    /// For programs.
    fn name(&self) -> &'static str {
        match self {
            Self::Itself(_) => "itself",
            Self::Kept => "kept",
            Self::Gone => "gone",
        }
    }
}
