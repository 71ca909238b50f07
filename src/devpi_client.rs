//! What devpi-client keeps in its folder: which server it uses, and its own sessions there (`current.json` and
//! `auth.json` of devpi-client 7).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::secret::Secret;
use crate::target::{ServerUrl, UserName};

/// The largest of its files that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// devpi-client as it was left.
pub struct DevpiClient {
    folder: PathBuf,
    current: Current,
    sessions: Sessions,
}

#[derive(Default, Deserialize)]
struct Current {
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    username: Option<UserName>,
}

#[derive(Default, Deserialize)]
struct Sessions {
    /// By the URL of a server: users and their session secrets or tokens, the last one to log in first.
    #[serde(default)]
    auth: std::collections::BTreeMap<String, Vec<(UserName, Secret)>>,
}

impl DevpiClient {
    /// In the folder that its `--clientdir` or `DEVPI_CLIENTDIR` names, else in `~/.devpi/client`; `None` where it has
    /// never been used.
    pub fn find(folder: Option<&Path>) -> Option<Self> {
        let variable = || std::env::var_os("DEVPI_CLIENTDIR").filter(|value| !value.is_empty()).map(PathBuf::from);
        let usual = || directories::BaseDirs::new().map(|base| base.home_dir().join(".devpi").join("client"));
        let folder = folder.map(Path::to_owned).or_else(variable).or_else(usual)?;
        let current = read(&folder.join("current.json")).unwrap_or_default();
        let sessions = read(&folder.join("auth.json")).unwrap_or_default();
        folder.is_dir().then_some(Self { folder, current, sessions })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server that it uses.
    pub fn server(&self) -> Option<ServerUrl> {
        self.current.login.as_deref()?.strip_suffix("/+login")?.parse().ok()
    }

    /// Who it is at a server: `DEVPI_USER`, else who it has chosen, else who logged in last; nobody without a session.
    pub fn user(&self, server: &ServerUrl) -> Option<UserName> {
        let named = std::env::var("DEVPI_USER").ok().and_then(|user| user.parse().ok());
        let user = named.or_else(|| self.current.username.clone());
        let users = self.users(server);
        match user {
            Some(user) => users.iter().any(|(known, _)| *known == user).then_some(user),
            None => users.first().map(|(user, _)| user.clone()),
        }
    }

    /// Its session secret of a user at a server.
    pub fn session(&self, server: &ServerUrl, user: &UserName) -> Option<Secret> {
        self.users(server).iter().find(|(known, _)| known == user).map(|(_, secret)| secret.clone())
    }

    fn users(&self, server: &ServerUrl) -> &[(UserName, Secret)] {
        let of_server = |url: &&String| url.parse::<ServerUrl>().is_ok_and(|url| url == *server);
        let url = self.sessions.auth.keys().find(of_server);
        url.and_then(|url| self.sessions.auth.get(url)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    use std::io::Read;
    let mut text = zeroize::Zeroizing::new(Vec::new());
    std::fs::File::open(path).ok()?.take(LARGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_server_and_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("current.json", r#"{"login": "http://h:1/+login", "username": "alice", "features": []}"#);
        write("auth.json", r#"{"auth": {"http://h:1/": [["alice", "s1"], ["bob", "s2"]]}}"#);
        let client = DevpiClient::find(Some(folder.path())).expect("a client");
        let server = client.server().expect("a server");
        assert_eq!(server.to_string(), "http://h:1");
        assert_eq!(client.session(&server, &"bob".parse().expect("a user")), Some(Secret::new("s2")));
        let other: ServerUrl = "http://h:2".parse().expect("a server");
        assert_eq!(client.session(&other, &"bob".parse().expect("a user")), None);
        assert!(DevpiClient::find(Some(&folder.path().join("none"))).is_none());
    }
}
