//! pip: `keyring-provider = subprocess` in the user's `pip.conf`, and the user in the address of each index of ours.

use super::ini;
use super::ours::Ours;

/// The options that name indexes.
const INDEXES: [&str; 2] = ["index-url", "extra-index-url"];

const KEY: &str = "keyring-provider";
const VALUE: &str = "subprocess";

/// The file in which pip asks the `keyring` command; the same text where it does so already. A pip before 26.2 asks it
/// only about a user whom it knows.
pub(super) fn settled(text: &str, ours: &Ours) -> String {
    let mut text = text.to_owned();
    if ini::value(&text, "global", KEY).as_deref() != Some(VALUE) {
        text = ini::set(&text, "global", KEY, VALUE);
    }
    // What a command's own section says counts more.
    while let Some(section) = elsewhere(&text) {
        text = ini::set(&text, &section, KEY, VALUE);
    }
    let names_index = |entry: &ini::Entry<'_>| INDEXES.iter().any(|key| entry.is(entry.section, key));
    ini::reworded(&text, names_index, |url| {
        // Only what is an index: a file, or another program's page on the same host, is none of ours.
        let is_index = !url.contains('@') && ours.find(url).is_some_and(|(_, place)| place.index.is_some());
        let user = ours.user(url).filter(|user| is_index && user.is_plain_in_a_url())?;
        Some(url.replacen("://", &format!("://{user}@"), 1))
    })
}

/// A section that says something else.
fn elsewhere(text: &str) -> Option<String> {
    let sections = ini::entries(text).into_iter().map(|entry| entry.section.to_owned());
    let mut others = sections.filter(|section| ini::value(text, section, KEY).is_some_and(|value| value != VALUE));
    others.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_is_told_once_and_where_it_counts() {
        let text = "# mine\n[global]\ntimeout = 60 ; slow\n\n[install]\nkeyring_provider = disabled\n";
        let settled = |text: &str| settled(text, &Ours::default());
        let told = settled(text);
        assert_eq!(
            told,
            "# mine\n[global]\ntimeout = 60 ; slow\nkeyring-provider = subprocess\n\n[install]\nkeyring_provider = subprocess\n"
        );
        assert_eq!(settled(&told), told);
        assert_eq!(settled(""), "[global]\nkeyring-provider = subprocess\n");
    }

    #[test]
    fn an_index_of_ours_names_its_user_where_it_names_nobody() {
        let text = "[global]\nkeyring-provider = subprocess\nindex-url = https://h/alice/dev/+simple/\n[install]\n\
                    extra_index_url =\n    # https://h/in/a/comment/\n    https://bob@h/bob/dev/+simple/\n    \
                    https://h/alice/two/+simple/\thttps://far/simple https://@h/alice/dev/ https://h/\n\
                    find-links = https://h/alice/dev/\n";
        let told = settled(text, &Ours::with("https://h", "alice"));
        let named = ["https://h/alice/dev/+simple/", "https://h/alice/two/+simple/"];
        let expected = named
            .iter()
            .fold(text.to_owned(), |text, url| text.replace(url, &url.replace("https://", "https://alice@")));
        assert_eq!(told, expected);
        assert_eq!(settled(&told, &Ours::with("https://h", "alice")), told);
    }
}
