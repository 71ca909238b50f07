//! What the agent says of itself: what was asked, by whom, and the outcome; never a token.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Mutex, Once};

use rustix::process::Resource;
use tracing::Level;

use crate::exit::Failure;
use crate::logbook::Logbook;
use crate::memory;

/// Starts logging: to standard error in the foreground, else to `agent.log` in the state folder. `DEVPI_TOKENS_LOG`
/// chooses the level: error, warn, info, debug, trace.
pub(super) fn start(state: &Path, foreground: bool) -> Result<(), Failure> {
    let level = std::env::var("DEVPI_TOKENS_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    if foreground {
        builder.with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).init();
    } else {
        builder.with_ansi(false).with_writer(Mutex::new(Logbook::of_agent(state)?)).init();
    }
    report_panics();
    Ok(())
}

/// Has the place of a panic logged, and nothing else of it.
pub(super) fn report_panics() {
    // The message of a panic may hold what it was about; where it happened is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
}

/// Says once where memory is not locked. That may begin late: the limit is reached when the agent has grown.
pub(super) fn say_whether_swappable() {
    static ONCE: Once = Once::new();
    if memory::is_swappable() {
        ONCE.call_once(|| {
            let limit = rustix::process::getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX);
            tracing::warn!("pages of memory may be written to swap: the limit of locked memory is {limit} bytes");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the inner run of the test has its log.
    const STATE: &str = "DEVPI_TOKENS_TEST_STATE";

    #[test]
    fn of_a_panic_the_log_has_the_place_and_not_what_it_was_about() {
        if let Some(state) = std::env::var_os(STATE) {
            start(Path::new(&state), false).expect("a log");
            let ended = std::thread::spawn(|| panic!("{}", ["devpi", "-canary"].concat())).join();
            assert!(ended.is_err());
            return;
        }
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        let name = "daemon::log::tests::of_a_panic_the_log_has_the_place_and_not_what_it_was_about";
        let own = std::env::current_exe().expect("a program");
        let mut inner = std::process::Command::new(own);
        let ran = inner.args(["--exact", name, "--nocapture"]).env(STATE, &state).env("DEVPI_TOKENS_LOG", "trace");
        let ran = ran.output().expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let log = std::fs::read_to_string(state.join("agent.log")).expect("a log");
        assert!(log.contains("a panic place=") && log.contains("src/daemon/log.rs"), "{log}");
        for said in [log.as_bytes(), &ran.stdout, &ran.stderr] {
            assert!(!String::from_utf8_lossy(said).contains("devpi-canary"), "{log}");
        }
    }
}
