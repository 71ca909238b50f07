//! What a person reads when asking for help or doing something wrong, line by line, as files in `tests/golden/`: each
//! error names the thing and what to do about it, in 80 columns, and ends with its code.
//!
//! `INSTA_UPDATE=always cargo test --test golden` writes the files anew; to be read before they are committed.

#[path = "golden/agent.rs"]
mod agent;
#[path = "golden/log.rs"]
mod log;
#[path = "golden/login.rs"]
mod login;
#[path = "golden/server.rs"]
mod server;
#[path = "golden/setup.rs"]
mod setup;
mod support;
#[path = "golden/token.rs"]
mod token;

use std::path::Path;

use clap::CommandFactory;
use devpi_tokens::cli::args::Cli;
use devpi_tokens::devpi;
use devpi_tokens::escape::printable;
use devpi_tokens::exit::Failure;
use devpi_tokens::policy::Kind;
use devpi_tokens::protocol::{Beyond, Denial, Holder, Keeper, NoSocket, NobodyToAsk, Refusal, Refused};
use devpi_tokens::target::Purpose;
use devpi_tokens::wrap::WIDTH;
use support::{BED, Home, code, err, fed, out};

/// Nothing listens there.
const NOBODY: &str = "http://127.0.0.1:1/";

/// A command that is refused, by the words behind the program's name, and what is on its standard input.
type Wrong<'a> = (&'a [&'a str], &'a str);

/// Everything that was said, one command after the other.
struct Told<'a> {
    home: &'a Home,
    text: String,
}

impl<'a> Told<'a> {
    fn new(home: &'a Home) -> Self {
        for name in ["garbage", "there", "empty"] {
            let text = if name == "empty" { "" } else { "no token\n" };
            std::fs::write(home.path().join(name), text).expect("a file");
        }
        for (name, token) in [
            ("root", "no restriction"),
            ("reader", "a read token"),
            ("over", "over"),
            ("odd", "an unknown key"),
            ("json", "JSON"),
            ("old", "the old format"),
            ("third", "another server has to agree"),
            ("pypi", "PyPI: no caveat"),
        ] {
            std::fs::write(home.path().join(name), vector(token) + "\n").expect("a file");
        }
        Self { home, text: String::new() }
    }

    /// Runs `devpi-tokens`, and takes down what it says.
    fn tell(&mut self, (args, input): Wrong<'_>) {
        let mut command = self.home.cli(args);
        command.env("COLUMNS", "80").env("TZ", "UTC");
        let done = fed(command, input);
        let (said, complained) = (out(&done), err(&done));
        if complained.starts_with("devpi-tokens: ") {
            let remedies = complained.lines().filter(|line| line.starts_with("  ") && !line.starts_with("    "));
            assert!(remedies.count() > 0, "{args:?} says nothing of what to do: {complained}");
        }
        self.take("devpi-tokens", args, &format!("{said}{complained}"), code(&done));
    }

    fn take(&mut self, program: &str, args: &[&str], said: &str, exit: Option<i32>) {
        for line in said.lines() {
            // Its indentation aside, a word cannot be broken.
            let is_one_word = !line.trim().contains(' ');
            assert!(line.chars().count() <= WIDTH || is_one_word, "over {WIDTH} columns: {line}");
        }
        let quoted = args.iter().map(|word| match word.contains(' ') || word.is_empty() {
            true => format!("'{word}'"),
            false => printable(word),
        });
        let line = std::iter::once(program.to_owned()).chain(quoted).collect::<Vec<_>>().join(" ");
        let exit = exit.expect("no signal");
        let said_nothing = ["word@", "AgEAAg5h"].iter().all(|secret| !said.contains(secret));
        assert!(said_nothing, "{args:?} repeats a secret: {said}");
        self.text.push_str(&format!("$ {line}\n{}[exit {exit}]\n\n", said.trim_end_matches(' ')));
    }

    fn golden(self, name: &str) {
        golden(name, &settled(&self.text, self.home));
    }
}

/// A token of pymacaroons, by its name in the vectors.
fn vector(name: &str) -> String {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("vectors/inspect.json")).expect("the vectors");
    let case = cases.iter().find(|case| case["name"] == name).expect("a case");
    case["token"].as_str().expect("a token").to_owned()
}

