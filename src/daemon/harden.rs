//! The first lines of the agent: nothing of it can be read from outside, and nothing of its caller stays open.

use rustix::process::{DumpableBehavior, Resource, Rlimit};

use crate::exit::{Exit, Failure, why};
use crate::memory;

/// Makes this process unreadable for others of its user (`prctl(2)`, `PR_SET_DUMPABLE`), without core files, with
/// private files, with a locked stack. Its heap is locked from its first page on ([`memory::Heap`]).
///
/// # Errors
/// [`Exit::Unsafe`] where the system refuses: then no secret may be held.
pub fn harden() -> Result<(), Failure> {
    let refused = |error: rustix::io::Errno| {
        Failure::new(Exit::Unsafe, format!("cannot make the agent's memory private: {error}"))
    };
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(refused)?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(refused)?;
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
    // As much as can be had: where a service manager or an administrator has set an end, that one stays.
    let lockable = rustix::process::getrlimit(Resource::Memlock);
    let _ = rustix::process::setrlimit(Resource::Memlock, Rlimit { current: lockable.maximum, ..lockable });
    protect_stack().map_err(|error| {
        Failure::new(Exit::Unsafe, format!("cannot make the agent's stack private: {}", why(error.kind())))
    })
}

/// Locks the part of the stack that requests use and [`wipe_stack`] wipes, and leaves it out of dumps.
#[inline(never)]
fn protect_stack() -> std::io::Result<()> {
    // Twice what is wiped, as that lies deeper than this. And below it a piece that is used and not locked: a locked
    // one that has to grow ends the process where the limit is reached.
    let mut below = [0_u128; 3 * STACK / size_of::<u128>()];
    std::hint::black_box(&mut below);
    memory::empty(&mut below);
    memory::protect(&mut below[STACK / size_of::<u128>()..])
}

/// Leaves the caller behind: its session, its folder, the signals that it holds back (as `exec` does, which may start an
/// agent), and every file of it that is still open. A pipe held open here
/// would keep whoever reads it waiting for as long as the agent runs.
///
/// To be called before this process opened anything itself.
///
/// # Errors
/// [`Exit::Unavailable`] where the system refuses.
pub(super) fn detach() -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Unavailable, format!("cannot leave the caller's session: {}", why(error.kind())))
    };
    // Refused only to the leader of a process group, which has a session of its own then or was given one by hand.
    let _ = rustix::process::setsid();
    nix::sys::signal::SigSet::all().thread_unblock().map_err(|error| failed(error.into()))?;
    std::env::set_current_dir("/").map_err(failed)?;
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .map_err(failed)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // The listing's own descriptor is closed by now.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}

/// Lets go of the standard streams: the client that started this agent reads its output to the end, and a person who
/// started it by hand may have tied the others to a pipe as well.
///
/// # Errors
/// [`Exit::Unavailable`] where the system refuses.
pub(super) fn let_go_of_output() -> Result<(), Failure> {
    let replace = || -> std::io::Result<()> {
        let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        Ok(rustix::stdio::dup2_stdout(&null)?)
    };
    replace()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("cannot let go of the caller: {}", why(error.kind()))))
}

/// How much of the stack is wiped, in bytes: more than any request uses.
const STACK: usize = 64 * 1024;

/// Overwrites what functions that have returned left on the stack: a value that was moved is still where it was. To be
/// called from as near to the stack's beginning as they were.
#[inline(never)]
pub(super) fn wipe_stack() {
    let below = [0_u128; STACK / size_of::<u128>()];
    // Somebody may read them here, so no optimiser leaves the zeros out.
    std::hint::black_box(&below);
}
