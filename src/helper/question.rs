//! From what a client asks about to a finished question, and its answer.

use super::git::Service;
use crate::caller::{self, Doing, Observed, Program};
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::process;
use crate::protocol::{Credential, Question};
use crate::target::{IndexName, Page, Place, Purpose, ServerUrl, Target, UserName};

/// What comes of a look-up.
pub(super) enum Asked {
    /// A credential.
    Answer(Box<Credential>),
    /// The server is ours, and nobody there has that name: silence, as clients ask for names that mean nothing here.
    Miss,
    /// The server is not ours.
    NotOurs,
}

/// Asks about a service as Python's keyring names it: a URL, or a bare `host:port`.
pub(super) fn ask(service: &str, named: Option<&str>) -> Result<Asked, Failure> {
    // What is no address is a name that other programs keep passwords under.
    let Ok(target) = service.parse::<Target>() else { return Ok(Asked::NotOurs) };
    let paths = Paths::find()?;
    let hosts = client::hosts(&paths)?;
    match hosts.find(&target) {
        // Nobody says by which scheme a bare host is going to be asked: a link to `http://` would carry the token in
        // the clear. Every client asks by the URL first, so nothing is lost.
        Some((server, _)) if target.is_bare_host() && server.is_https() => Ok(Asked::Miss),
        Some((_, place)) if place.page == Page::Other => Ok(Asked::Miss),
        Some((server, place)) => {
            let named = named.filter(|named| !named.is_empty());
            let Ok(user) = user([named, target.user()]) else { return Ok(Asked::Miss) };
            let agent = client::greet(&paths);
            let doing = doing();
            let warning = caller::confusion(&doing, |index| hosts.find(index).is_some());
            // pip throws away what the keyring command says beside its answer: the log keeps it.
            let stranger = warning.as_ref().map(|warning| warning.stranger.clone());
            let mut credential = agent.ask(Question { stranger, ..question(&server, &place, user, &doing) })?;
            credential.notes.extend(warning.map(|warning| warning.to_string()));
            Ok(Asked::Answer(Box::new(credential)))
        }
        None => Ok(Asked::NotOurs),
    }
}

/// Whether a service, as Python's keyring names it, is on a server of ours.
pub(super) fn is_ours(service: &str) -> bool {
    let (Ok(target), Ok(paths)) = (service.parse::<Target>(), Paths::find()) else { return false };
    client::hosts(&paths).is_ok_and(|hosts| hosts.find(&target).is_some())
}

/// Asks about a service as git names it.
pub(super) fn ask_git(service: &Service) -> Result<Asked, Failure> {
    let malformed = |_| Failure::new(Exit::Malformed, "git asks about something that is no URL");
    let target = service.target().map_err(malformed)?;
    let paths = Paths::find()?;
    match client::hosts(&paths)?.find(&target) {
        Some((server, place)) if place.page != Page::Other && server.is_https() == (service.protocol == "https") => {
            let Ok(user) = user([service.username.as_deref(), None]) else { return Ok(Asked::Miss) };
            // git only ever reads from an index.
            let reading = Doing { purpose: Some(Purpose::Read), ..Doing::default() };
            let credential = client::greet(&paths).ask(question(&server, &place, user, &reading))?;
            Ok(Asked::Answer(Box::new(credential)))
        }
        _ => Ok(Asked::NotOurs),
    }
}

/// No token goes by these names.
struct Nobody;

/// The user that is named, where one is: each name must be the token's.
fn user(names: [Option<&str>; 2]) -> Result<Option<UserName>, Nobody> {
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let Some(first) = names.first() else { return Ok(None) };
    // The server takes a token only under its user's name: `__token__` and the like mean some other kind of server.
    let user = first.parse::<UserName>().ok().filter(|user| !user.as_str().starts_with("__")).ok_or(Nobody)?;
    if names.iter().all(|name| *name == user.as_str()) { Ok(Some(user)) } else { Err(Nobody) }
}

fn doing() -> Doing {
    let Some((process, argv)) = process::caller() else { return Doing::default() };
    let folder = process.folder().unwrap_or_default();
    caller::understand(&Observed {
        argv: &argv,
        folder: &folder,
        env: &|name| std::env::var(name).ok(),
        files: &crate::disk::Disk,
    })
}

fn question(server: &ServerUrl, place: &Place, user: Option<UserName>, doing: &Doing) -> Question {
    let purpose = match (doing.purpose, place.page) {
        // A publisher that looks at one project's page looks what is there already.
        (Some(Purpose::Upload), Page::Project) => Purpose::Read,
        // So does one that installs what it builds with. uv alone uploads with what it asks for by a simple page, and
        // that only where the page is of the index that it uploads to.
        (Some(Purpose::Upload), Page::Simple)
            if doing.program != Program::Uv || goes_elsewhere(server, place, doing) =>
        {
            Purpose::Read
        }
        (Some(purpose), _) => purpose,
        (None, Page::Simple | Page::Project | Page::Other) => Purpose::Read,
        // An address without an index is asked about by whoever wants to read (pip for `host:port`, git).
        (None, Page::Index) => {
            if place.index.is_some() {
                Purpose::Upload
            } else {
                Purpose::Read
            }
        }
    };
    let mut indexes: Vec<IndexName> = place.index.iter().cloned().collect();
    let is_for = |target: &Target| user.as_ref().is_none_or(|user| target.admits(user));
    let is_upload = purpose == Purpose::Upload;
    let reads = if doing.purpose == Some(Purpose::Upload) { &doing.read_urls } else { &doing.index_urls };
    let urls = if is_upload { &doing.index_urls } else { reads };
    let others = urls.iter().filter_map(|url| url.parse::<Target>().ok()).filter(is_for);
    for index in others.filter_map(|target| server.place(&target)?.index) {
        // An upload goes to the one index that was asked about; only where none was does the caller name it.
        let fits = indexes.len() < Question::MOST_INDEXES && !indexes.contains(&index);
        if fits && (!is_upload || indexes.is_empty()) {
            indexes.push(index);
        }
    }
    Question {
        server: server.clone(),
        user,
        purpose,
        indexes,
        projects: if is_upload { doing.projects.iter().cloned().collect() } else { Vec::new() },
        bytes: if is_upload { doing.bytes } else { 0 },
        stranger: None,
    }
}

