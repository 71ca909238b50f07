//! The socket's server side: where it is bound, who may connect, how many.

use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::os::unix::uds_local_socket::tokio::Listener as UnixListener;
use listenfd::ListenFd;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::agent::Agent;
use super::guests::Guests;
use super::lock::Lock;
use super::session;
use super::sockets::{Arrival, Door};
use super::visitor::Visitor;
use crate::exit::{Exit, Failure, why};
use crate::folder::Folder;
use crate::socket::{self, Peer};

/// How long to wait when the process is out of descriptors.
pub(super) const BACK_OFF: Duration = Duration::from_millis(50);
/// How long requests may take that are being answered when the agent ends.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How often to look whether the socket is still there, and whether it is time to lock.
const LOOK: Duration = Duration::from_secs(30);

/// How long nobody connects too often before the log says so again.
const COMPLAINT: Duration = Duration::from_secs(1);

/// A bound socket. It is removed when this is dropped, if we bound it and it is still the one that was bound.
pub(super) struct Bound {
    listener: Listener,
    path: PathBuf,
    inode: u64,
    by_us: bool,
}

impl Bound {
    /// The socket that a service manager has bound and started this agent for (`sd_listen_fds(3)`).
    pub(super) fn given() -> Result<Option<Self>, Failure> {
        let unusable = |why: String| Failure::new(Exit::Unavailable, format!("cannot use the socket given: {why}"));
        let given = ListenFd::from_env().take_unix_listener(0).map_err(|error| unusable(why(error.kind())))?;
        let Some(given) = given else { return Ok(None) };
        let address = given.local_addr().ok();
        let path = address.and_then(|address| Some(address.as_pathname()?.to_owned()));
        let path = path.ok_or_else(|| unusable("it has no path".to_owned()))?;
        let inode = inode(&path).ok_or_else(|| unusable(format!("{} is gone", path.display())))?;
        let listener = UnixListener::try_from(OwnedFd::from(given)).map_err(|error| unusable(why(error.kind())))?;
        Ok(Some(Self { listener: listener.into(), path, inode, by_us: false }))
    }

    /// Binds the first of these paths that can be. Only the holder of the lock may call this: what lies there is of an
    /// agent that is gone.
    pub(super) fn bind(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut failure = Failure::new(Exit::Unavailable, "there is no place for the agent's socket");
        for path in paths {
            match Self::bind_one(path) {
                Ok(bound) => return Ok(bound),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn bind_one(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Unavailable, format!("cannot listen at {}: {}", path.display(), why(error.kind())))
        };
        if let Some(folder) = path.parent() {
            Folder::private(folder)?;
        }
        if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            std::fs::remove_file(path).map_err(failed)?;
        }
        Self::listen_at(path).map_err(failed)
    }

    /// Binds a path where nothing lies.
    pub(super) fn listen_at(path: &Path) -> std::io::Result<Self> {
        let listener = ListenerOptions::new().name(socket::name(path)?).reclaim_name(false).create_tokio()?;
        let inode = inode(path).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(Self { listener, path: path.to_owned(), inode, by_us: true })
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> std::io::Result<Stream> {
        self.listener.accept().await
    }

    /// Where it is bound.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_there(&self) -> bool {
        inode(&self.path) == Some(self.inode)
    }

    /// Removes its file. As long as this is not dropped, no other file has its inode.
    pub(super) fn remove(&self) {
        if self.by_us && self.is_there() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.remove();
    }
}

fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).ok().filter(|found| found.file_type().is_socket()).map(|found| found.ino())
}

/// Accepts connections until the agent is told to stop; what is being answered then is answered to its end.
pub(super) async fn listen(agent: Rc<Agent>, bound: Bound, lock: &Lock) -> Result<(), Failure> {
    let mut sessions = JoinSet::new();
    let ended = accept(Rc::clone(&agent), (bound, lock), &mut sessions).await;
    agent.leave_reach();
    // Only these: whatever else runs in the background has nobody who waits for it.
    let last_answers = async { while sessions.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_ANSWERS, last_answers).await;
    ended
}

/// The socket is gone when this returns: a client that comes now starts the next agent.
async fn accept(
    agent: Rc<Agent>,
    (mut bound, lock): (Bound, &Lock),
    sessions: &mut JoinSet<()>,
) -> Result<(), Failure> {
    let guests = Rc::new(Guests::new());
    let mut look = tokio::time::interval(LOOK);
    let mut complained: Option<Instant> = None;
    let mut arrivals = agent.arrivals().ok_or_else(|| Failure::new(Exit::Unavailable, "the agent serves already"))?;
    loop {
        let accepted = tokio::select! {
            biased;
            () = agent.stopping() => return Ok(()),
            Some(_) = sessions.join_next() => continue,
            _ = look.tick() => {
                agent.look();
                if !lock.is_there() {
                    tracing::warn!("the lock is gone: another agent may serve by now");
                    return Ok(());
                }
                if !bound.is_there() {
                    tracing::warn!("the socket is gone: binding it anew");
                    bound = Bound::bind(agent.places())?;
                }
                continue;
            }
            came = next(&bound, &mut arrivals) => came,
        };
        let (stream, door) = match accepted {
            Ok(came) => came,
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot accept a connection");
                tokio::time::sleep(BACK_OFF).await;
                continue;
            }
        };
        let Stream::UdSocket(end) = &stream;
        // Anybody may ask who was let into the folder of a restricted socket.
        let Some(peer) = Peer::of(end).ok().filter(|peer| door.is_some() || peer.is_us()) else {
            tracing::warn!("a connection of another user was closed");
            continue;
        };
        // Whoever has enough is not looked at any more: that would cost those behind him their time.
        let welcome = (!guests.have_enough_of(peer.pid)).then(|| Visitor::new(&stream, peer, door));
        let seated = welcome.and_then(|visitor| Some((guests.admit(peer.pid, visitor.is_restricted())?, visitor)));
        let Some((guest, visitor)) = seated else {
            if complained.replace(Instant::now()).is_none_or(|last| last.elapsed() >= COMPLAINT) {
                tracing::warn!(peer = peer.pid, "too many connections: the newest was closed");
            }
            continue;
        };
        let agent = Rc::clone(&agent);
        sessions.spawn_local(session::serve(agent, stream, visitor, guest));
        // Of many who come at once each is listened to before the next one comes in: whoever has spoken is not put out
        // for him, and whoever is silent can be.
        tokio::task::yield_now().await;
    }
}

/// The next connection, and the restricted socket that it came through. Neither kind keeps the other one waiting.
async fn next(bound: &Bound, arrivals: &mut mpsc::Receiver<Arrival>) -> std::io::Result<(Stream, Option<Rc<Door>>)> {
    tokio::select! {
        accepted = bound.accept() => accepted.map(|stream| (stream, None)),
        Some((stream, door)) = arrivals.recv() => Ok((stream, Some(door))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_somebody_removed_is_missed_and_its_successor_outlives_it() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("state/agent.sock");
        let bind = || Bound::bind(std::slice::from_ref(&path)).expect("bound");
        let first = bind();
        assert!(first.is_there());
        std::fs::remove_file(&path).expect("removed");
        assert!(!first.is_there());
        let second = bind();
        assert!(!first.is_there(), "what lies there is another's");
        drop(first);
        assert!(second.is_there());
        drop(second);
        assert!(!path.exists());
    }
}
