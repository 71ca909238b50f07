//! Dependency confusion: where one install takes the highest version from private and public indexes alike, whoever
//! registers the name of a private project in public is installed in its place.

use std::fmt;

use crate::target::{Purpose, Target};

use super::{Doing, Program};

const PYPI: &str = "pypi.org";

/// A run in which a stranger's project may stand in for one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    program: Program,
    /// The host of an index that is open to strangers.
    pub stranger: String,
}

/// What is dangerous about a run that was given a token; `is_ours` tells the servers that there are tokens for.
///
/// A name tells a public index from a private one as far as it can: an index on another host of the same domain, and
/// one in a private network, are taken for private.
pub fn confusion(doing: &Doing, is_ours: impl Fn(&Target) -> bool) -> Option<Confusion> {
    if !doing.merges || doing.purpose != Some(Purpose::Read) {
        return None;
    }
    let targets = doing.index_urls.iter().filter_map(|url| url.parse().ok());
    let (ours, others): (Vec<Target>, Vec<Target>) = targets.partition(|target| is_ours(target));
    let is_near = |other: &Target| ours.iter().any(|own| domain(own.host()) == domain(other.host()));
    let stranger = others.iter().find(|other| other.is_public() && !is_near(other)).map(Target::host);
    let stranger = stranger.or_else(|| doing.reads_pypi.then_some(PYPI)).filter(|_| !ours.is_empty())?;
    Some(Confusion { program: doing.program, stranger: stranger.to_owned() })
}

/// The last two parts of a host's name.
fn domain(host: &str) -> &str {
    host.rmatch_indices('.').nth(1).map_or(host, |(at, _)| &host[at + 1..])
}

/// A line that says what may happen, and one that says what to do.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, stranger } = self;
        let (who, remedy) = match program {
            Program::Uv => ("uv", "leave index-strategy at its default: first-index"),
            _ => ("pip", "give pip your index alone (--index-url), with a mirror among its bases"),
        };
        write!(f, "{who} may install a stranger's namesake from {stranger}\n  {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::pretend::Machine;
    use super::*;

    const DEV: &str = "https://devpi.corp.example/a/dev/+simple/";

    fn stranger(machine: &Machine, line: &str) -> Option<String> {
        let is_ours = |target: &Target| target.host() == "devpi.corp.example";
        confusion(&machine.doing(line), is_ours).map(|found| found.stranger)
    }

    #[test]
    fn pip_with_a_private_and_a_public_index_is_warned_of() {
        let (machine, public) = (Machine::new(), "https://mirror.example/simple/");
        for (line, found) in [
            (format!("pip|install|--extra-index-url|{DEV}|foo"), Some("pypi.org")),
            (format!("pip|install|-i|{DEV}|--extra-index-url|https://pypi.org/simple|foo"), Some("pypi.org")),
            (format!("pip|install|-i|{public}|--extra-index-url|{DEV}|foo"), Some("mirror.example")),
            (format!("pip|install|-i|{DEV}|foo"), None),
            (format!("pip|install|-i|{DEV}|--extra-index-url|https://pypi.corp.example/simple|foo"), None),
            (format!("pip|install|-i|{DEV}|--extra-index-url|http://10.0.0.7/simple|foo"), None),
            (format!("pip|install|-i|{DEV}|--extra-index-url|http://mirror:3141/simple|foo"), None),
            ("pip|install|foo".to_owned(), None),
            (format!("twine|upload|--repository-url|{DEV}|a-1.zip"), None),
        ] {
            assert_eq!(stranger(&machine, &line).as_deref(), found, "{line}");
        }
        let requirements = machine.file("/home/me/work/r.txt", &format!("--extra-index-url {DEV}\nfoo\n"));
        assert_eq!(stranger(&requirements, "pip|install|-r|r.txt").as_deref(), Some("pypi.org"));
        let requirements = requirements.file("/home/me/work/i.txt", &format!("-i {DEV}\nfoo\n"));
        assert_eq!(stranger(&requirements, "pip|install|-r|r.txt|-r|i.txt"), None);
    }

    #[test]
    fn uv_takes_the_first_index_unless_it_is_told_to_be_unsafe() {
        let machine = Machine::new();
        let line = format!("uv|pip|install|--index|{DEV}|foo");
        assert_eq!(stranger(&machine, &line), None);
        let unsafe_line = format!("{line}|--index-strategy|unsafe-best-match");
        assert_eq!(stranger(&machine, &unsafe_line).as_deref(), Some("pypi.org"));
        assert_eq!(stranger(&machine, &format!("{unsafe_line}|--default-index|{DEV}")), None);
        let configured = machine.env("UV_INDEX_STRATEGY", "unsafe-first-match");
        assert_eq!(stranger(&configured, &line).as_deref(), Some("pypi.org"));
        let text = format!("index-strategy = 'unsafe-best-match'\n[[index]]\nurl = '{DEV}'\ndefault = true\n");
        let configured = Machine::new().file("/home/me/work/uv.toml", &text);
        assert_eq!(stranger(&configured, "uv|sync"), None);
        let more = "uv|sync|--index|https://mirror.example/simple/";
        assert_eq!(stranger(&configured, more).as_deref(), Some("mirror.example"));
    }
}
