//! Where clients keep their configuration: of this user, in this environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::lying::Kind;
use crate::cli::args::Client;

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
        (self.env)(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The folder of the user's configuration files.
    pub(super) fn config(&self) -> PathBuf {
        self.named("XDG_CONFIG_HOME").unwrap_or_else(|| self.home.join(".config"))
    }

    /// The file that `pip config set` writes.
    pub(super) fn pip(&self) -> PathBuf {
        let named = self.named("PIP_CONFIG_FILE").filter(|path| path != Path::new("/dev/null"));
        named.unwrap_or_else(|| self.config().join("pip/pip.conf"))
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
    pub(super) fn with_credentials(&self, clients: &[Client]) -> Vec<(PathBuf, Kind)> {
        let of = |client: Client| match client {
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
        };
        let netrc = self.named("NETRC").unwrap_or_else(|| self.home.join(".netrc"));
        let mut files: Vec<(PathBuf, Kind)> = clients.iter().flat_map(|client| of(*client)).collect();
        files.push((netrc, Kind::Netrc));
        files.sort();
        files.dedup();
        files
    }
}
