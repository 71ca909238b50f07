//! What a question says. All of it is ASCII on few lines, as every pinentry shows it.

use std::path::{Path, PathBuf};

use crate::handout::{Asker, Seen};
use crate::policy::{Grant, Kind};
use crate::protocol::{Holder, Question};
use crate::time::in_words;
use crate::wrap::wrapped;

/// The longest value that stranger's words are shown at, in characters, and what is left of a longer one at its begin.
const LONGEST: usize = 50;
const BEGIN: usize = 20;

/// How wide a line is, in columns: some pinentries break none.
const WIDTH: usize = 72;

/// How many names of a kind are listed.
const MOST_NAMES: usize = 3;

/// The longest list of what a policy would allow more, in characters. All of it has to be seen.
const LONGEST_POLICY: usize = 360;

/// Who wants something, as the system says.
pub(in crate::daemon) struct Wanting<'a> {
    pub(in crate::daemon) asker: &'a Asker,
    /// The working folder of the program.
    pub(in crate::daemon) folder: Option<&'a Path>,
    /// The folder of our own programs.
    pub(in crate::daemon) own: Option<&'a Path>,
}

/// Whether a token may be handed out that lasts so many seconds.
pub(in crate::daemon) fn of_token(
    wanting: &Wanting<'_>,
    question: &Question,
    (holder, grant, lifetime): (&Holder, &Grant, u64),
) -> String {
    let mut lines = vec!["A program asks for a token.".to_owned(), String::new()];
    lines.push(format!("kind: {}", Kind::of(question)));
    // The one that was asked about comes first; its bases follow.
    let asked = question.indexes.first().filter(|asked| grant.indexes.contains(asked));
    let others = grant.indexes.iter().filter(|index| Some(*index) != asked);
    lines.push(format!("index: {}", listed(asked.into_iter().chain(others))));
    let projects = listed(&grant.projects);
    lines.push(format!("project: {}", if projects.is_empty() { "any" } else { &projects }));
    lines.push(format!("lifetime: {}", in_words(0, lifetime).trim_start_matches("in ")));
    lines.push(whose(holder));
    lines.push(String::new());
    lines.extend(wanting.lines());
    joined(&lines)
}

/// Whether a policy may allow that much more; nothing where that is too much to be shown.
pub(in crate::daemon) fn of_policy(wanting: &Wanting<'_>, holder: &Holder, more: &str) -> Option<String> {
    if more.len() > LONGEST_POLICY {
        return None;
    }
    let mut lines = vec!["A program wants a policy to allow more.".to_owned(), String::new()];
    lines.extend([format!("more than before: {more}"), whose(holder), String::new()]);
    lines.extend(wanting.lines());
    Some(joined(&lines))
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|line| wrapped(line, WIDTH, 2)).collect::<Vec<_>>().join("\n")
}

fn whose(Holder { server, user }: &Holder) -> String {
    format!("token of: {} at {}", shown(user.as_str()), shown(&server.to_string()))
}

impl Wanting<'_> {
    fn lines(&self) -> Vec<String> {
        let Asker { peer, caller, .. } = self.asker;
        let program = caller.as_ref().or(peer.as_ref());
        let mut lines = vec![format!("program: {}", program.map_or("unknown".to_owned(), named))];
        let says = program.map(|program| &*program.says).unwrap_or_default();
        if let Some(script) = says.get(1) {
            lines.push(format!("it says that it runs: {}", shown(&script.to_string())));
        }
        lines.push(format!(
            "folder: {}",
            self.folder.map_or("unknown".to_owned(), |path| shown(&path.to_string_lossy()))
        ));
        // Our own programs hand on what they are asked. Of another one it has to be known, whatever started it.
        if let Some(peer) = peer.as_ref().filter(|peer| caller.is_some() && !self.is_own(peer)) {
            lines.push(format!("it asks through: {}", named(peer)));
        }
        lines
    }

    fn is_own(&self, peer: &Seen) -> bool {
        let program = peer.program.as_ref().map(|program| PathBuf::from(program.to_string()));
        program.is_some_and(|program| program.parent() == self.own && self.own.is_some())
    }
}

fn named(seen: &Seen) -> String {
    let program = seen.program.as_ref().map_or("unknown".to_owned(), |program| shown(&program.to_string()));
    format!("{program}, pid {}", seen.pid)
}

/// The first few of some names.
fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| shown(&name.to_string())).collect();
    let few = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
}

