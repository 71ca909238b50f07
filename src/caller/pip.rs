//! pip: everything it does with an index is reading.

use std::path::{Path, PathBuf};

use crate::target::Purpose;

use super::asking::PipAsks;
use super::command::{Command, Item, environment_of, has, items, operands, values};
use super::config::Ini;
use super::findings::Findings;
use super::requirements;

/// The options that take a value: those that name an index or a file, those that stand before the command, and every
/// short one.
const VALUED: &[&str] = &[
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "--build-constraint",
    "-C",
    "-b",
    "-d",
    "-e",
    "-f",
    "-o",
    "-t",
    "-w",
    "--cache-dir",
    "--cert",
    "--client-cert",
    "--default-timeout",
    "--exists-action",
    "--keyring-provider",
    "--log",
    "--log-file",
    "--proxy",
    "--python",
    "--resume-retries",
    "--retries",
    "--timeout",
    "--trusted-host",
    "--use-deprecated",
    "--use-feature",
];

/// The commands that ask an index. Each has its own section in a configuration file.
const COMMANDS: &[&str] = &["install", "download", "wheel", "index", "lock", "list", "search"];

/// Reads pip's command line, environment, configuration and requirements files.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    findings.doing.purpose = Some(Purpose::Read);
    let items = items(command.args, VALUED);
    let settings = Settings::of(command, &items, findings);

    let index = values(&items, &["i", "--index-url", "--pypi-url"]).pop().map(str::to_owned);
    let index = index.or_else(|| settings.value("index-url", findings));
    if let Some(index) = index.or_else(|| settings.value("pypi-url", findings)) {
        findings.default_index(&index);
    }
    if let Some(extra) = settings.value("extra-index-url", findings) {
        findings.indexes(&extra);
    }
    values(&items, &["--extra-index-url"]).into_iter().for_each(|url| findings.indexes(url));

    for key in ["requirement", "constraint", "build-constraint"] {
        if let Some(files) = settings.value(key, findings) {
            requirements::look(files.split_whitespace(), findings);
        }
    }
    requirements::look(values(&items, requirements::FILES), findings);
    findings.doing.merges = true;
    findings.doing.reads_pypi = !findings.has_default;
}

/// What stands behind the command line: the environment, then the command's section, then the global one; of files,
/// the later wins.
struct Settings<'a> {
    files: Vec<Ini>,
    verb: &'a str,
    isolated: bool,
}

/// How pip would look for credentials: by its command line, else its environment and configuration.
pub(super) fn asks(command: &Command<'_>, findings: &mut Findings<'_>) -> PipAsks {
    let items = items(command.args, VALUED);
    let settings = Settings::of(command, &items, findings);
    let provider = values(&items, &["--keyring-provider"]).pop().map(str::to_owned);
    let provider = provider.or_else(|| settings.value("keyring-provider", findings));
    // As Python's distutils read a truth; what is none is an error of pip's own.
    let is_true = |value: String| ["y", "yes", "t", "true", "on", "1"].contains(&value.to_lowercase().as_str());
    PipAsks {
        provider: provider.unwrap_or_else(|| "auto".to_owned()),
        no_input: has(&items, "--no-input") || settings.value("no-input", findings).is_some_and(is_true),
    }
}

impl<'a> Settings<'a> {
    fn of(command: &Command<'_>, items: &[Item<'a>], findings: &mut Findings<'_>) -> Self {
        let verb = operands(items).into_iter().find(|word| COMMANDS.contains(word)).unwrap_or("install");
        let isolated = has(items, "--isolated");
        Self { files: configuration(command, isolated, findings), verb, isolated }
    }

    fn value(&self, key: &str, findings: &Findings<'_>) -> Option<String> {
        let variable = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
        let set = if self.isolated { None } else { findings.env(&variable) };
        let stored = |section| self.files.iter().rev().find_map(|file| file.value(section, key));
        set.or_else(|| stored(self.verb).or_else(|| stored("global")).map(str::to_owned))
    }
}

