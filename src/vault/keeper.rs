//! The agent's side of whoever keeps a vault's key: starts children, one at a time, and never waits long for them.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::child::{Answer, ChildError, Request, ask};
use super::command::{CommandError, CommandLine};
use super::key::{Key, KeyId};
use super::keyring::{KeyringError, KeyringState};
use super::passphrase::Wrapped;
use crate::protocol::SessionBus;
use crate::secret::Secret;
use crate::session_bus::Environment;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a look-up waits for the keyring or the command.
    pub look_up: Duration,
    /// How long either may take while the person answers its prompt.
    pub person: Duration,
    /// How long a passphrase may take.
    pub passphrase: Duration,
    /// How long look-ups bring up no new prompt after the last one was dismissed, and run no command that has failed.
    pub quiet: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look_up: Duration::from_secs(2),
            person: Duration::from_secs(60),
            passphrase: Duration::from_secs(30),
            quiet: Duration::from_secs(30),
        }
    }
}

/// A key that is to be had without a passphrase.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name.
    pub id: &'a KeyId,
    /// The command that prints it; without one it is in the desktop keyring.
    pub command: Option<&'a CommandLine>,
}

impl<'a> From<&'a KeyId> for Wanted<'a> {
    fn from(id: &'a KeyId) -> Self {
        Self { id, command: None }
    }
}

impl Wanted<'_> {
    /// That it did not come in time.
    fn late(&self) -> ChildError {
        if self.command.is_some() { CommandError::Late.into() } else { KeyringError::Locked.into() }
    }

    /// Refuses a key of another name.
    fn is(&self, key: Key) -> Result<Key, ChildError> {
        match self.command {
            _ if key.id() == *self.id => Ok(key),
            Some(command) => Err(CommandError::Other { command: command.clone() }.into()),
            None => Err(KeyringError::NotOurs.into()),
        }
    }
}

/// What an attempt came to, and when; none while it is under way.
type Outcome = Option<(Result<Key, ChildError>, Instant)>;

/// One question for a key, which may outlast the look-up that started it.
struct Attempt {
    id: KeyId,
    outcome: watch::Receiver<Outcome>,
    child: AbortHandle,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.child.abort();
    }
}

/// Where the agent gets the keys of vaults from, and gives them to.
pub struct Keeper {
    program: PathBuf,
    patience: Patience,
    attempt: Mutex<Option<Attempt>>,
    /// Held by the child that talks to the keyring or runs the command, and by the one that stretches a passphrase (69 MB each).
    keyring: Arc<tokio::sync::Mutex<()>>,
    scrypt: Arc<tokio::sync::Mutex<()>>,
}

impl Keeper {
    /// A keeper whose children are that program, which has to hand [`child::ARGUMENT`](super::child::ARGUMENT) to
    /// [`child::run`](super::child::run).
    pub fn new(program: PathBuf) -> Self {
        Self::with_patience(program, Patience::default())
    }

    /// The same with other deadlines.
    pub fn with_patience(program: PathBuf, patience: Patience) -> Self {
        let (attempt, keyring, scrypt) = Default::default();
        Self { program, patience, attempt, keyring, scrypt }
    }

    /// Whether a desktop keyring answers in the time of a look-up; one that does not is absent.
    pub async fn keyring_state(&self, session: &SessionBus) -> KeyringState {
        let Ok(environment) = session.environment() else { return KeyringState::Absent };
        let asked = alone(&self.keyring, self.patience.look_up, |left| {
            let program = self.program.clone();
            async move { ask(&program, &Request::KeyringState, &environment, left).await }
        });
        match asked.await {
            Ok(Answer::State(state)) => state,
            _ => KeyringState::Absent,
        }
    }

    /// The key of that name from the desktop keyring or from its command, waiting for it as long as a look-up may.
    ///
    /// The child goes on after that while the person may still answer a prompt, and the next look-up gets what it
    /// came to. After a dismissed prompt no new one is brought up for a while; that ends with [`Keeper::forget`], and
    /// once the keyring is open. The same holds for a command that has failed: it may have asked the person.
    ///
    /// # Errors
    /// [`KeyringError::Locked`] or [`CommandError::Late`] also where the answer has not come in time, and whatever else
    /// [`ChildError`] names.
    pub async fn look_up(&self, wanted: impl Into<Wanted<'_>>, session: &SessionBus) -> Result<Key, ChildError> {
        let wanted = wanted.into();
        let by_keyring = wanted.command.is_none();
        if by_keyring && self.was_refused(wanted.id) && self.keyring_state(session).await == KeyringState::Open {
            self.forget();
        }
        self.wait_for(wanted, session, self.patience.look_up).await
    }

