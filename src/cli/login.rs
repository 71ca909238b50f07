//! `devpi-tokens login`: a root token for the agent.

use std::time::Duration;

use super::args::Login;
use super::prompt::Prompt;
use super::{Terminal, input, now, open, when};
use crate::client;
use crate::devpi::{self, Access, Found, Server, Session};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, IndexBases, Request, Response, Retired, Root, ServerAccess};
use crate::secret::Secret;
use crate::target::{IndexName, Permission, UserName};
use crate::time::{Expiry, parse_expiry};
use crate::token::{Item, Narrowing, RootToken, Token, TokenError};

/// How long the bases of the index may take to be learnt.
const BASES: Duration = Duration::from_secs(10);

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
            let (user, token) = given(&found.server, &input::from_file(file, &prompt)?, args.user.as_ref())?;
            let holder = Holder { server: found.server.url().clone(), user };
            keep(&paths, &found, holder, token, &args)?
        }
        None => {
            let holder = Holder { server: found.server.url().clone(), user: user(&args, &found, &prompt)? };
            let password = prompt.secret(&format!("password of {} at {}", holder.user, holder.server))?;
            with_password(&paths, &found, holder, &password, &args)?
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

/// Makes a token with the password; what it is not needed for any more is deleted in the same session.
fn with_password(
    paths: &Paths,
    found: &Found,
    holder: Holder,
    password: &Secret,
    args: &Login,
) -> Result<(Kept, Vec<Retired>), Failure> {
    let user = holder.user.clone();
    let session = found.server.login(&user, password)?;
    let token = session.create_token(&user, &narrowing(args, &found.server)?)?;
    let checked = found.server.check_token(&token, &user).map_err(Failure::from);
    let kept = checked.and_then(|()| keep(paths, found, holder, Secret::new(token.expose()), args));
    let (kept, left) = match kept {
        Ok(kept) => kept,
        Err(failure) => {
            // A token that nobody keeps is not left behind. That it cannot be deleted either is not the news.
            if let Ok(token) = Token::parse(token.expose()) {
                let _ = session.delete_token(&user, token.id());
            }
            return Err(failure);
        }
    };
    let left = delete_unused(paths, &session, left)?;
    Ok((kept, left))
}

fn keep(
    paths: &Paths,
    found: &Found,
    holder: Holder,
    token: Secret,
    args: &Login,
) -> Result<(Kept, Vec<Retired>), Failure> {
    let root = root(&token)?;
    // An index that is not there yet has no bases; the first look-up asks again.
    let bases = found.index.iter().filter_map(|index| {
        let bases = found.server.bases(index, Some((&holder.user, &token)), BASES).ok()?;
        Some(IndexBases { index: index.clone(), bases })
    });
    let request = Request::Keep(Box::new(Root {
        bases: bases.collect(),
        holder: holder.clone(),
        token: Secret::new(token.expose()),
        index: found.index.clone(),
        default: args.default,
        access: ServerAccess {
            ca_file: args.reach.ca_file.as_ref().map(std::path::absolute).transpose().unwrap_or_default(),
            allow_http: args.reach.allow_http,
            skew: found.server.skew().unwrap_or_default(),
        },
    }));
    match client::ask(paths, &request)? {
        Response::Left { tokens: left } => Ok((Kept { holder, root }, left)),
        _ => Err(client::unexpected()),
    }
}

/// A token that can be kept, read from what a server or a person gave.
fn root(text: &Secret) -> Result<RootToken, Failure> {
    Token::parse(text.expose()).and_then(RootToken::try_from).map_err(not_kept)
}

fn not_kept(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, format!("this token cannot be kept: {error}"))
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
    let expires = parse_expiry(&args.expires, now)
        .map_err(|error| Failure::new(Exit::Malformed, format!("--expires: {error}")))?;
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
        return user.parse().map_err(|error| Failure::new(Exit::Malformed, format!("the user in the URL: {error}")));
    }
    let owner = found.index.as_ref().map(IndexName::user);
    match owner {
        Some(owner) if prompt.has_person() => {
            let answer = prompt.text(&format!("user at {}", found.server.url()), owner.as_str())?;
            answer.parse().map_err(|error| Failure::new(Exit::Malformed, format!("the user: {error}")))
        }
        Some(owner) => Ok(owner.clone()),
        None => Err(Failure::new(Exit::Usage, format!("no user is named for {}", found.server.url()))
            .with_remedy("name one: devpi-tokens login URL USER")),
    }
}

/// A token that the user has already.
fn given(server: &Server, text: &Secret, user: Option<&UserName>) -> Result<(UserName, Secret), Failure> {
    let root = root(text)?;
    let owner = root.user().clone();
    if let Some(user) = user.filter(|user| **user != owner) {
        return Err(Failure::new(Exit::Malformed, format!("this token is of {owner}, not of {user}")));
    }
    server.check_token(&root.text(), &owner)?;
    Ok((owner, root.text()))
}

fn report(found: &Found, kept: &Kept, left: &[Retired], terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let Kept { holder, root } = kept;
    let ends = match root.scope().expires() {
        Some(end) => format!("it ends {}", when(now(), end)),
        None => "it never ends".to_owned(),
    };
    terminal.say(format!("the agent keeps the token {} of {} at {}", root.id(), holder.user, holder.server))?;
    terminal.say(format!("  {ends}"))?;
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
