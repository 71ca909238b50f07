//! Locking while somebody waits for the key; other agents, and other vaults, in the place of this one's.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use super::*;
use crate::vault::child::tests::script_at;
use crate::vault::contents::Server;
use crate::vault::wrap;

/// A store whose keys come from a script: it says that it was asked, and answers once it may.
struct Slow {
    home: tempfile::TempDir,
    store: Store,
    session: SessionBus,
    _bus: UnixListener,
}

const SLOW: &str = "echo >asked; while ! [ -e go ]; do sleep 0.02; done; cat answer";

impl Slow {
    /// Over a vault that is kept by the keyring, or with a passphrase.
    fn new(keeper: Keeper) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        script_at(&at("child"), &format!("cd {}\ncat >/dev/null\n{SLOW}", home.path().display()));
        let bus = UnixListener::bind(at("bus")).expect("bound");
        let address = Some(format!("unix:path={}", at("bus").display()));
        let key = Key::generate();
        let kept_by = match keeper {
            Keeper::Passphrase => {
                file::Keeper::Passphrase { wrapped: wrap(&key, &Secret::new("horse")).expect("wrapped") }
            }
            _ => file::Keeper::Keyring,
        };
        let paths = Paths { config: at("c"), data: at("d"), state: at("s"), sockets: Vec::new() };
        let contents = bytes(&Contents::default()).expect("contents");
        file::write(&paths.vault(), &Header::first(kept_by, &key), &key, &contents).expect("a vault");
        std::fs::write(at("answer"), format!("{{\"key\":\"{}\"}}", key.to_secret().expose())).expect("written");
        let store = Store::new(at("child"), &paths);
        Self { store, session: SessionBus { address, ..SessionBus::default() }, _bus: bus, home }
    }

    /// Over a vault that opens at once.
    async fn opened() -> Self {
        let quick = Self::new(Keeper::Keyring);
        quick.go();
        quick.store.open_for_lookup(&quick.session).await.expect("it opens");
        quick
    }

    /// Another agent over the same vault, which shares the state folder of this one or not.
    fn another(&self, state: &str) -> Store {
        let at = |name: &str| self.home.path().join(name);
        let paths = Paths { config: at("c"), data: at("d"), state: at(state), sockets: Vec::new() };
        Store::new(at("child"), &paths)
    }

    fn vault(&self) -> PathBuf {
        self.home.path().join("d/vault")
    }

    async fn asked(&self) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !self.home.path().join("asked").exists() {
            assert!(Instant::now() < limit, "nobody was asked");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn go(&self) {
        std::fs::write(self.home.path().join("go"), "").expect("written");
    }

    /// Locks while the key is under way, and lets it come.
    async fn lock_meanwhile(&self) {
        self.asked().await;
        self.store.lock();
        self.go();
    }

    fn is_wiped(&self) -> bool {
        self.store.open.borrow().is_none()
    }
}

#[tokio::test]
async fn a_lock_overtakes_all_look_ups_that_wait_for_the_key() {
    let slow = Slow::new(Keeper::Keyring);
    let look_up = || slow.store.open_for_lookup(&slow.session);
    let (first, second, ()) = tokio::join!(look_up(), look_up(), slow.lock_meanwhile());
    assert!(first.is_err());
    assert_eq!(second, Err(Denial::LockedByHand), "it came to its turn after the lock");
    assert!(slow.is_wiped());
    assert_eq!(look_up().await, Err(Denial::LockedByHand));
    slow.store.unlock(None, &slow.session).await.expect("unlocked");
    assert_eq!(look_up().await, Ok(()));
}

#[tokio::test]
async fn a_lock_overtakes_a_passphrase_that_is_being_stretched() {
    let slow = Slow::new(Keeper::Passphrase);
    let unlock = || slow.store.unlock(Some(Secret::new("horse")), &slow.session);
    let (outcome, ()) = tokio::join!(unlock(), slow.lock_meanwhile());
    assert_eq!(outcome, Err(Denial::LockedByHand));
    assert!(slow.is_wiped() && slow.store.contents().is_err());
    unlock().await.expect("unlocked");
    assert!(slow.store.contents().is_ok());
}

fn server(name: &str) -> Server {
    Server {
        url: format!("https://{name}").parse().expect("a server"),
        index: None,
        default: "alice".parse().expect("a user"),
        roots: Vec::new(),
        bases: Vec::new(),
    }
}

fn add(store: &Store, name: &str) {
    store.change(|contents| contents.servers.push(server(name))).expect("changed");
}

fn names(store: &Store) -> Vec<String> {
    store.contents().expect("open").servers.iter().map(|server| server.url.to_string()).collect()
}

