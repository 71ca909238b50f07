//! TOML that is edited: only the lines that an edit changes are, as `toml_edit` writes all line endings anew.

use similar::{ChangeTag, TextDiff};
use toml_edit::{DocumentMut, TomlError};

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text after an edit; the same one, byte for byte, where that changes nothing.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn edited(text: &str, edit: impl FnOnce(&mut DocumentMut)) -> Result<String, TomlError> {
    let (mark, plain) = text.strip_prefix(BYTE_ORDER_MARK).map_or(("", text), |plain| (BYTE_ORDER_MARK, plain));
    let mut file: DocumentMut = plain.parse()?;
    let before = file.to_string();
    edit(&mut file);
    Ok(format!("{mark}{}", carried_over(plain, &before, &file.to_string())))
}

/// What leads from one text to the other, in a text whose lines are those of the first but for their endings.
fn carried_over(written: &str, before: &str, after: &str) -> String {
    let ending = if written.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = written.split_inclusive('\n').collect();
    let mut text = String::with_capacity(after.len());
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        match (change.tag(), change.old_index().and_then(|line| lines.get(line))) {
            (ChangeTag::Equal, Some(line)) => text.push_str(line),
            (ChangeTag::Equal, None) => text.push_str(change.value()),
            (ChangeTag::Delete, _) => {}
            (ChangeTag::Insert, _) => {
                // The last line may have no ending.
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str(ending);
                }
                text.push_str(change.value().trim_end_matches(['\r', '\n']));
                text.push_str(ending);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_x(text: &str) -> String {
        edited(text, |file| {
            file.insert("x", toml_edit::value(1));
        })
        .expect("TOML")
    }

    #[test]
    fn what_is_not_edited_stays_byte_for_byte() {
        for text in ["", "a = 1", "a = 1\r\n[b]\r\n", "\u{feff}a = 1\n", "a = 1\r\nb = 2\n", "a = '''\r\nx'''\r\n"] {
            assert_eq!(edited(text, |_| ()).expect("TOML"), text);
        }
    }

    #[test]
    fn a_new_line_ends_as_the_others_do_and_these_stay() {
        assert_eq!(
            with_x("\u{feff}# mine\r\na = 1\r\n[b]\r\nc = 2"),
            "\u{feff}# mine\r\na = 1\r\nx = 1\r\n[b]\r\nc = 2"
        );
        assert_eq!(with_x("a = 1"), "a = 1\nx = 1\n");
        assert_eq!(with_x(""), "x = 1\n");
    }
}
