//! What the program that wants a token is doing, told from its command line, folder, environment and configuration.
//!
//! Nothing here reads a file or asks the system: [`Files`] does, within limits that are kept here. A caller can look
//! like anything, so an answer narrows what is asked for and never widens what may be granted.

mod asking;
mod command;
mod config;
mod confusion;
mod filename;
mod findings;
mod flit;
mod hatch;
mod pdm;
mod pip;
mod poetry;
#[cfg(test)]
mod pretend;
mod project;
mod pypirc;
mod requirements;
mod shim;
mod twine;
mod uv;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::target::{ProjectName, Purpose};

use command::Command;
use findings::Findings;

pub use asking::{PipAsks, Repository, UvAsks, UvIndex, pip_asks, repositories, uv_asks};
pub use confusion::{Confusion, confusion};
pub use shim::is_shim;

/// How many items of a command line are looked at.
const MOST_ARGUMENTS: usize = 8192;

/// What is known of the calling process.
#[derive(Clone, Copy)]
pub struct Observed<'a> {
    /// Its command line, the program's name first.
    pub argv: &'a [String],
    /// Its working folder; relative paths are resolved against it.
    pub folder: &'a Path,
    /// Its environment, which the helper inherited.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The files that it would read.
    pub files: &'a dyn Files,
}

/// The files that a caller would read.
pub trait Files {
    /// The text of a regular file of at most 1 MiB; bytes that are no UTF-8 may be replaced.
    fn read(&self, path: &Path) -> Option<String>;
    /// The files that match a pattern of `*`, `?`, `[…]` and `**`, in order, a bounded number of them.
    fn list(&self, pattern: &Path) -> Vec<PathBuf>;
    /// The size of a regular file in bytes.
    fn size(&self, path: &Path) -> Option<u64>;
}

/// A client that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Program {
    /// pip, and the pip that it starts for an isolated build.
    Pip,
    /// uv in all its roles, uvx too.
    Uv,
    /// twine.
    Twine,
    /// poetry.
    Poetry,
    /// pdm.
    Pdm,
    /// hatch.
    Hatch,
    /// flit.
    Flit,
    /// Anything else: the address that is asked about decides.
    #[default]
    Other,
}

/// What a caller is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doing {
    /// Which client it is.
    pub program: Program,
    /// What it wants a token for; `None` where its command line does not tell.
    pub purpose: Option<Purpose>,
    /// Every index that the run installs from, or where an upload goes; as written, at most 256.
    pub index_urls: Vec<String>,
    /// The URLs of those among them that have a name, by it.
    pub named: BTreeMap<String, String>,
    /// The indexes that an upload only reads: to see what is there already (`uv publish --check-url`), or to build
    /// before it uploads (`pdm publish`); as written, at most 256.
    pub read_urls: Vec<String>,
    /// Whether the highest version that any index of the run has is installed, wherever that lies.
    pub merges: bool,
    /// Whether PyPI is one of the indexes of the run, as none was named in its place.
    pub reads_pypi: bool,
    /// The projects whose files are uploaded, at most 256.
    pub projects: BTreeSet<ProjectName>,
    /// The size of all files that are uploaded, in bytes.
    pub bytes: u64,
}

/// A client that is understood, by one file each.
struct Client {
    /// What its command is called.
    name: &'static str,
    program: Program,
    /// Reads its command line into the findings.
    look: fn(&Command<'_>, &mut Findings<'_>),
}

const CLIENTS: &[Client] = &[
    Client { name: "pip", program: Program::Pip, look: pip::look },
    Client { name: "uv", program: Program::Uv, look: uv::look },
    Client { name: "uvx", program: Program::Uv, look: uv::look },
    Client { name: "twine", program: Program::Twine, look: twine::look },
    Client { name: "poetry", program: Program::Poetry, look: poetry::look },
    Client { name: "pdm", program: Program::Pdm, look: pdm::look },
    Client { name: "hatch", program: Program::Hatch, look: hatch::look },
    Client { name: "flit", program: Program::Flit, look: flit::look },
];

/// Tells what a process is doing.
pub fn understand(observed: &Observed<'_>) -> Doing {
    let argv = &observed.argv[..observed.argv.len().min(MOST_ARGUMENTS)];
    let mut findings = Findings::new(*observed);
    if let Some(command) = Command::of(argv)
        && let Some(client) = CLIENTS.iter().find(|client| client.name == command.name)
    {
        findings.doing.program = client.program;
        (client.look)(&command, &mut findings);
    }
    findings.doing
}

#[cfg(test)]
mod tests {
    use super::pretend::Machine;
    use super::*;

