//! The agent's log: what was asked, by whom, and the outcome; never a token.

use std::fs::{File, OpenOptions};
use std::io::IsTerminal;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use tracing::Level;

use crate::exit::{Exit, Failure};

/// How large a log may be when the agent starts before it is set aside, in bytes. One older log is kept.
const LONGEST: u64 = 1024 * 1024;

/// Starts logging: to standard error in the foreground, else to `agent.log` in the state folder. `DEVPI_TOKENS_LOG`
/// chooses the level: error, warn, info, debug, trace.
pub(super) fn start(state: &Path, foreground: bool) -> Result<(), Failure> {
    let level = std::env::var("DEVPI_TOKENS_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    if foreground {
        builder.with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).init();
    } else {
        let file = open(&state.join("agent.log"))?;
        builder.with_ansi(false).with_writer(Mutex::new(file)).init();
    }
    // The message of a panic may hold what it was about; where it happened is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
    Ok(())
}

fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::CannotCreate, format!("cannot write to {}: {}", path.display(), error.kind()))
    };
    if path.metadata().is_ok_and(|found| found.len() > LONGEST) {
        std::fs::rename(path, path.with_extension("log.1")).map_err(failed)?;
    }
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(nofollow).open(path).map_err(failed)
}
