//! Searches for secrets in all the forms in which one could slip out.
#![allow(unreachable_pub, reason = "as in the other files that tests share")]

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

/// Pieces shorter than this are in too many innocent texts: `alice-` begins every token of alice.
const SHORTEST: usize = 9;

/// The length of a macaroon's signature, in bytes.
const SIGNATURE: usize = 32;

/// One form of a secret.
struct Form {
    name: String,
    bytes: Vec<u8>,
}

/// What must not be found anywhere.
#[derive(Default)]
pub struct Scanner {
    forms: Vec<Form>,
}

impl Scanner {
    /// Looks for a text: as it is, in hex, in base64 at every alignment.
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.bytes(name, text.as_bytes());
        self
    }

    /// Looks for a token: its text, its bytes, its signature. Not for a part of it: whatever is derived from a token
    /// begins as it does, and only the signature tells them apart.
    pub fn token(mut self, name: &str, token: &str) -> Self {
        let bare = token.strip_prefix("devpi-").unwrap_or(token);
        let bytes = URL_SAFE_NO_PAD.decode(bare).expect("a token");
        self.bytes(&format!("{name}'s text"), bare.as_bytes());
        self.whole(&format!("{name}'s bytes"), &bytes);
        self.bytes(&format!("{name}'s signature"), &bytes[bytes.len() - SIGNATURE..]);
        self
    }

    fn bytes(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= SHORTEST + 2, "{name} is too short to be looked for");
        self.whole(name, secret);
        for skipped in 0..3 {
            let rest = &secret[skipped..];
            // Whole groups of three bytes only: what stands around them does not show in their characters.
            let inner = &rest[..rest.len() / 3 * 3];
            for (alphabet, text) in [("base64", STANDARD.encode(inner)), ("base64url", URL_SAFE.encode(inner))] {
                self.form(format!("{name} in {alphabet}, {skipped} skipped"), text.into_bytes());
            }
        }
    }

    /// All of it, and in hex.
    fn whole(&mut self, name: &str, secret: &[u8]) {
        let hex = secret.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a text takes all");
            hex
        });
        self.form(format!("{name} in upper hex"), hex.to_uppercase().into_bytes());
        self.form(format!("{name} in hex"), hex.into_bytes());
        self.form(name.to_owned(), secret.to_vec());
    }

    fn form(&mut self, name: String, bytes: Vec<u8>) {
        self.forms.push(Form { name, bytes });
    }

    /// The names of the forms that stand in there; none is what one hopes for.
    pub fn found_in(&self, place: &[u8]) -> Vec<&str> {
        let stands = |form: &&Form| place.windows(form.bytes.len()).any(|window| window == form.bytes);
        self.forms.iter().filter(stands).map(|form| form.name.as_str()).collect()
    }

    /// What is found in the files and the names of a whole tree, a line each.
    pub fn found_below(&self, folder: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
            lines.extend(
                self.found_in(path.as_os_str().as_encoded_bytes()).iter().map(|form| format!("a name: {form}")),
            );
            if kind.is_dir() {
                lines.extend(self.found_below(&path));
            } else if kind.is_file() {
                let content = std::fs::read(&path).expect("a file");
                lines.extend(self.found_in(&content).iter().map(|form| format!("{}: {form}", path.display())));
            }
        }
        lines
    }
}

/// The text that `strace -xx` wrote, with the bytes that it wrote in hex.
pub fn untraced(trace: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(trace.len());
    let mut rest = trace;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match after {
            [b'x', high, low, ..] if *first == b'\\' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}
