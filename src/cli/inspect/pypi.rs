//! A token of PyPI in words; devpi does not take it.

use serde_json::Value;

use super::{View, joined, number, section};
use crate::escape::printable;
use crate::token::{Caveat, ForeignToken, Format};

pub(super) fn lines(token: &ForeignToken, view: &View) -> Vec<String> {
    let mut lines = view.labelled(0, "server", &location(token));
    lines.extend(view.labelled(0, "identifier", &printable(&text(token.identifier()))));
    lines.extend(view.labelled(0, "kind", "a token of PyPI"));
    if token.format() == Format::V1 {
        lines.extend(view.labelled(0, "format", &number(token.format()).to_string()));
    }
    let in_words = token.caveats().map(|caveat| view.below(&of_caveat(caveat, view)));
    lines.extend(match token.caveats().len() {
        0 => section("it has no restriction: it is good for all that its user may upload", []),
        _ => section("restrictions, in their order:", in_words),
    });
    let said = "it does not take this token, which another server has made";
    lines.extend(section("what a devpi server would say:", [view.below(said)]));
    lines
}

pub(super) fn json(token: &ForeignToken) -> Value {
    serde_json::json!({
        "location": text(token.location()),
        "identifier": text(token.identifier()),
        "kind": "pypi",
        "format": number(token.format()),
        "restrictions": token.caveats().map(|caveat| text(caveat.text)).collect::<Vec<_>>(),
    })
}

fn location(token: &ForeignToken) -> String {
    match token.location() {
        [] => "it names none".to_owned(),
        named => printable(&text(named)),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn of_caveat(caveat: Caveat<'_>, view: &View) -> String {
    let text = text(caveat.text);
    if caveat.third_party {
        return format!("another server has to agree: {}", printable(&text));
    }
    in_words(&text, view).unwrap_or_else(|| format!("not understood: {}", printable(&text)))
}

/// A caveat as PyPI writes it: JSON, in its first form an object, in its second a list that begins with a number.
pub(super) fn in_words(caveat: &str, view: &View) -> Option<String> {
    match serde_json::from_str(caveat).ok()? {
        Value::Object(object) => match (object.get("permissions"), object.get("nbf"), object.get("exp")) {
            (Some(_), ..) if object.get("version")?.as_u64() != Some(1) => None,
            (Some(Value::String(whose)), ..) if whose == "user" => Some("every project of its user".to_owned()),
            (Some(permissions), ..) => projects(permissions.get("projects")?),
            (None, Some(begin), Some(end)) => between(begin, end, view),
            _ => None,
        },
        Value::Array(items) => match (items.first()?.as_u64()?, &items[1..]) {
            (0, [end, begin]) => between(begin, end, view),
            (1, [names]) => projects(names),
            (2, [ids]) => Some(format!("uploads of the projects with these ids only: {}", list(ids)?)),
            (3, [Value::String(user)]) => {
                Some(format!("for requests of the user with this id only: {}", printable(user)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn projects(names: &Value) -> Option<String> {
    Some(format!("uploads of these projects only: {}", list(names)?))
}

fn list(names: &Value) -> Option<String> {
    let names: Option<Vec<String>> = names.as_array()?.iter().map(|name| name.as_str().map(printable)).collect();
    names.map(|names| if names.is_empty() { "none".to_owned() } else { joined(names) })
}

fn between(begin: &Value, end: &Value, view: &View) -> Option<String> {
    let (begin, end) = (begin.as_u64()?, end.as_u64()?);
    let begins = if begin <= view.now { "valid since" } else { "not valid yet: begins" };
    let ends = if end <= view.now { "expired" } else { "expires" };
    Some(format!("{begins} {}, {ends} {}", view.when(begin), view.when(end)))
}
