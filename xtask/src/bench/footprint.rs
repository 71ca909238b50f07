//! How much memory an agent takes, at first and after much use, and how soon it serves.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use testbed::Bed;

use super::process::Others;
use super::socket::{Conversation, exchange};
use super::table::{Bound, Table};
use crate::agent::Agent;

/// How often an agent is started.
const STARTS: usize = 40;

/// How many requests it answers, and how many clients come for one.
const REQUESTS: u32 = 1_000_000;
const CLIENTS: u32 = 10_000;

const SSH: &str = "ssh-agent with one key";
const FRESH: &str = "devpi-tokens-agent with one token";
const USED: &str = "the same after 1,000,000 requests and 10,000 clients";

/// In which parts the requests are timed, and how many in one go.
const PART: u32 = 250_000;
const BATCH: u32 = 1_000;

pub(super) fn memory(bed: &Bed, others: &Others) -> Result<[Table; 3], Box<dyn std::error::Error>> {
    let agent = Agent::new("release")?;
    agent.login(bed)?;
    let conversation = Conversation::of(bed)?;
    let socket = agent.state().join("agent.sock");
    let mut tables = [Table::new("resident memory", "kB"), Table::new("anonymous memory, of that", "kB")];
    let mut note = |name: &str, pid: u32| -> Result<(), Box<dyn std::error::Error>> {
        for (table, field) in tables.iter_mut().zip(["VmRSS", "RssAnon"]) {
            table.add(name, field_of(pid, field)?);
        }
        Ok(())
    };
    note(SSH, others.ssh_agent())?;
    let mut stream = UnixStream::connect(&socket)?;
    exchange(&mut stream, &conversation.hello)?;
    exchange(&mut stream, &conversation.ask)?;
    note(FRESH, agent.pid()?)?;
    let mut times = Table::new("a question, over a million of them", "µs");
    for part in 0..REQUESTS / PART {
        for _ in 0..PART / BATCH {
            let began = Instant::now();
            for _ in 0..BATCH {
                exchange(&mut stream, &conversation.ask)?;
            }
            let name = format!("after {}", part * PART);
            times.add(&name, began.elapsed().as_secs_f64() * 1e6 / f64::from(BATCH));
        }
    }
    for _ in 0..CLIENTS {
        let mut stream = UnixStream::connect(&socket)?;
        exchange(&mut stream, &conversation.hello)?;
        exchange(&mut stream, &conversation.ask)?;
    }
    note(USED, agent.pid()?)?;
    tables[0].claim(FRESH, SSH, Bound::AtMost(1.0));
    tables[0].claim(USED, FRESH, Bound::AtMost(1.1));
    let [resident, anonymous] = tables;
    Ok([resident, anonymous, times])
}

/// A field of `/proc/PID/status` (`proc_pid_status(5)`), in kB.
pub(super) fn field_of(pid: u32, field: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no such field")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
}

/// From the start of the program to its socket, with a vault in memory.
pub(super) fn start() -> Result<Table, Box<dyn std::error::Error>> {
    const SERVES: &str = "devpi-tokens-agent, until it serves";
    let mut table = Table::new("starting", "ms");
    for _ in 0..STARTS {
        let began = Instant::now();
        Command::new("/bin/true").status()?;
        table.add("/bin/true, to its end", began.elapsed().as_secs_f64() * 1e3);

        let agent = Agent::new("release")?;
        let mut command = Command::new(agent.program("devpi-tokens-agent"));
        agent
            .serves(&mut command)
            .arg("--foreground")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut said)?;
        table.add(SERVES, began.elapsed().as_secs_f64() * 1e3);
        drop(agent);
        child.wait()?;
    }
    table.claim_alone(SERVES, Bound::AtMost(10.0));
    Ok(table)
}

/// The programs as they are installed, without their symbols.
pub(super) fn sizes() -> Result<Table, Box<dyn std::error::Error>> {
    let agent = Agent::new("release")?;
    let mut table = Table::new("sizes of the programs", "MB");
    for (name, bound) in [("devpi-tokens-helper", 0.6), ("devpi-tokens-agent", 5.0), ("devpi-tokens", 8.0)] {
        table.add(name, agent.program(name).metadata()?.len() as f64 / 1e6);
        table.claim_alone(name, Bound::AtMost(bound));
    }
    Ok(table)
}
