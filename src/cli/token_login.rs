//! `devpi-tokens token-login`: logs devpi-client in with a token, as upstream's command of that name does.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::args::TokenLogin;
use super::inspect::refused;
use super::prompt::Prompt;
use super::{Terminal, input, output};
use crate::devpi::{self, Server};
use crate::devpi_client::DevpiClient;
use crate::exit::{Exit, Failure, why};
use crate::secret::Secret;
use crate::target::{ServerUrl, UserName};
use crate::token::Token;

pub(super) fn run(args: TokenLogin, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let text = input::token(args.source, &Prompt::new(args.no_input), terminal)?;
    let token = Token::parse(text.expose()).map_err(refused)?;
    let client = DevpiClient::find(args.clientdir.as_deref());
    let options =
        devpi::Options { ca_file: args.reach.ca_file, allow_http: args.reach.allow_http, ..Default::default() };
    let url = match &args.server {
        Some(target) => Some(devpi::discover(target, &options)?.server.url().clone()),
        None => client.as_ref().and_then(DevpiClient::server),
    };
    let (Some(client), Some(url)) = (client, url) else {
        return Err(Failure::new(Exit::Usage, "devpi-client uses no server yet").with_remedy("type: devpi use URL"));
    };
    Server::new(url.clone(), &options)?.check_token(&token.text(), token.user())?;
    // Without the prefix: devpi-client tries to derive from what begins with it, cannot, and says so at every upload.
    store(client.folder(), &url, token.user(), &token.bare_text())?;
    terminal.tell(&format!("devpi-client is logged in as {} at {url}", token.user()))?;
    terminal.note("the token now lies in its auth.json, as it is, until: devpi logoff");
    Ok(Exit::Done)
}

/// Puts the token first among the server's sessions, where devpi-client looks, and chooses its user.
fn store(folder: &Path, server: &ServerUrl, user: &UserName, token: &Secret) -> Result<(), Failure> {
    let auth_file = folder.join("auth.json");
    let mut auth = object(&auth_file)?;
    let sessions = auth.entry("auth").or_insert_with(|| json!({}));
    let Value::Object(sessions) = sessions else { return Err(unexpected(&auth_file)) };
    let is_server = |url: &String| url.parse::<ServerUrl>().is_ok_and(|url| url == *server);
    let key = sessions.keys().find(|url| is_server(url)).cloned().unwrap_or_else(|| format!("{server}/"));
    let before = sessions.remove(&key).and_then(|users| users.as_array().cloned()).unwrap_or_default();
    let others = before.into_iter().filter(|entry| entry.get(0) != Some(&json!(user.as_str())));
    let mut users = vec![json!([user.as_str(), token.expose()])];
    users.extend(others);
    sessions.insert(key, Value::Array(users));
    replace(&auth_file, &auth)?;
    let current_file = folder.join("current.json");
    let mut current = object(&current_file)?;
    current.insert("username".to_owned(), json!(user.as_str()));
    replace(&current_file, &current)
}

fn object(path: &Path) -> Result<Map<String, Value>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| unexpected(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Map::new()),
        Err(error) => {
            Err(Failure::new(Exit::Unavailable, format!("cannot read {}: {}", path.display(), why(error.kind())))
                .with_remedy("see that it is yours, or name another folder with --clientdir"))
        }
    }
}

fn unexpected(path: &Path) -> Failure {
    Failure::new(Exit::Malformed, format!("{} is not as devpi-client writes it", path.display()))
        .with_remedy("move it away, and type: devpi use URL")
}

fn replace(path: &Path, value: &Map<String, Value>) -> Result<(), Failure> {
    output::replace(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.flush()
    })
}
