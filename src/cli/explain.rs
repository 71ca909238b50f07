//! `devpi-tokens explain`: what pip, uv and twine would get for a URL, and why. No token is made and no server asked.

use super::args::Explain;
use super::{Terminal, now, when};
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Question, Request, Response, Weighed};
use crate::target::{IndexName, Miss, Page, Place, ProjectName, Purpose, ServerUrl, Target, UserName};
use crate::time::in_words;
use crate::wrap::wrapped;

/// The column at which values begin behind their labels.
const VALUES: usize = 14;

/// The project of an upload where none is named.
const EXAMPLE: &str = "my-project";

pub(super) fn run(args: Explain, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let paths = Paths::find()?;
    let hosts = client::hosts(&paths)?;
    let found = hosts.find(&args.url).filter(|(server, _)| server.miss(&args.url).is_none());
    let Some((server, place)) = found else { return Err(not_ours(&hosts.all(), &args.url)) };
    if place.page == Page::Other {
        return Err(Failure::new(Exit::NotFound, format!("not ours: the URL is on {server}, and of no index there"))
            .with_remedy("name an index: a URL that ends in user/index/ or user/index/+simple/"));
    }
    let user = named(&args.url)?;
    let mut cases = Vec::new();
    for what in What::all(&place, args.project) {
        let question = what.question((&server, &place), user.clone());
        let answer = match client::ask(&paths, &Request::Weigh(question)) {
            Ok(Response::Weighed(weighed)) => Ok(*weighed),
            Ok(_) => return Err(client::unexpected()),
            Err(failure) => Err(failure),
        };
        cases.push(Case { what, answer });
    }
    let Some(first) = cases.iter().find_map(|case| case.answer.as_ref().ok()) else {
        return cases.into_iter().find_map(|case| case.answer.err()).map_or(Ok(Exit::Done), Err);
    };
    if args.json {
        let cases: Vec<serde_json::Value> = cases.iter().map(Case::json).collect();
        terminal.say_json(serde_json::json!({"server": server, "index": place.index, "cases": cases}))?;
        return Ok(Exit::Done);
    }
    let mut lines = about((&server, &place), first);
    // Installing comes first; where it gets nothing, its bases are of no interest.
    lines.extend(cases.first().and_then(|case| Some(("bases", bases(&place, case.answer.as_ref().ok()?)?))));
    lines.extend(cases.iter().map(|case| (case.what.label(), case.words(&place))));
    for (label, value) in lines {
        let line = format!("{label:VALUES$}{value}");
        wrapped(&line, terminal.width, VALUES).iter().try_for_each(|line| terminal.say(line))?;
    }
    Ok(Exit::Done)
}

/// What could be done at a URL.
enum What {
    Install,
    Publish(ProjectName),
    /// The files are not known by then.
    PublishAny,
}

/// One of them, and what it would get.
struct Case {
    what: What,
    answer: Result<Weighed, Failure>,
}

impl What {
    /// On the page of a project nothing but reading makes sense: a publisher looks there what exists.
    fn all(place: &Place, project: Option<ProjectName>) -> Vec<Self> {
        let publishes = place.page != Page::Project;
        let project = project.or_else(|| EXAMPLE.parse().ok()).filter(|_| publishes);
        let mut all = vec![Self::Install];
        all.extend(project.map(Self::Publish));
        all.extend(publishes.then_some(Self::PublishAny));
        all
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Install => "pip, uv",
            Self::Publish(_) => "twine",
            Self::PublishAny => "",
        }
    }

    fn purpose(&self) -> Purpose {
        match self {
            Self::Install => Purpose::Read,
            Self::Publish(_) | Self::PublishAny => Purpose::Upload,
        }
    }

    fn question(&self, (server, place): (&ServerUrl, &Place), user: Option<UserName>) -> Question {
        let projects = match self {
            Self::Publish(project) => vec![project.clone()],
            Self::Install | Self::PublishAny => Vec::new(),
        };
        Question {
            server: server.clone(),
            user,
            purpose: self.purpose(),
            indexes: place.index.iter().cloned().collect::<Vec<IndexName>>(),
            projects,
            bytes: 0,
            stranger: None,
        }
    }

    /// Why it is this and nothing else.
    fn why(&self, place: &Place) -> &'static str {
        match (self, place.page) {
            (Self::Install, Page::Index) if place.index.is_some() => {
                "they only read, though from its simple page: give them this URL with +simple/"
            }
            (Self::Install, _) => "they only read, from the index and its bases",
            (Self::Publish(_), Page::Simple) => {
                "uv publish --index asks with this page; give twine the URL without +simple/"
            }
            (Self::Publish(_), _) => "it uploads, as uv publish does, and its files name the project",
            (Self::PublishAny, _) => "where no file names a project",
        }
    }
}

