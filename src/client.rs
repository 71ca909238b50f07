//! One blocking conversation with the agent, which is started where it is needed and does not run.

mod hello;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use interprocess::local_socket::Stream;

use crate::exit::{Exit, Failure, why};
use crate::hosts::{self, Hosts};
use crate::paths::Paths;
use crate::protocol::{Credential, Question, Request, Response};
use crate::wire::{self, WireError};

use hello::{Hello, NotGreeted};

/// How long an answer may take: the agent waits 5 s for the bases of an index and 2 s for the desktop's keyring.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer may take that a person gives: pinentry and the desktop's keyring wait 60 s for one.
const PATIENCE_WITH_PEOPLE: Duration = Duration::from_secs(65);

/// How long a new agent may take to serve.
const START: Duration = Duration::from_secs(7);

/// What a new agent keeps of the environment of the client that started it, beside [`Paths::VARIABLES`]. Nothing else
/// reaches it: it outlives the client, and must not depend on which client was the first.
const KEPT: &[&str] = &["DEVPI_TOKENS_LOG", "LANG", "TZ", "PATH"];

/// A connection to the agent, past its greeting.
pub struct Client {
    stream: Stream,
    /// The agent's process id.
    pub agent: u32,
    /// The version of the agent's program.
    pub program: String,
    /// The socket that it was reached at.
    pub socket: PathBuf,
    /// Whether it is another user's, outside of our container: it is asked for tokens, and told no secret.
    is_strange: bool,
}

impl Client {
    /// A connection to an agent that runs; `None` where none does.
    ///
    /// # Errors
    /// Where somebody else listens, or where the agent does not greet as it should.
    pub fn running(paths: &Paths) -> Result<Option<Self>, Failure> {
        for path in &paths.sockets {
            match Hello::to(path)?.map(Hello::answered) {
                // An agent that ends just now lets go of those who had connected.
                None | Some(Err(NotGreeted::Wire(WireError::Closed))) => {}
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(client)) => return Ok(Some(client)),
            }
        }
        Ok(None)
    }

    /// A connection to the agent, started if need be.
    ///
    /// # Errors
    /// As [`Client::running`], and where the agent does not start.
    pub fn connect(paths: &Paths) -> Result<Self, Failure> {
        if let Some(client) = Self::running(paths)? {
            return Ok(client);
        }
        start(&agent_program()?)?;
        Self::running(paths)?.ok_or_else(|| {
            Failure::new(Exit::Unavailable, "the agent was started and is gone again")
                .with_remedy("see why: devpi-tokens-agent --foreground")
        })
    }

    /// One request and its response; a refusal is a failure.
    ///
    /// # Errors
    /// What the agent refuses, and what is wrong with the connection.
    pub fn request(&mut self, request: &Request) -> Result<Response, Failure> {
        if self.is_strange && !matches!(request, Request::Ask(_) | Request::Servers) {
            let message = format!("{} is another user's agent: it is only asked for tokens", self.socket.display());
            return Err(Failure::new(Exit::Refused, message).with_remedy("do that where the agent runs"));
        }
        let first = self.begin(request).map_err(|error| broken(&error))?;
        told(self.end(first))
    }

    /// Says the request, and hears what is said first.
    fn begin(&mut self, request: &Request) -> Result<Response, WireError> {
        wire::send(&mut self.stream, request)?;
        self.receive(if takes_long(request) { PATIENCE_WITH_PEOPLE } else { PATIENCE })
    }

    /// The response, where that may not be what is said first.
    fn end(&mut self, first: Response) -> Result<Response, WireError> {
        match first {
            Response::Confirming => self.receive(PATIENCE_WITH_PEOPLE),
            response => Ok(response),
        }
    }

    fn receive(&mut self, patience: Duration) -> Result<Response, WireError> {
        use interprocess::local_socket::prelude::*;
        self.stream.set_recv_timeout(Some(patience))?;
        wire::receive(&mut self.stream)
    }

    /// Waits until the agent closes this connection, as it does when it ends.
    ///
    /// # Errors
    /// Where it takes too long.
    pub fn wait_for_end(mut self) -> Result<(), Failure> {
        match wire::receive::<Response>(&mut self.stream) {
            Err(WireError::Closed) => Ok(()),
            Err(error) => Err(broken(&error)),
            Ok(_) => Err(unexpected()),
        }
    }
}

/// Whether a person may have to open the desktop's keyring first, or a passphrase is tried, which waits after wrong ones.
/// Where a person has to confirm something, the agent says so.
fn takes_long(request: &Request) -> bool {
    matches!(request, Request::Create { .. } | Request::Unlock { .. } | Request::SetPolicy { .. })
}

/// One request on a connection of its own, to an agent that is started if need be. What a person types between two
/// requests may take longer than the agent keeps a silent connection.
///
/// # Errors
/// As [`Client::connect`] and [`Client::request`].
pub fn ask(paths: &Paths, request: &Request) -> Result<Response, Failure> {
    Client::connect(paths)?.request(request)
}

