//! Whether a server answers, how it answers to who shows nothing, and whether its clock is right.

use std::time::Duration;

use super::finding::Finding;
use crate::devpi::{self, Access, Found, Limits, Server};
use crate::protocol::ServerAccess;
use crate::target::{IndexName, ServerUrl};
use crate::time::in_words;

const CHECK: &str = "server";

/// How long one answer may take.
const WHOLE: Duration = Duration::from_secs(10);

/// How far a clock may be off, in seconds: half a minute is the least by which a token begins before it is handed out.
const OFF: u64 = 60;

/// Whom to ask about a server.
pub(super) fn admin(server: &ServerUrl) -> String {
    format!("whoever runs {server}")
}

/// A server that answers.
pub(super) struct Reached {
    pub(super) server: Server,
    pub(super) findings: Vec<Finding>,
}

/// Asks a server who it is; what is wrong where it does not answer as it should.
pub(super) fn reach(url: &ServerUrl, access: &ServerAccess) -> Result<Reached, Finding> {
    let limits = Limits { whole: WHOLE, ..Limits::default() };
    let options = devpi::Options { limits, ..devpi::Options::of(access) };
    let target = url.to_string().parse().map_err(devpi::Error::from);
    let Found { server, believes, .. } =
        target.and_then(|target| devpi::discover(&target, &options)).map_err(|error| unreached(url, error))?;
    if server.url() != url {
        let what = format!("{} answers where {url} did", server.url());
        return Err(Finding::failing(CHECK, what).run(format!("devpi-tokens login {}", server.url())));
    }
    let mut findings = vec![Finding::ok(CHECK, format!("{url} answers"))];
    if let Some(believes) = believes {
        let what = format!("{url} takes itself to be at {believes}: its links may miss");
        findings.push(Finding::warning(CHECK, what).ask(format!("{} to pass the outside URL on to it", admin(url))));
    }
    Ok(Reached { server, findings })
}

fn unreached(url: &ServerUrl, error: devpi::Error) -> Finding {
    use devpi::Error as E;
    let what = error.to_string();
    let whom = match &error {
        E::Unreachable { .. } | E::TimedOut { .. } => {
            "whether it is up; if it is, whoever runs your network or its proxy".to_owned()
        }
        E::Failed { .. } | E::Unavailable { .. } | E::TooOften { .. } => "what stands in its log".to_owned(),
        E::Redirect { .. } | E::NotDevpi { .. } => "under which address devpi is now".to_owned(),
        _ => return Finding::failed(CHECK, error.into()),
    };
    Finding::failing(CHECK, what).ask(format!("{} {whom}", admin(url)))
}

/// How an index answers to who shows nothing, and whether that is by a redirect; what is wrong where no answer comes.
pub(super) fn access(server: &Server, index: &IndexName) -> Result<(Finding, bool), Finding> {
    match server.access(index) {
        Ok(access) => Ok((opens(server.url(), index, &access), matches!(access, Access::Redirects(_)))),
        Err(error @ (devpi::Error::TimedOut { .. } | devpi::Error::Unreachable { .. })) => {
            Err(unreached(server.url(), error))
        }
        Err(error) => Ok((unreached(server.url(), error), false)),
    }
}

fn opens(url: &ServerUrl, index: &IndexName, access: &Access) -> Finding {
    let name = format!("{index} at {url}");
    let asks = "to answer with 401 there; meanwhile: devpi-tokens exec";
    match access {
        Access::Asks => Finding::ok(CHECK, format!("{name} asks who reads (401)")),
        Access::Open => {
            let what = format!("{name} is open: everybody may read it, so no client asks for a token; uploads do");
            Finding::warning(CHECK, what).ask(format!("{}, if it should not be", admin(url)))
        }
        Access::Redirects(_) => {
            let what = format!("{name} sends who reads to a login page (302) instead of asking (401): pip never asks");
            Finding::warning(CHECK, what).ask(format!("{} {asks}", admin(url)))
        }
        Access::Refuses => {
            let what = format!("{name} refuses who reads (403) instead of asking (401): no client asks");
            Finding::warning(CHECK, what).ask(format!("{} {asks}", admin(url)))
        }
        Access::Other(status) => {
            let what = format!("{name} answers with status {status}");
            Finding::failing(CHECK, what).ask(format!("{} what stands in its log", admin(url)))
        }
    }
}

/// Whether the clocks agree. `skew` is how many seconds the server's is ahead, `kept` what it was at the login.
pub(super) fn clock(url: &ServerUrl, skew: Option<i64>, kept: i64) -> Option<Finding> {
    let skew = skew?;
    let side = if skew > 0 { "ahead of" } else { "behind" };
    let by = in_words(0, skew.unsigned_abs()).trim_start_matches("in ").to_owned();
    let whom = format!("{} to set it; or set this machine's: timedatectl set-ntp true", admin(url));
    let stays = format!("{whom}; if it stays so: devpi-tokens renew --server {url}");
    if skew.abs_diff(kept) > OFF {
        let what =
            format!("that of {url} is {by} {side} this machine's, which it was not at the login: tokens miss it");
        return Some(Finding::failing("clock", what).ask(stays));
    }
    if skew.unsigned_abs() > OFF {
        let what = format!("that of {url} is {by} {side} this machine's; tokens allow for it");
        return Some(Finding::warning("clock", what).ask(whom));
    }
    Some(Finding::ok("clock", format!("that of {url} agrees")))
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, Mend};
    use super::*;

    fn url() -> ServerUrl {
        "http://h:1".parse().expect("a server")
    }

    #[test]
    fn only_an_index_that_asks_is_well() {
        let judged = |access| {
            let finding = opens(&url(), &"alice/dev".parse().expect("an index"), &access);
            (
                finding.level,
                matches!(finding.mend, Some(Mend::Ask(whom)) if whom.starts_with("whoever runs http://h:1")),
            )
        };
        assert_eq!(judged(Access::Asks), (Level::Ok, false));
        for access in [Access::Open, Access::Redirects(String::new()), Access::Refuses] {
            assert_eq!(judged(access.clone()), (Level::Warning, true), "{access:?}");
        }
        assert_eq!(judged(Access::Other(500)), (Level::Failing, true));
    }

    #[test]
    fn a_clock_that_was_off_at_the_login_is_allowed_for_and_another_one_is_not() {
        let level = |skew, kept| clock(&url(), Some(skew), kept).expect("a finding").level;
        assert_eq!(level(60, 0), Level::Ok);
        assert_eq!(level(-60, 0), Level::Ok);
        assert_eq!(level(61, 0), Level::Failing);
        assert_eq!(level(3600, 3600), Level::Warning);
        assert_eq!(level(-3600, -3590), Level::Warning);
        assert_eq!(level(-3600, 3600), Level::Failing);
        assert_eq!(level(0, 3600), Level::Failing);
        assert_eq!(clock(&url(), None, 0), None);
    }
}
