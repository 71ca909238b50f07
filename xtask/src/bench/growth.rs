//! What grows with use: kept tokens, clients at once, restrictions, the log.

use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Instant;

use devpi_tokens::client;
use devpi_tokens::paths::Paths;
use devpi_tokens::protocol::{Holder, Request, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use devpi_tokens::token::{Restriction, RootToken, Token};
use testbed::Bed;

use super::derive;
use super::footprint::field_of;
use super::process::fill_log;
use super::socket::{Conversation, exchange, on_one_core};
use super::table::{Bound, Table};
use crate::agent::{Agent, succeed};

/// How many servers an agent keeps tokens of.
const KEPT: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// How often a look-up is measured at each size.
const ROUNDS: usize = 100;

/// How many restrictions a token has before four more are added; it may have 64.
const RESTRICTIONS: [usize; 5] = [1, 4, 16, 32, 60];

/// How many tokens are derived in one go, so that the clock is no part of it.
const BATCH: u32 = 2000;

/// How many hand-outs the log has.
const HANDED_OUT: [usize; 3] = [100, 1_000, 10_000];

/// How many clients run at once.
const CLIENTS: [usize; 5] = [1, 4, 16, 64, 128];

/// Tokens of one to ten thousand servers: a look-up at each of these sizes, a question, and the agent's memory.
pub(super) fn kept(bed: &Bed) -> Result<[Table; 3], Box<dyn std::error::Error>> {
    let agent = Agent::new("release")?;
    agent.login(bed)?;
    let token = bed.create_token("alice", &serde_json::json!({}))?;
    let conversation = Conversation::of(bed)?;
    let url = bed.simple_url("alice/dev");
    let mut tables = [
        Table::new("a look-up, by kept tokens", "ms"),
        Table::new("a question, by kept tokens", "µs"),
        Table::new("resident memory, by kept tokens", "kB"),
    ];
    let mut there = 1;
    for size in KEPT {
        keep(&agent.paths(), there..size, &token)?;
        there = size;
        let name = format!("{size} kept");
        let mut stream = UnixStream::connect(agent.state().join("agent.sock"))?;
        exchange(&mut stream, &conversation.hello)?;
        for _ in 0..ROUNDS {
            let mut helper = std::process::Command::new(agent.program("devpi-tokens-helper"));
            agent.serves(&mut helper).args(["keyring", "get", "--mode", "creds", &url]).stdout(Stdio::null());
            let began = Instant::now();
            helper.status()?;
            tables[0].add(&name, began.elapsed().as_secs_f64() * 1e3);
        }
        on_one_core(agent.pid()?, || {
            for _ in 0..ROUNDS {
                let began = Instant::now();
                for _ in 0..ROUNDS {
                    exchange(&mut stream, &conversation.ask)?;
                }
                tables[1].add(&name, began.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64);
            }
            Ok(())
        })?;
        tables[2].add(&name, field_of(agent.pid()?, "VmRSS")?);
    }
    tables[0].claim("10000 kept", "1 kept", Bound::AtMost(1.5));
    Ok(tables)
}

fn keep(paths: &Paths, numbers: std::ops::Range<usize>, token: &str) -> crate::Outcome {
    for number in numbers {
        let root = Root {
            holder: Holder { server: format!("https://devpi-{number}.example").parse()?, user: "alice".parse()? },
            token: Secret::new(token),
            index: Some("alice/dev".parse()?),
            bases: Vec::new(),
            default: false,
            access: ServerAccess::default(),
            environment: Default::default(),
            policy: None,
        };
        client::ask(paths, &Request::Keep(Box::new(root))).map_err(|failure| failure.message)?;
    }
    Ok(())
}

/// Look-ups by that many processes at once, and the agent's memory after them.
pub(super) fn clients(bed: &Bed) -> Result<[Table; 2], Box<dyn std::error::Error>> {
    let agent = Agent::new("release")?;
    agent.login(bed)?;
    let url = bed.simple_url("alice/dev");
    let mut tables = [
        Table::new("look-ups at once, time for each", "ms"),
        Table::new("resident memory, after look-ups at once", "kB"),
    ];
    for _ in 0..ROUNDS / 10 {
        for count in CLIENTS {
            let name = format!("{count} at once");
            let began = Instant::now();
            let started: std::io::Result<Vec<_>> = (0..count)
                .map(|_| {
                    let mut helper = std::process::Command::new(agent.program("devpi-tokens-helper"));
                    let words = ["keyring", "get", "--mode", "creds", &url];
                    agent.serves(&mut helper).args(words).stdout(Stdio::null()).spawn()
                })
                .collect();
            for mut helper in started? {
                if !helper.wait()?.success() {
                    return Err(format!("a look-up of {count} at once failed").into());
                }
            }
            tables[0].add(&name, began.elapsed().as_secs_f64() * 1e3 / count as f64);
            tables[1].add(&name, field_of(agent.pid()?, "VmRSS")?);
        }
    }
    Ok(tables)
}

/// Deriving from a token that was narrowed that often before.
pub(super) fn restrictions(bed: &Bed) -> Result<Table, Box<dyn std::error::Error>> {
    let root = RootToken::try_from(Token::parse(&bed.create_token("alice", &serde_json::json!({}))?)?)?;
    let four: Vec<Restriction> = derive::CAVEATS.iter().map(Restriction::read).collect();
    let mut table = Table::new("deriving with four restrictions, by those before", "µs");
    for count in RESTRICTIONS {
        let before: Vec<Restriction> = four.iter().cycle().take(count).cloned().collect();
        let narrowed = RootToken::try_from(Token::parse(root.attenuate(&before)?.text().expose())?)?;
        for _ in 0..ROUNDS {
            let derive = || narrowed.attenuate(&four).map(|token| token.text());
            table.add(&format!("{count} before"), derive::batch(BATCH, derive));
        }
    }
    Ok(table)
}

/// What the log tells, by how long it is.
pub(super) fn log(bed: &Bed) -> Result<[Table; 2], Box<dyn std::error::Error>> {
    let mut tables = [Table::new("log, by hand-outs", "ms"), Table::new("trace, by hand-outs", "ms")];
    for count in HANDED_OUT {
        let agent = Agent::new("release")?;
        agent.login(bed)?;
        let handed = agent.state().join("handed-out");
        fill_log(&agent, &bed.simple_url("alice/dev"), &handed, count)?;
        let trace = ["trace", "--file", &handed.to_string_lossy()];
        for _ in 0..ROUNDS / 10 {
            for (table, words) in tables.iter_mut().zip([&["log", "--json"][..], &trace]) {
                let began = Instant::now();
                succeed(&mut agent.cli(words))?;
                table.add(&format!("{count} handed out"), began.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    Ok(tables)
}
