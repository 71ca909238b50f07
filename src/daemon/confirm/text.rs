//! What a question says. All of it is ASCII on few lines, as every pinentry shows it: one that does not fit on the
//! terminal is not shown at all.

use std::path::{Path, PathBuf};

use crate::handout::{Asker, Seen};
use crate::policy::{Grant, Kind};
use crate::protocol::{Holder, Question};
use crate::target::Purpose;
use crate::time::in_words;
use crate::wrap::wrapped;

/// How wide a line is, in columns: some pinentries break none.
const WIDTH: usize = 72;

/// How far what belongs to the line before is indented.
const INDENT: usize = 2;

/// The most that is shown of a user's name, in characters, so that the server has room beside it.
const LONGEST_USER: usize = 24;

/// The most lines of what a policy would allow more. All of it has to be seen.
const MOST_POLICY: usize = 6;

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
    // The server does not look at where a push goes, and at what it takes along.
    let is_push = question.purpose == Purpose::Push;
    lines.push(listed(if is_push { "to any index, from: " } else { "index: " }, asked.into_iter().chain(others)));
    let is_any = is_push || grant.projects.is_empty();
    lines.push(if is_any { "project: any".to_owned() } else { listed("project: ", &grant.projects) });
    lines.push(format!("lifetime: {}", in_words(0, lifetime).trim_start_matches("in ")));
    lines.push(whose(holder));
    lines.push(String::new());
    lines.extend(wanting.lines());
    lines.join("\n")
}

/// Whether a policy may allow that much more; nothing where that is too much to be shown.
pub(in crate::daemon) fn of_policy(wanting: &Wanting<'_>, holder: &Holder, more: &str) -> Option<String> {
    let more: Vec<String> = more.split(' ').map(broken).collect();
    let more = wrapped(&format!("more than before: {}", more.join(" ")), WIDTH, INDENT);
    if more.len() > MOST_POLICY {
        return None;
    }
    let mut lines = vec!["A program wants a policy to allow more.".to_owned(), String::new()];
    lines.extend(more);
    lines.extend([whose(holder), String::new()]);
    lines.extend(wanting.lines());
    Some(lines.join("\n"))
}

/// A word in pieces, each of which fills a line of its own but the last.
fn broken(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    characters.chunks(WIDTH - INDENT).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn whose(Holder { server, user }: &Holder) -> String {
    line(&format!("token of: {} at ", cut(&shown(user.as_str()), LONGEST_USER)), &server.to_string())
}

impl Wanting<'_> {
    fn lines(&self) -> Vec<String> {
        let Asker { peer, caller, .. } = self.asker;
        let program = caller.as_ref().or(peer.as_ref());
        let mut lines = vec![program.map_or("program: unknown".to_owned(), |program| named("program", program))];
        let says = program.map(|program| &*program.says).unwrap_or_default();
        if let Some(script) = says.get(1) {
            lines.push(line("it says that it runs: ", &script.to_string()));
        }
        lines.push(line("folder: ", &self.folder.map_or("unknown".into(), Path::to_string_lossy)));
        // Our own programs hand on what they are asked. Of another one it has to be known, whatever started it.
        if let Some(peer) = peer.as_ref().filter(|peer| caller.is_some() && !self.is_own(peer)) {
            lines.push(named("it asks through", peer));
        }
        lines
    }

    fn is_own(&self, peer: &Seen) -> bool {
        let program = peer.program.as_ref().map(|program| PathBuf::from(program.to_string()));
        program.is_some_and(|program| program.parent() == self.own && self.own.is_some())
    }
}

/// The number first: it is never cut.
fn named(role: &str, seen: &Seen) -> String {
    let program = seen.program.as_ref().map_or("unknown".to_owned(), ToString::to_string);
    line(&format!("{role}: pid {}, ", seen.pid), &program)
}

/// As many names as have room on a line, and the first one in any case.
fn listed<T: ToString>(label: &str, names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| shown(&name.to_string())).collect();
    let first = |count: usize| {
        let more = names.len() - count;
        (names[..count].join(", "), if more == 0 { String::new() } else { format!(" and {more} more") })
    };
    let has_room = |(few, more): &(String, String)| label.len() + few.len() + more.len() <= WIDTH;
    let (few, more) = (2..=names.len()).rev().map(first).find(has_room).unwrap_or_else(|| first(names.len().min(1)));
    format!("{label}{}{more}", cut(&few, WIDTH - label.len() - more.len()))
}

/// A line that ends with a word that somebody else chose.
fn line(label: &str, word: &str) -> String {
    format!("{label}{}", cut(&shown(word), WIDTH - label.len()))
}

/// A plain text without its middle, where it has no room otherwise. Of names and paths the end says most.
fn cut(plain: &str, room: usize) -> String {
    if plain.len() <= room {
        return plain.to_owned();
    }
    let begin = room * 2 / 5;
    format!("{}...{}", &plain[..begin], &plain[plain.len() - (room - begin - 3)..])
}

