//! An environment of Python: which one a program runs in, whose it is, and which packages it has.

use std::path::{Path, PathBuf};

use super::{Surroundings, head};
use crate::target::ProjectName;

/// The largest number of entries of a folder of packages that are looked at.
const MOST_PACKAGES: usize = 20_000;

/// The package that Python's keyring is, and the one that this program comes in.
const KEYRING: &str = "keyring";
const AGENT: &str = "devpi-tokens-agent";

/// Ours of this release and of no other: it comes from whatever index an environment is configured with.
const PINNED: &str = concat!("devpi-tokens-agent==", env!("CARGO_PKG_VERSION"));

/// What puts our package into an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Adding {
    /// The command.
    pub(in crate::cli) words: Vec<String>,
    /// Whether it keeps all that the environment was made with.
    pub(in crate::cli) is_whole: bool,
}

/// Who made an environment, and is to be asked to put something into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Owner {
    /// pipx, under this name.
    Pipx(String),
    /// `uv tool`, under this name.
    UvTool(String),
    /// Whoever made this virtual environment.
    Venv,
    /// The system: only its package manager may change it (`EXTERNALLY-MANAGED`, PEP 668).
    System,
    /// A Python that is no virtual environment and that pip may change.
    Python,
}

/// An environment of Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Environment {
    /// Its folder: `bin` and `lib` lie in it.
    pub(in crate::cli) folder: PathBuf,
    /// Its Python.
    pub(in crate::cli) python: PathBuf,
    /// Whose it is.
    pub(in crate::cli) owner: Owner,
    /// Whether Python's keyring is in it.
    pub(in crate::cli) has_keyring: bool,
    /// Whether our package is in it.
    pub(in crate::cli) has_agent: bool,
    /// The version of the pip that is in it.
    pub(in crate::cli) pip: Option<String>,
}

impl Environment {
    /// The one that a program runs in: that of the Python that its first line names, else the one that it lies in.
    pub(super) fn of(program: &Path, around: &Surroundings) -> Option<Self> {
        let script = program.canonicalize().ok()?;
        let named = interpreter(&head(&script)?, around);
        let own = || venv_of(&script).map(|folder| folder.join("bin/python"));
        Self::at(&named.or_else(own)?, around)
    }

    /// The one of a Python, which is not followed where it is a link: that is how a virtual environment is made.
    fn at(python: &Path, around: &Surroundings) -> Option<Self> {
        let venv = venv_of(python);
        // A link such as `~/bin/python` belongs to what it leads to.
        let real = if venv.is_some() { python.to_owned() } else { python.canonicalize().ok()? };
        let folder = real.parent()?.parent()?.to_owned();
        let sites = sites(&folder, &real, venv.is_some(), around);
        Some(Self {
            owner: owner(&folder, venv.is_some(), around),
            has_keyring: version(&sites, KEYRING).is_some(),
            has_agent: version(&sites, AGENT).is_some(),
            pip: version(&sites, "pip"),
            python: if venv.is_some() { real } else { python.to_owned() },
            folder,
        })
    }

    /// The command that puts our package into it, and that other one; `None` where only a package manager of the system
    /// may.
    pub(in crate::cli) fn command_to_add(&self, also: Option<&str>) -> Option<Adding> {
        let python = self.python.to_str();
        let words = match &self.owner {
            Owner::Pipx(name) => vec!["pipx", "inject", name, PINNED],
            Owner::UvTool(name) => return Some(Receipt::of(&self.folder, name).command(also)),
            Owner::Venv if self.pip.is_none() => vec!["uv", "pip", "install", "--python", python?, PINNED],
            Owner::Venv | Owner::Python => vec![python?, "-m", "pip", "install", PINNED],
            Owner::System => return None,
        };
        Some(Adding { words: words.into_iter().chain(also).map(str::to_owned).collect(), is_whole: true })
    }
}

/// The Python that the first line of a script names (`#!`), or the second one where the first could not hold its path
/// (as pip and uv write it: `'''exec' "/a path/python" "$0" "$@"`).
fn interpreter(head: &str, around: &Surroundings) -> Option<PathBuf> {
    let mut lines = head.lines();
    let first = lines.next()?.strip_prefix("#!")?.trim();
    let is_python = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    let mut words = first.split_whitespace();
    let program = Path::new(words.next()?);
    if program.ends_with("env") {
        let name = words.find(|word| !word.starts_with('-'))?;
        return Some(name).filter(|name| is_python(Path::new(name))).and_then(|name| around.on_path(name));
    }
    if program.ends_with("sh") {
        let second = lines.next()?.trim_start().strip_prefix("'''exec'")?.trim_start();
        let path = match second.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => second.split_whitespace().next()?,
        };
        return Some(PathBuf::from(path)).filter(|path| path.is_absolute() && is_python(path));
    }
    Some(program.to_owned()).filter(|path| path.is_absolute() && is_python(path))
}

/// The virtual environment whose `bin` a file lies in.
fn venv_of(file: &Path) -> Option<PathBuf> {
    let folder = file.parent()?.parent()?;
    folder.join("pyvenv.cfg").is_file().then(|| folder.to_owned())
}

fn owner(folder: &Path, is_venv: bool, around: &Surroundings) -> Owner {
    let name = || folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_in =
        |tools: &Path| folder.parent().and_then(|parent| parent.canonicalize().ok()) == tools.canonicalize().ok();
    if !is_venv {
        let managed = pythons(folder).into_iter().any(|lib| lib.join("EXTERNALLY-MANAGED").exists());
        return if managed { Owner::System } else { Owner::Python };
    }
    if around.pipx.iter().any(|tools| tools.is_dir() && is_in(tools)) {
        return Owner::Pipx(name());
    }
    if around.uv_tools.is_dir() && is_in(&around.uv_tools) {
        return Owner::UvTool(name());
    }
    Owner::Venv
}

