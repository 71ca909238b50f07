//! A line of the log of hand-outs in words.

use jiff::tz::TimeZone;

use crate::handout::{Entry, Outcome, Seen, Shown};
use crate::target::Purpose;
use crate::time::date;
use crate::wrap::wrapped;

/// The column at which values begin behind their labels.
const VALUES: usize = 9;

/// The lines for one entry, at most that wide but for words that are wider.
pub(super) fn lines(entry: &Entry, zone: &TimeZone, width: usize) -> Vec<String> {
    let Entry { at, server, user, outcome, .. } = entry;
    let refused = if entry.handed_out().is_some() { "" } else { "refused: " };
    let mut lines = wrapped(&format!("{}  {refused}{}", date(*at, zone), what(entry)), width, VALUES);
    let mut labelled = |label: &str, value: String| {
        let label = format!("  {label}");
        lines.extend(wrapped(&format!("{label:VALUES$}{value}"), width, VALUES));
    };
    labelled("for", user.as_ref().map_or(server.to_string(), |user| format!("{user} at {server}")));
    labelled("by", by(entry));
    match outcome {
        Outcome::HandedOut(handed) => {
            labelled("token", format!("{} until {}", handed.root, date(handed.ends, zone)));
        }
        Outcome::Refused { why } => labelled("why", why.to_string()),
    }
    lines
}

/// What the token is for.
fn what(entry: &Entry) -> String {
    fn joined<T: ToString>(items: &[T]) -> String {
        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
    let Entry { purpose, indexes, projects, .. } = entry;
    let indexes = if indexes.is_empty() { "no index".to_owned() } else { joined(indexes) };
    match purpose {
        Purpose::Upload if projects.is_empty() => format!("upload to {indexes}, any project: none was known"),
        Purpose::Upload => format!("upload to {indexes}: {}", joined(projects)),
        _ if projects.is_empty() => format!("{purpose} {indexes}"),
        _ => format!("{purpose} {indexes}: {}", joined(projects)),
    }
}

/// Who asked: the program is the system's word, what it calls itself its own.
fn by(entry: &Entry) -> String {
    let Some(Seen { pid, program, says, .. }) = &entry.asker.caller else {
        return "a process that cannot be seen".to_owned();
    };
    let program = program.as_ref().map_or("an unknown program".to_owned(), ToString::to_string);
    let words: Vec<String> = says.iter().map(Shown::to_string).collect();
    let words = if words.is_empty() { String::new() } else { format!(", calls itself: {}", words.join(" ")) };
    let border = if entry.asker.restricted { ", across a container's border" } else { "" };
    format!("{program} (process {pid}){border}{words}")
}
