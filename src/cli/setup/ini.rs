//! INI as Python's `RawConfigParser` reads it, changed line by line: all that is not asked about stays as it is, byte for
//! byte. No crate was found that keeps comments and knows Python's continuation lines.

use std::ops::Range;

/// An option, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// The section that it is in.
    pub(super) section: &'t str,
    /// Its name as it is written.
    pub(super) key: &'t str,
    /// Its value: the lines of it, trimmed.
    pub(super) value: Vec<&'t str>,
    /// Its lines in the text, with the end of the last one.
    pub(super) lines: Range<usize>,
    /// Its value in the text, from the first line's on to the end of the last line, without its line ending.
    place: Range<usize>,
    /// How far it is indented, in characters.
    indent: usize,
}

impl Entry<'_> {
    /// Whether it is the one of that section and name; `-` and `_` are one, and so are upper and lower case, as in pip.
    pub(super) fn is(&self, section: &str, key: &str) -> bool {
        self.section == section && normal(self.key) == normal(key)
    }

    /// The value as one text.
    pub(super) fn text(&self) -> String {
        self.value.join("\n").trim().to_owned()
    }
}

fn normal(key: &str) -> String {
    let key = key.to_lowercase().replace('_', "-");
    key.strip_prefix("--").unwrap_or(&key).to_owned()
}

/// A line with its place: without its ending, and with it.
struct Line<'t> {
    text: &'t str,
    from: usize,
    to: usize,
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with(['#', ';'])
    }

    fn indent(&self) -> usize {
        self.text.chars().take_while(|letter| letter.is_whitespace()).count()
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut from = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = Line { text: line.strip_suffix('\r').unwrap_or(line), from, to: from + whole.len() };
        from = line.to;
        line
    })
}

/// The name in a section's header.
fn header(trimmed: &str) -> Option<&str> {
    let inside = trimmed.strip_prefix('[')?;
    Some(&inside[..inside.rfind(']')?]).filter(|name| !name.is_empty())
}

/// Every option, in order.
pub(super) fn entries(text: &str) -> Vec<Entry<'_>> {
    scan(text).0
}

/// Every option, and every section with the end of its header's line: what looks like one may be a further line of an
/// option.
fn scan(text: &str) -> (Vec<Entry<'_>>, Vec<(&str, usize)>) {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut sections = Vec::new();
    let mut section = None;
    // Whether lines that are indented further belong to the last entry.
    let mut is_open = false;
    for line in lines(text) {
        if line.is_blank() || line.is_comment() {
            continue;
        }
        let trimmed = line.text.trim();
        let end = line.from + line.text.trim_end().len();
        if let Some(last) = entries.last_mut().filter(|last| is_open && line.indent() > last.indent) {
            last.value.push(trimmed);
            last.lines.end = line.to;
            last.place.end = end;
            continue;
        }
        is_open = false;
        if let Some(name) = header(trimmed) {
            section = Some(name);
            sections.push((name, line.to));
            continue;
        }
        // In front of the first section Python reads nothing and refuses the file.
        let Some(section) = section else { continue };
        let (key, value) = match trimmed.split_once(['=', ':']) {
            Some((key, value)) => (key.trim(), value.trim()),
            None => (trimmed, ""),
        };
        is_open = true;
        let place = end - value.len()..end;
        entries.push(Entry {
            section,
            key,
            value: vec![value],
            lines: line.from..line.to,
            place,
            indent: line.indent(),
        });
    }
    (entries, sections)
}

/// The value that counts: of several spellings the last one.
pub(super) fn value(text: &str, section: &str, key: &str) -> Option<String> {
    entries(text).into_iter().rfind(|entry| entry.is(section, key)).map(|entry| entry.text())
}

