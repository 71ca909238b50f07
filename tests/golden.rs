//! What a person reads when asking for help or doing something wrong, line by line, as files in `tests/golden/`: each
//! error names the thing and what to do about it, in 80 columns, and ends with its code.
//!
//! `INSTA_UPDATE=always cargo test --test golden` writes the files anew; to be read before they are committed.

mod support;

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
fn errors_of_login() {
    offline(
        "errors_login",
        &[
            (&["login"], ""),
            (&["login", "ftp://host/"], ""),
            (&["login", "host"], ""),
            (&["login", "https://host/../alice/dev"], ""),
            (&["login", "https://alice:word@host/"], ""),
            (&["login", "https://host/\x1b[31m"], ""),
            (&["login", NOBODY, "a/b"], ""),
            (&["login", NOBODY, "alice", "--allowed", "pkg_write"], ""),
            (&["login", NOBODY, "alice", "--indexes", "dev"], ""),
            (&["login", NOBODY, "alice", "--projects", "-"], ""),
            (&["login", NOBODY, "alice", "--file", "root", "--expires", "1h"], ""),
            (&["login", NOBODY, "alice", "--ca-file", "none"], ""),
            (&["login", NOBODY, "alice", "--ca-file", "garbage"], ""),
            (&["login", NOBODY, "alice"], ""),
            (&["login", "http://devpi.example/", "alice"], ""),
        ],
    );
}

#[test]
fn errors_of_login_at_a_server() {
    let (root, index) = (BED.url() + "/", BED.index_url("alice/dev"));
    let word = BED.password("alice").to_owned() + "\n";
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    for wrong in [
        (&["login", &root][..], ""),
        (&["login", &index, "alice"], ""),
        (&["login", &index, "alice"], "wrong\n"),
        (&["login", &index, "nobody"], "wrong\n"),
        (&["login", &index, "alice", "--expires", "soon"], &word),
        (&["login", &index, "alice", "--expires", "1960-01-01"], &word),
        (&["login", &index, "alice", "--expires", "never"], &word),
        (&["login", &index, "alice", "--file", "none"], ""),
        (&["login", &index, "alice", "--file", "empty"], ""),
        (&["login", &index, "alice", "--file", "garbage"], ""),
        (&["login", &index, "bob", "--file", "root"], ""),
        (&["login", &index, "alice", "--file", "root"], ""),
        (&["login", &index, "alice", "--file", "old"], ""),
        (&["login", &index, "alice", "--file", "third"], ""),
        (&["login", &index, "alice", "--file", "pypi"], ""),
        (&["login", &index, "alice", "--file", "-"], ""),
    ] {
        told.tell(wrong);
    }
    told.golden("errors_login_server");
}

