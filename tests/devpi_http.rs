//! What the HTTP client makes of servers that are broken, slow, hostile or merely odd.
#![cfg(feature = "cli")]

#[path = "devpi_http/certificate.rs"]
mod certificate;
#[path = "devpi_http/discovery.rs"]
mod discovery;
#[path = "support/fake.rs"]
mod fake;
#[path = "devpi_http/index.rs"]
mod index;
#[path = "devpi_http/limit.rs"]
mod limit;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use devpi_tokens::devpi::{Access, Error, Found, Limits, Options, Server, discover};
use devpi_tokens::secret::Secret;
use devpi_tokens::target::{IndexName, Permission, UserName};
use devpi_tokens::time::Expiry;
use devpi_tokens::token::Narrowing;
use fake::{Authority, Fake, status};

/// What these tests ask of a server.
trait Asked {
    fn server(&self) -> Server;
    fn discover(&self, path: &str) -> Result<Found, Error>;
}

impl Asked for Fake {
    fn server(&self) -> Server {
        Server::new(self.root.parse().expect("a root"), &quick()).expect("a client")
    }

    fn discover(&self, path: &str) -> Result<Found, Error> {
        discover(&format!("{}{path}", self.root).parse().expect("a target"), &quick())
    }
}

fn quick() -> Options {
    let limits = Limits { whole: Duration::from_millis(700), connect: Duration::from_millis(400), ..Limits::default() };
    Options { limits, ..Options::default() }
}

fn alice() -> UserName {
    "alice".parse().expect("a user")
}

fn dev() -> IndexName {
    "alice/dev".parse().expect("an index")
}

fn check(fake: &Fake) -> Result<(), Error> {
    fake.server().check_token(&Secret::new("devpi-CANARY"), &alice())
}

/// Message and exit code of the error; the message never holds what was sent.
fn refused(fake: &Fake) -> (String, u8) {
    told(fake, check(fake))
}

/// The same where the usual limits hold.
fn usual_refusal(fake: &Fake) -> (String, u8) {
    let server = Server::new(fake.root.parse().expect("a root"), &Options::default()).expect("a client");
    told(fake, server.check_token(&Secret::new("devpi-CANARY"), &alice()))
}

fn told(fake: &Fake, outcome: Result<(), Error>) -> (String, u8) {
    let error = outcome.expect_err("an error");
    let shown = error.to_string();
    assert!(!format!("{shown} {error:?}").contains("CANARY"), "{shown}");
    (shown.replace(&fake.root, "ROOT"), error.exit() as u8)
}

