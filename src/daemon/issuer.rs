//! Makes the tokens that are handed out, each of them one that can be told from every other.

use std::collections::{HashMap, HashSet};

use crate::policy::Grant;
use crate::protocol::{Credential, Denial, Question};
use crate::secret::Secret;
use crate::target::UserName;
use crate::token::{RootToken, TokenId};

/// For how long the same question by the same caller gets the same token, in seconds. Some clients ask twice and
/// compare, others ask from several processes at once.
const REPEAT: u64 = 60;

/// How far back a token may begin, in seconds: far enough for two clocks that differ a little, and enough different
/// values to tell the hand-outs of one second apart.
const BACK: std::ops::RangeInclusive<u64> = 10..=60;

/// The program that wants a token: its process and when that began, so that a reused pid is another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CallerId {
    pub(super) pid: u32,
    pub(super) start: u64,
}

/// The instants of one question: both clocks, in seconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// This machine's.
    pub(super) here: u64,
    /// How many seconds the server's is ahead.
    pub(super) skew: i64,
}

impl Clock {
    /// The server's.
    pub(super) fn there(self) -> u64 {
        self.here.saturating_add_signed(self.skew)
    }
}

struct HandedOut {
    at: u64,
    username: UserName,
    token: Secret,
    expires: u64,
    notes: Vec<String>,
}

/// A token in the sense of uniqueness: of which root, from when, until when.
type Mark = (TokenId, u64, u64);

/// What was handed out lately.
#[derive(Default)]
pub(super) struct Issuer {
    recent: HashMap<(CallerId, Question), HandedOut>,
    used: HashSet<Mark>,
    /// For each root's id, when the last token made from it ends, by this machine's clock.
    ends: HashMap<TokenId, u64>,
}

impl Issuer {
    /// The token that this caller got for this question a moment ago.
    pub(super) fn repeat(&mut self, caller: CallerId, question: &Question, now: u64) -> Option<Credential> {
        // A clock that was set back makes everything look young: then nothing is repeated.
        self.recent.retain(|_, handed| handed.at <= now && now < handed.at + REPEAT && now < handed.expires);
        let handed = self.recent.get(&(caller, question.clone()))?;
        Some(Credential {
            username: handed.username.clone(),
            password: handed.token.clone(),
            expires: handed.expires,
            notes: handed.notes.clone(),
        })
    }

    /// A new token for a grant, whose times are by the server's clock.
    pub(super) fn issue(&mut self, root: &RootToken, grant: &Grant, clock: Clock) -> Result<Credential, Denial> {
        let there = clock.there();
        self.used.retain(|(_, _, expires)| *expires > there);
        let (not_before, expires) = self.unused(root.id(), grant.expires, there).ok_or(Denial::Internal)?;
        let token = root
            .attenuate(&grant.restrictions(not_before, expires))
            .map_err(|error| Denial::BadToken { why: error.to_string() })?;
        self.used.insert((root.id().clone(), not_before, expires));
        let here = expires.saturating_add_signed(-clock.skew);
        let ends = self.ends.entry(root.id().clone()).or_default();
        *ends = (*ends).max(here);
        Ok(Credential { username: root.user().clone(), password: token.text(), expires: here, notes: Vec::new() })
    }

    /// Remembers what a caller got, for [`Issuer::repeat`].
    pub(super) fn remember(&mut self, caller: CallerId, question: Question, given: &Credential, now: u64) {
        let Credential { username, password, expires, notes } = given;
        let handed = HandedOut {
            at: now,
            username: username.clone(),
            token: password.clone(),
            expires: *expires,
            notes: notes.clone(),
        };
        self.recent.insert((caller, question), handed);
    }

    /// When the last token made from a root ends, in seconds since the epoch by this machine's clock.
    pub(super) fn last_end(&self, id: &TokenId) -> Option<u64> {
        self.ends.get(id).copied()
    }

    /// Wipes every token that could be handed out again.
    pub(super) fn wipe(&mut self) {
        self.recent.clear();
    }

    /// A begin and an end that no other token of this root has: the latest end first, ended earlier by seconds only
    /// where more than fifty are asked for within one second.
    fn unused(&self, id: &TokenId, latest: u64, now: u64) -> Option<(u64, u64)> {
        let ends = (now + 1..=latest).rev();
        ends.flat_map(|end| BACK.map(move |back| (now.saturating_sub(back), end)))
            .find(|(begin, end)| !self.used.contains(&(id.clone(), *begin, *end)))
    }
}
