//! Restrictions: the caveats that devpi-server understands, each with one spelling.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::target::{IndexName, Permission, ProjectName};
use crate::time::Expiry;

/// A caveat understood. Every restriction of a token is checked on its own, so each one only narrows.
///
/// It travels as the text of its caveat. The order of the variants is the order in which they are written.
///
/// ```
/// use devpi_tokens::token::Restriction;
/// assert!(matches!(Restriction::read("indexes=alice/dev,bob/dev"), Restriction::Indexes(_)));
/// assert!(matches!(Restriction::read("indexes=alice/dev, bob/dev"), Restriction::Unknown(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Restriction {
    /// `allowed=`: only these permissions.
    Allowed(BTreeSet<Permission>),
    /// `expires=`: only before this epoch second, or `never`, which takes nothing away.
    Expires(Expiry),
    /// `indexes=`: only these indexes.
    Indexes(BTreeSet<IndexName>),
    /// `not_before=`: only from this epoch second on.
    NotBefore(u64),
    /// `projects=`: uploads of only these projects.
    Projects(BTreeSet<ProjectName>),
    /// A caveat that is not understood, or not written in the one way that every version of the server reads alike.
    /// Its text as it is; bytes that are no UTF-8 are replaced.
    Unknown(String),
}

impl Restriction {
    /// Reads a first-party caveat. Nothing fails: what is not understood is kept as that.
    ///
    /// The server takes numbers as Python's `int()` does (blanks, underscores, digits of any script) and fails on
    /// some lists with an empty item or a blank. Such a form is never shown as a valid restriction here.
    pub fn read(caveat: impl AsRef<[u8]>) -> Self {
        let caveat = String::from_utf8_lossy(caveat.as_ref());
        let understood = caveat.split_once('=').and_then(|(key, value)| match key {
            "allowed" => list(value).map(Self::Allowed),
            "expires" if value == "never" => Some(Self::Expires(Expiry::Never)),
            "expires" => seconds(value).map(|at| Self::Expires(Expiry::At(at))),
            "indexes" => list(value).map(Self::Indexes),
            "not_before" => seconds(value).map(Self::NotBefore),
            "projects" => list(value).map(Self::Projects),
            _ => None,
        });
        understood.unwrap_or_else(|| Self::Unknown(caveat.into_owned()))
    }

    /// The caveat as it is written into a token. For people there is `Display`.
    pub fn to_caveat(&self) -> String {
        match self {
            Self::Allowed(items) => joined("allowed=", items.iter().map(|item| item.as_str())),
            Self::Expires(Expiry::At(at)) => joined("expires=", [&*at.to_string()]),
            Self::Expires(Expiry::Never) => "expires=never".to_owned(),
            Self::Indexes(items) => joined("indexes=", items.iter().map(IndexName::as_str)),
            Self::NotBefore(at) => joined("not_before=", [&*at.to_string()]),
            Self::Projects(items) => joined("projects=", items.iter().map(ProjectName::as_str)),
            Self::Unknown(caveat) => caveat.clone(),
        }
    }

    /// Whether it is understood and can be written: no empty list, no time outside of 1 to 99999999999. What is reads
    /// back as what it was.
    pub fn is_canonical(&self) -> bool {
        match self {
            Self::Allowed(items) => !items.is_empty(),
            Self::Indexes(items) => !items.is_empty(),
            Self::Projects(items) => !items.is_empty(),
            Self::Expires(Expiry::Never) => true,
            Self::Expires(Expiry::At(at)) | Self::NotBefore(at) => (1..=LATEST).contains(at),
            Self::Unknown(_) => false,
        }
    }
}

/// The last second that is written, in the year 5138: eleven digits.
const LATEST: u64 = 99_999_999_999;

/// `[1-9][0-9]{0,10}`: epoch seconds until the year 5138.
fn seconds(text: &str) -> Option<u64> {
    let digits = matches!(text.len(), 1..=11) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && !text.starts_with('0') { text.parse().ok() } else { None }
}

/// Names with a comma between them. The names themselves refuse blanks and emptiness.
fn list<T: FromStr + Ord>(text: &str) -> Option<BTreeSet<T>> {
    text.split(',').map(|item| item.parse().ok()).collect()
}

/// A list as it is written, of names that are sorted.
fn joined<'a>(key: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut caveat = String::with_capacity(USUAL);
    caveat.push_str(key);
    for (place, name) in names.into_iter().enumerate() {
        if place > 0 {
            caveat.push(',');
        }
        caveat.push_str(name);
    }
    caveat
}

