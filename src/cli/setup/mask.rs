//! Lines of configuration files without what is secret in them: `<password>` stands in its place.

use super::ini;
use super::lying;
use crate::cli::mask::without_tokens;
use crate::escape::printable;
use crate::secret::Secret;

/// What stands in the place of a secret.
const MASK: &str = "<password>";

/// What the names of secrets end with.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "auth",
    "authorization",
    "extraheader",
    "token",
    "secret",
    "api-key",
    "private-key",
];

/// The secrets of a file.
pub(super) struct Mask(Vec<Secret>);

impl Mask {
    /// For the lines of these texts.
    pub(super) fn of(texts: &[&str], found: impl Iterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> = found.collect();
        for text in texts {
            // A value may go over several lines, none of which says what it is.
            let entries = ini::entries(text);
            let named = entries.iter().filter(|entry| is_secret(entry.key));
            secrets.extend(named.flat_map(|entry| entry.value.iter().map(|line| Secret::new(*line))));
        }
        secrets.retain(|secret| !secret.is_empty());
        // Where one is a part of another, the longer one first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// A line as it may be shown.
    pub(super) fn line(&self, line: &str) -> String {
        let mut line = self.0.iter().fold(line.to_owned(), |line, secret| line.replace(secret.expose(), MASK));
        // First, so that there is one kind of blanks.
        line = spaced(&line);
        line = in_addresses(&line);
        line = in_words(&line);
        line = by_name(&line);
        line = behind_password(&line);
        printable(&without_tokens(&line, MASK))
    }

    /// Whether something in a line is not shown.
    pub(super) fn hides(&self, line: &str) -> bool {
        self.line(line) != printable(&spaced(line))
    }
}

fn spaced(line: &str) -> String {
    line.replace('\t', "    ")
}

fn is_secret(key: &str) -> bool {
    let key = key.trim().trim_matches(['"', '\'']).to_lowercase().replace('_', "-");
    NAMES.iter().any(|name| key.ends_with(name))
}

/// `scheme://user:password@host`: all behind the first colon, up to the last `@` in front of a slash.
fn in_addresses(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        shown.push_str(before);
        let end = after.find(['/', '?', '#', '"', '\'', ' ', '\t']).unwrap_or(after.len());
        rest = after;
        if let Some(info) = after[..end].rfind('@') {
            shown.push_str(&in_user(&after[..info]));
            rest = &after[info..];
        }
    }
    shown + rest
}

/// The same without the scheme, as some proxies are named.
fn in_words(line: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'');
    let word = |word: &str| match word.rfind('@').filter(|at| !word.contains("://") && word[..*at].contains(':')) {
        Some(at) => in_user(&word[..at]) + &word[at..],
        None => word.to_owned(),
    };
    line.split_inclusive(ends).map(word).collect()
}

/// `user:password`, and what stands alone or in front of an empty password where it is a token.
fn in_user(info: &str) -> String {
    match info.split_once(':') {
        Some((_, "")) => format!("{MASK}:"),
        Some((user, _)) if lying::is_token(user) => format!("{MASK}:{MASK}"),
        Some((user, _)) => format!("{user}:{MASK}"),
        None if lying::is_token(info) => MASK.to_owned(),
        None => info.to_owned(),
    }
}

/// `password = …`, `"auth": …`, also as one of several in a line.
fn by_name(line: &str) -> String {
    for (at, sign) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end();
        let name = before.rsplit([',', '{', '[', ' ', '\t']).next().unwrap_or_default();
        let value = &line[at + sign.len()..];
        if is_secret(name) && !value.trim().is_empty() && !value.starts_with("//") {
            let blanks = value.len() - value.trim_start().len();
            return format!("{}{}{MASK}", &line[..at + sign.len()], &value[..blanks]);
        }
    }
    line.to_owned()
}

