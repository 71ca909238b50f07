//! `devpi-tokens setup`: clients ask the agent, and what they knew themselves is in the agent.
//!
//! A client's file turns a text into another one and does nothing else; [`work`] shows, asks, writes and remembers.

mod credentials;
mod document;
mod file;
mod git;
mod hatch;
mod ini;
mod journal;
mod lying;
mod mask;
mod ours;
mod package;
mod patch;
mod pip;
mod places;
mod shim;
mod twine;
mod undo;
mod uv;
mod work;

use std::path::PathBuf;

use super::args::{self, Client, SetupPart};
use super::installed::{self, Installed, Surroundings};
use super::prompt::Prompt;
use super::{Terminal, get};
use crate::client;
use crate::devpi::{self, Access, Server};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;

use file::Found;
use journal::Journal;
use ours::Ours;
use places::Places;
use work::{Consent, Work};

pub(super) fn run(args: args::Setup, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    if let Some(SetupPart::Shim { dir }) = args.part {
        return shim::shim(dir, terminal);
    }
    let paths = Paths::find()?;
    let home = directories::BaseDirs::new().map(|base| base.home_dir().to_owned()).ok_or_else(|| {
        Failure::new(Exit::Unsafe, "HOME is not set and the user database names no home").with_remedy("set HOME")
    })?;
    let consent = match () {
        () if args.yes => Consent::Given,
        () if args.dry_run || args.no_input => Consent::Missing,
        () => Consent::Asked(Prompt::new(false)),
    };
    let journal = Journal::open(&paths.state, !matches!(consent, Consent::Missing))?;
    let mut work = Work {
        terminal,
        consent,
        journal,
        paths,
        home: home.clone(),
        made: 0,
        left: 0,
        declined: 0,
        failed: None,
        is_over: false,
    };
    if args.undo {
        return undo::run(&mut work, args.dry_run);
    }
    let environment = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let machine = Machine {
        installed: chosen(&args.clients, &Surroundings::of(&home, environment), &mut work)?,
        all: args.clients.is_empty(),
        places: Places::new(&home, &environment),
    };
    machine.set_up(&mut work)?;
    report(&mut work, args.dry_run)
}

/// The clients that are meant, and where each is.
fn chosen(
    named: &[Client],
    around: &Surroundings,
    work: &mut Work<'_, '_>,
) -> Result<Vec<(Client, Vec<Installed>)>, Failure> {
    let all = if named.is_empty() { &Client::ALL[..] } else { named };
    let mut found = Vec::new();
    for client in all {
        let places = installed::find(*client, around);
        if places.is_empty() && named.is_empty() {
            continue;
        }
        if places.is_empty() {
            work.terminal.note(format!("{} is not on PATH", client.command()));
        }
        if !found.iter().any(|(known, _)| known == client) {
            found.push((*client, places));
        }
    }
    Ok(found)
}

/// What is set up, and where.
struct Machine<'a> {
    installed: Vec<(Client, Vec<Installed>)>,
    /// Whether no client was named.
    all: bool,
    places: Places<'a>,
}

