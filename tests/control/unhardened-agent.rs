//! The agent without anything that hides its memory: the control of `tests/memory.rs`. A look that does not find a secret
//! in this one proves nothing of the other.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    devpi_tokens::daemon::run(&args, || Ok(()), &mut std::io::stdout(), &mut std::io::stderr())
}
