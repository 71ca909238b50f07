//! Where a token comes from: a file, a pipe, the command line, or a person.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use super::Terminal;
use super::args::Source;
use super::prompt::Prompt;
use crate::exit::{Exit, Failure};
use crate::secret::Secret;

/// The longest token file that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// How long a pipe may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The token that the arguments name; `None` where they name none.
pub(super) fn named(source: Source, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Option<Secret>, Failure> {
    match (source.file, source.token) {
        (Some(file), _) => from_file(&file, prompt).map(Some),
        (None, Some(token)) => {
            terminal.note("warning: --token shows the token in lists of processes: use -f FILE, or -f - and a pipe");
            Ok(Some(Secret::new(token)))
        }
        (None, None) => Ok(None),
    }
}

/// The token that the arguments name, else one that is asked for.
pub(super) fn token(source: Source, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Secret, Failure> {
    match named(source, prompt, terminal)? {
        Some(token) => Ok(token),
        None => prompt.secret("token"),
    }
}

/// The token in a file; `-` is one line of standard input.
pub(super) fn from_file(file: &Path, prompt: &Prompt) -> Result<Secret, Failure> {
    if file == Path::new("-") {
        return prompt.line("token");
    }
    let shown = file.display();
    let failed = |error: std::io::Error| {
        let exit = if error.kind() == ErrorKind::TimedOut { Exit::TryAgain } else { Exit::Malformed };
        Failure::new(exit, format!("cannot read {shown}: {}", error.kind()))
            .with_remedy("name a file that holds a token, or - for standard input")
    };
    let read = std::fs::File::open(file).and_then(|mut file| crate::pipe::read(&mut file, LONGEST, LIMIT));
    let text = Secret::from_utf8(read.map_err(failed)?.to_vec());
    let text = text.ok_or_else(|| {
        Failure::new(Exit::Malformed, format!("{shown} holds something else than a token"))
            .with_remedy("name a file that holds a token, or - for standard input")
    })?;
    Ok(text.trim_newline())
}
