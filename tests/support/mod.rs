//! What the end-to-end tests share: a home of their own with an agent in it, and the server that all of them use.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod desktop;
pub mod judge;
pub mod leak;
pub mod offline;
pub mod page;
pub mod proxy;
pub mod raw;
pub mod run;
pub mod silent;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use desktop::Desktop;
use devpi_tokens::client::Client;
use devpi_tokens::paths::Paths;
use devpi_tokens::protocol::Request;
use testbed::{Bed, Closing, Tools};

/// The clients and the server, installed.
pub static TOOLS: LazyLock<Tools> = LazyLock::new(|| testbed::install(|_| ()).expect("the test bed is installed"));

/// A server whose reads nginx closes with 401; shared by the tests of one file.
pub static BED: LazyLock<Bed> =
    LazyLock::new(|| Bed::start(&TOOLS, Closing::Unauthorized401).expect("a private server"));

/// A home of its own: vault, socket and log of one agent, which ends with it.
pub struct Home {
    folder: tempfile::TempDir,
    vault: &'static str,
    /// Of the session bus that its commands see; without one they see that there is none.
    bus: String,
}

impl Home {
    /// A home whose vault's key is kept by `vault`: `memory`, `passphrase`, `keyring`, or nothing for no choice made.
    pub fn new(vault: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bus = format!("unix:path={}", folder.path().join("no-bus").display());
        Self { folder, vault, bus }
    }

    /// A home whose vault's key a command prints: what is kept there lasts, and nobody is asked for anything.
    pub fn lasting() -> Self {
        let home = Self::new("command");
        let made = Command::new(env!("CARGO_BIN_EXE_devpi-tokens-agent")).arg("--new-key").output().expect("a key");
        let key = home.path().join("key");
        std::fs::write(&key, made.stdout).expect("written");
        std::fs::create_dir_all(home.paths().config).expect("a folder");
        let config = format!("vault-command = [\"cat\", \"{}\"]\n", key.display());
        std::fs::write(home.paths().config.join("config.toml"), config).expect("written");
        home
    }

    /// The same in the session of a desktop.
    pub fn at(desktop: &Desktop, vault: &'static str) -> Self {
        let mut home = Self::new(vault);
        home.bus.clone_from(&desktop.address);
        home
    }

    /// `DEVPI_TOKENS_HOME`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where everything of it lies.
    pub fn paths(&self) -> Paths {
        Paths {
            config: self.path().join("config"),
            data: self.path().join("data"),
            state: self.path().join("state"),
            sockets: vec![self.path().join("state/agent.sock")],
        }
    }

    /// What has to stand in the environment of whatever asks this home's agent.
    pub fn variables(&self) -> [(&'static str, &OsStr); 4] {
        [
            ("DEVPI_TOKENS_HOME", self.path().as_os_str()),
            ("DEVPI_TOKENS_VAULT", OsStr::new(self.vault)),
            ("DEVPI_TOKENS_LOG", OsStr::new("trace")),
            ("DBUS_SESSION_BUS_ADDRESS", OsStr::new(&self.bus)),
        ]
    }

    /// A program in a clean environment, with this home's agent.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            // What a test looks for stands in one line.
            .env("COLUMNS", "1000")
            .envs(self.variables())
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// The command line.
    pub fn cli(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_devpi-tokens"));
        command.args(args);
        command
    }

    /// The helper under its own name.
    pub fn helper(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_devpi-tokens-helper"));
        command.args(args);
        command
    }

    /// Logs in as a user of the bed, at an address of it.
    pub fn login(&self, bed: &Bed, url: &str, user: &str) {
        self.login_with("", bed, url, user);
    }

    /// The same with what is asked before the password, a line each.
    pub fn login_with(&self, before: &str, bed: &Bed, url: &str, user: &str) {
        let done = fed(self.cli(&["login", url, user]), &format!("{before}{}\n", bed.password(user)));
        assert!(done.status.success(), "login: {}", err(&done));
    }

    /// A home with alice logged in at `alice/dev` of the shared bed, its vault in memory.
    pub fn with_alice() -> Self {
        let home = Self::new("memory");
        home.login(&BED, &BED.simple_url("alice/dev"), "alice");
        home
    }

    /// The same with a vault that lasts.
    pub fn lasting_with_alice() -> Self {
        let home = Self::lasting();
        home.login(&BED, &BED.simple_url("alice/dev"), "alice");
        home
    }

    /// A folder with `keyring` and git's helper in it, to be put first on PATH.
    pub fn shim(&self) -> PathBuf {
        let folder = self.path().join("shim");
        let done = self.cli(&["setup", "shim"]).arg(&folder).output().expect("setup shim");
        assert!(done.status.success(), "setup shim: {}", err(&done));
        folder
    }

    /// The process of the agent, where one runs.
    pub fn agent(&self) -> Option<u32> {
        Client::running(&self.paths()).expect("the agent's greeting").map(|client| client.agent)
    }

    /// Ends the agent with SIGKILL, and waits until it is gone.
    pub fn kill_agent(&self) {
        let pid = self.agent().expect("an agent runs");
        send(pid, rustix::process::Signal::KILL);
        wait_for("the agent's end", || !is_alive(pid));
    }

    /// The agent's log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("state/agent.log")).unwrap_or_default()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Ok(Some(mut client)) = Client::running(&self.paths()) {
            let stopped = client.request(&Request::Stop).and_then(|_| client.wait_for_end());
            if let (Err(failure), false) = (stopped, std::thread::panicking()) {
                panic!("the agent did not end: {failure}");
            }
        }
        // Of every test, whatever it was about.
        let leaks = leak::in_home(self.path());
        if !leaks.is_empty() && !std::thread::panicking() {
            panic!("secrets were left behind:\n{}", leaks.join("\n"));
        }
    }
}

/// Runs a program with that on its standard input.
pub fn fed(mut command: Command, input: &str) -> Output {
    leak::remember(&command, input);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its standard input");
    // A program that does not read it all closes the pipe, which is its right.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(leak::in_text(&output.stderr), [""; 0], "on standard error");
    output
}

/// Waits for an event, and not for ever.
pub fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !reached() {
        assert!(Instant::now() < limit, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to a process.
pub fn send(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, signal).expect("a process of ours");
}

/// The state and the session of a process, by `/proc/PID/stat`, which everybody may read; none where it is gone.
pub fn state_and_session(pid: u32) -> Option<(char, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may have blanks and brackets itself.
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.nth(2)?.parse().ok()?))
}

/// Whether a process runs; one that has ended and that nobody asked about does not.
pub fn is_alive(pid: u32) -> bool {
    state_and_session(pid).is_some_and(|(state, _)| state != 'Z')
}

/// Standard output as text.
pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The exit code; a signal is none.
pub fn code(output: &Output) -> Option<i32> {
    output.status.code()
}
