//! poetry: `publish` uploads the project's files, everything else reads from the project's sources.

use std::path::Path;

use crate::target::Purpose;

use super::command::{Command, Item, has, items, operands, values};
use super::config::{table, tables, texts, toml};
use super::findings::Findings;
use super::project::Project;

/// The options that take a value: those of every command, and those of `publish`.
const VALUED: &[&str] = &[
    "-C",
    "--directory",
    "-P",
    "--project",
    "-r",
    "--repository",
    "-u",
    "--username",
    "-p",
    "--password",
    "--cert",
    "--client-cert",
    "--dist-dir",
];

/// Reads poetry's command line and its project.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    // poetry has changed to `--directory` before it asks.
    let start = findings.path(values(&items, &["P", "--project"]).pop().unwrap_or_default());
    let project = Project::above(&start, findings);
    let sources = project.iter().filter_map(|project| table(&project.file, &["tool", "poetry"]));
    let urls = sources.flat_map(|file| tables(file, "source")).flat_map(|source| texts(source, "url"));
    let urls: Vec<String> = urls.map(str::to_owned).collect();
    if operands(&items).first() == Some(&"publish") && uploads(&items, project, findings) {
        urls.iter().for_each(|url| findings.only_read(url));
        return;
    }
    findings.doing.purpose = Some(Purpose::Read);
    urls.iter().for_each(|url| findings.indexes(url));
}

