//! What asking for a token adds to an install.

use std::time::Instant;

use testbed::{Client, Pymacaroons};

use super::Ground;
use super::table::{Bound, Table};
use crate::agent::succeed;

/// How often each is installed, in turns.
const ROUNDS: usize = 40;

const IN_URL: &str = "pip install, the token in the URL";
const ASKED: &str = "pip install, with devpi-tokens";

pub(super) fn run(ground: &Ground<'_>) -> Result<Table, Box<dyn std::error::Error>> {
    let Ground { tools, bed, agent } = ground;
    let mut client = Client::new(tools)?;
    client.put_on_path(agent.shim()?);
    let simple = bed.simple_url("alice/base");
    let token = Pymacaroons::start(tools)?.restrict(&bed.create_token("alice", &serde_json::json!({}))?, &[])?;
    let with_token = simple.replacen("://", &format!("://alice:{token}@"), 1);
    let settings = client.home().join("pip.conf");
    std::fs::write(&settings, "[global]\nkeyring-provider = subprocess\ndisable-pip-version-check = true\n")?;
    let mut table = Table::new("installing one small wheel", "s");
    for _ in 0..ROUNDS {
        for (name, url) in [(IN_URL, &with_token), (ASKED, &simple)] {
            let words = ["install", "--no-cache-dir", "--force-reinstall", "--no-deps", "-i", url, "bed-core"];
            let mut pip = client.pip(words);
            agent.serves(pip.env("PIP_CONFIG_FILE", &settings));
            let began = Instant::now();
            succeed(&mut pip)?;
            table.add(name, began.elapsed().as_secs_f64());
        }
    }
    table.claim(ASKED, IN_URL, Bound::AtMost(1.05));
    Ok(table)
}
