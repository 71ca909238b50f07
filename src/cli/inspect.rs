//! `devpi-tokens inspect`: what a token says, in words.

mod devpi;
mod pypi;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::args::Inspect;
use super::prompt::Prompt;
use super::{Terminal, input, now};
use crate::exit::{Exit, Failure};
use crate::time::in_words_with_date;
use crate::token::{ForeignToken, Format, MacaroonError, Restriction, Token, TokenError};
use crate::wrap::wrapped;

/// The column at which values begin behind their labels.
const VALUES: usize = 14;

/// A token that can be looked at.
enum Looked {
    Devpi(Token),
    Foreign(ForeignToken),
}

/// When, where and for how wide a terminal a token is looked at.
struct View {
    /// In seconds since the epoch.
    now: u64,
    zone: TimeZone,
    width: usize,
}

pub(super) fn run(args: Inspect, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let text = input::token(args.source, &Prompt::new(args.no_input), terminal)?;
    let token = Looked::parse(text.expose()).map_err(refused)?;
    if args.json {
        terminal.say_json(match &token {
            Looked::Devpi(token) => json(token),
            Looked::Foreign(token) => pypi::json(token),
        })?;
        return Ok(Exit::Done);
    }
    let view = View { now: now(), zone: TimeZone::system(), width: terminal.width };
    for line in lines(&token, &view) {
        terminal.say(line)?;
    }
    Ok(Exit::Done)
}

/// What a token can do now, in the same words.
pub(super) fn standing(token: &Token, width: usize) -> Vec<String> {
    devpi::standing(token, &token.scope(), &View { now: now(), zone: TimeZone::system(), width })
}

/// A token that cannot be used for what was asked.
pub(super) fn refused(error: TokenError) -> Failure {
    Failure::new(Exit::Malformed, error.to_string()).with_remedy(match error {
        TokenError::Pypi => "to see what it says: devpi-tokens inspect",
        TokenError::Format | TokenError::ThirdParty => "make another one: devpi-tokens create",
        TokenError::Macaroon(MacaroonError::Caveats | MacaroonError::Length) => {
            "start from one with fewer restrictions"
        }
        _ => "give the token as it was printed: one line, nothing in front of it or behind it",
    })
}

impl Looked {
    fn parse(text: &str) -> Result<Self, TokenError> {
        match Token::parse(text) {
            Err(TokenError::Pypi) => ForeignToken::parse(text).map(Self::Foreign),
            other => other.map(Self::Devpi),
        }
    }
}

/// The token for programs.
pub(super) fn json(token: &Token) -> serde_json::Value {
    let scope = token.scope();
    let texts = |caveats: Vec<Restriction>| caveats.iter().map(Restriction::to_caveat).collect::<Vec<_>>();
    serde_json::json!({
        "user": token.user(),
        "id": token.id(),
        "purposes": devpi::purposes(&scope),
        "format": number(token.format()),
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

fn number(format: Format) -> u8 {
    match format {
        Format::V1 => 1,
        Format::V2 => 2,
    }
}

/// What is shown of a token, none longer than the view is wide, but for words that are.
fn lines(token: &Looked, view: &View) -> Vec<String> {
    match token {
        Looked::Devpi(token) => devpi::lines(token, view),
        Looked::Foreign(token) => pypi::lines(token, view),
    }
}

impl View {
    /// An instant in words and as a date.
    fn when(&self, then: u64) -> String {
        in_words_with_date(self.now, then, &self.zone)
    }

    /// A value behind its label, which stands after so many blanks.
    fn labelled(&self, blanks: usize, label: &str, value: &str) -> Vec<String> {
        let column = VALUES - blanks;
        wrapped(&format!("{}{label:column$}{value}", " ".repeat(blanks)), self.width, VALUES)
    }

    /// A line below a heading.
    fn below(&self, text: &str) -> Vec<String> {
        wrapped(&format!("  {text}"), self.width, 4)
    }
}

/// A heading, and what stands below it.
fn section(heading: &str, below: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut lines = vec![String::new(), heading.to_owned()];
    lines.extend(below.into_iter().flatten());
    lines
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