    #[test]
    fn a_client_is_known_however_it_is_started() {
        for (line, program) in [
            ("/tmp/v/bin/python3|/tmp/v/bin/pip|install|foo", Program::Pip),
            ("/tmp/v/bin/python|-m|pip|download|foo", Program::Pip),
            ("python3.11|-I|-Wignore|-X|utf8|-um|pip|install", Program::Pip),
            ("python3|/v/lib/python3.11/site-packages/pip/__pip-runner__.py|install|--|setuptools", Program::Pip),
            ("python3|/v/lib/python3.11/site-packages/pip|install", Program::Pip),
            ("pip3.11|install", Program::Pip),
            ("pypy3|./pip.pyz|install", Program::Pip),
            ("/tmp/v/bin/uv|tool|uvx|foo", Program::Uv),
            ("uvx|foo", Program::Uv),
            ("/tmp/v/bin/python3|/tmp/v/bin/twine|upload|x", Program::Twine),
            ("python|-mtwine|upload|x", Program::Twine),
            ("/tmp/v/bin/python|/tmp/v/bin/poetry|install", Program::Poetry),
            ("/tmp/v/bin/python|-m|pdm|install", Program::Pdm),
            ("/tmp/v/bin/python|/tmp/v/bin/hatch|publish", Program::Hatch),
            ("/tmp/v/bin/python|/tmp/v/bin/flit|publish", Program::Flit),
            ("python|-c|import pip", Program::Other),
            ("python|pipeline.py|install", Program::Other),
            ("python|-m|http.server", Program::Other),
            ("python|-m", Program::Other),
            ("python", Program::Other),
            ("git|clone|https://h/pip", Program::Other),
            ("", Program::Other),
        ] {
            assert_eq!(Machine::new().doing(line).program, program, "{line}");
        }
        assert_eq!(Machine::new().doing_all(&[]), Doing::default());
    }

    #[test]
    fn an_unknown_caller_leaves_it_to_the_address() {
        assert_eq!(Machine::new().doing("curl|--index-url|http://h/a/b/|dist/*"), Doing::default());
    }

    #[test]
    fn what_is_no_url_or_has_its_own_password_is_no_index() {
        let line = "pip|install|--extra-index-url|./wheels|--extra-index-url|http://u:p@h/a/b/|\
                    --extra-index-url|http://h/\u{1b}[2J/|--extra-index-url|http://u@h/a/b/";
        assert_eq!(Machine::new().urls(line), ["http://u@h/a/b/"]);
        let long = format!("pip|install|-i|http://h/{}", "x".repeat(4096));
        assert!(Machine::new().urls(&long).is_empty());
    }

    #[test]
    fn there_is_a_limit_to_all_that_a_caller_can_name() {
        let many = (0..1000).map(|n| format!("--extra-index-url=http://h/{n}/"));
        let argv: Vec<String> = ["pip".to_owned(), "install".to_owned()].into_iter().chain(many).collect();
        assert_eq!(Machine::new().doing_all(&argv).index_urls.len(), 256);

        let machine = (0..100).fold(Machine::new(), |machine, n| {
            machine.file(&format!("/home/me/work/{n}.txt"), &format!("-i http://h/{n}/"))
        });
        let argv: Vec<String> = ["pip".to_owned()].into_iter().chain((0..100).map(|n| format!("-r{n}.txt"))).collect();
        assert_eq!(machine.doing_all(&argv).index_urls.len(), 32);

        let files = (0..1000).map(|n| format!("p{n}-1.0.tar.gz"));
        let argv: Vec<String> = ["twine".to_owned(), "upload".to_owned()].into_iter().chain(files).collect();
        assert_eq!(Machine::new().doing_all(&argv).projects.len(), 256);
    }

    proptest::proptest! {
        #[test]
        fn no_command_line_and_no_file_is_too_odd(
            program in "(pip|uv|uvx|twine|poetry|pdm|hatch|flit|python3\\|-m\\|pip|python\\|\\PC{0,9}|\\PC{0,5})",
            words in "(\\|(-i|-r|--index|--config-file|upload|publish|pip|--|=|dist/\\*|\\[|\\PC{0,12})){0,12}",
            text in "(\n?(-r x|-i|index-url=|\\[global\\]|\\[\\[index\\]\\]|\\[project\\]|name='|url='|\\$\\{|\\PC{0,9})){0,12}",
        ) {
            let machine = Machine::new()
                .file("/home/me/work/x", &text)
                .file("/home/me/work/pyproject.toml", &text)
                .file("/home/me/work/pdm.toml", &text)
                .file("/home/me/work/uv.toml", &text)
                .file("/etc/pip.conf", &text);
            let doing = machine.doing(&format!("{program}{words}"));
            proptest::prop_assert!(doing.index_urls.iter().all(|url| !url.chars().any(char::is_control)));
        }
    }
}
