//! A command of the person's that prints the vault's key: `pass show …`, `op read …`, `vault kv get …`.
//!
//! It is kept as words, the program's path first, and no shell takes them apart: nothing in them is expanded, and
//! whoever wants a shell names one. What it writes to standard error is shown to nobody, as it may hold the key.

use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::Key;
use crate::escape::printable;
use crate::secret::Secret;

/// The longest command line, in bytes: it has to fit into the vault's header.
const LONGEST: usize = 2048;

/// The most that a command may print, in bytes. A key has 74, and `age-keygen` writes two lines of comment before it.
const MOST_PRINTED: u64 = 16 * 1024;

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum CommandError {
    /// Nobody has said which command it is.
    #[error("config.toml names no command that prints the vault's key")]
    Unnamed,
    /// Not the words of a command.
    #[error("the command for the vault's key has no word, a NUL, or more than {LONGEST} bytes")]
    Words,
    /// There is no such program.
    #[error("there is no program {program} that could print the vault's key")]
    NoProgram {
        /// The program, escaped.
        program: String,
    },
    /// It did not start.
    #[error("the command for the vault's key does not start: {why}")]
    Start {
        /// What the system says.
        why: String,
        /// The command, for the remedy.
        command: CommandLine,
    },
    /// It ended otherwise than with 0.
    #[error("the command for the vault's key failed: {how}")]
    Failed {
        /// Its code or its signal.
        how: String,
        /// The command, for the remedy.
        command: CommandLine,
    },
    /// What it prints is no key.
    #[error("the command for the vault's key prints no key")]
    NoKey {
        /// The command, for the remedy.
        command: CommandLine,
    },
    /// It prints a key, and not this vault's.
    #[error("the command for the vault's key prints the key of another vault")]
    Other {
        /// The command, for the remedy.
        command: CommandLine,
    },
    /// It has not ended in time.
    #[error("the command for the vault's key has not ended yet")]
    Late,
}

impl CommandError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unnamed | Self::Words => {
                "write there, for example: vault-command = [\"pass\", \"show\", \"devpi-tokens\"]".to_owned()
            }
            Self::NoProgram { .. } => "name one that is on PATH, or its path, in config.toml".to_owned(),
            Self::Start { command, .. } | Self::Failed { command, .. } => {
                format!("see what it says: {command}\nthen type: devpi-tokens agent unlock")
            }
            Self::NoKey { command } => {
                format!("let it print what devpi-tokens-agent --new-key printed, and no more:\n{command}")
            }
            Self::Other { command } => {
                format!("see that it prints the key that the vault was made with: {command}")
            }
            Self::Late => "answer where it asks you, or type: devpi-tokens agent unlock".to_owned(),
        }
    }
}

/// The words of a command; the first one is the path of its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// The command of those words, with its program looked for on that search path. The vault keeps what was found: who
    /// starts the next agent with another search path changes nothing.
    ///
    /// # Errors
    /// [`CommandError::Words`], [`CommandError::NoProgram`].
    pub fn found(mut words: Vec<String>, search: &OsStr) -> Result<Self, CommandError> {
        let program = words.first_mut().ok_or(CommandError::Words)?;
        if !program.contains('/') {
            let mut places = std::env::split_paths(search).filter(|folder| folder.is_absolute());
            let found = places.find_map(|folder| Some(folder.join(&*program)).filter(|place| is_program(place)));
            let found = found.and_then(|place| place.into_os_string().into_string().ok());
            *program = found.ok_or_else(|| CommandError::NoProgram { program: printable(program) })?;
        }
        Self::try_from(words)
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

impl TryFrom<Vec<String>> for CommandLine {
    type Error = CommandError;
    fn try_from(words: Vec<String>) -> Result<Self, CommandError> {
        let program = words.first().ok_or(CommandError::Words)?;
        if !program.starts_with('/') {
            return Err(CommandError::NoProgram { program: printable(program) });
        }
        let length: usize = words.iter().map(|word| word.len() + 1).sum();
        let fits = length <= LONGEST && words.iter().all(|word| !word.contains('\0'));
        fits.then_some(Self(words)).ok_or(CommandError::Words)
    }
}

impl From<CommandLine> for Vec<String> {
    fn from(command: CommandLine) -> Self {
        command.0
    }
}

/// As one types it in a shell.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
        for (place, word) in self.0.iter().enumerate() {
            let blank = if place > 0 { " " } else { "" };
            if !word.is_empty() && word.chars().all(plain) {
                write!(f, "{blank}{word}")?;
            } else {
                write!(f, "{blank}'{}'", printable(&word.replace('\'', r"'\''")))?;
            }
        }
        Ok(())
    }
}

