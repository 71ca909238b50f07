//! Logs in the state folder: one process writes lines, any number read them, and the oldest go before they fill the
//! disk.
//!
//! A log is `NAME`, and behind it `NAME.1`, `NAME.2` and so on, each older than the one before. Every line is written
//! by one call behind the end of the file, so it is whole for whoever reads meanwhile; half a line, from a disk that
//! was full or a process that was killed, is ended by the next one and passed over by readers.

mod reader;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::renameat;
use rustix::io::Errno;

use crate::folder::{Folder, FolderError};

pub use reader::{LONGEST_LINE, Reader, Watch};

/// How large one file gets, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The log of hand-outs: its file, and how many older ones are kept. A hand-out usually takes about half a kilobyte, so
/// the last ten thousand can be read, in nine megabytes at most.
const HANDOUTS: (&str, u32) = ("handouts.log", 8);

/// What the agent says of itself.
const AGENT: (&str, u32) = ("agent.log", 1);

/// A log.
#[derive(Debug)]
pub struct Logbook {
    folder: Folder,
    name: &'static str,
    /// How many older files are kept.
    older: u32,
    largest: u64,
}

impl Logbook {
    /// The log of hand-outs in a state folder, which is made where it is not there. Its lines are
    /// [`crate::handout::Entry`].
    ///
    /// # Errors
    /// Where the folder is not ours alone.
    pub fn of_handouts(state: &Path) -> Result<Self, FolderError> {
        Self::in_folder(Folder::private(state)?, HANDOUTS)
    }

    /// The same where there is a state folder.
    ///
    /// # Errors
    /// Where the folder is not ours alone.
    pub fn of_earlier_handouts(state: &Path) -> Result<Option<Self>, FolderError> {
        Folder::existing(state)?.map(|folder| Self::in_folder(folder, HANDOUTS)).transpose()
    }

    /// The log of the agent itself.
    ///
    /// # Errors
    /// Where the folder is not ours alone.
    pub fn of_agent(state: &Path) -> Result<Self, FolderError> {
        Self::in_folder(Folder::private(state)?, AGENT)
    }

