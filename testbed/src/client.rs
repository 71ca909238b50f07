//! A newcomer's machine: an empty home, a fresh virtual environment, nothing in the environment.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::process::run;
use crate::tools::Tools;
use crate::venv::Venv;

/// A home and a virtual environment, both gone when dropped, and commands that see nothing else.
///
/// Whatever the caller's environment holds (`PIP_*`, `UV_*`, `XDG_*`, `NETRC`, proxies, `RUST_BACKTRACE`) does not reach
/// them; whatever a test wants they get with [`Command::env`].
#[derive(Debug)]
pub struct Client {
    home: TempDir,
    venv: Venv,
    tools: Tools,
    path_first: Vec<PathBuf>,
}

impl Client {
    /// A client whose virtual environment has pip and nothing else: what asks a `keyring` on PATH.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.pip)
    }

    /// A client whose virtual environment has pip, twine, build and Python keyring: what imports a keyring backend.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn with_keyring(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.tools)
    }

    /// A client whose virtual environment has an old pip and nothing else: the oldest that is tested.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn with_pip_before(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.pip_before)
    }

    /// A client whose virtual environment has poetry, pdm, hatch, flit, build, pipx, tox, nox, pre-commit and Python
    /// keyring.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn with_clients(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.clients)
    }

    /// A client whose virtual environment has devpi-client and what runs its plugins' tests: what imports a plugin.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn with_devpi(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.devpi)
    }

    /// A client whose virtual environment has the minor version of devpi-client before that, and nothing else.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn with_devpi_before(tools: &Tools) -> Result<Self> {
        Self::with(tools, &tools.devpi_before)
    }

    fn with(tools: &Tools, template: &Venv) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("home-").tempdir().map_err(Error::io("cannot create a folder"))?;
        let venv = template.copy(home.path().join("venv"))?;
        Ok(Self { home, venv, tools: tools.clone(), path_first: Vec::new() })
    }

    /// Puts a folder first on PATH, before those put there earlier: where a `keyring` of ours lies.
    pub fn put_on_path(&mut self, folder: impl Into<PathBuf>) {
        self.path_first.insert(0, folder.into());
    }

    /// Installs wheels into the virtual environment, without any index.
    ///
    /// # Errors
    /// Where pip fails, with its words.
    pub fn add(&self, wheels: &[&Path]) -> Result<()> {
        let mut pip = self.pip(["install", "--quiet", "--no-index", "--no-deps"]);
        run("pip install", pip.args(wheels)).map(drop)
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The virtual environment's folder.
    #[must_use]
    pub fn venv(&self) -> &Path {
        self.venv.root()
    }

    /// Whether a module of this name can be imported in the virtual environment: whether an installation arrived.
    #[must_use]
    pub fn imports(&self, module: &str) -> bool {
        let mut python = self.command(self.venv.python());
        python.args(["-c", &format!("import {module}")]);
        run("python", &mut python).is_ok()
    }

    /// Puts a package of the server's virtual environment into the client's, without what makes it an installed
    /// distribution: it can be imported, and its entry points do not exist.
    ///
    /// # Errors
    /// Where it is not there, or cannot be copied.
    pub fn borrow_module(&self, module: &str) -> Result<()> {
        let from = site_packages(&self.tools.server)?.join(module);
        run("cp", Command::new("cp").arg("-a").arg(from).arg(site_packages(&self.venv)?)).map(drop)
    }

    /// Puts a package into the client's virtual environment as an installed distribution with entry points, without
    /// building it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put_distribution(&self, package: &Path, name: &str, entry_points: &str) -> Result<()> {
        let packages = site_packages(&self.venv)?;
        run("cp", Command::new("cp").arg("-a").arg(package).arg(&packages))?;
        let metadata = packages.join(format!("{name}-0.dist-info"));
        std::fs::create_dir_all(&metadata).map_err(Error::path("create", &metadata))?;
        let written = [
            ("METADATA", format!("Metadata-Version: 2.1\nName: {name}\nVersion: 0\n")),
            ("entry_points.txt", entry_points.to_owned()),
        ];
        for (file, text) in written {
            let path = metadata.join(file);
            std::fs::write(&path, text).map_err(Error::path("write", &path))?;
        }
        Ok(())
    }

    /// Writes a module of one file into the client's virtual environment.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_module(&self, name: &str, text: &str) -> Result<()> {
        let path = site_packages(&self.venv)?.join(format!("{name}.py"));
        std::fs::write(&path, text).map_err(Error::path("write", &path))
    }

    /// A program of the virtual environment.
    pub fn own(&self, program: &str) -> Command {
        self.command(self.venv.bin(program))
    }

    /// pip of the virtual environment.
    pub fn pip(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut pip = self.command(self.venv.bin("pip"));
        pip.env("PIP_NO_CACHE_DIR", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        pip.args(args);
        pip
    }

    /// uv, for the virtual environment.
    pub fn uv(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut uv = self.command(self.tools.uv());
        uv.env("VIRTUAL_ENV", self.venv.root()).env("UV_PYTHON_DOWNLOADS", "never");
        uv.env("UV_CACHE_DIR", self.home().join(".cache/uv"));
        uv.args(args);
        uv
    }

    /// twine: the virtual environment's own where it has one, else one beside it that has no keyring backend of ours.
    pub fn twine(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let own = self.venv.bin("twine");
        let mut twine = self.command(if own.exists() { own } else { self.tools.program("twine") });
        twine.args(args);
        twine
    }

    /// Any program, with the client's home as working directory and an environment of HOME, PATH and the language.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let usual = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
        let path = std::env::join_paths(self.path_first.iter().chain(&usual)).unwrap_or_default();
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home()).env("PATH", path).env("LANG", "C.UTF-8").current_dir(self.home());
        command
    }
}

/// Where the packages of a virtual environment lie.
fn site_packages(venv: &Venv) -> Result<PathBuf> {
    let mut python = Command::new(venv.python());
    python.args(["-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    Ok(PathBuf::from(String::from_utf8_lossy(&run("python", &mut python)?).trim()))
}
