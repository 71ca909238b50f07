//! netrc files, read as Python's `netrc` reads them and kept as text: what uv has is a translation of that reader.
//! [The format](https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html).

use std::ops::Range;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::target::UserName;

/// The netrc that a command would read without us: that which `NETRC` names, else the one at home.
pub(in crate::cli) fn own(home: Option<PathBuf>, named: Option<PathBuf>) -> Option<PathBuf> {
    let named = named.map(|path| match (path.strip_prefix("~"), &home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path,
    });
    // As requests has it: one that is named is the only one.
    named.or_else(|| {
        let home = home?;
        [".netrc", "_netrc"].iter().map(|name| home.join(name)).find(|path| path.exists())
    })
}

/// What a host is told.
pub(super) struct Entry<'a> {
    /// As URLs have it: an IPv6 address stands in brackets.
    pub(super) host: &'a str,
    pub(super) user: &'a UserName,
    pub(super) token: Secret,
}

/// Our entries, and behind them what another netrc says of other hosts: its text, in its order. What follows something
/// that no reader takes is left out, since they would take nothing at all; the number is that of its line.
pub(super) fn with_entries(entries: &[Entry<'_>], other: &[u8]) -> (Zeroizing<Vec<u8>>, Option<usize>) {
    let mut text = Zeroizing::new(Vec::with_capacity(other.len() + entries.len() * 20 * 1024));
    let ours: Vec<&str> = entries.iter().flat_map(|entry| names(entry.host)).collect();
    for entry in entries {
        for name in names(entry.host) {
            for word in ["machine ", name, "\nlogin ", entry.user.as_str(), "\npassword ", entry.token.expose(), "\n\n"]
            {
                text.extend_from_slice(word.as_bytes());
            }
        }
    }
    let scanned = scan(other);
    let is_ours = |part: &&Part| {
        part.machine.as_ref().is_some_and(|name| ours.iter().any(|ours| ours.as_bytes() == name.as_slice()))
    };
    for part in scanned.parts.iter().filter(|part| !is_ours(part)) {
        let mut from = part.from;
        for comment in scanned.comments.iter().filter(|comment| (part.from..part.to).contains(&comment.start)) {
            text.extend_from_slice(&other[from..comment.start]);
            from = comment.end;
        }
        text.extend_from_slice(&other[from..part.to]);
        // What followed may be left out.
        text.push(b'\n');
    }
    // A macro ends with an empty line, which the last one may lack.
    text.push(b'\n');
    (text, scanned.bad_from.map(|at| other[..at].iter().filter(|byte| **byte == b'\n').count() + 1))
}

/// What a netrc says of one host.
pub(in crate::cli) struct Machine {
    pub(in crate::cli) host: String,
    pub(in crate::cli) user: Option<String>,
    pub(in crate::cli) password: Option<Secret>,
    /// The lines that it stands in; comments in front of the next entry are not among them.
    pub(in crate::cli) place: Range<usize>,
}

/// The entries of a netrc that have a host, as far as a reader takes it.
pub(in crate::cli) fn machines(text: &[u8]) -> Vec<Machine> {
    let plain = |value: Zeroizing<Vec<u8>>| String::from_utf8_lossy(&value).into_owned();
    let machine = |part: Part| {
        Some(Machine {
            host: part.machine.map(plain)?,
            user: part.login.map(plain),
            password: part.password.map(|value| Secret::new(plain(value))),
            place: part.from..end(text, part.from, part.to),
        })
    };
    scan(text).parts.into_iter().filter_map(machine).collect()
}

/// Where the lines of an entry end, without the blank lines and comments behind it.
fn end(text: &[u8], from: usize, to: usize) -> usize {
    let mut end = to;
    for line in text[from..to].split_inclusive(|byte| *byte == b'\n').rev() {
        if !line.iter().all(|byte| is_blank(*byte)) && line.trim_ascii_start().first() != Some(&b'#') {
            break;
        }
        end -= line.len();
    }
    end
}

/// The names that a host is looked up by: Python drops the brackets of an IPv6 address, uv keeps them.
fn names(host: &str) -> impl Iterator<Item = &str> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    [Some(host), bare].into_iter().flatten()
}

/// A piece of the text: an entry, a macro, or what stands before the first of them.
#[derive(Default)]
struct Part {
    from: usize,
    to: usize,
    /// The name, for the entry of a machine.
    machine: Option<Zeroizing<Vec<u8>>>,
    login: Option<Zeroizing<Vec<u8>>>,
    password: Option<Zeroizing<Vec<u8>>>,
}

struct Scanned {
    parts: Vec<Part>,
    /// Not carried over: Python takes the words of one that follows an empty line for an entry.
    comments: Vec<Range<usize>>,
    /// Where something begins that no reader takes.
    bad_from: Option<usize>,
}

