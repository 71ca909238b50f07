//! What is looked at on this machine: where things lie, which servers are ours, and what clients see.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::keyring::{KEYRING, Own};
use crate::caller::{Observed, understand};
use crate::cli::args::Client;
use crate::cli::installed::{Installed, Surroundings, find, is_ours};
use crate::client;
use crate::disk::Disk;
use crate::escape::printable;
use crate::exit::Failure;
use crate::hosts::Hosts;
use crate::paths::Paths;
use crate::target::{IndexName, Place, ServerUrl, Target};

/// This machine, as the clients of this user see it from this folder.
pub(super) struct Desk {
    pub(super) paths: Paths,
    pub(super) around: Surroundings,
    /// The folder that this program was started in.
    folder: PathBuf,
    /// The servers that are ours.
    hosts: Hosts,
}

impl Desk {
    pub(super) fn find() -> Result<Self, Failure> {
        let paths = Paths::find()?;
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let around = Surroundings::of(&home, |name| std::env::var_os(name));
        let folder = std::env::current_dir().unwrap_or_default();
        let hosts = client::hosts(&paths).unwrap_or_default();
        Ok(Self { paths, around, folder, hosts })
    }

    /// Where a client lives.
    pub(super) fn clients(&self, client: Client) -> Vec<Installed> {
        find(client, &self.around)
    }

    /// Where a `keyring` of ours is, or would be put.
    pub(super) fn own_keyring(&self) -> Own {
        let folders = std::env::split_paths(&self.around.path).filter(|folder| folder.is_absolute());
        let on_path = folders.into_iter().find(|folder| is_ours(&folder.join(KEYRING)));
        Own { on_path, usual: self.paths.data.join("bin") }
    }

    /// The server of ours that a URL is on, and where there; a URL with a password in it is none.
    pub(super) fn ours(&self, url: &str) -> Option<Ours> {
        let target: Target = url.parse().ok()?;
        let (server, place) = self.place(&target)?;
        Some(Ours { target, server, index: place.index })
    }

    /// The server of ours that a target is on, and where there.
    pub(super) fn place(&self, target: &Target) -> Option<(ServerUrl, Place)> {
        self.hosts.find(target)
    }

    /// The indexes of a server that pip and uv are configured with.
    pub(super) fn indexes(&self, server: &ServerUrl) -> Vec<IndexName> {
        let lines = [["pip", "install"], ["uv", "sync"]].map(|line| line.map(str::to_owned));
        let urls = lines.iter().flat_map(|line| self.seen(line, understand).index_urls);
        let ours = urls.filter_map(|url| self.ours(&url)).filter(|ours| ours.server == *server);
        ours.filter_map(|ours| ours.index).collect()
    }

    /// What a client with that command line sees.
    pub(super) fn seen<T>(&self, argv: &[String], tell: impl FnOnce(&Observed<'_>) -> T) -> T {
        tell(&Observed { argv, folder: &self.folder, env: &env, files: &Disk })
    }
}

/// Where a URL is on a server of ours.
pub(super) struct Ours {
    pub(super) target: Target,
    pub(super) server: ServerUrl,
    pub(super) index: Option<IndexName>,
}

/// A variable of the environment that is set to something.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(lossy)
}

/// The line that has a client ask the `keyring` command: a variable counts more than its file, which `setup` writes.
pub(super) fn ask_command(variable: &str, setup: &str) -> String {
    if env(variable).is_some() { format!("export {variable}=subprocess") } else { setup.to_owned() }
}

fn lossy(value: OsString) -> String {
    value.to_string_lossy().into_owned()
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
