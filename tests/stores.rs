//! Who keeps the key of the vault: a real desktop keyring, a passphrase, nobody.

mod support;

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use support::desktop::{Desktop, equipped};
use support::{BED, Home, code, err, fed, out, silent, wait_for};

fn url() -> String {
    BED.simple_url("alice/dev")
}

fn run(home: &Home, args: &[&str]) -> Output {
    home.cli(args).output().expect("it ends")
}

fn get(home: &Home) -> Output {
    run(home, &["get", &url()])
}

fn assert_gives(home: &Home) {
    let got = get(home);
    assert!(got.status.success() && out(&got).starts_with("devpi-"), "{}", err(&got));
}

/// A refusal with that code, which names what to type, in the time that a look-up may take; no token.
fn assert_refused(home: &Home, expected: i32, command: &str) {
    let begun = Instant::now();
    let got = get(home);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!((code(&got), out(&got).as_str()), (Some(expected), ""), "{}", err(&got));
    assert!(err(&got).contains(command), "{}", err(&got));
}

fn assert_done(home: &Home, args: &[&str]) {
    let done = run(home, args);
    assert!(done.status.success(), "{args:?}: {}", err(&done));
}

fn status(home: &Home) -> Value {
    serde_json::from_slice(&run(home, &["status", "--json"]).stdout).expect("JSON")
}

fn unlock_with(home: &Home, passphrase: &str) -> Output {
    fed(home.cli(&["agent", "unlock"]), &format!("{passphrase}\n"))
}

/// The files below that hold one of those bytes.
fn holders(folder: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("listed").map(|entry| entry.expect("an entry").path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(holders(&path, needles));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("read");
            let holds = |needle: &Vec<u8>| bytes.windows(needle.len()).any(|part| part == needle);
            if needles.iter().any(holds) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// What a file would hold that gives a token away: its text with and without prefix, its signature in four spellings.
fn traces(token: &str) -> Vec<Vec<u8>> {
    let bare = token.trim_start_matches("devpi-");
    let bytes = URL_SAFE_NO_PAD.decode(bare).expect("base64");
    let signature = bytes.last_chunk::<32>().expect("a signature");
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let texts =
        [bare.to_owned(), hex.to_uppercase(), hex, STANDARD.encode(signature), URL_SAFE_NO_PAD.encode(signature)];
    texts.into_iter().map(String::into_bytes).chain([signature.to_vec()]).collect()
}

/// Logs in with a token that is known here; answers with it.
fn login_with_a_known_token(home: &Home, before: &str) -> String {
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read", "upload"]})).expect("a token");
    let done = fed(home.cli(&["login", "-f", "-", &url(), "alice"]), &format!("{before}{token}\n"));
    assert!(done.status.success(), "login: {}", err(&done));
    token
}

/// That no file of the home holds the token, and that a copy put there would be found.
fn assert_hidden(home: &Home, token: &str) {
    let needles = traces(token);
    assert!(home.paths().vault().is_file());
    assert_eq!(holders(home.path(), &needles), [] as [String; 0]);
    for (number, needle) in needles.iter().enumerate() {
        let copy = home.path().join(format!("state/copy-{number}"));
        std::fs::write(&copy, [b"before ", &needle[..], b" after"].concat()).expect("written");
        assert_eq!(holders(home.path(), &needles), [copy.display().to_string()]);
        std::fs::remove_file(copy).expect("removed");
    }
}

#[test]
fn where_a_keyring_answers_it_is_chosen_and_the_token_lies_nowhere_in_the_clear() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "");
    let token = login_with_a_known_token(&home, "");
    assert_gives(&home);
    assert_eq!(status(&home)["keeper"], "keyring");
    assert_hidden(&home, &token);
    assert_eq!(holders(desktop.home(), &traces(&token)), [] as [String; 0]);
}

#[test]
fn a_keyring_opens_the_vault_unasked_after_every_restart() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "");
    home.login(&BED, &url(), "alice");
    assert_done(&home, &["agent", "stop"]);
    assert_gives(&home);
    desktop.stop_keyring();
    desktop.start_keyring();
    assert_gives(&home);
    assert_done(&home, &["agent", "stop"]);
    // Nobody has asked for a token yet: it says what is kept all the same.
    let kept = run(&home, &["status"]);
    assert!(kept.status.success() && out(&kept).contains("alice"), "{}{}", out(&kept), err(&kept));
    assert_gives(&home);
}

#[test]
fn a_locked_keyring_is_a_refusal_until_it_is_unlocked() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &url(), "alice");
    desktop.lock_keyring();
    // What is open stays open; a new agent has to ask.
    assert_gives(&home);
    assert_done(&home, &["agent", "stop"]);
    assert_refused(&home, 75, "devpi-tokens agent unlock");
    assert_refused(&home, 75, "devpi-tokens agent unlock");
    assert_eq!(code(&run(&home, &["status"])), Some(75));
    let keyring = home.helper(&["keyring", "--mode=creds", "get", &url()]).output().expect("it ends");
    assert_eq!((code(&keyring), out(&keyring).as_str()), (Some(1), ""));
    desktop.unlock_keyring();
    assert_gives(&home);
}

#[test]
fn without_its_keyring_a_vault_says_so_and_the_next_request_works() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &url(), "alice");
    assert_done(&home, &["agent", "stop"]);
    desktop.stop_keyring();
    assert_refused(&home, 69, "start the desktop's keyring");
    desktop.start_keyring();
    assert_gives(&home);
}

