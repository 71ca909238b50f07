//! What needs the user's password: making, listing and deleting tokens.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::http::{Auth, Request};
use super::{Error, Server};
use crate::secret::Secret;
use crate::target::UserName;
use crate::time::Expiry;
use crate::token::{Item, Narrowing, TokenId};

/// The longest token that is taken from an answer, in bytes.
const LONGEST: usize = 8 << 10;

/// A user who has shown the password. The server forgets the session after ten hours, this program at once.
#[derive(Debug)]
pub struct Session<'a> {
    server: &'a Server,
    user: UserName,
    secret: Secret,
}

/// A request for a new token, as the server takes it: whatever is missing is not restricted.
#[derive(Serialize)]
struct TokenRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    indexes: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    projects: Vec<&'a str>,
}

impl<'a> From<&'a Narrowing> for TokenRequest<'a> {
    fn from(narrowing: &'a Narrowing) -> Self {
        let Narrowing { allowed, expires, indexes, not_before, projects } = narrowing;
        Self {
            expires: expires.map(|expires| match expires {
                Expiry::At(second) => second.into(),
                Expiry::Never => "never".into(),
            }),
            not_before: *not_before,
            allowed: allowed.iter().map(Item::as_str).collect(),
            indexes: indexes.iter().map(Item::as_str).collect(),
            projects: projects.iter().map(Item::as_str).collect(),
        }
    }
}

/// A token as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// By what it is deleted.
    pub id: TokenId,
    /// Its restrictions, `key=value`, as the server wrote them: to be escaped before they are shown.
    pub restrictions: Vec<String>,
}

impl Server {
    /// A session that somebody else has opened, devpi-client for one. Whether it still is the next request shows.
    pub fn session(&self, user: UserName, secret: Secret) -> Session<'_> {
        Session { server: self, user, secret }
    }

    /// Opens a session by the user's password.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], and what every request can end with.
    pub fn login(&self, user: &UserName, password: &Secret) -> Result<Session<'_>, Error> {
        #[derive(Serialize)]
        struct Login<'a> {
            user: &'a str,
            password: &'a str,
        }
        #[derive(Deserialize)]
        struct Opened {
            password: Secret,
        }
        let body = json(&Login { user: user.as_str(), password: password.expose() });
        let asked = Request { method: Method::POST, body, secret: Some(password), ..Request::get("+login") };
        let answer = self.send(&asked).map_err(|error| match error {
            Error::Unauthorized { server, .. } => Error::WrongPassword { server, user: user.clone() },
            other => other,
        })?;
        let opened: Opened = answer.result("proxyauth")?;
        if opened.password.is_empty() {
            return Err(Error::BadAnswer { server: self.url.clone(), what: "the session is empty" });
        }
        Ok(Session { server: self, user: user.clone(), secret: opened.password })
    }
}

impl Session<'_> {
    /// Whose it is.
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// Makes a token of `user`, who is the session's own user unless that one may manage others.
    ///
    /// What comes back is the server's word: whoever keeps it compares it with what was asked.
    ///
    /// # Errors
    /// [`Error::BadRequest`] or [`Error::Forbidden`] where the server does not grant it, and what every request can
    /// end with.
    pub fn create_token(&self, user: &UserName, narrowing: &Narrowing) -> Result<Secret, Error> {
        #[derive(Deserialize)]
        struct Created {
            token: Secret,
        }
        let created: Created = self
            .send(Method::POST, format!("{user}/+token-create"), json(&TokenRequest::from(narrowing)))?
            .result("token-info")?;
        let text = created.token.expose();
        let plain = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain {
            return Err(Error::BadAnswer { server: self.server.url.clone(), what: "what it sent is no token" });
        }
        Ok(created.token)
    }

    /// The tokens of a user, by id.
    ///
    /// # Errors
    /// [`Error::Forbidden`] where that user is not the session's, and what every request can end with.
    pub fn tokens(&self, user: &UserName) -> Result<Vec<TokenInfo>, Error> {
        #[derive(Deserialize)]
        struct Listed {
            tokens: BTreeMap<String, Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(default)]
            restrictions: Vec<String>,
        }
        let listed: Listed = self.send(Method::GET, format!("{user}/+tokens"), None)?.result("tokens-info")?;
        let bad = |_| Error::BadAnswer { server: self.server.url.clone(), what: "a token has no id" };
        let info = |(id, entry): (String, Entry)| {
            Ok(TokenInfo { id: id.parse().map_err(bad)?, restrictions: entry.restrictions })
        };
        listed.tokens.into_iter().map(info).collect()
    }

    /// Deletes a token: nothing derived from it is valid any longer.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the user has no such token, and what every request can end with.
    pub fn delete_token(&self, user: &UserName, id: &TokenId) -> Result<(), Error> {
        self.send(Method::DELETE, format!("{user}/+tokens/{id}"), None).map(drop)
    }

    fn send(&self, method: Method, path: String, body: Option<Vec<u8>>) -> Result<super::http::Answer, Error> {
        let auth = Auth::Session(&self.user, &self.secret);
        self.server.send(&Request { method, auth, body, ..Request::get(path) })
    }
}

#[expect(clippy::expect_used, reason = "plain structures of texts and numbers always have a JSON form")]
fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    Some(serde_json::to_vec(value).expect("a JSON form"))
}
