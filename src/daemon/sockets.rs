//! The restricted sockets: made while the agent runs, each with a ceiling of its own, and gone with it.

use std::cell::{Cell, RefCell};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use interprocess::local_socket::tokio::Stream;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::listener::{BACK_OFF, Bound};
use crate::exit::why;
use crate::folder::{Fault, Folder, FolderError};
use crate::paths::Paths;
use crate::protocol::{Denial, NoSocket, Question, RestrictedSocket};
use crate::target::Purpose;

/// How many there may be at once: `status` lists them with their indexes, in one frame.
const MOST: usize = 8;

/// How many kinds of tokens there are to ask for.
const MOST_PURPOSES: usize = 5;

/// How many connections wait to be taken in from all of them; the others wait in their socket.
const ARRIVALS: usize = 16;

/// A connection that came through one of them.
pub(super) type Arrival = (Stream, Rc<Door>);

/// The open ones.
pub(super) struct Sockets {
    open: RefCell<Vec<Open>>,
    made: Cell<u64>,
    came: mpsc::Sender<Arrival>,
    arrivals: Cell<Option<mpsc::Receiver<Arrival>>>,
}

/// What a connection is held to that came through one of them.
#[derive(Debug)]
pub(super) struct Door {
    /// No other has it, in the life of this agent.
    number: u64,
    socket: RestrictedSocket,
    is_open: Cell<bool>,
}

impl Door {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn path(&self) -> &Path {
        &self.socket.path
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    pub(super) fn socket(&self) -> &RestrictedSocket {
        &self.socket
    }

    /// A question as it is answered here.
    pub(super) fn narrowed(&self, question: &Question) -> Result<Question, Denial> {
        let mut narrowed = question.clone();
        self.socket.narrow(&mut narrowed).map_err(|what| Denial::Beyond { what })?;
        Ok(narrowed)
    }
}

/// One of them; it is closed when this is dropped.
struct Open {
    door: Rc<Door>,
    bound: Rc<Bound>,
    accepting: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.door.is_open.set(false);
        self.bound.remove();
        self.accepting.abort();
    }
}

impl Default for Sockets {
    fn default() -> Self {
        let (came, arrivals) = mpsc::channel(ARRIVALS);
        Self { open: RefCell::default(), made: Cell::default(), came, arrivals: Cell::new(Some(arrivals)) }
    }
}

impl Sockets {
    /// Who comes through them; for the one who takes all connections in.
    pub(super) fn arrivals(&self) -> Option<mpsc::Receiver<Arrival>> {
        self.arrivals.take()
    }

    /// Makes one. `own` is where the agent's own socket may be.
    pub(super) fn open(&self, socket: RestrictedSocket, own: &[PathBuf]) -> Result<(), Denial> {
        let refused = |why| Denial::NoSocket { path: socket.path.clone(), why };
        if socket.indexes.len() > Question::MOST_INDEXES || !(1..=MOST_PURPOSES).contains(&socket.purposes.len()) {
            return Err(Denial::NotARequest);
        }
        if !socket.indexes.is_empty() && socket.purposes.contains(&Purpose::Push) {
            return Err(refused(NoSocket::Reach));
        }
        self.sweep();
        if self.open.borrow().len() >= MOST {
            return Err(refused(NoSocket::Many(MOST)));
        }
        let bound = Rc::new(bind(&socket.path, own).map_err(refused)?);
        tracing::info!(socket = %socket.path.display(), "a restricted socket is open");
        let number = self.made.replace(self.made.get() + 1);
        let door = Rc::new(Door { number, socket, is_open: Cell::new(true) });
        let accepting = tokio::task::spawn_local(accept(Rc::clone(&bound), Rc::clone(&door), self.came.clone()));
        self.open.borrow_mut().push(Open { door, bound, accepting: accepting.abort_handle() });
        Ok(())
    }

