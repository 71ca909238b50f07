//! Reads a log while it is written.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};

use super::Logbook;
use crate::folder::FolderError;

/// The longest line that is read, in bytes; a longer one is passed over.
pub const LONGEST_LINE: usize = 64 * 1024;

/// How long to wait between two looks where the system does not tell of changes.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// The lines of a log, the oldest first.
pub struct Reader<'a> {
    book: &'a Logbook,
    current: Option<BufReader<File>>,
    /// Those that come after it.
    newer: VecDeque<File>,
    line: Vec<u8>,
    state: Line,
}

/// What is in the buffer for a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Begun,
    Whole,
    TooLong,
}

impl<'a> Reader<'a> {
    pub(super) fn new(book: &'a Logbook) -> Result<Self, FolderError> {
        let mut newer = files(book, None)?;
        let current = newer.pop_front().map(BufReader::new);
        Ok(Self { book, current, newer, line: Vec::new(), state: Line::Begun })
    }

    /// The next line without its end; none at the end of the log as it is now. Half a line is none until it is whole.
    ///
    /// # Errors
    /// What the system says.
    pub fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        if self.state == Line::Whole {
            self.begin();
        }
        loop {
            let Some(current) = &mut self.current else { return Ok(None) };
            let found = current.fill_buf()?;
            if found.is_empty() {
                let Some(newer) = self.newer.pop_front() else { return Ok(None) };
                self.current = Some(BufReader::new(newer));
                // What the file before ended with has no more to come.
                self.begin();
                continue;
            }
            let end = found.iter().position(|byte| *byte == b'\n');
            let part = &found[..end.unwrap_or(found.len())];
            if self.line.len() + part.len() > LONGEST_LINE {
                self.state = Line::TooLong;
                self.line.clear();
            } else if self.state == Line::Begun {
                self.line.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            current.consume(taken);
            match (end, self.state) {
                (Some(_), Line::TooLong) => self.begin(),
                (Some(_), _) => {
                    self.state = Line::Whole;
                    return Ok(Some(&self.line));
                }
                (None, _) => {}
            }
        }
    }

    fn begin(&mut self) {
        self.line.clear();
        self.state = Line::Begun;
    }

    /// Finds the files that came since; to be called at the end of the log.
    ///
    /// # Errors
    /// Where a file is not ours alone.
    pub fn catch_up(&mut self) -> Result<(), FolderError> {
        self.newer = files(self.book, self.current.as_ref().map(BufReader::get_ref))?;
        if self.current.is_none() {
            self.current = self.newer.pop_front().map(BufReader::new);
        }
        Ok(())
    }
}

/// The files of a log that are newer than one, or all of them, the oldest first. They are opened from the newest on:
/// where they get older meanwhile, one is met twice rather than missed.
fn files(book: &Logbook, known: Option<&File>) -> Result<VecDeque<File>, FolderError> {
    let inode = |file: &File| file.metadata().map(|found| (found.dev(), found.ino())).ok();
    let known = known.and_then(inode);
    let mut seen = Vec::new();
    let mut files = VecDeque::new();
    for number in 0..=book.older {
        let Some(file) = book.folder.file(&book.file(number))? else { continue };
        let found = inode(&file);
        if known.is_some() && found == known {
            break;
        }
        if !seen.contains(&found) {
            seen.push(found);
            files.push_front(file);
        }
    }
    Ok(files)
}

/// Tells when there may be more to read.
pub struct Watch(Option<OwnedFd>);

impl Watch {
    /// Begins to watch. Where the system has no room for that, it is looked every second.
    pub fn new(book: &Logbook) -> Self {
        let watch = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).and_then(|watch| {
            let changes = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
            add_watch(&watch, book.folder.path(), changes).map(|_| watch)
        });
        Self(watch.ok())
    }

    /// Waits until there may be more, and is false once nobody reads `output` any more.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&self, output: BorrowedFd<'_>) -> io::Result<bool> {
        // Of the output only its end is of interest, which is told unasked.
        let mut all = vec![PollFd::new(&output, PollFlags::empty())];
        all.extend(self.0.as_ref().map(|watch| PollFd::new(watch, PollFlags::IN)));
        let limit = if self.0.is_some() { None } else { Some(&LOOK) };
        match poll(&mut all, limit) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_read = !all[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
        let mut events = [0; 4096];
        while let Some(watch) = &self.0
            && rustix::io::read(watch, &mut events).is_ok_and(|length| length > 0)
        {}
        Ok(is_read)
    }
}
