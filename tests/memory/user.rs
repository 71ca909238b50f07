//! A user without privileges, with programs and an agent of his own.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use devpi_tokens::client::Client;
use devpi_tokens::paths::Paths;

/// `nobody` of Debian; for whoever runs the tests as root.
const NOBODY: u32 = 65534;

/// A home of a user who is not root, and programs that he may run. The agent ends with it.
pub(crate) struct User {
    folder: tempfile::TempDir,
    id: u32,
}

impl User {
    /// A user for whom that program is the agent. It is whoever runs the tests, where that is not root.
    pub(crate) fn with_agent(agent: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("opened up");
        std::fs::create_dir(folder.path().join("home")).expect("a folder");
        let id = match rustix::process::geteuid() {
            root if root.is_root() => {
                chown(folder.path().join("home"), Some(NOBODY), Some(NOBODY)).expect("given away");
                NOBODY
            }
            other => other.as_raw(),
        };
        std::fs::set_permissions(folder.path().join("home"), std::fs::Permissions::from_mode(0o700)).expect("closed");
        for (program, name) in
            [(Path::new(env!("CARGO_BIN_EXE_devpi-tokens")), "devpi-tokens"), (agent, "devpi-tokens-agent")]
        {
            std::fs::copy(program, folder.path().join(name)).expect("a program");
        }
        Self { folder, id }
    }

    /// His id; none where he is whoever runs the tests.
    pub(crate) fn other(&self) -> Option<u32> {
        (self.id == NOBODY).then_some(NOBODY)
    }

    /// His home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// One of the programs, run by him under a limit as `prlimit(1)` takes it, such as `--core=0`.
    pub(crate) fn command(&self, limit: &str, program: &str) -> Command {
        let mut command = Command::new("/usr/bin/prlimit");
        command.args([limit, "--"]).arg(self.folder.path().join(program));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.home());
        command.env("DEVPI_TOKENS_HOME", self.home()).env("DEVPI_TOKENS_VAULT", "passphrase");
        command.env("COLUMNS", "1000").current_dir(self.home()).stdin(Stdio::null());
        if let Some(id) = self.other() {
            command.uid(id).gid(id);
        }
        command
    }

    /// The command line, run by him.
    pub(crate) fn cli(&self, args: &[&str]) -> Command {
        let mut command = self.command("--core=unlimited", "devpi-tokens");
        command.args(args);
        command
    }

    /// Where everything of his lies.
    pub(crate) fn paths(&self) -> Paths {
        Paths {
            config: self.home().join("config"),
            data: self.home().join("data"),
            state: self.home().join("state"),
            sockets: vec![self.home().join("state/agent.sock")],
        }
    }

    /// Does something as he does it, in a thread of its own: the system asks the thread who it is.
    pub(crate) fn does<T: Send>(&self, something: impl FnOnce() -> T + Send) -> T {
        let id = self.other();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                if let Some(id) = id {
                    let (user, group) = (rustix::process::Uid::from_raw(id), rustix::process::Gid::from_raw(id));
                    rustix::thread::set_thread_groups(&[]).expect("no groups");
                    rustix::thread::set_thread_res_gid(group, group, group).expect("his group");
                    rustix::thread::set_thread_res_uid(user, user, user).expect("his id");
                }
                something()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The process of his agent.
    pub(crate) fn agent(&self) -> u32 {
        let paths = self.paths();
        self.does(|| Client::running(&paths).expect("a greeting").expect("an agent").agent)
    }

    /// The agent's log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home().join("state/agent.log")).unwrap_or_default()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // Where none runs there is nothing to end.
        let _ = self.cli(&["agent", "stop"]).output();
    }
}
