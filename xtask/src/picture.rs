//! `cargo xtask picture`: what a terminal shows to somebody who begins, as a picture for the README.
//!
//! The programs are the real ones, in a shell on a real terminal. Its server is the bed's, which is called by another
//! name here; its tokens end with it, and none is shown.

use std::error::Error;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anstyle::{AnsiColor, Style};
use anstyle_svg::{Term, WIN10_CONSOLE};
use serde_json::{Value, json};
use testbed::{Bed, Client, Closing};
use vt100::{Cell, Color, Parser, Screen};

use crate::agent::{Agent, succeed};
use crate::{Outcome, cargo};

const PROMPT: &str = "$ ";
const PASSPHRASE: &str = "several words\n";
/// What the server is called.
const HOST: &str = "devpi.example.com";
/// The lines that the terminal keeps, more than are shown.
const LINES: NonZero<u16> = NonZero::new(200).expect("some");
const COLUMNS: NonZero<u16> = NonZero::new(80).expect("some");

pub(crate) fn run() -> Outcome {
    succeed(&mut cargo(&["build", "--bins", "--quiet"]))?;
    let tools = testbed::install(|line| eprintln!("{line}"))?;
    let bed = Bed::start(&tools, Closing::Unauthorized401)?;
    let agent = Agent::new("debug")?;
    let mut client = Client::new(&tools)?;
    for folder in [agent.programs().to_owned(), client.venv().join("bin"), client.home().join(".local/bin")] {
        client.put_on_path(folder);
    }
    let mut first = shell(&client, &agent);
    let mut shown = at_terminal(&mut first, &login(&bed))?;
    let mut setup = client.command(agent.program("devpi-tokens"));
    succeed(agent.serves(&mut setup).args(["setup", "pip", "--yes"]))?;
    shown.push_str(&at_terminal(&mut shell(&client, &agent), &day(&bed))?);
    let host = bed.url().trim_start_matches("http://").to_owned();
    let shown = shown.replace("http://", "https://").replace(&host, HOST);
    let file = crate::root().join("docs/picture.svg");
    std::fs::write(&file, drawn(&shown)?)?;
    println!("{}", file.display());
    Ok(())
}

/// A login, with what is typed at its prompts.
fn login(bed: &Bed) -> Vec<Value> {
    vec![
        json!([PROMPT, format!("devpi-tokens login {}\n", bed.index_url("alice/dev"))]),
        json!(["new passphrase for the vault: ", PASSPHRASE, "unseen"]),
        json!(["vault, again: ", PASSPHRASE, "unseen"]),
        json!([" [alice]: ", "\n"]),
        json!([format!("password of alice at {}: ", bed.url()), format!("{}\n", bed.password("alice")), "unseen"]),
        json!([PROMPT, "\u{4}"]),
    ]
}

/// What comes after `setup`.
fn day(bed: &Bed) -> Vec<Value> {
    let simple = bed.simple_url("alice/dev");
    vec![
        json!([PROMPT, format!("pip install -i {} bed-app\n", simple.replace("://", "://alice@"))]),
        json!([PROMPT, format!("devpi-tokens get {simple} |\n")]),
        json!(["> ", "devpi-tokens inspect\n"]),
        json!([PROMPT, "devpi-tokens agent lock\n"]),
        json!([PROMPT, "devpi-tokens doctor\n"]),
        json!([PROMPT, "\u{4}"]),
    ]
}

fn shell(client: &Client, agent: &Agent) -> Command {
    let mut shell = client.command("bash");
    agent.serves(&mut shell).args(["--norc", "--noprofile", "-i"]);
    // As where there is no desktop that keeps keys.
    shell.env("DEVPI_TOKENS_VAULT", "passphrase").env("PS1", format!("\n{PROMPT}")).env("TERM", "xterm-256color");
    shell
}

/// What the terminal shows while somebody types that.
fn at_terminal(command: &mut Command, answers: &[Value]) -> Result<String, Box<dyn Error>> {
    let mut typist = Command::new("python3");
    typist.arg(crate::root().join("tests/support/typist.py")).arg(Value::from(answers).to_string());
    typist.arg(command.get_program()).args(command.get_args());
    typist.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    typist.current_dir(command.get_current_dir().unwrap_or(&PathBuf::from("/")));
    let done = typist.stdin(Stdio::null()).output()?;
    if !done.stderr.is_empty() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let shown = String::from_utf8(done.stdout)?;
    // How the shell was left is no part of it.
    Ok(shown.rsplit_once(PROMPT).map_or("", |(shown, _)| shown.trim_end()).to_owned() + "\n")
}

/// The picture of a terminal after all of that.
fn drawn(shown: &str) -> Result<String, Box<dyn Error>> {
    let mut terminal = Parser::new(LINES, COLUMNS, 0);
    terminal.process(shown.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen();
    let lines: Vec<String> = (0..LINES.get()).map(|row| line(screen, row)).collect();
    let text = lines.join("\n");
    if text.contains("127.0.0.1") || text.contains("/tmp/") {
        return Err("the picture shows what is this machine's own".into());
    }
    Ok(Term::new().palette(WIN10_CONSOLE).render_svg(text.trim_matches('\n')))
}

/// A line of the screen with its styles, as a program would print it.
fn line(screen: &Screen, row: u16) -> String {
    let cells: Vec<&Cell> = (0..COLUMNS.get()).filter_map(|column| screen.cell(row, column)).collect();
    let runs = cells.chunk_by(|one, next| style(one) == style(next)).map(|run| {
        let text = run.iter().map(|cell| if cell.has_contents() { cell.contents() } else { " " });
        let style = style(run[0]);
        format!("{style}{}{style:#}", text.collect::<String>())
    });
    runs.collect::<String>().trim_end().to_owned()
}

fn style(cell: &Cell) -> Style {
    let style = if cell.bold() { Style::new().bold() } else { Style::new() };
    let style = if cell.dim() { style.dimmed() } else { style };
    let color = match cell.fgcolor() {
        Color::Idx(1 | 9) => AnsiColor::BrightRed,
        Color::Idx(2 | 10) => AnsiColor::BrightGreen,
        Color::Idx(3 | 11) => AnsiColor::BrightYellow,
        Color::Idx(6 | 14) => AnsiColor::BrightCyan,
        _ => return style,
    };
    style.fg_color(Some(color.into()))
}
