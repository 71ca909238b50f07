//! Which vault was here before: an older one in its place is noticed, and so is another keeper of its key.
//!
//! While the agent runs it remembers that itself. For the agent after it the number lies in a file beside the log, which
//! tells a restored backup and a careless thief; whoever can write the vault can write that file as well.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::folder::{Disk, Folder, replace};
use crate::protocol::Rollback;
use crate::vault::KeyId;
use crate::vault::file::Header;

const NAME: &str = "generation";

/// The longest such file that is read, in bytes.
const LONGEST: u64 = 4096;

/// The newest generation of a vault that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Newest {
    id: KeyId,
    generation: u64,
}

/// What is known of the generations before.
pub(super) struct Generations {
    state: PathBuf,
    /// Of the vault that this agent opened or wrote last.
    last: RefCell<Option<Header>>,
    newest: RefCell<Option<Newest>>,
}

impl Generations {
    pub(super) fn new(state: &Path) -> Self {
        let newest = RefCell::new(read(state));
        Self { state: state.to_owned(), last: RefCell::default(), newest }
    }

    /// Whether a closed vault has the key and the keeper that this agent knows; at first, whatever there is.
    pub(super) fn is_ours(&self, found: &Header) -> bool {
        let last = self.last.borrow();
        last.as_ref().is_none_or(|last| last.id == found.id && last.keeper == found.keeper)
    }

    /// To be called with the header of a vault that has opened, or was written.
    pub(super) fn opened(&self, header: &Header) {
        if let Some(Rollback { generation, newest }) = self.rollback(header) {
            tracing::warn!(generation, newest, "the vault is older than the one that was here before");
        } else {
            let newest = Newest { id: header.id.clone(), generation: header.generation };
            if self.newest.borrow().as_ref() != Some(&newest) {
                if let Err(error) = write(&self.state, &newest) {
                    tracing::warn!(%error, "the generation of the vault was not written down");
                }
                *self.newest.borrow_mut() = Some(newest);
            }
        }
        *self.last.borrow_mut() = Some(header.clone());
    }

    /// What was here before, where the vault of that header is older.
    pub(super) fn rollback(&self, header: &Header) -> Option<Rollback> {
        let newest = self.newest.borrow();
        let newest =
            newest.as_ref().filter(|newest| newest.id == header.id && newest.generation > header.generation)?;
        Some(Rollback { generation: header.generation, newest: newest.generation })
    }
}

/// What cannot be read says nothing: it can be lost, and is only worth a warning.
fn read(state: &Path) -> Option<Newest> {
    let bytes = Folder::existing(state).ok()??.read(NAME, LONGEST).ok()??;
    serde_json::from_slice(&bytes).ok()
}

fn write(state: &Path, newest: &Newest) -> std::io::Result<()> {
    replace(&Folder::private(state)?, NAME, &serde_json::to_vec(newest)?)
}
