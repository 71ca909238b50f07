//! Time for people: when a token ends, and how that is said. The current time is always an argument.

mod duration;
mod words;

pub use duration::parse_duration;
pub use words::in_words;
#[cfg(feature = "cli")]
pub use words::{date, in_words_with_date};

use std::time::Duration;

/// The last epoch second that a restriction can hold, in the year 5138: eleven digits.
pub const LAST_SECOND: u64 = 99_999_999_999;

/// A time that was refused. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No duration, date, epoch second or `never`.
    #[error("not a time")]
    Text,
    /// A duration where no other form is known.
    #[error("not a duration")]
    Duration,
    /// Before 1970, or after the year 5138.
    #[error("the time is before 1970 or too far in the future")]
    Range,
}

impl TimeError {
    /// How it is written.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Text => "write it as 30min, 1h 30min, 2 weeks, 3M (months), 2026-11-23T19:00:00Z or never",
            Self::Duration => "write it as 90s, 30min, 1h 30min, 2 weeks or 3M (months)",
            Self::Range => "name a time between the years 1970 and 5138",
        }
    }
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expiry {
    /// At this epoch second; the token is refused from then on.
    At(u64),
    /// Not at all.
    Never,
}

/// Reads when a token shall end: `never`, or what [`parse_instant`] takes. `now` is in epoch seconds.
///
/// A time in the past is no error here; the result is to be shown before it is used.
///
/// # Errors
/// [`TimeError::Text`] and [`TimeError::Range`].
///
/// ```
/// use devpi_tokens::time::{Expiry, parse_expiry};
/// assert_eq!(parse_expiry("1h 30min", 1_000_000), Ok(Expiry::At(1_005_400)));
/// assert_eq!(parse_expiry("2026-11-23T19:00:00+01:00", 0), Ok(Expiry::At(1_795_456_800)));
/// assert_eq!(parse_expiry("never", 0), Ok(Expiry::Never));
/// ```
pub fn parse_expiry(text: &str, now: u64) -> Result<Expiry, TimeError> {
    match text.trim() {
        "never" => Ok(Expiry::Never),
        text => parse_instant(text, now).map(Expiry::At),
    }
}

/// Reads an instant as epoch seconds: a duration from `now` on (with `-` in front: before `now`), an epoch second, a
/// date and time of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6), or a date alone, which begins at
/// 00:00 UTC.
///
/// A number alone is an epoch second, as upstream has it: `3600` is in 1970.
///
/// # Errors
/// [`TimeError::Text`] for any other form, [`TimeError::Range`] outside of the epoch seconds 1 to [`LAST_SECOND`].
pub fn parse_instant(text: &str, now: u64) -> Result<u64, TimeError> {
    let text = text.trim();
    let at = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else if let Some(at) = rfc3339(text) {
        u64::try_from(at).ok()
    } else {
        let (backwards, length) = match text.strip_prefix('-') {
            Some(length) => (true, length),
            None => (false, text),
        };
        let length = parse_duration(length, now).map_err(|error| match error {
            TimeError::Duration => TimeError::Text,
            error => error,
        })?;
        shifted(now, backwards, length)
    };
    at.filter(|at| matches!(at, 1..=LAST_SECOND)).ok_or(TimeError::Range)
}

/// Fractions of a second round towards the past, as upstream cuts them off.
fn shifted(now: u64, backwards: bool, length: Duration) -> Option<u64> {
    if backwards {
        now.checked_sub(length.as_secs() + u64::from(length.subsec_nanos() > 0))
    } else {
        now.checked_add(length.as_secs())
    }
}

/// `2026-11-23`, or with `T`, `t` or a blank and a time with its offset: `2026-11-23T19:00:00.5+01:00`. A fraction of
/// a second is dropped.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * 86_400;
    if rest.is_empty() {
        return Some(midnight);
    }
    let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => rest,
    };
    let offset = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign @ ("+" | "-"), offset) => {
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let size = (hours <= 23 && minutes <= 59).then_some(hours * 3600 + minutes * 60)?;
            if sign == "+" { size } else { -size }
        }
        _ => return None,
    };
    // A leap second is the first second of the next minute, as in epoch seconds.
    let in_day = (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3600 + minute * 60 + second)?;
    Some(midnight + in_day - offset)
}

