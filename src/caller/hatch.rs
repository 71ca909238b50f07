//! hatch: `publish` uploads; whatever else it does with an index is done by the pip or uv that it starts.

use super::command::{Command, items, operands};
use super::findings::Findings;
use super::project::Project;

/// The options that take a value: those that stand before a command, and those of `publish`.
const VALUED: &[&str] = &[
    "-e",
    "--env",
    "-p",
    "--project",
    "--config",
    "--cache-dir",
    "--data-dir",
    "-r",
    "--repo",
    "-u",
    "--user",
    "-a",
    "--auth",
    "--ca-cert",
    "--client-cert",
    "--client-key",
    "--publisher",
    "-o",
    "--option",
];

/// What is uploaded where nothing is named.
const DEFAULT: &str = "dist";

/// Reads hatch's command line. What is named there is a file, or a folder of files, from the project's folder.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    let words = operands(&items);
    let Some(("publish", named)) = words.split_first().map(|(verb, named)| (*verb, named)) else { return };
    let project = Project::above(findings.folder(), findings);
    let folder = project.map_or_else(|| findings.folder().to_owned(), |project| project.folder);
    for name in if named.is_empty() { &[DEFAULT] } else { named } {
        findings.upload(&folder, [*name, &format!("{name}/*")]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use crate::target::Purpose;

    fn machine() -> Machine {
        Machine::new()
            .file("/home/me/work/pyproject.toml", "[project]\nname = 'my-pkg'\n")
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "12345")
            .file("/home/me/work/dist/.gitignore", "*")
            .file("/home/me/work/out/my_pkg-1.0.tar.gz", "123")
            .file("/home/me/work/out/two-1.0.tar.gz", "1")
    }

    fn found(line: &str) -> (Vec<String>, u64) {
        let doing = machine().folder("/home/me/work/src").doing(line);
        assert_eq!(doing.purpose, Some(Purpose::Upload), "{line}");
        (doing.projects.iter().map(ToString::to_string).collect(), doing.bytes)
    }

    #[test]
    fn publish_uploads_files_and_what_lies_in_folders() {
        let line = "/home/me/v/bin/python|/home/me/v/bin/hatch|publish|-r|http://h/a/dev/|-u|alice|--no-prompt";
        assert_eq!(found(line), (vec!["my-pkg".into()], 5));
        assert_eq!(found("hatch|publish|out"), (vec!["my-pkg".into(), "two".into()], 4));
        assert_eq!(found("python|-m|hatch|-e|test|publish|out/two-1.0.tar.gz"), (vec!["two".into()], 1));
    }

    #[test]
    fn only_publish_uploads() {
        assert_eq!(machine().doing("hatch|run|publish").purpose, None);
        assert_eq!(machine().doing("hatch").purpose, None);
    }
}
