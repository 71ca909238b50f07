//! `devpi-tokens policy`: the ceilings of a kept token, shown and changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;
use std::process::Command;

use super::args::{Policy as Verb, PolicyEdit, PolicyShow};
use super::prompt::{PATIENCE, PATIENCE_WITH_PEOPLE, Prompt};
use super::{Terminal, open, which};
use crate::client;
use crate::config;
use crate::disk;
use crate::escape::printable;
use crate::exit::{Exit, Failure, why};
use crate::paths::Paths;
use crate::pipe;
use crate::policy::{Bounds, Ceiling, Kind, Limits, Policy};
use crate::protocol::{Denial, Holder, Keeper, Request, Response, Status};
use crate::target::IndexName;

/// The longest policy on standard input, in bytes; one that the agent takes is far shorter.
const LONGEST: usize = 64 * 1024;

pub(super) fn run(args: Verb, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    match args {
        Verb::Show(args) => show(&args, terminal),
        Verb::Edit(args) => edit(&args, terminal),
    }
}

/// The policy in a file, or on standard input.
pub(super) fn from_file(file: &Path) -> Result<Policy, Failure> {
    let text = if file == Path::new("-") { from_stdin() } else { disk::text(file) };
    let text = text.map_err(|error| {
        let exit = if error.kind() == ErrorKind::TimedOut { Exit::TryAgain } else { Exit::Malformed };
        Failure::new(exit, format!("cannot read {}: {}", file.display(), why(error.kind())))
            .with_remedy("name a file as this writes it: devpi-tokens policy show --toml")
    })?;
    parsed(&text)
}

/// Standard input to its end; a person may be typing.
fn from_stdin() -> std::io::Result<String> {
    let mut stdin = std::io::stdin();
    let limit = if stdin.is_terminal() { PATIENCE_WITH_PEOPLE } else { PATIENCE };
    let text = pipe::read(&mut stdin, LONGEST, limit)?;
    String::from_utf8(text.to_vec()).map_err(|_| ErrorKind::InvalidData.into())
}

fn parsed(text: &str) -> Result<Policy, Failure> {
    toml::from_str(text).map_err(|error| {
        let (line, why) = config::place(text, &error);
        Failure::new(Exit::Malformed, format!("the policy, line {line}: {why}"))
            .with_remedy("see how one is written: devpi-tokens policy show --toml")
    })
}

fn kept(paths: &Paths, holder: &Holder) -> Result<Policy, Failure> {
    match client::ask(paths, &Request::Policy(holder.clone()))? {
        Response::Policy(policy) => Ok(policy),
        _ => Err(client::unexpected()),
    }
}

fn show(args: &PolicyShow, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let paths = Paths::find()?;
    let status = open::opened(&paths, &Prompt::new(args.no_input))?;
    let holder = &which::choose(&args.which, &status.roots)?.holder;
    let policy = kept(&paths, holder)?;
    if args.toml {
        terminal.say(as_toml(holder, &policy).trim_end())?;
        return Ok(Exit::Done);
    }
    let limits = config::limits(&paths.config).map_err(|error| Denial::Config { message: error.to_string() })?;
    let effective = Effective::of(holder, &policy, &limits);
    if args.json {
        let json = serde_json::to_string_pretty(&effective).map_err(|_| client::unexpected())?;
        terminal.say_json(json)?;
    } else {
        for line in effective.lines(&paths) {
            terminal.tell(&line)?;
        }
    }
    Ok(Exit::Done)
}

