//! `devpi-tokens fetch-bases`: run by the agent, which asks no server itself.

use std::time::Duration;

use super::Terminal;
use crate::devpi::{self, Server};
use crate::exit::{Exit, Failure};
use crate::protocol::{Errand, IndexBases};
use crate::wire::{self, WireError};

/// Less than the agent waits.
const BUDGET: Duration = Duration::from_millis(4500);

pub(super) fn run(terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    // Before there is a token in here: no other program of the user is to read it.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).map_err(|error| {
        Failure::new(Exit::Unsafe, format!("cannot make this process's memory private: {error}"))
            .with_remedy("this needs prctl(2), which some sandboxes withhold")
    })?;
    let malformed = |error: WireError| Failure::new(Exit::Malformed, format!("standard input holds {error}"));
    let errand: Errand = wire::receive(&mut std::io::stdin().lock()).map_err(malformed)?;
    let server = Server::new(errand.server, &devpi::Options::of(&errand.access))?;
    let bases = match server.bases(&errand.index, Some((&errand.user, &errand.token)), BUDGET) {
        // The agent tells that from all else that may go wrong.
        Err(devpi::Error::NotFound { .. }) => return Ok(Exit::NotFound),
        answered => answered?,
    };
    wire::send(&mut terminal.out, &IndexBases { index: errand.index, bases })
        .map_err(|error| Failure::new(Exit::CannotWrite, format!("cannot answer the agent: {error}")))?;
    Ok(Exit::Done)
}
