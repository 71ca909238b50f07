//! Plain HTTP to the bed's own servers, as the bed speaks it: no redirects followed, every status an answer.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::request::Builder;
use ureq::http::{HeaderName, HeaderValue, Request, Response};
use ureq::{Agent, Body};

use crate::error::{Error, Result};

/// As whom a request is sent.
#[derive(Clone, Copy)]
pub enum Auth<'a> {
    /// As nobody.
    None,
    /// User and password, or token, as pip sends them.
    Basic(&'a str, &'a str),
    /// User and session secret, or token, as devpi-client sends them.
    Devpi(&'a str, &'a str),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body, as text.
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Reply {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Fetches a page, as a client of packages does.
///
/// # Errors
/// Where there is no answer within 30 s; every status is one.
pub fn get(url: &str, auth: Auth<'_>) -> Result<Reply> {
    finish("GET", url, auth, (Request::builder().header("Accept", "*/*"), Vec::new()))
}

/// One call of devpi's JSON over HTTP.
///
/// # Errors
/// Where there is no answer within 30 s; every status is one.
pub fn send(method: &str, url: &str, auth: Auth<'_>, json: Option<&Value>) -> Result<Reply> {
    let builder = Request::builder().header("Accept", "application/json").header("Content-Type", "application/json");
    finish(method, url, auth, (builder, json.map(Value::to_string).unwrap_or_default().into_bytes()))
}

/// Uploads a wheel as twine does: a form with the file in it. `what` is the project's name and its version.
///
/// # Errors
/// Where the wheel cannot be read, or there is no answer within 30 s; every status is one.
pub fn upload(url: &str, auth: Auth<'_>, what: [&str; 2], wheel: &Path) -> Result<Reply> {
    const BOUNDARY: &str = "a-boundary-that-is-in-no-wheel";
    let [project, version] = what;
    let fields = [(":action", "file_upload"), ("metadata_version", "2.1"), ("name", project), ("version", version)];
    let field = |(name, value): &(&str, &str)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body: Vec<u8> = fields.iter().map(field).collect::<String>().into_bytes();
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{name}\"\r\n\r\n");
    body.extend(head.into_bytes());
    body.extend(std::fs::read(wheel).map_err(Error::path("read", wheel))?);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    finish("POST", url, auth, (Request::builder().header("Content-Type", kind), body))
}

fn finish(method: &str, url: &str, auth: Auth<'_>, (builder, body): (Builder, Vec<u8>)) -> Result<Reply> {
    let failed = |answer: String| Error::Http { method: method.to_owned(), url: url.to_owned(), answer };
    let encoded = |user: &str, secret: &str| STANDARD.encode(format!("{user}:{secret}"));
    let builder = match auth {
        Auth::None => builder,
        Auth::Basic(user, secret) => builder.header("Authorization", format!("Basic {}", encoded(user, secret))),
        Auth::Devpi(user, secret) => builder.header("X-Devpi-Auth", encoded(user, secret)),
    };
    let request = builder.method(method).uri(url).body(body).map_err(|error| failed(error.to_string()))?;
    let response = agent().run(request).map_err(|error| failed(error.to_string()))?;
    read(response).map_err(|error| failed(error.to_string()))
}

fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

fn read(mut response: Response<Body>) -> std::result::Result<Reply, ureq::Error> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = response.headers().iter().map(header).collect();
    let body = String::from_utf8_lossy(&response.body_mut().read_to_vec()?).into_owned();
    Ok(Reply { status: response.status().as_u16(), body, headers })
}

/// devpi's JSON over HTTP, as one user with a session.
pub(crate) struct Session {
    server: String,
    user: String,
    secret: String,
}

impl Session {
    /// Logs in with the user's password.
    pub(crate) fn login(server: &str, user: &str, password: &str) -> Result<Self> {
        let given = serde_json::json!({"user": user, "password": password});
        let url = format!("{server}/+login");
        let reply = expect("POST", &url, send("POST", &url, Auth::None, Some(&given))?)?;
        let secret = reply["result"]["password"].as_str().unwrap_or_default().to_owned();
        Ok(Self { server: server.to_owned(), user: user.to_owned(), secret })
    }

    /// The secret that stands for the password while the session lasts.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// One call that has to succeed; gives the JSON of the answer.
    pub(crate) fn call(&self, method: &str, path: &str, json: Option<&Value>) -> Result<Value> {
        let url = format!("{}/{path}", self.server);
        expect(method, &url, send(method, &url, Auth::Devpi(&self.user, &self.secret), json)?)
    }
}

fn expect(method: &str, url: &str, reply: Reply) -> Result<Value> {
    if (200..300).contains(&reply.status) {
        return Ok(reply.json());
    }
    let start: String = reply.body.chars().take(300).collect();
    let answer = format!("{} {start}", reply.status);
    Err(Error::Http { method: method.to_owned(), url: url.to_owned(), answer })
}
