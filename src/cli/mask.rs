//! Tokens in a text that is to be shown: something else stands in their place.

/// How the tokens of indexes begin, the last one without what devpi-tokens writes in front of it, and how long one is at
/// least, in bytes.
const BEGINNINGS: [&str; 3] = ["devpi-", "pypi-", "AgEAAg"];
const SHORTEST: usize = 30;

/// A text in which `mask` stands for each token.
pub(super) fn without_tokens(text: &str, mask: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let mut shown = text.to_owned();
    for word in text.split(|letter| !is_part(letter)) {
        if word.len() >= SHORTEST && BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)) {
            shown = shown.replace(word, mask);
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
        let text = format!("cannot read devpi-{bare}: {bare}, '{bare}' of devpi-tokens-agent");
        assert_eq!(without_tokens(&text, "<token>"), "cannot read <token>: <token>, '<token>' of devpi-tokens-agent");
    }
}
