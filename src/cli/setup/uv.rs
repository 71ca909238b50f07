//! uv: `keyring-provider` in the user's `uv.toml`, and `authenticate = "always"` for each index of ours.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, TomlError, Value, value};

use super::ours::Ours;
use super::{document, lying};
use crate::target::{IndexName, ServerUrl};

const KEY: &str = "keyring-provider";
const VALUE: &str = "subprocess";

/// An index that uv has to know by itself: its files are asked for without a 401 in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) server: ServerUrl,
    pub(super) index: IndexName,
}

impl Base {
    fn url(&self) -> String {
        self.server.join(&format!("{}/+simple/", self.index))
    }
}

/// The addresses of the indexes in a file.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn indexes(text: &str) -> Result<Vec<String>, TomlError> {
    let mut file: DocumentMut = text.parse()?;
    let mut urls = Vec::new();
    each_index(&mut file, &mut |index| urls.extend(text_of(index, "url").map(str::to_owned)));
    Ok(urls)
}

/// The file in which uv asks the `keyring` command, for each index of ours before the first request. Bases that are no
/// index yet are added, `explicit`: nothing is installed from one unless it is named.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn settled(text: &str, ours: &Ours, bases: &[Base]) -> Result<String, TomlError> {
    document::edited(text, |file| settle(file, ours, bases))
}

fn settle(file: &mut DocumentMut, ours: &Ours, bases: &[Base]) {
    if file.get(KEY).and_then(Item::as_str) != Some(VALUE) {
        set(file.as_table_mut(), KEY, VALUE);
    }
    // What is said for `uv pip` alone counts more there.
    if let Some(pip) = file.get_mut("pip").and_then(Item::as_table_like_mut)
        && text_of(pip, KEY).is_some_and(|value| value != VALUE)
    {
        set(pip, KEY, VALUE);
    }
    let mut known: Vec<String> = Vec::new();
    each_index(file, &mut |index| {
        let Some(url) = text_of(index, "url").map(str::to_owned) else { return };
        if ours.find(&url).is_some() && text_of(index, "authenticate") != Some("always") {
            set(index, "authenticate", "always");
        }
        known.push(lying::apart(&url).plain.trim_end_matches('/').to_owned());
    });
    for base in bases.iter().filter(|base| !known.contains(&base.url().trim_end_matches('/').to_owned())) {
        add(file, base);
    }
}

fn each_index(file: &mut DocumentMut, look: &mut dyn FnMut(&mut dyn TableLike)) {
    match file.get_mut("index") {
        Some(Item::ArrayOfTables(indexes)) => indexes.iter_mut().for_each(|index| look(index)),
        Some(Item::Value(Value::Array(indexes))) => {
            indexes.iter_mut().filter_map(Value::as_inline_table_mut).for_each(|index| look(index));
        }
        _ => {}
    }
}

/// Sets a value, and keeps the comment behind the one before.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(place) => {
            let decor = place.decor().clone();
            *place = Value::from(text);
            *place.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(text));
        }
    }
}

fn add(file: &mut DocumentMut, base: &Base) {
    // What uv takes for a name.
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name = base.index.to_string().replace(|letter| !plain(letter), "-");
    let entries: [(&str, Value); 4] = [
        ("name", name.into()),
        ("url", base.url().into()),
        ("explicit", true.into()),
        ("authenticate", "always".into()),
    ];
    match file.entry("index").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(indexes) => {
            let mut table = Table::from_iter(entries);
            table.decor_mut().set_prefix("\n");
            indexes.push(table);
        }
        Item::Value(Value::Array(indexes)) => {
            indexes.push(Value::InlineTable(entries.into_iter().collect()));
        }
        _ => {}
    }
}

fn text_of<'t>(table: &'t dyn TableLike, key: &str) -> Option<&'t str> {
    table.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UV: &str = "# mine\nlink-mode = \"copy\" # over the network\n\n# ours\n[[index]]\nname = \"dev\"\nurl = \
                      \"https://h/alice/dev/+simple/\" # the team's\ndefault = true\n\n[[index]]\nname = \"far\"\nurl = \
                      \"https://far/simple\"\n";

    fn told(text: &str, bases: &[Base]) -> String {
        settled(text, &Ours::with("https://h", "alice"), bases).expect("TOML")
    }

    #[test]
    fn only_an_index_of_ours_is_asked_for_ahead() {
        let expected = UV
            .replace("# over the network\n", "# over the network\nkeyring-provider = \"subprocess\"\n")
            .replace("default = true\n", "default = true\nauthenticate = \"always\"\n");
        assert_eq!(told(UV, &[]), expected);
        assert_eq!(told(&expected, &[]), expected);
        assert_eq!(told("", &[]), "keyring-provider = \"subprocess\"\n");
        assert_eq!(indexes(UV).expect("TOML"), ["https://h/alice/dev/+simple/", "https://far/simple"]);
    }

    #[test]
    fn what_says_otherwise_is_changed_where_it_stands() {
        let text = "keyring-provider = \"disabled\" # no\nindex = [{ url = \"https://alice@h/a/b/+simple/\", authenticate = \
                    \"never\" }]\n[pip]\nkeyring-provider = 'disabled'\n";
        let expected = "keyring-provider = \"subprocess\" # no\nindex = [{ url = \"https://alice@h/a/b/+simple/\", authenticate = \
                        \"always\" }]\n[pip]\nkeyring-provider = \"subprocess\"\n";
        assert_eq!(told(text, &[]), expected);
        assert!(settled("a = [", &Ours::default(), &[]).is_err());
    }

    #[test]
    fn a_base_becomes_an_index_that_is_used_only_where_it_is_named() {
        let base = |index: &str| Base {
            server: "https://h".parse().expect("a server"),
            index: index.parse().expect("an index"),
        };
        let bases = [base("alice/dev"), base("alice/base")];
        let added = "\n[[index]]\nname = \"alice-base\"\nurl = \"https://h/alice/base/+simple/\"\nexplicit = true\n\
                     authenticate = \"always\"\n";
        assert_eq!(told(UV, &bases), told(UV, &[]) + added);
        assert_eq!(told(&told(UV, &bases), &bases), told(UV, &bases));
        let inline = told("index = [{ url = \"https://h/a/b\", name = \"b\" }]\n", &[base("a/c")]);
        assert!(
            inline.parse::<toml::Table>().expect("TOML")["index"].as_array().expect("a list").len() == 2,
            "{inline}"
        );
    }
}
