//! What must never be shown: a token, a password, a passphrase.

use std::io::Write;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Secret bytes, wiped when they are dropped; what is written behind them wipes what it outgrows.
///
/// For what is made for each look-up: `Zeroizing` wipes each byte of a `Vec` on its own, which takes as long as signing what
/// is in them.
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Keeps that many of them.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

impl From<Vec<u8>> for SecretBytes {
    /// Takes the bytes over; no other copy should be alive.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for SecretBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for SecretBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Write for SecretBytes {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        let needed = self.0.len() + more.len();
        if needed > self.0.capacity() {
            // By itself it would leave what it outgrows behind as it is.
            let mut larger = Self(Vec::with_capacity(needed.max(2 * self.0.capacity())));
            larger.0.extend_from_slice(&self.0);
            *self = larger;
        }
        self.0.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        // What it was longer by once is in there, too.
        self.0.spare_capacity_mut().zeroize();
        self.0.as_mut_slice().zeroize();
    }
}

/// A secret text. It has no `Display`, its `Debug` is redacted, and its bytes are wiped when it is dropped.
///
/// [`expose`](Secret::expose) is called in the one expression that writes the secret out, so that a search for
/// that word lists every place where a secret leaves the program.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over; no other copy should be alive.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes bytes over as UTF-8, wiping them where they are none.
    pub fn from_utf8(bytes: Vec<u8>) -> Option<Self> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self(text)),
            Err(error) => {
                drop(SecretBytes(error.into_bytes()));
                None
            }
        }
    }

    /// The text itself, for the expression that writes it out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Drops one line ending at the end, as a file or a pipe adds it.
    pub fn trim_newline(mut self) -> Self {
        if self.0.ends_with('\n') {
            self.0.pop();
            if self.0.ends_with('\r') {
                self.0.pop();
            }
        }
        self
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        drop(SecretBytes(std::mem::take(&mut self.0).into_bytes()));
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Compares in constant time: how long it takes tells the length, never where two secrets differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

/// For the vault and for the frames between our own programs only; nothing else serialises a secret.
impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        let shown = format!("{:?} {:#?}", Secret::new("hunter2"), Some(Secret::new("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn bytes_that_are_written_are_all_there_however_many() {
        let (mut bytes, mut expected) = (SecretBytes::default(), Vec::new());
        for length in [0, 1, 7, 64, 1000, 3] {
            let piece = vec![length as u8; length];
            bytes.write_all(&piece).expect("written");
            expected.extend(piece);
            assert_eq!(*bytes, expected);
        }
    }

    #[test]
    fn one_line_ending_is_dropped_and_no_second() {
        assert_eq!(Secret::new("a\r\n").trim_newline(), Secret::new("a"));
        assert_eq!(Secret::new("a\n\n").trim_newline(), Secret::new("a\n"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
    }
}
