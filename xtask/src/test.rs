//! `cargo xtask test`: everything that has to pass, each step with what it says, the count of tests as the last line.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{Outcome, cargo};

/// What the tests run beside Rust and Python, by its Debian packages.
const PACKAGES: &[&str] = &[
    "bash",
    "dbus",
    "fish",
    "gdb",
    "git",
    "gnome-keyring",
    "libsecret-tools",
    "mandoc",
    "nginx-light",
    "pass",
    "pinentry-curses",
    "pinentry-tty",
    "socat",
    "strace",
    "systemd",
    "util-linux",
    "zsh",
];

pub(crate) fn run() -> Outcome {
    step("formatting", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("formatting of the fuzz targets", &mut cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    let warnings = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
    step("clippy", &mut cargo(&warnings))?;
    let helper = ["clippy", "--package", "devpi-tokens-agent", "--no-default-features", "--lib", "--quiet"];
    step("clippy, the helper's part alone", cargo(&helper).args(["--", "--deny", "warnings"]))?;
    eprintln!("man pages and completions");
    crate::assets::run(true)?;
    testbed::debian(PACKAGES, |line| eprintln!("{line}"))?;
    testbed::install(|line| eprintln!("{line}"))?;
    let mut counts = Counts::default();
    // The programs of other packages' tests are not built by `cargo test` of the workspace alone.
    step("building", &mut cargo(&["build", "--workspace", "--bins", "--quiet"]))?;
    let began = Instant::now();
    let passed = counted(&mut cargo(&["test", "--workspace", "--no-fail-fast"]), &mut counts)?;
    eprintln!("tests took {} s", began.elapsed().as_secs());
    println!("{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.ignored);
    if passed && counts.failed == 0 && counts.passed > 0 { Ok(()) } else { Err("not everything passed".into()) }
}

fn step(name: &str, command: &mut Command) -> Outcome {
    eprintln!("{name}");
    if command.stdin(Stdio::null()).status()?.success() { Ok(()) } else { Err(format!("{name} failed").into()) }
}

#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Runs tests, passes on what they say, and adds up their result lines. Whether all of them passed.
fn counted(command: &mut Command, counts: &mut Counts) -> Result<bool, Box<dyn std::error::Error>> {
    // A backtrace is part of what a program under test prints.
    let mut child = command.env_remove("RUST_BACKTRACE").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("cargo test has no standard output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        if let Some(result) = line.strip_prefix("test result: ") {
            counts.passed += number(result, "passed");
            counts.failed += number(result, "failed");
            counts.ignored += number(result, "ignored");
        }
    }
    Ok(child.wait()?.success())
}

/// The number in front of a word of a result line: `ok. 12 passed; 0 failed; …`.
fn number(result: &str, word: &str) -> u64 {
    let words: Vec<&str> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    let found = words.windows(2).find(|pair| pair[1] == word);
    found.and_then(|pair| pair[0].parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_added_up() {
        let line = "FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.14s";
        assert_eq!(["passed", "failed", "ignored"].map(|word| number(line, word)), [12, 3, 1]);
    }
}
