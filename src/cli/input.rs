//! Where a token comes from: a file, a pipe, the command line, or a person.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::Terminal;
use super::args::Source;
use super::prompt::{PATIENCE, Prompt};
use crate::exit::{Exit, Failure, why};
use crate::secret::Secret;
use crate::token::Token;

/// The longest token file that is read, in bytes.
const LONGEST: usize = 16 * 1024;

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
        return prompt.secret_line("token");
    }
    from_pipe(file, PATIENCE)
}

/// The same, of a file that may be a pipe.
fn from_pipe(file: &Path, limit: Duration) -> Result<Secret, Failure> {
    if file.to_str().is_some_and(|text| Token::parse(text.trim()).is_ok()) {
        return Err(Failure::new(Exit::Malformed, "a token stands where the file is to be named that holds it")
            .with_remedy("hand it over in a pipe: printf '%s\\n' \"$TOKEN\" | devpi-tokens ... --file -"));
    }
    let shown = file.display();
    let failed = |error: std::io::Error| {
        let exit = if error.kind() == ErrorKind::TimedOut { Exit::TryAgain } else { Exit::Malformed };
        Failure::new(exit, format!("cannot read {shown}: {}", why(error.kind())))
            .with_remedy("name a file that holds a token, or - for standard input")
    };
    // To open a pipe is not to wait for its other end, which may never come.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(file, flags, Mode::empty()).map(File::from).map_err(std::io::Error::from);
    let read = opened.and_then(|mut file| crate::pipe::read(&mut file, LONGEST, limit));
    let text = Secret::from_utf8(read.map_err(failed)?.to_vec());
    let text = text.ok_or_else(|| {
        Failure::new(Exit::Malformed, format!("{shown} holds something else than a token"))
            .with_remedy("name a file that holds a token, or - for standard input")
    })?;
    Ok(text.trim_newline())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_pipe_whose_writer_never_comes_or_never_finishes_is_given_up() {
        let home = tempfile::tempdir().expect("a folder");
        let pipe = home.path().join("token");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RWXU).expect("made");
        assert_given_up(&pipe);
        let mut writer = File::options().read(true).write(true).open(&pipe).expect("its other end");
        writer.write_all(b"devpi-AgEA").expect("written");
        assert_given_up(&pipe);
    }

    #[test]
    fn a_token_in_the_place_of_its_file_is_not_repeated() {
        let token = "devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(Token::parse(token).is_ok());
        let failure = from_pipe(Path::new(token), PATIENCE).expect_err("no file");
        assert!(failure.message.starts_with("a token stands") && !failure.to_string().contains(token));
    }

    fn assert_given_up(pipe: &Path) {
        let failure = from_pipe(pipe, Duration::from_millis(20)).expect_err("no token");
        assert_eq!(failure.exit, Exit::TryAgain);
        assert_eq!(failure.message, format!("cannot read {}: timed out", pipe.display()));
    }
}
