//! Who asks under a name that means something to PyPI only, or under a password of its own.

use std::path::Path;

use super::desk::{Desk, env, shown};
use super::finding::Finding;
use crate::caller::{Repository, repositories};
use crate::disk;
use crate::escape::printable;

const CHECK: &str = "names";

/// The name under which PyPI takes tokens. devpi-server refuses it.
const TOKEN: &str = "__token__";

/// Names the user, and takes a password in.
const MEND: &str = "devpi-tokens setup twine";

/// The variables in which clients look for the name of whoever uploads.
const VARIABLES: [&str; 5] =
    ["TWINE_USERNAME", "UV_PUBLISH_USERNAME", "FLIT_USERNAME", "HATCH_INDEX_USER", "PDM_PUBLISH_USERNAME"];

/// `.pypirc` and the environment.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    let path = desk.around.home.join(".pypirc");
    let text = disk::text(&path).unwrap_or_default();
    let ours: Vec<Repository> =
        repositories(&text).into_iter().filter(|repository| desk.ours(&repository.url).is_some()).collect();
    let mut findings = in_file(&path, &ours);
    findings.extend(in_environment(env));
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "nobody asks as __token__"));
    }
    findings
}

fn in_file(path: &Path, ours: &[Repository]) -> Vec<Finding> {
    let file = shown(path);
    let mut findings = Vec::new();
    for Repository { name, user, has_password, .. } in ours {
        let section = printable(name);
        if user.as_deref() == Some(TOKEN) {
            let what = format!("in {file}, [{section}] asks as {TOKEN}, which is no user of devpi");
            findings.push(Finding::failing(CHECK, what).run(MEND));
        } else if *has_password {
            let what = format!("in {file}, [{section}] has a password, which is used in place of a token");
            findings.push(Finding::warning(CHECK, what).run(MEND));
        }
    }
    findings
}

fn in_environment(env: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let set = VARIABLES.into_iter().filter(|name| env(name).as_deref() == Some(TOKEN));
    let warning = |name| {
        let what = format!("{name} is {TOKEN}, which is no user of devpi: uploads to your servers are refused");
        Finding::warning(CHECK, what).run(format!("unset {name}"))
    };
    set.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, Mend};
    use super::*;

    #[test]
    fn the_name_of_pypis_tokens_is_found_where_clients_look_for_names() {
        for name in VARIABLES {
            let found = in_environment(|asked| (asked == name).then(|| TOKEN.to_owned()));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].mend, Some(Mend::Run(format!("unset {name}"))));
        }
        assert!(in_environment(|_| Some("alice".to_owned())).is_empty());
    }

    #[test]
    fn in_a_pypirc_names_and_passwords_are_found_and_never_shown() {
        let repository = |user: &str, has_password| Repository {
            name: "dev".to_owned(),
            url: "http://alice:word@h/".to_owned(),
            user: Some(user.to_owned()),
            has_password,
        };
        let found = in_file(
            Path::new("/home/me/.pypirc"),
            &[repository(TOKEN, true), repository("alice", true), repository("alice", false)],
        );
        assert_eq!(found.iter().map(|finding| finding.level).collect::<Vec<_>>(), [Level::Failing, Level::Warning]);
        assert!(found.iter().all(|finding| !finding.what.contains("word@")), "{found:?}");
    }
}
