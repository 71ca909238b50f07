//! Every way in which a vault file can be wrong, and every call that can fail while it is written.

mod faults;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;
use crate::folder::FolderError;

/// A folder for a vault, and a key.
struct Room {
    home: TempDir,
    key: Key,
}

impl Room {
    fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder"), key: Key::generate() }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("data/vault")
    }

    fn read(&self) -> Sealed {
        Sealed::read(&self.path()).expect("readable").expect("there")
    }

    /// A room with two generations: `one`, then `two`.
    fn with_two() -> Self {
        let room = Self::new();
        let first = Header::first(Keeper::Keyring, &room.key);
        write(&room.path(), &first, &room.key, b"one").expect("written");
        write(&room.path(), &first.next(), &room.key, b"two").expect("written");
        room
    }

    /// Puts bytes in the place of the vault, with a checksum that fits.
    fn forge(&self, content: &[u8]) {
        fs::write(self.path(), [content, Sha256::digest(content).as_slice()].concat()).expect("written");
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().parent().expect("a folder")).expect("listed");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }
}

fn corrupt(error: &VaultError) -> bool {
    matches!(error, VaultError::Corrupt { .. })
}

#[test]
fn what_was_written_is_read_back_and_the_generation_before_stays() {
    let room = Room::with_two();
    let sealed = room.read();
    assert_eq!(sealed.header(), &Header::first(Keeper::Keyring, &room.key).next());
    assert_eq!(sealed.open(&room.key).expect("opens").as_slice(), b"two");
    assert_eq!(room.names(), ["vault", "vault.previous"]);
    let before = Sealed::read(&room.home.path().join("data/vault.previous")).expect("readable").expect("there");
    assert_eq!(before.open(&room.key).expect("opens").as_slice(), b"one");
    for name in room.names() {
        let mode = fs::metadata(room.home.path().join("data").join(name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn no_folder_and_no_file_are_no_vault_and_no_error() {
    let room = Room::new();
    assert!(Sealed::read(&room.path()).expect("no error").is_none());
    Folder::private(room.path().parent().expect("a folder")).expect("made");
    assert!(Sealed::read(&room.path()).expect("no error").is_none());
}

#[test]
fn a_header_says_who_keeps_the_key_and_no_secret_lies_in_the_clear() {
    let room = Room::new();
    let wrapped = Wrapped::try_from("QUJD".to_owned()).expect("base64");
    let header = Header::first(Keeper::Passphrase { wrapped }, &room.key);
    write(&room.path(), &header, &room.key, b"pypi-canary").expect("written");
    assert_eq!(room.read().header(), &header);
    let bytes = fs::read(room.path()).expect("read");
    let text = String::from_utf8_lossy(&bytes);
    let id = room.key.id();
    let lines = format!(
        "devpi-tokens vault 1\n{{\"keeper\":\"passphrase\",\"wrapped\":\"QUJD\",\"generation\":1,\"id\":\"{id}\"}}\n"
    );
    assert!(text.starts_with(&lines), "{}", text.lines().nth(1).expect("a header"));
    assert!(!text.contains("canary") && !text.contains(room.key.to_secret().expose()));
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let room = Room::with_two();
    let error = room.read().open(&Key::generate()).expect_err("another key");
    assert!(matches!(error, VaultError::WrongKey { .. }));
}

#[test]
fn a_vault_cut_off_at_any_byte_is_damaged() {
    let room = Room::with_two();
    let whole = fs::read(room.path()).expect("read");
    // Every byte of lines, age header and checksum; the middle of the body in steps, because it is long.
    let ends = (0..1024).chain((1024..whole.len() - 256).step_by(997)).chain(whole.len() - 256..whole.len());
    for end in ends {
        let error = Sealed::parse(&room.path(), &whole[..end]).expect_err("cut off");
        assert!(corrupt(&error), "{end}: {error}");
    }
}

#[test]
fn a_vault_with_one_bit_flipped_is_damaged() {
    let room = Room::with_two();
    let mut bytes = fs::read(room.path()).expect("read");
    let last = bytes.len();
    for place in (0..512).chain((512..last - 64).step_by(1999)).chain(last - 64..last) {
        bytes[place] ^= 1 << (place % 8);
        let error = Sealed::parse(&room.path(), &bytes).expect_err("flipped");
        assert!(corrupt(&error), "{place}: {error}");
        bytes[place] ^= 1 << (place % 8);
    }
    assert!(Sealed::parse(&room.path(), &bytes).is_ok());
}

#[test]
fn whoever_changes_any_byte_and_mends_the_checksum_is_noticed() {
    let room = Room::with_two();
    let bytes = fs::read(room.path()).expect("read");
    let content = &bytes[..bytes.len() - HASH];
    let lines = content.len() - room.read().body.len();
    for place in (0..lines + 256).chain((lines + 256..content.len()).step_by(20_011)) {
        let mut changed = content.to_vec();
        changed[place] ^= 1;
        let mended = [changed.as_slice(), Sha256::digest(&changed).as_slice()].concat();
        let outcome = Sealed::parse(&room.path(), &mended).and_then(|sealed| sealed.open(&room.key));
        assert!(outcome.is_err(), "byte {place} can be changed");
    }
}

#[test]
fn a_header_that_was_changed_does_not_open() {
    let room = Room::with_two();
    let bytes = fs::read(room.path()).expect("read");
    let content = &bytes[..bytes.len() - HASH];
    let rest = &content[content.len() - room.read().body.len()..];
    let id = room.key.id();
    for header in [
        format!("{{\"keeper\":\"keyring\",\"generation\":3,\"id\":\"{id}\"}}"),
        format!("{{\"keeper\":\"command\",\"command\":[\"/bin/cat\"],\"generation\":2,\"id\":\"{id}\"}}"),
        format!("{{\"keeper\":\"passphrase\",\"wrapped\":\"QUJD\",\"generation\":2,\"id\":\"{id}\"}}"),
        format!("{{\"keeper\":\"keyring\",\"generation\":2, \"id\":\"{id}\"}}"),
    ] {
        room.forge(&[format!("devpi-tokens vault 1\n{header}\n").as_bytes(), rest].concat());
        let error = room.read().open(&room.key).expect_err("changed");
        assert!(matches!(error, VaultError::Tampered { .. }), "{header}: {error}");
    }
}

#[test]
fn a_newer_version_is_named_and_no_vault_at_all_is_damage() {
    let room = Room::with_two();
    room.forge(b"devpi-tokens vault 2\nwhatever\n");
    let error = Sealed::read(&room.path()).expect_err("newer");
    assert!(matches!(error, VaultError::NewerVersion { version: 2, .. }));
    let long = format!("devpi-tokens vault 1\n{}\n", "x".repeat(LONGEST_LINE));
    for content in [
        b"".as_slice(),
        b"x",
        b"devpi-tokens vault \n",
        b"devpi-tokens vault 0\n{}\n",
        b"devpi-tokens vault 1",
        b"devpi-tokens vault 1\n",
        b"devpi-tokens vault 1\n{}\n",
        b"devpi-tokens vault 1\n{\"keeper\":\"nobody\",\"generation\":1,\"id\":\"0123456789abcdef\"}\n",
        b"devpi-tokens vault 1\n{\"keeper\":\"passphrase\",\"generation\":1,\"id\":\"0123456789abcdef\"}\n",
        b"devpi-tokens vault 1\n{\"keeper\":\"command\",\"command\":[],\"generation\":1,\"id\":\"0123456789abcdef\"}\n",
        b"devpi-tokens vault 1\n{\"keeper\":\"command\",\"command\":[\"cat\"],\"generation\":1,\"id\":\"0123456789abcdef\"}\n",
        b"age-encryption.org/v1\n\n",
        b"\xff\xfe\n\n",
        long.as_bytes(),
    ] {
        room.forge(content);
        assert!(corrupt(&Sealed::read(&room.path()).expect_err("no vault")));
    }
}

#[test]
fn a_damaged_vault_names_the_generation_before_where_that_is_whole() {
    let room = Room::with_two();
    let previous = room.home.path().join("data/vault.previous");
    let path = room.path();
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let error = Sealed::read(&path).expect_err("damaged");
    assert!(matches!(&error, VaultError::Corrupt { previous: Some(named), .. } if *named == previous), "{error}");
    assert!(error.remedy().contains(&format!("mv {} {}", previous.display(), path.display())));
    assert_eq!(fs::read(&path).expect("read").len(), whole.len() / 2, "the file is not touched");
    fs::write(&previous, "x").expect("written");
    let error = Sealed::read(&path).expect_err("damaged");
    assert!(matches!(&error, VaultError::Corrupt { previous: None, .. }), "{error}");
    assert!(corrupt(&write(&path, &Header::first(Keeper::Keyring, &room.key), &room.key, b"").expect_err("damaged")));
}

#[test]
fn a_file_larger_than_64_mib_is_not_read_to_its_end() {
    let room = Room::with_two();
    fs::OpenOptions::new().write(true).open(room.path()).expect("open").set_len(1 << 40).expect("sparse");
    assert!(corrupt(&Sealed::read(&room.path()).expect_err("too large")));
}

#[test]
fn a_link_an_open_mode_and_an_open_folder_are_unsafe_for_reader_and_writer() {
    let room = Room::with_two();
    let path = room.path();
    let folder = path.parent().expect("a folder").to_owned();
    let header = room.read().header().next();
    let refused = || {
        for error in
            [Sealed::read(&path).expect_err("unsafe"), write(&path, &header, &room.key, b"three").expect_err("unsafe")]
        {
            assert!(matches!(error, VaultError::Folder(FolderError::Unsafe { .. })), "{error}");
        }
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    refused();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("set");
    refused();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("set");
    fs::rename(&path, folder.join("elsewhere")).expect("moved");
    symlink("elsewhere", &path).expect("linked");
    refused();
}

#[test]
fn of_two_writers_both_changes_survive() {
    let room = Room::new();
    write(&room.path(), &Header::first(Keeper::Keyring, &room.key), &room.key, b"").expect("written");
    std::thread::scope(|scope| {
        for name in [b'a', b'b'] {
            let room = &room;
            scope.spawn(move || {
                let mut left = 10;
                while left > 0 {
                    let sealed = room.read();
                    let mut contents = sealed.open(&room.key).expect("opens");
                    contents.push(name);
                    match write(&room.path(), &sealed.header().next(), &room.key, &contents) {
                        Ok(()) => left -= 1,
                        Err(VaultError::Changed { .. } | VaultError::Busy { .. }) => std::thread::yield_now(),
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    let contents = room.read().open(&room.key).expect("opens");
    assert_eq!(contents.iter().filter(|byte| **byte == b'a').count(), 10);
    assert_eq!(contents.iter().filter(|byte| **byte == b'b').count(), 10);
    assert_eq!(room.read().header().generation, 21);
}

#[test]
fn a_generation_that_is_not_newer_is_refused_and_an_older_one_is_written_over() {
    let room = Room::with_two();
    let first = Header::first(Keeper::Keyring, &room.key);
    let second = first.next();
    for header in [&first, &second] {
        let error = write(&room.path(), header, &room.key, b"other").expect_err("not newer");
        assert!(matches!(error, VaultError::Changed { found: 2, .. }), "{error}");
    }
    assert_eq!(room.read().open(&room.key).expect("opens").as_slice(), b"two");
    fs::rename(room.home.path().join("data/vault.previous"), room.path()).expect("rolled back");
    write(&room.path(), &second.next(), &room.key, b"three").expect("newer by two");
    assert_eq!(room.read().open(&room.key).expect("opens").as_slice(), b"three");
    fs::remove_file(room.path()).expect("removed");
    write(&room.path(), &second.next().next(), &room.key, b"four").expect("newer than none");
    assert_eq!(room.read().open(&room.key).expect("opens").as_slice(), b"four");
}
