//! twine: `upload` and the files in its command line.

use super::command::{Command, items, operands, values};
use super::findings::Findings;
use super::pypirc;

/// The options of `twine upload` that take a value.
const VALUED: &[&str] = &[
    "-r",
    "--repository",
    "--repository-url",
    "--sign-with",
    "-i",
    "--identity",
    "-u",
    "--username",
    "-p",
    "--password",
    "-c",
    "--comment",
    "--config-file",
    "--cert",
    "--client-cert",
];

/// Reads twine's command line; a pattern that the shell left alone is expanded as twine does.
pub(super) fn look(command: &Command<'_>, findings: &mut Findings<'_>) {
    let items = items(command.args, VALUED);
    let words = operands(&items);
    let Some(("upload", files)) = words.split_first().map(|(verb, files)| (*verb, files)) else { return };
    findings.upload(findings.folder(), files.iter().copied());
    let option = |names: &[&str]| values(&items, names).pop().map(str::to_owned);
    let url = option(&["--repository-url"]).or_else(|| findings.env("TWINE_REPOSITORY_URL"));
    let url = url.or_else(|| {
        let name = option(&["r", "--repository"]).or_else(|| findings.env("TWINE_REPOSITORY"));
        pypirc::repository(option(&["--config-file"]).as_deref(), name.as_deref().unwrap_or("pypi"), findings)
    });
    url.iter().for_each(|url| findings.indexes(url));
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;
    use crate::target::Purpose;

    fn machine() -> Machine {
        Machine::new()
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl", "12345")
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl.asc", "12345")
            .file("/home/me/work/dist/my_pkg-1.0-py3-none-any.whl.publish.attestation", "12345")
            .file("/home/me/work/dist/my_pkg-1.0.tar.gz", "123")
            .file("/home/me/work/dist/other-2.0.zip", "1")
            .file("/home/me/work/notes-1.0.tar.gz", "1")
    }

    fn projects(machine: &Machine, line: &str) -> Vec<String> {
        machine.doing(line).projects.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_real_twine_uploads_what_its_pattern_matches() {
        let line = "/home/me/v/bin/python3|/home/me/v/bin/twine|upload|--non-interactive|--repository-url|\
                    http://h/a/dev/|dist/*";
        let doing = machine().doing(line);
        assert_eq!(doing.purpose, Some(Purpose::Upload));
        assert_eq!(doing.index_urls, ["http://h/a/dev/"]);
        assert_eq!(projects(&machine(), line), ["my-pkg", "other"]);
        assert_eq!(doing.bytes, 9);
    }

    #[test]
    fn the_value_of_an_option_is_no_file() {
        let file = "notes-1.0.tar.gz";
        for option in VALUED {
            let line = format!("python|-m|twine|upload|{option}|{file}|dist/other-2.0.zip|--skip-existing");
            assert_eq!(projects(&machine(), &line), ["other"], "{option}");
        }
        let line = format!("twine|upload|--attestations|--skip-existing|--verbose|-s|{file}");
        assert_eq!(projects(&machine(), &line), ["notes"]);
    }

    #[test]
    fn a_file_is_counted_once_and_one_out_of_sight_by_its_name() {
        let doing = machine().doing("twine|upload|dist/my*|dist/my_pkg-1.0.tar.gz|/gone/far-1.0.tar.gz");
        assert_eq!(doing.bytes, 8);
        assert!(doing.projects.contains(&"far".parse().expect("a project")));
    }

    #[test]
    fn a_folder_with_odd_characters_is_meant_literally() {
        let machine =
            Machine::new().folder("/home/[x]*").file("/home/[x]*/dist/a-1.zip", "1").file("/home/x/dist/b-1.zip", "1");
        assert_eq!(projects(&machine, "twine|upload|dist/*"), ["a"]);
    }

    #[test]
    fn a_repository_has_its_url_from_pypirc() {
        let text = "[distutils]\nindex-servers = dev\n[dev]\nrepository: http://h/a/dev/\nusername: alice\n";
        let machine = Machine::new()
            .file("/home/me/.pypirc", text)
            .file("/home/me/work/ci.pypirc", "[pypi]\nrepository=http://h/ci/");
        assert_eq!(machine.urls("twine|upload|-r|dev|a-1.zip"), ["http://h/a/dev/"]);
        assert_eq!(machine.urls("twine|upload|--config-file|ci.pypirc|a-1.zip"), ["http://h/ci/"]);
        assert!(machine.urls("twine|upload|a-1.zip").is_empty());
        let machine = machine.env("TWINE_REPOSITORY", "dev");
        assert_eq!(machine.urls("twine|upload|a-1.zip"), ["http://h/a/dev/"]);
        assert_eq!(machine.urls("twine|upload|--repository-url|http://h/x/|a-1.zip"), ["http://h/x/"]);
    }

    #[test]
    fn only_upload_uploads() {
        assert_eq!(machine().doing("twine|check|dist/*").purpose, None);
        assert_eq!(machine().doing("twine").purpose, None);
    }
}
