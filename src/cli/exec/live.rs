//! The netrc of a run, written anew in time.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::folder::RunFolder;
use super::token::Source;
use crate::cli::Terminal;
use crate::cli::netrc::{self, Entry};
use crate::exit::Failure;
use crate::paths::Paths;

/// The shortest time between two writings, however short the tokens are that the agent gives.
const SHORTEST: Duration = Duration::from_secs(1);

/// The file, and what it is written from.
pub(super) struct Live {
    paths: Paths,
    sources: Vec<Source>,
    /// Of the tokens in the file, in seconds.
    lifetime: u64,
    folder: RunFolder,
    /// The netrc that is carried over: read each time, as it may be the live one of another run.
    own: Option<PathBuf>,
    /// When the file was written and when it is due again, since the epoch.
    written: Duration,
    due: Duration,
    /// Whether the last writing failed, which is said once.
    is_failing: bool,
}

impl Live {
    pub(super) fn new(paths: Paths, sources: Vec<Source>, lifetime: u64, folder: RunFolder) -> Self {
        let (written, due) = (Duration::ZERO, Duration::ZERO);
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let own = netrc::own(set("HOME"), set("NETRC"));
        Self { paths, sources, lifetime, folder, own, written, due, is_failing: false }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.file("netrc")
    }

    /// Writes it for the first time, and says what is not carried over.
    pub(super) fn begin(&mut self, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
        if let Some(left_out) = self.write()? {
            terminal.note(left_out);
        }
        Ok(())
    }

    /// Writes it again where it is time, by the clock of the machine: a timer stops while the machine sleeps. What goes
    /// wrong is said, and tried again.
    pub(super) fn turn(&mut self, terminal: &mut Terminal<'_>) {
        if (self.written..self.due).contains(&now()) {
            return;
        }
        // First from what is there: the agent may take longer to answer than the file has to live.
        let mut failed = self.write().err();
        let mut is_new = false;
        for source in &mut self.sources {
            match source.renew(&self.paths) {
                Ok(renewed) => is_new |= renewed,
                Err(failure) => tell(terminal, &failure),
            }
        }
        if is_new {
            failed = self.write().err();
        }
        let was_failing = std::mem::replace(&mut self.is_failing, failed.is_some());
        if let Some(failure) = failed {
            (self.written, self.due) = (now(), now() + SHORTEST);
            if !was_failing {
                tell(terminal, &failure);
            }
        }
    }

    /// Writes it, and says what of the other netrc is not in it.
    fn write(&mut self) -> Result<Option<String>, Failure> {
        let now = now();
        let mut entries = Vec::new();
        let mut rest = Duration::MAX;
        for source in &self.sources {
            let cut = source.cut(self.lifetime)?;
            rest = rest.min(Duration::from_secs(cut.end).saturating_sub(now));
            entries.push(Entry { host: source.host(), user: source.user(), token: cut.text });
        }
        let own = self.own.as_deref().unwrap_or(Path::new(""));
        let (other, unread) = match crate::disk::secret(own) {
            Ok(text) => (text.unwrap_or_default(), None),
            Err(error) => {
                (Default::default(), Some(format!("{} is left out: {}", own.display(), crate::exit::why(error.kind()))))
            }
        };
        let (text, bad_from) = netrc::with_entries(&entries, &other);
        self.folder.replace("netrc", &text)?;
        (self.written, self.due) = (now, now + (rest / 2).max(SHORTEST));
        let bad = |line| format!("{} is no netrc from line {line} on, and left out from there", own.display());
        Ok(unread.or(bad_from.map(bad)))
    }
}

fn tell(terminal: &mut Terminal<'_>, failure: &Failure) {
    terminal.note(format!("devpi-tokens: trying again: {failure}"));
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
