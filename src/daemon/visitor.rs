//! Who is at the other end of a connection.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::Notify;

use super::issuer::{CallerId, Through};
use super::sockets::Door;
use crate::handout::{Asker, Seen, Shown, own_words};
use crate::process::Process;
use crate::protocol::{Beyond, Denial, Question};
use crate::socket::{self, Peer};
use crate::target::Purpose;

/// How often it is looked whether a peer is still there.
const LOOK: Duration = Duration::from_millis(200);

/// The peer, and the program that started it, as they were when the connection was accepted: later they may be gone,
/// or run something else.
#[derive(Debug)]
pub(super) struct Visitor {
    peer: Peer,
    asker: Asker,
    /// Where the program works that wants the token.
    folder: Option<PathBuf>,
    /// The restricted socket that it came through.
    door: Option<Rc<Door>>,
    /// Told when a person is asked for it.
    confirming: Notify,
}

impl Visitor {
    pub(super) fn new(stream: &Stream, peer: Peer, door: Option<Rc<Door>>) -> Self {
        let Stream::UdSocket(end) = stream;
        let opened = peer.pid.and_then(|pid| Process::of(pid).ok());
        // Asked after its folder was opened: as long as it lives, the folder is its own.
        let process = opened.filter(|_| socket::peer_process(end).is_none_or(|process| socket::is_alive(&process)));
        let restricted = door.is_some() || !process.as_ref().is_some_and(Process::shares_namespaces);
        let parent = process.as_ref().and_then(|process| process.parent().ok());
        let [peer_seen, caller] = [&process, &parent].map(|one| one.as_ref().map(|one| seen(one, restricted)));
        let folder = parent.as_ref().or(process.as_ref()).and_then(Process::folder);
        let socket = door.as_ref().map(|door| Shown::from(door.path().to_string_lossy().into_owned()));
        let user = (!peer.is_us()).then_some(peer.uid);
        let asker = Asker { peer: peer_seen, caller, restricted, socket, user };
        Self { peer, asker, folder, door, confirming: Notify::new() }
    }

    /// Whether it lives across the border of a container, cannot be looked at, or came through a restricted socket:
    /// then it asks for tokens, and changes nothing.
    pub(super) fn is_restricted(&self) -> bool {
        self.asker.restricted
    }

    /// The restricted socket that it came through.
    pub(super) fn door(&self) -> Option<&Door> {
        self.door.as_deref()
    }

    /// A question as it may be answered to this peer.
    pub(super) fn narrowed<'a>(&self, question: &'a Question) -> Result<Cow<'a, Question>, Denial> {
        match &self.door {
            Some(door) if !door.is_open() => Err(Denial::Beyond { what: Beyond::Anything }),
            Some(door) => door.narrowed(question).map(Cow::Owned),
            None if self.is_restricted() && question.purpose != Purpose::Read => Err(Denial::Restricted),
            None => Ok(Cow::Borrowed(question)),
        }
    }

    /// A refusal as this peer is told it: nobody across a border hears where our files lie, and what is wrong with them.
    pub(super) fn told(&self, denial: Denial) -> Denial {
        match denial {
            own if !self.is_restricted() => own,
            Denial::Config { .. } => Denial::Config { message: "the agent's config.toml cannot be used".to_owned() },
            Denial::Vault { is_unsafe, in_writing, .. } => Denial::Vault {
                message: "the agent's vault cannot be used".to_owned(),
                remedy: None,
                is_unsafe,
                in_writing,
            },
            Denial::Restricted if self.door.is_some() => Denial::Beyond { what: Beyond::Else },
            other => other,
        }
    }

    /// The peer's process; none where it lives across a border and cannot be seen.
    pub(super) fn pid(&self) -> Option<u32> {
        self.peer.pid
    }

    /// The process that wants the token: the parent of whatever asks for it. Nobody, where the program of a peer from
    /// across a border cannot be seen: one could be taken for another.
    pub(super) fn caller(&self) -> Option<CallerId> {
        let program = self.asker.peer.as_ref().and_then(|peer| peer.program.clone());
        if self.is_restricted() && program.is_none() {
            return None;
        }
        let through = Through {
            program,
            user: self.peer.uid,
            restricted: self.is_restricted(),
            socket: self.door.as_ref().map(|door| door.number()),
        };
        self.asker.caller.as_ref().map(|caller| CallerId { pid: caller.pid, start: caller.start, through })
    }

    /// Where the program works that wants the token, or its peer where that program cannot be seen.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Comes back when the peer has ended; never where that cannot be seen.
    pub(super) async fn gone(&self) {
        let Some(peer) = &self.asker.peer else { return std::future::pending().await };
        let pid = i32::try_from(peer.pid).ok().and_then(Pid::from_raw);
        let process = match pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
            Some(Ok(process)) => process,
            Some(Err(Errno::SRCH)) => return,
            Some(Err(_)) | None => return std::future::pending().await,
        };
        // The number may be another process's by now.
        let is_it = Process::of(peer.pid).is_ok_and(|process| process.start_time() == peer.start);
        while is_it && socket::is_alive(&process) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Tells whoever waits for [`Visitor::confirming`].
    pub(super) fn confirm(&self) {
        // Of a request that is over already nothing is left for the next one.
        self.confirming.notify_waiters();
    }

    /// Comes back when a person is asked whether this peer may have what it wants.
    pub(super) async fn confirming(&self) {
        self.confirming.notified().await;
    }

    /// What the log says of it.
    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }
}

/// All of it is read through the folder of the process that is held open, so it is of one process. The words of one
/// across a border are not read: its memory, in which they lie, may be a file that never answers.
fn seen(process: &Process, restricted: bool) -> Seen {
    let program = process.program().map(|program| program.to_string_lossy().into_owned());
    let argv = if restricted { Vec::new() } else { process.argv() };
    let says = own_words(&argv, program.as_deref());
    Seen { pid: process.pid(), start: process.start_time(), program: program.map(Shown::from), says }
}
