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

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
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
    // A folder that is named is nobody's home.
    if let Some(SetupPart::Shim { dir: Some(dir) }) = args.part {
        return shim::shim(Some(dir), terminal);
    }
    let home = home()?;
    if args.part.is_some() {
        return shim::shim(None, terminal);
    }
    let paths = Paths::find()?;
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
        linked_in: None,
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
    let agreed: String = args.clients.iter().map(|client| format!("{} ", client.command())).collect();
    report(&mut work, args.dry_run, &format!("devpi-tokens setup {agreed}--yes"))
}

/// The home whose files are changed: that of whoever changes them, as new files are theirs.
fn home() -> Result<PathBuf, Failure> {
    let home = directories::BaseDirs::new().map(|base| base.home_dir().to_owned()).ok_or_else(|| {
        Failure::new(Exit::Unsafe, "HOME is not set and the user database names no home").with_remedy("set HOME")
    })?;
    let owner = std::fs::metadata(&home).map(|found| found.uid()).ok();
    if owner.is_some_and(|owner| owner != rustix::process::geteuid().as_raw()) {
        return Err(Failure::new(Exit::Unsafe, format!("HOME belongs to another user: {}", home.display()))
            .with_remedy("run it as that user"));
    }
    Ok(home)
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
        if self.all || clients.iter().any(|client| client.runs_keyring() || *client == Client::Git) {
            let linked = shim::ensure(work);
            work.go_on(linked)?;
        }
        // First, as what is taken out of a client's files is missed where it cannot ask the agent.
        let lacking = self.packages(work)?;
        let mut ours = Ours::look(work)?;
        if ours.is_locked {
            work.go_on(Err(credentials::locked()))?;
        } else {
            let names = self.places.poetry_names();
            for place in self.places.with_credentials(&clients) {
                let taken = credentials::take_in(work, &mut ours, (&place, &lacking), &names);
                work.go_on(taken)?;
            }
        }
        // flit reads the file of twine.
        let is_second = |client: Client| client == Client::Flit && clients.contains(&Client::Twine);
        for (client, places) in self.installed.iter().filter(|(client, _)| !is_second(*client)) {
            let settled = self.settle(*client, places, &ours, work);
            work.go_on(settled)?;
        }
        Ok(())
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
                work.change("pip asks the agent", &found, &pip::settled(found.text(), ours))
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
            let token = match get::to_read(&work.paths, kept.server.clone(), index.clone(), work.terminal) {
                Ok(token) => token,
                Err(failure) => {
                    work.terminal.note(format!("{index}: its bases are not known: {failure}"));
                    continue;
                }
            };
            let scope = crate::token::Token::parse(token.expose()).map_err(|_| client::unexpected())?.scope();
            let others = scope.indexes().into_iter().flatten().filter(|base| **base != index);
            bases.extend(others.map(|base| uv::Base { server: kept.server.clone(), index: base.clone() }));
        }
        Ok(bases)
    }

    /// Our package, in the environment of each client that needs it there. Answers with those that lack it after that, or
    /// are nowhere.
    fn packages(&self, work: &mut Work<'_, '_>) -> Result<Vec<Client>, Failure> {
        let mut seen: BTreeMap<PathBuf, bool> = BTreeMap::new();
        let mut lacking = Vec::new();
        for (client, places) in self.installed.iter().filter(|(client, _)| client.needs_package()) {
            let mut has_all = !places.is_empty();
            for installed in places {
                has_all &= package_in(work, installed, &mut seen)?;
            }
            lacking.extend((!has_all).then_some(*client));
        }
        Ok(lacking)
    }
}

/// Whether our package is in an environment after it was proposed there, once.
fn package_in(
    work: &mut Work<'_, '_>,
    installed: &Installed,
    seen: &mut BTreeMap<PathBuf, bool>,
) -> Result<bool, Failure> {
    let folder = installed.environment.as_ref().map(|environment| environment.folder.clone());
    if let Some(known) = folder.as_ref().and_then(|folder| seen.get(folder)) {
        return Ok(*known);
    }
    let mut is_there = false;
    let added = package::add(work, installed).map(|there| is_there = there);
    work.go_on(added)?;
    seen.extend(folder.map(|folder| (folder, is_there)));
    Ok(is_there)
}

fn no_toml(work: &Work<'_, '_>, found: &Found) -> Failure {
    Failure::new(Exit::Malformed, format!("{} is not TOML", work.shown(&found.path)))
        .with_remedy("it is left as it is; mend it, and try again: devpi-tokens setup")
}

/// `agreed` is the command that changes what was shown.
fn report(work: &mut Work<'_, '_>, is_dry: bool, agreed: &str) -> Result<Exit, Failure> {
    let Work { made, left, declined, .. } = *work;
    if made > 0 {
        let done = if work.failed.is_some() { "done, but for what failed" } else { "done" };
        work.tell(&format!("{done}; to take back what was changed in files: devpi-tokens setup --undo"))?;
    } else if left + declined == 0 && work.failed.is_none() {
        work.tell("nothing to do")?;
    }
    if left > 0 && !is_dry {
        let what = if made > 0 { "the rest was not changed" } else { "nothing was changed" };
        work.terminal.note(format!("{what}; to agree to all of it: {agreed}"));
    }
    // Last, where it is seen: without that the rest is of no use.
    if let Some(folder) = &work.linked_in {
        shim::advise(folder, &std::env::var_os("PATH").unwrap_or_default(), work.terminal)?;
    }
    Ok(match work.failed {
        Some(exit) => exit,
        None if left > 0 && !is_dry => Exit::NotFound,
        None => Exit::Done,
    })
}
