//! The end of a kept token: from when on it is said, and in which words.

use super::Holder;
use crate::time::in_words;

const DAY: u64 = 24 * 60 * 60;

/// How long before the end it is said, in days; on the desktop once for each of these, and once when it is over.
const DAYS: [u64; 4] = [0, 1, 3, 14];

/// The least of the days before its end that have come; `None` while it is said to nobody. Times in seconds since the
/// epoch.
pub fn stage(end: u64, now: u64) -> Option<u64> {
    DAYS.into_iter().find(|days| end <= now.saturating_add(days * DAY))
}

/// What whoever uses a kept token should know of its end, once it is near. Times in seconds since the epoch.
pub fn note(holder: &Holder, end: u64, now: u64) -> Option<String> {
    stage(end, now)?;
    let Holder { server, user } = holder;
    Some(format!("the token of {user} at {server} {}; {}", ends(end, now), remedy(holder)))
}

/// "ends in 10 days".
pub fn ends(end: u64, now: u64) -> String {
    format!("{} {}", if end > now { "ends" } else { "ended" }, in_words(now, end))
}

/// What to type.
pub fn remedy(Holder { server, user }: &Holder) -> String {
    format!("type: devpi-tokens renew --server {server} --as {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_from_fourteen_days_before_the_end_on() {
        let now = 1_800_000_000;
        let stages = [15 * DAY, 14 * DAY, 4 * DAY, 3 * DAY, DAY + 1, DAY, 1].map(|left| stage(now + left, now));
        assert_eq!(stages, [None, Some(14), Some(14), Some(3), Some(3), Some(1), Some(1)]);
        assert_eq!((stage(now, now), stage(0, now)), (Some(0), Some(0)));
    }
}
