//! The project that a caller works on, by its `pyproject.toml`
//! ([PEP 621](https://peps.python.org/pep-0621/)).

use std::path::{Path, PathBuf};

use crate::target::ProjectName;

use super::config::{table, texts, toml};
use super::findings::{Findings, cleaned};

/// How many folders upwards a project is looked for.
pub(super) const HIGHEST: usize = 24;

const FILE: &str = "pyproject.toml";

/// A folder with a `pyproject.toml` in it, and what that says.
pub(super) struct Project {
    pub(super) folder: PathBuf,
    pub(super) file: toml::Table,
}

impl Project {
    /// The nearest one from a folder upwards.
    pub(super) fn above(folder: &Path, findings: &mut Findings<'_>) -> Option<Self> {
        cleaned(folder).ancestors().take(HIGHEST).find_map(|folder| Self::read(folder, findings))
    }

    /// The one of that folder.
    pub(super) fn read(folder: &Path, findings: &mut Findings<'_>) -> Option<Self> {
        let file = toml(&findings.read(&folder.join(FILE))?)?;
        Some(Self { folder: folder.to_owned(), file })
    }

    /// Where its `pyproject.toml` lies.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// The name that stands in the first of some places, each a path of tables with the key as its last part.
    pub(super) fn name(&self, places: &[&[&str]]) -> Option<ProjectName> {
        let name = |place: &&[&str]| {
            let (key, tables) = place.split_last()?;
            texts(table(&self.file, tables)?, key).pop()?.parse().ok()
        };
        places.iter().find_map(name)
    }
}
