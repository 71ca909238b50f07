//! uv: its pip, project and tool commands read; `publish` uploads.

use std::path::PathBuf;

use crate::target::Purpose;

use super::asking::{UvAsks, UvIndex};
use super::command::{Command, Item, has, items, operands, values};
use super::config::{table, tables, texts, toml};
use super::findings::{Findings, cleaned};
use super::project::{HIGHEST, Project};
use super::requirements;

/// The options that take a value: those that name an index or a file, those that stand before a command, those of
/// `publish`, and every short one.
const VALUED: &[&str] = &[
    "--index",
    "--default-index",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-r",
    "--requirements",
    "--requirement",
    "-c",
    "--constraints",
    "--constraint",
    "-b",
    "--build-constraints",
    "--build-constraint",
    "--overrides",
    "--override",
    "--with-requirements",
    "--allow-insecure-host",
    "--cache-dir",
    "--color",
    "--config-file",
    "--directory",
    "--project",
    "--python-preference",
    "--keyring-provider",
    "--publish-url",
    "--check-url",
    "--index-strategy",
    "-u",
    "--username",
    "-p",
    "--password",
    "--python",
    "-t",
    "--token",
    "--trusted-publishing",
    "-C",
    "-P",
    "-e",
    "-f",
    "-m",
    "-o",
    "-w",
];

/// What is uploaded where no file is named.
const DEFAULT_FILES: &str = "dist/*";

/// Which of uv's families of commands: they differ in what configuration they read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Pip,
    Project,
    Publish,
    Tool,
}

/// Reads uv's command line, environment, configuration and requirements files.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    let words = operands(&items);
    let family = match words.first() {
        _ if command.name == "uvx" => Family::Tool,
        Some(&"tool") => Family::Tool,
        Some(&"publish") => Family::Publish,
        Some(&"pip") => Family::Pip,
        _ => Family::Project,
    };
    let files: Vec<toml::Table> = configuration(&items, family, findings).into_iter().map(|file| file.table).collect();
    if family == Family::Publish {
        publish(&items, &words[1..], &files, findings);
        return;
    }
    findings.doing.purpose = Some(Purpose::Read);
    arguments(&items, findings);
    let pip = |file| table(file, &["pip"]).filter(|_| family == Family::Pip);
    let tables: Vec<&toml::Table> = files.iter().flat_map(|file| std::iter::once(file).chain(pip(file))).collect();
    tables.iter().for_each(|table| indexes(table, findings));
    findings.doing.merges = strategy(&items, &tables, findings).is_some_and(|strategy| strategy.starts_with("unsafe"));
    requirements::look(values(&items, requirements::FILES), findings);
    if family == Family::Pip {
        // `uv pip sync` and `uv pip compile` take them as they are.
        let file = |word: &&str| word.ends_with(".txt") || word.ends_with(".in");
        requirements::look(words.into_iter().filter(file), findings);
    }
    findings.doing.reads_pypi = !findings.has_default;
}

