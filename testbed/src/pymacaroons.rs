//! pymacaroons, the server's own implementation, asked many times.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::process::own_folder;
use crate::tools::Tools;

/// One Python process that answers line by line: starting one costs a tenth of a second, an answer a fraction of one
/// thousandth. It ends when dropped, and with this process, which holds its standard input.
#[derive(Debug)]
pub struct Pymacaroons {
    child: Child,
    // Taken when dropped: the end of its input is the order to end.
    asked: Option<ChildStdin>,
    answered: BufReader<ChildStdout>,
}

impl Pymacaroons {
    /// Starts it, in the server's environment.
    ///
    /// # Errors
    /// Where Python does not start.
    pub fn start(tools: &Tools) -> Result<Self> {
        let mut command = Command::new(tools.server.python());
        command.arg("-I").arg(own_folder().join("python/macaroons.py")).arg("serve");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(Error::io("cannot run python"))?;
        let asked = child.stdin.take();
        let answered = child.stdout.take().ok_or_else(|| failed(String::new()))?;
        Ok(Self { child, asked, answered: BufReader::new(answered) })
    }

    /// A new token with those caveats, as the server makes it with a key.
    ///
    /// # Errors
    /// Where Python fails; it says why on standard error.
    pub fn mint(&mut self, key: &str, identifier: &str, caveats: &[String]) -> Result<String> {
        self.text(&["mint", key, identifier], caveats)
    }

    /// The token with these caveats added.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub fn restrict(&mut self, token: &str, caveats: &[String]) -> Result<String> {
        self.text(&["restrict", token], caveats)
    }

    /// The token with a third-party caveat added: another server would have to agree.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub fn restrict_elsewhere(&mut self, token: &str, identifier: &str) -> Result<String> {
        self.text(&["third_party", token, identifier], &[])
    }

    /// Whether the token was signed with this key, whatever its caveats say.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub fn verify(&mut self, key: &str, token: &str) -> Result<bool> {
        Ok(self.ask(&["verify", key, token], &[])? == Value::Bool(true))
    }

    /// How long it takes to add these caveats to the token and to write it, in seconds.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub fn time_restrict(&mut self, token: &str, caveats: &[String]) -> Result<f64> {
        Ok(self.ask(&["time_restrict", token], caveats)?.as_f64().unwrap_or(f64::NAN))
    }

    fn text(&mut self, words: &[&str], caveats: &[String]) -> Result<String> {
        Ok(self.ask(words, caveats)?.as_str().unwrap_or_default().to_owned())
    }

    fn ask(&mut self, words: &[&str], caveats: &[String]) -> Result<Value> {
        let words: Vec<&str> = words.iter().copied().chain(caveats.iter().map(String::as_str)).collect();
        let io = |error: std::io::Error| failed(error.to_string());
        let asked = self.asked.as_mut().ok_or_else(|| failed(String::new()))?;
        writeln!(asked, "{}", serde_json::json!(words)).and_then(|()| asked.flush()).map_err(io)?;
        let mut line = String::new();
        self.answered.read_line(&mut line).map_err(io)?;
        serde_json::from_str(&line).map_err(|error| failed(error.to_string()))
    }
}

impl Drop for Pymacaroons {
    fn drop(&mut self) {
        drop(self.asked.take());
        let _ = self.child.wait();
    }
}

fn failed(output: String) -> Error {
    Error::Failed { what: "macaroons.py".to_owned(), output }
}
