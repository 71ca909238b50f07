//! `devpi-tokens log`: who asked, for what, what was granted, until when. It reads the files itself: no agent is needed.

use std::collections::VecDeque;
use std::os::fd::AsFd;

use super::args::Log;
use super::{Terminal, entry, not_a_time, now};
use crate::exit::{Exit, Failure, why};
use crate::handout::Entry;
use crate::logbook::{Logbook, Reader, Watch};
use crate::paths::Paths;
use crate::time;

pub(super) fn run(args: Log, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let since = args.since.as_deref().map(begin).transpose()?;
    let state = Paths::find()?.state;
    let book = match args.follow {
        true => Some(Logbook::of_handouts(&state)?),
        false => Logbook::of_earlier_handouts(&state)?,
    };
    let Some(book) = book else { return nothing(terminal) };
    let filter = Filter { args, since, view: entry::View::of(terminal) };
    // Before anything is read, so that nothing comes in between.
    let watch = filter.args.follow.then(|| Watch::new(&book));
    let mut reader = book.read()?;
    let shown = filter.show_last(&mut reader, terminal)?;
    let Some(watch) = watch else { return if shown { Ok(Exit::Done) } else { nothing(terminal) } };
    while watch.wait(std::io::stdout().as_fd()).map_err(|error| unreadable(&error))? {
        filter.show(&mut reader, terminal)?;
        reader.catch_up()?;
        filter.show(&mut reader, terminal)?;
    }
    Ok(Exit::Done)
}

/// A duration is meant backwards here, with and without a sign.
fn begin(text: &str) -> Result<u64, Failure> {
    let now = now();
    let ago = format!("-{}", text.trim());
    let found = match time::parse_duration(text, now) {
        Ok(_) => time::parse_instant(&ago, now),
        Err(_) => time::parse_instant(text, now),
    };
    found.map_err(|error| {
        not_a_time("--since", error).with_remedy("write it as 30min, 2 weeks, 2026-11-23 or 2026-11-23T19:00:00Z")
    })
}

fn nothing(terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    terminal.note("the log has nothing to show");
    Ok(Exit::NotFound)
}

/// The log cannot be read.
pub(super) fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("cannot read the log of hand-outs: {}", why(error.kind())))
        .with_remedy("it is handouts.log in the state folder: see that you may read it")
}

/// What is to be shown.
struct Filter {
    args: Log,
    /// In seconds since the epoch.
    since: Option<u64>,
    view: entry::View,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        let Log { user, server, purpose, project, index, program, .. } = &self.args;
        self.since.is_none_or(|since| entry.at >= since)
            && user.as_ref().is_none_or(|user| entry.user.as_ref() == Some(user))
            && server.as_ref().is_none_or(|target| entry.server.place(target).is_some())
            && purpose.is_none_or(|purpose| entry.purpose == purpose)
            && project.as_ref().is_none_or(|project| entry.projects.contains(project))
            && index.as_ref().is_none_or(|index| entry.indexes.contains(index))
            && program.as_ref().is_none_or(|name| {
                let caller = &entry.asker.caller;
                caller.as_ref().is_some_and(|caller| caller.is_called(name))
            })
    }

    /// The next entry that is to be shown.
    fn next(&self, reader: &mut Reader<'_>) -> Result<Option<Entry>, Failure> {
        while let Some(line) = reader.next_line().map_err(|error| unreadable(&error))? {
            if let Some(entry) = Entry::read(line).filter(|entry| self.takes(entry)) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Shows all up to the end; whether there was anything.
    fn show(&self, reader: &mut Reader<'_>, terminal: &mut Terminal<'_>) -> Result<bool, Failure> {
        let mut shown = false;
        while let Some(entry) = self.next(reader)? {
            self.tell(&entry, terminal)?;
            shown = true;
        }
        Ok(shown)
    }

    /// The same, of as many as are wanted.
    fn show_last(&self, reader: &mut Reader<'_>, terminal: &mut Terminal<'_>) -> Result<bool, Failure> {
        let Some(count) = self.args.last else { return self.show(reader, terminal) };
        let mut last = VecDeque::new();
        while let Some(entry) = self.next(reader)? {
            last.push_back(entry);
            if last.len() > count {
                last.pop_front();
            }
        }
        last.iter().try_for_each(|entry| self.tell(entry, terminal))?;
        Ok(!last.is_empty())
    }

    fn tell(&self, entry: &Entry, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
        if self.args.json {
            let line = entry.to_line().map_err(|error| unreadable(&error.into()))?;
            return terminal.say_json(line.trim_end());
        }
        let lines = entry::lines(entry, &self.view);
        lines.iter().try_for_each(|line| terminal.say(line))
    }
}