    /// Closes the one that is there: what was connected through it gets nothing any more.
    pub(super) fn close(&self, path: &Path) -> Result<(), Denial> {
        self.sweep();
        let mut open = self.open.borrow_mut();
        let at = open.iter().position(|one| one.door.path() == path);
        let at = at.ok_or_else(|| Denial::NoSocket { path: path.to_owned(), why: NoSocket::Absent })?;
        open.remove(at);
        tracing::info!(socket = %path.display(), "a restricted socket was closed");
        Ok(())
    }

    pub(super) fn close_all(&self) {
        self.open.borrow_mut().clear();
    }

    /// Closes those whose file somebody has removed.
    pub(super) fn sweep(&self) {
        self.open.borrow_mut().retain(|one| {
            let is_there = one.bound.is_there();
            if !is_there {
                tracing::info!(socket = %one.door.path().display(), "a restricted socket is gone");
            }
            is_there
        });
    }

    pub(super) fn all(&self) -> Vec<RestrictedSocket> {
        self.open.borrow().iter().map(|one| one.door.socket.clone()).collect()
    }
}

async fn accept(bound: Rc<Bound>, door: Rc<Door>, came: mpsc::Sender<Arrival>) {
    loop {
        match bound.accept().await {
            Ok(stream) => {
                if came.send((stream, Rc::clone(&door))).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot accept a connection of a restricted socket");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

/// A socket for everybody, in a folder of ours that nobody else can change.
fn bind(path: &Path, own: &[PathBuf]) -> Result<Bound, NoSocket> {
    let system = |error: std::io::Error| NoSocket::System(why(error.kind()));
    if path.as_os_str().len() > Paths::LONGEST_SOCKET {
        return Err(NoSocket::Long);
    }
    let (Some(folder), Some(_)) = (path.parent(), path.file_name()) else { return Err(NoSocket::Taken) };
    let folder = Folder::kept(folder).map_err(unfit)?;
    let same = |other: &Path| {
        use std::os::unix::fs::MetadataExt;
        let inode = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        inode(other).is_some_and(|other| inode(folder.path()) == Some(other))
    };
    if own.iter().flat_map(|own| own.ancestors().skip(1)).any(same) {
        return Err(NoSocket::OwnFolder);
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() && is_dead(path) => std::fs::remove_file(path).map_err(system)?,
        Ok(_) => return Err(NoSocket::Taken),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(system(error)),
    }
    let bound = Bound::listen_at(path).map_err(system)?;
    // The folder decides who comes so far.
    let_in_everybody(path).map_err(|error| system(error.into()))?;
    Ok(bound)
}

/// Changes the mode of the socket, and of nothing else that somebody in a container may have put in its place meanwhile.
fn let_in_everybody(path: &Path) -> rustix::io::Result<()> {
    let file = rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if !FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode).is_socket() {
        return Err(Errno::NOTSOCK);
    }
    // By its descriptor: Linux has no call that changes a mode and follows no link at the end of a path.
    rustix::fs::chmod(format!("/proc/self/fd/{}", file.as_raw_fd()), Mode::from_raw_mode(0o666))
}

fn unfit(error: FolderError) -> NoSocket {
    let is_unsafe = matches!(error, FolderError::Unsafe { .. });
    let remedy = match &error {
        FolderError::Unsafe { fault: Fault::Owner | Fault::Kind(_), .. } => {
            "name a path in a folder of yours".to_owned()
        }
        other => other.remedy(),
    };
    NoSocket::Folder { fault: error.to_string(), remedy, is_unsafe }
}

/// Whether nobody listens at a socket. One whose queue is full is asked without waiting, and lives.
fn is_dead(path: &Path) -> bool {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let connect = |socket| rustix::net::connect(&socket, &SocketAddrUnix::new(path)?);
    socket.and_then(connect) == Err(Errno::CONNREFUSED)
}

#[cfg(test)]
mod tests;
