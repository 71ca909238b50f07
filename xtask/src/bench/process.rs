//! Whole processes: what a look-up costs, beside starting any program and beside what others start for it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

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
const SSH: &str = "ssh-add -l";
const GIT: &str = "git credential-cache get";
const GPG: &str = "gpg-connect-agent /bye";
const INSPECT: &str = "devpi-tokens inspect";
const THEIR_INSPECT: &str = "devpi token-inspect";
const DERIVE: &str = "devpi-tokens derive";
const THEIR_DERIVE: &str = "devpi token-derive";
const LOG: &str = "devpi-tokens log, of 10,000";
const TRACE: &str = "devpi-tokens trace, of 10,000";

/// A program that takes part.
struct Peer {
    name: &'static str,
    command: Command,
    /// What it reads; nothing where none is named.
    input: PathBuf,
    /// In which rounds.
    every: usize,
}

impl Peer {
    fn quick(name: &'static str, program: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        Self { name, command, input: PathBuf::from("/dev/null"), every: 1 }
    }

    /// One that takes a hundred times as long: a tenth of the rounds is enough for its median.
    fn slow(name: &'static str, program: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        Self { every: 10, ..Self::quick(name, program, args) }
    }
}

/// Other agents, which end with this.
pub(super) struct Others {
    folder: tempfile::TempDir,
    ssh: Child,
}

impl Others {
    /// An ssh-agent with one key, and folders for the agents of git and GnuPG, which their clients start.
    pub(super) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        testbed::debian(&["git", "gpg-agent", "openssh-client"], |line| eprintln!("  {line}"))?;
        let folder = tempfile::tempdir()?;
        let (socket, key) = (folder.path().join("ssh"), folder.path().join("key"));
        let ssh = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn()?;
        let others = Self { folder, ssh };
        succeed(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
        let until = Instant::now() + std::time::Duration::from_secs(10);
        while !socket.exists() && Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        succeed(others.with(Command::new("ssh-add").arg("-q").arg(&key)))?;
        Ok(others)
    }

    /// The process of the ssh-agent.
    pub(super) fn ssh_agent(&self) -> u32 {
        self.ssh.id()
    }

    /// Lets a client find them.
    fn with<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = self.folder.path();
        command.env("SSH_AUTH_SOCK", folder.join("ssh")).env("GNUPGHOME", folder).env("HOME", folder)
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
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

pub(super) fn run(ground: &Ground<'_>, others: &Others) -> Result<Table, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut peers = peers(ground, others, folder.path())?;
    let mut table = Table::new("whole processes", "ms");
    for round in 0..ROUNDS {
        for peer in peers.iter_mut().filter(|peer| round % peer.every == 0) {
            peer.command.stdin(std::fs::File::open(&peer.input)?);
            let began = Instant::now();
            let status = peer.command.status()?;
            table.add(peer.name, began.elapsed().as_secs_f64() * 1e3);
            // Python's keyring finds nothing: that is all that its null backend can do.
            if !status.success() && peer.name != KEYRING {
                return Err(format!("{} ended with {status}", peer.name).into());
            }
        }
    }
    table.claim(HELPER, TRUE, Bound::AtMost(1.5));
    table.claim(HELPER, SSH, Bound::AtMost(1.0));
    table.claim(KEYRING, HELPER, Bound::AtLeast(80.0));
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
    fill_log(agent, &url, &handed)?;
    store_in_git(others)?;
    let get = ["keyring", "get", "--mode", "creds", &url];
    let null = ["-b", "keyring.backends.null.Keyring", "get", &url, "alice"];
    let of_token = |words: &[&str], token: &Path| -> Vec<OsString> {
        words.iter().map(OsString::from).chain(["-f".into(), token.into()]).collect()
    };
    let narrowed = ["-a", "pkg_read", "-e", "1h", "-i", "alice/dev"];
    let mut cached = Peer::quick(GIT, Path::new("git"), &[""; 0]);
    cached.command = others.git_cache("get");
    cached.command.stdout(Stdio::null());
    cached.input = asked_of_git(folder)?;
    let mut peers = vec![
        Peer::quick(TRUE, Path::new(TRUE), &[""; 0]),
        // Called by this program, which is no client that it knows and has no configuration to be read.
        Peer::quick(HELPER, &agent.program("devpi-tokens-helper"), &get),
        Peer::slow(KEYRING, &tools.program("keyring"), &null),
        Peer::quick(SSH, Path::new("ssh-add"), &["-l"]),
        cached,
        Peer::quick(GPG, Path::new("gpg-connect-agent"), &["/bye"]),
        Peer::quick(INSPECT, &ours, &of_token(&["inspect"], &token)),
        Peer::slow(THEIR_INSPECT, &devpi, &of_token(&["token-inspect"], &token)),
        Peer::quick(DERIVE, &ours, &of_token(&[&["derive"], &narrowed[..]].concat(), &token)),
        Peer::slow(THEIR_DERIVE, &devpi, &of_token(&[&["token-derive"], &narrowed[..]].concat(), &token)),
        Peer::slow(LOG, &ours, &["log", "--json"]),
        Peer::slow(TRACE, &ours, &of_token(&["trace"], &handed)),
    ];
    for peer in &mut peers {
        others.with(agent.serves(&mut peer.command)).env("DEVPI_CLIENTDIR", folder.join("client"));
    }
    Ok(peers)
}

fn asked_of_git(folder: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("asked");
    std::fs::write(&path, "protocol=https\nhost=devpi.example\n\n")?;
    Ok(path)
}

fn store_in_git(others: &Others) -> Outcome {
    use std::io::Write;
    let mut store = others.git_cache("store");
    let mut child = others.with(&mut store).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"protocol=https\nhost=devpi.example\nusername=alice\npassword=secret\n\n")?;
    }
    if child.wait()?.success() { Ok(()) } else { Err("git's cache keeps nothing".into()) }
}

/// Hands a token out, into a file, and makes ten thousand lines of its line in the log.
fn fill_log(agent: &Agent, url: &str, handed: &Path) -> Outcome {
    std::fs::write(handed, succeed(&mut agent.cli(&["get", url]))?.stdout)?;
    let line = succeed(&mut agent.cli(&["log", "--json"]))?.stdout;
    let book = Logbook::of_handouts(&agent.state())?;
    for _ in 1..10_000 {
        book.append(&line)?;
    }
    Ok(())
}
