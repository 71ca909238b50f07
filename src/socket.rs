//! The agent's socket: who is at its other end, and how to reach it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, Name, Stream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What the kernel says of a process at the other end, at the time when it connected (`SO_PEERCRED`, `unix(7)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its process id as this process sees it; `None` where it lives in a namespace that cannot be seen from here.
    pub pid: Option<u32>,
    /// Its user id.
    pub uid: u32,
}

impl Peer {
    /// Who is at the other end of a connected socket.
    ///
    /// # Errors
    /// Where the kernel does not say.
    pub fn of(stream: &impl AsFd) -> std::io::Result<Self> {
        // Not `interprocess`, which takes the pid 0 of whoever cannot be seen from here for a connection that is gone.
        let credentials = nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerCredentials)?;
        let pid = u32::try_from(credentials.pid()).ok().filter(|pid| *pid != 0);
        Ok(Self { pid, uid: credentials.uid() })
    }

    /// Whether it runs as the user of this process.
    pub fn is_us(self) -> bool {
        self.uid == rustix::process::getuid().as_raw()
    }

    /// Whether it lives outside of the container that this process lives in: every process inside has a number here, and
    /// where this process lives in no container, every process of the machine has one.
    pub fn is_outside(self) -> bool {
        self.pid.is_none()
    }
}

/// The process at the other end as a descriptor that stays with it (`SO_PEERPIDFD`); none where the kernel is older than
/// 6.5.
pub fn peer_process(stream: &impl AsFd) -> Option<OwnedFd> {
    nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerPidfd).ok()
}

/// Whether the process of such a descriptor has not ended. As long as it has not, nobody else has its number.
pub fn is_alive(process: &OwnedFd) -> bool {
    let mut end = [PollFd::new(process, PollFlags::IN)];
    poll(&mut end, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ended| ended == 0)
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Nobody listens there.
    #[error("no agent listens at {0}")]
    Nobody(String),
    /// Another user listens there.
    #[error("{path} is served by user id {uid}, not by yours")]
    Stranger {
        /// The socket.
        path: String,
        /// Whose process it is.
        uid: u32,
    },
    /// Anything else.
    #[error("cannot connect to {path}: {kind}")]
    Io {
        /// The socket.
        path: String,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
}

/// The name of a socket in the file system; the abstract namespace is open to every user and is never used.
///
/// # Errors
/// Where the path holds a NUL.
pub fn name(path: &Path) -> std::io::Result<Name<'_>> {
    path.to_fs_name::<GenericFilePath>()
}

/// Whether the agent may be another user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It has to be a process of ours.
    Ours,
    /// It may also be one outside of our container, where our user has another number or none. Not one inside, which a
    /// neighbour may have put there.
    OrOutside,
}

/// Connects, and makes sure that a process of ours listens, or whom `trust` admits. Reads and writes end after
/// `patience`.
///
/// The credentials of the socket are all that is looked at: an agent that cannot be traced hides its `/proc` folder
/// from its own user, too.
///
/// # Errors
/// See [`SocketError`].
pub fn connect(path: &Path, trust: Trust, patience: Duration) -> Result<(Stream, Peer), SocketError> {
    use std::io::ErrorKind as Kind;
    let shown = || path.display().to_string();
    let failed = |error: std::io::Error| match error.kind() {
        Kind::NotFound | Kind::NotADirectory | Kind::ConnectionRefused => SocketError::Nobody(shown()),
        kind => SocketError::Io { path: shown(), kind },
    };
    let stream = Stream::connect(name(path).map_err(failed)?).map_err(failed)?;
    let Stream::UdSocket(end) = &stream;
    let peer = Peer::of(end).map_err(failed)?;
    if !(peer.is_us() || trust == Trust::OrOutside && peer.is_outside()) {
        return Err(SocketError::Stranger { path: shown(), uid: peer.uid });
    }
    stream.set_recv_timeout(Some(patience)).map_err(failed)?;
    stream.set_send_timeout(Some(patience)).map_err(failed)?;
    Ok((stream, peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_at_a_socket_is_told_apart_from_a_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let patience = Duration::from_secs(1);
        let missing = connect(&folder.path().join("a.sock"), Trust::Ours, patience);
        assert!(matches!(missing, Err(SocketError::Nobody(_))));
        drop(std::os::unix::net::UnixListener::bind(folder.path().join("b.sock")).expect("a socket"));
        assert!(matches!(connect(&folder.path().join("b.sock"), Trust::Ours, patience), Err(SocketError::Nobody(_))));
        std::fs::write(folder.path().join("c.sock"), "").expect("a file");
        assert!(matches!(connect(&folder.path().join("c.sock/d"), Trust::Ours, patience), Err(SocketError::Nobody(_))));
        assert!(connect(&folder.path().join("c.sock"), Trust::Ours, patience).is_err());
    }

    #[test]
    fn a_peer_that_has_ended_is_told_from_whoever_gets_its_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let _stream = connect(&path, Trust::Ours, Duration::from_secs(1)).expect("a connection");
        let (ours, _) = listener.accept().expect("a peer");
        // Kernels before 6.5 do not say.
        let Some(own) = peer_process(&ours) else { return };
        assert!(is_alive(&own));
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
        let ran = std::process::Command::new("python3").args(["-c", script]).arg(&path).status();
        assert!(ran.expect("python3").success());
        let (theirs, _) = listener.accept().expect("a peer");
        assert!(peer_process(&theirs).is_none_or(|process| !is_alive(&process)));
    }

    #[test]
    fn a_process_of_ours_is_known_by_its_pid_and_uid() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let (stream, server) = connect(&path, Trust::Ours, Duration::from_secs(1)).expect("a connection");
        let Stream::UdSocket(end) = &stream;
        let peer = Peer::of(end).expect("credentials");
        assert_eq!(peer.pid, Some(std::process::id()));
        assert!(peer.is_us() && !peer.is_outside());
        assert_eq!(server, peer);
    }
}
