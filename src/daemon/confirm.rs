//! Has a person say yes before something is done: one question at a time, on the screen of whoever last showed a
//! secret.

mod screens;
pub(super) mod text;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Instant, timeout_at};

use super::issuer::CallerId;
use crate::pinentry::{self, Answer};
use crate::protocol::{Denial, Holder, NobodyToAsk, Question, SessionBus};
use crate::session_bus::Screen;
use screens::Screens;

/// How long a person has for an answer, the turn included.
const PATIENCE: Duration = Duration::from_secs(60);

/// For how long the same question of the same program is not brought up again after it got no yes.
const QUIET: Duration = Duration::from_secs(10);

/// How many questions wait for their turn.
const MOST_WAITING: usize = 8;

/// A question that got no yes, and what came of it.
struct Unconfirmed {
    caller: CallerId,
    question: Question,
    at: Instant,
    denial: Denial,
}

/// Whoever asks the person.
pub(super) struct Confirmer {
    pinentry: Box<dyn Fn() -> Option<PathBuf>>,
    patience: Duration,
    quiet: Duration,
    screens: RefCell<Screens>,
    turn: Mutex<()>,
    waiting: Cell<usize>,
    unconfirmed: RefCell<Vec<Unconfirmed>>,
    /// Told when the vault is locked: no question survives that.
    overtaken: watch::Sender<()>,
}

/// The right to ask, until it is dropped.
pub(super) struct Turn<'a> {
    _turn: MutexGuard<'a, ()>,
    end: Instant,
    overtaken: watch::Receiver<()>,
}

/// One that waits, counted.
struct Waiting<'a>(&'a Cell<usize>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Confirmer {
    pub(super) fn new() -> Self {
        Self::with(pinentry::find, PATIENCE, QUIET)
    }

    fn with(pinentry: impl Fn() -> Option<PathBuf> + 'static, patience: Duration, quiet: Duration) -> Self {
        let (screens, turn, waiting, unconfirmed) = Default::default();
        let (pinentry, overtaken) = (Box::new(pinentry), watch::Sender::new(()));
        Self { pinentry, patience, quiet, screens, turn, waiting, unconfirmed, overtaken }
    }

    /// A client that is not restricted has connected.
    pub(super) fn met(&self, session: &SessionBus) {
        self.screens.borrow_mut().met(session);
    }

    /// Somebody has opened the vault.
    pub(super) fn unlocked(&self, session: &SessionBus) {
        self.screens.borrow_mut().unlocked(session);
    }

    /// Somebody has shown a root token, which is kept from now on.
    pub(super) fn kept(&self, holder: Holder, session: &SessionBus) {
        self.screens.borrow_mut().kept(holder, session);
    }

    /// Takes every question off the screen.
    pub(super) fn dismiss(&self) {
        self.overtaken.send_replace(());
    }

    /// What the same question of the same program came to a moment ago, where that was no yes.
    pub(super) fn lately(&self, caller: &CallerId, question: &Question) -> Option<Denial> {
        let mut unconfirmed = self.unconfirmed.borrow_mut();
        unconfirmed.retain(|one| one.at.elapsed() < self.quiet);
        let same = unconfirmed.iter().find(|one| one.caller == *caller && one.question == *question)?;
        Some(match &same.denial {
            Denial::SaidNo { .. } => Denial::SaidNo { before: true },
            other => other.clone(),
        })
    }

    /// Remembers for [`Confirmer::lately`] that a person gave no yes.
    pub(super) fn remember(&self, caller: CallerId, question: Question, denial: &Denial) {
        if matches!(denial, Denial::SaidNo { .. } | Denial::NobodyAnswered) {
            let one = Unconfirmed { caller, question, at: Instant::now(), denial: denial.clone() };
            self.unconfirmed.borrow_mut().push(one);
        }
    }

    /// Waits until no other question is on the screen.
    ///
    /// # Errors
    /// Where too many wait already, where it takes too long, and where the vault was locked meanwhile.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Denial> {
        if self.waiting.get() >= MOST_WAITING {
            return Err(Denial::Asking);
        }
        self.waiting.set(self.waiting.get() + 1);
        let _waiting = Waiting(&self.waiting);
        let (end, mut overtaken) = (Instant::now() + self.patience, self.overtaken.subscribe());
        tokio::select! {
            biased;
            _ = overtaken.changed() => Err(Denial::Overtaken),
            turn = timeout_at(end, self.turn.lock()) => match turn {
                Ok(turn) => Ok(Turn { _turn: turn, end, overtaken }),
                Err(_) => Err(Denial::Asking),
            },
        }
    }

    /// By which pinentry, and on which screen, the person is asked to whom the token of that holder belongs.
    ///
    /// # Errors
    /// [`Denial::NobodyToAsk`].
    pub(super) fn reach(&self, holder: &Holder) -> Result<(PathBuf, Screen), Denial> {
        let screen = self.screens.borrow().of(holder).and_then(|session| session.screen());
        let screen = screen.ok_or(Denial::NobodyToAsk { why: NobodyToAsk::NoScreen })?;
        let program = (self.pinentry)().ok_or(Denial::NobodyToAsk { why: NobodyToAsk::NoPinentry })?;
        Ok((program, screen))
    }

    /// Asks the person to whom the token of that holder belongs.
    ///
    /// # Errors
    /// Everything but a yes.
    pub(super) async fn ask(&self, turn: &mut Turn<'_>, holder: &Holder, text: &str) -> Result<(), Denial> {
        let (program, screen) = self.reach(holder)?;
        let left = turn.end.saturating_duration_since(Instant::now());
        let answer = tokio::select! {
            biased;
            _ = turn.overtaken.changed() => return Err(Denial::Overtaken),
            answer = pinentry::ask(&program, text, &screen, left) => answer,
        };
        tracing::info!(server = %holder.server, user = %holder.user, ?answer, "a person was asked");
        match answer {
            Ok(Answer::Yes) => Ok(()),
            Ok(Answer::No) => Err(Denial::SaidNo { before: false }),
            Ok(Answer::Nothing) => Err(Denial::NobodyAnswered),
            Err(error) => Err(Denial::NobodyToAsk { why: NobodyToAsk::Failed(error.to_string()) }),
        }
    }
}

#[cfg(test)]
mod tests;
