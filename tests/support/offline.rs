//! A home whose agent keeps tokens that no server knows, and what such tokens are made of.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Output;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devpi_tokens::client::Client;
use devpi_tokens::exit::Failure;
use devpi_tokens::protocol::{Holder, Keeper, Request, Response, Root, RootStatus, ServerAccess};
use devpi_tokens::secret::Secret;

use super::{Home, err, out};

/// Signed by nobody.
const SIGNATURE: [u8; 32] = [0xfb; 32];

/// A field of a macaroon's format 2, of fewer than 16 KiB.
pub fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![(long % 0x80) as u8 | 0x80, (long / 0x80) as u8],
    };
    [vec![kind], length, value.to_vec()].concat()
}

/// A packet of a macaroon's format 1.
pub fn packet(key: &str, value: &[u8]) -> Vec<u8> {
    [format!("{:04x}{key} ", 6 + key.len() + value.len()).as_bytes(), value, b"\n"].concat()
}

/// A macaroon of format 2 as devpi-tokens writes it.
pub fn macaroon(user: &str, caveats: &[&str]) -> Vec<u8> {
    let identifier = format!("{user}-abcDEF23");
    let caveats: Vec<u8> = caveats.iter().flat_map(|text| [field(2, text.as_bytes()), vec![0]].concat()).collect();
    [vec![2], field(1, b""), field(2, identifier.as_bytes()), vec![0], caveats, vec![0], field(6, &SIGNATURE)].concat()
}

/// Its text, without a prefix.
pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with these caveats, as the server would print it.
pub fn token(user: &str, caveats: &[&str]) -> String {
    format!("devpi-{}", encoded(&macaroon(user, caveats)))
}

/// Seconds since the epoch.
pub fn now() -> u64 {
    UNIX_EPOCH.elapsed().expect("a clock").as_secs()
}

/// A home whose agent keeps a good token of bob, and whatever a test adds. Where its server is, a port of this machine
/// waits for the first who connects to it.
pub struct Offline {
    pub home: Home,
    server: TcpListener,
    agent: u32,
}

impl Offline {
    pub fn new() -> Self {
        let home = Home::new("memory");
        assert!(home.cli(&["agent", "start"]).output().expect("start").status.success());
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        server.set_nonblocking(true).expect("a mode");
        let agent = home.agent().expect("an agent");
        let offline = Self { home, server, agent };
        offline.request(&Request::Create { keeper: Keeper::Memory, passphrase: None }).expect("a vault");
        offline.keep("bob", &token("bob", &[])).expect("kept");
        offline
    }

    /// The address of a page of its server.
    pub fn url(&self, page: &str) -> String {
        format!("http://{}/{page}", self.server.local_addr().expect("an address"))
    }

    pub fn request(&self, request: &Request) -> Result<Response, Failure> {
        Client::running(&self.home.paths()).expect("a greeting").expect("an agent").request(request)
    }

    /// Has the agent keep a token, in place of the one that it keeps of that user.
    pub fn keep(&self, user: &str, token: &str) -> Result<Response, Failure> {
        self.request(&Request::Keep(Box::new(Root {
            holder: Holder { server: self.url("").parse().expect("a server"), user: user.parse().expect("a user") },
            token: Secret::new(token),
            index: None,
            bases: Vec::new(),
            default: false,
            access: ServerAccess::default(),
            environment: Default::default(),
            policy: None,
        })))
    }

    /// The output of the command line.
    pub fn ran(&self, args: &[&str]) -> Output {
        self.home.cli(args).output().expect("it runs")
    }

    pub fn roots(&self) -> Vec<RootStatus> {
        self.home.roots()
    }

    /// That nothing was asked of the server.
    pub fn assert_unasked(&self) {
        let came = self.server.accept().map_err(|error| error.kind());
        assert_eq!(came.map(|(_, who)| who), Err(ErrorKind::WouldBlock), "the server was asked");
    }

    /// That the agent is the one that it was, keeps what it kept, and serves others.
    pub fn assert_as_before(&self, roots: &[RootStatus]) {
        assert_eq!(self.home.agent(), Some(self.agent), "another agent");
        let ids = |roots: &[RootStatus]| -> Vec<String> {
            roots.iter().map(|root| format!("{} {} {:?}", root.holder.user, root.id, root.restrictions)).collect()
        };
        assert_eq!(ids(&self.roots()), ids(roots), "another token is kept");
        let served = self.ran(&["get", &self.url("bob/dev/"), "--user", "bob"]);
        assert!(served.status.success() && out(&served).starts_with("devpi-"), "{}", err(&served));
    }
}