/// Greets the agent, where one runs, and does not wait for its answer: it looks at who is going to ask, which takes as
/// long as many a question takes to be put together. What is wrong is said by [`Greeted::ask`].
pub fn greet(paths: &Paths) -> Greeted<'_> {
    let first = paths.sockets.iter().find_map(|socket| Hello::to(socket).transpose());
    Greeted { paths, hello: first.and_then(Result::ok) }
}

/// An agent that was greeted, or that is going to be started.
pub struct Greeted<'a> {
    paths: &'a Paths,
    hello: Option<Hello<'a>>,
}

impl Greeted<'_> {
    /// Asks; on another connection where this one is closed before anything was said to the question, as the agent does
    /// with those who are silent for long or whose place somebody else needs.
    ///
    /// # Errors
    /// Those of [`ask`].
    pub fn ask(self, question: Question) -> Result<Credential, Failure> {
        let request = Request::Ask(question);
        let begun = self.hello.map(|hello| {
            let mut client = hello.answered()?;
            let first = client.begin(&request)?;
            Ok((client, first))
        });
        let response = match begun {
            Some(Ok((mut client, first))) => told(client.end(first)),
            None | Some(Err(NotGreeted::Wire(WireError::Closed))) => ask(self.paths, &request),
            Some(Err(error)) => Err(error.into()),
        };
        match response? {
            Response::Credential(credential) => Ok(credential),
            _ => Err(unexpected()),
        }
    }
}

/// The servers that are ours; where there is no list, as in a container, what the agent says of them that serves
/// the socket which the environment names.
///
/// # Errors
/// Those of that agent.
pub fn hosts(paths: &Paths) -> Result<Hosts, Failure> {
    if let Some(listed) = Hosts::open(&paths.hosts()) {
        return Ok(listed);
    }
    if !paths.sockets.iter().any(|path| is_named(path)) {
        return Ok(Hosts::default());
    }
    // None is started for it: it would know of no server.
    let Some(mut agent) = Client::running(paths)? else { return Ok(Hosts::default()) };
    match agent.request(&Request::Servers)? {
        Response::Servers(servers) => Ok(Hosts::Told(hosts::text(servers.iter()))),
        _ => Err(unexpected()),
    }
}

/// A response; a refusal is a failure.
fn told(response: Result<Response, WireError>) -> Result<Response, Failure> {
    match response.map_err(|error| broken(&error))? {
        Response::Denied(denial) => Err(denial.into()),
        response => Ok(response),
    }
}

/// Whether the environment names that socket.
fn is_named(path: &Path) -> bool {
    std::env::var_os(Paths::SOCKET).is_some_and(|named| Path::new(&named) == path)
}

/// An answer of another kind than the request has.
pub fn unexpected() -> Failure {
    broken(&WireError::Json)
}

fn broken(error: &WireError) -> Failure {
    let exit = if matches!(error, WireError::TimedOut) { Exit::TryAgain } else { Exit::Unavailable };
    let message = match error {
        WireError::TimedOut => "the agent took too long".to_owned(),
        WireError::Closed => "the agent closed the connection".to_owned(),
        other => format!("the agent answered with {other}"),
    };
    Failure::new(exit, message).with_remedy("try again; if it stays so: devpi-tokens agent stop")
}

/// The agent's program: it lies beside the running one, wherever that was linked from.
///
/// # Errors
/// [`Exit::Unavailable`] where it is not there.
pub fn agent_program() -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("devpi-tokens-agent"));
    beside.filter(|program| program.is_file()).ok_or_else(|| {
        Failure::new(Exit::Unavailable, "devpi-tokens-agent is not installed beside this program")
            .with_remedy("install devpi-tokens again: all three programs belong together")
    })
}

/// Starts the agent and waits until it serves, or says why it does not. It leaves this process's session by itself.
fn start(program: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Unavailable, format!("cannot start {}: {}", program.display(), why(error.kind())))
    };
    let kept = KEPT.iter().chain(&Paths::VARIABLES);
    let kept = kept.filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
    let mut child = Command::new(program)
        .env_clear()
        .envs(kept)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut said = String::new();
    if let Some(stdout) = &mut child.stdout {
        let bytes = crate::pipe::read(stdout, 4096, START).map_err(failed)?;
        said = String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut lines = said.lines();
    match lines.next() {
        Some("ready") => Ok(()),
        Some(message) => {
            let remedy = lines.next().map(str::to_owned);
            let is_unsafe = child.wait().map_err(failed)?.code() == Some(Exit::Unsafe as i32);
            let exit = if is_unsafe { Exit::Unsafe } else { Exit::Unavailable };
            Err(Failure { exit, message: message.to_owned(), remedy })
        }
        None => Err(Failure::new(Exit::Unavailable, "the agent ended without a word")
            .with_remedy("see why: devpi-tokens-agent --foreground")),
    }
}
