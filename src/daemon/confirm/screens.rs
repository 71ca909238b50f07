//! On which screen a person is asked.
//!
//! Every program of the same user may say that its own is the one. So it is that of whoever showed a secret last: the
//! vault's, for all tokens in it, or a token, for what is made from that one and no other.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{CWD, Mode, OFlags, fstat, openat, stat};

use crate::protocol::{Holder, SessionBus};

/// How many sessions are remembered of those who showed tokens. The others are asked where the vault was opened.
const MOST: usize = 64;

/// The sessions of those who showed a secret.
#[derive(Default)]
pub(super) struct Screens {
    /// For a vault that was opened without anybody's secret, as the desktop's keyring does it: that of the first client
    /// that has a screen. Such a vault opens for every program anyway.
    first: Option<Rc<Session>>,
    /// Of who opened the vault last.
    vault: Option<Rc<Session>>,
    /// Of who showed a token since then.
    roots: HashMap<Holder, Rc<Session>>,
}

/// A session, and what a person sits in front of there.
struct Session {
    bus: SessionBus,
    terminal: Option<Place>,
    /// The sockets of its displays. An X server may have none in the file system.
    desktop: Vec<Place>,
}

/// A device or a socket. Its name goes to another one when it is gone, as that of a terminal does that was closed: a
/// descriptor stays with the one that was there. It keeps nothing open.
struct Place {
    path: PathBuf,
    held: Option<OwnedFd>,
}

impl Place {
    fn of(path: PathBuf) -> Self {
        let held = openat(CWD, &path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).ok();
        Self { path, held }
    }

    fn is_there(&self) -> bool {
        let held = self.held.as_ref().and_then(|held| fstat(held).ok()).filter(|held| held.st_nlink > 0);
        let named = held.zip(stat(&self.path).ok());
        named.is_some_and(|(held, named)| (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino))
    }
}

impl Session {
    fn of(bus: &SessionBus) -> Self {
        let terminal = bus.terminal.as_ref().map(|terminal| Place::of(terminal.into()));
        let sockets = wayland(bus).into_iter().chain(x11(bus)).map(Place::of);
        let desktop = sockets.filter(|socket| socket.held.is_some()).collect();
        Self { bus: bus.clone(), terminal, desktop }
    }

    /// What is left of it; nothing where nobody can sit in front of it any more.
    fn today(&self) -> Option<SessionBus> {
        let mut bus = self.bus.clone();
        bus.terminal.take_if(|_| !self.terminal.as_ref().is_some_and(Place::is_there));
        if !self.desktop.iter().all(Place::is_there) {
            (bus.display, bus.wayland_display) = (None, None);
        }
        let screens = |bus: &SessionBus| [&bus.terminal, &bus.display, &bus.wayland_display].map(Option::is_some);
        (screens(&bus).contains(&true) || !screens(&self.bus).contains(&true)).then_some(bus)
    }
}

/// The socket of its Wayland compositor.
fn wayland(bus: &SessionBus) -> Option<PathBuf> {
    Some(Path::new(bus.runtime_folder.as_ref()?).join(bus.wayland_display.as_ref()?))
}

/// The socket of its X server; none where that is reached over a network.
fn x11(bus: &SessionBus) -> Option<PathBuf> {
    let number = bus.display.as_ref()?.strip_prefix(':')?.split('.').next()?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("/tmp/.X11-unix/X{number}").into())
}

impl Screens {
    pub(super) fn met(&mut self, session: &SessionBus) {
        if self.first.is_none() && session.screen().is_some() {
            self.first = Some(self.known(session));
        }
    }

    pub(super) fn unlocked(&mut self, session: &SessionBus) {
        let session = self.known(session);
        self.roots.clear();
        self.vault = Some(session);
    }

    pub(super) fn kept(&mut self, holder: Holder, session: &SessionBus) {
        self.roots.remove(&holder);
        if self.roots.len() < MOST {
            self.roots.insert(holder, self.known(session));
        }
    }

