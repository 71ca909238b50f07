//! The short-lived child: the agent's own program, started with [`ARGUMENT`], that does one thing which would block
//! the agent or fill its memory. One JSON request on its standard input, one JSON answer on its standard output;
//! nothing in arguments or environment is secret.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{DumpableBehavior, Pid, Signal};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::command::{self, CommandError, CommandLine};
use super::key::{Key, KeyId};
use super::keyring::{self, KeyringError, KeyringState};
use super::passphrase::{self, PassphraseError, Wrapped};
use crate::exit::why;
use crate::notification;
use crate::secret::Secret;
use crate::session_bus::{Environment, SessionBusError};

/// The only argument of the child. It is no option of the agent's, and stands in no help.
pub const ARGUMENT: &str = "--vault-child";

/// The longest request and the longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a child is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Say whether a desktop keyring answers.
    KeyringState,
    /// Fetch the key of that name from the desktop keyring.
    KeyringGet(KeyId),
    /// Keep a key, given as its text, in the desktop keyring.
    KeyringSet(Secret),
    /// Delete the key of that name from the desktop keyring.
    KeyringDelete(KeyId),
    /// Run a command of the person's, which prints the key.
    Command(CommandLine),
    /// Wrap a key with a passphrase.
    Wrap {
        /// The key's text.
        key: Secret,
        /// The passphrase.
        passphrase: Secret,
    },
    /// Unwrap a key with a passphrase.
    Unwrap {
        /// The wrapped key.
        wrapped: Wrapped,
        /// The passphrase.
        passphrase: Secret,
    },
    /// Show a note on the desktop.
    Notify {
        /// Its heading.
        summary: String,
        /// Its text.
        body: String,
    },
}

/// What a child answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Whether a desktop keyring answers.
    State(KeyringState),
    /// A key's text.
    Key(Secret),
    /// A wrapped key.
    Wrapped(Wrapped),
    /// It is done.
    Done,
    /// There is no desktop that could show a note.
    NoDesktop,
    /// The desktop keyring did not do it.
    Keyring(KeyringError),
    /// The command did not do it.
    Command(CommandError),
    /// The passphrase did not do it.
    Passphrase(PassphraseError),
}

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// The program did not start.
    #[error("cannot start {program}: {}", why(*reason))]
    Start {
        /// The program.
        program: PathBuf,
        /// The kind of the system's error.
        reason: std::io::ErrorKind,
    },
    /// It took too long and was ended.
    #[error("the helper process for the vault's key took longer than {0:?}")]
    Late(Duration),
    /// It ended without an answer, or with one that is none.
    #[error("the helper process for the vault's key ended without an answer")]
    Broken,
    /// The session of whoever asks cannot be used.
    #[error(transparent)]
    Session(#[from] SessionBusError),
    /// The desktop keyring did not do it.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The command of the person's did not do it.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The passphrase did not do it.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
}

impl ChildError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        let remedy = match self {
            Self::Start { .. } => "install devpi-tokens-agent again",
            Self::Late(_) | Self::Broken => "try again",
            Self::Session(_) => "start the agent's client in your desktop session",
            Self::Keyring(error) => error.remedy(),
            Self::Command(error) => return error.remedy(),
            Self::Passphrase(error) => error.remedy(),
        };
        remedy.to_owned()
    }
}

/// Starts a child, hands it the request and waits for its answer; whoever stops waiting ends it.
///
/// The child is also ended when the thread that started it ends: call this on a thread that lives as long as the
/// agent.
///
/// # Errors
/// [`ChildError`]; a refusal by keyring or passphrase is one, so an answer is always a good one.
pub async fn ask(
    program: &Path,
    request: &Request,
    environment: &Environment,
    deadline: Duration,
) -> Result<Answer, ChildError> {
    let answer = tokio::time::timeout(deadline, exchange(program, request, environment)).await;
    match answer.map_err(|_| ChildError::Late(deadline))?? {
        Answer::Keyring(error) => Err(error.into()),
        Answer::Command(error) => Err(error.into()),
        Answer::Passphrase(error) => Err(error.into()),
        answer => Ok(answer),
    }
}

