//! When the agent hands out nothing: after a signal, and after a time in which nobody asked.

mod support;

use std::cell::RefCell;
use std::process::Output;

use rustix::process::Signal;
use serde_json::json;
use support::desktop::Desktop;
use support::raw::Raw;
use support::{BED, Home, code, err, fed, out, send, wait_for};

fn with_passphrase() -> Home {
    let home = Home::new("passphrase");
    let login = ["login", &BED.index_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("correct horse\n{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    home
}

fn get(home: &Home) -> Output {
    home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("it runs")
}

fn unlock(home: &Home) {
    let done = fed(home.cli(&["agent", "unlock"]), "correct horse\n");
    assert!(done.status.success(), "{}", err(&done));
}

/// What `status` says of the vault. Looking is not asking: it keeps nothing open.
fn vault(home: &Home) -> String {
    let status = home.cli(&["status"]).output().expect("it runs");
    out(&status).lines().next().unwrap_or_default().to_owned()
}

/// After a second without a question.
fn lock_soon(home: &Home) {
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    std::fs::write(home.paths().config.join("config.toml"), "idle-lock = \"1 s\"\n").expect("config.toml");
}

#[test]
fn a_vault_that_nobody_asks_locks_and_opens_with_its_passphrase() {
    let home = with_passphrase();
    assert!(get(&home).status.success());
    lock_soon(&home);
    wait_for("the lock", || vault(&home) == "vault: locked, sealed with a passphrase");
    let refused = get(&home);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(75), ""));
    assert!(err(&refused).contains("the vault is locked\n  type: devpi-tokens agent unlock"), "{}", err(&refused));
    std::fs::remove_file(home.paths().config.join("config.toml")).expect("removed");
    unlock(&home);
    assert!(get(&home).status.success());
    assert!(home.log().contains("locked why=nobody asked for a long time"), "{}", home.log());
}

#[test]
fn what_a_person_locked_no_other_command_opens() {
    for home in [Home::with_alice(), with_passphrase()] {
        assert!(home.cli(&["agent", "lock"]).output().expect("it runs").status.success());
        for args in [
            &["policy", "show"][..],
            &["renew"],
            &["logout"],
            &["derive", "-a", "pkg_read"],
            &["login", &BED.index_url("alice/dev"), "alice"],
            &["get", &BED.simple_url("alice/dev")],
        ] {
            // The vault's passphrase, then the password: neither is asked for.
            let refused = fed(home.cli(args), &format!("correct horse\n{}\n", BED.password("alice")));
            assert_eq!((code(&refused), out(&refused).as_str()), (Some(75), ""), "{args:?}: {}", err(&refused));
            assert!(
                err(&refused).contains("the agent is locked\n  type: devpi-tokens agent unlock"),
                "{}",
                err(&refused)
            );
        }
        // Of a list, the server could be what is kept.
        let list = home.cli(&["list"]).output().expect("it runs");
        assert!(err(&list).contains("devpi-tokens agent unlock"), "{}", err(&list));
        unlock(&home);
        assert!(get(&home).status.success());
    }
}

#[test]
fn whoever_asks_across_a_border_keeps_no_vault_open() {
    let home = with_passphrase();
    let path = home.path().join("ci/agent.sock");
    let open = home.cli(&["agent", "socket", path.to_str().expect("UTF-8")]).output().expect("agent socket");
    assert!(open.status.success(), "{}", err(&open));
    let raw = RefCell::new(Raw::greeted(&path));
    lock_soon(&home);
    wait_for("the lock", || {
        raw.borrow_mut().ask(&json!("lock"));
        vault(&home) == "vault: locked, sealed with a passphrase"
    });
}

#[test]
fn a_vault_of_the_desktops_keyring_opens_again_unasked() {
    if !support::desktop::equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &BED.index_url("alice/dev"), "alice");
    lock_soon(&home);
    wait_for("the lock", || {
        assert_eq!(vault(&home), "vault: open, its key is kept by the desktop's keyring");
        home.log().contains("locked why=nobody asked for a long time")
    });
    assert!(get(&home).status.success());
}

#[test]
fn what_is_in_memory_only_is_not_lost_to_silence() {
    let home = Home::with_alice();
    lock_soon(&home);
    let asked = std::time::Instant::now();
    wait_for("more than a second", || asked.elapsed() > std::time::Duration::from_millis(1200));
    assert!(get(&home).status.success());
    assert_eq!(vault(&home), "vault: open, in memory only, until the agent ends");
}

#[test]
fn each_wrong_passphrase_makes_the_next_one_wait_longer_and_nobody_else() {
    use std::time::{Duration, Instant};
    let home = with_passphrase();
    home.login(&BED, &BED.index_url("alice/dev"), "alice");
    assert!(home.cli(&["agent", "lock"]).output().expect("lock").status.success());
    let mut took = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        let wrong = fed(home.cli(&["agent", "unlock"]), "wrong horse\n");
        assert_eq!(code(&wrong), Some(77), "{}", err(&wrong));
        took.push(begun.elapsed());
    }
    assert!(took[1] >= Duration::from_secs(1) && took[2] >= Duration::from_secs(3), "{took:?}");
    let mut unlocking = home.cli(&["agent", "unlock"]);
    let mut unlocking = unlocking.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut unlocking.stdin.take().expect("piped"), b"correct horse\n").expect("written");
    // Seven seconds: as long as that one waits, everybody else is answered.
    let begun = Instant::now();
    let mut answers = 0;
    while code(&get(&home)) == Some(75) {
        answers += 1;
    }
    assert!(unlocking.wait().expect("a child").success());
    assert!(answers > 3 && begun.elapsed() > Duration::from_secs(4), "{answers} answers in {:?}", begun.elapsed());
    assert!(get(&home).status.success());
}

#[test]
fn sigusr1_locks_until_somebody_unlocks_and_sighup_changes_nothing() {
    let home = with_passphrase();
    let agent = home.agent().expect("an agent");
    send(agent, Signal::HUP);
    assert!(get(&home).status.success());
    send(agent, Signal::USR1);
    wait_for("the lock", || vault(&home) == "vault: locked by hand, sealed with a passphrase");
    let refused = get(&home);
    assert_eq!((code(&refused), err(&refused).contains("the agent is locked")), (Some(75), true), "{}", err(&refused));
    assert_eq!(home.agent(), Some(agent), "the same agent");
    unlock(&home);
    assert!(get(&home).status.success());
}
