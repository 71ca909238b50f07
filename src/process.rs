//! What the operating system tells about a process, and who is asking.

#[cfg(target_os = "linux")]
mod linux;

use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::OnceLock;

use nix::sys::signal::{SigHandler, Signal, signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::caller::is_shim;

use linux::{Entry, Status};

/// How many processes upwards the caller is looked for.
const MOST_STEPS: usize = 8;

/// Why nothing is known of a process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It has ended, or there never was one.
    #[error("process {0} has ended")]
    Ended(u32),
    /// The system does not show it to us.
    #[error("cannot look at process {pid}")]
    Hidden {
        /// Which process.
        pid: u32,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A process, held by an entry that stays with it: once it has ended nothing more is read, even where another process
/// has its number by then.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    status: Status,
    entry: Entry,
}

impl Process {
    /// The process of that number.
    ///
    /// # Errors
    /// [`ProcessError::Ended`] where there is none, [`ProcessError::Hidden`] where we may not look.
    pub fn of(pid: u32) -> Result<Self, ProcessError> {
        let entry = Entry::open(pid)?;
        let status = entry.status(pid)?;
        Ok(Self { pid, status, entry })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// When it started, in clock ticks since boot: with the number, which process it is.
    pub fn start_time(&self) -> u64 {
        self.status.started
    }

    /// The number of its parent when it was looked at; 0 where the parent is outside of what we see.
    pub fn parent_pid(&self) -> u32 {
        self.status.parent
    }

    /// Whether nobody of its session is above it.
    pub fn leads_session(&self) -> bool {
        self.status.session == self.pid
    }

    /// Its parent.
    ///
    /// # Errors
    /// [`ProcessError::Ended`] too where the parent ended while it was looked for.
    pub fn parent(&self) -> Result<Self, ProcessError> {
        let parent = Self::of(self.status.parent)?;
        // Whoever has the number of an ended parent began after its child did. In the same tick of the clock that cannot
        // be told; but then the child has been given to another parent.
        let is_it = match parent.start_time().cmp(&self.start_time()) {
            Ordering::Less => true,
            Ordering::Equal => self.entry.status(self.pid)?.parent == parent.pid,
            Ordering::Greater => false,
        };
        if is_it { Ok(parent) } else { Err(ProcessError::Ended(self.status.parent)) }
    }

    /// Its command line, as far as it fits in 128 KiB; bytes that are no UTF-8 are replaced. Empty where it has none
    /// or hides it.
    pub fn argv(&self) -> Vec<String> {
        self.entry.argv()
    }

    /// Its working folder.
    pub fn folder(&self) -> Option<PathBuf> {
        self.entry.link("cwd")
    }

    /// Whether it lives in the pid and user namespaces that this process lives in. It counts as living elsewhere where
    /// that cannot be seen.
    pub fn shares_namespaces(&self) -> bool {
        // This process never moves to others.
        static OWN: OnceLock<Option<[PathBuf; 2]>> = OnceLock::new();
        let own = OWN.get_or_init(|| namespaces(&Entry::open(std::process::id()).ok()?));
        own.is_some() && namespaces(&self.entry) == *own
    }

    /// The file of the program that it runs: for a script the interpreter's.
    pub fn program(&self) -> Option<PathBuf> {
        self.entry.link("exe")
    }
}

/// Readies the standard streams of this process, as the standard library does before its own `main`: no file that is
/// opened later takes the place of one that the caller has closed, and a pipe that nobody reads is an error and no end.
/// To be called before any file is opened.
pub fn hold_streams() {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    let mut states = streams.each_ref().map(|stream| PollFd::new(stream, PollFlags::empty()));
    let _ = poll(&mut states, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    for _ in states.iter().filter(|state| state.revents().contains(PollFlags::NVAL)) {
        // It gets the lowest number that is free, and keeps it.
        std::mem::forget(std::fs::File::options().read(true).write(true).open("/dev/null"));
    }
    // Whatever this process starts does not inherit that: `Command` sees to it. A signal that is held back it would.
    // SAFETY: it is ignored, so no code of ours runs when it comes.
    #[expect(unsafe_code, reason = "no safe call ignores a signal")]
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
}

/// The pid and the user namespace of a process.
fn namespaces(entry: &Entry) -> Option<[PathBuf; 2]> {
    Some([entry.link("ns/pid")?, entry.link("ns/user")?])
}

/// The process that started this one.
fn own_parent() -> Option<Process> {
    let number = rustix::process::getppid()?;
    let parent = Process::of(number.as_raw_nonzero().get().try_into().ok()?).ok()?;
    // A child of an ended parent is given to another: this one was there when its entry was opened.
    (rustix::process::getppid() == Some(number)).then_some(parent)
}

/// Who asks, and its command line: the first process above us that is not just handing the question on.
pub fn caller() -> Option<(Process, Vec<String>)> {
    let mut process = own_parent()?;
    for _ in 0..MOST_STEPS {
        let argv = process.argv();
        if !is_shim(&argv) {
            return Some((process, argv));
        }
        if process.leads_session() || process.pid() <= 1 {
            return None;
        }
        process = process.parent().ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::*;

    /// Where the inner run of a test writes what it saw.
    const REPORT: &str = "DEVPI_TOKENS_TEST_REPORT";

    #[test]
    fn this_process_is_told_from_any_other() {
        let own = Process::of(std::process::id()).expect("this process");
        assert_eq!(own.pid(), std::process::id());
        assert!(own.start_time() > 0);
        assert_eq!(own.argv(), std::env::args().collect::<Vec<_>>());
        assert_eq!(own.folder(), std::env::current_dir().ok());
        assert_eq!(own.program(), std::env::current_exe().ok());
        let parent = own.parent().expect("a parent");
        assert_eq!(parent.pid(), own.parent_pid());
        assert!(parent.start_time() <= own.start_time());
    }

    #[test]
    fn a_process_in_another_namespace_is_told_apart() {
        let process = |child: &std::process::Child| Process::of(child.id()).expect("a child");
        let mut beside = Command::new("sleep").arg("60").spawn().expect("sleep");
        assert!(process(&beside).shares_namespaces());
        beside.kill().expect("killed");
        let ended = process(&beside);
        beside.wait().expect("reaped");
        assert!(!ended.shares_namespaces());

        let mut command = Command::new("unshare");
        command.args(["--user", "sh", "-c", "echo; read end"]);
        let mut across = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare");
        // Some machines forbid new namespaces: then there is nobody to be told apart.
        if across.stdout.as_mut().expect("an output").read(&mut [0]).expect("read") == 1 {
            assert!(!process(&across).shares_namespaces());
        }
        drop(across.stdin.take());
        across.wait().expect("reaped");
    }

    #[test]
    fn an_ended_process_is_never_mistaken_for_its_successor() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep");
        let process = Process::of(child.id()).expect("a child");
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert!(process.argv().is_empty());
        assert_eq!(process.folder(), None);
        assert!(process.parent().is_ok_and(|parent| parent.pid() == std::process::id()), "known from before");
        assert!(matches!(Process::of(child.id()), Err(ProcessError::Ended(_))));
        assert!(Process::of(0).is_err());
        assert!(Process::of(u32::MAX).is_err());
    }

    #[test]
    fn a_long_command_line_ends_with_a_whole_item() {
        let item = "x".repeat(1000);
        let script = "echo; read end";
        let mut command = Command::new("sh");
        command.args(["-c", script]).args(std::iter::repeat_n(&item, 200));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        // Only once the shell has spoken is its command line in place: it is empty for a moment after the start.
        child.stdout.as_mut().expect("an output").read_exact(&mut [0]).expect("a line");
        let argv = Process::of(child.id()).expect("a child").argv();
        drop(child.stdin.take());
        child.wait().expect("reaped");
        let before = ["sh", "-c", script];
        assert_eq!(argv[..3], before);
        assert_eq!(argv.len(), 3 + (128 * 1024 - before.map(|item| item.len() + 1).iter().sum::<usize>()) / 1001);
        assert!(argv[3..].iter().all(|found| *found == item));
    }

    #[test]
    fn the_caller_is_found_above_two_shells() {
        if let Some(report) = std::env::var_os(REPORT) {
            let pid = caller().map_or(0, |(process, _)| process.pid());
            std::fs::write(report, pid.to_string()).expect("written");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let report = folder.path().join("report");
        let own = std::env::current_exe().expect("a program");
        let inner = r#""$0" --exact process::tests::the_caller_is_found_above_two_shells; exit $?"#;
        let outer = r#"sh -c "$1" "$0"; exit $?"#;
        let ran = Command::new("sh").args(["-c", outer]).arg(own).arg(inner).env(REPORT, &report).output();
        assert!(ran.expect("a shell").status.success());
        assert_eq!(std::fs::read_to_string(report).expect("a report"), std::process::id().to_string());
    }
}
