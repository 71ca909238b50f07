//! Why a URL is not on a server.

use super::{ServerUrl, Target};

/// What keeps a target from lying on a server, from the furthest to the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Miss {
    /// Another host.
    Host,
    /// The server's host, another port.
    Port,
    /// The server's host, asked over http where the server has https, or the other way round.
    Scheme,
    /// The server's host and port, and outside of its path.
    Path,
    /// A bare host of a server with https: nobody says how it is going to be asked.
    Bare,
}

impl ServerUrl {
    /// Why a target gets nothing for this server; `None` where it lies on it.
    pub fn miss(&self, target: &Target) -> Option<Miss> {
        if target.authority.host != self.host {
            return Some(Miss::Host);
        }
        let asked = target.location.as_ref();
        let scheme = asked.map_or(self.scheme, |(scheme, _)| *scheme);
        // Where the scheme is another one and no port is named, the port differs for that reason alone.
        let is_port_named = target.authority.port.is_some();
        if scheme != self.scheme && !is_port_named {
            return Some(Miss::Scheme);
        }
        if target.authority.port.unwrap_or(scheme.default_port()) != self.port {
            return Some(Miss::Port);
        }
        if scheme != self.scheme {
            return Some(Miss::Scheme);
        }
        match asked {
            None if self.is_https() => Some(Miss::Bare),
            Some((_, path)) if !path.starts_with(&self.path) => Some(Miss::Path),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_the_reason() {
        for (server, target, miss) in [
            ("https://corp/devpi", "https://else/devpi/a/b/", Some(Miss::Host)),
            ("https://corp/devpi", "https://corp:8443/devpi/a/b/", Some(Miss::Port)),
            ("https://corp/devpi", "http://corp/devpi/a/b/", Some(Miss::Scheme)),
            ("https://corp:8443", "http://corp:8443/a/b/", Some(Miss::Scheme)),
            ("https://corp:8443", "http://corp/a/b/", Some(Miss::Scheme)),
            ("https://corp:8443", "https://corp/a/b/", Some(Miss::Port)),
            ("http://corp", "https://corp/a/b/", Some(Miss::Scheme)),
            ("https://corp/devpi", "https://corp/a/b/", Some(Miss::Path)),
            ("https://corp/devpi", "corp", Some(Miss::Bare)),
            ("http://corp:3141", "corp", Some(Miss::Port)),
            ("http://corp:3141", "corp:3141", None),
            ("https://corp/devpi", "https://corp/devpi/a/b/", None),
        ] {
            let (server, target): (ServerUrl, Target) =
                (server.parse().expect("a server"), target.parse().expect("a target"));
            assert_eq!(server.miss(&target), miss, "{server} {target:?}");
            let lies_there = server.place(&target).is_some();
            assert_eq!(lies_there, miss.is_none() || miss == Some(Miss::Bare), "{server} {target:?}");
        }
    }
}
