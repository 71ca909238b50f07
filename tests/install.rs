//! The agent started by the session: the units that `agent install` writes, and an agent that systemd listens for.

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use support::judge::{Watch, only_uploads};
use support::run::{client_with_shim, client_with_wheel, succeeds};
use support::{BED, Home, code, err, out, send, wait_for};

const AGENT: &str = env!("CARGO_BIN_EXE_devpi-tokens-agent");

/// A home in which systemd seems to run: its private socket is there, and `systemctl` writes down what it is told.
struct Session {
    home: Home,
    _manager: UnixListener,
}

impl Session {
    fn new() -> Self {
        let home = Home::new("passphrase");
        fs::create_dir_all(home.path().join("run/systemd")).expect("made");
        let manager = UnixListener::bind(home.path().join("run/systemd/private")).expect("bound");
        let script = home.path().join("systemctl");
        fs::write(&script, "#!/bin/sh\necho \"$@\" >> \"$HOME/told\"\n").expect("written");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&script, executable).expect("executable");
        Self { home, _manager: manager }
    }

    fn cli(&self, args: &[&str]) -> Command {
        let mut cli = self.home.cli(args);
        cli.env("XDG_RUNTIME_DIR", self.home.path().join("run"));
        cli.env("PATH", format!("{}:/usr/bin:/bin", self.home.path().display()));
        cli
    }

    fn units(&self) -> [PathBuf; 2] {
        ["socket", "service"]
            .map(|kind| self.home.path().join(format!(".config/systemd/user/devpi-tokens-agent.{kind}")))
    }

    fn told(&self) -> String {
        fs::read_to_string(self.home.path().join("told")).unwrap_or_default()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn units_are_written_once_understood_by_systemd_and_taken_back() {
    let session = Session::new();
    let mine = session.home.path().join(".config/systemd/user/mine.service");
    fs::create_dir_all(mine.parent().expect("a folder")).expect("made");
    fs::write(&mine, "[Service]\nExecStart=/bin/true\n").expect("written");

    let done = session.cli(&["agent", "install"]).output().expect("install");
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert_eq!(session.told(), "--user daemon-reload\n--user enable --now devpi-tokens-agent.socket\n");
    let unit = fs::read_to_string(&session.units()[1]).expect("a unit");
    assert!(unit.contains(&format!("ExecStart=\"{AGENT}\" --foreground\n")), "{unit}");
    let mut verify = session.home.command("systemd-analyze");
    verify
        .args(["--user", "--man=no", "verify"])
        .args(session.units())
        .env("XDG_RUNTIME_DIR", session.home.path().join("run"));
    let verified = verify.output().expect("systemd-analyze");
    // An unknown key is only warned about.
    assert_eq!((code(&verified), err(&verified).as_str()), (Some(0), ""), "{}", out(&verified));

    let again = session.cli(&["agent", "install"]).output().expect("install");
    assert_eq!(out(&again).matches("is there already").count(), 2, "{}", out(&again));
    let done = session.cli(&["agent", "uninstall"]).output().expect("uninstall");
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert_eq!(files_below(&session.home.path().join(".config")), [mine]);
    assert!(session.told().contains("--user disable --now devpi-tokens-agent.socket devpi-tokens-agent.service\n"));
    let nothing = session.cli(&["agent", "uninstall"]).output().expect("uninstall");
    assert_eq!((code(&nothing), out(&nothing).as_str()), (Some(0), "nothing is installed\n"));
}

#[test]
fn a_unit_of_somebody_else_is_left_as_it_is() {
    let session = Session::new();
    let [_, service] = session.units();
    fs::create_dir_all(service.parent().expect("a folder")).expect("made");
    fs::write(&service, "# mine\n").expect("written");
    let done = session.cli(&["agent", "install"]).output().expect("install");
    assert_eq!(code(&done), Some(73), "{}", err(&done));
    assert!(err(&done).contains("is not of our making"), "{}", err(&done));
    let done = session.cli(&["agent", "uninstall"]).output().expect("uninstall");
    assert_eq!(out(&done), "nothing is installed\n");
    assert_eq!(fs::read_to_string(&service).expect("there"), "# mine\n");
}

#[test]
fn what_is_in_memory_only_is_not_lost_to_an_installation() {
    let session = Session::new();
    let mut login = session.cli(&["login", &BED.simple_url("alice/dev"), "alice"]);
    login.env("DEVPI_TOKENS_VAULT", "memory");
    let done = support::fed(login, &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let refused = session.cli(&["agent", "install"]).output().expect("install");
    assert_eq!(code(&refused), Some(75), "{}", err(&refused));
    assert!(err(&refused).contains("in memory only"), "{}", err(&refused));
    assert!(session.home.agent().is_some() && session.told().is_empty());
}

#[test]
fn without_systemd_the_desktop_starts_the_agent() {
    let home = Home::new("passphrase");
    let done = home.cli(&["agent", "install"]).env("XDG_RUNTIME_DIR", home.path()).output().expect("install");
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    let entry = fs::read_to_string(home.path().join(".config/autostart/devpi-tokens-agent.desktop")).expect("an entry");
    let start = entry.lines().find_map(|line| line.strip_prefix("Exec=")).expect("a command");
    // A path without anything to be escaped means the same to a shell.
    assert!(home.command("sh").args(["-c", start]).output().expect("a shell").status.success());
    assert!(home.agent().is_some());
    let done = home.cli(&["agent", "uninstall"]).env("XDG_RUNTIME_DIR", home.path()).output().expect("uninstall");
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert!(files_below(&home.path().join(".config")).is_empty());
}

/// systemd's own program that listens for a service and starts it at the first connection, with the unit's settings as
/// far as they can be had without systemd.
struct Activation(Child);

impl Activation {
    fn start(home: &Home, before: &[&str]) -> Self {
        let socket = &home.paths().sockets[0];
        fs::create_dir_all(socket.parent().expect("a folder")).expect("made");
        fs::set_permissions(socket.parent().expect("a folder"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .expect("closed");
        let mut command = home.command("systemd-socket-activate");
        for (name, value) in home.variables() {
            command.arg(format!("--setenv={name}={}", value.to_str().expect("plain")));
        }
        command.arg("--listen").arg(socket).args(before).args([AGENT, "--foreground"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("systemd-socket-activate");
        wait_for("the socket", || socket.exists());
        Self(child)
    }
}

impl Drop for Activation {
    fn drop(&mut self) {
        // It became the agent, which ends with its home; where it never did, it is still to be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_agent_that_systemd_listens_for_reads_and_uploads() {
    let home = Home::new("memory");
    let _activation = Activation::start(&home, &["setpriv", "--no-new-privs"]);
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    succeeds(
        &home,
        client.pip(["install", "--keyring-provider", "subprocess", "-i", &BED.simple_url("alice/dev"), "bed-app"]),
    );
    assert!(client.imports("bed_app"));
    assert!(watch.of("pip/").iter().any(|sent| sent.added.contains(&"allowed=pkg_read".to_owned())));
    let client = client_with_wheel();
    let mut twine = client.twine(["upload", "--non-interactive", "--repository-url", &BED.index_url("alice/dev")]);
    twine.arg(BED.new_upload("bed-activated", "0.1").expect("a wheel"));
    succeeds(&home, twine);
    only_uploads(&watch.of("twine/"), "alice/dev", "bed-activated");
}

#[test]
fn a_socket_that_systemd_has_bound_is_there_when_the_agent_has_ended() {
    let home = Home::new("memory");
    let mut activation = Activation::start(&home, &[]);
    let agent = home.agent().expect("an agent");
    assert_eq!(agent, activation.0.id(), "it was started by the first connection");
    send(agent, Signal::TERM);
    assert!(activation.0.wait().expect("its end").success());
    assert!(home.paths().sockets[0].exists());
}

#[test]
fn the_service_manager_is_told_when_the_agent_serves() {
    let home = Home::new("memory");
    let place = home.path().join("notify");
    let manager = UnixDatagram::bind(&place).expect("bound");
    manager.set_read_timeout(Some(Duration::from_secs(20))).expect("a deadline");
    let mut command = home.command(AGENT);
    command.arg("--foreground").env("NOTIFY_SOCKET", &place).stdout(Stdio::null()).stderr(Stdio::null());
    let mut agent = command.spawn().expect("the agent");
    let mut said = [0; 64];
    let length = manager.recv(&mut said).expect("a message");
    assert_eq!(&said[..length], b"READY=1\n");
    assert_eq!(home.agent(), Some(agent.id()));
    send(agent.id(), Signal::TERM);
    assert!(agent.wait().expect("its end").success());
}

/// What the unit forbids, tried on an agent that reads, uploads, looks up bases and opens a vault: none of it is done.
#[test]
fn nothing_that_the_unit_forbids_is_needed() {
    let home = Home::new("passphrase");
    let trace = home.path().join("trace");
    let watched = "trace=socket,mprotect,mmap,personality,unshare,setns,clone,clone3,chmod,fchmod,fchmodat,mknodat,sched_setscheduler";
    let trace_file = trace.to_str().expect("plain");
    let strace = ["strace", "-D", "--follow-forks", "--seccomp-bpf", "-e", watched, "-o", trace_file];
    let mut activation = Activation::start(&home, &strace);
    let entered = format!("secret phrase\n{}\n", BED.password("alice"));
    let login = home.cli(&["login", "--no-input", &BED.simple_url("alice/dev"), "alice"]);
    let done = support::fed(login, &entered);
    assert!(done.status.success(), "{}", err(&done));
    for args in [["get", &BED.simple_url("alice/mid")], ["get", &BED.index_url("alice/dev")]] {
        let done = home.cli(&args).output().expect("get");
        assert!(done.status.success(), "{}", err(&done));
    }
    assert!(home.cli(&["agent", "stop"]).output().expect("stop").status.success());
    activation.0.wait().expect("its end");
    let mut text = String::new();
    fs::File::open(&trace).expect("a trace").read_to_string(&mut text).expect("read");
    assert!(text.contains("socket(AF_INET,"), "no look-up of bases was traced: {text}");
    let allowed = ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"].map(|family| format!("socket({family},"));
    for line in text.lines() {
        assert!(!line.contains("socket(") || allowed.iter().any(|allowed| line.contains(allowed)), "{line}");
        for forbidden in
            ["PROT_WRITE|PROT_EXEC", "personality(", "unshare(", "setns(", "CLONE_NEW", "S_ISUID", "mknodat("]
        {
            assert!(!line.contains(forbidden), "{line}");
        }
    }
}
