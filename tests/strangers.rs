//! Another user of the machine, and an agent that is not root's: who gets as far as its sockets, and what of it.
//!
//! Only root can become two other users: else there is nothing to be seen here.

mod support;

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::raw::kind;
use support::{BED, Home, code, err, fed, out, wait_for};

/// Whose agent it is, and who comes to it. Nobody has these numbers.
const OWNER: u32 = 61_501;
const STRANGER: u32 = 61_502;

/// Says each line of its standard input as a frame, and prints each answer on a line; `closed` where there is none.
const SPEAK: &str = r#"
import socket, struct, sys
try:
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
except OSError as e:
    print(type(e).__name__)
    sys.exit()
s.settimeout(10)
for line in sys.stdin:
    try:
        s.sendall(struct.pack(">I", len(line)) + line.encode())
        head = s.recv(4, socket.MSG_WAITALL)
        body = s.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b"closed"
    except (BrokenPipeError, ConnectionResetError):
        body = b"closed"
    print(body.decode())
"#;

/// A home of [`OWNER`], with alice logged in, and our programs where everybody may run them.
struct Place {
    home: Home,
    programs: tempfile::TempDir,
}

impl Place {
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let programs = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(programs.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
        for program in [
            env!("CARGO_BIN_EXE_devpi-tokens"),
            env!("CARGO_BIN_EXE_devpi-tokens-agent"),
            env!("CARGO_BIN_EXE_devpi-tokens-helper"),
        ] {
            let to = programs.path().join(Path::new(program).file_name().expect("a name"));
            std::fs::hard_link(program, &to).or_else(|_| std::fs::copy(program, &to).map(drop)).expect("a program");
        }
        let home = Home::new("memory");
        chown(home.path(), Some(OWNER), Some(OWNER)).expect("given away");
        let place = Self { home, programs };
        let token = BED.create_token("alice", &json!({})).expect("a token");
        let login = place.ours(OWNER, &["login", "-f", "-", &BED.simple_url("alice/dev"), "alice"]);
        let done = fed(login, &format!("{token}\n"));
        assert!(done.status.success(), "{}", err(&done));
        Some(place)
    }

    /// Any program as that user, in an environment that has this home's agent in it.
    fn by(&self, user: u32, program: &Path, before: &[&str]) -> Command {
        let ids = [format!("--reuid={user}"), format!("--regid={user}")];
        let mut words: Vec<&str> = before.to_vec();
        words.extend(["setpriv", &ids[0], &ids[1], "--clear-groups", "--"]);
        let mut command = self.home.command(words.remove(0));
        command.args(words).arg(program).current_dir("/");
        command
    }

    /// The command line as that user.
    fn ours(&self, user: u32, args: &[&str]) -> Command {
        let mut command = self.by(user, &self.programs.path().join("devpi-tokens"), &[]);
        command.args(args);
        command
    }

    /// What that user is answered at a socket.
    fn says(&self, user: u32, socket: &Path, requests: &[Value]) -> Vec<Value> {
        let mut python = self.by(user, Path::new("/usr/bin/python3"), &[]);
        python.args(["-c", SPEAK]).arg(socket);
        let hello = json!({"hello": {"version": 1}});
        let lines: String = std::iter::once(&hello).chain(requests).map(|line| format!("{line}\n")).collect();
        let said = fed(python, &lines);
        assert!(said.status.success(), "{}", err(&said));
        let answer = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| json!(line));
        out(&said).lines().map(answer).collect()
    }

    fn socket(&self) -> PathBuf {
        self.home.paths().sockets.remove(0)
    }

    /// A restricted socket in a folder that everybody may enter.
    fn restricted(&self) -> PathBuf {
        let folder = self.programs.path().join("ci");
        std::fs::create_dir(&folder).expect("a folder");
        chown(&folder, Some(OWNER), Some(OWNER)).expect("given away");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).expect("set");
        let path = folder.join("agent.sock");
        let text = path.to_str().expect("UTF-8");
        let made = self.ours(OWNER, &["agent", "socket", "--index", "alice/dev", text]).output().expect("it runs");
        assert!(made.status.success(), "{}", err(&made));
        assert!(out(&made).contains("warning: every user of this machine"), "{}", out(&made));
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let stopped = self.ours(OWNER, &["agent", "stop"]).output().expect("it runs");
        assert!(stopped.status.success() || std::thread::panicking(), "{}", err(&stopped));
    }
}

fn question(purpose: &str, index: &str) -> Value {
    json!({"ask": {
        "server": BED.url(), "user": null, "purpose": purpose,
        "indexes": [index], "projects": [], "bytes": 0,
    }})
}