async fn exchange(program: &Path, request: &Request, environment: &Environment) -> Result<Answer, ChildError> {
    let child = Command::new(program)
        .arg(ARGUMENT)
        .env_clear()
        .envs(environment.variables())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| ChildError::Start { program: program.to_owned(), reason: error.kind() })?;
    let mut group = Group(child);
    let child = &mut group.0;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ChildError::Broken);
    };
    let frame = Frame::of(request).map_err(|_| ChildError::Broken)?;
    stdin.write_all(&frame.0).await.map_err(|_| ChildError::Broken)?;
    drop((frame, stdin));
    let mut answer = Frame::empty();
    stdout.take(LONGEST as u64).read_to_end(&mut answer.0).await.map_err(|_| ChildError::Broken)?;
    child.wait().await.map_err(|_| ChildError::Broken)?;
    serde_json::from_slice(&answer.0).map_err(|_| ChildError::Broken)
}

/// A child and what it has started: what is still there when nobody waits any more is ended.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // It has none once its end was seen: its number may be another's by then.
        let leader = self.0.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        if let Some(leader) = leader {
            // Nothing is left to do where they have just ended by themselves.
            let _ = rustix::process::kill_process_group(leader, Signal::KILL);
        }
    }
}

/// A message, in a buffer that never grows: one that does leaves unwiped copies behind.
struct Frame(Zeroizing<Vec<u8>>);

impl Frame {
    fn empty() -> Self {
        // Somewhat more than is ever read, because reading to the end asks for room even where there is no more.
        Self(Zeroizing::new(Vec::with_capacity(LONGEST + 64)))
    }

    fn of(message: &impl Serialize) -> serde_json::Result<Self> {
        let mut frame = Self::empty();
        serde_json::to_writer(&mut *frame.0, message)?;
        Ok(frame)
    }
}

