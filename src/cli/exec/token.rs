//! The tokens of a run: one that the agent gave, and short ones that are cut from it here.
//!
//! The agent's lasts as its kind does and stays in this process. A short one needs no agent: an agent that is locked or
//! gone in the middle of a build takes nothing away from it before the long one is worn.

use super::questions::Place;
use crate::cli::now;
use crate::client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Credential, Question};
use crate::secret::Secret;
use crate::target::UserName;
use crate::time::Expiry;
use crate::token::{Restriction, RootToken, Token, TokenError};

/// How long the agent is left alone after it was asked in vain, in seconds.
const PAUSE: u64 = 10;

/// A token of the agent for one server, with what it was asked for.
pub(super) struct Source {
    pub(super) place: Place,
    question: Question,
    given: Credential,
    root: RootToken,
    /// When it was given, in seconds since the epoch.
    since: u64,
    /// When the agent was last asked in vain since then.
    failed: Option<u64>,
}

/// A token for a netrc.
pub(super) struct Cut {
    pub(super) text: Secret,
    /// In seconds since the epoch, by the clock of this machine.
    pub(super) end: u64,
}

impl Source {
    /// Asks the agent.
    pub(super) fn ask(paths: &Paths, place: Place, question: Question) -> Result<Self, Failure> {
        let since = now();
        let (given, root) = asked(paths, &question)?;
        Ok(Self { place, question, given, root, since, failed: None })
    }

    /// Asks the agent again where half of the token's life is over, or the clock was set back; whether there is another
    /// one now. Of failures in a row it gives the first.
    pub(super) fn renew(&mut self, paths: &Paths) -> Result<bool, Failure> {
        let now = now();
        let half = self.given.expires.saturating_sub(self.since) / 2;
        let is_fresh = (self.since..self.since + half).contains(&now);
        let has_just_failed = self.failed.is_some_and(|failed| (failed..failed + PAUSE).contains(&now));
        if is_fresh || has_just_failed {
            return Ok(false);
        }
        match asked(paths, &self.question) {
            Ok((given, root)) => {
                (self.given, self.root, self.since, self.failed) = (given, root, now, None);
                Ok(true)
            }
            Err(failure) if self.failed.replace(now).is_none() => Err(failure),
            Err(_) => Ok(false),
        }
    }

    /// A token that lasts for so many seconds, or as long as the agent's where that is shorter.
    pub(super) fn cut(&self, lifetime: u64) -> Result<Cut, Failure> {
        let end = now().saturating_add(lifetime);
        let text = if end < self.given.expires {
            cut(&self.root, end, self.given.expires).map_err(|error| failed(&error))?
        } else {
            self.given.password.clone()
        };
        Ok(Cut { text, end: end.min(self.given.expires) })
    }

    /// The agent's token itself, for a client that reads it once.
    pub(super) fn whole(&self) -> &Secret {
        &self.given.password
    }

    /// When that one ends, in seconds since the epoch.
    pub(super) fn end(&self) -> u64 {
        self.given.expires
    }

    /// The user that goes with it.
    pub(super) fn user(&self) -> &UserName {
        &self.given.username
    }

    /// The host that it is for, as URLs have it.
    pub(super) fn host(&self) -> &str {
        self.place.server.host()
    }

    /// What a person should know about it.
    pub(super) fn notes(&self) -> &[String] {
        &self.given.notes
    }
}

fn asked(paths: &Paths, question: &Question) -> Result<(Credential, RootToken), Failure> {
    let given = client::greet(paths).ask(question.clone())?;
    let token = Token::parse(given.password.expose()).and_then(RootToken::try_from);
    token.map(|token| (given, token)).map_err(|error| failed(&error))
}

/// A shorter token. Both ends are by this machine's clock; the token's own end is by the server's, which tells how far
/// the two are apart.
fn cut(root: &RootToken, end: u64, whole_end: u64) -> Result<Secret, TokenError> {
    let there = root.scope().expires().unwrap_or(whole_end);
    let end = (there.saturating_add(end)).saturating_sub(whole_end);
    Ok(root.attenuate(&[Restriction::Expires(Expiry::At(end))])?.text())
}

fn failed(error: &TokenError) -> Failure {
    Failure::new(Exit::Unavailable, format!("the agent's token cannot be made shorter: {error}"))
        .with_remedy("see: devpi-tokens status")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_token_ends_by_the_servers_clock() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/tokens.json")).expect("the vectors");
        let text = vectors["derived"][0]["root"].as_str().expect("a token");
        let root = RootToken::try_from(Token::parse(text).expect("a token")).expect("a root token");
        // The server's clock is 100 seconds ahead: 4600 there is 4500 here.
        let given = root.attenuate(&[Restriction::Expires(Expiry::At(4600))]).expect("a token");
        let given = RootToken::try_from(Token::parse(given.text().expose()).expect("a token")).expect("a token");
        let short = cut(&given, 1120, 4500).expect("a token");
        let short = Token::parse(short.expose()).expect("a token");
        assert_eq!(short.scope().expires(), Some(1220));
        assert_eq!(short.restrictions()[..given.restrictions().len()], given.restrictions());
    }
}
