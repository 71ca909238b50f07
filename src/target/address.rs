//! Addresses: the URL of a server, and what a client names when it asks for credentials.

mod miss;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use miss::Miss;

use super::{IndexName, UserName};

/// The longest address that is looked at, in bytes.
const LONGEST: usize = 2048;

/// An address that was refused. The text itself comes from outside and is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither `http://…`, `https://…` nor a bare host.
    #[error("no https:// or http:// in front")]
    Scheme,
    /// No host, or a character that no host name has.
    #[error("not a host name in the URL")]
    Host,
    /// Not a port from 1 to 65535.
    #[error("not a port in the URL")]
    Port,
    /// A password stands in the URL.
    #[error("a password stands in the URL")]
    Password,
    /// `..`, `//`, `%`, `;`, a backslash, a blank or a control character: spellings that two programs read differently.
    #[error("the path of the URL has `..`, `//`, `%`, `;`, a backslash or a blank")]
    Path,
    /// Longer than 2048 bytes.
    #[error("the URL is longer than 2048 bytes")]
    Length,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host and, where it was written, a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    fn parse(text: &str) -> Result<Self, AddressError> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (inside, after) = rest.split_once(']').ok_or(AddressError::Host)?;
                inside.parse::<std::net::Ipv6Addr>().map_err(|_| AddressError::Host)?;
                (format!("[{}]", inside.to_ascii_lowercase()), after)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                (text[..end].to_ascii_lowercase(), &text[end..])
            }
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let named = host.starts_with('[') || (!host.is_empty() && host.bytes().all(plain) && !host.contains(".."));
        if !named {
            return Err(AddressError::Host);
        }
        let port = match port.strip_prefix(':') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)?)
            }
            Some(_) => return Err(AddressError::Port),
            None if port.is_empty() => None,
            None => return Err(AddressError::Host),
        };
        Ok(Self { host, port })
    }
}

/// Whole segments of a path as they are written: nothing is decoded or cleaned, so what one program reads another
/// reads too.
fn segments(path: &str) -> Result<Vec<String>, AddressError> {
    let odd = |byte: u8| matches!(byte, b'%' | b';' | b'\\') || byte <= b' ' || byte >= 0x7f;
    if path.contains("//") || path.bytes().any(odd) {
        return Err(AddressError::Path);
    }
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    let segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if segments.iter().any(|segment| segment == "." || segment == "..") {
        return Err(AddressError::Path);
    }
    Ok(segments)
}

/// The root of a devpi server: scheme, host, port and, where it is not at the top of its host, a path.
///
/// Two spellings of one server are equal: the host is lower case, a default port is dropped, and so is a slash at
/// the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    path: Vec<String>,
}

impl ServerUrl {
    /// Whether requests go to this machine only.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Its host; an IPv6 address stands in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether requests are encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// A URL below the root: `path` without a slash in front, written as it is.
    pub fn join(&self, path: &str) -> String {
        format!("{self}/{path}")
    }

    /// How many segments its path has; of two servers that match, the one with more is meant.
    pub fn depth(&self) -> usize {
        self.path.len()
    }

    /// Where on this server a target lies, or `None` where it lies elsewhere.
    pub fn place(&self, target: &Target) -> Option<Place> {
        let same_port = target.authority.port.unwrap_or(self.scheme.default_port()) == self.port;
        if target.authority.host != self.host || !same_port {
            return None;
        }
        let Some((scheme, path)) = &target.location else {
            return Some(Place { index: None, page: Page::Index });
        };
        let rest = path.strip_prefix(self.path.as_slice())?;
        if *scheme != self.scheme {
            return None;
        }
        let index = match rest {
            [user, index, ..] => format!("{user}/{index}").parse().ok(),
            _ => None,
        };
        let page = match rest {
            [_, ..] if index.is_none() => Page::Other,
            [_, _, files, _, ..] if files == "+simple" || files == "+f" => Page::Project,
            [_, _, simple] if simple == "+simple" => Page::Simple,
            _ => Page::Index,
        };
        Some(Place { index, page })
    }

    /// The server roots that a URL of a page may belong to, the longest path first: the page itself, then upwards.
    ///
    /// # Errors
    /// [`AddressError::Scheme`] for a bare host, which has no pages.
    pub fn candidates(target: &Target) -> Result<Vec<Self>, AddressError> {
        let (scheme, path) = target.location.as_ref().ok_or(AddressError::Scheme)?;
        let port = target.authority.port.unwrap_or(scheme.default_port());
        let above = |length: usize| Self {
            scheme: *scheme,
            host: target.authority.host.clone(),
            port,
            path: path[..length].to_vec(),
        };
        Ok((0..=path.len()).rev().map(above).collect())
    }
}

