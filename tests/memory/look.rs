//! Looks into a process: its memory through `/proc`, a core of it by gdb.

use std::fs::File;
use std::io::BufRead;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How long gdb may take, in seconds.
const PATIENCE: &str = "60";

/// What is looked for: a name and its bytes.
pub(crate) type Needle = (&'static str, Vec<u8>);

/// Which of them stand in there.
fn standing(parts: &[Vec<u8>], needles: &[Needle]) -> Vec<&'static str> {
    let stands = |bytes: &Vec<u8>| parts.iter().any(|part| contains(part, bytes));
    needles.iter().filter(|(_, bytes)| stands(bytes)).map(|(name, _)| *name).collect()
}

/// In a core there are millions of places to look at, which are too many for `windows` without an optimiser.
fn contains(mut part: &[u8], bytes: &[u8]) -> bool {
    while part.skip_until(bytes[0]).expect("memory") > 0 {
        if part.starts_with(&bytes[1..]) {
            return true;
        }
    }
    false
}

/// Which of them stand in what a process can write to, devices apart; an error where it cannot be looked at.
pub(crate) fn in_memory(pid: u32, needles: &[Needle]) -> std::io::Result<Vec<&'static str>> {
    let maps = File::open(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let regions = std::io::BufReader::new(maps).lines().map(|line| line.expect("a line"));
    let writable = regions.filter(|line| line.contains(" rw"));
    let read = writable.filter_map(|line| {
        let (begin, end) = line.split_once(' ')?.0.split_once('-')?;
        let at = |text| u64::from_str_radix(text, 16).expect("an address");
        let mut bytes = vec![0; usize::try_from(at(end) - at(begin)).expect("a length")];
        memory.read_exact_at(&mut bytes, at(begin)).ok().map(|()| bytes)
    });
    let read: Vec<Vec<u8>> = read.collect();
    assert!(!read.is_empty(), "nothing was read");
    Ok(standing(&read, needles))
}

/// What a core is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Core {
    /// What the system would write.
    Plain,
    /// All of it, also what the process wants left out of its dumps.
    Whole,
}

/// Which of them stand in a core that gdb takes of a process, as root or as a user; what gdb said where it takes none.
pub(crate) fn in_core(
    pid: u32,
    core: Core,
    user: Option<u32>,
    needles: &[Needle],
) -> Result<Vec<&'static str>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut gcore = Command::new("timeout");
    gcore.args([PATIENCE, "gcore"]);
    if core == Core::Whole {
        gcore.arg("-a");
    }
    gcore.arg("-o").arg(folder.path().join("core")).arg(pid.to_string());
    if let Some(user) = user {
        std::os::unix::fs::chown(folder.path(), Some(user), Some(user)).expect("given away");
        gcore.uid(user).gid(user);
    }
    let said = run(gcore, folder.path());
    let path = folder.path().join(format!("core.{pid}"));
    if path.exists() { Ok(in_file(&path, needles)) } else { Err(said) }
}

fn in_file(core: &Path, needles: &[Needle]) -> Vec<&'static str> {
    let core = std::fs::read(core).expect("a core");
    assert!(core.starts_with(b"\x7fELF") && core.len() > 100_000, "no core: {} bytes", core.len());
    standing(&[core], needles)
}

fn run(mut gdb: Command, folder: &Path) -> String {
    let Output { stdout, stderr, .. } = clean(&mut gdb, folder).output().expect("gdb");
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}

/// Without settings of whoever runs the tests.
fn clean<'a>(gdb: &'a mut Command, folder: &Path) -> &'a mut Command {
    gdb.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder).current_dir(folder).stdin(Stdio::null())
}

/// gdb at the end of a process: there it takes a whole core.
pub(crate) struct AtExit {
    gdb: std::process::Child,
    folder: tempfile::TempDir,
}

impl AtExit {
    /// Waits for its end from now on.
    pub(crate) fn of(pid: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut gdb = Command::new("timeout");
        gdb.args([PATIENCE, "gdb", "-nx", "-batch", "-readnever", "-p", &pid.to_string()]);
        let core = format!("generate-core-file {}", core_in(&folder).display());
        let caught = format!("shell touch {}", caught_in(&folder).display());
        for command in [
            "handle all nostop noprint pass",
            "catch syscall exit_group",
            // It stands still until gdb goes on.
            &caught,
            "continue",
            "set use-coredump-filter off",
            "set dump-excluded-mappings on",
            &core,
        ] {
            gdb.args(["-ex", command]);
        }
        clean(&mut gdb, folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { gdb: gdb.spawn().expect("gdb"), folder }
    }

    /// Whether its end will be seen, once it runs again.
    pub(crate) fn is_awaited(&self) -> bool {
        caught_in(&self.folder).exists()
    }

    /// Which of them stood in its memory when it had ended.
    pub(crate) fn found(mut self, needles: &[Needle]) -> Vec<&'static str> {
        self.gdb.wait().expect("gdb ends");
        in_file(&core_in(&self.folder), needles)
    }
}

fn caught_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("caught")
}

fn core_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("core")
}
