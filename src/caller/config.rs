//! The two languages that clients are configured in: INI as Python's RawConfigParser reads it, and TOML.

use std::collections::BTreeMap;

use configparser::ini::{Ini as Parser, IniDefault};

/// A file in INI: keys by section.
pub(super) struct Ini(BTreeMap<String, BTreeMap<String, String>>);

/// Whose values every section has.
const DEFAULT: &str = "DEFAULT";

impl Ini {
    /// Reads a file as pip does: no interpolation, no comments behind a value, values over several lines, keys in
    /// lower case with `-` for `_`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rules = IniDefault::default();
        rules.default_section = DEFAULT.to_owned();
        rules.case_sensitive = true;
        rules.multiline = true;
        rules.enable_inline_comments = false;
        let sections = Parser::new_from_defaults(rules).read(text.to_owned()).ok()?;
        let normal = |(key, value): (String, Option<String>)| {
            let key = key.to_lowercase().replace('_', "-");
            (key.strip_prefix("--").unwrap_or(&key).to_owned(), value.unwrap_or_default())
        };
        let section =
            |(name, keys): (String, _)| (name, Iterator::map(IntoIterator::into_iter(keys), normal).collect());
        Some(Self(sections.into_iter().map(section).collect()))
    }

    /// The names of its sections.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| *name != DEFAULT)
    }

    /// A value that is not empty.
    pub(super) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let own = self.0.get(section)?;
        let value = own.get(key).or_else(|| self.0.get(DEFAULT)?.get(key))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }
}

/// A file in TOML.
pub(super) fn toml(text: &str) -> Option<toml::Table> {
    text.parse().ok()
}

/// A table within tables.
pub(super) fn table<'t>(within: &'t toml::Table, path: &[&str]) -> Option<&'t toml::Table> {
    path.iter().try_fold(within, |table, name| table.get(*name)?.as_table())
}

/// The tables of an array of tables.
pub(super) fn tables<'t>(within: &'t toml::Table, name: &str) -> impl Iterator<Item = &'t toml::Table> {
    within.get(name).and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_table)
}

/// A text, or the texts of a list.
pub(super) fn texts<'t>(within: &'t toml::Table, name: &str) -> Vec<&'t str> {
    match within.get(name) {
        Some(toml::Value::String(text)) => vec![text],
        Some(toml::Value::Array(list)) => list.iter().filter_map(toml::Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ini_file_is_read_as_pythons_raw_parser_reads_it() {
        let text = "; a comment\n[DEFAULT]\ntimeout = 5\n[global]\nIndex_URL: http://h/%40a/%(x)s/ ; no comment\n\
                    extra-index-url =\n    http://h/b/\n    # a comment\n\n    http://h/c/?x=1;y#z\n\tno = key\n\
                    [install]\n--no-index = true\nempty =\nbare\n";
        let ini = Ini::parse(text).expect("a file");
        assert_eq!(ini.value("global", "index-url"), Some("http://h/%40a/%(x)s/ ; no comment"));
        let several: Vec<&str> = ini.value("global", "extra-index-url").expect("several").split_whitespace().collect();
        assert_eq!(several, ["http://h/b/", "http://h/c/?x=1;y#z", "no", "=", "key"]);
        assert_eq!(ini.value("install", "timeout"), Some("5"));
        assert_eq!(ini.value("install", "no-index"), Some("true"));
        assert_eq!(ini.value("install", "empty"), None);
        assert_eq!(ini.value("install", "bare"), None);
        assert_eq!(ini.value("Global", "index-url"), None);
    }

    #[test]
    fn of_two_spellings_of_a_key_the_later_one_counts() {
        for (first, second) in [("index_url", "index-url"), ("index-url", "index_url"), ("--index-url", "index_url")] {
            // Many times, as it must not depend on chance.
            for _ in 0..20 {
                let ini = Ini::parse(&format!("[global]\n{first} = 1\nother = 0\n{second} = 2\n")).expect("a file");
                assert_eq!(ini.value("global", "index-url"), Some("2"), "{first} before {second}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_stops_either_parser(text in "([\\[\\]=:;#\\-_ \n\ta-c\"'{}é]|\\[\\[?|\n ){0,60}") {
            let _ = Ini::parse(&text);
            let _ = toml(&text);
        }
    }
}
