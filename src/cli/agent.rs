//! `devpi-tokens agent …`: the agent itself.

mod install;
mod socket;
mod unit;

use std::path::Path;

use serde::Serialize;

use super::prompt::Prompt;
use super::{Terminal, args, open, status};
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Request, Status, VaultState};

pub(super) fn run(args: args::Agent, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let paths = Paths::find()?;
    match args {
        args::Agent::Start => {
            let client = Client::connect(&paths)?;
            terminal.say(describe(&client))?;
            Ok(Exit::Done)
        }
        args::Agent::Stop => match Client::running(&paths)? {
            Some(mut client) => {
                client.request(&Request::Stop)?;
                client.wait_for_end()?;
                terminal.say("the agent has ended")?;
                Ok(Exit::Done)
            }
            None => {
                terminal.say("no agent runs")?;
                Ok(Exit::Done)
            }
        },
        args::Agent::Status(args) => match Client::running(&paths)? {
            Some(client) => {
                let kept = open::status(&paths)?;
                if args.json {
                    terminal.say_json(status::json(&Described { agent: Running::of(&client), status: &kept })?)?;
                } else {
                    terminal.say(describe(&client))?;
                    terminal.tell(&status::vault(&kept))?;
                    status::sockets(&kept).iter().try_for_each(|line| terminal.tell(line))?;
                }
                Ok(if kept.vault.is_locked() { Exit::TryAgain } else { Exit::Done })
            }
            None => Err(Failure::new(Exit::Unavailable, "no agent runs")
                .with_remedy("the first request starts one; or type: devpi-tokens agent start")),
        },
        args::Agent::Lock => match Client::running(&paths)? {
            Some(mut client) => {
                client.request(&Request::Lock)?;
                terminal.say("the agent is locked")?;
                Ok(Exit::Done)
            }
            None => {
                terminal.say("no agent runs: there is nothing to lock")?;
                Ok(Exit::Done)
            }
        },
        args::Agent::Socket(args) => socket::run(args, &paths, terminal),
        args::Agent::Install => install::install(&paths, terminal),
        args::Agent::Uninstall => install::uninstall(terminal),
        args::Agent::Unlock { no_input } => {
            let kept = open::status(&paths)?;
            if kept.vault == VaultState::Absent {
                return Err(
                    Failure::new(Exit::NotFound, "there is no vault yet").with_remedy("log in: devpi-tokens login URL")
                );
            }
            open::unlock(&paths, kept.keeper.filter(|_| kept.vault.is_locked()), &Prompt::new(no_input))?;
            terminal.say("the vault is open")?;
            Ok(Exit::Done)
        }
    }
}

/// The agent for programs, and what it keeps.
#[derive(Serialize)]
struct Described<'a> {
    agent: Running<'a>,
    #[serde(flatten)]
    status: &'a Status,
}

#[derive(Serialize)]
struct Running<'a> {
    pid: u32,
    version: &'a str,
    socket: &'a Path,
}

impl<'a> Running<'a> {
    fn of(client: &'a Client) -> Self {
        Self { pid: client.agent, version: &client.program, socket: &client.socket }
    }
}

fn describe(client: &Client) -> String {
    format!("the agent runs: process {}, version {}\nsocket: {}", client.agent, client.program, client.socket.display())
}
