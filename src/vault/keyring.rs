//! The desktop keyring, as a child sees it. It blocks, and it may block for ever: never call it in the agent itself.
//!
//! Errors of the crate `keyring` may hold the secret and are told apart by their kind alone. No item is closed to
//! other programs of the same session: what the Secret Service gives to one it gives to all.

use keyring::v1::{Entry, Error};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;
use serde::{Deserialize, Serialize};

use super::key::{Key, KeyId};
use crate::secret::Secret;

/// The service under which our items are kept.
const SERVICE: &str = "devpi-tokens";

/// The longest account of a failure that is passed on, in characters.
const LONGEST: usize = 200;

/// What became of a question to the desktop keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum KeyringError {
    /// No session bus, or no keyring on it.
    #[error("no desktop keyring answers")]
    Absent,
    /// It is locked: the person has not answered its prompt, or has dismissed it.
    #[error("the desktop keyring is locked")]
    Locked,
    /// It is there, but has no collection to put a new item into.
    #[error("the desktop keyring has no default collection")]
    NoCollection,
    /// It holds no such key.
    #[error("the desktop keyring does not hold the vault's key")]
    NotFound,
    /// It holds two of them.
    #[error("the desktop keyring holds the vault's key more than once")]
    Ambiguous,
    /// What it holds, or has just taken, is not the key.
    #[error("the desktop keyring holds something else than the vault's key")]
    NotOurs,
    /// Anything else, in its own words.
    #[error("the desktop keyring failed: {0}")]
    Failed(String),
}

impl KeyringError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent => "start the desktop's keyring, or log in with DEVPI_TOKENS_VAULT=passphrase",
            Self::Locked => "answer the desktop's prompt, or type: devpi-tokens agent unlock",
            Self::NoCollection => {
                "make one in the desktop's keyring tool, or log in with DEVPI_TOKENS_VAULT=passphrase"
            }
            Self::NotFound | Self::NotOurs => "log in again",
            Self::Ambiguous => "delete all but one of the items in the desktop's keyring tool",
            Self::Failed(_) => "try again",
        }
    }
}

/// Whether a desktop keyring can keep a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyringState {
    /// None answers.
    Absent,
    /// It answers, but has nothing to put an item into.
    NoCollection,
    /// It will ask the person first.
    Locked,
    /// It is open.
    Open,
}

/// Whether a keyring answers; it is not asked to open.
pub(super) fn state() -> KeyringState {
    // Plain, because no secret passes here.
    let Ok(service) = SecretService::connect(EncryptionType::Plain) else { return KeyringState::Absent };
    match service.get_default_collection().and_then(|collection| collection.is_locked()) {
        Ok(true) => KeyringState::Locked,
        Ok(false) => KeyringState::Open,
        Err(secret_service::Error::NoResult) => KeyringState::NoCollection,
        Err(_) => KeyringState::Absent,
    }
}

/// The key of that name.
pub(super) fn get(id: &KeyId) -> Result<Key, KeyringError> {
    let text = Secret::new(entry(id)?.get_password().map_err(understood)?);
    let key = Key::from_secret(&text).map_err(|_| KeyringError::NotOurs)?;
    if key.id() == *id { Ok(key) } else { Err(KeyringError::NotOurs) }
}

/// Keeps the key under its name, and sees that it is there.
pub(super) fn set(key: &Key) -> Result<(), KeyringError> {
    let id = key.id();
    entry(&id)?.set_password(key.to_secret().expose()).map_err(understood)?;
    get(&id).map(drop)
}

/// Deletes the key of that name.
pub(super) fn delete(id: &KeyId) -> Result<(), KeyringError> {
    entry(id)?.delete_credential().map_err(understood)
}

fn entry(id: &KeyId) -> Result<Entry, KeyringError> {
    // All that happens here is to connect: whatever is wrong with that, no keyring answers.
    if Entry::store_status().is_err() {
        return Err(KeyringError::Absent);
    }
    Entry::new(SERVICE, &format!("vault-{id}")).map_err(understood)
}

/// By kind, and never with the data of an error that may be the secret.
fn understood(error: Error) -> KeyringError {
    match error {
        Error::NoEntry => KeyringError::NotFound,
        Error::Ambiguous(_) => KeyringError::Ambiguous,
        Error::NoDefaultStore => KeyringError::Absent,
        Error::BadEncoding(_) | Error::BadDataFormat(..) => KeyringError::NotOurs,
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => {
            use secret_service::Error as Service;
            match cause.downcast_ref::<Service>() {
                Some(Service::Locked | Service::Prompt | Service::PromptDisconnected) => KeyringError::Locked,
                Some(Service::NoResult) => KeyringError::NoCollection,
                Some(Service::Unavailable) => KeyringError::Absent,
                // What D-Bus said. It is told of calls that failed, and no secret is in the name of a call.
                Some(Service::Zbus(error)) => KeyringError::Failed(short(&error.to_string())),
                Some(Service::ZbusFdo(error)) => KeyringError::Failed(short(&error.to_string())),
                _ => KeyringError::Failed("it gave an answer that was not understood".to_owned()),
            }
        }
        _ => KeyringError::Failed("it is of a kind that is not known".to_owned()),
    }
}

/// One short line without control characters.
fn short(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_passes_on_what_the_keyring_held() {
        let canary = || b"AGE-SECRET-KEY-CANARY".to_vec();
        let cause = || Box::new(std::io::Error::other("AGE-SECRET-KEY-CANARY"));
        for error in [
            Error::BadEncoding(canary()),
            Error::BadDataFormat(canary(), cause()),
            Error::BadStoreFormat("AGE-SECRET-KEY-CANARY".to_owned()),
            Error::PlatformFailure(cause()),
            Error::NoStorageAccess(cause()),
            Error::Invalid("AGE-SECRET-KEY-CANARY".to_owned(), String::new()),
        ] {
            let understood = understood(error);
            assert!(!format!("{understood} {understood:?}").contains("CANARY"));
        }
    }

    #[test]
    fn locked_dismissed_and_no_collection_are_told_apart() {
        let known = |error: secret_service::Error| understood(Error::NoStorageAccess(Box::new(error)));
        assert_eq!(known(secret_service::Error::Prompt), KeyringError::Locked);
        assert_eq!(known(secret_service::Error::Locked), KeyringError::Locked);
        assert_eq!(known(secret_service::Error::NoResult), KeyringError::NoCollection);
        assert_eq!(known(secret_service::Error::Unavailable), KeyringError::Absent);
        assert_eq!(understood(Error::NoEntry), KeyringError::NotFound);
    }

    #[test]
    fn what_the_bus_says_is_one_short_line() {
        assert_eq!(short("a\n\u{1b}[31mb"), "a  [31mb");
        assert_eq!(short(&"x".repeat(1000)).len(), LONGEST);
    }
}
