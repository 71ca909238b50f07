//! `devpi-tokens agent install|uninstall`: the agent is started by the session, not by the first client.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::unit::{self, MARK, NAME};
use crate::cli::{Terminal, open, output};
use crate::client::{self, Client};
use crate::exit::{Exit, Failure, why};
use crate::paths::Paths;
use crate::protocol::{Keeper, Request};

/// Writes systemd's units, or where no systemd runs for this user an entry for the desktop, and has them used.
pub(super) fn install(paths: &Paths, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let program = client::agent_program()?;
    let folder = configuration()?;
    if !has_systemd() {
        let cli = program.with_file_name("devpi-tokens");
        write(&autostart(&folder), &unit::autostart(&cli)?, terminal)?;
        terminal.tell("no systemd runs for you, so your desktop starts the agent when you log in")?;
        return Ok(Exit::Done);
    }
    let [socket, service] = units(&folder);
    let place =
        paths.sockets.first().ok_or_else(|| Failure::new(Exit::Unavailable, "the agent's socket has no place"))?;
    let set: Vec<(&str, OsString)> =
        Paths::VARIABLES.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
    let set: Vec<(&str, &OsStr)> = set.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
    write(&service, &unit::service(&program, &set)?, terminal)?;
    write(&socket, &unit::socket(place)?, terminal)?;
    make_room(paths)?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", "--now", &format!("{NAME}.socket")])?;
    terminal.tell("systemd listens for the agent, and starts it at the first request")?;
    Ok(Exit::Done)
}

/// Takes back all that [`install`] did; the agent that runs goes on where nothing but it serves.
pub(super) fn uninstall(terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let folder = configuration()?;
    let [socket, service] = units(&folder);
    let there: Vec<PathBuf> = [socket, service, autostart(&folder)].into_iter().filter(|path| is_ours(path)).collect();
    if there.is_empty() {
        terminal.say("nothing is installed")?;
        return Ok(Exit::Done);
    }
    let by_systemd = has_systemd() && there.iter().any(|path| path.parent() == Some(&unit_folder(&folder)));
    if by_systemd {
        systemctl(&["disable", "--now", &format!("{NAME}.socket"), &format!("{NAME}.service")])?;
    }
    for path in there {
        let removed = std::fs::remove_file(&path);
        removed.map_err(|error| cannot_write(&path, "remove", error.kind()))?;
        terminal.say(format!("removed {}", path.display()))?;
    }
    if by_systemd {
        systemctl(&["daemon-reload"])?;
    }
    terminal.tell("the first request starts the agent, as before")?;
    Ok(Exit::Done)
}

/// systemd is to listen where an agent does now. What that agent keeps in memory only would be lost.
fn make_room(paths: &Paths) -> Result<(), Failure> {
    let Some(mut client) = Client::running(paths)? else { return Ok(()) };
    let kept = open::status(paths)?;
    if kept.keeper == Some(Keeper::Memory) && !kept.roots.is_empty() {
        return Err(Failure::new(Exit::TryAgain, "the agent that runs keeps its tokens in memory only")
            .with_remedy("end it, install, log in again: devpi-tokens agent stop"));
    }
    client.request(&Request::Stop)?;
    client.wait_for_end()
}

/// Whether systemd runs for this user (its private socket, as `systemctl --user` looks for it).
fn has_systemd() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let usual = || PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
    runtime.unwrap_or_else(usual).join("systemd/private").exists()
}

fn systemctl(words: &[&str]) -> Result<(), Failure> {
    let by_hand = format!("systemctl --user {}", words.join(" "));
    let failed = |why: String| {
        Failure::new(Exit::Unavailable, format!("{by_hand}: {why}")).with_remedy(format!("see why: {by_hand}"))
    };
    let done = Command::new("systemctl").arg("--user").args(words).stdin(Stdio::null()).output();
    let done = done.map_err(|error| failed(why(error.kind())))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(failed(crate::escape::one_line(said.lines().next().unwrap_or("it failed"))))
}

/// The folder of this user's configuration files.
fn configuration() -> Result<PathBuf, Failure> {
    let folders = directories::BaseDirs::new();
    folders.map(|folders| folders.config_dir().to_owned()).ok_or_else(|| {
        Failure::new(Exit::Unsafe, "HOME is not set and the user database names no home").with_remedy("set HOME")
    })
}

fn unit_folder(configuration: &Path) -> PathBuf {
    configuration.join("systemd/user")
}

fn units(configuration: &Path) -> [PathBuf; 2] {
    ["socket", "service"].map(|kind| unit_folder(configuration).join(format!("{NAME}.{kind}")))
}

fn autostart(configuration: &Path) -> PathBuf {
    configuration.join(format!("autostart/{NAME}.desktop"))
}

/// Writes a file of ours, where nobody has put another one.
fn write(path: &Path, text: &str, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    match std::fs::read_to_string(path) {
        Ok(there) if there == text => return terminal.say(format!("{} is there already", path.display())),
        Ok(there) if !there.starts_with(MARK) => {
            return Err(Failure::new(Exit::CannotCreate, format!("{} is not of our making", path.display()))
                .with_remedy("move it away and try again"));
        }
        _ => {}
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(path, "write", error.kind()))?;
    }
    output::replace(path, |file| std::io::Write::write_all(file, text.as_bytes()))?;
    terminal.say(format!("wrote {}", path.display()))
}

fn is_ours(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

fn cannot_write(path: &Path, what: &str, kind: ErrorKind) -> Failure {
    Failure::new(Exit::CannotWrite, format!("cannot {what} {}: {}", path.display(), why(kind)))
}
