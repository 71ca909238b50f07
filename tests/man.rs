//! The man pages: what their examples say works, and they are written as man pages are.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use devpi_tokens::exit::Exit;
use support::{BED, Home, TOOLS, err, fed, out};

/// The committed pages, by name.
fn pages() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let entries = std::fs::read_dir(folder).expect("the pages").map(|entry| entry.expect("a page").path());
    let mut pages: Vec<_> =
        entries.map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path)).collect();
    pages.sort();
    assert!(pages.len() > 15, "the pages were not found");
    pages
}

/// The commands in the section EXAMPLES of a page.
fn examples(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("a page");
    let section = text.split("\n.SH EXAMPLES\n").nth(1).unwrap_or_default();
    let section = section.split("\n.SH ").next().unwrap_or_default();
    let blocks = section.split(".EX\n").skip(1).map(|block| block.split(".EE").next().unwrap_or_default().trim_end());
    blocks.map(read).collect()
}

/// Roff as the reader of the page sees it; the few ways in which the pages write characters.
fn read(roff: &str) -> String {
    let mut text = roff.to_owned();
    for (written, character) in
        [(r"\-", "-"), (r"\(aq", "'"), (r"\(ti", "~"), (r"\(ha", "^"), (r"\(ga", "`"), (r"\e", "\\")]
    {
        text = text.replace(written, character);
    }
    text
}

/// The example with what a reader would put in.
fn filled_in(example: &str, home: &Home) -> String {
    let id = home.roots().first().map(|root| root.id.to_string()).unwrap_or_default();
    let mut line = example.to_owned();
    if line == "devpi-tokens setup" {
        // Somebody who agrees to all that it shows.
        line.push_str(" --yes");
    }
    for (word, value) in [
        ("https://HOST", BED.url().as_str()),
        ("USER/INDEX", "alice/dev"),
        ("USER", "alice"),
        ("PROJECT", "my-pkg"),
        ("TOKENID", &id),
    ] {
        line = line.replace(word, value);
    }
    line
}

/// A shell in that home where `devpi-tokens` is on PATH.
fn shell(home: &Home, line: &str) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_devpi-tokens")).parent().expect("a folder");
    let mut shell = home.command("sh");
    shell.args(["-e", "-c", line]).env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    shell
}

/// Has a pip that asks the agent; the line that puts it on PATH.
fn set_up(home: &Home) -> String {
    let folder = home.shim();
    std::os::unix::fs::symlink(TOOLS.program("pip"), folder.join("pip")).expect("a link");
    let config = home.path().join(".config/pip");
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("pip.conf"), "[global]\nkeyring-provider = subprocess\n").expect("a file");
    format!("PATH=\"{}:$PATH\"; ", folder.display())
}

#[test]
fn every_page_has_examples_and_each_of_them_works() {
    for (name, page) in pages() {
        let examples = examples(&page);
        assert!(!examples.is_empty(), "{name} has no example");
        let home = Home::with_alice();
        // A server in use, as devpi-client leaves it.
        let client = home.path().join(".devpi/client");
        std::fs::create_dir_all(&client).expect("a folder");
        if name == "devpi-tokens-token-login" {
            let login = format!(r#"{{"login": "{}/+login"}}"#, BED.url());
            std::fs::write(client.join("current.json"), login).expect("a file");
        }
        // A build that finds its tokens.
        let build = home.path().join("build.sh");
        std::fs::write(&build, "#!/bin/sh\ngrep -q '^password devpi-' \"$NETRC\"\n").expect("a file");
        std::fs::set_permissions(&build, std::fs::Permissions::from_mode(0o700)).expect("set");
        if name == "devpi-tokens-log" {
            // Something that a line of the log is about.
            assert!(home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get").status.success());
        }
        // A desk that is set up, as `doctor` is content only with one.
        let before = if name == "devpi-tokens-doctor" { set_up(&home) } else { String::new() };
        for example in examples {
            let line = before.clone() + &filled_in(&example, &home);
            let done = fed(shell(&home, &line), &format!("{}\n", BED.password("alice")));
            assert!(done.status.success(), "{name}: {line}\n{}{}", out(&done), err(&done));
        }
    }
}

#[test]
fn mandoc_has_nothing_against_any_page() {
    testbed::debian(&["mandoc"], |_| ()).expect("mandoc");
    let mut all = Command::new("mandoc");
    all.args(["-T", "lint", "-W", "warning"]).args(pages().into_iter().map(|(_, page)| page));
    let said = all.output().expect("mandoc runs");
    assert!(said.status.success(), "{}{}", out(&said), err(&said));
    assert_eq!(out(&said) + &err(&said), "");
}

#[test]
fn the_program_devpi_tokens_agent_has_its_options_on_the_page_of_its_name() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/devpi-tokens-agent.1");
    let text = read(&std::fs::read_to_string(page).expect("the page"));
    let said = Command::new(env!("CARGO_BIN_EXE_devpi-tokens-agent")).arg("--help").output().expect("its help");
    let options: Vec<String> = out(&said)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.split(' ').next().map(|name| format!("--{name}")))
        .collect();
    assert!(options.len() > 2, "no options in its help");
    for option in options {
        assert!(text.contains(&option), "{option} is not on the page");
    }
}

/// The codes in the section EXIT STATUS of a page, each with what is said of it, in their order.
fn codes(name: &str) -> Vec<(u8, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("man/{name}.1"));
    let text = read(&std::fs::read_to_string(page).expect("the page"));
    let section = text.split("\n.SH EXIT STATUS\n").nth(1).unwrap_or_default();
    let section = section.split("\n.SH ").next().unwrap_or_default();
    let entries =
        section.split(".TP\n").skip(1).map(|entry| entry.split_once("\\fR\n").expect("a code and its meaning"));
    let code = |text: &str| text.trim_start_matches("\\fB").parse().expect("a number");
    entries.map(|(number, rest)| (code(number), rest.lines().next().unwrap_or_default().to_owned())).collect()
}

#[test]
fn the_exit_codes_on_the_pages_are_those_of_the_programs() {
    let all: Vec<(u8, String)> = Exit::ALL.iter().map(|exit| (*exit as u8, exit.meaning().to_owned())).collect();
    assert_eq!(codes("devpi-tokens"), all);
    let (of_exec, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(code, _)| *code > 100);
    assert_eq!(codes("devpi-tokens-exec"), of_exec);
    assert_eq!(codes("devpi-tokens-agent"), others);
    // Two doors: keyring's answers 1 to whatever is no credential, git's says nothing.
    let helper: Vec<u8> = codes("devpi-tokens-helper").into_iter().map(|(code, _)| code).collect();
    assert_eq!(helper, [Exit::Done, Exit::NotFound, Exit::Usage, Exit::Done].map(|exit| exit as u8));
    for (name, page) in pages() {
        let text = std::fs::read_to_string(page).expect("a page");
        assert!(text.contains(".SH EXIT STATUS\n"), "{name} says nothing of how it ends");
    }
}
