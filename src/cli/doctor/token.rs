//! Whether the server takes what is made from a kept token, and whether the bases of its indexes are known.

use std::time::Duration;

use super::finding::{Finding, Level};
use super::kept;
use super::server::admin;
use crate::cli::mint;
use crate::client::Client;
use crate::devpi::{Error, Server};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Credential, Holder, Question, Request, Response, RootStatus, Weighed};
use crate::secret::Secret;
use crate::target::{IndexName, Permission, Purpose, ServerUrl};
use crate::token::{Restriction, RootToken, Scope, Token, TokenId};

/// A kept token, and who is asked about it.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) paths: &'a Paths,
    pub(super) root: &'a RootStatus,
}

/// How long the server may take to say what an index inherits from.
pub(super) const BASES: Duration = Duration::from_secs(5);

impl Kept<'_> {
    /// The index that was logged in to; none where it names none or the agent does not say.
    pub(super) fn login_index(self) -> Option<IndexName> {
        [Purpose::Read, Purpose::Upload].into_iter().find_map(|purpose| {
            let Weighed { indexes, bases, .. } = self.weighed(purpose, None)?;
            indexes.into_iter().find(|index| !bases.contains(index))
        })
    }

    /// The one of these indexes that it may be used for, else one that it may: it is good where that works.
    pub(super) fn reach(self, indexes: &[IndexName]) -> Option<IndexName> {
        let scope = self.scope();
        let own = || scope.indexes()?.first();
        indexes.iter().find(|index| scope.allows_index(index)).or_else(own).cloned()
    }

    fn scope(self) -> Scope {
        Scope::of(&self.root.restrictions.iter().map(Restriction::read).collect::<Vec<_>>())
    }

    /// Whether the bases of an index are known, which a token for reading it has to list.
    pub(super) fn bases(self, index: &IndexName) -> Option<Finding> {
        let weighed = self.weighed(Purpose::Read, Some(index))?;
        let Holder { server, user } = &self.root.holder;
        if !weighed.unknown_bases.contains(index) {
            return Some(Finding::ok("bases", format!("those of {index} at {server} are known")));
        }
        let what = format!("those of {index} at {server} are not known: what it inherits cannot be read");
        let finding = Finding::warning("bases", what);
        Some(match self.scope().indexes() {
            // Behind devpi-lockdown such a token may not ask for bases that it does not list.
            Some(_) => finding.run(format!("devpi-tokens login {server} {user}")),
            None => finding.run(format!("devpi-tokens exec {}/ -- true", server.join(&index.to_string()))),
        })
    }

    /// The bases of an index, as far as they are known.
    pub(super) fn known_bases(self, index: &IndexName) -> Vec<IndexName> {
        self.weighed(Purpose::Read, Some(index)).map(|weighed| weighed.bases).unwrap_or_default()
    }

    fn weighed(self, purpose: Purpose, index: Option<&IndexName>) -> Option<Weighed> {
        match self.request(&Request::Weigh(self.question(purpose, index))) {
            Ok(Response::Weighed(weighed)) => Some(*weighed),
            _ => None,
        }
    }

    fn question(self, purpose: Purpose, index: Option<&IndexName>) -> Question {
        Question {
            server: self.root.holder.server.clone(),
            user: Some(self.root.holder.user.clone()),
            purpose,
            indexes: index.into_iter().cloned().collect(),
            projects: Vec::new(),
            bytes: 0,
            stranger: None,
        }
    }

    /// To an agent that runs: none is started.
    fn request(self, request: &Request) -> Result<Response, Failure> {
        let agent = Client::running(self.paths)?;
        agent.ok_or_else(super::gone)?.request(request)
    }

    /// Asks the server with a token of a minute that is made from one that the agent hands out.
    pub(super) fn is_good(self, server: &Server, index: Option<&IndexName>) -> Finding {
        if self.is_confirmed(index) {
            let Holder { server, user } = &self.root.holder;
            let what = format!("{} of {user} at {server} has to be confirmed, so it was not tried", self.root.id);
            return Finding::ok("token", what);
        }
        let given = match self.given(index) {
            Ok(given) => given,
            Err(failure) => return Finding::failed("token", failure),
        };
        let checked = short(&given.password, server).map(|probe| server.check_token(&probe, &given.username));
        match checked {
            Err(failure) => Finding::failed("token", failure),
            Ok(outcome) => judged(&self.root.holder, &self.root.id, outcome),
        }
    }

    /// Whether a person would be asked.
    fn is_confirmed(self, index: Option<&IndexName>) -> bool {
        self.weighed(self.purpose(index), index).is_some_and(|weighed| weighed.confirm)
    }

    /// That the server has no such index, where it says so to who may read it.
    pub(super) fn is_missing(self, server: &Server, index: &IndexName) -> Option<Finding> {
        let given = (!self.is_confirmed(Some(index))).then(|| self.given(Some(index)).ok()).flatten()?;
        let probe = short(&given.password, server).ok()?;
        let answer = server.bases(index, Some((&given.username, &probe)), BASES);
        let url = &self.root.holder.server;
        matches!(answer, Err(Error::NotFound { .. })).then(|| missing("index", url, index))
    }

    /// That its policy, or a limit in `config.toml`, keeps from an index whoever reads, which it could itself.
    pub(super) fn is_refused(self, index: &IndexName) -> Option<Finding> {
        let is_able = self.allows(Purpose::Read.permissions()) && self.scope().allows_index(index);
        let weighed = is_able.then(|| self.request(&Request::Weigh(self.question(Purpose::Read, Some(index)))))?;
        let failure = weighed.err().filter(|failure| failure.exit == Exit::Refused)?;
        // Somebody wanted that, and may have forgotten it.
        Some(Finding { level: Level::Hint, ..Finding::failed("policy", failure) })
    }

    /// What a token is asked for.
    fn purpose(self, index: Option<&IndexName>) -> Purpose {
        // One for uploads has no bases that the agent would learn for it: what is looked for is left as it is.
        let is_learnt = |index| self.bases(index).is_some_and(|finding| finding.mend.is_none());
        let mut purposes = [Purpose::Read, Purpose::Upload];
        if !index.is_none_or(is_learnt) {
            purposes.reverse();
        }
        let allows = |purpose: &Purpose| self.allows(purpose.permissions());
        purposes.into_iter().find(allows).unwrap_or(Purpose::Read)
    }

    fn given(self, index: Option<&IndexName>) -> Result<Credential, Failure> {
        match self.request(&Request::Ask(self.question(self.purpose(index), index)))? {
            Response::Credential(given) => Ok(given),
            _ => Err(crate::client::unexpected()),
        }
    }

    fn allows(self, permissions: &[Permission]) -> bool {
        let scope = self.scope();
        permissions.iter().all(|permission| scope.allows_permission(*permission))
    }
}

