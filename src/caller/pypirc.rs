//! `.pypirc`: the URLs of repositories by their names
//! ([specification](https://packaging.python.org/en/latest/specifications/pypirc/)).

use std::path::PathBuf;

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
