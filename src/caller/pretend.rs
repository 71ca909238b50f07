//! A machine for tests: files, environment and folder in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::findings::cleaned;
use super::{Doing, Files, Observed, understand};

pub(super) struct Machine {
    folder: PathBuf,
    env: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Machine {
    pub(super) fn new() -> Self {
        let env = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
        Self { folder: "/home/me/work".into(), env, files: BTreeMap::new() }
    }

    pub(super) fn folder(mut self, path: &str) -> Self {
        self.folder = path.into();
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.to_owned());
        self
    }

    /// What a command line does here; its items are separated by `|`.
    pub(super) fn doing(&self, line: &str) -> Doing {
        self.doing_all(&line.split('|').map(str::to_owned).collect::<Vec<_>>())
    }

    pub(super) fn doing_all(&self, argv: &[String]) -> Doing {
        let env = |name: &str| self.env.get(name).cloned();
        understand(&Observed { argv, folder: &self.folder, env: &env, files: self })
    }

    /// What is told of a command line here.
    pub(super) fn observed<T>(&self, line: &str, tell: impl FnOnce(&Observed<'_>) -> T) -> T {
        let argv: Vec<String> = line.split('|').map(str::to_owned).collect();
        let env = |name: &str| self.env.get(name).cloned();
        tell(&Observed { argv: &argv, folder: &self.folder, env: &env, files: self })
    }

    /// The indexes that a command line uses here.
    pub(super) fn urls(&self, line: &str) -> Vec<String> {
        self.doing(line).index_urls
    }
}

impl Files for Machine {
    fn read(&self, path: &Path) -> Option<String> {
        self.files.get(&cleaned(path)).cloned()
    }

    fn list(&self, pattern: &Path) -> Vec<PathBuf> {
        let Ok(pattern) = glob::Pattern::new(&pattern.to_string_lossy()) else { return Vec::new() };
        let rules = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
        self.files.keys().filter(|path| pattern.matches_path_with(path, rules)).cloned().collect()
    }

    fn size(&self, path: &Path) -> Option<u64> {
        self.files.get(&cleaned(path)).map(|text| text.len() as u64)
    }
}
