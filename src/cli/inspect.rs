//! `devpi-tokens inspect`: what a token says, in words.

use super::args::Inspect;
use super::prompt::Prompt;
use super::{Terminal, input, now, when};
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::target::Permission;
use crate::time::Expiry;
use crate::token::{Format, Restriction, Scope, Token, TokenError};

pub(super) fn run(args: Inspect, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let text = input::token(args.source, &Prompt::new(args.no_input), terminal)?;
    let token = Token::parse(text.expose()).map_err(refused)?;
    if args.json {
        terminal.say(json(&token))?;
        return Ok(Exit::Done);
    }
    for line in lines(&token) {
        terminal.say(line)?;
    }
    Ok(Exit::Done)
}

pub(super) fn refused(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, error.to_string())
}

fn json(token: &Token) -> serde_json::Value {
    let scope = token.scope();
    let texts = |caveats: Vec<Restriction>| caveats.iter().map(Restriction::to_caveat).collect::<Vec<_>>();
    serde_json::json!({
        "user": token.user(),
        "id": token.id(),
        "format": if token.format() == Format::V2 { 2 } else { 1 },
        "restrictions": texts(token.restrictions()),
        "scope": {
            "allowed": scope.allowed(),
            "expires": scope.expires(),
            "indexes": scope.indexes(),
            "not_before": scope.not_before(),
            "projects": scope.projects(),
        },
        "not_understood": scope.unknown(),
    })
}

fn lines(token: &Token) -> Vec<String> {
    let restrictions = token.restrictions();
    let mut lines = vec![format!("user   {}", token.user()), format!("token  {}", token.id())];
    if token.format() == Format::V1 {
        lines.push("format 1, which can only be inspected".to_owned());
    }
    if restrictions.is_empty() {
        lines.push("it has no restriction: it may do whatever its user may do, but for logging in".to_owned());
        return lines;
    }
    lines.push("restrictions, in their order:".to_owned());
    lines.extend(restrictions.iter().map(|restriction| format!("  {}", in_words(restriction))));
    lines.push("together:".to_owned());
    lines.extend(effective(&token.scope()).into_iter().map(|line| format!("  {line}")));
    lines
}

fn in_words(restriction: &Restriction) -> String {
    let now = now();
    match restriction {
        Restriction::Allowed(items) => format!("only these permissions: {}", joined(items)),
        Restriction::Expires(Expiry::Never) => "never expires".to_owned(),
        Restriction::Expires(Expiry::At(at)) if *at <= now => format!("expired {}", when(now, *at)),
        Restriction::Expires(Expiry::At(at)) => format!("expires {}", when(now, *at)),
        Restriction::Indexes(items) => format!("only these indexes: {}", joined(items)),
        Restriction::NotBefore(at) if *at <= now => format!("valid since {}", when(now, *at)),
        Restriction::NotBefore(at) => format!("not valid yet, begins {}", when(now, *at)),
        Restriction::Projects(items) => format!("uploads only of these projects: {}", joined(items)),
        Restriction::Unknown(text) => format!("not understood: {}", escape::printable(text)),
    }
}

/// What is left when all restrictions are taken together, and what a server will say to it.
fn effective(scope: &Scope) -> Vec<String> {
    let now = now();
    let mut lines = Vec::new();
    if let Some(unknown) = scope.unknown().first() {
        let is_json = unknown.starts_with(['{', '[']);
        lines.push(if is_json {
            "the server fails over its JSON wherever a permission is needed (500)".to_owned()
        } else {
            "the server refuses it for what it does not understand (403)".to_owned()
        });
    }
    if let Some(at) = scope.expires().filter(|at| *at <= now) {
        lines.push(format!("it is over: it expired {}", when(now, at)));
    } else if let Some(at) = scope.not_before().filter(|at| *at > now) {
        lines.push(format!("it is not valid yet: it begins {}", when(now, at)));
    }
    let none = "nothing: its restrictions contradict each other".to_owned();
    lines.push(match scope.allowed() {
        Some(allowed) if allowed.is_empty() => none.clone(),
        Some(allowed) => format!("it may: {}", joined(allowed)),
        None => {
            let all = Permission::ALL.iter().filter(|permission| !permission.is_refused_to_tokens());
            format!("it may do whatever its user may: {}", joined(all))
        }
    });
    lines.push(match scope.indexes() {
        Some(indexes) if indexes.is_empty() => none.clone(),
        Some(indexes) => format!("on {}", joined(indexes)),
        None => "on every index".to_owned(),
    });
    match scope.projects() {
        Some(projects) if projects.is_empty() => lines.push(none),
        Some(projects) => lines.push(format!("uploads of {}", joined(projects))),
        None => {}
    }
    lines.push(match scope.expires() {
        Some(at) if at <= now => "no longer".to_owned(),
        Some(at) => format!("it ends {}", when(now, at)),
        None => "without an end".to_owned(),
    });
    lines
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
