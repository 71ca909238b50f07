//! A command line: which program it runs, with interpreters peeled off, and its options.

use std::path::Path;

/// A program and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command<'a> {
    /// The program's plain name: `pip` for `pip3.11`, for `python -m pip` and for `python …/pip/__pip-runner__.py`.
    pub(super) name: &'a str,
    /// The paths that started it, the interpreter's first; the folder above theirs is the environment.
    pub(super) paths: Vec<&'a str>,
    /// Its arguments.
    pub(super) args: &'a [String],
}

impl<'a> Command<'a> {
    /// Takes a command line apart; `None` where it runs no program that could be named.
    pub(super) fn of(argv: &'a [String]) -> Option<Self> {
        let (program, args) = argv.split_first()?;
        if !is_python(base_name(program)) {
            return Some(Self { name: plain_name(program)?, paths: vec![program], args });
        }
        let (run, at) = interpreted(args)?;
        let args = &args[at + 1..];
        Some(match run {
            Run::Module(module) => Self { name: module.split('.').next()?, paths: vec![program], args },
            Run::Script(script) => Self { name: plain_name(script)?, paths: vec![program, script], args },
        })
    }
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether that is what a Python interpreter is called: `python`, `python3.11`, `python3.14t`, `pypy3`.
pub(super) fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    version.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || b".-tdmu".contains(&byte)))
}

/// A script's name without folder, ending and version; a package run by its folder has the folder's name.
fn plain_name(path: &str) -> Option<&str> {
    let name = base_name(path);
    if name.starts_with("__") && name.ends_with(".py") {
        return Some(base_name(path.strip_suffix(name)?.strip_suffix('/')?));
    }
    let name = [".py", ".pyz", ".pyw"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let plain = plain.strip_suffix('-').unwrap_or(plain);
    (!plain.is_empty()).then_some(plain)
}

/// What an interpreter runs.
enum Run<'a> {
    Module(&'a str),
    Script(&'a str),
}

/// Skips the interpreter's own options; the number is where in `args` its program is named.
fn interpreted(args: &[String]) -> Option<(Run<'_>, usize)> {
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let Some(flags) = arg.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            return Some((Run::Script(arg), at));
        };
        if flags.starts_with('-') {
            at += if flags == "-check-hash-based-pycs" { 2 } else { 1 };
            continue;
        }
        let Some(valued) = flags.find(['c', 'm', 'W', 'X']) else {
            at += 1;
            continue;
        };
        let (letter, attached) = flags[valued..].split_at(1);
        match (letter, attached) {
            ("c", _) => return None,
            ("m", "") => return Some((Run::Module(args.get(at + 1)?), at + 1)),
            ("m", module) => return Some((Run::Module(module), at)),
            (_, "") => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// One item of a command line.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Item<'a> {
    /// An option as written, with the value that belongs to it.
    Option(&'a str, Option<&'a str>),
    /// What is no option.
    Operand(&'a str),
}

/// Sorts arguments into options and operands as optparse, argparse and clap do; `valued` are the options that take a
/// value. Abbreviated options are not known.
pub(super) fn items<'a>(args: &'a [String], valued: &[&str]) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    let mut rest = args.iter().map(String::as_str);
    while let Some(arg) = rest.next() {
        if arg == "--" {
            items.extend(rest.map(Item::Operand));
            break;
        }
        if arg.starts_with("--") {
            items.push(match arg.split_once('=') {
                Some((name, value)) => Item::Option(name, Some(value)),
                None if valued.contains(&arg) => Item::Option(arg, rest.next()),
                None => Item::Option(arg, None),
            });
        } else if arg.len() > 1 && arg.starts_with('-') {
            match short(arg, valued) {
                Some((name, "")) => items.push(Item::Option(name, rest.next())),
                Some((name, value)) => items.push(Item::Option(name, Some(value.strip_prefix('=').unwrap_or(value)))),
                None => items.push(Item::Option(arg, None)),
            }
        } else {
            items.push(Item::Operand(arg));
        }
    }
    items
}

/// The option of a cluster like `-qi` that takes a value, by its name in `valued`, and what is attached to it.
fn short<'a>(arg: &'a str, valued: &[&str]) -> Option<(&'a str, &'a str)> {
    let letters = &arg[1..];
    let found = letters.char_indices().find(|(_, letter)| valued.iter().any(|name| is_short(name, *letter)));
    let (at, letter) = found?;
    let attached = &letters[at + letter.len_utf8()..];
    // The name lies in the cluster without its dash, so it is told by the letter alone.
    Some((&letters[at..at + letter.len_utf8()], attached))
}

fn is_short(name: &str, letter: char) -> bool {
    let mut chars = name.chars();
    chars.next() == Some('-') && chars.next() == Some(letter) && chars.next().is_none()
}

/// The values of an option under any of its names, in order. A short option is named by its letter.
pub(super) fn values<'a>(items: &[Item<'a>], names: &[&str]) -> Vec<&'a str> {
    let value = |item: &Item<'a>| match item {
        Item::Option(name, value) if names.contains(name) => *value,
        _ => None,
    };
    items.iter().filter_map(value).collect()
}

/// What is no option, in order.
pub(super) fn operands<'a>(items: &[Item<'a>]) -> Vec<&'a str> {
    let operand = |item: &Item<'a>| match item {
        Item::Operand(text) => Some(*text),
        Item::Option(..) => None,
    };
    items.iter().filter_map(operand).collect()
}

/// Whether an option without value is there.
pub(super) fn has(items: &[Item<'_>], name: &str) -> bool {
    items.iter().any(|item| matches!(item, Item::Option(found, _) if *found == name))
}

/// The folder above the `bin` folder that a program lies in: its environment.
pub(super) fn environment_of(path: &Path) -> Option<&Path> {
    let bin = path.parent()?;
    (bin.file_name()? == "bin").then(|| bin.parent()).flatten()
}