/// The text with words for what differs from run to run.
fn settled(text: &str, home: &Home) -> String {
    let home = home.path().to_str().expect("a path in UTF-8");
    let mut text = text.replace(home, "HOME");
    while let Some(at) = text.find("http://127.0.0.1:").map(|at| at + "http://127.0.0.1:".len()) {
        let end = at + text[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - at);
        let port = if &text[at..end] == "1" { "NOBODY" } else { "PORT" };
        text.replace_range(at - "http://127.0.0.1:".len()..end, &format!("http://HOST:{port}"));
    }
    while let Some(at) = text.find("process ").filter(|at| text[at + 8..].starts_with(|c: char| c.is_ascii_digit())) {
        let end = at + 8 + text[at + 8..].find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
        text.replace_range(at..end, "process PID");
    }
    text
}

/// A difference is a failure; insta then writes what there is into a file beside it, which git ignores.
fn golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// All of these in a home where nobody ever logged in, and without any server.
fn offline(name: &str, wrong: &[Wrong<'_>]) {
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    for wrong in wrong {
        told.tell(*wrong);
    }
    told.golden(name);
}

/// All of these in a home where alice is logged in.
fn as_alice(name: &str, wrong: &[Wrong<'_>]) {
    let home = Home::with_alice();
    let mut told = Told::new(&home);
    for wrong in wrong {
        told.tell(*wrong);
    }
    told.golden(name);
}

#[test]
fn every_help_text_is_what_it_was_agreed_to_be() {
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    fn names(command: &clap::Command, before: &[String], all: &mut Vec<Vec<String>>) {
        all.push(before.to_vec());
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            names(verb, &[before, &[verb.get_name().to_owned()]].concat(), all);
        }
    }
    let mut all = Vec::new();
    names(&Cli::command(), &[], &mut all);
    assert!(all.len() > 15, "the commands were not found");
    for verb in all {
        let args: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
        told.tell((&args, ""));
    }
    for program in [env!("CARGO_BIN_EXE_devpi-tokens-agent"), env!("CARGO_BIN_EXE_devpi-tokens-helper")] {
        for args in [&["--help"][..], &["--nonsense"]] {
            let done = fed(
                {
                    let mut command = home.command(program);
                    command.args(args);
                    command
                },
                "",
            );
            let name = Path::new(program).file_name().and_then(|name| name.to_str()).expect("a name");
            told.take(name, args, &(out(&done) + &err(&done)), code(&done));
        }
    }
    told.golden("help");
}

#[test]
fn errors_of_the_command_line_itself() {
    offline(
        "errors_usage",
        &[
            (&[], ""),
            (&["nonsense"], ""),
            (&["logn"], ""),
            (&["--nonsense"], ""),
            (&["agent"], ""),
            (&["\x1b[31mred\u{202e}"], ""),
            (&["--\x1b]52;c;aGk=\x07"], ""),
            (&["get", "--for\r=\u{9b}31m"], ""),
        ],
    );
}

#[test]
fn errors_where_nothing_is_kept() {
    offline(
        "errors_nothing_kept",
        &[
            (&["status"], ""),
            (&["status", "nonsense"], ""),
            (&["renew"], ""),
            (&["renew", "--expires", "soon"], ""),
            (&["logout"], ""),
            (&["logout", "--server", "ftp://host/"], ""),
            (&["logout", "--as", "a b"], ""),
            (&["get", NOBODY], ""),
            (&["get"], ""),
            (&["get", "ftp://host/"], ""),
            (&["get", NOBODY, "--for", "fun"], ""),
            (&["get", NOBODY, "--project", "a b"], ""),
            (&["get", NOBODY, "--user", ""], ""),
            (&["derive", "--allowed", "pkg_read"], ""),
            (&["create"], ""),
            (&["list"], ""),
            (&["delete", "abcDEF23"], ""),
            (&["agent", "stop"], ""),
            (&["agent", "status"], ""),
            (&["agent", "lock"], ""),
            (&["agent", "unlock"], ""),
            (&["agent", "socket"], ""),
            (&["agent", "socket", "--close", "--for", "read", "none"], ""),
            (&["agent", "socket", "--index", "dev", "none"], ""),
            (&["agent", "socket", "--for", "fun", "none"], ""),
            (&["agent", "nonsense"], ""),
        ],
    );
}

#[test]
fn errors_of_exec() {
    let (index, nobody) = (BED.index_url("alice/dev"), format!("{NOBODY}alice/dev/"));
    let of = |user: &str| index.replacen("http://", &format!("http://{user}@"), 1);
    let (alices, bobs, marys) = (of("alice"), of("bob"), of("__mary:x"));
    let home = Home::with_alice();
    let mut told = Told::new(&home);
    for words in [
        &["exec"][..],
        &["exec", &index],
        &["exec", "--", "true"],
        &["exec", "--for", "upload", "--", "true"],
        &["exec", "--for", "upload", &BED.url(), "--", "true"],
        &["exec", "--for", "push", &index, "--", "true"],
        &["exec", "--lifetime", "4s", &index, "--", "true"],
        &["exec", "--lifetime", "soon", &index, "--", "true"],
        &["exec", &nobody, "--", "true"],
        &["exec", &marys, "--", "true"],
        &["exec", &bobs, "--", "true"],
        &["exec", &alices, &bobs, "--", "true"],
        &["exec", &index, "--", "no-such-command"],
        &["exec", &index, "--", "/"],
        &["exec", &index, "--", "true"],
    ] {
        told.tell((words, ""));
    }
    std::fs::write(home.paths().hosts(), format!("{}\n{NOBODY}\n", BED.url())).expect("the list of hosts");
    told.tell((&["exec", &index, &nobody, "--", "true"], ""));
    // Its users stand in front of it.
    told.text = told.text.replace(BED.url().trim_start_matches("http://"), "HOST:PORT");
    told.golden("errors_exec");
}

#[test]
fn errors_of_policy() {
    let home = Home::with_alice();
    let mut told = Told::new(&home);
    std::fs::write(home.path().join("wide"), "[every-index]\nread = \"12 h\"\n").expect("a file");
    std::fs::write(home.path().join("long"), "[every-index]\nread = \"2 days\"\n").expect("a file");
    told.tell((&["policy"], ""));
    told.tell((&["policy", "show"], ""));
    told.tell((&["policy", "show", "--toml"], ""));
    told.tell((&["policy", "show", "--toml", "--json"], ""));
    told.tell((&["policy", "show", "--as", "bob"], ""));
    told.tell((&["policy", "edit"], ""));
    told.tell((&["policy", "edit", "--file", "none"], ""));
    told.tell((&["policy", "edit", "--file", "garbage"], ""));
    told.tell((&["policy", "edit", "--file", "long"], ""));
    told.tell((&["policy", "edit", "--file", "wide"], ""));
    told.tell((&["policy", "edit", "--file", "-"], &"#".repeat(64 * 1024 + 1)));
    told.tell((&["policy", "edit", "--file", "-"], "[every-index]\nread = \"never\"\n"));
    told.tell((&["get", &BED.simple_url("alice/dev")], ""));
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    std::fs::write(home.paths().config.join("config.toml"), "[[limit]]\npush = \"1 min\"\n").expect("a file");
    told.tell((&["policy", "show"], ""));
    std::fs::write(home.paths().config.join("config.toml"), "[[limit]\n").expect("a file");
    told.tell((&["policy", "show"], ""));
    told.golden("errors_policy");
}

/// A failure as the command line writes it, and its exit code.
fn reported(failure: Failure) -> String {
    let mut said = Vec::new();
    failure.report("devpi-tokens", WIDTH, &mut said);
    let said = String::from_utf8(said).expect("UTF-8");
    assert!(failure.remedy.is_some(), "says nothing of what to do: {said}");
    assert!(said.lines().all(|line| line.chars().count() <= WIDTH), "{said}");
    format!("{said}[exit {}]\n\n", failure.exit as u8)
}

#[test]
fn warnings_about_callers() {
    use devpi_tokens::caller::{Doing, Program, confusion};
    let doing = |program| Doing {
        program,
        purpose: Some(Purpose::Read),
        index_urls: vec!["https://devpi.example/alice/dev/+simple/".to_owned()],
        merges: true,
        reads_pypi: true,
        ..Doing::default()
    };
    let said = |program| format!("{}\n", confusion(&doing(program), |_| true).expect("a warning"));
    golden("warnings", &[Program::Pip, Program::Uv].map(said).concat());
}