fn api(root: &str, user: &str) -> String {
    format!(r#"{{"type":"apiconfig","result":{{"login":"{root}/+login","authstatus":["ok","{user}",[]]}}}}"#)
}

fn index_api(root: &str) -> String {
    format!(r#"{{"type":"apiconfig","result":{{"login":"{root}/+login","authstatus":[],"index":"{root}/alice/dev"}}}}"#)
}

#[test]
fn a_redirect_is_never_followed_and_its_target_is_shown_escaped() {
    let elsewhere = Fake::bytes(status("200 OK", &api("", "alice")));
    for code in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("{}/\u{202e}+login", elsewhere.root);
        let fake = Fake::bytes(format!("HTTP/1.1 {code}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        let expected = format!("ROOT answered with a redirect to {}/\\u{{202e}}+login", elsewhere.root);
        assert_eq!(refused(&fake), (expected, 76));
    }
    let nowhere = Fake::bytes(status("304 Not Modified", ""));
    assert_eq!(refused(&nowhere), ("ROOT answered with a redirect to nowhere".to_owned(), 76));
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn every_status_has_its_own_words_and_its_own_exit_code() {
    for (code, words, exit) in [
        ("400 x", "ROOT does not take the request: 400 Bad Request: no", 77),
        ("401 x", "ROOT wants to know who asks: 401 Unauthorized: no", 77),
        ("403 x", "ROOT refuses: 403 Forbidden: no", 77),
        ("404 x", "ROOT has no +api: 404 Not Found: no", 76),
        ("418 x", "ROOT answered with status 418: no", 76),
        ("429 x", "ROOT was asked too often: 429 Too Many Requests: no", 75),
        ("500 x", "ROOT failed at the request: 500 Internal Server Error: no", 76),
        ("502 x", "ROOT answered with status 502: no", 76),
        ("503 x", "ROOT is not available at the moment: 503 Service Unavailable: no", 75),
    ] {
        let fake = Fake::bytes(status(code, r#"{"message":"no"}"#));
        assert_eq!(refused(&fake), (words.to_owned(), exit));
        let page = Fake::bytes(status(code, "<html>no</html>"));
        assert_eq!(refused(&page), (words.trim_end_matches(": no").to_owned(), exit));
    }
}

#[test]
fn what_a_server_says_is_one_line_without_control_characters() {
    let fake = Fake::bytes(status("403 x", r#"{"message":"no\n\n\u001b]52;c;aGk=\u0007 \u202egnp"}"#));
    assert_eq!(refused(&fake).0, r"ROOT refuses: 403 Forbidden: no \x1b]52;c;aGk=\x07 \u{202e}gnp");
}

#[test]
fn what_a_server_repeats_of_a_secret_is_not_shown() {
    let echo = |secret: &str| Fake::bytes(status("403 x", &format!(r#"{{"message":"no: {secret}"}}"#)));
    // The token, and what is sent of it: base64 of `alice:devpi-CANARY`.
    for secret in ["devpi-CANARY", "Basic YWxpY2U6ZGV2cGktQ0FOQVJZ"] {
        assert_eq!(refused(&echo(secret)).0, "ROOT refuses: 403 Forbidden", "{secret}");
    }
    let error = echo("the password").server().login(&alice(), &Secret::new("password")).expect_err("refused");
    assert!(!error.to_string().contains("password"), "{error}");
    assert_eq!(refused(&echo("another")).0, "ROOT refuses: 403 Forbidden: no: another");
}

#[test]
fn what_is_no_answer_of_devpi_is_a_bad_answer() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"type\":";
    let compressed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx";
    let deep = format!(r#"{{"type":"apiconfig","result":{{"authstatus":{}"#, "[".repeat(100_000));
    for (bytes, what) in [
        (status("200 OK", ""), "it is empty"),
        (status("200 OK", "<html>login here</html>"), "it is not JSON"),
        (status("200 OK", "{\"type\":\"apiconfig\",\"resu"), "it is not JSON"),
        (status("200 OK", &deep), "it is not JSON"),
        (status("200 OK", "[1]"), "a field is missing or of another type"),
        (status("200 OK", r#"{"type":"userconfig","result":{}}"#), "it is about something else"),
        (cut.to_owned(), "it is cut off"),
        (compressed.to_owned(), "compressed, which was not asked for"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "it is not HTTP, or the connection was closed"),
        (String::new(), "it is not HTTP, or the connection was closed"),
    ] {
        assert_eq!(refused(&Fake::bytes(bytes)), (format!("ROOT gave a bad answer: {what}"), 76));
    }
}

#[test]
fn nobody_there_is_told_apart_from_a_bad_answer() {
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let server = Server::new(format!("http://{gone}").parse().expect("a URL"), &quick()).expect("a client");
    let error = server.login(&alice(), &Secret::new("x")).expect_err("nobody there");
    assert!(error.to_string().contains("cannot be reached: Connection refused"), "{error}");
    assert_eq!(error.exit() as u8, 75);
}

#[test]
fn a_token_is_good_only_where_the_server_names_its_user() {
    assert!(check(&Fake::bytes(status("200 OK", &api("", "alice")))).is_ok());
    let other = Fake::bytes(status("200 OK", &api("", "bob")));
    assert_eq!(refused(&other), ("ROOT says that the token is of user bob".to_owned(), 76));
    for authstatus in ["[\"noauth\",\"\",[]]", "[]", "[1]", "[\"nouser\",\"alice\"]"] {
        let body = format!(r#"{{"type":"apiconfig","result":{{"login":"","authstatus":{authstatus}}}}}"#);
        let fake = Fake::bytes(status("200 OK", &body));
        assert_eq!(refused(&fake), ("ROOT does not take the token for one of alice".to_owned(), 76));
    }
}

#[test]
fn a_wrong_password_has_words_of_its_own() {
    let fake = Fake::bytes(status("401 Unauthorized", r#"{"message":"user 'alice' could not be authenticated"}"#));
    let error = fake.server().login(&alice(), &Secret::new("CANARY")).expect_err("a wrong password");
    assert_eq!(error.to_string().replace(&fake.root, "ROOT"), "ROOT does not know user alice with that password");
    assert_eq!(error.exit() as u8, 77);
}

#[test]
fn a_token_is_asked_for_in_the_servers_own_form() {
    let fake = Fake::pages(&[
        ("/+login", r#"{"type":"proxyauth","result":{"password":"a \"session\"","expiration":36000}}"#),
        ("/alice/+token-create", r#"{"type":"token-info","result":{"token":"devpi-x"}}"#),
        ("/bob/+token-create", r#"{"type":"token-info","result":{"token":"devpi x\n"}}"#),
    ]);
    let server = fake.server();
    let session = server.login(&alice(), &Secret::new("pass \"word\"")).expect("a session");
    let request = Narrowing {
        expires: Some(Expiry::At(1_795_474_079)),
        allowed: [Permission::PkgRead.into()].into(),
        indexes: [dev().into()].into(),
        ..Narrowing::default()
    };
    assert_eq!(session.create_token(&alice(), &request).expect("a token"), Secret::new("devpi-x"));
    let bad = session.create_token(&"bob".parse().expect("a user"), &Narrowing::default()).expect_err("no token");
    assert_eq!(bad.exit() as u8, 76);
    let seen = fake.seen.lock().expect("the list");
    assert!(seen[0].ends_with(r#"{"user":"alice","password":"pass \"word\""}"#), "{}", seen[0]);
    let sent = r#"{"expires":1795474079,"allowed":["pkg_read"],"indexes":["alice/dev"]}"#;
    assert!(seen[1].ends_with(sent), "{}", seen[1]);
    // base64 of `alice:a "session"`.
    assert!(seen[1].to_ascii_lowercase().contains("x-devpi-auth: ywxpy2u6ysaic2vzc2lvbii="), "{}", seen[1]);
    assert!(seen[2].ends_with("\r\n\r\n{}"), "{}", seen[2]);
}

#[test]
fn the_clock_of_the_server_is_compared_with_ours() {
    let fake = Fake::bytes("HTTP/1.1 404 x\r\nDate: Thu, 01 Jan 1970 00:00:10 GMT\r\nContent-Length: 0\r\n\r\n");
    let server = fake.server();
    assert_eq!(server.skew(), None);
    drop(server.check_token(&Secret::new("x"), &alice()));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let expected = 10 - i64::try_from(now).expect("a time");
    assert!(server.skew().is_some_and(|skew| (skew - expected).abs() <= 2), "{:?}", server.skew());
}

/// Runs one of the ignored tests below in a process of its own, with a proxy in its environment.
fn with_proxy(test: &str, proxy: &str) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy);
    }
    let output = command.env_remove("no_proxy").env_remove("NO_PROXY").output().expect("the test runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn a_proxy_is_used_for_others_never_for_this_machine_and_its_password_is_not_shown() {
    let proxy = Fake::bytes(status("200 OK", &api("", "alice")));
    let address = proxy.root.replace("http://", "http://user:CANARY@");
    with_proxy("proxy_for_this_machine", &address);
    assert!(proxy.asked().is_empty());
    with_proxy("proxy_for_another_machine", &address);
    assert_eq!(proxy.asked(), ["http://devpi.invalid/+api"]);
    for bad in
        ["http://user:CANARY@127.0.0.1:1", &address.replace("http:", "https:"), "http://user:CANARY@nowhere.invalid"]
    {
        assert!(!with_proxy("proxy_that_fails", bad).contains("CANARY"));
    }
}

#[test]
#[ignore = "run by the test of proxies, in an environment with one"]
fn proxy_for_this_machine() {
    assert!(check(&Fake::bytes(status("200 OK", &api("", "alice")))).is_ok());
}

fn behind_proxy(url: &str) -> Result<(), Error> {
    let options = Options { allow_http: true, ..quick() };
    let server = Server::new(url.parse().expect("a URL"), &options).expect("a client");
    eprintln_debug(&server);
    server.check_token(&Secret::new("x"), &alice())
}

#[expect(clippy::print_stderr, reason = "the parent test reads it")]
fn eprintln_debug(server: &Server) {
    eprintln!("{server:?}");
}

#[test]
#[ignore = "run by the test of proxies, in an environment with one"]
fn proxy_for_another_machine() {
    assert!(behind_proxy("http://devpi.invalid").is_ok());
}

#[test]
#[ignore = "run by the test of proxies, in an environment with one"]
fn proxy_that_fails() {
    for url in ["http://devpi.invalid", "https://devpi.invalid"] {
        let error = behind_proxy(url).expect_err("no proxy there");
        eprintln_error(&error);
    }
}

#[expect(clippy::print_stderr, reason = "the parent test reads it")]
fn eprintln_error(error: &Error) {
    eprintln!("{error} {error:?}");
}
