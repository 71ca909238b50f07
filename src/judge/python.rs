//! How Python reads numbers and names.

/// The zeros of the decimal digits of all scripts (Unicode 14, as in Python 3.11); the nine others follow each.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The longest number that Python converts, in digits (`sys.int_info.default_max_str_digits`).
const LONGEST: usize = 4300;

/// `str.strip()`: four control characters count as blanks there and not in Rust.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || matches!(character, '\x1c'..='\x1f'))
}

/// `int(text)`: blanks around it (without those four control characters), a sign, digits of any script, one underscore between two of them. Numbers beyond 128
/// bits are as large as can be.
pub(super) fn int(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.split('_').any(str::is_empty) || digits.chars().filter(|digit| *digit != '_').count() > LONGEST {
        return None;
    }
    let mut number: i128 = 0;
    for character in digits.chars().filter(|character| *character != '_') {
        number = number.saturating_mul(10).saturating_add(i128::from(digit(character)?));
    }
    Some(if negative { -number } else { number })
}

fn digit(character: char) -> Option<u32> {
    let code = u32::from(character);
    let zero = ZEROS.iter().rev().find(|zero| **zero <= code)?;
    Some(code - zero).filter(|digit| *digit < 10)
}

/// A project's name as the server compares it: runs of whatever is no letter or digit of ASCII as one `-`, lower case.
pub(super) fn normalized(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            normal.push(character.to_ascii_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_python_reads_it() {
        for (text, number) in [
            (" 12 ", Some(12)),
            ("\x0c12\u{3000}", Some(12)),
            ("\x1c12\u{3000}", None),
            ("9_9", Some(99)),
            ("+7", Some(7)),
            ("-7", Some(-7)),
            ("007", Some(7)),
            ("\u{661}\u{662}", Some(12)),
            ("\u{1d7ff}", Some(9)),
            ("", None),
            ("_9", None),
            ("9__9", None),
            ("9_", None),
            ("1e10", None),
            ("1.5", None),
            ("+", None),
            ("1 2", None),
            ("\u{b2}", None),
        ] {
            assert_eq!(int(text), number, "{text:?}");
        }
        assert_eq!(int(&"9".repeat(60)), Some(i128::MAX));
        assert_eq!(int(&"9".repeat(4301)), None);
    }

    #[test]
    fn a_project_is_compared_as_the_server_does() {
        for (name, normal) in [("My__Pkg.-name", "my-pkg-name"), ("my pkg", "my-pkg"), ("_a\u{e4}\u{212a}b", "-a-b")] {
            assert_eq!(normalized(name), normal);
        }
        assert_eq!(strip("\x1c a\u{3000}\x1f"), "a");
    }
}
