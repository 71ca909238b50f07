//! Ceilings and where they come from: the policy of a root token, which lies in the vault, and the limits of
//! `config.toml`, which can only narrow it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LONGEST;
use super::rules::Rules;
use crate::protocol::{Holder, Question};
use crate::target::{IndexName, Purpose, ServerUrl, UserName};
use crate::time::parse_duration;

/// The kinds of token, which have a ceiling each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Installing.
    Read,
    /// Uploading named projects.
    Upload,
    /// Uploading where no project is known.
    UploadAny,
    /// Pushing from index to index.
    Push,
    /// Testing and storing the result.
    Toxresult,
    /// Removing.
    Remove,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [Self; 6] = [Self::Read, Self::Upload, Self::UploadAny, Self::Push, Self::Toxresult, Self::Remove];

    /// What a question asks for.
    pub fn of(question: &Question) -> Self {
        match question.purpose {
            Purpose::Read => Self::Read,
            Purpose::Upload if question.projects.is_empty() => Self::UploadAny,
            Purpose::Upload => Self::Upload,
            Purpose::Push => Self::Push,
            Purpose::Toxresult => Self::Toxresult,
            Purpose::Remove => Self::Remove,
        }
    }

    /// All that a token of this kind could be used for, itself first. A push is checked for no project
    /// (devpi-server 6.20).
    pub(super) fn uses(self) -> &'static [Self] {
        match self {
            Self::Read => &[Self::Read],
            Self::Upload => &[Self::Upload],
            Self::UploadAny => &[Self::UploadAny, Self::Upload],
            Self::Push => &[Self::Push, Self::Read, Self::UploadAny, Self::Upload],
            Self::Toxresult => &[Self::Toxresult, Self::Read],
            Self::Remove => &[Self::Remove, Self::Read],
        }
    }

    /// Whether a list names it. To upload anything is to upload something.
    fn is_among(self, listed: &BTreeSet<Self>) -> bool {
        listed.contains(&self) || (self == Self::UploadAny && listed.contains(&Self::Upload))
    }

    /// What holds where nobody has said anything else.
    fn usual(self) -> Ceiling {
        Ceiling::For(match self {
            Self::Read => 60 * 60,
            Self::Upload => 15 * 60,
            Self::UploadAny => 10 * 60,
            Self::Push | Self::Toxresult | Self::Remove => 5 * 60,
        })
    }
}

impl Kind {
    /// Its name in a policy and in `config.toml`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::UploadAny => "upload-any",
            Self::Push => "push",
            Self::Toxresult => "toxresult",
            Self::Remove => "remove",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UploadAny => "upload of an unknown project",
            named => named.key(),
        })
    }
}

/// What may be granted of one kind. The lower one is the narrower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Ceiling {
    /// Nothing at all.
    Never,
    /// Tokens of that many seconds; the share of a large upload comes on top.
    For(u64),
}

/// A text that is no ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ceiling is a time from 1 second to 12 hours, for example 15 min, or never")]
pub struct NotACeiling;

impl Ceiling {
    /// The same for that many seconds longer, within [`LONGEST`].
    pub fn and(self, seconds: u64) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::For(own) => Self::For(own.saturating_add(seconds).min(LONGEST)),
        }
    }
}

impl FromStr for Ceiling {
    type Err = NotACeiling;
    /// `never`, or a duration as everywhere ([`parse_duration`]).
    fn from_str(text: &str) -> Result<Self, NotACeiling> {
        if text == "never" {
            return Ok(Self::Never);
        }
        // No unit that the calendar has a say in fits into 12 hours: it may begin at any time.
        let seconds = parse_duration(text, 0).map_err(|_| NotACeiling)?.as_secs();
        if (1..=LONGEST).contains(&seconds) { Ok(Self::For(seconds)) } else { Err(NotACeiling) }
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::For(seconds) => humantime::format_duration(std::time::Duration::from_secs(*seconds)).fmt(f),
        }
    }
}

