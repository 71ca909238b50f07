//! hatch: each repository of ours in its `config.toml` names who publishes there.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, TomlError, Value, value};

use super::document;
use super::ours::Ours;

/// The file in which each repository of ours has its user.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn settled(text: &str, ours: &Ours) -> Result<String, TomlError> {
    document::edited(text, |file| settle(file, ours))
}

fn settle(file: &mut DocumentMut, ours: &Ours) {
    // Of a table only: asking an item for a key that it lacks makes one.
    let repositories = ["publish", "index", "repos"]
        .iter()
        .try_fold(file.as_item_mut(), |item, name| item.as_table_like_mut()?.get_mut(name));
    if let Some(repositories) = repositories.and_then(Item::as_table_like_mut) {
        for (_, repository) in repositories.iter_mut() {
            with_user(repository, ours);
        }
    }
}

fn with_user(repository: &mut Item, ours: &Ours) {
    if let Some(url) = repository.as_str() {
        let Some(user) = ours.user(url) else { return };
        let table = InlineTable::from_iter([("url", Value::from(url)), ("user", Value::from(user.as_str()))]);
        if let Some(place) = repository.as_value_mut() {
            let decor = place.decor().clone();
            *place = Value::InlineTable(table);
            *place.decor_mut() = decor;
        }
        return;
    }
    let Some(table) = repository.as_table_like_mut() else { return };
    let user = text(table, "url").and_then(|url| ours.user(url)).map(ToString::to_string);
    if let Some(user) = user.filter(|_| text(table, "user").is_none_or(|user| user == super::lying::NOBODY)) {
        table.insert("user", value(user));
    }
}

fn text<'t>(table: &'t dyn TableLike, key: &str) -> Option<&'t str> {
    table.get(key)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_of_ours_gets_its_user() {
        let ours = Ours::with("https://h", "alice");
        let text = "# mine\nmode = \"local\" # here\n[publish.index.repos]\ndev = \"https://h/a/dev/\" # ours\nfar = \"https://f/\"\n\n\
                    [publish.index.repos.main]\nuser = \"__token__\"\n\n[publish.index.repos.two]\n# theirs\nurl = \"https://h/a/two/\"\n";
        let told = settled(text, &ours).expect("TOML");
        let expected = text
            .replace("\"https://h/a/dev/\" # ours", "{ url = \"https://h/a/dev/\", user = \"alice\" } # ours")
            + "user = \"alice\"\n";
        assert_eq!(told, expected);
        assert_eq!(settled(&told, &ours).expect("TOML"), told);
        assert_eq!(settled("mode = 'local'\n", &ours).expect("TOML"), "mode = 'local'\n");
        assert_eq!(settled("mode = 'local'\n", &ours).expect("TOML"), "mode = 'local'\n");
        assert!(settled("[", &ours).is_err());
    }
}
