//! The commands about single tokens, end to end: with a password on standard input, with devpi-client's own session, and
//! with the agent.

#[path = "tokens/devpi_client.rs"]
mod devpi_client;
#[path = "tokens/file.rs"]
mod file;
#[path = "tokens/kept.rs"]
mod kept;
mod support;
#[path = "tokens/time.rs"]
mod time;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use devpi_tokens::token::{RootToken, Token};
use serde_json::{Value, json};
use support::{BED, Home, TOOLS, code, err, fed, out};
use testbed::Auth;

/// The arguments, with where and as whom after them.
fn at_bed<'a>(args: &[&'a str], url: &'a str, user: &'a str) -> Vec<&'a str> {
    args.iter().copied().chain(["--server", url, "--as", user]).collect()
}

/// Runs a verb at the bed as a user, with the password on standard input.
fn as_user(home: &Home, user: &str, args: &[&str]) -> Output {
    let url = BED.url();
    fed(home.cli(&at_bed(args, &url, user)), &format!("{}\n", BED.password(user)))
}

fn done(output: Output) -> Output {
    assert!(output.status.success(), "{:?}: {}{}", code(&output), out(&output), err(&output));
    output
}

/// The token on standard output, which holds nothing else.
fn token(output: Output) -> String {
    let output = done(output);
    let token = out(&output).trim_end().to_owned();
    assert!(token.starts_with("devpi-") && !token.contains('\n'), "{token}");
    token
}

fn read(token: &str) -> RootToken {
    Token::parse(token).and_then(RootToken::try_from).expect("a token")
}

fn caveats(token: &str) -> Vec<String> {
    read(token).restrictions().iter().map(|restriction| restriction.to_caveat()).collect()
}

/// Seconds from now until the token ends.
fn lifetime(token: &str) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let end = read(token).scope().expires().expect("an end");
    end.cast_signed() - now.cast_signed()
}

/// About that many seconds; the test itself takes some.
fn assert_about(seconds: i64, expected: i64) {
    assert!((expected - 30..=expected + 30).contains(&seconds), "{seconds}, not {expected}");
}

fn reads(user: &str, token: &str, index: &str) -> u16 {
    BED.get(&format!("{index}/+simple/"), Auth::Basic(user, token)).expect("an answer").status
}

fn ids(user: &str) -> Vec<String> {
    BED.tokens(user).expect("the tokens").as_object().expect("by id").keys().cloned().collect()
}

fn inspect(home: &Home, token: &str) -> Value {
    let printed = done(fed(home.cli(&["inspect", "--json", "-f", "-"]), &format!("{token}\n")));
    serde_json::from_slice(&printed.stdout).expect("JSON")
}

/// A folder of devpi-client, logged in as that user by devpi-client itself.
fn devpi_client(home: &Home, user: Option<&str>) -> PathBuf {
    let folder = home.path().join("devpi-client");
    let devpi = |args: &[&str]| {
        let mut devpi = devpi(home, &folder);
        let output = devpi.args(args).output().expect("devpi runs");
        done(output);
    };
    devpi(&["use", &BED.url()]);
    if let Some(user) = user {
        devpi(&["login", user, &format!("--password={}", BED.password(user))]);
    }
    folder
}