impl TryFrom<String> for Ceiling {
    type Error = NotACeiling;
    fn try_from(text: String) -> Result<Self, NotACeiling> {
        text.parse()
    }
}

impl From<Ceiling> for String {
    fn from(ceiling: Ceiling) -> Self {
        ceiling.to_string()
    }
}

/// Some ceilings, by kind.
pub type Ceilings = BTreeMap<Kind, Ceiling>;

/// The ceilings of one root token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// For every index; a kind that is left out has its usual ceiling, and nothing has to be confirmed.
    pub every_index: Rules,
    /// For single indexes, in place of those for every index.
    pub index: BTreeMap<IndexName, Rules>,
}

impl Policy {
    /// The most indexes that have ceilings of their own: a policy has to fit into one message.
    pub const MOST_INDEXES: usize = 64;

    /// All that this policy allows more of than another, in words; nothing where it only narrows.
    pub fn exceeds(&self, other: &Self) -> Option<String> {
        let indexes: BTreeSet<&IndexName> = self.index.keys().chain(other.index.keys()).collect();
        let of_kind = |kind: Kind| {
            let wider = indexes.iter().filter(move |index| self.ceiling(kind, index) > other.ceiling(kind, index));
            let every = (self.general(kind) > other.general(kind)).then(|| format!("{kind} for every index"));
            let ceilings = every.into_iter().chain(wider.map(move |index| format!("{kind} for {index}")));
            let asks_less = |index: Option<&IndexName>| other.confirms(kind, index) && !self.confirms(kind, index);
            let every = asks_less(None).then(|| format!("{kind} unasked for every index"));
            let unasked = indexes.iter().filter(|index| asks_less(Some(index)));
            let unasked = every.into_iter().chain(unasked.map(move |index| format!("{kind} unasked for {index}")));
            ceilings.chain(unasked).collect::<Vec<_>>()
        };
        let all: Vec<String> = Kind::ALL.into_iter().flat_map(of_kind).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The ceiling of a kind of token for an index.
    pub fn ceiling(&self, kind: Kind, index: &IndexName) -> Ceiling {
        let own = self.index.get(index).and_then(|own| own.ceilings.get(&kind));
        own.copied().unwrap_or_else(|| self.general(kind))
    }

    /// The ceiling of a kind of token where its index has none of its own.
    pub fn general(&self, kind: Kind) -> Ceiling {
        self.every_index.ceilings.get(&kind).copied().unwrap_or_else(|| kind.usual())
    }

    /// Whether a person has to say yes before a token of that kind is handed out for that index; without one, for an
    /// index that has no list of its own.
    pub fn confirms(&self, kind: Kind, index: Option<&IndexName>) -> bool {
        let own = index.and_then(|index| self.index.get(index)?.confirm.as_ref());
        own.or(self.every_index.confirm.as_ref()).is_some_and(|listed| kind.is_among(listed))
    }
}

/// What `config.toml` holds: limits that nothing exceeds, whatever the policy allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    idle_lock: IdleLock,
    limit: Vec<Limit>,
    vault_command: Vec<String>,
}

/// After how many seconds without a question the agent locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct IdleLock(u64);

impl IdleLock {
    const LONGEST: Self = Self(8 * 60 * 60);
}

impl Default for IdleLock {
    fn default() -> Self {
        Self::LONGEST
    }
}

impl TryFrom<String> for IdleLock {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let seconds = parse_duration(&text, 0).map(|length| length.as_secs()).unwrap_or_default();
        let fits = (1..=Self::LONGEST.0).contains(&seconds);
        fits.then_some(Self(seconds)).ok_or("idle-lock is a time from 1 second to 8 hours")
    }
}

/// One `[[limit]]`: it holds for what it names, and where it names nothing, for everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Limit {
    server: Option<ServerUrl>,
    user: Option<UserName>,
    index: Option<IndexName>,
    #[serde(default)]
    confirm: BTreeSet<Kind>,
    // Takes whatever else stands there, so that a misspelt key is refused and not passed over.
    #[serde(flatten)]
    ceilings: Ceilings,
}

