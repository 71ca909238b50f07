//! An ssh-agent for Python package indexes.
//!
//! The agent keeps the root token of a devpi server; whatever asks gets a token made for what it is doing right now.
//! `docs/architecture.md` is the map of this crate on one page.

// Pure: no files, no clock, no network.
pub mod caller;
pub mod escape;
pub mod exit;
pub mod handout;
pub mod judge;
pub mod policy;
pub mod protocol;
pub mod secret;
pub mod target;
pub mod time;
pub mod token;
pub mod wrap;

// Edges: one outside thing each.
pub mod client;
pub mod config;
#[cfg(feature = "cli")]
pub mod devpi;
#[cfg(feature = "cli")]
pub mod devpi_client;
pub mod disk;
pub mod folder;
pub mod hosts;
pub mod logbook;
#[cfg(feature = "agent")]
pub mod memory;
#[cfg(feature = "agent")]
pub mod notification;
pub mod paths;
pub mod pipe;
pub mod process;
pub mod session_bus;
pub mod socket;
#[cfg(feature = "agent")]
pub mod vault;
pub mod wire;

// Programs.
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "agent")]
pub mod daemon;
pub mod helper;
