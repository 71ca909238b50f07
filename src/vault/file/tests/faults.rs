//! A disk that fails, and a writer that dies, at any call.

use rustix::io::Errno;

use super::*;
use crate::folder::faulty::{Faulty, Trouble};

/// Writes the third generation with trouble at the n-th call; what came of it, and what was called.
fn write_with(trouble: Trouble, at: usize, room: &Room) -> (Result<(), VaultError>, Vec<&'static str>) {
    let path = room.path();
    let place = Place::new(&path).expect("a path");
    let folder = Folder::private(place.folder).expect("ours");
    let header = room.read().header().next();
    let bytes = place.seal(&header, &room.key, b"three").expect("sealed");
    let faulty = Faulty::new(folder, trouble, at);
    let outcome = place.replace(&faulty, header.generation, &bytes);
    (outcome, faulty.calls())
}

#[test]
fn a_fault_at_any_call_leaves_the_old_or_the_new_generation_whole() {
    let errors = [Errno::NOSPC, Errno::IO, Errno::ROFS, Errno::DQUOT].map(Trouble::Error);
    for trouble in errors.into_iter().chain([Trouble::Death]) {
        let mut at = 0;
        loop {
            let room = Room::with_two();
            let (outcome, calls) = write_with(trouble, at, &room);
            let contents = room.read().open(&room.key).expect("whole");
            let newest: &[u8] = match &outcome {
                Ok(()) | Err(VaultError::Unsynced { .. }) => b"three",
                Err(_) => b"two",
            };
            assert_eq!(contents.as_slice(), newest, "{trouble:?} at {at} of {calls:?}");
            if trouble != Trouble::Death && outcome.is_err() {
                let unsynced = matches!(outcome, Err(VaultError::Unsynced { .. }));
                assert!(!unsynced, "where the disk answers again, the generation before is put back");
                assert!(!room.names().contains(&"vault.new".to_owned()), "litter after {calls:?}");
            }
            let next = room.read().header().next();
            while let Err(error) = write(&room.path(), &next, &room.key, b"four") {
                // A child that another test has just started holds our lock until it has become its program.
                assert!(matches!(error, VaultError::Busy { .. }), "the next writer is hindered: {error}");
                std::thread::yield_now();
            }
            if outcome.is_ok() {
                assert_eq!(at, calls.len(), "every call was tried");
                break;
            }
            at += 1;
        }
    }
}

#[test]
fn the_first_generation_of_a_vault_leaves_nothing_behind_where_it_fails() {
    let calls = ["lock", "read", "remove", "create", "write", "sync", "rename", "sync_folder"].len();
    for at in 0..calls {
        let room = Room::new();
        let path = room.path();
        let place = Place::new(&path).expect("a path");
        let header = Header::first(Keeper::Keyring, &room.key);
        let bytes = place.seal(&header, &room.key, b"one").expect("sealed");
        let folder = Folder::private(place.folder).expect("ours");
        let faulty = Faulty::new(folder, Trouble::Error(Errno::NOSPC), at);
        assert!(place.replace(&faulty, 1, &bytes).is_err(), "{at} of {:?}", faulty.calls());
        assert_eq!(room.names(), [] as [&str; 0], "{at} of {:?}", faulty.calls());
    }
}

#[test]
fn the_new_file_is_on_the_disk_before_it_takes_the_name_and_the_name_before_we_return() {
    let room = Room::with_two();
    let (outcome, calls) = write_with(Trouble::Error(Errno::NOSPC), usize::MAX, &room);
    outcome.expect("written");
    assert_eq!(calls, ["lock", "read", "remove", "create", "write", "sync", "remove", "link", "rename", "sync_folder"]);
}

#[test]
fn errors_of_reading_and_writing_say_what_happened_to_the_vault() {
    let room = Room::with_two();
    let (outcome, _) = write_with(Trouble::Error(Errno::NOSPC), 4, &room);
    let error = outcome.expect_err("disk full");
    let path = room.path();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write the vault {}, it is as it was: filling the new file: No space left on device (os error 28)",
            path.display()
        )
    );
}
