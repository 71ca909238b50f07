//! Credentials that lie about in configuration files: where they stand, and the text without them.

use std::collections::BTreeMap;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{document, ini};
use crate::cli::netrc;
use crate::secret::Secret;
use crate::token::Token;

/// How deep tables are looked through.
const DEEPEST: usize = 8;

/// How long a text with the prefix of a token has to be to be shown to nobody, in bytes.
const LIKE_A_TOKEN: usize = 40;

/// Who nobody of devpi is: with that name other indexes take a token.
pub(super) const NOBODY: &str = "__token__";

/// A credential in a file.
pub(super) struct Lying {
    /// The address that it is for, without user and password.
    pub(super) url: String,
    /// Whose it is, where that is said.
    pub(super) user: Option<String>,
    /// A password or a token.
    pub(super) secret: Secret,
    /// Where it stands.
    spot: Spot,
}

/// A place in a text.
enum Spot {
    /// These bytes; what stands there instead.
    Bytes(Range<usize>, &'static str),
    /// A key within tables of TOML, by its names from the outermost on.
    Key(Vec<String>),
    /// The session of a user in devpi-client's `auth.json`, by its URL.
    Session(String),
}

/// What a file is, as far as credentials in it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Addresses, in whatever language: `https://user:password@host/`.
    Addresses,
    /// `.pypirc`.
    Pypirc,
    /// Tables of TOML that have an address and a password: pdm's and hatch's configuration.
    Tables,
    /// poetry's `auth.toml`; the addresses are in another file.
    PoetryAuth,
    /// A netrc.
    Netrc,
    /// devpi-client's `auth.json`.
    Sessions,
}

/// The credentials in a text. Of poetry's repositories `names` says the addresses.
pub(super) fn find(kind: Kind, text: &str, names: &BTreeMap<String, String>) -> Vec<Lying> {
    match kind {
        Kind::Addresses => in_addresses(text),
        Kind::Pypirc => in_pypirc(text),
        Kind::Tables => {
            let mut found = in_addresses(text);
            let table: toml::Table = text.parse().unwrap_or_default();
            in_tables(&table, &mut Vec::new(), &mut found);
            found
        }
        Kind::PoetryAuth => in_poetry(text, names),
        Kind::Netrc => in_netrc(text),
        Kind::Sessions => in_sessions(text),
    }
}

/// The text without those of its credentials.
pub(super) fn without(text: &str, gone: &[&Lying]) -> String {
    let mut text = text.to_owned();
    let mut bytes: Vec<(&Range<usize>, &str)> = Vec::new();
    for lying in gone {
        if let Spot::Bytes(place, instead) = &lying.spot {
            bytes.push((place, instead));
        }
    }
    // From the end, so that no place moves.
    bytes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    for (place, instead) in bytes {
        text.replace_range(place.clone(), instead);
    }
    for lying in gone {
        match &lying.spot {
            Spot::Bytes(..) => {}
            Spot::Key(path) => text = without_key(&text, path),
            Spot::Session(url) => text = without_session(&text, url, lying),
        }
    }
    text
}

/// An address as it is written, taken apart.
pub(super) struct Written {
    /// Without user and password.
    pub(super) plain: String,
    /// The user, decoded.
    pub(super) user: Option<String>,
    /// The password, decoded.
    pub(super) password: Option<Secret>,
}

/// Takes an address apart.
pub(super) fn apart(url: &str) -> Written {
    let none = || Written { plain: url.to_owned(), user: None, password: None };
    let Some((scheme, rest)) = url.split_once("://") else { return none() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((info, host)) = rest[..end].rsplit_once('@') else { return none() };
    let (user, password) = info.split_once(':').map_or((info, None), |(user, password)| (user, Some(password)));
    let password = password.filter(|password| !password.is_empty());
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    Written {
        plain: format!("{scheme}://{host}{}", &rest[end..]),
        user: Some(decoded(user).into_owned()).filter(|user| !user.is_empty()),
        password: password.map(|password| Secret::new(decoded(password))),
    }
}

/// Whether a text is a token of devpi, or looks like one.
pub(super) fn is_token(text: &str) -> bool {
    Token::parse(text).is_ok() || (text.starts_with("devpi-") && text.len() > LIKE_A_TOKEN)
}

/// Every `scheme://user:password@host/…`; a token may stand in the place of the user.
fn in_addresses(text: &str) -> Vec<Lying> {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | ',' | '`' | '|');
    let mut found = Vec::new();
    for (sign, _) in text.match_indices("://") {
        let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || letter == '+';
        let from = text[..sign].rfind(|letter| !is_scheme(letter)).map_or(0, |at| at + 1);
        // Behind a character of several bytes.
        let from = (from..=sign).find(|at| text.is_char_boundary(*at)).unwrap_or(sign);
        let to = text[sign..].find(ends).map_or(text.len(), |length| sign + length);
        let (url, info_from) = (&text[from..to], sign + "://".len());
        let end = text[info_from..to].find(['/', '?', '#']).map_or(to, |length| info_from + length);
        let Some(at) = text[info_from..end].rfind('@').map(|length| info_from + length) else { continue };
        let Written { plain, user, password } = apart(url);
        let token = user.as_ref().filter(|user| is_token(user)).map(|user| Secret::new(user.as_str()));
        let is_user = token.is_none() && user.as_deref() != Some(NOBODY);
        let Some(secret) = token.or(password) else { continue };
        let colon = text[info_from..at].find(':').map(|length| info_from + length);
        let place = if is_user { colon.unwrap_or(at)..at } else { info_from..at + 1 };
        found.push(Lying { url: plain, user: user.filter(|_| is_user), secret, spot: Spot::Bytes(place, "") });
    }
    found
}

