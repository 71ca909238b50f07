//! Takes credentials that lie in files into the agent, and out of the files.
//!
//! That is a step of its own, before all others, and no undo brings a secret back: nothing keeps a second copy of it.

use std::collections::BTreeMap;

use super::file::Found;
use super::lying::{self, Kind, Lying};
use super::ours::{Kept, Ours};
use super::places::Place;
use super::work::{Consent, Work};
use crate::cli::args::Client;
use crate::cli::{login, now};
use crate::exit::{Exit, Failure};
use crate::protocol::{Holder, RootStatus, ServerAccess};
use crate::target::{Target, UserName};
use crate::token::Token;

/// What is to be done about a credential.
enum Fate {
    /// The agent keeps a token that can do as much: this very one, or another.
    Known { itself: bool },
    /// It is to log in with, first: there, and reached like that.
    New(Target, UserName, ServerAccess),
    /// What the agent keeps of this user has ended, or may do less.
    Wider(Holder),
    /// It is no business of ours.
    Left,
}

/// A file with credentials in it.
struct File<'f> {
    found: &'f Found,
    kind: Kind,
    /// A client that would be left without what it reads there.
    needed_by: Option<Client>,
}

/// Looks through one file, and takes nothing out of what a client that lacks our package reads; `ours` is as it is after
/// what was logged in with.
pub(super) fn take_in(
    work: &mut Work<'_, '_>,
    ours: &mut Ours,
    (place, lacking): (&Place, &[Client]),
    names: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let Place { path, kind, clients } = place;
    let (found, kind) = (Found::read(path)?, *kind);
    let needed_by = clients.iter().copied().find(|client| lacking.contains(client));
    let file = File { found: &found, kind, needed_by };
    let all = lying::find(kind, found.text(), names);
    let gone = going(work, ours, &file, &all);
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
    for (lying, _) in &gone {
        if is_kept(work, ours, &file, lying)? {
            taken.push(*lying);
        }
    }
    if !taken.is_empty() {
        found.write(&lying::without(found.text(), &taken))?;
        work.made += 1;
    }
    Ok(())
}

/// The credentials that are to go, and how; why others stay is said.
fn going<'l>(work: &mut Work<'_, '_>, ours: &Ours, file: &File<'_>, all: &'l [Lying]) -> Vec<(&'l Lying, Fate)> {
    let mut gone = Vec::new();
    for lying in all {
        match fate(lying, file.kind, ours, now()) {
            Fate::Left => {}
            Fate::Wider(holder) => tell_wider(work, file, lying, &holder),
            fate => gone.push((lying, fate)),
        }
    }
    let path = work.shown(&file.found.path);
    if ours.is_in_memory && !gone.is_empty() {
        work.terminal.note(format!(
            "{path}: credentials are left there, as what the agent keeps ends with it\n  \
             to have it last, log in anew with DEVPI_TOKENS_VAULT=passphrase, or another"
        ));
        return Vec::new();
    }
    if let Some(client) = file.needed_by.filter(|_| !gone.is_empty()) {
        let client = client.command();
        work.terminal.note(format!("{path}: credentials are left there until {client} has devpi-tokens-agent"));
        return Vec::new();
    }
    // A password in a netrc may be for other programs on that host as well.
    let is_shared = |lying: &Lying| file.kind == Kind::Netrc && !lying::is_token(lying.secret.expose());
    let is_asked = matches!(work.consent, Consent::Asked(_));
    if !is_asked && gone.iter().any(|(lying, _)| is_shared(lying)) {
        work.terminal.note(format!(
            "{path}: a password is left there, as other programs may need it\n  \
             to be asked about it, run setup at a terminal, without --yes"
        ));
        gone.retain(|(lying, _)| !is_shared(lying));
    }
    gone
}

/// Whether the agent keeps what makes a credential superfluous; it is logged in with where that is needed. Looked at only
/// now: what was logged in with before may have changed it.
fn is_kept(work: &mut Work<'_, '_>, ours: &mut Ours, file: &File<'_>, lying: &Lying) -> Result<bool, Failure> {
    match fate(lying, file.kind, ours, now()) {
        Fate::Known { .. } => Ok(true),
        Fate::New(url, user, access) => {
            if let Err(failure) = login::with_found((&url, &access), &user, &lying.secret, work.terminal) {
                work.go_on(Err(failure))?;
                work.terminal.note("its credential stays where it is");
                return Ok(false);
            }
            *ours = Ours::look(work)?;
            Ok(true)
        }
        Fate::Wider(holder) => {
            tell_wider(work, file, lying, &holder);
            Ok(false)
        }
        Fate::Left => Ok(false),
    }
}

fn what_is(lying: &Lying) -> &'static str {
    if Token::parse(lying.secret.expose()).is_ok() { "token" } else { "password" }
}

fn tell_wider(work: &mut Work<'_, '_>, file: &File<'_>, lying: &Lying, Holder { server, user }: &Holder) {
    let (path, what) = (work.shown(&file.found.path), what_is(lying));
    let how = if what == "token" { "-f FILE".to_owned() } else { user.to_string() };
    work.terminal.note(format!(
        "{path}: the {what} of {user} is left there\n  \
         the token that the agent keeps of {user} has ended, or may do less\n  \
         to have it keep another: devpi-tokens login {server} {how}"
    ));
}

