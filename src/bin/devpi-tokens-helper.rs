//! The program that pip, uv, twine and git run for credentials.
//!
//! Of the millisecond that it runs, the standard library takes a tenth before its `main`: it looks for the end of the
//! stack in `/proc/self/maps`, and makes another stack for a handler of overflows. So this is the C library's `main`,
//! where that tells the standard library of the arguments, too.
#![cfg_attr(all(target_os = "linux", target_env = "gnu"), no_main)]

use devpi_tokens::exit::Exit;
use devpi_tokens::helper::{Streams, run};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the one function of this name, with the signature that the C library calls it by")]
#[unsafe(no_mangle)]
extern "C" fn main(_: std::ffi::c_int, _: *const *const std::ffi::c_char) -> std::ffi::c_int {
    // What the standard library would have done: no file of ours takes the place of a closed stream, a closed pipe is an
    // error and no end, and a panic is its own exit code.
    devpi_tokens::process::hold_streams();
    std::panic::catch_unwind(help).map_or(101, |exit| exit as std::ffi::c_int)
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() -> std::process::ExitCode {
    help().into()
}

fn help() -> Exit {
    let args: Vec<_> = std::env::args_os().collect();
    run(&args, Streams { stdin: std::io::stdin(), stdout: &mut std::io::stdout(), stderr: &mut std::io::stderr() })
}
