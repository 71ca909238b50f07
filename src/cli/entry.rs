//! A line of the log of hand-outs in words.

use std::path::Path;

use jiff::tz::TimeZone;

use super::Terminal;
use crate::escape::printable;
use crate::handout::{Entry, Outcome, Seen, Shown};
use crate::target::Purpose;
use crate::time::date;
use crate::wrap::wrapped;

/// The column at which values begin behind their labels.
const VALUES: usize = 11;

/// Our programs that ask.
const OURS: [&str; 2] = ["devpi-tokens", "devpi-tokens-helper"];

/// Where and for how wide a terminal entries are shown.
pub(super) struct View {
    zone: TimeZone,
    width: usize,
    /// The folder of our own programs: of a peer that is one of them nothing is said.
    ours: String,
}

impl View {
    /// For this terminal.
    pub(super) fn of(terminal: &Terminal<'_>) -> Self {
        let own = std::env::current_exe().ok();
        let folder = own.as_deref().and_then(Path::parent).map(|folder| printable(&folder.to_string_lossy()));
        Self { zone: TimeZone::system(), width: terminal.width, ours: folder.unwrap_or_default() }
    }
}

/// The lines for one entry, none wider than the terminal but for words that are.
pub(super) fn lines(entry: &Entry, view: &View) -> Vec<String> {
    let View { zone, width, ours } = view;
    let Entry { at, server, user, stranger, outcome, .. } = entry;
    let refused = if entry.handed_out().is_some() { "" } else { "refused: " };
    let mut lines = wrapped(&format!("{}  {refused}{}", date(*at, zone), what(entry)), *width, VALUES);
    let mut labelled = |label: &str, value: String| {
        let label = format!("  {label}");
        lines.extend(wrapped(&format!("{label:VALUES$}{value}"), *width, VALUES));
    };
    labelled("for", user.as_ref().map_or(server.to_string(), |user| format!("{user} at {server}")));
    labelled("by", by(entry));
    if let Some(peer) = strange(entry, ours) {
        labelled("through", peer);
    }
    if let Some(socket) = &entry.asker.socket {
        labelled("at", format!("the restricted socket {socket}"));
    }
    if let Some(stranger) = stranger {
        labelled("warning", format!("a stranger's namesake may come from {stranger}, which the same run reads"));
    }
    match outcome {
        Outcome::HandedOut(handed) => {
            let confirmed = if handed.confirmed { ", confirmed by you" } else { "" };
            labelled("token", format!("{} until {}{confirmed}", handed.root, date(handed.ends, zone)));
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

/// The process that spoke to the agent, where that is no program of ours.
fn strange(entry: &Entry, ours: &str) -> Option<String> {
    let Seen { pid, program, .. } = entry.asker.peer.as_ref()?;
    let program = program.as_ref().map_or("an unknown program".to_owned(), ToString::to_string);
    let name = program.strip_prefix(ours).and_then(|rest| rest.strip_prefix('/'));
    (!name.is_some_and(|name| OURS.contains(&name))).then(|| format!("{program} (process {pid})"))
}

/// Who asked: the program is the system's word, what it calls itself its own.
fn by(entry: &Entry) -> String {
    let user = entry.asker.user.map(|user| format!(" of user id {user}")).unwrap_or_default();
    let Some(Seen { pid, program, says, .. }) = &entry.asker.caller else {
        return format!("a process{user} that cannot be seen");
    };
    let program = program.as_ref().map_or("an unknown program".to_owned(), ToString::to_string);
    let words: Vec<String> = says.iter().map(Shown::to_string).collect();
    let words = if words.is_empty() { String::new() } else { format!(", calls itself: {}", words.join(" ")) };
    // Who came through a restricted socket may be on this side of it.
    let is_across = entry.asker.restricted && entry.asker.socket.is_none();
    let border = if is_across { ", across a container's border" } else { "" };
    format!("{program} (process {pid}){user}{border}{words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry as JSON, as it is so from outside; `outcome` is its last part.
    fn shown(asked: &str, asker: &str, outcome: &str) -> String {
        let line = format!(
            r#"{{"at":1795456805,"server":"https://devpi.example.com",{asked},"bytes":0,"asker":{asker},"outcome":{outcome}}}"#
        );
        let entry = Entry::read(line.as_bytes()).expect("an entry");
        // A zone written out: no test depends on the zones that a machine has.
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let view = View { zone: berlin, width: 80, ours: "/usr/bin".to_owned() };
        lines(&entry, &view).join("\n") + "\n"
    }

    const PIP: &str = r#"{"peer":{"pid":4712,"start":9,"program":"/usr/bin/devpi-tokens-helper","says":[]},
        "caller":{"pid":4711,"start":7,"program":"/usr/bin/python3.11","says":["python3","/usr/local/bin/pip"]},
        "restricted":false}"#;

    const TOKEN: &str = r#"{"handed_out":{"root":"abcDEF23","not_before":1,"expires":2,"ends":1795460405}}"#;

    #[test]
    fn an_entry_says_who_for_what_and_until_when() {
        let read = r#""user":"alice","purpose":"read","indexes":["alice/dev","alice/base"],"projects":[]"#;
        assert_eq!(
            shown(read, PIP, TOKEN),
            "\
Mon 23 Nov 2026 19:00:05 CET  read alice/dev, alice/base
  for      alice at https://devpi.example.com
  by       /usr/bin/python3.11 (process 4711), calls itself: python3
           /usr/local/bin/pip
  token    abcDEF23 until Mon 23 Nov 2026 20:00:05 CET
"
        );
        let upload = r#""user":"alice","purpose":"upload","indexes":["alice/dev"],"projects":["pkg","other"]"#;
        assert!(
            shown(upload, PIP, TOKEN).starts_with("Mon 23 Nov 2026 19:00:05 CET  upload to alice/dev: pkg, other\n")
        );
        let confirmed = shown(upload, PIP, &TOKEN.replace("}}", r#","confirmed":true}}"#));
        assert!(confirmed.contains("CET, confirmed by you\n"), "{confirmed}");
        let any = r#""user":"alice","purpose":"upload","indexes":["alice/dev"],"projects":[]"#;
        assert!(shown(any, PIP, TOKEN).contains("upload to alice/dev, any project: none was known\n"));
    }

    #[test]
    fn a_program_that_speaks_to_the_agent_itself_is_named() {
        let read = r#""user":"alice","purpose":"read","indexes":["alice/dev"],"projects":[]"#;
        for (program, named) in [
            ("/usr/bin/devpi-tokens", false),
            ("/usr/bin/python3.11", true),
            ("/home/me/devpi-tokens-helper", true),
            ("/usr/bin/x/devpi-tokens", true),
        ] {
            let said = shown(read, &PIP.replace("/usr/bin/devpi-tokens-helper", program), TOKEN);
            assert_eq!(said.contains(&format!("  through  {program} (process 4712)\n")), named, "{said}");
        }
    }

    #[test]
    fn a_restricted_socket_is_named_and_whose_process_came_through_it() {
        let read = r#""user":"alice","purpose":"read","indexes":["alice/dev"],"projects":[]"#;
        let through = r#""restricted":true,"socket":"/home/me/ci/agent.sock","user":1001"#;
        let said = shown(read, &PIP.replace(r#""restricted":false"#, through), TOKEN);
        assert!(said.contains("(process 4711) of user id 1001, calls itself"), "{said}");
        assert!(said.contains("\n  at       the restricted socket /home/me/ci/agent.sock\n"), "{said}");
        let unseen = format!(r#"{{"peer":null,"caller":null,{through}}}"#);
        assert!(shown(read, &unseen, TOKEN).contains("  by       a process of user id 1001 that cannot be seen\n"));
    }

    #[test]
    fn a_refusal_says_why_and_nothing_is_said_of_who_cannot_be_seen() {
        let read = r#""user":null,"purpose":"read","indexes":[],"projects":[]"#;
        let unseen = r#"{"peer":null,"caller":null,"restricted":true}"#;
        assert_eq!(
            shown(read, unseen, r#"{"refused":{"why":"the agent is locked"}}"#),
            "\
Mon 23 Nov 2026 19:00:05 CET  refused: read no index
  for      https://devpi.example.com
  by       a process that cannot be seen
  why      the agent is locked
"
        );
        let nameless = r#"{"peer":null,"caller":{"pid":1,"start":1,"program":null,"says":[]},"restricted":true}"#;
        let said = shown(read, nameless, r#"{"refused":{"why":"no"}}"#);
        assert!(said.contains("by       an unknown program (process 1), across a container's border\n"), "{said}");
    }
}
