//! Exit codes of the command line, as `sysexits.h` numbers them where it has a number.

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::wrap::{wrapped, wrapped_command};

/// Declares [`Exit`] with one table of numbers and words, which the man pages are printed from, too.
macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)+) => {
        /// How a program ended. Stable: scripts may depend on the numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Exit { $(#[doc = $meaning] $name = $code),+ }

        impl Exit {
            /// Every code, from the lowest to the highest.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What it means, as the man pages say it.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
            }
        }
    };
}

codes! {
    Done = 0: "done";
    NotFound = 1: "not ours, or nothing found";
    Usage = 2: "wrong usage";
    Malformed = 65: "malformed input";
    Unavailable = 69: "the agent or its store is not available";
    CannotCreate = 73: "a file cannot be created";
    CannotWrite = 74: "a file cannot be written";
    TryAgain = 75: "locked, busy or timed out: try again";
    BadAnswer = 76: "the answer of a server cannot be used";
    Refused = 77: "ours, but refused: by the scope of the token, by the policy or by a person";
    Unsafe = 78: "the set-up is not safe: owner, mode or environment";
    CannotRun = 126: "the command of exec is there and cannot be run";
    NoCommand = 127: "there is no such command for exec";
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

/// What the system says, in a person's words: the standard library calls a file an entity.
pub fn why(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::AlreadyExists => "it is there already".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_that_scripts_depend_on_stay_what_they_are() {
        let promised = [
            (Exit::Done, 0),
            (Exit::NotFound, 1),
            (Exit::Usage, 2),
            (Exit::Malformed, 65),
            (Exit::Unavailable, 69),
            (Exit::CannotCreate, 73),
            (Exit::CannotWrite, 74),
            (Exit::TryAgain, 75),
            (Exit::BadAnswer, 76),
            (Exit::Refused, 77),
            (Exit::Unsafe, 78),
            (Exit::CannotRun, 126),
            (Exit::NoCommand, 127),
        ];
        assert_eq!(promised.map(|(exit, _)| exit), Exit::ALL);
        assert_eq!(promised.map(|(exit, _)| exit as u8), promised.map(|(_, number)| number));
        assert!(Exit::ALL.is_sorted_by_key(|exit| *exit as u8));
    }

    #[test]
    fn a_failure_is_a_line_with_its_remedy_below() {
        let mut said = Vec::new();
        Failure::new(Exit::Refused, "the agent is locked").with_remedy("type: this").report("us", 80, &mut said);
        assert_eq!(String::from_utf8_lossy(&said), "us: the agent is locked\n  type: this\n");
    }
}