#[test]
fn another_user_does_not_reach_the_socket_and_is_closed_where_its_folder_was_opened() {
    let Some(place) = Place::new() else { return };
    let status = json!("status");
    assert_eq!(place.says(STRANGER, &place.socket(), &[]), [json!("PermissionError")]);
    for path in [place.home.path(), &place.home.path().join("state")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o711)).expect("opened");
    }
    std::fs::set_permissions(place.socket(), std::fs::Permissions::from_mode(0o666)).expect("opened");
    let closed = vec![json!("closed"); 2];
    assert_eq!(place.says(STRANGER, &place.socket(), std::slice::from_ref(&status)), closed);
    assert_eq!(place.says(0, &place.socket(), std::slice::from_ref(&status)), closed, "root, too");
    wait_for("a line of it", || place.home.log().matches("a connection of another user was closed").count() == 2);
    let answers = place.says(OWNER, &place.socket(), &[status]);
    assert!(answers[1]["status"].is_object(), "its own user is served: {answers:?}");
    // The other side looks as well, before it says anything.
    let mut get = place.ours(STRANGER, &["get", &BED.simple_url("alice/dev")]);
    let refused = get.env("DEVPI_TOKENS_SOCK", place.socket()).output().expect("it runs");
    assert_eq!(code(&refused), Some(78), "{}", err(&refused));
    assert!(err(&refused).contains(&format!("is served by user id {OWNER}, not by yours")), "{}", err(&refused));
}

#[test]
fn another_user_who_reaches_a_restricted_socket_gets_read_tokens_only_and_none_of_somebody_elses() {
    let Some(place) = Place::new() else { return };
    let socket = place.restricted();
    let read = question("read", "alice/dev");
    let answers = place.says(
        STRANGER,
        &socket,
        &[
            read.clone(),
            question("upload", "alice/dev"),
            question("read", "alice/other"),
            json!("status"),
            json!("lock"),
            json!("stop"),
            read.clone(),
        ],
    );
    let kinds: Vec<&str> = answers.iter().map(|answer| kind(answer.get("denied").unwrap_or(answer))).collect();
    let expected = ["hello", "credential", "beyond", "beyond", "beyond", "beyond", "beyond", "credential"];
    assert_eq!(kinds, expected);
    // Its program cannot be seen, so nothing that it got is given twice; of the agent's own user it can.
    assert_ne!(answers[1]["credential"]["password"], answers[7]["credential"]["password"]);
    let own = place.says(OWNER, &socket, &[read.clone(), read.clone()]);
    assert_eq!(own[1]["credential"]["password"], own[2]["credential"]["password"]);
    assert!(
        !answers.iter().any(|answer| answer["credential"]["password"] == own[1]["credential"]["password"]),
        "another user's token"
    );
    let log = out(&place.ours(OWNER, &["log", "--json"]).output().expect("log"));
    let first: Value = serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["asker"]["user"], STRANGER, "{first}");
    assert_eq!(first["asker"]["socket"], json!(socket), "{first}");
}

#[test]
fn in_a_container_the_agent_of_a_user_who_is_unknown_there_is_asked_for_tokens_and_told_nothing() {
    let Some(place) = Place::new() else { return };
    let socket = place.restricted();
    let container = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let able = Command::new(container[0]).args(&container[1..]).arg("true").status();
    if !able.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    chown(folder.path(), Some(STRANGER), Some(STRANGER)).expect("given away");
    let run = |before: &[&str], program: &str, args: &[&str], named: bool, input: &str| -> Output {
        let mut command = place.by(STRANGER, &place.programs.path().join(program), before);
        command.args(args).env("DEVPI_TOKENS_HOME", folder.path());
        if named {
            command.env("DEVPI_TOKENS_SOCK", &socket);
        }
        fed(command, input)
    };
    let simple = BED.simple_url("alice/dev");
    let got = run(&container, "devpi-tokens", &["get", &simple], true, "");
    assert!(out(&got).starts_with("devpi-"), "{}", err(&got));
    let asked = run(&container, "devpi-tokens-helper", &["keyring", "--mode=creds", "get", &simple], true, "");
    assert!(out(&asked).starts_with("alice\ndevpi-"), "{}", err(&asked));
    for args in [&["login", "-f", "-", &simple, "alice"][..], &["status"], &["agent", "lock"]] {
        let secret = BED.create_token("alice", &json!({})).expect("a token");
        let told = run(&container, "devpi-tokens", args, true, &format!("{secret}\n"));
        assert_eq!(code(&told), Some(77), "{args:?}: {}", err(&told));
        assert!(err(&told).contains("is another user's agent: it is only asked for tokens"), "{}", err(&told));
    }
    // Where it is no container's border, it is a neighbour who may sit there.
    let outside = run(&[], "devpi-tokens", &["get", &simple], true, "");
    assert_eq!(code(&outside), Some(78), "{}", err(&outside));
    // Nobody named it: nothing is asked.
    let unnamed = run(&container, "devpi-tokens", &["get", &simple], false, "");
    assert_eq!(code(&unnamed), Some(1), "{}", err(&unnamed));
}
