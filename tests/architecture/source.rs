//! A source file as the checks read it: without its tests and its comments.

use std::path::{Path, PathBuf};

/// A line of a source file without its comment, and its number.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) code: String,
}

/// A source file as it is without its tests.
pub(super) struct Source {
    /// From the root of the project.
    pub(super) path: String,
    pub(super) lines: Vec<Line>,
}

impl Source {
    /// The module directly below the crate, or `lib`, or `bin`.
    pub(super) fn module(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside.split(['/', '.']).next().unwrap_or_default()
    }

    /// The segments of its module's path: `daemon::agent` has two.
    fn depth(&self) -> usize {
        self.path.trim_start_matches("src/").split('/').count()
    }

    /// The modules directly below the crate that it uses, its own left out.
    pub(super) fn uses(&self) -> impl Iterator<Item = (usize, String)> {
        // From a module of so many segments, that many `super` lead to the crate.
        let up = vec!["super"; self.depth()].join("::");
        self.paths().filter_map(move |(line, path)| {
            let rest = ["crate", "devpi_tokens", up.as_str()]
                .iter()
                .find_map(|root| path.strip_prefix(root)?.strip_prefix("::"));
            let module = rest?.split("::").next().unwrap_or_default().to_owned();
            (!module.is_empty() && module != self.module()).then_some((line, module))
        })
    }

    /// Every path in it with at least one `::`, groups in braces spelt out.
    pub(super) fn paths(&self) -> impl Iterator<Item = (usize, String)> {
        let mut all = Vec::new();
        // The paths in front of the groups that are open, as groups go over several lines.
        let mut open: Vec<String> = Vec::new();
        for line in &self.lines {
            let mut path = open.concat();
            for token in tokens(&line.code) {
                match token {
                    "{" if path.ends_with("::") => {
                        let outer = open.concat().len();
                        open.push(path[outer..].to_owned());
                    }
                    "}" if !open.is_empty() => {
                        all.push((line.number, std::mem::take(&mut path)));
                        open.pop();
                    }
                    word if word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':') => {
                        // A path goes on only after `::`; another word begins one.
                        if !word.starts_with(':') && !path.ends_with("::") {
                            all.push((line.number, std::mem::replace(&mut path, open.concat())));
                        }
                        path.push_str(word);
                    }
                    _ => all.push((line.number, std::mem::replace(&mut path, open.concat()))),
                }
            }
            all.push((line.number, path));
        }
        all.into_iter().filter(|(_, path)| path.contains("::"))
    }
}

/// A line cut into words, `::`, and single characters; blanks fall out.
fn tokens(code: &str) -> impl Iterator<Item = &str> {
    let mut rest = code;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => rest.chars().next()?.len_utf8(),
            word => word,
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

pub(super) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: &PathBuf| (path.clone(), std::fs::read_to_string(path).expect("a source file"));
    let texts: Vec<(PathBuf, String)> = paths.iter().map(read).collect();
    let tests: Vec<PathBuf> = texts.iter().flat_map(|(path, text)| test_files(path, text)).collect();
    let sources = texts.iter().filter(|(path, _)| !tests.contains(path));
    let sources: Vec<Source> =
        sources.map(|(path, text)| Source { path: shown(path), lines: without_tests(text) }).collect();
    assert!(sources.len() > 40, "the source was not found");
    sources
}

/// The files that are there for tests only: those of modules behind `#[cfg(test)]`.
fn test_files(path: &Path, text: &str) -> Vec<PathBuf> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let modules = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
        let (_, name) = pair[1].strip_suffix(';')?.rsplit_once("mod ")?;
        Some(path.with_extension("").join(name).with_extension("rs"))
    });
    modules.collect()
}

/// The lines outside of what stands behind `#[cfg(test)]`. rustfmt sets the end of an item in the column of its begin.
fn without_tests(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut left: Option<String> = None;
    let mut all = text.lines().zip(1..).peekable();
    while let Some((line, number)) = all.next() {
        if let Some(end) = &left {
            left = (line != end.as_str()).then(|| end.clone());
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim() == "#[cfg(test)]" {
            let (item, _) = all.next().unwrap_or_default();
            left = item.ends_with('{').then(|| format!("{indent}}}"));
            continue;
        }
        let code = match line.trim_start().starts_with("//") {
            true => "",
            false => line.split(" // ").next().unwrap_or_default(),
        };
        lines.push(Line { number, code: code.trim().to_owned() });
    }
    lines
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
