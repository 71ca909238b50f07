//! The sealed file of root tokens, and who keeps its key.
//!
//! [`file`] seals and opens bytes with a [`Key`]; the key lies in the desktop keyring or, wrapped with a passphrase,
//! in the file itself.

mod disk;
pub mod file;
mod key;
mod passphrase;

pub use key::{Key, KeyError, KeyId};
pub use passphrase::{PassphraseError, Wrapped, unwrap, wrap};