/// `password …`, as in a netrc.
fn behind_password(line: &str) -> String {
    let Some(at) = line.find("password ").filter(|at| line[..*at].trim_end().len() < *at || *at == 0) else {
        return line.to_owned();
    };
    let (before, after) = line.split_at(at + "password ".len());
    let after = after.trim_start();
    if after.is_empty() || after.starts_with(['=', ':']) { line.to_owned() } else { format!("{before}{MASK}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        Mask::of(&[line], std::iter::empty()).line(line)
    }

    #[test]
    fn whatever_is_secret_in_a_line_is_not_shown() {
        for (line, shown) in [
            ("index-url = https://alice:s3cret@h/a/dev/", "index-url = https://alice:<password>@h/a/dev/"),
            ("url = \"https://a:b@c:s3cret@h/x\"", "url = \"https://a:<password>@h/x\""),
            ("password = s3cret s3cret", "password = <password>"),
            ("Password: s3cret", "Password: <password>"),
            ("dev = { username = \"a\", password = \"s3cret\" }", "dev = { username = \"a\", password = <password>"),
            ("machine h login a password s3cret", "machine h login a password <password>"),
            ("  password s3cret account x", "  password <password>"),
            ("UV_TOKEN=s3cret", "UV_TOKEN=<password>"),
            ("dev = devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTs3cret", "dev = <password>"),
            ("smtpPass = s3cret", "smtpPass = <password>"),
            ("url = https://s3cret:@h/x", "url = https://<password>:@h/x"),
            ("proxy = bob:s3cret@proxy:3128", "proxy = bob:<password>@proxy:3128"),
            ("proxy=bob:s3=cr,et@proxy:3128", "proxy=bob:<password>@proxy:3128"),
            ("machine h\tlogin a\tpassword\ts3cret", "machine h    login a    password <password>"),
            ("\textraheader = Authorization: Basic s3cret", "    extraheader = <password>"),
            ("  \"Authorization: Basic s3cret\"", "  \"Authorization: <password>"),
            ("git@host:path", "git@host:path"),
            ("[global]", "[global]"),
            ("\thelper = x", "    helper = x"),
            ("authenticate = \"always\"", "authenticate = \"always\""),
            ("keyring-provider = subprocess", "keyring-provider = subprocess"),
            ("url = https://alice@h/a/dev/ \u{1b}[2J", "url = https://alice@h/a/dev/ \\x1b[2J"),
        ] {
            assert_eq!(masked(line), shown);
        }
        let token = "devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTiicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO";
        assert_eq!(masked(&format!("url = https://{token}@h/a")), "url = https://<password>@h/a");
    }

    #[test]
    fn a_line_with_a_secret_is_told_from_one_without() {
        let mask = Mask::of(&[], std::iter::empty());
        assert!(mask.hides("\tpassword = x") && mask.hides("https://a:b@h/"));
        assert!(!mask.hides("\thelper = \u{1b}x") && !mask.hides("https://a@h/"));
    }

    #[test]
    fn the_further_lines_of_a_password_are_not_shown() {
        let text = "[x]\npassword =\n    s3cret\n    more\nother = 1\n";
        let mask = Mask::of(&[text], std::iter::empty());
        assert_eq!(
            text.lines().map(|line| mask.line(line)).collect::<Vec<_>>()[2..4],
            ["    <password>", "    <password>"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_secret_that_stands_where_secrets_stand_is_shown(
            secret in "Q[a-zA-Z0-9!$%^&*()_+.-]{7,20}Q",
            line in proptest::sample::select(vec![
                "index-url = https://alice:SECRET@h/x", "password = SECRET", "password:SECRET", "a = {auth = \"SECRET\"}",
                "machine h login a password SECRET", "https://u:SECRET@h and https://v:SECRET@i/", "pypi-token = SECRET",
                "https://SECRET:@h/", "http_proxy = u:SECRET@h:1", "password\tSECRET", "smtpPass=SECRET",
                "extraHeader = Authorization: Basic SECRET",
            ]),
        ) {
            let shown = masked(&line.replace("SECRET", &secret));
            proptest::prop_assert!(!shown.contains(&secret), "{}", shown);
        }

        #[test]
        fn no_line_is_too_odd(line in "(://|@|:|=|password |auth|devpi-|\\PC| ){0,20}") {
            let _ = masked(&line);
        }
    }
}
