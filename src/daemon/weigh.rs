//! What a question would get, with nothing made, fetched or written down.

use super::issuer::Clock;
use crate::policy::Grant;
use crate::protocol::{Denial, Question, Weighed};
use crate::target::{IndexName, Purpose};
use crate::vault::contents::{Held, Server};

/// Weighs a question by what is known already. `decide` is what a real one meets.
pub(super) fn weigh(
    (server, held): (&Server, &Held),
    mut question: Question,
    clock: Clock,
    decide: impl Fn(&Question) -> Result<Grant, Denial>,
) -> Result<Weighed, Denial> {
    if question.indexes.is_empty() {
        question.indexes.extend(server.index.clone());
    }
    let (mut bases, mut unknown_bases): (Vec<IndexName>, Vec<IndexName>) = Default::default();
    if question.purpose == Purpose::Read {
        for index in &question.indexes {
            match server.bases.iter().find(|entry| entry.known.index == *index) {
                Some(entry) => bases.extend(entry.known.bases.iter().cloned()),
                None => unknown_bases.push(index.clone()),
            }
        }
        question.indexes.extend(bases.iter().cloned());
    }
    let Grant { permissions, indexes, projects, expires, confirm } = decide(&question)?;
    let root = &held.root.0;
    Ok(Weighed {
        user: root.user().clone(),
        default: server.default == *root.user(),
        root: root.id().clone(),
        root_ends: root.scope().expires().map(|end| end.saturating_add_signed(-clock.skew)),
        permissions: permissions.into_iter().collect(),
        indexes: indexes.into_iter().collect(),
        bases,
        unknown_bases,
        projects: projects.into_iter().collect(),
        lifetime: expires.saturating_sub(clock.there()),
        confirm,
    })
}