fn edit(args: &PolicyEdit, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let (paths, prompt) = (Paths::find()?, Prompt::new(args.no_input));
    let Status { keeper, roots, .. } = open::opened(&paths, &prompt)?;
    let holder = which::choose(&args.which, &roots)?.holder.clone();
    let before = kept(&paths, &holder)?;
    let policy = match &args.file {
        Some(file) => from_file(file)?,
        None if prompt.has_person() => edited(&as_toml(&holder, &before), &prompt, terminal)?,
        None => {
            return Err(Failure::new(Exit::Usage, "there is no terminal for an editor")
                .with_remedy("write it to a file first: devpi-tokens policy edit --file FILE"));
        }
    };
    if (policy.exceeds(&before), before.exceeds(&policy)) == (None, None) {
        terminal.note("the policy is as it was");
        return Ok(Exit::Done);
    }
    let more = policy.exceeds(&before);
    more.iter().for_each(|what| terminal.note(format!("this allows more than before: {what}")));
    let passphrase = match more {
        Some(_) if keeper == Some(Keeper::Passphrase) => Some(prompt.secret("passphrase of the vault")?),
        _ => None,
    };
    let changed = format!("changed for {} at {}", holder.user, holder.server);
    client::ask(&paths, &Request::SetPolicy { holder, policy, passphrase })?;
    terminal.note(changed);
    Ok(Exit::Done)
}

/// What a person makes of a policy, asked again as long as it is none.
fn edited(before: &str, prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<Policy, Failure> {
    let failed = |what: &str, error: &std::io::Error| {
        Failure::new(Exit::CannotWrite, format!("{what}: {}", why(error.kind())))
            .with_remedy("set EDITOR, or write a file: devpi-tokens policy edit --file FILE")
    };
    let file = tempfile::Builder::new().prefix("policy-").suffix(".toml").tempfile();
    let file = file.map_err(|error| failed("cannot make a file to edit", &error))?;
    std::fs::write(file.path(), before).map_err(|error| failed("cannot write a file to edit", &error))?;
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    loop {
        // The shell, as an editor may have options of its own: `code --wait`.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{editor} \"$1\""), "editor"]).arg(file.path());
        let done = shell.status().map_err(|error| failed("cannot start the editor", &error))?;
        if !done.success() {
            return Err(Failure::new(Exit::CannotWrite, format!("the editor {} failed", printable(&editor)))
                .with_remedy("set EDITOR to another one; nothing is changed"));
        }
        let text = disk::text(file.path()).map_err(|error| failed("cannot read what was edited", &error))?;
        match parsed(&text) {
            Ok(policy) => return Ok(policy),
            Err(failure) => {
                terminal.note(&failure.message);
                if !prompt.confirm("edit it again?")? {
                    return Err(failure);
                }
            }
        }
    }
}

/// A policy as it is edited.
fn as_toml(Holder { server, user }: &Holder, policy: &Policy) -> String {
    let mut text = format!(
        "# For how long a token may last that the agent hands out from the one of\n# {user} at {server}: a time, or never.\n\
         # upload-any is for uploads whose project is not known.\n\
         # confirm is for the kinds that you are asked about each time.\n\n[every-index]\n"
    );
    let mut line = |kind: Kind, ceiling: Ceiling| text.push_str(&format!("{} = \"{ceiling}\"\n", kind.key()));
    Kind::ALL.into_iter().for_each(|kind| line(kind, policy.general(kind)));
    text.push_str(&policy.every_index.confirm.as_ref().map_or_else(|| confirmed(&BTreeSet::new()), confirmed));
    for (index, own) in &policy.index {
        text.push_str(&format!("\n[index.\"{index}\"]\n"));
        own.ceilings.iter().for_each(|(kind, ceiling)| text.push_str(&format!("{} = \"{ceiling}\"\n", kind.key())));
        text.push_str(&own.confirm.as_ref().map(confirmed).unwrap_or_default());
    }
    if policy.index.is_empty() {
        text.push_str(
            "\n# For a single index, in place of what is said above:\n# [index.\"user/index\"]\n# upload = \"never\"\n",
        );
    }
    text
}

fn confirmed(kinds: &BTreeSet<Kind>) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.key())).collect();
    format!("confirm = [{}]\n", kinds.join(", "))
}

/// What holds in the end: the policy under the limits of `config.toml`.
#[derive(serde::Serialize)]
struct Effective<'a> {
    #[serde(flatten)]
    holder: &'a Holder,
    every_index: Row,
    index: BTreeMap<&'a IndexName, Row>,
    /// Whether `config.toml` narrows any of it.
    narrowed: bool,
}

