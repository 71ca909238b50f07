//! Root tokens that are about to end: said in time, to whoever gets a token of theirs and once in a while on the desktop.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::protocol::ending::{ends, remedy, stage};
use crate::protocol::{Holder, SessionBus};
use crate::token::{RootToken, TokenId};
use crate::vault::child::{self, Answer, Request};

/// How long the desktop may take.
const DESKTOP: Duration = Duration::from_secs(10);

/// What was said on the desktop, and of which tokens.
pub(super) struct Ending {
    program: PathBuf,
    /// Token ids with the least number of days that was said of them: an agent that is started anew says nothing
    /// twice.
    file: PathBuf,
    said: RefCell<BTreeMap<TokenId, u64>>,
}

impl Ending {
    pub(super) fn new(program: PathBuf, state: &Path) -> Self {
        let file = state.join("endings");
        // What cannot be read is said once more.
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let entry = |line: &str| {
            let (id, days) = line.split_once(' ')?;
            Some((id.parse().ok()?, days.parse().ok()?))
        };
        Self { program, file, said: RefCell::new(text.lines().filter_map(entry).collect()) }
    }

    /// Brings it up on the desktop, where it is time and was not done yet.
    pub(super) fn tell(self: &Rc<Self>, holder: &Holder, root: &RootToken, now: u64, session: &SessionBus) {
        let Some((end, days)) = root.scope().expires().and_then(|end| Some((end, stage(end, now)?))) else { return };
        let id = root.id().clone();
        // Once in the life of an agent, whether there is a desktop or not.
        if self.said.borrow().get(&id).is_some_and(|said| *said <= days) {
            return;
        }
        self.said.borrow_mut().insert(id, days);
        let Ok(environment) = session.environment() else { return };
        let request = Request::Notify {
            summary: format!("devpi: the token of {} {}", holder.user, ends(end, now)),
            body: format!("{}\n{}", holder.server, remedy(holder)),
        };
        let this = Rc::clone(self);
        tokio::task::spawn_local(async move {
            match child::ask(&this.program, &request, &environment, DESKTOP).await {
                Ok(Answer::Done) => this.remember(),
                Ok(_) | Err(_) => tracing::info!("nothing on the desktop shows notes"),
            }
        });
    }

    fn remember(&self) {
        let lines: String = self.said.borrow().iter().map(|(id, days)| format!("{id} {days}\n")).collect();
        if let Err(error) = std::fs::write(&self.file, lines) {
            tracing::warn!(kind = %error.kind(), "what was said on the desktop will be said again");
        }
    }
}
