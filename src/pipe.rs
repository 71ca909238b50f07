//! Reads what a pipe says, within a size and a time.

use std::io::{ErrorKind, Read, Result};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

/// Everything up to the end of the pipe, which may hold secrets: the buffer is wiped when it is dropped.
///
/// # Errors
/// [`ErrorKind::FileTooLarge`] for more than `longest` bytes, read no further than that; [`ErrorKind::TimedOut`] where
/// the pipe is not closed within `limit`; what the system says.
pub fn read(pipe: &mut (impl Read + AsFd), longest: usize, limit: Duration) -> Result<Zeroizing<Vec<u8>>> {
    read_lines(pipe, (longest, longest), limit)
}

/// The same, where a line has a size, too: all that is taken, and the longest line of it.
///
/// # Errors
/// As [`read`]; also [`ErrorKind::FileTooLarge`] for a line over its size, as soon as that is seen.
pub fn read_lines(
    pipe: &mut (impl Read + AsFd),
    (longest, longest_line): (usize, usize),
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>> {
    let deadline = Instant::now() + limit;
    // One byte more than is taken, so that the end and too much can be told apart; never grown.
    let mut said = Zeroizing::new(vec![0; longest + 1]);
    let mut length = 0;
    loop {
        wait(pipe, deadline)?;
        let before = length;
        match pipe.read(&mut said[length..])? {
            0 => break,
            more => length += more,
        }
        // The line that the new bytes go on with, and those that they begin.
        let begin = said[..before].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut lines = said[begin..length].split(|byte| *byte == b'\n');
        if length > longest || lines.any(|line| line.len() > longest_line) {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
    said.truncate(length);
    Ok(said)
}

/// One line, with its end where it has one; nothing at the end of the pipe. Whatever stands behind it stays there, for
/// whoever reads on.
///
/// # Errors
/// As [`read`].
pub fn line(pipe: &mut (impl Read + AsFd), longest: usize, limit: Duration) -> Result<Zeroizing<Vec<u8>>> {
    let deadline = Instant::now() + limit;
    let mut said = Zeroizing::new(Vec::with_capacity(longest));
    let mut byte = Zeroizing::new([0]);
    while !said.ends_with(b"\n") {
        wait(pipe, deadline)?;
        if pipe.read(&mut *byte)? == 0 {
            break;
        }
        if said.len() == longest {
            return Err(ErrorKind::FileTooLarge.into());
        }
        said.extend_from_slice(&*byte);
    }
    Ok(said)
}

/// Comes back when there is something to read, or the end.
fn wait(pipe: &impl AsFd, deadline: Instant) -> Result<()> {
    let rest = deadline.saturating_duration_since(Instant::now());
    let rest = Timespec { tv_sec: rest.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: rest.subsec_nanos().into() };
    match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&rest))? {
        0 => Err(ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn a_pipe_is_read_to_its_end_and_no_further_than_allowed() {
        let read_back = |text: &[u8], longest| {
            let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
            writer.write_all(text).expect("written");
            drop(writer);
            read(&mut reader, longest, Duration::from_secs(5)).map(|said| said.to_vec())
        };
        assert_eq!(read_back(b"hello", 5).expect("all of it"), b"hello");
        assert_eq!(read_back(b"", 5).expect("nothing"), b"");
        for text in ["hello!", "he\nllo"] {
            assert_eq!(read_back(text.as_bytes(), 5).expect_err("too much").kind(), ErrorKind::FileTooLarge);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_before_more_is_read() {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"12345\n12").expect("written");
        let (mut second, mut end) = std::io::pipe().expect("a pipe");
        end.write_all(b"12345\n12345").expect("written");
        drop(end);
        assert_eq!(read_lines(&mut second, (99, 5), Duration::from_secs(5)).expect("all of it").len(), 11);
        // Nobody closes this one: waiting for more would end otherwise.
        writer.write_all(b"3456").expect("written");
        let refused = read_lines(&mut reader, (99, 5), Duration::from_secs(5)).expect_err("too much");
        assert_eq!(refused.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn of_a_line_nothing_is_taken_that_stands_behind_it() {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"12345\n\n12").expect("written");
        let mut next = |longest| line(&mut reader, longest, Duration::from_secs(5)).map(|said| said.to_vec());
        assert_eq!(next(6).expect("a line"), b"12345\n");
        assert_eq!(next(6).expect("an empty one"), b"\n");
        assert_eq!(next(1).expect_err("too long").kind(), ErrorKind::FileTooLarge);
        drop(writer);
        assert_eq!(next(6).expect("the end"), b"");
    }

    #[test]
    fn a_pipe_that_never_closes_is_given_up() {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"half").expect("written");
        assert_eq!(read(&mut reader, 99, SHORT).expect_err("no end").kind(), ErrorKind::TimedOut);
        writer.write_all(b"half").expect("written");
        assert_eq!(line(&mut reader, 99, SHORT).expect_err("no end").kind(), ErrorKind::TimedOut);
    }
}
