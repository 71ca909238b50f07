//! `devpi-tokens status`: what the agent keeps, and until when.

use serde::Serialize;

use super::args;
use super::terminal::Tone;
use super::{Terminal, now, open, when};
use crate::client::Client;
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, Keeper, Request, Response, RestrictedSocket, Rollback, Status, VaultState, ending};

pub(super) fn run(args: &args::Status, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let status = open::status(&Paths::find()?)?;
    if args.json {
        terminal.say_json(json(&status)?)?;
    } else {
        for (tone, line) in lines(&status, now()) {
            terminal.tell_as(tone, &line)?;
        }
    }
    Ok(match status.vault {
        VaultState::Open if !status.roots.is_empty() => Exit::Done,
        VaultState::Locked | VaultState::LockedByHand => Exit::TryAgain,
        VaultState::Absent | VaultState::Open => Exit::NotFound,
    })
}

/// The status for programs, with names that stay.
pub(super) fn json(status: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(status)
        .map_err(|_| Failure::new(Exit::Unavailable, "the status cannot be written as JSON"))
}

/// The vault in words.
pub(super) fn vault(status: &Status) -> String {
    let keeper = match status.keeper {
        None => return "vault: none yet".to_owned(),
        Some(Keeper::Keyring) => "its key is kept by the desktop's keyring",
        Some(Keeper::Passphrase) => "sealed with a passphrase",
        Some(Keeper::Command) => "a command prints its key",
        Some(Keeper::Memory) => "in memory only, until the agent ends",
    };
    let state = match status.vault {
        VaultState::Open => "open",
        VaultState::LockedByHand => "locked by hand",
        VaultState::Locked | VaultState::Absent => "locked",
    };
    format!("vault: {state}, {keeper}")
}

/// A warning for each kept token whose end is near, to a person at a terminal: beside whatever was asked for, and never
/// in the way of it.
pub(super) fn warn_of_ends(terminal: &mut Terminal<'_>) {
    let asked = || Client::running(&Paths::find().ok()?).ok()??.request(&Request::Status).ok();
    let Some(Response::Status(status)) = terminal.manners.is_person().then(asked).flatten() else { return };
    for root in &status.roots {
        if let Some(note) = root.expires.and_then(|end| ending::note(&root.holder, end, now())) {
            terminal.warn(note);
        }
    }
}

/// The restricted sockets in words, a line each.
pub(super) fn sockets(status: &Status) -> Vec<String> {
    status.sockets.iter().map(|socket| format!("restricted socket {}", described(socket))).collect()
}

/// Where a restricted socket is and what it gives.
pub(super) fn described(socket: &RestrictedSocket) -> String {
    let RestrictedSocket { path, purposes, indexes, holder } = socket;
    fn joined<T: ToString>(items: &[T]) -> String {
        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
    let indexes = if indexes.is_empty() { "any index".to_owned() } else { joined(indexes) };
    let whose = holder.as_ref().map(|holder| format!(" as {} at {}", holder.user, holder.server));
    let path = escape::printable(&path.to_string_lossy());
    format!("{path}: {} {indexes}{}", joined(purposes), whose.unwrap_or_default())
}

fn lines(status: &Status, now: u64) -> Vec<(Tone, String)> {
    let mut lines = vec![(Tone::Plain, vault(status))];
    if let Some(Rollback { generation, newest }) = status.rollback {
        let older = format!("warning: this vault is older than the last one: generation {generation}, not {newest}");
        let remedy = "  if you did not put it back yourself, log in again: devpi-tokens login URL";
        lines.extend([(Tone::Careful, older), (Tone::Careful, remedy.to_owned())]);
    }
    let mut server = None;
    for root in &status.roots {
        if server != Some(&root.holder.server) {
            lines.push((Tone::Plain, root.holder.server.to_string()));
            server = Some(&root.holder.server);
        }
        let ends = match root.expires {
            Some(end) if end <= now => format!("ended {}", when(now, end)),
            Some(end) => format!("ends {}", when(now, end)),
            None => "never ends".to_owned(),
        };
        let default = if root.default { " (default)" } else { "" };
        let tone = match root.expires.and_then(|end| ending::stage(end, now)) {
            Some(0) => Tone::Bad,
            Some(_) => Tone::Careful,
            None => Tone::Plain,
        };
        lines.push((tone, format!("  {}{default}: token {}, {ends}", root.holder.user, root.id)));
        if tone != Tone::Plain {
            let Holder { server, user } = &root.holder;
            lines.push((tone, format!("    renew it: devpi-tokens renew --server {server} --as {user}")));
        }
        // When it ends is said in words above.
        let narrowing = root.restrictions.iter().filter(|restriction| !restriction.starts_with("expires="));
        lines.extend(narrowing.map(|restriction| (Tone::Plain, format!("    {}", escape::printable(restriction)))));
    }
    for retired in &status.retired {
        let until = if retired.in_use_until <= now {
            "what was made from it has ended".to_owned()
        } else {
            format!("what was made from it ends {}", when(now, retired.in_use_until))
        };
        let line = format!("to be deleted at the next login of {}: token {}, {until}", retired.holder.user, retired.id);
        lines.push((Tone::Plain, line));
    }
    lines.extend(sockets(status).into_iter().map(|line| (Tone::Plain, line)));
    match status.vault {
        VaultState::Locked | VaultState::LockedByHand => {
            lines.push((Tone::Careful, "to open it: devpi-tokens agent unlock".to_owned()))
        }
        VaultState::Absent | VaultState::Open if status.roots.is_empty() => {
            lines.push((Tone::Careful, "no token is kept; log in: devpi-tokens login URL".to_owned()));
        }
        VaultState::Absent | VaultState::Open => {}
    }
    lines
}
