//! What the design takes for granted about the server, so that a server that changes is noticed.
//!
//! Tokens are restricted by pymacaroons, and everything is asked of devpi-server itself, past nginx, unless a test is
//! about what lies in front.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use testbed::{Auth, Bed, Closing, Reply, get, install, send};

/// One server for all: it ends with this process.
static BED: LazyLock<Bed> = LazyLock::new(|| Bed::start(&install(|_| {}).unwrap(), Closing::Unauthorized401).unwrap());

/// Alice's root token with nothing but an end, made once: each new root costs the server an argon2.
static ROOT: LazyLock<String> = LazyLock::new(|| BED.create_token("alice", &json!({})).unwrap());

fn restricted(caveats: &[&str]) -> String {
    BED.restrict(&ROOT, caveats).unwrap()
}

/// Fetches the wheel of a project, which needs `pkg_read` on the index that it lies on.
fn fetch(index: &str, project: &str, auth: Auth<'_>) -> Reply {
    let direct = BED.direct_url();
    let page = get(&format!("{direct}/{index}/+simple/{project}/"), Auth::None).unwrap().body;
    let file = page.split('"').find(|part| part.contains(".whl")).unwrap();
    // The link is relative; the part that counts is the same wherever it is linked from.
    let (_, file) = file.split('#').next().unwrap().split_once("+f/").unwrap();
    get(&format!("{direct}/{index}/+f/{file}"), auth).unwrap()
}

fn fetch_core(caveats: &[&str]) -> u16 {
    fetch("alice/base", "bed-core", Auth::Basic("alice", &restricted(caveats))).status
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn later_caveats_only_narrow() {
    assert_eq!(fetch_core(&["expires=never"]), 200);
    assert_eq!(fetch_core(&["expires=1", "expires=never"]), 403);
    assert_eq!(fetch_core(&["allowed=pkg_read,upload", "allowed=pkg_read"]), 200);
    assert_eq!(fetch_core(&["allowed=upload", "allowed=pkg_read"]), 403);
}

#[test]
fn an_unknown_key_is_refused_in_misleading_words() {
    let token = restricted(&["colour=red"]);
    let refused = fetch("alice/base", "bed-core", Auth::Basic("alice", &token));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("Signatures do not match"), "{}", refused.body);
}

