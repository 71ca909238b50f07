//! Caveats of the form that pypitoken writes: JSON. The server checks them, and then fails over them.

use serde_json::Value;

use super::{Verdict, Why, Wish, fits_project, python};

/// The verdict of the server's four checks for JSON; one that is none of them is not understood.
pub(super) fn check(caveat: &str, wish: &Wish) -> Verdict {
    let Ok(value) = serde_json::from_str::<Value>(caveat) else { return Verdict::Not(Why::NotUnderstood) };
    match &value {
        Value::Object(_) => permissions(&value, wish).or_else(|| times(&value, wish)),
        Value::Array(items) => list(items, wish),
        _ => None,
    }
    .unwrap_or(Verdict::Not(Why::NotUnderstood))
}

/// `{"version": 1, "permissions": "user" | {"projects": [..]}}`
fn permissions(value: &Value, wish: &Wish) -> Option<Verdict> {
    let (version, permissions) = (value.get("version")?, value.get("permissions")?);
    if version.as_f64() != Some(1.0) && version != &Value::Bool(true) {
        return Some(Verdict::Not(Why::NotUnderstood));
    }
    if permissions == "user" {
        return Some(Verdict::Met);
    }
    Some(match permissions.get("projects").and_then(Value::as_array) {
        Some(projects) => of_projects(projects, wish),
        None => Verdict::Not(Why::NotUnderstood),
    })
}

/// `{"nbf": …, "exp": …}`
fn times(value: &Value, wish: &Wish) -> Option<Verdict> {
    let not_before = int(value.get("nbf")?)?;
    let expires = int(value.get("exp")?)?;
    Some(within(not_before, expires, wish))
}

/// `[0, expires, not_before]` and `[1, [projects]]`
fn list(items: &[Value], wish: &Wish) -> Option<Verdict> {
    match items {
        [kind, expires, not_before] if kind.as_f64() == Some(0.0) => {
            Some(within(number(not_before)?, number(expires)?, wish))
        }
        [kind, projects] if kind.as_f64() == Some(1.0) => Some(match projects.as_array() {
            Some(projects) => of_projects(projects, wish),
            None => Verdict::Not(Why::NotUnderstood),
        }),
        _ => None,
    }
}

fn within(not_before: i128, expires: i128, wish: &Wish) -> Verdict {
    let at = i128::from(wish.at);
    if at < not_before {
        Verdict::Not(Why::NotYetValid)
    } else if at >= expires {
        Verdict::Not(Why::Expired)
    } else {
        Verdict::Met
    }
}

fn of_projects(projects: &[Value], wish: &Wish) -> Verdict {
    let Some(names) = projects.iter().map(Value::as_str).collect::<Option<Vec<_>>>() else {
        return Verdict::Not(Why::NotUnderstood);
    };
    if fits_project(names.into_iter(), wish) { Verdict::Met } else { Verdict::Not(Why::Project) }
}

/// Python's `int()` of a JSON value.
fn int(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => python::int(text),
        Value::Bool(flag) => Some(i128::from(*flag)),
        other => number(other),
    }
}

fn number(value: &Value) -> Option<i128> {
    let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    whole.or_else(|| value.as_f64().map(|number| number as i128))
}
