//! `devpi-tokens list`: the tokens of a user on the server.

use super::args::List;
use super::prompt::Prompt;
use super::session::{Place, refused};
use super::{Terminal, now, when};
use crate::devpi::TokenInfo;
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::time::Expiry;
use crate::token::Restriction;

pub(super) fn run(args: List, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let place = Place::find(&args.acting)?;
    let user = args.user.as_ref().unwrap_or(place.user());
    let tokens = place.session(&Prompt::new(args.no_input), terminal)?.tokens(user).map_err(refused)?;
    if args.json {
        let listed: serde_json::Map<String, serde_json::Value> = tokens
            .iter()
            .map(|token| (token.id.to_string(), serde_json::json!({ "restrictions": token.restrictions })))
            .collect();
        terminal.say_json(serde_json::json!({ "user": user, "tokens": listed }))?;
        return Ok(Exit::Done);
    }
    if tokens.is_empty() {
        terminal.tell(&format!("{user} has no token at {}", place.server().url()))?;
    }
    for token in &tokens {
        for line in lines(token) {
            terminal.tell(&line)?;
        }
    }
    Ok(Exit::Done)
}

fn lines(token: &TokenInfo) -> Vec<String> {
    let mut lines = vec![token.id.to_string()];
    for text in &token.restrictions {
        lines.push(match Restriction::read(text) {
            Restriction::Expires(Expiry::At(second)) => format!("  ends {}", when(now(), second)),
            Restriction::Expires(Expiry::Never) => "  never ends".to_owned(),
            _ => format!("  {}", escape::printable(text)),
        });
    }
    lines
}
