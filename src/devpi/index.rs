//! What concerns one index: its bases, and who may read it.

use std::time::{Duration, Instant};

use reqwest::header::LOCATION;
use serde::Deserialize;

use super::http::{Auth, Request};
use super::{Error, Server};
use crate::escape;
use crate::secret::Secret;
use crate::target::{IndexName, UserName};

/// The most indexes that are looked at for one, itself included.
const MOST: usize = 64;

/// What an index answers to somebody who shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It gives files to everybody: no client will ever ask for credentials.
    Open,
    /// 401: pip, uv and pdm then ask for credentials.
    Asks,
    /// A redirect to there (escaped), as devpi-lockdown's own template does: a client that waits for a 401 never asks.
    Redirects(String),
    /// 403: no client asks again after that.
    Refuses,
    /// Another status, which says nothing about who may read.
    Other(u16),
}

impl Server {
    /// The bases of an index, and theirs, in the order in which devpi-server looks through them, without the index
    /// itself. A base that is gone is listed, and has no bases.
    ///
    /// Behind devpi-lockdown a reader's token must not be restricted to indexes: the bases are not known yet, and each
    /// that the token does not list is refused. Any permission will do.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such index, [`Error::TooManyBases`] where they are more than 63,
    /// [`Error::TimedOut`] where all of it took longer than `budget`; and what every request can end with.
    pub fn bases(
        &self,
        index: &IndexName,
        reader: Option<(&UserName, &Secret)>,
        budget: Duration,
    ) -> Result<Vec<IndexName>, Error> {
        let auth = reader.map_or(Auth::Nobody, |(user, token)| Auth::Token(user, token));
        let deadline = Instant::now() + budget;
        let mut found = vec![index.clone()];
        // The next one to look at is the last: an index's first base, with all its bases, comes before its second.
        let late = |error| match error {
            Error::TimedOut { server, .. } => Error::TimedOut { server, limit: budget },
            other => other,
        };
        let mut open = self.direct_bases(index, auth, deadline).map_err(late)?;
        open.reverse();
        while let Some(base) = open.pop() {
            if found.contains(&base) {
                continue;
            }
            if found.len() == MOST {
                return Err(Error::TooManyBases { index: index.clone(), limit: MOST - 1 });
            }
            let below = match self.direct_bases(&base, auth, deadline) {
                Err(Error::NotFound { .. }) => Vec::new(),
                below => below.map_err(late)?,
            };
            found.push(base);
            open.extend(below.into_iter().rev());
        }
        found.remove(0);
        Ok(found)
    }

    fn direct_bases(&self, index: &IndexName, auth: Auth<'_>, deadline: Instant) -> Result<Vec<IndexName>, Error> {
        #[derive(Deserialize)]
        struct Config {
            // A mirror has none.
            #[serde(default)]
            bases: Vec<IndexName>,
        }
        let asked = Request { auth, deadline: Some(deadline), ..Request::get(format!("{index}?no_projects=")) };
        let config: Config = self.send(&asked)?.result("indexconfig")?;
        Ok(config.bases)
    }

    /// Who may read an index, told from what files and simple pages answer to nobody in particular. Nothing of a page
    /// is read, and neither has to exist.
    ///
    /// # Errors
    /// What every request can end with, but for redirects and statuses, which are the answer.
    pub fn access(&self, index: &IndexName) -> Result<Access, Error> {
        // A name that every mirror knows, so that asking sends no new one to the index that is mirrored.
        let pages = ["+f/000/0000000000000/none-0.tar.gz", "+simple/pip/"];
        for page in pages {
            let access = self.access_to(&format!("{index}/{page}"))?;
            if access != Access::Open {
                return Ok(access);
            }
        }
        Ok(Access::Open)
    }

    fn access_to(&self, path: &str) -> Result<Access, Error> {
        let (status, headers) = self.http.head(&self.url, &Request::get(path))?;
        Ok(match status.as_u16() {
            200..=299 | 404 | 410 => Access::Open,
            300..=399 => {
                let to = headers.get(LOCATION).map(|to| escape::printable(&String::from_utf8_lossy(to.as_bytes())));
                Access::Redirects(to.unwrap_or_default())
            }
            401 => Access::Asks,
            403 => Access::Refuses,
            status => Access::Other(status),
        })
    }
}
