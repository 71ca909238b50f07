//! What needs the user's password: making, listing and deleting tokens.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::http::{Auth, Request};
use super::{Error, Server};
use crate::secret::Secret;
use crate::target::{IndexName, Permission, ProjectName, UserName};
use crate::time::Expiry;
use crate::token::{Restriction, TokenId};

/// The longest token that is taken from an answer, in bytes.
const LONGEST: usize = 8 << 10;

/// A user who has shown the password. The server forgets the session after ten hours, this program at once.
#[derive(Debug)]
pub struct Session<'a> {
    server: &'a Server,
    user: UserName,
    secret: Secret,
}

/// As the server takes it: a second since 1970, or `never`.
fn expiry<S: serde::Serializer>(expires: &Option<Expiry>, serializer: S) -> Result<S::Ok, S::Error> {
    match expires {
        Some(Expiry::At(second)) => serializer.serialize_u64(*second),
        Some(Expiry::Never) => serializer.serialize_str("never"),
        None => serializer.serialize_none(),
    }
}

/// What a new token may do; whatever is empty is not restricted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenRequest {
    /// When it ends; the server's own choice is a year.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expiry")]
    pub expires: Option<Expiry>,
    /// From which second since 1970 on it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// Its permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Permission>,
    /// The indexes that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexName>,
    /// The projects that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<ProjectName>,
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

impl TokenRequest {
    /// What a token has to say that is as narrow as asked.
    pub fn restrictions(&self) -> Vec<Restriction> {
        let Self { expires, not_before, allowed, indexes, projects } = self;
        let mut all: Vec<Restriction> = expires.iter().copied().map(Restriction::Expires).collect();
        all.extend(not_before.map(Restriction::NotBefore));
        if !allowed.is_empty() {
            all.push(Restriction::Allowed(allowed.iter().copied().collect()));
        }
        if !indexes.is_empty() {
            all.push(Restriction::Indexes(indexes.iter().cloned().collect()));
        }
        if !projects.is_empty() {
            all.push(Restriction::Projects(projects.iter().cloned().collect()));
        }
        all
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
    pub fn create_token(&self, user: &UserName, request: &TokenRequest) -> Result<Secret, Error> {
        #[derive(Deserialize)]
        struct Created {
            token: Secret,
        }
        let created: Created =
            self.send(Method::POST, format!("{user}/+token-create"), json(request))?.result("token-info")?;
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
