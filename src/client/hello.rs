//! The greeting that begins every conversation with the agent.

use std::path::Path;

use interprocess::local_socket::Stream;

use super::{Client, PATIENCE, broken, is_named};
use crate::exit::{Exit, Failure};
use crate::protocol::{Denial, Request, Response, SessionBus, VERSION};
use crate::session_bus;
use crate::socket::{self, SocketError, Trust};
use crate::wire::{self, WireError};

/// A connection on which hello was said, and no answer was read.
pub(super) struct Hello<'a> {
    stream: Stream,
    socket: &'a Path,
    is_strange: bool,
}

/// Why there is no conversation.
pub(super) enum NotGreeted {
    Wire(WireError),
    Refused(Failure),
}

impl From<WireError> for NotGreeted {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<NotGreeted> for Failure {
    fn from(why: NotGreeted) -> Self {
        match why {
            NotGreeted::Wire(error) => broken(&error),
            NotGreeted::Refused(failure) => failure,
        }
    }
}

impl<'a> Hello<'a> {
    /// Says hello at that socket; `None` where nobody listens, or where the agent ends just now.
    pub(super) fn to(socket: &'a Path) -> Result<Option<Self>, Failure> {
        // Whoever names a socket in a container means the one that was handed in, whatever its user is called there.
        let trust = if is_named(socket) { Trust::OrOutside } else { Trust::Ours };
        let (mut stream, peer) = match socket::connect(socket, trust, PATIENCE) {
            Ok(connected) => connected,
            Err(SocketError::Nobody(_)) => return Ok(None),
            Err(error @ SocketError::Stranger { .. }) => {
                return Err(Failure::new(Exit::Unsafe, error.to_string())
                    .with_remedy("somebody else's process sits where your agent should: tell your administrator"));
            }
            Err(error @ SocketError::Io { .. }) => return Err(Failure::new(Exit::Unavailable, error.to_string())),
        };
        let is_strange = !peer.is_us();
        let session = match is_strange {
            true => SessionBus::default(),
            false => SessionBus {
                terminal: session_bus::terminal(),
                ..SessionBus::from_environment(|name| std::env::var(name).ok())
            },
        };
        match wire::send(&mut stream, &Request::Hello { version: VERSION, session }) {
            Ok(()) => Ok(Some(Self { stream, socket, is_strange })),
            Err(WireError::Closed) => Ok(None),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Waits for the answer.
    pub(super) fn answered(self) -> Result<Client, NotGreeted> {
        let Self { mut stream, socket, is_strange } = self;
        match wire::receive(&mut stream) {
            Ok(Response::Hello { version: VERSION, pid, program }) => {
                Ok(Client { stream, agent: pid, program, socket: socket.to_owned(), is_strange })
            }
            Ok(Response::Hello { version, .. }) => {
                let denial = Denial::Version { agent: version, client: VERSION };
                Err(NotGreeted::Refused(denial.into()))
            }
            Ok(Response::Denied(denial)) => Err(NotGreeted::Refused(denial.into())),
            Ok(_) | Err(WireError::Json | WireError::Length(_)) => Err(NotGreeted::Refused(not_an_agent(socket))),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whoever is not understood cannot be asked to stop either. Which process it is nobody knows for sure: the system names the
/// one that began to listen, which may be the session's systemd.
fn not_an_agent(socket: &Path) -> Failure {
    let message = format!("what answers at {} is no agent that this program understands", socket.display());
    Failure::new(Exit::Unavailable, message)
        .with_remedy("where it is an agent of another version: pkill -x devpi-tokens-ag")
}
