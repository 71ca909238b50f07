//! Whether pip asks a keyring at all, and one that knows the agent.

use super::desk::{Desk, env, shown};
use super::finding::Finding;
use crate::caller::{PipAsks, pip_asks, understand};
use crate::cli::args::Client;
use crate::cli::installed::Installed;

const CHECK: &str = "pip";

/// The first version that asks the command who the user is, too (`--mode=creds`).
const ASKS_FOR_USERS: (u32, u32) = (26, 2);

/// Every pip that is found.
pub(super) fn look(desk: &Desk) -> Vec<Finding> {
    let pips = desk.clients(Client::Pip);
    pips.iter()
        .flat_map(|pip| [asks(desk, pip).map(|asks| judged(pip, asks, env)), nameless(desk, pip)])
        .flatten()
        .collect()
}

/// How this pip is told to ask.
pub(super) fn asks(desk: &Desk, pip: &Installed) -> Option<PipAsks> {
    desk.seen(&line(pip, &[]), pip_asks)
}

/// Its command line, as it would stand in its process: a link on PATH is not in the environment whose configuration
/// counts.
fn line(pip: &Installed, verb: &[&str]) -> Vec<String> {
    let python = pip.environment.as_ref().map(|own| own.python.as_path());
    let program = python.into_iter().chain([pip.program.as_path()]);
    program.map(|word| word.to_string_lossy().into_owned()).chain(verb.iter().map(|word| (*word).to_owned())).collect()
}

/// An index of ours in the configuration of a pip that asks the command only about a user whom it knows.
fn nameless(desk: &Desk, pip: &Installed) -> Option<Finding> {
    let version = needs_user(pip).filter(|_| asks_by_command(desk, pip))?;
    let urls = desk.seen(&line(pip, &["install"]), understand).index_urls;
    let url = urls.into_iter().find(|url| desk.ours(url).is_some_and(|ours| ours.target.user().is_none()))?;
    Some(unasked(&format!("{}, version {version},", shown(&pip.program)), &url))
}

fn asks_by_command(desk: &Desk, pip: &Installed) -> bool {
    let has_keyring = pip.environment.as_ref().is_some_and(|own| own.has_keyring);
    asks(desk, pip).is_some_and(|asks| way(&asks, has_keyring) == Way::Command)
}

/// What has to be typed for such a pip, where it is configured with no index of ours: at that URL it asks.
pub(super) fn hint(desk: &Desk, url: impl FnOnce() -> Option<String>) -> Option<Finding> {
    let knows_ours = |pip: &Installed| {
        desk.seen(&line(pip, &["install"]), understand).index_urls.iter().any(|url| desk.ours(url).is_some())
    };
    let pips = desk.clients(Client::Pip);
    let pip = pips.iter().find(|pip| needs_user(pip).is_some() && asks_by_command(desk, pip) && !knows_ours(pip))?;
    let what = format!(
        "version {} asks only about a URL that names a user: {} install --index-url {} PACKAGE",
        needs_user(pip)?,
        shown(&pip.program),
        url()?
    );
    Some(Finding::hint(CHECK, what))
}

/// That such a pip does not ask about a URL that names nobody.
pub(super) fn unasked(pip: &str, url: &str) -> Finding {
    let what = format!("{pip} asks only if the URL names a user, which {} does not", crate::escape::printable(url));
    let named = crate::escape::printable(&url.replacen("://", "://USER@", 1));
    Finding::warning(CHECK, what).by_hand(format!(
        "name the user in it, {named} (in your own pip.conf devpi-tokens setup pip does that), or install pip 26.2 or later"
    ))
}

/// The version of a pip that asks the command only about a user whom the URL names.
pub(super) fn needs_user(pip: &Installed) -> Option<&str> {
    pip.environment.as_ref()?.pip.as_deref().filter(|version| !asks_for_users(version))
}

/// Whether a pip of this version asks the command who the user is, too. One that cannot be told does.
fn asks_for_users(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let release = numbers.next().map(|major| (major, numbers.next().unwrap_or_default()));
    release.is_none_or(|release| release >= ASKS_FOR_USERS)
}