/// What most lists fit in, in bytes.
const USUAL: usize = 64;

/// The caveat for people: control characters, and whatever else could disturb a terminal, are escaped.
impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_caveat().chars().try_for_each(|character| match character {
            ' '..='~' => write!(f, "{character}"),
            '\0'..='\u{ff}' => write!(f, "\\x{:02x}", u32::from(character)),
            _ => write!(f, "{}", character.escape_unicode()),
        })
    }
}

impl From<String> for Restriction {
    fn from(caveat: String) -> Self {
        Self::read(caveat)
    }
}

impl From<Restriction> for String {
    fn from(restriction: Restriction) -> Self {
        restriction.to_caveat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_caveat_is_read_and_written_the_same() {
        for caveat in [
            "allowed=pkg_read",
            "allowed=pkg_read,toxresult_upload,upload",
            "expires=1",
            "expires=99999999999",
            "expires=never",
            "indexes=alice-b/dev,alice/dev",
            "not_before=1795000000",
            "projects=my-pkg,pkg",
        ] {
            let restriction = Restriction::read(caveat);
            assert!(restriction.is_canonical(), "{caveat}");
            assert_eq!(restriction.to_caveat(), caveat);
        }
    }

    #[test]
    fn a_form_that_the_server_may_misjudge_is_never_taken_as_valid() {
        let mut odd: Vec<String> =
            ["", "expires", "=", "foo=1", "Expires=1", " expires=1", "expires =1", "allowed=a=b"]
                .into_iter()
                .chain([r#"{"version": 1, "permissions": "user"}"#, "[0, 2, 1]", "nbf=1", "not_before=never"])
                .map(str::to_owned)
                .collect();
        for key in ["expires", "not_before"] {
            for value in
                ["", "0", "01", "+1", "-1", " 1", "1 ", "9_9", "1e10", "1.5", "٣", "100000000000", "1\n", "Never"]
            {
                odd.push(format!("{key}={value}"));
            }
        }
        for value in
            ["", ",", "upload,", ",upload", "upload, pkg_read", "upload,,pkg_read", "upload ", "Upload", "other"]
        {
            odd.push(format!("allowed={value}"));
        }
        for value in
            ["", ",x", "alice", "alice/dev,", "alice/dev, bob/dev", "*", "alice/*", "alice/dev/x", "alice/..", "/"]
        {
            odd.push(format!("indexes={value}"));
        }
        for value in ["", ",", "a, b", "a b", "a\0", "a\n", "*", "пакет"] {
            odd.push(format!("projects={value}"));
        }
        for caveat in odd {
            assert_eq!(Restriction::read(&caveat), Restriction::Unknown(caveat.clone()));
        }
        assert!(matches!(Restriction::read(b"allowed=upload\xff"), Restriction::Unknown(_)));
    }

    #[test]
    fn a_list_in_another_order_means_the_same() {
        assert_eq!(Restriction::read("indexes=b/x,a/x,b/x").to_caveat(), "indexes=a/x,b/x");
        assert_eq!(Restriction::read("projects=My_Pkg").to_caveat(), "projects=my-pkg");
    }

    #[test]
    fn what_cannot_be_written_is_not_canonical() {
        for restriction in [
            Restriction::Allowed(BTreeSet::new()),
            Restriction::Indexes(BTreeSet::new()),
            Restriction::Projects(BTreeSet::new()),
            Restriction::Expires(Expiry::At(0)),
            Restriction::NotBefore(100_000_000_000),
            Restriction::Unknown("expires=5".to_owned()),
        ] {
            assert!(!restriction.is_canonical(), "{restriction}");
        }
    }

    #[test]
    fn nothing_that_disturbs_a_terminal_is_displayed() {
        let shown = Restriction::read("x=\x1b]52;\u{7}\r\u{9b}\u{202e}é\\").to_string();
        assert_eq!(shown, r"x=\x1b]52;\x07\x0d\x9b\u{202e}\xe9\");
    }

    #[test]
    fn a_restriction_travels_as_its_caveat() {
        let all = vec![Restriction::read("expires=never"), Restriction::read("odd caveat")];
        let sent = serde_json::to_string(&all).expect("JSON");
        assert_eq!(sent, r#"["expires=never","odd caveat"]"#);
        assert_eq!(serde_json::from_str::<Vec<Restriction>>(&sent).expect("restrictions"), all);
    }
}
