//! The vault's key in a real desktop keyring: gnome-keyring on a session bus of its own.
#![cfg(feature = "agent")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::protocol::SessionBus;
use devpi_tokens::secret::Secret;
use devpi_tokens::vault::child::ChildError;
use devpi_tokens::vault::keeper::{Keeper, Patience};
use devpi_tokens::vault::{Key, KeyringError, KeyringState, PassphraseError};
use tempfile::TempDir;

/// The agent's program, whose hidden argument is the child.
const AGENT: &str = env!("CARGO_BIN_EXE_devpi-tokens-agent");

/// What the tests need from the system.
const PROGRAMS: [&str; 3] = ["dbus-daemon", "gnome-keyring-daemon", "gdbus"];

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Whether the programs are there; installs them where we may, and says so loudly where they stay away.
fn equipped() -> bool {
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

/// A process of ours, ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session bus with a home of its own.
struct Desktop {
    home: TempDir,
    address: String,
    keyring: Option<Process>,
    _bus: Process,
}

impl Desktop {
    /// A bus on which nothing is started by being called, so that no keyring is there until we start it.
    fn new() -> Self {
        Self::with_services("")
    }

    /// A bus that also starts what those elements of its configuration name.
    fn with_services(services: &str) -> Self {
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

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).env("HOME", self.home.path());
        command.env("XDG_DATA_HOME", self.home.path().join("data")).env("XDG_RUNTIME_DIR", self.home.path());
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("GNOME_KEYRING_CONTROL");
        command
    }

    /// Starts the keyring daemon, unlocked: it makes the login collection the first time.
    fn start_keyring(&mut self) {
        self.start_daemon("--unlock", "collection/");
    }

    /// Starts the daemon and waits until the name of its default collection is in its answer.
    fn start_daemon(&mut self, how: &str, collection: &str) {
        let mut daemon = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", how, "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a keyring");
        daemon.stdin.take().expect("piped").write_all(b"the desktop's password").expect("told");
        self.keyring = Some(Process(daemon));
        // Not by calling it: the bus might start another daemon for the call, one without a collection.
        wait_for("the keyring", || self.has_keyring());
        wait_for("its collection", || {
            self.call("org.freedesktop.Secret.Service.ReadAlias", &["default"]).contains(collection)
        });
    }

    fn stop_keyring(&mut self) {
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

    fn lock_keyring(&self) {
        let answer = self
            .call("org.freedesktop.Secret.Service.Lock", &["[objectpath '/org/freedesktop/secrets/collection/login']"]);
        assert!(answer.contains("collection/login"), "{answer}");
    }

    fn session(&self) -> SessionBus {
        SessionBus { address: Some(self.address.clone()), ..SessionBus::default() }
    }

    fn keeper(&self) -> Keeper {
        // More than the usual two seconds for what is not about time: the machine may be busy.
        let patience = Patience { look_up: Duration::from_secs(20), ..Patience::default() };
        Keeper::with_patience(AGENT.into(), patience)
    }
}

fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !reached() {
        assert!(Instant::now() < limit, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn keyring(error: KeyringError) -> ChildError {
    ChildError::Keyring(error)
}

/// Whether any file below holds the text.
fn found_below(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("listed").any(|entry| {
        let path = entry.expect("an entry").path();
        let bytes = if path.is_file() { fs::read(&path).expect("read") } else { Vec::new() };
        (path.is_dir() && found_below(&path, text)) || bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[tokio::test]
async fn a_key_is_kept_fetched_and_deleted_and_survives_a_restart_of_the_keyring() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let (keeper, session, key) = (desktop.keeper(), desktop.session(), Key::generate());
    let other = Key::generate();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Open);
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("none"), keyring(KeyringError::NotFound));
    keeper.keep(&key, &session).await.expect("kept");
    keeper.keep(&key, &session).await.expect("kept again");
    keeper.keep(&other, &session).await.expect("kept beside it");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").to_secret(), key.to_secret());
    desktop.stop_keyring();
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("gone"), keyring(KeyringError::Absent));
    desktop.start_keyring();
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").to_secret(), key.to_secret());
    keeper.delete(&key.id(), &session).await.expect("deleted");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("deleted"), keyring(KeyringError::NotFound));
    assert_eq!(keeper.delete(&key.id(), &session).await.expect_err("deleted"), keyring(KeyringError::NotFound));
    assert_eq!(keeper.look_up(&other.id(), &session).await.expect("found").to_secret(), other.to_secret());
    assert!(!found_below(desktop.home.path(), key.to_secret().expose()));
}

#[tokio::test]
async fn a_locked_keyring_is_called_locked_in_the_time_of_a_look_up() {
    if !equipped() {
        return;
    }
    // Where nothing can ask the person, the keyring says so at once; where the system's prompter is started for it,
    // it may wait for ever.
    for services in ["", "<standard_session_servicedirs/>"] {
        let mut desktop = Desktop::with_services(services);
        desktop.start_keyring();
        let (session, key) = (desktop.session(), Key::generate());
        desktop.keeper().keep(&key, &session).await.expect("kept");
        desktop.lock_keyring();
        assert_eq!(desktop.keeper().keyring_state(&session).await, KeyringState::Locked);
        let keeper = Keeper::new(AGENT.into());
        let started = Instant::now();
        let error = keeper.look_up(&key.id(), &session).await.expect_err("locked");
        assert_eq!(error, keyring(KeyringError::Locked));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert!(error.remedy().contains("devpi-tokens agent unlock"));
        keeper.forget();
        // What unlocks it is a new start with the password, as at the next login.
        desktop.stop_keyring();
        desktop.start_keyring();
        let found = desktop.keeper().look_up(&key.id(), &session).await.expect("found");
        assert_eq!(found.to_secret(), key.to_secret());
    }
}

#[tokio::test]
async fn a_keyring_without_a_collection_is_told_apart_from_a_locked_one() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_daemon("--start", "objectpath '/'");
    let (keeper, session, key) = (desktop.keeper(), desktop.session(), Key::generate());
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::NoCollection);
    assert_eq!(keeper.keep(&key, &session).await.expect_err("nowhere"), keyring(KeyringError::NoCollection));
}

#[tokio::test]
async fn where_no_keyring_is_that_is_said_at_once() {
    if !equipped() {
        return;
    }
    let desktop = Desktop::new();
    let (keeper, session, key) = (Keeper::new(AGENT.into()), desktop.session(), Key::generate());
    let started = Instant::now();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Absent);
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("absent"), keyring(KeyringError::Absent));
    assert_eq!(keeper.keep(&key, &session).await.expect_err("absent"), keyring(KeyringError::Absent));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_keyring_that_starts_late_is_found_by_the_next_look_up() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    let (keeper, session, key) = (desktop.keeper(), desktop.session(), Key::generate());
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Absent);
    desktop.start_keyring();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Open);
    keeper.keep(&key, &session).await.expect("kept");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").id(), key.id());
}

#[tokio::test]
async fn a_passphrase_is_stretched_in_a_child() {
    let (keeper, key) = (Keeper::new(AGENT.into()), Key::generate());
    let wrapped = keeper.wrap(&key, &Secret::new("correct horse")).await.expect("wrapped");
    let found = keeper.unwrap(&wrapped, &Secret::new("correct horse")).await.expect("unwrapped");
    assert_eq!(found.to_secret(), key.to_secret());
    let error = keeper.unwrap(&wrapped, &Secret::new("battery staple")).await.expect_err("wrong");
    assert_eq!(error, ChildError::Passphrase(PassphraseError::Wrong));
}
