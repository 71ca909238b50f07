//! The desktop session of whoever asks: what the keyring's child needs of its environment, and nothing else.
//!
//! An agent outlives the session that it was started in, so a client sends its own along with each request.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::protocol::SessionBus;

/// The longest value that is taken over, in bytes.
const LONGEST: usize = 1024;

/// A session that is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionBusError {
    /// Not `unix:path=/…`: another kind of bus could be anybody's.
    #[error("the address of the session bus is not that of a socket in the file system")]
    Address,
    /// There is no bus there.
    #[error("there is no session bus at {}", .0.display())]
    Absent(PathBuf),
    /// The socket, or the folder that it is in, is somebody else's.
    #[error("the session bus at {} can be another user's", .0.display())]
    Foreign(PathBuf),
    /// A variable with control characters, too long or, where a path is due, not absolute.
    #[error("the variable {0} of the session cannot be used")]
    Variable(&'static str),
}

impl SessionBus {
    /// What a child that talks to the session's keyring gets as its environment, all of it.
    ///
    /// Without an address the bus is looked for where every client of D-Bus looks: in the runtime folder.
    ///
    /// # Errors
    /// [`SessionBusError`]; the bus has to be a socket of ours that nobody else can have put there.
    pub fn environment(&self) -> Result<Environment, SessionBusError> {
        let mut variables = self.bus()?;
        for (name, value, is_path) in self.others() {
            variables.extend(checked(name, value, is_path)?);
        }
        Ok(Environment(variables))
    }

    /// What a command of the person's gets as its environment, all of it: of the agent's own variables what leads to
    /// programs and to the credentials of its systemd unit, the home that the user database names, and as much of this
    /// session as can be used.
    pub fn environment_of_command(&self, own: impl Fn(&str) -> Option<String>) -> Environment {
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        let home = user.as_ref().and_then(|user| Some(user.dir.to_str()?.to_owned()));
        let name = user.map(|user| user.name);
        let own = ["PATH", "TZ", "CREDENTIALS_DIRECTORY"].map(|name| (name, own(name)));
        let of_user = [("HOME", home), ("USER", name.clone()), ("LOGNAME", name)];
        let certain = own.into_iter().chain(of_user).filter_map(|(name, value)| Some((name, value?)));
        // Not its home: a command that asks the person must not be led to somebody's configuration by whoever asks us.
        let others = self.others().into_iter().filter(|(name, ..)| *name != "HOME");
        let usable = others.filter_map(|(name, value, is_path)| checked(name, value, is_path).ok().flatten());
        Environment(certain.chain(self.bus().unwrap_or_default()).chain(usable).collect())
    }

