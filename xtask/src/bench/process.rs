//! Whole processes: what a look-up costs, beside starting any program and beside what others start for it. Each is
//! started by a shell of its own, which is there before the clock runs.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::logbook::Logbook;

use super::Ground;
use super::table::{Bound, Table};
use crate::Outcome;
use crate::agent::{Agent, succeed};

/// How often each command runs; they take turns.
const ROUNDS: usize = 200;

const TRUE: &str = "/bin/true";
const HELPER: &str = "devpi-tokens-helper, as keyring get";
const KEYRING: &str = "Python's keyring get, null backend";
const STORED: &str = "Python's keyring get, SecretStorage backend";
const SSH: &str = "ssh-add -l";
const GIT: &str = "git credential-cache get";
const GPG: &str = "gpg-connect-agent /bye";
const INSPECT: &str = "devpi-tokens inspect";
const THEIR_INSPECT: &str = "devpi token-inspect";
const DERIVE: &str = "devpi-tokens derive";
const THEIR_DERIVE: &str = "devpi token-derive";
const LOG: &str = "devpi-tokens log, of 10,000";
const TRACE: &str = "devpi-tokens trace, of 10,000";

/// How long a shell may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a shell does: for each line that it reads it runs the command, and says how that ended.
const LOOP: &str = r#"input=$1; shift; while read -r _; do "$@" <"$input" >/dev/null 2>&1; echo $?; done"#;

/// What is done before, in a session of its own with a desktop's keyring: it opens, and a password goes into it. A call that
/// came before it is there would start another one, which has no collection.
const STORE: &str = r#"printf secret | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 1
printf secret | "$2" -b "$4" set "$6" "$7" || exit 1
"#;

/// A program that takes part.
struct Peer {
    name: &'static str,
    /// Its words, the program first.
    words: Vec<OsString>,
    /// What it reads; nothing where none is named.
    input: PathBuf,
    /// In which rounds.
    every: usize,
    /// What its shell does first, in a session of its own; nothing where that is empty.
    first: &'static str,
}

impl Peer {
    fn quick(name: &'static str, program: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        let words = std::iter::once(program.as_os_str()).chain(args.iter().map(AsRef::as_ref));
        let (words, input) = (words.map(OsStr::to_owned).collect(), PathBuf::from("/dev/null"));
        Self { name, words, input, every: 1, first: "" }
    }

    /// One that takes a hundred times as long: a tenth of the rounds is enough for its median.
    fn slow(name: &'static str, program: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        Self { every: 10, ..Self::quick(name, program, args) }
    }
}

/// A shell that runs one command again and again; it ends with this.
struct Shell {
    child: Child,
    tells: Option<ChildStdin>,
    hears: BufReader<ChildStdout>,
}

impl Shell {
    /// `settle` sets the environment.
    fn of(peer: &Peer, settle: impl FnOnce(&mut Command)) -> Result<Self, Box<dyn std::error::Error>> {
        let session = if peer.first.is_empty() { &["sh"][..] } else { &["dbus-run-session", "--", "sh"] };
        let mut shell = Command::new(session[0]);
        shell.args(&session[1..]).args(["-c", &[peer.first, LOOP].concat(), "sh"]).arg(&peer.input).args(&peer.words);
        settle(&mut shell);
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (tells, hears) = (child.stdin.take(), child.stdout.take().ok_or("no output")?);
        Ok(Self { child, tells, hears: BufReader::new(hears) })
    }

