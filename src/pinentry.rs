//! A question that a person answers in a window or a terminal of its own, through the system's pinentry
//! ([Assuan](https://www.gnupg.org/documentation/manuals/assuan/), as pinentry's manual uses it).
//!
//! To say yes is to type a number that stands in the question. pinentry's buttons would not do: its `CONFIRM` takes
//! Enter for yes, and with the buttons changed over, `Not confirmed` for yes, which some pinentries say too when they
//! could not ask at all. Of `GETPIN` everything that goes wrong looks otherwise than the right number.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream as Pair;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::escape::one_line;
use crate::exit::why;
use crate::session_bus::Screen;

/// Where the system keeps it. Not on PATH, and in no file of ours: a program of the same user is not to choose it.
const PLACES: [&str; 3] = ["/usr/bin/pinentry", "/usr/local/bin/pinentry", "/run/current-system/sw/bin/pinentry"];

/// The most lines of a text for which there is room on a terminal of 24 rows, in each pinentry for terminals.
pub const MOST_LINES: usize = 16;

/// The longest line of the protocol, in bytes, its end included.
const LONGEST_LINE: usize = 1000;

/// All that a pinentry may say, in bytes.
const LONGEST: usize = 16 * 1024;

/// How long a pinentry may take to give its terminal back when it is ended.
const LEAVE: Duration = Duration::from_secs(1);

/// The codes among those of libgpg-error that mean a person, by the lower 16 bits of what pinentry says.
const TIMEOUT: u32 = 62;
const CANCELED: u32 = 99;
const NOT_CONFIRMED: u32 = 114;
const FULLY_CANCELED: u32 = 198;

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The number that stands in the question.
    Yes,
    /// Anything else.
    No,
    /// Nothing in time.
    Nothing,
}

/// Why nobody could be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinentryError {
    /// It did not start.
    #[error("cannot start {program}: {}", why(*reason))]
    Start {
        /// The program.
        program: PathBuf,
        /// The kind of the system's error.
        reason: ErrorKind,
    },
    /// The question is longer than a line of the protocol.
    #[error("the question is too long for pinentry")]
    TooLong,
    /// It says that it cannot ask, in its own words.
    #[error("pinentry failed: {0}")]
    Failed(String),
    /// It ended, or said what is no answer.
    #[error("pinentry gave no answer")]
    Broken,
}

impl From<io::Error> for PinentryError {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// The system's pinentry, where it has one that only the administrator can have put there.
pub fn find() -> Option<PathBuf> {
    PLACES.into_iter().find_map(|place| {
        let program = Path::new(place).canonicalize().ok()?;
        // In a sticky folder others may make files, and not replace any.
        let is_closed = |stat: &Metadata| stat.mode() & 0o022 == 0 || (stat.is_dir() && stat.mode() & 0o1000 != 0);
        let of_system = |path: &Path| path.metadata().is_ok_and(|stat| stat.uid() == 0 && is_closed(&stat));
        (program.is_file() && program.ancestors().all(of_system)).then_some(program)
    })
}

/// Asks a person on that screen, and ends the pinentry when there is an answer, no time left, or nobody who waits.
///
/// The text is plain ASCII: pinentries differ in what else they can show.
///
/// # Errors
/// [`PinentryError`]; none of them is a yes.
pub async fn ask(program: &Path, text: &str, screen: &Screen, deadline: Duration) -> Result<Answer, PinentryError> {
    let number = number()?;
    let (mut talk, _running) = start(program, screen)?;
    // A little earlier than we do, it ends by itself.
    let seconds = deadline.as_secs().saturating_sub(1).max(1);
    let text = format!("{text}\n\nTo allow it, type {number}. Enter alone means no.");
    let asked = async {
        talk.question(&text, screen, seconds).await?;
        talk.answer(&number).await
    };
    tokio::time::timeout(deadline, asked).await.unwrap_or(Ok(Answer::Nothing))
}

/// Three digits that nobody can have known before.
fn number() -> Result<String, PinentryError> {
    let mut random = [0; 4];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).map_err(io::Error::from)?;
    Ok((100 + u32::from_ne_bytes(random) % 900).to_string())
}

