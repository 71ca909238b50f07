//! `devpi-tokens setup --undo`: each file as it was, the last change first.

use super::journal::{Change, Undone};
use super::mask::Mask;
use super::work::Work;
use crate::exit::{Exit, Failure};

/// Takes back what was changed, and leaves what somebody has changed since.
pub(super) fn run(work: &mut Work<'_, '_>) -> Result<Exit, Failure> {
    let mut left: Vec<Change> = Vec::new();
    if work.journal.changes.is_empty() {
        work.terminal.tell("nothing to undo")?;
        return Ok(Exit::Done);
    }
    for change in work.journal.changes.clone() {
        work.terminal.tell(&format!("{}: as before", work.shown(change.path())))?;
    }
    if !work.agrees("take all of this back?")? {
        if work.left == 0 {
            return Ok(Exit::Done);
        }
        work.terminal.note("nothing was taken back; to agree to it: devpi-tokens setup --undo --yes");
        return Ok(Exit::NotFound);
    }
    while let Some(change) = work.journal.changes.pop() {
        // What was changed since lies above the changes before it.
        let is_blocked = left.iter().any(|later| later.path() == change.path());
        let outcome = if is_blocked { Ok(Undone::ChangedSince(Vec::new())) } else { change.undo(false) };
        match outcome {
            Ok(Undone::Yes) => work.made += 1,
            Ok(Undone::Already) => {}
            Ok(Undone::ChangedSince(lines)) => {
                tell_changed(work, &change, &lines, is_blocked)?;
                left.push(change);
            }
            Err(failure) => {
                work.go_on(Err(failure))?;
                left.push(change);
            }
        }
        let rest = work.journal.changes.len();
        work.journal.changes.extend(left.iter().rev().cloned());
        work.journal.save()?;
        work.journal.changes.truncate(rest);
    }
    work.terminal.tell(match work.made {
        0 => "nothing was taken back",
        _ => "taken back; packages in other environments stay, and so does what the agent keeps",
    })?;
    Ok(match left.is_empty() {
        true => Exit::Done,
        false => work.failed.unwrap_or(Exit::CannotWrite),
    })
}

fn tell_changed(work: &mut Work<'_, '_>, change: &Change, lines: &[String], is_blocked: bool) -> Result<(), Failure> {
    if is_blocked {
        return Ok(());
    }
    let path = work.shown(change.path());
    work.terminal.note(format!("devpi-tokens: {path} was changed since, and is left as it is"));
    let mask = Mask::of(&[], std::iter::empty());
    if !lines.is_empty() {
        work.terminal.note("  before setup these lines stood there:");
        lines.iter().for_each(|line| work.terminal.note(format!("    {}", mask.line(line))));
    }
    Ok(())
}
