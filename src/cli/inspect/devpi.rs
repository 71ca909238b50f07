//! A token of devpi in words: what it is, each restriction, what they leave, what a server would say.

use super::{View, joined, number, pypi, section};
use crate::escape;
use crate::judge::{Fate, Why, fate};
use crate::target::{Permission, Purpose};
use crate::time::Expiry;
use crate::token::{Format, Restriction, Scope, Token};

const PURPOSES: [Purpose; 5] = [Purpose::Read, Purpose::Upload, Purpose::Push, Purpose::Toxresult, Purpose::Remove];

pub(super) fn lines(token: &Token, view: &View) -> Vec<String> {
    let (restrictions, scope) = (token.restrictions(), token.scope());
    let mut lines = view.labelled(0, "user", token.user().as_str());
    lines.extend(view.labelled(0, "id", token.id().as_str()));
    lines.extend(view.labelled(0, "kind", &kind(&scope)));
    if token.format() == Format::V1 {
        lines.extend(view.labelled(0, "format", &format!("{}, for looking at only", number(token.format()))));
    }
    let in_words = restrictions.iter().map(|restriction| view.below(&in_words(restriction, view)));
    lines.extend(match restrictions.is_empty() {
        true => section("it has no restriction", []),
        false => section("restrictions, in their order:", in_words),
    });
    lines.extend(standing(token, &scope, view));
    lines
}

/// What all restrictions leave, and what a server would say to it now.
pub(super) fn standing(token: &Token, scope: &Scope, view: &View) -> Vec<String> {
    let heading = match scope.unknown() {
        [] => "together:",
        _ => "together, without what is not understood:",
    };
    let mut lines = section(heading, together(scope, view));
    let verdicts = verdicts(token, scope, view);
    lines.extend(section("what a server would say:", verdicts.iter().map(|verdict| view.below(verdict))));
    lines
}

/// What the token is fit for, by the permissions and indexes that are left.
pub(super) fn purposes(scope: &Scope) -> Vec<Purpose> {
    if scope.indexes().is_some_and(|indexes| indexes.is_empty()) {
        return Vec::new();
    }
    let is_fit = |purpose: &Purpose| purpose.permissions().iter().all(|needed| scope.allows_permission(*needed));
    PURPOSES.into_iter().filter(is_fit).collect()
}

fn kind(scope: &Scope) -> String {
    let fit = purposes(scope);
    let given = Permission::ALL.iter().filter(|permission| scope.allows_permission(**permission)).count();
    let exact = fit.iter().find(|purpose| purpose.permissions().len() == given);
    let kind = match (exact, fit.len()) {
        _ if scope.indexes().is_some_and(|indexes| indexes.is_empty()) => "of no use: no index is left".to_owned(),
        _ if given == 0 => "of no use: no permission is left".to_owned(),
        _ if scope.allowed().is_none() => "root-like: it may do whatever a token of its user may".to_owned(),
        (Some(purpose), _) => purpose.to_string(),
        (None, 0) => "other: for none of the usual purposes".to_owned(),
        (None, all) if all == PURPOSES.len() => "root-like: for every purpose".to_owned(),
        (None, _) => format!("several: {}", joined(fit)),
    };
    if scope.unknown().is_empty() { kind } else { format!("{kind} (without what is not understood)") }
}

fn in_words(restriction: &Restriction, view: &View) -> String {
    let now = view.now;
    match restriction {
        Restriction::Allowed(items) => format!("only these permissions: {}", joined(items)),
        Restriction::Expires(Expiry::Never) => "never expires".to_owned(),
        Restriction::Expires(Expiry::At(at)) if *at <= now => format!("expired {}", view.when(*at)),
        Restriction::Expires(Expiry::At(at)) => format!("expires {}", view.when(*at)),
        Restriction::Indexes(items) => format!("only these indexes: {}", joined(items)),
        Restriction::NotBefore(at) if *at <= now => format!("valid since {}", view.when(*at)),
        Restriction::NotBefore(at) => format!("not valid yet: begins {}", view.when(*at)),
        Restriction::Projects(items) => format!("uploads of these projects only: {}", joined(items)),
        Restriction::Unknown(text) => match pypi::in_words(text, view) {
            Some(words) => format!("as PyPI writes it: {words}"),
            None => format!("not understood: {}", escape::printable(text)),
        },
    }
}