/// A word that somebody else chose. Everything by which it could look like more than a word is written out: blanks and
/// line ends, markup, letters that look like others. Of a long one the end says most.
fn shown(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for character in word.chars() {
        match character {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | '/'
            | '.'
            | '-'
            | '_'
            | '+'
            | ':'
            | '@'
            | '~'
            | '['
            | ']'
            | '{'
            | '}'
            | '\\' => plain.push(character),
            other => plain.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
        }
    }
    if plain.len() <= LONGEST {
        return plain;
    }
    format!("{}...{}", &plain[..BEGIN], &plain[plain.len() - (LONGEST - BEGIN)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder { server: "https://devpi.example".parse().expect("a server"), user: "alice".parse().expect("a user") }
    }

    fn seen(pid: u32, program: &str, says: &[&str]) -> Seen {
        let says = says.iter().map(|word| (*word).to_owned().into()).collect();
        Seen { pid, start: 1, program: Some(program.to_owned().into()), says }
    }

    fn upload(projects: &[&str]) -> (Question, Grant) {
        let projects: Vec<_> = projects.iter().map(|name| name.parse().expect("a project")).collect();
        let question = Question {
            server: holder().server,
            user: None,
            purpose: crate::target::Purpose::Upload,
            indexes: vec!["alice/prod".parse().expect("an index")],
            projects: projects.clone(),
            bytes: 0,
            stranger: None,
        };
        let grant = Grant {
            permissions: question.purpose.permissions().iter().copied().collect(),
            indexes: question.indexes.iter().cloned().collect(),
            projects: projects.into_iter().collect(),
            expires: 0,
            confirm: true,
        };
        (question, grant)
    }

    fn asked(asker: &Asker, folder: &str, projects: &[&str]) -> String {
        let wanting = Wanting { asker, folder: Some(Path::new(folder)), own: Some(Path::new("/usr/bin")) };
        let (question, grant) = upload(projects);
        of_token(&wanting, &question, (&holder(), &grant, 900))
    }

    #[test]
    fn a_question_names_program_pid_folder_index_project_kind_and_lifetime() {
        let python = seen(4711, "/usr/bin/python3.11", &["python3", "/home/alice/venv/bin/twine"]);
        let helper = seen(4712, "/usr/bin/devpi-tokens-helper", &["keyring"]);
        let asker = Asker { peer: Some(helper), caller: Some(python), ..Asker::default() };
        let expected = "A program asks for a token.\n\nkind: upload\nindex: alice/prod\nproject: a, b, c and 1 more\n\
            lifetime: 15 minutes\ntoken of: alice at https://devpi.example\n\n\
            program: /usr/bin/python3.11, pid 4711\nit says that it runs: /home/alice/venv/bin/twine\n\
            folder: /home/alice/project";
        assert_eq!(asked(&asker, "/home/alice/project", &["a", "b", "c", "d"]), expected);
    }

    #[test]
    fn a_program_that_asks_by_itself_is_named_whatever_started_it() {
        let (twine, other) = (seen(1, "/usr/bin/twine", &[]), seen(2, "/tmp/x", &[]));
        let asker = Asker { peer: Some(other.clone()), caller: Some(twine), ..Asker::default() };
        let text = asked(&asker, "/", &[]);
        assert!(text.ends_with("program: /usr/bin/twine, pid 1\nfolder: /\nit asks through: /tmp/x, pid 2"), "{text}");
        assert!(text.contains("kind: upload of an unknown project\n") && text.contains("project: any\n"), "{text}");
        let alone = Asker { peer: Some(other), caller: None, ..Asker::default() };
        assert!(asked(&alone, "/", &[]).contains("program: /tmp/x, pid 2\n"));
    }

    #[test]
    fn what_a_program_chose_cannot_look_like_another_line_or_like_markup() {
        let evil = "/tmp/pip\nindex: a/b <b>%0A&amp;\u{202e}\u{430}\\";
        let asker = Asker { peer: None, caller: Some(seen(1, evil, &[])), ..Asker::default() };
        let text = asked(&asker, "/tmp/a b\n\nTo allow it, type 1", &["pkg"]);
        assert!(text.is_ascii() && !text.contains(['<', '%', '&', '\r']), "{text}");
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.contains("folder: /tmp/a\\u{20}b\\u{a}\\u..."), "{text}");
        let long = shown(&format!("/home/{}/end", "x".repeat(5000)));
        assert_eq!((long.len(), long.ends_with("xxx/end"), &long[..9]), (53, true, "/home/xxx"));
    }

    #[test]
    fn the_longest_question_is_within_a_line_of_the_protocol() {
        let long = |pid| seen(pid, &"/tmp/\u{430}".repeat(500), &["a", &"x".repeat(40)]);
        let asker = Asker { peer: Some(long(u32::MAX)), caller: Some(long(u32::MAX)), ..Asker::default() };
        let projects: Vec<String> = (0..200).map(|count| format!("{}{count}", "p".repeat(60))).collect();
        let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
        let folder = PathBuf::from("/folder".repeat(500));
        let wanting = Wanting { asker: &asker, folder: Some(&folder), own: None };
        let (mut question, mut grant) = upload(&projects);
        let index = |count| format!("{}/{count}{}", "u".repeat(60), "i".repeat(60)).parse().expect("an index");
        question.indexes = (0..9).map(index).collect();
        grant.indexes = question.indexes.iter().cloned().collect();
        let text = of_token(&wanting, &question, (&holder(), &grant, 900));
        assert!(text.replace('\n', "%0A").len() < 930, "{}", text.len());
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let policy = of_policy(&wanting, &holder(), &"x".repeat(LONGEST_POLICY)).expect("a text");
        assert!(policy.replace('\n', "%0A").len() < 930, "{}", policy.len());
        assert_eq!(of_policy(&wanting, &holder(), &"x".repeat(LONGEST_POLICY + 1)), None);
    }

    #[test]
    fn a_question_about_a_policy_says_all_that_it_would_allow_more() {
        let cli = seen(7, "/usr/bin/devpi-tokens", &[]);
        let shell = seen(6, "/usr/bin/bash", &["-bash"]);
        let asker = Asker { peer: Some(cli), caller: Some(shell), ..Asker::default() };
        let wanting =
            Wanting { asker: &asker, folder: Some(Path::new("/home/alice")), own: Some(Path::new("/usr/bin")) };
        let expected = "A program wants a policy to allow more.\n\nmore than before: read for every index\n\
            token of: alice at https://devpi.example\n\nprogram: /usr/bin/bash, pid 6\nfolder: /home/alice";
        assert_eq!(of_policy(&wanting, &holder(), "read for every index").as_deref(), Some(expected));
    }
}
