//! What can go wrong with the bed.

use std::path::Path;

/// The bed's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the bed, one of its tools or one of its servers is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, folder or program that could not be used.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, with the path.
        doing: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A program of someone else's that failed.
    #[error("{what} failed\n{output}")]
    Failed {
        /// The program and what it was for.
        what: String,
        /// The end of what it printed.
        output: String,
    },
    /// Something that this machine lacks and that could not be installed.
    #[error("{what} is missing\n{remedy}")]
    Missing {
        /// The program or package.
        what: String,
        /// What to type.
        remedy: String,
    },
    /// A server that did not answer in time.
    #[error("{what} did not answer within {seconds} s\n{output}")]
    Late {
        /// Which server.
        what: String,
        /// The deadline that passed.
        seconds: u64,
        /// The end of its log.
        output: String,
    },
    /// An answer of the server that is not the expected one.
    #[error("{method} {url}: {answer}")]
    Http {
        /// The request's method.
        method: String,
        /// The request's URL.
        url: String,
        /// The status and the beginning of the body, or why there is none.
        answer: String,
    },
}

impl Error {
    /// For `map_err`: says what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// For `map_err`: says which path could not be used.
    pub(crate) fn path(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(format!("cannot {doing} {}", path.display()))
    }
}

/// The last lines of a program's output: enough to see why, not a screenful.
pub(crate) fn tail(output: &[u8]) -> String {
    const LINES: usize = 25;
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