    /// Runs it once. How long that took, in milliseconds, and its exit code.
    fn time(&mut self) -> Result<(f64, u8), Box<dyn std::error::Error>> {
        let mut said = String::new();
        let began = Instant::now();
        self.tells.as_mut().ok_or("no input")?.write_all(b"\n")?;
        self.hears.read_line(&mut said)?;
        Ok((began.elapsed().as_secs_f64() * 1e3, said.trim().parse()?))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It ends when there is nothing more to be read, and its session with it.
        drop(self.tells.take());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Where it cannot be ended there is nothing more to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Other agents, which end with this.
pub(super) struct Others {
    folder: tempfile::TempDir,
    ssh: u32,
}

impl Others {
    /// An ssh-agent with one key, and folders for the agents of git and GnuPG, which their clients start.
    pub(super) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let programs = ["dbus", "git", "gnome-keyring", "gpg-agent", "libglib2.0-bin", "openssh-client"];
        testbed::debian(&programs, |line| eprintln!("  {line}"))?;
        let folder = tempfile::tempdir()?;
        let (socket, key) = (folder.path().join("ssh"), folder.path().join("key"));
        // As people start it: in the background. Its socket is there once the command has ended.
        let said = succeed(Command::new("ssh-agent").args(["-s", "-a"]).arg(&socket))?.stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        let pid = said.split_once("SSH_AGENT_PID=").and_then(|(_, rest)| rest.split(';').next()?.parse().ok());
        let others = Self { folder, ssh: pid.ok_or("ssh-agent does not say its process")? };
        succeed(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
        succeed(others.with(Command::new("ssh-add").arg("-q").arg(&key)))?;
        Ok(others)
    }

    /// The process of the ssh-agent.
    pub(super) fn ssh_agent(&self) -> u32 {
        self.ssh
    }

    /// Lets a client find them.
    fn with<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = self.folder.path();
        command.env("SSH_AUTH_SOCK", folder.join("ssh")).env("GNUPGHOME", folder).env("HOME", folder);
        command.env("XDG_RUNTIME_DIR", folder)
    }

    fn git_cache(&self, verb: &str) -> Command {
        let mut command = Command::new("git");
        command.args(["credential-cache", "--socket"]).arg(self.folder.path().join("git/socket")).arg(verb);
        command
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        // Where they cannot be ended there is nothing more to do about it here.
        let _ = self.with(&mut self.git_cache("exit")).output();
        let _ = self.with(Command::new("gpgconf").args(["--kill", "gpg-agent"])).output();
        let _ = self.with(Command::new("ssh-agent").arg("-k")).env("SSH_AGENT_PID", self.ssh.to_string()).output();
    }
}

pub(super) fn run(ground: &Ground<'_>, others: &Others) -> Result<Table, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut shells = Vec::new();
    for peer in peers(ground, others, folder.path())? {
        let shell = Shell::of(&peer, |shell| {
            others.with(ground.agent.serves(shell)).env("DEVPI_CLIENTDIR", folder.path().join("client"));
        })?;
        shells.push((peer, shell));
    }
    let mut table = Table::new("whole processes, called by a shell", "ms");
    for round in 0..ROUNDS {
        for (peer, shell) in shells.iter_mut().filter(|(peer, _)| round % peer.every == 0) {
            let (took, code) = shell.time()?;
            table.add(peer.name, took);
            // Python's keyring finds nothing: that is all that its null backend can do.
            if code != 0 && peer.name != KEYRING {
                return Err(format!("{} ended with {code}", peer.name).into());
            }
        }
    }
    table.claim(HELPER, TRUE, Bound::AtMost(1.5));
    table.claim(HELPER, SSH, Bound::AtMost(1.0));
    table.claim(KEYRING, HELPER, Bound::AtLeast(80.0));
    table.claim(STORED, HELPER, Bound::AtLeast(80.0));
    table.claim(THEIR_INSPECT, INSPECT, Bound::AtLeast(60.0));
    table.claim(THEIR_DERIVE, DERIVE, Bound::AtLeast(60.0));
    Ok(table)
}

fn peers(ground: &Ground<'_>, others: &Others, folder: &Path) -> Result<Vec<Peer>, Box<dyn std::error::Error>> {
    let Ground { tools, bed, agent } = ground;
    let url = bed.simple_url("alice/dev");
    let (ours, devpi) = (agent.program("devpi-tokens"), tools.server_program("devpi"));
    let token = folder.join("token");
    std::fs::write(&token, bed.create_token("alice", &serde_json::json!({}))?)?;
    let handed = folder.join("handed");
    fill_log(agent, &url, &handed, 10_000)?;
    store_in_git(others)?;
    let get = ["keyring", "get", "--mode", "creds", &url];
    let null = ["-b", "keyring.backends.null.Keyring", "get", &url, "alice"];
    let stored = ["-b", "keyring.backends.SecretService.Keyring", "get", &url, "alice"];
    let of_token = |words: &[&str], token: &Path| -> Vec<OsString> {
        words.iter().map(OsString::from).chain(["-f".into(), token.into()]).collect()
    };
    let narrowed = ["-a", "pkg_read", "-e", "1h", "-i", "alice/dev"];
    let git = others.git_cache("get");
    let mut cached = Peer::quick(GIT, Path::new("git"), &git.get_args().collect::<Vec<_>>());
    cached.input = asked_of_git(folder)?;
    Ok(vec![
        Peer::quick(TRUE, Path::new(TRUE), &[""; 0]),
        // Called by a shell of this program, which is no client that it knows and has no configuration to be read.
        Peer::quick(HELPER, &agent.program("devpi-tokens-helper"), &get),
        Peer::slow(KEYRING, &tools.program("keyring"), &null),
        Peer { first: STORE, ..Peer::slow(STORED, &tools.program("keyring"), &stored) },
        Peer::quick(SSH, Path::new("ssh-add"), &["-l"]),
        cached,
        Peer::quick(GPG, Path::new("gpg-connect-agent"), &["/bye"]),
        Peer::quick(INSPECT, &ours, &of_token(&["inspect"], &token)),
        Peer::slow(THEIR_INSPECT, &devpi, &of_token(&["token-inspect"], &token)),
        Peer::quick(DERIVE, &ours, &of_token(&[&["derive"], &narrowed[..]].concat(), &token)),
        Peer::slow(THEIR_DERIVE, &devpi, &of_token(&[&["token-derive"], &narrowed[..]].concat(), &token)),
        Peer::slow(LOG, &ours, &["log", "--json"]),
        Peer::slow(TRACE, &ours, &of_token(&["trace"], &handed)),
    ])
}

fn asked_of_git(folder: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("asked");
    std::fs::write(&path, "protocol=https\nhost=devpi.example\n\n")?;
    Ok(path)
}

fn store_in_git(others: &Others) -> Outcome {
    let mut store = others.git_cache("store");
    let mut child = others.with(&mut store).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"protocol=https\nhost=devpi.example\nusername=alice\npassword=secret\n\n")?;
    }
    if child.wait()?.success() { Ok(()) } else { Err("git's cache keeps nothing".into()) }
}

/// Hands a token out, into a file, and makes that many lines of its line in the log.
pub(super) fn fill_log(agent: &Agent, url: &str, handed: &Path, lines: usize) -> Outcome {
    std::fs::write(handed, succeed(&mut agent.cli(&["get", url]))?.stdout)?;
    let line = succeed(&mut agent.cli(&["log", "--json"]))?.stdout;
    let book = Logbook::of_handouts(&agent.state())?;
    for _ in 1..lines {
        book.append(&line)?;
    }
    Ok(())
}
