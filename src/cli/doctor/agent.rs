//! Whether the agent is there, where, and of which version.

use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;

use super::desk::{env, shown};
use super::finding::Finding;
use crate::client::{Client, agent_program};
use crate::exit::Exit;
use crate::paths::Paths;
use crate::protocol::{Request, Response, Status};

const CHECK: &str = "agent";

/// The version of this program.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// What is found, and what the agent keeps, where one runs. None is started for this.
pub(super) fn look(paths: &Paths) -> (Vec<Finding>, Option<Status>) {
    let mut findings = Vec::new();
    if let Err(failure) = agent_program() {
        findings.push(Finding::failed(CHECK, failure));
    }
    findings.extend(elsewhere(env));
    match Client::running(paths) {
        Err(failure) => findings.push(Finding::failed(CHECK, failure)),
        Ok(None) => findings.push(down(left(paths).as_ref())),
        Ok(Some(mut client)) => {
            findings.push(version(&client.program, OWN));
            let place = format!("it runs as process {}, at {}", client.agent, shown(&client.socket));
            findings.push(Finding::ok(CHECK, place));
            match client.request(&Request::Status) {
                Ok(Response::Status(status)) => return (findings, Some(*status)),
                Ok(_) => findings.push(Finding::failed(CHECK, crate::client::unexpected())),
                // There it gives tokens, and tells nothing else.
                Err(failure) if failure.exit == Exit::Refused => {
                    findings.push(Finding::ok(CHECK, "it gives tokens only: this is a restricted socket"));
                }
                Err(failure) => findings.push(Finding::failed(CHECK, failure)),
            }
        }
    }
    (findings, None)
}

/// What in the environment moves the agent and what it keeps.
fn elsewhere(env: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let names = Paths::VARIABLES.into_iter().chain(["DEVPI_TOKENS_VAULT"]);
    let set = names.filter_map(|name| env(name).map(|value| format!("{name}={}", crate::escape::printable(&value))));
    set.map(|set| Finding::ok("environment", set)).collect()
}

/// A socket that an agent left behind.
fn left(paths: &Paths) -> Option<PathBuf> {
    let is_socket = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    paths.sockets.iter().find(is_socket).cloned()
}

fn down(left: Option<&PathBuf>) -> Finding {
    let what = match left {
        Some(socket) => format!("none runs, and the one before was killed: nobody listens at {}", shown(socket)),
        None => "none runs; the next look-up would start it".to_owned(),
    };
    Finding::warning(CHECK, what).run("devpi-tokens agent start")
}

fn version(agent: &str, own: &str) -> Finding {
    let agent = crate::escape::printable(agent);
    if agent == own {
        return Finding::ok(CHECK, format!("version {agent}"));
    }
    Finding::warning(CHECK, format!("version {agent} runs, and this program is version {own}"))
        .run("devpi-tokens agent stop && devpi-tokens agent start")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn an_agent_of_another_version_is_to_be_started_again() {
        assert_eq!(version("1.0.0", "1.0.0").level, Level::Ok);
        let other = version("0.9.0", "1.0.0");
        assert_eq!(other.level, Level::Warning);
        assert_eq!(other.what, "version 0.9.0 runs, and this program is version 1.0.0");
    }

    #[test]
    fn what_moves_the_agent_is_said() {
        let set = |name: &str| (name == "DEVPI_TOKENS_SOCK").then(|| "/run/x\u{1b}".to_owned());
        let said: Vec<String> = elsewhere(set).into_iter().map(|finding| finding.what).collect();
        assert_eq!(said, [r"DEVPI_TOKENS_SOCK=/run/x\x1b"]);
    }
}
