//! Lines for people, broken where a terminal ends.

/// The columns of a line where nothing says how wide the terminal is.
pub const WIDTH: usize = 80;

/// The line as lines of at most `width` characters, broken at blanks; those after the first begin with `indent`
/// blanks. A word that is longer than that stays whole: URLs and escaped texts are to be copied.
///
/// ```
/// use devpi_tokens::wrap::wrapped;
/// assert_eq!(wrapped("on  one, two, three", 12, 4), ["on  one,", "    two,", "    three"]);
/// ```
pub fn wrapped(line: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let begin = line.len() - line.trim_start_matches(' ').len();
    let (blanks, text) = line.split_at(begin);
    let mut current = blanks.to_owned();
    let mut has_word = false;
    for word in text.split(' ') {
        if has_word && current.chars().count() + 1 + word.chars().count() > width {
            lines.push(current.trim_end().to_owned());
            current = " ".repeat(indent);
            has_word = false;
        }
        if has_word {
            current.push(' ');
        }
        current.push_str(word);
        // Blanks beside each other are empty words: kept inside a line, not at the begin of one.
        has_word = has_word || !word.is_empty();
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// A line that ends with a command after a colon, as remedies do: broken in front of the command if that keeps it
/// whole.
pub fn wrapped_command(line: &str, width: usize, indent: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    match line.rsplit_once(": devpi-tokens ") {
        Some((what, command)) if !what.contains(": ") => {
            let command = format!("{}devpi-tokens {command}", " ".repeat(indent));
            let mut lines = wrapped(&format!("{what}:"), width, indent);
            lines.extend(wrapped(&command, width, indent + 2));
            lines
        }
        _ => wrapped(line, width, indent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_blanks_only_and_a_long_word_stays_whole() {
        assert_eq!(wrapped("a bb ccc", 80, 2), ["a bb ccc"]);
        assert_eq!(wrapped("a bb ccc", 4, 2), ["a bb", "  ccc"]);
        assert_eq!(wrapped("  a http://long.example/ b", 8, 4), ["  a", "    http://long.example/", "    b"]);
        assert_eq!(wrapped("", 8, 4), [""]);
        assert_eq!(wrapped("é é é", 3, 0), ["é é", "é"]);
    }

    #[test]
    fn what_fits_keeps_its_columns() {
        assert_eq!(wrapped("  may       read, upload", 80, 12), ["  may       read, upload"]);
        assert_eq!(wrapped("  may       read, upload", 18, 12), ["  may       read,", "            upload"]);
    }

    #[test]
    fn a_command_gets_a_line_of_its_own() {
        let line = "log in: devpi-tokens login http://h/";
        assert_eq!(wrapped_command(line, 80, 2), [line]);
        assert_eq!(wrapped_command(line, 31, 2), ["log in:", "  devpi-tokens login http://h/"]);
    }
}
