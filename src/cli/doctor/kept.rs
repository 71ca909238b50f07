//! What the agent keeps: whether its vault is open, and whether its tokens are alive.

use super::finding::Finding;
use crate::cli::{status, when};
use crate::escape::one_line;
use crate::protocol::{Holder, RootStatus, Status, VaultState};

/// How long before its end a token is to be renewed, in seconds.
const SOON: u64 = 14 * 24 * 60 * 60;

/// The vault and each token in it; `now` in seconds since the epoch.
pub(super) fn look(kept: &Status, now: u64) -> Vec<Finding> {
    let mut findings = vec![vault(kept)];
    findings.extend(kept.roots.iter().map(|root| token(root, now)));
    findings
}

fn vault(kept: &Status) -> Finding {
    match kept.vault {
        VaultState::Locked | VaultState::LockedByHand => {
            Finding::failing("vault", "locked: no client gets a token").run("devpi-tokens agent unlock")
        }
        VaultState::Open if !kept.roots.is_empty() => {
            Finding::ok("vault", status::vault(kept).trim_start_matches("vault: "))
        }
        VaultState::Absent | VaultState::Open => {
            Finding::failing("vault", "no token is kept").by_hand("log in: devpi-tokens login URL")
        }
    }
}

fn token(root: &RootStatus, now: u64) -> Finding {
    let RootStatus { holder: Holder { server, user }, id, access, expires, .. } = root;
    let scope = root.scope();
    let here = |second: u64| second.saturating_add_signed(-access.skew);
    let name = format!("{id} of {user} at {server}");
    let renew = renew(&root.holder);
    let login = format!("devpi-tokens login {server} {user}");
    if let Some(end) = expires.map(here).filter(|end| *end <= now) {
        return Finding::failing("token", format!("{name} ended {}", when(now, end))).run(renew);
    }
    if let Some(begin) = scope.not_before().map(here).filter(|begin| *begin > now) {
        return Finding::failing("token", format!("{name} is not valid until {}", when(now, begin))).run(login);
    }
    if let Some(unknown) = scope.unknown().first() {
        let what = format!("{name} has a restriction that is not understood, {}", one_line(unknown));
        return Finding::failing("token", what).run(login);
    }
    match expires.map(here) {
        Some(end) if end <= now + SOON => {
            Finding::warning("token", format!("{name} ends {}", when(now, end))).run(renew)
        }
        Some(end) => Finding::ok("token", format!("{name} ends {}", when(now, end))),
        None => Finding::ok("token", format!("{name} never ends")),
    }
}

/// What replaces a token.
pub(super) fn renew(Holder { server, user }: &Holder) -> String {
    format!("devpi-tokens renew --server {server} --as {user}")
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Level, Mend};
    use super::*;
    use crate::protocol::{Keeper, ServerAccess};
    use crate::token::{Restriction, Scope};

    const NOW: u64 = 1_800_000_000;

    fn root(restrictions: &[&str], skew: i64) -> RootStatus {
        let restrictions: Vec<String> = restrictions.iter().map(|text| (*text).to_owned()).collect();
        let scope = Scope::of(&restrictions.iter().map(Restriction::read).collect::<Vec<_>>());
        RootStatus {
            holder: Holder { server: "http://h:1".parse().expect("a server"), user: "alice".parse().expect("a user") },
            id: "abcDEF23".parse().expect("an id"),
            default: true,
            expires: scope.expires(),
            restrictions,
            access: ServerAccess { skew, ..ServerAccess::default() },
        }
    }

    fn judged(restriction: String, skew: i64) -> (Level, Option<Mend>) {
        let finding = token(&root(&[&restriction], skew), NOW);
        (finding.level, finding.mend)
    }

    #[test]
    fn a_token_is_renewed_in_time_by_the_servers_clock() {
        let renew = Some(Mend::Run("devpi-tokens renew --server http://h:1 --as alice".to_owned()));
        assert_eq!(judged(format!("expires={}", NOW + SOON + 1), 0), (Level::Ok, None));
        assert_eq!(judged(format!("expires={}", NOW + SOON), 0), (Level::Warning, renew.clone()));
        assert_eq!(judged(format!("expires={NOW}"), 0), (Level::Failing, renew.clone()));
        // The server is an hour ahead.
        assert_eq!(judged(format!("expires={}", NOW + 3600), 3600), (Level::Failing, renew));
        assert!(!root(&[&format!("expires={}", NOW + 3600)], 3600).is_alive(NOW));
        assert!(root(&[&format!("expires={}", NOW + 3601)], 3600).is_alive(NOW));
    }

    #[test]
    fn a_token_that_is_of_no_use_is_replaced_by_a_login() {
        let login = Some(Mend::Run("devpi-tokens login http://h:1 alice".to_owned()));
        assert_eq!(judged(format!("not_before={}", NOW + 1), 0), (Level::Failing, login.clone()));
        assert_eq!(judged("colour=red".to_owned(), 0), (Level::Failing, login));
    }

    #[test]
    fn a_vault_is_well_where_it_is_open_and_something_is_in_it() {
        let status = |vault, roots| Status {
            vault,
            keeper: Some(Keeper::Memory),
            roots,
            retired: Vec::new(),
            sockets: Vec::new(),
            rollback: None,
        };
        let level = |kept: Status| look(&kept, NOW)[0].level;
        assert_eq!(level(status(VaultState::Open, vec![root(&[], 0)])), Level::Ok);
        assert_eq!(level(status(VaultState::Open, Vec::new())), Level::Failing);
        assert_eq!(level(status(VaultState::Locked, Vec::new())), Level::Failing);
        assert_eq!(level(status(VaultState::Absent, Vec::new())), Level::Failing);
    }
}