/// What holds for one index, or for every other one.
#[derive(serde::Serialize)]
struct Row {
    #[serde(flatten)]
    ceilings: BTreeMap<Kind, Ceiling>,
    confirm: BTreeSet<Kind>,
}

impl<'a> Effective<'a> {
    fn of(holder: &'a Holder, policy: &'a Policy, limits: &'a Limits) -> Self {
        let (bounds, nothing) = (Bounds { holder, policy, limits }, Limits::default());
        let mut narrowed = false;
        let mut row = |index: Option<&'a IndexName>| {
            let mut row = Row { ceilings: BTreeMap::new(), confirm: BTreeSet::new() };
            for kind in Kind::ALL {
                let ceiling = bounds.lowest((kind, index), 0).ceiling;
                row.ceilings.insert(kind, ceiling);
                let confirms = bounds.confirms(kind, index);
                if confirms {
                    row.confirm.insert(kind);
                }
                let own = Bounds { limits: &nothing, ..bounds };
                narrowed |= ceiling < own.lowest((kind, index), 0).ceiling || confirms != own.confirms(kind, index);
            }
            row
        };
        let every_index = row(None);
        let index = bounds.named().into_iter().map(|index| (index, row(Some(index)))).collect();
        Self { holder, every_index, index, narrowed }
    }

    fn lines(&self, paths: &Paths) -> Vec<String> {
        let Holder { server, user } = self.holder;
        let heads = std::iter::once(String::new()).chain(Kind::ALL.map(|kind| kind.key().to_owned())).collect();
        let mut ceilings: Vec<Vec<String>> = vec![heads];
        let mut asked: Vec<Vec<String>> = Vec::new();
        for (name, row) in self.rows() {
            let texts = row.ceilings.values().map(ToString::to_string);
            ceilings.push(std::iter::once(name.clone()).chain(texts).collect());
            let kinds: Vec<&str> = row.confirm.iter().map(|kind| kind.key()).collect();
            asked.push(vec![name, if kinds.is_empty() { "-".to_owned() } else { kinds.join(", ") }]);
        }
        let mut lines = vec![format!("{user} at {server}: tokens handed out end after")];
        lines.extend(table(&ceilings));
        lines.push("upload-any: no project is known; a large upload may take longer".to_owned());
        lines.push("push: it may put any project into any index, so the rules of all of them hold".to_owned());
        if self.rows().any(|(_, row)| !row.confirm.is_empty()) {
            lines.push("you are asked before these are handed out".to_owned());
            lines.extend(table(&asked));
        }
        if self.narrowed {
            lines.push(format!("narrowed by {}", config::path(&paths.config).display()));
        }
        lines
    }

    fn rows(&self) -> impl Iterator<Item = (String, &Row)> {
        let named = self.index.iter().map(|(name, row)| (name.to_string(), row));
        std::iter::once(("every index".to_owned(), &self.every_index)).chain(named)
    }
}

/// Lines in columns. All rows have as many cells.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("  {}", cells.collect::<String>()).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder { server: "https://devpi.example".parse().expect("a server"), user: "alice".parse().expect("a user") }
    }

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        let usual = parsed(&as_toml(&holder(), &Policy::default())).expect("a policy");
        assert_eq!((usual.exceeds(&Policy::default()), Policy::default().exceeds(&usual)), (None, None));
        let text = "[every-index]\nread = '20 min'\n[index.'alice/prod']\nupload = 'never'\nread = '2h'\n\
                    confirm = ['upload', 'push']\n[index.'alice/free']\nconfirm = []\n";
        let policy = parsed(text).expect("a policy");
        let again = parsed(&as_toml(&holder(), &policy)).expect("a policy");
        assert_eq!(again.index, policy.index);
        assert_eq!((again.exceeds(&policy), policy.exceeds(&again)), (None, None));
    }
}
