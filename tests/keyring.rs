//! The vault's key in a real desktop keyring: gnome-keyring on a session bus of its own.
#![cfg(feature = "agent")]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use devpi_tokens::protocol::SessionBus;
use devpi_tokens::secret::Secret;
use devpi_tokens::vault::child::ChildError;
use devpi_tokens::vault::keeper::{Keeper, Patience};
use devpi_tokens::vault::{Key, KeyringError, KeyringState, PassphraseError};
use support::desktop::{Desktop, equipped};

/// The agent's program, whose hidden argument is the child.
const AGENT: &str = env!("CARGO_BIN_EXE_devpi-tokens-agent");

fn session(desktop: &Desktop) -> SessionBus {
    SessionBus { address: Some(desktop.address.clone()), ..SessionBus::default() }
}

fn patient_keeper() -> Keeper {
    // More than the usual two seconds for what is not about time: the machine may be busy.
    let patience = Patience { look_up: Duration::from_secs(20), ..Patience::default() };
    Keeper::with_patience(AGENT.into(), patience)
}

fn keyring(error: KeyringError) -> ChildError {
    ChildError::Keyring(error)
}

/// Whether any file below holds the text.
fn found_below(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("listed").any(|entry| {
        let path = entry.expect("an entry").path();
        let bytes = if path.is_file() { fs::read(&path).expect("read") } else { Vec::new() };
        (path.is_dir() && found_below(&path, text)) || bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[tokio::test]
async fn a_key_is_kept_fetched_and_deleted_and_survives_a_restart_of_the_keyring() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_keyring();
    let (keeper, session, key) = (patient_keeper(), session(&desktop), Key::generate());
    let other = Key::generate();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Open);
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("none"), keyring(KeyringError::NotFound));
    keeper.keep(&key, &session).await.expect("kept");
    keeper.keep(&key, &session).await.expect("kept again");
    keeper.keep(&other, &session).await.expect("kept beside it");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").to_secret(), key.to_secret());
    desktop.stop_keyring();
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("gone"), keyring(KeyringError::Absent));
    desktop.start_keyring();
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").to_secret(), key.to_secret());
    keeper.delete(&key.id(), &session).await.expect("deleted");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("deleted"), keyring(KeyringError::NotFound));
    assert_eq!(keeper.delete(&key.id(), &session).await.expect_err("deleted"), keyring(KeyringError::NotFound));
    assert_eq!(keeper.look_up(&other.id(), &session).await.expect("found").to_secret(), other.to_secret());
    assert!(!found_below(desktop.home(), key.to_secret().expose()));
}

#[tokio::test]
async fn a_locked_keyring_is_called_locked_in_the_time_of_a_look_up() {
    if !equipped() {
        return;
    }
    // Where nothing can ask the person, the keyring says so at once; where the system's prompter is started for it,
    // it may wait for ever.
    for services in ["", "<standard_session_servicedirs/>"] {
        let mut desktop = Desktop::with_services(services);
        desktop.start_keyring();
        let (session, key) = (session(&desktop), Key::generate());
        patient_keeper().keep(&key, &session).await.expect("kept");
        desktop.lock_keyring();
        assert_eq!(patient_keeper().keyring_state(&session).await, KeyringState::Locked);
        let keeper = Keeper::new(AGENT.into());
        let started = Instant::now();
        let error = keeper.look_up(&key.id(), &session).await.expect_err("locked");
        assert_eq!(error, keyring(KeyringError::Locked));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert!(error.remedy().contains("devpi-tokens agent unlock"));
        keeper.forget();
        // What unlocks it is a new start with the password, as at the next login.
        desktop.stop_keyring();
        desktop.start_keyring();
        let found = patient_keeper().look_up(&key.id(), &session).await.expect("found");
        assert_eq!(found.to_secret(), key.to_secret());
    }
}

#[tokio::test]
async fn a_keyring_without_a_collection_is_told_apart_from_a_locked_one() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    desktop.start_daemon("--start", "objectpath '/'");
    let (keeper, session, key) = (patient_keeper(), session(&desktop), Key::generate());
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::NoCollection);
    assert_eq!(keeper.keep(&key, &session).await.expect_err("nowhere"), keyring(KeyringError::NoCollection));
}

#[tokio::test]
async fn where_no_keyring_is_that_is_said_at_once() {
    if !equipped() {
        return;
    }
    let desktop = Desktop::new();
    let (keeper, session, key) = (Keeper::new(AGENT.into()), session(&desktop), Key::generate());
    let started = Instant::now();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Absent);
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect_err("absent"), keyring(KeyringError::Absent));
    assert_eq!(keeper.keep(&key, &session).await.expect_err("absent"), keyring(KeyringError::Absent));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_keyring_that_starts_late_is_found_by_the_next_look_up() {
    if !equipped() {
        return;
    }
    let mut desktop = Desktop::new();
    let (keeper, session, key) = (patient_keeper(), session(&desktop), Key::generate());
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Absent);
    desktop.start_keyring();
    assert_eq!(keeper.keyring_state(&session).await, KeyringState::Open);
    keeper.keep(&key, &session).await.expect("kept");
    assert_eq!(keeper.look_up(&key.id(), &session).await.expect("found").id(), key.id());
}

#[tokio::test]
async fn a_passphrase_is_stretched_in_a_child() {
    let (keeper, key) = (Keeper::new(AGENT.into()), Key::generate());
    let wrapped = keeper.wrap(&key, &Secret::new("correct horse")).await.expect("wrapped");
    let found = keeper.unwrap(&wrapped, &Secret::new("correct horse")).await.expect("unwrapped");
    assert_eq!(found.to_secret(), key.to_secret());
    let error = keeper.unwrap(&wrapped, &Secret::new("battery staple")).await.expect_err("wrong");
    assert_eq!(error, ChildError::Passphrase(PassphraseError::Wrong));
}