/// Whether the caller says where it uploads to, and that is not the place that is asked about.
fn goes_elsewhere(server: &ServerUrl, place: &Place, doing: &Doing) -> bool {
    let index = |url: &String| server.place(&url.parse::<Target>().ok()?)?.index;
    !doing.index_urls.is_empty() && doing.index_urls.iter().all(|url| index(url) != place.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &str, doing: &Doing) -> Question {
        let server: ServerUrl = "http://h:1".parse().expect("a server");
        let target: Target = target.parse().expect("a target");
        question(&server, &server.place(&target).expect("ours"), None, doing)
    }

    fn names(question: &Question) -> Vec<String> {
        question.indexes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_run_with_two_indexes_on_one_host_gets_one_token_for_both() {
        let doing = Doing {
            purpose: Some(Purpose::Read),
            index_urls: vec![
                "http://h:1/alice/dev/+simple/".to_owned(),
                "http://other/bob/dev/+simple/".to_owned(),
                "http://h:1/alice/extra/+simple/".to_owned(),
                "not a URL".to_owned(),
            ],
            ..Doing::default()
        };
        assert_eq!(names(&asked("http://h:1/alice/dev/+simple/", &doing)), ["alice/dev", "alice/extra"]);
        assert_eq!(names(&asked("h:1", &doing)), ["alice/dev", "alice/extra"]);
    }

    #[test]
    fn an_index_of_another_user_is_not_in_the_token() {
        let server: ServerUrl = "http://h:1".parse().expect("a server");
        let target: Target = "http://alice@h:1/alice/dev/+simple/".parse().expect("a target");
        let doing = Doing { index_urls: vec!["http://bob@h:1/bob/dev/+simple/".to_owned()], ..Doing::default() };
        let user = "alice".parse().ok();
        let question = question(&server, &server.place(&target).expect("ours"), user, &doing);
        assert_eq!(names(&question), ["alice/dev"]);
    }

    #[test]
    fn the_address_decides_where_the_caller_says_nothing() {
        let nothing = Doing::default();
        assert_eq!(asked("http://h:1/alice/dev/+simple/", &nothing).purpose, Purpose::Read);
        assert_eq!(asked("http://h:1/alice/dev/", &nothing).purpose, Purpose::Upload);
        assert_eq!(asked("h:1", &nothing).purpose, Purpose::Read);
    }

    #[test]
    fn a_publisher_reads_one_projects_page_and_uploads_with_the_rest() {
        let doing = Doing {
            program: Program::Uv,
            purpose: Some(Purpose::Upload),
            projects: ["pkg".parse().expect("a project")].into(),
            bytes: 7,
            index_urls: vec!["http://h:1/alice/dev/".to_owned(), "http://h:1/alice/other/".to_owned()],
            ..Doing::default()
        };
        let upload = asked("http://h:1/alice/dev/+simple/", &doing);
        assert_eq!((upload.purpose, upload.projects.len(), upload.bytes), (Purpose::Upload, 1, 7));
        assert_eq!(names(&upload), ["alice/dev"]);
        let look = asked("http://h:1/alice/dev/+simple/pkg/", &doing);
        assert_eq!((look.purpose, look.projects.len(), look.bytes), (Purpose::Read, 0, 0));
        assert_eq!(names(&look), ["alice/dev"]);
        let elsewhere = asked("http://h:1/alice/stable/+simple/", &doing);
        assert_eq!((elsewhere.purpose, elsewhere.projects.len(), elsewhere.bytes), (Purpose::Read, 0, 0));
    }

    #[test]
    fn a_publisher_that_builds_first_reads_its_sources_and_no_upload_goes_there() {
        let doing = Doing {
            program: Program::Pdm,
            purpose: Some(Purpose::Upload),
            read_urls: vec![
                "http://h:1/alice/dev/+simple/".to_owned(),
                "http://h:1/alice/two/+simple/".to_owned(),
                "http://other/alice/far/+simple/".to_owned(),
            ],
            ..Doing::default()
        };
        let build = asked("http://h:1/alice/dev/+simple/", &doing);
        assert_eq!((build.purpose, names(&build)), (Purpose::Read, vec!["alice/dev".into(), "alice/two".into()]));
        let upload = asked("http://h:1/alice/dev/", &doing);
        assert_eq!((upload.purpose, names(&upload)), (Purpose::Upload, vec!["alice/dev".into()]));
    }
}
