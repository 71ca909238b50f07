//! Real twine and uv publish upload with what the agent gives them: judged by what reached the server.

mod support;

use std::process::Command;

use serde_json::json;
use support::judge::{Sent, Watch, only_reads, only_uploads};
use support::run::{client_with_shim, client_with_wheel, run, succeeds};
use support::{BED, Home, err};
use testbed::{Auth, Client};

const INDEX: &str = "alice/dev";

/// Whether the server serves version 0.1 of the project, seen by somebody else.
fn has_arrived(index: &str, project: &str) -> bool {
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token");
    let page = BED.get(&format!("{index}/+simple/{project}/"), Auth::Basic("alice", &token)).expect("the page");
    page.status == 200 && page.body.contains(&format!("{}-0.1-py3-none-any.whl", project.replace('-', "_")))
}

/// Runs the client's upload of `project`, and judges it: it arrives, with a token for this project alone.
fn uploads(home: &Home, command: Command, agent: &str, project: &str) {
    let watch = Watch::new(home, &BED);
    assert!(!has_arrived(INDEX, project), "{project} is there already");
    succeeds(home, command);
    assert!(has_arrived(INDEX, project));
    let sent = watch.of(agent);
    only_uploads(&sent, INDEX, project);
    let post = sent.iter().find(|sent| sent.seen.method == "POST").expect("an upload");
    assert_eq!(post.seen.status, 200, "{post:?}");

    // The same token again: it is good, and it is good for nothing else.
    let again = |index: &str, project: &str| BED.replay_upload(&post.seen, index, project).expect("an answer").status;
    assert_eq!(again(INDEX, project), 200);
    assert_eq!(again(INDEX, "bed-another"), 403);
    assert_eq!(again("alice/other", project), 403);
}

fn wheel_of(project: &str) -> std::path::PathBuf {
    BED.new_upload(project, "0.1").expect("a wheel")
}

/// A configuration of uv with the index `dev`, for which it always asks.
fn configure_uv(client: &Client, publish_to: &str) {
    let (url, publish) = (BED.simple_url(INDEX), BED.index_url(publish_to));
    let text = format!(
        "keyring-provider = \"subprocess\"\n[[index]]\nname = \"dev\"\nurl = \"{url}\"\n\
         publish-url = \"{publish}\"\nauthenticate = \"always\"\n"
    );
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
}

#[test]
fn twine_uploads_one_project_through_pythons_keyring() {
    let home = Home::with_alice();
    let client = client_with_wheel();
    let mut twine = client.twine(["upload", "--non-interactive", "--repository-url", &BED.index_url(INDEX)]);
    twine.arg(wheel_of("bed-twine"));
    uploads(&home, twine, "twine/", "bed-twine");
}

#[test]
fn uv_publishes_one_project_as_a_named_user() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    let url = BED.index_url(INDEX);
    let mut uv = client.uv(["publish", "--publish-url", &url, "--username", "alice"]);
    uv.args(["--keyring-provider", "subprocess"]).arg(wheel_of("bed-uv-user"));
    uploads(&home, uv, "uv/", "bed-uv-user");
}

// uv keeps what a keyring answers for the index only where the page of the project was there: for a new project it has
// to be told the user.
#[test]
fn uv_publishes_a_release_of_a_known_project_to_a_named_index() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    configure_uv(&client, INDEX);
    let mut uv = client.uv(["publish", "--index", "dev"]);
    uv.arg(wheel_of("bed-app"));
    uploads(&home, uv, "uv/", "bed-app");
}

#[test]
fn uv_publishes_what_lies_in_dist_where_no_file_is_named() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    configure_uv(&client, INDEX);
    let dist = client.home().join("dist");
    std::fs::create_dir(&dist).expect("dist");
    let wheel = wheel_of("bed-lib");
    std::fs::copy(&wheel, dist.join(wheel.file_name().expect("a name"))).expect("a copy");
    uploads(&home, client.uv(["publish", "--index", "dev"]), "uv/", "bed-lib");
}

#[test]
fn uv_publishes_a_new_project_to_a_named_index_once_it_knows_the_user() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    configure_uv(&client, INDEX);
    let publish = |options: &[&str]| {
        let mut uv = client.uv(["publish", "--index", "dev"]);
        uv.args(options).arg(wheel_of("bed-uv-new"));
        uv
    };
    let refused = run(&home, publish(&[]));
    assert!(!refused.status.success());
    assert!(err(&refused).contains("Missing credentials for"), "{}", err(&refused));
    uploads(&home, publish(&["--username", "alice"]), "uv/", "bed-uv-new");
}

#[test]
fn uv_that_publishes_elsewhere_only_reads_the_index_that_it_checks() {
    let home = Home::with_alice();
    let client = client_with_shim(&home);
    configure_uv(&client, "alice/other");
    let watch = Watch::new(&home, &BED);
    let mut uv = client.uv(["publish", "--index", "dev", "--username", "alice"]);
    uv.arg(wheel_of("bed-uv-other"));
    succeeds(&home, uv);
    assert!(has_arrived("alice/other", "bed-uv-other"));
    let (posts, gets): (Vec<Sent>, Vec<Sent>) =
        watch.of("uv/").into_iter().partition(|sent| sent.seen.method == "POST");
    assert!(!posts.is_empty() && !gets.is_empty());
    only_uploads(&posts, "alice/other", "bed-uv-other");
    only_reads(&gets, &["alice/base", "alice/dev", "alice/mid"]);
}
