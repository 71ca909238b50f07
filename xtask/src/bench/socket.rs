//! Requests over the socket, beside a bare echo server on the same kind of socket that gives back as many bytes.
//!
//! Both ends run on one core: between two, waking up the other one takes longer than everything else.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::protocol::{Question, Request, SessionBus, VERSION};
use devpi_tokens::target::Purpose;
use devpi_tokens::wire;
use testbed::Bed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Ground;
use super::table::{Bound, Table};
use crate::Outcome;
use crate::agent::succeed;

/// How often everything is measured, in turns.
const ROUNDS: usize = 40;

/// How many requests are made in one go, so that the clock is no part of it.
const BATCH: u32 = 500;

/// How many clients there are at once, where there are many.
const CLIENTS: usize = 16;

/// The core that both ends run on.
const CORE: &str = "0";

const OPEN: [&str; 2] = ["echo: a round trip", "agent: a question on an open connection"];
const WHOLE: [&str; 2] = ["echo: connect, two round trips, close", "agent: connect, greet, ask, close"];
const MANY: [&str; 2] = ["echo: a round trip of 16 clients", "agent: a question of 16 clients"];

/// What is said and how much is answered.
pub(super) struct Conversation {
    pub(super) hello: Vec<u8>,
    pub(super) ask: Vec<u8>,
}

/// Frames that are as long as an agent's answers: to the first frame of a connection, to all others.
#[derive(Clone)]
struct Answers {
    first: usize,
    later: usize,
}

pub(super) fn run(ground: &Ground<'_>) -> Result<Table, Box<dyn std::error::Error>> {
    let socket = ground.agent.state().join("agent.sock");
    let conversation = Conversation::of(ground.bed)?;
    let mut stream = UnixStream::connect(&socket)?;
    let answers = Answers {
        first: exchange(&mut stream, &conversation.hello)?,
        later: exchange(&mut stream, &conversation.ask)?,
    };
    drop(stream);
    let echo = Echo::start(&answers)?;
    on_one_core(ground.agent.pid()?, || measure(&conversation, [&echo.socket, &socket]))
}

/// Measures on this thread, which is on one core with all threads of the agent until it is done.
pub(super) fn on_one_core<T>(
    agent: u32,
    measure: impl FnOnce() -> Result<T, Box<dyn std::error::Error>>,
) -> Result<T, Box<dyn std::error::Error>> {
    let pin = |cores: &str, process: u32| {
        succeed(Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", cores, &process.to_string()]))
    };
    let status = std::fs::read_to_string(format!("/proc/{agent}/status"))?;
    let before = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).ok_or("no cores")?.trim();
    let both = [agent, std::process::id()];
    both.into_iter().try_for_each(|process| pin(CORE, process).map(drop))?;
    let measured = measure();
    both.into_iter().try_for_each(|process| pin(before, process).map(drop))?;
    measured
}

fn measure(conversation: &Conversation, sockets: [&Path; 2]) -> Result<Table, Box<dyn std::error::Error>> {
    let mut table = Table::new("the socket, both ends on one core", "µs");
    for _ in 0..ROUNDS {
        for (name, socket) in OPEN.into_iter().zip(sockets) {
            table.add(name, open(conversation, socket)?);
        }
        for (name, socket) in WHOLE.into_iter().zip(sockets) {
            table.add(name, whole(conversation, socket)?);
        }
        for (name, socket) in MANY.into_iter().zip(sockets) {
            table.add(name, many(conversation, socket)?);
        }
    }
    table.claim(OPEN[1], OPEN[0], Bound::AtMost(1.5));
    table.claim(WHOLE[1], WHOLE[0], Bound::AtMost(1.5));
    table.claim(MANY[0], MANY[1], Bound::AtLeast(0.6));
    Ok(table)
}

impl Conversation {
    /// A greeting, and a question about an index of that server.
    pub(super) fn of(bed: &Bed) -> Result<Self, Box<dyn std::error::Error>> {
        let hello = Request::Hello { version: VERSION, session: SessionBus::default() };
        let ask = Request::Ask(Question {
            server: bed.url().parse()?,
            user: None,
            purpose: Purpose::Read,
            indexes: vec!["alice/dev".parse()?],
            projects: Vec::new(),
            bytes: 0,
            stranger: None,
        });
        Ok(Self { hello: wire::encode(&hello)?.to_vec(), ask: wire::encode(&ask)?.to_vec() })
    }
}

