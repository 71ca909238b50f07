//! Makes the tokens that are handed out, each of them one that can be told from every other.

use std::collections::{HashMap, HashSet};

use crate::handout::Shown;
use crate::policy::{Grant, LONGEST};
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

/// By how much earlier than granted a token may end where so many are asked for that no begin is left, in seconds.
const SHORTER: u64 = 60;

/// How many hand-outs are told apart before those are forgotten that no new one could be mistaken for.
const MOST_MARKS: usize = 10_000;

/// How many answers are kept for repetition.
const MOST_RECENT: usize = 256;

/// How far a server's clock may be off, in seconds. What it is off is the server's own word, or that of whoever had a
/// token kept, and a clock that is ahead lengthens what is handed out.
pub(super) const MOST_SKEW: i64 = 60 * 60;

/// The program that wants a token: its process and when that began, so that a reused pid is another program, and the
/// way in which it asks, so that another one beside it gets a token and a line of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CallerId {
    pub(super) pid: u32,
    pub(super) start: u64,
    pub(super) through: Through,
}

/// How somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Through {
    /// The program at the other end of the socket.
    pub(super) program: Option<Shown>,
    /// The user id that it runs as.
    pub(super) user: u32,
    /// Whether it is across a border.
    pub(super) restricted: bool,
    /// The number of the restricted socket.
    pub(super) socket: Option<u64>,
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
    /// A clock that is off by more than an hour counts as off by an hour.
    pub(super) fn new(here: u64, skew: i64) -> Self {
        Self { here, skew: skew.clamp(-MOST_SKEW, MOST_SKEW) }
    }

    /// The server's.
    pub(super) fn there(self) -> u64 {
        self.here.saturating_add_signed(self.skew)
    }
}

struct HandedOut {
    caller: CallerId,
    question: Question,
    at: u64,
    username: UserName,
    token: Secret,
    expires: u64,
    notes: Vec<String>,
}

impl HandedOut {
    /// For how long it is handed out again, in seconds: a token that is half over is of little use to the next one.
    fn repeats(&self) -> u64 {
        REPEAT.min(self.expires.saturating_sub(self.at) / 2)
    }
}

/// A token among those of one root: when it begins and ends, by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// What was handed out lately.
#[derive(Default)]
pub(super) struct Issuer {
    /// Few enough to look through: each question does, for those that are too old.
    recent: Vec<HandedOut>,
    used: HashMap<TokenId, HashSet<Mark>>,
    /// For each root's id, when the last token made from it ends, by this machine's clock.
    ends: HashMap<TokenId, u64>,
}

impl Issuer {
    /// The token that this caller got for this question a moment ago.
    pub(super) fn repeat(&mut self, caller: &CallerId, question: &Question, now: u64) -> Option<Credential> {
        // A clock that was set back makes everything look young: then nothing is repeated.
        self.recent.retain(|handed| handed.at <= now && now < handed.at + handed.repeats());
        let handed = self.recent.iter().find(|handed| handed.caller == *caller && handed.question == *question)?;
        Some(Credential {
            username: handed.username.clone(),
            password: handed.token.clone(),
            expires: handed.expires,
            notes: handed.notes.clone(),
        })
    }

    /// A new token for a grant, whose times are by the server's clock, and what it is told from all others by.
    pub(super) fn issue(
        &mut self,
        root: &RootToken,
        grant: &Grant,
        clock: Clock,
    ) -> Result<(Credential, Mark), Denial> {
        let there = clock.there();
        self.forget_marks(there);
        // Whatever the server's clock shows, no token outlasts the longest lifetime by ours.
        let latest = grant.expires.min(clock.here + LONGEST);
        let mark = self.unused(root.id(), latest, there).ok_or(Denial::TooOften)?;
        let token = root
            .attenuate(&grant.restrictions(mark.begin, mark.end))
            .map_err(|error| Denial::BadToken { why: error.to_string() })?;
        self.used.entry(root.id().clone()).or_default().insert(mark);
        let here = mark.end.saturating_add_signed(-clock.skew);
        let ends = self.ends.entry(root.id().clone()).or_default();
        *ends = (*ends).max(here);
        let credential =
            Credential { username: root.user().clone(), password: token.text(), expires: here, notes: Vec::new() };
        Ok((credential, mark))
    }

