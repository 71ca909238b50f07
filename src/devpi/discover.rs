//! Finds the root of a server from any address below it.

use serde::Deserialize;

use super::http::{Http, Request};
use super::{Error, Options, Server};
use crate::escape;
use crate::target::{IndexName, ServerUrl, Target};

/// The most addresses that are asked before giving up.
const MOST: usize = 8;

/// What an address turned out to be.
#[derive(Debug, Clone)]
pub struct Found {
    /// The server, at its root.
    pub server: Server,
    /// The index that the address names below that root. Whether there is such an index was not asked.
    pub index: Option<IndexName>,
    /// What the server believes its own root to be, escaped, where that is another one: a proxy in front of it does not
    /// pass on the outside URL, and the links that the server writes will miss.
    pub believes: Option<String>,
}

/// What `+api` answers. The URLs in it are compared, never requested.
#[derive(Deserialize)]
pub(super) struct Api {
    #[serde(default)]
    login: String,
    #[serde(default)]
    authstatus: Vec<serde_json::Value>,
    index: Option<String>,
}

impl Api {
    /// Status and user name, empty where they are missing.
    pub(super) fn authstatus(&self) -> (&str, &str) {
        let field = |at: usize| self.authstatus.get(at).and_then(serde_json::Value::as_str).unwrap_or_default();
        (field(0), field(1))
    }

    /// The root that the server believes to be its own.
    fn root(&self) -> Option<&str> {
        self.login.strip_suffix("/+login")
    }
}

/// Finds the server that an address belongs to: its root, an index, a `+simple/` page or anything below.
///
/// `+api` answers below the root as well, for an index and (without naming it) for a user, so one answer does not make
/// a root. Its `login` names the root in the server's own words; of the addresses above the one given, the one with
/// that path is asked too. Typical addresses take one to three requests.
///
/// # Errors
/// [`Error::NotDevpi`] where nothing answers as devpi-server does; a redirect or a refusal, where that is all there
/// was; [`Error::Address`] for a bare host.
pub fn discover(target: &Target, options: &Options) -> Result<Found, Error> {
    let candidates = ServerUrl::candidates(target)?;
    let address = candidates.first().ok_or(crate::target::AddressError::Host)?.clone();
    let mut search = Search { http: Http::new(&address, options)?, asked: 0, excuse: None };
    let candidates = in_order(&candidates, &address);
    for candidate in &candidates {
        let Some(api) = search.ask(candidate)? else { continue };
        if let Some((url, api)) = search.settle(&candidates, candidate, api)? {
            let index = url.place(target).and_then(|place| place.index);
            let believes = api.root().filter(|root| root.parse().ok().as_ref() != Some(&url)).map(escape::printable);
            return Ok(Found { server: Server { http: search.http, url }, index, believes });
        }
    }
    Err(search.excuse.unwrap_or(Error::NotDevpi { address }))
}

/// The likeliest root first: two segments (user, index) above the page's `+…`, or above the end. Then upwards from
/// there being nothing devpi-like below a `+…`.
fn in_order(candidates: &[ServerUrl], address: &ServerUrl) -> Vec<ServerUrl> {
    let plus = |url: &&ServerUrl| last_segment(url).is_some_and(|segment| segment.starts_with('+'));
    let end = candidates.iter().filter(plus).map(ServerUrl::depth).min().map_or(address.depth(), |depth| depth - 1);
    let likely = end.saturating_sub(2);
    let upwards = candidates.iter().filter(|url| url.depth() <= end);
    let (mut first, rest): (Vec<_>, Vec<_>) = upwards.cloned().partition(|url| url.depth() == likely);
    first.extend(rest);
    first
}

fn last_segment(url: &ServerUrl) -> Option<String> {
    (url.depth() > 0).then(|| url.to_string().rsplit('/').next().unwrap_or_default().to_owned())
}

struct Search {
    http: Http,
    asked: usize,
    /// The most telling of the answers that were no `+api`.
    excuse: Option<Error>,
}

impl Search {
    /// What `+api` says below that address, or `None` where devpi-server is not what answers there.
    fn ask(&mut self, url: &ServerUrl) -> Result<Option<Api>, Error> {
        if self.asked == MOST {
            return Ok(None);
        }
        self.asked += 1;
        let answer = self.http.send(url, &Request::get("+api")).and_then(|answer| answer.success());
        match answer.and_then(|answer| answer.result("apiconfig")) {
            Ok(api) => Ok(Some(api)),
            // What lies above or beside devpi on a host is somebody else's, and may answer anything.
            Err(Error::NotFound { .. } | Error::BadAnswer { .. }) => Ok(None),
            Err(error @ (Error::Unreachable { .. } | Error::TimedOut { .. } | Error::Insecure { .. })) => Err(error),
            Err(error) => {
                self.excuse.get_or_insert(error);
                Ok(None)
            }
        }
    }

    /// Decides where the root is, given one address at which devpi-server answered.
    fn settle(
        &mut self,
        candidates: &[ServerUrl],
        at: &ServerUrl,
        api: Api,
    ) -> Result<Option<(ServerUrl, Api)>, Error> {
        // By path alone: behind a proxy the server often gets its own scheme and host wrong.
        let path = |url: &ServerUrl| url.join("").splitn(4, '/').nth(3).map(str::to_owned);
        let told = api.root().and_then(|root| root.parse().ok()).and_then(|root: ServerUrl| path(&root));
        let told = candidates.iter().find(|candidate| path(candidate) == told);
        let is_index = api.index.is_some();
        if !is_index && told.is_none_or(|told| told == at) {
            return Ok(Some((at.clone(), api)));
        }
        let two_up = candidates.iter().find(|url| is_index && url.depth() + 2 == at.depth());
        for root in told.into_iter().chain(two_up).filter(|root| *root != at) {
            if let Some(above) = self.ask(root)?.filter(|above| above.index.is_none()) {
                return Ok(Some((root.clone(), above)));
            }
        }
        // A proxy that takes a path away without telling: the server believes to be at the top, and nothing is there.
        Ok((!is_index).then(|| (at.clone(), api)))
    }
}
