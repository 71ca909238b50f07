//! On which screen a person is asked.
//!
//! Every program of the same user may say that its own is the one. So it is that of whoever showed a secret last: the
//! vault's, for all tokens in it, or a token, for what is made from that one and no other.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::protocol::{Holder, SessionBus};

/// The sessions of those who showed a secret.
#[derive(Default)]
pub(super) struct Screens {
    /// For a vault that was opened without anybody's secret, as the desktop's keyring does it: that of the first client
    /// that has a screen. Such a vault opens for every program anyway.
    first: Option<Session>,
    /// Of who opened the vault last.
    vault: Option<Session>,
    /// Of who showed a token since then.
    roots: HashMap<Holder, Session>,
}

/// A session as it was when a secret was shown there.
struct Session {
    bus: SessionBus,
    terminal: Option<Identity>,
    wayland: Option<Identity>,
}

impl Session {
    fn of(bus: &SessionBus) -> Self {
        Self { bus: bus.clone(), terminal: identity(bus.terminal.as_ref()), wayland: identity(wayland(bus)) }
    }

    /// What is left of it.
    fn today(&self) -> SessionBus {
        let mut bus = self.bus.clone();
        bus.terminal.take_if(|terminal| identity(Some(terminal)) != self.terminal);
        if identity(wayland(&bus)) != self.wayland {
            bus.wayland_display = None;
        }
        bus
    }
}

/// The socket of its Wayland compositor.
fn wayland(bus: &SessionBus) -> Option<PathBuf> {
    Some(Path::new(bus.runtime_folder.as_ref()?).join(bus.wayland_display.as_ref()?))
}

/// By what a device or socket is told apart from another one that got its name later, as that of a terminal that was closed
/// does: its number, and when it was made or last given to somebody (seconds, nanoseconds).
type Identity = (u64, i64, i64);

fn identity(path: Option<impl AsRef<Path>>) -> Option<Identity> {
    let found = std::fs::symlink_metadata(path?).ok()?;
    Some((found.ino(), found.ctime(), found.ctime_nsec()))
}

impl Screens {
    pub(super) fn met(&mut self, session: &SessionBus) {
        if self.first.is_none() && session.screen().is_some() {
            self.first = Some(Session::of(session));
        }
    }

    pub(super) fn unlocked(&mut self, session: &SessionBus) {
        self.roots.clear();
        self.vault = Some(Session::of(session));
    }

    pub(super) fn kept(&mut self, holder: Holder, session: &SessionBus) {
        self.roots.insert(holder, Session::of(session));
    }

    /// Where it is asked about a token of that holder. If there is no screen any more, there is no other in its place.
    pub(super) fn of(&self, holder: &Holder) -> Option<SessionBus> {
        self.roots.get(holder).or(self.vault.as_ref()).or(self.first.as_ref()).map(Session::today)
    }
}

#[cfg(test)]
mod tests {
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
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| {
            std::fs::write(folder.path().join(name), "").expect("a file");
            folder.path().join(name).to_str().expect("text").to_owned()
        };
        let session = SessionBus {
            terminal: Some(file("terminal")),
            runtime_folder: folder.path().to_str().map(str::to_owned),
            wayland_display: Some(file("wayland-0")),
            ..at("display")
        };
        let mut screens = Screens::default();
        screens.unlocked(&session);
        let today = |screens: &Screens| screens.of(&holder("alice")).expect("a session");
        assert_eq!(today(&screens), session);
        for (name, left) in [
            ("terminal", SessionBus { terminal: None, ..session.clone() }),
            ("wayland-0", SessionBus { terminal: None, wayland_display: None, ..session.clone() }),
        ] {
            // Beside it, so that it gets another number for sure.
            let later = file("later");
            std::fs::rename(later, folder.path().join(name)).expect("in its place");
            assert_eq!(today(&screens), left);
        }
    }
}
