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
        let file = format!("/alice/{index}/+f/");
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
fn the_302_kind_sends_to_the_login_page_and_serves_tokens_sent_ahead() {
    let tools = tools();
    let bed = Bed::start(&tools, Closing::Redirect302).unwrap();
    let refused = bed.get("alice/dev/+simple/bed-app/", Auth::None).unwrap();
    assert_eq!(refused.status, 302);
    let login = refused.header("location").unwrap();
    assert!(login.ends_with("/+login?goto_url=/alice/dev/+simple/bed-app/"), "{login}");
    pip_installs_across_the_bases_with_a_token_in_the_url(&tools, &bed);
}

#[test]
fn the_plugin_closes_reads_without_nginx() {
    let tools = tools();
    let bed = Bed::start(&tools, Closing::Plugin).unwrap();
    assert_eq!(bed.url(), bed.direct_url());
    let refused = bed.get("alice/dev/+simple/bed-app/", Auth::None).unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_eq!(bed.get("+api", Auth::None).unwrap().status, 200);
    let expired = bed.create_token("alice", &json!({})).unwrap();
    let expired = bed.restrict(&expired, &["expires=1"]).unwrap();
    let refused = bed.get("alice/dev/+simple/bed-app/", Auth::Basic("alice", &expired)).unwrap();
    assert_eq!(refused.status, 403);
    assert_eq!(bed.log().unwrap().iter().find(|seen| seen.carried(&expired)).unwrap().status, 403);
    pip_installs_across_the_bases_with_a_token_in_the_url(&tools, &bed);
    twine_uploads_with_a_token(&bed, &Client::new(&tools).unwrap());
}

#[test]
fn a_server_below_a_path_gives_links_below_it() {
    let tools = tools();
    let bed = Bed::start_below(&tools, Closing::Unauthorized401, "/devpi").unwrap();
    assert_eq!(bed.get("alice/dev/+simple/bed-app/", Auth::None).unwrap().status, 401);
    let api = bed.get("+api", Auth::None).unwrap();
    assert_eq!(api.json()["result"]["login"], format!("{}/+login", bed.url()));
    let token = bed.create_token("alice", &json!({"allowed": ["pkg_read"]})).unwrap();
    let client = Client::new(&tools).unwrap();
    let index = with_token(&bed.simple_url("alice/dev"), &token);
    succeeds(&mut client.uv(["pip", "install", "--default-index", &index, "bed-app"]));
    assert!(client.imports("bed_core"));
}

#[test]
fn an_sdist_builds_itself_and_its_build_asks_for_credentials_again() {
    let tools = tools();
    let bed = Bed::start(&tools, Closing::Unauthorized401).unwrap();
    let token = bed.create_token("alice", &json!({"allowed": ["pkg_read"]})).unwrap();
    let client = Client::new(&tools).unwrap();
    let index = with_token(&bed.simple_url("alice/dev"), &token);
    succeeds(&mut client.pip(["install", "-i", &index, "--no-binary", "bed-lib", "bed-app"]));
    assert!(client.imports("bed_core"));
    let log = bed.log().unwrap();
    let pages = log.iter().filter(|seen| seen.uri == "/alice/dev/+simple/bed-core/").count();
    assert_eq!(pages, 2, "{log:#?}");
}

#[test]
fn a_client_has_pip_and_uv_and_a_keyring_where_one_is_wanted() {
    let tools = tools();
    let client = Client::new(&tools).unwrap();
    assert!(succeeds(&mut client.pip(["--version"])).contains("pip "));
    assert!(succeeds(&mut client.uv(["--version"])).contains("uv "));
    assert!(!client.imports("keyring"));
    assert!(Client::with_keyring(&tools).unwrap().imports("keyring"));
}

#[test]
fn a_dropped_bed_leaves_neither_servers_nor_files() {
    let bed = Bed::start(&tools(), Closing::Unauthorized401).unwrap();
    let (front, direct) = (bed.url(), bed.direct_url());
    let wheel = bed.new_upload("bed-new", "0.1").unwrap();
    drop(bed);
    assert!(testbed::get(&front, Auth::None).is_err());
    assert!(testbed::get(&direct, Auth::None).is_err());
    assert!(!wheel.exists());
}

#[test]
fn a_killed_test_leaves_neither_servers_nor_files() {
    let own = std::env::current_exe().unwrap();
    let mut victim = Command::new(own);
    let victim = victim.args(["--exact", "--ignored", "--nocapture", "starts_a_bed_and_is_killed"]).output().unwrap();
    assert!(!victim.status.success());
    let printed = String::from_utf8_lossy(&victim.stderr).into_owned();
    let said: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("bed: ")).collect();
    let [front, direct, file] = said[..] else { panic!("{printed}") };
    let gone = || {
        let answers = |url| testbed::get(url, Auth::None).is_ok();
        !answers(front) && !answers(direct) && !std::path::Path::new(file).exists()
    };
    let begun = std::time::Instant::now();
    while !gone() {
        assert!(begun.elapsed().as_secs() < 20, "still there after 20 s: {said:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
#[ignore = "run by a_killed_test_leaves_neither_servers_nor_files"]
fn starts_a_bed_and_is_killed() {
    use std::io::Write;
    let bed = Bed::start(&tools(), Closing::Unauthorized401).unwrap();
    let file = bed.new_upload("bed-new", "0.1").unwrap();
    let said = format!("bed: {}\nbed: {}\nbed: {}\n", bed.url(), bed.direct_url(), file.display());
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    std::process::abort();
}
