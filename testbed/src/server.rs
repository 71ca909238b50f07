//! devpi-server, running.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::http::{self, Auth};
use crate::process::Kept;
use crate::tools::Tools;

/// How long a server may take to answer for the first time: seconds on a busy machine with few cores.
const DEADLINE: Duration = Duration::from_secs(90);

/// How often a port that someone else took between choosing and using it is chosen anew.
const PORTS: usize = 3;

/// A running server, with its port on the loopback address.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) port: u16,
    _process: Kept,
}

impl Served {
    /// Starts what `command` gives for a port of the kernel's choosing, and waits until `path` is answered at it.
    pub(crate) fn start(folder: &Path, path: &str, mut start: impl FnMut(u16) -> Result<Kept>) -> Result<Self> {
        let mut ended = String::new();
        for _ in 0..PORTS {
            let port = free_port()?;
            let mut process = start(port)?;
            let begun = Instant::now();
            while begun.elapsed() < DEADLINE && !process.has_ended() {
                if http::get(&format!("http://127.0.0.1:{port}{path}"), Auth::None)
                    .is_ok_and(|reply| reply.status < 300)
                {
                    return Ok(Self { port, _process: process });
                }
                // Nothing tells of a server that starts to listen: asking often and cheaply is all there is.
                std::thread::sleep(Duration::from_millis(30));
            }
            ended = process.printed();
            if !process.has_ended() {
                let what = format!("the server in {}", folder.display());
                return Err(Error::Late { what, seconds: DEADLINE.as_secs(), output: ended });
            }
        }
        Err(Error::Failed { what: format!("the server in {}", folder.display()), output: ended })
    }

    /// devpi-server with its state in `folder/server`. `remove` says whether the folder goes with it.
    pub(crate) fn devpi(tools: &Tools, folder: &Path, remove: bool, gate: Option<&Path>) -> Result<Self> {
        let state = folder.join("server");
        let secret = state.join("secret");
        Self::start(folder, "/+api", |port| {
            let mut command = Command::new(tools.server.bin("devpi-server"));
            command.arg("--serverdir").arg(&state).arg("--secretfile").arg(&secret);
            command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--threads", "8"]);
            // By default each of the server's own keys costs 512 MiB and seconds of both cores, for a secret of no worth.
            command.args(["--argon2-memory-cost", "1024", "--argon2-time-cost", "1", "--argon2-parallelism", "1"]);
            command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
            if let Some(log) = gate {
                command.env("PYTHONPATH", crate::process::own_folder().join("plugin"));
                command.env("PYTHONDONTWRITEBYTECODE", "1").env("DEVPI_TESTBED_LOG", log);
            }
            Kept::start(&tools.server.python(), &command, &folder.join("devpi.out"), remove.then_some(folder))
        })
    }

    /// Where it answers, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn free_port() -> Result<u16> {
    let chosen = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    Ok(chosen.map_err(Error::io("cannot listen on 127.0.0.1"))?.port())
}
