//! On which screen a person is asked.
//!
//! Every program of the same user may say that its own is the one. So it is that of whoever showed a secret last: the
//! vault's, for all tokens in it, or a token, for what is made from that one and no other.

use std::collections::HashMap;

use crate::protocol::{Holder, SessionBus};

/// The sessions of those who showed a secret.
#[derive(Default)]
pub(super) struct Screens {
    /// For a vault that was opened without anybody's secret, as the desktop's keyring does it: that of the first client
    /// that has a screen. Such a vault opens for every program anyway.
    first: Option<SessionBus>,
    /// Of who opened the vault last.
    vault: Option<SessionBus>,
    /// Of who showed a token since then.
    roots: HashMap<Holder, SessionBus>,
}

impl Screens {
    pub(super) fn met(&mut self, session: &SessionBus) {
        if self.first.is_none() && session.screen().is_some() {
            self.first = Some(session.clone());
        }
    }

    pub(super) fn unlocked(&mut self, session: &SessionBus) {
        self.roots.clear();
        self.vault = Some(session.clone());
    }

    pub(super) fn kept(&mut self, holder: Holder, session: &SessionBus) {
        self.roots.insert(holder, session.clone());
    }

    /// Where it is asked about a token of that holder. If there is no screen any more, there is no other in its place.
    pub(super) fn of(&self, holder: &Holder) -> Option<&SessionBus> {
        self.roots.get(holder).or(self.vault.as_ref()).or(self.first.as_ref())
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
        let asked = |screens: &Screens, user| screens.of(&holder(user)).and_then(|session| session.display.clone());
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
}