/// The text with this value; one that is there already is replaced where it stands.
pub(super) fn set(text: &str, section: &str, key: &str, value: &str) -> String {
    let (entries, sections) = scan(text);
    if let Some(entry) = entries.iter().rfind(|entry| entry.is(section, key)) {
        let has_sign = text[entry.lines.clone()].contains(['=', ':']);
        let glue = match text[..entry.place.start].chars().next_back() {
            _ if !has_sign => " = ",
            Some('=' | ':') if entry.place.is_empty() => " ",
            _ => "",
        };
        return spliced(text, entry.place.clone(), &format!("{glue}{value}"));
    }
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let new = format!("{key} = {value}{ending}");
    let at_header = sections.iter().find(|(name, _)| *name == section);
    let last = entries.iter().rfind(|entry| entry.section == section);
    let (at, indent) = match (last, at_header) {
        (Some(last), _) => (last.lines.end, last.indent),
        // What follows must not be read as a second line of the new value.
        (None, Some((_, end))) => (*end, next_indent(text, *end)),
        (None, None) => {
            let gap = if text.trim().is_empty() { "" } else { ending };
            return format!("{}{gap}[{section}]{ending}{new}", ended(text, ending));
        }
    };
    let (before, after) = text.split_at(at);
    format!("{}{}{new}{after}", ended(before, ending), " ".repeat(indent))
}

/// The text with other words in the values of some options, each where it stands.
pub(super) fn reworded(
    text: &str,
    is_one: impl Fn(&Entry<'_>) -> bool,
    other: impl Fn(&str) -> Option<String>,
) -> String {
    let mut told = text.to_owned();
    let entries = entries(text);
    // From the end on, so that what lies in front stays where it was found.
    for entry in entries.iter().rev().filter(|entry| is_one(entry)) {
        let value = &text[entry.place.clone()];
        for line in lines(value).collect::<Vec<_>>().into_iter().rev().filter(|line| !line.is_comment()) {
            let from = entry.place.start + line.from;
            let words: Vec<&str> = line.text.split_whitespace().collect();
            for word in words.into_iter().rev() {
                let at = from + (word.as_ptr() as usize - line.text.as_ptr() as usize);
                if let Some(other) = other(word) {
                    told.replace_range(at..at + word.len(), &other);
                }
            }
        }
    }
    told
}

fn next_indent(text: &str, at: usize) -> usize {
    lines(text).find(|line| line.from >= at && !line.is_blank() && !line.is_comment()).map_or(0, |line| line.indent())
}

fn spliced(text: &str, place: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..place.start], &text[place.end..])
}

