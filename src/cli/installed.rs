//! Which clients are on this machine, which environment of Python each of them runs in, and which `keyring` it would ask.
//!
//! Told from files alone: neither a client nor a Python is run. What is looked at comes in as [`Surroundings`].

mod environment;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

pub(super) use super::args::Client;
pub(super) use environment::{Adding, Environment, Owner};

/// How much of a program is read to see what runs it, in bytes.
const HEAD: u64 = 4096;

/// The name of every `keyring` command.
const KEYRING: &str = "keyring";

/// What the program is called that our `keyring` is a link to.
const HELPER: &str = "devpi-tokens-helper";

impl Client {
    pub(super) const ALL: [Self; 9] =
        [Self::Pip, Self::Uv, Self::Twine, Self::Poetry, Self::Pdm, Self::Hatch, Self::Flit, Self::Devpi, Self::Git];

    /// What its command is called.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Twine => "twine",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Hatch => "hatch",
            Self::Flit => "flit",
            Self::Devpi => "devpi",
            Self::Git => "git",
        }
    }

    /// What pipx and uv call the package.
    pub(super) fn package(self) -> &'static str {
        if self == Self::Devpi { "devpi-client" } else { self.command() }
    }

    /// Whether it finds the agent through a package in its own environment: a backend of Python's keyring, or a plugin.
    pub(super) fn needs_package(self) -> bool {
        !matches!(self, Self::Pip | Self::Uv | Self::Git)
    }

    /// Whether it can run the command `keyring`.
    pub(super) fn runs_keyring(self) -> bool {
        matches!(self, Self::Pip | Self::Uv | Self::Pdm)
    }
}

/// The environment and the folders in which clients are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// `PATH`.
    pub(super) path: OsString,
    /// The user's home.
    pub(super) home: PathBuf,
    /// Where pipx keeps its environments: more than one place, as that has changed.
    pub(super) pipx: Vec<PathBuf>,
    /// Where uv keeps the environments of its tools.
    pub(super) uv_tools: PathBuf,
    /// The environment that is active (`VIRTUAL_ENV`).
    pub(super) active: Option<PathBuf>,
}

impl Surroundings {
    /// Told from the environment, which is given as a function.
    pub(super) fn of(home: &Path, env: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data = folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
        let pipx = match folder("PIPX_HOME") {
            Some(own) => vec![own.join("venvs")],
            None => vec![data.join("pipx/venvs"), home.join(".local/pipx/venvs")],
        };
        Self {
            path: env("PATH").unwrap_or_default(),
            home: home.to_owned(),
            pipx,
            uv_tools: folder("UV_TOOL_DIR").unwrap_or_else(|| data.join("uv/tools")),
            active: folder("VIRTUAL_ENV"),
        }
    }

    /// The absolute folders on PATH, in order.
    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        std::env::split_paths(&self.path).filter(|folder| folder.is_absolute())
    }

    /// The first program of that name on PATH.
    pub(super) fn on_path(&self, name: &str) -> Option<PathBuf> {
        self.folders().map(|folder| folder.join(name)).find(|program| is_executable(program))
    }
}

/// A client that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installed {
    /// Which one.
    pub(super) client: Client,
    /// Its program, as it is found: perhaps a link.
    pub(super) program: PathBuf,
    /// Where it runs; `None` for what is no program of Python, and where that cannot be told (a shim of pyenv).
    pub(super) environment: Option<Environment>,
    /// The `keyring` that it would run, where it runs one at all.
    pub(super) keyring: Option<PathBuf>,
}

/// Where a client lives: what its name on PATH means first, then what the active environment, pipx and uv have of it.
pub(super) fn find(client: Client, around: &Surroundings) -> Vec<Installed> {
    let beside = around.pipx.iter().chain([&around.uv_tools]).map(|tools| tools.join(client.package()));
    let others = around.active.iter().cloned().chain(beside).map(|folder| folder.join("bin").join(client.command()));
    let programs = around.on_path(client.command()).into_iter().chain(others.filter(|program| is_executable(program)));
    let mut found: Vec<Installed> = Vec::new();
    for program in programs {
        let same = |known: &Installed| known.program.canonicalize().ok() == program.canonicalize().ok();
        if !found.iter().any(same) {
            found.push(examine(client, program, around));
        }
    }
    found
}

fn examine(client: Client, program: PathBuf, around: &Surroundings) -> Installed {
    // uv and git are no programs of Python, even where they lie in such an environment.
    let of_python = !matches!(client, Client::Uv | Client::Git);
    let environment = of_python.then(|| Environment::of(&program, around)).flatten();
    let own = environment.as_ref().map(|environment| environment.folder.join("bin"));
    let keyring = client.runs_keyring().then(|| keyring(client, own.as_deref(), around)).flatten();
    Installed { client, program, environment, keyring }
}

/// The first `keyring` on PATH; pip passes over the one of its own environment.
fn keyring(client: Client, own: Option<&Path>, around: &Surroundings) -> Option<PathBuf> {
    let is_own = |folder: &PathBuf| client == Client::Pip && Some(folder.as_path()) == own;
    let mut programs = around.folders().filter(|folder| !is_own(folder)).map(|folder| folder.join(KEYRING));
    programs.find(|program| is_executable(program))
}

/// Whether a `keyring` is ours: a link to the helper.
pub(super) fn is_ours(keyring: &Path) -> bool {
    keyring.canonicalize().is_ok_and(|program| program.file_name() == Some(HELPER.as_ref()))
}

/// Whether a `keyring` is Python's, and has our backend.
pub(super) fn has_our_backend(keyring: &Path, around: &Surroundings) -> bool {
    Environment::of(keyring, around).is_some_and(|own| own.has_keyring && own.has_agent)
}

fn is_executable(program: &Path) -> bool {
    program.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The first bytes of a file, as text.
fn head(program: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    // Opening a pipe must not wait for its other end.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(program).ok()?;
    file.metadata().ok()?.is_file().then_some(file)?.take(HEAD).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
