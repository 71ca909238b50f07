//! The judge: what travelled to the server with a home's tokens, as nginx saw it and pymacaroons opened it.

use devpi_tokens::client::Client;
use devpi_tokens::protocol::{Request, Response, RootStatus};
use testbed::{Bed, Seen};

use super::Home;

/// The longest that a token for reading and one for uploading may last, in seconds.
const READ: f64 = 3600.0;
const UPLOAD: f64 = 900.0;

/// The longest for the program that asks which bases an index has, in seconds.
const BASES: f64 = 60.0;

/// The longest for what is neither, in seconds.
const SHORT: f64 = 300.0;

/// The slowest upload that a lifetime has room for, in bytes a second.
const SLOWEST: f64 = 100_000.0;

/// What may be later in nginx's clock than in the agent's, in seconds: a fraction that the agent does not count.
const ROUNDING: f64 = 1.0;

/// Everything that is sent with tokens of one home from now on. Other tests use the server meanwhile; a login makes a
/// root of its own for each home, so the identifier tells which requests are ours.
pub struct Watch<'a> {
    bed: &'a Bed,
    roots: Vec<RootStatus>,
    before: usize,
}

/// One request with a token of ours.
#[derive(Debug)]
pub struct Sent {
    /// The request.
    pub seen: Seen,
    /// Whose token.
    pub user: String,
    /// The caveats that the token has beyond its root's.
    pub added: Vec<String>,
}

impl Sent {
    /// Whether the agent's own program for the bases of an index sent it.
    pub fn is_about_bases(&self) -> bool {
        self.seen.agent.starts_with("devpi-tokens-agent/")
    }

    /// The value of the caveat with this key that was added last.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.added.iter().rev().find_map(|caveat| caveat.strip_prefix(key)?.strip_prefix('='))
    }
}

impl<'a> Watch<'a> {
    /// From after the login, which has to send the root token to see whether it is good.
    pub fn new(home: &Home, bed: &'a Bed) -> Self {
        let mut watch = Self { bed, roots: home.roots(), before: 0 };
        assert!(!watch.roots.is_empty(), "nobody is logged in");
        watch.before = watch.requests().len();
        watch
    }

    /// All requests since, of whatever program. Fails where one of them carried a root token.
    pub fn sent(&self) -> Vec<Sent> {
        let all = self.requests();
        let new = all.into_iter().skip(self.before);
        new.map(|(root, seen)| derived(root, seen)).collect()
    }

    /// The requests of one client, by the beginning of its `User-Agent`; at least one.
    pub fn of(&self, client: &str) -> Vec<Sent> {
        let sent = self.sent();
        let agents: Vec<String> = sent.iter().map(|sent| sent.seen.agent.clone()).collect();
        let own: Vec<Sent> = sent.into_iter().filter(|sent| sent.seen.agent.starts_with(client)).collect();
        assert!(!own.is_empty(), "{client} sent no token of ours; these did: {agents:?}");
        own
    }

    fn requests(&self) -> Vec<(&RootStatus, Seen)> {
        let root = |seen: &Seen| {
            let identifier = seen.token()?.identifier;
            self.roots.iter().find(|root| format!("{}-{}", root.holder.user, root.id) == identifier)
        };
        let log = self.bed.log().expect("the log");
        log.into_iter().filter_map(|seen| root(&seen).map(|root| (root, seen))).collect()
    }
}

fn derived(root: &RootStatus, seen: Seen) -> Sent {
    let token = seen.token().expect("a token");
    let own = root.restrictions.len();
    assert!(token.caveats.len() > own, "the root token travelled: {seen:?}");
    assert_eq!(token.caveats[..own], root.restrictions, "not made from the root token that is kept: {seen:?}");
    assert_eq!(token.user_sent, root.holder.user.as_str(), "under another name: {seen:?}");
    Sent { added: token.caveats[own..].to_vec(), user: token.user_sent, seen }
}

