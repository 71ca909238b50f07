//! A server that sends whoever has no credentials to its login page, and never says 401.

mod support;

use std::sync::LazyLock;

use support::judge::{Watch, files_came_from, only_reads};
use support::run::{client_with_shim, run, succeeds};
use support::{Home, TOOLS, err};
use testbed::{Bed, Closing};

static BED: LazyLock<Bed> =
    LazyLock::new(|| Bed::start(&TOOLS, Closing::Redirect302).expect("a server with a login page"));

fn with_alice() -> Home {
    let home = Home::new("memory");
    home.login(&BED, &BED.simple_url("alice/dev"), "alice");
    home
}

#[test]
fn pip_never_asks_and_finds_nothing() {
    let home = with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    let url = BED.simple_url("alice/dev");
    let done = run(&home, client.pip(["install", "--keyring-provider", "subprocess", "-i", &url, "bed-app"]));
    assert!(!done.status.success());
    assert!(err(&done).contains("No matching distribution found for bed-app"), "{}", err(&done));
    assert!(watch.sent().is_empty());
    assert!(!home.log().contains("handed out"), "{}", home.log());
}

#[test]
fn uv_that_always_authenticates_installs_where_each_base_is_an_index() {
    let home = with_alice();
    let watch = Watch::new(&home, &BED);
    let client = client_with_shim(&home);
    let mut text = "keyring-provider = \"subprocess\"\n".to_owned();
    for (name, rest) in [("dev", "default = true"), ("mid", "explicit = true"), ("base", "explicit = true")] {
        let url = BED.simple_url(&format!("alice/{name}"));
        text += &format!("[[index]]\nname = \"{name}\"\nurl = \"{url}\"\nauthenticate = \"always\"\n{rest}\n");
    }
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
    succeeds(&home, client.uv(["pip", "install", "bed-app"]));
    assert!(["bed_app", "bed_lib", "bed_core"].iter().all(|module| client.imports(module)));
    let sent = watch.of("uv/");
    let all = ["alice/base", "alice/dev", "alice/mid"];
    only_reads(&sent, &all);
    files_came_from(&sent, &all);
}
