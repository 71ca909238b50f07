//! What uv reads, in each of its roles.

use std::process::Command;

use testbed::Client;

use crate::Row;
use crate::desk::{Desk, as_alice, dev, uv_toml};
use crate::installs::{DEV, DEV_AND_OTHER, all_there, has_app_with_its_dependencies};
use crate::support::run::client_with_shim;
use crate::support::{BED, out};

pub(crate) fn rows() -> Vec<Row> {
    let row = |operation, promise, act| Row { client: "uv", operation, promise, act };
    vec![
        row("pip install, always", DEV, pip_install),
        row("pip install, user in the URL", DEV, with_a_user),
        row("pip install from two indexes", DEV_AND_OTHER, from_two_indexes),
        row("pip sync", DEV, pip_sync),
        row("lock and sync, always, bases declared", DEV, lock_and_sync),
        row("lock and sync, user in the URL", DEV, lock_and_sync_with_a_user),
        row("add", DEV, add),
        row("run", DEV, run),
        row("tool install", DEV, tool_install),
        row("tool run", DEV, tool_run),
    ]
}

fn uv(desk: &Desk, client: &Client, args: &[&str]) -> Command {
    let mut uv = desk.here(client.uv(args));
    uv.env("UV_TOOL_DIR", desk.work().join("tools")).env("UV_TOOL_BIN_DIR", desk.work().join("bin"));
    uv
}

fn pip_install(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    desk.file("uv.toml", &uv_toml(&["alice/dev"], "alice/dev"));
    desk.succeeds(uv(desk, &client, &["pip", "install", "bed-app"]));
    has_app_with_its_dependencies(&client);
}

fn with_a_user(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    let mut uv = uv(desk, &client, &["pip", "install", "--default-index", &as_alice(&dev()), "bed-app"]);
    uv.env("UV_KEYRING_PROVIDER", "subprocess");
    desk.succeeds(uv);
    has_app_with_its_dependencies(&client);
}

fn from_two_indexes(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    desk.file("uv.toml", &uv_toml(&["alice/dev", "alice/other"], "alice/dev"));
    desk.succeeds(uv(desk, &client, &["pip", "install", "bed-app", "bed-extra"]));
    has_app_with_its_dependencies(&client);
    assert!(client.imports("bed_extra"));
}

fn pip_sync(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    desk.file("pinned.txt", "bed-app==1.0\nbed-lib==1.0\nbed-core==1.0\n");
    let url = as_alice(&dev());
    let sync = ["pip", "sync", "--keyring-provider", "subprocess", "--index-url", &url, "pinned.txt"];
    desk.succeeds(uv(desk, &client, &sync));
    has_app_with_its_dependencies(&client);
}

/// A project of uv that depends on these, with the index in its own configuration.
fn project(desk: &Desk, dependencies: &str) -> Client {
    let text = format!(
        "[project]\nname = \"bed-work\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = {dependencies}\n\
         [tool.uv]\npackage = false\nkeyring-provider = \"subprocess\"\n\
         [[tool.uv.index]]\nname = \"dev\"\nurl = \"{}\"\nauthenticate = \"always\"\ndefault = true\n",
        dev()
    );
    desk.file("pyproject.toml", &text);
    client_with_shim(&desk.home)
}

/// A lock file leads uv straight to the files of the bases. Without a user it asks nobody for them, unless each is an
/// index of its own.
fn lock_and_sync(desk: &Desk) {
    let client = project(desk, "[\"bed-app\"]");
    let base = |index: &str| {
        let (name, url) = (index.replace('/', "-"), BED.simple_url(index));
        format!("[[tool.uv.index]]\nname = \"{name}\"\nurl = \"{url}\"\nauthenticate = \"always\"\nexplicit = true\n")
    };
    let path = desk.work().join("pyproject.toml");
    let text = std::fs::read_to_string(&path).expect("a project");
    std::fs::write(path, text + &base("alice/mid") + &base("alice/base")).expect("a project");
    desk.succeeds(uv(desk, &client, &["lock"]));
    desk.succeeds(uv(desk, &client, &["sync"]));
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn lock_and_sync_with_a_user(desk: &Desk) {
    let client = project(desk, "[\"bed-app\"]");
    let path = desk.work().join("pyproject.toml");
    let text = std::fs::read_to_string(&path).expect("a project");
    std::fs::write(path, as_alice(&text).replace("authenticate = \"always\"\n", "")).expect("a project");
    desk.succeeds(uv(desk, &client, &["lock"]));
    desk.succeeds(uv(desk, &client, &["sync"]));
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn add(desk: &Desk) {
    let client = project(desk, "[]");
    desk.succeeds(uv(desk, &client, &["add", "bed-app"]));
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn run(desk: &Desk) {
    let client = project(desk, "[\"bed-app\"]");
    all_there(desk, uv(desk, &client, &["run", "python"]));
}

fn tool_install(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    let url = as_alice(&dev());
    desk.succeeds(uv(
        desk,
        &client,
        &["tool", "install", "--keyring-provider", "subprocess", "--default-index", &url, "bed-app"],
    ));
    let said = desk.succeeds(desk.here(Command::new(desk.work().join("bin/bed-app"))));
    assert_eq!(out(&said), "bed-app\n");
}

fn tool_run(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    let mut run = uv(desk, &client, &["tool", "run", "--default-index", &as_alice(&dev()), "bed-app"]);
    run.env("UV_KEYRING_PROVIDER", "subprocess");
    assert_eq!(out(&desk.succeeds(run)), "bed-app\n");
}
