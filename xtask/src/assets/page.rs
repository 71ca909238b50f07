//! A man page: what clap knows of a command, and its examples in a section of their own.

use std::error::Error;

use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;

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
    Ok(match text.split_once(".SH VERSION\n") {
        Some((front, version)) => format!("{front}{notes}{examples}.SH VERSION\n{version}"),
        None => text + &notes + &examples,
    })
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
