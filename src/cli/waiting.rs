//! Says that something is going on where it takes long, to a person at a terminal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Terminal;

/// What takes less time than this needs no word.
const SOON: Duration = Duration::from_millis(500);

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A wait. Its spinner is on standard error until this is dropped, where that is a terminal.
pub(super) struct Waiting(Option<(Sender<()>, JoinHandle<()>)>);

impl Waiting {
    /// For whom or for what, in words behind "waiting for".
    pub(super) fn for_whom(what: impl std::fmt::Display, terminal: &Terminal<'_>) -> Self {
        if !terminal.manners.is_person() || terminal.manners.verbose {
            return Self(None);
        }
        let (over, ended) = channel();
        let words = format!("waiting for {what}");
        let spinner = std::thread::spawn(move || {
            if ended.recv_timeout(SOON) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_message(words);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TURN);
            // Nothing is ever sent: the other end is dropped.
            let _ = ended.recv();
            bar.finish_and_clear();
        });
        Self(Some((over, spinner)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((over, spinner)) = self.0.take() {
            drop(over);
            // What comes next is written where the spinner was.
            let _ = spinner.join();
        }
    }
}
