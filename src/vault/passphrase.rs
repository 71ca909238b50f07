//! A vault's key wrapped with a passphrase: an age file for one
//! [scrypt recipient](https://c2sp.org/age#scrypt-recipient-stanza).
//!
//! Both ways take 69 MB for a moment, which is why they run in a child.

use std::iter;

use age::secrecy::SecretString;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::secret::Secret;

/// log2 of scrypt's N: 69 MB and an eighth of a second. What age picks by itself takes a gigabyte.
const WORK: u8 = 16;

/// The most that is accepted on opening, 270 MB: whoever can write the file must not be able to exhaust the machine.
const MOST_WORK: u8 = 18;

/// The longest wrapped key, in base64: a real one has about 400 characters.
const LONGEST: usize = 4096;

/// Why a key was not wrapped or unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum PassphraseError {
    /// No passphrase at all.
    #[error("the passphrase is empty")]
    Empty,
    /// It does not open the vault.
    #[error("the passphrase does not open the vault")]
    Wrong,
    /// The vault asks for more work than we ever put in.
    #[error("the vault asks for more memory and time than any vault of ours")]
    Work,
    /// Not a key that we wrapped.
    #[error("the wrapped key in the vault is damaged")]
    Damaged,
}

impl PassphraseError {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Empty | Self::Wrong => "type it again",
            Self::Work | Self::Damaged => "put the previous generation of the vault back, or log in anew",
        }
    }
}

/// A key wrapped with a passphrase. Whoever has it can try passphrases, at the price of scrypt each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wrapped(Vec<u8>);

impl TryFrom<String> for Wrapped {
    type Error = PassphraseError;
    fn try_from(text: String) -> Result<Self, PassphraseError> {
        if text.len() > LONGEST {
            return Err(PassphraseError::Damaged);
        }
        STANDARD.decode(text).map(Self).map_err(|_| PassphraseError::Damaged)
    }
}

impl From<Wrapped> for String {
    fn from(wrapped: Wrapped) -> Self {
        STANDARD.encode(wrapped.0)
    }
}

/// Wraps the key. Slow and large on purpose: for a child.
///
/// # Errors
/// [`PassphraseError::Empty`].
pub fn wrap(key: &Key, passphrase: &Secret) -> Result<Wrapped, PassphraseError> {
    wrap_with(WORK, key, passphrase)
}

fn wrap_with(work: u8, key: &Key, passphrase: &Secret) -> Result<Wrapped, PassphraseError> {
    if passphrase.is_empty() {
        return Err(PassphraseError::Empty);
    }
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose()));
    recipient.set_work_factor(work);
    let wrapped = age::encrypt(&recipient, key.to_secret().expose().as_bytes());
    wrapped.map(Wrapped).map_err(|_| PassphraseError::Damaged)
}

/// Unwraps the key. Slow and large on purpose: for a child.
///
/// # Errors
/// [`PassphraseError::Wrong`] where the passphrase is another one. The checksum of the vault file was right before,
/// so it is not damage that looks like a wrong passphrase.
pub fn unwrap(wrapped: &Wrapped, passphrase: &Secret) -> Result<Key, PassphraseError> {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose()));
    identity.set_max_work_factor(MOST_WORK);
    let decryptor = age::Decryptor::new_buffered(wrapped.0.as_slice()).map_err(|_| PassphraseError::Damaged)?;
    let reader = decryptor.decrypt(iter::once(&identity as &dyn age::Identity));
    let mut reader = reader.map_err(|error| match error {
        age::DecryptError::DecryptionFailed => PassphraseError::Wrong,
        age::DecryptError::ExcessiveWork { .. } => PassphraseError::Work,
        _ => PassphraseError::Damaged,
    })?;
    let mut text = Vec::with_capacity(wrapped.0.len());
    std::io::Read::read_to_end(&mut reader, &mut text).map_err(|_| PassphraseError::Damaged)?;
    let text = Secret::from_utf8(text).ok_or(PassphraseError::Damaged)?;
    Key::from_secret(&text).map_err(|_| PassphraseError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_passphrase_unwraps_and_another_is_called_wrong() {
        let key = Key::generate();
        let wrapped = wrap(&key, &Secret::new("correct horse")).expect("wrapped");
        assert_eq!(unwrap(&wrapped, &Secret::new("correct horse")).expect("opens").id(), key.id());
        for other in ["correct horse ", "Correct horse", ""] {
            assert_eq!(unwrap(&wrapped, &Secret::new(other)).expect_err("wrong"), PassphraseError::Wrong);
        }
        assert_eq!(wrap(&key, &Secret::default()).expect_err("empty"), PassphraseError::Empty);
    }

    #[test]
    fn more_work_than_ours_is_refused_before_it_is_done() {
        let wrapped = wrap_with(4, &Key::generate(), &Secret::new("x")).expect("wrapped");
        for work in ["19", "30", "63"] {
            let text = String::from_utf8_lossy(&wrapped.0[..80]).into_owned();
            let line = text.lines().nth(1).expect("a stanza");
            let changed = format!("{} {work}", line.rsplit_once(' ').expect("a work factor").0);
            let rest = &wrapped.0[text.find(line).expect("found") + line.len()..];
            let head = text.split_once('\n').expect("a version").0;
            let forged = [head.as_bytes(), b"\n", changed.as_bytes(), rest].concat();
            let outcome = unwrap(&Wrapped(forged), &Secret::new("x"));
            assert_eq!(outcome.expect_err("too much"), PassphraseError::Work, "{work}");
        }
    }

    #[test]
    fn what_is_no_wrapped_key_is_called_damaged_and_never_panics() {
        let passphrase = Secret::new("x");
        let whole = wrap_with(4, &Key::generate(), &passphrase).expect("wrapped");
        for end in (0..whole.0.len()).step_by(7) {
            assert!(unwrap(&Wrapped(whole.0[..end].to_vec()), &passphrase).is_err(), "{end}");
        }
        for place in (0..whole.0.len()).step_by(5) {
            let mut changed = whole.0.clone();
            changed[place] ^= 1;
            assert!(unwrap(&Wrapped(changed), &passphrase).is_err(), "{place}");
        }
        assert!(serde_json::from_str::<Wrapped>("\"?\"").is_err());
        assert!(Wrapped::try_from("A".repeat(LONGEST + 4)).is_err());
    }
}