/// devpi-client itself, told its folder as its own variable does.
fn devpi(home: &Home, folder: &Path) -> Command {
    let mut devpi = home.command(TOOLS.server_program("devpi"));
    devpi.env("DEVPI_CLIENTDIR", folder);
    devpi
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("a file").permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_token_is_made_listed_inspected_narrowed_and_deleted() {
    let home = Home::new("memory");
    let asked = ["create", "-a", "upload,pkg_read", "-a", "pkg_read", "-e", "2h", "-i", " alice/dev ,alice/base"];
    let created = as_user(&home, "alice", &[&asked[..], &["-p", "My__Pkg,pkg"]].concat());
    assert!(err(&created).contains("it ends in "), "{}", err(&created));
    let made = token(created);
    let written = caveats(&made);
    assert_eq!(written.len(), 4);
    assert_eq!(written[0], "allowed=pkg_read,upload");
    assert_about(lifetime(&made), 7200);
    assert_eq!(written[2..], ["indexes=alice/base,alice/dev", "projects=my-pkg,pkg"]);
    assert_eq!([reads("alice", &made, "alice/dev"), reads("alice", &made, "alice/other")], [200, 403]);

    let id = read(&made).id().to_string();
    let listed = done(as_user(&home, "alice", &["list", "--json"]));
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["tokens"][&id]["restrictions"], json!(written));
    assert!(out(&done(as_user(&home, "alice", &["token-list"]))).contains(&id));

    let inspected = inspect(&home, &made);
    assert_eq!([&inspected["user"], &inspected["id"]], [&json!("alice"), &json!(id)]);
    assert_eq!(inspected["restrictions"], json!(written));

    let narrowed = token(fed(home.cli(&["derive", "-f", "-", "-a", "pkg_read", "-i", "alice/base"]), &made));
    assert_eq!(caveats(&narrowed), [&written[..], &["allowed=pkg_read".into(), "indexes=alice/base".into()]].concat());
    assert_eq!([reads("alice", &narrowed, "alice/base"), reads("alice", &narrowed, "alice/dev")], [200, 403]);

    let deleted = done(as_user(&home, "alice", &["delete", &id]));
    assert_eq!(out(&deleted), format!("token {id} deleted\n"));
    assert!(!ids("alice").contains(&id));
    assert_eq!([reads("alice", &made, "alice/dev"), reads("alice", &narrowed, "alice/base")], [403, 403]);
    let again = as_user(&home, "alice", &["delete", &id]);
    assert_eq!(code(&again), Some(1), "{}", err(&again));
    assert!(unbroken(&err(&again)).contains(&format!("alice has no token {id}")), "{}", err(&again));
}

#[test]
fn a_token_without_an_end_asked_for_is_said_to_end_when_the_server_has_chosen() {
    let home = Home::new("memory");
    let created = as_user(&home, "alice", &["token-create"]);
    assert!(err(&created).contains("it ends in 1 year ("), "{}", err(&created));
    assert_about(lifetime(&token(created)), 366 * 86_400 + 10);
}

#[test]
fn a_wrong_password_makes_nothing() {
    let home = Home::new("memory");
    let before = ids("bob");
    let refused = fed(home.cli(&at_bed(&["create"], &BED.url(), "bob")), "wrong\n");
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(77), ""), "{}", err(&refused));
    assert_eq!(ids("bob"), before);
    let nothing = fed(home.cli(&at_bed(&["create", "--no-input"], &BED.url(), "bob")), "");
    assert_eq!((code(&nothing), out(&nothing).as_str()), (Some(2), ""), "{}", err(&nothing));
}

#[test]
fn root_makes_lists_and_deletes_tokens_of_bob() {
    let home = Home::new("memory");
    let made = token(as_user(&home, "root", &["create", "-u", "bob", "-a", "pkg_read", "-e", "10min"]));
    assert_eq!(read(&made).user().as_str(), "bob");
    assert_eq!(reads("bob", &made, "bob/dev"), 200);
    let id = read(&made).id().to_string();
    assert!(out(&done(as_user(&home, "root", &["list", "-u", "bob"]))).contains(&id));
    done(as_user(&home, "root", &["delete", "-u", "bob", &id]));
    assert!(!ids("bob").contains(&id));
    // What the server allows to root alone.
    let created = as_user(&home, "root", &["create", "-u", "bob", "-a", "pkg_read", "-e", "never"]);
    assert!(err(&created).contains("it never ends"), "{}", err(&created));
    assert_eq!(caveats(&token(created)), ["allowed=pkg_read", "expires=never"]);
}

/// A message in one line, as it was before it was broken for the terminal.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn alice_is_refused_what_is_bobs_in_the_servers_words() {
    let home = Home::new("memory");
    let before = ids("bob");
    let of_bob = ["-u", "bob"];
    for verb in [&["create", "-a", "pkg_read"][..], &["list"], &["delete", "abcdefgh"]] {
        let refused = as_user(&home, "alice", &[verb, &of_bob].concat());
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(77), ""), "{verb:?}: {}", err(&refused));
        let said = unbroken(&err(&refused));
        assert!(said.contains("refuses: 403 Forbidden") && said.contains("nauthorized"), "{verb:?}: {said}");
    }
    for (args, words) in [
        (["create", "-e", "never"], "Not allowed to create token with no expiration"),
        (["create", "-e", "2y"], "Not allowed to set expiration to more than one year"),
    ] {
        let refused = as_user(&home, "alice", &args);
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(77), ""), "{}", err(&refused));
        assert!(unbroken(&err(&refused)).contains(words), "{}", err(&refused));
    }
    assert_eq!(ids("bob"), before);
}

