//! The bed itself: each kind of server, real clients with a root token, and what the log shows of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use serde_json::json;
use testbed::{Auth, Bed, Client, Closing, Tools, install};

fn tools() -> Tools {
    install(|_| {}).unwrap()
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}\n{printed}");
    printed
}

/// The simple page's URL with alice's credentials in it, as a person writes them who has nothing better.
fn with_token(url: &str, token: &str) -> String {
    url.replacen("http://", &format!("http://alice:{token}@"), 1)
}

fn pip_installs_across_the_bases_with_a_token_in_the_url(tools: &Tools, bed: &Bed) {
    let token = bed.create_token("alice", &json!({"allowed": ["pkg_read"]})).unwrap();
    let client = Client::new(tools).unwrap();
    succeeds(&mut client.pip(["install", "-i", &with_token(&bed.simple_url("alice/dev"), &token), "bed-app"]));
    assert!(["bed_app", "bed_lib", "bed_core"].iter().all(|module| client.imports(module)));

    let log = bed.log().unwrap();
    let carried: Vec<_> = log.iter().filter(|seen| seen.carried(&token)).collect();
    assert!(!carried.is_empty(), "{log:#?}");
    for index in ["dev", "mid", "base"] {
        let file = format!("/alice/{index}/%2Bf/");
        assert!(carried.iter().any(|seen| seen.uri.contains(&file) && seen.status == 200), "{index}: {log:#?}");
    }
    let opened = carried[0].token().unwrap();
    let ids = bed.tokens("alice").unwrap();
    let id = opened.identifier.strip_prefix("alice-").unwrap();
    assert!(ids.get(id).is_some(), "{id} is not among {ids}");
    assert_eq!(opened.user_sent, "alice");
    assert_eq!(opened.values("allowed"), ["pkg_read"]);
    assert!(!format!("{log:?}").contains(&token[10..]), "a token in the debug output of the log");
}

fn twine_uploads_with_a_token(bed: &Bed, client: &Client) {
    let token = bed.create_token("alice", &json!({"allowed": ["upload"]})).unwrap();
    let wheel = bed.new_upload("bed-new", "0.1").unwrap();
    let mut twine = client.twine(["upload", "--non-interactive", "--repository-url", &bed.index_url("alice/dev")]);
    succeeds(twine.arg(wheel).env("TWINE_USERNAME", "alice").env("TWINE_PASSWORD", &token));
    let log = bed.log().unwrap();
    let post = log.iter().find(|seen| seen.method == "POST" && seen.carried(&token)).unwrap();
    assert_eq!((post.uri.as_str(), post.status), ("/alice/dev/", 200));
    assert!(post.agent.contains("twine"), "{post:?}");
}

#[test]
fn the_401_kind_challenges_and_serves_tokens() {
    let tools = tools();
    let bed = Bed::start(&tools, Closing::Unauthorized401).unwrap();
    let refused = bed.get("alice/dev/+simple/bed-app/", Auth::None).unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_eq!(bed.get("+api", Auth::None).unwrap().status, 200);
    pip_installs_across_the_bases_with_a_token_in_the_url(&tools, &bed);
    twine_uploads_with_a_token(&bed, &Client::with_keyring(&tools).unwrap());
}

#[test]
fn a_client_is_made_in_two_seconds() {
    let tools = tools();
    let begun = std::time::Instant::now();
    let client = Client::new(&tools).unwrap();
    let made = begun.elapsed();
    assert!(succeeds(&mut client.pip(["--version"])).contains("pip "));
    assert!(succeeds(&mut client.uv(["--version"])).contains("uv "));
    assert!(!client.imports("keyring"));
    assert!(Client::with_keyring(&tools).unwrap().imports("keyring"));
    assert!(made.as_secs_f32() < 2.0, "{made:?}");
}
