//! A real devpi-server behind a real nginx, with real clients, for tests and the demonstration.
//!
//! [`install`] puts servers and clients under `target/testbed/`, once. A [`Bed`] is a running server whose reads are
//! closed in one of some ways ([`Closing`]); it ends with its owner, however that ends. A [`Client`] is a home and a
//! virtual environment as a newcomer has them. What reached the server is read from its access log ([`Seen`]), where
//! tokens are opened by pymacaroons: the judge shares no code with what is judged, and neither does this crate.

mod bed;
mod client;
mod debian;
mod error;
mod http;
mod log;
mod nginx;
mod prepare;
mod process;
mod pymacaroons;
mod server;
mod tools;
mod venv;
mod wheel;

pub use bed::{Bed, Closing};
pub use client::Client;
pub use debian::debian;
pub use error::{Error, Result};
pub use http::{Auth, Reply, get, send, upload};
pub use log::{Seen, SeenToken};
pub use pymacaroons::Pymacaroons;
pub use tools::{Tools, install};
pub use wheel::wheel;
