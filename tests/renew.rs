//! `devpi-tokens renew`: another root token, and at least one good one whatever happens meanwhile.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devpi_tokens::client;
use devpi_tokens::protocol::{Request, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use devpi_tokens::token::{Token, TokenId};
use serde_json::{Value, json};
use support::proxy::request;
use support::{BED, Home, code, err, fed, out, wait_for};
use testbed::{Auth, get};

/// What `status --json` says.
fn status(home: &Home) -> Value {
    serde_json::from_str(&out(&home.cli(&["status", "--json"]).output().expect("status"))).expect("JSON")
}

fn kept(home: &Home) -> TokenId {
    let id = status(home)["roots"][0]["id"].as_str().expect("an id").to_owned();
    id.parse().expect("an id")
}

fn renew(home: &Home, args: &[&str]) -> std::process::Output {
    fed(home.cli(&[&["renew", "--no-input"], args].concat()), &format!("{}\n", BED.password("alice")))
}

/// Whether the server still knows that token of alice's.
fn is_on_the_server(id: &TokenId) -> bool {
    let asking = Home::new("memory");
    let list = asking.cli(&["list", "--no-input", "--json", "--server", &BED.url(), "--as", "alice"]);
    let listed = fed(list, &format!("{}\n", BED.password("alice")));
    assert!(listed.status.success(), "{}", err(&listed));
    out(&listed).contains(&id.to_string())
}

fn a_read_works(home: &Home) -> bool {
    let token = out(&home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get"));
    let url = format!("{}bed-app/", BED.simple_url("alice/dev"));
    get(&url, Auth::Basic("alice", token.trim())).expect("an answer").status == 200
}

#[test]
fn the_new_token_may_do_what_the_old_one_did_and_the_old_one_ends_when_it_is_not_used_any_more() {
    let home = Home::new("memory");
    let login = ["login", "--no-input", "--allowed", "pkg_read", "--indexes", "alice/dev,alice/mid,alice/base"];
    let url = BED.simple_url("alice/dev");
    let login = [&login[..], &["--expires", "20 days", &url, "alice"]].concat();
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let narrow = fed(home.cli(&["policy", "edit", "--file", "-"]), "[every-index]\nread = '20 min'\n");
    assert!(narrow.status.success(), "{}", err(&narrow));
    let (old, before) = (kept(&home), status(&home));
    assert!(a_read_works(&home));

    let done = renew(&home, &["--expires", "30 days"]);
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert!(out(&done).contains(&format!("{old} was replaced; the first login or renewal after")), "{}", out(&done));
    let after = status(&home);
    assert_ne!(kept(&home), old);
    assert_eq!(after["retired"][0]["id"], old.to_string());
    let without_end = |status: &Value| -> Vec<Value> {
        let all = status["roots"][0]["restrictions"].as_array().expect("a list").clone();
        all.into_iter().filter(|one| !one.as_str().expect("text").starts_with("expires=")).collect()
    };
    assert_eq!(without_end(&after), without_end(&before));
    assert!(after["roots"][0]["expires"].as_u64() > before["roots"][0]["expires"].as_u64());
    let policy = home.cli(&["policy", "show", "--toml"]).output().expect("policy");
    assert!(out(&policy).contains("read = \"20m\""), "{}", out(&policy));
    assert!(is_on_the_server(&old) && a_read_works(&home));

    // At once goes the one that is kept, and no other one that is in use.
    let second = kept(&home);
    let done = renew(&home, &["--now"]);
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert!(out(&done).contains(&format!("{second} is deleted on the server")), "{}", out(&done));
    assert!(!is_on_the_server(&second) && is_on_the_server(&old));
    let left = status(&home)["retired"].clone();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["id"]), (Some(1), &json!(old.to_string())));
    assert!(a_read_works(&home));
}

#[test]
fn a_wrong_password_changes_nothing_and_without_a_token_there_is_nothing_to_renew() {
    let home = Home::with_alice();
    let old = kept(&home);
    let done = fed(home.cli(&["renew", "--no-input"]), "wrong\n");
    assert_eq!(code(&done), Some(77), "{}", err(&done));
    assert_eq!(kept(&home), old);
    let nothing = Home::new("memory");
    assert_eq!(code(&renew(&nothing, &[])), Some(1));
}

/// A token that nobody made: the text of one with the id of another.
fn made_up(token: &str, own: &TokenId, other: &TokenId) -> Secret {
    let bytes = URL_SAFE_NO_PAD.decode(token.trim_start_matches("devpi-")).expect("base64");
    let at = bytes.windows(8).position(|window| window == own.as_str().as_bytes()).expect("its id");
    let made = [&bytes[..at], other.as_str().as_bytes(), &bytes[at + 8..]].concat();
    Secret::new(URL_SAFE_NO_PAD.encode(made))
}