#[test]
fn json_and_empty_values_break_the_server() {
    assert_eq!(fetch_core(&[r#"{"version": 1, "permissions": "user"}"#]), 500);
    assert_eq!(fetch_core(&["allowed="]), 500);
    assert_eq!(fetch_core(&["indexes=,alice/base"]), 500);
    // Where no item matches, that is found out first.
    assert_eq!(fetch_core(&["indexes=,x"]), 403);
}

#[test]
fn times_are_read_as_python_reads_them() {
    assert_eq!(fetch_core(&["expires= 9_999_999_999 "]), 200);
    assert_eq!(fetch_core(&["expires=1e10"]), 403);
    assert_eq!(fetch_core(&["expires="]), 403);
}

#[test]
fn the_user_sent_is_the_tokens_user_or_nobody() {
    let token = restricted(&["allowed=pkg_read"]);
    let status = |auth| fetch("alice/base", "bed-core", auth).status;
    assert_eq!(status(Auth::Basic("alice", &token)), 200);
    assert_eq!(status(Auth::Basic("", &token)), 200);
    assert_eq!(status(Auth::Basic(&token, "")), 200);
    for user in ["__token__", "Alice", "bob"] {
        assert_eq!(status(Auth::Basic(user, &token)), 403, "{user}");
    }
}

#[test]
fn the_prefix_may_be_left_out() {
    let token = restricted(&["allowed=pkg_read"]);
    assert_eq!(fetch("alice/base", "bed-core", Auth::Basic("alice", &token["devpi-".len()..])).status, 200);
}

#[test]
fn a_bad_token_is_403_and_never_401() {
    let later = format!("not_before={}", now() + 600);
    for caveats in [["expires=1"], [later.as_str()], ["indexes=alice/dev"], ["allowed=upload"]] {
        assert_eq!(fetch_core(&caveats), 403, "{caveats:?}");
    }
    let mut forged = restricted(&["allowed=pkg_read"]);
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    assert_eq!(fetch("alice/base", "bed-core", Auth::Basic("alice", &forged)).status, 403);

    let deleted = BED.create_token("bob", &json!({"allowed": ["pkg_read"]})).unwrap();
    let tokens = BED.tokens("bob").unwrap();
    let (id, _) = tokens.as_object().unwrap().iter().next().unwrap();
    assert_eq!(fetch("alice/base", "bed-core", Auth::Basic("bob", &deleted)).status, 200);
    BED.delete_token("bob", id).unwrap();
    assert_eq!(fetch("alice/base", "bed-core", Auth::Basic("bob", &deleted)).status, 403);
}

#[test]
fn nginx_too_answers_403_to_an_expired_token() {
    let token = restricted(&["expires=1"]);
    assert_eq!(BED.get("alice/dev/+simple/", Auth::Basic("alice", &token)).unwrap().status, 403);
}

#[test]
fn a_simple_page_says_nothing_about_a_token_but_api_does() {
    let direct = BED.direct_url();
    let token = restricted(&["expires=1"]);
    let auth = Auth::Basic("alice", &token);
    assert_eq!(get(&format!("{direct}/alice/dev/+simple/"), auth).unwrap().status, 200);
    let status =
        |auth| send("GET", &format!("{direct}/+api"), auth, None).unwrap().json()["result"]["authstatus"].take();
    assert_ne!(status(auth)[0], "ok");
    let good = restricted(&["allowed=pkg_read"]);
    assert_eq!(status(Auth::Basic("alice", &good)), json!(["ok", "alice", []]));
}

#[test]
fn an_inherited_file_lies_under_its_base_and_needs_it_in_the_scope() {
    let page = get(&format!("{}/alice/dev/+simple/bed-core/", BED.direct_url()), Auth::None).unwrap().body;
    assert!(page.contains("/base/+f/"), "{page}");
    assert_eq!(fetch_core(&["indexes=alice/dev"]), 403);
    assert_eq!(fetch_core(&["indexes=alice/base,alice/dev,alice/mid"]), 200);
}

#[test]
fn projects_do_not_hold_for_files() {
    assert_eq!(fetch_core(&["projects=another"]), 200);
}

#[test]
fn without_allowed_a_token_makes_indexes() {
    let make = |index: &str, caveats: &[&str]| {
        let token = restricted(caveats);
        let auth = Auth::Devpi("alice", &token);
        send("PUT", &format!("{}/alice/{index}", BED.direct_url()), auth, Some(&json!({"bases": []}))).unwrap().status
    };
    assert_eq!(make("made", &[]), 200);
    assert_eq!(make("refused", &["allowed=pkg_read"]), 403);
}

#[test]
fn no_token_logs_in_or_makes_lists_and_deletes_tokens() {
    let direct = BED.direct_url();
    let auth = Auth::Devpi("alice", &ROOT);
    let given = json!({"user": "alice", "password": *ROOT});
    assert_eq!(send("POST", &format!("{direct}/+login"), Auth::None, Some(&given)).unwrap().status, 401);
    let create = send("POST", &format!("{direct}/alice/+token-create"), auth, Some(&json!({}))).unwrap();
    assert_eq!(create.status, 403);
    assert_eq!(send("GET", &format!("{direct}/alice/+tokens"), auth, None).unwrap().status, 403);
    assert_eq!(send("DELETE", &format!("{direct}/alice/+tokens/x"), auth, None).unwrap().status, 403);
}

/// Sends the head of an upload, waits, sends the body; gives the status line.
fn upload_in(pause: Duration, token: &str) -> String {
    let field = |name: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields =
        [(":action", "file_upload"), ("name", "slow"), ("version", "1.0"), ("filetype", "sdist"), ("pyversion", "")];
    let mut body: String = fields.iter().map(|(name, value)| field(name, value)).collect();
    body += "--cut\r\nContent-Disposition: form-data; name=\"content\"; filename=\"slow-1.0.tar.gz\"\r\n";
    body += "Content-Type: application/octet-stream\r\n\r\nnot an archive\r\n--cut--\r\n";
    let address = BED.direct_url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "POST /alice/dev/ HTTP/1.1\r\nHost: bed\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(pause);
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_token_is_judged_when_the_whole_upload_has_arrived() {
    let token = |seconds| restricted(&["allowed=upload", &format!("expires={}", now() + seconds)]);
    let long = upload_in(Duration::from_secs(3), &token(600));
    assert!(long.contains(" 200 "), "{long}");
    let short = upload_in(Duration::from_secs(3), &token(2));
    assert!(short.contains(" 403 "), "{short}");
}

#[test]
fn a_refusal_repeats_what_the_token_says() {
    let token = restricted(&["expires=\u{1b}[31mred"]);
    let refused = fetch("alice/base", "bed-core", Auth::Basic("alice", &token));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("\u{1b}[31mred"), "{:?}", refused.body);
}

#[test]
fn devpi_client_gets_403_where_others_get_401() {
    let anonymous = |agent: &str| {
        let address = BED.url();
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        let head = format!("GET /alice/dev/ HTTP/1.0\r\nHost: bed\r\nUser-Agent: {agent}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(anonymous("pip/26.3"), "401");
    assert_eq!(anonymous("devpi-client/7.3.0"), "403");
}
