//! One connection: a greeting, then requests and responses, each in its time.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::agent::Agent;
use super::guests::Guest;
use super::harden;
use super::visitor::Visitor;
use crate::protocol::SessionBus;
use crate::protocol::{Denial, Request, Response, VERSION};
use crate::wire::{self, WireError};

/// Until the first byte of a new connection.
const FIRST_BYTE: Duration = Duration::from_secs(2);
/// For a frame, from its first byte to its last.
const FRAME: Duration = Duration::from_secs(5);
/// Between two requests.
const IDLE: Duration = Duration::from_secs(30);

/// Serves a connection until its peer closes it, breaks the protocol, takes too long or has to make room.
pub(super) async fn serve(agent: Rc<Agent>, mut stream: Stream, visitor: Rc<Visitor>, guest: Guest) {
    let ended = converse(&agent, &mut stream, (&visitor, &guest)).await;
    if let Err(error) = ended {
        tracing::debug!(peer = visitor.pid(), %error, "connection ended");
    }
}

async fn converse(
    agent: &Rc<Agent>,
    stream: &mut Stream,
    (visitor, guest): (&Rc<Visitor>, &Guest),
) -> Result<(), WireError> {
    let session = match next(agent, stream, (guest, FIRST_BYTE)).await? {
        None => return Ok(()),
        // Where the desktop is, nobody from across a border tells us.
        Some(Ok(Request::Hello { version: VERSION, .. })) if visitor.is_restricted() => SessionBus::default(),
        Some(Ok(Request::Hello { version: VERSION, session })) => session,
        Some(Ok(Request::Hello { version, .. })) => {
            let denial = Denial::Version { agent: VERSION, client: version };
            return write(stream, &Response::Denied(denial)).await;
        }
        _ => return write(stream, &Response::Denied(Denial::NotARequest)).await,
    };
    let hello =
        Response::Hello { version: VERSION, pid: std::process::id(), program: env!("CARGO_PKG_VERSION").to_owned() };
    write(stream, &hello).await?;
    agent.met(&session, visitor);
    loop {
        let Some(asked) = next(agent, stream, (guest, IDLE)).await? else { return Ok(()) };
        let response = match asked {
            Ok(request) => announced(stream, visitor, answer(agent, request, &session, visitor)).await?,
            // The frame was whole, so the next one can be read: only this request is lost.
            Err(WireError::Json) => Response::Denied(Denial::NotARequest),
            Err(error) => return Err(error),
        };
        write(stream, &response).await?;
    }
}

/// An answer. Its peer is told at once where it has to wait for a person: of an agent that says nothing it need not think
/// for as long that it is at work.
async fn announced(
    stream: &mut Stream,
    visitor: &Visitor,
    answer: impl Future<Output = Response>,
) -> Result<Response, WireError> {
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => return Ok(answer),
        () = visitor.confirming() => write(stream, &Response::Confirming).await?,
    }
    Ok(answer.await)
}

async fn answer(agent: &Rc<Agent>, request: Request, session: &SessionBus, visitor: &Rc<Visitor>) -> Response {
    let (agent, session, visiting) = (Rc::clone(agent), session.clone(), Rc::clone(visitor));
    // In a box, as it is some kilobytes that would be moved again and again until they are where they stay.
    let answering = Box::pin(async move { agent.answer(request, &session, &visiting).await });
    answered((visitor.pid(), visitor.is_restricted()), answering).await
}

/// Answers in a task of its own: a panic there costs this answer only.
pub(super) async fn answered(
    (peer, is_restricted): (Option<u32>, bool),
    // No part of the one that awaits it, so what it leaves on the stack lies below that one's.
    answering: Pin<Box<dyn Future<Output = Result<Response, Denial>>>>,
) -> Response {
    let wiped = async {
        let answered = answering.await;
        harden::wipe_stack();
        answered
    };
    match apart(wiped).await {
        Some(Ok(response)) => response,
        Some(Err(denial)) => {
            // Whoever asks across a border turns no log over.
            match is_restricted {
                true => tracing::debug!(peer, %denial, "refused"),
                false => tracing::info!(peer, %denial, "refused"),
            }
            Response::Denied(denial)
        }
        None => {
            // It was left before it came to that.
            let _ = apart(async { harden::wipe_stack() }).await;
            tracing::error!(peer, "a request failed inside");
            Response::Denied(Denial::Internal)
        }
    }
}

/// Works in a task of its own: a panic there costs this work only, of which there is nothing then.
async fn apart<T: 'static>(work: impl Future<Output = T> + 'static) -> Option<T> {
    tokio::task::spawn_local(work).await.ok()
}

/// The next frame; none where the agent ends before it is whole, or somebody else needs the place.
async fn next(
    agent: &Agent,
    stream: &mut Stream,
    (guest, first): (&Guest, Duration),
) -> Result<Option<Result<Request, WireError>>, WireError> {
    tokio::select! {
        biased;
        heard = guest.hear(read(stream, first)) => heard.transpose(),
        () = agent.out_of_reach() => Ok(None),
    }
}

/// The outer error ends the connection; the inner one is of the frame's content.
async fn read(stream: &mut Stream, first: Duration) -> Result<Result<Request, WireError>, WireError> {
    let mut header = [0; 4];
    let begun = timeout(first, stream.read(&mut header)).await.map_err(|_| WireError::TimedOut)??;
    if begun == 0 {
        return Err(WireError::Closed);
    }
    let rest = async {
        stream.read_exact(&mut header[begun..]).await?;
        let mut content = Zeroizing::new(vec![0; wire::length(header)?]);
        stream.read_exact(&mut content).await?;
        Ok(content)
    };
    match timeout(FRAME, rest).await {
        Ok(Ok(content)) => Ok(wire::decode(&content)),
        // What follows a wrong length is no frame: say so once, then end.
        Ok(Err(WireError::Length(length))) => {
            write(stream, &Response::Denied(Denial::NotARequest)).await?;
            Err(WireError::Length(length))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(WireError::TimedOut),
    }
}

async fn write(stream: &mut Stream, response: &Response) -> Result<(), WireError> {
    let frame = wire::encode(response)?;
    let sent = async {
        stream.write_all(&frame).await?;
        stream.flush().await
    };
    Ok(timeout(FRAME, sent).await.map_err(|_| WireError::TimedOut)??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_the_answer_that_it_happened_in_and_nothing_else() {
        let local = tokio::task::LocalSet::new();
        let answers = local.run_until(async {
            let other = tokio::task::spawn_local(async { 1 });
            let none: Option<u32> = apart(async { panic!("a bug") }).await;
            (none, apart(async { 2 }).await, other.await.ok())
        });
        assert_eq!(answers.await, (None, Some(2), Some(1)));
    }
}