/// The text, its last line ended.
fn ended(text: &str, ending: &str) -> String {
    let missing = !text.is_empty() && !text.ends_with('\n');
    if missing { format!("{text}{ending}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, entry: &Entry<'_>) -> String {
        spliced(text, entry.lines.clone(), "")
    }

    const PIP: &str = "# mine\n[global]\n; slow network\ntimeout = 60\nextra-index-url =\n    https://one/\n    # why\n\n    \
                       https://two/\n\n[install]\nno-compile = yes\n";

    #[test]
    fn an_option_has_its_further_lines() {
        let entries = entries(PIP);
        let shown: Vec<(&str, &str, String)> =
            entries.iter().map(|entry| (entry.section, entry.key, entry.text())).collect();
        let urls = "https://one/\nhttps://two/".to_owned();
        assert_eq!(shown[0], ("global", "timeout", "60".to_owned()));
        assert_eq!(shown[1], ("global", "extra-index-url", urls));
        assert_eq!(shown[2], ("install", "no-compile", "yes".to_owned()));
    }

    #[test]
    fn a_new_option_stands_behind_those_of_its_section() {
        let changed = set(PIP, "global", "keyring-provider", "subprocess");
        assert_eq!(changed, PIP.replace("two/\n", "two/\nkeyring-provider = subprocess\n"));
        assert_eq!(set("", "global", "k", "v"), "[global]\nk = v\n");
        assert_eq!(set("[x]\na = 1", "global", "k", "v"), "[x]\na = 1\n\n[global]\nk = v\n");
        assert_eq!(set("[global]\r\n", "global", "k", "v"), "[global]\r\nk = v\r\n");
        assert_eq!(set("[x]\na = 1\n  [global]\n", "global", "k", "v"), "[x]\na = 1\n  [global]\n\n[global]\nk = v\n");
        assert_eq!(set("[global]\n  [b]\n", "global", "k", "v"), "[global]\n  k = v\n  [b]\n");
    }

    #[test]
    fn an_option_that_is_there_keeps_its_place_its_spelling_and_what_is_beside_it() {
        for (before, after) in [
            ("[global]\nKeyring_Provider: import\n# c\n", "[global]\nKeyring_Provider: subprocess\n# c\n"),
            ("[global]\nkeyring-provider =\n", "[global]\nkeyring-provider = subprocess\n"),
            ("[global]\nkeyring-provider\n", "[global]\nkeyring-provider = subprocess\n"),
            ("[global]\nkeyring-provider=a\n  b\nx=1\n", "[global]\nkeyring-provider=subprocess\nx=1\n"),
            (
                "[global]\nkeyring-provider = a\nkeyring_provider = b",
                "[global]\nkeyring-provider = a\nkeyring_provider = subprocess",
            ),
        ] {
            assert_eq!(set(before, "global", "keyring-provider", "subprocess"), after);
        }
    }

    #[test]
    fn an_option_goes_with_all_its_lines() {
        let entries = entries(PIP);
        assert_eq!(
            without(PIP, &entries[1]),
            "# mine\n[global]\n; slow network\ntimeout = 60\n\n[install]\nno-compile = yes\n"
        );
    }

    fn parsed(text: &str) -> Option<Vec<(String, String, String)>> {
        let mut rules = configparser::ini::IniDefault::default();
        rules.case_sensitive = true;
        rules.multiline = true;
        rules.enable_inline_comments = false;
        let sections = configparser::ini::Ini::new_from_defaults(rules).read(text.to_owned()).ok()?;
        let mut all: Vec<(String, String, String)> = Vec::new();
        for (section, keys) in sections {
            for (key, value) in keys {
                all.push((section.clone(), key, value.unwrap_or_default().split_whitespace().collect()));
            }
        }
        all.sort();
        Some(all)
    }

    proptest::proptest! {
        #[test]
        fn what_is_set_is_read_and_all_else_stays(
            text in "([#;][a-z =]{0,5}\n|\n|\\[(global|b)\\]\n|[ab] ?[=:] ?[a-z/]{0,4}\n(  [a-z]{1,3}\n)?){0,9}(a = b)?"
        ) {
            let text = format!("[first]\n{text}");
            let changed = set(&text, "global", "key", "value");
            proptest::prop_assert_eq!(value(&changed, "global", "key"), Some("value".to_owned()), "{}", changed);
            proptest::prop_assert_eq!(&set(&changed, "global", "key", "value"), &changed);
            // A second reader, of somebody else's, sees that one more and nothing less.
            let (before, after) = (parsed(&text), parsed(&changed));
            if let (Some(mut before), Some(after)) = (before, after) {
                before.push(("global".to_owned(), "key".to_owned(), "value".to_owned()));
                before.sort();
                proptest::prop_assert_eq!(before, after, "{}", changed);
            }
            for line in text.lines() {
                proptest::prop_assert!(changed.contains(line));
            }
            let entries = entries(&changed);
            let ours = entries.iter().find(|entry| entry.key == "key").expect("set");
            let back = without(&changed, ours);
            proptest::prop_assert!(back == text || back.trim_end() == text.trim_end() || back.contains("\n\n[global]\n"), "{:?} {:?}", text, back);
        }

        #[test]
        fn no_text_is_too_odd(text in "([\\[\\]=:;#\\-_ \r\n\ta-cé]|\\[g\\]\n){0,60}") {
            let changed = set(&text, "g", "key", "value");
            proptest::prop_assert_eq!(value(&changed, "g", "key"), Some("value".to_owned()), "{:?}", changed);
            for entry in entries(&text) {
                let _ = without(&text, &entry);
            }
        }
    }
}
