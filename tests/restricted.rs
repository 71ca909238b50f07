//! The restricted socket: what it gives, to whom, and when it is gone.

mod support;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use devpi_tokens::token::Token;
use serde_json::{Value, json};
use support::raw::{Raw, denied, kind};
use support::{BED, Home, code, err, out};

fn open(home: &Home, args: &[&str]) -> Output {
    home.cli(&[&["agent", "socket"], args].concat()).output().expect("agent socket")
}

/// A restricted socket of that home, for reading `alice/dev`.
fn reading(home: &Home) -> PathBuf {
    let path = home.path().join("ci/agent.sock");
    let made = open(home, &["--index", "alice/dev", path.to_str().expect("UTF-8")]);
    assert!(made.status.success(), "{}", err(&made));
    path
}

fn question(purpose: &str, indexes: &[&str]) -> Value {
    json!({"ask": {
        "server": BED.url(), "user": null, "purpose": purpose,
        "indexes": indexes, "projects": [], "bytes": 0,
    }})
}

/// The indexes of a token that was given.
fn indexes(answer: &Value) -> BTreeSet<String> {
    let token =
        Token::parse(answer["credential"]["password"].as_str().unwrap_or_else(|| panic!("{answer}"))).expect("a token");
    let scope = token.scope();
    let allowed: Vec<String> = scope.allowed().expect("allowed").iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["pkg_read"]);
    scope.indexes().expect("indexes").iter().map(ToString::to_string).collect()
}

/// The command line as it is in a container: without the list of our servers, and with that socket.
fn inside(home: &Home, program: &str, socket: &Path, args: &[&str]) -> Output {
    let container = home.path().join("container");
    let mut command = home.command(program);
    command.env("DEVPI_TOKENS_HOME", container).env("DEVPI_TOKENS_SOCK", socket).args(args);
    command.output().expect("it runs")
}

#[test]
fn a_restricted_socket_gives_read_tokens_for_its_indexes_and_nothing_else() {
    let home = Home::with_alice();
    let mut raw = Raw::greeted(&reading(&home));
    let mut main = Raw::greeted(&home.paths().sockets[0]);
    let with_bases = indexes(&main.ask(&question("read", &["alice/dev"])));
    assert!(with_bases.len() > 1 && with_bases.contains("alice/dev"), "{with_bases:?}");
    for asked in [&["alice/dev"][..], &[]] {
        assert_eq!(indexes(&raw.ask(&question("read", asked))), with_bases, "{asked:?}");
    }
    // A base is in the token, and not in what may be asked for.
    for (purpose, asked) in [("read", "alice/mid"), ("read", "alice/other"), ("upload", "alice/dev")] {
        assert_eq!(denied(&raw.ask(&question(purpose, &[asked]))), "beyond", "{purpose} {asked}");
        assert!(main.ask(&question(purpose, &[asked]))["credential"].is_object(), "the main socket gives it");
    }
    for purpose in ["push", "toxresult", "remove"] {
        assert_eq!(denied(&raw.ask(&question(purpose, &["alice/dev"]))), "beyond", "{purpose}");
    }
    let holder = json!({"server": BED.url(), "user": "alice"});
    for request in [
        json!("status"),
        json!("lock"),
        json!("stop"),
        json!({"unlock": {"passphrase": "x"}}),
        json!("probe_keyring"),
        json!({"create": {"keeper": "memory", "passphrase": null}}),
        json!({"drop": {"server": BED.url(), "user": "alice"}}),
        json!({"deleted": {"holder": holder, "ids": []}}),
        json!({"make_default": {"server": BED.url(), "user": "alice"}}),
        json!({"policy": {"server": BED.url(), "user": "alice"}}),
        json!({"set_policy": {"holder": holder, "policy": {}, "passphrase": null}}),
        json!({"open_socket": {"path": "/tmp/x/y", "purposes": ["upload"], "indexes": [], "holder": null}}),
        json!({"close_socket": {"path": home.path().join("ci/agent.sock")}}),
        json!({"keep": {"holder": holder, "token": "devpi-x", "index": null, "bases": [], "default": false,
            "access": {"ca_file": null, "allow_http": false, "skew": 0}, "policy": null}}),
    ] {
        assert_eq!(denied(&raw.ask(&request)), "beyond", "{request}");
    }
    let weigh = json!({"weigh": question("read", &["alice/dev"])["ask"]});
    assert_eq!(denied(&raw.ask(&weigh)), "beyond");
    let servers = raw.ask(&json!("servers"));
    assert_eq!(servers, json!({"servers": [BED.url()]}));
}

