//! What the HTTP client makes of servers that are broken, slow, hostile or merely odd.
#![cfg(feature = "cli")]

#[path = "support/fake.rs"]
mod fake;

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
fn what_is_compressed_is_refused_before_a_byte_of_it_is_read() {
    for coding in ["gzip", "br", "identity, gzip", "identity\r\nContent-Encoding: gzip"] {
        // It never ends, as a small body that grows to gigabytes hardly does.
        let bomb = Fake::new(move |_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])?;
            // Until the client has hung up.
            stream.read(&mut [0; 1]).map(drop)
        });
        let began = Instant::now();
        let expected = "ROOT gave a bad answer: compressed, which was not asked for".to_owned();
        assert_eq!(refused(&bomb), (expected, 76));
        assert!(began.elapsed() < quick().limits.whole, "{coding}: {:?}", began.elapsed());
        let asked = bomb.seen.lock().expect("the list")[0].to_ascii_lowercase();
        assert!(!asked.contains("accept-encoding"), "{asked}");
    }
}

#[test]
fn a_body_over_a_mebibyte_is_refused_with_and_without_a_length() {
    let long = "x".repeat(2 << 20);
    let announced = Fake::bytes(status("200 OK", &long));
    let open = Fake::bytes(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{long}"));
    let failed = Fake::bytes(status("500 x", &long));
    for fake in [announced, open, failed] {
        assert_eq!(refused(&fake), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    }
    // Of one that says so, nothing is awaited, and no room is made for it.
    for length in [(2_u64 << 20), 1 << 62] {
        let announced = Fake::new(move |_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx")?;
            // Until the client has hung up.
            stream.read(&mut [0; 1]).map(drop)
        });
        assert_eq!(refused(&announced), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    }
    let huge = Fake::bytes("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551614\r\n\r\nx");
    assert_eq!(refused(&huge).1, 76);
}

#[test]
fn an_answer_that_never_ends_is_refused_at_the_limit_and_not_at_the_deadline() {
    let endless = |begin: &'static str, piece: String| {
        Fake::new(move |_, stream| {
            stream.write_all(begin.as_bytes())?;
            // Until the client has hung up.
            loop {
                stream.write_all(piece.as_bytes())?;
            }
        })
    };
    let block = "x".repeat(0x4000);
    let began = Instant::now();
    let body = endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", block.clone());
    assert_eq!(usual_refusal(&body), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    let chunks = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", format!("4000\r\n{block}\r\n"));
    assert_eq!(usual_refusal(&chunks), ("ROOT sent more than 1048576 bytes".to_owned(), 76));
    let head = endless("HTTP/1.1 200 OK\r\n", "X: y\r\n".repeat(1000));
    let expected = "ROOT gave a bad answer: it is not HTTP, or the connection was closed".to_owned();
    assert_eq!(usual_refusal(&head), (expected, 76));
    assert!(began.elapsed() < Limits::default().whole, "{:?}", began.elapsed());
}

#[test]
fn a_server_that_is_slow_in_any_way_ends_at_the_same_deadline() {
    let silent = Fake::new(|_, _| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    });
    let dripping = Fake::new(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let dripping_head = Fake::new(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X: y\r\n")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    for fake in [silent, dripping, dripping_head] {
        let began = Instant::now();
        assert_eq!(refused(&fake), ("ROOT did not answer within 0.7 s".to_owned(), 75));
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    }
}

#[test]
fn a_connection_that_never_stands_ends_at_its_own_deadline() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, listen, socket_with};
    // Room for one connection that nobody takes, and it is taken: the system lets the next one wait.
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    bind(&socket, &std::net::SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    listen(&socket, 0).expect("listening");
    let address: std::net::SocketAddr = getsockname(&socket).expect("an address").try_into().expect("an address");
    let waiting = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let client = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).expect("a socket");
        // It does not stand yet, or never will.
        let _ = connect(&client, &address);
        client
    };
    let _held: Vec<_> = (0..4).map(|_| waiting()).collect();
    let limits = Limits { connect: Duration::from_millis(400), whole: Duration::from_secs(30), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let server = Server::new(format!("http://{address}").parse().expect("a URL"), &options).expect("a client");
    let began = Instant::now();
    let error = server.check_token(&Secret::new("devpi-x"), &alice()).expect_err("no connection");
    assert!(error.to_string().ends_with("did not answer within 0.4 s"), "{error}");
    assert_eq!(error.exit() as u8, 75);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn the_limits_are_five_seconds_twenty_seconds_and_a_mebibyte() {
    let usual = Limits { connect: Duration::from_secs(5), whole: Duration::from_secs(20), body: 1 << 20 };
    let chosen_at_login = devpi_tokens::protocol::ServerAccess::default();
    for limits in [Limits::default(), Options::default().limits, Options::of(&chosen_at_login).limits] {
        assert_eq!((limits.connect, limits.whole, limits.body), (usual.connect, usual.whole, usual.body));
    }
}

/// A devpi server with that certificate, and what comes of asking it.
fn over_tls(certified: &fake::Certified, ca: Option<&str>) -> (Fake, Result<(), Error>) {
    let fake = Fake::with_tls(certified, |_, stream| stream.write_all(status("200 OK", &api("", "alice")).as_bytes()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, ca.unwrap_or_default()).expect("a file");
    // No time is what is asked about here: shaking hands may take long on a busy machine.
    let options = Options { ca_file: ca.is_some().then_some(path), ..Options::default() };
    let server = Server::new(fake.root.parse().expect("a URL"), &options).expect("a client");
    let outcome = server.check_token(&Secret::new("devpi-CANARY"), &alice());
    (fake, outcome)
}

#[test]
fn a_certificate_that_is_not_good_for_the_server_is_refused_before_anything_is_sent() {
    let (ours, other) = (Authority::new(), Authority::new());
    let here = "127.0.0.1";
    let expired = |params: &mut rcgen::CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let ahead = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
        params.not_after = rcgen::date_time_ymd(2091, 1, 1);
    };
    for (certified, ca, why) in [
        (ours.certify(here, |_| ()), None, "an authority that nobody knows"),
        (ours.certify(here, |_| ()), Some(&other.pem), "another authority"),
        (ours.certify("devpi.example", |_| ()), Some(&ours.pem), "another name"),
        (ours.certify("127.0.0.2", |_| ()), Some(&ours.pem), "another address"),
        (ours.certify(here, expired), Some(&ours.pem), "over"),
        (ours.certify(here, ahead), Some(&ours.pem), "not begun"),
    ] {
        let (fake, outcome) = over_tls(&certified, ca.map(String::as_str));
        let error = outcome.expect_err(why);
        assert!(error.to_string().starts_with("no secure connection to https://127.0.0.1:"), "{why}: {error}");
        assert_eq!(error.exit() as u8, 76, "{why}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("--ca-file")));
        assert!(fake.asked().is_empty(), "{why}");
    }
    // The control: the same with a certificate that is good.
    let (fake, outcome) = over_tls(&ours.certify(here, |_| ()), Some(&ours.pem));
    outcome.expect("an answer");
    assert_eq!(fake.asked(), ["/+api"]);
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
fn what_speaks_no_tls_is_not_asked_for_https() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut hello = [0; 4096];
        let count = stream.read(&mut hello).expect("a hello");
        stream.write_all(status("200 OK", &api("", "alice")).as_bytes()).expect("an answer");
        String::from_utf8_lossy(&hello[..count]).into_owned()
    });
    let server = Server::new(url.parse().expect("a URL"), &quick()).expect("a client");
    let error = server.check_token(&Secret::new("devpi-CANARY"), &alice()).expect_err("no TLS");
    assert!(error.to_string().starts_with("no secure connection to https://127.0.0.1:"), "{error}");
    assert_eq!(error.exit() as u8, 76);
    assert!(!plain.join().expect("a hello").contains("/+api"));
}

