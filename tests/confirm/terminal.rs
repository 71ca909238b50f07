//! A terminal, and the person who sits at it.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::wait_for;

/// A terminal that a person sits at.
pub(crate) struct Terminal {
    keys: File,
    pub(crate) path: String,
    pub(crate) shown: Arc<Mutex<Vec<u8>>>,
    _device: File,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("a size");
        let path = ptsname(&master, Vec::new()).expect("a name").into_string().expect("a path");
        let device = device(&path);
        let keys = File::from(master);
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let (mut screen, kept) = (keys.try_clone().expect("a screen"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                kept.lock().expect("no panic").extend_from_slice(&bytes[..count]);
            }
        });
        Self { keys, path, shown, _device: device }
    }

    pub(crate) fn type_in(&self, keys: &str) {
        (&self.keys).write_all(keys.as_bytes()).expect("typed");
    }

    /// What is on it since the last look.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }

    /// The number of the question, once that is there whole; the screen is clear afterwards.
    pub(crate) fn number(&self) -> (String, String) {
        let number = || {
            let screen = self.screen();
            let number = screen.rsplit_once("type ")?.1.get(..3)?.to_owned();
            (number.bytes().all(|byte| byte.is_ascii_digit()) && screen.contains("Refuse")).then_some(number)
        };
        wait_for("a question", || number().is_some());
        let asked = (number().expect("a number"), self.screen());
        self.shown.lock().expect("no panic").clear();
        asked
    }
}

/// The other end of a terminal, which does not become ours.
pub(crate) fn device(path: &str) -> File {
    rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its device").into()
}