impl FromStr for ServerUrl {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let target: Target = text.parse()?;
        // An empty one, too, as a list of servers is searched for lines that go on with the host.
        let names_user = text.split_once("://").is_some_and(|(_, rest)| rest.starts_with('@'));
        if target.user.is_some() || names_user {
            return Err(AddressError::Password);
        }
        Self::candidates(&target)?.into_iter().next().ok_or(AddressError::Host)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https() { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        self.path.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl TryFrom<String> for ServerUrl {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<ServerUrl> for String {
    fn from(url: ServerUrl) -> Self {
        url.to_string()
    }
}

/// Where on a server a target lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The index, where the path names one.
    pub index: Option<IndexName>,
    /// What lies there.
    pub page: Page,
}

/// The pages of an index, by their path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The index itself, which is uploaded to, and whatever else of it is no simple page; also the server's root.
    Index,
    /// The list of its projects, `+simple/`, which is read.
    Simple,
    /// The list of one project's files, `+simple/NAME/`, and what lies below `+f/`: the files themselves.
    Project,
    /// Below the root and of no index, such as `/alice/`: no client reads or uploads there.
    Other,
}

/// What a client names when it asks for credentials: a URL, or a bare `host:port`.
///
/// ```
/// use devpi_tokens::target::{Page, ServerUrl, Target};
/// let target: Target = "https://alice@example.com/alice/dev/+simple/".parse().unwrap();
/// let server: ServerUrl = "https://example.com".parse().unwrap();
/// let place = server.place(&target).unwrap();
/// assert_eq!(place.index.unwrap().to_string(), "alice/dev");
/// assert_eq!(place.page, Page::Simple);
/// assert_eq!(target.user().unwrap(), "alice");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    authority: Authority,
    /// Scheme and path; a bare host has neither.
    location: Option<(Scheme, Vec<String>)>,
    user: Option<String>,
}

impl Target {
    /// The user that the URL names, whatever it is: `__token__` is one too.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.authority.host
    }

    /// Whether the host is on the public network, as far as its name tells: it is no address of a private network, and
    /// its name has a dot and no ending that is kept for private use.
    pub fn is_public(&self) -> bool {
        const PRIVATE: [&str; 4] = [".home.arpa", ".internal", ".local", ".localhost"];
        let host = self.authority.host.as_str();
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(IpAddr::V4(address)) => !address.is_loopback() && !address.is_private() && !address.is_link_local(),
            Ok(IpAddr::V6(address)) => {
                !address.is_loopback() && !address.is_unique_local() && !address.is_unicast_link_local()
            }
            Err(_) => host.contains('.') && !PRIVATE.iter().any(|ending| host.ends_with(ending)),
        }
    }

    /// Whether it is a bare `host:port`.
    pub fn is_bare_host(&self) -> bool {
        self.location.is_none()
    }

    /// Whether a look-up for that user name may be answered with the token of `user`.
    pub fn admits(&self, user: &UserName) -> bool {
        self.user.as_deref().is_none_or(|asked| asked == user.as_str())
    }
}

