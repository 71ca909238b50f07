//! How many tokens go across a border within a minute: whoever asks from there for more neither fills the log of
//! hand-outs nor uses up what tokens are told apart by.

use crate::protocol::Denial;

/// How many, however many there are who ask. A run of a client asks for one; the same question again costs nothing.
const MOST: u32 = 120;

/// What was given in the minute that is counted.
#[derive(Debug, Default)]
pub(super) struct Quota {
    minute: u64,
    given: u32,
}

impl Quota {
    /// Counts one more; `now` is in seconds since the epoch.
    pub(super) fn take(&mut self, now: u64) -> Result<(), Denial> {
        if self.minute != now / 60 {
            *self = Self { minute: now / 60, given: 0 };
        }
        if self.given >= MOST {
            return Err(Denial::TooOften);
        }
        self.given += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_minute_begins_anew_and_a_clock_that_was_set_back_does_not_stop_it() {
        let mut quota = Quota::default();
        assert_eq!((0..MOST + 1).filter(|_| quota.take(600).is_ok()).count() as u32, MOST);
        assert_eq!(quota.take(659), Err(Denial::TooOften));
        assert!(quota.take(660).is_ok());
        assert!(quota.take(600).is_ok());
    }
}