/// By which way a pip reaches a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It asks nobody.
    None,
    /// Python's keyring, in its own environment.
    Import,
    /// The first `keyring` on PATH.
    Command,
}

/// The way that pip goes (pip's `network/auth.py`): `auto` imports if it can, and asks nobody where it may not ask a
/// person.
pub(super) fn way(asks: &PipAsks, has_keyring: bool) -> Way {
    match asks.provider.as_str() {
        "auto" if asks.no_input => Way::None,
        "auto" | "import" if has_keyring => Way::Import,
        "auto" | "subprocess" => Way::Command,
        _ => Way::None,
    }
}

fn judged(
    Installed { program, environment, .. }: &Installed,
    asks: PipAsks,
    env: impl Fn(&str) -> Option<String>,
) -> Finding {
    let name = shown(program);
    let (has_keyring, has_agent) = environment.as_ref().map_or((false, false), |own| (own.has_keyring, own.has_agent));
    let provider = crate::escape::one_line(&asks.provider);
    let what = match way(&asks, has_keyring) {
        Way::Command => return Finding::ok(CHECK, format!("{name} asks the keyring on PATH (provider {provider})")),
        Way::Import if has_agent => {
            return Finding::ok(CHECK, format!("{name} asks our backend (provider {provider})"));
        }
        Way::Import => format!("{name} asks the keyring of its own environment, which does not know the agent"),
        Way::None if asks.provider == "auto" => {
            format!("{name} may not ask a person (no-input), and then asks no keyring with the provider auto")
        }
        Way::None => format!("{name} asks no keyring: its keyring-provider is {provider}"),
    };
    let command = match env("PIP_KEYRING_PROVIDER") {
        Some(_) => "export PIP_KEYRING_PROVIDER=subprocess".to_owned(),
        None => "devpi-tokens setup pip".to_owned(),
    };
    Finding::warning(CHECK, what).run(command)
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, Mend};
    use super::*;

    fn asking(provider: &str, no_input: bool) -> PipAsks {
        PipAsks { provider: provider.to_owned(), no_input }
    }

    #[test]
    fn pip_asks_as_its_own_source_says() {
        for (provider, no_input, has_keyring, expected) in [
            ("auto", false, false, Way::Command),
            ("auto", false, true, Way::Import),
            ("auto", true, true, Way::None),
            ("import", true, true, Way::Import),
            ("import", false, false, Way::None),
            ("subprocess", true, true, Way::Command),
            ("disabled", false, true, Way::None),
            ("nonsense", false, true, Way::None),
        ] {
            assert_eq!(way(&asking(provider, no_input), has_keyring), expected, "{provider} {no_input} {has_keyring}");
        }
    }

    #[test]
    fn only_pips_before_26_2_need_a_user_in_the_url() {
        assert!(!["9.0.1", "23.2.1", "26.1.1", "26"].into_iter().any(asks_for_users));
        assert!(["26.2", "26.10", "27.0", "nonsense", ""].into_iter().all(asks_for_users));
    }

    #[test]
    fn what_is_set_in_the_environment_is_mended_there() {
        let pip = Installed { client: Client::Pip, program: "/v/bin/pip".into(), environment: None, keyring: None };
        let mend = |asks, env: fn(&str) -> Option<String>| {
            let finding = judged(&pip, asks, env);
            assert_eq!(finding.level, Level::Warning);
            finding.mend
        };
        let config = "devpi-tokens setup pip".to_owned();
        assert_eq!(mend(asking("auto", true), |_| None), Some(Mend::Run(config)));
        let export = "export PIP_KEYRING_PROVIDER=subprocess".to_owned();
        assert_eq!(mend(asking("disabled", true), |_| Some("disabled".to_owned())), Some(Mend::Run(export)));
        assert_eq!(judged(&pip, asking("subprocess", true), |_| None).level, Level::Ok);
    }
}
