//! What the agent holds of the vault: nothing while it is closed, everything while it is open.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::hosts;
use crate::paths::Paths;
use crate::protocol::{Denial, DesktopSession, IndexBases, Keeper, VaultState};
use crate::secret::Secret;
use crate::target::ServerUrl;
use crate::vault::contents::Contents;
use crate::vault::file::{self, Header, Sealed, VaultError};
use crate::vault::keeper::{Keepers, KeeperError};
use crate::vault::{Key, file::Keeper as KeptBy};

/// An open vault.
struct Open {
    contents: Contents,
    /// With what it is sealed again; a vault in memory only has none.
    seal: Option<Seal>,
}

struct Seal {
    key: Key,
    header: Header,
}

/// The vault, open or closed, and how it is opened.
pub(super) struct Store {
    vault: PathBuf,
    hosts: PathBuf,
    keepers: Keepers,
    open: RefCell<Option<Open>>,
    /// Locked by a person: nothing opens it unasked.
    locked_by_hand: Cell<bool>,
    /// One opening at a time: several look-ups that find it closed bring up one question to the person.
    opening: tokio::sync::Mutex<()>,
}
