//! Names: user, index, project, permission, purpose.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a user, an index or a project, in bytes.
const LONGEST: usize = 64;

/// A name that was refused. The text itself comes from outside and is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, too long, or with a character that devpi does not take in a name.
    #[error("not a name that devpi knows: letters, digits, `.`, `_`, `-`, at most 64 characters")]
    Name,
    /// Not `user/index`.
    #[error("not an index: it is written user/index")]
    Index,
    /// A permission that devpi-server does not know.
    #[error("not a permission that devpi-server knows: {}", Permission::of_tokens())]
    Permission,
    /// A purpose that tokens are not made for.
    #[error("not a purpose: read, upload, push, toxresult or remove")]
    Purpose,
}

/// Only what devpi-server takes in names, so that no name can hold a separator of a caveat (`,`, `=`), of a URL or
/// of a line.
fn check(text: &str) -> Result<(), NameError> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    // Cheaper than a search for a text.
    let has_pair = || text.as_bytes().windows(2).any(|pair| pair == b"..");
    let fits = !text.is_empty() && text.len() <= LONGEST && !has_pair() && text != "." && text.bytes().all(usual);
    if fits { Ok(()) } else { Err(NameError::Name) }
}

/// Text form through `FromStr` and `Display`, for the frames and the vault as well.
macro_rules! textual {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    };
}

/// A user of a devpi server. Case counts, as it does there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands in front of the host of a URL as it is.
    pub fn is_plain_in_a_url(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    }
}

impl FromStr for UserName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check(text).map(|()| Self(text.to_owned()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

textual!(UserName);

/// An index of a devpi server, written `user/index`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IndexName(String);

impl IndexName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose index this is.
    pub fn user(&self) -> UserName {
        UserName(self.0.chars().take_while(|character| *character != '/').collect())
    }
}

impl FromStr for IndexName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (user, index) = text.split_once('/').ok_or(NameError::Index)?;
        check(user).and(check(index)).map_err(|_| NameError::Index)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

textual!(IndexName);

/// A project in its normal form: lower case, runs of `.`, `_` and `-` as one `-`
/// ([PEP 503](https://peps.python.org/pep-0503/#normalized-names)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

impl ProjectName {
    /// The normal form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check(text)?;
        // A name begins and ends with a letter or digit (PEP 508); `@` is for users only.
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        if !edge(text.as_bytes().first()) || !edge(text.as_bytes().last()) || text.contains('@') {
            return Err(NameError::Name);
        }
        let parts: Vec<&str> = text.split(['.', '_', '-']).filter(|part| !part.is_empty()).collect();
        Ok(Self(parts.join("-").to_ascii_lowercase()))
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

textual!(ProjectName);

/// Declares [`Permission`] with one table for names in both directions.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// A permission of devpi-server, as it stands in an `allowed` restriction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Permission { $($(#[$doc])* $name),+ }

        impl Permission {
            /// Every permission, in alphabetical order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name that devpi-server uses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

permissions! {
    /// Remove one file of a release.
    DelEntry = "del_entry",
    /// Remove a project.
    DelProject = "del_project",
    /// Remove a version.
    DelVerdata = "del_verdata",
    /// Make an index.
    IndexCreate = "index_create",
    /// Remove an index.
    IndexDelete = "index_delete",
    /// Change an index, its upload rights included.
    IndexModify = "index_modify",
    /// Read packages.
    PkgRead = "pkg_read",
    /// Upload a test result.
    ToxresultUpload = "toxresult_upload",
    /// Upload files.
    Upload = "upload",
    /// Refused to every token by the server.
    UserCreate = "user_create",
    /// Refused to every token by the server.
    UserDelete = "user_delete",
    /// Refused to every token by the server.
    UserLogin = "user_login",
    /// Refused to every token by the server.
    UserModify = "user_modify",
}

impl Permission {
    /// The names of all that a token can have, by commas.
    pub fn of_tokens() -> String {
        let names = Self::ALL.iter().filter(|permission| !permission.is_refused_to_tokens()).map(|it| it.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Whether the server refuses it to every token, whatever its restrictions say.
    pub fn is_refused_to_tokens(self) -> bool {
        matches!(self, Self::UserCreate | Self::UserDelete | Self::UserLogin | Self::UserModify)
    }
}

impl FromStr for Permission {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or(NameError::Permission)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

textual!(Permission);

/// What a token is wanted for. One kind of token for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Install from an index and its bases.
    Read,
    /// Upload the files of some projects to one index.
    Upload,
    /// Push a release from one index to another.
    Push,
    /// Test a release and store the result.
    Toxresult,
    /// Remove a project, a version or a file.
    Remove,
}

impl Purpose {
    /// The permissions that devpi-server asks of a token for this purpose (measured with the real clients).
    pub fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Read => &[P::PkgRead],
            Self::Upload => &[P::Upload],
            Self::Push => &[P::PkgRead, P::Upload],
            Self::Toxresult => &[P::PkgRead, P::ToxresultUpload],
            Self::Remove => &[P::DelEntry, P::DelProject, P::DelVerdata, P::PkgRead],
        }
    }
}

impl FromStr for Purpose {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let all = [Self::Read, Self::Upload, Self::Push, Self::Toxresult, Self::Remove];
        all.into_iter().find(|purpose| purpose.to_string() == text).ok_or(NameError::Purpose)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Push => "push",
            Self::Toxresult => "toxresult",
            Self::Remove => "remove",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_break_a_caveat_or_a_url_is_refused() {
        for text in
            ["", ".", "a b", "a,b", "a=b", "a\nb", "a\0b", "*", "a..b", "a/b", "аlice", "a\u{202e}", "+simple", "a%2fb"]
        {
            assert!(text.parse::<UserName>().is_err(), "{text:?}");
            assert!(format!("alice/{text}").parse::<IndexName>().is_err(), "{text:?}");
            assert!(text.parse::<ProjectName>().is_err(), "{text:?}");
        }
        for (length, fits) in [(64, true), (65, false)] {
            let name = "a".repeat(length);
            assert_eq!(name.parse::<UserName>().is_ok(), fits);
            assert_eq!(format!("alice/{name}").parse::<IndexName>().is_ok(), fits);
            assert_eq!(name.parse::<ProjectName>().is_ok(), fits);
        }
        assert!("alice".parse::<IndexName>().is_err());
    }

    #[test]
    fn a_project_is_compared_in_its_normal_form() {
        let normal = "My__Pkg.-name".parse::<ProjectName>().expect("a project");
        assert_eq!(normal.as_str(), "my-pkg-name");
        assert!("-a".parse::<ProjectName>().is_err());
        assert!("a@b".parse::<ProjectName>().is_err());
    }

    #[test]
    fn every_permission_is_read_back_from_its_name() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        assert!("pkg_write".parse::<Permission>().is_err());
    }
}
