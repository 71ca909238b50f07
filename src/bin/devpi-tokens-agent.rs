//! The agent.

use std::process::ExitCode;

use devpi_tokens::daemon;
use devpi_tokens::memory::Heap;

#[global_allocator]
static HEAP: Heap = Heap::new();

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    daemon::run(&args, daemon::harden, &mut std::io::stdout(), &mut std::io::stderr())
}
