//! `devpi-tokens login`: a root token for the agent.

use std::time::Duration;

use super::args::Login;
use super::prompt::Prompt;
use super::{Terminal, input, not_a_time, now, open, when};
use crate::client;
use crate::devpi::{self, Access, Found, Server, Session};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, IndexBases, Request, Response, Retired, Root, ServerAccess};
use crate::secret::Secret;
use crate::target::{IndexName, Permission, UserName};
use crate::time::{Expiry, parse_expiry};
use crate::token::{Item, Narrowing, Restriction, RootToken, Scope, Token, TokenError};

/// How long the bases of the index may take to be learnt.
const BASES: Duration = Duration::from_secs(10);

/// For how long the token is good that a login asks the server with, in seconds.
const PROBE: u64 = 60;

/// How far a server's clock may be off before it is said, in seconds.
const SKEW: i64 = 60;

pub(super) fn run(args: Login, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.no_input);
    let paths = Paths::find()?;
    let options = devpi::Options {
        ca_file: args.reach.ca_file.clone(),
        allow_http: args.reach.allow_http,
        ..devpi::Options::default()
    };
    // The address first: nothing is asked of a person who has mistyped it.
    let found = devpi::discover(&args.url, &options)?;
    open::ensure(&paths, &prompt, terminal)?;
    let (kept, left) = match &args.file {
        Some(file) => {
            let root = given(&found.server, &input::from_file(file, &prompt)?, args.user.as_ref())?;
            keep(&paths, &found, root, &args)?
        }
        None => {
            let user = user(&args, &found, &prompt)?;
            let password = prompt.secret(&format!("password of {user} at {}", found.server.url()))?;
            let session = found.server.login(&user, &password)?;
            drop(password);
            with_session(&paths, &found, &session, &args)?
        }
    };
    report(&found, &kept, &left, terminal)?;
    Ok(Exit::Done)
}

/// The token that is kept now, for the words about it.
struct Kept {
    holder: Holder,
    root: RootToken,
}

/// Makes a token in a session of the user's; what is not needed any more is deleted in the same session.
fn with_session(
    paths: &Paths,
    found: &Found,
    session: &Session<'_>,
    args: &Login,
) -> Result<(Kept, Vec<Retired>), Failure> {
    let user = session.user();
    let asked = narrowing(args, &found.server)?;
    let token = session.create_token(user, &asked).map_err(super::session::refused)?;
    let root = Token::parse(token.expose()).and_then(RootToken::try_from).map_err(not_kept)?;
    let id = root.id().clone();
    let checked = as_asked(&root, user, &asked).and_then(|()| check(&found.server, &root));
    let (kept, left) = checked.and_then(|()| keep(paths, found, root, args)).inspect_err(|_| {
        // A token that nobody keeps is not left behind. That it cannot be deleted either is not the news.
        let _ = session.delete_token(user, &id);
    })?;
    let left = delete_unused(paths, session, left)?;
    Ok((kept, left))
}

/// Refuses a token that the server made for somebody else, or wider than it was asked for.
fn as_asked(root: &RootToken, user: &UserName, asked: &Narrowing) -> Result<(), Failure> {
    if root.user() != user || !root.scope().is_within(&Scope::of(&asked.restrictions())) {
        return Err(Failure::new(
            Exit::BadAnswer,
            format!("the server made another token than it was asked for: {}", root.id()),
        )
        .with_remedy("see that it is deleted on the server"));
    }
    Ok(())
}

/// Asks the server whether it takes the token.
fn check(server: &Server, root: &RootToken) -> Result<(), Failure> {
    Ok(server.check_token(&probe(root, server)?, root.user())?)
}

/// A token that ends in a minute, for what a login asks the server: the root token itself is sent nowhere.
fn probe(root: &RootToken, server: &Server) -> Result<Secret, Failure> {
    let there = now().saturating_add_signed(server.skew().unwrap_or_default());
    let soon = Restriction::Expires(Expiry::At(there.saturating_add(PROBE)));
    // Forced, as the server's own word on a restriction that is not understood here is the one that counts.
    root.attenuate_forced(&[soon]).map(|probe| probe.text()).map_err(not_kept)
}

