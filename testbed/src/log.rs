//! What reached the server: its access log, with the tokens opened by someone else's code.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::http::Auth;
use crate::process::script;

/// The path that only the bed itself asks for, to know that everything before it is written.
pub(crate) const MARK: &str = "/+testbed";

/// One request, as the server saw it.
#[derive(Clone)]
pub struct Seen {
    /// When it was answered, in seconds since 1970.
    pub time: f64,
    /// Its method.
    pub method: String,
    /// Its path and query as they were sent, but with `+` where pip writes `%2B`.
    pub uri: String,
    /// The status of the answer.
    pub status: u16,
    /// The `User-Agent`; empty where none was sent.
    pub agent: String,
    /// The size of the answer's body.
    pub bytes: u64,
    /// The user name that was sent, with whatever secret; none where no credentials were sent.
    pub user: Option<String>,
    secret: Option<String>,
    token: Option<SeenToken>,
}

/// A token that was sent, without what makes it one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenToken {
    /// The user name that was sent with it; empty with `Authorization: Bearer`, and where the
    /// token itself stands in its place.
    pub user_sent: String,
    /// Whose token it is and which: `USER-TOKENID`.
    pub identifier: String,
    /// Its caveats in their order, as written.
    pub caveats: Vec<String>,
}

impl Seen {
    /// The token that was sent; none where there were no credentials, or a password.
    #[must_use]
    pub fn token(&self) -> Option<SeenToken> {
        self.token.clone()
    }

    /// Whether exactly this secret was sent, with the prefix of tokens or without.
    #[must_use]
    pub fn carried(&self, secret: &str) -> bool {
        fn bare(text: &str) -> &str {
            text.strip_prefix("devpi-").unwrap_or(text)
        }
        self.secret.as_deref().is_some_and(|sent| bare(sent) == bare(secret))
    }

    /// What was sent, to be sent again.
    pub(crate) fn auth(&self) -> Auth<'_> {
        match &self.secret {
            Some(secret) => Auth::Basic(self.user.as_deref().unwrap_or_default(), secret),
            None => Auth::None,
        }
    }
}

impl SeenToken {
    /// The values of all caveats with this key, in their order.
    #[must_use]
    pub fn values(&self, key: &str) -> Vec<&str> {
        let pairs = self.caveats.iter().filter_map(|caveat| caveat.split_once('='));
        pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every field by name: a new one has to be thought about here. The secret stays out of a failed test's output.
        let Self { time, method, uri, status, agent, bytes, user, secret, token } = self;
        let secret = secret.as_ref().map(|_| "(redacted)");
        write!(out, "Seen {{ {time:.3} {method} {uri} {status} {bytes} B, agent: {agent:?}, ")?;
        write!(out, "user: {user:?}, secret: {secret:?}, token: {token:?} }}")
    }
}

/// A line of the log; nginx writes every value as text.
#[derive(Deserialize)]
struct Line {
    time: String,
    method: String,
    uri: String,
    status: String,
    authorization: String,
    devpi_auth: String,
    agent: String,
    bytes: String,
}

/// Credentials out of a header.
struct Sent {
    user: String,
    secret: String,
}

/// What pymacaroons says of a token.
#[derive(Deserialize)]
struct Opened {
    identifier: String,
    caveats: Vec<String>,
}

/// Reads the log at `path`; `python` has pymacaroons.
pub(crate) fn read(path: &Path, python: &Path) -> Result<Vec<Seen>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::path("read", path)(error)),
    };
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let lines: Vec<Line> = lines.filter(|line| !line.uri.starts_with(MARK)).collect();
    let sent: Vec<Option<Sent>> = lines.iter().map(credentials).collect();
    let secrets: Vec<Option<&str>> = sent.iter().map(|sent| sent.as_ref().map(|sent| sent.secret.as_str())).collect();
    let input = serde_json::to_vec(&secrets).unwrap_or_default();
    let opened: Vec<Option<Opened>> =
        serde_json::from_slice(&script(python, "macaroons.py", "read", &input)?).unwrap_or_default();
    let opened = opened.into_iter().chain(std::iter::repeat_with(|| None));
    Ok(lines.into_iter().zip(sent).zip(opened).map(|((line, sent), opened)| seen(line, sent, opened)).collect())
}

fn seen(line: Line, sent: Option<Sent>, opened: Option<Opened>) -> Seen {
    let (user, secret) = sent.map(|Sent { user, secret }| (user, secret)).unzip();
    let user_sent = user.clone().unwrap_or_default();
    let token = opened.map(|Opened { identifier, caveats }| SeenToken { user_sent, identifier, caveats });
    Seen {
        time: line.time.parse().unwrap_or_default(),
        method: line.method,
        uri: line.uri.replace("%2B", "+"),
        status: line.status.parse().unwrap_or_default(),
        agent: line.agent,
        bytes: line.bytes.parse().unwrap_or_default(),
        user,
        secret,
        token,
    }
}

/// What a request was sent with, from any of the headers that devpi reads.
fn credentials(line: &Line) -> Option<Sent> {
    let split = |encoded: &str| {
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, secret) = decoded.split_once(':')?;
        // A token may stand in the place of the user name: then that is the secret, and never to be shown.
        let (user, secret) = if secret.is_empty() { ("", user) } else { (user, secret) };
        Some(Sent { user: user.to_owned(), secret: secret.to_owned() })
    };
    if !line.devpi_auth.is_empty() {
        return split(&line.devpi_auth);
    }
    let (kind, rest) = line.authorization.split_once(' ')?;
    match kind.to_ascii_lowercase().as_str() {
        "basic" => split(rest),
        "bearer" => Some(Sent { user: String::new(), secret: rest.trim().to_owned() }),
        _ => None,
    }
}
