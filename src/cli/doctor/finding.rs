//! What a check has found, in words and as JSON.

use serde::Serialize;

use crate::cli::Terminal;
use crate::cli::terminal::Tone;
use crate::exit::Failure;
use crate::wrap::wrapped;

/// The column at which findings begin behind their level.
const WORDS: usize = 9;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Ok,
    /// Nothing is wrong, and yet a person may run into it.
    Hint,
    /// Something does not work, or soon will not.
    Warning,
    /// No client gets a token that is good.
    Failing,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Failing => "failing",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Hint => Tone::Plain,
            Self::Warning => Tone::Careful,
            Self::Failing => Tone::Bad,
        }
    }
}

/// What to do about it. Its name in JSON is that of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mend {
    /// A line for the shell.
    Run(String),
    /// Whom to ask, and for what: nothing on this machine mends it.
    Ask(String),
    /// What a person does by hand.
    Do(String),
}

/// One line of the report. No secret is ever in it: it can be pasted into a bug report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) level: Level,
    /// What was found; nothing of it unescaped.
    pub(super) what: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<Mend>,
}

impl Finding {
    fn new(check: &'static str, level: Level, what: impl Into<String>) -> Self {
        Self { check, level, what: what.into(), mend: None }
    }

    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, what)
    }

    pub(super) fn hint(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Hint, what)
    }

    pub(super) fn warning(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, what)
    }

    pub(super) fn failing(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Failing, what)
    }

    /// What another part of the program failed at, with its own remedy: a command, where it ends with one.
    pub(super) fn failed(check: &'static str, failure: Failure) -> Self {
        let Failure { exit: _, message, remedy } = failure;
        let mend = remedy.map(|remedy| match remedy.split_once(": devpi-tokens ") {
            Some((_, command)) if !command.contains(['\n', '(']) => Mend::Run(format!("devpi-tokens {command}")),
            _ => Mend::Do(remedy.replace('\n', "; ")),
        });
        Self { mend, ..Self::failing(check, message) }
    }

    /// The same with a line for the shell that mends it.
    pub(super) fn run(self, command: impl Into<String>) -> Self {
        Self { mend: Some(Mend::Run(command.into())), ..self }
    }

    /// The same with whom to ask.
    pub(super) fn ask(self, whom: impl Into<String>) -> Self {
        Self { mend: Some(Mend::Ask(whom.into())), ..self }
    }

    /// The same with what to do by hand.
    pub(super) fn by_hand(self, what: impl Into<String>) -> Self {
        Self { mend: Some(Mend::Do(what.into())), ..self }
    }

    /// As a person reads it, in lines of at most that width but for words that are wider.
    fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = wrapped(&format!("{:WORDS$}{}: {}", self.level.name(), self.check, self.what), width, WORDS);
        let (label, text) = match &self.mend {
            None => return lines,
            Some(Mend::Run(command)) => ("mend it: ", command),
            Some(Mend::Ask(whom)) => ("ask ", whom),
            Some(Mend::Do(what)) => ("mend it: ", what),
        };
        let line = format!("{:WORDS$}  {label}{text}", "");
        let is_command = matches!(self.mend, Some(Mend::Run(_)));
        if is_command && line.chars().count() > width {
            // To be copied: whole where it can be, else from the begin of a line on.
            lines.push(format!("{:WORDS$}  {}", "", label.trim_end()));
            let longest =
                text.split_inclusive(" && ").map(|part| part.trim_end().chars().count()).max().unwrap_or_default();
            let indent = if WORDS + 4 + longest <= width { WORDS + 4 } else { 4 };
            // A shell reads on behind these.
            let parts = text.replace(" && ", " &&\n");
            lines.extend(parts.lines().flat_map(|part| wrapped(&format!("{:indent$}{part}", ""), width, indent + 2)));
        } else {
            lines.extend(wrapped(&line, width, WORDS + 4));
        }
        lines
    }
}

/// Shows what was found: all of it, or what is not well and what a person may run into.
pub(super) fn tell(findings: &[Finding], all: bool, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let shown = findings.iter().filter(|finding| all || finding.level != Level::Ok);
    let width = terminal.width;
    for finding in shown {
        for (number, line) in finding.lines(width).iter().enumerate() {
            let coloured = if number == 0 { finding.level.name().len() } else { 0 };
            terminal.say_as(finding.level.tone(), line, coloured)?;
        }
    }
    if worst(findings) <= Level::Hint {
        terminal.tell_as(Tone::Good, "all is well")?;
    }
    Ok(())
}

/// Everything as JSON.
pub(super) fn json(findings: &[Finding]) -> serde_json::Value {
    serde_json::json!({ "level": worst(findings), "findings": findings })
}

/// The worst level among them.
pub(super) fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_command_stands_on_a_line_of_its_own_where_it_would_be_broken() {
        let finding = Finding::failing("agent", "none runs").run("devpi-tokens agent start");
        assert_eq!(finding.lines(80), ["failing  agent: none runs", "           mend it: devpi-tokens agent start"]);
        assert_eq!(
            finding.lines(40),
            ["failing  agent: none runs", "           mend it:", "             devpi-tokens agent start"]
        );
        assert_eq!(
            finding.lines(30),
            ["failing  agent: none runs", "           mend it:", "    devpi-tokens agent start"]
        );
    }

    #[test]
    fn json_names_what_mends_it_by_its_kind() {
        let shown = |finding: Finding| serde_json::to_string(&finding).expect("JSON");
        assert_eq!(
            shown(Finding::warning("server", "open").ask("whoever runs it")),
            r#"{"check":"server","level":"warning","what":"open","ask":"whoever runs it"}"#
        );
        assert_eq!(shown(Finding::ok("vault", "open")), r#"{"check":"vault","level":"ok","what":"open"}"#);
    }

    #[test]
    fn of_a_remedy_the_command_is_taken_where_it_ends_with_one() {
        let failed =
            |remedy: &str| Finding::failed("agent", Failure::new(Exit::Refused, "no").with_remedy(remedy)).mend;
        assert_eq!(failed("log in: devpi-tokens login U"), Some(Mend::Run("devpi-tokens login U".to_owned())));
        for other in ["try again", "the older one: devpi-tokens agent stop (the next request starts it)"] {
            assert_eq!(failed(other), Some(Mend::Do(other.to_owned())));
        }
    }
}