#[test]
fn errors_of_login_about_the_vault() {
    let index = BED.index_url("alice/dev");
    for (name, vault, input) in [
        ("errors_vault_choice", "", ""),
        ("errors_vault_nonsense", "nonsense", ""),
        ("errors_vault_keyring", "keyring", ""),
        ("errors_vault_passphrase", "passphrase", "\n"),
    ] {
        let home = Home::new(vault);
        let mut told = Told::new(&home);
        told.tell((&["login", &index, "alice"], input));
        told.golden(name);
    }
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
fn errors_of_create_list_and_delete() {
    offline(
        "errors_sessions",
        &[
            (&["create", "--server", "host"], ""),
            (&["create", "--server", NOBODY, "--as", "alice"], ""),
            (&["create", "--expires", "soon"], ""),
            (&["create", "--expires", "1960-01-01"], ""),
            (&["create", "--not-before", "never"], ""),
            (&["create", "--allowed", "pkg_write"], ""),
            (&["create", "--allowed", "a b"], ""),
            (&["create", "--indexes", "a=b"], ""),
            (&["create", "--projects", "-"], ""),
            (&["create", "--output", "there"], ""),
            (&["create", "--force"], ""),
            (&["create", "--user", "a/b"], ""),
            (&["list", "--server", NOBODY, "--as", "alice"], ""),
            (&["list", "--user", "a/b"], ""),
            (&["delete"], ""),
            (&["delete", "no-id"], ""),
            (&["delete", "abcDEF23", "--server", NOBODY, "--as", "alice"], ""),
        ],
    );
}

#[test]
fn errors_of_create_list_and_delete_at_a_server() {
    let word = BED.password("alice").to_owned() + "\n";
    as_alice(
        "errors_sessions_server",
        &[
            (&["create"], ""),
            (&["create"], "wrong\n"),
            (&["create", "--user", "bob"], &word),
            (&["create", "--expires", "never"], &word),
            (&["create", "--expires", "2020-01-01"], &word),
            (&["create", "--output", "none/token"], &word),
            (&["create", "--server", &BED.url(), "--as", "nobody"], "wrong\n"),
            (&["list"], "wrong\n"),
            (&["list", "--user", "bob"], &word),
            (&["list", "--user", "nobody"], &word),
            (&["delete", "abcDEF23"], &word),
            (&["delete", "abcDEF23"], "wrong\n"),
            (&["delete", "abcDEF23", "--user", "bob"], &word),
            (&["logout", "--as", "bob"], ""),
            (&["renew"], "wrong\n"),
            (&["logout", "--revoke"], "wrong\n"),
        ],
    );
}

#[test]
fn errors_of_get_and_derive_with_a_kept_token() {
    let index = BED.index_url("alice/dev");
    as_alice(
        "errors_kept",
        &[
            (&["get", &index, "--user", "bob"], ""),
            (&["derive", "--allowed", "index_modify"], ""),
            (&["derive", "--allowed", "pkg_read", "--as", "bob"], ""),
            (&["derive", "--allowed", "upload", "--indexes", "alice/dev,alice/other"], ""),
        ],
    );
    let home = Home::with_alice();
    home.login(&BED, &BED.index_url("bob/dev"), "bob");
    let mut told = Told::new(&home);
    told.tell((&["logout"], ""));
    told.tell((&["logout", "--server", "https://other.example/"], ""));
    told.tell((&["derive", "--expires", "1h"], ""));
    assert!(home.cli(&["agent", "lock"]).status().expect("lock").success());
    told.tell((&["get", &index], ""));
    told.tell((&["status"], ""));
    told.tell((&["agent", "status"], ""));
    told.golden("errors_several_kept");
    let home = Home::new("memory");
    let word = BED.password("alice").to_owned() + "\n";
    let narrow = ["login", &index, "alice", "--allowed", "pkg_read", "--indexes", "alice/dev", "--projects", "pkg"];
    assert!(fed(home.cli(&narrow), &word).status.success(), "login");
    let mut told = Told::new(&home);
    told.tell((&["get", &index], ""));
    told.tell((&["get", &BED.simple_url("bob/dev")], ""));
    told.golden("errors_narrow");
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
fn errors_of_a_locked_vault() {
    let home = Home::new("passphrase");
    let index = BED.index_url("alice/dev");
    let done = fed(home.cli(&["login", &index, "alice"]), &format!("horse\n{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    assert!(home.cli(&["agent", "stop"]).status().expect("stop").success());
    let mut told = Told::new(&home);
    for wrong in [
        (&["get", &index][..], ""),
        (&["status"], ""),
        (&["agent", "status"], ""),
        (&["agent", "unlock"], ""),
        (&["agent", "unlock"], "donkey\n"),
        (&["logout"], "donkey\n"),
    ] {
        told.tell(wrong);
    }
    told.golden("errors_locked");
}

#[test]
fn errors_of_commands_about_a_token() {
    offline(
        "errors_tokens",
        &[
            (&["derive"], ""),
            (&["derive", "--allowed", "pkg_write", "--file", "root"], ""),
            (&["derive", "--expires", "soon", "--file", "root"], ""),
            (&["derive", "--expires", "1h", "--file", "none"], ""),
            (&["derive", "--expires", "1h", "--file", "garbage"], ""),
            (&["derive", "--expires", "1h", "--file", "empty"], ""),
            (&["derive", "--expires", "1h", "--file", "odd"], ""),
            (&["derive", "--expires", "1h", "--file", "old"], ""),
            (&["derive", "--expires", "1h", "--file", "third"], ""),
            (&["derive", "--expires", "1h", "--file", "pypi"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--token", "x"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--output", "there"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--output", "none/token"], ""),
            (&["inspect"], ""),
            (&["inspect"], "\n"),
            (&["inspect"], "devpi-\n"),
            (&["inspect"], "devpi-devpi-AgEA\n"),
            (&["inspect"], "devpi-AgEA\n"),
            (&["inspect"], "devpi-AgEA+w==\n"),
            (&["inspect"], "pypi-\n"),
            (&["inspect", "--file", "none"], ""),
            (&["inspect", "--file", "."], ""),
            (&["inspect", "--token", "garbage"], ""),
            (&["inspect", "devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO_v80LY"], ""),
            (&["inspect", "--tokn=devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO"], ""),
            (&["can"], ""),
            (&["can", "read", "alice/dev"], ""),
            (&["can", "pkg_read", "dev"], ""),
            (&["can", "pkg_read", "alice/dev", "a b"], ""),
            (&["can", "pkg_read", "alice/dev", "--at", "soon", "--file", "reader"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "pypi"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "over"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "odd", "--at", "2026-11-23"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "json", "--at", "2026-11-23"], ""),
            (&["can", "user_login", "alice/dev", "--file", "root"], ""),
            (&["can", "upload", "alice/dev", "--file", "reader", "--at", "2026-11-23T18:30:00Z"], ""),
            (&["can", "pkg_read", "bob/dev", "--file", "reader", "--at", "2026-11-23T18:30:00Z"], ""),
            (&["token-login"], ""),
            (&["token-login", "--file", "garbage"], ""),
            (&["token-login", "--file", "root"], ""),
        ],
    );
}

#[test]
fn errors_of_the_log_and_of_what_is_told_from_it() {
    offline(
        "errors_log",
        &[
            (&["log"], ""),
            (&["log", "--for", "fun"], ""),
            (&["log", "--since", "soon"], ""),
            (&["log", "--index", "dev"], ""),
            (&["log", "-n", "few"], ""),
            (&["trace"], ""),
            (&["trace"], "garbage\n"),
            (&["trace"], "https://devpi.example/\n"),
            (&["trace", "--file", "none"], ""),
            (&["trace", "--file", "pypi"], ""),
            (&["trace", "--file", "reader"], ""),
            (&["explain"], ""),
            (&["explain", "ftp://host/"], ""),
            (&["explain", NOBODY], ""),
        ],
    );
}

#[test]
fn what_pip_uv_and_twine_would_get_is_explained() {
    let (simple, index) = (BED.simple_url("alice/dev"), BED.index_url("alice/dev"));
    let home = Home::with_alice();
    let mut told = Told::new(&home);
    for args in [
        &["explain", &simple][..],
        &["explain", &index, "--project", "bed-app"],
        &["explain", &(simple.clone() + "bed-app/")],
        &["explain", &BED.url()],
        &["explain", &(BED.url() + "/alice/")],
        &["explain", &BED.simple_url("bob/dev")],
        &["explain", NOBODY],
        &["explain", "127.0.0.1"],
        &["explain", "https://devpi.example/"],
    ] {
        told.tell((args, ""));
    }
    let root = home.roots().remove(0);
    told.text = told.text.replace(root.id.as_str(), "TOKENID");
    let at = told.text.find("months (").expect("an end") + "months (".len();
    let date = told.text[at..at + told.text[at..].find(')').expect("its end")].to_owned();
    told.text = told.text.replace(&date, "DATE");
    told.golden("explain");
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

#[test]
fn errors_of_setup() {
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    std::fs::create_dir(home.path().join("bin")).expect("a folder");
    std::fs::write(home.path().join("bin/keyring"), "").expect("another keyring");
    // No folder above it: the paths are said in full, and theirs differ in length from machine to machine.
    told.tell((&["setup", "shim", "there"], ""));
    told.tell((&["setup", "nonsense"], ""));
    told.golden("errors_setup");
}

/// Clients in a folder of the home, the only one on PATH: programs that nobody runs, but for git.
fn with_clients(home: &Home) -> std::path::PathBuf {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bin = home.path().join("bin");
    let file = |path: &str, text: &str| {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    file("venv/pyvenv.cfg", "");
    file("venv/bin/python", "");
    file("venv/lib/python3.11/site-packages/keyring-25.7.0.dist-info/METADATA", "");
    file("venv/lib/python3.11/site-packages/pip-26.3.dist-info/METADATA", "");
    file("bin/twine", &format!("#!{}/venv/bin/python\n", home.path().display()));
    file("bin/pip", "");
    file("bin/uv", "");
    let path = std::env::var_os("PATH").expect("PATH");
    let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists());
    symlink(git.expect("git"), bin.join("git")).expect("a link");
    bin
}

#[test]
fn what_setup_shows_and_says() {
    let home = Home::lasting_with_alice();
    let bin = with_clients(&home);
    let mut told = Told::new(&home);
    let url = BED.index_url("alice/dev");
    for (name, text) in [
        (".config/pip/pip.conf", "# mine\n[global]\ntimeout = 60\n\n[install]\nno-compile = yes\n".to_owned()),
        (".config/uv/uv.toml", format!("[[index]]\nname = \"dev\"\nurl = \"{url}+simple/\" # ours\ndefault = true\n")),
        (".pypirc", format!("[dev]\nrepository = {url}\nusername = alice\npassword = pass-word@1\n")),
        (".netrc", "machine 127.0.0.1 login alice password pass-word@2\n".to_owned()),
    ] {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let lines: [(&[&str], &str); 15] = [
        (&["setup", "--dry-run"], ""),
        (&["setup", "pip", "git"], ""),
        (&["setup", "twine", "poetry"], "no\n"),
        (&["setup", "pip", "git"], "no\ny\n"),
        (&["setup", "pip", "git", "--yes"], ""),
        (&["setup", "pip", "git", "--yes"], ""),
        (&["setup", "--undo"], ""),
        (&["setup", "--undo", "--yes"], ""),
        (&["setup", "--undo", "--yes"], ""),
        (&["setup", "bip"], ""),
        (&["setup", "pip", "shim"], ""),
        (&["setup", "pip", "--undo"], ""),
        (&["setup", "--yes", "--no-input"], ""),
        (&["setup", "--yes", "--dry-run"], ""),
        (&["setup", "hatch", "--no-input"], ""),
    ];
    for (args, input) in lines {
        let mut command = home.cli(args);
        command.env("COLUMNS", "80").env("TZ", "UTC").env("PATH", &bin);
        let done = fed(command, input);
        told.take("devpi-tokens", args, &format!("{}{}", out(&done), err(&done)), code(&done));
    }
    told.golden("setup");
}

#[test]
fn errors_of_the_agent() {
    let server: devpi_tokens::target::ServerUrl = "https://devpi.example".parse().expect("a server");
    let user: devpi_tokens::target::UserName = "alice".parse().expect("a user");
    let holder = Holder { server: server.clone(), user: user.clone() };
    let refused = |why: Refusal| Denial::Refused(Box::new(Refused { holder: holder.clone(), why }));
    let vault = |is_unsafe: bool, in_writing: bool| Denial::Vault {
        message: "what happened".to_owned(),
        remedy: Some("what to do".to_owned()),
        is_unsafe,
        in_writing,
    };
    let all = [
        Denial::NoRoot { server: server.clone(), user: Some(user) },
        Denial::NoRoot { server: server.clone(), user: None },
        Denial::Locked { keeper: Keeper::Keyring, why: Some("nobody answered".to_owned()) },
        Denial::Locked { keeper: Keeper::Passphrase, why: None },
        Denial::Locked { keeper: Keeper::Command, why: None },
        Denial::LockedByHand,
        Denial::NoVault,
        Denial::Opening,
        Denial::WrongPassphrase,
        Denial::Widens { holder: holder.clone(), what: "read for every index".to_owned(), by_passphrase: true },
        Denial::Widens { holder: holder.clone(), what: "read for every index".to_owned(), by_passphrase: false },
        Denial::PolicyTooLong { most: 64 },
        refused(Refusal::Expired(1_795_456_860)),
        refused(Refusal::EndsNow),
        refused(Refusal::NotYetValid(1_795_456_860)),
        refused(Refusal::NotUnderstood("colour=red".to_owned())),
        refused(Refusal::LeavesNo("index".to_owned())),
        refused(Refusal::Index("bob/dev".parse().expect("an index"))),
        refused(Refusal::Project("pkg".parse().expect("a project"))),
        refused(Refusal::Purpose(Purpose::Upload)),
        refused(Refusal::ManyIndexes(2)),
        refused(Refusal::Policy(Kind::Push, "bob/dev".parse().expect("an index"))),
        refused(Refusal::Policy(Kind::UploadAny, "bob/dev".parse().expect("an index"))),
        Denial::Config { message: "config.toml: what is wrong".to_owned() },
        Denial::NoIndex { server },
        Denial::BadToken { why: "the token is cut off".to_owned() },
        Denial::Restricted,
        Denial::RestrictedUnconfirmed,
        Denial::SaidNo { before: false },
        Denial::SaidNo { before: true },
        Denial::NobodyAnswered,
        Denial::Asking,
        Denial::NobodyToAsk { why: NobodyToAsk::NoPinentry },
        Denial::NobodyToAsk { why: NobodyToAsk::NoScreen },
        Denial::NobodyToAsk { why: NobodyToAsk::Failed("pinentry gave no answer".to_owned()) },
        Denial::Overtaken,
        Denial::TooOften,
        Denial::NotARequest,
        Denial::Version { agent: 1, client: 2 },
        Denial::Version { agent: 2, client: 1 },
        vault(false, false),
        vault(false, true),
        vault(true, false),
        Denial::Internal,
    ];
    let beyond = [
        Beyond::Purpose(Purpose::Upload),
        Beyond::Index("bob/dev".parse().expect("an index")),
        Beyond::Server("https://devpi.example".parse().expect("a server")),
        Beyond::User("bob".parse().expect("a user")),
        Beyond::Anything,
    ];
    let no_socket = [
        NoSocket::Long,
        NoSocket::Folder { fault: "what is wrong".to_owned(), remedy: "what to do".to_owned(), is_unsafe: true },
        NoSocket::Folder { fault: "what is wrong".to_owned(), remedy: "what to do".to_owned(), is_unsafe: false },
        NoSocket::OwnFolder,
        NoSocket::Taken,
        NoSocket::Many(16),
        NoSocket::System("permission denied".to_owned()),
        NoSocket::Absent,
    ];
    let all = all.into_iter().chain(beyond.map(|what| Denial::Beyond { what }));
    let all = all.chain(no_socket.map(|why| Denial::NoSocket { path: "ci/agent.sock".into(), why }));
    golden("denials", &all.into_iter().map(|denial| reported(denial.into())).collect::<String>());
}

#[test]
fn errors_of_a_command_that_prints_the_key() {
    use devpi_tokens::vault::CommandError as E;
    use devpi_tokens::vault::CommandLine;
    let words = ["/usr/bin/pass", "show", "the key"].map(str::to_owned).to_vec();
    let command = || CommandLine::try_from(words.clone()).expect("a command");
    let all = [
        E::Unnamed,
        E::Words,
        E::NoProgram { program: "pass".to_owned() },
        E::Start { why: "permission denied".to_owned(), command: command() },
        E::Failed { how: "it ended with code 1".to_owned(), command: command() },
        E::NoKey { command: command() },
        E::Other { command: command() },
    ];
    let reported = |error: E| {
        let (message, remedy) = (error.to_string(), Some(error.remedy()));
        reported(Denial::Vault { message, remedy, is_unsafe: false, in_writing: false }.into())
    };
    golden("command_errors", &all.into_iter().map(reported).collect::<String>());
}

#[test]
fn errors_about_a_server() {
    use devpi::Error as E;
    let server: devpi_tokens::target::ServerUrl = "https://devpi.example".parse().expect("a server");
    let user: devpi_tokens::target::UserName = "alice".parse().expect("a user");
    let (why, said) = ("what the system says".to_owned(), devpi::Said::default());
    let all = [
        E::Address(devpi_tokens::target::AddressError::Scheme),
        E::Unencrypted { server: "http://devpi.example".parse().expect("a server") },
        E::CaFile { path: "ca.pem".into(), why: why.clone() },
        E::Unreachable { server: server.clone(), why: why.clone() },
        E::TimedOut { server: server.clone(), limit: std::time::Duration::from_secs(20) },
        E::Insecure { server: server.clone(), why },
        E::Redirect { server: server.clone(), to: "https://login.example/".to_owned() },
        E::TooLarge { server: server.clone(), limit: 1024 * 1024 },
        E::BadAnswer { server: server.clone(), what: "no JSON" },
        E::NotDevpi { address: server.clone() },
        E::BadRequest { server: server.clone(), said: said.clone() },
        E::WrongPassword { server: server.clone(), user: user.clone() },
        E::Unauthorized { server: server.clone(), said: said.clone() },
        E::Forbidden { server: server.clone(), said: said.clone() },
        E::NotFound { server: server.clone(), what: "alice/dev".to_owned(), said: said.clone() },
        E::TooOften { server: server.clone(), said: said.clone() },
        E::Failed { server: server.clone(), said: said.clone() },
        E::Unavailable { server: server.clone(), said: said.clone() },
        E::Status { server: server.clone(), status: 418, said },
        E::NotAccepted { server: server.clone(), user },
        E::OtherUser { server, user: "mallory".to_owned() },
        E::TooManyBases { index: "alice/dev".parse().expect("an index"), limit: 60 },
    ];
    golden("server_errors", &all.into_iter().map(|error| reported(error.into())).collect::<String>());
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
