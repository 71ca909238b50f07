//! A desktop session of its own: a bus, and a real gnome-keyring on it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{TOOLS, wait_for};

/// What the tests need from the system.
const PROGRAMS: [&str; 3] = ["dbus-daemon", "gnome-keyring-daemon", "gdbus"];

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Whether the programs are there; installs them where we may, and says so loudly where they stay away.
pub fn equipped() -> bool {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let missing = || PROGRAMS.iter().any(|name| on_path(name).is_none());
    ONCE.call_once(|| {
        if missing() && rustix::process::geteuid().is_root() {
            let install = "apt-get update && apt-get install -y dbus gnome-keyring libglib2.0-bin";
            let _ = Command::new("sh").args(["-c", install]).stdout(Stdio::null()).status();
        }
    });
    if missing() {
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "\n*** SKIPPED: no real keyring was tested; install dbus and gnome-keyring ***\n");
    }
    !missing()
}

/// What opens the login collection.
const PASSWORD: &[u8] = b"the desktop's password";

/// A process of ours, ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session bus with a home of its own.
pub struct Desktop {
    home: TempDir,
    /// Of the bus.
    pub address: String,
    keyring: Option<Process>,
    _bus: Process,
}

impl Desktop {
    /// A bus on which nothing is started by being called, so that no keyring is there until we start it.
    pub fn new() -> Self {
        Self::with_services("")
    }

    /// A bus that also starts what those elements of its configuration name.
    pub fn with_services(services: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("set");
        let socket = home.path().join("bus");
        let config = home.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type>{services}<listen>unix:path={}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>\
             </busconfig>",
            socket.display()
        );
        fs::write(&config, text).expect("written");
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a bus");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
        Self { home, address: address.trim().to_owned(), keyring: None, _bus: Process(bus) }
    }

    /// Its home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).env("HOME", self.home.path());
        command.env("XDG_DATA_HOME", self.home.path().join("data")).env("XDG_RUNTIME_DIR", self.home.path());
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("GNOME_KEYRING_CONTROL");
        command
    }

    /// Starts the keyring daemon, unlocked: it makes the login collection the first time.
    pub fn start_keyring(&mut self) {
        self.start_daemon("--unlock", "collection/");
    }

    /// Starts the daemon and waits until the name of its default collection is in its answer.
    pub fn start_daemon(&mut self, how: &str, collection: &str) {
        let mut daemon = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", how, "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a keyring");
        daemon.stdin.take().expect("piped").write_all(PASSWORD).expect("told");
        self.keyring = Some(Process(daemon));
        // Not by calling it: the bus might start another daemon for the call, one without a collection.
        wait_for("the keyring", || self.has_keyring());
        wait_for("its collection", || {
            self.call("org.freedesktop.Secret.Service.ReadAlias", &["default"]).contains(collection)
        });
    }

    /// Ends the daemon.
    pub fn stop_keyring(&mut self) {
        self.keyring = None;
        wait_for("the keyring's end", || !self.has_keyring());
    }

    /// Whether a keyring is on the bus.
    fn has_keyring(&self) -> bool {
        let answer = self
            .command("gdbus")
            .args(["call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus"])
            .args(["--method", "org.freedesktop.DBus.NameHasOwner", "org.freedesktop.secrets"])
            .output()
            .expect("gdbus");
        answer.stdout.starts_with(b"(true")
    }

    /// Calls a method of the Secret Service; what it answered, empty where it did not.
    fn call(&self, method: &str, arguments: &[&str]) -> String {
        let answer = self
            .command("gdbus")
            .args(["call", "--session", "--dest", "org.freedesktop.secrets"])
            .args(["--object-path", "/org/freedesktop/secrets", "--method", method])
            .args(arguments)
            .stderr(Stdio::null())
            .output()
            .expect("gdbus");
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }

    /// Unlocks it with its password, as the desktop does when somebody logs in: the daemon stays the same.
    pub fn unlock_keyring(&self) {
        // Among the Python tools is one that speaks D-Bus: a session of the keyring has to outlive a single call.
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/unlock.py");
        let mut unlock =
            self.command(TOOLS.program("python")).arg(script).stdin(Stdio::piped()).spawn().expect("Python");
        unlock.stdin.take().expect("piped").write_all(PASSWORD).expect("told");
        assert!(unlock.wait().expect("it ends").success());
        wait_for("the keyring to open", || !self.is_locked());
    }

    fn is_locked(&self) -> bool {
        let locked = "org.freedesktop.DBus.Properties.Get";
        let path = "/org/freedesktop/secrets/collection/login";
        let answer = self
            .command("gdbus")
            .args(["call", "--session", "--dest", "org.freedesktop.secrets", "--object-path", path])
            .args(["--method", locked, "org.freedesktop.Secret.Collection", "Locked"])
            .output()
            .expect("gdbus");
        !answer.stdout.starts_with(b"(<false>")
    }

    /// Locks the login collection, as the desktop does when it is left alone.
    pub fn lock_keyring(&self) {
        let answer = self
            .call("org.freedesktop.Secret.Service.Lock", &["[objectpath '/org/freedesktop/secrets/collection/login']"]);
        assert!(answer.contains("collection/login"), "{answer}");
    }
}