/// Numbers of fixed widths with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_in_year(year: i64) -> i64 {
    337 + days_in_month(year, 2)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    // 719162 days lie between 0001-01-01 and 1970-01-01.
    before * 365 + leap_days + months + day - 1 - 719_162
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> [i64; 3] {
    // No year is longer than 366 days, so the estimate is never late; it is early by the leap days that were missed.
    let mut year = 1970 + days / 366;
    let mut rest = days - days_from_civil(year, 1, 1);
    while rest >= days_in_year(year) {
        rest -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in_month(year, month) {
        rest -= days_in_month(year, month);
        month += 1;
    }
    [year, month, rest + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_duration_a_date_an_epoch_second_or_never() {
        let now = 1_795_456_860;
        for (text, at) in [
            ("59min", now + 3540),
            (" 1h ", now + 3600),
            ("1mo", now + 30 * 86_400),
            ("1999ms", now + 1),
            ("1795456800", 1_795_456_800),
            ("01795456800", 1_795_456_800),
            ("2026-11-23", 1_795_392_000),
            ("2026-11-23T18:00:00Z", 1_795_456_800),
            ("2026-11-23t18:00:00.999z", 1_795_456_800),
            ("2026-11-23 19:00:00+01:00", 1_795_456_800),
            ("2026-11-23T12:30:00-05:30", 1_795_456_800),
            ("2028-02-29", 1835395200),
        ] {
            assert_eq!(parse_expiry(text, now), Ok(Expiry::At(at)), "{text}");
        }
        assert_eq!(parse_expiry("never", now), Ok(Expiry::Never));
        assert_eq!(parse_instant("-1h", now), Ok(now - 3600));
        assert_eq!(parse_instant("-1500ms", now), Ok(now - 2));
    }

    #[test]
    fn no_other_form_is_a_time() {
        for text in [
            "",
            "soon",
            "Never",
            "-",
            "--1h",
            "+1h",
            "1_000",
            "٣",
            "2026-11-23T18:00:00",
            "2026-11-23T18:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T18:60:00Z",
            "2026-11-23T18:00:00.Z",
            "2026-11-23T18:00:00+0100",
            "2026-11-23T18:00:00+24:00",
            "2026-11-23T18:00:00Z ago",
            "2026-13-01",
            "2026-00-01",
            "2027-02-29",
            "2026-04-31",
            "2026-1-1",
            "26-11-2023",
            "2026/11/23",
            "2026-11-2é",
        ] {
            assert_eq!(parse_expiry(text, 1_795_456_860), Err(TimeError::Text), "{text:?}");
        }
    }

    #[test]
    fn a_time_outside_of_what_a_restriction_holds_is_refused() {
        for text in ["0", "100000000000", "99999999999999999999999", "1960-01-01", "9000-01-01", "-100 y", "3200y"] {
            assert_eq!(parse_expiry(text, 1_795_456_860), Err(TimeError::Range), "{text}");
        }
        assert_eq!(parse_expiry("99999999999", 5), Ok(Expiry::At(LAST_SECOND)));
        assert_eq!(parse_expiry("1s", LAST_SECOND), Err(TimeError::Range));
        assert_eq!(parse_expiry("1y", u64::MAX), Err(TimeError::Range));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn the_calendar_is_that_of_jiff() {
        let mut date = jiff::civil::date(1970, 1, 1);
        for days in 0..200_000 {
            let [year, month, day] = [date.year().into(), date.month().into(), date.day().into()];
            assert_eq!(civil_from_days(days), [year, month, day]);
            assert_eq!(days_from_civil(year, month, day), days);
            date = date.tomorrow().expect("a day");
        }
    }
}
