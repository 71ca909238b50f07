//! The README's first page, followed by somebody at a terminal whose home is empty.

mod support;

use std::fs;
use std::io::Write;
use std::time::Instant;

use serde_json::{Value, json};
use support::page::shell_below;
use support::run::{WHEEL, at_terminal};
use support::{BED, Home, TOOLS, err, leak, out};
use testbed::{Client, Seen};

const PROMPT: &str = "$ ";
const PASSPHRASE: &str = "several words\n";

/// What a person types for a command, and where.
fn typed(command: &str, home: &Home) -> Vec<Value> {
    let line = json!([PROMPT, format!("{command}\n")]);
    let answers = if command.starts_with("devpi-tokens login ") {
        vec![
            json!(["new passphrase for the vault: ", PASSPHRASE, "unseen"]),
            json!(["passphrase for the vault, again: ", PASSPHRASE, "unseen"]),
            json!([" [alice]: ", "\n"]),
            json!(["password of alice at ", format!("{}\n", BED.password("alice")), "unseen"]),
        ]
    } else if command == "devpi-tokens setup" {
        // Which clients there are depends on the machine. Then the line that it shows.
        let told = format!("export PATH=\"{}:$PATH\"", home.paths().data.join("bin").display());
        vec![json!(["[y/N] ", "y\n", "each time"]), json!([PROMPT, format!("{told}\n")])]
    } else {
        Vec::new()
    };
    std::iter::once(line).chain(answers).collect()
}

/// Follows the page in a new home with this virtual environment, and has a private package.
fn follow(mut client: Client) {
    let home = Home::new("");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let names: Vec<String> = fs::read_dir(client.home()).expect("a home").flatten().map(name).collect();
    assert_eq!(names, ["venv"], "a new home");
    // Into the environment that is active: `pip install .` does the same after it has built the programs for release.
    client.add(&[&WHEEL]).expect("an installation");
    client.put_on_path(client.venv().join("bin"));
    let commands: Vec<String> =
        shell_below("Begin").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    assert!((2..=5).contains(&commands.len()), "{commands:?}");
    let mut answers: Vec<Value> = commands.iter().flat_map(|command| typed(command, &home)).collect();
    answers.push(json!([PROMPT, "exit\n"]));
    let count = answers.iter().filter(|answer| answer[0] == PROMPT).count() - 1;

    let mut shell = client.command("bash");
    shell.args(["--norc", "--noprofile", "-e", "-i"]).env("PS1", PROMPT).env("VIRTUAL_ENV", client.venv());
    // What an agent of this test differs in from one of the user's own, who has no desktop.
    shell.envs(home.variables().into_iter().filter(|(name, _)| *name != "DEVPI_TOKENS_VAULT"));
    leak::remember(&home.cli(&["login"]), &format!("{PASSPHRASE}{}\n", BED.password("alice")));
    let before = BED.log().expect("the log").len();
    let began = Instant::now();
    let done = at_terminal(&shell, &answers);
    let took = began.elapsed();
    let shown = out(&done);
    assert!(done.status.success(), "{shown}{}", err(&done));
    assert!(shown.contains("type this, and add it to your shell's profile:\n  export PATH="), "{shown}");
    assert!(client.imports("bed_app"), "{shown}");
    let log = BED.log().expect("the log");
    let of_pip: Vec<&Seen> = log[before..].iter().filter(|seen| seen.agent.starts_with("pip/")).collect();
    assert_eq!(of_pip.first().map(|seen| (seen.status, seen.token())), Some((401, None)), "it had to ask");
    let root = home.roots().remove(0).restrictions.len();
    let files: Vec<&&Seen> = of_pip.iter().filter(|seen| seen.uri.ends_with(".whl")).collect();
    assert!(!files.is_empty(), "{of_pip:?}");
    for seen in files {
        let token = seen.token().expect("a token");
        assert!(seen.status == 200 && token.caveats.len() > root, "{seen:?}");
    }
    writeln!(std::io::stderr(), "{count} commands on the first page, {:.1} s", took.as_secs_f64()).expect("said");
}

/// With the newest pip, and with one as `python -m venv` brings it for years to come.
#[test]
fn whoever_follows_the_first_page_has_a_private_package() {
    // One after the other: what came first to the server has to be told.
    follow(Client::new(&TOOLS).expect("a client"));
    follow(Client::with_pip_before(&TOOLS).expect("a client"));
}

#[test]
fn whoever_mistypes_the_password_is_asked_again_and_in_the_end_refused() {
    let password = format!("{}\n", BED.password("alice"));
    for (typed, code) in [(&["wrong\n", &password][..], 0), (&["wrong\n", "wrong\n", "wrong\n"], 77)] {
        let home = Home::new("memory");
        let login = home.cli(&["login", &BED.simple_url("alice/dev"), "alice"]);
        let answers: Vec<Value> = typed.iter().map(|line| json!([": ", line, "unseen"])).collect();
        let done = at_terminal(&login, &answers);
        assert_eq!(done.status.code(), Some(code), "{}{}", out(&done), err(&done));
        assert_eq!(
            out(&done).matches("that is not the password of alice at ").count(),
            typed.len() - 1,
            "{}",
            out(&done)
        );
        assert_eq!(home.roots().len(), usize::from(code == 0));
    }
}