    /// Remembers what a caller got, for [`Issuer::repeat`].
    pub(super) fn remember(&mut self, caller: CallerId, question: Question, given: &Credential, now: u64) {
        let Credential { username, password, expires, notes } = given;
        let handed = HandedOut {
            caller,
            question,
            at: now,
            username: username.clone(),
            token: password.clone(),
            expires: *expires,
            notes: notes.clone(),
        };
        if self.recent.len() >= MOST_RECENT {
            let oldest = self.recent.iter().enumerate().min_by_key(|(_, handed)| handed.at).map(|(place, _)| place);
            oldest.map(|place| self.recent.remove(place));
        }
        self.recent.push(handed);
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
    fn unused(&self, id: &TokenId, latest: u64, now: u64) -> Option<Mark> {
        let used = self.used.get(id);
        let ends = (now.max(latest.saturating_sub(SHORTER)) + 1..=latest).rev();
        ends.flat_map(|end| BACK.map(move |back| Mark { begin: now.saturating_sub(back), end }))
            .find(|mark| used.is_none_or(|used| !used.contains(mark)))
    }

    /// Marks of ended tokens go; of too many also those of living ones, begun before any new one could begin.
    fn forget_marks(&mut self, there: u64) {
        for used in self.used.values_mut() {
            used.retain(|mark| mark.end > there);
            if used.len() > MOST_MARKS {
                used.retain(|mark| mark.begin.saturating_add(*BACK.end()) >= there);
            }
        }
        self.used.retain(|_, used| !used.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Permission;
    use crate::time::Expiry;
    use crate::token::{Restriction, Token};

    const NOW: u64 = 1_800_000_000;

    fn root() -> RootToken {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/tokens.json")).expect("the vectors");
        let text = vectors["derived"][0]["root"].as_str().expect("a token");
        RootToken::try_from(Token::parse(text).expect("a token")).expect("a root token")
    }

    fn caller(pid: u32, start: u64) -> CallerId {
        CallerId { pid, start, through: Through::default() }
    }

    fn grant(expires: u64) -> Grant {
        Grant {
            permissions: [Permission::PkgRead].into(),
            indexes: ["a/dev".parse().expect("an index")].into(),
            projects: [].into(),
            expires,
            confirm: false,
        }
    }

    fn end(credential: &Credential) -> Option<u64> {
        let token = Token::parse(credential.password.expose()).expect("a token");
        token.restrictions().into_iter().rev().find_map(|restriction| match restriction {
            Restriction::Expires(Expiry::At(end)) => Some(end),
            _ => None,
        })
    }

    fn question(index: usize) -> Question {
        Question {
            server: "http://h:1".parse().expect("a server"),
            user: None,
            purpose: crate::target::Purpose::Read,
            indexes: vec![format!("a/i{index}").parse().expect("an index")],
            projects: Vec::new(),
            bytes: 0,
            stranger: None,
        }
    }

    #[test]
    fn no_token_outlasts_the_longest_lifetime_however_a_servers_clock_is_off() {
        for skew in [i64::MIN, -86_400, 0, 86_400, 1_000_000_000, i64::MAX] {
            let clock = Clock::new(NOW, skew);
            let (given, _) = Issuer::default().issue(&root(), &grant(clock.there() + LONGEST), clock).expect("a token");
            assert!(end(&given).expect("an end") <= NOW + LONGEST, "{skew}");
        }
    }

    #[test]
    fn what_is_handed_out_within_a_second_differs_and_has_an_end() {
        let (mut issuer, root, clock) = (Issuer::default(), root(), Clock::new(NOW, 0));
        let mut seen = HashSet::new();
        let refused = loop {
            match issuer.issue(&root, &grant(NOW + 3600), clock) {
                Ok((given, _)) => assert!(seen.insert(given.password.expose().to_owned()), "handed out twice"),
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused, Denial::TooOften);
        assert_eq!(seen.len(), 51 * 60);
        assert!(issuer.issue(&root, &grant(NOW + 3601), Clock::new(NOW + 1, 0)).is_ok());
    }

    #[test]
    fn of_a_thousand_tokens_each_has_five_caveats_more_than_the_root_at_most() {
        let (mut issuer, root, clock) = (Issuer::default(), root(), Clock::new(NOW, 0));
        let of_projects = Grant { projects: ["pkg".parse().expect("a project")].into(), ..grant(NOW + 3600) };
        let before = root.restrictions();
        for number in 0..1000 {
            let (given, _) = issuer.issue(&root, &of_projects, clock).expect("a token");
            let all = Token::parse(given.password.expose()).expect("a token").restrictions();
            assert_eq!(all[..before.len()], before, "{number}");
            assert!((4..=5).contains(&(all.len() - before.len())), "{number}");
        }
    }

    #[test]
    fn what_is_remembered_has_a_limit_and_the_oldest_goes() {
        let (mut issuer, root, clock) = (Issuer::default(), root(), Clock::new(NOW, 0));
        let first = caller(1, 1);
        let (given, _) = issuer.issue(&root, &grant(NOW + 3600), clock).expect("a token");
        issuer.remember(first.clone(), question(0), &given, NOW - 1);
        for index in 1..=MOST_RECENT {
            issuer.remember(first.clone(), question(index), &given, NOW);
        }
        assert_eq!(issuer.recent.len(), MOST_RECENT);
        assert!(issuer.repeat(&first, &question(0), NOW).is_none());
        assert!(issuer.repeat(&first, &question(1), NOW).is_some());
        assert!(issuer.repeat(&caller(1, 2), &question(1), NOW).is_none());
        for (how, through) in [
            ("another program", Through { program: Some("/tmp/x".to_owned().into()), ..Through::default() }),
            ("another user", Through { user: 1, ..Through::default() }),
            ("across a border", Through { restricted: true, ..Through::default() }),
            ("a restricted socket", Through { socket: Some(0), ..Through::default() }),
        ] {
            let beside = CallerId { through, ..first.clone() };
            assert!(issuer.repeat(&beside, &question(1), NOW).is_none(), "{how} of the same caller");
        }
        assert!(issuer.repeat(&first, &question(1), NOW - 1).is_none(), "a clock that was set back");
    }
}
