//! hatch: `publish` uploads; whatever else it does with an index is done by the pip or uv that it starts.

use super::command::{Command, Item, items, operands, values};
use super::config::{table, texts, toml};
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
    repository(&items, findings).iter().for_each(|url| findings.indexes(url));
}

/// Where to: the URL itself, or a name for it in the user's configuration.
fn repository(items: &[Item<'_>], findings: &mut Findings<'_>) -> Option<String> {
    let option = |names: &[&str]| values(items, names).pop().map(str::to_owned);
    let file = option(&["--config"]).or_else(|| findings.env("HATCH_CONFIG")).map(|path| findings.path(&path));
    let file = file.or_else(|| Some(findings.user_config()?.join("hatch/config.toml")))?;
    let config = findings.read(&file).and_then(|text| toml(&text)).unwrap_or_default();
    let index = table(&config, &["publish", "index"]);
    let default = index.and_then(|index| texts(index, "repo").pop()).map(str::to_owned);
    let name = option(&["r", "--repo"]).or_else(|| findings.env("HATCH_INDEX_REPO")).or(default)?;
    let repositories = index.and_then(|index| table(index, &["repos"]));
    let url = repositories.and_then(|all| match all.get(&name)? {
        toml::Value::Table(one) => texts(one, "url").pop(),
        one => one.as_str(),
    });
    Some(url.map_or_else(|| name.clone(), str::to_owned))
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
    fn where_to_is_a_url_or_a_name_for_it() {
        let text = "[publish.index]\nrepo = 'dev'\n[publish.index.repos]\ndev = 'http://h/a/dev/'\n\
                    [publish.index.repos.two]\nurl = 'http://h/a/two/'\nuser = 'alice'\n";
        let machine = machine().file("/home/me/.config/hatch/config.toml", text);
        assert_eq!(machine.urls("hatch|publish"), ["http://h/a/dev/"]);
        assert_eq!(machine.urls("hatch|publish|-r|two"), ["http://h/a/two/"]);
        assert_eq!(machine.urls("hatch|publish|--repo=http://h/x/"), ["http://h/x/"]);
        assert!(machine.urls("hatch|publish|-r|main").is_empty());
        assert_eq!(machine.env("HATCH_INDEX_REPO", "two").urls("hatch|publish"), ["http://h/a/two/"]);
    }

    #[test]
    fn only_publish_uploads() {
        assert_eq!(machine().doing("hatch|run|publish").purpose, None);
        assert_eq!(machine().doing("hatch").purpose, None);
    }
}
