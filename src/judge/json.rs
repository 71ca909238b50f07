//! Caveats of the form that pypitoken writes: JSON. The server checks them, and then fails over them.

use serde_json::Value;

use super::{Verdict, Why, Wish, is_among, python};

/// The verdict of the server's four checks for JSON. All of them look at every caveat: one that objects outweighs the
/// others, and what none knows is not understood.
pub(super) fn check(caveat: &str, wish: &Wish) -> Verdict {
    let Ok(value) = serde_json::from_str::<Value>(caveat) else { return NOT_UNDERSTOOD };
    match &value {
        Value::Object(_) => match (permissions(&value, wish), times(&value, wish)) {
            (Some(Verdict::Not(why)), _) | (_, Some(Verdict::Not(why))) => Some(Verdict::Not(why)),
            (first, second) => first.or(second),
        },
        Value::Array(items) => list(items, wish),
        _ => None,
    }
    .unwrap_or(NOT_UNDERSTOOD)
}

const NOT_UNDERSTOOD: Verdict = Verdict::Not(Why::NotUnderstood);

/// `{"version": 1, "permissions": "user" | {"projects": [..]}}`
fn permissions(value: &Value, wish: &Wish) -> Option<Verdict> {
    let (version, permissions) = (value.get("version")?, value.get("permissions")?);
    if number(version) != Some(1.0) {
        return Some(NOT_UNDERSTOOD);
    }
    if permissions == "user" {
        return Some(Verdict::Met);
    }
    let projects = permissions.get("projects").filter(|projects| !projects.is_null());
    Some(projects.map_or(NOT_UNDERSTOOD, |projects| of_projects(projects, wish)))
}

/// `{"nbf": …, "exp": …}`
fn times(value: &Value, wish: &Wish) -> Option<Verdict> {
    let mut times = [0.0; 2];
    for (time, key) in times.iter_mut().zip(["nbf", "exp"]) {
        *time = match value.get(key)? {
            Value::String(text) => python::int(text)? as f64,
            // Python raises another error for these than for a text, one that the server does not expect.
            Value::Null | Value::Array(_) | Value::Object(_) => return Some(NOT_UNDERSTOOD),
            other => number(other)?.trunc(),
        };
    }
    let [not_before, expires] = times;
    Some(within(not_before, expires, wish))
}

/// `[0, expires, not_before]` and `[1, [projects]]`
fn list(items: &[Value], wish: &Wish) -> Option<Verdict> {
    match items {
        [kind, expires, not_before] if number(kind) == Some(0.0) => {
            Some(within(number(not_before)?, number(expires)?, wish))
        }
        [kind, projects @ Value::Array(_)] if number(kind) == Some(1.0) => Some(of_projects(projects, wish)),
        _ => None,
    }
}

fn within(not_before: f64, expires: f64, wish: &Wish) -> Verdict {
    let at = wish.at as f64;
    if at < not_before {
        Verdict::Not(Why::NotYetValid)
    } else if at >= expires {
        Verdict::Not(Why::Expired)
    } else {
        Verdict::Met
    }
}

/// Whatever Python can walk through is a list of projects; nothing looks into it where the request names none.
fn of_projects(projects: &Value, wish: &Wish) -> Verdict {
    let Some(project) = wish.named_project() else { return Verdict::Met };
    let names: Option<Vec<String>> = match projects {
        Value::Array(items) => Some(items.iter().map(text).collect()),
        Value::Object(items) => Some(items.keys().cloned().collect()),
        Value::String(text) => Some(text.chars().map(String::from).collect()),
        _ => None,
    };
    match names {
        Some(names) if is_among(project, names.iter().map(String::as_str)) => Verdict::Met,
        Some(_) => Verdict::Not(Why::Project),
        None => NOT_UNDERSTOOD,
    }
}

/// Python's `str()`, as far as it matters to the name of a project.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
        other => other.to_string(),
    }
}

/// A number of Python, where `True` is 1. Seconds are far below the numbers that lose digits here.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.as_f64(),
    }
}