fn keep(paths: &Paths, found: &Found, root: RootToken, args: &Login) -> Result<(Kept, Vec<Retired>), Failure> {
    let holder = Holder { server: found.server.url().clone(), user: root.user().clone() };
    let probe = probe(&root, &found.server)?;
    // An index that is not there yet has no bases; the first look-up asks again.
    let bases = found.index.iter().filter_map(|index| {
        let bases = found.server.bases(index, Some((&holder.user, &probe)), BASES).ok()?;
        Some(IndexBases { index: index.clone(), bases })
    });
    let request = Request::Keep(Box::new(Root {
        bases: bases.collect(),
        holder: holder.clone(),
        token: root.text(),
        index: found.index.clone(),
        default: args.default,
        access: ServerAccess {
            ca_file: args.reach.ca_file.as_ref().map(std::path::absolute).transpose().unwrap_or_default(),
            allow_http: args.reach.allow_http,
            skew: found.server.skew().unwrap_or_default(),
        },
        policy: args.policy.as_deref().map(super::policy::from_file).transpose()?,
    }));
    match client::ask(paths, &request)? {
        Response::Left { tokens: left } => Ok((Kept { holder, root }, left)),
        _ => Err(client::unexpected()),
    }
}

fn not_kept(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, format!("this token cannot be kept: {error}"))
        .with_remedy("let the server make one: devpi-tokens login URL USER")
}

/// Deletes replaced tokens that nothing derived from is alive of any more. Answers with the others.
fn delete_unused(paths: &Paths, session: &Session<'_>, left: Vec<Retired>) -> Result<Vec<Retired>, Failure> {
    let now = now();
    let (unused, mut left): (Vec<Retired>, Vec<Retired>) =
        left.into_iter().partition(|retired| retired.in_use_until <= now);
    let mut deleted = Vec::new();
    for retired in unused {
        match session.delete_token(&retired.holder.user, &retired.id) {
            Ok(()) | Err(devpi::Error::NotFound { .. }) => deleted.push(retired),
            Err(_) => left.push(retired),
        }
    }
    if let Some(holder) = deleted.first().map(|retired| retired.holder.clone()) {
        let ids = deleted.into_iter().map(|retired| retired.id).collect();
        client::ask(paths, &Request::Deleted { holder, ids })?;
    }
    Ok(left)
}

fn narrowing(args: &Login, server: &Server) -> Result<Narrowing, Failure> {
    let now = now().saturating_add_signed(server.skew().unwrap_or_default());
    let changes_indexes = |permission: &Permission| {
        matches!(permission, Permission::IndexCreate | Permission::IndexDelete | Permission::IndexModify)
    };
    let usual = |permission: &Permission| !permission.is_refused_to_tokens() && !changes_indexes(permission);
    let allowed: Vec<Permission> = match &args.allowed[..] {
        [] => Permission::ALL.iter().copied().filter(usual).collect(),
        chosen => chosen.to_vec(),
    };
    let expires = parse_expiry(&args.expires, now).map_err(|error| not_a_time("--expires", error))?;
    Ok(Narrowing {
        allowed: allowed.into_iter().map(Item::from).collect(),
        // Whoever asks at the end of a second is asked about in the next one: the server takes a year and no more.
        expires: Some(match expires {
            Expiry::At(second) if second == now + YEAR => Expiry::At(second - 60),
            other => other,
        }),
        indexes: args.indexes.iter().cloned().map(Item::from).collect(),
        not_before: None,
        projects: args.projects.iter().cloned().map(Item::from).collect(),
    })
}

/// The longest lifetime that devpi-server gives to everybody, in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// Who logs in: who is named, else who is named in the URL, else, if a person confirms it, whose index it is.
fn user(args: &Login, found: &Found, prompt: &Prompt) -> Result<UserName, Failure> {
    if let Some(user) = &args.user {
        return Ok(user.clone());
    }
    if let Some(user) = args.url.user() {
        return user.parse().map_err(|error| {
            Failure::new(Exit::Malformed, format!("the user in the URL: {error}"))
                .with_remedy("leave it out, and name the user: devpi-tokens login URL USER")
        });
    }
    let owner = found.index.as_ref().map(IndexName::user);
    match owner {
        Some(owner) if prompt.has_person() => {
            let answer = prompt.text(&format!("user at {}", found.server.url()), owner.as_str())?;
            answer.parse().map_err(|error| {
                Failure::new(Exit::Malformed, format!("the user: {error}"))
                    .with_remedy("name who logs in: devpi-tokens login URL USER")
            })
        }
        Some(owner) => Ok(owner.clone()),
        None => Err(Failure::new(Exit::Usage, format!("no user is named for {}", found.server.url()))
            .with_remedy("name one: devpi-tokens login URL USER")),
    }
}

