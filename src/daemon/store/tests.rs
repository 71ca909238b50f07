//! Locking while somebody waits for the key.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use super::*;
use crate::vault::child::tests::script_at;
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
