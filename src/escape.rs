//! Texts that came from a token or a server, made fit for a terminal.

use std::fmt::Write as _;

/// The most characters that are shown of such a text; what is cut off is marked by `…`.
const LONGEST: usize = 300;

/// The text with every character that a terminal would act upon, or that shows as nothing, written out: `\x1b`,
/// `\u{202e}`. At most 300 characters of it.
///
/// ```
/// use devpi_tokens::escape::printable;
/// assert_eq!(printable("a\x1b[2J\u{202e}b"), r"a\x1b[2J\u{202e}b");
/// ```
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        push(&mut shown, character);
    }
    shown
}

/// The same on one line: every run of blanks and line endings becomes one blank.
pub fn one_line(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > 4 * LONGEST {
            break;
        }
    }
    printable(&words)
}

/// JSON with the same characters written out as JSON does: it means what it meant, and no terminal acts upon it. The
/// escapes below U+0020 are in it already.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_acted_upon(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(shown, "\\u{unit:04x}").unwrap_or_else(|_| unreachable!("a String takes every text"));
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a terminal does something else with it than show it, or shows nothing.
fn is_acted_upon(character: char) -> bool {
    match character {
        ' '..='~' => false,
        // Debug's own table leaves out format characters, bidi overrides, separators, tags and lone combining marks.
        _ => character.is_control() || character.escape_debug().len() > 1,
    }
}

fn push(shown: &mut String, character: char) {
    let code = u32::from(character);
    let written = match character {
        _ if !is_acted_upon(character) => {
            shown.push(character);
            return;
        }
        '\0'..='\u{ff}' if character.is_control() => write!(shown, "\\x{code:02x}"),
        _ => write!(shown, "\\u{{{code:x}}}"),
    };
    written.unwrap_or_else(|_| unreachable!("a String takes every text"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_upon_is_written_out() {
        assert_eq!(printable("\x1b]52;c;aGk=\x07"), r"\x1b]52;c;aGk=\x07");
        assert_eq!(printable("a\r\n\tb\x7f\0"), r"a\x0d\x0a\x09b\x7f\x00");
        assert_eq!(printable("\u{9b}31m"), r"\x9b31m");
    }

    #[test]
    fn what_turns_or_hides_other_text_is_written_out() {
        for (text, shown) in [
            ("\u{202e}", r"\u{202e}"),
            ("\u{2066}", r"\u{2066}"),
            ("\u{200f}", r"\u{200f}"),
            ("\u{61c}", r"\u{61c}"),
            ("\u{200b}", r"\u{200b}"),
            ("\u{2028}", r"\u{2028}"),
            ("\u{feff}", r"\u{feff}"),
            ("\u{e0041}", r"\u{e0041}"),
            ("\u{301}", r"\u{301}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["it's \"fine\" \\o/", "Zugriff verweigert: für später", "拒否されました", ""] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn json_means_what_it_meant_and_does_nothing_to_a_terminal() {
        let text = "a\x1b\x7f\u{9b}31m\u{202e}\u{e0041}\u{301} é 拒\n\"\\";
        let plain = serde_json::json!({ "caveat": text });
        for written in [plain.to_string(), serde_json::to_string_pretty(&plain).expect("JSON")] {
            let shown = json(&written);
            let harmless = |character: char| character == '\n' || !character.is_control();
            assert!(shown.chars().all(harmless) && !shown.contains(['\u{202e}', '\u{e0041}', '\u{301}']), "{shown}");
            assert!(shown.contains(r"\u009b31m\u202e\udb40\udc41\u0301 é 拒"), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), plain);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_the_cut_is_seen() {
        assert_eq!(printable(&"a".repeat(300)), "a".repeat(300));
        assert_eq!(printable(&"é".repeat(100_000)).chars().count(), 301);
        assert!(one_line(&"\x1b \n".repeat(100_000)).len() < 1300);
    }

    #[test]
    fn lines_are_joined() {
        assert_eq!(
            one_line("Access was denied.\n\n\n \u{1b}[31mUnauthorized\n"),
            r"Access was denied. \x1b[31mUnauthorized"
        );
    }
}