/// pip's configuration files in the order in which one overrides the other: the machine's, the user's, the
/// environment's, the one named by `PIP_CONFIG_FILE`, which also replaces the user's.
fn configuration(command: &Command<'_>, isolated: bool, findings: &mut Findings<'_>) -> Vec<Ini> {
    let named = findings.env("PIP_CONFIG_FILE");
    if named.as_deref() == Some("/dev/null") {
        return Vec::new();
    }
    let named = named.and_then(|path| read(&findings.path(&path), findings));
    let mut places: Vec<PathBuf> = findings.system_config().iter().map(|folder| folder.join("pip/pip.conf")).collect();
    places.push("/etc/pip.conf".into());
    if !isolated && named.is_none() {
        places.extend(findings.env("HOME").map(|home| PathBuf::from(home).join(".pip/pip.conf")));
        places.extend(findings.user_config().map(|folder| folder.join("pip/pip.conf")));
    }
    places.extend(environment(command, findings).map(|folder| folder.join("pip.conf")));
    let mut files: Vec<Ini> = places.iter().filter_map(|path| read(path, findings)).collect();
    files.extend(named);
    files
}

fn read(path: &Path, findings: &mut Findings<'_>) -> Option<Ini> {
    Ini::parse(&findings.read(path)?)
}

