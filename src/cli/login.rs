//! `devpi-tokens login`: a root token for the agent.

use std::path::Path;
use std::time::Duration;

use super::args::{Login, Reach};
use super::mint::{self, Replaced};
use super::prompt::Prompt;
use super::waiting::Waiting;
use super::{Terminal, input, now, open, session, when};
use crate::client;
use crate::devpi::{self, Access, Found, Server, Session};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Errand, Holder, IndexBases, Request, Response, Root, ServerAccess};
use crate::secret::Secret;
use crate::target::{IndexName, Permission, Target, UserName};
use crate::token::{Item, Narrowing, RootToken, Token};

/// How long the bases of the index may take to be learnt.
const BASES: Duration = Duration::from_secs(10);

pub(super) fn run(args: Login, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.no_input);
    let paths = Paths::find()?;
    // What would be refused in the end is refused before anybody types a password.
    mint::end(&args.expires, now())?;
    // Standard input is read once, after what comes first on it.
    let file = args.policy.as_deref().filter(|path| *path != Path::new("-"));
    file.map(super::policy::from_file).transpose()?;
    let options = devpi::Options {
        ca_file: args.reach.ca_file.clone(),
        allow_http: args.reach.allow_http,
        ..devpi::Options::default()
    };
    // The address first: nothing is asked of a person who has mistyped it.
    let waiting = Waiting::for_whom(args.url.host(), terminal);
    let found = devpi::discover(&args.url, &options)?;
    drop(waiting);
    let vault = open::ensure(&paths, &prompt, terminal)?;
    let (kept, replaced) = match &args.file {
        Some(file) => {
            let root = given(&found.server, &input::from_file(file, &prompt)?, args.user.as_ref())?;
            // No token that is refused leaves anything behind.
            vault.make(&paths)?;
            keep(&paths, &found, root, &args)?
        }
        None => {
            // Here before anything is made on the server: a keyring may refuse.
            vault.make(&paths)?;
            let user = user(&args, &found, &prompt)?;
            let session = session::with_password(&found.server, &user, &prompt, terminal)?;
            let _waiting = Waiting::for_whom(found.server.url().host(), terminal);
            with_session(&paths, &found, &session, &args)?
        }
    };
    report(&found, &kept, &replaced, terminal)?;
    Ok(Exit::Done)
}

/// Logs in with what was found in a file: a token is kept as it is, with a password one is made. Nothing that is kept is
/// replaced, as its only copy may be that one, and nothing is deleted on the server: others may use it.
pub(super) fn with_found(
    (url, access): (&Target, &ServerAccess),
    user: &UserName,
    secret: &Secret,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let paths = Paths::find()?;
    let found = devpi::discover(url, &devpi::Options::of(access))?;
    let vault = open::ensure(&paths, &Prompt::new(false), terminal)?;
    refuse_to_replace(&paths, &Holder { server: found.server.url().clone(), user: user.clone() })?;
    let reach = Reach { ca_file: access.ca_file.clone(), allow_http: access.allow_http };
    let args = Login::usual(url.clone(), reach);
    let (kept, replaced) = match Token::parse(secret.expose()) {
        Ok(_) => {
            let root = given(&found.server, secret, Some(user))?;
            vault.make(&paths)?;
            keep(&paths, &found, root, &args)?
        }
        Err(_) => {
            let session = found.server.login(user, secret)?;
            vault.make(&paths)?;
            made(&paths, &found, &session, &args)?
        }
    };
    report(&found, &kept, &replaced, terminal)
}

fn refuse_to_replace(paths: &Paths, holder: &Holder) -> Result<(), Failure> {
    if !open::status(paths)?.roots.iter().any(|root| root.holder == *holder) {
        return Ok(());
    }
    let Holder { server, user } = holder;
    Err(Failure::new(Exit::Refused, format!("the agent keeps a token of {user} at {server} already"))
        .with_remedy(format!("to replace it: devpi-tokens login {server} {user}")))
}

/// The token that is kept now, for the words about it.
struct Kept {
    holder: Holder,
    root: RootToken,
    /// Whether the server has no such index.
    is_missing: bool,
}

/// Makes a token in a session of the user's; what is not needed any more is deleted in the same session.
fn with_session(
    paths: &Paths,
    found: &Found,
    session: &Session<'_>,
    args: &Login,
) -> Result<(Kept, Replaced), Failure> {
    let (kept, replaced) = made(paths, found, session, args)?;
    Ok((kept, mint::delete_unused(paths, session, replaced.left, |retired| retired.in_use_until <= now())?))
}

