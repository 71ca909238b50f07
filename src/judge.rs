//! What devpi-server 6.20 with the plugin devpi-tokens 1.1 answers to a token: its checks, with their oddities, and
//! nothing that only the server knows (whether the token exists, what an index's own rules say).
//!
//! A model for telling a person beforehand; nothing that is handed out is decided by it.

mod json;
mod python;

use crate::target::{IndexName, Permission, ProjectName};
use crate::token::Token;

/// What is wanted of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The permission that it takes.
    pub permission: Permission,
    /// Where.
    pub index: IndexName,
    /// The project, where the request names one: uploads do, downloads of files do not.
    pub project: Option<ProjectName>,
    /// When, in seconds since the epoch.
    pub at: u64,
}

impl Wish {
    /// Requests about users and their tokens are made of no index: `indexes` and `projects` do not hold for them.
    fn names_an_index(&self) -> bool {
        !self.permission.is_refused_to_tokens()
    }

    fn named_project(&self) -> Option<&ProjectName> {
        self.project.as_ref().filter(|_| self.names_an_index())
    }
}

/// What the server answers. A text is the caveat that decides, as it stands in the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The token stands in nobody's way (200).
    Granted,
    /// 403.
    Refused {
        /// The caveat, or nothing where no token is ever given the permission.
        caveat: Option<String>,
        /// Why, for people.
        why: Why,
    },
    /// 500: the server fails over a caveat that it took as valid a moment before.
    Fails {
        /// The caveat.
        caveat: String,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is over.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// Another index.
    Index,
    /// Another project.
    Project,
    /// Another permission.
    Permission,
    /// The server does not understand the caveat.
    NotUnderstood,
    /// No token has this permission.
    NeverForTokens,
    /// Another server would have to agree.
    ThirdParty,
}

/// What the server makes of one caveat that is not written as devpi-tokens writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It refuses whatever is asked (403).
    Refused(Why),
    /// It fails wherever a permission is needed (500).
    Fails,
    /// It reads it, by the letter of its own code.
    Read,
}

/// The fate of a first-party caveat at that time, in seconds since the epoch, whatever is asked.
pub fn fate(caveat: &str, at: u64) -> Fate {
    let Ok(index) = "any/index".parse() else { unreachable!("this is the name of an index") };
    // No project is named, so that no list of projects refuses it; which index is asked about decides nothing here.
    let wish = Wish { permission: Permission::PkgRead, index, project: None, at };
    let refusal = match check(caveat, &wish) {
        Verdict::Met | Verdict::Not(Why::Index) => None,
        Verdict::Not(why) => Some(why),
    };
    match refusal {
        Some(why) => Fate::Refused(why),
        None if breaks_the_server(caveat) => Fate::Fails,
        None => Fate::Read,
    }
}

/// What one caveat says to a wish.
enum Verdict {
    Met,
    Not(Why),
}

/// The server's answer to a wish with that token.
///
/// First every caveat is checked on its own, in their order; then, for the permission, the server reads the token once
/// more with stricter eyes, where it fails over JSON and over lists with an empty item.
pub fn judge(token: &Token, wish: &Wish) -> Answer {
    let caveats: Vec<(bool, String)> =
        token.caveats().map(|caveat| (caveat.third_party, String::from_utf8_lossy(caveat.text).into_owned())).collect();
    for (third_party, caveat) in &caveats {
        let verdict = if *third_party { Verdict::Not(Why::ThirdParty) } else { check(caveat, wish) };
        if let Verdict::Not(why) = verdict {
            return Answer::Refused { caveat: Some(caveat.clone()), why };
        }
    }
    if let Some((_, caveat)) = caveats.iter().find(|(_, caveat)| breaks_the_server(caveat)) {
        return Answer::Fails { caveat: caveat.clone() };
    }
    if wish.permission.is_refused_to_tokens() {
        return Answer::Refused { caveat: None, why: Why::NeverForTokens };
    }
    let lacks = |caveat: &&String| match caveat.strip_prefix("allowed=") {
        // Blanks count here: ` upload` is another permission than `upload`.
        Some(list) => !list.split(',').any(|item| item == wish.permission.as_str()),
        None => false,
    };
    match caveats.iter().map(|(_, caveat)| caveat).find(lacks) {
        Some(caveat) => Answer::Refused { caveat: Some(caveat.clone()), why: Why::Permission },
        None => Answer::Granted,
    }
}

fn check(caveat: &str, wish: &Wish) -> Verdict {
    let Some((key, value)) = caveat.split_once('=') else { return json::check(caveat, wish) };
    let not = |met: bool, why: Why| if met { Verdict::Met } else { Verdict::Not(why) };
    match key {
        "allowed" => Verdict::Met,
        "expires" if value == "never" => Verdict::Met,
        "expires" => not(python::int(value).unwrap_or(0) > i128::from(wish.at), Why::Expired),
        "not_before" => not(python::int(value).unwrap_or(i128::MAX) <= i128::from(wish.at), Why::NotYetValid),
        "indexes" => {
            let index = wish.index.to_string();
            let is_listed = || value.split(',').any(|item| python::strip(item) == index);
            not(!wish.names_an_index() || is_listed(), Why::Index)
        }
        "projects" => {
            let is_listed = |project| is_among(project, value.split(',').map(python::strip));
            not(wish.named_project().is_none_or(is_listed), Why::Project)
        }
        // With a `=` somewhere it may still be JSON.
        _ => json::check(caveat, wish),
    }
}

/// Whether a list of projects has this one.
fn is_among<'a>(project: &ProjectName, mut items: impl Iterator<Item = &'a str>) -> bool {
    items.any(|item| python::normalized(item) == project.as_str())
}

/// Whether the second reading, which is made for permissions, fails over a caveat that the first one took.
fn breaks_the_server(caveat: &str) -> bool {
    match caveat.split_once('=') {
        Some(("allowed" | "indexes" | "projects", list)) => list.split(',').any(str::is_empty),
        Some(("expires" | "not_before", _)) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
