//! The agent: keeps root tokens, hands out derived ones, asks nobody on the network.

mod agent;
mod bases;
mod confirm;
mod ending;
mod guests;
mod handouts;
mod harden;
mod idle;
mod inbox;
mod issuer;
mod listener;
mod lock;
mod log;
mod policies;
mod quota;
mod session;
mod sockets;
mod store;
mod visitor;
mod weigh;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use agent::Agent;
pub use harden::harden;
use listener::Bound;
use lock::Lock;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client::Client;
use crate::exit::{Exit, Failure, why};
use crate::folder::Folder;
use crate::memory;
use crate::paths::Paths;
use crate::vault::{Key, child};
use crate::wrap::WIDTH;

const PROGRAM: &str = "devpi-tokens-agent";

/// How long another agent may take from its lock to its socket, or from its last answer to its end.
const OTHER: Duration = Duration::from_secs(6);

/// What `--help` says.
pub const USAGE: &str = "devpi-tokens-agent [--foreground] [--socket PATH]

  started by the programs that need it; by hand: devpi-tokens agent start

  --foreground   stay in the terminal, and write the log there
  --socket PATH  listen there
  --new-key      print a key that a command may keep for a vault
  --version      print the version
";

/// Runs the agent, or the child of an agent. `args` are those of the process, its own name first. `harden` is
/// [`harden`]; only a test that has to find secrets in memory gives another one.
pub fn run(
    args: &[OsString],
    harden: fn() -> Result<(), Failure>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    // Before anything else: from here on this process may hold secrets.
    if let Err(failure) = harden() {
        failure.report(PROGRAM, WIDTH, err);
        return failure.exit.into();
    }
    let words: Vec<&str> = args.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).collect();
    if words.first() == Some(&child::ARGUMENT) {
        return child::run(std::io::stdin(), &mut std::io::stdout());
    }
    let Some(options) = Options::parse(&words) else {
        let (to, exit): (&mut dyn Write, _) = match words[..] {
            ["--help" | "-h"] => (out, Exit::Done),
            ["--new-key"] => {
                let said = writeln!(out, "{}", Key::generate().to_secret().expose());
                return if said.is_ok() { Exit::Done.into() } else { Exit::CannotWrite.into() };
            }
            ["--version" | "-V"] => {
                let said = writeln!(out, "{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
                return if said.is_ok() { Exit::Done.into() } else { Exit::CannotWrite.into() };
            }
            _ => (err, Exit::Usage),
        };
        // Nobody is left to tell where the stream is closed.
        let _ = write!(to, "{USAGE}");
        return exit.into();
    };
    match serve(&options, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if options.foreground => {
            failure.report(PROGRAM, WIDTH, err);
            failure.exit.into()
        }
        Err(failure) => {
            // The client that started this agent reads its standard output, and reports in its own name.
            let _ = writeln!(out, "{}\n{}", failure.message, failure.remedy.unwrap_or_default());
            failure.exit.into()
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    foreground: bool,
    socket: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--foreground" => options.foreground = true,
                "--socket" => options.socket = Some(words.next().map(PathBuf::from).filter(|path| path.is_absolute())?),
                _ => return None,
            }
        }
        Some(options)
    }
}

fn serve(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    if !options.foreground {
        harden::detach()?;
    }
    let mut paths = Paths::find()?;
    paths.sockets = options.socket.clone().map_or(paths.sockets, |socket| vec![socket]);
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Unavailable, format!("cannot tell where this program lies: {}", why(error.kind())))
    })?;
    for folder in [&paths.data, &paths.state] {
        Folder::private(folder)?;
    }
    let Some(lock) = lock_or_other(&paths)? else {
        let said = if options.foreground { "already running" } else { "ready" };
        let _ = writeln!(out, "{said}");
        return Ok(());
    };
    log::start(&paths.state, options.foreground)?;
    log::say_whether_swappable();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Unavailable, format!("cannot start the agent's runtime: {}", why(error.kind())))
    })?;
    let local = tokio::task::LocalSet::new();
    let served = local.block_on(&runtime, async {
        let given = if options.foreground { Bound::given()? } else { None };
        let bound = given.map_or_else(|| Bound::bind(&paths.sockets), Ok)?;
        tracing::info!(socket = %bound.path().display(), "serving");
        // Whoever hears that it is ready may send one.
        let signals = Signals::received().map_err(|error| {
            Failure::new(Exit::Unavailable, format!("cannot receive signals: {}", why(error.kind())))
        })?;
        let _ = writeln!(out, "ready");
        // Where no service manager has started this agent, there is nobody to tell.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        if !options.foreground {
            harden::let_go_of_output()?;
        }
        let agent = Rc::new(Agent::new(program, paths)?);
        memory::let_go_of_files();
        tokio::task::spawn_local(signals.heed(Rc::clone(&agent)));
        listener::listen(agent, bound, &lock).await
    });
    tracing::info!("ended");
    drop(lock);
    served
}

/// The lock; or nothing, once another agent serves. One that is just ending lets go of it.
fn lock_or_other(paths: &Paths) -> Result<Option<Lock>, Failure> {
    let deadline = Instant::now() + OTHER;
    while Instant::now() < deadline {
        if let Some(lock) = Lock::take(&paths.state)? {
            return Ok(Some(lock));
        }
        if Client::running(paths)?.is_some() {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let place = paths.sockets.first().map(|socket| format!(" at {}", socket.display())).unwrap_or_default();
    let elsewhere = if std::env::var_os(Paths::SOCKET).is_some() { "leave out DEVPI_TOKENS_SOCK, " } else { "" };
    Err(Failure::new(Exit::Unavailable, format!("another agent holds the lock, and does not serve{place}"))
        .with_remedy(format!("{elsewhere}end it, or look at its log in {}", paths.state.display())))
}

/// What the agent is told by signals. From here on none of them does what it does to a program that knows nothing of it.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    lock: Signal,
    hangup: Signal,
}

impl Signals {
    fn received() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            lock: signal(SignalKind::user_defined1())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// SIGTERM and SIGINT end the agent, SIGUSR1 locks it.
    async fn heed(mut self, agent: Rc<Agent>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.lock.recv() => agent.lock(),
                // The terminal that the first client ran in is gone; the agent stays. There is nothing to be read anew:
                // `config.toml` is read for each question.
                _ = self.hangup.recv() => {}
            }
        }
        agent.stop();
    }
}
