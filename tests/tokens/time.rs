//! Times as people say them.

use super::*;

#[test]
fn each_way_to_say_a_time_is_shown_by_its_date() {
    let home = Home::new("memory");
    let from = some_token();
    let derive = |end: &str| {
        let mut derive = home.cli(&["derive", "-f", "-", "-e", end]);
        derive.env("TZ", "UTC");
        fed(derive, &from)
    };
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    for (end, seconds) in [
        ("5m", 5 * 60),
        ("5min", 5 * 60),
        ("90s", 90),
        ("1.5h", 5400),
        ("1h 30min", 5400),
        ("1h and 5s", 3605),
        ("2 weeks", 14 * 86_400),
        ("1d", 86_400),
    ] {
        let derived = derive(end);
        assert_shows_end(&derived, (now() + seconds).cast_signed(), end);
        assert_about(own_end(&token(derived)) - now().cast_signed(), seconds.cast_signed());
    }
    // Months have no fixed length; a minute is never one.
    for end in ["1M", "1mo", "1 month"] {
        let derived = derive(end);
        let ends = own_end(&token(derived));
        assert!((28 * 86_400 - 60..=31 * 86_400 + 60).contains(&(ends - now().cast_signed())), "{end}: {ends}");
    }
    for (end, second) in
        [("2199-01-31", 7_229_174_400_i64), ("2199-01-31T01:00:00+01:00", 7_229_174_400), ("7229174400", 7_229_174_400)]
    {
        let derived = derive(end);
        assert_eq!(own_end(&token(derived)), second, "{end}");
    }
    for end in ["soon", "", "1\u{a0}h", "5", "-5min"] {
        let past = derive(end);
        let refused = code(&past) == Some(65) && out(&past).is_empty();
        assert!(refused || err(&past).contains("warning: it has ended already"), "{end:?}: {}", err(&past));
    }
}

/// The end that was added last, in seconds since the epoch: the root has one of its own.
fn own_end(token: &str) -> i64 {
    let last = caveats(token).pop().expect("a caveat");
    last.strip_prefix("expires=").and_then(|end| end.parse().ok()).expect("an end")
}

/// That standard error has the date of the token's end, which is about that second, in UTC.
fn assert_shows_end(derived: &Output, second: i64, asked: &str) {
    let dates = (-90..=90).map(|off| {
        jiff::Timestamp::from_second(second + off).expect("a time").strftime("%-d %b %Y %H:%M UTC").to_string()
    });
    let said = err(derived);
    assert!(dates.into_iter().any(|date| said.contains(&date)), "{asked}: {said}");
}
