//! The borders inside the house, kept by looking at the source: `docs/architecture.md` says why they are where they are.
//!
//! Which module belongs to which layer stands in `src/lib.rs`, under its three headings.

#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeMap;
use std::process::Command;

use source::{Source, root, sources};

/// The most lines of a source file in front of its tests.
const LONGEST_FILE: usize = 350;

/// The most lines of a program in `src/bin`.
const LONGEST_PROGRAM: usize = 40;

/// What the paths in a pure module must not begin with.
const NOT_PURE: [&str; 13] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread", // The machine.
    "tokio",
    "interprocess",
    "rustix",
    "nix",
    "reqwest",
    "directories",
    "clap", // The crates that reach it.
];

/// What of that does nothing: an exit code is a number, an address a text.
const PURE_AFTER_ALL: [(&str, &str); 3] = [
    ("src/exit.rs", "std::process::ExitCode"),
    ("src/target/", "std::net::IpAddr"),
    ("src/target/", "std::net::Ipv6Addr"),
];

/// Calls that ask for the time or for files in any spelling.
const NOT_PURE_CALLS: [&str; 3] = ["::now()", "::system()", "glob::glob("];

/// What a program must not know, beside the other programs.
const NEVER: [(&str, &[&str]); 3] = [
    // It asks nobody on the network.
    ("daemon", &["cli", "devpi", "helper"]),
    // It learns from the agent what is kept.
    ("cli", &["daemon", "helper", "vault"]),
    // It starts in a millisecond, next to files that strangers wrote.
    ("helper", &["cli", "daemon", "devpi", "vault"]),
];

const NAMES_THAT_SAY_NOTHING: [&str; 4] = ["utils", "common", "helpers", "manager"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Pure,
    Edge,
    Program,
}

#[test]
fn pure_modules_use_pure_modules_only() {
    let layers = layers();
    check(|source| {
        if layers.get(source.module()) != Some(&Layer::Pure) {
            return Vec::new();
        }
        let inside = source.uses().filter(|(_, used)| layers.get(used.as_str()) != Some(&Layer::Pure));
        inside.map(|(line, used)| (line, format!("a pure module uses `{used}`, which is not"))).collect()
    });
}

#[test]
fn pure_modules_touch_neither_machine_nor_clock() {
    let layers = layers();
    check(|source| {
        if layers.get(source.module()) != Some(&Layer::Pure) {
            return Vec::new();
        }
        let is_harmless = |path: &str| {
            PURE_AFTER_ALL.iter().any(|(place, harmless)| source.path.starts_with(place) && path == *harmless)
        };
        let outside = source
            .paths()
            .filter(|(_, path)| NOT_PURE.iter().any(|root| begins_with(path, root)) && !is_harmless(path));
        let mut wrong: Vec<_> = outside.map(|(line, path)| (line, format!("a pure module uses `{path}`"))).collect();
        for line in &source.lines {
            let calls = NOT_PURE_CALLS.iter().filter(|call| line.code.contains(**call));
            wrong.extend(calls.map(|call| (line.number, format!("a pure module calls `{call}`"))));
        }
        wrong
    });
}

#[test]
fn edges_use_no_program() {
    let layers = layers();
    check(|source| {
        if layers.get(source.module()) != Some(&Layer::Edge) {
            return Vec::new();
        }
        let upwards = source.uses().filter(|(_, used)| layers.get(used.as_str()) == Some(&Layer::Program));
        upwards.map(|(line, used)| (line, format!("an edge uses the program `{used}`"))).collect()
    });
}

#[test]
fn programs_keep_to_themselves() {
    check(|source| {
        let never = NEVER.iter().find(|(program, _)| *program == source.module()).map_or(&[][..], |(_, never)| never);
        let wrong = source.uses().filter(|(_, used)| never.contains(&used.as_str()));
        wrong.map(|(line, used)| (line, format!("{} uses `{used}`", source.module()))).collect()
    });
}

#[test]
fn every_module_has_a_layer() {
    let layers = layers();
    for layer in [Layer::Pure, Layer::Edge, Layer::Program] {
        assert!(layers.values().any(|found| *found == layer), "src/lib.rs: nothing stands under the heading {layer:?}");
    }
    check(|source| {
        let is_known = layers.contains_key(source.module()) || ["lib", "bin"].contains(&source.module());
        if is_known { Vec::new() } else { vec![(1, "this module is not in src/lib.rs".to_owned())] }
    });
}

#[test]
fn lib_is_a_list() {
    check(|source| {
        if source.module() != "lib" {
            return Vec::new();
        }
        let is_entry =
            |code: &str| code.is_empty() || code.starts_with("#[cfg(feature") || code.starts_with("pub mod ");
        let others = source.lines.iter().filter(|line| !is_entry(&line.code));
        others.map(|line| (line.number, "lib.rs is a list of modules".to_owned())).collect()
    });
}

#[test]
fn files_are_short() {
    check(|source| {
        let longest = if source.module() == "bin" { LONGEST_PROGRAM } else { LONGEST_FILE };
        match source.lines.get(longest) {
            Some(line) => vec![(line.number, format!("{} lines, where {longest} are the most", source.lines.len()))],
            None => Vec::new(),
        }
    });
}

#[test]
fn modules_are_named_for_what_they_are() {
    check(|source| {
        let names = source.path.trim_end_matches(".rs").split('/');
        let empty = names.filter(|name| NAMES_THAT_SAY_NOTHING.contains(name));
        empty.map(|name| (1, format!("`{name}` says nothing about what is in it"))).collect()
    });
}

#[test]
fn nothing_committed_leads_out_of_the_project() {
    // In two parts, so that they do not stand here.
    let notes = concat!("../", "shared");
    let machines = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    let mut wrong = Vec::new();
    for path in committed() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (line, number) in text.lines().zip(1..) {
            let leads_out = line.contains(notes) || machines.iter().any(|folder| is_absolute(line, folder));
            if leads_out {
                wrong.push(format!("{path}:{number}: a path that leads out of the project"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a path begins with `folder`, rather than having it somewhere inside, as URLs may.
fn is_absolute(line: &str, folder: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "._-~+}$".contains(c);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(is_inside))
}

/// Fails with the place of each thing that is wrong.
fn check(wrong: impl Fn(&Source) -> Vec<(usize, String)>) {
    let mut all = Vec::new();
    for source in sources() {
        all.extend(wrong(&source).into_iter().map(|(line, what)| format!("{}:{line}: {what}", source.path)));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

fn begins_with(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The layer of each module, as `src/lib.rs` says it.
fn layers() -> BTreeMap<String, Layer> {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let mut layer = None;
    let mut layers = BTreeMap::new();
    for line in text.lines() {
        layer = match line.split(['.', ':']).next() {
            Some("// Pure") => Some(Layer::Pure),
            Some("// Edges") => Some(Layer::Edge),
            Some("// Programs") => Some(Layer::Program),
            _ => layer,
        };
        if let Some(module) = line.strip_prefix("pub mod ") {
            layers.insert(module.trim_end_matches(';').to_owned(), layer.expect("src/lib.rs: a heading comes first"));
        }
    }
    layers
}

/// The files of the project; none in an archive of the source, where nothing is committed.
fn committed() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let listed = listed.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    let paths = String::from_utf8(listed).expect("names in UTF-8");
    paths.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}
