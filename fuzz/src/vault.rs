//! The vault file.

use std::path::Path;
use std::sync::LazyLock;

use devpi_tokens::vault::contents::Contents;
use devpi_tokens::vault::file::{Header, Keeper, Sealed, VaultError, write};
use devpi_tokens::vault::{Key, Wrapped};
use sha2::{Digest, Sha256};

const CONTENTS: &[u8] = b"what lies in the vault";

/// A vault as this program writes it, and its key.
struct Own {
    key: Key,
    /// Without the checksum at its end.
    bytes: Vec<u8>,
}

static OWN: LazyLock<Own> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/vault");
    let key = Key::generate();
    write(&path, &Header::first(Keeper::Keyring, &key), &key, CONTENTS).expect("written");
    let mut bytes = std::fs::read(&path).expect("the vault");
    bytes.truncate(bytes.len() - 32);
    Own { key, bytes }
});

/// Bytes as a whole file, as a file without its checksum, as a header, as changes to a vault, and as its contents.
pub fn vault_file(data: &[u8]) {
    let own = &*OWN;
    if let Some(sealed) = parsed(data) {
        assert!(sealed.open(&own.key).is_err(), "a vault of nobody opens");
    }
    let headed = [b"devpi-tokens vault 1\n", data, b"\nbody"].concat();
    for bytes in [data, &headed] {
        let Some(sealed) = parsed(&with_checksum(bytes)) else { continue };
        assert!(bytes.starts_with(b"devpi-tokens vault 1\n"));
        assert_header(sealed.header());
        assert!(sealed.open(&own.key).is_err(), "a vault of nobody opens");
    }
    assert_contents(data);

    let changed = changed(&own.bytes, data);
    let is_same = changed == own.bytes;
    match parsed(&with_checksum(&changed)).map(|sealed| sealed.open(&own.key)) {
        Some(Ok(contents)) => assert!(is_same && *contents == CONTENTS, "a vault that was changed opens"),
        Some(Err(VaultError::WrongKey { .. } | VaultError::Tampered { .. })) | None => {
            assert!(!is_same, "its own vault is refused");
        }
        Some(Err(other)) => panic!("bytes in memory cannot fail with {other}"),
    }
}

fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    [bytes, Sha256::digest(bytes).as_slice()].concat()
}

/// Changes by fours of bytes: what is done, a place, counted from the front or from the back, and what to put there.
fn changed(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes.chunks_exact(4).take(64) {
        let [deed, high, low, value] = *change else { unreachable!("four bytes") };
        let place = usize::from(u16::from_be_bytes([high, low])).min(bytes.len() - 1);
        let place = if deed & 0x80 == 0 { place } else { bytes.len() - 1 - place };
        match deed % 8 {
            0 => bytes.truncate(place.max(1)),
            1 => bytes.insert(place, value),
            _ => bytes[place] = value,
        }
    }
    bytes
}

/// Parses bytes and asserts what holds of a refusal.
fn parsed(bytes: &[u8]) -> Option<Sealed> {
    match Sealed::parse(Path::new("vault"), bytes) {
        Ok(sealed) => Some(sealed),
        Err(VaultError::NewerVersion { version, .. }) => {
            assert!(version > 1);
            None
        }
        Err(VaultError::Corrupt { previous, .. }) => {
            assert!(previous.is_none());
            None
        }
        Err(other) => panic!("bytes in memory cannot fail with {other}"),
    }
}

/// Asserts that a header which is taken is written and read again as the same.
fn assert_header(header: &Header) {
    let written = serde_json::to_string(header).expect("JSON");
    assert_eq!(serde_json::from_str::<Header>(&written).expect("a header"), *header);
    if let Keeper::Passphrase { wrapped } = &header.keeper {
        assert_eq!(Wrapped::try_from(String::from(wrapped.clone())).as_ref(), Ok(wrapped));
    }
}

/// Asserts that contents which are taken are written and read again as the same.
fn assert_contents(bytes: &[u8]) {
    let Ok(contents) = serde_json::from_slice::<Contents>(bytes) else { return };
    let written = contents.to_bytes().expect("JSON");
    let again: Contents = serde_json::from_slice(&written).expect("what was written");
    assert!(*again.to_bytes().expect("JSON") == *written);
    for held in contents.servers.iter().flat_map(|server| &server.roots) {
        assert!(!format!("{held:?}").contains(held.root.0.bare_text().expose()), "a token is shown");
    }
}
