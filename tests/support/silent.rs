//! A keyring that asks the person to unlock it and never hears from anybody again.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::desktop::Desktop;

const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";

fn path(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).expect("a path")
}

/// The [Secret Service](https://specifications.freedesktop.org/secret-service-spec/latest/), as far as a locked one is
/// asked: it has whatever is looked for, and all of it is locked.
struct Service;

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(&self, algorithm: String, _input: OwnedValue) -> (OwnedValue, OwnedObjectPath) {
        // Any number will do as its half of a key: nothing secret ever comes.
        let output = if algorithm == "plain" { Value::from("") } else { Value::from(vec![7_u8; 128]) };
        (output.try_into().expect("a value"), path("/org/freedesktop/secrets/session/1"))
    }

    fn search_items(&self, _attributes: HashMap<String, String>) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        (Vec::new(), vec![path(ITEM)])
    }

    fn read_alias(&self, _name: String) -> OwnedObjectPath {
        path(COLLECTION)
    }

    fn unlock(&self, _objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        (Vec::new(), path(PROMPT))
    }
}

struct Collection;

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    #[zbus(property)]
    fn locked(&self) -> bool {
        true
    }
}

/// Comes up, and is never answered: no `Completed` follows.
struct Prompt(Sender<()>);

#[zbus::interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    fn prompt(&self, _window: String) {
        self.0.send(()).expect("a test that listens");
    }

    fn dismiss(&self) {}
}

/// The keyring on the bus of a desktop, as long as the connection lives; it tells of each prompt that comes up.
pub fn keyring(desktop: &Desktop) -> (zbus::blocking::Connection, Receiver<()>) {
    let (tell, told) = channel();
    let builder = zbus::blocking::connection::Builder::address(desktop.address.as_str()).expect("an address");
    let builder = builder.name("org.freedesktop.secrets").expect("a name");
    let builder = builder.serve_at("/org/freedesktop/secrets", Service).expect("a path");
    let builder = builder.serve_at(COLLECTION, Collection).expect("a path");
    let builder = builder.serve_at(PROMPT, Prompt(tell)).expect("a path");
    (builder.build().expect("a connection"), told)
}