#[test]
fn a_socket_for_one_user_of_one_server_and_for_uploads_gives_just_that() {
    let home = Home::with_alice();
    home.login(&BED, &BED.index_url("bob/dev"), "bob");
    let path = home.path().join("ci/agent.sock");
    let path = path.to_str().expect("UTF-8");
    let url = BED.url();
    let args = ["--for", "upload", "--index", "bob/dev", "--server", &url, "--as", "bob", path];
    let made = open(&home, &args);
    assert_eq!(out(&made), format!("restricted socket {path}: upload bob/dev as bob at {url}\n"), "{}", err(&made));
    let mut raw = Raw::greeted(Path::new(path));
    let given = raw.ask(&question("upload", &[]));
    assert_eq!(given["credential"]["username"], "bob", "{given}");
    assert_eq!(denied(&raw.ask(&question("read", &["bob/dev"]))), "beyond");
    let mut other = question("upload", &["bob/dev"]);
    other["ask"]["user"] = json!("alice");
    assert_eq!(denied(&raw.ask(&other)), "beyond");
    other["ask"]["user"] = json!("bob");
    other["ask"]["server"] = json!("https://other.example");
    assert_eq!(denied(&raw.ask(&other)), "beyond");
    // Whoever comes through it cannot be named to a person, so none is asked.
    std::fs::create_dir_all(home.paths().config).expect("a folder");
    std::fs::write(home.paths().config.join("config.toml"), "[[limit]]\nconfirm = [\"upload\"]\n").expect("written");
    assert_eq!(denied(&raw.ask(&question("upload", &["bob/dev"]))), "restricted_unconfirmed");
    // Where the files of the agent lie, and what is in them, is told to nobody here.
    std::fs::write(home.paths().config.join("config.toml"), "secret = 1\n").expect("written");
    let answer = raw.ask(&question("upload", &["bob/dev"]));
    assert_eq!(denied(&answer), "config");
    assert!(!answer.to_string().contains("secret") && !answer.to_string().contains('/'), "{answer}");
}

#[test]
fn every_program_finds_it_in_a_container_by_the_environment_alone() {
    let home = Home::with_alice();
    let socket = reading(&home);
    let simple = BED.simple_url("alice/dev");
    let got = inside(&home, env!("CARGO_BIN_EXE_devpi-tokens"), &socket, &["get", &simple]);
    assert!(out(&got).starts_with("devpi-"), "{}", err(&got));
    let helper = env!("CARGO_BIN_EXE_devpi-tokens-helper");
    let asked = inside(&home, helper, &socket, &["keyring", "--mode=creds", "get", &simple]);
    assert!(out(&asked).starts_with("alice\ndevpi-"), "{}", err(&asked));
    let upload = inside(&home, env!("CARGO_BIN_EXE_devpi-tokens"), &socket, &["get", &BED.index_url("alice/dev")]);
    assert_eq!(code(&upload), Some(77));
    assert!(err(&upload).contains("this socket gives no token for upload\n  ask whoever made it"), "{}", err(&upload));
    // Nobody there: no agent is started, which would know of nothing.
    std::fs::remove_file(&socket).expect("removed");
    let gone = inside(&home, env!("CARGO_BIN_EXE_devpi-tokens"), &socket, &["get", &simple]);
    assert_eq!((code(&gone), socket.exists()), (Some(1), false), "{}", err(&gone));
}