/// A token that the user has already.
fn given(server: &Server, text: &Secret, user: Option<&UserName>) -> Result<RootToken, Failure> {
    let root = Token::parse(text.expose()).and_then(RootToken::try_from).map_err(not_kept)?;
    if let Some(user) = user.filter(|user| *user != root.user()) {
        return Err(Failure::new(Exit::Malformed, format!("this token is of {}, not of {user}", root.user()))
            .with_remedy(format!("keep it as what it is: devpi-tokens login URL {} -f FILE", root.user())));
    }
    check(server, &root)?;
    Ok(root)
}

fn report(found: &Found, kept: &Kept, left: &[Retired], terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let Kept { holder, root } = kept;
    let ends = match root.scope().expires() {
        Some(end) => format!("it ends {}", when(now(), end)),
        None => "it never ends".to_owned(),
    };
    terminal.tell(&format!("the agent keeps the token {} of {} at {}", root.id(), holder.user, holder.server))?;
    terminal.tell(&format!("  {ends}"))?;
    for retired in left {
        terminal.note(format!(
            "the token {} that it replaces is used until {} and deleted at the first login after that",
            retired.id,
            when(now(), retired.in_use_until)
        ));
    }
    if let Some(skew) = found.server.skew().filter(|skew| skew.abs() > SKEW) {
        let side = if skew > 0 { "ahead of" } else { "behind" };
        terminal.note(format!("warning: the server's clock is {} s {side} this machine's", skew.abs()));
    }
    if let Some(believes) = &found.believes {
        terminal.note(format!("warning: the server takes itself to be at {believes}: its links may miss"));
    }
    if let Some(index) = &found.index {
        about_access(found, index, terminal);
    }
    Ok(())
}

/// An index that anybody may read works with no token at all, and a person who looks for one is puzzled.
fn about_access(found: &Found, index: &IndexName, terminal: &mut Terminal<'_>) {
    match found.server.access(index) {
        Ok(Access::Open) => terminal
            .note(format!("{index} is open to everybody: pip and uv never ask for a token to read it; uploads do")),
        Ok(Access::Redirects(_)) => terminal.note(format!(
            "{index} redirects who shows no token instead of asking: pip never asks the agent there\n  \
             uv does with authenticate = \"always\""
        )),
        Ok(Access::Refuses) => {
            terminal
                .note(format!("{index} refuses who shows no token instead of asking: pip never asks the agent there"));
        }
        Ok(Access::Asks | Access::Other(_)) | Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_wider_than_asked_or_of_somebody_else_is_refused() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/tokens.json")).expect("the vectors");
        let token = Token::parse(vectors["derived"][0]["root"].as_str().expect("a token")).expect("a token");
        let wide = RootToken::try_from(token).expect("a root token");
        let narrowed = wide.attenuate(&[Restriction::Expires(Expiry::At(1_900_000_000))]).expect("a token");
        let root = RootToken::try_from(Token::parse(narrowed.text().expose()).expect("a token")).expect("a root token");
        let until = |end| Narrowing { expires: Some(Expiry::At(end)), ..Narrowing::default() };
        let outcome = |root, user, asked| as_asked(root, user, &asked).map_err(|failure| failure.exit);
        assert_eq!(outcome(&root, root.user(), until(1_900_000_000)), Ok(()));
        assert_eq!(outcome(&root, root.user(), until(1_899_999_999)), Err(Exit::BadAnswer));
        assert_eq!(outcome(&wide, wide.user(), until(1_900_000_000)), Err(Exit::BadAnswer));
        let narrower = Narrowing { indexes: ["a/x".parse().expect("an index")].into(), ..until(1_900_000_000) };
        assert_eq!(outcome(&root, root.user(), narrower), Err(Exit::BadAnswer));
        assert_eq!(outcome(&root, &"mallory".parse().expect("a user"), until(1_900_000_000)), Err(Exit::BadAnswer));
    }
}
