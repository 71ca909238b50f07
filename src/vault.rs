//! The sealed file of root tokens, and who keeps its key.
//!
//! [`file`] seals and opens bytes with a [`Key`]; the key lies in the desktop keyring, is printed by a command of the
//! person's or lies, wrapped with a passphrase, in the file itself. What talks to the keyring, runs the command or
//! stretches a passphrase runs in a short-lived [`child`]; [`keeper`] is the agent's side of that.

pub mod child;
mod command;
pub mod contents;
pub mod file;
pub mod keeper;
mod key;
mod keyring;
mod passphrase;

pub use command::{CommandError, CommandLine};
pub use key::{Key, KeyError, KeyId};
pub use keyring::{KeyringError, KeyringState};
pub use passphrase::{PassphraseError, Wrapped, unwrap, wrap};