/// Every request carried a token for reading these indexes, and for nothing else, for an hour at most.
pub fn only_reads<'s>(sent: impl IntoIterator<Item = &'s Sent>, indexes: &[&str]) {
    let indexes = format!("indexes={}", indexes.join(","));
    for request in sent {
        exactly(request, READ, &["allowed=pkg_read", "expires=", &indexes, "not_before="]);
    }
}

/// Every request carried a token for uploading this project to this index, and for nothing else, for a quarter of an
/// hour at most.
pub fn only_uploads<'s>(sent: impl IntoIterator<Item = &'s Sent>, index: &str, project: &str) {
    only_uploads_of(sent, index, project, 0);
}

/// The same for files of this size in bytes, whose share of time comes on top.
pub fn only_uploads_of<'s>(sent: impl IntoIterator<Item = &'s Sent>, index: &str, project: &str, bytes: u32) {
    let (indexes, projects) = (format!("indexes={index}"), format!("projects={project}"));
    let lifetime = UPLOAD + (f64::from(bytes) / SLOWEST).ceil();
    for request in sent {
        exactly(request, lifetime, &["allowed=upload", "expires=", &indexes, "not_before=", &projects]);
    }
}

/// Every request asked which bases an index has, with a token that reads for a minute at most.
pub fn only_bases<'s>(sent: impl IntoIterator<Item = &'s Sent>) {
    for request in sent {
        assert!(request.seen.uri.ends_with("?no_projects="), "{request:?}");
        exactly(request, BASES, &["allowed=pkg_read", "expires="]);
    }
}

/// Every request carried a token with these restrictions, but for the two about time, and with no other; it lasted for
/// five minutes at most.
pub fn only(sent: &[Sent], allowed: &str, index: &str) {
    let (allowed, indexes) = (format!("allowed={allowed}"), format!("indexes={index}"));
    for request in sent {
        exactly(request, SHORT, &[&allowed, "expires=", &indexes, "not_before="]);
    }
}

fn exactly(Sent { seen, added, .. }: &Sent, lifetime: f64, promised: &[&str]) {
    let mut rest: Vec<&str> = Vec::new();
    for caveat in added {
        let time = |key: &str| caveat.strip_prefix(key).map(|value| value.parse::<f64>().expect("a number"));
        if let Some(end) = time("expires=") {
            assert!(end > seen.time && end <= seen.time + lifetime + ROUNDING, "ends at {end}: {seen:?}");
            rest.push("expires=");
        } else if let Some(begin) = time("not_before=") {
            assert!(begin <= seen.time && begin > seen.time - lifetime, "begins at {begin}: {seen:?}");
            rest.push("not_before=");
        } else {
            rest.push(caveat);
        }
    }
    assert_eq!(rest, promised, "{seen:?}");
}

/// The statuses of all requests whose path begins so; at least one.
pub fn statuses(sent: &[Sent], path: &str) -> Vec<u16> {
    let found: Vec<u16> =
        sent.iter().filter(|sent| sent.seen.uri.starts_with(path)).map(|sent| sent.seen.status).collect();
    assert!(!found.is_empty(), "nothing was asked below {path}: {sent:#?}");
    found
}

/// A file was fetched out of each of these indexes.
pub fn files_came_from(sent: &[Sent], indexes: &[&str]) {
    for index in indexes {
        let found = statuses(sent, &format!("/{index}/+f/"));
        assert!(found.iter().all(|status| *status == 200), "{index}: {found:?}");
    }
}

impl Home {
    /// The root tokens that the agent keeps, without the tokens.
    pub fn roots(&self) -> Vec<RootStatus> {
        let mut client = Client::running(&self.paths()).expect("the agent's greeting").expect("an agent");
        match client.request(&Request::Status).expect("the status") {
            Response::Status(status) => status.roots,
            _ => panic!("no status"),
        }
    }
}