fn tell(work: &mut Work<'_, '_>, lying: &Lying, fate: &Fate) -> Result<(), Failure> {
    let token = Token::parse(lying.secret.expose()).ok();
    let what = what_is(lying);
    match fate {
        Fate::New(url, user, _) => {
            let host = url.host();
            work.tell(&format!("  the {what} of {user} at {host} is to be used to log in there"))
        }
        Fate::Known { itself } => {
            work.tell(&format!("  the agent keeps a token for {} already", lying.url))?;
            match token.filter(|_| !itself) {
                Some(token) => {
                    let id = token.id();
                    work.tell(&format!("  this one stays valid until you type: devpi-tokens delete {id}"))
                }
                None => Ok(()),
            }
        }
        Fate::Wider(_) | Fate::Left => Ok(()),
    }
}

/// What is to become of a credential; `now` in seconds since the epoch.
fn fate(lying: &Lying, kind: Kind, ours: &Ours, now: u64) -> Fate {
    let token = Token::parse(lying.secret.expose()).ok();
    let named = lying.user.as_ref().map(|user| user.parse::<UserName>());
    let user = match (&token, named) {
        (Some(token), _) => Some(token.user().clone()),
        (None, Some(Ok(user))) => Some(user),
        // Of nobody that devpi knows.
        (None, Some(Err(_))) => return Fate::Left,
        (None, None) => None,
    };
    let kept = match kind {
        Kind::Netrc => ours.of_host(&lying.url),
        _ => ours.find(&lying.url).map(|(kept, _)| kept),
    };
    let Some(Kept { server, roots, access }) = kept else {
        // Of a stranger's server only what is plainly devpi's: its address, or its kind of token.
        let target = lying.url.parse::<Target>().ok().filter(|target| !target.is_bare_host());
        let is_devpi = token.is_some() || lying.url.contains("/+simple");
        return match (target, user) {
            (Some(target), Some(user)) if is_devpi => Fate::New(target, user, ServerAccess::default()),
            _ => Fate::Left,
        };
    };
    let root = roots.iter().find(|root| user.as_ref().is_none_or(|user| root.holder.user == *user));
    match (root, user) {
        (Some(root), _) => beside(root, token.as_ref(), now),
        // What is meant by another user of a host in a netrc nobody can tell.
        (None, Some(user)) if kind != Kind::Netrc || token.is_some() => {
            server.join("").parse().map_or(Fate::Left, |target| Fate::New(target, user, access.clone()))
        }
        _ => Fate::Left,
    }
}

/// What is to become of a token, or of a password, beside the token of the same user that is kept.
fn beside(root: &RootStatus, token: Option<&Token>, now: u64) -> Fate {
    let scope = root.scope();
    let is_of_use = root.is_alive(now) && scope.unknown().is_empty();
    let itself = token.is_some_and(|token| *token.id() == root.id);
    if (itself || is_of_use) && token.is_none_or(|token| token.scope().is_within(&scope)) {
        Fate::Known { itself }
    } else {
        Fate::Wider(root.holder.clone())
    }
}

/// What a locked vault means for all this.
pub(super) fn locked() -> Failure {
    Failure::new(Exit::TryAgain, "the vault is locked: credentials in files are not looked for")
        .with_remedy("open it, and try again: devpi-tokens agent unlock")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000;

    /// What becomes of the credential in pip's file, beside a kept token of alice that is restricted like that.
    fn judged(secret: &str, user: &str, kept: &[&str]) -> Fate {
        let text = format!("index-url = https://{user}:{secret}@h/alice/dev/+simple/");
        let found = lying::find(Kind::Addresses, &text, &BTreeMap::new());
        fate(&found[0], Kind::Addresses, &Ours::with_root("https://h", "alice", kept), NOW)
    }

    /// A token of alice with that caveat, and another one's id.
    fn token(caveat: &str) -> String {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/tokens.json")).expect("the vectors");
        let root = vectors["derived"][0]["root"].as_str().expect("a token");
        let root = crate::token::RootToken::try_from(Token::parse(root).expect("a token")).expect("a root token");
        let narrowed = root.attenuate_forced(&[crate::token::Restriction::read(caveat)]).expect("a token");
        narrowed.text().expose().to_owned()
    }

    #[test]
    fn a_password_goes_only_for_a_token_that_can_be_used() {
        let alive = format!("expires={}", NOW + 1);
        assert!(matches!(judged("s3cret", "alice", &[]), Fate::Known { .. }));
        assert!(matches!(judged("s3cret", "alice", &[&alive]), Fate::Known { .. }));
        assert!(matches!(judged("s3cret", "alice", &[&format!("expires={NOW}")]), Fate::Wider(_)));
        assert!(matches!(judged("s3cret", "alice", &["colour=red"]), Fate::Wider(_)));
        assert!(matches!(judged("s3cret", "bob", &[]), Fate::New(..)));
    }

    #[test]
    fn a_token_goes_only_for_one_that_can_do_as_much() {
        let token = token("allowed=pkg_read");
        assert!(matches!(judged(&token, "alice", &[]), Fate::Known { itself: true }));
        assert!(matches!(judged(&token, "alice", &["allowed=pkg_read,upload"]), Fate::Known { .. }));
        assert!(matches!(judged(&token, "alice", &["allowed=upload"]), Fate::Wider(_)));
        assert!(matches!(judged(&token, "alice", &["indexes=alice/dev"]), Fate::Wider(_)));
    }

    #[test]
    fn what_is_of_nobody_that_devpi_knows_is_left() {
        assert!(matches!(judged("s3cret", "al%20ice", &[]), Fate::Left));
        assert!(matches!(judged("s3cret", "%61lice", &[]), Fate::Known { .. }));
        assert!(matches!(judged("s3cret", "%62ob", &[]), Fate::New(..)));
    }
}
