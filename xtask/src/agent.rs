//! An agent for demonstrations and measurements.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use devpi_tokens::client::Client;
use devpi_tokens::paths::Paths;
use testbed::Bed;

use crate::Outcome;

/// An agent with its vault in memory, in a folder of its own; both end with this.
pub(crate) struct Agent {
    home: tempfile::TempDir,
    programs: PathBuf,
}

impl Agent {
    /// One with the programs of that cargo profile, which have to be built.
    pub(crate) fn new(profile: &str) -> Result<Self, Box<dyn Error>> {
        // This program lies in the folder of a profile, beside those of the others.
        let own = std::env::current_exe()?;
        let target = own.parent().and_then(Path::parent).ok_or("this program lies nowhere")?;
        Ok(Self { home: tempfile::tempdir()?, programs: target.join(profile) })
    }

    /// One of the three programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The folder of the three programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Where its logs lie.
    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// Where everything of it lies.
    pub(crate) fn paths(&self) -> Paths {
        let home = self.home.path();
        let sockets = vec![self.state().join("agent.sock")];
        Paths { config: home.join("config"), data: home.join("data"), state: self.state(), sockets }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32, Box<dyn Error>> {
        let running = Client::running(&self.paths()).map_err(|failure| failure.message)?;
        Ok(running.ok_or("no agent runs")?.agent)
    }

    /// Lets a client ask this agent.
    pub(crate) fn serves<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("DEVPI_TOKENS_HOME", self.home.path()).env("DEVPI_TOKENS_VAULT", "memory")
    }

    pub(crate) fn cli(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.program("devpi-tokens"));
        self.serves(&mut command).args(args);
        command
    }

    pub(crate) fn login(&self, bed: &Bed) -> Outcome {
        let mut login = self.cli(&["login", &bed.simple_url("alice/dev"), "alice"]);
        let mut child = login.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            writeln!(stdin, "{}", bed.password("alice"))?;
        }
        if child.wait()?.success() { Ok(()) } else { Err("the login failed".into()) }
    }

    pub(crate) fn shim(&self) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.home.path().join("shim");
        succeed(self.cli(&["setup", "shim"]).arg(&folder))?;
        Ok(folder)
    }

    /// What stands in the root token: a token that says no more than that is the root.
    pub(crate) fn root_restrictions(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let status: serde_json::Value = serde_json::from_slice(&succeed(&mut self.cli(&["status", "--json"]))?.stdout)?;
        let restrictions = status["roots"][0]["restrictions"].as_array().ok_or("no root is kept")?;
        Ok(restrictions.iter().filter_map(|restriction| Some(restriction.as_str()?.to_owned())).collect())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Where it cannot be ended there is nothing more to do about it here.
        let _ = self.cli(&["agent", "stop"]).output();
    }
}

/// Runs a command to its end; where it fails, with what it said.
pub(crate) fn succeed(command: &mut Command) -> Result<Output, Box<dyn Error>> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let program = Path::new(command.get_program()).display().to_string();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} ended with {}\n{}{said}", output.status, String::from_utf8_lossy(&output.stdout)).into())
}
