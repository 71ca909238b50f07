//! A root token made in a session of its user's: asked for, compared, tried, kept, and its predecessors deleted.

use super::{Terminal, not_a_time, now};
use crate::client;
use crate::devpi::{self, Server, Session, TokenInfo};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, Request, Retired};
use crate::secret::Secret;
use crate::target::UserName;
use crate::time::{Expiry, parse_expiry};
use crate::token::{Narrowing, Restriction, RootToken, Scope, Token, TokenError, TokenId, fingerprint};

/// For how long the token is good that the server is asked with, in seconds.
const PROBE: u64 = 60;

/// How far a server's clock may be off before it is said, in seconds.
const SKEW: u64 = 60;

/// The longest lifetime that devpi-server gives to everybody, in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// When a root token is to end, as a person says it; `now` is what the server's clock shows, in seconds since the epoch.
pub(super) fn end(text: &str, now: u64) -> Result<Expiry, Failure> {
    // Whoever asks at the end of a second is asked about in the next one: the server takes a year and no more.
    Ok(match parse_expiry(text, now).map_err(|error| not_a_time("--expires", error))? {
        Expiry::At(second) if second == now + YEAR => Expiry::At(second - 60),
        other => other,
    })
}

/// Makes a token, and keeps it once the server takes it. One that is not kept is not left behind on the server.
pub(super) fn root<T>(
    server: &Server,
    session: &Session<'_>,
    asked: &Narrowing,
    keep: impl FnOnce(RootToken) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let user = session.user();
    let token = session.create_token(user, asked).map_err(super::session::refused)?;
    let root = made(session, user, &token, asked)?;
    let id = root.id().clone();
    check(server, &root).and_then(|()| keep(root)).inspect_err(|_| {
        // That it cannot be deleted either is not the news.
        let _ = session.delete_token(user, &id);
    })
}

/// The token that a server has made, once it is what was asked for. Any other is deleted, as far as it can be told.
pub(super) fn made(
    session: &Session<'_>,
    user: &UserName,
    token: &Secret,
    asked: &Narrowing,
) -> Result<RootToken, Failure> {
    let read = Token::parse(token.expose()).map_err(|error| unusable("a token", error))?;
    let id = read.id().clone();
    as_asked(&read, user, asked)
        .and_then(|()| RootToken::try_from(read).map_err(|error| unusable(&format!("the token {id}"), error)))
        .inspect_err(|_| {
            // That it cannot be deleted either is not the news.
            let _ = session.delete_token(user, &id);
        })
}

/// Refuses a token that the server made for somebody else, or wider than it was asked for.
fn as_asked(token: &Token, user: &UserName, asked: &Narrowing) -> Result<(), Failure> {
    if token.user() != user || !token.scope().is_within(&Scope::of(&asked.restrictions())) {
        return Err(Failure::new(
            Exit::BadAnswer,
            format!("the server made another token than it was asked for: {}", token.id()),
        )
        .with_remedy("see that it is deleted on the server: devpi-tokens list"));
    }
    Ok(())
}

/// A token of a server that is none, or none to derive from.
fn unusable(which: &str, error: TokenError) -> Failure {
    Failure::new(Exit::BadAnswer, format!("the server made {which}, which cannot be used: {error}"))
        .with_remedy("see that it is deleted on the server: devpi-tokens list")
}

/// Asks the server whether it takes the token.
pub(super) fn check(server: &Server, root: &RootToken) -> Result<(), Failure> {
    Ok(server.check_token(&probe(root, server)?, root.user())?)
}

/// A token that ends in a minute, for what the server is asked: the root token itself is sent nowhere.
pub(super) fn probe(root: &RootToken, server: &Server) -> Result<Secret, Failure> {
    let soon = Restriction::Expires(Expiry::At(there(server).saturating_add(PROBE)));
    // Forced, as the server's own word on a restriction that is not understood here is the one that counts.
    root.attenuate_forced(&[soon]).map(|probe| probe.text()).map_err(not_kept)
}

/// What is no root token, or none that can be kept.
pub(super) fn not_kept(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, format!("this token cannot be kept: {error}"))
        .with_remedy("let the server make one: devpi-tokens login URL USER")
}

/// What became of replaced tokens.
#[derive(Default)]
pub(super) struct Replaced {
    /// Those that are deleted on the server.
    pub(super) deleted: Vec<TokenId>,
    /// Those that are still in use, or could not be deleted.
    pub(super) left: Vec<Retired>,
    /// Those that have other restrictions on the server. They are forgotten.
    others: Vec<Retired>,
    /// Those that never end, so that anybody could have made them up. They stay in the list.
    endless: Vec<Retired>,
}

impl From<Vec<Retired>> for Replaced {
    fn from(left: Vec<Retired>) -> Self {
        Self { left, ..Self::default() }
    }
}

