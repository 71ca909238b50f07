//! The command line at a server that is hostile or broken: it ends with the promised code, and nothing is kept.
#![cfg(feature = "cli")]

mod support;
#[path = "hostile_server/terminal.rs"]
mod terminal;

#[path = "support/fake.rs"]
mod fake;

use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use devpi_tokens::token::Token;
use fake::{Authority, Fake, Stream, status};
use macaroon::{ByteString, Caveat, Format, Macaroon, MacaroonKey};
use serde_json::{Value, json};
use support::{Home, code, err, fed, out};

/// The id of whatever token is made.
const ID: &str = "abcDEF23";

/// What a text may do to a terminal: ESC, OSC 52, BEL, CR, a C1 introducer, right-to-left override.
const WILD: &str = "x\x1b[2J\x1b]52;c;aGk=\x07\r\u{9b}31m\u{202e}gpj";

/// The same as it is shown.
const TAME: &str = r"x\x1b[2J\x1b]52;c;aGk=\x07\x0d\x9b31m\u{202e}gpj";

/// The same in JSON.
const TAME_JSON: &str = r"x\u001b[2J\u001b]52;c;aGk=\u0007\r\u009b31m\u202egpj";

/// A server that looks like devpi's.
#[derive(Clone, Copy)]
struct Devpi {
    /// The token that it makes when it is asked for one.
    mint: fn(asked: &Value) -> String,
    /// What it says to whoever shows a token.
    authstatus: &'static str,
    /// The root that it believes to be its own.
    believes: &'static str,
    /// How far its clock is ahead, in seconds.
    ahead: i64,
}

