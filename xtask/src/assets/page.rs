//! A man page: what clap knows of a command, its exit codes, and its examples in a section of their own.

use std::error::Error;

use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;
use devpi_tokens::exit::Exit;

use super::PROGRAM;

/// Where the examples begin in the text behind the options.
const EXAMPLES: &str = "Examples:";

/// The page of a command. Fails where it has no examples.
pub(super) fn of(command: &Command, name: &str, date: &str) -> Result<String, Box<dyn Error>> {
    let man = Man::new(command.clone().after_help(Resettable::Reset))
        .title(name.to_uppercase())
        .section("1")
        .date(date)
        .source(format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION")))
        .manual(PROGRAM);
    let mut text = Vec::new();
    man.render(&mut text)?;
    let text = String::from_utf8(text)?;
    let behind = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some((notes, examples)) = sections(&behind) else { return Err(format!("{name} has no examples").into()) };
    let codes = exit_status(name);
    Ok(match text.split_once(".SH VERSION\n") {
        Some((front, version)) => format!("{front}{notes}{codes}{examples}.SH VERSION\n{version}"),
        None => text + &notes + &codes + &examples,
    })
}

/// The exit codes of a command: all of them on the page of the program, else where they are.
fn exit_status(name: &str) -> String {
    let of_exec = |exit: &&Exit| matches!(exit, Exit::CannotRun | Exit::NoCommand);
    let text = match name {
        PROGRAM => listed(Exit::ALL.iter().map(|exit| (*exit, exit.meaning()))),
        "devpi-tokens-agent" => {
            listed(Exit::ALL.iter().filter(|exit| !of_exec(exit)).map(|exit| (*exit, exit.meaning())))
        }
        "devpi-tokens-exec" => format!(
            "That of the command, which is ended by the signal that ended the command, too. Where it was not run:\n{}\
             .PP\nand else as devpi\\-tokens(1) lists them.\n",
            listed(Exit::ALL.iter().filter(of_exec).map(|exit| (*exit, exit.meaning()))),
        ),
        _ => "As devpi\\-tokens(1) lists them.\n".to_owned(),
    };
    format!(".SH EXIT STATUS\n{text}")
}

/// A list of codes.
fn listed<'a>(codes: impl Iterator<Item = (Exit, &'a str)>) -> String {
    codes.map(|(exit, meaning)| format!(".TP\n\\fB{}\\fR\n{}\n", exit as u8, escaped(meaning))).collect()
}

/// The page of the helper, which takes no arguments by clap; `usage` is what it says itself.
pub(super) fn of_helper(usage: &str, date: &str) -> String {
    let about = usage.lines().next().unwrap_or_default();
    let (name, about) = about.split_once(": ").unwrap_or((about, ""));
    let ways: Vec<String> = usage.lines().skip(1).map(|line| format!(".br\n{}\n", escaped(line.trim()))).collect();
    let keyring = [
        (Exit::Done, "a credential is printed"),
        (Exit::NotFound, "there is none: not ours, refused, or failed for a reason that standard error names"),
        (Exit::Usage, "wrong usage"),
    ];
    let git = [(Exit::Done, "always: without an answer git asks the next helper")];
    format!(
        ".TH {title} 1 {date} \"{PROGRAM} {version}\" {PROGRAM}\n\
         .SH NAME\n{name}, git\\-credential\\-devpi\\-tokens \\- {about}\n\
         .SH SYNOPSIS\n{synopsis} keyring [\\-\\-mode creds] [\\-\\-output json] get URL [USER]\n.br\n{synopsis} get|store|erase\n\
         .SH DESCRIPTION\nAsks the agent for what pip, uv, twine or git needs at that moment.\n{ways}\
         .SH EXIT STATUS\nAs keyring, where the service is of a server that a token is kept for; all else is handed to the \
         next keyring on PATH, whose code it is then:\n{keyring}\
         .PP\nAs the credential helper of git:\n{git}\
         .SH EXAMPLES\n.EX\n{synopsis} keyring get \\-\\-mode creds https://HOST/USER/INDEX/+simple/\n.EE\n\
         .SH SEE ALSO\ndevpi\\-tokens(1)\n",
        title = name.to_uppercase(),
        version = env!("CARGO_PKG_VERSION"),
        name = escaped(name),
        synopsis = escaped(name),
        about = escaped(about),
        ways = ways.concat(),
        keyring = listed(keyring.into_iter()),
        git = listed(git.into_iter()),
    )
}

/// Says on the page of `devpi-tokens agent` what the program of that name takes, too; `usage` is what it says itself.
pub(super) fn with_program(page: &str, usage: &str) -> String {
    let synopsis = usage.lines().next().unwrap_or_default();
    let mut options = String::from(".SH THE PROGRAM DEVPI-TOKENS-AGENT\n");
    for line in usage.lines().skip(1) {
        match line.trim().split_once("  ") {
            Some((option, what)) if option.starts_with("--") => {
                options.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", escaped(option), escaped(what.trim())));
            }
            _ if line.trim().is_empty() => {}
            _ => options.push_str(&format!("{}\n", escaped(line.trim()))),
        }
    }
    page.replacen("agent \\- ", "agent, devpi\\-tokens agent \\- ", 1)
        .replacen(".SH DESCRIPTION\n", &format!(".br\n{}\n.SH DESCRIPTION\n", escaped(synopsis)), 1)
        .replacen(".SH EXAMPLES\n", &format!("{options}.SH EXAMPLES\n"), 1)
}

/// The text behind the options as two sections: what is not an example, perhaps nothing, and the examples.
fn sections(behind: &str) -> Option<(String, String)> {
    let (before, rest) = behind.split_once(EXAMPLES)?;
    let (examples, after) = rest.trim_start_matches('\n').split_once("\n\n").unwrap_or((rest, ""));
    let paragraphs: Vec<String> =
        [before, after].iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(escaped).collect();
    let notes =
        if paragraphs.is_empty() { String::new() } else { format!(".SH NOTES\n{}\n", paragraphs.join("\n.PP\n")) };
    let blocks: Vec<String> = examples
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!(".EX\n{}\n.EE\n", escaped(line.trim())))
        .collect();
    Some((notes, format!(".SH EXAMPLES\n{}", blocks.join(".PP\n"))))
}

/// Text as roff takes it: what it would act upon, or print as another character, is written out.
fn escaped(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut written = String::new();
        for character in line.chars() {
            match character {
                '\\' => written.push_str("\\e"),
                '-' => written.push_str("\\-"),
                '\'' => written.push_str("\\(aq"),
                '~' => written.push_str("\\(ti"),
                '^' => written.push_str("\\(ha"),
                '`' => written.push_str("\\(ga"),
                other => written.push(other),
            }
        }
        lines.push(if written.starts_with('.') { format!("\\&{written}") } else { written });
    }
    lines.join("\n")
}
