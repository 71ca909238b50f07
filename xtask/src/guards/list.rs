//! The list of guards in `tests/guards/`: what stands between hostile input and harm, and how it is taken out.

use std::path::Path;

use serde::Deserialize;

/// One list.
#[derive(Debug)]
pub struct List {
    /// The name of its file.
    pub name: String,
    /// What is in it.
    pub guards: Vec<Guard>,
}

/// A guard, and the test that must fail without it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The clauses of `docs/hostile-input.md` that it keeps.
    pub clauses: Vec<String>,
    /// The test that those rows name: `PATH::FUNCTION`.
    pub test: String,
    /// Where the guard is, from the folder of the workspace.
    pub file: String,
    /// What stands there, once.
    pub guard: String,
    /// What stands there when it is taken out.
    #[serde(default)]
    pub without: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    guards: Vec<Guard>,
}

/// All lists of the workspace at `root`, by their names.
pub fn read(root: &Path) -> Result<Vec<List>, Box<dyn std::error::Error>> {
    let mut lists = Vec::new();
    for entry in std::fs::read_dir(root.join("tests/guards"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file: File =
            toml::from_str(&std::fs::read_to_string(&path)?).map_err(|error| format!("{name}: {error}"))?;
        lists.push(List { name, guards: file.guards });
    }
    lists.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(lists)
}

impl Guard {
    /// The file without it.
    pub fn taken_out(&self, source: &str) -> Result<String, String> {
        match source.matches(&self.guard).count() {
            1 => Ok(source.replacen(&self.guard, &self.without, 1)),
            count => Err(format!("{}: stands there {count} times: {}", self.file, self.guard)),
        }
    }
}
