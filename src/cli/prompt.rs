//! Asks a person, or reads what stands in standard input: every secret of the command line comes in here.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use crate::exit::{Exit, Failure, why};
use crate::pipe;
use crate::secret::Secret;

/// The longest answer that is taken, in bytes.
const LONGEST: usize = 16 * 1024;

/// How long a pipe may take: whatever writes it may ask a person first.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a person may take who sits in front of a question, and can end it.
pub(super) const PATIENCE_WITH_PEOPLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where answers come from: the terminal where standard input is one, else the lines of standard input, in the order
/// of the questions.
pub(super) struct Prompt {
    no_input: bool,
    at_terminal: bool,
}

impl Prompt {
    /// `no_input` forbids asking at a terminal; lines of a pipe are no questions.
    pub(super) fn new(no_input: bool) -> Self {
        Self { no_input, at_terminal: std::io::stdin().is_terminal() }
    }

    /// Whether there is a person to ask.
    pub(super) fn has_person(&self) -> bool {
        self.at_terminal && !self.no_input
    }

    /// A secret that exists already.
    pub(super) fn secret(&self, what: &str) -> Result<Secret, Failure> {
        if !self.at_terminal {
            return self.line(what).map(Secret::new);
        }
        if self.no_input {
            return Err(missing(what));
        }
        rpassword::prompt_password(format!("{what}: ")).map(Secret::new).map_err(|error| given_up(what, &error))
    }

    /// A secret that is chosen now; at a terminal it is asked for twice.
    pub(super) fn new_secret(&self, what: &str) -> Result<Secret, Failure> {
        let first = self.secret(what)?;
        if first.is_empty() {
            return Err(Failure::new(Exit::Malformed, format!("the {what} is empty"))
                .with_remedy("choose one of several words, and type it again"));
        }
        if self.at_terminal && first != self.secret(&format!("{what}, again"))? {
            return Err(Failure::new(Exit::Malformed, format!("the {what} was typed in two different ways"))
                .with_remedy("run this again"));
        }
        Ok(first)
    }

    /// Whether the person agrees; an empty answer is no.
    pub(super) fn confirm(&self, question: &str) -> Result<bool, Failure> {
        use std::io::Write;
        let mut terminal = std::io::stderr();
        let _ = write!(terminal, "{question} [y/N] ").and_then(|()| terminal.flush());
        Ok(matches!(self.line("answer")?.trim(), "y" | "Y" | "yes"))
    }

    /// A secret on a line of standard input, whoever writes it.
    pub(super) fn secret_line(&self, what: &str) -> Result<Secret, Failure> {
        self.line(what).map(Secret::new)
    }

    /// A text that is no secret, at a terminal only; an empty answer is the proposal.
    pub(super) fn text(&self, what: &str, proposal: &str) -> Result<String, Failure> {
        use std::io::Write;
        let mut terminal = std::io::stderr();
        // A prompt that cannot be shown does not keep anybody from answering.
        let _ = write!(terminal, "{what} [{proposal}]: ").and_then(|()| terminal.flush());
        let answer = self.line(what)?;
        Ok(if answer.trim().is_empty() { proposal.to_owned() } else { answer.trim().to_owned() })
    }

    fn line(&self, what: &str) -> Result<String, Failure> {
        let limit = if self.at_terminal { PATIENCE_WITH_PEOPLE } else { PATIENCE };
        // Not through the standard library's buffer: that takes more than a line, and keeps it.
        let input = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| given_up(what, &error))?;
        line(&mut File::from(input), what, limit)
    }
}

fn line(input: &mut (impl Read + AsFd), what: &str, limit: Duration) -> Result<String, Failure> {
    let line = pipe::line(input, LONGEST, limit).map_err(|error| given_up(what, &error))?;
    match std::str::from_utf8(&line) {
        Ok("") => Err(missing(what)),
        Ok(line) => Ok(without_its_end(line).to_owned()),
        Err(_) => Err(Failure::new(Exit::Malformed, format!("{what}: what is on standard input is no text"))
            .with_remedy("write it in UTF-8, as a line")),
    }
}

/// The line without the one ending that a terminal or a pipe puts behind it.
fn without_its_end(line: &str) -> &str {
    line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
}

fn missing(what: &str) -> Failure {
    Failure::new(Exit::Usage, format!("not given: {what}"))
        .with_remedy("type it in a terminal, or write it to standard input: a line for each thing that is asked")
}

fn given_up(what: &str, error: &std::io::Error) -> Failure {
    let exit = match error.kind() {
        ErrorKind::TimedOut => Exit::TryAgain,
        ErrorKind::FileTooLarge => Exit::Malformed,
        _ => Exit::Usage,
    };
    Failure::new(exit, format!("not given: {what} ({})", why(error.kind())))
        .with_remedy("type it in a terminal, or write it to standard input")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_the_one_ending_that_it_was_sent_with() {
        for (line, left) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\r\r\n", "a\r"), ("a \n", "a "), ("\n", ""), ("a\r", "a\r")]
        {
            assert_eq!(without_its_end(line), left, "{line:?}");
        }
    }
    #[test]
    fn a_line_that_never_ends_is_given_up_and_one_that_is_too_long_is_refused() {
        use std::io::Write;
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        let mut next = |limit| line(&mut reader, "token", Duration::from_millis(limit)).expect_err("no line");
        writer.write_all(b"devpi-AgEA").expect("written");
        let failure = next(20);
        assert_eq!((failure.exit, &*failure.message), (Exit::TryAgain, "not given: token (timed out)"));
        writer.write_all(&[b'A'; LONGEST + 1]).expect("written");
        assert_eq!(next(5000).exit, Exit::Malformed);
        assert_eq!(PATIENCE, Duration::from_secs(60));
    }
}
