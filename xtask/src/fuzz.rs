//! `cargo xtask fuzz SECONDS [TARGET…]`: each target under libFuzzer, one after the other.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Outcome, root, seeds};

const USAGE: &str = "cargo xtask fuzz SECONDS [TARGET…]";

/// The one that needs more of the library than parsers.
const OF_THE_AGENT: &str = "vault_file";

/// What every target runs with: a slow input is a finding after ten seconds, and so is one that takes a gigabyte.
const RULES: [&str; 4] = ["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024", "-max_len=16384"];

pub(crate) fn run(args: &[String]) -> Outcome {
    let (seconds, wanted) = args.split_first().ok_or(USAGE)?;
    let seconds: u64 = seconds.parse().map_err(|_| USAGE)?;
    let targets = seeds::all();
    if let Some(unknown) = wanted.iter().find(|name| targets.iter().all(|(target, _)| target != name)) {
        let names: Vec<&str> = targets.iter().map(|(target, _)| *target).collect();
        return Err(format!("no target is called {unknown}; there are {}", names.join(", ")).into());
    }
    prepare()?;
    let mut found = Vec::new();
    let is_wanted = |target: &str| wanted.is_empty() || wanted.iter().any(|name| name == target);
    for (target, seeds) in targets.iter().filter(|(target, _)| is_wanted(target)) {
        let corpus = corpus(target, seeds)?;
        let ran = fuzz(target, &corpus, seconds)?;
        let finding = if ran.clean { "" } else { ", A FINDING" };
        println!("{target:<13} {:>11} runs, coverage {:>5}{finding}", ran.count, ran.coverage);
        if !ran.clean {
            println!("{}", ran.said);
            found.push(*target);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(format!("findings of {}", found.join(", ")).into()) }
}

/// Sees to the nightly toolchain, which cannot be installed unasked, and to cargo-fuzz, which can.
fn prepare() -> Outcome {
    let is_there = |args: &[&str]| {
        let quiet = nightly(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    if !is_there(&["--version"]) {
        return Err("the nightly toolchain is missing\n  rustup toolchain install nightly --profile minimal".into());
    }
    if !is_there(&["fuzz", "--version"]) {
        eprintln!("installing cargo-fuzz");
        if !crate::cargo(&["install", "cargo-fuzz", "--locked"]).status()?.success() {
            return Err("cargo-fuzz cannot be installed\n  cargo install cargo-fuzz --locked".into());
        }
    }
    Ok(())
}

/// The nightly cargo, without what the cargo that runs this has set for itself.
fn nightly(args: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).args(args).current_dir(root().join("fuzz"));
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").env_remove("RUST_BACKTRACE");
    command
}

/// The inputs of a target that are kept from run to run, the seeds among them.
fn corpus(target: &str, seeds: &[Vec<u8>]) -> std::io::Result<PathBuf> {
    let folder = root().join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(folder)
}

struct Ran {
    count: u64,
    coverage: u64,
    clean: bool,
    /// The last that the fuzzer said: the finding, where there is one, and the file with its input.
    said: String,
}

fn fuzz(target: &str, corpus: &Path, seconds: u64) -> Result<Ran, Box<dyn std::error::Error>> {
    eprintln!("{target} for {seconds} s");
    // There is no unsafe code to watch here, so a sanitizer would only make fewer runs of the same time.
    let mut command = nightly(&["fuzz", "run", "--sanitizer", "none"]);
    if target == OF_THE_AGENT {
        command.args(["--features", "agent"]);
    }
    command.arg(target).arg(corpus).arg("--").args(RULES).arg(format!("-max_total_time={seconds}"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().ok_or("the fuzzer has no standard error")?;
    let (mut count, mut coverage, mut last) = (0, 0, Vec::new());
    for line in BufReader::new(stderr).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        count = number_behind(&line, "stat::number_of_executed_units:").unwrap_or(count);
        coverage = number_behind(&line, " cov:").unwrap_or(coverage);
        if last.len() == 60 {
            last.remove(0);
        }
        last.push(line);
    }
    let clean = child.wait()?.success();
    Ok(Ran { count, coverage, clean, said: last.join("\n") })
}

fn number_behind(line: &str, word: &str) -> Option<u64> {
    line.split_once(word)?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_found_in_what_the_fuzzer_says() {
        let line = "#4096\tNEW    cov: 512 ft: 1201 corp: 77/9Kb lim: 42 exec/s: 2048 rss: 44Mb";
        assert_eq!(number_behind(line, " cov:"), Some(512));
        assert_eq!(
            number_behind("stat::number_of_executed_units: 123456", "stat::number_of_executed_units:"),
            Some(123_456)
        );
        assert_eq!(number_behind(line, "stat::number_of_executed_units:"), None);
    }
}