/// The whole of the child: reads one request, does it, writes one answer.
///
/// Fails where it cannot keep others from reading its memory, or where the request cannot be read.
pub fn run(stdin: impl Read, stdout: &mut impl Write) -> ExitCode {
    // Ends with the agent: nobody would take the answer, and a prompt would stay on the screen.
    let bound = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let hidden = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if bound.is_err() || hidden.is_err() {
        return ExitCode::FAILURE;
    }
    let mut request = Frame::empty();
    if stdin.take(LONGEST as u64).read_to_end(&mut request.0).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(request) = serde_json::from_slice(&request.0) else { return ExitCode::FAILURE };
    let written = Frame::of(&answer(request)).is_ok_and(|frame| stdout.write_all(&frame.0).is_ok());
    if written && stdout.flush().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn answer(request: Request) -> Answer {
    let done = |outcome: Result<(), KeyringError>| outcome.map_or_else(Answer::Keyring, |()| Answer::Done);
    match request {
        Request::KeyringState => Answer::State(keyring::state()),
        Request::KeyringGet(id) => match keyring::get(&id) {
            Ok(key) => Answer::Key(key.to_secret()),
            Err(error) => Answer::Keyring(error),
        },
        Request::KeyringSet(text) => match Key::from_secret(&text) {
            Ok(key) => done(keyring::set(&key)),
            Err(_) => Answer::Keyring(KeyringError::NotOurs),
        },
        Request::KeyringDelete(id) => done(keyring::delete(&id)),
        Request::Command(command) => match command::key(&command) {
            Ok(key) => Answer::Key(key.to_secret()),
            Err(error) => Answer::Command(error),
        },
        Request::Wrap { key, passphrase } => {
            let key = Key::from_secret(&key).map_err(|_| PassphraseError::Damaged);
            match key.and_then(|key| passphrase::wrap(&key, &passphrase)) {
                Ok(wrapped) => Answer::Wrapped(wrapped),
                Err(error) => Answer::Passphrase(error),
            }
        }
        Request::Notify { summary, body } if notification::show(&summary, &body) => Answer::Done,
        Request::Notify { .. } => Answer::NoDesktop,
        Request::Unwrap { wrapped, passphrase } => match passphrase::unwrap(&wrapped, &passphrase) {
            Ok(key) => Answer::Key(key.to_secret()),
            Err(error) => Answer::Passphrase(error),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Instant;

    use super::*;

    /// Makes a program of lines of shell. Another process writes the file: while a test beside us starts a program of
    /// its own, that would inherit our open file, and the system runs no program that is open for writing.
    pub(crate) fn script_at(path: &Path, lines: &str) {
        let mut writer = std::process::Command::new("sh")
            .args(["-c", "cat >\"$0\" && chmod 700 \"$0\""])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let script = format!("#!/bin/sh\n{lines}\n");
        writer.stdin.take().expect("piped").write_all(script.as_bytes()).expect("written");
        assert!(writer.wait().expect("ended").success());
    }

    fn program(home: &tempfile::TempDir, line: &str) -> PathBuf {
        let path = home.path().join("child");
        script_at(&path, line);
        path
    }

    async fn asked(line: &str, deadline: Duration) -> Result<Answer, ChildError> {
        let home = tempfile::tempdir().expect("a folder");
        let program = program(&home, line);
        ask(&program, &Request::KeyringState, &Environment::none(), deadline).await
    }

    #[tokio::test]
    async fn a_child_that_says_nothing_or_nonsense_is_broken() {
        let patience = Duration::from_secs(20);
        for line in ["exit 1", "cat >/dev/null", "cat >/dev/null; echo '{}'", "cat /dev/zero", "kill -9 $$"] {
            assert_eq!(asked(line, patience).await.expect_err("no answer"), ChildError::Broken, "{line}");
        }
        let nowhere = ask(Path::new("/nowhere"), &Request::KeyringState, &Environment::none(), patience).await;
        assert!(matches!(nowhere.expect_err("no program"), ChildError::Start { .. }));
    }

    #[tokio::test]
    async fn a_child_that_takes_too_long_is_ended() {
        let home = tempfile::tempdir().expect("a folder");
        let mark = home.path().join("pid");
        let line = format!("echo $$ >{}; exec sleep 600", mark.display());
        let started = Instant::now();
        let deadline = Duration::from_secs(2);
        assert_eq!(asked(&line, deadline).await.expect_err("late"), ChildError::Late(deadline));
        assert!(started.elapsed() < Duration::from_secs(10));
        let pid = std::fs::read_to_string(&mark).expect("it ran").trim().to_owned();
        for _ in 0..100 {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if command.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the child is still there");
    }

    #[tokio::test]
    async fn a_child_gets_no_variable_of_ours_and_one_argument() {
        let line = r#"cat >/dev/null
            [ "$#" = 1 ] && [ "$1" = --vault-child ] && [ -z "$HOME$CARGO_MANIFEST_DIR$DISPLAY" ] || exit 1
            echo '{"state":"open"}'"#;
        let answer = asked(line, Duration::from_secs(20)).await.expect("an answer");
        assert!(matches!(answer, Answer::State(KeyringState::Open)));
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_with_a_remedy() {
        let line = r#"cat >/dev/null; echo '{"keyring":"locked"}'"#;
        let error = asked(line, Duration::from_secs(20)).await.expect_err("locked");
        assert_eq!(error, ChildError::Keyring(KeyringError::Locked));
        assert_eq!(error.to_string(), "the desktop keyring is locked");
        assert_eq!(error.remedy(), "answer the desktop's prompt, or type: devpi-tokens agent unlock");
    }

    #[test]
    fn a_request_and_an_answer_show_no_secret_when_debugged() {
        let canary = || Secret::new("canary");
        let wrap = Request::Wrap { key: canary(), passphrase: canary() };
        let shown = format!("{wrap:?} {:?} {:?}", Request::KeyringSet(canary()), Answer::Key(canary()));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
