//! Virtual environments: made once from requirements, copied for each client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::debian;
use crate::error::{Error, Result};
use crate::process::run;

/// A virtual environment.
#[derive(Debug, Clone)]
pub(crate) struct Venv {
    root: PathBuf,
}

impl Venv {
    /// One at `root`, which [`Venv::install`] may still have to make.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether it has exactly these requirements.
    pub(crate) fn has(&self, requirements: &Path) -> bool {
        let same = |wanted: String| fs::read_to_string(self.stamp()).is_ok_and(|installed| installed == wanted);
        // The interpreter is a link to the machine's: after an upgrade of Python it may lead nowhere.
        fs::read_to_string(requirements).is_ok_and(same) && self.python().exists() && self.is_at_home()
    }

    /// Whether its scripts run its own interpreter: those of a folder that was copied or moved run the other one's,
    /// and would install into that.
    fn is_at_home(&self) -> bool {
        let interpreter = format!("#!{}/", self.root.join("bin").display());
        fs::read_to_string(self.bin("pip")).is_ok_and(|script| script.starts_with(&interpreter))
    }

    /// Makes it anew, with these requirements.
    pub(crate) fn install(&self, requirements: &Path) -> Result<()> {
        let wanted = fs::read_to_string(requirements).map_err(Error::path("read", requirements))?;
        if self.root.exists() {
            fs::remove_dir_all(&self.root).map_err(Error::path("remove", &self.root))?;
        }
        self.create()?;
        let mut pip = command(&self.python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements);
        run(&format!("pip install -r {}", requirements.display()), &mut pip)?;
        let stamp = self.stamp();
        fs::write(&stamp, wanted).map_err(Error::path("write", &stamp))
    }

    fn stamp(&self) -> PathBuf {
        self.root.join("requirements-installed")
    }

    fn create(&self) -> Result<()> {
        let create = || run("python3 -m venv", command(Path::new("python3")).args(["-m", "venv"]).arg(&self.root));
        let Err(first) = create() else { return Ok(()) };
        // Debian keeps this module in a package of its own; elsewhere the first error is the one to show.
        debian(&["python3-venv"], |_| {}).map_err(|_| first)?;
        create().map(drop)
    }

    /// A copy at `root`, which must not exist: about ten times faster than installing, and not linked to this one.
    pub(crate) fn copy(&self, root: PathBuf) -> Result<Self> {
        // cp keeps the times: Python would compile every module again that is newer than its cache says.
        run("cp", Command::new("cp").args(["-a", "--reflink=auto"]).arg(&self.root).arg(&root))?;
        let copy = Self { root };
        let (from, to) = (self.root.to_string_lossy(), copy.root.to_string_lossy());
        let bin = copy.root.join("bin");
        for entry in fs::read_dir(&bin).map_err(Error::path("read", &bin))?.flatten() {
            let path = entry.path();
            // Links lead to the machine's Python; what is not text has no folder of ours in its first line.
            if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            fs::write(&path, text.replace(&*from, &to)).map_err(Error::path("write", &path))?;
        }
        Ok(copy)
    }

    /// A program of it.
    pub(crate) fn bin(&self, program: &str) -> PathBuf {
        self.root.join("bin").join(program)
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.bin("python")
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

/// A Python program without what the caller's environment would make of it.
fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env_remove("PIP_TARGET").env_remove("PIP_USER");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_was_moved_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let requirements = folder.path().join("none.txt");
        fs::write(&requirements, "").expect("no requirements");
        let here = Venv::at(folder.path().join("here"));
        here.install(&requirements).expect("an environment");
        assert!(here.has(&requirements));
        let moved = Venv::at(folder.path().join("there"));
        fs::rename(here.root(), moved.root()).expect("moved");
        assert!(!moved.has(&requirements));
    }
}