impl Case {
    fn words(&self, place: &Place) -> String {
        let why = self.what.why(place);
        match &self.answer {
            Ok(Weighed { indexes, projects, lifetime, confirm, .. }) => {
                let indexes = joined(indexes);
                let what = match self.what.purpose() {
                    Purpose::Read => format!("read {indexes}"),
                    _ if projects.is_empty() => format!("upload any project to {indexes}"),
                    _ => format!("upload {} to {indexes}", joined(projects)),
                };
                let asked = if *confirm { ", once you have confirmed it" } else { "" };
                format!("{what}, for {}{asked}: {why}", in_words(0, *lifetime).trim_start_matches("in "))
            }
            Err(Failure { message, remedy, .. }) => {
                let remedy = remedy.as_ref().map(|remedy| format!("; {}", remedy.replace('\n', "; ")));
                format!("nothing: {message}{}", remedy.unwrap_or_default())
            }
        }
    }

    fn json(&self) -> serde_json::Value {
        let purpose = self.what.purpose();
        match &self.answer {
            Ok(weighed) => serde_json::json!({"purpose": purpose, "granted": weighed}),
            Err(Failure { exit, message, remedy }) => {
                let refused = serde_json::json!({"why": message, "remedy": remedy, "exit": *exit as u8});
                serde_json::json!({"purpose": purpose, "refused": refused})
            }
        }
    }
}

/// Where it is, whose token it would be, and what is known.
fn about((server, place): (&ServerUrl, &Place), weighed: &Weighed) -> Vec<(&'static str, String)> {
    let Weighed { user, default, root, root_ends, .. } = weighed;
    let ends = root_ends.map_or("never ends".to_owned(), |end| format!("ends {}", when(now(), end)));
    let default = if *default { ", who is meant where none is named" } else { "" };
    let index = match &place.index {
        Some(index) => index.to_string(),
        None => "none in the URL: the one that was logged in to is meant".to_owned(),
    };
    vec![
        ("server", server.to_string()),
        ("user", format!("{user}{default}")),
        ("kept token", format!("{root}, {ends}")),
        ("index", index),
    ]
}

/// What the index inherits from, as far as the agent knows.
fn bases(place: &Place, Weighed { indexes, bases, unknown_bases, .. }: &Weighed) -> Option<String> {
    let index = place.index.as_ref()?;
    if unknown_bases.contains(index) {
        return Some("not known yet: the first look-up asks for them".to_owned());
    }
    let base = |base: &IndexName| match indexes.contains(base) {
        true => base.to_string(),
        false => format!("{base} (out of the kept token's reach)"),
    };
    let bases: Vec<String> = bases.iter().map(base).collect();
    Some(if bases.is_empty() { "none".to_owned() } else { bases.join(", ") })
}

/// The user whom the URL names. Some names mean no user of devpi, and get nothing.
fn named(url: &Target) -> Result<Option<UserName>, Failure> {
    let Some(name) = url.user() else { return Ok(None) };
    let user = name.parse::<UserName>().ok().filter(|user| !user.as_str().starts_with("__"));
    user.map(Some).ok_or_else(|| {
        Failure::new(Exit::NotFound, "the URL names a user whom no devpi server has: nothing is answered")
            .with_remedy("name the user of the kept token, or none; see: devpi-tokens status")
    })
}

/// Why nothing is kept for a URL.
fn not_ours(servers: &[ServerUrl], url: &Target) -> Failure {
    let nearest = servers.iter().filter_map(|server| Some((server.miss(url)?, server))).max();
    let status = "see what is kept: devpi-tokens status";
    let (message, remedy) = match nearest {
        None if servers.is_empty() => ("no token is kept for any server".to_owned(), "log in: devpi-tokens login URL"),
        None => ("several servers are kept for that host".to_owned(), "name a URL instead of the host"),
        Some((Miss::Host, _)) => ("no token is kept for that host".to_owned(), status),
        Some((Miss::Port, server)) => (format!("the URL has another port than {server}"), status),
        Some((Miss::Scheme, server)) if server.is_https() => (
            format!("the URL says http, and {server} is kept: a token would travel in the clear"),
            "give pip, uv and twine the URL with https",
        ),
        Some((Miss::Scheme, server)) => {
            (format!("the URL says https, and {server} is kept"), "give pip, uv and twine the URL with http")
        }
        Some((Miss::Path, server)) => (format!("the URL is on the host of {server}, and outside of it"), status),
        Some((Miss::Bare, server)) => (
            format!("a host without a scheme, and {server} is kept: a token could travel in the clear"),
            "every client asks by the URL first: explain that",
        ),
    };
    Failure::new(Exit::NotFound, format!("not ours: {message}")).with_remedy(remedy)
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
