//! The files by which a session starts the agent: units of systemd (`systemd.syntax(7)`, `systemd.service(5)`), and a
//! desktop entry (the freedesktop specifications of autostart and of desktop entries).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::exit::{Exit, Failure};

/// What the units are called, without their endings.
pub(super) const NAME: &str = "devpi-tokens-agent";

/// By this first line a file is known to be ours.
pub(super) const MARK: &str = "# Written by `devpi-tokens agent install`; removed by `devpi-tokens agent uninstall`.\n";

/// The unit by which systemd listens for the agent.
pub(super) fn socket(path: &Path) -> Result<String, Failure> {
    let unit = include_str!("../../../systemd/devpi-tokens-agent.socket");
    Ok(MARK.to_owned() + &with(unit, "ListenStream=", &specifiers(text(path.as_os_str())?)))
}

/// The unit of the agent, with the variables that say where its files lie.
pub(super) fn service(program: &Path, variables: &[(&str, &OsStr)]) -> Result<String, Failure> {
    let unit = include_str!("../../../systemd/devpi-tokens-agent.service");
    let mut start = format!("{} --foreground", quoted(&text(program.as_os_str())?.replace('$', "$$")));
    for (name, value) in variables {
        start.push_str(&format!("\nEnvironment={}", quoted(&format!("{name}={}", text(value)?))));
    }
    Ok(MARK.to_owned() + &with(unit, "ExecStart=", &start))
}

/// The entry that a desktop without systemd runs at login.
pub(super) fn autostart(program: &Path) -> Result<String, Failure> {
    let escape = |text: &str, these: &[char]| -> String {
        text.chars().flat_map(|letter| these.contains(&letter).then_some('\\').into_iter().chain([letter])).collect()
    };
    // Escaped as a word of a command, and once more as every value of such a file.
    let word = escape(&escape(text(program.as_os_str())?, &['"', '`', '$', '\\']), &['\\']);
    let word = specifiers(&word);
    Ok(format!(
        "{MARK}[Desktop Entry]\nType=Application\nName=devpi-tokens agent\nComment=Tokens for Python package indexes\n\
         Exec=\"{word}\" agent start\nNoDisplay=true\n"
    ))
}

/// The unit with another value in the line that begins so.
fn with(unit: &str, key: &str, value: &str) -> String {
    let line = |line: &str| if line.starts_with(key) { format!("{key}{value}\n") } else { format!("{line}\n") };
    unit.lines().map(line).collect()
}

/// One word of a command line, of which systemd takes nothing for anything else.
fn quoted(text: &str) -> String {
    format!("\"{}\"", specifiers(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// A path that can stand in a line.
fn text(path: &OsStr) -> Result<&str, Failure> {
    let text = std::str::from_utf8(path.as_bytes()).ok();
    text.filter(|text| !text.chars().any(char::is_control)).ok_or_else(|| {
        let shown = crate::escape::one_line(&path.to_string_lossy());
        Failure::new(Exit::Unsafe, format!("no unit can name {shown}"))
            .with_remedy("put it where only printable characters are in the path")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_unit_is_written_so_that_it_has_none() {
        let unit = service(Path::new("/opt/a b/%h/$HOME/\"x\\y"), &[("DEVPI_TOKENS_HOME", OsStr::new("/h %t"))]);
        let unit = unit.expect("a unit");
        assert!(unit.contains("\nExecStart=\"/opt/a b/%%h/$$HOME/\\\"x\\\\y\" --foreground\n"), "{unit}");
        assert!(unit.contains("\nEnvironment=\"DEVPI_TOKENS_HOME=/h %%t\"\n"), "{unit}");
        assert!(
            socket(Path::new("/run/%u/agent.sock")).expect("a unit").contains("\nListenStream=/run/%%u/agent.sock\n")
        );
    }

    #[test]
    fn a_path_that_would_be_a_line_of_its_own_is_refused() {
        let refused = service(Path::new("/opt/x\nExecStartPre=/bin/evil"), &[]).expect_err("refused");
        assert_eq!(refused.message, "no unit can name /opt/x ExecStartPre=/bin/evil");
    }

    #[test]
    fn a_desktop_entry_is_quoted_twice() {
        let entry = autostart(Path::new("/opt/a b/$x/\\y/%f")).expect("an entry");
        assert!(entry.contains("\nExec=\"/opt/a b/\\\\$x/\\\\\\\\y/%%f\" agent start\n"), "{entry}");
    }
}