/// Which of several indexes counts.
fn strategy(items: &[Item<'_>], configured: &[&toml::Table], findings: &Findings<'_>) -> Option<String> {
    const KEY: &str = "index-strategy";
    let given = values(items, &["--index-strategy"]).pop().map(str::to_owned);
    let given = given.or_else(|| findings.env("UV_INDEX_STRATEGY"));
    given.or_else(|| configured.iter().find_map(|table| texts(table, KEY).pop()).map(str::to_owned))
}

/// The indexes of the command line, each kind else of the environment.
fn arguments(items: &[Item<'_>], findings: &mut Findings<'_>) {
    const KINDS: [(&[&str], &[&str]); 3] = [
        (&["--index"], &["UV_INDEX"]),
        (&["--default-index", "i", "--index-url"], &["UV_DEFAULT_INDEX", "UV_INDEX_URL"]),
        (&["--extra-index-url"], &["UV_EXTRA_INDEX_URL"]),
    ];
    for (options, variables) in KINDS {
        let given = values(items, options);
        let texts: Vec<String> = if given.is_empty() {
            variables.iter().filter_map(|name| findings.env(name)).collect()
        } else {
            given.into_iter().map(str::to_owned).collect()
        };
        for word in texts.iter().flat_map(|text| text.split_whitespace()) {
            findings.has_default |= options.contains(&"--default-index");
            let (name, url) = named(word);
            findings.indexes(url);
            name.into_iter().for_each(|name| findings.named(name, url));
        }
    }
}

/// Name and URL of `name=url`, or of a URL alone.
fn named(word: &str) -> (Option<&str>, &str) {
    let pair = word.split_once('=').filter(|(name, _)| !name.contains([':', '/']));
    pair.map_or((None, word), |(name, url)| (Some(name), url))
}

/// The indexes that a configuration names. One that stands behind `default = true` or `explicit = true` is taken too:
/// a dependency may be pinned to it.
fn indexes(file: &toml::Table, findings: &mut Findings<'_>) {
    for index in tables(file, "index") {
        findings.has_default |= index.get("default").and_then(toml::Value::as_bool).unwrap_or_default();
        let url = texts(index, "url").pop().unwrap_or_default();
        findings.indexes(url);
        texts(index, "name").into_iter().for_each(|name| findings.named(name, url));
    }
    texts(file, "index-url").into_iter().for_each(|url| findings.default_index(url));
    texts(file, "extra-index-url").into_iter().for_each(|url| findings.indexes(url));
}

/// `uv publish`: where to is told by the URL to publish to, which may be that of a configured index.
fn publish(items: &[Item<'_>], files: &[&str], configured: &[toml::Table], findings: &mut Findings<'_>) {
    findings.upload(findings.folder(), if files.is_empty() { &[DEFAULT_FILES] } else { files }.iter().copied());
    let given = |option: &str, variable: &str, findings: &Findings<'_>| {
        values(items, &[option]).pop().map(str::to_owned).or_else(|| findings.env(variable))
    };
    let stored = |key| configured.iter().find_map(|file| texts(file, key).pop()).map(str::to_owned);
    if let Some(name) = given("--index", "UV_PUBLISH_INDEX", findings) {
        // What it asks for by the index's own URL serves its check and its upload alike.
        let index =
            configured.iter().flat_map(|file| tables(file, "index")).find(|index| texts(index, "name") == [&name]);
        index.iter().flat_map(|index| texts(index, "publish-url")).for_each(|url| findings.indexes(url));
        return;
    }
    if let Some(url) = given("--publish-url", "UV_PUBLISH_URL", findings).or_else(|| stored("publish-url")) {
        findings.indexes(&url);
    }
    if let Some(url) = given("--check-url", "UV_PUBLISH_CHECK_URL", findings).or_else(|| stored("check-url")) {
        findings.only_read(&url);
    }
}

/// The configuration that counts, the nearest first: the project's (tools have none), the user's, the machine's; or a
/// file that is named instead of all these. What `pyproject.toml` says of indexes counts in any case: dependencies are
/// pinned to them.
fn configuration(items: &[Item<'_>], family: Family, findings: &mut Findings<'_>) -> Vec<Configured> {
    let named = values(items, &["--config-file"]).pop().map(str::to_owned);
    let named = named.or_else(|| findings.env("UV_CONFIG_FILE"));
    let off = |value: String| matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off");
    let none = has(items, "--no-config") || findings.env("UV_NO_CONFIG").is_some_and(|value| !off(value));
    let found = named.is_none() && !none;

    let mut files = Vec::new();
    if let Some(path) = named.filter(|_| !none) {
        files.extend(read(findings.path(&path), findings));
    }
    if family != Family::Tool {
        project(items, found, findings, &mut files);
    }
    if found {
        let mut places: Vec<PathBuf> = findings.user_config().into_iter().chain(findings.system_config()).collect();
        places.push("/etc".into());
        files.extend(places.into_iter().filter_map(|place| read(place.join("uv/uv.toml"), findings)));
    }
    files
}

/// The configuration of the project: uv looks for it from the root of the workspace upwards, so that a file of a member
/// or of a folder below counts for nothing; where there is no project, from the working folder. uv has changed to
/// `--directory` before it asks, so the working folder is right already.
fn project(items: &[Item<'_>], own_files: bool, findings: &mut Findings<'_>, files: &mut Vec<Configured>) {
    let named = values(items, &["--project"]).pop().map(str::to_owned).or_else(|| findings.env("UV_PROJECT"));
    let start = cleaned(&findings.path(named.as_deref().unwrap_or_default()));
    let member = Project::above(&start, findings);
    let root = member.as_ref().and_then(|member| workspace(member, findings));
    let start = match (&root, &member) {
        (Some(root), _) => &root.folder,
        (None, Some(member)) if is_managed(member) => &member.folder,
        _ => &start,
    };
    let folders = start.ancestors().take(if own_files { HIGHEST } else { 0 });
    let mut found = folders.filter_map(|folder| match read(folder.join("uv.toml"), findings) {
        None => Configured::by(&Project::read(folder, findings)?),
        own => own,
    });
    files.extend(found.next());
    for pinned in member.iter().chain(&root).filter_map(Configured::by) {
        if !files.iter().any(|known| known.table == pinned.table) {
            files.push(pinned);
        }
    }
}

/// The root of the workspace that a project is a member of, which may be the project itself.
fn workspace(member: &Project, findings: &mut Findings<'_>) -> Option<Project> {
    let is_root = |project: &Project| own_table(project).is_some_and(|table| table.contains_key("workspace"));
    let above = member.folder.ancestors().take(HIGHEST);
    let root = above.filter_map(|folder| Project::read(folder, findings)).find(is_root)?;
    let path = member.folder.strip_prefix(&root.folder).ok()?;
    let rules = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
    let is_meant = |pattern: &&str| {
        glob::Pattern::new(pattern.trim_end_matches('/')).is_ok_and(|pattern| pattern.matches_path_with(path, rules))
    };
    let workspace = table(&root.file, &["tool", "uv", "workspace"])?;
    let is_listed = |key| texts(workspace, key).iter().any(is_meant);
    let is_inside = path.as_os_str().is_empty() || (is_listed("members") && !is_listed("exclude"));
    is_inside.then_some(root)
}

/// Whether uv takes a folder for a project at all.
fn is_managed(project: &Project) -> bool {
    let managed = |table: &toml::Table| table.get("managed").and_then(toml::Value::as_bool);
    project.file.contains_key("project") && own_table(project).and_then(managed).unwrap_or(true)
}

/// What a project says to uv.
fn own_table(project: &Project) -> Option<&toml::Table> {
    table(&project.file, &["tool", "uv"])
}

fn read(path: PathBuf, findings: &mut Findings<'_>) -> Option<Configured> {
    let table = toml(&findings.read(&path)?)?;
    Some(Configured { path, table })
}

/// What a file says to uv.
struct Configured {
    path: PathBuf,
    table: toml::Table,
}

impl Configured {
    /// What stands in a project's `pyproject.toml`.
    fn by(project: &Project) -> Option<Self> {
        let table = own_table(project)?.clone();
        Some(Self { path: project.path(), table })
    }
}

/// How `uv pip install` and `uv sync` would look for credentials: by the environment and the configuration.
pub(super) fn asks(findings: &mut Findings<'_>) -> UvAsks {
    let files = configuration(&[], Family::Pip, findings);
    let provider = findings.env("UV_KEYRING_PROVIDER").or_else(|| {
        let tables = files.iter().flat_map(|file| table(&file.table, &["pip"]).into_iter().chain([&file.table]));
        tables.flat_map(|table| texts(table, "keyring-provider")).next().map(str::to_owned)
    });
    let mut indexes = Vec::new();
    for Configured { path, table } in &files {
        for index in tables(table, "index") {
            let text = |key| texts(index, key).pop().unwrap_or_default().to_owned();
            let is_always = text("authenticate") == "always";
            indexes.push(UvIndex { url: text("url"), is_always, file: Some(path.clone()) });
        }
        let plain = ["index-url", "extra-index-url"].into_iter().flat_map(|key| texts(table, key));
        indexes.extend(plain.map(|url| UvIndex { url: url.to_owned(), is_always: false, file: Some(path.clone()) }));
    }
    for name in ["UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"] {
        let value = findings.env(name).unwrap_or_default();
        let words = value.split_whitespace().map(|word| named(word).1.to_owned());
        indexes.extend(words.map(|url| UvIndex { url, is_always: false, file: None }));
    }
    UvAsks { provider: provider.unwrap_or_else(|| "disabled".to_owned()), indexes }
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;

    use super::*;

    const DEV: &str = "[[index]]\nname = 'dev'\nurl = 'http://h/a/dev/+simple/'\npublish-url = 'http://h/a/in/'\n";

    #[test]
    fn a_real_uv_reads_indexes_from_every_option() {
        let line = "/home/me/v/bin/uv|pip|install|--keyring-provider|subprocess|--index-url|http://alice@h/a/dev/+simple/|\
                    --index|two=http://h/a/two/|--extra-index-url=http://h/3/ http://h/4/|foo|--target|/tmp/t";
        let doing = Machine::new().doing(line);
        assert_eq!(doing.purpose, Some(Purpose::Read));
        assert_eq!(
            doing.index_urls,
            ["http://h/a/two/", "http://alice@h/a/dev/+simple/", "http://h/3/", "http://h/4/"]
        );
    }

    #[test]
    fn the_environment_stands_behind_each_option() {
        let named = Machine::new().env("UV_INDEX", "one=http://h/1/ http://h/2/").file(
            "/etc/uv/uv.toml",
            "[[index]]\nname = 'one'\nurl = 'http://h/other/'\n[[index]]\nname = 'two'\nurl = 'http://h/2/'",
        );
        let expected = [("one", "http://h/1/"), ("two", "http://h/2/")].map(|(name, url)| (name.into(), url.into()));
        assert_eq!(named.doing("uv|sync").named, expected.into());
        let machine = Machine::new()
            .env("UV_INDEX", "one=http://h/1/ http://h/2/?a=b")
            .env("UV_DEFAULT_INDEX", "http://h/3/")
            .env("UV_INDEX_URL", "http://h/4/")
            .env("UV_EXTRA_INDEX_URL", "http://h/5/");
        assert_eq!(
            machine.urls("uv|sync"),
            ["http://h/1/", "http://h/2/?a=b", "http://h/3/", "http://h/4/", "http://h/5/"]
        );
        assert_eq!(
            machine.urls("uv|sync|--default-index|http://h/6/|--index=http://h/7/"),
            ["http://h/7/", "http://h/6/", "http://h/5/"]
        );
    }

    fn index(name: &str) -> String {
        format!("[[tool.uv.index]]\nurl = 'http://h/{name}/'\n")
    }

    #[test]
    fn the_nearest_project_counts_with_the_root_of_its_workspace() {
        let machine = Machine::new()
            .folder("/home/me/ws/member/src")
            .file("/home/me/ws/member/pyproject.toml", &index("member"))
            .file(
                "/home/me/ws/pyproject.toml",
                &format!("[tool.uv.workspace]\nmembers = ['member']\n{}", index("root")),
            )
            .file("/home/me/pyproject.toml", &index("above"));
        assert_eq!(machine.urls("uv|lock"), ["http://h/root/", "http://h/member/"]);
        assert_eq!(machine.urls("uv|run|--project|/home/me|python"), ["http://h/above/"]);
        assert_eq!(machine.env("UV_PROJECT", "../../..").urls("uv|lock"), ["http://h/above/"]);
    }

    #[test]
    fn a_configuration_below_a_project_or_in_a_member_counts_for_nothing() {
        let uv = |name: &str| format!("index-url = 'http://h/{name}/'");
        let machine = Machine::new()
            .folder("/home/me/work/src")
            .file("/home/me/work/src/uv.toml", &uv("below"))
            .file("/home/me/work/pyproject.toml", "[project]\nname = 'x'\n")
            .file("/home/me/uv.toml", &uv("above"));
        assert_eq!(machine.urls("uv|sync"), ["http://h/above/"]);
        let machine = machine.file("/home/me/work/uv.toml", &uv("member"));
        assert_eq!(machine.urls("uv|sync"), ["http://h/member/"]);
        let root = format!("[tool.uv.workspace]\nmembers = ['*']\n{}", index("root"));
        let machine = machine.file("/home/me/pyproject.toml", &root);
        assert_eq!(machine.urls("uv|sync"), ["http://h/above/", "http://h/root/"]);
        // Who is no member has a root of his own.
        let root = "[tool.uv.workspace]\nmembers = ['*', 'work/*']\nexclude = ['work']\n";
        let machine = machine.file("/home/me/pyproject.toml", root);
        assert_eq!(machine.urls("uv|sync"), ["http://h/member/"]);
        let machine = machine.file("/home/me/pyproject.toml", &root.replace("exclude = ['work']", ""));
        assert_eq!(machine.urls("uv|sync"), ["http://h/above/"]);
        // Without a project it is the nearest one.
        let machine = Machine::new()
            .folder("/home/me/work/src")
            .file("/home/me/work/src/uv.toml", &uv("below"))
            .file("/home/me/work/pyproject.toml", "[tool.other]\n");
        assert_eq!(machine.urls("uv|sync"), ["http://h/below/"]);
    }

    #[test]
    fn a_tool_is_not_installed_by_a_projects_rules() {
        let machine = Machine::new()
            .file("/home/me/work/uv.toml", DEV)
            .file("/home/me/.config/uv/uv.toml", "index-url = 'http://h/user/'")
            .file("/etc/uv/uv.toml", "extra-index-url = ['http://h/etc/']");
        assert_eq!(machine.urls("/home/me/v/bin/uv|tool|uvx|foo"), ["http://h/user/", "http://h/etc/"]);
        assert_eq!(machine.urls("uv|add|foo"), ["http://h/a/dev/+simple/", "http://h/user/", "http://h/etc/"]);
    }

    #[test]
    fn a_named_configuration_replaces_the_others() {
        let machine = Machine::new()
            .file("/home/me/work/uv.toml", DEV)
            .file("/home/me/work/pyproject.toml", "[tool.uv]\nindex = [{ url = 'http://h/pinned/' }]")
            .file(
                "/home/me/work/ci.toml",
                "[pip]\nextra-index-url = ['http://h/pip/']\n[[index]]\nurl = 'http://h/ci/'",
            )
            .file("/etc/uv/uv.toml", "extra-index-url = ['http://h/etc/']");
        assert_eq!(machine.urls("uv|sync|--config-file|ci.toml"), ["http://h/ci/", "http://h/pinned/"]);
        assert_eq!(
            machine.urls("uv|pip|install|--config-file=ci.toml"),
            ["http://h/ci/", "http://h/pip/", "http://h/pinned/"]
        );
        assert_eq!(machine.urls("uv|--no-config|sync"), ["http://h/pinned/"]);
        let machine = machine.env("UV_CONFIG_FILE", "ci.toml");
        assert_eq!(machine.urls("uv|sync"), ["http://h/ci/", "http://h/pinned/"]);
        assert_eq!(machine.env("UV_NO_CONFIG", "1").urls("uv|sync"), ["http://h/pinned/"]);
    }

    #[test]
    fn requirements_are_read_as_options_and_as_files() {
        let machine = Machine::new().file("/home/me/work/r.txt", "--extra-index-url http://h/r/");
        for line in [
            "uv|pip|install|-r|r.txt",
            "uv|pip|sync|r.txt",
            "uv|add|--requirements=r.txt",
            "uvx|--with-requirements|r.txt|x",
        ] {
            assert_eq!(machine.urls(line), ["http://h/r/"], "{line}");
        }
    }

    #[test]
    fn publish_to_a_named_index_uploads_the_default_files_to_its_publish_url() {
        let machine = Machine::new()
            .file("/home/me/work/uv.toml", DEV)
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "12345")
            .file("/home/me/work/dist/.gitignore", "*");
        let doing = machine.doing("/home/me/v/bin/uv|publish|--index|dev|--keyring-provider|subprocess");
        assert_eq!(doing.purpose, Some(Purpose::Upload));
        assert_eq!(doing.index_urls, ["http://h/a/in/"]);
        assert!(doing.read_urls.is_empty());
        assert_eq!(doing.projects.iter().map(ToString::to_string).collect::<Vec<_>>(), ["my-pkg"]);
        assert_eq!(doing.bytes, 5);
        assert_eq!(machine.doing("uv|pip|install|foo").purpose, Some(Purpose::Read));
    }

    #[test]
    fn what_publish_only_checks_is_told_apart_from_where_it_uploads() {
        let machine = Machine::new().file("/home/me/work/out/a-1.zip", "1").file("/home/me/work/out/b-1.zip", "1");
        let line = "/home/me/v/bin/uv|publish|--publish-url|http://h/a/dev/|--check-url|http://alice@h/a/prod/+simple/|\
                    -u|alice|--keyring-provider|subprocess|out/a*";
        let doing = machine.doing(line);
        assert_eq!(doing.index_urls, ["http://h/a/dev/"]);
        assert_eq!(doing.read_urls, ["http://alice@h/a/prod/+simple/"]);
        assert_eq!(doing.projects.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a"]);
        let stored = machine.file("/etc/uv/uv.toml", "publish-url = 'http://h/p/'\ncheck-url = 'http://h/c/'");
        let doing = stored.doing("uv|publish|-p|out/b-1.zip|out/a-1.zip");
        assert_eq!((doing.index_urls, doing.read_urls), (vec!["http://h/p/".into()], vec!["http://h/c/".into()]));
        assert_eq!(doing.projects.len(), 1);
    }
}
