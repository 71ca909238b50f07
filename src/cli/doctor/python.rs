//! Whether the clients that import Python's keyring, or a plugin, find ours in their environment.

use super::desk::{Desk, shown};
use super::finding::Finding;
use super::keyring::place;
use crate::caller::understand;
use crate::cli::args::Client;
use crate::cli::installed::Installed;

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
    // pdm runs the command where there is no Python keyring.
    if environment.has_agent || (*client == Client::Pdm && !environment.has_keyring) {
        return Finding::ok(CHECK, format!("{who} finds the agent"));
    }
    if !is_used {
        return Finding::ok(CHECK, format!("{who} has none of ours, and is not used with a server that is kept"));
    }
    let what = format!("{who} has none of ours: it does not find the agent");
    let finding = Finding::warning(CHECK, what);
    match environment.command_to_add(None) {
        Some(_) => finding.run(format!("devpi-tokens setup {}", client.command())),
        None => finding
            .by_hand(format!("the system keeps this environment; install your own: pipx install {}", client.package())),
    }
}
