//! What the bed is made of, installed once under `target/testbed/`.

use std::fs::{self, File};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use crate::debian::debian;
use crate::error::{Error, Result};
use crate::prepare::prepare;
use crate::process::own_folder;
use crate::venv::Venv;

/// Servers and clients, installed.
#[derive(Debug, Clone)]
pub struct Tools {
    /// nginx; none where it is not there and cannot be installed, and then only `Closing::Plugin` works.
    pub nginx: Option<PathBuf>,
    /// Why nginx is not there, with what to type.
    pub no_nginx: Option<String>,
    pub(crate) server: Venv,
    pub(crate) pip: Venv,
    pub(crate) pip_before: Venv,
    pub(crate) clients: Venv,
    pub(crate) tools: Venv,
    pub(crate) uv: Venv,
    pub(crate) build: Venv,
    pub(crate) devpi: Venv,
    pub(crate) devpi_before: Venv,
    /// A server's folder with its users, indexes and packages, to be copied.
    pub(crate) prepared: PathBuf,
}

impl Tools {
    /// A program of the server's virtual environment, for example `devpi`.
    #[must_use]
    pub fn server_program(&self, name: &str) -> PathBuf {
        self.server.bin(name)
    }

    /// A program among those that import Python keyring: `twine`, `keyring`, `pyproject-build`, `python`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.tools.bin(name)
    }

    /// uv.
    #[must_use]
    pub fn uv(&self) -> PathBuf {
        self.uv.bin("uv")
    }
}

/// Installs whatever is not there yet: a minute or two the first time, milliseconds afterwards. Parallel callers wait
/// for the first. `progress` is told each step that takes time.
///
/// # Errors
/// Where Python 3.9 or later is missing, or pip fails. A missing nginx is no error: see [`Tools::nginx`].
pub fn install(mut progress: impl FnMut(&str)) -> Result<Tools> {
    let folder = folder();
    fs::create_dir_all(&folder).map_err(Error::path("create", &folder))?;
    let lock = folder.join("lock");
    let held = File::create(&lock).map_err(Error::path("write", &lock))?;
    held.lock().map_err(Error::path("lock", &lock))?;

    let venv = |name: &str| Venv::at(folder.join(name));
    let (server, pip, tools, uv, build) = (venv("server"), venv("pip"), venv("tools"), venv("uv"), venv("build"));
    let (devpi, devpi_before) = (venv("devpi"), venv("devpi-before"));
    let (pip_before, clients) = (venv("pip-before"), venv("clients"));
    let all = [
        ("clients", &clients),
        ("server", &server),
        ("pip", &pip),
        ("pip-before", &pip_before),
        ("tools", &tools),
        ("uv", &uv),
        ("devpi", &devpi),
        ("devpi-before", &devpi_before),
        ("build", &build),
    ];
    install_python(&all, &mut progress)?;
    let (nginx, no_nginx) = match nginx(&mut progress) {
        Ok(path) => (Some(path), None),
        Err(why) => (None, Some(why.to_string())),
    };
    let prepared = folder.join("prepared");
    let tools =
        Tools { nginx, no_nginx, server, pip, pip_before, clients, tools, uv, build, devpi, devpi_before, prepared };
    prepare(&tools, &mut progress)?;
    Ok(tools)
}

/// All that are missing at once: most of the time goes into waiting for downloads.
fn install_python(venvs: &[(&str, &Venv)], progress: &mut dyn FnMut(&str)) -> Result<()> {
    let requirements = |name: &str| own_folder().join("requirements").join(format!("{name}.txt"));
    let missing: Vec<_> = venvs.iter().filter(|(name, venv)| !venv.has(&requirements(name))).collect();
    let Some((first, rest)) = missing.split_first() else { return Ok(()) };
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    progress(&format!("installing Python packages: {}", names.join(", ")));
    std::thread::scope(|scope| {
        let installing: Vec<_> =
            rest.iter().map(|(name, venv)| scope.spawn(|| venv.install(&requirements(name)))).collect();
        let (name, venv) = first;
        let mine = venv.install(&requirements(name));
        let theirs = installing.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        std::iter::once(mine).chain(theirs).collect()
    })
}

/// Beside what cargo builds, so that `cargo clean` removes it and no clone shares it with another.
pub(crate) fn folder() -> PathBuf {
    let folder = target().join("testbed");
    // Where it is a link, by the name that it has at home: the scripts of an environment name their interpreter whole.
    folder.canonicalize().unwrap_or(folder)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    let workspace = own_folder().parent().unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    workspace.join(target)
}

fn nginx(progress: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    if let Some(found) = find_nginx() {
        return Ok(found);
    }
    debian(&["nginx-light"], progress)?;
    find_nginx().ok_or_else(|| Error::Missing {
        what: "nginx".to_owned(),
        remedy: "install it, on Debian: sudo apt-get install nginx-light".to_owned(),
    })
}

fn find_nginx() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps it where only root's PATH looks.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    folders.map(|folder| folder.join("nginx")).find(|program| program.is_file())
}