/// Wipes what the agent has in memory, as after hours in which nobody asked. Without its keyring it stays closed.
fn close(home: &Home) {
    let config = home.paths().config.join("config.toml");
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    let closed = home.log().matches("locked why").count();
    std::fs::write(&config, "idle-lock = '1 s'\n").expect("written");
    // Whoever only looks keeps nothing open, and the agent looks at its watch.
    wait_for("the lock", || {
        status(home);
        home.log().matches("locked why").count() > closed
    });
    std::fs::remove_file(config).expect("removed");
}

#[test]
fn a_keyring_that_is_restarted_under_the_agent_opens_the_vault_at_the_next_request() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &url(), "alice");
    let agent = home.agent();
    for _ in 0..2 {
        desktop.stop_keyring();
        close(&home);
        desktop.start_keyring();
        assert_gives(&home);
        desktop.stop_keyring();
        close(&home);
        assert_refused(&home, 69, "keyring");
        desktop.start_keyring();
        assert_gives(&home);
    }
    assert_eq!(home.agent(), agent, "the same agent all the time");
}

#[test]
fn a_keyring_that_never_answers_its_prompt_is_waited_for_no_longer_than_a_look_up_may_take() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &url(), "alice");
    assert_done(&home, &["agent", "stop"]);
    desktop.stop_keyring();
    let (silent, prompts) = silent::keyring(&desktop);
    for _ in 0..3 {
        // In three seconds at most.
        assert_refused(&home, 75, "devpi-tokens agent unlock");
    }
    prompts.recv_timeout(Duration::from_secs(1)).expect("a prompt came up");
    assert!(prompts.try_recv().is_err(), "one prompt for all look-ups");
    // Whoever is asked to lock waits for nothing, and a person who unlocks is asked anew.
    assert_done(&home, &["agent", "lock"]);
    let mut unlock = home.cli(&["agent", "unlock"]).stderr(std::process::Stdio::piped()).spawn().expect("unlock");
    prompts.recv_timeout(Duration::from_secs(10)).expect("another prompt");
    // The keyring ends under its own prompt, and a real one takes its place.
    silent.close().expect("closed");
    let ended = unlock.wait().expect("it ends").code();
    assert!(matches!(ended, Some(69 | 75)), "{ended:?}");
    desktop.start_keyring();
    assert_done(&home, &["agent", "unlock"]);
    assert_gives(&home);
}

#[test]
fn a_vault_with_a_keyring_that_was_locked_by_hand_is_not_opened_unasked() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let home = Home::at(&desktop, "keyring");
    home.login(&BED, &url(), "alice");
    assert_done(&home, &["agent", "lock"]);
    for _ in 0..2 {
        assert_refused(&home, 75, "devpi-tokens agent unlock");
    }
    assert_eq!(code(&run(&home, &["status"])), Some(75));
    assert_refused(&home, 75, "devpi-tokens agent unlock");
    assert_done(&home, &["agent", "unlock"]);
    assert_gives(&home);
}

#[test]
fn a_passphrase_opens_the_vault_once_after_each_start_and_each_lock() {
    let home = Home::new("passphrase");
    let password = BED.password("alice");
    let done = fed(home.cli(&["login", &url(), "alice"]), &format!("correct horse\n{password}\n"));
    assert!(done.status.success(), "login: {}", err(&done));
    assert_gives(&home);
    assert_done(&home, &["agent", "lock"]);
    for _ in 0..2 {
        assert_refused(&home, 75, "devpi-tokens agent unlock");
        let wrong = unlock_with(&home, "battery staple");
        assert_eq!(code(&wrong), Some(77), "{}", err(&wrong));
        assert_refused(&home, 75, "devpi-tokens agent unlock");
        let unlocked = unlock_with(&home, "correct horse");
        assert!(unlocked.status.success(), "{}", err(&unlocked));
        assert_gives(&home);
        // The second time it is locked because it is new.
        assert_done(&home, &["agent", "stop"]);
    }
}

#[test]
fn a_vault_with_a_passphrase_holds_no_token_in_the_clear() {
    let home = Home::new("passphrase");
    let token = login_with_a_known_token(&home, "correct horse\n");
    assert_gives(&home);
    assert_hidden(&home, &token);
    assert_eq!(holders(home.path(), &[b"correct horse".to_vec()]), [] as [String; 0]);
}

#[test]
fn a_vault_in_memory_outlives_a_lock_but_no_agent() {
    let home = Home::with_alice();
    assert_done(&home, &["agent", "lock"]);
    assert_refused(&home, 75, "devpi-tokens agent unlock");
    assert_done(&home, &["agent", "unlock"]);
    assert_gives(&home);
    assert!(!home.paths().vault().exists());
    assert_done(&home, &["agent", "stop"]);
    assert_refused(&home, 69, "devpi-tokens login");
}

#[test]
fn where_nobody_can_keep_the_key_the_refusal_names_those_who_could() {
    let home = Home::new("");
    let refused = fed(home.cli(&["login", &url(), "alice"]), &format!("{}\n", BED.password("alice")));
    assert_eq!(code(&refused), Some(69), "{}", err(&refused));
    let said = err(&refused);
    for word in ["DEVPI_TOKENS_VAULT", "keyring", "passphrase", "command", "memory"] {
        assert!(said.lines().skip(1).any(|line| line.trim_start().contains(word)), "{word}: {said}");
    }
    assert!(!home.paths().vault().exists() && !home.paths().hosts().exists(), "nothing is kept");
}
