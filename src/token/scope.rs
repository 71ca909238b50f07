//! Scope: what all restrictions of a token together still allow.

use std::collections::BTreeSet;

use crate::target::{IndexName, Permission, ProjectName};
use crate::time::Expiry;

use super::Restriction;

/// What all restrictions of a token together still allow. The server checks each on its own, so lists intersect, the
/// earliest end and the latest beginning count.
///
/// `None` in a list or a time is no limit; an empty list allows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    allowed: Option<BTreeSet<Permission>>,
    expires: Option<u64>,
    indexes: Option<BTreeSet<IndexName>>,
    not_before: Option<u64>,
    projects: Option<BTreeSet<ProjectName>>,
    unknown: Vec<String>,
}

impl Scope {
    /// The scope of a token with these restrictions and no others.
    pub fn of(restrictions: &[Restriction]) -> Self {
        let mut scope = Self::default();
        for restriction in restrictions {
            match restriction {
                Restriction::Allowed(items) => intersect(&mut scope.allowed, items),
                Restriction::Expires(Expiry::Never) => {}
                Restriction::Expires(Expiry::At(at)) => {
                    scope.expires = Some(scope.expires.map_or(*at, |earlier| earlier.min(*at)));
                }
                Restriction::Indexes(items) => intersect(&mut scope.indexes, items),
                // No limit is less than any time.
                Restriction::NotBefore(at) => scope.not_before = scope.not_before.max(Some(*at)),
                Restriction::Projects(items) => intersect(&mut scope.projects, items),
                Restriction::Unknown(caveat) => scope.unknown.push(caveat.clone()),
            }
        }
        scope
    }

    /// Whether the server grants the permission to such a token, where its user has it at all.
    pub fn allows_permission(&self, permission: Permission) -> bool {
        !permission.is_refused_to_tokens() && self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&permission))
    }

    /// Whether such a token is taken on the index.
    pub fn allows_index(&self, index: &IndexName) -> bool {
        self.indexes.as_ref().is_none_or(|indexes| indexes.contains(index))
    }

    /// The permissions that are left.
    pub fn allowed(&self) -> Option<&BTreeSet<Permission>> {
        self.allowed.as_ref()
    }

    /// The epoch second from which on the token is expired.
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// The indexes that are left.
    pub fn indexes(&self) -> Option<&BTreeSet<IndexName>> {
        self.indexes.as_ref()
    }

    /// The first epoch second at which the token is valid.
    pub fn not_before(&self) -> Option<u64> {
        self.not_before
    }

    /// The projects that are left. The server looks at them on uploads only.
    pub fn projects(&self) -> Option<&BTreeSet<ProjectName>> {
        self.projects.as_ref()
    }

    /// The caveats that are not understood: the server refuses such a token or fails on it.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// What its lists leave nothing of, as they have nothing in common: `permission`, `index` or `project`.
    pub fn leaves_no(&self) -> Option<&'static str> {
        let is_empty = [
            ("permission", self.allowed.as_ref().is_some_and(BTreeSet::is_empty)),
            ("index", self.indexes.as_ref().is_some_and(BTreeSet::is_empty)),
            ("project", self.projects.as_ref().is_some_and(BTreeSet::is_empty)),
        ];
        is_empty.into_iter().find(|(_, is_empty)| *is_empty).map(|(what, _)| what)
    }

    /// Whether all that this scope allows is allowed by `wider` too. A caveat that is not understood may forbid
    /// anything, so those of `wider` have to be here as well.
    pub fn is_within(&self, wider: &Self) -> bool {
        let Self { allowed, expires, indexes, not_before, projects, unknown } = wider;
        is_subset(&self.allowed, allowed)
            && is_subset(&self.indexes, indexes)
            && is_subset(&self.projects, projects)
            && expires.is_none_or(|end| self.expires.is_some_and(|earlier| earlier <= end))
            && self.not_before >= *not_before
            && unknown.iter().all(|caveat| self.unknown.contains(caveat))
    }
}

fn intersect<T: Ord + Clone>(left: &mut Option<BTreeSet<T>>, items: &BTreeSet<T>) {
    match left {
        Some(left) => left.retain(|item| items.contains(item)),
        None => *left = Some(items.clone()),
    }
}

fn is_subset<T: Ord>(narrow: &Option<BTreeSet<T>>, wide: &Option<BTreeSet<T>>) -> bool {
    match (narrow, wide) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(narrow), Some(wide)) => narrow.is_subset(wide),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(caveats: &[&str]) -> Scope {
        Scope::of(&caveats.iter().map(Restriction::read).collect::<Vec<_>>())
    }

    #[test]
    fn later_restrictions_only_narrow() {
        let both = scope(&["expires=10", "expires=never", "expires=20", "not_before=5", "not_before=3"]);
        assert_eq!((both.expires(), both.not_before()), (Some(10), Some(5)));
        let both = scope(&["allowed=pkg_read,upload", "allowed=upload,del_entry"]);
        assert!(both.allows_permission(Permission::Upload));
        assert!(!both.allows_permission(Permission::PkgRead) && !both.allows_permission(Permission::DelEntry));
    }

    #[test]
    fn two_lists_with_nothing_in_common_allow_nothing() {
        let none = scope(&["indexes=a/x", "indexes=a/y"]);
        assert!(!none.allows_index(&"a/x".parse().expect("an index")));
        assert_eq!(none.indexes().map(BTreeSet::len), Some(0));
        assert!(scope(&[]).allows_index(&"a/x".parse().expect("an index")));
    }

    #[test]
    fn no_token_may_do_what_the_server_refuses_to_every_token() {
        assert!(!scope(&["allowed=user_modify"]).allows_permission(Permission::UserModify));
        assert!(!scope(&[]).allows_permission(Permission::UserLogin));
    }

    #[test]
    fn a_scope_is_within_another_only_if_every_limit_is() {
        let root = ["allowed=pkg_read,upload", "expires=10", "indexes=a/x,a/y", "not_before=5", "projects=p,q", "odd"];
        let wider = scope(&root);
        assert!(wider.is_within(&wider) && wider.is_within(&scope(&[])) && !scope(&[]).is_within(&wider));
        for (place, narrower) in
            ["allowed=upload", "expires=9", "indexes=a/x", "not_before=6", "projects=p", "odder"].iter().enumerate()
        {
            let mut more = root.to_vec();
            more.push(narrower);
            assert!(scope(&more).is_within(&wider), "{narrower}");
            let mut fewer = root.to_vec();
            fewer.remove(place);
            assert!(!scope(&fewer).is_within(&wider), "without {}", root[place]);
        }
    }
}