impl Limits {
    /// How long nobody asks for anything before the agent locks, in seconds.
    pub fn idle_lock(&self) -> u64 {
        self.idle_lock.0
    }

    /// The words of the command that prints the vault's key, no limit at all: read when a vault is made, which keeps
    /// them from then on. They stand in that file because whoever can write there can run commands anyway; what comes over
    /// the socket may come from a sandbox that must not have one run outside of it.
    pub fn vault_command(&self) -> &[String] {
        &self.vault_command
    }

    /// A ceiling under all limits that hold for it. Without an index, those that name one are left aside.
    pub fn narrow(&self, ceiling: Ceiling, (holder, kind, index): (&Holder, Kind, Option<&IndexName>)) -> Ceiling {
        self.at(holder, index).filter_map(|limit| limit.ceilings.get(&kind).copied()).fold(ceiling, Ceiling::min)
    }

    /// Whether any limit that holds for it wants a person to say yes first. Without an index, those that name one are
    /// left aside.
    pub fn confirms(&self, (holder, kind, index): (&Holder, Kind, Option<&IndexName>)) -> bool {
        self.at(holder, index).any(|limit| kind.is_among(&limit.confirm))
    }

    /// The indexes that are named in limits which hold for that holder.
    pub fn indexes(&self, holder: &Holder) -> impl Iterator<Item = &IndexName> {
        self.of(holder).filter_map(|limit| limit.index.as_ref())
    }

    fn at(&self, holder: &Holder, index: Option<&IndexName>) -> impl Iterator<Item = &Limit> {
        self.of(holder).filter(move |limit| limit.index.as_ref().is_none_or(|named| Some(named) == index))
    }

