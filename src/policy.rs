//! The ceiling: what may be granted at all, and for how long. Within it the question decides.

mod bounds;
mod ceiling;
mod rules;

use std::collections::BTreeSet;

pub use bounds::Bounds;
pub use ceiling::{Ceiling, Ceilings, Kind, Limits, NotACeiling, Policy};
pub use rules::Rules;

use crate::protocol::{Denial, Question, Refusal, Refused};
use crate::target::{IndexName, Permission, ProjectName, Purpose};
use crate::time::Expiry;
use crate::token::{Restriction, Scope};

/// The longest lifetime of any token that the agent hands out, whatever a policy says, in seconds.
pub const LONGEST: u64 = 12 * 60 * 60;

/// The shortest rest of a root's life that is worth a token, in seconds.
const WORTHWHILE: u64 = 30;

/// The slowest upload that a lifetime has room for, in bytes a second. The server judges a token after the whole
/// body arrived.
const SLOWEST_UPLOAD: u64 = 100_000;

/// What is granted. [`Grant::restrictions`] are what the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The permissions.
    pub permissions: BTreeSet<Permission>,
    /// The indexes.
    pub indexes: BTreeSet<IndexName>,
    /// The projects; none: all of them.
    pub projects: BTreeSet<ProjectName>,
    /// The end, in seconds since the epoch, by the server's clock.
    pub expires: u64,
    /// Whether a person has to say yes first.
    pub confirm: bool,
}

impl Grant {
    /// The restrictions to add to the root token: always a permission, an index and an end.
    pub fn restrictions(&self, not_before: u64, expires: u64) -> Vec<Restriction> {
        let mut all = vec![
            Restriction::Allowed(self.permissions.clone()),
            Restriction::Expires(Expiry::At(expires)),
            Restriction::Indexes(self.indexes.clone()),
            Restriction::NotBefore(not_before),
        ];
        if !self.projects.is_empty() {
            all.push(Restriction::Projects(self.projects.clone()));
        }
        all
    }
}

/// A root token as a decision sees it.
#[derive(Debug, Clone, Copy)]
pub struct Rooted<'a> {
    /// What its restrictions leave.
    pub scope: &'a Scope,
    /// What holds for the tokens that are made from it.
    pub bounds: Bounds<'a>,
}

/// Decides one question whose indexes are complete: for reads, the bases are among them.
///
/// `now` is in seconds since the epoch, by the server's clock.
///
/// # Errors
/// The reason why nothing is granted.
pub fn decide(rooted: Rooted<'_>, question: &Question, now: u64) -> Result<Grant, Denial> {
    granted(rooted, question, now).map_err(|why| match why {
        Some(why) => Denial::Refused(Box::new(Refused { holder: rooted.bounds.holder.clone(), why })),
        None => Denial::NoIndex { server: question.server.clone() },
    })
}

/// The grant; without a reason in the refusal, no index was named.
fn granted(rooted: Rooted<'_>, question: &Question, now: u64) -> Result<Grant, Option<Refusal>> {
    let scope = rooted.scope;
    usable(scope, now)?;
    let permissions: BTreeSet<Permission> = question.purpose.permissions().iter().copied().collect();
    if !permissions.iter().all(|permission| scope.allows_permission(*permission)) {
        return Err(Some(Refusal::Purpose(question.purpose)));
    }
    let (indexes, wanted) = indexes(rooted, question)?;
    let projects: BTreeSet<ProjectName> = question.projects.iter().cloned().collect();
    let is_outside = |project: &&ProjectName| scope.projects().is_some_and(|within| !within.contains(*project));
    if let Some(project) = projects.iter().find(is_outside) {
        return Err(Some(Refusal::Project(project.clone())));
    }
    let expires = scope.expires().map_or(now + wanted, |end| end.min(now + wanted));
    if expires < now + WORTHWHILE.min(wanted) {
        return Err(Some(Refusal::EndsNow));
    }
    let confirm = indexes.iter().any(|index| rooted.bounds.confirms(Kind::of(question), Some(index)));
    Ok(Grant { permissions, indexes, projects, expires, confirm })
}

