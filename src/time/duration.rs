//! Durations as upstream's command line reads them, with the package delta 0.4.2.

use std::time::Duration;

use super::{LAST_SECOND, TimeError, civil_from_days, days_from_civil, days_in_month, days_in_year};

/// A unit and its spellings, the longest first. Case counts: `m` is a minute, `M` a month.
struct Unit {
    names: &'static [&'static str],
    length: Length,
}

#[derive(Clone, Copy)]
enum Length {
    Years,
    Months,
    Seconds(f64),
}

/// In the order in which they may follow each other. `mo` is ours, upstream refuses it.
const UNITS: [Unit; 8] = [
    Unit { names: &["years", "year", "ys", "y"], length: Length::Years },
    Unit { names: &["months", "month", "mo", "Ms", "M"], length: Length::Months },
    Unit { names: &["weeks", "week", "ws", "w"], length: Length::Seconds(604_800.0) },
    Unit { names: &["days", "day", "ds", "d"], length: Length::Seconds(86_400.0) },
    Unit { names: &["hours", "hour", "hs", "h"], length: Length::Seconds(3600.0) },
    Unit { names: &["minutes", "minute", "mins", "min", "m"], length: Length::Seconds(60.0) },
    Unit { names: &["seconds", "second", "ss", "s"], length: Length::Seconds(1.0) },
    Unit { names: &["milliseconds", "millisecond", "millis", "ms"], length: Length::Seconds(0.001) },
];

/// Reads a duration that begins at `now` (epoch seconds): numbers with units from years down to milliseconds, each
/// unit once, with blanks, a comma or `and` between them: `1.5h`, `1h 30min`, `1 year, 2 weeks and 3 days`.
///
/// Years and months are calendar ones, counted from the day (UTC) or month of `now`. `m` and `min` are minutes, `M`,
/// `mo` and `month` months.
///
/// # Errors
/// [`TimeError::Duration`] for any other text, [`TimeError::Range`] for a `now`, or a part, of more than 99999999999 seconds.
pub fn parse_duration(text: &str, now: u64) -> Result<Duration, TimeError> {
    let now = i64::try_from(now).ok().filter(|now| now.unsigned_abs() <= LAST_SECOND).ok_or(TimeError::Range)?;
    let today = civil_from_days(now / 86_400);
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut found = false;
    for (place, unit) in UNITS.iter().enumerate() {
        if let Some((number, after)) = amount(rest, unit) {
            // Rounded to microseconds in each unit, as Python does: 2.3 hours are 8280 seconds, not 8279.999…
            let micros = (seconds(number, unit.length, today)? * 1e6).round();
            total += Duration::from_micros(micros as u64);
            rest = after;
            found = true;
        }
        if place + 1 < UNITS.len() {
            rest = separator(rest);
        }
    }
    // Upstream takes a text without any number for no time at all; nobody means that.
    if found && rest.is_empty() { Ok(total) } else { Err(TimeError::Duration) }
}

/// A number, blanks and the unit at the front of the text, and what follows.
fn amount<'a>(text: &'a str, unit: &Unit) -> Option<(f64, &'a str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    let end = if fraction > 0 { whole + 1 + fraction } else { whole };
    let (number, after) = text.split_at(end);
    let after = after.trim_start_matches([' ', '\t']);
    let after = unit.names.iter().find_map(|name| after.strip_prefix(name))?;
    // `1ms` and `1millis` are no minutes, `1month` and `1mo` no minutes either: what follows a unit is no letter, but
    // for the `and` that may follow without a blank.
    let ends = !after.starts_with(|next: char| next.is_alphabetic()) || after.starts_with("and");
    if whole > 0 && ends { Some((number.parse().ok()?, after)) } else { None }
}

/// What stands behind at most one separator: blanks, a comma, `and`, blanks. A unit that is left out leaves its
/// separator, so `1h, and 5s` is taken and `1h, and 5min` is not; upstream has it so.
fn separator(text: &str) -> &str {
    let blanks = [' ', '\t'];
    let text = text.trim_start_matches(blanks);
    let text = text.strip_prefix(',').unwrap_or(text);
    let text = text.strip_prefix("and").unwrap_or(text);
    text.trim_start_matches(blanks)
}

