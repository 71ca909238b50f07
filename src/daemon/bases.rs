//! Learns what an index inherits from. The agent itself asks no server: a process of the command line does, with a
//! token that ends in a minute.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::protocol::{Errand, IndexBases};
use crate::wire;

/// How long the process may take.
const LIMIT: Duration = Duration::from_secs(5);

/// For how long the token of an errand is good, in seconds.
pub(super) const TOKEN_LIFETIME: u64 = 60;

/// Why the bases are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum BasesError {
    #[error("the token allows no reading")]
    NoToken,
    #[error("{0} cannot be run")]
    NoProgram(String),
    #[error("no answer within {} s", LIMIT.as_secs())]
    TimedOut,
    #[error("the server gave no answer that can be used")]
    NoAnswer,
}

/// Runs the process and waits for its answer.
pub(super) async fn fetch(agent: &Path, errand: &Errand) -> Result<IndexBases, BasesError> {
    let program = agent.with_file_name("devpi-tokens");
    let environment = Errand::ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
    let mut child = Command::new(&program)
        .arg(Errand::VERB)
        .env_clear()
        .envs(environment)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| BasesError::NoProgram(program.display().to_string()))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let errand = wire::encode(errand).map_err(|_| BasesError::NoAnswer)?;
    let talk = async {
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return None };
        stdin.write_all(&errand).await.ok()?;
        drop(stdin);
        let mut answer = Vec::new();
        stdout.take(wire::LONGEST as u64 + 4).read_to_end(&mut answer).await.ok()?;
        child.wait().await.ok()?;
        wire::receive::<IndexBases>(&mut answer.as_slice()).ok()
    };
    let answer = tokio::time::timeout(LIMIT, talk).await.map_err(|_| BasesError::TimedOut)?;
    answer.ok_or(BasesError::NoAnswer)
}
