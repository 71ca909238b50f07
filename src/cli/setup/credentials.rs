//! Takes credentials that lie in files into the agent, and out of the files.
//!
//! That is a step of its own, before all others, and no undo brings a secret back: nothing keeps a second copy of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::Found;
use super::lying::{self, Kind, Lying};
use super::ours::{Kept, Ours};
use super::work::{Consent, Work};
use crate::cli::login;
use crate::exit::{Exit, Failure};
use crate::protocol::ServerAccess;
use crate::target::{Target, UserName};
use crate::token::Token;

/// What is to be done about a credential.
enum Fate {
    /// The agent keeps a token of that user at that server already: this very one, or another.
    Known { itself: bool },
    /// It is to log in with, first: there, and reached like that.
    New(Target, UserName, ServerAccess),
    /// It is no business of ours.
    Left,
}

/// Looks through one file.
pub(super) fn take_in(
    work: &mut Work<'_, '_>,
    ours: &Ours,
    (path, kind): (&Path, Kind),
    names: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let found = Found::read(path)?;
    let all = lying::find(kind, found.text(), names);
    let mut gone: Vec<(&Lying, Fate)> = Vec::new();
    for lying in &all {
        match fate(lying, kind, ours) {
            Fate::Left => {}
            fate => gone.push((lying, fate)),
        }
    }
    // A password in a netrc may be for other programs on that host as well.
    let is_shared = |lying: &Lying| kind == Kind::Netrc && !lying::is_token(lying.secret.expose());
    if matches!(work.consent, Consent::Given) && gone.iter().any(|(lying, _)| is_shared(lying)) {
        work.terminal
            .note(format!("{}: a password is left there, as other programs may need it", work.shown(&found.path)));
        gone.retain(|(lying, _)| !is_shared(lying));
    }
    if gone.is_empty() {
        return Ok(());
    }
    let after = lying::without(found.text(), &gone.iter().map(|(lying, _)| *lying).collect::<Vec<_>>());
    let secrets: Vec<_> = all.iter().map(|lying| lying.secret.clone()).collect();
    let what = if gone.len() == 1 { "a credential lies here" } else { "credentials lie here" };
    work.show(what, &found, &after, secrets.into_iter())?;
    for (lying, fate) in &gone {
        tell(work, lying, fate)?;
    }
    let is_new = gone.iter().any(|(_, fate)| matches!(fate, Fate::New(..)));
    let what = if is_new { "log in, and take it out of the file?" } else { "take it out of the file?" };
    if !work.agrees(&format!("{what} (--undo does not bring it back)"))? {
        return Ok(());
    }
    let mut taken = Vec::new();
    for (lying, fate) in &gone {
        if let Fate::New(url, user, access) = fate
            && let Err(failure) = login::with_found((url, access), user, &lying.secret, work.terminal)
        {
            work.go_on(Err(failure))?;
            work.terminal.note("its credential stays where it is");
            continue;
        }
        taken.push(*lying);
    }
    if !taken.is_empty() {
        found.write(&lying::without(found.text(), &taken))?;
        work.made += 1;
    }
    Ok(())
}

fn tell(work: &mut Work<'_, '_>, lying: &Lying, fate: &Fate) -> Result<(), Failure> {
    let token = Token::parse(lying.secret.expose()).ok();
    let what = if token.is_some() { "token" } else { "password" };
    match fate {
        Fate::New(url, user, _) => {
            let host = url.host();
            work.terminal.tell(&format!("  the {what} of {user} at {host} is to be used to log in there"))
        }
        Fate::Known { itself } => {
            work.terminal.tell(&format!("  the agent keeps a token for {} already", lying.url))?;
            match token.filter(|_| !itself) {
                Some(token) => {
                    let id = token.id();
                    work.terminal.tell(&format!("  this one stays valid until you type: devpi-tokens delete {id}"))
                }
                None => Ok(()),
            }
        }
        Fate::Left => Ok(()),
    }
}

fn fate(lying: &Lying, kind: Kind, ours: &Ours) -> Fate {
    let token = Token::parse(lying.secret.expose()).ok();
    let named = lying.user.as_ref().and_then(|user| user.parse::<UserName>().ok());
    let user = token.as_ref().map(|token| token.user().clone()).or(named);
    let kept = match kind {
        Kind::Netrc => ours.of_host(&lying.url),
        _ => ours.find(&lying.url).map(|(kept, _)| kept),
    };
    let Some(kept) = kept else {
        // Of a stranger's server only what is plainly devpi's: its address, or its kind of token.
        let target = lying.url.parse::<Target>().ok().filter(|target| !target.is_bare_host());
        let is_devpi = token.is_some() || lying.url.contains("/+simple");
        return match (target, user) {
            (Some(target), Some(user)) if is_devpi => Fate::New(target, user, ServerAccess::default()),
            _ => Fate::Left,
        };
    };
    let Kept { server, users, ids, access } = kept;
    let itself = token.as_ref().is_some_and(|token| ids.contains(token.id()));
    match user {
        Some(user) if users.contains(&user) => Fate::Known { itself },
        None if !users.is_empty() => Fate::Known { itself },
        // What is meant by another user of a host in a netrc nobody can tell.
        Some(user) if kind != Kind::Netrc || token.is_some() => {
            server.join("").parse().map_or(Fate::Left, |target| Fate::New(target, user, access.clone()))
        }
        _ => Fate::Left,
    }
}

/// What a locked vault means for all this.
pub(super) fn locked() -> Failure {
    Failure::new(Exit::TryAgain, "the vault is locked: credentials in files are not looked for")
        .with_remedy("open it, and try again: devpi-tokens agent unlock")
}
