//! The agent.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    devpi_tokens::daemon::run(&args, &mut std::io::stdout(), &mut std::io::stderr())
}
