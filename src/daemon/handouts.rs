//! Writes down every hand-out and every refusal, for `devpi-tokens log` and `trace`.

use std::cell::{Cell, RefCell};
use std::path::Path;

use super::issuer::Mark;
use super::visitor::Visitor;
use crate::folder::FolderError;
use crate::handout::{Entry, HandedOut, Outcome, Shown};
use crate::logbook::Logbook;
use crate::policy::Grant;
use crate::protocol::{Credential, Denial, Question};
use crate::target::{IndexName, Purpose};
use crate::token::TokenId;

/// For how long the same refusal is not written again, in seconds: a program that asks in a loop is not to push all
/// else out of the log.
const REPEAT: u64 = 60;

/// How many refusals are written in a minute, and how many indexes and projects of each. More would tell nothing new,
/// and whoever is refused is not to fill the log.
const MOST_REFUSALS: u32 = 60;
const MOST_NAMES: usize = 8;

/// How many names are written of what is asked across a border: who asks there may be nobody's friend.
const MOST_NAMES_ACROSS: usize = 4;

/// The log of hand-outs.
pub(super) struct Handouts {
    book: Logbook,
    /// Whether the last line could not be written.
    is_failing: Cell<bool>,
    last_refused: RefCell<Option<Entry>>,
    /// In which minute the last refusal was written, and how many in it: of programs of the user, and of those across a
    /// border, which are not to use up what the others have.
    refusals: [Cell<(u64, u32)>; 2],
}

/// What was handed out.
pub(super) struct Given<'a> {
    pub(super) root: &'a TokenId,
    pub(super) grant: &'a Grant,
    pub(super) mark: Mark,
    pub(super) credential: &'a Credential,
}

impl Handouts {
    pub(super) fn new(state: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            book: Logbook::of_handouts(state)?,
            is_failing: Cell::default(),
            last_refused: RefCell::default(),
            refusals: Default::default(),
        })
    }

    /// Writes down a hand-out, before its answer goes out.
    pub(super) fn handed_out(&self, at: u64, question: &Question, visitor: &Visitor, given: &Given<'_>) {
        let Given { root, grant, mark, credential } = given;
        tracing::info!(peer = visitor.pid(), %root, purpose = %question.purpose, "handed out");
        let most_names = if visitor.is_restricted() { MOST_NAMES_ACROSS } else { usize::MAX };
        self.write(&Entry {
            at,
            server: question.server.clone(),
            user: Some(credential.username.clone()),
            purpose: question.purpose,
            indexes: asked_first(question, grant).take(most_names).cloned().collect(),
            projects: grant.projects.iter().take(most_names).cloned().collect(),
            bytes: question.bytes,
            stranger: stranger(question, visitor),
            asker: visitor.asker().clone(),
            outcome: Outcome::HandedOut(HandedOut {
                root: (*root).clone(),
                not_before: mark.begin,
                expires: mark.end,
                ends: credential.expires,
                any_project: question.purpose == Purpose::Upload && grant.projects.is_empty(),
                confirmed: grant.confirm,
            }),
        });
    }

    /// Writes down why there was none.
    pub(super) fn refused(&self, at: u64, question: &Question, visitor: &Visitor, why: &Denial) {
        let most_names = if visitor.is_restricted() { MOST_NAMES_ACROSS } else { MOST_NAMES };
        let entry = Entry {
            at,
            server: question.server.clone(),
            user: question.user.clone(),
            purpose: question.purpose,
            indexes: question.indexes.iter().take(most_names).cloned().collect(),
            projects: question.projects.iter().take(most_names).cloned().collect(),
            bytes: question.bytes,
            stranger: stranger(question, visitor),
            asker: visitor.asker().clone(),
            outcome: Outcome::Refused { why: why.to_string().into() },
        };
        let is_same = |last: &Entry| at < last.at.saturating_add(REPEAT) && Entry { at, ..last.clone() } == entry;
        let refusals = &self.refusals[usize::from(visitor.is_restricted())];
        let (minute, written) = refusals.get();
        let written = if minute == at / 60 { written } else { 0 };
        if written < MOST_REFUSALS && !self.last_refused.borrow().as_ref().is_some_and(is_same) {
            refusals.set((at / 60, written + 1));
            self.write(&entry);
            self.last_refused.replace(Some(entry));
        }
    }

    /// A full disk stops no answer; it is said once, until a line goes through again.
    fn write(&self, entry: &Entry) {
        let written = entry.to_line().map_err(Into::into).and_then(|line| self.book.append(line.as_bytes()));
        if let (Err(error), false) = (&written, self.is_failing.get()) {
            tracing::warn!(kind = %error.kind(), "the log of hand-outs cannot be written: hand-outs go on without it");
        }
        self.is_failing.set(written.is_err());
    }
}

/// The index that was asked about, and the others that are granted with it.
fn asked_first<'a>(question: &'a Question, grant: &'a Grant) -> impl Iterator<Item = &'a IndexName> {
    let asked = question.indexes.first().filter(|asked| grant.indexes.contains(*asked));
    asked.into_iter().chain(grant.indexes.iter().filter(move |index| Some(*index) != asked))
}

/// Where else the program looks for packages, as it says itself; across a border it may say anything, at length.
fn stranger(question: &Question, visitor: &Visitor) -> Option<Shown> {
    question.stranger.clone().filter(|_| !visitor.is_restricted()).map(Shown::from)
}
