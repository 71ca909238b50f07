//! How clients are told to look for credentials: whether they ask at all, and under which name.

use std::path::PathBuf;

use super::command::Command;
use super::findings::Findings;
use super::{Observed, pip, pypirc, uv};

/// How pip looks for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipAsks {
    /// `auto`, `import`, `subprocess`, `disabled`, or what pip refuses.
    pub provider: String,
    /// Whether it asks nobody for anything; with `auto` that is no keyring either.
    pub no_input: bool,
}

/// How uv looks for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UvAsks {
    /// `disabled`, `subprocess`, `native`, or what uv refuses.
    pub provider: String,
    /// The indexes that its configuration and its environment name.
    pub indexes: Vec<UvIndex>,
}

/// An index of uv's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UvIndex {
    /// As written, perhaps with a password in it.
    pub url: String,
    /// Whether credentials are looked for before anything is sent (`authenticate = "always"`).
    pub is_always: bool,
    /// Which file names it; else the environment does.
    pub file: Option<PathBuf>,
}

/// A repository of `.pypirc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its section.
    pub name: String,
    /// As written, perhaps with a password in it.
    pub url: String,
    /// The user whom uploads name.
    pub user: Option<String>,
    /// Whether a password stands there.
    pub has_password: bool,
}

/// How the pip of a command line asks; `argv` may be its program alone.
pub fn pip_asks(observed: &Observed<'_>) -> Option<PipAsks> {
    Some(pip::asks(&Command::of(observed.argv)?, &mut Findings::new(*observed)))
}

/// How uv asks in that folder.
pub fn uv_asks(observed: &Observed<'_>) -> UvAsks {
    uv::asks(&mut Findings::new(*observed))
}

/// The repositories that the text of a `.pypirc` names.
pub fn repositories(text: &str) -> Vec<Repository> {
    pypirc::repositories(text)
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    fn pip(machine: &Machine, line: &str) -> (String, bool) {
        let asks = machine.observed(line, pip_asks).expect("pip");
        (asks.provider, asks.no_input)
    }

    #[test]
    fn pip_is_told_how_to_ask_by_its_line_its_environment_and_its_files() {
        let auto = |no_input| ("auto".to_owned(), no_input);
        assert_eq!(pip(&Machine::new(), "/usr/bin/pip"), auto(false));
        assert_eq!(pip(&Machine::new(), "pip|--no-input|install"), auto(true));
        let set = Machine::new().file("/etc/pip.conf", "[global]\nno-input = yes\nkeyring_provider = import\n");
        assert_eq!(pip(&set, "pip"), ("import".to_owned(), true));
        let environment = set.env("PIP_KEYRING_PROVIDER", "subprocess").env("PIP_NO_INPUT", "0");
        assert_eq!(pip(&environment, "pip"), ("subprocess".to_owned(), false));
        assert_eq!(pip(&environment, "pip|install|--keyring-provider|disabled").0, "disabled");
        let own = Machine::new().file("/v/pip.conf", "[install]\nkeyring-provider = subprocess\n");
        assert_eq!(pip(&own, "/v/bin/pip").0, "subprocess");
    }

    #[test]
    fn uv_is_told_by_its_files_which_index_is_asked_for_before_anything_is_sent() {
        let text = "keyring-provider = 'subprocess'\nindex-url = 'http://h/3/'\n[[index]]\nurl = 'http://h/1/'\n\
                    authenticate = 'always'\n[[index]]\nurl = 'http://h/2/'\n";
        let machine = Machine::new().file("/home/me/.config/uv/uv.toml", text).env("UV_INDEX", "four=http://h/4/");
        let asks = machine.observed("uv", uv_asks);
        assert_eq!(asks.provider, "subprocess");
        let indexes: Vec<(&str, bool, bool)> =
            asks.indexes.iter().map(|index| (index.url.as_str(), index.is_always, index.file.is_some())).collect();
        assert_eq!(
            indexes,
            [
                ("http://h/1/", true, true),
                ("http://h/2/", false, true),
                ("http://h/3/", false, true),
                ("http://h/4/", false, false)
            ]
        );
        assert_eq!(Machine::new().observed("uv", uv_asks).provider, "disabled");
    }

    #[test]
    fn a_pypirc_tells_whose_name_an_upload_carries() {
        let text = "[distutils]\nindex-servers = dev\n[dev]\nrepository = http://h/a/dev/\nusername = __token__\n\
                    [pypi]\npassword = x\n";
        let found = repositories(text);
        assert_eq!(found.len(), 1);
        let Repository { name, url, user, has_password } = &found[0];
        assert_eq!((name.as_str(), url.as_str()), ("dev", "http://h/a/dev/"));
        assert_eq!((user.as_deref(), *has_password), (Some("__token__"), false));
    }
}
