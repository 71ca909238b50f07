//! pdm: `publish` uploads what lies in `dist`, everything else reads from the project's sources and the configured ones.

use std::path::PathBuf;

use crate::target::Purpose;

use super::command::{Command, items, operands, values};
use super::config::{table, tables, texts, toml};
use super::findings::Findings;
use super::project::Project;

/// The options that take a value: those that stand before a command, and those of `publish`.
const VALUED: &[&str] = &[
    "-c",
    "--config",
    "-p",
    "--project",
    "-r",
    "--repository",
    "-u",
    "--username",
    "-P",
    "--password",
    "-i",
    "--identity",
    "--comment",
    "-d",
    "--dest",
    "--ca-certs",
];

/// Reads pdm's command line, project and configuration.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    let option = |names: &[&str]| values(&items, names).pop().map(str::to_owned);
    let named = option(&["p", "--project"]).or_else(|| findings.env("PDM_PROJECT"));
    let start = findings.path(named.as_deref().unwrap_or_default());
    let project = Project::above(&start, findings);
    let folder = project.as_ref().map_or(start, |project| project.folder.clone());
    let user = option(&["c", "--config"]).or_else(|| findings.env("PDM_CONFIG_FILE"));
    let files = configuration(user, folder.join("pdm.toml"), findings);
    let mut urls = stored(&files, findings);
    let own = project.iter().filter_map(|project| table(&project.file, &["tool", "pdm"]));
    urls.extend(own.flat_map(|file| tables(file, "source")).flat_map(|source| texts(source, "url")).map(str::to_owned));
    if operands(&items).first() != Some(&"publish") {
        findings.doing.purpose = Some(Purpose::Read);
        urls.iter().for_each(|url| findings.indexes(url));
        return;
    }
    // It builds first, and installs what it builds with.
    urls.iter().for_each(|url| findings.only_read(url));
    let dest = folder.join(values(&items, &["d", "--dest"]).pop().unwrap_or("dist"));
    findings.upload(&dest, ["*"]);
    let name = option(&["r", "--repository"]).or_else(|| findings.env("PDM_PUBLISH_REPO"));
    name.and_then(|name| repository(&name, &files)).iter().for_each(|url| findings.indexes(url));
}

/// The configuration of the project, the user and the machine, the nearest first.
fn configuration(named: Option<String>, project: PathBuf, findings: &mut Findings<'_>) -> Vec<toml::Table> {
    let user = named.map(|path| findings.path(&path));
    let user = user.or_else(|| findings.user_config().map(|folder| folder.join("pdm/config.toml")));
    let machine = findings.system_config().into_iter().map(|folder| folder.join("pdm/config.toml"));
    let places: Vec<PathBuf> = std::iter::once(project).chain(user).chain(machine).collect();
    places.iter().filter_map(|path| toml(&findings.read(path)?)).collect()
}

/// Where to: the URL itself, or a name for it in the configuration.
fn repository(name: &str, files: &[toml::Table]) -> Option<String> {
    if name.contains("://") {
        return Some(name.to_owned());
    }
    let url = |file| texts(table(file, &["repository", name])?, "url").pop();
    files.iter().find_map(url).map(str::to_owned)
}

/// The indexes that the environment and the configuration name, unless they are to be ignored.
fn stored(files: &[toml::Table], findings: &Findings<'_>) -> Vec<String> {
    let pypi: Vec<&toml::Table> = files.iter().filter_map(|file| table(file, &["pypi"])).collect();
    let ignored = pypi.iter().find_map(|pypi| pypi.get("ignore_stored_index")?.as_bool()).unwrap_or_default();
    if ignored || findings.env("PDM_IGNORE_STORED_INDEX").is_some_and(|value| is_true(&value)) {
        return Vec::new();
    }
    let default = findings.env("PDM_PYPI_URL");
    let default = default.or_else(|| Some(pypi.iter().find_map(|pypi| texts(pypi, "url").pop())?.to_owned()));
    let sources = pypi.iter().flat_map(|pypi| pypi.values()).filter_map(toml::Value::as_table);
    default.into_iter().chain(sources.flat_map(|source| texts(source, "url")).map(str::to_owned)).collect()
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    const PDM: &str = "/home/me/v/bin/python3|/home/me/v/bin/pdm";

    fn machine() -> Machine {
        Machine::new().file(
            "/home/me/work/pyproject.toml",
            "[project]\nname = 'my-pkg'\n[[tool.pdm.source]]\nname = 'dev'\nurl = 'http://alice@h/a/dev/+simple/'\n",
        )
    }

    #[test]
    fn the_projects_sources_and_the_stored_ones_are_read() {
        let dev = "http://alice@h/a/dev/+simple/";
        let machine = machine()
            .file("/home/me/work/pdm.toml", "[pypi.two]\nurl = 'http://h/a/two/'\nverify_ssl = true\n")
            .file("/home/me/.config/pdm/config.toml", "check_update = false\n[pypi]\nurl = 'http://h/a/mirror/'\n");
        let machine = machine.folder("/home/me/work/src");
        let doing = machine.doing(&format!("{PDM}|add|foo"));
        assert_eq!(doing.purpose, Some(Purpose::Read));
        assert_eq!(doing.index_urls, ["http://h/a/mirror/", "http://h/a/two/", dev]);
        let machine = machine.folder("/home/me").env("PDM_PYPI_URL", "http://h/env/");
        assert_eq!(machine.urls("pdm|install|-p|work"), ["http://h/env/", "http://h/a/two/", dev]);
        assert_eq!(machine.env("PDM_PROJECT", "work").urls("pdm|lock").len(), 3);
    }

    #[test]
    fn stored_indexes_can_be_switched_off() {
        let dev = ["http://alice@h/a/dev/+simple/"];
        let stored = "[pypi]\nurl = 'http://h/a/mirror/'\n";
        let user = "/home/me/.config/pdm/config.toml";
        assert_eq!(machine().file(user, stored).env("PDM_IGNORE_STORED_INDEX", "true").urls("pdm|sync"), dev);
        assert_eq!(machine().file(user, &format!("{stored}ignore_stored_index = true\n")).urls("pdm|sync"), dev);
    }

    #[test]
    fn publish_uploads_all_that_lies_in_its_folder() {
        let machine = machine()
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "12345")
            .file("/home/me/work/dist/my_pkg-1.0.tar.gz", "123")
            .file("/home/me/work/dist/my_pkg-1.0.tar.gz.asc", "123")
            .file("/home/me/work/out/other-2.0.tar.gz", "1");
        let doing = machine.doing(&format!("{PDM}|publish|-r|http://h/a/dev/|-u|alice"));
        assert_eq!((doing.purpose, doing.bytes), (Some(Purpose::Upload), 8));
        assert_eq!(doing.projects, ["my-pkg".parse().expect("a name")].into());
        assert_eq!(doing.read_urls, ["http://alice@h/a/dev/+simple/"]);
        assert_eq!(doing.index_urls, ["http://h/a/dev/"]);
        let machine = machine.file("/home/me/.config/pdm/config.toml", "[repository.two]\nurl = 'http://h/a/two/'\n");
        let other = machine.doing("pdm|publish|--no-build|-d|out|-r|two");
        assert_eq!(other.index_urls, ["http://h/a/two/"]);
        assert_eq!(other.projects, ["other".parse().expect("a name")].into());
    }
}
