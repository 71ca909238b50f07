//! Asks a person, or reads what stands in standard input: every secret of the command line comes in here.

use std::io::{BufRead, ErrorKind, IsTerminal, Read};

use crate::exit::{Exit, Failure};
use crate::secret::Secret;

/// The longest answer that is taken, in bytes.
const LONGEST: u64 = 16 * 1024;

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
            return line(what).map(Secret::new);
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
        Ok(matches!(line("answer")?.trim(), "y" | "Y" | "yes"))
    }

    /// A line of standard input, whoever writes it.
    pub(super) fn line(&self, what: &str) -> Result<Secret, Failure> {
        line(what).map(Secret::new)
    }

    /// A text that is no secret, at a terminal only; an empty answer is the proposal.
    pub(super) fn text(&self, what: &str, proposal: &str) -> Result<String, Failure> {
        use std::io::Write;
        let mut terminal = std::io::stderr();
        // A prompt that cannot be shown does not keep anybody from answering.
        let _ = write!(terminal, "{what} [{proposal}]: ").and_then(|()| terminal.flush());
        let answer = line(what)?;
        Ok(if answer.trim().is_empty() { proposal.to_owned() } else { answer.trim().to_owned() })
    }
}

fn line(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line);
    match read {
        Ok(0) => Err(missing(what)),
        Ok(_) => {
            line.truncate(without_its_end(&line).len());
            Ok(line)
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(Failure::new(Exit::Malformed, format!("{what}: what is on standard input is no text"))
                .with_remedy("write it in UTF-8, as a line"))
        }
        Err(error) => Err(given_up(what, &error)),
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
    Failure::new(Exit::Usage, format!("not given: {what} ({})", error.kind()))
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
}
