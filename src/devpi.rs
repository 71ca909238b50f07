//! HTTP to devpi-server, for the command line: blocking, bounded, and believing nothing that an answer says.
//!
//! A request goes only to a URL built from the address that the person gave; a redirect is an error, and a URL in an
//! answer is at most compared. Every answer has a limit and every wait a deadline ([`Limits`]).

mod discover;
mod error;
mod http;
mod index;
mod session;

use std::path::PathBuf;
use std::time::Duration;

pub use discover::{Found, discover};
pub use error::{Error, Said};
pub use index::Access;
pub use session::{Session, TokenInfo};

use crate::protocol::ServerAccess;
use crate::secret::Secret;
use crate::target::{ServerUrl, UserName};
use http::{Auth, Http, Request};

/// What a person may choose about connections.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Certificates (PEM) that are trusted beside those of the platform.
    pub ca_file: Option<PathBuf>,
    /// Whether passwords and tokens may go unencrypted to a server that is not this machine.
    pub allow_http: bool,
    /// How long and how much.
    pub limits: Limits,
}

impl Options {
    /// As they were chosen at the login to a server.
    pub fn of(access: &ServerAccess) -> Self {
        Self { ca_file: access.ca_file.clone(), allow_http: access.allow_http, limits: Limits::default() }
    }
}

/// The limits of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until the connection stands: 5 s.
    pub connect: Duration,
    /// From the first byte sent to the last byte of the answer: 20 s.
    pub whole: Duration,
    /// The longest body, in bytes: 1 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), whole: Duration::from_secs(20), body: 1 << 20 }
    }
}

/// A devpi server whose root is known. [`discover`] finds one from any address below it.
#[derive(Debug, Clone)]
pub struct Server {
    http: Http,
    url: ServerUrl,
}

impl Server {
    /// The server at that root; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Unencrypted`] for `http` to another machine unless it is allowed, [`Error::CaFile`] for a file that
    /// holds no certificates.
    pub fn new(url: ServerUrl, options: &Options) -> Result<Self, Error> {
        Ok(Self { http: Http::new(&url, options)?, url })
    }

    /// Its root.
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// How many seconds the server's clock was ahead of this machine's at the last answer (below zero: behind), to
    /// about a second; `None` before the first answer that had a date.
    pub fn skew(&self) -> Option<i64> {
        self.http.skew()
    }

    /// Asks the server whether it takes this token for that user.
    ///
    /// # Errors
    /// [`Error::Forbidden`] where the server refuses it, [`Error::NotAccepted`] where it takes it for no token at
    /// all, [`Error::OtherUser`] where it is somebody else's; and what every request can end with.
    pub fn check_token(&self, token: &Secret, user: &UserName) -> Result<(), Error> {
        let asked = Request { auth: Auth::Token(user, token), ..Request::get("+api") };
        let api: discover::Api = self.send(&asked)?.result("apiconfig")?;
        match api.authstatus() {
            ("ok", name) if name == user.as_str() => Ok(()),
            ("ok", name) => Err(Error::OtherUser { server: self.url.clone(), user: crate::escape::printable(name) }),
            _ => Err(Error::NotAccepted { server: self.url.clone(), user: user.clone() }),
        }
    }

    /// One request that has to succeed.
    fn send(&self, request: &Request<'_>) -> Result<http::Answer, Error> {
        self.http.send(&self.url, request)?.success()
    }
}
