//! What a process of the same user gets from the agent that asks for more than it should, and one from a container.

mod support;

use std::process::Command;

use devpi_tokens::client::Client;
use devpi_tokens::exit::{Exit, Failure};
use devpi_tokens::protocol::{Holder, Question, Request, Response, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use devpi_tokens::target::{Purpose, ServerUrl};
use devpi_tokens::token::Token;
use serde_json::json;
use support::{BED, Home, err};

fn server() -> ServerUrl {
    BED.url().parse().expect("a server")
}

fn asked(home: &Home, request: &Request) -> Result<Response, Failure> {
    Client::running(&home.paths()).expect("a greeting").expect("an agent").request(request)
}

fn question(indexes: usize, bytes: u64) -> Request {
    let name = |number| match number {
        0 => "alice/dev".parse().expect("an index"),
        number => format!("alice/i{number}").parse().expect("an index"),
    };
    Request::Ask(Question {
        server: server(),
        user: None,
        purpose: if bytes > 0 { Purpose::Upload } else { Purpose::Read },
        indexes: (0..indexes).map(name).collect(),
        projects: Vec::new(),
        bytes,
        stranger: None,
    })
}

#[test]
fn no_server_clock_that_a_peer_claims_lengthens_a_token() {
    let home = Home::with_alice();
    let keep = |skew| {
        Request::Keep(Box::new(Root {
            holder: Holder { server: server(), user: "bob".parse().expect("a user") },
            token: Secret::new(BED.create_token("bob", &json!({})).expect("a token")),
            index: None,
            bases: Vec::new(),
            default: false,
            access: ServerAccess { skew, ..ServerAccess::default() },
            environment: Default::default(),
            policy: None,
        }))
    };
    for skew in [i64::MIN, -3601, 3601, 1_000_000_000, i64::MAX] {
        assert_eq!(asked(&home, &keep(skew)).expect_err("refused").exit, Exit::Malformed, "{skew}");
    }
    asked(&home, &keep(3600)).expect("kept");
    let Response::Credential(given) = asked(&home, &question(1, u64::MAX)).expect("a token") else {
        panic!("another answer");
    };
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    let end = Token::parse(given.password.expose()).expect("a token").scope().expires().expect("an end");
    assert!(end <= now + 12 * 60 * 60, "it ends in {} s", end - now);
}

#[test]
fn a_question_has_few_indexes_and_those_unknown_cost_no_more_time_than_one() {
    let home = Home::with_alice();
    assert_eq!(asked(&home, &question(33, 0)).expect_err("too many").exit, Exit::Malformed);
    assert_eq!(asked(&home, &question(3000, 0)).expect_err("too many").exit, Exit::Malformed);
    let begun = std::time::Instant::now();
    let Response::Credential(given) = asked(&home, &question(32, 0)).expect("a token") else {
        panic!("another answer");
    };
    assert_eq!(given.notes.len(), 31);
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

/// That whoever lives across that border gets tokens to read at the agent's own socket, and nothing else.
fn may_only_read(across: &[&str]) {
    // Some machines forbid new namespaces: then there is no container either.
    if !Command::new("unshare").args(across).arg("true").status().is_ok_and(|status| status.success()) {
        return;
    }
    let home = Home::with_alice();
    let inside = |args: &[&str]| {
        let mut command = home.command("unshare");
        command.args(across).arg(env!("CARGO_BIN_EXE_devpi-tokens")).args(args);
        command.output().expect("unshare")
    };
    let read = inside(&["get", &BED.simple_url("alice/dev")]);
    assert!(read.status.success(), "{}", err(&read));
    let scope = Token::parse(support::out(&read).trim()).expect("a token").scope();
    let allowed: Vec<String> = scope.allowed().expect("allowed").iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["pkg_read"]);
    for args in [
        &["get", "--for", "upload", &BED.index_url("alice/dev")] as &[&str],
        &["status"],
        &["agent", "lock"],
        &["agent", "unlock"],
        &["agent", "socket", "ci/agent.sock"],
        &["agent", "socket", "--close", "ci/agent.sock"],
        &["policy", "show"],
        &["explain", &BED.simple_url("alice/dev")],
        &["logout"],
        &["agent", "stop"],
    ] {
        assert_eq!(inside(args).status.code(), Some(Exit::Refused as i32), "{args:?}");
    }
    assert!(home.agent().is_some());
}

#[test]
fn a_process_in_another_user_namespace_may_read_and_nothing_else() {
    may_only_read(&["--user", "--map-root-user"]);
}

#[test]
fn a_process_in_another_pid_namespace_may_read_and_nothing_else() {
    if rustix::process::geteuid().is_root() {
        may_only_read(&["--pid", "--fork", "--mount-proc", "--kill-child"]);
    } else {
        may_only_read(&["--user", "--map-current-user", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    }
}
