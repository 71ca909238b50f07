//! The desktop session of whoever asks.

use serde::{Deserialize, Serialize};

/// Where the desktop session of a client is, as the client says. Absent is what the client's environment has not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionBus {
    /// `DBUS_SESSION_BUS_ADDRESS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `XDG_RUNTIME_DIR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_folder: Option<String>,
    /// `DISPLAY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// `WAYLAND_DISPLAY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wayland_display: Option<String>,
    /// `XAUTHORITY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xauthority: Option<String>,
    /// `HOME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// `LANG`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The path of the terminal that the client runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// `TERM`: what that terminal understands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_kind: Option<String>,
}

impl SessionBus {
    /// The session that an environment tells of, asked variable by variable. An empty value is none. Its terminal is
    /// in no variable.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            address: set("DBUS_SESSION_BUS_ADDRESS"),
            runtime_folder: set("XDG_RUNTIME_DIR"),
            display: set("DISPLAY"),
            wayland_display: set("WAYLAND_DISPLAY"),
            xauthority: set("XAUTHORITY"),
            home: set("HOME"),
            language: set("LANG"),
            terminal: None,
            terminal_kind: set("TERM"),
        }
    }
}