impl Machine<'_> {
    fn set_up(&self, work: &mut Work<'_, '_>) -> Result<(), Failure> {
        let clients: Vec<Client> = self.installed.iter().map(|(client, _)| *client).collect();
        let mut ours = Ours::look(work)?;
        if ours.is_locked {
            work.go_on(Err(credentials::locked()))?;
        } else {
            let names = self.places.poetry_names();
            for (path, kind) in self.places.with_credentials(&clients) {
                let taken = credentials::take_in(work, &mut ours, (&path, kind), &names);
                work.go_on(taken)?;
            }
        }
        if self.all || clients.iter().any(|client| client.runs_keyring() || *client == Client::Git) {
            let linked = shim::ensure(work);
            work.go_on(linked)?;
        }
        for (client, places) in &self.installed {
            let settled = self.settle(*client, places, &ours, work);
            work.go_on(settled)?;
        }
        self.packages(work)
    }

    /// What a client's own file has to say.
    fn settle(
        &self,
        client: Client,
        places: &[Installed],
        ours: &Ours,
        work: &mut Work<'_, '_>,
    ) -> Result<(), Failure> {
        let read = |path: PathBuf| Found::read(&path);
        match client {
            Client::Pip => {
                let found = read(self.places.pip())?;
                work.change("pip asks the agent", &found, &pip::settled(found.text()))
            }
            Client::Uv => {
                let found = read(self.places.uv())?;
                let bases = self.bases(&found, ours, work)?;
                let told = uv::settled(found.text(), ours, &bases).map_err(|_| no_toml(work, &found))?;
                work.change("uv asks the agent", &found, &told)
            }
            Client::Twine | Client::Flit => {
                let found = read(self.places.pypirc())?;
                work.change("whose token an upload takes", &found, &twine::settled(found.text(), ours))
            }
            Client::Hatch => {
                let found = read(self.places.hatch())?;
                let told = hatch::settled(found.text(), ours).map_err(|_| no_toml(work, &found))?;
                work.change("whose token an upload takes", &found, &told)
            }
            Client::Git => {
                let git = places.first().map_or(PathBuf::from("git"), |git| git.program.clone());
                let found = read(self.places.git())?;
                let told = git::settled(found.text(), &git, ours)?;
                work.change("git asks the agent", &found, &told)
            }
            Client::Poetry | Client::Pdm | Client::Devpi => Ok(()),
        }
    }

    /// The bases of uv's indexes of ours, where their server redirects who shows no token: uv has to be told of each.
    fn bases(&self, found: &Found, ours: &Ours, work: &mut Work<'_, '_>) -> Result<Vec<uv::Base>, Failure> {
        let mut bases = Vec::new();
        for url in uv::indexes(found.text()).map_err(|_| no_toml(work, found))? {
            let Some((kept, index)) = ours.find(&url).and_then(|(kept, place)| Some((kept, place.index?))) else {
                continue;
            };
            let server = Server::new(kept.server.clone(), &devpi::Options::of(&kept.access));
            let access = server.and_then(|server| server.access(&index));
            match access {
                Ok(Access::Redirects(_)) => {}
                Ok(_) => continue,
                Err(error) => {
                    work.terminal.note(format!("{index}: whether it redirects is not known: {error}"));
                    continue;
                }
            }
            let token = get::to_read(&work.paths, kept.server.clone(), index.clone(), work.terminal)?;
            let scope = crate::token::Token::parse(token.expose()).map_err(|_| client::unexpected())?.scope();
            let others = scope.indexes().into_iter().flatten().filter(|base| **base != index);
            bases.extend(others.map(|base| uv::Base { server: kept.server.clone(), index: base.clone() }));
        }
        Ok(bases)
    }

    /// Our package, in the environment of each client that needs it there.
    fn packages(&self, work: &mut Work<'_, '_>) -> Result<(), Failure> {
        let mut seen: Vec<PathBuf> = Vec::new();
        for installed in self.installed.iter().flat_map(|(_, places)| places) {
            let folder = installed.environment.as_ref().map(|environment| environment.folder.clone());
            if !installed.client.needs_package() || folder.as_ref().is_some_and(|folder| seen.contains(folder)) {
                continue;
            }
            seen.extend(folder);
            let added = package::add(work, installed);
            work.go_on(added)?;
        }
        Ok(())
    }
}

fn no_toml(work: &Work<'_, '_>, found: &Found) -> Failure {
    Failure::new(Exit::Malformed, format!("{} is not TOML", work.shown(&found.path)))
        .with_remedy("it is left as it is; mend it, and try again: devpi-tokens setup")
}

fn report(work: &mut Work<'_, '_>, is_dry: bool) -> Result<Exit, Failure> {
    let Work { made, left, declined, .. } = *work;
    if made > 0 {
        work.tell("done; to take back what was changed in files: devpi-tokens setup --undo")?;
    } else if left + declined == 0 && work.failed.is_none() {
        work.tell("nothing to do")?;
    }
    if left > 0 && !is_dry {
        let what = if made > 0 { "the rest was not changed" } else { "nothing was changed" };
        work.terminal.note(format!("{what}; to agree to all of it: devpi-tokens setup --yes"));
    }
    Ok(match work.failed {
        Some(exit) => exit,
        None if left > 0 && !is_dry => Exit::NotFound,
        None => Exit::Done,
    })
}
