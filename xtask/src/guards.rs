//! `cargo xtask guards [LIST|FILE…]`: takes out each guard of `tests/guards/`, or those of these lists and in these source
//! files, one at a time and in a copy of the tree, and sees that its test fails.

pub mod list;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use list::Guard;

use crate::{Outcome, root};

/// How long a test may take, in seconds. One that hangs without its guard has failed.
const LONGEST: &str = "240";

pub(crate) fn run(wanted: &[String]) -> Outcome {
    let lists = list::read(&root())?;
    let all = || lists.iter().flat_map(|list| list.guards.iter().map(|guard| (&list.name, guard)));
    if let Some(unknown) = wanted.iter().find(|name| all().all(|(list, guard)| ![list, &guard.file].contains(name))) {
        return Err(format!("no list in tests/guards is called {unknown}, and none has a guard in such a file").into());
    }
    testbed::install(|line| eprintln!("{line}"))?;
    let tree = copy()?;
    let (mut seen, mut wrong) = (0, 0);
    let is_wanted = |list, guard: &Guard| wanted.is_empty() || wanted.contains(list) || wanted.contains(&guard.file);
    for (_, guard) in all().filter(|(list, guard)| is_wanted(list, guard)) {
        eprintln!("{}", guard.clauses.join("; "));
        match without(&tree, guard) {
            Ok(()) => seen += 1,
            Err(why) => {
                wrong += 1;
                println!("{}\n  {why}", guard.test);
            }
        }
    }
    println!("{seen} guards taken out and missed by their tests, {wrong} not");
    if wrong == 0 { Ok(()) } else { Err("a guard is not missed".into()) }
}

/// The tree as git's index has it, with what was built there before and the servers and clients that are installed here.
fn copy() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let tree = root().join("target/guards");
    std::fs::create_dir_all(tree.join("target"))?;
    let mut export = Command::new("git");
    export.args(["checkout-index", "--all", "--force"]).arg(format!("--prefix={}/", tree.display()));
    if !export.current_dir(root()).status()?.success() {
        return Err("git cannot copy the tree".into());
    }
    let bed = tree.join("target/testbed");
    if !bed.exists() {
        std::os::unix::fs::symlink(root().join("target/testbed"), bed)?;
    }
    Ok(tree)
}

/// Runs a guard's test without it.
fn without(tree: &Path, guard: &Guard) -> Result<(), String> {
    let file = tree.join(&guard.file);
    let source = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", guard.file))?;
    let write = |text: &str| std::fs::write(&file, text).map_err(|error| error.to_string());
    write(&guard.taken_out(&source)?)?;
    let missed = is_missed(tree, &guard.test);
    write(&source)?;
    missed
}

fn is_missed(tree: &Path, test: &str) -> Result<(), String> {
    let (path, function) = test.split_once("::").ok_or("a test is PATH::FUNCTION")?;
    let mut target = vec!["test", "--package", "devpi-tokens-agent", "--quiet"];
    // tests/FILE.rs and whatever lies in tests/FILE/.
    match path.strip_prefix("tests/").and_then(|path| path.split(['/', '.']).next()) {
        Some(file) => target.extend(["--test", file]),
        None => target.push("--lib"),
    }
    let mut builds = vec![[&target[..], &["--no-run"]].concat()];
    if path == "tests/memory.rs" {
        // What it is compared with, which `--test` leaves out.
        builds.push(vec!["build", "--package", "devpi-tokens-agent", "--quiet", "--example", "unhardened-agent"]);
    }
    for build in builds {
        let built = cargo(tree, &["cargo"]).args(build).output().map_err(|error| error.to_string())?;
        if !built.status.success() {
            return Err(format!("does not build without it:\n{}", String::from_utf8_lossy(&built.stderr)));
        }
    }
    let mut command = cargo(tree, &["timeout", "--kill-after=5", LONGEST, "cargo"]);
    let ran = command.args(&target).args(["--", function]).output().map_err(|error| error.to_string())?;
    judge(&ran, function)
}

/// Whether that is what comes of a run in which this test failed, or which broke off.
fn judge(ran: &Output, function: &str) -> Result<(), String> {
    let said = String::from_utf8_lossy(&ran.stdout);
    let is_named = || said.lines().any(|line| line.trim().rsplit("::").next() == Some(function));
    match said {
        _ if said.contains("running 0 tests") => Err(format!("there is no such test as {function}")),
        _ if ran.status.success() => Err("its test passes without it".to_owned()),
        _ if is_named() || !said.contains("test result:") => Ok(()),
        _ => Err("another test fails without it, and its own passes".to_owned()),
    }
}

/// Without names for a debugger: what is built here is run once.
fn cargo(tree: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(tree).stdin(Stdio::null());
    command.env("CARGO_PROFILE_DEV_DEBUG", "none").env_remove("RUST_BACKTRACE");
    // The copy's own folder: what is built there is not to be taken for what was built here.
    command.env_remove("CARGO_TARGET_DIR");
    command
}