/// That the server has no such index.
pub(super) fn missing(check: &'static str, url: &ServerUrl, index: &IndexName) -> Finding {
    let what = format!("there is no {index} at {url}: neither is anything read from it nor uploaded");
    Finding::failing(check, what).by_hand(format!("log in to one that is there: devpi-tokens login {url}/USER/INDEX/"))
}

/// What is sent: it ends in a minute.
pub(super) fn short(given: &Secret, server: &Server) -> Result<Secret, Failure> {
    let root = Token::parse(given.expose()).and_then(RootToken::try_from).map_err(mint::not_kept)?;
    mint::probe(&root, server)
}

/// What the server's answer to a token means.
pub(super) fn judged(holder: &Holder, id: &TokenId, outcome: Result<(), Error>) -> Finding {
    let Holder { server, user } = holder;
    let name = format!("{id} of {user} at {server}");
    let said = match outcome {
        Ok(()) => return Finding::ok("token", format!("the server takes what is made from {name}")),
        Err(Error::Forbidden { said, .. }) => said.to_string(),
        Err(Error::NotAccepted { .. }) => {
            let what = format!("{server} takes tokens for nothing: the plugin devpi-tokens may not be installed there");
            return Finding::failing("token", what).ask(format!("{} to install it", admin(server)));
        }
        Err(other) => return Finding::failed("token", other.into()),
    };
    let renew = kept::renew(holder);
    match Cause::of(&said) {
        Cause::Deleted => Finding::failing("token", format!("{name} was deleted on the server")).run(renew),
        Cause::Secret => {
            let what = format!("{server} has lost the secret that its tokens were made with: every one is void");
            let whom = format!("{} to start it with its --secretfile; if that is gone: {renew}", admin(server));
            Finding::failing("token", what).ask(whom)
        }
        Cause::User => {
            let what = format!("{server} has no user {user} any more");
            Finding::failing("token", what).ask(admin(server))
        }
        Cause::Time => {
            let what = format!("what is made from {name} is not valid by the server's clock");
            Finding::failing("token", what).ask(format!("{} to set its clock; then: {renew}", admin(server)))
        }
        Cause::Unknown => {
            let what = format!("{server} refuses what is made from {name}{said}");
            Finding::failing("token", what).ask(format!("{} why; another token may help: {renew}", admin(server)))
        }
    }
}

/// Why the plugin devpi-tokens refuses a token, told from its words.
#[derive(Debug, PartialEq, Eq)]
enum Cause {
    Deleted,
    Secret,
    User,
    Time,
    Unknown,
}

impl Cause {
    fn of(said: &str) -> Self {
        // As devpi-tokens 1.1.0 and pymacaroons say it.
        let causes = [
            ("The token id", Self::Deleted),
            ("Signatures do not match", Self::Secret),
            ("User for token doesn't exist", Self::User),
            ("Token expired at", Self::Time),
            ("Token not valid before", Self::Time),
        ];
        causes.into_iter().find(|(words, _)| said.contains(words)).map_or(Self::Unknown, |(_, cause)| cause)
    }
}
