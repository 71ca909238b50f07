//! Where things lie: configuration, vault, state, socket.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// The folders and the socket of one user.
///
/// They follow from the user id, not from a caller's `HOME`: one agent serves all of a user's processes, and must not
/// change vaults with one that was started in a home of its own, as `tox` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`, which can only narrow.
    pub config: PathBuf,
    /// The vault and the list of our hosts.
    pub data: PathBuf,
    /// Log and lock.
    pub state: PathBuf,
    /// Where the socket may be; the first is where an agent binds, where that can be done.
    pub sockets: Vec<PathBuf>,
}

impl Paths {
    /// The variable that names the socket.
    pub const SOCKET: &str = "DEVPI_TOKENS_SOCK";

    /// The longest path of a socket, in bytes (`sun_path` of `unix(7)`, less its NUL).
    pub const LONGEST_SOCKET: usize = 107;

    /// The variables by which a person has put them elsewhere.
    pub const VARIABLES: [&str; 5] =
        ["DEVPI_TOKENS_HOME", Self::SOCKET, "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];

    /// From the environment and the user database.
    ///
    /// `DEVPI_TOKENS_HOME` puts everything under one folder, `DEVPI_TOKENS_SOCK` the socket somewhere else.
    ///
    /// # Errors
    /// [`Exit::Unsafe`], naming the variable, where a path is relative or too long for a socket, or where the user has
    /// no home.
    pub fn find() -> Result<Self, Failure> {
        let variable = |name: &'static str| absolute(name, std::env::var_os(name));
        let mut paths = match variable("DEVPI_TOKENS_HOME")? {
            Some(home) => Self::under(&home),
            None => Self::of_user(variable)?,
        };
        if let Some(socket) = variable(Self::SOCKET)? {
            paths.sockets = vec![socket];
        }
        let long = |socket: &PathBuf| socket.as_os_str().len() > Self::LONGEST_SOCKET;
        if paths.sockets.iter().all(long) {
            let variable = if std::env::var_os(Self::SOCKET).is_some() {
                Self::SOCKET
            } else if std::env::var_os("DEVPI_TOKENS_HOME").is_some() {
                "DEVPI_TOKENS_HOME"
            } else {
                "XDG_STATE_HOME"
            };
            let longest = Self::LONGEST_SOCKET;
            let message = format!("{variable} makes the socket's path longer than {longest} bytes");
            return Err(Failure::new(Exit::Unsafe, message)
                .with_remedy("set DEVPI_TOKENS_SOCK to a shorter path in a folder of yours"));
        }
        paths.sockets.retain(|socket| !long(socket));
        Ok(paths)
    }

    fn under(home: &Path) -> Self {
        let state = home.join("state");
        Self { config: home.join("config"), data: home.join("data"), sockets: vec![state.join("agent.sock")], state }
    }

    fn of_user(variable: impl Fn(&'static str) -> Result<Option<PathBuf>, Failure>) -> Result<Self, Failure> {
        let uid = rustix::process::getuid();
        let user = nix::unistd::User::from_uid(uid.as_raw().into()).ok().flatten();
        let home = user.map(|user| user.dir).filter(|home| home.is_absolute() && home.is_dir()).ok_or_else(|| {
            Failure::new(Exit::Unsafe, format!("the user database names no home for user id {}", uid.as_raw()))
                .with_remedy("set DEVPI_TOKENS_HOME to a folder of yours")
        })?;
        let dirs = directories::ProjectDirs::from("", "", "devpi-tokens")
            .ok_or_else(|| Failure::new(Exit::Unsafe, "HOME is not set and the user database names no home"))?;
        let caller = directories::BaseDirs::new().map(|base| base.home_dir().to_owned());
        // `directories` begins at the caller's HOME; the same folder is meant below the user's own.
        let ours = |name, folder: &Path| -> Result<PathBuf, Failure> {
            let below = caller.as_ref().and_then(|caller| folder.strip_prefix(caller).ok());
            Ok(match (variable(name)?, below) {
                (None, Some(below)) => home.join(below),
                _ => folder.to_owned(),
            })
        };
        let state = ours("XDG_STATE_HOME", dirs.state_dir().unwrap_or(dirs.data_dir()))?;
        let runtime = PathBuf::from(format!("/run/user/{}", uid.as_raw()));
        let mut sockets = vec![state.join("agent.sock")];
        // Not XDG_RUNTIME_DIR: the socket must be found by a process with another environment as well.
        if is_ours(&runtime) {
            sockets.insert(0, runtime.join("devpi-tokens").join("agent.sock"));
        }
        Ok(Self {
            config: ours("XDG_CONFIG_HOME", dirs.config_dir())?,
            data: ours("XDG_DATA_HOME", dirs.data_dir())?,
            state,
            sockets,
        })
    }

    /// The sealed file of root tokens.
    pub fn vault(&self) -> PathBuf {
        self.data.join("vault")
    }

    /// Where each command that runs under `exec` has a folder: in memory, where the system has a folder for that.
    pub fn runs(&self) -> PathBuf {
        let runtime =
            self.sockets.iter().filter(|socket| socket.starts_with("/run/user")).find_map(|socket| socket.parent());
        runtime.unwrap_or(&self.state).join("exec")
    }

    /// The plain list of the servers that are ours.
    pub fn hosts(&self) -> PathBuf {
        self.data.join("hosts")
    }
}

fn absolute(name: &'static str, value: Option<OsString>) -> Result<Option<PathBuf>, Failure> {
    match value.filter(|value| !value.is_empty()).map(PathBuf::from) {
        Some(path) if path.is_relative() => Err(Failure::new(Exit::Unsafe, format!("{name} is a relative path"))
            .with_remedy(format!("set {name} to an absolute path, or not at all"))),
        path => Ok(path),
    }
}

fn is_ours(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let uid = rustix::process::getuid().as_raw();
    std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && found.uid() == uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_is_refused_and_an_empty_one_is_none() {
        assert_eq!(absolute("X", Some("".into())).expect("none"), None);
        assert_eq!(absolute("X", Some("/a".into())).expect("a path"), Some("/a".into()));
        let refused = absolute("XDG_DATA_HOME", Some("a/b".into())).expect_err("relative");
        assert_eq!((refused.exit, refused.message.as_str()), (Exit::Unsafe, "XDG_DATA_HOME is a relative path"));
    }
}
