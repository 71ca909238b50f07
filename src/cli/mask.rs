//! Tokens in a text that is to be shown: something else stands in their place.

/// How the tokens of indexes begin: in format 2 and in format 1, and as upstream's `token-derive` prints them.
const BEGINNINGS: [&str; 5] = ["devpi-AgE", "devpi-MD", "pypi-AgE", "pypi-MD", "AgEAAg"];

/// How long one is at least, in bytes.
const SHORTEST: usize = 30;

/// A text in which `mask` stands for each token.
pub(super) fn without_tokens(text: &str, mask: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let mut shown = text.to_owned();
    for word in text.split(|letter| !is_part(letter)) {
        // Behind a letter, too, as in `%3Adevpi-`.
        let begins = BEGINNINGS.iter().filter_map(|beginning| word.find(beginning)).min();
        if let Some(token) = begins.map(|at| &word[at..]).filter(|token| token.len() >= SHORTEST) {
            shown = shown.replace(token, mask);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_hidden_and_what_begins_like_one_is_not() {
        let bare = "AgEAAg5hbGljZS1hYmNERUYyMwAABiBTs3cret";
        let text =
            format!("cannot read devpi-{bare}: {bare}, 'x%3Adevpi-{bare}' of devpi-staging-internal-eu-west-1.corp");
        assert_eq!(
            without_tokens(&text, "<token>"),
            "cannot read <token>: <token>, 'x%3A<token>' of devpi-staging-internal-eu-west-1.corp"
        );
    }
}