/// What is left when all restrictions are taken together.
fn together(scope: &Scope, view: &View) -> Vec<Vec<String>> {
    let list =
        |items: String| if items.is_empty() { "nothing: the lists have no item in common".to_owned() } else { items };
    let may = match scope.allowed() {
        Some(allowed) => list(joined(allowed)),
        None => joined(Permission::ALL.iter().filter(|permission| !permission.is_refused_to_tokens())),
    };
    let indexes = scope.indexes().map_or("every index".to_owned(), |indexes| list(joined(indexes)));
    let mut lines = vec![view.labelled(2, "may", &may), view.labelled(2, "on", &indexes)];
    if let Some(projects) = scope.projects() {
        lines.push(view.labelled(2, "uploads of", &list(joined(projects))));
    }
    if let Some(begin) = scope.not_before() {
        lines.push(view.labelled(2, "from", &view.when(begin)));
    }
    let end = scope.expires().map_or("without an end".to_owned(), |end| view.when(end));
    lines.push(view.labelled(2, "until", &end));
    lines
}

/// What a server would refuse, and why.
fn verdicts(token: &Token, scope: &Scope, view: &View) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(end) = scope.expires().filter(|end| *end <= view.now) {
        said.push(format!("it refuses all (403): the token ended {}", view.when(end)));
    }
    if let Some(begin) = scope.not_before().filter(|begin| *begin > view.now) {
        said.push(format!("it refuses all (403) until the token begins, {}", view.when(begin)));
    }
    if scope.allowed().is_some_and(|allowed| !allowed.iter().any(|permission| scope.allows_permission(*permission))) {
        said.push("it refuses all (403): no permission is left that a token can have".to_owned());
    }
    if scope.indexes().is_some_and(|indexes| indexes.is_empty()) {
        said.push("it refuses all (403): no index is left".to_owned());
    }
    if scope.projects().is_some_and(|projects| projects.is_empty()) && scope.allows_permission(Permission::Upload) {
        said.push("it refuses every upload (403): no project is left".to_owned());
    }
    said.extend(token.caveats().zip(token.restrictions()).filter_map(|(caveat, restriction)| {
        let Restriction::Unknown(text) = restriction else { return None };
        let fate = if caveat.third_party { Fate::Refused(Why::ThirdParty) } else { fate(&text, view.now) };
        Some(of_unknown(fate, &escape::printable(&text)))
    }));
    if let Some(allowed) = scope.allowed() {
        let never: Vec<&Permission> = allowed.iter().filter(|permission| permission.is_refused_to_tokens()).collect();
        if !never.is_empty() {
            said.push(format!("it gives this to no token (403): {}", joined(never)));
        }
    }
    if said.is_empty() {
        said.push("it takes the token for this, if it has not been deleted and its user may do it".to_owned());
    }
    said
}

fn of_unknown(fate: Fate, shown: &str) -> String {
    match fate {
        Fate::Refused(Why::Expired) => format!("it refuses all (403): it takes this as ended: {shown}"),
        Fate::Refused(Why::NotYetValid) => format!("it refuses all (403): it takes this as not begun: {shown}"),
        Fate::Refused(Why::ThirdParty) => format!("it refuses all (403): another server would have to agree: {shown}"),
        Fate::Refused(_) => format!("it refuses all (403): it does not understand: {shown}"),
        Fate::Fails => format!("it fails over this at uploads and downloads of files (500): {shown}"),
        Fate::Read => format!("it reads this in a way of its own: {shown}"),
    }
}
