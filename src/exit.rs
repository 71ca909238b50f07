//! Exit codes of the command line, as `sysexits.h` numbers them where it has a number.

use std::process::ExitCode;

use crate::wrap::{wrapped, wrapped_command};

/// How a program ended. Stable: scripts may depend on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Not ours, or nothing found; said quietly.
    NotFound = 1,
    /// Wrong usage.
    Usage = 2,
    /// Malformed input.
    Malformed = 65,
    /// The agent or its store is not available.
    Unavailable = 69,
    /// A file cannot be created.
    CannotCreate = 73,
    /// A file cannot be written.
    CannotWrite = 74,
    /// Locked, busy or timed out: try again.
    TryAgain = 75,
    /// A server's answer cannot be used.
    BadAnswer = 76,
    /// Ours, but refused: by scope, by policy or by a person.
    Refused = 77,
    /// The set-up is not safe: owner, mode, environment.
    Unsafe = 78,
    /// The command of `exec` is there and cannot be run.
    CannotRun = 126,
    /// There is no such command for `exec`.
    NoCommand = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure as a program reports it: one line that names the thing, perhaps a line that says what to do, a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened; lower case, no full stop, nothing secret, nothing unescaped.
    pub message: String,
    /// What to do about it, as a line of its own.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), remedy: None }
    }

    /// The same failure with what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Writes the one or two lines, as every program of ours writes them, broken where `width` columns end. A closed
    /// stream is not a second failure.
    pub fn report(&self, program: &str, width: usize, stderr: &mut dyn std::io::Write) {
        let mut lines = wrapped(&format!("{program}: {}", self.message), width, 4);
        for line in self.remedy.iter().flat_map(|remedy| remedy.lines()) {
            lines.extend(wrapped_command(&format!("  {line}"), width, 4));
        }
        for line in lines {
            // Nobody is left to tell where standard error is closed: the exit code still says it.
            let _ = writeln!(stderr, "{line}");
        }
    }
}
