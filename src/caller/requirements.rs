//! Requirements files: the indexes that their option lines name.

use std::path::Path;

use super::command::{items, values};
use super::findings::Findings;

/// How deep files may name files.
const DEEPEST: usize = 4;

/// The options of a line that take a value and could be taken for one of ours.
const VALUED: &[&str] = &[
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "-f",
    "--find-links",
];

/// Names of the options that name a requirements or constraints file, in any client.
pub(super) const FILES: &[&str] = &[
    "r",
    "--requirement",
    "--requirements",
    "c",
    "--constraint",
    "--constraints",
    "b",
    "--build-constraint",
    "--build-constraints",
    "--override",
    "--overrides",
    "--with-requirements",
];

/// Notes the indexes of some files, named relative to the caller's folder.
pub(super) fn look<'t>(files: impl IntoIterator<Item = &'t str>, findings: &mut Findings<'_>) {
    let folder = findings.folder();
    files.into_iter().for_each(|file| file_below(file, folder, DEEPEST, findings));
}

fn file_below(file: &str, folder: &Path, deeper: usize, findings: &mut Findings<'_>) {
    // A file from the network is none of ours to fetch.
    if file.contains("://") {
        return;
    }
    let path = folder.join(file);
    let Some(text) = findings.read(&path) else { return };
    let folder = path.parent().unwrap_or(folder);
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").lines() {
        let line = line.trim_start();
        if !line.starts_with('-') {
            continue;
        }
        let words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
        let args: Vec<String> = words.map(|word| expanded(word.trim_matches(['"', '\'']), findings)).collect();
        let items = items(&args, VALUED);
        values(&items, &["i", "--index-url", "--pypi-url"]).into_iter().for_each(|url| findings.default_index(url));
        values(&items, &["--extra-index-url"]).into_iter().for_each(|url| findings.indexes(url));
        if deeper > 0 {
            values(&items, FILES).into_iter().for_each(|file| file_below(file, folder, deeper - 1, findings));
        }
    }
}

/// Puts in the variables of the environment, written `${NAME}`; one that is not set stays as it is.
fn expanded(word: &str, findings: &Findings<'_>) -> String {
    let mut parts = word.split("${");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let value = part.split_once('}').and_then(|(name, rest)| Some((findings.env(name)?, rest)));
        match value {
            Some((value, rest)) if text.len() + value.len() <= 4096 => {
                text.push_str(&value);
                text.push_str(rest);
            }
            _ => {
                text.push_str("${");
                text.push_str(part);
            }
        }
    }
    text
}