/// A token to derive from that no server knows is enough where none is asked.
fn some_token() -> String {
    BED.create_token("alice", &json!({"allowed": ["pkg_read", "upload"]})).expect("a token")
}

#[test]
fn a_permission_that_the_server_does_not_know_needs_a_yes() {
    let home = Home::new("memory");
    let from = some_token();
    let derive = |args: &[&str]| fed(home.cli(&[&["derive", "-f", "-"], args].concat()), &from);
    let refused = derive(&["-a", "pkg_read,colour"]);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(2), ""), "{}", err(&refused));
    assert!(err(&refused).contains("colour") && err(&refused).contains("--yes"), "{}", err(&refused));
    let made = token(derive(&["-a", "pkg_read,colour", "--yes"]));
    // The server knows it as little as we do, but reads the list.
    assert_eq!(reads("alice", &made, "alice/dev"), 200);
    let refused = as_user(&home, "alice", &["create", "-a", "colour"]);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(2), ""), "{}", err(&refused));
    let nothing = derive(&[]);
    assert_eq!(code(&nothing), Some(2), "{}", err(&nothing));
    let malformed = derive(&["-a", "pkg read"]);
    assert_eq!(code(&malformed), Some(65), "{}", err(&malformed));
}

#[test]
fn an_index_that_is_none_is_warned_about() {
    let home = Home::new("memory");
    let derived = fed(home.cli(&["derive", "-f", "-", "-i", "alice/dev,dev"]), &some_token());
    assert!(err(&derived).contains("warning: no index is called dev"), "{}", err(&derived));
    assert_eq!(reads("alice", &token(derived), "alice/dev"), 200);
}

#[test]
fn a_token_in_the_arguments_is_warned_about() {
    let home = Home::new("memory");
    let from = some_token();
    let derived = home.cli(&["derive", "--token", &from, "-e", "5min"]).output().expect("it ends");
    assert!(err(&derived).contains("warning: --token shows the token"), "{}", err(&derived));
    token(derived);
}

#[test]
fn what_can_says_and_what_the_server_answers_is_the_same() {
    let home = Home::new("memory");
    let made = BED.create_token("alice", &json!({"allowed": ["pkg_read"], "indexes": ["alice/dev"]})).expect("a token");
    let can = |args: &[&str]| fed(home.cli(&[&["can"], args, &["-f", "-"]].concat()), &made);
    assert_eq!(code(&can(&["pkg_read", "alice/dev"])), Some(0));
    assert_eq!(reads("alice", &made, "alice/dev"), 200);
    let no = can(&["pkg_read", "alice/other"]);
    assert_eq!(code(&no), Some(77));
    assert!(err(&no).contains("decided by: indexes=alice/dev"), "{}", err(&no));
    assert_eq!(reads("alice", &made, "alice/other"), 403);
    assert_eq!(code(&can(&["pkg_read", "alice/dev", "--at", "3y"])), Some(77));
}

#[test]
fn a_token_in_the_place_of_a_file_is_not_repeated() {
    let home = Home::with_alice();
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token");
    let url = BED.index_url("alice/dev");
    let bare = token.trim_start_matches("devpi-");
    for args in [
        &["inspect", "--file", &token][..],
        &["inspect", "--file", bare],
        &["trace", "--file", &token],
        &["can", "--file", &token, "upload", "alice/dev"],
        &["login", "--file", &token, &url],
        &["login", "--ca-file", &token, &url],
        &["login", "--policy", &token, &url, "alice"],
        &["policy", "edit", "--file", &token],
        &["derive", "--file", &token, "--expires", "1 hour"],
        &["exec", &url, "--", &token],
        &[&token],
    ] {
        let done = home.cli(args).output().expect("it runs");
        assert!(!done.status.success(), "{}", args[0]);
        let said = (out(&done) + &err(&done)).replace("\n    ", "").replace('\n', "");
        assert!(!said.contains(&bare[40..]), "{}: {said}", args[0]);
    }
}