/// The environment that pip runs in: told by the path of its interpreter or script, else by an activated one.
fn environment(command: &Command<'_>, findings: &Findings<'_>) -> Option<PathBuf> {
    let own = command.paths.iter().filter(|path| path.contains('/')).find_map(|path| {
        let path = findings.path(path);
        environment_of(&path).map(Path::to_owned)
    });
    own.or_else(|| findings.env("VIRTUAL_ENV").map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    const PIP: &str = "/home/me/v/bin/python3|/home/me/v/bin/pip";

    #[test]
    fn a_real_pip_is_read_from_its_command_line() {
        let line = format!("{PIP}|install|--no-input|--keyring-provider|subprocess|-i|http://h/a/dev/+simple/|foo");
        let doing = Machine::new().doing(&line);
        assert_eq!(doing.purpose, Some(Purpose::Read));
        assert_eq!(doing.index_urls, ["http://h/a/dev/+simple/"]);
    }

    #[test]
    fn the_pip_of_an_isolated_build_names_the_same_indexes() {
        let line = "/home/me/v/bin/python3|/home/me/v/lib/python3.11/site-packages/pip/__pip-runner__.py|install|\
                    --prefix|/tmp/pip-build-env-4wr_q_ef/overlay|--no-user|--no-warn-script-location|\
                    --disable-pip-version-check|--no-compile|--target||--ignore-installed|--no-binary|:none:|\
                    --only-binary|:none:|-i|http://h/a/dev/+simple/|--extra-index-url|http://h/a/two/+simple/|--cert|\
                    /etc/ssl/certs/ca-certificates.crt|--|setuptools";
        let doing = Machine::new().env("_PIP_IN_BUILD_IGNORE_CONSTRAINTS", "1").doing(line);
        assert_eq!(doing.index_urls, ["http://h/a/dev/+simple/", "http://h/a/two/+simple/"]);
        assert_eq!(doing.purpose, Some(Purpose::Read));
    }

    #[test]
    fn every_spelling_of_an_option_counts() {
        for line in [
            "pip|install|--index-url=http://h/1/",
            "pip|install|--pypi-url|http://h/1/",
            "pip|install|-ihttp://h/1/",
            "pip|install|-qi|http://h/1/",
            "pip|--proxy|install|download|-i|http://h/0/|-i|http://h/1/",
        ] {
            assert_eq!(Machine::new().urls(line), ["http://h/1/"], "{line}");
        }
        // Behind `--` and within another option's value there is no option.
        assert!(Machine::new().urls("pip|install|-e./src-i|--|-i|http://h/1/").is_empty());
    }

    #[test]
    fn the_environment_stands_behind_the_command_line() {
        let machine = Machine::new()
            .env("PIP_INDEX_URL", "http://h/env/")
            .env("PIP_EXTRA_INDEX_URL", "http://h/x/ http://h/y/\n")
            .env("VIRTUAL_ENV", "/home/me/other");
        assert_eq!(machine.urls("pip|install|foo"), ["http://h/env/", "http://h/x/", "http://h/y/"]);
        let line = "pip|install|--extra-index-url|http://h/z/|-i|http://h/cli/";
        assert_eq!(machine.urls(line), ["http://h/cli/", "http://h/x/", "http://h/y/", "http://h/z/"]);
        assert!(machine.urls("pip|--isolated|install|foo").is_empty());
    }

    #[test]
    fn of_configuration_files_the_nearest_wins() {
        let conf = |name: &str| format!("[global]\nindex-url = http://h/{name}/\n");
        let places = [
            "/etc/xdg/pip/pip.conf",
            "/etc/pip.conf",
            "/home/me/.pip/pip.conf",
            "/home/me/.config/pip/pip.conf",
            "/home/me/v/pip.conf",
        ];
        let mut machine = Machine::new().env("VIRTUAL_ENV", "/home/me/other").file("/home/me/other/pip.conf", "");
        for place in places {
            machine = machine.file(place, &conf(place));
            assert_eq!(machine.urls(&format!("{PIP}|install|foo")), [format!("http://h/{place}/")]);
        }
        let named = machine.file("/home/me/work/own.conf", &conf("own")).env("PIP_CONFIG_FILE", "own.conf");
        assert_eq!(named.urls(&format!("{PIP}|install|foo")), ["http://h/own/"]);
        assert!(named.env("PIP_CONFIG_FILE", "/dev/null").urls(&format!("{PIP}|install|foo")).is_empty());
    }

    #[test]
    fn a_commands_own_section_stands_before_the_global_one() {
        let text = "[download]\nindex_url = http://h/down/\n[global]\nindex-url: http://h/all/\nextra-index-url =\n\
                    \x20   http://h/1/\n    http://h/2/\n";
        let machine = Machine::new().file("/etc/pip.conf", text);
        assert_eq!(machine.urls("pip|install|foo"), ["http://h/all/", "http://h/1/", "http://h/2/"]);
        assert_eq!(machine.urls("pip|download|foo"), ["http://h/down/", "http://h/1/", "http://h/2/"]);
    }

    #[test]
    fn an_activated_environment_counts_where_the_command_has_no_path() {
        let machine = Machine::new()
            .env("VIRTUAL_ENV", "/home/me/v")
            .file("/home/me/v/pip.conf", "[global]\nindex-url = http://h/v/")
            .file("/home/me/w/pip.conf", "[global]\nindex-url = http://h/w/");
        assert_eq!(machine.urls("python|-m|pip|install"), ["http://h/v/"]);
        assert_eq!(machine.urls("../w/bin/python|-m|pip|install"), ["http://h/w/"]);
        assert_eq!(machine.urls("/home/me/w/bin/python|-m|pip|install"), ["http://h/w/"]);
    }

    #[test]
    fn requirements_files_name_indexes_and_each_other() {
        let machine = Machine::new()
            .env("TEAM", "alice")
            .file(
                "/home/me/work/req/all.txt",
                "foo==1 # -i http://h/no/\n-r deep/more.txt\n--index-url=http://h/1/ # c\n",
            )
            .file("/home/me/work/req/deep/more.txt", "-c ../c.txt\n  --extra-index-url \\\n http://h/${TEAM}/${NONE}\n")
            .file("/home/me/work/req/c.txt", "-r c.txt\n-i 'http://h/3/'\n");
        assert_eq!(
            machine.urls("pip|install|-r|req/all.txt|-r|https://h/r.txt"),
            ["http://h/3/", "http://h/alice/${NONE}", "http://h/1/"]
        );
        assert_eq!(machine.urls("pip|install|--constraint=req/c.txt"), ["http://h/3/"]);
        assert_eq!(machine.env("PIP_REQUIREMENT", "req/c.txt").urls("pip|install"), ["http://h/3/"]);
    }
}