/// The folders `lib/python3.*` of an environment.
fn pythons(folder: &Path) -> Vec<PathBuf> {
    let folders = ["lib", "lib64"].map(|lib| folder.join(lib));
    let entries = folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// The folders in which an environment has its packages.
fn sites(folder: &Path, python: &Path, is_venv: bool, around: &Surroundings) -> Vec<PathBuf> {
    let below = |lib: PathBuf| ["site-packages", "dist-packages"].map(|name| lib.join(name));
    if is_venv {
        let mut own: Vec<PathBuf> = pythons(folder).into_iter().flat_map(below).collect();
        if let Some(base) = base_with_packages(folder).filter(|base| base.join("..").is_dir()) {
            let base = base.join("python3").canonicalize().unwrap_or_else(|_| base.join("python3"));
            let prefix = base.parent().and_then(Path::parent).unwrap_or(Path::new("/usr")).to_owned();
            own.extend(sites(&prefix, &base, false, around));
        }
        return own;
    }
    // Of several Pythons in one folder, the one whose name says its version.
    let version = python.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_its = |lib: &PathBuf| !version.contains('.') || lib.ends_with(&version) || lib.ends_with("python3");
    let homes = [folder.to_owned(), folder.join("local"), around.home.join(".local")];
    homes.iter().flat_map(|home| pythons(home)).filter(is_its).flat_map(below).collect()
}

/// Where the Python lies whose packages a virtual environment has, too (`include-system-site-packages`).
fn base_with_packages(folder: &Path) -> Option<PathBuf> {
    let text = head(&folder.join("pyvenv.cfg"))?;
    let value = |key: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let includes = value("include-system-site-packages")?.eq_ignore_ascii_case("true");
    includes.then(|| value("home").map(PathBuf::from)).flatten()
}

/// The version of a distribution in one of those folders: its metadata lies there as `NAME-VERSION.dist-info`.
fn version(sites: &[PathBuf], package: &str) -> Option<String> {
    let entries = sites.iter().filter_map(|site| std::fs::read_dir(site).ok()).flatten().take(MOST_PACKAGES).flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut versions = names.filter_map(|name| distribution(&name)).filter(|(name, _)| name.as_str() == package);
    versions.next().map(|(_, version)| version)
}

fn distribution(entry: &str) -> Option<(ProjectName, String)> {
    let stem = entry.strip_suffix(".dist-info").or_else(|| entry.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    Some((parts.next()?.parse().ok()?, parts.next().unwrap_or_default().to_owned()))
}

/// What uv was told of a tool (`uv-receipt.toml`): it forgets that when it is told anew.
struct Receipt {
    /// The tool itself, as a requirement.
    tool: String,
    /// What else is in its environment.
    with: Vec<String>,
    python: Option<String>,
    /// Whether all of it can be told again: a source, an option or a constraint cannot.
    is_whole: bool,
}

impl Receipt {
    fn of(folder: &Path, name: &str) -> Self {
        let text = crate::disk::text(&folder.join("uv-receipt.toml")).unwrap_or_default();
        let file: toml::Table = text.parse().unwrap_or_default();
        let empty = toml::Table::new();
        let table = file.get("tool").and_then(toml::Value::as_table).unwrap_or(&empty);
        let requirements = table.get("requirements").and_then(toml::Value::as_array).into_iter().flatten();
        let known = |table: &toml::Table, keys: &[&str]| table.keys().all(|key| keys.contains(&key.as_str()));
        let mut receipt = Self {
            tool: name.to_owned(),
            with: Vec::new(),
            python: table.get("python").and_then(toml::Value::as_str).map(str::to_owned),
            is_whole: known(table, &["requirements", "python", "entrypoints"]),
        };
        let mut is_there = false;
        for requirement in requirements {
            let Some((its, text)) = requirement.as_table().and_then(|table| Some((table, spelled(table)?))) else {
                receipt.is_whole = false;
                continue;
            };
            receipt.is_whole &= known(its, &["name", "extras", "specifier"]);
            match its.get("name").and_then(toml::Value::as_str) {
                Some(own) if own == name => (receipt.tool, is_there) = (text, true),
                Some(AGENT) => {}
                _ => receipt.with.push(text),
            }
        }
        receipt.is_whole &= is_there;
        receipt
    }

    fn command(self, also: Option<&str>) -> Adding {
        let with = [PINNED.to_owned()].into_iter().chain(also.map(str::to_owned)).chain(self.with);
        let mut words: Vec<String> = ["uv", "tool", "install"].map(str::to_owned).into();
        words.push(self.tool);
        words.extend(with.flat_map(|other| ["--with".to_owned(), other]));
        words.extend(self.python.into_iter().flat_map(|python| ["--python".to_owned(), python]));
        Adding { words, is_whole: self.is_whole }
    }
}

/// A requirement as it is written: `name[extra]>=1`.
fn spelled(requirement: &toml::Table) -> Option<String> {
    let text = |key| requirement.get(key).and_then(toml::Value::as_str);
    let extras = requirement.get("extras").and_then(toml::Value::as_array).into_iter().flatten();
    let extras: Vec<&str> = extras.filter_map(toml::Value::as_str).collect();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    Some(format!("{}{extras}{}", text("name")?, text("specifier").unwrap_or_default()))
}
