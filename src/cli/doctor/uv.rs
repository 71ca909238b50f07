//! Whether uv asks a keyring for the indexes of ours that it is configured with.

use std::path::{Path, PathBuf};

use super::desk::{Desk, Ours, ask_command, env, shown};
use super::finding::Finding;
use crate::caller::{UvAsks, UvIndex, uv_asks};
use crate::cli::args::Client;
use crate::target::{IndexName, ServerUrl};

const CHECK: &str = "uv";

/// What changes the user's `uv.toml`.
const MEND: &str = "devpi-tokens setup uv";

/// uv's configuration as it is seen from this folder, where there is a uv.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    if desk.clients(Client::Uv).is_empty() {
        return Vec::new();
    }
    let users = users_file(desk);
    let asks = desk.seen(&[], uv_asks);
    let ours = |index: &UvIndex| {
        let Ours { target, server, index: name } = desk.ours(&index.url)?;
        let name = name.map_or_else(|| server.to_string(), |name| format!("{name} at {server}"));
        Some(Named { name, has_user: target.user().is_some(), index: index.clone() })
    };
    judged(&asks, &asks.indexes.iter().filter_map(ours).collect::<Vec<_>>(), &users)
}

/// The file that `setup` changes.
fn users_file(desk: &Desk) -> PathBuf {
    let folder = env("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let file = folder.unwrap_or_else(|| desk.around.home.join(".config")).join("uv/uv.toml");
    env("UV_CONFIG_FILE").map_or(file, PathBuf::from)
}

/// Which bases uv would have to know as indexes, where their server redirects who shows no token.
pub(super) fn without_bases(
    desk: &Desk,
    (server, index): (&ServerUrl, &IndexName),
    bases: &[IndexName],
) -> Option<Finding> {
    if desk.clients(Client::Uv).is_empty() {
        return None;
    }
    let asks = desk.seen(&[], uv_asks);
    let asked_for = asks.indexes.iter().filter(|index| index.is_always).filter_map(|index| desk.ours(&index.url));
    let known: Vec<IndexName> = asked_for.filter(|ours| ours.server == *server).filter_map(|ours| ours.index).collect();
    let missing: Vec<String> = bases.iter().filter(|base| !known.contains(base)).map(ToString::to_string).collect();
    if !known.contains(index) || missing.is_empty() {
        return None;
    }
    let what = format!(
        "behind the login page of {server} it finds no file of {}: they are no indexes of its own",
        missing.join(", ")
    );
    Some(Finding::warning(CHECK, what).run(MEND))
}

/// An index of ours.
struct Named {
    name: String,
    has_user: bool,
    index: UvIndex,
}

fn judged(asks: &UvAsks, ours: &[Named], users: &Path) -> Vec<Finding> {
    let Some(first) = ours.first() else {
        return vec![Finding::ok(CHECK, "its configuration here names no index of a server that is kept")];
    };
    let mut findings = Vec::new();
    if asks.provider != "subprocess" {
        let what = format!("it asks no keyring for {}: its keyring-provider is not subprocess", first.name);
        findings.push(Finding::warning(CHECK, what).run(ask_command("UV_KEYRING_PROVIDER", MEND)));
    }
    for Named { name, has_user, index } in ours {
        if index.is_always || *has_user {
            findings.push(Finding::ok(CHECK, format!("it asks for a token for {name}")));
            continue;
        }
        let what = format!("it asks for no token for {name}: authenticate = \"always\" is missing");
        let finding = Finding::warning(CHECK, what);
        findings.push(match &index.file {
            Some(file) if file == users => finding.run(MEND),
            Some(file) => finding.by_hand(format!("write authenticate = \"always\" below its url in {}", shown(file))),
            None => finding.by_hand("name its user in the variable: https://USER@HOST/..."),
        });
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
            worst(&judged(&asks, ours, Path::new("/uv.toml")))
        };
        assert_eq!(level("subprocess", &[named(true, false), named(false, true)]), Level::Ok);
        assert_eq!(level("subprocess", &[named(true, false), named(false, false)]), Level::Warning);
        assert_eq!(level("disabled", &[named(true, false)]), Level::Warning);
        assert_eq!(level("disabled", &[]), Level::Ok);
    }
}
