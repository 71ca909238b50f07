//! The program that pip, uv, twine and git run for credentials.

use std::process::ExitCode;

use devpi_tokens::helper::{Streams, run};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    run(&args, Streams { stdin: std::io::stdin(), stdout: &mut std::io::stdout(), stderr: &mut std::io::stderr() })
}
