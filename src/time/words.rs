//! How long until or since a moment, in words.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
/// A twelfth of a year, so that eleven months and thirty days are no twelve months.
const MONTH: u64 = YEAR / 12;
const ELEVEN_MONTHS: u64 = 11 * MONTH;

/// How far a moment is from now, both in epoch seconds: `in 59 minutes`, `3 days ago`, `now`.
///
/// Rounded down to whole units: a token is never said to live longer than it does. Of nearly a year, days are said: a token
/// for a year has no eleven months left a second after it was made.
///
/// ```
/// use devpi_tokens::time::in_words;
/// assert_eq!(in_words(0, 3599), "in 59 minutes");
/// assert_eq!(in_words(259_200, 0), "3 days ago");
/// ```
pub fn in_words(now: u64, then: u64) -> String {
    let distance = now.abs_diff(then);
    let (length, unit) = match distance {
        0 => return "now".to_owned(),
        1..MINUTE => (1, "second"),
        MINUTE..HOUR => (MINUTE, "minute"),
        HOUR..DAY => (HOUR, "hour"),
        DAY..MONTH => (DAY, "day"),
        MONTH..ELEVEN_MONTHS => (MONTH, "month"),
        ELEVEN_MONTHS..YEAR => (DAY, "day"),
        YEAR.. => (YEAR, "year"),
    };
    let count = distance / length;
    let plural = if count == 1 { "" } else { "s" };
    if then > now { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

/// A date and time in a time zone, to the second: `Mon 23 Nov 2026 19:00:05 CET`. After the year 9999 it is the number
/// of the second.
#[cfg(feature = "cli")]
pub fn date(then: u64, zone: &jiff::tz::TimeZone) -> String {
    match i64::try_from(then).ok().and_then(|then| jiff::Timestamp::from_second(then).ok()) {
        Some(date) => date.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Y %H:%M:%S %Z").to_string(),
        None => then.to_string(),
    }
}

/// As [`in_words`], with the date in a time zone: `in 59 minutes (Mon 23 Nov 2026 19:00 CET)`. A moment after the year
/// 9999 is said without its date.
#[cfg(feature = "cli")]
pub fn in_words_with_date(now: u64, then: u64, zone: &jiff::tz::TimeZone) -> String {
    let words = in_words(now, then);
    let date = i64::try_from(then).ok().and_then(|then| jiff::Timestamp::from_second(then).ok());
    match date {
        Some(date) => format!("{words} ({})", date.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Y %H:%M %Z")),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_said_in_its_largest_whole_unit() {
        let now = 1_795_456_860;
        for (distance, words) in [
            (0, "now"),
            (1, "in 1 second"),
            (59, "in 59 seconds"),
            (60, "in 1 minute"),
            (3599, "in 59 minutes"),
            (3600, "in 1 hour"),
            (DAY - 1, "in 23 hours"),
            (DAY, "in 1 day"),
            (30 * DAY, "in 30 days"),
            (31 * DAY, "in 1 month"),
            (11 * MONTH - 1, "in 10 months"),
            (YEAR - 1, "in 364 days"),
            (YEAR, "in 1 year"),
            (2 * YEAR, "in 2 years"),
        ] {
            assert_eq!(in_words(now, now + distance), words);
        }
        assert_eq!(in_words(now, now - 1), "1 second ago");
        assert_eq!(in_words(now, now - 3 * DAY), "3 days ago");
        assert_eq!(in_words(now, 0), "56 years ago");
        assert!(in_words(0, u64::MAX).starts_with("in "));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn the_date_is_that_of_the_zone() {
        // A zone written out: no test depends on the zones that a machine has.
        let berlin = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let at = 1_795_456_800;
        assert_eq!(in_words_with_date(at - 3590, at, &berlin), "in 59 minutes (Mon 23 Nov 2026 19:00 CET)");
        assert_eq!(in_words_with_date(at, at - 172 * DAY, &berlin), "5 months ago (Thu 4 Jun 2026 20:00 CEST)");
        assert_eq!(in_words_with_date(at, at, &jiff::tz::TimeZone::UTC), "now (Mon 23 Nov 2026 18:00 UTC)");
        assert!(!in_words_with_date(0, u64::MAX, &berlin).contains('('));
        assert_eq!(date(at + 5, &berlin), "Mon 23 Nov 2026 19:00:05 CET");
        assert_eq!(date(u64::MAX, &berlin), "18446744073709551615");
    }
}
