//! Whether uv asks a keyring for the indexes of ours that it is configured with.

use super::desk::{Desk, Ours, shown};
use super::finding::Finding;
use crate::caller::{UvAsks, UvIndex, uv_asks};
use crate::cli::installed::Client;

const CHECK: &str = "uv";

/// uv's configuration as it is seen from this folder, where there is a uv.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    if desk.clients(Client::Uv).is_empty() {
        return Vec::new();
    }
    let asks = desk.seen(&[], uv_asks);
    let ours = |index: &UvIndex| {
        let Ours { target, server, index: name } = desk.ours(&index.url)?;
        let name = name.map_or_else(|| server.to_string(), |name| format!("{name} at {server}"));
        Some(Named { name, has_user: target.user().is_some(), index: index.clone() })
    };
    judged(&asks, &asks.indexes.iter().filter_map(ours).collect::<Vec<_>>())
}

/// An index of ours.
struct Named {
    name: String,
    has_user: bool,
    index: UvIndex,
}

fn judged(asks: &UvAsks, ours: &[Named]) -> Vec<Finding> {
    let Some(first) = ours.first() else {
        return vec![Finding::ok(CHECK, "its configuration here names no index of a server that is kept")];
    };
    let mut findings = Vec::new();
    let file = |index: &UvIndex| index.file.as_deref().map(shown);
    if asks.provider != "subprocess" {
        let what = format!("it asks no keyring for {}: its keyring-provider is not subprocess", first.name);
        let by_hand = match file(&first.index) {
            Some(file) => format!("keyring-provider = \"subprocess\" at the begin of uv's part of {file}"),
            None => "export UV_KEYRING_PROVIDER=subprocess".to_owned(),
        };
        findings.push(Finding::warning(CHECK, what).by_hand(by_hand));
    }
    for Named { name, has_user, index } in ours {
        if index.is_always || *has_user {
            findings.push(Finding::ok(CHECK, format!("it asks for a token for {name}")));
            continue;
        }
        let by_hand = match file(index) {
            Some(file) => format!("authenticate = \"always\" below its url in {file}"),
            None => "name its user in the variable: https://USER@HOST/...".to_owned(),
        };
        let what = format!("it asks for no token for {name}: authenticate = \"always\" is missing");
        findings.push(Finding::warning(CHECK, what).by_hand(by_hand));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, worst};
    use super::*;

    fn named(is_always: bool, has_user: bool) -> Named {
        let index = UvIndex { url: String::new(), is_always, file: Some("/uv.toml".into()) };
        Named { name: "alice/dev".to_owned(), has_user, index }
    }

    #[test]
    fn uv_is_well_where_it_asks_for_each_index_before_anything_is_sent() {
        let level = |provider: &str, ours: &[Named]| {
            let asks = UvAsks { provider: provider.to_owned(), indexes: Vec::new() };
            worst(&judged(&asks, ours))
        };
        assert_eq!(level("subprocess", &[named(true, false), named(false, true)]), Level::Ok);
        assert_eq!(level("subprocess", &[named(true, false), named(false, false)]), Level::Warning);
        assert_eq!(level("disabled", &[named(true, false)]), Level::Warning);
        assert_eq!(level("disabled", &[]), Level::Ok);
    }
}