/// The same, and what is left is left.
fn made(paths: &Paths, found: &Found, session: &Session<'_>, args: &Login) -> Result<(Kept, Replaced), Failure> {
    let asked = narrowing(args, &found.server)?;
    mint::root(&found.server, session, &asked, |root| keep(paths, found, root, args))
}

fn keep(paths: &Paths, found: &Found, root: RootToken, args: &Login) -> Result<(Kept, Replaced), Failure> {
    let holder = Holder { server: found.server.url().clone(), user: root.user().clone() };
    let probe = mint::probe(&root, &found.server)?;
    // An index that is not there yet has no bases; the first look-up asks again.
    let asked = |index: &IndexName| found.server.bases(index, Some((&holder.user, &probe)), BASES);
    let answers: Vec<_> = found.index.iter().map(|index| (index, asked(index))).collect();
    let is_missing = answers.iter().any(|(_, answer)| matches!(answer, Err(devpi::Error::NotFound { .. })));
    let bases = answers
        .into_iter()
        .filter_map(|(index, answer)| Some(IndexBases { index: index.clone(), bases: answer.ok()? }));
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
        environment: Errand::environment(|name| std::env::var(name).ok()),
        policy: args.policy.as_deref().map(super::policy::from_file).transpose()?,
    }));
    match client::ask(paths, &request)? {
        Response::Left(left) => Ok((Kept { holder, root, is_missing }, left.into())),
        _ => Err(client::unexpected()),
    }
}

fn narrowing(args: &Login, server: &Server) -> Result<Narrowing, Failure> {
    let changes_indexes = |permission: &Permission| {
        matches!(permission, Permission::IndexCreate | Permission::IndexDelete | Permission::IndexModify)
    };
    let usual = |permission: &Permission| !permission.is_refused_to_tokens() && !changes_indexes(permission);
    let allowed: Vec<Permission> = match &args.allowed[..] {
        [] => Permission::ALL.iter().copied().filter(usual).collect(),
        chosen => chosen.to_vec(),
    };
    Ok(Narrowing {
        allowed: allowed.into_iter().map(Item::from).collect(),
        expires: Some(mint::end(&args.expires, mint::there(server))?),
        indexes: args.indexes.iter().cloned().map(Item::from).collect(),
        not_before: None,
        projects: args.projects.iter().cloned().map(Item::from).collect(),
    })
}

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
        Some(owner) => Ok(owner),
        None => Err(Failure::new(Exit::Usage, format!("no user is named for {}", found.server.url()))
            .with_remedy("name one: devpi-tokens login URL USER")),
    }
}

/// A token that the user has already.
fn given(server: &Server, text: &Secret, user: Option<&UserName>) -> Result<RootToken, Failure> {
    let root = Token::parse(text.expose()).and_then(RootToken::try_from).map_err(mint::not_kept)?;
    if let Some(user) = user.filter(|user| *user != root.user()) {
        return Err(Failure::new(Exit::Malformed, format!("this token is of {}, not of {user}", root.user()))
            .with_remedy(format!("keep it as what it is: devpi-tokens login URL {} -f FILE", root.user())));
    }
    mint::check(server, &root)?;
    Ok(root)
}

fn report(found: &Found, kept: &Kept, replaced: &Replaced, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let Kept { holder, root, is_missing } = kept;
    let ends = match root.scope().expires() {
        Some(end) => format!("it ends {}", when(now(), end)),
        None => "it never ends".to_owned(),
    };
    terminal.tell(&format!("the agent keeps the token {} of {} at {}", root.id(), holder.user, holder.server))?;
    terminal.tell(&format!("  {ends}"))?;
    for id in &replaced.deleted {
        terminal.note(format!("the token {id}, which was replaced, is deleted on the server"));
    }
    for retired in &replaced.left {
        terminal.note(format!(
            "the token {} was replaced; the first login after the last token made from it ends deletes it: {}",
            retired.id,
            when(now(), retired.in_use_until)
        ));
    }
    replaced.tell_others(terminal);
    mint::warn_of_clock(&found.server, terminal);
    if let Some(believes) = &found.believes {
        terminal.warn(format!("warning: the server takes itself to be at {believes}: its links may miss"));
    }
    if let Some(index) = &found.index {
        if *is_missing {
            terminal.warn(format!("warning: there is no index {index} at {} yet: is its name right?", holder.server));
            return Ok(());
        }
        if !root.scope().allows_index(index) {
            terminal.warn(format!("warning: this token is not for {index}: is its name right?"));
            return Ok(());
        }
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
