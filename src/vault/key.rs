//! The key of a vault: an [age](https://age-encryption.org/v1) X25519 identity.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What age seals at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// A key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the text of an age identity.
    #[error("not the key of a vault")]
    Text,
    /// Not the name of a key.
    #[error("not the name of a vault's key: 16 hexadecimal digits")]
    Id,
    /// What was sealed is for another key.
    #[error("sealed for another key")]
    Other,
    /// What was sealed is not what its key sealed.
    #[error("not what this key sealed")]
    Changed,
}

/// The key of one vault. It seals and opens; its public half is never written anywhere, so whoever has no key can
/// make no vault that opens.
///
/// It stays where it is while whoever holds it moves: what is moved leaves a copy behind.
#[derive(Clone)]
pub struct Key(Box<Identity>);

impl Key {
    /// A new key, from the system's randomness.
    pub fn generate() -> Self {
        Self(Box::new(Identity::generate()))
    }

    /// The key from its text.
    ///
    /// # Errors
    /// [`KeyError::Text`] where it is not the text of an age identity.
    pub fn from_secret(text: &Secret) -> Result<Self, KeyError> {
        text.expose().parse().map(|identity| Self(Box::new(identity))).map_err(|_| KeyError::Text)
    }

    /// The key as text, for whoever keeps it.
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.0.to_string().expose_secret())
    }

    /// The name of the key: tells which keyring item holds it, and nothing about the key.
    pub fn id(&self) -> KeyId {
        let hash = Sha256::new_with_prefix(b"devpi-tokens vault key\0").chain_update(self.to_secret().expose());
        KeyId(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Seals bytes.
    ///
    /// # Errors
    /// None is known: it writes into memory.
    pub(crate) fn seal(&self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let recipient = self.0.to_public();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(|_| io::Error::other("age takes no recipient"))?;
        let zeros = [0; CHUNK];
        let length = u64::try_from(plain.len()).map_err(io::Error::other)?.to_be_bytes();
        let fill = (CHUNK - (length.len() + plain.len()) % CHUNK) % CHUNK;
        let mut sealed = Vec::with_capacity(plain.len() + 3 * CHUNK);
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(&length)?;
        writer.write_all(plain)?;
        writer.write_all(&zeros[..fill])?;
        // age's writer collects one chunk in a buffer that it frees without wiping it. A last chunk of zeros, a full
        // one, leaves nothing else in there (and the size of the file tells little about what it holds).
        writer.write_all(&zeros)?;
        writer.finish()?;
        Ok(sealed)
    }

    /// Opens what [`Key::seal`] sealed.
    ///
    /// # Errors
    /// [`KeyError::Other`] where it is sealed for another key, [`KeyError::Changed`] for anything that a key of ours
    /// never sealed.
    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let understood = |error| match error {
            age::DecryptError::NoMatchingKeys => KeyError::Other,
            _ => KeyError::Changed,
        };
        let decryptor = age::Decryptor::new_buffered(sealed).map_err(understood)?;
        let mut reader = decryptor.decrypt(std::iter::once(&*self.0 as &dyn age::Identity)).map_err(understood)?;
        let mut length = [0; 8];
        reader.read_exact(&mut length).map_err(|_| KeyError::Changed)?;
        let length = usize::try_from(u64::from_be_bytes(length)).map_err(|_| KeyError::Changed)?;
        if length > sealed.len() {
            return Err(KeyError::Changed);
        }
        // All of it at once: a buffer that grows leaves its earlier, smaller selves unwiped.
        let mut plain = Zeroizing::new(vec![0; length]);
        reader.read_exact(&mut plain).map_err(|_| KeyError::Changed)?;
        // To the end, because only there age sees whether something was cut off.
        io::copy(&mut reader, &mut io::sink()).map_err(|_| KeyError::Changed)?;
        Ok(plain)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The name of a vault's key: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl FromStr for KeyId {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        if text.len() == 16 && text.bytes().all(digit) { Ok(Self(text.to_owned())) } else { Err(KeyError::Id) }
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_keeps_its_name() {
        let key = Key::generate();
        let again = Key::from_secret(&key.to_secret()).expect("a key");
        assert_eq!(key.id(), again.id());
        assert_eq!(key.to_secret(), again.to_secret());
        assert_ne!(key.id(), Key::generate().id());
        assert_eq!(key.id().to_string().parse(), Ok(key.id()));
    }

    #[test]
    fn a_key_shows_neither_its_secret_nor_its_public_half() {
        let key = Key::generate();
        assert_eq!(format!("{key:?}"), "Key(…)");
        let sealed = key.seal(b"").expect("sealed");
        let public = key.0.to_public().to_string();
        assert!(!sealed.windows(public.len()).any(|part| part == public.as_bytes()));
    }

    #[test]
    fn what_was_sealed_opens_whole_whatever_its_size() {
        let key = Key::generate();
        for size in [0, 1, CHUNK - 9, CHUNK - 8, CHUNK - 7, CHUNK, 2 * CHUNK - 8, 200_000] {
            let plain = vec![7; size];
            let sealed = key.seal(&plain).expect("sealed");
            assert_eq!(key.open(&sealed).expect("opens").as_slice(), plain, "{size}");
            assert_eq!(Key::generate().open(&sealed).expect_err("another key"), KeyError::Other);
        }
    }

    #[test]
    fn what_was_cut_off_or_lengthened_does_not_open() {
        let key = Key::generate();
        let sealed = key.seal(b"roots").expect("sealed");
        for end in [0, 10, 100, sealed.len() - CHUNK - 16, sealed.len() - 1] {
            assert_eq!(key.open(&sealed[..end]).expect_err("cut"), KeyError::Changed, "{end}");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(key.open(&longer).expect_err("longer"), KeyError::Changed);
    }

    #[test]
    fn text_that_is_no_key_or_no_name_of_one_is_refused() {
        for text in ["", "AGE-SECRET-KEY-1", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "x"] {
            assert!(Key::from_secret(&Secret::new(text)).is_err(), "{text}");
        }
        for text in ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0", "../../../etc/pass"] {
            assert!(text.parse::<KeyId>().is_err(), "{text}");
        }
    }
}
