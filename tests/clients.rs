//! Real pip and uv install with what the agent gives them: judged by what reached the server.

mod support;

use std::path::Path;

use support::judge::{Watch, files_came_from, only_reads};
use support::run::{client_with_shim, client_with_wheel, run, succeeds};
use support::{BED, Home, err, out};
use testbed::Client;

/// The indexes that `alice/dev` is made of, and a second one on the same host beside it.
const DEV: [&str; 3] = ["alice/base", "alice/dev", "alice/mid"];
const DEV_AND_OTHER: [&str; 4] = ["alice/base", "alice/dev", "alice/mid", "alice/other"];

/// A configuration of uv in the client's working folder: these indexes of the bed, each asked about before any request.
fn configure_uv(client: &Client, indexes: &[&str]) {
    let mut text = "keyring-provider = \"subprocess\"\n".to_owned();
    for (number, index) in indexes.iter().enumerate() {
        let (url, name) = (BED.simple_url(index), index.replace('/', "-"));
        let default = number == 0;
        text +=
            &format!("[[index]]\nname = \"{name}\"\nurl = \"{url}\"\nauthenticate = \"always\"\ndefault = {default}\n");
    }
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
}

/// The address with this user in it.
fn as_user(url: &str, user: &str) -> String {
    url.replacen("http://", &format!("http://{user}@"), 1)
}

fn has_app_with_its_dependencies(client: &Client) {
    for module in ["bed_app", "bed_lib", "bed_core"] {
        assert!(client.imports(module), "{module} is not installed");
    }
}

#[test]
fn pip_installs_across_two_bases_through_the_keyring_command() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    let url = BED.simple_url("alice/dev");
    succeeds(&home, client.pip(["install", "--keyring-provider", "subprocess", "-i", &url, "bed-app"]));
    has_app_with_its_dependencies(&client);
    let sent = watch.of("pip/26.");
    only_reads(&sent, &DEV);
    files_came_from(&sent, &DEV);
}

#[test]
fn pip_installs_across_two_bases_through_pythons_keyring() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_wheel();
    let url = BED.simple_url("alice/dev");
    succeeds(&home, client.pip(["install", "--keyring-provider", "import", "-i", &url, "bed-app"]));
    has_app_with_its_dependencies(&client);
    let sent = watch.of("pip/26.");
    only_reads(&sent, &DEV);
    files_came_from(&sent, &DEV);
}

#[test]
fn uv_that_always_authenticates_installs_across_two_bases() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    configure_uv(&client, &["alice/dev"]);
    succeeds(&home, client.uv(["pip", "install", "bed-app"]));
    has_app_with_its_dependencies(&client);
    let sent = watch.of("uv/");
    only_reads(&sent, &DEV);
    files_came_from(&sent, &DEV);
}

#[test]
fn uv_with_the_user_in_the_url_installs_across_two_bases() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    let url = as_user(&BED.simple_url("alice/dev"), "alice");
    let mut uv = client.uv(["pip", "install", "--default-index", &url, "bed-app"]);
    uv.env("UV_KEYRING_PROVIDER", "subprocess");
    succeeds(&home, uv);
    has_app_with_its_dependencies(&client);
    let sent = watch.of("uv/");
    only_reads(&sent, &DEV);
    files_came_from(&sent, &DEV);
}

#[test]
fn one_pip_run_reads_two_indexes_of_one_host() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    let (dev, other) = (BED.simple_url("alice/dev"), BED.simple_url("alice/other"));
    let indexes = ["-i", &dev, "--extra-index-url", &other];
    let mut pip = client.pip(["install", "--keyring-provider", "subprocess"]);
    pip.args(indexes).args(["bed-app", "bed-extra"]);
    succeeds(&home, pip);
    has_app_with_its_dependencies(&client);
    assert!(client.imports("bed_extra"));
    let sent = watch.of("pip/26.");
    only_reads(&sent, &DEV_AND_OTHER);
    files_came_from(&sent, &DEV_AND_OTHER);
}

#[test]
fn one_uv_run_reads_two_indexes_of_one_host() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    configure_uv(&client, &["alice/dev", "alice/other"]);
    succeeds(&home, client.uv(["pip", "install", "bed-app", "bed-extra"]));
    has_app_with_its_dependencies(&client);
    assert!(client.imports("bed_extra"));
    let sent = watch.of("uv/");
    only_reads(&sent, &DEV_AND_OTHER);
    files_came_from(&sent, &DEV_AND_OTHER);
}

/// Whose token `keyring get --mode creds` gives for an address.
fn user_of(home: &Home, shim: &Path, words: &[&str]) -> String {
    let mut keyring = home.command(shim.join("keyring"));
    keyring.args(["get", "--mode", "creds"]).args(words);
    let got = run(home, keyring);
    assert!(got.status.success(), "{words:?}: {}", err(&got));
    out(&got).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn of_two_users_on_one_host_the_named_one_is_answered_else_the_default() {
    let home = Home::with_alice();
    home.login(&BED, &BED.simple_url("bob/dev"), "bob");
    let shim = home.shim();
    let (alices, bobs) = (BED.simple_url("alice/dev"), BED.simple_url("bob/dev"));
    assert_eq!(user_of(&home, &shim, &[&alices]), "alice");
    assert_eq!(user_of(&home, &shim, &[&bobs]), "alice", "the first user of a host is its default");
    assert_eq!(user_of(&home, &shim, &[&alices, "bob"]), "bob");
    assert_eq!(user_of(&home, &shim, &[&as_user(&alices, "bob")]), "bob");
    let login = ["login", "--default", &bobs, "bob"];
    let done = support::fed(home.cli(&login), &format!("{}\n", BED.password("bob")));
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(user_of(&home, &shim, &[&alices]), "bob");
    assert_eq!(user_of(&home, &shim, &[&alices, "alice"]), "alice");
    let mut carol = home.command(shim.join("keyring"));
    carol.args(["get", &alices, "carol"]);
    let missed = run(&home, carol);
    assert_eq!((missed.status.code(), out(&missed).as_str()), (Some(1), ""), "{}", err(&missed));
}

#[test]
fn the_user_in_pips_url_decides_whose_token_travels() {
    let home = Home::with_alice();
    home.login(&BED, &BED.simple_url("bob/dev"), "bob");
    let watch = Watch::new(&home, &BED);
    for user in ["alice", "bob"] {
        let client = client_with_shim(&home);
        let url = as_user(&BED.simple_url("alice/other"), user);
        succeeds(&home, client.pip(["install", "--keyring-provider", "subprocess", "-i", &url, "bed-extra"]));
        assert!(client.imports("bed_extra"));
        let sent: Vec<_> = watch.of("pip/26.").into_iter().filter(|sent| sent.user == user).collect();
        only_reads(&sent, &["alice/other"]);
        files_came_from(&sent, &["alice/other"]);
    }
}

#[test]
#[should_panic(expected = "the root token travelled")]
fn a_root_token_that_travels_is_noticed() {
    let home = Home::new("memory");
    let root = BED.create_token("alice", &serde_json::json!({"allowed": ["pkg_read"]})).expect("a token");
    let done = support::fed(home.cli(&["login", "-f", "-", &BED.simple_url("alice/dev")]), &format!("{root}\n"));
    assert!(done.status.success(), "{}", err(&done));
    let watch = Watch::new(&home, &BED);
    assert!(watch.sent().is_empty());
    BED.get("alice/dev/+simple/bed-app/", testbed::Auth::Basic("alice", &root)).expect("an answer");
    watch.sent();
}
