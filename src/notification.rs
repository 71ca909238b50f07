//! A note on the person's desktop ([Desktop Notifications](https://specifications.freedesktop.org/notification-spec/)).

use std::collections::HashMap;

use zbus::blocking::Connection;
use zbus::zvariant::Value;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How many seconds it stays is left to the desktop.
const USUAL: i32 = -1;

/// Shows a note on the desktop of this process's session; whether something took it.
///
/// The texts are plain: what a desktop could take for markup is escaped here.
pub fn show(summary: &str, body: &str) -> bool {
    let body = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let hints: HashMap<&str, Value<'_>> = HashMap::new();
    let note = ("devpi-tokens", 0_u32, "dialog-password", summary, body, Vec::<&str>::new(), hints, USUAL);
    let told = Connection::session().and_then(|bus| bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &note));
    told.is_ok()
}
