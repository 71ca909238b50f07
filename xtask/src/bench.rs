//! `cargo xtask bench`: whole processes, side by side. Machines are noisy: the ratios of one run are what counts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testbed::{Bed, Closing};

use crate::agent::{Agent, succeed};
use crate::{Outcome, cargo};

/// How often each command runs; they take turns.
const ROUNDS: usize = 200;

pub(crate) fn run() -> Outcome {
    eprintln!("  building with the release profile");
    succeed(&mut cargo(&["build", "--release", "--bins", "--quiet", "--package", "devpi-tokens-agent"]))?;
    let tools = testbed::install(|line| eprintln!("  {line}"))?;
    let bed = Bed::start(&tools, Closing::Unauthorized401)?;
    let agent = Agent::new("release")?;
    agent.login(&bed)?;
    let url = bed.simple_url("alice/dev");
    let helper = agent.program("devpi-tokens-helper");
    let keyring = tools.program("keyring");
    let peers: [(&str, Vec<&str>); 3] = [
        ("/bin/true", vec!["/bin/true"]),
        ("devpi-tokens-helper keyring get", vec![text(&helper)?, "keyring", "get", "--mode", "creds", &url]),
        ("Python's keyring get", vec![text(&keyring)?, "-b", "keyring.backends.null.Keyring", "get", &url, "alice"]),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); peers.len()];
    for round in 0..ROUNDS {
        for ((name, words), times) in peers.iter().zip(&mut times) {
            // Python takes a hundred times as long: a tenth of the rounds is enough for its median.
            if *name == "Python's keyring get" && round % 10 != 0 {
                continue;
            }
            let mut command = Command::new(words[0]);
            agent.serves(command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
            let began = Instant::now();
            command.status()?;
            times.push(began.elapsed());
        }
    }
    let base = median(&mut times[0]);
    println!("{:<34} {:>9} {:>9} {:>9} {:>8}", "whole process", "median", "fastest", "slowest", "ratio");
    for ((name, _), times) in peers.iter().zip(&mut times) {
        let middle = median(times);
        let shown = |time: Option<&Duration>| format!("{:.2} ms", time.map_or(0.0, Duration::as_secs_f64) * 1e3);
        let ratio = middle.as_secs_f64() / base.as_secs_f64();
        let (first, last) = (shown(times.first()), shown(times.last()));
        println!("{name:<34} {:>9} {first:>9} {last:>9} {ratio:>7.2}x", shown(Some(&middle)));
    }
    for name in ["devpi-tokens-helper", "devpi-tokens-agent", "devpi-tokens"] {
        let size = agent.program(name).metadata()?.len();
        println!("{name:<34} {:>9.2} MB", size as f64 / 1e6);
    }
    Ok(())
}

/// Sorts them, too.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn text(path: &Path) -> Result<&str, &'static str> {
    path.to_str().ok_or("a path that is not UTF-8")
}
