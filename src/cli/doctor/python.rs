//! Whether the clients that import Python's keyring, or a plugin, find ours in their environment.

use super::desk::{Desk, quoted, shown};
use super::finding::Finding;
use super::keyring::place;
use crate::caller::understand;
use crate::cli::installed::{Client, Installed};

const CHECK: &str = "backend";

/// Every client that needs our package.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    let clients = Client::ALL.into_iter().filter(|client| client.needs_package());
    clients.flat_map(|client| desk.clients(client)).map(|found| judged(&found, is_used(desk, found.client))).collect()
}

/// Whether a client is used with a server of ours: twine and devpi are there for that, the others for projects.
fn is_used(desk: &Desk, client: Client) -> bool {
    if matches!(client, Client::Twine | Client::Devpi) {
        return true;
    }
    ["install", "publish"].into_iter().any(|verb| {
        let doing = desk.seen(&[client.command().to_owned(), verb.to_owned()], understand);
        doing.index_urls.iter().chain(&doing.read_urls).any(|url| desk.ours(url).is_some())
    })
}

fn judged(Installed { program, environment, client, .. }: &Installed, is_used: bool) -> Finding {
    let who = format!("{} ({})", shown(program), place(environment.as_ref()));
    let Some(environment) = environment else {
        return Finding::ok(CHECK, format!("{who}: its environment cannot be told"));
    };
    if environment.has_agent {
        return Finding::ok(CHECK, format!("{who} has ours"));
    }
    if !is_used {
        return Finding::ok(CHECK, format!("{who} has none of ours, and is not used with a server that is kept"));
    }
    let what = format!("{who} has none of ours: it does not find the agent");
    let finding = Finding::warning(CHECK, what);
    match environment.command_to_add() {
        Some(words) => finding.run(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
        None => finding.by_hand(format!(
            "the system keeps this environment: install {} apart, for example with pipx, and ask again",
            client.package()
        )),
    }
}