impl FromStr for Target {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > LONGEST {
            return Err(AddressError::Length);
        }
        if text.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(AddressError::Path);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.contains('/') {
                return Err(AddressError::Scheme);
            }
            return Ok(Self { authority: Authority::parse(text)?, location: None, user: None });
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(AddressError::Scheme),
        };
        // A backslash ends the host for some programs and belongs to it for others.
        if rest.contains('\\') {
            return Err(AddressError::Path);
        }
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let user = match user {
            Some(user) if user.contains(':') => return Err(AddressError::Password),
            Some(user) if user.contains(['@', '%']) => return Err(AddressError::Host),
            user => user.filter(|user| !user.is_empty()).map(str::to_owned),
        };
        Ok(Self { authority: Authority::parse(host)?, location: Some((scheme, segments(path)?)), user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(server: &str, target: &str) -> Option<Place> {
        let server: ServerUrl = server.parse().expect("a server");
        server.place(&target.parse().expect("a target"))
    }

    #[test]
    fn one_server_has_one_spelling() {
        for text in ["https://Corp.Example:443/devpi/", "https://corp.example/devpi", "https://corp.example/devpi?x#y"]
        {
            assert_eq!(text.parse::<ServerUrl>().expect("a URL").to_string(), "https://corp.example/devpi");
        }
        assert_eq!("http://[::1]:3141".parse::<ServerUrl>().expect("a URL").to_string(), "http://[::1]:3141");
    }

    #[test]
    fn whole_segments_are_compared_and_nothing_is_decoded() {
        assert!(place("https://corp/devpi", "https://corp/devpi/alice/dev/").is_some());
        for elsewhere in [
            "https://corp/devpi-evil/alice/dev/",
            "https://corp/dev",
            "https://corp/",
            "http://corp/devpi/alice/dev",
            "http://corp:443/devpi/alice/dev",
            "https://corp:444/devpi/alice/dev",
            "https://corp.evil.example/devpi/alice/dev",
            "https://corp@evil/devpi/alice/dev",
            "https://corp/DEVPI/alice/dev",
        ] {
            assert_eq!(place("https://corp/devpi", elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn an_index_is_found_with_what_is_done_there() {
        let found = |target: &str| place("http://h:1", target).expect("ours");
        assert_eq!(found("http://h:1/alice/dev/+simple/pkg/").index, "alice/dev".parse().ok());
        assert_eq!(found("http://h:1/alice/dev/+simple/").page, Page::Simple);
        assert_eq!(found("http://h:1/alice/dev/+simple/pkg/").page, Page::Project);
        assert_eq!(found("http://h:1/alice/dev/").page, Page::Index);
        assert_eq!(found("http://h:1/alice/base/+f/521/a0360/pkg-1.0.zip").page, Page::Project);
        assert_eq!(found("http://h:1/alice/").index, None);
        assert_eq!(found("http://h:1/alice/+simple").index, None);
        assert_eq!(found("h:1"), Place { index: None, page: Page::Index });
        assert_eq!(found("http://h:1/"), Place { index: None, page: Page::Index });
        for other in ["alice", "alice/", "+api", "alice/+simple/", "+f/x/+simple/", "+f/x/+simple/pkg/"] {
            let url = format!("http://h:1/{other}");
            assert_eq!(found(&url), Place { index: None, page: Page::Other }, "{other}");
        }
        assert_ne!(found("http://h:1/alice/dev-evil/").index, "alice/dev".parse().ok());
    }

    #[test]
    fn a_spelling_that_two_programs_may_read_differently_is_refused() {
        for text in [
            "https://h/a/../b",
            "https://h/a//b",
            "https://h/%2e%2e/b",
            "https://h/a%2Fb",
            "https://h/a;b",
            "https://h\\@evil/",
            "https://h/a\tb",
            "https://h /a",
            "https://h/?a b",
            "https://\u{e9}@h/",
            "https://u:p@h/a",
            "https://a@b@h/",
            "https:///a",
            "https://h:0/",
            "https://h:99999/",
            "https://h:+80/",
            "https://[::1/",
            "https://[zz]/",
            "ftp://h/",
            "host/path",
            "",
            "h..i",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text:?}");
        }
        assert!("h".repeat(2049).parse::<Target>().is_err());
    }

    #[test]
    fn a_bare_host_matches_by_host_and_port() {
        assert!(place("https://corp/devpi", "corp").is_some());
        assert!(place("https://corp/devpi", "corp:443").is_some());
        assert!(place("http://corp:3141", "corp").is_none());
    }

    #[test]
    fn a_user_in_a_url_is_who_is_asked_for() {
        let user = |text: &str| text.parse::<Target>().expect("a target").user().map(str::to_owned);
        assert_eq!(user("https://alice@h/"), Some("alice".to_owned()));
        assert_eq!(user("https://__token__@h:3141/a/b/"), Some("__token__".to_owned()));
        for none in ["https://h/", "https://@h/", "https://h/x@y/", "https://h/?x@y", "h:3141"] {
            assert_eq!(user(none), None, "{none}");
        }
        let asked: Target = "https://alice@h/".parse().expect("a target");
        let named = |name: &str| name.parse().expect("a user");
        assert!(asked.admits(&named("alice")) && !asked.admits(&named("bob")) && !asked.admits(&named("Alice")));
    }

    #[test]
    fn this_machine_is_what_no_name_server_can_say_anything_about() {
        let loopback = |host: &str| format!("http://{host}/").parse::<ServerUrl>().expect("a server").is_loopback();
        for host in ["localhost", "LOCALHOST:3141", "127.0.0.1", "127.9.9.9:80", "[::1]", "[0:0:0:0:0:0:0:1]:3141"] {
            assert!(loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "127.0.0.1.evil.example", "localhost.", "127.1", "0.0.0.0", "128.0.0.1"]
            .into_iter()
            .chain(["[::2]", "[::ffff:127.0.0.1]", "10.0.0.1", "devpi"])
        {
            assert!(!loopback(host), "{host}");
        }
    }

    #[test]
    fn a_private_network_is_told_from_the_public_one_by_name_and_by_address() {
        let public = |text: &str| text.parse::<Target>().expect("a target").is_public();
        for text in ["https://pypi.org/simple/", "http://8.8.8.8/", "https://[2606:4700::1]/", "mirror.example:80"] {
            assert!(public(text), "{text}");
        }
        for text in ["http://10.1.2.3/", "http://127.0.0.1:3141/", "https://[fd00::1]/", "devpi:3141", "a.internal"] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn the_roots_of_a_page_are_tried_from_the_page_upwards() {
        let target: Target = "https://corp/devpi/alice/dev/+simple/".parse().expect("a target");
        let all: Vec<String> = ServerUrl::candidates(&target).expect("a URL").iter().map(ToString::to_string).collect();
        assert_eq!(all.first().map(String::as_str), Some("https://corp/devpi/alice/dev/+simple"));
        assert_eq!(all.last().map(String::as_str), Some("https://corp"));
        assert_eq!(all.len(), 5);
    }
}