/// Whether anything can be made from a root token of this scope at all.
fn usable(scope: &Scope, now: u64) -> Result<(), Refusal> {
    if let Some(restriction) = scope.unknown().first() {
        return Err(Refusal::NotUnderstood(crate::escape::printable(restriction)));
    }
    if let Some(ended) = scope.expires().filter(|end| *end <= now) {
        return Err(Refusal::Expired(ended));
    }
    if let Some(from) = scope.not_before().filter(|begin| *begin > now) {
        return Err(Refusal::NotYetValid(from));
    }
    scope.leaves_no().map_or(Ok(()), |what| Err(Refusal::LeavesNo(what.to_owned())))
}

/// The first index is the one that was asked about and must be in reach; of the others those are taken that are. With
/// them the shortest of their lifetimes, in seconds.
fn indexes(rooted: Rooted<'_>, question: &Question) -> Result<(BTreeSet<IndexName>, u64), Option<Refusal>> {
    let scope = rooted.scope;
    let asked = question.indexes.first().ok_or(None)?;
    if !scope.allows_index(asked) {
        return Err(Some(Refusal::Index(asked.clone())));
    }
    let (kind, bounds) = (Kind::of(question), rooted.bounds);
    if let bounds::Lowest { ceiling: Ceiling::Never, kind, index } = bounds.lowest((kind, Some(asked)), share(question))
    {
        return Err(Some(match index {
            Some(own) if question.purpose != Purpose::Push => Refusal::Policy(kind, own.clone()),
            reached => Refusal::Reach(kind, reached.cloned()),
        }));
    }
    let within = question.indexes.iter().filter(|index| scope.allows_index(index));
    let lasting = within.filter_map(|index| match bounds.lowest((kind, Some(index)), share(question)).ceiling {
        Ceiling::Never => None,
        Ceiling::For(seconds) => Some((index.clone(), seconds)),
    });
    let (indexes, lifetimes): (BTreeSet<IndexName>, Vec<u64>) = lasting.unzip();
    if question.purpose == Purpose::Upload && indexes.len() > 1 {
        return Err(Some(Refusal::ManyIndexes(indexes.len())));
    }
    Ok((indexes, lifetimes.into_iter().min().unwrap_or_default()))
}

