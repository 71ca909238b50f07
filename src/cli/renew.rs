//! `devpi-tokens renew`: another root token in place of one that ends.

use std::collections::BTreeSet;

use super::args::Renew;
use super::mint::{self, Replaced};
use super::prompt::Prompt;
use super::waiting::Waiting;
use super::{Terminal, now, open, session, when, which};
use crate::client;
use crate::devpi::{self, Server};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Errand, Holder, Request, Response, Retired, Root, RootStatus, ServerAccess};
use crate::token::{Item, Narrowing, Restriction, RootToken, Scope};

pub(super) fn run(args: Renew, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.no_input);
    let paths = Paths::find()?;
    let status = open::opened(&paths, &prompt)?;
    let old = which::choose(&args.which, &status.roots)?;
    let Holder { server: url, user } = &old.holder;
    let server = Server::new(url.clone(), &devpi::Options::of(&old.access))?;
    // Nothing is asked of a person who has mistyped something.
    let expires = mint::end(&args.expires, now().saturating_add_signed(old.access.skew))?;
    let scope = Scope::of(&old.restrictions.iter().map(Restriction::read).collect::<Vec<_>>());
    let asked = Narrowing { expires: Some(expires), ..as_narrow_as(&scope)? };
    let session = session::with_password(&server, user, &prompt, terminal)?;
    let waiting = Waiting::for_whom(url.host(), terminal);
    let (ends, left) = mint::root(&server, &session, &asked, |root| {
        let ends = root.scope().expires();
        Ok((ends, keep(&paths, old, root, &server)?))
    })?;
    // The new one is kept from here on: whatever fails, what is left is listed by `status`, and deleted the next time.
    let is_unused = |retired: &Retired| retired.in_use_until <= now() || (args.now && retired.id == old.id);
    let replaced = mint::delete_unused(&paths, &session, left, is_unused)?;
    drop(waiting);
    report(old, ends, &replaced, terminal)?;
    replaced.tell_others(terminal);
    mint::warn_of_clock(&server, terminal);
    Ok(Exit::Done)
}

/// What the old token leaves, for the new one to be asked for.
fn as_narrow_as(scope: &Scope) -> Result<Narrowing, Failure> {
    fn items<T: Clone + Into<Item>>(names: Option<&BTreeSet<T>>) -> Result<BTreeSet<Item>, Failure> {
        match names {
            // The server has no way to say nothing at all.
            Some(names) if names.is_empty() => Err(not_repeated("it allows nothing")),
            names => Ok(names.into_iter().flatten().cloned().map(Into::into).collect()),
        }
    }
    if let Some(unknown) = scope.unknown().first() {
        let unknown = crate::escape::one_line(unknown);
        return Err(not_repeated(&format!("its restriction {unknown} is not understood")));
    }
    Ok(Narrowing {
        allowed: items(scope.allowed())?,
        indexes: items(scope.indexes())?,
        projects: items(scope.projects())?,
        ..Narrowing::default()
    })
}

fn not_repeated(why: &str) -> Failure {
    Failure::new(Exit::Refused, format!("no token like the one that is kept can be made: {why}"))
        .with_remedy("make one as you need it: devpi-tokens login URL USER")
}

/// Has the agent keep it in place of the old one, under the same policy. Answers with the tokens to be deleted.
fn keep(paths: &Paths, old: &RootStatus, root: RootToken, server: &Server) -> Result<Vec<Retired>, Failure> {
    let policy = match client::ask(paths, &Request::Policy(old.holder.clone()))? {
        Response::Policy(policy) => policy,
        _ => return Err(client::unexpected()),
    };
    let request = Request::Keep(Box::new(Root {
        holder: old.holder.clone(),
        token: root.text(),
        index: None,
        bases: Vec::new(),
        default: false,
        access: ServerAccess { skew: server.skew().unwrap_or(old.access.skew), ..old.access.clone() },
        environment: Errand::environment(|name| std::env::var(name).ok()),
        policy: Some(policy),
    }));
    match client::ask(paths, &request)? {
        Response::Left(tokens) => Ok(tokens),
        _ => Err(client::unexpected()),
    }
}

fn report(
    old: &RootStatus,
    ends: Option<u64>,
    replaced: &Replaced,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let Holder { server, user } = &old.holder;
    let ends = ends.map_or("never ends".to_owned(), |end| format!("ends {}", when(now(), end)));
    terminal.tell(&format!("the agent keeps another token of {user} at {server}, which {ends}"))?;
    for id in &replaced.deleted {
        terminal.tell(&format!("  {id} is deleted on the server"))?;
    }
    for Retired { id, in_use_until, .. } in &replaced.left {
        terminal.tell(&format!(
            "  {id} was replaced; the first login or renewal after the last token made from it ends deletes it: {}",
            when(now(), *in_use_until)
        ))?;
    }
    Ok(())
}
