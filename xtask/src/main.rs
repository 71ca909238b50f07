//! Chores of the project: `cargo xtask demo|test|fuzz|guards|bench|assets|picture|bed`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to whoever runs them")]

mod agent;
mod assets;
mod bed;
mod bench;
mod demo;
mod fuzz;
pub mod guards;
mod picture;
#[path = "../../fuzz/src/seeds.rs"]
pub mod seeds;
mod test;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "cargo xtask demo|test|fuzz|guards|bench|assets|picture|bed

  demo   a private server, a login, then pip, uv and twine with the agent's tokens
  test   everything that has to pass, in a clean clone as well
  fuzz   each fuzz target for so many seconds: SECONDS [TARGET…]
  guards takes out each guard of tests/guards, one at a time in a copy of git's index,
         and sees that its test fails: [LIST…]
  bench  what everything costs beside its peers, measured in one run: [PART…]
  assets man pages and completions, as the arguments say; --check only looks
  picture
         docs/picture.svg: what a terminal shows of a login, pip, inspect and doctor
  bed    start the private server of the tests and keep it until Enter is pressed
";

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let verb = std::env::args().nth(1).unwrap_or_default();
    let done = match verb.as_str() {
        "demo" => demo::run(),
        "test" => test::run(),
        "fuzz" => fuzz::run(&std::env::args().skip(2).collect::<Vec<_>>()),
        "guards" => guards::run(&std::env::args().skip(2).collect::<Vec<_>>()),
        "bench" => bench::run(&std::env::args().skip(2).collect::<Vec<_>>()),
        // What bench compares the agent with, in a process of its own.
        "echo" => bench::echo(&std::env::args().skip(2).collect::<Vec<_>>()),
        "picture" => picture::run(),
        "bed" => bed::run(),
        "assets" => assets::run(std::env::args().any(|word| word == "--check")),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {verb}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The cargo that runs this.
fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}
