//! A session at a server, for what needs the user's password: creating, listing and deleting tokens.

use super::args::Acting;
use super::prompt::Prompt;
use super::waiting::Waiting;
use super::{Terminal, open};
use crate::client::Client;
use crate::devpi::{self, Server, Session};
use crate::devpi_client::DevpiClient;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{ServerAccess, Status};
use crate::target::{ServerUrl, UserName};

/// How often a person may mistype a password.
const TRIES: u8 = 3;

/// A server, and who asks it.
pub(super) struct Place {
    server: Server,
    user: UserName,
    client: Option<DevpiClient>,
}

impl Place {
    /// Where the arguments say; else where the only kept token is from; else where devpi-client is.
    pub(super) fn find(acting: &Acting) -> Result<Self, Failure> {
        let client = DevpiClient::find(acting.clientdir.as_deref());
        let (url, access) = server(acting, client.as_ref())?;
        let user = user(acting, &url, client.as_ref())?;
        Ok(Self { server: Server::new(url, &devpi::Options::of(&access))?, user, client })
    }

    /// Who asks.
    pub(super) fn user(&self) -> &UserName {
        &self.user
    }

    /// The server.
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// devpi-client's own session where it has one for that user, else one by the password, forgotten at the end.
    pub(super) fn session(&self, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Session<'_>, Failure> {
        let open = self.client.as_ref().and_then(|client| client.session(self.server.url(), &self.user));
        if let Some(secret) = open {
            return Ok(self.server.session(self.user.clone(), secret));
        }
        with_password(&self.server, &self.user, prompt, terminal)
    }
}

/// A session by the user's password. A person who has mistyped it is asked again.
pub(super) fn with_password<'s>(
    server: &'s Server,
    user: &UserName,
    prompt: &Prompt,
    terminal: &mut Terminal<'_>,
) -> Result<Session<'s>, Failure> {
    let mut tries = if prompt.has_person() { TRIES } else { 1 };
    let mut question = format!("password of {user} at {}", server.url());
    loop {
        let password = prompt.secret(&question)?;
        tries -= 1;
        let waiting = Waiting::for_whom(server.url().host(), terminal);
        let outcome = server.login(user, &password);
        drop(waiting);
        match outcome {
            Err(devpi::Error::WrongPassword { .. }) if tries > 0 => {
                question = format!("that is not the password of {user} at {}; once more", server.url());
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// A refusal in a session, where no token is to blame.
pub(super) fn refused(error: devpi::Error) -> Failure {
    let is_forbidden = matches!(error, devpi::Error::Forbidden { .. });
    let failure = Failure::from(error);
    match is_forbidden {
        true => failure.with_remedy("users may do this for themselves, and for a year at most; root may do more"),
        false => failure,
    }
}

fn server(acting: &Acting, client: Option<&DevpiClient>) -> Result<(ServerUrl, ServerAccess), Failure> {
    let given = ServerAccess { ca_file: acting.reach.ca_file.clone(), allow_http: acting.reach.allow_http, skew: 0 };
    if let Some(target) = &acting.which.server {
        let found = devpi::discover(target, &devpi::Options::of(&given))?;
        return Ok((found.server.url().clone(), given));
    }
    // An agent that does not run is not started for this, and a vault that is locked not opened: then devpi-client's
    // server is meant, and whoever is asked for a password sees which that is.
    let paths = Paths::find()?;
    let kept = Client::running(&paths)?.map(|_| open::status(&paths)).transpose()?;
    let roots = kept.as_ref().map(|kept| &kept.roots[..]).unwrap_or_default();
    let mut servers: Vec<&ServerUrl> = roots.iter().map(|root| &root.holder.server).collect();
    servers.dedup();
    match (&servers[..], client.and_then(DevpiClient::server)) {
        ([only], _) => {
            let kept = roots.first().map(|root| root.access.clone()).unwrap_or_default();
            let ServerAccess { ca_file, allow_http, skew } = kept;
            let (ca_file, allow_http) = (given.ca_file.or(ca_file), given.allow_http || allow_http);
            Ok(((*only).clone(), ServerAccess { ca_file, allow_http, skew }))
        }
        (_, Some(url)) => Ok((url.clone(), given)),
        ([], None) => Err(Failure::new(Exit::Usage, "no server is named")
            .with_remedy(or_unlock("name one: --server URL", kept.is_some_and(|kept| kept.vault.is_locked())))),
        (_, None) => {
            let listed: Vec<String> = servers.iter().map(|server| format!("--server {server}")).collect();
            Err(Failure::new(Exit::Usage, "tokens of several servers are kept: which one is meant?")
                .with_remedy(format!("name it:\n{}", listed.join("\n"))))
        }
    }
}

/// What to do, where a vault that is locked may know it as well.
fn or_unlock(remedy: &str, is_locked: bool) -> String {
    let unlock = if is_locked { "\nor unlock what is kept: devpi-tokens agent unlock" } else { "" };
    format!("{remedy}{unlock}")
}

fn user(acting: &Acting, url: &ServerUrl, client: Option<&DevpiClient>) -> Result<UserName, Failure> {
    if let Some(user) = &acting.which.user {
        return Ok(user.clone());
    }
    if let Some(user) = client.and_then(|client| client.user(url)) {
        return Ok(user);
    }
    let Status { roots, vault, .. } = open::status(&Paths::find()?)?;
    let default = roots.into_iter().find(|root| root.holder.server == *url && root.default);
    default.map(|root| root.holder.user).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("no user is named for {url}"))
            .with_remedy(or_unlock("name who asks: --as USER", vault.is_locked()))
    })
}
