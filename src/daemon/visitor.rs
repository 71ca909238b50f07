//! Who is at the other end of a connection.

use std::path::PathBuf;

use super::issuer::CallerId;
use crate::process::Process;
use crate::socket::Peer;

/// The peer, and the program that started it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visitor {
    peer: Peer,
    caller: Option<CallerId>,
    restricted: bool,
}

impl Visitor {
    pub(super) fn new(peer: Peer) -> Self {
        let process = peer.pid.and_then(|pid| Process::of(pid).ok());
        let restricted = !process.as_ref().is_some_and(Process::shares_namespaces);
        let parent = process.and_then(|process| process.parent().ok());
        let caller = parent.map(|parent| CallerId { pid: parent.pid(), start: parent.start_time() });
        Self { peer, caller, restricted }
    }

    /// Whether it lives across the border of a container, or cannot be looked at: then it may read, and change nothing.
    pub(super) fn is_restricted(self) -> bool {
        self.restricted
    }

    /// The peer's process; none where it lives across a border and cannot be seen.
    pub(super) fn pid(self) -> Option<u32> {
        self.peer.pid
    }

    /// The process that wants the token: the parent of whatever asks for it.
    pub(super) fn caller(self) -> Option<CallerId> {
        self.caller
    }

    /// The program of that process, for the log.
    pub(super) fn program(self) -> Option<PathBuf> {
        self.caller.and_then(|caller| Process::of(caller.pid).ok()).and_then(|process| process.program())
    }
}