#[tokio::test]
async fn of_two_agents_that_change_one_vault_at_once_no_change_is_lost() {
    let slow = Slow::opened().await;
    std::thread::scope(|scope| {
        for agent in ["a", "b"] {
            let (program, home) = (slow.home.path().join("child"), slow.home.path().to_owned());
            let session = slow.session.clone();
            scope.spawn(move || {
                let at = |name: &str| home.join(name);
                let paths = Paths { config: at("c"), data: at("d"), state: at(agent), sockets: Vec::new() };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                let store = Store::new(program, &paths);
                runtime.block_on(store.open_for_lookup(&session)).expect("it opens");
                for number in 0..20 {
                    add(&store, &format!("{agent}{number}.example"));
                }
            });
        }
    });
    // This agent has seen none of it, and changes the vault as well.
    add(&slow.store, "last.example");
    let all: std::collections::BTreeSet<String> = names(&slow.store).into_iter().collect();
    assert_eq!(all.len(), 41, "{all:?}");
    let listed = crate::hosts::read(&slow.home.path().join("d/hosts"));
    assert_eq!(listed.lines().count(), 41, "{listed}");
}

#[tokio::test]
async fn a_change_waits_for_whoever_is_writing_just_then() {
    let slow = Slow::opened().await;
    let folder = std::fs::File::open(slow.home.path().join("d")).expect("opened");
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).expect("locked");
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(folder);
    });
    add(&slow.store, "a.example");
    other.join().expect("a thread");
    assert_eq!(names(&slow.store), ["https://a.example"]);
}

#[tokio::test]
async fn an_older_vault_in_the_place_of_a_newer_one_is_noticed_by_this_agent_and_the_next() {
    let slow = Slow::opened().await;
    assert_eq!(slow.store.rollback(), None);
    let before = std::fs::read(slow.vault()).expect("the vault");
    add(&slow.store, "a.example");
    add(&slow.store, "b.example");
    slow.store.close();
    std::fs::write(slow.vault(), before).expect("rolled back");
    let next = slow.another("s");
    for store in [&slow.store, &next] {
        store.open_for_lookup(&slow.session).await.expect("it is a vault of ours");
        assert_eq!(store.rollback(), Some(Rollback { generation: 1, newest: 3 }));
    }
    let stranger = slow.another("elsewhere");
    stranger.open_for_lookup(&slow.session).await.expect("it opens");
    assert_eq!(stranger.rollback(), None, "who was never there knows nothing");
    for name in ["c.example", "d.example"] {
        assert!(next.rollback().is_some());
        add(&next, name);
    }
    assert_eq!(next.rollback(), None, "overtaken");
}

#[tokio::test]
async fn an_older_vault_or_none_beside_an_open_one_takes_nothing_away() {
    let slow = Slow::opened().await;
    let before = std::fs::read(slow.vault()).expect("the vault");
    add(&slow.store, "a.example");
    std::fs::write(slow.vault(), before).expect("rolled back");
    add(&slow.store, "b.example");
    std::fs::remove_file(slow.vault()).expect("removed");
    add(&slow.store, "c.example");
    let next = slow.another("s");
    next.open_for_lookup(&slow.session).await.expect("it opens");
    assert_eq!(names(&next), ["https://a.example", "https://b.example", "https://c.example"]);
    assert_eq!(next.rollback(), None);
}

#[tokio::test]
async fn nobody_is_asked_for_the_key_of_a_vault_whose_keeper_was_exchanged() {
    let slow = Slow::opened().await;
    slow.store.close();
    std::fs::remove_file(slow.home.path().join("asked")).expect("asked once");
    let bytes = std::fs::read(slow.vault()).expect("the vault");
    let content = String::from_utf8_lossy(&bytes[..bytes.len() - 32]).into_owned();
    assert!(content.contains("\"keeper\":\"keyring\""), "the header is readable");
    let find = b"\"keeper\":\"keyring\"";
    let at = bytes.windows(find.len()).position(|part| part == find).expect("found");
    let another = b"\"keeper\":\"command\",\"command\":[\"/bin/true\"]";
    let mut forged = [&bytes[..at], another, &bytes[at + find.len()..bytes.len() - 32]].concat();
    forged.extend_from_slice(&<sha2::Sha256 as sha2::Digest>::digest(&forged));
    std::fs::write(slow.vault(), &forged).expect("forged");
    for outcome in [slow.store.open_for_lookup(&slow.session).await, slow.store.unlock(None, &slow.session).await] {
        let Err(Denial::Vault { message, .. }) = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("was replaced"), "{message}");
    }
    assert!(!slow.home.path().join("asked").exists());
    std::fs::write(slow.vault(), &bytes).expect("put back");
    slow.store.open_for_lookup(&slow.session).await.expect("it opens again");
}
