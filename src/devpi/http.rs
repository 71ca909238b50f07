//! One request, one answer, within limits.

use std::cell::Cell;
use std::error::Error as _;
use std::io::{self, Read as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Method, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::error::Said;
use super::{Error, Limits, Options};
use crate::escape;
use crate::secret::Secret;
use crate::target::{ServerUrl, UserName};

/// devpi-lockdown answers 403 instead of 401 to whatever calls itself devpi-client, so this name must not.
const USER_AGENT: &str = concat!("devpi-tokens-agent/", env!("CARGO_PKG_VERSION"));

/// Who asks.
#[derive(Clone, Copy)]
pub(super) enum Auth<'a> {
    Nobody,
    Session(&'a UserName, &'a Secret),
    Token(&'a UserName, &'a Secret),
}

impl Auth<'_> {
    /// The header that says it, marked so that nothing prints its value.
    fn header(self) -> Option<(&'static str, HeaderValue)> {
        let (name, scheme, user, secret) = match self {
            Self::Nobody => return None,
            Self::Session(user, secret) => ("x-devpi-auth", "", user, secret),
            Self::Token(user, secret) => (AUTHORIZATION.as_str(), "Basic ", user, secret),
        };
        let text = Zeroizing::new(format!("{scheme}{}", encoded(user, secret).expose()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    /// The secret in the forms in which it is sent.
    fn secrets(self) -> Vec<Secret> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Session(user, secret) | Self::Token(user, secret) => vec![secret.clone(), encoded(user, secret)],
        }
    }
}

fn encoded(user: &UserName, secret: &Secret) -> Secret {
    let pair = Zeroizing::new(format!("{user}:{}", secret.expose()));
    Secret::new(STANDARD.encode(pair.as_bytes()))
}

/// A request below the root of a server.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// Without a slash in front.
    pub(super) path: String,
    pub(super) auth: Auth<'a>,
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
    /// What of the body is secret.
    pub(super) secret: Option<&'a Secret>,
    /// An end that comes before that of the limits.
    pub(super) deadline: Option<Instant>,
}

impl Request<'_> {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), auth: Auth::Nobody, body: None, secret: None, deadline: None }
    }
}

/// The connections to one host.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    limits: Limits,
    skew: Cell<Option<i64>>,
}

impl Http {
    pub(super) fn new(url: &ServerUrl, options: &Options) -> Result<Self, Error> {
        let Options { ca_file, allow_http, limits } = options;
        if !(url.is_https() || url.is_loopback() || *allow_http) {
            return Err(Error::Unencrypted { server: url.clone() });
        }
        // Nothing compressed is asked for, also where another crate of the build turns a decoder on: so the limit of
        // a body is that of what arrives.
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(limits.connect)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if url.is_loopback() {
            builder = builder.no_proxy();
        }
        if let Some(path) = ca_file {
            let failed = |why: String| Error::CaFile { path: path.clone(), why };
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            let certificates = Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| failed("no certificates in PEM form".to_owned()))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|error| match ca_file {
            Some(path) => Error::CaFile { path: path.clone(), why: deepest(&error) },
            None => Error::Insecure { server: url.clone(), why: deepest(&error) },
        })?;
        Ok(Self { client, limits: *limits, skew: Cell::new(None) })
    }

    pub(super) fn skew(&self) -> Option<i64> {
        self.skew.get()
    }

    /// Sends and reads the whole answer; a redirect is an error, any other status an answer.
    pub(super) fn send(&self, server: &ServerUrl, request: &Request<'_>) -> Result<Answer, Error> {
        let (response, until) = self.begin(server, request)?;
        let status = response.status();
        let bad = |what| Error::BadAnswer { server: server.clone(), what };
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
            let to = to.map_or_else(|| "nowhere".to_owned(), |to| escape::printable(&to));
            return Err(Error::Redirect { server: server.clone(), to });
        }
        if response.headers().get_all(CONTENT_ENCODING).iter().any(|value| value != "identity") {
            return Err(bad("compressed, which was not asked for"));
        }
        let body = self.body(server, response, until)?;
        let secrets = request.auth.secrets().into_iter().chain(request.secret.cloned()).collect();
        Ok(Answer { server: server.clone(), path: request.path.clone(), status, body, secrets })
    }

    /// Sends, and reads no more than the head of the answer.
    pub(super) fn head(&self, server: &ServerUrl, request: &Request<'_>) -> Result<(StatusCode, HeaderMap), Error> {
        let (response, _) = self.begin(server, request)?;
        Ok((response.status(), response.headers().clone()))
    }

    fn begin(&self, server: &ServerUrl, request: &Request<'_>) -> Result<(Response, Instant), Error> {
        let now = Instant::now();
        let until = request.deadline.map_or(now + self.limits.whole, |end| end.min(now + self.limits.whole));
        let left = until.saturating_duration_since(now);
        if left.is_zero() {
            return Err(Error::TimedOut { server: server.clone(), limit: Duration::ZERO });
        }
        let mut sent = self.client.request(request.method.clone(), server.join(&request.path));
        // The blocking client's own limit is per read; the limit of a request counts to the end of the body.
        sent = sent.timeout(left).header(ACCEPT, "application/json");
        if let Some((name, value)) = request.auth.header() {
            sent = sent.header(name, value);
        }
        if let Some(body) = &request.body {
            sent = sent.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = sent.send().map_err(|error| self.failure(server, &error, left))?;
        let (method, path, status) = (&request.method, &request.path, response.status());
        tracing::info!("{method} {server}/{path}: {status}, {} ms", now.elapsed().as_millis());
        self.note_date(&response);
        Ok((response, until))
    }

    fn note_date(&self, response: &Response) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_secs()).ok());
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        if let (Some(now), Some(date)) = (now, date) {
            self.skew.set(Some(date.timestamp().as_second() - now));
        }
    }

    fn body(&self, server: &ServerUrl, response: Response, until: Instant) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Reserved at once, so that growing leaves no copies of a secret behind.
        let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(16 << 10);
        if response.content_length().is_some() && expected > self.limits.body {
            return Err(Error::TooLarge { server: server.clone(), limit: self.limits.body });
        }
        let mut body = Zeroizing::new(Vec::with_capacity(expected));
        let read = response.take(self.limits.body as u64 + 1).read_to_end(&mut body);
        match read {
            Ok(_) if body.len() > self.limits.body => {
                Err(Error::TooLarge { server: server.clone(), limit: self.limits.body })
            }
            Ok(_) => Ok(body),
            Err(_) if Instant::now() >= until => {
                Err(Error::TimedOut { server: server.clone(), limit: self.limits.whole })
            }
            Err(_) => Err(Error::BadAnswer { server: server.clone(), what: "it is cut off" }),
        }
    }

    fn failure(&self, server: &ServerUrl, error: &reqwest::Error, left: Duration) -> Error {
        let server = server.clone();
        if error.is_timeout() {
            let limit = if error.is_connect() { self.limits.connect.min(left) } else { left };
            return Error::TimedOut { server, limit };
        }
        if is_tls(error) {
            return Error::Insecure { server, why: deepest(error) };
        }
        if error.is_connect() {
            return Error::Unreachable { server, why: deepest(error) };
        }
        Error::BadAnswer { server, what: "it is not HTTP, or the connection was closed" }
    }
}

