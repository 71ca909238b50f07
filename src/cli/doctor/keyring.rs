//! Which `keyring` pip, uv and pdm would run, and in which environment each client finds us.

use std::path::{Path, PathBuf};

use super::desk::{Desk, quoted, shown};
use super::finding::Finding;
use crate::cli::args::Client;
use crate::cli::installed::{Environment, Installed, Owner, has_our_backend, is_ours};

const CHECK: &str = "keyring";

/// What the command is called.
pub(super) const KEYRING: &str = "keyring";

/// The clients that run a `keyring`, each with the one that it finds.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    let ours = desk.own_keyring();
    let runs = Client::ALL.into_iter().filter(|client| client.runs_keyring());
    let is_backed = |keyring: &Path| has_our_backend(keyring, &desk.around);
    runs.flat_map(|client| desk.clients(client)).map(|found| judged(&found, &ours, is_backed)).collect()
}

/// Where a `keyring` of ours is, or would be put.
pub(super) struct Own {
    /// In a folder on PATH, though perhaps behind another.
    pub(super) on_path: Option<PathBuf>,
    /// In the folder that `setup shim` uses of its own accord.
    pub(super) usual: PathBuf,
}

impl Own {
    /// The line that puts ours in front of all others.
    fn command(&self) -> String {
        let folder = self.on_path.as_deref().unwrap_or(&self.usual);
        let there = folder.join(KEYRING);
        let path = format!("export PATH={}:\"$PATH\"", quoted(&folder.to_string_lossy()));
        match is_ours(&there) {
            true => path,
            false => format!("devpi-tokens setup shim {} && {path}", quoted(&folder.to_string_lossy())),
        }
    }
}

fn judged(
    Installed { client, program, environment, keyring }: &Installed,
    own: &Own,
    is_backed: impl Fn(&Path) -> bool,
) -> Finding {
    let who = format!("{} ({})", shown(program), place(environment.as_ref()));
    match keyring {
        Some(keyring) if is_ours(keyring) => {
            Finding::ok(CHECK, format!("{who} runs {}, which is ours", shown(keyring)))
        }
        Some(keyring) if is_backed(keyring) => {
            Finding::ok(CHECK, format!("{who} runs {}, which has our backend", shown(keyring)))
        }
        // It imports Python's keyring before it looks for a command.
        _ if *client == Client::Pdm && environment.as_ref().is_some_and(|own| own.has_agent) => {
            Finding::ok(CHECK, format!("{who} has our backend"))
        }
        Some(other) => {
            let what = format!("{who} runs {}, which does not know the agent", shown(other));
            Finding::failing(CHECK, what).run(own.command())
        }
        None => Finding::failing(CHECK, format!("{who} finds none on PATH")).run(own.command()),
    }
}

/// Where a client runs.
pub(super) fn place(environment: Option<&Environment>) -> String {
    let Some(environment) = environment else { return "no Python of its own".to_owned() };
    match &environment.owner {
        Owner::Pipx(_) => format!("pipx's {}", shown(&environment.folder)),
        Owner::UvTool(_) => format!("uv's {}", shown(&environment.folder)),
        Owner::Venv => format!("in {}", shown(&environment.folder)),
        Owner::System | Owner::Python => format!("of {}", shown(&environment.python)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, Mend};
    use super::*;

    #[test]
    fn another_keyring_is_put_behind_ours_which_is_made_first_where_there_is_none() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        for name in ["ours", "other"] {
            std::fs::create_dir(at(name)).expect("a folder");
        }
        std::fs::write(at("devpi-tokens-helper"), "").expect("a file");
        std::fs::write(at("other/keyring"), "").expect("a file");
        let pip = |keyring: Option<PathBuf>| Installed {
            client: Client::Pip,
            program: at("bin/pip"),
            environment: None,
            keyring,
        };
        let own = Own { on_path: None, usual: at("ours") };
        let run = |finding: Finding| match finding {
            Finding { level: Level::Failing, mend: Some(Mend::Run(command)), .. } => command,
            other => panic!("{other:?}"),
        };
        let ours = at("ours").display().to_string();
        let made = format!("devpi-tokens setup shim {ours} && export PATH={ours}:\"$PATH\"");
        assert_eq!(run(judged(&pip(None), &own, |_| false)), made);
        std::os::unix::fs::symlink(at("devpi-tokens-helper"), at("ours/keyring")).expect("a link");
        let found = Own { on_path: Some(at("ours")), ..own };
        assert_eq!(
            run(judged(&pip(Some(at("other/keyring"))), &found, |_| false)),
            format!("export PATH={ours}:\"$PATH\"")
        );
        assert_eq!(judged(&pip(Some(at("ours/keyring"))), &found, |_| false).level, Level::Ok);
        assert_eq!(judged(&pip(Some(at("other/keyring"))), &found, |_| true).level, Level::Ok);
    }
}