/// Notes what `publish` uploads. It is not there yet where `publish --build` still installs what it builds with: then it
/// reads, even by the address that it uploads to later, as poetry may take one repository's credential for all its host.
fn uploads(items: &[Item<'_>], project: Option<Project>, findings: &mut Findings<'_>) -> bool {
    findings.doing.purpose = Some(Purpose::Upload);
    let Some(project) = project else { return true };
    let Some(name) = project.name(&[&["project", "name"], &["tool", "poetry", "name"]]) else { return true };
    let folder = project.folder.join(values(items, &["--dist-dir"]).pop().unwrap_or("dist"));
    let stem = name.as_str().replace('-', "_");
    let is_building = has(items, "--build");
    match version(&project).filter(|_| is_building) {
        // An earlier version may still lie there. Both are patterns: what is not there must not count.
        Some(version) => {
            let files = [format!("{stem}-{version}-*.whl"), format!("{stem}-{version}.tar.*")];
            findings.upload(&folder, files.iter().map(String::as_str));
        }
        // Of several versions it uploads the latest; the files of the others add seconds at most.
        None => findings.upload(&folder, [format!("{stem}-*").as_str()]),
    }
    let is_built = !is_building || !findings.doing.projects.is_empty();
    if is_built {
        findings.project(name);
        repository(items, &project.folder, findings).iter().for_each(|url| findings.indexes(url));
    }
    is_built
}

/// The version that is built, as it stands in the names of files; `None` where only a plugin knows it.
fn version(project: &Project) -> Option<String> {
    let tables = [&["project"][..], &["tool", "poetry"]];
    normal(tables.iter().find_map(|path| texts(table(&project.file, path)?, "version").pop())?)
}

/// A version in the [normal form](https://packaging.python.org/en/latest/specifications/version-specifiers/#normalization),
/// with all numbers of its release; `None` for what is none.
fn normal(version: &str) -> Option<String> {
    const BETWEEN: [char; 3] = ['.', '-', '_'];
    let text = version.trim().to_ascii_lowercase();
    let (public, local) = text.split_once('+').map_or((text.as_str(), None), |(public, local)| (public, Some(local)));
    let (epoch, mut rest) = public.split_once('!').unwrap_or(("0", public));
    let epoch: u64 = epoch.trim_start_matches('v').parse().ok()?;
    let mut normal = if epoch == 0 { String::new() } else { format!("{epoch}!") };
    rest = rest.trim_start_matches('v');
    let (mut is_first, mut is_release) = (true, true);
    while !rest.is_empty() {
        let has_dash = rest.starts_with('-');
        let part = rest.trim_start_matches(BETWEEN);
        let (word, after) = part.split_at(part.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(part.len()));
        let after = if word.is_empty() { after } else { after.trim_start_matches(BETWEEN) };
        let (digits, after) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        let number: u64 = if digits.is_empty() && !word.is_empty() { 0 } else { digits.parse().ok()? };
        let spelled = match word {
            "" if is_first => "",
            "" if is_release && !has_dash => ".",
            "" if has_dash => ".post",
            "a" | "alpha" => "a",
            "b" | "beta" => "b",
            "c" | "rc" | "pre" | "preview" => "rc",
            "post" | "rev" | "r" => ".post",
            "dev" => ".dev",
            _ => return None,
        };
        normal += &format!("{spelled}{number}");
        (is_first, is_release, rest) = (false, is_release && matches!(spelled, "" | "."), after);
    }
    if let Some(local) = local {
        let parts: Vec<&str> = local.split(BETWEEN).collect();
        let is_plain = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        normal += &parts.iter().all(is_plain).then(|| format!("+{}", parts.join(".")))?;
    }
    (!is_first).then_some(normal)
}

/// The URL of the repository to upload to, by its name.
fn repository(items: &[Item<'_>], folder: &Path, findings: &mut Findings<'_>) -> Option<String> {
    let name = values(items, &["r", "--repository"]).pop()?;
    let variable = format!("POETRY_REPOSITORIES_{}_URL", name.to_uppercase().replace('-', "_"));
    let user = findings.env("POETRY_CONFIG_DIR").map(|path| findings.path(&path));
    let user = user.or_else(|| Some(findings.user_config()?.join("pypoetry")))?;
    let places = [folder.join("poetry.toml"), user.join("config.toml")];
    findings.env(&variable).or_else(|| {
        places.iter().find_map(|path| {
            let config = toml(&findings.read(path)?)?;
            texts(table(&config, &["repositories", name])?, "url").pop().map(str::to_owned)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    const POETRY: &str = "/home/me/v/bin/python3|/home/me/v/bin/poetry";

    fn machine() -> Machine {
        Machine::new()
            .file(
                "/home/me/work/pyproject.toml",
                "[project]\nname = 'My.Pkg'\n[[tool.poetry.source]]\nname = 'dev'\nurl = 'http://h/a/dev/+simple/'\n\
                 [[tool.poetry.source]]\nname = 'two'\nurl = 'http://h/a/two/+simple/'\npriority = 'explicit'\n",
            )
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "12345")
            .file("/home/me/work/dist/my_pkg-1.0.tar.gz", "123")
            .file("/home/me/work/dist/other-1.0.tar.gz", "1")
            .file("/home/me/work/out/my_pkg-2.0.tar.gz", "1234567")
    }

    #[test]
    fn every_source_of_the_project_is_read() {
        for verb in ["install", "update", "lock", "add|foo", "--no-interaction|sync", "-C|publish|install"] {
            let doing = machine().folder("/home/me/work/src").doing(&format!("{POETRY}|{verb}"));
            assert_eq!(doing.purpose, Some(Purpose::Read), "{verb}");
            assert_eq!(doing.index_urls, ["http://h/a/dev/+simple/", "http://h/a/two/+simple/"], "{verb}");
        }
        let elsewhere = machine().folder("/home/me");
        assert!(elsewhere.urls("poetry|lock").is_empty());
        assert_eq!(elsewhere.urls("poetry|-P|work|lock").len(), 2);
    }

    #[test]
    fn publish_uploads_the_projects_own_files() {
        let doing = machine().doing(&format!("{POETRY}|publish|-r|dev|--build"));
        assert_eq!(doing.purpose, Some(Purpose::Upload));
        assert_eq!(doing.projects, ["my-pkg".parse().expect("a name")].into());
        assert_eq!(doing.bytes, 8);
        assert!(doing.index_urls.is_empty());
        assert_eq!(doing.read_urls.len(), 2);
        assert_eq!(machine().doing("poetry|publish|--dist-dir=out").bytes, 7);
    }

    #[test]
    fn where_to_is_told_by_a_repositorys_name() {
        let stored = |url: &str| format!("[repositories.my-dev]\nurl = '{url}'\n");
        let line = "poetry|publish|--repository=my-dev";
        let machine = machine().file("/home/me/.config/pypoetry/config.toml", &stored("http://h/user/"));
        assert_eq!(machine.urls(line), ["http://h/user/"]);
        let machine = machine.file("/home/me/work/poetry.toml", &stored("http://h/own/"));
        assert_eq!(machine.urls(line), ["http://h/own/"]);
        assert_eq!(machine.env("POETRY_REPOSITORIES_MY_DEV_URL", "http://h/env/").urls(line), ["http://h/env/"]);
    }

    #[test]
    fn publish_reads_as_long_as_it_has_built_nothing() {
        let doing = machine().doing("poetry|publish|--build|--dist-dir|none");
        assert_eq!((doing.purpose, doing.projects.len()), (Some(Purpose::Read), 0));
        assert_eq!(doing.index_urls.len(), 2);
        assert_eq!(machine().doing("poetry|publish|--dist-dir|none").purpose, Some(Purpose::Upload));
    }

    #[test]
    fn an_earlier_version_is_not_what_publish_builds() {
        let machine = |version: &str| {
            let file = format!("[tool.poetry]\nname = 'my.pkg'\n{version}\n");
            machine().file("/home/me/work/pyproject.toml", &file).file("/home/me/work/dist/my_pkg-2.0b1.tar.gz", "12")
        };
        for (version, purpose, bytes) in [
            ("version = '1.0'", Purpose::Upload, 8),
            ("version = '2.0-beta.1'", Purpose::Upload, 2),
            ("version = '2.0'", Purpose::Read, 0),
            ("version = '1'", Purpose::Read, 0),
            ("version = '*'", Purpose::Upload, 10),
            ("", Purpose::Upload, 10),
        ] {
            let doing = machine(version).doing("poetry|publish|--build");
            assert_eq!((doing.purpose, doing.bytes), (Some(purpose), bytes), "{version}");
        }
        assert_eq!(machine("version = '2.0'").doing("poetry|publish").purpose, Some(Purpose::Upload));
    }

    #[test]
    fn a_version_is_spelled_as_in_the_names_of_files() {
        for (version, spelled) in [
            ("1.0", "1.0"),
            ("v2024.01.10", "2024.1.10"),
            ("1.0.0-Beta.1", "1.0.0b1"),
            ("1.0c", "1.0rc0"),
            ("1.0-1", "1.0.post1"),
            ("1!2.0_rev3.dev", "1!2.0.post3.dev0"),
            ("1.0a1.post2.dev3", "1.0a1.post2.dev3"),
            (" 1.0+Local-1", "1.0+local.1"),
        ] {
            assert_eq!(normal(version).as_deref(), Some(spelled), "{version}");
        }
        for none in ["", "*", "1.0*", "1.", "x", "1.0+", "1.0+a/b", "1.0x", "+1"] {
            assert_eq!(normal(none), None, "{none}");
        }
    }

    #[test]
    fn the_name_may_stand_in_poetrys_own_table() {
        let machine = Machine::new().file("/home/me/work/pyproject.toml", "[tool.poetry]\nname = 'old'\n");
        assert_eq!(machine.doing("poetry|publish").projects, ["old".parse().expect("a name")].into());
        let nameless = Machine::new().file("/home/me/work/pyproject.toml", "[tool.poetry]\n").doing("poetry|publish");
        assert_eq!((nameless.purpose, nameless.projects.len()), (Some(Purpose::Upload), 0));
    }
}