/// A word that somebody else chose. Everything by which it could look like more than a word is written out: blanks and
/// line ends, markup, letters that look like others.
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
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinentry::MOST_LINES;
    use crate::target::IndexName;

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
            purpose: Purpose::Upload,
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
        let expected = "A program asks for a token.\n\nkind: upload\nindex: alice/prod\nproject: a, b, c, d\n\
            lifetime: 15 minutes\ntoken of: alice at https://devpi.example\n\n\
            program: pid 4711, /usr/bin/python3.11\nit says that it runs: /home/alice/venv/bin/twine\n\
            folder: /home/alice/project";
        assert_eq!(asked(&asker, "/home/alice/project", &["a", "b", "c", "d"]), expected);
    }

    #[test]
    fn of_a_push_it_is_said_how_far_it_reaches() {
        let (question, grant) = upload(&["pkg"]);
        let wanting = Wanting { asker: &Asker::default(), folder: None, own: None };
        let text = of_token(&wanting, &Question { purpose: Purpose::Push, ..question }, (&holder(), &grant, 300));
        assert!(text.contains("kind: push\nto any index, from: alice/prod\nproject: any\n"), "{text}");
    }

    #[test]
    fn a_program_that_asks_by_itself_is_named_whatever_started_it() {
        let (twine, other) = (seen(1, "/usr/bin/twine", &[]), seen(2, "/tmp/x", &[]));
        let asker = Asker { peer: Some(other.clone()), caller: Some(twine), ..Asker::default() };
        let text = asked(&asker, "/", &[]);
        assert!(text.ends_with("program: pid 1, /usr/bin/twine\nfolder: /\nit asks through: pid 2, /tmp/x"), "{text}");
        assert!(text.contains("kind: upload of an unknown project\n") && text.contains("project: any\n"), "{text}");
        let alone = Asker { peer: Some(other), caller: None, ..Asker::default() };
        assert!(asked(&alone, "/", &[]).contains("program: pid 2, /tmp/x\n"));
    }

    #[test]
    fn what_a_program_chose_cannot_look_like_another_line_or_like_markup() {
        let evil = "/tmp/pip\nindex: a/b <b>%0A&amp;\u{202e}\u{430}\\";
        let asker = Asker { peer: None, caller: Some(seen(1, evil, &[])), ..Asker::default() };
        let text = asked(&asker, "/tmp/a b\n\nTo allow it, type 1", &["pkg"]);
        assert!(text.is_ascii() && !text.contains(['<', '%', '&', '\r']), "{text}");
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.contains("folder: /tmp/a\\u{20}b\\u{a}\\u"), "{text}");
    }

    #[test]
    fn of_long_names_the_middle_is_left_out_and_of_many_those_that_have_no_room() {
        let long = line("folder: ", &format!("/home/{}/end", "x".repeat(5000)));
        assert_eq!((long.len(), long.ends_with("xxx/end"), &long[..18]), (WIDTH, true, "folder: /home/xxxx"));
        let many: Vec<String> = (10..90).map(|count| format!("name{count}")).collect();
        assert_eq!(listed("project: ", &many), "project: name10, name11, name12, name13, name14, name15 and 74 more");
        let first = listed("project: ", ["p".repeat(64), "q".to_owned(), "r".to_owned()]);
        assert_eq!((first.len(), first.ends_with("ppp and 2 more"), first.contains("p...p")), (WIDTH, true, true));
    }

    #[test]
    fn the_longest_question_has_room_in_a_line_of_the_protocol_and_on_a_small_terminal() {
        let fits = |text: &str| {
            assert!(text.replace('\n', "%0A").len() < 930, "{}", text.len());
            assert!(text.lines().count() <= MOST_LINES, "{text}");
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
            assert_eq!(text.matches("pid 4294967295").count(), 2, "{text}");
        };
        let long = |pid| seen(pid, &"/tmp/\u{430}".repeat(500), &["a", &"x".repeat(40)]);
        let asker = Asker { peer: Some(long(u32::MAX)), caller: Some(long(u32::MAX)), ..Asker::default() };
        let projects: Vec<String> = (0..200).map(|count| format!("{}{count}", "p".repeat(60))).collect();
        let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
        let folder = PathBuf::from("/folder".repeat(500));
        let user = "u".repeat(60).parse().expect("a user");
        let holder = Holder { server: format!("https://{}.example", "h".repeat(60)).parse().expect("a server"), user };
        let wanting = Wanting { asker: &asker, folder: Some(&folder), own: None };
        let (mut question, mut grant) = upload(&projects);
        let index = |count| format!("{}/{count}{}", "u".repeat(60), "i".repeat(60)).parse().expect("an index");
        question.indexes = (0..9).map(index).collect();
        grant.indexes = question.indexes.iter().cloned().collect();
        fits(&of_token(&wanting, &question, (&holder, &grant, 900)));
        let more = |count: usize| {
            let of_index = |index: &IndexName| format!("push unasked for {index}");
            question.indexes[..count].iter().map(of_index).collect::<Vec<_>>().join(", ")
        };
        let policy = of_policy(&wanting, &holder, &more(2)).expect("a text");
        fits(&policy);
        assert!(policy.replace("\n  ", "").contains(&question.indexes[1].to_string()), "all of it is there: {policy}");
        assert_eq!(of_policy(&wanting, &holder, &more(3)), None);
    }

    #[test]
    fn a_question_about_a_policy_says_all_that_it_would_allow_more() {
        let cli = seen(7, "/usr/bin/devpi-tokens", &[]);
        let shell = seen(6, "/usr/bin/bash", &["-bash"]);
        let asker = Asker { peer: Some(cli), caller: Some(shell), ..Asker::default() };
        let wanting =
            Wanting { asker: &asker, folder: Some(Path::new("/home/alice")), own: Some(Path::new("/usr/bin")) };
        let expected = "A program wants a policy to allow more.\n\nmore than before: read for every index\n\
            token of: alice at https://devpi.example\n\nprogram: pid 6, /usr/bin/bash\nfolder: /home/alice";
        assert_eq!(of_policy(&wanting, &holder(), "read for every index").as_deref(), Some(expected));
    }
}
