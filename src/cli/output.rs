//! Where a token goes: to standard output, or into a file that nobody else can read.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Terminal;
use super::args::Output;
use super::prompt::Prompt;
use crate::exit::{Exit, Failure};
use crate::secret::Secret;

/// Makes sure that the token can be written, before one is made that nobody gets.
pub(super) fn check(output: &Output, prompt: &Prompt) -> Result<(), Failure> {
    let Some(path) = &output.output else { return Ok(()) };
    let shown = path.display();
    if output.force || std::fs::symlink_metadata(path).is_err() {
        // A file beside it tells whether there will be one.
        let new = beside(path);
        let _ = std::fs::remove_file(&new);
        create(&new).map_err(|error| failed(Exit::CannotCreate, "create", path, &error))?;
        let _ = std::fs::remove_file(&new);
        return Ok(());
    }
    if prompt.has_person() {
        if prompt.confirm(&format!("there is already a file at {shown}; replace it?"))? {
            return Ok(());
        }
        return Err(Failure::new(Exit::CannotCreate, format!("{shown} is left as it is"))
            .with_remedy("name another file with --output"));
    }
    Err(Failure::new(Exit::CannotCreate, format!("there is already a file at {shown}"))
        .with_remedy("name another one, or replace it with --force"))
}

/// Writes the token.
pub(super) fn write(output: &Output, token: &Secret, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    match &output.output {
        None => terminal.say(token.expose()),
        Some(path) => replace(path, |file| writeln!(file, "{}", token.expose())),
    }
}

/// Makes a file, or replaces one: it is there as a whole or not at all, and with mode 0600 from its first byte on.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Failure> {
    let new = beside(path);
    // What an earlier run left behind that was ended half way.
    let _ = std::fs::remove_file(&new);
    let mut file = create(&new).map_err(|error| failed(Exit::CannotCreate, "create", path, &error))?;
    let written = fill(&mut file).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&new);
        failed(Exit::CannotWrite, "write", path, &error)
    })
}

fn failed(exit: Exit, what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(exit, format!("cannot {what} {}: {}", path.display(), error.kind()))
        .with_remedy("name a file in a folder that is there and that you may write to")
}

fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A name in the same folder, so that renaming it is one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}
