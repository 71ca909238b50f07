//! The restricted sockets: made while the agent runs, each with a ceiling of its own, and gone with it.

use std::cell::{Cell, RefCell};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use interprocess::local_socket::tokio::Stream;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::listener::{BACK_OFF, Bound};
use crate::folder::{Fault, Folder, FolderError};
use crate::paths::Paths;
use crate::protocol::{Denial, NoSocket, Question, RestrictedSocket};

/// How many there may be at once.
const MOST: usize = 16;

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

    /// Makes a question one that is answered here.
    pub(super) fn narrow(&self, question: &mut Question) -> Result<(), Denial> {
        self.socket.narrow(question).map_err(|what| Denial::Beyond { what })
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
        if socket.indexes.len() > Question::MOST_INDEXES || socket.purposes.is_empty() {
            return Err(Denial::NotARequest);
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
    let system = |error: std::io::Error| NoSocket::System(error.kind().to_string());
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
    if own.iter().filter_map(|own| own.parent()).any(same) {
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
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).map_err(system)?;
    Ok(bound)
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
