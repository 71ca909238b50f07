//! The command: started, told the signals that this process gets, and waited for.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit};

use crate::exit::{Exit, Failure, why};

/// What the command is told, where it was meant for this process.
const PASSED_ON: [Signal; 6] =
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];

/// What a shell has to see that it was the end of a command: a loop of its goes on else.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// How long nothing is looked at: neither a suspend that ends nor a clock that is set wakes anybody.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// The signals that are held back from ending this process.
pub(super) struct Signals {
    /// What was held back before.
    before: SigSet,
    waiting: SignalFd,
}

/// Refuses to begin where the end of a process is ignored, which is inherited: nobody would learn the command's.
pub(super) fn check() -> Result<(), Failure> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    if ignored.unwrap_or_default() & (1 << (Signal::SIGCHLD as i32 - 1)) == 0 {
        return Ok(());
    }
    Err(Failure::new(Exit::Unavailable, "what started this ignores SIGCHLD, so the command's end could not be seen")
        .with_remedy("start it so: env --default-signal=CHLD devpi-tokens exec ..."))
}

impl Signals {
    /// Holds them.
    pub(super) fn hold() -> Result<Self, Failure> {
        let mut held = SigSet::from_iter(PASSED_ON);
        held.add(Signal::SIGCHLD);
        let watch = || {
            let waiting = SignalFd::with_flags(&held, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
            Ok(Self { before: held.thread_swap_mask(SigmaskHow::SIG_BLOCK)?, waiting })
        };
        watch().map_err(|error: Errno| cannot_watch(&error.to_string()))
    }

    /// Ends as the command did: by the same signal where that is one of those that people and terminals send, else with
    /// its code, or 128 and the number of its signal. To be called once nothing is left behind.
    pub(super) fn end(&self, end: End) -> ExitCode {
        let signal = match end {
            End::Code(code) => return ExitCode::from(code),
            End::Signal(signal) => signal,
        };
        if let Some(ending) = ENDING.into_iter().find(|ending| *ending as i32 == signal) {
            // A core file of this process would hold tokens.
            let nothing = Rlimit { current: Some(0), maximum: Some(0) };
            if rustix::process::setrlimit(Resource::Core, nothing).is_ok() {
                let _ = nix::sys::signal::raise(ending).and_then(|()| SigSet::from(ending).thread_unblock());
            }
        }
        ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX))
    }

    /// Starts a process that gets them as ever, though it is born with what is held back here.
    fn start(&self, command: &mut Command) -> std::io::Result<Child> {
        let before = self.before;
        // SAFETY: between fork and exec this calls pthread_sigmask alone, which is safe in a handler of signals
        // (signal-safety(7)), and takes no memory.
        #[expect(unsafe_code, reason = "no safe call starts a process with another mask of signals")]
        unsafe {
            command.pre_exec(move || Ok(before.thread_set_mask()?));
        }
        command.spawn()
    }

    /// Waits for one, for a tick at most.
    fn wait(&self) -> Option<Held> {
        let mut watched = [PollFd::new(&self.waiting, PollFlags::IN)];
        // An interrupted wait is a short one.
        let _ = poll(&mut watched, Some(&TICK));
        self.next()
    }

    /// One that is waiting.
    fn next(&self) -> Option<Held> {
        let got = self.waiting.read_signal().ok().flatten()?;
        let signal = Signal::try_from(i32::try_from(got.ssi_signo).ok()?).ok()?;
        // A terminal that is closed tells the leader of its session alone, and the others only at that one's end.
        let is_from_terminal = got.ssi_code == libc::SI_KERNEL && signal != Signal::SIGHUP;
        Some(Held { signal, is_from_terminal })
    }
}

/// How the command ended.
pub(super) enum End {
    /// With this exit code.
    Code(u8),
    /// By the signal of this number.
    Signal(i32),
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> Self {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        code.map_or_else(|| Self::Signal(status.signal().unwrap_or_default()), Self::Code)
    }
}

struct Held {
    signal: Signal,
    /// Then the command has got it, too: the terminal tells all processes in front of it.
    is_from_terminal: bool,
}

/// The command with its netrc.
pub(super) fn prepared(words: &[OsString], netrc: &Path) -> Command {
    let mut command = Command::new(words.first().map_or_else(OsString::new, Clone::clone));
    command.args(words.iter().skip(1)).env("NETRC", netrc);
    command
}

/// Starts the command, and waits for its end; `turn` is called twice a second.
pub(super) fn run(command: &mut Command, signals: &Signals, turn: &mut dyn FnMut()) -> Result<End, Failure> {
    // One that came before the command did would be lost on it.
    while let Some(Held { signal, .. }) = signals.next() {
        if signal != Signal::SIGCHLD {
            return Ok(End::Signal(signal as i32));
        }
    }
    let mut child = signals.start(command).map_err(|error| not_started(command, &error))?;
    // A terminal tells those that are there, which the command was not for all of these.
    while let Some(Held { signal, .. }) = signals.next() {
        if signal != Signal::SIGCHLD {
            pass_on(signal, &child);
        }
    }
    loop {
        if let Some(status) = child.try_wait().map_err(|error| cannot_watch(&why(error.kind())))? {
            return Ok(status.into());
        }
        let held = signals.wait();
        if let Some(Held { signal, is_from_terminal: false }) = held
            && signal != Signal::SIGCHLD
        {
            pass_on(signal, &child);
        }
        turn();
    }
}

/// It was not waited for yet, so its number is still its own.
fn pass_on(signal: Signal, child: &Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // One that has just ended is noticed at the next turn.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal);
    }
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    let name = crate::escape::printable(&command.get_program().to_string_lossy());
    match error.kind() {
        ErrorKind::NotFound => Failure::new(Exit::NoCommand, format!("there is no command {name}"))
            .with_remedy("name one that is on PATH, or its path"),
        kind => Failure::new(Exit::CannotRun, format!("cannot run {name}: {kind}"))
            .with_remedy("name a program or a script that you may run"),
    }
}

fn cannot_watch(why: &str) -> Failure {
    Failure::new(Exit::Unavailable, format!("cannot watch over the command: {why}"))
        .with_remedy("this needs the signals of Linux, which some sandboxes withhold")
}
