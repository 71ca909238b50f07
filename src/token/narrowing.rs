//! What a person asks a token to be narrowed to, names included that this program does not know.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Restriction, TokenError};
use crate::target::{IndexName, Permission, ProjectName};
use crate::time::Expiry;

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// One name of a list as it stands in a caveat. A plugin of the server may have permissions, and a person may name
/// indexes, that devpi-server does not know today; none may break the list that it stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(String);

impl Item {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Item {
    type Err = TokenError;
    /// Blanks around it are not part of it.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let name = text.trim();
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'=' | b'*');
        let fits = (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) && !name.contains("..");
        if fits { Ok(Self(name.to_owned())) } else { Err(TokenError::Item) }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names that were checked elsewhere.
macro_rules! item_from {
    ($($name:ty),+) => {
        $(impl From<$name> for Item {
            fn from(name: $name) -> Self {
                Self(name.to_string())
            }
        })+
    };
}

item_from!(Permission, IndexName, ProjectName);

/// What is asked for; nothing is not restricted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The permissions.
    pub allowed: BTreeSet<Item>,
    /// The end.
    pub expires: Option<Expiry>,
    /// The indexes.
    pub indexes: BTreeSet<Item>,
    /// The begin, in seconds since the epoch.
    pub not_before: Option<u64>,
    /// The projects.
    pub projects: BTreeSet<Item>,
}

impl Narrowing {
    /// The caveats, in the one order in which they are written: `allowed`, `expires`, `indexes`, `not_before`,
    /// `projects`.
    pub fn caveats(&self) -> Vec<String> {
        let Self { allowed, expires, indexes, not_before, projects } = self;
        let list = |key: &str, items: &BTreeSet<Item>| {
            let names: Vec<&str> = items.iter().map(Item::as_str).collect();
            (!names.is_empty()).then(|| format!("{key}={}", names.join(",")))
        };
        let expires = expires.map(|expires| match expires {
            Expiry::At(second) => format!("expires={second}"),
            Expiry::Never => "expires=never".to_owned(),
        });
        let not_before = not_before.map(|second| format!("not_before={second}"));
        let all = [list("allowed", allowed), expires, list("indexes", indexes), not_before, list("projects", projects)];
        all.into_iter().flatten().collect()
    }

    /// What a token has to say that is as narrow as asked.
    pub fn restrictions(&self) -> Vec<Restriction> {
        self.caveats().iter().map(Restriction::read).collect()
    }

    /// The permissions that devpi-server does not know.
    pub fn unknown_permissions(&self) -> impl Iterator<Item = &Item> {
        self.allowed.iter().filter(|item| item.as_str().parse::<Permission>().is_err())
    }

    /// The indexes that are not written `user/index`: no request will ever fit them.
    pub fn odd_indexes(&self) -> impl Iterator<Item = &Item> {
        self.indexes.iter().filter(|item| item.as_str().parse::<IndexName>().is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(names: &[&str]) -> BTreeSet<Item> {
        names.iter().map(|name| name.parse().expect("an item")).collect()
    }

    #[test]
    fn caveats_stand_in_one_order_sorted_and_without_blanks() {
        let narrowing = Narrowing {
            allowed: items(&["upload", " pkg_read", "pypi_submit", "upload "]),
            expires: Some(Expiry::Never),
            indexes: items(&["foo", "a-b/x", "a/x"]),
            not_before: Some(7),
            projects: items(&["pkg"]),
        };
        assert_eq!(
            narrowing.caveats(),
            [
                "allowed=pkg_read,pypi_submit,upload",
                "expires=never",
                "indexes=a-b/x,a/x,foo",
                "not_before=7",
                "projects=pkg"
            ]
        );
        assert_eq!(narrowing.unknown_permissions().map(Item::as_str).collect::<Vec<_>>(), ["pypi_submit"]);
        assert_eq!(narrowing.odd_indexes().map(Item::as_str).collect::<Vec<_>>(), ["foo"]);
    }

    #[test]
    fn a_name_that_could_break_its_list_is_refused() {
        for text in ["", "  ", "a b", "a,b", "a=b", "a\nb", "a\0", "*", "a/..", "аlice", "\u{202e}a", &"a".repeat(65)]
        {
            assert!(text.parse::<Item>().is_err(), "{text:?}");
        }
        assert!("a".repeat(64).parse::<Item>().is_ok());
    }
}