/// Its input and output are a socket: into a pipe any program of the same user could write an answer, through `/proc`.
fn start(program: &Path, screen: &Screen) -> Result<(Talk, Running), PinentryError> {
    let (ours, its) = Pair::pair()?;
    ours.set_nonblocking(true)?;
    let output = its.try_clone()?;
    let child = Command::new(program)
        .env_clear()
        .envs(screen.environment.variables())
        .current_dir("/")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(its)))
        .stdout(Stdio::from(std::os::fd::OwnedFd::from(output)))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| PinentryError::Start { program: program.to_owned(), reason: error.kind() })?;
    let talk = Talk { stream: UnixStream::from_std(ours)?, said: Zeroizing::new(Vec::with_capacity(LONGEST)), read: 0 };
    Ok((talk, Running(Some(child))))
}

/// A pinentry. Asked to end first, so that it gives its terminal back as it was; killed where it does not.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        tokio::spawn(async move {
            if tokio::time::timeout(LEAVE, child.wait()).await.is_err() {
                let _ = child.kill().await;
            }
        });
    }
}

/// The conversation. What was typed lies in a buffer that is wiped and never grows: it may be a passphrase, by mistake.
struct Talk {
    stream: UnixStream,
    said: Zeroizing<Vec<u8>>,
    /// How much of that was understood.
    read: usize,
}

/// The end of an answer of the protocol.
enum End {
    /// `OK`, with the data before it, if there was any.
    Ok(Option<Zeroizing<Vec<u8>>>),
    /// `ERR`, with its code and what stands behind that.
    Err(u32, String),
}

impl Talk {
    /// Sets up the question. It has to take the text; of the rest, an older one may not know everything.
    async fn question(&mut self, text: &str, screen: &Screen, seconds: u64) -> Result<(), PinentryError> {
        self.end().await.and_then(taken)?;
        if let Some(terminal) = &screen.terminal {
            self.say("OPTION", &format!("ttyname={}", terminal.path)).await?;
            self.say("OPTION", &format!("ttytype={}", terminal.kind)).await?;
        }
        self.say("SETTIMEOUT", &seconds.to_string()).await?;
        self.say("SETTITLE", "devpi-tokens").await?;
        self.say("SETOK", "OK").await?;
        self.say("SETCANCEL", "Refuse").await?;
        self.say("SETPROMPT", "Number:").await.and_then(taken)?;
        self.say("SETDESC", text).await.and_then(taken)
    }

    /// Lets the person answer.
    async fn answer(&mut self, number: &str) -> Result<Answer, PinentryError> {
        match self.say("GETPIN", "").await? {
            End::Ok(typed) => {
                let is_it = typed.is_some_and(|typed| typed.as_slice() == number.as_bytes());
                Ok(if is_it { Answer::Yes } else { Answer::No })
            }
            End::Err(TIMEOUT, _) => Ok(Answer::Nothing),
            End::Err(CANCELED | NOT_CONFIRMED | FULLY_CANCELED, _) => Ok(Answer::No),
            End::Err(_, why) => Err(PinentryError::Failed(why)),
        }
    }

    /// One command, and what comes of it.
    async fn say(&mut self, command: &str, argument: &str) -> Result<End, PinentryError> {
        let line = format!("{command} {}", escaped(argument)).trim_end().to_owned() + "\n";
        if line.len() > LONGEST_LINE {
            return Err(PinentryError::TooLong);
        }
        self.stream.write_all(line.as_bytes()).await?;
        self.end().await
    }