/// How much longer an upload of that size may take, in seconds.
fn share(question: &Question) -> u64 {
    match question.purpose {
        Purpose::Upload => question.bytes / SLOWEST_UPLOAD,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Holder;

    const NOW: u64 = 1_800_000_000;

    fn question(purpose: Purpose, indexes: &[&str], projects: &[&str]) -> Question {
        Question {
            server: "http://127.0.0.1:3141".parse().expect("a server"),
            user: None,
            purpose,
            indexes: indexes.iter().map(|name| name.parse().expect("an index")).collect(),
            projects: projects.iter().map(|name| name.parse().expect("a project")).collect(),
            bytes: 0,
            stranger: None,
        }
    }

    fn decided(root: &[&str], question: &Question) -> Result<Grant, Denial> {
        let restrictions: Vec<Restriction> = root.iter().map(Restriction::read).collect();
        let holder = Holder { server: question.server.clone(), user: "alice".parse().expect("a user") };
        let (scope, policy, limits) = (Scope::of(&restrictions), Policy::default(), Limits::default());
        let bounds = Bounds { holder: &holder, policy: &policy, limits: &limits };
        decide(Rooted { scope: &scope, bounds }, question, NOW)
    }

    /// For a root token without restrictions, under a policy and limits as they are written.
    fn under(policy: &str, limits: &str, question: &Question) -> Result<Grant, Denial> {
        let holder = Holder { server: question.server.clone(), user: "alice".parse().expect("a user") };
        let (policy, limits) = (toml::from_str(policy).expect("a policy"), toml::from_str(limits).expect("limits"));
        let bounds = Bounds { holder: &holder, policy: &policy, limits: &limits };
        decide(Rooted { scope: &Scope::of(&[]), bounds }, question, NOW)
    }

    fn why(decided: Result<Grant, Denial>) -> Refusal {
        match decided {
            Err(Denial::Refused(refused)) => refused.why,
            other => panic!("no refusal of a root token: {other:?}"),
        }
    }

    fn texts(grant: &Grant) -> Vec<String> {
        grant.restrictions(NOW - 10, grant.expires).iter().map(Restriction::to_caveat).collect()
    }

    #[test]
    fn a_read_lasts_an_hour_and_covers_the_index_with_its_bases() {
        let grant = decided(&[], &question(Purpose::Read, &["a/dev", "a/base"], &[])).expect("a grant");
        assert_eq!(
            texts(&grant),
            ["allowed=pkg_read", "expires=1800003600", "indexes=a/base,a/dev", "not_before=1799999990"]
        );
    }

    #[test]
    fn an_upload_lasts_a_quarter_of_an_hour_and_longer_for_large_files() {
        let mut asked = question(Purpose::Upload, &["a/dev"], &["pkg"]);
        assert_eq!(decided(&[], &asked).expect("a grant").expires, NOW + 900);
        asked.bytes = 60_000_000;
        assert_eq!(decided(&[], &asked).expect("a grant").expires, NOW + 1500);
        asked.bytes = u64::MAX;
        assert_eq!(decided(&[], &asked).expect("a grant").expires, NOW + LONGEST);
        assert_eq!(texts(&decided(&[], &asked).expect("a grant")).last().expect("projects"), "projects=pkg");
    }

    #[test]
    fn a_token_is_confirmed_for_all_that_it_could_be_used_for() {
        let holder = Holder {
            server: "http://127.0.0.1:3141".parse().expect("a server"),
            user: "alice".parse().expect("a user"),
        };
        let limits: Limits = toml::from_str("[[limit]]\nconfirm = ['remove']\n").expect("limits");
        let policy: Policy =
            toml::from_str("[index.'a/prod']\nconfirm = ['upload']\n[index.'a/base']\nconfirm = ['read']\n")
                .expect("a policy");
        let confirm = |purpose, indexes: &[&str], projects: &[&str]| {
            let bounds = Bounds { holder: &holder, policy: &policy, limits: &limits };
            let rooted = Rooted { scope: &Scope::of(&[]), bounds };
            decide(rooted, &question(purpose, indexes, projects), NOW).expect("a grant").confirm
        };
        assert!(confirm(Purpose::Upload, &["a/prod"], &["pkg"]));
        assert!(confirm(Purpose::Upload, &["a/prod"], &[]), "an upload of anything");
        assert!(confirm(Purpose::Push, &["a/dev"], &["pkg"]), "who pushes can upload, to any index");
        assert!(confirm(Purpose::Remove, &["a/dev"], &["pkg"]), "the limit says so");
        assert!(confirm(Purpose::Read, &["a/dev", "a/base"], &[]), "a base of it is to be confirmed");
        assert!(confirm(Purpose::Toxresult, &["a/base"], &[]), "who tests can read");
        assert!(!confirm(Purpose::Read, &["a/prod"], &[]));
        assert!(!confirm(Purpose::Upload, &["a/dev"], &["pkg"]));
    }

    #[test]
    fn an_upload_of_anything_is_one_of_something() {
        let decided = |policy: &str, limits: &str, projects: &[&str]| {
            under(policy, limits, &question(Purpose::Upload, &["a/dev"], projects))
        };
        let never = "[every-index]\nupload = 'never'\n";
        assert_eq!(
            why(decided(never, "", &["pkg"])),
            Refusal::Policy(Kind::Upload, "a/dev".parse().expect("an index"))
        );
        assert_eq!(why(decided(never, "", &[])), Refusal::Policy(Kind::Upload, "a/dev".parse().expect("an index")));
        let of = |upload: &str| decided("", &format!("[[limit]]\nupload = '{upload}'\n"), &[]);
        assert!(matches!(why(of("never")), Refusal::Policy(Kind::Upload, _)));
        assert_eq!(of("5 min").expect("a grant").expires, NOW + 300);
        assert_eq!(of("1 h").expect("a grant").expires, NOW + 600);
    }

    #[test]
    fn a_push_reaches_every_index_and_is_under_the_rules_of_each() {
        let dev = |policy: &str, limits: &str| under(policy, limits, &question(Purpose::Push, &["a/dev"], &["pkg"]));
        assert_eq!(dev("", "").expect("a grant").expires, NOW + 300);
        let prod = |kind| Refusal::Reach(kind, "a/prod".parse().ok());
        assert_eq!(why(dev("[index.'a/prod']\npush = 'never'\n", "")), prod(Kind::Push));
        assert_eq!(why(dev("[index.'a/prod']\nupload = 'never'\n", "")), prod(Kind::Upload));
        assert!(dev("", "[[limit]]\nindex = 'a/prod'\nread = 'never'\n").is_ok(), "it takes from there alone");
        assert_eq!(why(dev("", "[[limit]]\nindex = 'a/prod'\nupload-any = 'never'\n")), prod(Kind::UploadAny));
        let own = "[every-index]\npush = 'never'\n[index.'a/dev']\npush = '5 min'\n";
        assert_eq!(why(dev(own, "")), Refusal::Reach(Kind::Push, None));
        assert!(matches!(why(dev("", "[[limit]]\nread = 'never'\n")), Refusal::Reach(Kind::Read, Some(_))));
        let short = dev("", "[[limit]]\nindex = 'a/prod'\nupload = '1 min'\n").expect("a grant");
        assert_eq!((short.expires, short.confirm), (NOW + 60, false));
        assert!(dev("", "[[limit]]\nindex = 'a/prod'\nconfirm = ['upload']\n").expect("a grant").confirm);
    }

    #[test]
    fn an_upload_of_no_known_project_is_for_ten_minutes() {
        let grant = decided(&[], &question(Purpose::Upload, &["a/dev"], &[])).expect("a grant");
        assert_eq!(grant.expires, NOW + 600);
        assert_eq!(texts(&grant).len(), 4);
    }

    #[test]
    fn an_upload_is_for_one_index() {
        let refused = decided(&[], &question(Purpose::Upload, &["a/dev", "a/base"], &[]));
        assert_eq!(why(refused), Refusal::ManyIndexes(2));
        assert!(matches!(decided(&[], &question(Purpose::Read, &[], &[])), Err(Denial::NoIndex { .. })));
    }

    #[test]
    fn what_is_asked_outside_the_root_is_refused_and_a_base_outside_it_left_out() {
        let read = question(Purpose::Read, &["a/dev", "a/base"], &[]);
        assert_eq!(decided(&["indexes=a/dev"], &read).expect("a grant").indexes.len(), 1);
        assert!(matches!(why(decided(&["indexes=a/base"], &read)), Refusal::Index(_)));
        assert_eq!(why(decided(&["allowed=upload"], &read)), Refusal::Purpose(Purpose::Read));
        let upload = question(Purpose::Upload, &["a/dev"], &["pkg"]);
        assert!(matches!(why(decided(&["projects=other"], &upload)), Refusal::Project(_)));
    }

    #[test]
    fn a_root_that_ends_sooner_ends_the_token_and_one_about_to_end_gives_none() {
        let read = question(Purpose::Read, &["a/dev"], &[]);
        assert_eq!(decided(&["expires=1800000120"], &read).expect("a grant").expires, NOW + 120);
        assert_eq!(decided(&["expires=1800000030"], &read).expect("a grant").expires, NOW + 30);
        assert_eq!(why(decided(&["expires=1800000029"], &read)), Refusal::EndsNow);
        assert_eq!(why(decided(&["expires=1800000001"], &read)), Refusal::EndsNow);
    }

    #[test]
    fn a_root_that_is_over_not_yet_valid_or_not_understood_gives_nothing() {
        let read = question(Purpose::Read, &["a/dev"], &[]);
        let refused = |root: &[&str]| why(decided(root, &read));
        assert_eq!(refused(&["expires=1700000000"]), Refusal::Expired(1_700_000_000));
        assert_eq!(refused(&["expires=1800000000"]), Refusal::Expired(NOW));
        assert_eq!(refused(&["not_before=1800000060"]), Refusal::NotYetValid(1_800_000_060));
        assert!(decided(&["not_before=1800000000"], &read).is_ok());
        for (lists, what) in [
            (["indexes=a/x", "indexes=a/y"], "index"),
            (["allowed=pkg_read,upload", "allowed=del_entry"], "permission"),
            (["projects=a", "projects=b"], "project"),
        ] {
            assert_eq!(refused(&lists), Refusal::LeavesNo(what.to_owned()));
        }
        let json = r#"{"version": 1, "permissions": "user"}"#;
        assert_eq!(refused(&[json]), Refusal::NotUnderstood(json.to_owned()));
        assert_eq!(refused(&["colour=\x1b[31m"]), Refusal::NotUnderstood("colour=\\x1b[31m".to_owned()));
        assert_eq!(
            decided(&["expires=1700000000"], &read).expect_err("a refusal").to_string(),
            "the token of alice at http://127.0.0.1:3141 ended at 2023-11-14T22:13:20Z"
        );
    }
}
