//! What was asked of the agent and what came of it: the lines of the log of hand-outs, one JSON object each.
//!
//! No line holds a token or a byte of a signature. A token is found again by its user, its id and the times that the
//! agent put into it, which no other token of the same root has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::escape::printable;
use crate::target::{IndexName, Permission, ProjectName, Purpose, ServerUrl, UserName};
use crate::time::Expiry;
use crate::token::{Restriction, Token, TokenId};

/// The longest part of a path that is kept of a program's own words, in bytes. Whatever is longer may be a token.
const LONGEST_PART: usize = 48;

/// The interpreters whose programs are scripts: of these the script says more than they do.
const INTERPRETERS: [&str; 11] = ["python", "pypy", "bash", "dash", "zsh", "ksh", "fish", "sh", "perl", "ruby", "node"];

/// One question to the agent and its outcome. A reader takes lines of later versions, which may say more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in seconds since the epoch, by the clock of this machine.
    pub at: u64,
    /// The server that was asked about.
    pub server: ServerUrl,
    /// Whose token; of a refusal the user who was named, if one was.
    pub user: Option<UserName>,
    /// What for.
    pub purpose: Purpose,
    /// The indexes in the token, bases and all; of a refusal those that were asked about.
    pub indexes: Vec<IndexName>,
    /// The projects in the token; of a refusal those that were asked about.
    pub projects: Vec<ProjectName>,
    /// How much was to be uploaded, in bytes.
    pub bytes: u64,
    /// The host of an index that is open to strangers, which the same run mixed with ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranger: Option<Shown>,
    /// Who asked.
    pub asker: Asker,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A token.
    HandedOut(HandedOut),
    /// None.
    Refused {
        /// Why.
        why: Shown,
    },
}

/// A token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOut {
    /// The id of the root token that it was made from, and its own.
    pub root: TokenId,
    /// The begin that the agent put into it, in seconds since the epoch, by the server's clock.
    pub not_before: u64,
    /// The end that the agent put into it, in seconds since the epoch, by the server's clock.
    pub expires: u64,
    /// The same end by the clock of this machine.
    pub ends: u64,
    /// Whether it is for uploads of any project, as none was known.
    #[serde(default)]
    pub any_project: bool,
    /// Whether a person was asked first, and said yes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
}

/// Who asked, as the system says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// The process at the other end of the socket; none where it cannot be seen.
    pub peer: Option<Seen>,
    /// The process that started it, and wants the token.
    pub caller: Option<Seen>,
    /// Whether it lives across the border of a container, cannot be looked at, or came through a restricted socket.
    pub restricted: bool,
    /// The restricted socket that it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<Shown>,
    /// Its user id, where that is not the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
}

/// A process, as it was seen when it connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start: u64,
    /// The file of the program that it runs, by the system's word; of a script the interpreter's.
    pub program: Option<Shown>,
    /// What it calls itself: its own word, which may be a lie.
    pub says: Vec<Shown>,
}

impl Seen {
    /// Whether its program, or what it calls itself, has that name or that path.
    pub fn is_called(&self, name: &str) -> bool {
        let fits = |shown: &Shown| shown.0 == name || shown.0.rsplit('/').next() == Some(name);
        self.program.iter().chain(&self.says).any(fits)
    }
}

/// A text that a terminal shows as it is, whoever wrote it into a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Shown(String);

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self(printable(&text))
    }
}

impl From<Shown> for String {
    fn from(shown: Shown) -> Self {
        shown.0
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a process calls itself, by its command line: the program's name, and for an interpreter the script or module.
///
/// Nothing behind that: options may be passwords. `program` is the file that it runs.
pub fn own_words(argv: &[String], program: Option<&str>) -> Vec<Shown> {
    let Some((name, rest)) = argv.split_first() else { return Vec::new() };
    let file = program.and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    let interprets = INTERPRETERS.iter().any(|known| {
        let version = file.strip_prefix(known);
        version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || b".-tdmu".contains(&byte)))
    });
    let script = match rest {
        [flag, module, ..] if interprets && flag == "-m" => Some(module),
        [script, ..] if interprets && !script.starts_with('-') => Some(script),
        _ => None,
    };
    std::iter::once(name).chain(script).map(|word| Shown::from(short(word))).collect()
}

/// The first word, without the parts that are too long for a name.
fn short(word: &str) -> String {
    let first = word.split_ascii_whitespace().next().unwrap_or_default();
    let parts = first.split('/').map(|part| if part.len() > LONGEST_PART { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

impl Entry {
    /// Reads a line. A line that is broken, or that this version does not understand, is none.
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The line, with its end.
    ///
    /// # Errors
    /// None that can happen: everything here has a JSON form.
    pub fn to_line(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// The token that was handed out, if one was.
    pub fn handed_out(&self) -> Option<&HandedOut> {
        match &self.outcome {
            Outcome::HandedOut(handed) => Some(handed),
            Outcome::Refused { .. } => None,
        }
    }
}

/// What the agent writes into a token, where it can be told: the same four restrictions in one order, with a pair of
/// times that no other token of the root has.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    permissions: BTreeSet<Permission>,
    expires: u64,
    indexes: BTreeSet<IndexName>,
    not_before: u64,
}

/// A token that is looked for in the log.
pub struct Trail {
    user: UserName,
    id: TokenId,
    stamps: Vec<Stamp>,
}

impl Trail {
    /// The trail of a token.
    pub fn of(token: &Token) -> Self {
        let stamp = |four: &[Restriction]| match four {
            [
                Restriction::Allowed(permissions),
                Restriction::Expires(Expiry::At(expires)),
                Restriction::Indexes(indexes),
                Restriction::NotBefore(not_before),
            ] => Some(Stamp {
                permissions: permissions.clone(),
                expires: *expires,
                indexes: indexes.clone(),
                not_before: *not_before,
            }),
            _ => None,
        };
        let stamps = token.restrictions().windows(4).filter_map(stamp).collect();
        Self { user: token.user().clone(), id: token.id().clone(), stamps }
    }

    /// Whether a line may be about this token: most lines need not be read for that.
    pub fn may_be_in(&self, line: &[u8]) -> bool {
        let id = self.id.as_str().as_bytes();
        line.windows(id.len()).any(|part| part == id)
    }

    /// Where in the token that hand-out stands. The least counts: whoever holds a token may add what another hand-out
    /// has, and put nothing in front of what the agent wrote.
    pub fn leads_to(&self, entry: &Entry) -> Option<usize> {
        let handed = entry.handed_out().filter(|handed| handed.root == self.id)?;
        if entry.user.as_ref() != Some(&self.user) {
            return None;
        }
        let stamp = Stamp {
            permissions: entry.purpose.permissions().iter().copied().collect(),
            expires: handed.expires,
            indexes: entry.indexes.iter().cloned().collect(),
            not_before: handed.not_before,
        };
        self.stamps.iter().position(|found| *found == stamp)
    }
}

#[cfg(test)]
mod tests;