    fn of(&self, holder: &Holder) -> impl Iterator<Item = &Limit> {
        self.limit.iter().filter(|limit| {
            limit.server.as_ref().is_none_or(|server| *server == holder.server)
                && limit.user.as_ref().is_none_or(|user| *user == holder.user)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder { server: "https://devpi.example".parse().expect("a server"), user: "alice".parse().expect("a user") }
    }

    fn narrowed(limits: &Limits, kind: Kind, index: &str) -> String {
        let index = index.parse().expect("an index");
        limits.narrow(Policy::default().ceiling(kind, &index), (&holder(), kind, Some(&index))).to_string()
    }

    #[test]
    fn a_ceiling_is_written_as_it_is_read() {
        for text in ["never", "1s", "15m", "1h 30m", "12h"] {
            assert_eq!(text.parse::<Ceiling>().expect("a ceiling").to_string(), text);
        }
        assert_eq!("15 min".parse(), Ok(Ceiling::For(900)));
        for text in ["", "0s", "500ms", "12h 1s", "1d", "1M", "-1s", "always", "Never", "900"] {
            assert_eq!(text.parse::<Ceiling>(), Err(NotACeiling), "{text}");
        }
        assert!(Ceiling::Never < Ceiling::For(1));
    }

    #[test]
    fn an_index_of_its_own_ceilings_is_not_bound_to_those_of_the_others() {
        let policy: Policy = toml::from_str(
            "[every-index]\nread = '30 min'\nupload-any = 'never'\n[index.'alice/prod']\nread = '2h'\nupload = 'never'\n",
        )
        .expect("a policy");
        let (prod, dev) = ("alice/prod".parse().expect("an index"), "alice/dev".parse().expect("an index"));
        assert_eq!(policy.ceiling(Kind::Read, &prod), Ceiling::For(7200));
        assert_eq!(policy.ceiling(Kind::Read, &dev), Ceiling::For(1800));
        assert_eq!(policy.ceiling(Kind::Upload, &prod), Ceiling::Never);
        assert_eq!(policy.ceiling(Kind::Upload, &dev), Ceiling::For(900));
        assert_eq!(policy.ceiling(Kind::UploadAny, &prod), Ceiling::Never);
        assert_eq!(policy.ceiling(Kind::Remove, &prod), Ceiling::For(300));
        let written = serde_json::to_vec(&policy).expect("JSON");
        assert_eq!(serde_json::from_slice::<Policy>(&written).expect("a policy"), policy);
    }

    #[test]
    fn a_person_confirms_what_is_listed_for_an_index_or_else_for_every_one() {
        let policy: Policy = toml::from_str(
            "[every-index]\nconfirm = ['upload', 'push']\n[index.'alice/prod']\nconfirm = ['read']\nread = '5 min'\n\
             [index.'alice/free']\nconfirm = []\n[index.'alice/dev']\nread = '5 min'\n",
        )
        .expect("a policy");
        let confirmed = |index: Option<&str>| {
            let index = index.map(|index| index.parse::<IndexName>().expect("an index"));
            Kind::ALL.into_iter().filter(|kind| policy.confirms(*kind, index.as_ref())).collect::<Vec<_>>()
        };
        let listed = vec![Kind::Upload, Kind::UploadAny, Kind::Push];
        assert_eq!([confirmed(None), confirmed(Some("alice/dev"))], [listed.clone(), listed]);
        assert_eq!([confirmed(Some("alice/prod")), confirmed(Some("alice/free"))], [vec![Kind::Read], vec![]]);
        let written = serde_json::to_string(&policy).expect("JSON");
        assert_eq!(serde_json::from_str::<Policy>(&written).expect("a policy"), policy);
        let older = r#"{"every-index":{"read":"1h"},"index":{"alice/prod":{"upload":"never"}}}"#;
        let older: Policy = serde_json::from_str(older).expect("a policy of an older vault");
        assert!(Kind::ALL.into_iter().all(|kind| !older.confirms(kind, None)));
    }

    #[test]
    fn to_be_asked_less_is_to_be_allowed_more() {
        let policy = |text: &str| toml::from_str::<Policy>(text).expect("a policy");
        let kept = policy("[every-index]\nconfirm = ['upload']\n[index.'alice/prod']\nconfirm = ['read']\n");
        assert_eq!(kept.exceeds(&kept), None);
        assert_eq!(kept.exceeds(&Policy::default()), None);
        let all = "read unasked for alice/prod, upload unasked for every index, \
                   upload of an unknown project unasked for every index";
        assert_eq!(Policy::default().exceeds(&kept).expect("more"), all);
        let emptied = policy("[every-index]\nconfirm = ['upload']\n[index.'alice/prod']\nconfirm = []\n");
        assert_eq!(emptied.exceeds(&kept).expect("more"), "read unasked for alice/prod");
        let exempt = policy(
            "[every-index]\nconfirm = ['upload']\n[index.'alice/prod']\nconfirm = ['read']\n\
             [index.'alice/dev']\nconfirm = []\n",
        );
        let more = "upload unasked for alice/dev, upload of an unknown project unasked for alice/dev";
        assert_eq!(exempt.exceeds(&kept).expect("more"), more);
        let half = policy("[every-index]\nconfirm = ['upload-any']\n[index.'alice/prod']\nconfirm = ['read']\n");
        assert_eq!(half.exceeds(&kept).expect("more"), "upload unasked for every index");
    }

    #[test]
    fn a_limit_adds_to_what_is_confirmed() {
        let limits: Limits = toml::from_str(
            "[[limit]]\nconfirm = ['push']\n[[limit]]\nindex = 'alice/prod'\nconfirm = ['upload']\nread = '1s'\n\
             [[limit]]\nuser = 'bob'\nconfirm = ['remove']\n",
        )
        .expect("limits");
        let prod = "alice/prod".parse().expect("an index");
        let confirmed =
            |index| Kind::ALL.into_iter().filter(|kind| limits.confirms((&holder(), *kind, index))).collect::<Vec<_>>();
        assert_eq!(confirmed(None), [Kind::Push]);
        assert_eq!(confirmed(Some(&prod)), [Kind::Upload, Kind::UploadAny, Kind::Push]);
    }

    #[test]
    fn a_policy_that_allows_more_of_anything_is_noticed() {
        let policy = |text: &str| toml::from_str::<Policy>(text).expect("a policy");
        let kept = policy("[every-index]\nremove = 'never'\n[index.'alice/prod']\nread = '5 min'\nupload = 'never'\n");
        let exceeds = |text: &str| policy(text).exceeds(&kept);
        assert_eq!(kept.exceeds(&kept), None);
        assert_eq!(kept.exceeds(&Policy::default()), None);
        let all = "read for alice/prod, upload for alice/prod, remove for every index, remove for alice/prod";
        assert_eq!(Policy::default().exceeds(&kept).expect("more"), all);
        let narrower = "[every-index]\nremove = 'never'\nread = '5 min'\nupload = 'never'\nupload-any = '10 min'\n";
        assert_eq!(exceeds(narrower), None, "what an index had of its own every index may have");
        let without_prod = "[every-index]\nremove = 'never'\nread = '5 min'\n";
        assert_eq!(exceeds(without_prod).expect("more"), "upload for alice/prod");
        let another = format!("{narrower}[index.'alice/new']\nremove = '1s'\n");
        assert_eq!(exceeds(&another).expect("more"), "remove for alice/new");
        let more = exceeds(&narrower.replace("'never'", "'1s'")).expect("more");
        assert_eq!(more, "upload for alice/prod, remove for every index, remove for alice/prod");
    }

    #[test]
    fn of_all_limits_that_hold_the_narrowest_counts_and_none_widens() {
        let limits: Limits = toml::from_str(
            "[[limit]]\nread = '10 h'\nupload = '5 min'\n\
             [[limit]]\nserver = 'https://devpi.example/'\nuser = 'alice'\nindex = 'alice/prod'\nupload = 'never'\n\
             [[limit]]\nserver = 'https://devpi.example:444'\nremove = 'never'\n\
             [[limit]]\nuser = 'bob'\nremove = 'never'\n",
        )
        .expect("limits");
        assert_eq!(narrowed(&limits, Kind::Read, "alice/dev"), "1h");
        assert_eq!(narrowed(&limits, Kind::Upload, "alice/dev"), "5m");
        assert_eq!(narrowed(&limits, Kind::Upload, "alice/prod"), "never");
        assert_eq!(narrowed(&limits, Kind::Remove, "alice/prod"), "5m");
    }

    #[test]
    fn the_agent_locks_after_eight_hours_or_earlier() {
        let idle = |text: &str| toml::from_str::<Limits>(text).map(|limits| limits.idle_lock()).ok();
        assert_eq!(
            [idle(""), idle("idle-lock = '30 min'"), idle("idle-lock = '8h'")],
            [Some(28_800), Some(1800), Some(28_800)]
        );
        assert_eq!([idle("idle-lock = '9h'"), idle("idle-lock = 'never'"), idle("idle-lock = '0s'")], [None; 3]);
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        for text in
            ["[[limits]]\nread = '1h'", "[[limit]]\nraed = '1h'", "[[limit]]\nread = '1d'", "[[limit]]\nindex = 'a'"]
        {
            assert!(toml::from_str::<Limits>(text).is_err(), "{text}");
        }
        assert!(toml::from_str::<Policy>("read = '1h'").is_err());
        for text in ["confirm = ['raed']", "confirm = 'read'", "confirm = []\nconfirm = []", "read = '1s'\nread = '1s'"]
        {
            assert!(toml::from_str::<Policy>(&format!("[every-index]\n{text}")).is_err(), "{text}");
            assert!(toml::from_str::<Limits>(&format!("[[limit]]\n{text}")).is_err(), "{text}");
        }
    }
}
