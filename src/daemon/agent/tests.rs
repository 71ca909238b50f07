//! An agent that listens on a socket: a panic while a request is answered, and who is answered in which order.

use std::path::Path;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tracing::Level;

use super::super::listener::{Bound, listen};
use super::super::lock::Lock;
use super::super::{log, session};
use super::*;
use crate::client::Client;
use crate::folder::Folder;
use crate::logbook::Logbook;
use crate::protocol::VERSION;
use crate::wire;

const CANARY: &str = "devpi-AgEFZGV2cGkCKGFsaWNlLTdRenVubGlrZWx5";

/// Where an agent has everything, in a folder of its own.
fn paths_in(home: &Path) -> Paths {
    let at = |name: &str| home.join(name);
    let paths = Paths { config: at("c"), data: at("d"), state: at("s"), sockets: vec![at("s/agent.sock")] };
    Folder::private(&paths.state).expect("a folder");
    paths
}

/// An agent that has all it needs to listen there.
fn ready(paths: &Paths) -> (Rc<Agent>, Lock, Bound) {
    let agent = Rc::new(Agent::new("/nowhere".into(), paths.clone()).expect("an agent"));
    let lock = Lock::take(&paths.state).expect("a lock").expect("nobody else's");
    (agent, lock, Bound::bind(&paths.sockets).expect("bound"))
}

/// One request on a connection of its own, from a thread of its own as clients block.
async fn asked(paths: &Paths, request: Request) -> Result<Response, Failure> {
    let paths = paths.clone();
    let asking = move || Client::running(&paths)?.expect("an agent").request(&request);
    tokio::task::spawn_blocking(asking).await.expect("no panic out there")
}

#[expect(clippy::await_holding_refcell_ref, reason = "whoever runs meanwhile is to find it held")]
#[tokio::test]
async fn a_panic_in_a_request_costs_its_answer_only_and_the_log_has_no_word_of_it() {
    let home = tempfile::tempdir().expect("a folder");
    let paths = paths_in(home.path());
    let book = Mutex::new(Logbook::of_agent(&paths.state).expect("a log"));
    let trace = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(book).finish();
    // With one subscriber alone, whichever thread logs a line first decides for all of them whether it is of interest.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _logging = tracing::subscriber::set_default(trace);
    let before = std::panic::take_hook();
    log::report_panics();

    let (agent, lock, bound) = ready(&paths);
    let asking = async {
        let panics = async { panic!("{CANARY}") };
        assert!(matches!(session::answered((None, false), Box::pin(panics)).await, Response::Denied(Denial::Internal)));
        // Whatever changes it meanwhile panics.
        let held = agent.issuer.borrow();
        let failure = asked(&paths, Request::Lock).await.expect_err("it panics");
        assert_eq!(failure.message, Failure::from(Denial::Internal).message);
        drop(held);
        assert!(matches!(asked(&paths, Request::Lock).await, Ok(Response::Done)));
        agent.stop();
    };
    let set = tokio::task::LocalSet::new();
    let (served, ()) = set.run_until(async { tokio::join!(listen(Rc::clone(&agent), bound, &lock), asking) }).await;
    served.expect("served to its end");
    std::panic::set_hook(before);

    let log = std::fs::read_to_string(paths.state.join("agent.log")).expect("a log");
    assert_eq!(log.matches("a panic place=").count(), 2, "{log}");
    assert!(log.contains("src/daemon/agent/tests.rs"), "the place is there: {log}");
    assert_eq!(log.matches("a request failed inside").count(), 2, "{log}");
    assert!(!log.contains("devpi-") && !log.contains("borrowed"), "{log}");
}

#[tokio::test]
async fn whoever_asks_without_a_pause_keeps_nobody_waiting() {
    let home = tempfile::tempdir().expect("a folder");
    let paths = paths_in(home.path());
    let (agent, lock, bound) = ready(&paths);
    let frame = |request: &Request| wire::encode(request).expect("a frame").to_vec();
    let greeted = async || {
        let mut stream = UnixStream::connect(&paths.sockets[0]).await.expect("a connection");
        let hello = Request::Hello { version: VERSION, session: SessionBus::default() };
        stream.write_all(&frame(&hello)).await.expect("said");
        stream.read_buf(&mut Vec::with_capacity(1000)).await.expect("an answer");
        stream
    };
    let asking = async {
        let (mut busy, mut other) = (greeted().await, greeted().await);
        busy.write_all(&frame(&Request::Status).repeat(100)).await.expect("said");
        other.write_all(&frame(&Request::Status)).await.expect("said");
        other.read_buf(&mut Vec::with_capacity(1000)).await.expect("an answer");
        // At once, before the agent goes on.
        let mut answers = vec![0; 1 << 20];
        let length = rustix::io::read(&busy, &mut answers).expect("answers");
        let answered = String::from_utf8_lossy(&answers[..length]).matches("{\"status\":").count();
        assert!((1..20).contains(&answered), "{answered} of 100 before the other one");
        agent.stop();
    };
    let set = tokio::task::LocalSet::new();
    let (served, ()) = set.run_until(async { tokio::join!(listen(Rc::clone(&agent), bound, &lock), asking) }).await;
    served.expect("served to its end");
}
