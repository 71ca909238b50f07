//! Places that somebody else could have a hand in are refused, by name.

mod support;

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use devpi_tokens::pipe;
use support::{BED, Home, code, err, fed, out};

/// A user who is neither root nor us.
const STRANGER: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// That the command line refuses with 78 and names what it is about.
fn assert_unsafe(mut command: Command, named: &str) {
    let refused = command.output().expect("it ends");
    let said = err(&refused);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(78), ""), "{said}");
    // What to do about it may name another thing.
    assert!(said.lines().next().is_some_and(|line| line.contains(named)), "{named}: {said}");
}

/// A home whose vault is a file; its agent does not run.
fn with_passphrase() -> Home {
    let home = Home::new("passphrase");
    let url = BED.simple_url("alice/dev");
    let done = fed(home.cli(&["login", &url, "alice"]), &format!("horse\n{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    home
}

fn get(home: &Home) -> Command {
    home.cli(&["get", &BED.simple_url("alice/dev")])
}

#[test]
fn a_folder_that_others_may_enter_keeps_the_agent_from_starting() {
    let home = with_passphrase();
    for folder in [home.paths().data, home.paths().state] {
        for mode in [0o750, 0o701] {
            assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success());
            set_permissions(&folder, Permissions::from_mode(mode)).expect("set");
            assert_unsafe(get(&home), folder.to_str().expect("text"));
            set_permissions(&folder, Permissions::from_mode(0o700)).expect("set");
            assert_eq!(code(&get(&home).output().expect("get")), Some(75), "only locked");
        }
    }
}

#[test]
fn a_vault_that_is_a_link_or_open_to_others_is_refused() {
    let home = with_passphrase();
    assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success());
    let (vault, moved) = (home.paths().vault(), home.path().join("elsewhere"));
    set_permissions(&vault, Permissions::from_mode(0o640)).expect("set");
    assert_unsafe(get(&home), vault.to_str().expect("text"));
    set_permissions(&vault, Permissions::from_mode(0o600)).expect("set");
    std::fs::rename(&vault, &moved).expect("moved");
    symlink(&moved, &vault).expect("linked");
    assert_unsafe(get(&home), vault.to_str().expect("text"));
    assert_unsafe(home.cli(&["status"]), vault.to_str().expect("text"));
    assert!(vault.is_symlink(), "it is left as it is");
}

#[test]
fn a_variable_that_cannot_be_used_is_named() {
    let home = Home::new("memory");
    let with = |name: &str, value: &str| {
        // What starts no agent at a place of the person's, whatever it makes of the variable.
        let mut command = home.cli(&["agent", "status"]);
        command.env_remove("DEVPI_TOKENS_HOME").env(name, value);
        command
    };
    let long = format!("/tmp/{}", "x".repeat(107));
    for name in ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "DEVPI_TOKENS_HOME", "DEVPI_TOKENS_SOCK"] {
        assert_unsafe(with(name, "relative/path"), name);
    }
    for name in ["DEVPI_TOKENS_HOME", "DEVPI_TOKENS_SOCK"] {
        assert_unsafe(with(name, &long), name);
    }
}

#[test]
fn a_socket_of_another_user_is_not_spoken_to() {
    if !is_root() {
        return;
    }
    let home = Home::new("memory");
    // A folder of theirs that we may enter.
    let theirs = tempfile::tempdir().expect("a folder");
    chown(theirs.path(), Some(STRANGER), Some(STRANGER)).expect("given away");
    let socket = theirs.path().join("s.sock");
    let script = "import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
print(len(s.accept()[0].recv(9)))";
    // Not the tests' own Python: its folder may be closed to other users.
    let mut listener = Command::new("/usr/bin/setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "python3", "-c", script])
        .arg(&socket)
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a listener");
    support::wait_for("their socket", || socket.exists());
    let mut asked = home.cli(&["status"]);
    asked.env("DEVPI_TOKENS_SOCK", &socket);
    assert_unsafe(asked, "user id 65534");
    let heard = pipe::read(listener.stdout.as_mut().expect("piped"), 99, Duration::from_secs(5)).expect("it ends");
    assert_eq!(&heard[..], b"0\n", "nothing was said to it");
    assert!(listener.wait().expect("it ends").success());
}

#[test]
fn another_user_does_not_reach_the_socket() {
    if !is_root() {
        return;
    }
    let home = Home::with_alice();
    let socket = home.paths().sockets.remove(0);
    // As far as the home they may come, so that it is its own folder that keeps them out.
    set_permissions(home.path(), Permissions::from_mode(0o711)).expect("set");
    let script = "import socket, sys
try: socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except PermissionError: sys.exit(13)";
    let try_as = |user: &str| {
        let mut attempt = Command::new("/usr/bin/setpriv");
        attempt.args(["--reuid", user, "--clear-groups", "python3", "-c", script]).arg(&socket);
        attempt.env("PATH", "/usr/bin:/bin").current_dir("/").status().expect("it ends").code()
    };
    assert_eq!(try_as("65534"), Some(13));
    assert_eq!(try_as("0"), Some(0), "the attempt itself is a good one");
    // Even with the folder and the socket open to all, the agent says nothing to them.
    set_permissions(socket.parent().expect("a folder"), Permissions::from_mode(0o711)).expect("set");
    set_permissions(&socket, Permissions::from_mode(0o777)).expect("set");
    assert_eq!(try_as("65534"), Some(0));
    support::wait_for("the agent's word about it", || home.log().contains("a connection of another user was closed"));
}
