//! An ssh-agent for Python package indexes.
//!
//! The agent keeps the root token of a devpi server; whatever asks gets a token made for what it is doing right now.
//! `docs/architecture.md` is the map of this crate on one page.

pub mod folder;
pub mod secret;
pub mod session_bus;
pub mod target;
#[cfg(feature = "agent")]
pub mod vault;
