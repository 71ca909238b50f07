//! What a run needs tokens for: a question for each server that it uses.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::caller::{self, Doing, Observed, Program};
use crate::cli::args::Exec;
use crate::cli::get::on_an_index;
use crate::disk::Disk;
use crate::exit::{Exit, Failure};
use crate::hosts::Hosts;
use crate::protocol::Question;
use crate::target::{IndexName, Page, Purpose, ServerUrl, Target, UserName};

/// What is known of the command and of the clients that it may start.
pub(super) struct Run {
    /// Which client the command is itself.
    pub(super) program: Program,
    own: Doing,
    pip: Doing,
    uv: Doing,
    /// What a `twine upload` would do that the command starts.
    pub(super) twine: Doing,
    argv: Vec<String>,
}

impl Run {
    pub(super) fn of(command: &[OsString]) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        let doing = |argv: &[String]| {
            let env = |name: &str| std::env::var(name).ok();
            caller::understand(&Observed { argv, folder: &folder, env: &env, files: &Disk })
        };
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let argv: Vec<String> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let own = doing(&argv);
        let is_twine = own.program == Program::Twine && own.purpose == Some(Purpose::Upload);
        let twine = if is_twine { own.clone() } else { doing(&words("twine upload")) };
        let (pip, uv) = (doing(&words("pip install")), doing(&words("uv pip install")));
        Self { program: own.program, own, pip, uv, twine, argv }
    }

    /// Whether the command is twine, and nothing in its line could name a repository, short and abbreviated options too.
    pub(super) fn is_twine_without_repository(&self) -> bool {
        let short =
            |word: &str| word.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('r'));
        let names_one = |word: &String| word.starts_with("--r") || short(word);
        self.program == Program::Twine && !self.argv.iter().any(names_one)
    }

    /// The indexes that the run is configured with for this purpose: those of the command itself where it names any.
    fn urls(&self, purpose: Purpose) -> Vec<&String> {
        let own = self.own.index_urls.iter();
        let is_upload = self.own.purpose == Some(Purpose::Upload);
        match purpose {
            Purpose::Upload if is_upload => own.collect(),
            Purpose::Upload => Vec::new(),
            _ if !is_upload && !self.own.index_urls.is_empty() => own.collect(),
            _ => self.pip.index_urls.iter().chain(&self.uv.index_urls).collect(),
        }
    }

    /// The indexes that uv knows by a name, and their URLs.
    pub(super) fn named(&self) -> BTreeMap<&String, &String> {
        self.uv.named.iter().chain(&self.own.named).collect()
    }

    /// The question about a place.
    pub(super) fn question(&self, place: &Place, args: &Exec) -> Question {
        let is_upload = args.purpose == Purpose::Upload;
        let projects = match args.projects.is_empty() && is_upload {
            true => self.own.projects.iter().cloned().collect(),
            false => args.projects.clone(),
        };
        Question {
            server: place.server.clone(),
            user: place.user.clone(),
            purpose: args.purpose,
            indexes: place.indexes.clone(),
            projects,
            bytes: if is_upload { self.own.bytes } else { 0 },
            stranger: None,
        }
    }
}

/// A server with all that the run uses of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) server: ServerUrl,
    pub(super) user: Option<UserName>,
    pub(super) indexes: Vec<IndexName>,
}

