//! Who serves: the process that holds the lock, which the kernel lets go of however that process ends.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};

use crate::exit::{Exit, Failure};

/// The held lock.
pub(super) struct Lock {
    file: OwnedFd,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of this machine and boot in the state folder; `None` where another agent holds it.
    ///
    /// A home that several machines share has a lock for each, and one of an earlier boot holds nobody up.
    pub(super) fn take(state: &Path) -> Result<Option<Self>, Failure> {
        let path = path(state);
        let failed = |error: rustix::io::Errno| {
            Failure::new(Exit::CannotCreate, format!("cannot lock {}: {error}", path.display()))
        };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::from_bits_truncate(0o600)).map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                sweep(state, &path);
                Ok(Some(Self { file, path }))
            }
            Err(error) if error == rustix::io::Errno::WOULDBLOCK => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether its file is still in its place. Where somebody removed it with the folder around it, the next agent has
    /// a lock of its own, and this one has no right to the socket any more.
    pub(super) fn is_there(&self) -> bool {
        let same =
            |found: rustix::fs::Stat, own: rustix::fs::Stat| (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino);
        let found = rustix::fs::lstat(&self.path).and_then(|found| Ok(same(found, rustix::fs::fstat(&self.file)?)));
        found.unwrap_or_default()
    }
}

fn path(state: &Path) -> PathBuf {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    state.join(format!("agent-{}-{}.lock", host(), boot.trim()))
}

fn host() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect()
}

/// Removes the locks of earlier boots of this machine.
fn sweep(state: &Path, ours: &Path) {
    let earlier = format!("agent-{}-", host());
    let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path != ours) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // A boot id has 36 characters: `agent-a-` must not take the locks of the host `a-b`.
        let is_earlier = name.strip_prefix(&earlier).and_then(|rest| rest.strip_suffix(".lock"));
        if is_earlier.is_some_and(|boot| boot.len() == 36) && File::open(&path).is_ok() {
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_removed_with_its_folder_is_missed_when_the_next_agent_has_its_own() {
        let home = tempfile::tempdir().expect("a folder");
        let state = home.path().join("state");
        std::fs::create_dir(&state).expect("made");
        let take = || Lock::take(&state).expect("a folder");
        let first = take().expect("the lock");
        assert!(first.is_there() && take().is_none());
        std::fs::remove_dir_all(&state).expect("removed");
        assert!(!first.is_there());
        std::fs::create_dir(&state).expect("made");
        let second = take().expect("the next one's");
        assert!(second.is_there() && !first.is_there());
    }
}