    /// That session as it is known already, where it is.
    fn known(&self, bus: &SessionBus) -> Rc<Session> {
        let mut all = self.first.iter().chain(&self.vault).chain(self.roots.values());
        let same = all.find(|session| session.bus == *bus && session.today().as_ref() == Some(bus));
        same.map_or_else(|| Rc::new(Session::of(bus)), Rc::clone)
    }

    /// Where it is asked about a token of that holder. If there is no screen any more, there is no other in its place.
    pub(super) fn of(&self, holder: &Holder) -> Option<SessionBus> {
        self.roots.get(holder).or(self.vault.as_ref()).or(self.first.as_ref())?.today()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};

    use super::*;

    fn at(display: &str) -> SessionBus {
        SessionBus { display: Some(display.to_owned()), ..SessionBus::default() }
    }

    fn holder(user: &str) -> Holder {
        Holder { server: "https://devpi.example".parse().expect("a server"), user: user.parse().expect("a user") }
    }

    #[test]
    fn a_token_is_asked_about_where_it_was_shown_and_no_other_one() {
        let mut screens = Screens::default();
        let asked = |screens: &Screens, user| screens.of(&holder(user)).and_then(|session| session.display);
        assert_eq!(asked(&screens, "alice"), None);
        screens.met(&at("first"));
        screens.met(&at("later"));
        assert_eq!(asked(&screens, "alice").as_deref(), Some("first"));
        screens.kept(holder("alice"), &at("login"));
        screens.kept(holder("mallory"), &at("evil"));
        assert_eq!(asked(&screens, "alice").as_deref(), Some("login"));
        assert_eq!(asked(&screens, "bob").as_deref(), Some("first"));
        screens.unlocked(&at("unlock"));
        assert_eq!(asked(&screens, "alice").as_deref(), Some("unlock"));
        screens.kept(holder("mallory"), &at("evil"));
        assert_eq!(asked(&screens, "alice").as_deref(), Some("unlock"));
    }

    #[test]
    fn what_got_the_name_of_a_closed_terminal_is_another_one() {
        let opened = || {
            let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
            unlockpt(&terminal).expect("unlocked");
            let name = ptsname(&terminal, Vec::new()).expect("its name").into_string().expect("text");
            (terminal, name)
        };
        let (terminal, name) = opened();
        let mut screens = Screens::default();
        screens.unlocked(&SessionBus { terminal: Some(name.clone()), ..SessionBus::default() });
        let today = |screens: &Screens| screens.of(&holder("alice")).and_then(|session| session.terminal);
        assert_eq!(today(&screens).as_ref(), Some(&name));
        // As `mesg` does, and updates of the system.
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o600)).expect("set");
        assert_eq!(today(&screens).as_ref(), Some(&name));
        drop(terminal);
        // The lowest number that is free; another test may be faster.
        let others: Vec<_> = (0..32).map(|_| opened()).collect();
        assert_eq!(today(&screens), None, "{}", others.iter().any(|(_, other)| *other == name));
    }

    #[test]
    fn a_desktop_is_gone_with_its_display_whatever_has_the_name_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| std::fs::write(folder.path().join(name), "").expect("a file");
        file("wayland-0");
        let session = SessionBus {
            runtime_folder: folder.path().to_str().map(str::to_owned),
            wayland_display: Some("wayland-0".to_owned()),
            ..at("elsewhere:10.0")
        };
        let mut screens = Screens::default();
        screens.unlocked(&session);
        assert_eq!(screens.of(&holder("alice")), Some(session));
        file("later");
        std::fs::rename(folder.path().join("later"), folder.path().join("wayland-0")).expect("in its place");
        assert_eq!(screens.of(&holder("alice")), None);
        assert_eq!(x11(&at(":1.0")), Some("/tmp/.X11-unix/X1".into()));
        assert_eq!(x11(&at(":/../x")), None);
    }
}
