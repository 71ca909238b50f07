//! Who is at the other end of a connection.

use interprocess::local_socket::tokio::Stream;

use super::issuer::CallerId;
use crate::handout::{Asker, Seen, Shown, own_words};
use crate::process::Process;
use crate::socket::{self, Peer};

/// The peer, and the program that started it, as they were when the connection was accepted: later they may be gone,
/// or run something else.
#[derive(Debug)]
pub(super) struct Visitor {
    peer: Peer,
    asker: Asker,
}

impl Visitor {
    pub(super) fn new(stream: &Stream) -> std::io::Result<Self> {
        let peer = Peer::of(stream)?;
        let Stream::UdSocket(end) = stream;
        let opened = peer.pid.and_then(|pid| Process::of(pid).ok());
        // Asked after its folder was opened: as long as it lives, the folder is its own.
        let process = opened.filter(|_| socket::peer_process(end).is_none_or(|process| socket::is_alive(&process)));
        let restricted = !process.as_ref().is_some_and(Process::shares_namespaces);
        let parent = process.as_ref().and_then(|process| process.parent().ok());
        let asker = Asker { peer: process.as_ref().map(seen), caller: parent.as_ref().map(seen), restricted };
        Ok(Self { peer, asker })
    }

    /// Whether it is a process of our user.
    pub(super) fn is_us(&self) -> bool {
        self.peer.is_us()
    }

    /// Whether it lives across the border of a container, or cannot be looked at: then it may read, and change nothing.
    pub(super) fn is_restricted(&self) -> bool {
        self.asker.restricted
    }

    /// The peer's process; none where it lives across a border and cannot be seen.
    pub(super) fn pid(&self) -> Option<u32> {
        self.peer.pid
    }

    /// The process that wants the token: the parent of whatever asks for it.
    pub(super) fn caller(&self) -> Option<CallerId> {
        self.asker.caller.as_ref().map(|caller| CallerId { pid: caller.pid, start: caller.start })
    }

    /// What the log says of it.
    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }
}

/// All of it is read through the folder of the process that is held open, so it is of one process.
fn seen(process: &Process) -> Seen {
    let program = process.program().map(|program| program.to_string_lossy().into_owned());
    let says = own_words(&process.argv(), program.as_deref());
    Seen { pid: process.pid(), start: process.start_time(), program: program.map(Shown::from), says }
}