    /// Reads up to `OK` or `ERR`; data in more than one piece, or more than a line of it, is none that we asked for.
    async fn end(&mut self) -> Result<End, PinentryError> {
        let mut data = None;
        loop {
            let line = self.line().await?;
            let (word, rest) = match line.iter().position(|byte| *byte == b' ') {
                Some(at) => (&line[..at], &line[at + 1..]),
                None => (&line[..], &line[..0]),
            };
            match word {
                b"OK" => return Ok(End::Ok(data)),
                b"ERR" => {
                    let text = String::from_utf8_lossy(rest);
                    let (code, why) = text.split_once(' ').unwrap_or((&text, ""));
                    let code: u32 = code.parse().map_err(|_| PinentryError::Broken)?;
                    return Ok(End::Err(code & 0xffff, one_line(why)));
                }
                b"D" if data.is_none() => data = Some(Zeroizing::new(rest.to_vec())),
                b"S" | b"#" => {}
                _ => return Err(PinentryError::Broken),
            }
        }
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, PinentryError> {
        loop {
            let unread = &self.said[self.read..];
            if let Some(length) = unread.iter().position(|byte| *byte == b'\n') {
                let line = Zeroizing::new(unread[..length].to_vec());
                self.read += length + 1;
                return Ok(line);
            }
            let room = (LONGEST - self.said.len()).min(LONGEST_LINE - unread.len().min(LONGEST_LINE));
            if room == 0 || (&mut self.stream).take(room as u64).read_buf(&mut *self.said).await? == 0 {
                return Err(PinentryError::Broken);
            }
        }
    }
}

/// A command without whose `OK` there is no question.
fn taken(end: End) -> Result<(), PinentryError> {
    match end {
        End::Ok(_) => Ok(()),
        End::Err(_, why) => Err(PinentryError::Failed(why)),
    }
}

/// As the protocol wants an argument: on one line, with `%` for itself.
fn escaped(argument: &str) -> String {
    argument.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::protocol::SessionBus;
    use crate::vault::child::tests::script_at;

    /// Answers everything, and has the number of the question in `$n` when it is asked for.
    const TALK: &str = r#"echo 'OK hello'; while read -r word rest; do case "$word" in
        SETDESC) n=${rest##*type }; n=${n%%.*}; echo OK;;
        GETPIN) break;; *) echo OK;; esac; done; "#;

    fn screen() -> Screen {
        let session = SessionBus { display: Some(":7".to_owned()), ..SessionBus::default() };
        session.screen().expect("a display")
    }

    async fn answer(lines: &str, deadline: Duration) -> Result<Answer, PinentryError> {
        let home = tempfile::tempdir().expect("a folder");
        let program = home.path().join("pinentry");
        script_at(&program, lines);
        ask(&program, "May it?", &screen(), deadline).await
    }

    async fn after_talk(lines: &str) -> Result<Answer, PinentryError> {
        answer(&format!("{TALK}{lines}"), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn the_number_of_the_question_is_a_yes_and_everything_else_is_none() {
        assert_eq!(after_talk(r#"echo "D $n"; echo OK"#).await, Ok(Answer::Yes));
        assert_eq!(after_talk(r#"echo "S X y"; echo "D $n"; echo "OK done""#).await, Ok(Answer::Yes));
        let failed = |why: &str| Err(PinentryError::Failed(why.to_owned()));
        for (lines, said) in [
            ("echo OK", Ok(Answer::No)),
            ("echo 'D '; echo OK", Ok(Answer::No)),
            ("echo 'D 99'; echo OK", Ok(Answer::No)),
            (r#"echo "D ${n}0"; echo OK"#, Ok(Answer::No)),
            (r#"echo "D  $n"; echo OK"#, Ok(Answer::No)),
            ("echo 'ERR 83886179 cancelled'", Ok(Answer::No)),
            ("echo 'ERR 83886278 fully cancelled'", Ok(Answer::No)),
            ("echo 'ERR 83886194 not confirmed'", Ok(Answer::No)),
            ("echo 'ERR 83886142 timeout'", Ok(Answer::Nothing)),
            (r#"echo "D $n"; echo 'ERR 83886142 timeout'"#, Ok(Answer::Nothing)),
            ("echo 'ERR 83918929 No such file'", failed("No such file")),
            ("printf 'ERR 1 \\033[31m\\n'", failed("\\x1b[31m")),
            ("echo 'ERR x'", Err(PinentryError::Broken)),
            (r#"echo "D $n""#, Err(PinentryError::Broken)),
            (r#"echo "D $n"; echo "D $n"; echo OK"#, Err(PinentryError::Broken)),
            (r#"printf 'D %s' "$n"; kill -9 $$"#, Err(PinentryError::Broken)),
            (r#"echo "INQUIRE $n"; echo OK"#, Err(PinentryError::Broken)),
            (r#"echo "$n"; echo OK"#, Err(PinentryError::Broken)),
            ("echo YES", Err(PinentryError::Broken)),
            ("kill -9 $$", Err(PinentryError::Broken)),
            ("head -c 5000 /dev/zero; echo OK", Err(PinentryError::Broken)),
            ("while echo 'S more'; do :; done", Err(PinentryError::Broken)),
        ] {
            assert_eq!(after_talk(lines).await, said, "{lines}");
        }
    }

    #[tokio::test]
    async fn a_pinentry_that_cannot_show_the_question_is_not_asked_for_an_answer() {
        let refusing = |word: &str| {
            format!(
                "echo OK; while read -r word rest; do case $word in {word}) echo 'ERR 1 no';; \
                 SETDESC) n=${{rest##*type }}; echo OK;; GETPIN) echo \"D ${{n%%.*}}\"; echo OK;; *) echo OK;; esac; done"
            )
        };
        let said = |word: &'static str| async move { answer(&refusing(word), Duration::from_secs(20)).await };
        assert_eq!(said("SETTIMEOUT").await, Ok(Answer::Yes), "one that is old");
        assert_eq!(said("SETDESC").await, Err(PinentryError::Failed("no".to_owned())));
        assert_eq!(said("SETPROMPT").await, Err(PinentryError::Failed("no".to_owned())));
        let program = Path::new("/nonexistent/pinentry");
        let error = ask(program, "", &screen(), Duration::from_secs(20)).await.expect_err("no program");
        assert_eq!(error.to_string(), "cannot start /nonexistent/pinentry: no such file or folder");
        let home = tempfile::tempdir().expect("a folder");
        let program = home.path().join("pinentry");
        script_at(&program, TALK);
        let long = ask(&program, &"%".repeat(400), &screen(), Duration::from_secs(20)).await;
        assert_eq!(long, Err(PinentryError::TooLong));
    }

    #[tokio::test]
    async fn a_pinentry_that_never_answers_is_ended_in_time() {
        let home = tempfile::tempdir().expect("a folder");
        let (program, mark) = (home.path().join("pinentry"), home.path().join("mark"));
        script_at(
            &program,
            &format!("{TALK} trap 'echo bye >{0}; exit' TERM; echo $$ >{0}.pid; sleep 600 & wait", mark.display()),
        );
        let begun = Instant::now();
        assert_eq!(ask(&program, "May it?", &screen(), Duration::from_secs(2)).await, Ok(Answer::Nothing));
        assert!(begun.elapsed() < Duration::from_secs(10));
        for _ in 0..250 {
            if mark.exists() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it was not told to end");
    }

    #[tokio::test]
    async fn a_pinentry_gets_a_screen_and_nothing_else_of_ours() {
        let lines = format!(
            r#"{TALK} [ "$DISPLAY" = :7 ] && [ "$HOME" = /nonexistent ] && [ -z "$LANG$CARGO_MANIFEST_DIR$XDG_CONFIG_HOME" ] &&
            [ "$#" = 0 ] && [ -S /proc/self/fd/0 ] && [ -S /proc/self/fd/1 ] && echo "D $n"; echo OK"#
        );
        assert_eq!(answer(&lines, Duration::from_secs(20)).await, Ok(Answer::Yes));
    }

    #[test]
    fn an_argument_stays_on_its_line() {
        assert_eq!(escaped("100%\r\nGETPIN"), "100%25%0D%0AGETPIN");
    }
}
