//! flit: `publish` uploads the project; `install` starts pip.

use std::path::Path;

use crate::target::Purpose;

use super::command::{Command, items, operands, values};
use super::config::toml;
use super::findings::Findings;
use super::project::Project;
use super::pypirc;

/// The options that take a value.
const VALUED: &[&str] = &["-f", "--ini-file", "--repository", "--format", "--pypirc"];

/// Reads flit's command line and its project. It asks before it builds, so that no file's size can be known.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    if operands(&items).first() != Some(&"publish") {
        return;
    }
    findings.doing.purpose = Some(Purpose::Upload);
    let option = |name: &str| values(&items, &[name]).pop();
    let url = match (option("--repository"), findings.env("FLIT_INDEX_URL")) {
        (None, Some(url)) => Some(url),
        (name, _) => pypirc::repository(option("--pypirc"), name.unwrap_or("pypi"), findings),
    };
    url.iter().for_each(|url| findings.indexes(url));
    let file = findings.path(values(&items, &["f", "--ini-file"]).pop().unwrap_or("pyproject.toml"));
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    let project = findings.read(&file).and_then(|text| Some(Project { folder, file: toml(&text)? }));
    let places: [&[&str]; 3] =
        [&["project", "name"], &["tool", "flit", "metadata", "dist-name"], &["tool", "flit", "metadata", "module"]];
    if let Some(name) = project.and_then(|project| project.name(&places)) {
        findings.project(name);
    }
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let machine = Machine::new()
            .file("/home/me/work/pyproject.toml", "[project]\nname = 'My_Pkg'\n")
            .file("/home/me/work/old/pyproject.toml", "[tool.flit.metadata]\nmodule = 'old_one'\n")
            .file("/home/me/work/other.toml", "[project]\nname = 'other'\n")
            .file("/home/me/work/dist/other-1.0.tar.gz", "1");
        let doing = machine.doing(line);
        assert_eq!(doing.purpose, Some(Purpose::Upload), "{line}");
        doing.projects.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn publish_uploads_the_project_and_nothing_else() {
        assert_eq!(found("/home/me/v/bin/python|/home/me/v/bin/flit|publish|--repository|dev"), ["my-pkg"]);
        assert_eq!(found("python|-m|flit|-f|old/pyproject.toml|publish"), ["old-one"]);
        assert_eq!(found("flit|-f|other.toml|publish"), ["other"]);
        assert_eq!(found("flit|--ini-file=other.toml|publish"), ["other"]);
        assert!(found("flit|-f|none/pyproject.toml|publish").is_empty());
    }

    #[test]
    fn where_to_is_told_by_pypirc_or_the_environment() {
        let text = "[dev]\nrepository = http://h/a/dev/\n[pypi]\nrepository = http://h/a/all/\n";
        let machine = Machine::new().file("/home/me/.pypirc", text);
        assert_eq!(machine.urls("flit|publish"), ["http://h/a/all/"]);
        assert_eq!(machine.urls("flit|publish|--repository=dev"), ["http://h/a/dev/"]);
        assert_eq!(machine.env("FLIT_INDEX_URL", "http://h/env/").urls("flit|publish"), ["http://h/env/"]);
    }

    #[test]
    fn only_publish_uploads() {
        assert_eq!(Machine::new().doing("flit|install|publish").purpose, None);
    }
}
