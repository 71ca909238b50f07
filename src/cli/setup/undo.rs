//! `devpi-tokens setup --undo`: what was changed in each file, as it was, the last change first.

use std::path::{Path, PathBuf};

use super::file::Found;
use super::journal::{Change, remove};
use super::mask::Mask;
use super::patch::Piece;
use super::work::Work;
use crate::exit::{Exit, Failure};

/// What taking back comes to for one file or link.
struct Way {
    path: PathBuf,
    step: Step,
    /// What was changed since by somebody else, and stays in the journal.
    left: Vec<Change>,
}

enum Step {
    /// It is as it was already, or nothing of it can be taken back.
    Nothing,
    /// Another text for a file.
    Write(Found, String),
    /// It goes, with the folders that were made for it.
    Remove(Vec<PathBuf>),
}

/// Takes back what was changed, and leaves what somebody has changed since.
pub(super) fn run(work: &mut Work<'_, '_>, is_dry: bool) -> Result<Exit, Failure> {
    if work.journal.changes.is_empty() {
        work.tell("nothing to undo")?;
        return Ok(Exit::Done);
    }
    let mut ways = Vec::new();
    for path in paths(&work.journal.changes) {
        match Way::of(path, &work.journal.changes) {
            Ok(way) => ways.push(way),
            Err(failure) => work.go_on(Err(failure))?,
        }
    }
    for way in &ways {
        tell(work, way)?;
    }
    if ways.iter().any(Way::changes_something) && !work.agrees("take all of this back?")? {
        if work.left == 0 || is_dry {
            return Ok(Exit::Done);
        }
        work.terminal.note("nothing was taken back; to agree to it: devpi-tokens setup --undo --yes");
        return Ok(Exit::NotFound);
    }
    if is_dry {
        return Ok(Exit::Done);
    }
    for way in ways {
        let gone = go(work, way);
        work.go_on(gone)?;
    }
    work.tell(match work.made {
        0 => "nothing was taken back",
        _ => "taken back; packages in other environments stay, and so does what the agent keeps",
    })?;
    Ok(match work.journal.changes.is_empty() {
        true => Exit::Done,
        false => work.failed.unwrap_or(Exit::CannotWrite),
    })
}

/// Each path once, that of the last change first.
fn paths(changes: &[Change]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for change in changes.iter().rev() {
        if !paths.iter().any(|path| path == change.path()) {
            paths.push(change.path().to_owned());
        }
    }
    paths
}

impl Way {
    /// For a path, of all changes.
    fn of(path: PathBuf, changes: &[Change]) -> Result<Self, Failure> {
        let its: Vec<&Change> = changes.iter().rev().filter(|change| change.path() == path).collect();
        for change in &its {
            if let Change::Link { to, made, .. } = change
                && std::fs::read_link(&path).ok().as_ref() == Some(to)
            {
                return Ok(Self { path, step: Step::Remove(made.clone()), left: Vec::new() });
            }
        }
        if !its.iter().any(|change| matches!(change, Change::File { .. })) {
            return Ok(Self { path, step: Step::Nothing, left: Vec::new() });
        }
        Self::of_file(path, &its)
    }

    fn of_file(path: PathBuf, its: &[&Change]) -> Result<Self, Failure> {
        let found = Found::read(&path)?;
        let mut text = found.text().to_owned();
        let (mut left, mut folders) = (Vec::new(), None);
        for change in its {
            let Change::File { path, made, back } = change else { continue };
            let (undone, rest) = back.undone(&text);
            text = undone;
            if rest.pieces.is_empty() {
                folders = made.clone();
            } else {
                left.push(Change::File { path: path.clone(), made: made.clone(), back: rest });
            }
        }
        left.reverse();
        let step = match folders.filter(|_| text.trim().is_empty()) {
            // Somebody has removed it since.
            _ if found.text.is_none() => Step::Nothing,
            Some(folders) => Step::Remove(folders),
            None if text == found.text() => Step::Nothing,
            None => Step::Write(found, text),
        };
        Ok(Self { path, step, left })
    }

    fn changes_something(&self) -> bool {
        !matches!(self.step, Step::Nothing)
    }
}

fn go(work: &mut Work<'_, '_>, way: Way) -> Result<(), Failure> {
    match &way.step {
        Step::Nothing => {}
        Step::Write(found, text) => found.write(text)?,
        Step::Remove(folders) => remove(&way.path, folders)?,
    }
    work.made += usize::from(way.changes_something());
    work.journal.changes.retain(|change| change.path() != way.path);
    work.journal.changes.extend(way.left);
    work.journal.save()
}

fn tell(work: &mut Work<'_, '_>, Way { path, step, left }: &Way) -> Result<(), Failure> {
    let shown = work.shown(path);
    match (step, left.is_empty()) {
        (_, true) => work.tell(&format!("{shown}: as before"))?,
        (Step::Nothing, false) => work.tell(&format!("{shown}: was changed since, and is left as it is"))?,
        (_, false) => work.tell(&format!("{shown}: as before, but for what was changed since"))?,
    }
    for change in left {
        if let Change::File { back, .. } = change {
            back.pieces.iter().for_each(|piece| tell_left(work, path, piece));
        }
    }
    Ok(())
}

/// Says what a person is to take out, and what stood there.
fn tell_left(work: &mut Work<'_, '_>, path: &Path, Piece { now, before, .. }: &Piece) {
    let path = work.shown(path);
    let mask = Mask::of(&[], std::iter::empty());
    for (what, lines) in [("setup has put there:", now), ("before setup these lines stood there:", before)] {
        if !lines.trim().is_empty() {
            work.terminal.note(format!("  {path}: {what}"));
            lines.lines().for_each(|line| work.terminal.note(format!("    {}", mask.line(line))));
        }
    }
}
