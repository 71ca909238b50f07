//! `cargo xtask assets`: man pages and completions, printed from the arguments of the command line. They are committed,
//! so that a package can be made without running anything.

mod page;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use devpi_tokens::cli::args::Cli;
use devpi_tokens::daemon::USAGE;
use devpi_tokens::helper;

const PROGRAM: &str = "devpi-tokens";

/// The folders that hold nothing else.
const FOLDERS: [&str; 2] = ["man", "completions"];

/// Every file by its path from the workspace.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Writes what differs from the arguments; with `check` fails instead and names it.
pub(crate) fn run(check: bool) -> Result<(), Box<dyn Error>> {
    let root = crate::root();
    let wanted = wanted(&date(&fs::read_to_string(root.join("CHANGELOG.md"))?)?)?;
    let there = there(&root)?;
    let stale: Vec<&PathBuf> = wanted.iter().filter(|(path, text)| there.get(*path) != Some(text)).map(first).collect();
    let leftover: Vec<&PathBuf> = there.keys().filter(|path| !wanted.contains_key(*path)).collect();
    if check {
        let named: Vec<String> = stale.iter().chain(&leftover).map(|path| format!("\n  {}", path.display())).collect();
        return match named[..] {
            [] => Ok(()),
            _ => Err(format!("not as the arguments say; type: cargo xtask assets{}", named.concat()).into()),
        };
    }
    for path in stale {
        let file = root.join(path);
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(file, &wanted[path])?;
        println!("{}", path.display());
    }
    for path in leftover {
        fs::remove_file(root.join(path))?;
        println!("{}: removed", path.display());
    }
    Ok(())
}

fn first<T>(entry: (&PathBuf, T)) -> &PathBuf {
    entry.0
}

fn wanted(date: &str) -> Result<Files, Box<dyn Error>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut files = Files::new();
    pages(&command, PROGRAM, date, &mut files)?;
    files.insert("man/devpi-tokens-helper.1".into(), page::of_helper(helper::USAGE, date).into_bytes());
    for (shell, name) in [
        (Shell::Bash, "devpi-tokens.bash"),
        (Shell::Zsh, "_devpi-tokens"),
        (Shell::Fish, "devpi-tokens.fish"),
        (Shell::PowerShell, "_devpi-tokens.ps1"),
        (Shell::Elvish, "devpi-tokens.elv"),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut visible(&Cli::command()), PROGRAM, &mut text);
        if shell == Shell::Bash {
            // It spells the program's name in two ways, so that no command's options would be completed (clap issue
            // 6421); where both are one, this changes nothing that matters.
            text = String::from_utf8(text)?.replace("devpi__subcmd__tokens", "devpi__tokens").into_bytes();
        }
        files.insert(Path::new("completions").join(name), text);
    }
    Ok(files)
}

/// The page of a command and those of its verbs: `devpi-tokens-agent-lock.1`.
fn pages(command: &Command, name: &str, date: &str, files: &mut Files) -> Result<(), Box<dyn Error>> {
    let text = match name {
        "devpi-tokens-agent" => page::with_program(&page::of(command, name, date)?, USAGE),
        _ => page::of(command, name, date)?,
    };
    files.insert(Path::new("man").join(format!("{name}.1")), text.into_bytes());
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        pages(verb, &format!("{name}-{}", verb.get_name()), date, files)?;
    }
    Ok(())
}

/// The command without its hidden verbs, which clap_complete would offer.
fn visible(command: &Command) -> Command {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let mut rest = Command::new(PROGRAM).version(env!("CARGO_PKG_VERSION"));
    rest = rest.args(command.get_arguments().cloned());
    if let Some(about) = command.get_about() {
        rest = rest.about(about.clone());
    }
    verbs.fold(rest, |rest, verb| rest.subcommand(verb.clone()))
}

/// The day of the newest release, else of the beginning: a page must not change with the day on which it is printed.
fn date(changelog: &str) -> Result<String, Box<dyn Error>> {
    let mut released = changelog.lines().filter_map(|line| line.strip_prefix("## [")?.split_once("] - "));
    let (_, date) = released.next().unwrap_or(("", "2026-11-23"));
    Ok(date.trim().to_owned())
}

fn there(root: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for folder in FOLDERS.map(Path::new).into_iter().filter(|folder| root.join(folder).is_dir()) {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            files.insert(folder.join(entry.file_name()), fs::read(entry.path())?);
        }
    }
    Ok(files)
}