fn open(conversation: &Conversation, socket: &Path) -> std::io::Result<f64> {
    let mut stream = UnixStream::connect(socket)?;
    exchange(&mut stream, &conversation.hello)?;
    let began = Instant::now();
    for _ in 0..BATCH {
        exchange(&mut stream, &conversation.ask)?;
    }
    Ok(each(began.elapsed(), BATCH))
}

fn whole(conversation: &Conversation, socket: &Path) -> std::io::Result<f64> {
    let began = Instant::now();
    for _ in 0..BATCH {
        let mut stream = UnixStream::connect(socket)?;
        exchange(&mut stream, &conversation.hello)?;
        exchange(&mut stream, &conversation.ask)?;
    }
    Ok(each(began.elapsed(), BATCH))
}

fn many(conversation: &Conversation, socket: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let streams: std::io::Result<Vec<UnixStream>> = (0..CLIENTS)
        .map(|_| {
            let mut stream = UnixStream::connect(socket)?;
            exchange(&mut stream, &conversation.hello)?;
            Ok(stream)
        })
        .collect();
    let began = Instant::now();
    std::thread::scope(|scope| -> Outcome {
        let talk = |mut stream: UnixStream| {
            scope.spawn(move || (0..BATCH).try_for_each(|_| exchange(&mut stream, &conversation.ask).map(drop)))
        };
        let talking: Vec<_> = streams?.into_iter().map(talk).collect();
        for one in talking {
            one.join().map_err(|_| "a client failed")??;
        }
        Ok(())
    })?;
    Ok(each(began.elapsed(), BATCH * u32::try_from(CLIENTS)?))
}

/// In microseconds.
fn each(elapsed: Duration, count: u32) -> f64 {
    elapsed.as_secs_f64() * 1e6 / f64::from(count)
}

/// Sends one frame and reads the one that answers it. The length of its content, in bytes.
pub(super) fn exchange(stream: &mut UnixStream, frame: &[u8]) -> std::io::Result<usize> {
    stream.write_all(frame)?;
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let mut content = [0; 4096];
    let length = wire::length(header).map_err(std::io::Error::other)?;
    let content = content.get_mut(..length).ok_or_else(|| std::io::Error::other("a long answer"))?;
    stream.read_exact(content)?;
    Ok(length)
}

/// An echo server in a process of its own, which ends with this.
struct Echo {
    child: Child,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Echo {
    fn start(answers: &Answers) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("echo.sock");
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", CORE]).arg(std::env::current_exe()?).arg("echo").arg(&socket);
        command.args([answers.first.to_string(), answers.later.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut ready = [0; 1];
        child.stdout.take().ok_or("no output")?.read_exact(&mut ready)?;
        Ok(Self { child, socket, _folder: folder })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The echo server itself, on tokio as the agent is: `xtask echo SOCKET FIRST LATER`.
pub(crate) fn echo(args: &[String]) -> Outcome {
    let [socket, first, later] = args else { return Err("echo SOCKET FIRST LATER".into()) };
    let answers = Answers { first: first.parse()?, later: later.parse()? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::UnixListener::bind(socket)?;
        println!("ready");
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::task::spawn_local(answer(stream, answers.clone()));
        }
    })
}

async fn answer(mut stream: tokio::net::UnixStream, answers: Answers) -> std::io::Result<()> {
    let mut length = answers.first;
    loop {
        let mut header = [0; 4];
        stream.read_exact(&mut header).await?;
        let mut content = vec![0; u32::from_be_bytes(header) as usize];
        stream.read_exact(&mut content).await?;
        let mut frame = u32::try_from(length).unwrap_or_default().to_be_bytes().to_vec();
        frame.resize(4 + length, b'x');
        stream.write_all(&frame).await?;
        length = answers.later;
    }
}
