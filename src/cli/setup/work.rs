//! One run of `setup`: shows each change, asks, makes it, and writes down how to take it back.

use std::path::{Path, PathBuf};

use super::file::{self, Found};
use super::journal::{Change, Journal};
use super::mask::Mask;
use super::patch::{self, Patch};
use crate::cli::Terminal;
use crate::cli::prompt::Prompt;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::secret::Secret;

/// Who agrees to a change.
pub(super) enum Consent {
    /// Whoever answers.
    Asked(Prompt),
    /// `--yes`.
    Given,
    /// Nobody: it is only shown.
    Missing,
}

/// How a change is agreed to, and what has become of all so far.
pub(super) struct Work<'a, 'w> {
    pub(super) terminal: &'a mut Terminal<'w>,
    pub(super) consent: Consent,
    pub(super) journal: Journal,
    pub(super) paths: Paths,
    /// The user's home, which is shown as `~`.
    pub(super) home: PathBuf,
    /// How many changes were made, and how many were shown to nobody who could agree.
    pub(super) made: usize,
    pub(super) left: usize,
    /// How many were put to the person, who said no.
    pub(super) declined: usize,
    /// The folder of the links, where they were not all found on PATH.
    pub(super) linked_in: Option<PathBuf>,
    /// The first thing that went wrong.
    pub(super) failed: Option<Exit>,
    /// Whether nobody answers any more, or nothing can be shown.
    pub(super) is_over: bool,
}

impl Work<'_, '_> {
    /// A line for the person.
    pub(super) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        self.terminal.tell(line).inspect_err(|_| self.is_over = true)
    }

    /// Whether it is agreed to. Where nobody answers any more, all that follows is only shown.
    pub(super) fn agrees(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = match &self.consent {
            Consent::Given => Some(true),
            Consent::Missing => None,
            Consent::Asked(prompt) => match prompt.confirm(question) {
                Ok(answer) => Some(answer),
                Err(_) if !prompt.has_person() => None,
                Err(failure) => {
                    self.is_over = true;
                    return Err(failure);
                }
            },
        };
        if let Consent::Asked(prompt) = &self.consent
            && !prompt.has_person()
        {
            // Nobody has typed the end of the line.
            self.terminal.note(answer.map_or("-", |answer| if answer { "yes" } else { "no" }));
        }
        match answer {
            Some(false) => self.declined += 1,
            Some(true) => {}
            None => {
                self.consent = Consent::Missing;
                self.left += 1;
            }
        }
        Ok(answer == Some(true))
    }

    /// Changes a file of settings, which can be taken back.
    pub(super) fn change(&mut self, why: &str, found: &Found, after: &str) -> Result<(), Failure> {
        if after == found.text() {
            return Ok(());
        }
        self.show(why, found, after, std::iter::empty())?;
        let mask = Mask::of(&[found.text(), after], std::iter::empty());
        let (back, is_whole) = Patch::back(found.text(), after, &mask);
        if !is_whole {
            self.tell("  --undo does not bring back a line with a password in it")?;
        }
        if !self.agrees("change it?")? {
            return Ok(());
        }
        let made = found.text.is_none().then(|| file::missing_folders(&found.path));
        self.journal.make(Change::File { path: found.path.clone(), made, back }, || found.write(after))?;
        self.made += 1;
        Ok(())
    }

    /// Shows what would become of a file, without what is secret in it.
    pub(super) fn show(
        &mut self,
        why: &str,
        found: &Found,
        after: &str,
        secrets: impl Iterator<Item = Secret>,
    ) -> Result<(), Failure> {
        self.tell(&format!("{}: {why}", self.shown(&found.path)))?;
        let mask = Mask::of(&[found.text(), after], secrets);
        patch::shown(found.text(), after, &mask).iter().try_for_each(|line| self.tell(line))
    }

    /// A path as a person writes it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let home = self.home.canonicalize().unwrap_or_else(|_| self.home.clone());
        let below = [&self.home, &home].into_iter().find_map(|home| path.strip_prefix(home).ok());
        crate::escape::printable(&match below {
            Some(below) => Path::new("~").join(below).to_string_lossy().into_owned(),
            None => path.to_string_lossy().into_owned(),
        })
    }

    /// Goes on after something that concerns one client or file only.
    pub(super) fn go_on(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match outcome {
            Err(failure) if self.is_over => Err(failure),
            Err(failure) => {
                failure.report("devpi-tokens", self.terminal.width, self.terminal.err);
                self.failed.get_or_insert(failure.exit);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