    /// The same for a person who unlocks the vault: what look-ups came to does not count, and the person has as long
    /// as it takes to answer the prompt.
    ///
    /// # Errors
    /// As [`Keeper::look_up`].
    pub async fn unlock(&self, wanted: impl Into<Wanted<'_>>, session: &SessionBus) -> Result<Key, ChildError> {
        self.forget();
        self.wait_for(wanted.into(), session, self.patience.person).await
    }

    /// The key that a command prints, of whatever name, for a new vault.
    ///
    /// # Errors
    /// [`ChildError`]; [`CommandError::Late`] where the person did not answer.
    pub async fn printed(&self, command: &CommandLine, session: &SessionBus) -> Result<Key, ChildError> {
        let (program, environment) = (self.program.clone(), environment_of_command(session));
        let request = Request::Command(command.clone());
        let asked = alone(&self.keyring, self.patience.person, |left| async move {
            ask(&program, &request, &environment, left).await
        });
        match asked.await {
            Err(ChildError::Late(_)) => Err(CommandError::Late.into()),
            other => key_in(other?),
        }
    }

    async fn wait_for(&self, wanted: Wanted<'_>, session: &SessionBus, patience: Duration) -> Result<Key, ChildError> {
        let mut outcome = self.attempt_for(wanted, session)?;
        let reached = match tokio::time::timeout(patience, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(reached)) => reached.clone(),
            // Not in time, or given up meanwhile.
            Ok(Err(_)) | Err(_) => return Err(wanted.late()),
        };
        let Some((result, _)) = reached else { return Err(ChildError::Broken) };
        // Only that somebody was asked in vain is remembered. A key is in the hands of the caller from here on.
        if !matches!(result, Err(ChildError::Keyring(KeyringError::Locked) | ChildError::Command(_))) {
            self.finished(&outcome);
        }
        result.and_then(|key| wanted.is(key))
    }

    /// Keeps the key in the desktop keyring, waiting for the person where that is locked. Give it a key only when the
    /// person logs in or unlocks.
    ///
    /// # Errors
    /// [`ChildError`]; [`KeyringError::Locked`] where the person did not answer.
    pub async fn keep(&self, key: &Key, session: &SessionBus) -> Result<(), ChildError> {
        self.change(Request::KeyringSet(key.to_secret()), session).await
    }

    /// Deletes the key of that name from the desktop keyring, waiting as [`Keeper::keep`].
    ///
    /// # Errors
    /// [`ChildError`].
    pub async fn delete(&self, id: &KeyId, session: &SessionBus) -> Result<(), ChildError> {
        self.change(Request::KeyringDelete(id.clone()), session).await
    }

    /// Wraps the key with a passphrase.
    ///
    /// # Errors
    /// [`ChildError`].
    pub async fn wrap(&self, key: &Key, passphrase: &Secret) -> Result<Wrapped, ChildError> {
        let request = Request::Wrap { key: key.to_secret(), passphrase: passphrase.clone() };
        match self.stretch(request).await? {
            Answer::Wrapped(wrapped) => Ok(wrapped),
            _ => Err(ChildError::Broken),
        }
    }

    /// Unwraps the key with a passphrase.
    ///
    /// # Errors
    /// [`ChildError`]; [`PassphraseError::Wrong`](super::PassphraseError::Wrong) for another passphrase.
    pub async fn unwrap(&self, wrapped: &Wrapped, passphrase: &Secret) -> Result<Key, ChildError> {
        let request = Request::Unwrap { wrapped: wrapped.clone(), passphrase: passphrase.clone() };
        key_in(self.stretch(request).await?)
    }

    /// Gives up whatever look-up is under way, and wipes a key that came after its look-up had gone. To be called
    /// when the vault is locked, and before the person unlocks it.
    pub fn forget(&self) {
        *self.slot() = None;
    }

    /// The attempt that is under way, or the last one where it still counts, or a new one.
    fn attempt_for(&self, wanted: Wanted<'_>, session: &SessionBus) -> Result<watch::Receiver<Outcome>, ChildError> {
        let mut slot = self.slot();
        if let Some(attempt) = slot.as_ref().filter(|attempt| attempt.id == *wanted.id) {
            let counts = match &*attempt.outcome.borrow() {
                None | Some((Ok(_), _)) => true,
                Some((Err(_), when)) => when.elapsed() < self.patience.quiet,
            };
            // A task that was dropped with the rest of a runtime has no outcome and never will.
            if counts && (attempt.outcome.has_changed().is_ok() || attempt.outcome.borrow().is_some()) {
                return Ok(attempt.outcome.clone());
            }
        }
        let (request, environment) = match wanted.command {
            Some(command) => (Request::Command(command.clone()), environment_of_command(session)),
            None => (Request::KeyringGet(wanted.id.clone()), environment(session)?),
        };
        let (tell, outcome) = watch::channel(None);
        let (program, person) = (self.program.clone(), self.patience.person);
        let (keyring, late) = (Arc::clone(&self.keyring), wanted.late());
        let child = tokio::spawn(async move {
            let asked =
                alone(&keyring, person, |left| async move { ask(&program, &request, &environment, left).await });
            let result = match asked.await {
                Err(ChildError::Late(_)) => Err(late),
                other => other.and_then(key_in),
            };
            tell.send_replace(Some((result, Instant::now())));
        });
        *slot = Some(Attempt { id: wanted.id.clone(), outcome: outcome.clone(), child: child.abort_handle() });
        Ok(outcome)
    }

    /// Whether the last attempt came to nothing, and that is remembered.
    fn was_refused(&self, id: &KeyId) -> bool {
        let slot = self.slot();
        slot.as_ref().is_some_and(|last| last.id == *id && matches!(&*last.outcome.borrow(), Some((Err(_), _))))
    }

    /// Clears the slot where that attempt is still in it.
    fn finished(&self, outcome: &watch::Receiver<Outcome>) {
        let mut slot = self.slot();
        if slot.as_ref().is_some_and(|attempt| attempt.outcome.same_channel(outcome)) {
            *slot = None;
        }
    }

    async fn change(&self, request: Request, session: &SessionBus) -> Result<(), ChildError> {
        let environment = environment(session)?;
        // A look-up that waits for its prompt would keep us waiting too.
        self.forget();
        let program = self.program.clone();
        let asked = alone(&self.keyring, self.patience.person, |left| async move {
            ask(&program, &request, &environment, left).await
        });
        match late_is_locked(asked.await)? {
            Answer::Done => Ok(()),
            _ => Err(ChildError::Broken),
        }
    }

    async fn stretch(&self, request: Request) -> Result<Answer, ChildError> {
        let program = self.program.clone();
        let asked = alone(&self.scrypt, self.patience.passphrase, |left| async move {
            ask(&program, &request, &Environment::none(), left).await
        });
        asked.await
    }

    fn slot(&self) -> MutexGuard<'_, Option<Attempt>> {
        // What a panic left in there is whole: it is replaced in one go.
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for its turn and then for the child, both within the deadline.
async fn alone<F: Future<Output = Result<Answer, ChildError>>>(
    turn: &tokio::sync::Mutex<()>,
    deadline: Duration,
    child: impl FnOnce(Duration) -> F,
) -> Result<Answer, ChildError> {
    let end = Instant::now() + deadline;
    let _turn = tokio::time::timeout_at(end, turn.lock()).await.map_err(|_| ChildError::Late(deadline))?;
    child(end.saturating_duration_since(Instant::now())).await
}

/// No usable bus is no keyring; a bus of somebody else stays an error of its own.
fn environment(session: &SessionBus) -> Result<Environment, ChildError> {
    use crate::session_bus::SessionBusError;
    session.environment().map_err(|error| match error {
        SessionBusError::Absent(_) => KeyringError::Absent.into(),
        other => other.into(),
    })
}

fn environment_of_command(session: &SessionBus) -> Environment {
    session.environment_of_command(|name| std::env::var(name).ok())
}

/// A keyring that does not answer for so long is waiting for the person.
fn late_is_locked(answer: Result<Answer, ChildError>) -> Result<Answer, ChildError> {
    answer.map_err(|error| match error {
        ChildError::Late(_) => KeyringError::Locked.into(),
        other => other,
    })
}

fn key_in(answer: Answer) -> Result<Key, ChildError> {
    match answer {
        Answer::Key(text) => Key::from_secret(&text).map_err(|_| ChildError::Broken),
        _ => Err(ChildError::Broken),
    }
}

#[cfg(test)]
mod tests;