#[test]
fn http_to_another_machine_is_refused_before_anything_is_sent() {
    let url = || "http://192.0.2.1".parse().expect("a URL");
    let error = Server::new(url(), &quick()).expect_err("unencrypted");
    assert_eq!(error.to_string(), "http://192.0.2.1 is not encrypted and not this machine");
    assert_eq!(error.exit() as u8, 78);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("--allow-http")));
    assert!(Server::new(url(), &Options { allow_http: true, ..quick() }).is_ok());
}

#[test]
fn a_ca_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let options = || Options { ca_file: Some(path.clone()), ..quick() };
    let try_it = || Server::new("https://host".parse().expect("a URL"), &options()).expect_err("no certificates");
    assert!(try_it().to_string().ends_with("ca.pem: No such file or directory (os error 2)"), "{}", try_it());
    std::fs::write(&path, "hello").expect("a file");
    assert!(try_it().to_string().ends_with("ca.pem: no certificates in PEM form"), "{}", try_it());
    assert_eq!(try_it().exit() as u8, 78);
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
fn a_typical_address_takes_one_or_two_requests() {
    let top = Fake::pages(&[("/+api", &api("http://elsewhere", "")), ("/alice/dev/+api", &index_api(""))]);
    let below = Fake::pages(&[
        ("/devpi/+api", &api("https://outside:8443/devpi", "")),
        ("/devpi/alice/dev/+api", &index_api("https://outside:8443/devpi")),
    ]);
    for (fake, base, depth) in [(top, "", 0), (below, "/devpi", 1)] {
        for page in ["/alice/dev/+simple/", "/alice/dev/+simple/pkg/", "/alice/dev", "/alice/dev/+f/1/2/x.tar.gz"] {
            fake.seen.lock().expect("the list").clear();
            let found = fake.discover(&format!("{base}{page}")).expect("a server");
            assert_eq!(found.server.url().depth(), depth, "{page}");
            assert_eq!(found.index, Some(dev()), "{page}");
            assert_eq!(fake.asked(), [format!("{base}/+api")]);
        }
        fake.seen.lock().expect("the list").clear();
        let found = fake.discover(&format!("{base}/")).expect("a server");
        assert_eq!((found.server.url().depth(), found.index), (depth, None));
        assert!(fake.asked().len() <= 2, "{:?}", fake.asked());
    }
}

