//! `devpi-tokens setup shim`: puts the helper where other programs look for `keyring` and for git's helper.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::file;
use super::journal::Change;
use super::work::Work;
use crate::cli::{Terminal, installed};
use crate::exit::{Exit, Failure, why};
use crate::paths::Paths;

/// The names under which other programs run the helper.
const NAMES: [&str; 2] = ["keyring", "git-credential-devpi-tokens"];

/// What helps where a folder cannot be used.
const ANOTHER: &str = "name a folder that you may write to: devpi-tokens setup shim DIR";

pub(super) fn shim(dir: Option<PathBuf>, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let helper = helper()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = match dir {
        Some(dir) => std::path::absolute(dir).map_err(|error| {
            Failure::new(Exit::Usage, format!("not a folder: {}", why(error.kind()))).with_remedy(ANOTHER)
        })?,
        None => usual(&path, &helper)?,
    };
    make_folder(&folder)?;
    let taken: Vec<&str> =
        NAMES.into_iter().filter(|name| found(&folder.join(name), &helper) == Found::Other).collect();
    if !taken.is_empty() {
        let message = format!("in {} there is another {}", folder.display(), taken.join(" and another "));
        return Err(Failure::new(Exit::CannotCreate, message)
            .with_remedy("choose another folder, in front of it on PATH: devpi-tokens setup shim DIR"));
    }
    for name in NAMES {
        let place = folder.join(name);
        if found(&place, &helper) == Found::Ours {
            terminal.say(format!("{} is there already", place.display()))?;
            continue;
        }
        link(&place, &helper)?;
        terminal.say(format!("{} -> {}", place.display(), helper.display()))?;
    }
    advise(&folder, &path, terminal)?;
    terminal.say("then, once: devpi-tokens setup")?;
    Ok(Exit::Done)
}

/// As a part of `setup`: links what is not found on PATH, once that is agreed to.
pub(super) fn ensure(work: &mut Work<'_, '_>) -> Result<(), Failure> {
    let helper = helper()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_first = |name: &&str| first(&path, name).is_some_and(|program| found(&program, &helper) == Found::Ours);
    if NAMES.iter().all(is_first) {
        return Ok(());
    }
    let folder = usual(&path, &helper)?;
    let missing: Vec<PathBuf> = NAMES.iter().map(|name| folder.join(name)).collect();
    let missing: Vec<PathBuf> = missing.into_iter().filter(|link| found(link, &helper) != Found::Ours).collect();
    if !missing.is_empty() {
        work.tell(&format!("{}: pip, uv and git find the agent here", work.shown(&folder)))?;
        for link in &missing {
            let name = link.file_name().unwrap_or_default().to_string_lossy();
            work.tell(&format!("  +{name} -> devpi-tokens-helper"))?;
        }
        if !work.agrees("link them?")? {
            return Ok(());
        }
        for place in missing {
            let made = file::missing_folders(&place);
            let change = Change::Link { path: place.clone(), to: helper.clone(), made };
            work.journal.make(change, || link(&place, &helper))?;
            work.made += 1;
        }
    }
    work.linked_in = Some(folder);
    Ok(())
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Exit::CannotCreate, format!("cannot create {}: {}", folder.display(), why(error.kind())))
            .with_remedy(ANOTHER)
    })
}

fn link(place: &Path, helper: &Path) -> Result<(), Failure> {
    place.parent().map_or(Ok(()), make_folder)?;
    // What was put there meanwhile is somebody's.
    if found(place, helper) == Found::Other {
        return Err(
            Failure::new(Exit::CannotCreate, format!("there is another {}", place.display())).with_remedy(ANOTHER)
        );
    }
    // Where it is a link that leads nowhere, as after an upgrade, it is in the way.
    let _ = std::fs::remove_file(place);
    symlink(helper, place).map_err(|error| {
        Failure::new(Exit::CannotCreate, format!("cannot link {}: {}", place.display(), why(error.kind())))
            .with_remedy(ANOTHER)
    })
}

fn first(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path).map(|entry| entry.join(name)).find(|program| program.exists())
}

/// Says what else is needed for other programs to find the links, and to look for them.
pub(super) fn advise(folder: &Path, path: &OsStr, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let same = |one: Option<&Path>| one.and_then(|one| one.canonicalize().ok()) == folder.canonicalize().ok();
    let problem = if !is_on(path, folder) {
        Some(format!("{} is not on PATH yet", folder.display()))
    } else {
        let other = first(path, "keyring").filter(|first| !same(first.parent()) && !installed::is_ours(first));
        other.map(|other| format!("another keyring comes first on PATH: {}", other.display()))
    };
    if let Some(problem) = problem {
        terminal.say(problem)?;
        terminal.say("type this, and add it to your shell's profile:")?;
        terminal.say(format!("  export PATH=\"{}:$PATH\"", folder.display()))?;
    }
    Ok(())
}

/// `~/.local/bin` where it is on PATH and both names are free, else a folder of our own.
fn usual(path: &OsStr, helper: &Path) -> Result<PathBuf, Failure> {
    let local = directories::BaseDirs::new().and_then(|base| base.executable_dir().map(Path::to_owned));
    let is_free = |folder: &PathBuf| NAMES.iter().all(|name| found(&folder.join(name), helper) != Found::Other);
    match local.filter(|folder| is_on(path, folder) && is_free(folder)) {
        Some(folder) => Ok(folder),
        None => Ok(Paths::find()?.data.join("bin")),
    }
}

fn is_on(path: &OsStr, folder: &Path) -> bool {
    // Where it is not there yet, by its name.
    let wanted = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    std::env::split_paths(path).any(|entry| entry == wanted || entry.canonicalize().is_ok_and(|entry| entry == wanted))
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
    Other,
}

/// What lies at a name. A link to another helper of ours is nothing: that of an installation before this one, which this
/// one replaces.
fn found(link: &Path, helper: &Path) -> Found {
    if link.canonicalize().is_ok_and(|program| program == helper) {
        return Found::Ours;
    }
    let leads_to = std::fs::read_link(link).ok();
    let is_our_name = leads_to.as_deref().and_then(Path::file_name) == helper.file_name();
    if is_our_name || std::fs::symlink_metadata(link).is_err() { Found::Nothing } else { Found::Other }
}

/// The helper lies beside this program.
fn helper() -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe().and_then(|own| own.with_file_name("devpi-tokens-helper").canonicalize());
    beside.map_err(|_| {
        Failure::new(Exit::Unavailable, "devpi-tokens-helper is not installed beside this program")
            .with_remedy("install devpi-tokens again: all three programs belong together")
    })
}
