//! `cargo xtask bench`: whole processes, side by side. Machines are noisy: the ratios of one run are what counts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use devpi_tokens::logbook::Logbook;
use testbed::{Bed, Closing};

use crate::agent::{Agent, succeed};
use crate::{Outcome, cargo};

/// How often each command runs; they take turns.
const ROUNDS: usize = 200;

const HELPER: &str = "devpi-tokens-helper keyring get";
const KEYRING: &str = "Python's keyring get";
const INSPECT: &str = "devpi-tokens inspect";
const THEIR_INSPECT: &str = "devpi token-inspect";
const DERIVE: &str = "devpi-tokens derive";
const THEIR_DERIVE: &str = "devpi token-derive";

const LOG: &str = "devpi-tokens log, of 10,000";
const TRACE: &str = "devpi-tokens trace, of 10,000";

/// What does the same as something else that is slower.
const PAIRS: [(&str, &str); 3] = [(HELPER, KEYRING), (INSPECT, THEIR_INSPECT), (DERIVE, THEIR_DERIVE)];

pub(crate) fn run() -> Outcome {
    eprintln!("  building with the release profile");
    succeed(&mut cargo(&["build", "--release", "--bins", "--quiet", "--package", "devpi-tokens-agent"]))?;
    let tools = testbed::install(|line| eprintln!("  {line}"))?;
    let bed = Bed::start(&tools, Closing::Unauthorized401)?;
    let agent = Agent::new("release")?;
    agent.login(&bed)?;
    let url = bed.simple_url("alice/dev");
    let (helper, ours) = (agent.program("devpi-tokens-helper"), agent.program("devpi-tokens"));
    let (keyring, devpi) = (tools.program("keyring"), tools.server_program("devpi"));
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    std::fs::write(&token, bed.create_token("alice", &serde_json::json!({}))?)?;
    let (ours, devpi, token) = (text(&ours)?, text(&devpi)?, text(&token)?);
    let handed = folder.path().join("handed");
    fill_log(&agent, &url, &handed)?;
    let narrowed = ["-f", token, "-a", "pkg_read", "-e", "1h", "-i", "alice/dev"];
    let mut peers = [
        Peer::quick("/bin/true", vec!["/bin/true"]),
        Peer::quick(HELPER, vec![text(&helper)?, "keyring", "get", "--mode", "creds", &url]),
        Peer::slow(KEYRING, vec![text(&keyring)?, "-b", "keyring.backends.null.Keyring", "get", &url, "alice"]),
        Peer::quick(INSPECT, vec![ours, "inspect", "-f", token]),
        Peer::slow(THEIR_INSPECT, vec![devpi, "token-inspect", "-f", token]),
        Peer::quick(DERIVE, [&[ours, "derive"], &narrowed[..]].concat()),
        Peer::slow(THEIR_DERIVE, [&[devpi, "token-derive"], &narrowed[..]].concat()),
        Peer::slow(LOG, vec![ours, "log", "--json"]),
        Peer::slow(TRACE, vec![ours, "trace", "-f", text(&handed)?]),
    ];
    for round in 0..ROUNDS {
        for peer in peers.iter_mut().filter(|peer| round % peer.every == 0) {
            let mut command = Command::new(peer.words[0]);
            command.args(&peer.words[1..]).env("DEVPI_CLIENTDIR", folder.path().join("client"));
            agent.serves(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
            let began = Instant::now();
            let status = command.status()?;
            peer.times.push(began.elapsed());
            // Python's keyring finds nothing: that is all that its null backend can do.
            if !status.success() && peer.name != KEYRING {
                return Err(format!("{} ended with {status}", peer.name).into());
            }
        }
    }
    report(&mut peers);
    for name in ["devpi-tokens-helper", "devpi-tokens-agent", "devpi-tokens"] {
        let size = agent.program(name).metadata()?.len();
        println!("{name:<34} {:>9.2} MB", size as f64 / 1e6);
    }
    Ok(())
}

/// Hands a token out, into a file, and makes ten thousand lines of its line in the log.
fn fill_log(agent: &Agent, url: &str, handed: &Path) -> Outcome {
    std::fs::write(handed, succeed(&mut agent.cli(&["get", url]))?.stdout)?;
    let line = succeed(&mut agent.cli(&["log", "--json"]))?.stdout;
    let book = Logbook::of_handouts(&agent.state())?;
    for _ in 1..10_000 {
        book.append(&line)?;
    }
    Ok(())
}

/// A program that takes part.
struct Peer<'a> {
    name: &'static str,
    words: Vec<&'a str>,
    /// In which rounds.
    every: usize,
    times: Vec<Duration>,
}

impl<'a> Peer<'a> {
    fn quick(name: &'static str, words: Vec<&'a str>) -> Self {
        Self { name, words, every: 1, times: Vec::new() }
    }

    /// One in Python takes a hundred times as long: a tenth of the rounds is enough for its median.
    fn slow(name: &'static str, words: Vec<&'a str>) -> Self {
        Self { every: 10, ..Self::quick(name, words) }
    }
}

fn report(peers: &mut [Peer<'_>]) {
    let medians: Vec<f64> = peers.iter_mut().map(|peer| median(&mut peer.times).as_secs_f64()).collect();
    println!("{:<34} {:>9} {:>9} {:>9} {:>8}", "whole process", "median", "fastest", "slowest", "ratio");
    for (peer, middle) in peers.iter().zip(&medians) {
        let shown = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
        let time = |time: Option<&Duration>| shown(time.map_or(0.0, Duration::as_secs_f64));
        let (first, last) = (time(peer.times.first()), time(peer.times.last()));
        let ratio = middle / medians[0];
        println!("{:<34} {:>9} {first:>9} {last:>9} {ratio:>7.2}x", peer.name, shown(*middle));
    }
    for (quick, slow) in PAIRS {
        let median =
            |name: &str| peers.iter().zip(&medians).find(|(peer, _)| peer.name == name).map(|(_, median)| *median);
        if let (Some(quick_one), Some(slow_one)) = (median(quick), median(slow)) {
            println!("{quick} is {:.0} times as fast as {slow}", slow_one / quick_one);
        }
    }
}

/// Sorts them, too.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn text(path: &Path) -> Result<&str, &'static str> {
    path.to_str().ok_or("a path that is not UTF-8")
}