    fn bus(&self) -> Result<Vec<(&'static str, String)>, SessionBusError> {
        let socket = match (&self.address, &self.runtime_folder) {
            (Some(address), _) => socket_of(address)?,
            (None, Some(folder)) => Path::new(folder).join("bus"),
            (None, None) => PathBuf::from(format!("/run/user/{}/bus", rustix::process::geteuid().as_raw())),
        };
        ours(&socket)?;
        Ok(vec![("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()))])
    }

    /// The other variables, and which of them are paths.
    fn others(&self) -> [(&'static str, Option<&String>, bool); 6] {
        [
            ("XDG_RUNTIME_DIR", self.runtime_folder.as_ref(), true),
            ("DISPLAY", self.display.as_ref(), false),
            ("WAYLAND_DISPLAY", self.wayland_display.as_ref(), false),
            ("XAUTHORITY", self.xauthority.as_ref(), true),
            ("HOME", self.home.as_ref(), true),
            ("LANG", self.language.as_ref(), false),
        ]
    }
}

fn checked(
    name: &'static str,
    value: Option<&String>,
    is_path: bool,
) -> Result<Option<(&'static str, String)>, SessionBusError> {
    let Some(value) = value else { return Ok(None) };
    let odd = value.len() > LONGEST || value.chars().any(char::is_control);
    if odd || (is_path && !value.starts_with('/')) {
        return Err(SessionBusError::Variable(name));
    }
    Ok(Some((name, value.clone())))
}

/// The checked environment of a child: these variables and no others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(Vec<(&'static str, String)>);

impl Environment {
    /// No variable at all, for a child that needs no session.
    pub fn none() -> Self {
        Self::default()
    }

    /// Names and values.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// The path in `unix:path=/…`, optionally followed by the bus's `guid`
/// ([D-Bus addresses](https://dbus.freedesktop.org/doc/dbus-specification.html#addresses)). Lists, other transports
/// and escaped characters are refused: the child's library would read them, we would only guess.
fn socket_of(address: &str) -> Result<PathBuf, SessionBusError> {
    let rest = address.strip_prefix("unix:path=").ok_or(SessionBusError::Address)?;
    let path = match rest.split_once(",guid=") {
        Some((path, guid)) if guid.len() == 32 && guid.bytes().all(|byte| byte.is_ascii_hexdigit()) => path,
        Some(_) => return Err(SessionBusError::Address),
        None => rest,
    };
    // What D-Bus takes unescaped; anything else would end up in our own address as something else.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    let fits = path.starts_with('/') && path.len() <= LONGEST && path.bytes().all(plain);
    if fits { Ok(PathBuf::from(path)) } else { Err(SessionBusError::Address) }
}

/// Whether the socket is ours and nobody else could have put it there.
fn ours(socket: &Path) -> Result<(), SessionBusError> {
    let absent = |_| SessionBusError::Absent(socket.to_owned());
    let foreign = || SessionBusError::Foreign(socket.to_owned());
    socket_of(&format!("unix:path={}", socket.display()))?;
    let stat = fs::symlink_metadata(socket).map_err(absent)?;
    let user = rustix::process::geteuid().as_raw();
    if !stat.file_type().is_socket() || stat.uid() != user {
        return Err(foreign());
    }
    let folder = fs::metadata(socket.parent().ok_or_else(foreign)?).map_err(absent)?;
    // Where others may rename, they could put their bus in the place of ours; not so where the folder is sticky.
    let closed = folder.mode() & 0o022 == 0 || folder.mode() & 0o1000 != 0;
    if closed && (folder.uid() == user || folder.uid() == 0) { Ok(()) } else { Err(foreign()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn at(address: &str) -> SessionBus {
        SessionBus { address: Some(address.to_owned()), ..SessionBus::default() }
    }

    #[test]
    fn only_a_socket_in_the_file_system_is_taken_as_an_address() {
        for address in [
            "",
            "unix:abstract=/tmp/dbus-x",
            "tcp:host=localhost,port=1",
            "unixexec:path=/bin/sh",
            "autolaunch:",
            "unix:path=relative",
            "unix:path=/a;unixexec:path=/bin/sh",
            "unix:path=/a,unixexec:path=/bin/sh",
            "unix:path=/a%2fb",
            "unix:path=/a b",
            "unix:path=/a\0",
            "unix:path=/a,guid=x",
            "unix:tmpdir=/tmp",
        ] {
            assert_eq!(at(address).environment(), Err(SessionBusError::Address), "{address:?}");
        }
        assert_eq!(at("unix:path=/nowhere").environment(), Err(SessionBusError::Absent("/nowhere".into())));
    }

    #[test]
    fn a_bus_of_ours_is_found_by_its_address_or_in_the_runtime_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let socket = home.path().join("bus");
        let _bus = UnixListener::bind(&socket).expect("bound");
        let address = format!("unix:path={}", socket.display());
        let guid = "0123456789abcdef0123456789abcdef";
        let runtime = Some(home.path().to_str().expect("text").to_owned());
        for session in [
            at(&address),
            at(&format!("{address},guid={guid}")),
            SessionBus { runtime_folder: runtime, ..SessionBus::default() },
        ] {
            let environment = session.environment().expect("ours");
            assert_eq!(environment.variables().next(), Some(("DBUS_SESSION_BUS_ADDRESS", address.as_str())));
        }
    }

    #[test]
    fn a_file_or_a_socket_where_others_may_write_is_not_our_bus() {
        let home = tempfile::tempdir().expect("a folder");
        let foreign = |path: &Path| {
            let outcome = at(&format!("unix:path={}", path.display())).environment();
            assert_eq!(outcome, Err(SessionBusError::Foreign(path.to_owned())));
        };
        let file = home.path().join("file");
        fs::write(&file, "").expect("written");
        foreign(&file);
        let socket = home.path().join("bus");
        let _bus = UnixListener::bind(&socket).expect("bound");
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&socket, &link).expect("linked");
        foreign(&link);
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).expect("set");
        foreign(&socket);
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o1777)).expect("set");
        assert!(at(&format!("unix:path={}", socket.display())).environment().is_ok());
    }

    #[test]
    fn a_variable_that_could_be_read_otherwise_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let socket = home.path().join("bus");
        let _bus = UnixListener::bind(&socket).expect("bound");
        let session = at(&format!("unix:path={}", socket.display()));
        let odd = SessionBus { display: Some(":0\n".to_owned()), ..session.clone() };
        assert_eq!(odd.environment(), Err(SessionBusError::Variable("DISPLAY")));
        let relative = SessionBus { home: Some("home".to_owned()), ..session.clone() };
        assert_eq!(relative.environment(), Err(SessionBusError::Variable("HOME")));
        let long = SessionBus { language: Some("x".repeat(LONGEST + 1)), ..session };
        assert_eq!(long.environment(), Err(SessionBusError::Variable("LANG")));
    }

    #[test]
    fn a_command_gets_what_can_be_used_of_the_session_and_no_home_but_the_users_own() {
        let own = |name: &str| ["PATH", "TOKEN"].contains(&name).then(|| format!("the agent's {name}"));
        let session = SessionBus {
            address: Some("tcp:host=evil".to_owned()),
            display: Some(":7".to_owned()),
            xauthority: Some("relative".to_owned()),
            home: Some("/somebody/elses".to_owned()),
            ..SessionBus::default()
        };
        let environment = session.environment_of_command(own);
        // The last one counts, should there be two.
        let value = |name| environment.variables().filter(|(found, _)| *found == name).last().map(|(_, value)| value);
        assert_eq!((value("PATH"), value("DISPLAY")), (Some("the agent's PATH"), Some(":7")));
        assert!(value("HOME").is_some_and(|home| home.starts_with('/') && home != "/somebody/elses"));
        assert_eq!([value("TOKEN"), value("XAUTHORITY"), value("DBUS_SESSION_BUS_ADDRESS")], [None; 3]);
    }

    #[test]
    fn an_environment_is_asked_for_these_variables_and_no_others() {
        let session = SessionBus::from_environment(|name| match name {
            "DISPLAY" => Some(":7".to_owned()),
            "LANG" => Some(String::new()),
            _ => None,
        });
        assert_eq!(session, SessionBus { display: Some(":7".to_owned()), ..SessionBus::default() });
        assert_eq!(serde_json::to_string(&session).expect("json"), r#"{"display":":7"}"#);
    }
}
