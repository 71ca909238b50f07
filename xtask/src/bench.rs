//! `cargo xtask bench [PART…]`: what everything costs, beside its peers. Machines are noisy: the ratios of one run are
//! what counts.

mod derive;
mod footprint;
mod growth;
mod install;
mod pip;
mod process;
mod socket;
mod table;

use testbed::{Bed, Closing, Tools};

use crate::agent::{Agent, succeed};
use crate::{Outcome, cargo, root};
use process::Others;
pub(crate) use socket::echo;
use table::Table;

/// What can be measured.
const PARTS: [&str; 8] = ["process", "socket", "derive", "memory", "start", "growth", "install", "sizes"];

/// A server, and an agent that is logged in there.
struct Ground<'a> {
    tools: &'a Tools,
    bed: &'a Bed,
    agent: Agent,
}

impl<'a> Ground<'a> {
    fn new(tools: &'a Tools, bed: &'a Bed) -> Result<Self, Box<dyn std::error::Error>> {
        let agent = Agent::new("release")?;
        agent.login(bed)?;
        Ok(Self { tools, bed, agent })
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    if let Some(unknown) = args.iter().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(format!("no part is called {unknown}; there are {}", PARTS.join(", ")).into());
    }
    eprintln!("  building with the release profile");
    succeed(&mut cargo(&["build", "--release", "--bins", "--quiet", "--package", "devpi-tokens-agent"]))?;
    // This program measures, too: what it does itself is to be as fast as it can.
    if cfg!(debug_assertions) {
        let words = [&["run", "--release", "--quiet", "--package", "xtask", "--", "bench"], &*strs(args)].concat();
        return if cargo(&words).status()?.success() { Ok(()) } else { Err("the measurements failed".into()) };
    }
    let tools = testbed::install(|line| eprintln!("  {line}"))?;
    let bed = Bed::start(&tools, Closing::Unauthorized401)?;
    let mut tables = Vec::new();
    for part in PARTS.into_iter().filter(|part| args.is_empty() || args.iter().any(|name| name == part)) {
        eprintln!("  {part}");
        for table in measured(part, &tools, &bed)? {
            table.print();
            tables.push(table.json());
        }
    }
    let written = root().join("target/bench.json");
    std::fs::write(&written, serde_json::to_string_pretty(&tables)?)?;
    eprintln!("  written to {}", written.display());
    Ok(())
}

fn strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn measured(part: &str, tools: &Tools, bed: &Bed) -> Result<Vec<Table>, Box<dyn std::error::Error>> {
    Ok(match part {
        "process" => {
            let ground = Ground::new(tools, bed)?;
            vec![process::run(&ground, &Others::start()?)?, pip::run(&ground)?]
        }
        "socket" => vec![socket::run(&Ground::new(tools, bed)?)?],
        "derive" => vec![derive::run(tools)?],
        "memory" => footprint::memory(bed, &Others::start()?)?.into(),
        "start" => vec![footprint::start()?],
        "growth" => {
            let tables = growth::kept(bed)?.into_iter().chain(growth::clients(bed)?);
            tables.chain([growth::restrictions(bed)?]).chain(growth::log(bed)?).collect()
        }
        "install" => vec![install::run(&Ground::new(tools, bed)?)?],
        _ => vec![footprint::sizes()?],
    })
}