/// The servers that the arguments name, else those that the run is configured with: one on each host.
pub(super) fn places(hosts: &Hosts, args: &Exec, run: &Run) -> Result<Vec<Place>, Failure> {
    let mut places = Vec::new();
    for url in &args.urls {
        let (server, place) = on_an_index(hosts.find(url))?;
        let user = url.user().map(str::parse).transpose().map_err(|error| {
            Failure::new(Exit::Malformed, format!("the user in the URL: {error}")).with_remedy("leave it out")
        })?;
        add(&mut places, Place { server, user, indexes: place.index.into_iter().collect() })?;
    }
    if args.urls.is_empty() {
        for url in run.urls(args.purpose).into_iter().filter_map(|url| url.parse::<Target>().ok()) {
            // What is asked for under a name that no token can have is no business of ours.
            let Ok(user) = url.user().map(str::parse).transpose() else { continue };
            let Some((server, index)) = ours(hosts, &url) else { continue };
            add(&mut places, Place { server, user, indexes: index.into_iter().collect() })?;
        }
    }
    if places.is_empty() {
        let message = match args.purpose {
            Purpose::Upload => "no URL is given, and the command names no index of ours to upload to",
            _ => "no URL is given, and neither the command nor pip's and uv's configuration names an index of ours",
        };
        return Err(Failure::new(Exit::Usage, message).with_remedy("name one: devpi-tokens exec URL -- COMMAND"));
    }
    let is_one = places.len() == 1 && places[0].indexes.len() == 1;
    if args.purpose == Purpose::Upload && !is_one {
        return Err(Failure::new(Exit::Usage, "an upload goes to one index, and none or several are named")
            .with_remedy("name the one: devpi-tokens exec --for upload URL -- COMMAND"));
    }
    Ok(places)
}

fn ours(hosts: &Hosts, url: &Target) -> Option<(ServerUrl, Option<IndexName>)> {
    let found = hosts.find(url).filter(|(_, place)| place.page != Page::Other);
    found.map(|(server, place)| (server, place.index))
}

/// Adds a place to those of the same server; refuses what a netrc cannot tell apart.
fn add(places: &mut Vec<Place>, new: Place) -> Result<(), Failure> {
    let Some(known) = places.iter_mut().find(|known| known.server.host() == new.server.host()) else {
        places.push(new);
        return Ok(());
    };
    let host = new.server.host();
    let remedy = "name the URLs of one: devpi-tokens exec URL -- COMMAND";
    if known.server != new.server {
        let (one, other) = (&known.server, &new.server);
        let message = format!("a netrc has one entry for {host}, and cannot tell {one} from {other}");
        return Err(Failure::new(Exit::Usage, message).with_remedy(remedy));
    }
    match (&known.user, new.user) {
        (Some(one), Some(other)) if *one != other => {
            let message = format!("a netrc has one entry for {host}, and cannot be for both {one} and {other}");
            return Err(Failure::new(Exit::Usage, message).with_remedy(remedy));
        }
        (None, other) => known.user = other,
        (Some(_), _) => {}
    }
    for index in new.indexes.into_iter().filter(|index| !known.indexes.contains(index)).collect::<Vec<_>>() {
        known.indexes.push(index);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(server: &str, user: &str, index: &str) -> Place {
        Place {
            server: server.parse().expect("a server"),
            user: (!user.is_empty()).then(|| user.parse().expect("a user")),
            indexes: vec![index.parse().expect("an index")],
        }
    }

    fn added(places: &[Place]) -> Result<Vec<Place>, String> {
        let mut all = Vec::new();
        for place in places {
            add(&mut all, place.clone()).map_err(|failure| failure.message)?;
        }
        Ok(all)
    }

    #[test]
    fn the_indexes_of_a_server_share_one_question_and_its_user() {
        let places =
            [place("http://h:1", "", "a/dev"), place("http://h:1", "bob", "a/x"), place("http://h:1", "", "a/x")];
        let all = added(&places).expect("one");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].user, "bob".parse().ok());
        assert_eq!(all[0].indexes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/dev", "a/x"]);
    }

    #[test]
    fn what_one_entry_of_a_netrc_cannot_tell_apart_is_refused() {
        for other in ["http://h:2", "https://h:1", "http://h:1/devpi"] {
            let refused = added(&[place("http://h:1", "", "a/dev"), place(other, "", "a/dev")]).expect_err("a refusal");
            assert!(refused.ends_with(&format!("cannot tell http://h:1 from {other}")), "{refused}");
        }
        let refused = added(&[place("http://h:1", "alice", "a/dev"), place("http://h:1", "bob", "a/dev")]);
        assert!(refused.expect_err("a refusal").ends_with("cannot be for both alice and bob"));
        assert_eq!(
            added(&[place("http://h:1", "alice", "a/dev"), place("http://k:2", "bob", "a/dev")]).map(|all| all.len()),
            Ok(2)
        );
    }
}
