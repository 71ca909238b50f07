//! Where clients keep their configuration: of this user, in this environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::lying::Kind;
use crate::cli::args::Client;
use crate::cli::netrc;

/// What stands for a file that nobody wants to be read.
const NOTHING: &str = "/dev/null";

/// A file that clients may keep credentials in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Those that read it.
    pub(super) clients: Vec<Client>,
}

/// What the places follow from.
pub(super) struct Places<'a> {
    pub(super) home: &'a Path,
    env: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Places<'a> {
    /// Told from the environment, which is given as a function.
    pub(super) fn new(home: &'a Path, env: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { home, env }
    }

    fn named(&self, variable: &str) -> Option<PathBuf> {
        (self.env)(variable).map(PathBuf::from).filter(|path| path.is_absolute() && path != Path::new(NOTHING))
    }

    /// The folder of the user's configuration files.
    pub(super) fn config(&self) -> PathBuf {
        self.named("XDG_CONFIG_HOME").unwrap_or_else(|| self.home.join(".config"))
    }

    /// The file that `pip config set` writes.
    pub(super) fn pip(&self) -> PathBuf {
        self.named("PIP_CONFIG_FILE").unwrap_or_else(|| self.config().join("pip/pip.conf"))
    }

    /// The user's `uv.toml`.
    pub(super) fn uv(&self) -> PathBuf {
        self.named("UV_CONFIG_FILE").unwrap_or_else(|| self.config().join("uv/uv.toml"))
    }

    /// The user's `.pypirc`.
    pub(super) fn pypirc(&self) -> PathBuf {
        self.home.join(".pypirc")
    }

    /// hatch's `config.toml`.
    pub(super) fn hatch(&self) -> PathBuf {
        self.named("HATCH_CONFIG").unwrap_or_else(|| self.config().join("hatch/config.toml"))
    }

    fn pdm(&self) -> PathBuf {
        self.named("PDM_CONFIG_FILE").unwrap_or_else(|| self.config().join("pdm/config.toml"))
    }

    fn poetry(&self, name: &str) -> PathBuf {
        self.named("POETRY_CONFIG_DIR").unwrap_or_else(|| self.config().join("pypoetry")).join(name)
    }

    /// The file that `git config --global` writes.
    pub(super) fn git(&self) -> PathBuf {
        super::git::file(self.home, &self.config(), self.named("GIT_CONFIG_GLOBAL"))
    }

    /// The addresses of poetry's repositories, by their names.
    pub(super) fn poetry_names(&self) -> BTreeMap<String, String> {
        let text = crate::disk::text(&self.poetry("config.toml")).unwrap_or_default();
        let file: toml::Table = text.parse().unwrap_or_default();
        let repositories = file.get("repositories").and_then(toml::Value::as_table).into_iter().flatten();
        let named = repositories.filter_map(|(name, value)| {
            let url = value.as_str().or_else(|| value.get("url").and_then(toml::Value::as_str))?;
            Some((name.clone(), url.to_owned()))
        });
        named.collect()
    }

    /// The files in which a client may keep credentials, each once.
    pub(super) fn with_credentials(&self, clients: &[Client]) -> Vec<Place> {
        let of = |client: Client| -> Vec<(PathBuf, Kind)> {
            match client {
                Client::Pip => {
                    let old = self.home.join(".pip/pip.conf");
                    let own = self.named("VIRTUAL_ENV").map(|folder| folder.join("pip.conf"));
                    let all = [self.pip(), old].into_iter().chain(own);
                    all.map(|path| (path, Kind::Addresses)).collect()
                }
                Client::Uv => vec![(self.uv(), Kind::Addresses)],
                Client::Twine | Client::Flit => vec![(self.pypirc(), Kind::Pypirc)],
                Client::Poetry => {
                    vec![(self.poetry("config.toml"), Kind::Addresses), (self.poetry("auth.toml"), Kind::PoetryAuth)]
                }
                Client::Pdm => vec![(self.pdm(), Kind::Tables)],
                Client::Hatch => vec![(self.hatch(), Kind::Tables)],
                Client::Devpi => {
                    let folder = self.named("DEVPI_CLIENTDIR").unwrap_or_else(|| self.home.join(".devpi/client"));
                    vec![(folder.join("auth.json"), Kind::Sessions)]
                }
                Client::Git => Vec::new(),
            }
        };
        let mut files: BTreeMap<(PathBuf, Kind), Vec<Client>> = BTreeMap::new();
        for client in clients {
            let netrc = self.netrc().map(|path| (path, Kind::Netrc));
            of(*client).into_iter().chain(netrc).for_each(|file| files.entry(file).or_default().push(*client));
        }
        files.into_iter().map(|((path, kind), clients)| Place { path, kind, clients }).collect()
    }

    fn netrc(&self) -> Option<PathBuf> {
        let path = netrc::own(Some(self.home.to_owned()), (self.env)("NETRC").map(PathBuf::from));
        path.filter(|path| path.is_absolute() && path != Path::new(NOTHING))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_a_variable_turns_off_is_not_looked_at() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join(".netrc"), "").expect("written");
        let files = |netrc: Option<&str>| {
            let env = |name: &str| (name == "NETRC").then(|| netrc.map(OsString::from)).flatten();
            let places = Places::new(home.path(), &env);
            places.with_credentials(&[Client::Git]).into_iter().map(|place| place.path).collect::<Vec<_>>()
        };
        assert_eq!(files(None), [home.path().join(".netrc")]);
        assert_eq!(files(Some("~/other")), [home.path().join("other")]);
        assert_eq!(files(Some("/dev/null")), Vec::<PathBuf>::new());
        let nothing = |_: &str| Some(OsString::from("/dev/null"));
        let places = Places::new(home.path(), &nothing);
        assert_eq!(places.git(), home.path().join(".gitconfig"));
        assert_eq!(places.uv(), home.path().join(".config/uv/uv.toml"));
    }

    #[test]
    fn a_file_that_two_clients_read_is_looked_at_once() {
        let places = Places::new(Path::new("/home/alice"), &|_| None);
        let found = places.with_credentials(&[Client::Twine, Client::Flit]);
        let pypirc = Place {
            path: "/home/alice/.pypirc".into(),
            kind: Kind::Pypirc,
            clients: vec![Client::Twine, Client::Flit],
        };
        assert_eq!(found, [pypirc]);
    }
}