impl Replaced {
    /// Says what a person may want to delete.
    pub(super) fn tell_others(&self, terminal: &mut Terminal<'_>) {
        let others = self.others.iter().map(|retired| (retired, "the server has another token by that id"));
        let endless = self.endless.iter().map(|retired| (retired, "it never ends, and may be used elsewhere"));
        for (Retired { id, holder: Holder { server, user }, .. }, why) in others.chain(endless) {
            terminal.note(format!(
                "{id} was replaced, and is not deleted: {why}\n  \
                 to delete that one: devpi-tokens delete {id} --server {server} --as {user}"
            ));
        }
    }
}

/// Deletes those replaced tokens that are not used any more.
///
/// Only those that the server has as they were kept: any program can have the agent keep, and replace, a token that it
/// made up, with the id of one that is in use elsewhere.
pub(super) fn delete_unused(
    paths: &Paths,
    session: &Session<'_>,
    left: Vec<Retired>,
    is_unused: impl Fn(&Retired) -> bool,
) -> Result<Replaced, Failure> {
    let (unused, left): (Vec<Retired>, Vec<Retired>) = left.into_iter().partition(is_unused);
    let mut replaced = Replaced::from(left);
    let Some(holder) = unused.first().map(|retired| retired.holder.clone()) else { return Ok(replaced) };
    let Ok(listed) = session.tokens(session.user()) else {
        replaced.left.extend(unused);
        return Ok(replaced);
    };
    let mut ids = Vec::new();
    for retired in unused {
        match listed.iter().find(|token| token.id == retired.id) {
            None => {}
            Some(token) if !is_same(&retired, token) => replaced.others.push(retired.clone()),
            Some(token) if !ends(token) => {
                replaced.endless.push(retired);
                continue;
            }
            Some(_) if is_gone(session, &retired.id) => replaced.deleted.push(retired.id.clone()),
            Some(_) => {
                replaced.left.push(retired);
                continue;
            }
        }
        ids.push(retired.id);
    }
    client::ask(paths, &Request::Deleted { holder, ids })?;
    Ok(replaced)
}

/// Whether the server has a token as it was kept, whatever its spelling.
pub(super) fn is_same(kept: &Retired, token: &TokenInfo) -> bool {
    let restrictions = token.restrictions.iter().map(|one| Restriction::read(one).to_string());
    kept.fingerprint.as_ref() == Some(&fingerprint(&restrictions.collect::<Vec<_>>()))
}

/// Whether a token says when it ends: the second is hard to guess for who has seen nothing that was made from it.
pub(super) fn ends(token: &TokenInfo) -> bool {
    token.restrictions.iter().any(|one| matches!(Restriction::read(one), Restriction::Expires(Expiry::At(_))))
}

/// Whether a token is deleted now.
fn is_gone(session: &Session<'_>, id: &TokenId) -> bool {
    matches!(session.delete_token(session.user(), id), Ok(()) | Err(devpi::Error::NotFound { .. }))
}

/// Says that a server's clock is off: the times of a token are compared with that one.
pub(super) fn warn_of_clock(server: &Server, terminal: &mut Terminal<'_>) {
    if let Some(skew) = server.skew().filter(|skew| skew.unsigned_abs() > SKEW) {
        let side = if skew > 0 { "ahead of" } else { "behind" };
        terminal.note(format!("warning: the server's clock is {} s {side} this machine's", skew.unsigned_abs()));
    }
}

/// What the server's clock shows, in seconds since the epoch.
pub(super) fn there(server: &Server) -> u64 {
    now().saturating_add_signed(server.skew().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_wider_than_asked_or_of_somebody_else_is_refused() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/tokens.json")).expect("the vectors");
        let wide = Token::parse(vectors["derived"][0]["root"].as_str().expect("a token")).expect("a token");
        let root = RootToken::try_from(wide.clone()).expect("a root token");
        let narrowed = root.attenuate(&[Restriction::Expires(Expiry::At(1_900_000_000))]).expect("a token");
        let root = Token::parse(narrowed.text().expose()).expect("a token");
        let until = |end| Narrowing { expires: Some(Expiry::At(end)), ..Narrowing::default() };
        let outcome = |root, user, asked| as_asked(root, user, &asked).map_err(|failure| failure.exit);
        assert_eq!(outcome(&root, root.user(), until(1_900_000_000)), Ok(()));
        assert_eq!(outcome(&root, root.user(), until(1_899_999_999)), Err(Exit::BadAnswer));
        assert_eq!(outcome(&wide, wide.user(), until(1_900_000_000)), Err(Exit::BadAnswer));
        let narrower = Narrowing { indexes: ["a/x".parse().expect("an index")].into(), ..until(1_900_000_000) };
        assert_eq!(outcome(&root, root.user(), narrower), Err(Exit::BadAnswer));
        assert_eq!(outcome(&root, &"mallory".parse().expect("a user"), until(1_900_000_000)), Err(Exit::BadAnswer));
        let refused = as_asked(&wide, wide.user(), &until(1)).expect_err("wider than asked");
        assert!(refused.message.ends_with(wide.id().as_str()), "{refused}");
    }
}