impl Devpi {
    /// One that does what it should.
    const GOOD: Self = Self { mint: as_asked, authstatus: r#"["ok","alice",[]]"#, believes: "http://h", ahead: 0 };

    fn start(self) -> Fake {
        Fake::new(move |request, stream| self.answer(request, stream))
    }

    fn answer(self, request: &str, stream: &mut dyn Stream) -> std::io::Result<()> {
        let (method, rest) = request.split_once(' ').unwrap_or_default();
        let path = rest.split(' ').next().unwrap_or_default();
        let sent = request.rsplit("\r\n\r\n").next().unwrap_or_default();
        let result = match (method, path) {
            ("GET", "/+api") => {
                let shown = request.to_ascii_lowercase().contains("\r\nauthorization:");
                let authstatus = if shown { self.authstatus } else { r#"["noauth","",[]]"# };
                let authstatus: Value = serde_json::from_str(authstatus).expect("JSON");
                let result = json!({"login": format!("{}/+login", self.believes), "authstatus": authstatus});
                json!({"type": "apiconfig", "result": result})
            }
            ("POST", "/+login") => json!({"type": "proxyauth", "result": {"password": "a-session"}}),
            ("POST", "/alice/+token-create") => {
                let token = (self.mint)(&serde_json::from_str(sent).expect("JSON"));
                json!({"type": "token-info", "result": {"token": token}})
            }
            ("GET", "/alice/+tokens") => {
                json!({"type": "tokens-info", "result": {"tokens": {ID: {"restrictions": [WILD]}}}})
            }
            ("DELETE", _) => json!({"type": "token-deleted", "result": null}),
            _ => return stream.write_all(status("403 Forbidden", &json!({"message": WILD}).to_string()).as_bytes()),
        };
        let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).expect("a date");
        let whole = status("200 OK", &result.to_string());
        stream.write_all(whole.replacen("\r\n", &format!("\r\nDate: {date}\r\n"), 1).as_bytes())
    }
}

/// A token as the server of devpi-tokens makes it.
fn minted(user: &str, caveats: &[String]) -> Macaroon {
    let key = MacaroonKey::generate(b"a key");
    let identifier = format!("{user}-{ID}");
    let mut macaroon = Macaroon::create(Some(String::new()), &key, identifier.as_str().into()).expect("a macaroon");
    caveats.iter().for_each(|caveat| macaroon.add_first_party_caveat(caveat.as_str().into()));
    macaroon
}

fn text(macaroon: &Macaroon) -> String {
    format!("devpi-{}", macaroon.serialize(Format::V2).expect("a text").trim_end_matches('='))
}

/// The caveats that were asked for.
fn caveats(asked: &Value) -> Vec<String> {
    let list = |key: &str| {
        let items: Vec<&str> = asked[key].as_array()?.iter().filter_map(Value::as_str).collect();
        Some(format!("{key}={}", items.join(",")))
    };
    let number = |key: &str| Some(format!("{key}={}", asked[key].as_u64()?));
    [list("allowed"), number("expires"), list("indexes"), list("projects")].into_iter().flatten().collect()
}

fn as_asked(asked: &Value) -> String {
    text(&minted("alice", &caveats(asked)))
}

fn without_an_end(asked: &Value) -> String {
    let rest: Vec<String> = caveats(asked).into_iter().filter(|caveat| !caveat.starts_with("expires=")).collect();
    text(&minted("alice", &rest))
}

fn root_like(_: &Value) -> String {
    text(&minted("alice", &[]))
}

fn of_mallory(asked: &Value) -> String {
    text(&minted("mallory", &caveats(asked)))
}

fn with_a_third_party(asked: &Value) -> String {
    let mut macaroon = minted("alice", &caveats(asked));
    macaroon.add_third_party_caveat("https://else.example", &MacaroonKey::generate(b"k"), "who".into());
    assert!(macaroon.caveats().iter().any(|caveat| matches!(caveat, Caveat::ThirdParty(_))));
    text(&macaroon)
}

fn in_format_1(asked: &Value) -> String {
    let text = minted("alice", &caveats(asked)).serialize(Format::V1).expect("a text");
    text.trim_end_matches('=').to_owned()
}

fn no_token(_: &Value) -> String {
    "devpi-nonsense".to_owned()
}

/// Logs in at a server by a password.
fn login(home: &Home, fake: &Fake, more: &[&str]) -> Output {
    let url = format!("{}/alice/dev/", fake.root);
    fed(home.cli(&[&["login", &url, "alice"], more].concat()), "a password\n")
}

/// Makes a token that is not kept.
fn create(home: &Home, fake: &Fake) -> Output {
    let args = ["create", "-a", "pkg_read", "-e", "1h", "-i", "alice/dev", "-s", &fake.root, "--as", "alice"];
    fed(home.cli(&args), "a password\n")
}

/// What has a server make a token.
const MAKING: [fn(&Home, &Fake) -> Output; 2] = [|home, fake| login(home, fake, &[]), create];

/// Asserts that it was refused with that code, and that the agent keeps nothing.
fn refused(home: &Home, done: &Output, exit: u8) {
    assert_eq!((code(done), out(done).as_str()), (Some(i32::from(exit)), ""), "{}", err(done));
    // One line, and below it what to do.
    let complaint = err(done);
    let (_, said) = complaint.split_once("devpi-tokens: ").expect("a reason");
    assert!(said.lines().count() > 1 && said.lines().skip(1).all(|line| line.starts_with("  ")), "{said}");
    let status = home.cli(&["status", "--json"]).output().expect("it ends");
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!((&status["roots"], &status["retired"]), (&json!([]), &json!([])));
}

fn deleted(fake: &Fake) -> bool {
    let seen = fake.seen.lock().expect("the list");
    seen.iter().any(|request| request.starts_with(&format!("DELETE /alice/+tokens/{ID} ")))
}

#[test]
fn a_token_that_is_wider_than_asked_or_of_another_user_is_refused_with_its_id_and_deleted() {
    for mint in [without_an_end, root_like, of_mallory] {
        let (home, fake) = (Home::new("memory"), Devpi { mint, ..Devpi::GOOD }.start());
        for run in MAKING {
            let done = run(&home, &fake);
            refused(&home, &done, 76);
            assert!(err(&done).contains(&format!("another token than it was asked for: {ID}")), "{}", err(&done));
            assert!(deleted(&fake));
            fake.seen.lock().expect("the list").clear();
        }
    }
}

#[test]
fn a_token_of_a_server_that_cannot_be_used_is_a_bad_answer() {
    for (mint, is_named) in [(with_a_third_party as fn(&Value) -> String, true), (in_format_1, true), (no_token, false)]
    {
        let (home, fake) = (Home::new("memory"), Devpi { mint, ..Devpi::GOOD }.start());
        for run in MAKING {
            let done = run(&home, &fake);
            refused(&home, &done, 76);
            assert_eq!((err(&done).contains(ID), deleted(&fake)), (is_named, is_named), "{}", err(&done));
            fake.seen.lock().expect("the list").clear();
        }
    }
}

#[test]
fn a_token_that_the_server_does_not_take_for_its_users_is_not_kept() {
    for authstatus in [r#"["noauth","",[]]"#, r#"["ok","bob",[]]"#, r#"["nouser","alice",[]]"#, "[]"] {
        let (home, fake) = (Home::new("memory"), Devpi { authstatus, ..Devpi::GOOD }.start());
        refused(&home, &login(&home, &fake, &[]), 76);
        assert!(deleted(&fake), "{authstatus}");
        let file = home.path().join("token");
        std::fs::write(&file, text(&minted("alice", &[]))).expect("a file");
        refused(&home, &login(&home, &fake, &["--file", "token"]), 76);
    }
    // The control: the same at a server that does.
    let (home, fake) = (Home::new("memory"), Devpi::GOOD.start());
    let done = login(&home, &fake, &[]);
    assert!(done.status.success(), "{}", err(&done));
    assert!(out(&done).contains(ID) && !deleted(&fake));
}

#[test]
fn the_root_token_itself_is_sent_to_no_server() {
    let (home, fake) = (Home::new("memory"), Devpi::GOOD.start());
    let root = text(&minted("alice", &[]));
    std::fs::write(home.path().join("token"), &root).expect("a file");
    let done = login(&home, &fake, &["--file", "token"]);
    assert!(done.status.success(), "{}", err(&done));
    // The agent sends a program of its own to ask for the bases of another index.
    let get = home.cli(&["get", &format!("{}/alice/other/+simple/", fake.root)]).output().expect("it ends");
    assert!(get.status.success(), "{}", err(&get));
    let seen = fake.seen.lock().expect("the list");
    assert!(seen.iter().any(|request| request.starts_with("GET /alice/other?")), "nobody asked for the bases");
    let headers = seen.iter().flat_map(|request| request.lines());
    let sent: Vec<String> = headers
        .filter_map(|line| line.split_once(": Basic "))
        .map(|(_, value)| String::from_utf8(STANDARD.decode(value).expect("base64")).expect("a text"))
        .collect();
    let until = jiff::Timestamp::now().as_second() + 120;
    for pair in &sent {
        let token = Token::parse(pair.strip_prefix("alice:").expect("alice's")).expect("a token");
        assert!(token.scope().expires().is_some_and(|end| end.cast_signed() < until), "{pair}");
    }
    assert!(sent.len() > 2, "nothing was sent");
}

#[test]
fn a_clock_that_is_off_by_over_a_minute_is_warned_of() {
    for (ahead, side) in [(0, None), (50, None), (-50, None), (90, Some("ahead of")), (-90, Some("behind"))] {
        let (home, fake) = (Home::new("memory"), Devpi { ahead, ..Devpi::GOOD }.start());
        let renew = || fed(home.cli(&["renew"]), "a password\n");
        for done in [login(&home, &fake, &[]), create(&home, &fake), renew()] {
            assert!(done.status.success(), "{}", err(&done));
            let warning = err(&done).lines().find(|line| line.contains("the server's clock")).map(str::to_owned);
            assert_eq!(warning.is_some(), side.is_some(), "{ahead}: {}", err(&done));
            assert!(side.is_none_or(|side| warning.is_some_and(|line| line.contains(side))), "{}", err(&done));
        }
    }
}

#[test]
fn whatever_a_server_answers_login_ends_with_the_code_for_it_and_keeps_nothing() {
    let elsewhere = Devpi::GOOD.start();
    let redirect =
        |code: u16| format!("HTTP/1.1 {code} x\r\nLocation: {}/+api\r\nContent-Length: 0\r\n\r\n", elsewhere.root);
    let compressed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx".to_owned();
    let home = Home::new("memory");
    for (answer, exit) in [
        (redirect(301), 76),
        (redirect(302), 76),
        (redirect(307), 76),
        (status("200 OK", "<html>hello</html>"), 76),
        (status("200 OK", ""), 76),
        (status("200 OK", r#"{"type":"apiconfig","res"#), 76),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"type\":".to_owned(), 76),
        (status("200 OK", &"x".repeat(2 << 20)), 76),
        (compressed, 76),
        (status("401 x", "{}"), 77),
        (status("403 x", "{}"), 77),
        (status("404 x", "{}"), 76),
        (status("429 x", "{}"), 75),
        (status("500 x", "{}"), 76),
        (status("503 x", "{}"), 75),
    ] {
        let fake = Fake::bytes(answer.clone());
        let done = login(&home, &fake, &[]);
        refused(&home, &done, exit);
        let seen = fake.seen.lock().expect("the list");
        assert!(seen.iter().all(|request| !request.contains("a password")), "{answer}");
    }
    assert!(elsewhere.asked().is_empty(), "a redirect was followed");
}

#[test]
fn a_certificate_of_ones_own_needs_its_authority_named() {
    let authority = Authority::new();
    let home = Home::new("memory");
    std::fs::write(home.path().join("ca.pem"), &authority.pem).expect("a file");
    let serve =
        |name| Fake::with_tls(&authority.certify(name, |_| ()), |request, stream| Devpi::GOOD.answer(request, stream));
    let fake = serve("127.0.0.1");
    let done = login(&home, &fake, &[]);
    refused(&home, &done, 76);
    assert!(err(&done).contains("--ca-file"), "{}", err(&done));
    assert!(fake.asked().is_empty());
    refused(&home, &login(&home, &serve("devpi.example"), &["--ca-file", "ca.pem"]), 76);
    let done = login(&home, &fake, &["--ca-file", "ca.pem"]);
    assert!(done.status.success(), "{}", err(&done));
    // No option turns it off.
    for option in ["--insecure", "--no-verify", "-k"] {
        assert_eq!(code(&login(&home, &fake, &[option])), Some(2), "{option}");
    }
}
