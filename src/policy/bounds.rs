//! What holds in the end for all that a token could be used for.

use std::collections::BTreeSet;

use super::ceiling::{Ceiling, Kind, Limits, Policy};
use crate::protocol::Holder;
use crate::target::IndexName;

/// The policy of a root token, and the limits that it does not exceed.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// Whose token it is, and where.
    pub holder: &'a Holder,
    /// Its ceilings.
    pub policy: &'a Policy,
    /// What no ceiling exceeds.
    pub limits: &'a Limits,
}

/// The lowest of some ceilings, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lowest<'a> {
    /// How low.
    pub ceiling: Ceiling,
    /// Of which kind of token.
    pub kind: Kind,
    /// For which index; none: for those that have no rules of their own.
    pub index: Option<&'a IndexName>,
}

impl<'a> Bounds<'a> {
    /// The lowest ceiling of all that a token of that kind for that index could be used for; without an index, for one
    /// that has no rules of its own. The policy's may be so many seconds longer, for large uploads: a limit is an end for
    /// those, too.
    pub fn lowest(self, (kind, index): (Kind, Option<&'a IndexName>), longer: u64) -> Lowest<'a> {
        let of = |(kind, index): (Kind, Option<&'a IndexName>)| {
            let own = index.map_or_else(|| self.policy.general(kind), |index| self.policy.ceiling(kind, index));
            let ceiling = self.limits.narrow(own.and(longer), (self.holder, kind, index));
            Lowest { ceiling, kind, index }
        };
        // Of several that are as low, the first one: what was asked for.
        self.uses(kind, index).into_iter().map(of).min_by_key(|one| one.ceiling).unwrap_or_else(|| of((kind, index)))
    }

    /// Whether a person has to say yes to any of that.
    pub fn confirms(self, kind: Kind, index: Option<&'a IndexName>) -> bool {
        let asks =
            |(kind, index)| self.policy.confirms(kind, index) || self.limits.confirms((self.holder, kind, index));
        self.uses(kind, index).into_iter().any(asks)
    }

    /// The indexes that have rules of their own.
    pub fn named(self) -> BTreeSet<&'a IndexName> {
        self.policy.index.keys().chain(self.limits.indexes(self.holder)).collect()
    }

    /// What a token of that kind for that index could be used for. Of a push the server looks at the index that it takes
    /// from, and not at the one that it puts something into (devpi-server 6.20).
    fn uses(self, kind: Kind, index: Option<&'a IndexName>) -> Vec<(Kind, Option<&'a IndexName>)> {
        let named = || self.named().into_iter().map(Some).chain([None]);
        let reached = |used: Kind| {
            let anywhere = (kind == Kind::Push && used != Kind::Read).then(named);
            [index].into_iter().chain(anywhere.into_iter().flatten()).map(move |index| (used, index))
        };
        kind.uses().iter().copied().flat_map(reached).collect()
    }
}