fn in_pypirc(text: &str) -> Vec<Lying> {
    let entries = ini::entries(text);
    let of = |section: &str, key: &str| entries.iter().find(|entry| entry.is(section, key));
    let passwords = entries.iter().filter(|entry| entry.is(entry.section, "password") && !entry.text().is_empty());
    let mut found: Vec<Lying> = passwords
        .filter_map(|entry| {
            let url = apart(&of(entry.section, "repository")?.text()).plain;
            let user = of(entry.section, "username").map(|user| user.text()).filter(|user| !user.is_empty());
            let user = user.filter(|user| user != NOBODY);
            Some(Lying { url, user, secret: Secret::new(entry.text()), spot: Spot::Bytes(entry.lines.clone(), "") })
        })
        .collect();
    found.extend(in_addresses(text));
    found
}

fn in_tables(table: &toml::Table, path: &mut Vec<String>, found: &mut Vec<Lying>) {
    let text = |key: &str| table.get(key).and_then(toml::Value::as_str).filter(|text| !text.is_empty());
    let secret = ["password", "auth"].into_iter().find_map(|key| Some((key, text(key)?)));
    if let (Some(url), Some((key, secret))) = (text("url"), secret) {
        let user = text("username").or(text("user")).filter(|user| *user != NOBODY);
        let spot = Spot::Key(path.iter().map(String::as_str).chain([key]).map(str::to_owned).collect());
        found.push(Lying { url: apart(url).plain, user: user.map(str::to_owned), secret: Secret::new(secret), spot });
    }
    for (name, value) in table {
        if let Some(inner) = value.as_table().filter(|_| path.len() < DEEPEST) {
            path.push(name.clone());
            in_tables(inner, path, found);
            path.pop();
        }
    }
}

fn in_poetry(text: &str, names: &BTreeMap<String, String>) -> Vec<Lying> {
    let file: toml::Table = text.parse().unwrap_or_default();
    let mut found = Vec::new();
    let mut take = |kind: &str, name: &str, user: Option<&str>, secret: Option<&str>| {
        if let (Some(url), Some(secret)) = (names.get(name), secret.filter(|secret| !secret.is_empty())) {
            let user = user.filter(|user| *user != NOBODY).map(str::to_owned);
            let spot = Spot::Key(vec![kind.to_owned(), name.to_owned()]);
            found.push(Lying { url: apart(url).plain, user, secret: Secret::new(secret), spot });
        }
    };
    for (name, value) in file.get("http-basic").and_then(toml::Value::as_table).into_iter().flatten() {
        let field = |key| value.get(key).and_then(toml::Value::as_str);
        take("http-basic", name, field("username"), field("password"));
    }
    for (name, value) in file.get("pypi-token").and_then(toml::Value::as_table).into_iter().flatten() {
        take("pypi-token", name, None, value.as_str());
    }
    found
}

/// A netrc knows a host and no address.
fn in_netrc(text: &str) -> Vec<Lying> {
    let machines = netrc::machines(text.as_bytes());
    let found = machines.into_iter().filter_map(|machine| {
        let secret = machine.password.filter(|secret| !secret.is_empty())?;
        Some(Lying { url: machine.host, user: machine.user, secret, spot: Spot::Bytes(machine.place, "") })
    });
    found.collect()
}

/// Only tokens: the secret of a session of devpi-client ends by itself within hours.
fn in_sessions(text: &str) -> Vec<Lying> {
    let file: Value = serde_json::from_str(text).unwrap_or_default();
    let servers = file.get("auth").and_then(Value::as_object).into_iter().flatten();
    let sessions = servers.flat_map(|(url, users)| users.as_array().into_iter().flatten().map(move |user| (url, user)));
    let found = sessions.filter_map(|(url, pair)| {
        let (user, secret) = (pair.get(0)?.as_str()?, pair.get(1)?.as_str()?);
        Token::parse(secret).ok()?;
        let spot = Spot::Session(url.clone());
        Some(Lying { url: url.clone(), user: Some(user.to_owned()), secret: Secret::new(secret), spot })
    });
    found.collect()
}

fn without_key(text: &str, path: &[String]) -> String {
    let Some((last, above)) = path.split_last() else { return text.to_owned() };
    let edited = document::edited(text, |file| {
        // Of a table only: asking an item for a key that it lacks makes one.
        let table = above.iter().try_fold(file.as_item_mut(), |item, name| item.as_table_like_mut()?.get_mut(name));
        if let Some(table) = table.and_then(toml_edit::Item::as_table_like_mut) {
            table.remove(last);
        }
    });
    edited.unwrap_or_else(|_| text.to_owned())
}

fn without_session(text: &str, url: &str, gone: &Lying) -> String {
    let Ok(mut file) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if let Some(users) = file.get_mut("auth").and_then(|auth| auth.get_mut(url)).and_then(Value::as_array_mut) {
        users.retain(|pair| pair.get(1).and_then(Value::as_str) != Some(gone.secret.expose()));
    }
    serde_json::to_string_pretty(&file).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests;