/// The key that the command prints. It may ask the person for as long as it likes: for a child, which is ended together
/// with what it has started.
pub(super) fn key(command: &CommandLine) -> Result<Key, CommandError> {
    let CommandLine(words) = command;
    let started = Command::new(words.first().ok_or(CommandError::Words)?)
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let not_started =
        |error: std::io::Error| CommandError::Start { why: crate::exit::why(error.kind()), command: command.clone() };
    let mut child = started.map_err(not_started)?;
    // Somewhat more than is ever read: a buffer that grows leaves unwiped copies behind.
    let mut printed = Zeroizing::new(Vec::with_capacity(MOST_PRINTED as usize + 64));
    let no_key = || CommandError::NoKey { command: command.clone() };
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST_PRINTED).read_to_end(&mut printed).map_err(|_| no_key())?;
    }
    if printed.len() as u64 == MOST_PRINTED {
        // It may never come to an end. That it cannot be ended is found out by whoever ends us.
        let _ = child.kill();
        let _ = child.wait();
        return Err(no_key());
    }
    let status = child.wait().map_err(not_started)?;
    if !status.success() {
        return Err(CommandError::Failed { how: how(status), command: command.clone() });
    }
    key_in(&printed).ok_or_else(no_key)
}

/// As `age` reads a file of identities: one line that is a key, and perhaps comments.
fn key_in(printed: &[u8]) -> Option<Key> {
    let text = std::str::from_utf8(printed).ok()?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = Key::from_secret(&Secret::new(lines.next()?)).ok()?;
    lines.next().is_none().then_some(key)
}

fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "nobody knows how it ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn shell(script: &str) -> CommandLine {
        words(&["/bin/sh", "-c", script]).try_into().expect("a command")
    }

    #[test]
    fn what_a_command_prints_is_the_key_whether_or_not_comments_stand_around_it() {
        let key_of_vault = Key::generate();
        let text = key_of_vault.to_secret();
        for printed in ["KEY", "KEY\n", "\r\n  KEY\r\n", "# created: today\n# public key: age1\nKEY\n"] {
            let printed = printed.replace("KEY", text.expose());
            let command: CommandLine = words(&["/usr/bin/printf", "%s", &printed]).try_into().expect("a command");
            assert_eq!(key(&command).expect("a key").id(), key_of_vault.id(), "{printed:?}");
        }
    }

    #[test]
    fn what_is_not_one_key_is_called_so_and_never_shown() {
        let two = format!("{0}\n{0}", Key::generate().to_secret().expose());
        for printed in ["", "# nothing", "canary", "age1qqqq", &two, &two[..70], "\u{0}", &"x".repeat(20_000)] {
            let error = key_in(printed.as_bytes()).map(|_| ()).ok_or(());
            assert_eq!(error, Err(()), "{printed:?}");
        }
        let error = key(&shell("echo canary; echo canary >&2")).expect_err("no key");
        assert!(matches!(error, CommandError::NoKey { .. }));
        assert_eq!(error.to_string(), "the command for the vault's key prints no key");
    }

    #[test]
    fn a_command_that_prints_without_end_is_ended() {
        let begun = std::time::Instant::now();
        assert!(matches!(key(&shell("exec cat /dev/zero")).expect_err("no key"), CommandError::NoKey { .. }));
        assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    }

    #[test]
    fn how_a_command_ended_is_told_and_its_words_are_what_to_type() {
        let error = key(&shell("exit 3")).expect_err("it fails");
        assert_eq!(error.to_string(), "the command for the vault's key failed: it ended with code 3");
        assert_eq!(error.remedy(), "see what it says: /bin/sh -c 'exit 3'\nthen type: devpi-tokens agent unlock");
        let error = key(&shell("kill -9 $$")).expect_err("it is killed");
        assert!(error.to_string().ends_with("ended by signal 9"));
        let error = key(&words(&["/nowhere"]).try_into().expect("a command")).expect_err("no program");
        assert!(matches!(error, CommandError::Start { .. }), "{error}");
    }

    #[test]
    fn words_are_shown_as_a_shell_takes_them_and_never_taken_apart() {
        let line: CommandLine = words(&["/x", "it's", "", "a b", "\u{1b}[2J", "$HOME"]).try_into().expect("a command");
        assert_eq!(line.to_string(), r"/x 'it'\''s' '' 'a b' '\x1b[2J' '$HOME'");
        let key_of_vault = Key::generate();
        let script = format!("[ \"$1\" = 'a $HOME *' ] && echo {}", key_of_vault.to_secret().expose());
        let line = words(&["/bin/sh", "-c", &script, "sh", "a $HOME *"]).try_into().expect("a command");
        assert_eq!(key(&line).expect("as it was written").id(), key_of_vault.id());
    }

    #[test]
    fn a_program_is_looked_for_once_and_kept_by_its_path() {
        let found = |all: &[&str], search: &str| CommandLine::found(words(all), OsStr::new(search));
        assert_eq!(found(&["sh", "-c"], "relative:/nowhere:/bin").expect("there").0, ["/bin/sh", "-c"]);
        assert_eq!(found(&["/any/path"], "").expect("a path").0, ["/any/path"]);
        for (bad, search) in [(&["nothing-of-that-name"][..], "/bin"), (&["etc"], "/"), (&["./sh"], "/bin")] {
            assert!(matches!(found(bad, search), Err(CommandError::NoProgram { .. })), "{bad:?}");
        }
        let long = "x".repeat(LONGEST);
        for bad in [&[][..], &["/bin/sh", "a\0b"], &["/bin/sh", &long]] {
            assert_eq!(found(bad, "/bin").expect_err("no words"), CommandError::Words);
        }
    }
}