fn seconds(number: f64, length: Length, today: [i64; 3]) -> Result<f64, TimeError> {
    // Beyond this every unit but milliseconds is out of range, and below it no sum can overflow.
    if number > LAST_SECOND as f64 {
        return Err(TimeError::Range);
    }
    let (whole, fraction) = (number.trunc() as i64, number.fract());
    let days = match length {
        Length::Years => years(whole, fraction, today),
        Length::Months => months(whole, fraction, today),
        Length::Seconds(unit) => return in_range(number * unit),
    };
    in_range(days * 86_400.0)
}

fn in_range(seconds: f64) -> Result<f64, TimeError> {
    if seconds <= LAST_SECOND as f64 { Ok(seconds) } else { Err(TimeError::Range) }
}

/// Days to the same day of another year, and a fraction of that year. On 29 February, where upstream fails, the
/// 28th is taken: a token never lives longer than asked.
fn years(whole: i64, fraction: f64, [year, month, day]: [i64; 3]) -> f64 {
    let end = year + whole;
    let end_day = day.min(days_in_month(end, month));
    let days = days_from_civil(end, month, end_day) - days_from_civil(year, month, day);
    days as f64 + fraction * days_in_year(end) as f64
}

/// Days from the first of this month to the first of another, and a fraction of the month behind that one.
///
/// Upstream's fraction is odd: it takes the days of that month less one, and counts a year that was passed twice when
/// it asks whether that month is in a leap year. It is kept, so that one text means one moment in both programs.
/// (In one case, `11M` in December, upstream fails.)
fn months(whole: i64, fraction: f64, [year, month, _]: [i64; 3]) -> f64 {
    let first_of = |months: i64| days_from_civil(year + months.div_euclid(12), months.rem_euclid(12) + 1, 1);
    let end = month - 1 + whole;
    let days = first_of(end) - first_of(month - 1);
    let behind = month + whole % 12 + 1;
    let passed = whole / 12 + i64::from(behind > 13) + i64::from(behind > 12);
    let behind_days = days_in_month(year + passed, (behind - 1) % 12 + 1) - 1;
    days as f64 + fraction * behind_days as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 November 2026.
    const NOW: u64 = 1_795_456_860;

    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
        now: u64,
        seconds: Option<u64>,
    }

    #[test]
    fn durations_are_what_delta_reads() {
        let lines: Vec<Line> =
            serde_json::from_str(include_str!("../../tests/vectors/durations.json")).expect("the table");
        for Line { text, now, seconds } in lines {
            let read = parse_duration(&text, now).ok().map(|length| length.as_secs());
            assert_eq!(read, seconds, "{text:?} at {now}");
        }
    }

    #[test]
    fn mo_is_a_month_too() {
        assert_eq!(parse_duration("2mo", NOW), parse_duration("2M", NOW));
        assert_eq!(parse_duration("1y 1mo", NOW), parse_duration("1 year 1 month", NOW));
    }

    #[test]
    fn where_delta_fails_the_calendar_decides() {
        let december = 1_798_761_599;
        assert_eq!(parse_duration("11M", december), Ok(Duration::from_secs(335 * 86_400)));
        let leap_day = 1_709_208_000;
        assert_eq!(parse_duration("1y", leap_day), Ok(Duration::from_secs(365 * 86_400)));
        assert_eq!(parse_duration("4y", leap_day), Ok(Duration::from_secs(1461 * 86_400)));
    }

    #[test]
    fn a_text_without_a_number_is_no_duration() {
        for text in ["", " ", ",", "and", "１h", "1h\n", "1h\u{a0}", "1\u{a0}h", "1hé"] {
            assert_eq!(parse_duration(text, 0), Err(TimeError::Duration), "{text:?}");
        }
    }

    #[test]
    fn an_absurd_number_is_out_of_range() {
        for text in ["100000000000s", "3170y", "39000M", "200000w", &format!("{}h", "9".repeat(400))] {
            assert_eq!(parse_duration(text, NOW), Err(TimeError::Range), "{text}");
        }
    }
}
