//! Linux: everything is read through `/proc/PID`, opened once
//! ([proc(5)](https://man7.org/linux/man-pages/man5/proc.5.html)).

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use super::ProcessError;

/// The longest command line that is read, in bytes.
const LONGEST_ARGV: usize = 128 * 1024;
/// The longest `stat` line that is read, in bytes: 52 numbers and a name of 15 characters have less.
const LONGEST_STAT: usize = 2048;
/// What most of them fit in, in bytes.
const USUAL: usize = 1024;

/// What of `/proc/PID/stat` is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    /// Field 4.
    pub(super) parent: u32,
    /// Field 6.
    pub(super) session: u32,
    /// Field 22, in clock ticks since boot.
    pub(super) started: u64,
}

impl Status {
    /// The second field is the program's name, which may hold blanks and brackets: all else is behind the last one.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            parent: field(4)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }
}

/// The folder `/proc/PID`. It belongs to the process and not to its number.
#[derive(Debug)]
pub(super) struct Entry(OwnedFd);

impl Entry {
    pub(super) fn open(pid: u32) -> Result<Self, ProcessError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(CWD, format!("/proc/{pid}"), flags, Mode::empty());
        opened.map(Self).map_err(|error| explain(pid, error))
    }

    pub(super) fn status(&self, pid: u32) -> Result<Status, ProcessError> {
        // The system makes the line as a whole, so it comes as a whole.
        let mut line = [0; LONGEST_STAT];
        let length = self.open_file("stat").and_then(|file| rustix::io::read(file, &mut line));
        let length = length.map_err(|error| explain(pid, error))?;
        Status::parse(&String::from_utf8_lossy(&line[..length])).ok_or_else(|| explain(pid, Errno::INVAL))
    }

    pub(super) fn argv(&self) -> Vec<String> {
        let mut bytes = self.read("cmdline", LONGEST_ARGV).unwrap_or_default();
        if bytes.len() == LONGEST_ARGV {
            // The last item may be a part of one: a file that is named by half is another file.
            bytes.truncate(bytes.iter().rposition(|byte| *byte == 0).map_or(0, |at| at + 1));
        }
        if bytes.last() == Some(&0) {
            bytes.pop();
        } else if bytes.is_empty() {
            return Vec::new();
        }
        bytes.split(|byte| *byte == 0).map(|item| String::from_utf8_lossy(item).into_owned()).collect()
    }

    pub(super) fn link(&self, name: &str) -> Option<PathBuf> {
        let target = readlinkat(&self.0, name, Vec::new()).ok()?;
        Some(OsString::from_vec(target.into_bytes()).into())
    }

    fn open_file(&self, name: &str) -> Result<OwnedFd, Errno> {
        openat(&self.0, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
    }

    fn read(&self, name: &str, longest: usize) -> Result<Vec<u8>, Errno> {
        let file = self.open_file(name)?;
        // Room for nearly all at once: the system makes a new text for each file that is read.
        let mut bytes = Vec::with_capacity(USUAL);
        let read = File::from(file).take(longest as u64).read_to_end(&mut bytes);
        read.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(bytes)
    }
}

fn explain(pid: u32, error: Errno) -> ProcessError {
    match error {
        Errno::NOENT | Errno::SRCH => ProcessError::Ended(pid),
        other => ProcessError::Hidden { pid, source: other.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_may_look_like_the_rest_of_its_line() {
        let line = "4711 (a) R 1 (b) 9) S 42 4711 4242 34816 4800 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3\n";
        assert_eq!(Status::parse(line), Some(Status { parent: 42, session: 4242, started: 987_654 }));
    }

    #[test]
    fn a_line_that_is_cut_off_tells_nothing() {
        for line in ["", "1 (a", "1 (a)", "1 (a) S 1 1", "1 (a) S -1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5"] {
            assert_eq!(Status::parse(line), None, "{line}");
        }
    }
}