#[test]
fn the_page_of_a_user_or_a_project_is_no_root() {
    let fake = Fake::pages(&[
        ("/+api", &api("", "")),
        ("/alice/+api", &api("http://h", "")),
        ("/alice/dev/+api", &index_api("http://h")),
    ]);
    for page in ["/alice", "/alice/dev/pkg", "/alice/dev/pkg/1.0"] {
        assert_eq!(fake.discover(page).expect("a server").server.url().to_string(), fake.root, "{page}");
    }
    assert!(fake.asked().len() <= 7, "{:?}", fake.asked());
}

#[test]
fn a_proxy_that_takes_the_path_away_is_looked_through_and_told() {
    let fake = Fake::pages(&[("/devpi/+api", &api("http://backend:3141", ""))]);
    let found = fake.discover("/devpi/alice/dev/+simple/").expect("a server");
    assert_eq!(found.server.url().to_string(), format!("{}/devpi", fake.root));
    assert_eq!(found.believes.as_deref(), Some("http://backend:3141"));
}

#[test]
fn no_url_of_an_answer_is_ever_asked() {
    let evil = Fake::pages(&[("/+api", &api("", ""))]);
    let fake = Fake::pages(&[("/alice/+api", &api(&evil.root, ""))]);
    let found = fake.discover("/alice").expect("what answers there");
    assert!(found.server.url().to_string().starts_with(&fake.root));
    assert!(evil.asked().is_empty());
}