/// The errors below one, outermost first.
fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |error| wrapped(*error))
}

/// What an error wraps. An [`io::Error`] passes over that in its `source`.
fn wrapped<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// rustls reports whatever it refuses, certificates first of all, as invalid data.
fn is_tls(error: &reqwest::Error) -> bool {
    error.is_connect()
        && chain(error)
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .any(|error| error.kind() == io::ErrorKind::InvalidData)
}

/// The innermost reason: the outer ones repeat URLs, in which a proxy's password could stand.
fn deepest(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(|| "no reason given".to_owned(), |error| escape::one_line(&error.to_string()))
}

/// A whole answer.
pub(super) struct Answer {
    server: ServerUrl,
    path: String,
    pub(super) status: StatusCode,
    body: Zeroizing<Vec<u8>>,
    /// What was sent and is not to be shown, should the server repeat it.
    secrets: Vec<Secret>,
}

/// What devpi-server wraps every JSON answer in.
#[derive(Deserialize)]
struct Envelope<T> {
    r#type: String,
    result: T,
}

impl Answer {
    /// The answer itself where its status is 200 or the like, else the error that the status stands for.
    pub(super) fn success(self) -> Result<Self, Error> {
        if self.status.is_success() {
            return Ok(self);
        }
        let said = self.said();
        let server = self.server;
        Err(match self.status.as_u16() {
            400 => Error::BadRequest { server, said },
            401 => Error::Unauthorized { server, said },
            403 => Error::Forbidden { server, said },
            404 => {
                let what = self.path.split('?').next().unwrap_or_default().to_owned();
                Error::NotFound { server, what, said }
            }
            429 => Error::TooOften { server, said },
            500 => Error::Failed { server, said },
            503 => Error::Unavailable { server, said },
            status => Error::Status { server, status, said },
        })
    }

    /// The `result` of an answer that has to be of that `type`.
    pub(super) fn result<T: DeserializeOwned>(self, kind: &str) -> Result<T, Error> {
        let bad = |what| Error::BadAnswer { server: self.server.clone(), what };
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(bad("it is empty"));
        }
        // The reason of the parser is left out: it may quote the answer.
        match serde_json::from_slice::<Envelope<T>>(&self.body) {
            Ok(envelope) if envelope.r#type == kind => Ok(envelope.result),
            Ok(_) => Err(bad("it is about something else")),
            Err(error) if error.is_data() => Err(bad("a field is missing or of another type")),
            Err(_) => Err(bad("it is not JSON")),
        }
    }

    /// What the server says in words; nothing where it is a page of HTML.
    fn said(&self) -> Said {
        #[derive(Deserialize)]
        struct Message {
            message: String,
        }
        let message = serde_json::from_slice::<Message>(&self.body).ok();
        let repeats = |said: &Message| self.secrets.iter().any(|secret| said.message.contains(secret.expose()));
        Said(
            message
                .filter(|said| !repeats(said))
                .map(|said| escape::one_line(&said.message))
                .filter(|text| !text.is_empty()),
        )
    }
}
