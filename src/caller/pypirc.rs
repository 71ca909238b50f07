//! `.pypirc`: the URLs of repositories by their names
//! ([specification](https://packaging.python.org/en/latest/specifications/pypirc/)).

use std::path::PathBuf;

use super::asking::Repository;
use super::config::Ini;
use super::findings::Findings;

/// The URL of a repository: in the file that is named, else in the one of the user's home.
pub(super) fn repository(file: Option<&str>, name: &str, findings: &mut Findings<'_>) -> Option<String> {
    let path = match file {
        Some(file) => findings.path(file),
        None => PathBuf::from(findings.env("HOME")?).join(".pypirc"),
    };
    Ini::parse(&findings.read(&path)?)?.value(name, "repository").map(str::to_owned)
}

/// The repositories that a file names, each with the user and whether a password stands beside it.
pub(super) fn repositories(text: &str) -> Vec<Repository> {
    let Some(file) = Ini::parse(text) else { return Vec::new() };
    let repository = |name: &str| {
        let url = file.value(name, "repository")?.to_owned();
        let user = file.value(name, "username").map(str::to_owned);
        Some(Repository { name: name.to_owned(), url, user, has_password: file.value(name, "password").is_some() })
    };
    file.sections().filter_map(repository).collect()
}