#[test]
fn an_address_without_devpi_ends_after_few_requests() {
    let fake = Fake::pages(&[]);
    let error = fake.discover(&"/a".repeat(200)).expect_err("nothing there");
    assert!(error.to_string().starts_with("no devpi server answers at http://127.0.0.1:"), "{error}");
    assert_eq!((error.exit() as u8, fake.asked().len()), (76, 8));
    let redirecting = Fake::bytes("HTTP/1.1 302 x\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
    let error = redirecting.discover("/alice/dev/").expect_err("a redirect");
    assert!(error.to_string().ends_with("answered with a redirect to /login"), "{error}");
}

fn bases(pages: &[(&str, &[&str])]) -> Fake {
    let config = |bases: &[&str]| {
        let list: Vec<String> = bases.iter().map(|base| format!("{base:?}")).collect();
        format!(r#"{{"type":"indexconfig","result":{{"bases":[{}]}}}}"#, list.join(","))
    };
    let pages: Vec<(String, String)> =
        pages.iter().map(|(index, bases)| (format!("/{index}?no_projects="), config(bases))).collect();
    Fake::pages(&pages.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect::<Vec<_>>())
}

#[test]
fn the_bases_are_all_found_in_order_also_in_a_circle() {
    let fake = bases(&[
        ("alice/dev", &["alice/mid", "alice/last", "alice/gone"]),
        ("alice/mid", &["alice/base"]),
        ("alice/base", &["alice/dev", "alice/last"]),
        ("alice/last", &[]),
    ]);
    let token = Secret::new("devpi-x");
    let found = fake.server().bases(&dev(), Some((&alice(), &token)), Duration::from_secs(5)).expect("the bases");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["alice/mid", "alice/base", "alice/last", "alice/gone"]);
    assert_eq!(fake.asked().len(), 5);
    // base64 of `alice:devpi-x`.
    assert!(fake.seen.lock().expect("the list")[0].contains("Basic YWxpY2U6ZGV2cGkteA=="));
}

#[test]
fn bases_have_limits_in_number_and_time_and_an_index_has_to_be_there() {
    let names: Vec<String> = (0..70).map(|number| format!("alice/b{number}")).collect();
    let chain: Vec<(String, Vec<&str>)> =
        (0..69).map(|number| (names[number].clone(), vec![names[number + 1].as_str()])).collect();
    let pages: Vec<(&str, &[&str])> = chain.iter().map(|(name, next)| (name.as_str(), next.as_slice())).collect();
    let first = names[0].parse().expect("an index");
    let error = bases(&pages).server().bases(&first, None, Duration::from_secs(5)).expect_err("too many");
    assert_eq!(error.to_string(), "alice/b0 has more than 63 bases");

    let slow = Fake::new(|_, stream| {
        std::thread::sleep(Duration::from_millis(150));
        stream
            .write_all(status("200 OK", r#"{"type":"indexconfig","result":{"bases":["a/b","a/c","a/d"]}}"#).as_bytes())
    });
    let error = slow.server().bases(&dev(), None, Duration::from_millis(250)).expect_err("too slow");
    assert!(error.to_string().ends_with("did not answer within 0.25 s"), "{error}");

    let error = bases(&[]).server().bases(&dev(), None, Duration::from_secs(5)).expect_err("no such index");
    assert!(error.to_string().ends_with("has no alice/dev: 404 Not Found"), "{error}");
    let odd = bases(&[("alice/dev", &["alice/../x"])]);
    assert_eq!(odd.server().bases(&dev(), None, Duration::from_secs(5)).expect_err("no name").exit() as u8, 76);
}

#[test]
fn who_may_read_is_told_from_the_answer_to_nobody() {
    let access = |answer: &str| Fake::bytes(answer).server().access(&dev()).expect("an answer");
    assert_eq!(access(&status("404 x", "")), Access::Open);
    assert_eq!(access(&status("200 x", "")), Access::Open);
    assert_eq!(access(&status("401 x", "")), Access::Asks);
    assert_eq!(access(&status("403 x", "")), Access::Refuses);
    assert_eq!(access(&status("502 x", "")), Access::Other(502));
    let redirect = "HTTP/1.1 302 x\r\nLocation: /+login\x1b\r\nContent-Length: 0\r\n\r\n".replace('\x1b', "\u{9b}");
    assert_eq!(access(&redirect), Access::Redirects(r"/+login\x9b".to_owned()));
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
