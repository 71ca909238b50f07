//! Addresses that are asked about, and the list of the servers that are ours.

use devpi_tokens::hosts;
use devpi_tokens::target::{AddressError, Page, ServerUrl, Target};
use url::Url;

use super::assert_harmless;

/// A list of servers, then, as its last line, what a client asks about.
pub fn url(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (list, asked) = text.rsplit_once('\n').unwrap_or(("", text));
    let servers: Vec<ServerUrl> = hosts::servers(list).take(8).collect();
    servers.iter().for_each(assert_its_own);
    let Ok(target) = asked.parse::<Target>() else { return };
    assert_harmless(asked);
    assert!(asked.len() <= 2048 && !asked.contains([' ', '\t', '\\']) && asked.is_ascii());

    let found = hosts::find(list, &target);
    if target.is_bare_host() {
        let same: Vec<ServerUrl> = hosts::servers(list).filter(|server| is_host_of(asked, server)).collect();
        assert_eq!(
            found.map(|(server, _)| vec![server]).unwrap_or_default(),
            if same.len() == 1 { same } else { vec![] }
        );
        return;
    }
    let whole = Plain::of(asked);
    assert_eq!(target.user(), whole.user.as_deref());
    let matching = hosts::servers(list).filter(|server| whole.is_below(&Plain::of(&server.to_string())));
    let deepest = matching.map(|server| server.depth()).max();
    assert_eq!(found.as_ref().map(|(server, _)| server.depth()), deepest, "{asked} in {list}");
    if let Some((server, place)) = found {
        let ours = Plain::of(&server.to_string());
        assert!(whole.is_below(&ours), "{asked} is not on {server}");
        assert_read_alike(asked, &server);
        if let Some(index) = place.index {
            assert!(
                whole.is_below(&Plain { path: format!("{}/{index}", ours.path), ..ours }),
                "{asked} is not {index}"
            );
        }
    }
    for above in ServerUrl::candidates(&target).expect("a URL") {
        assert!(above.place(&target).is_some(), "{above} is not above {asked}");
    }
}

/// A URL as it is read with the plainest means, to compare.
#[derive(Debug)]
struct Plain {
    scheme: String,
    user: Option<String>,
    host: String,
    port: u16,
    path: String,
}

impl Plain {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let scheme = scheme.to_lowercase();
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (user, authority) = authority.split_once('@').unwrap_or(("", authority));
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, port.parse().expect("a port")),
            None => (authority, if scheme == "https" { 443 } else { 80 }),
        };
        let user = Some(user.to_owned()).filter(|user| !user.is_empty());
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        Self { scheme, user, host: host.to_lowercase(), port, path }
    }

    fn is_below(&self, other: &Self) -> bool {
        let same = (&self.scheme, &self.host, self.port) == (&other.scheme, &other.host, other.port);
        same && self.path.strip_prefix(&other.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Asserts that a client which reads URLs as browsers do goes to the server that we take it for.
fn assert_read_alike(asked: &str, server: &ServerUrl) {
    let (Ok(asked), Ok(ours)) = (Url::parse(asked), Url::parse(&server.to_string())) else { return };
    assert_eq!(asked.origin(), ours.origin(), "a client goes elsewhere with {asked}");
    let path = ours.path().trim_end_matches('/');
    let rest = asked.path().strip_prefix(path);
    assert!(
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        "{asked} is not below {ours} to a client"
    );
}

fn is_host_of(asked: &str, server: &ServerUrl) -> bool {
    let ours = Plain::of(&server.to_string());
    let (host, port) = match asked.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, port.parse().expect("a port")),
        None => (asked, if server.is_https() { 443 } else { 80 }),
    };
    host.to_lowercase() == ours.host && port == ours.port
}

/// Asserts that a server has what lies below it, and nothing that only looks so.
fn assert_its_own(server: &ServerUrl) {
    let root = server.to_string();
    assert_harmless(&root);
    assert_eq!(root.parse::<ServerUrl>().as_ref(), Ok(server), "one server has one spelling");
    let place = |url: &str| url.parse::<Target>().ok().and_then(|target| server.place(&target));
    if root.len() < 1900 {
        let own = place(&format!("{root}/alice/dev/+simple/")).expect("a page of its own");
        assert_eq!((own.index, own.page), ("alice/dev".parse().ok(), Page::Simple));
        for other in ["alice", "alice/", "+api", "alice/+simple/", "+f/x/+simple/"] {
            let page = place(&format!("{root}/{other}")).expect("a page of its own").page;
            assert_eq!(page, Page::Other, "{other} is of an index");
        }
        for beside in ["alice/dev-evil/", "alice/devel", "alice-evil/dev", "alice", "alice/+simple/dev", "Alice/dev"] {
            let index = place(&format!("{root}/{beside}")).expect("a page of its own").index;
            assert_ne!(index, "alice/dev".parse().ok(), "{beside}");
        }
    }
    let (scheme, rest) = root.split_once("://").expect("a URL");
    let other = if scheme == "https" { "http" } else { "https" };
    let host = rest.split('/').next().unwrap_or_default();
    for elsewhere in [
        format!("{other}://{rest}"),
        format!("{other}://{rest}/alice/dev"),
        format!("{root}-evil/alice/dev"),
        format!("{root}.evil.example/alice/dev"),
        format!("{root}1/alice/dev"),
        format!("{scheme}://evil-{rest}/alice/dev"),
        format!("{root}@evil.invalid/alice/dev"),
        format!("{root}:x@evil.invalid/alice/dev"),
        format!("{root}\\@evil.invalid/alice/dev"),
        format!("{root}/../alice/dev"),
        format!("{root}//alice/dev"),
        format!("{root}/%2e%2e/alice/dev"),
        format!("{root}%2Falice/dev"),
        format!("{root}/alice;x/dev"),
        format!("{scheme}://evil.invalid/{host}/alice/dev"),
        format!("{scheme}://evil.invalid?{root}/alice/dev"),
        format!("{scheme}://evil.invalid#@{host}/alice/dev"),
        format!("{scheme}://evil.invalid#{root}/alice/dev"),
    ] {
        let is_evils = elsewhere.contains("evil.invalid") && host.starts_with("evil.invalid");
        assert!(is_evils || place(&elsewhere).is_none(), "{elsewhere} is taken for {root}");
    }
    let with_password = root.replacen("://", "://u:p@", 1).parse::<Target>();
    assert!(with_password == Err(AddressError::Password) || with_password == Err(AddressError::Length));
}