#[test]
fn it_ends_when_it_is_closed_when_its_file_is_removed_and_with_the_agent() {
    let home = Home::with_alice();
    let names = || {
        let status = home.cli(&["status", "--json"]).output().expect("status");
        let status: Value = serde_json::from_str(&out(&status)).expect("JSON");
        let sockets = status["sockets"].as_array().expect("a list").clone();
        sockets.iter().map(|socket| socket["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    let path = reading(&home);
    let text = path.to_str().expect("UTF-8").to_owned();
    assert_eq!(names(), [text.as_str()]);
    for words in [&["status"][..], &["agent", "status"]] {
        let said = out(&home.cli(words).output().expect("status"));
        assert!(said.contains(&format!("restricted socket {text}: read alice/dev\n")), "{said}");
    }
    let mut raw = Raw::greeted(&path);
    let closed = home.cli(&["agent", "socket", "--close", &text]).output().expect("agent socket");
    assert_eq!((out(&closed).as_str(), path.exists()), ("the socket is closed\n", false), "{}", err(&closed));
    assert_eq!(denied(&raw.ask(&question("read", &["alice/dev"]))), "beyond", "who came before gets nothing more");
    assert_eq!(denied(&raw.ask(&json!("servers"))), "beyond");
    assert!(names().is_empty());

    let mut raw = Raw::greeted(&reading(&home));
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(denied(&raw.ask(&question("read", &["alice/dev"]))), "beyond");
    assert!(names().is_empty());

    reading(&home);
    let again = open(&home, &[&text]);
    assert_eq!(code(&again), Some(73), "{}", err(&again));
    assert!(home.cli(&["agent", "stop"]).status().expect("stop").success());
    assert!(!path.exists());
    // What a killed one leaves behind is in nobody's way.
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    reading(&home);
    home.kill_agent();
    assert!(path.exists());
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    let mut raw = Raw::greeted(&reading(&home));
    assert!(raw.ask(&question("read", &[]))["credential"].is_object());
}

#[test]
fn the_log_names_the_socket_and_tells_its_hand_outs_from_others() {
    let home = Home::with_alice();
    let (one, main) = (reading(&home), home.paths().sockets.remove(0));
    let two = home.path().join("two/agent.sock");
    assert!(open(&home, &[two.to_str().expect("UTF-8")]).status.success());
    // The same process, the same question, within a minute.
    let given = |socket: &Path| {
        let answer = Raw::greeted(socket).ask(&question("read", &["alice/dev"]));
        answer["credential"]["password"].as_str().expect("a token").to_owned()
    };
    let first: BTreeSet<String> = [&main, &one, &two].map(|socket| given(socket)).into();
    assert_eq!(first.len(), 3, "each socket has tokens of its own");
    let again: BTreeSet<String> = [&main, &one, &two].map(|socket| given(socket)).into();
    assert_eq!(again, first, "asked again by the same program");
    let log = out(&home.cli(&["log", "--json"]).output().expect("log"));
    let sockets: Vec<Value> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["asker"]["socket"].clone()).collect();
    assert_eq!(sockets, [Value::Null, json!(one), json!(two)]);
    let said = out(&home.cli(&["log"]).output().expect("log"));
    assert!(said.contains(&format!("at       the restricted socket {}", one.display())), "{said}");
}

#[test]
fn who_asks_there_for_hundreds_of_tokens_is_put_off_and_nobody_else() {
    let home = Home::with_alice();
    let mut raw = Raw::greeted(&reading(&home));
    let mut many = (0..300).map(|number| {
        let mut one = question("read", &["alice/dev"]);
        one["ask"]["projects"] = json!([format!("p{number}")]);
        raw.ask(&one)
    });
    let refused = many.find(|answer| kind(answer) != "credential").expect("one too many");
    assert_eq!(denied(&refused), "too_often");
    let got = home.cli(&["get", &BED.simple_url("alice/mid")]).output().expect("get");
    assert!(got.status.success(), "{}", err(&got));
}

#[test]
fn whoever_is_refused_there_in_a_loop_fills_no_log() {
    let home = Home::with_alice();
    let mut raw = Raw::greeted(&reading(&home));
    for _ in 0..100 {
        assert_eq!(denied(&raw.ask(&json!("lock"))), "beyond");
    }
    assert_eq!(home.log().matches("INFO refused").count(), 0, "{}", home.log());
}

#[test]
fn a_place_where_others_can_change_it_is_refused_and_nothing_is_touched() {
    let home = Home::with_alice();
    let refused = |path: &Path, exit: i32| {
        let refused = open(&home, &[path.to_str().expect("UTF-8")]);
        assert_eq!(code(&refused), Some(exit), "{}", err(&refused));
    };
    let open_folder = home.path().join("open");
    std::fs::create_dir(&open_folder).expect("a folder");
    std::fs::set_permissions(&open_folder, std::fs::Permissions::from_mode(0o777)).expect("set");
    refused(&open_folder.join("s"), 78);
    refused(&std::env::temp_dir().join("devpi-tokens-test.sock"), 78);
    refused(&home.path().join("state/another.sock"), 78);
    let file = home.path().join("ci/file");
    std::fs::create_dir(home.path().join("ci")).expect("a folder");
    std::fs::set_permissions(home.path().join("ci"), std::fs::Permissions::from_mode(0o700)).expect("set");
    std::fs::write(&file, "kept").expect("a file");
    refused(&file, 73);
    refused(&home.path().join("ci").join("x".repeat(107)), 78);
    refused(&home.path().join("state/agent.sock"), 78);
    refused(&home.path().join("above-the-agents-own.sock"), 78);
    refused(&file.join("s"), 78);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "kept");
    assert_eq!(std::fs::read_dir(&open_folder).expect("listed").count(), 0);
    assert!(Raw::greeted(&home.paths().sockets[0]).ask(&json!("status"))["status"]["sockets"] == json!([]));
    let unknown = home.cli(&["agent", "socket", "--close", "nowhere"]).output().expect("agent socket");
    assert_eq!(code(&unknown), Some(1), "{}", err(&unknown));
}