#[test]
fn a_token_that_somebody_made_up_has_no_other_one_deleted() {
    let home = Home::with_alice();
    let own = kept(&home);
    let id = |token: &str| Token::parse(token).expect("a token").id().clone();
    let [elsewhere, any] =
        [(); 2].map(|()| BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token"));
    let keep = |token: Secret| {
        let (holder, access) = (home.roots().remove(0).holder, ServerAccess::default());
        let (index, bases, default, policy) = (None, Vec::new(), false, None);
        let environment = Default::default();
        let root = Root { holder, token, index, bases, default, access, environment, policy };
        client::ask(&home.paths(), &Request::Keep(Box::new(root))).expect("kept");
    };
    let wide = BED.create_token("alice", &json!({})).expect("a token");
    keep(made_up(&wide, &id(&wide), &id(&elsewhere)));
    let revoked = fed(home.cli(&["logout", "--revoke", "--no-input"]), &format!("{}\n", BED.password("alice")));
    assert_eq!(code(&revoked), Some(77), "{}", err(&revoked));
    keep(Secret::new(&any));
    let done = renew(&home, &["--now"]);
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert!(err(&done).contains(&format!("{} was replaced, and is not deleted", id(&elsewhere))), "{}", err(&done));
    assert!(is_on_the_server(&id(&elsewhere)));
    assert!(!is_on_the_server(&own) && !is_on_the_server(&id(&any)), "what was kept is deleted");
    assert_eq!(status(&home)["retired"], json!([]));
}

/// Where in the conversation with the server the command is killed: at that request, before or after the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    request: usize,
    after: bool,
}

/// A way to the bed on which a command can be killed between two of its words.
struct Way {
    port: u16,
    passing: Arc<Mutex<Passing>>,
}

#[derive(Default)]
struct Passing {
    requests: usize,
    victim: Option<(Child, Moment)>,
}

impl Passing {
    /// Kills the command where its moment has come. Whether it has ended.
    fn kill(&mut self, after: bool) -> bool {
        let now = Moment { request: self.requests, after };
        let Some((child, moment)) = &mut self.victim else { return false };
        if *moment == now {
            child.kill().expect("killed");
            child.wait().expect("its end");
        }
        child.try_wait().expect("its state").is_some()
    }
}

impl Way {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let passing = Arc::new(Mutex::new(Passing::default()));
        let way = Self { port, passing: Arc::clone(&passing) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let Some(request) = request(&mut stream) else { continue };
                let mut passing = passing.lock().expect("no panic");
                passing.requests += 1;
                if !passing.kill(false) {
                    let answer = forward(&request);
                    passing.kill(true);
                    // Whoever was killed takes no answer.
                    let _ = stream.write_all(&answer);
                }
            }
        });
        way
    }

    fn url(&self) -> String {
        BED.simple_url("alice/dev").replace(&BED.url(), &format!("http://127.0.0.1:{}", self.port))
    }

    /// Runs `renew` and kills it at that moment. Whether it was killed, and had not ended before.
    fn kills(&self, mut renew: Command, at: Moment) -> bool {
        let mut child = renew.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("renew");
        let mut stdin = child.stdin.take().expect("piped");
        *self.passing.lock().expect("no panic") = Passing { requests: 0, victim: Some((child, at)) };
        writeln!(stdin, "{}", BED.password("alice")).expect("written");
        drop(stdin);
        let ended = || {
            let mut passing = self.passing.lock().expect("no panic");
            let (child, _) = passing.victim.as_mut().expect("a victim");
            child.try_wait().expect("its state")
        };
        wait_for("its end", || ended().is_some());
        let was_killed = ended().expect("its end").code().is_none();
        self.passing.lock().expect("no panic").victim = None;
        was_killed
    }
}

fn forward(request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(BED.url().trim_start_matches("http://")).expect("the bed");
    server.write_all(request).expect("sent");
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).expect("answered");
    answer
}

#[test]
fn whenever_it_is_killed_a_good_token_is_kept_and_the_next_renewal_tidies_up() {
    let way = Way::start();
    let mut moments = 0;
    for request in 1.. {
        let mut was_killed = false;
        for after in [false, true] {
            let home = Home::new("passphrase");
            let login = ["login", "--no-input", &way.url(), "alice"];
            let done = fed(home.cli(&login), &format!("an odd passphrase\n{}\n", BED.password("alice")));
            assert!(done.status.success(), "{}", err(&done));
            let first = kept(&home);
            let moment = Moment { request, after };
            if !way.kills(home.cli(&["renew", "--no-input", "--now"]), moment) {
                continue;
            }
            (was_killed, moments) = (true, moments + 1);
            assert!(a_read_works_through(&home, &way), "{moment:?}");
            let said = out(&home.cli(&["status"]).output().expect("status"));
            if kept(&home) != first {
                assert!(said.contains(&format!("token {first}")), "{moment:?}: {said}");
            }
            let done = renew(&home, &["--now"]);
            assert_eq!(code(&done), Some(0), "{moment:?}: {}", err(&done));
            assert!(!is_on_the_server(&first) && a_read_works_through(&home, &way), "{moment:?}");
            assert!(status(&home)["retired"].as_array().is_some_and(Vec::is_empty), "{moment:?}");
        }
        if !was_killed {
            break;
        }
    }
    // A session, the new token, its trial, the old one's end: two moments each.
    assert!(moments >= 8, "killed at {moments} moments only");
}

fn a_read_works_through(home: &Home, way: &Way) -> bool {
    let token = out(&home.cli(&["get", &way.url()]).output().expect("get"));
    let url = format!("{}bed-app/", BED.simple_url("alice/dev"));
    get(&url, Auth::Basic("alice", token.trim())).expect("an answer").status == 200
}
