//! Where a verb writes, and how that looks to a person.

use std::io::{ErrorKind, IsTerminal, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};

use super::mask::without_tokens;
use crate::escape;
use crate::exit::{Exit, Failure, why};
use crate::wrap::{WIDTH, wrapped};

/// What was asked for goes to `out`, all else to `err`. What people read is broken at `width`.
pub(crate) struct Terminal<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    pub(crate) width: usize,
    pub(super) manners: Manners,
    /// Whether whoever read what was asked for reads no more.
    pub(super) is_cut_off: bool,
}

/// What a person wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners {
    /// Nothing but what was asked for, and errors.
    pub(super) quiet: bool,
    /// What is asked of servers, too: lines come up while somebody waits.
    pub(super) verbose: bool,
    colours: [bool; 2],
    /// Whether standard error is a terminal.
    is_seen: bool,
}

impl Manners {
    /// Whether somebody reads along who has not asked for quiet.
    pub(super) fn is_person(self) -> bool {
        self.is_seen && !self.quiet
    }

    /// Colours are for a terminal, and for whoever forces them: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`
    /// ([the first](https://no-color.org/), [the others](https://bixense.com/clicolors/)).
    pub(super) fn of_process(quiet: bool, verbose: bool) -> Self {
        let wanted = |choice| choice != ColorChoice::Never;
        let [out, err] =
            [anstream::AutoStream::choice(&std::io::stdout()), anstream::AutoStream::choice(&std::io::stderr())];
        Self { quiet, verbose, colours: [wanted(out), wanted(err)], is_seen: std::io::stderr().is_terminal() }
    }
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Careful,
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Careful => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }

    fn paint(self, text: &str, colours: bool) -> String {
        match (self, colours) {
            (Self::Plain, _) | (_, false) => text.to_owned(),
            _ if text.is_empty() => String::new(),
            _ => format!("{style}{text}{style:#}", style = self.style()),
        }
    }
}

impl Terminal<'_> {
    /// A line that was asked for.
    pub(super) fn say(&mut self, line: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).map_err(|error| {
            self.is_cut_off = error.kind() == ErrorKind::BrokenPipe;
            Failure::new(Exit::CannotWrite, format!("cannot write to standard output: {}", why(error.kind())))
                .with_remedy("see that what reads it stays open, and that there is room on the disk")
        })
    }

    /// The same, as wide as it is, with its first bytes in a colour where there are colours.
    pub(super) fn say_as(&mut self, tone: Tone, line: &str, coloured: usize) -> Result<(), Failure> {
        let [colours, _] = self.manners.colours;
        let (front, rest) = line.split_at(coloured.min(line.len()));
        self.say(tone.paint(front, colours) + rest)
    }

    /// JSON that was asked for, by a program or at a terminal, which is to show it and no more.
    pub(super) fn say_json(&mut self, json: impl std::fmt::Display) -> Result<(), Failure> {
        self.say(escape::json(&json.to_string()))
    }

    /// A line that was asked for by a person, broken where the terminal ends.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        self.tell_as(Tone::Plain, line)
    }

    /// The same in a colour of its own, where there are colours.
    pub(super) fn tell_as(&mut self, tone: Tone, line: &str) -> Result<(), Failure> {
        broken(line, self.width).iter().try_for_each(|line| self.say_as(tone, line, line.len()))
    }

    /// A line or more beside it, for a person who has not asked for quiet.
    pub(super) fn note(&mut self, text: impl std::fmt::Display) {
        self.note_as(Tone::Plain, text);
    }

    /// The same for what should be heeded.
    pub(super) fn warn(&mut self, text: impl std::fmt::Display) {
        self.note_as(Tone::Careful, text);
    }

    fn note_as(&mut self, tone: Tone, text: impl std::fmt::Display) {
        if self.manners.quiet {
            return;
        }
        let [_, colours] = self.manners.colours;
        for line in text.to_string().lines().flat_map(|line| broken(line, self.width)) {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(self.err, "{}", tone.paint(&line, colours));
        }
    }

    /// A failure, with its remedy. What was typed may stand in it, and where a file was to be named that may be a token.
    pub(super) fn report(&mut self, program: &str, failure: &Failure) {
        let hidden = |text: &str| without_tokens(text, "<token>");
        let (message, remedy) = (hidden(&failure.message), failure.remedy.as_deref().map(hidden));
        let failure = Failure { exit: failure.exit, message, remedy };
        let mut lines = Vec::new();
        failure.report(program, self.width, &mut lines);
        let text = String::from_utf8_lossy(&lines);
        let [_, colours] = self.manners.colours;
        // The name in front is what the eye looks for.
        let text = match text.strip_prefix(program) {
            Some(rest) => Tone::Bad.paint(program, colours) + rest,
            None => text.into_owned(),
        };
        let _ = self.err.write_all(text.as_bytes());
    }
}

/// A line as lines of at most that width; those after the first are indented by two blanks more.
pub(super) fn broken(line: &str, width: usize) -> Vec<String> {
    wrapped(line, width, line.len() - line.trim_start().len() + 2)
}

/// How wide the terminal is: what the shell says, else what the terminal says, else 80 columns.
pub(super) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let sizes = [rustix::termios::tcgetwinsize(std::io::stdout()), rustix::termios::tcgetwinsize(std::io::stderr())];
    let measured = || sizes.into_iter().flatten().map(|size| usize::from(size.ws_col)).find(|columns| *columns > 0);
    said.or_else(measured).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(manners: Manners) -> [String; 2] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut terminal = Terminal { out: &mut out, err: &mut err, width: 20, manners, is_cut_off: false };
        terminal.tell_as(Tone::Bad, "ended long ago, and nobody noticed").expect("written");
        terminal.tell("plain").expect("written");
        terminal.note("beside it");
        terminal.report("devpi-tokens", &Failure::new(Exit::Usage, "no").with_remedy("try"));
        [out, err].map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn lines_are_broken_before_they_are_coloured() {
        let [out, err] = told(Manners { quiet: false, verbose: false, colours: [true, true], is_seen: true });
        let [bold, red, end] = ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[0m"];
        assert_eq!(out, format!("{bold}{red}ended long ago, and{end}\n{bold}{red}  nobody noticed{end}\nplain\n"));
        assert_eq!(err, format!("beside it\n{bold}{red}devpi-tokens{end}: no\n  try\n"));
    }

    #[test]
    fn without_colours_there_are_none_and_quiet_leaves_errors() {
        let [out, err] = told(Manners { quiet: true, verbose: false, colours: [false, false], is_seen: true });
        assert_eq!(out, "ended long ago, and\n  nobody noticed\nplain\n");
        assert_eq!(err, "devpi-tokens: no\n  try\n");
    }
}
