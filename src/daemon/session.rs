//! One connection: a greeting, then requests and responses, each in its time.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_lite::FutureExt as _;
use interprocess::local_socket::tokio::Stream;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::agent::Agent;
use super::guests::Guest;
use super::harden;
use super::inbox::{FRAME, Inbox};
use super::visitor::Visitor;
use crate::protocol::SessionBus;
use crate::protocol::{Denial, Request, Response, VERSION};
use crate::wire::{self, WireError};

/// Until the first byte of a new connection.
const FIRST_BYTE: Duration = Duration::from_secs(2);
/// Between two requests.
const IDLE: Duration = Duration::from_secs(30);

/// How many requests of one connection may be answered before it is the turn of the others.
const AT_A_TIME: usize = 4;

/// Serves a connection until its peer closes it, breaks the protocol, takes too long or has to make room.
pub(super) async fn serve(agent: Rc<Agent>, mut stream: Stream, visitor: Visitor, guest: Guest) {
    let ended = converse(&agent, &mut stream, (&visitor, &guest)).await;
    if let Err(error) = ended {
        tracing::debug!(peer = visitor.pid(), %error, "connection ended");
    }
}

async fn converse(
    agent: &Rc<Agent>,
    stream: &mut Stream,
    (visitor, guest): (&Visitor, &Guest),
) -> Result<(), WireError> {
    let mut inbox = Inbox::new();
    let session = match next(agent, (stream, &mut inbox), (guest, FIRST_BYTE)).await? {
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
    for number in 1_usize.. {
        // No part of this, so that what it leaves on the stack lies below this: of the request, the answer, the response.
        let exchanging: Pin<Box<dyn Future<Output = _> + '_>> =
            Box::pin(exchange(agent, (stream, &mut inbox), &session, (visitor, guest)));
        let exchanged = exchanging.await;
        harden::wipe_stack();
        if exchanged?.is_none() {
            break;
        }
        // Whoever asks without a pause keeps nobody waiting.
        if number.is_multiple_of(AT_A_TIME) {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// One request and its response; none where the connection is to end.
async fn exchange(
    agent: &Rc<Agent>,
    (stream, inbox): (&mut Stream, &mut Inbox),
    session: &SessionBus,
    (visitor, guest): (&Visitor, &Guest),
) -> Result<Option<()>, WireError> {
    let Some(asked) = next(agent, (&mut *stream, inbox), (guest, IDLE)).await? else { return Ok(None) };
    let response = match asked {
        Ok(request) => announced(stream, visitor, answer(agent, request, session, visitor)).await?,
        // The frame was whole, so the next one can be read: only this request is lost.
        Err(WireError::Json) => Response::Denied(Denial::NotARequest),
        Err(error) => return Err(error),
    };
    write(stream, &response).await.map(Some)
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
        // In this order: whoever does not wait yet when the answer begins is not told (`Notify::notify_waiters`).
        biased;
        () = visitor.confirming() => {}
        answer = &mut answer => return Ok(answer),
    }
    // The answer goes on meanwhile, and where nobody is left to be told: it is for the log to say what came of it.
    let (told, answer) = tokio::join!(write(stream, &Response::Confirming), answer);
    told.map(|()| answer)
}

async fn answer(agent: &Rc<Agent>, request: Request, session: &SessionBus, visitor: &Visitor) -> Response {
    // In a box, as it is some kilobytes that would be moved again and again until they are where they stay.
    let answering = Box::pin(async {
        let answer = agent.answer(request, session, visitor).await;
        answer.map_err(|denial| visitor.told(denial))
    });
    answered((visitor.pid(), visitor.is_restricted()), answering).await
}

/// An answer, where a panic costs this answer only.
pub(super) async fn answered(
    (peer, is_restricted): (Option<u32>, bool),
    answering: Pin<Box<dyn Future<Output = Result<Response, Denial>> + '_>>,
) -> Response {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(denial)) => {
            // Whoever asks across a border turns no log over.
            match is_restricted {
                true => tracing::debug!(peer, %denial, "refused"),
                false => tracing::info!(peer, %denial, "refused"),
            }
            Response::Denied(denial)
        }
        Err(_) => {
            tracing::error!(peer, "a request failed inside");
            Response::Denied(Denial::Internal)
        }
    }
}

/// The next frame; none where the agent ends before it is whole, or somebody else needs the place. The outer error ends
/// the connection; the inner one is of the frame's content.
async fn next(
    agent: &Agent,
    (stream, inbox): (&mut Stream, &mut Inbox),
    (guest, first): (&Guest, Duration),
) -> Result<Option<Result<Request, WireError>>, WireError> {
    let Stream::UdSocket(end) = &mut *stream;
    let heard = tokio::select! {
        biased;
        heard = guest.hear(inbox.next(end, first)) => heard.transpose(),
        () = agent.out_of_reach() => Ok(None),
    };
    // What follows a wrong length is no frame: say so once, then end.
    if let Err(WireError::Length(_)) = heard {
        write(stream, &Response::Denied(Denial::NotARequest)).await?;
    }
    heard
}

async fn write(stream: &mut Stream, response: &Response) -> Result<(), WireError> {
    let frame = wire::encode(response)?;
    let sent = async {
        stream.write_all(&frame).await?;
        stream.flush().await
    };
    Ok(timeout(FRAME, sent).await.map_err(|_| WireError::TimedOut)??)
}
