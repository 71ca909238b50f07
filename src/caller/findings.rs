//! What has been found out so far, and what may still be read: every limit on what a caller can make us do.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::target::{ProjectName, Purpose};

use super::{Doing, Observed, filename};

/// Files that are read, and files that are looked for.
const MOST_READ: usize = 32;
const MOST_TRIED: usize = 256;
/// URLs, each of at most as many bytes as an address may have.
const MOST_URLS: usize = 256;
const LONGEST_URL: usize = 2048;
/// Files that are uploaded, patterns that are expanded, and projects.
const MOST_FILES: usize = 4096;
const MOST_PATTERNS: usize = 64;
const MOST_PROJECTS: usize = 256;
/// The longest value of the environment that is looked at, in bytes.
const LONGEST_VALUE: usize = 64 * 1024;

/// Collects what a caller is doing.
pub(super) struct Findings<'a> {
    observed: Observed<'a>,
    pub(super) doing: Doing,
    /// Whether an index was named that takes PyPI's place.
    pub(super) has_default: bool,
    read: usize,
    tried: usize,
    patterns: usize,
    uploaded: BTreeSet<PathBuf>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(observed: Observed<'a>) -> Self {
        let (doing, uploaded) = (Doing::default(), BTreeSet::new());
        Self { observed, doing, has_default: false, read: 0, tried: 0, patterns: 0, uploaded }
    }

    /// A variable of the environment that is set to something.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        (self.observed.env)(name).filter(|value| !value.is_empty() && value.len() <= LONGEST_VALUE)
    }

    /// A path as the caller sees it.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.observed.folder.join(text)
    }

    /// The caller's working folder.
    pub(super) fn folder(&self) -> &'a Path {
        self.observed.folder
    }

    /// The folder of the user's configuration.
    pub(super) fn user_config(&self) -> Option<PathBuf> {
        let named = self.env("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(PathBuf::from(self.env("HOME")?).join(".config")))
    }

    /// The folders of the machine's configuration.
    pub(super) fn system_config(&self) -> Vec<PathBuf> {
        let named = self.env("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
        named.split(':').map(PathBuf::from).filter(|path| path.is_absolute()).collect()
    }

    /// The text of a file, as long as there is something left of what may be read.
    pub(super) fn read(&mut self, path: &Path) -> Option<String> {
        if self.read == MOST_READ || self.tried == MOST_TRIED {
            return None;
        }
        self.tried += 1;
        let text = self.observed.files.read(path)?;
        self.read += 1;
        Some(text)
    }

    /// Notes indexes that the run uses, separated by white space.
    pub(super) fn indexes(&mut self, text: &str) {
        text.split_whitespace().for_each(|url| note(&mut self.doing.index_urls, url));
    }

    /// Notes the index that takes PyPI's place.
    pub(super) fn default_index(&mut self, url: &str) {
        self.has_default = true;
        self.indexes(url);
    }

    /// Notes the name of an index; the first that has it counts.
    pub(super) fn named(&mut self, name: &str, url: &str) {
        let named = &mut self.doing.named;
        if named.len() < MOST_URLS && name.len() <= LONGEST_URL && !named.contains_key(name) {
            let mut noted = Vec::new();
            note(&mut noted, url);
            named.extend(noted.pop().map(|url| (name.to_owned(), url)));
        }
    }

    /// Notes an index that an upload only reads.
    pub(super) fn only_read(&mut self, url: &str) {
        note(&mut self.doing.read_urls, url.trim());
    }

    /// Notes that a project is uploaded, whatever its files are called.
    pub(super) fn project(&mut self, project: ProjectName) {
        if self.doing.projects.len() < MOST_PROJECTS {
            self.doing.projects.insert(project);
        }
    }

    /// Notes that files are uploaded, each named by its path from the folder or by a pattern.
    pub(super) fn upload<'t>(&mut self, folder: &Path, files: impl IntoIterator<Item = &'t str>) {
        self.doing.purpose = Some(Purpose::Upload);
        for file in files {
            let path = folder.join(file);
            if self.observed.files.size(&path).is_none() && file.contains(['*', '?', '[']) {
                self.pattern(folder, file);
            } else {
                self.file(path);
            }
        }
    }

    fn pattern(&mut self, folder: &Path, pattern: &str) {
        if self.patterns == MOST_PATTERNS {
            return;
        }
        self.patterns += 1;
        // The folder is meant literally, whatever characters it has.
        let folder = glob::Pattern::escape(&folder.to_string_lossy());
        let found = self.observed.files.list(&Path::new(&folder).join(pattern));
        found.into_iter().for_each(|path| self.file(path));
    }

    /// A file that we cannot see tells its project all the same.
    fn file(&mut self, path: PathBuf) {
        let project = path.file_name().and_then(|name| filename::project(name.to_str()?));
        let Some(project) = project.filter(|_| self.uploaded.len() < MOST_FILES) else { return };
        let size = self.observed.files.size(&path).unwrap_or(0);
        let doing = &mut self.doing;
        if (doing.projects.len() < MOST_PROJECTS || doing.projects.contains(&project)) && self.uploaded.insert(path) {
            doing.projects.insert(project);
            doing.bytes = doing.bytes.saturating_add(size);
        }
    }
}

/// A path without `.` and `..`, by its text alone.
pub(super) fn cleaned(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut clean, part| {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
        clean
    })
}

/// Adds a URL once. What is no URL (a folder, a name) is on no host. One that carries its own password needs no token,
/// and no password should be kept here.
fn note(urls: &mut Vec<String>, url: &str) {
    let Some((_, rest)) = url.split_once("://") else { return };
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    let password = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let odd = url.len() > LONGEST_URL || url.chars().any(|c| c.is_control() || c.is_whitespace());
    if !password && !odd && urls.len() < MOST_URLS && !urls.iter().any(|known| known == url) {
        urls.push(url.to_owned());
    }
}