    fn in_folder(folder: Folder, (name, older): (&'static str, u32)) -> Result<Self, FolderError> {
        Ok(Self { folder, name, older, largest: LARGEST })
    }

    /// Writes a line, its end included. It is in the system's hands then and survives this process, though not a
    /// failure of power: nobody waits for the disk.
    ///
    /// The file is opened for each line, so one that somebody removed is made anew.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.folder.append(self.name)?;
        let mut size = file.metadata()?.len();
        if size > 0 && size + line.len() as u64 > self.largest {
            self.rotate()?;
            file = self.folder.append(self.name)?;
            size = file.metadata()?.len();
        }
        let end_of_last: &[u8] = if is_whole(&file, size)? { b"" } else { b"\n" };
        let text = [end_of_last, line].concat();
        let written = file.write(&text)?;
        if written == text.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    /// A process that is killed in here leaves a number out, which readers do not mind.
    fn rotate(&self) -> io::Result<()> {
        for number in (1..=self.older).rev() {
            match renameat(&self.folder, self.file(number - 1), &self.folder, self.file(number)) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn file(&self, number: u32) -> String {
        if number == 0 { self.name.to_owned() } else { format!("{}.{number}", self.name) }
    }

    /// Reads from the oldest line on.
    ///
    /// # Errors
    /// Where a file is not ours alone.
    pub fn read(&self) -> Result<Reader<'_>, FolderError> {
        Reader::new(self)
    }
}

/// Whether the last line has its end.
fn is_whole(file: &File, size: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if let Some(at) = size.checked_sub(1) {
        file.read_exact_at(&mut last, at)?;
    }
    Ok(last == *b"\n")
}

/// One call is one line.
impl Write for Logbook {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.append(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn small(folder: &Path, largest: u64) -> Logbook {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("set");
        let mut book = Logbook::of_handouts(folder).expect("a log");
        (book.older, book.largest) = (2, largest);
        book
    }

    fn lines(book: &Logbook) -> Vec<String> {
        let mut reader = book.read().expect("a reader");
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().expect("read") {
            lines.push(String::from_utf8(line.to_vec()).expect("text"));
        }
        lines
    }

    fn append(book: &Logbook, lines: impl IntoIterator<Item = u32>) {
        for line in lines {
            book.append(format!("{line:02}\n").as_bytes()).expect("written");
        }
    }

    #[test]
    fn a_log_keeps_its_last_lines_in_files_of_a_bounded_size() {
        let home = tempfile::tempdir().expect("a folder");
        let book = small(home.path(), 10);
        append(&book, 0..20);
        assert_eq!(lines(&book), ["12", "13", "14", "15", "16", "17", "18", "19"].map(str::to_owned)[..]);
        let mut names: Vec<String> = std::fs::read_dir(home.path())
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        assert_eq!(names, ["handouts.log", "handouts.log.1", "handouts.log.2"]);
        for name in names {
            let found = std::fs::metadata(home.path().join(name)).expect("there");
            assert!(found.len() <= 10 && found.permissions().mode() & 0o777 == 0o600);
        }
        std::fs::remove_file(home.path().join("handouts.log.1")).expect("removed");
        assert_eq!(lines(&book), ["12", "13", "14", "18", "19"].map(str::to_owned)[..], "a gap is passed over");
    }

    #[test]
    fn half_a_line_costs_no_other_and_is_not_read() {
        let home = tempfile::tempdir().expect("a folder");
        let book = small(home.path(), 1000);
        append(&book, [1]);
        book.append(b"half").expect("written");
        assert_eq!(lines(&book), ["01"]);
        append(&book, [2]);
        assert_eq!(lines(&book), ["01", "half", "02"]);
        book.append(&[b'x'; LONGEST_LINE + 1]).expect("written");
        append(&book, [3]);
        assert_eq!(lines(&book).last().map(String::as_str), Some("03"));
        assert_eq!(lines(&book).len(), 4, "a line that is too long is no line");
    }

    #[test]
    fn a_line_goes_into_no_other_file_and_none_is_lost_with_one_that_was_removed() {
        let home = tempfile::tempdir().expect("a folder");
        let book = small(home.path(), 1000);
        append(&book, [1]);
        std::fs::remove_file(home.path().join("handouts.log")).expect("removed");
        append(&book, [2]);
        assert_eq!(lines(&book), ["02"]);
        std::fs::remove_file(home.path().join("handouts.log")).expect("removed");
        std::fs::write(home.path().join("else"), "").expect("written");
        symlink(home.path().join("else"), home.path().join("handouts.log")).expect("linked");
        book.append(b"03\n").expect_err("a link");
        assert_eq!(std::fs::read_to_string(home.path().join("else")).expect("read"), "");
        std::fs::remove_file(home.path().join("handouts.log")).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, home.path().join("handouts.log"), rustix::fs::Mode::RWXU).expect("made");
        book.append(b"04\n").expect_err("a FIFO");
    }

    #[test]
    fn a_reader_misses_and_repeats_no_line_while_files_become_older() {
        let home = tempfile::tempdir().expect("a folder");
        let book = small(home.path(), 10);
        append(&book, 0..8);
        let mut reader = book.read().expect("a reader");
        let mut seen = Vec::new();
        let mut next = 8;
        loop {
            while let Some(line) = reader.next_line().expect("read") {
                seen.push(String::from_utf8(line.to_vec()).expect("text"));
            }
            if next == 20 {
                break;
            }
            // Half a line is waited for, and is lost where the next one begins a file.
            book.append(b"x").expect("written");
            assert!(reader.next_line().expect("read").is_none());
            append(&book, next..next + 4);
            next += 4;
            reader.catch_up().expect("found");
        }
        seen.retain(|line| line != "x");
        assert_eq!(seen, (0..20).map(|number| format!("{number:02}")).collect::<Vec<_>>());
    }
}
