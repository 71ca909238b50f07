//! Programs: run to their end, or kept running for as long as their owner lives.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result, tail};

/// The folder of this crate, where its Python files and requirements lie.
pub(crate) fn own_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs to the end and gives standard output; a failure carries the end of what was printed.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().map_err(Error::io(format!("cannot run {what}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(Error::Failed { what: what.to_owned(), output: tail(&printed) })
}

/// Runs one of the bed's Python scripts with this input and gives its output.
pub(crate) fn script(python: &Path, name: &str, argument: &str, input: &[u8]) -> Result<Vec<u8>> {
    let mut command = Command::new(python);
    command.arg("-I").arg(own_folder().join("python").join(name)).arg(argument);
    let failed = || format!("cannot run {name}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io(failed()))?;
    // The scripts read all of their input before they write: no deadlock between two full pipes.
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().map_err(Error::io(failed()))?;
    if !output.status.success() {
        return Err(Error::Failed { what: name.to_owned(), output: tail(&output.stderr) });
    }
    written.map_err(Error::io(failed()))?;
    Ok(output.stdout)
}

/// A server that runs until this is dropped, or until this process is gone in whatever way.
///
/// Its parent is `keeper.py`, which waits for the end of a pipe whose other end is here: a `static` is never dropped,
/// a killed test drops nothing, and the kernel's own signal for orphans follows threads, which end with each test.
#[derive(Debug)]
pub(crate) struct Kept {
    keeper: Child,
    log: PathBuf,
}

impl Kept {
    /// Starts the command, with its output going to the file `log`. `remove` is a folder that goes with it.
    pub(crate) fn start(python: &Path, command: &Command, log: &Path, remove: Option<&Path>) -> Result<Self> {
        let printed = File::create(log).map_err(Error::path("write", log))?;
        let also = printed.try_clone().map_err(Error::path("write", log))?;
        let mut keeper = Command::new(python);
        keeper
            .args(["-I", "-S"])
            .arg(own_folder().join("python/keeper.py"))
            .arg(remove.map_or(OsStr::new("-"), Path::as_os_str))
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(printed)
            .stderr(also)
            // An interrupt from the terminal reaches its owner, who then closes the pipe.
            .process_group(0);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => keeper.env(name, value),
                None => keeper.env_remove(name),
            };
        }
        let keeper = keeper.spawn().map_err(Error::io("cannot run python3"))?;
        Ok(Self { keeper, log: log.to_owned() })
    }

    /// Whether the server ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.keeper.try_wait(), Ok(None))
    }

    /// The end of what it printed.
    pub(crate) fn printed(&self) -> String {
        tail(&std::fs::read(&self.log).unwrap_or_default())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The end of the pipe is the order to end; what the keeper waits for cannot ignore its signal.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
