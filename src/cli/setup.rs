//! `devpi-tokens setup shim`: puts the helper where other programs look for `keyring` and for git's helper.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Terminal;
use crate::exit::{Exit, Failure};
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
            Failure::new(Exit::Usage, format!("not a folder: {}", error.kind())).with_remedy(ANOTHER)
        })?,
        None => usual(&path, &helper)?,
    };
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(Exit::CannotCreate, format!("cannot create {}: {}", folder.display(), error.kind()))
            .with_remedy(ANOTHER)
    })?;
    let taken: Vec<&str> =
        NAMES.into_iter().filter(|name| found(&folder.join(name), &helper) == Found::Other).collect();
    if !taken.is_empty() {
        let message = format!("in {} there is another {}", folder.display(), taken.join(" and another "));
        return Err(Failure::new(Exit::CannotCreate, message)
            .with_remedy("choose another folder, in front of it on PATH: devpi-tokens setup shim DIR"));
    }
    for name in NAMES {
        let link = folder.join(name);
        if found(&link, &helper) == Found::Ours {
            terminal.say(format!("{} is there already", link.display()))?;
            continue;
        }
        // Where it is a link that leads nowhere, as after an upgrade, it is in the way.
        let _ = std::fs::remove_file(&link);
        symlink(&helper, &link).map_err(|error| {
            Failure::new(Exit::CannotCreate, format!("cannot link {}: {}", link.display(), error.kind()))
                .with_remedy(ANOTHER)
        })?;
        terminal.say(format!("{} -> {}", link.display(), helper.display()))?;
    }
    advise(&folder, &path, terminal)?;
    Ok(Exit::Done)
}

/// Says what else is needed for other programs to find the links, and to look for them.
fn advise(folder: &Path, path: &OsStr, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let same = |one: Option<&Path>| one.and_then(|one| one.canonicalize().ok()) == folder.canonicalize().ok();
    let first = std::env::split_paths(path).map(|entry| entry.join("keyring")).find(|program| program.exists());
    let problem = if !is_on(path, folder) {
        Some("not on PATH yet; add to your shell's profile:".to_owned())
    } else {
        let other = first.filter(|first| !same(first.parent()));
        other.map(|other| format!("another keyring comes first on PATH, {}; in your shell's profile:", other.display()))
    };
    if let Some(problem) = problem {
        terminal.say(problem)?;
        terminal.say(format!("  export PATH=\"{}:$PATH\"", folder.display()))?;
    }
    terminal.say("then, once:")?;
    terminal.say("  pip: pip config set global.keyring-provider subprocess")?;
    terminal.say("  uv:  in uv.toml: keyring-provider = \"subprocess\"")?;
    terminal.say("       and for each index of yours: authenticate = \"always\"")?;
    terminal.say("  git: git config --global --add credential.helper devpi-tokens")
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
    let wanted = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    std::env::split_paths(path).any(|entry| entry.canonicalize().is_ok_and(|entry| entry == wanted))
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
    Other,
}

/// What lies at a name. A link to a helper of ours that is gone is nothing.
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
