//! One look-up, run as a client runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::answer::{Came, nothing, read, told};
use crate::cli::doctor::desk::shown;
use crate::cli::doctor::finding::Finding;
use crate::escape::printable;
use crate::exit::why;
use crate::pipe;
use crate::secret::Secret;

/// How long it may take: the desktop's keyring gives a person 60 s.
const PATIENCE: Duration = Duration::from_secs(70);

/// The longest answer and the longest complaint, in bytes.
const LONGEST: usize = 64 * 1024;

/// What pip and twine do in their own process. Its arguments: a URL, a user or nothing, and whether the password is asked
/// for apart, as twine does. It prints user and password as JSON.
const IMPORT: &str = r#"
import json, sys
url, user, apart = sys.argv[1], sys.argv[2] or None, sys.argv[3] == "apart"
try:
    import keyring
except ImportError:
    sys.exit("Python's keyring is not in this environment")
found = None if apart and user else keyring.get_credential(url, user)
user = found.username if found else user
password = found.password if found else None
if apart:
    password = keyring.get_password(url, user) if user else None
if not password:
    sys.exit(1)
json.dump({"username": user, "password": password}, sys.stdout)
"#;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `{"username": …, "password": …}`
    Json,
    /// A line with the user and one with the password.
    Lines,
    /// The password alone; the user was named.
    Password,
}

/// A look-up that a client makes.
pub(super) struct Step {
    /// What is run, as it is shown.
    pub(super) line: String,
    program: PathBuf,
    words: Vec<String>,
    form: Form,
}

impl Step {
    /// A `keyring` with those words.
    pub(super) fn command(keyring: &Path, words: Vec<String>, form: Form) -> Result<Self, Finding> {
        let line = printable(&format!("{} {}", shown(keyring), words.join(" ")));
        Ok(Self { line, program: keyring.to_owned(), words, form })
    }

    /// Python's keyring in the environment of that Python, with the arguments of the script.
    pub(super) fn import(python: &Path, arguments: [&str; 3]) -> Self {
        let [url, user, apart] = arguments;
        let calls = match (apart == "apart", user) {
            (true, "") => format!("get_credential({url}, None), then get_password"),
            (true, user) => format!("get_password({url}, {user})"),
            (false, "") => format!("get_credential({url}, None)"),
            (false, user) => format!("get_credential({url}, {user})"),
        };
        let line = printable(&format!("keyring.{calls} of {}", shown(python)));
        let words = ["-c", IMPORT].into_iter().chain(arguments).map(str::to_owned).collect();
        Self { line, program: python.to_owned(), words, form: Form::Json }
    }

    /// Makes it: what came, or that nothing did and why.
    pub(super) fn look_up(&self, check: &'static str) -> Result<(Finding, Came), Finding> {
        let user = (self.form == Form::Password).then(|| self.words.last().cloned()).flatten();
        let answer = self.output().map_err(|why| nothing(check, &self.line, &why))?;
        let came = read(&answer, self.form, user).map_err(|why| nothing(check, &self.line, why))?;
        Ok((told(check, &self.line, &came), came))
    }

    /// Runs it. An error is what it said instead of an answer.
    fn output(&self) -> Result<Secret, String> {
        let mut command = Command::new(&self.program);
        // As pip sets it. Modules in this folder are none of the client's, so Python is not to look here.
        command.args(&self.words).env("PYTHONIOENCODING", "utf-8");
        if self.form == Form::Json && self.words.first().is_some_and(|word| word == "-c") {
            command.current_dir("/");
        }
        let failed = |error: std::io::Error| format!("it cannot be run: {}", why(error.kind()));
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let said = child.stdout.as_mut().map(|stdout| pipe::read(stdout, LONGEST, PATIENCE)).transpose();
        let complaint = child.stderr.as_mut().map(|stderr| pipe::read(stderr, LONGEST, Duration::from_secs(1)));
        if said.is_err() {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
        }
        let ended = child.wait().map_err(failed)?;
        let said = said.map_err(|error| format!("no answer: {}", why(error.kind())))?.unwrap_or_default();
        if ended.success() {
            return Secret::from_utf8(said.to_vec()).ok_or_else(|| "an answer that is no text".to_owned());
        }
        let complaint = complaint.and_then(Result::ok).unwrap_or_default();
        let words = crate::escape::one_line(&String::from_utf8_lossy(&complaint));
        Err(if words.is_empty() { format!("no credential (exit {})", ended.code().unwrap_or(-1)) } else { words })
    }
}
