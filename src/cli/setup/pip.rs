//! pip: `keyring-provider = subprocess` in the user's `pip.conf`.

use super::ini;

const KEY: &str = "keyring-provider";
const VALUE: &str = "subprocess";

/// The file in which pip asks the `keyring` command; the same text where it does so already.
pub(super) fn settled(text: &str) -> String {
    let mut text = text.to_owned();
    if ini::value(&text, "global", KEY).as_deref() != Some(VALUE) {
        text = ini::set(&text, "global", KEY, VALUE);
    }
    // What a command's own section says counts more.
    while let Some(section) = elsewhere(&text) {
        text = ini::set(&text, &section, KEY, VALUE);
    }
    text
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
        let told = settled(text);
        assert_eq!(
            told,
            "# mine\n[global]\ntimeout = 60 ; slow\nkeyring-provider = subprocess\n\n[install]\nkeyring_provider = subprocess\n"
        );
        assert_eq!(settled(&told), told);
        assert_eq!(settled(""), "[global]\nkeyring-provider = subprocess\n");
    }
}