fn scan(text: &[u8]) -> Scanned {
    let mut reader = Reader { text, at: 0 };
    let mut parts = vec![Part::default()];
    let mut comments = Vec::new();
    let mut in_entry = false;
    let bad_from = loop {
        let Some(word) = reader.word() else { break None };
        match &word.value[..] {
            [b'#', ..] => comments.push(reader.line_from(word.from)),
            _ if word.is_cut_off => break Some(word.from),
            b"machine" => {
                let name = reader.word().filter(|name| !name.is_cut_off && !name.value.is_empty());
                let Some(name) = name else { break Some(word.from) };
                parts.push(Part { from: word.from, machine: Some(name.value), ..Part::default() });
                in_entry = true;
            }
            b"default" => {
                parts.push(Part { from: word.from, ..Part::default() });
                in_entry = true;
            }
            b"macdef" => {
                if reader.word().is_none_or(|name| name.is_cut_off) {
                    break Some(word.from);
                }
                reader.skip_macro();
                parts.push(Part { from: word.from, ..Part::default() });
                in_entry = false;
            }
            b"login" | b"user" | b"account" | b"password" if in_entry => {
                // Whatever it is, even `machine`: a password may be called so.
                let value = reader.word();
                if value.as_ref().is_some_and(|value| value.is_cut_off) {
                    break Some(word.from);
                }
                let (part, value) = (parts.last_mut(), value.map(|value| value.value));
                match (&word.value[..], part) {
                    (b"login" | b"user", Some(part)) => part.login = value,
                    (b"password", Some(part)) => part.password = value,
                    _ => {}
                }
            }
            _ => break Some(word.from),
        }
    };
    let ends: Vec<usize> = parts.iter().skip(1).map(|part| part.from).chain([bad_from.unwrap_or(text.len())]).collect();
    for (part, end) in parts.iter_mut().zip(ends) {
        part.to = end;
    }
    Scanned { parts, comments, bad_from }
}

struct Word {
    from: usize,
    value: Zeroizing<Vec<u8>>,
    /// The file ends within quotes or behind a backslash: what we write behind it would be a part of it.
    is_cut_off: bool,
}

/// Words between blanks; quotes around one and backslashes within are taken off.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<Word> {
        while self.text.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            self.at += 1;
        }
        let from = self.at;
        let quoted = self.text.get(from) == Some(&b'"');
        self.at += usize::from(quoted);
        let mut value = Zeroizing::new(Vec::new());
        let mut is_cut_off = quoted;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' if quoted => {
                    is_cut_off = false;
                    break;
                }
                b'\\' => match self.byte() {
                    Some(byte) => value.push(byte),
                    None => is_cut_off = true,
                },
                _ if !quoted && is_blank(byte) => break,
                _ => value.push(byte),
            }
        }
        (self.at > from).then_some(Word { from, value, is_cut_off })
    }

    /// The rest of the line from there on, without its end.
    fn line_from(&mut self, from: usize) -> Range<usize> {
        let length = self.text[from..].iter().position(|byte| *byte == b'\n');
        let to = length.map_or(self.text.len(), |length| from + length);
        self.at = (to + 1).min(self.text.len());
        from..to
    }

    /// Skips the lines of a macro, up to an empty one.
    fn skip_macro(&mut self) {
        while self.at < self.text.len() {
            let line = self.line_from(self.at);
            if matches!(self.text[line], [] | [b'\r']) {
                break;
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(host: &str, other: &str) -> (String, Option<usize>) {
        let user = "alice".parse().expect("a user");
        let entry = Entry { host, user: &user, token: Secret::new("t") };
        let (text, bad_from) = with_entries(&[entry], other.as_bytes());
        (String::from_utf8(text.to_vec()).expect("UTF-8"), bad_from)
    }

    #[test]
    fn an_ipv6_address_has_an_entry_for_either_way_to_look_it_up() {
        let (text, _) = merged("[::1]", "machine ::1 login a password b\nmachine [::1] login a password b\nmachine c");
        let ours = "machine [::1]\nlogin alice\npassword t\n\nmachine ::1\nlogin alice\npassword t\n\n";
        assert_eq!(text, format!("{ours}\nmachine c\n\n"));
    }

    #[test]
    fn comments_are_not_carried_over_and_what_looks_like_one_is() {
        let (text, bad_from) = merged("h", "# one\n\n#two machine h\nmachine a # three\nlogin #b password c#d\n");
        assert!(text.ends_with("\n\n\n\nmachine a \nlogin #b password c#d\n\n\n"), "{text:?}");
        assert_eq!(bad_from, None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_and_ours_comes_first(
            other in "(machine |default|macdef |login |password |h |a\n|\n\n|#|\"|\\\\|\\PC| ){0,20}"
        ) {
            let (text, _) = merged("h", &other);
            proptest::prop_assert!(text.starts_with("machine h\nlogin alice\npassword t\n\n"));
            // What is written is read as a whole.
            proptest::prop_assert_eq!(merged("x", &text).1, None, "{:?}", text);
        }
    }
}
