//! What reads: every client that installs. uv has a file of its own.

use std::process::Command;

use testbed::Client;

use crate::desk::{Desk, as_alice, dev};
use crate::support::run::{WHEEL, client_with_shim, client_with_wheel};
use crate::support::{BED, TOOLS, out};
use crate::{Promise, Row};

/// The indexes that `alice/dev` is made of, and a second one on the same host beside it.
pub(crate) const DEV: Promise = Promise { reads: &["alice/base", "alice/dev", "alice/mid"], upload: None };
pub(crate) const DEV_AND_OTHER: Promise =
    Promise { reads: &["alice/base", "alice/dev", "alice/mid", "alice/other"], upload: None };
/// What lies in the base alone is read with a token for all of `alice/dev`, which was asked for.
const MODULES: [&str; 3] = ["bed_app", "bed_lib", "bed_core"];

pub(crate) fn rows() -> Vec<Row> {
    let row = |client, operation, promise, act| Row { client, operation, promise, act };
    vec![
        row("pip 26", "install, keyring command", DEV, pip_with_the_keyring_command),
        row("pip 26", "install, Python keyring", DEV, pip_with_pythons_keyring),
        row("pip 26", "install from two indexes", DEV_AND_OTHER, pip_from_two_indexes),
        row("pip 26", "install from source, isolated builds", DEV, pip_from_source),
        row("pip 23", "install, user in the URL", DEV, pip_before),
        row("poetry", "install", DEV, poetry_install),
        row("poetry", "install from two sources", DEV_AND_OTHER, poetry_from_two_sources),
        row("poetry", "add and update", DEV, poetry_add),
        row("pdm", "lock and install", DEV, pdm_install),
        row("pdm", "lock, keyring command", DEV, pdm_with_the_keyring_command),
        row("pdm", "add from two sources", DEV_AND_OTHER, pdm_from_two_sources),
        row("build", "isolated", DEV, build_isolated),
        row("pipx", "install", DEV, pipx_install),
        row("tox", "deps", DEV, tox),
        row("nox", "session.install", DEV, nox),
        row("pre-commit", "a hook with dependencies", DEV, pre_commit),
        row("devpi", "use, list, install", DEV, devpi),
    ]
}

pub(crate) fn has_app_with_its_dependencies(client: &Client) {
    for module in MODULES {
        assert!(client.imports(module), "{module} is not installed");
    }
}

pub(crate) fn pip_with_the_keyring_command(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    desk.succeeds(client.pip(["install", "--keyring-provider", "subprocess", "-i", &dev(), "bed-app"]));
    has_app_with_its_dependencies(&client);
}

fn pip_with_pythons_keyring(desk: &Desk) {
    let client = client_with_wheel();
    desk.succeeds(client.pip(["install", "--keyring-provider", "import", "-i", &dev(), "bed-app"]));
    has_app_with_its_dependencies(&client);
}

fn pip_from_two_indexes(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    let other = BED.simple_url("alice/other");
    let mut pip = client.pip(["install", "--keyring-provider", "subprocess", "-i", &dev()]);
    pip.args(["--extra-index-url", &other, "bed-app", "bed-extra"]);
    desk.succeeds(pip);
    has_app_with_its_dependencies(&client);
    assert!(client.imports("bed_extra"));
}

/// Each build in isolation is a pip of its own, which the option does not reach.
fn pip_from_source(desk: &Desk) {
    let client = client_with_shim(&desk.home);
    let mut pip = client.pip(["install", "--no-binary", ":all:", "-i", &dev(), "bed-app"]);
    pip.env("PIP_KEYRING_PROVIDER", "subprocess");
    desk.succeeds(pip);
    has_app_with_its_dependencies(&client);
}

fn pip_before(desk: &Desk) {
    let client = desk.seat(Client::with_pip_before(&TOOLS).expect("a client"));
    let url = as_alice(&dev());
    desk.succeeds(client.pip(["install", "--keyring-provider", "subprocess", "-i", &url, "bed-app"]));
    has_app_with_its_dependencies(&client);
}

/// What a project's environment prints when it imports everything.
const IMPORT: &str = "import bed_app, bed_lib, bed_core; print('all there')";

pub(crate) fn all_there(desk: &Desk, mut python: Command) {
    python.args(["-c", IMPORT]);
    assert_eq!(out(&desk.succeeds(python)).trim(), "all there");
}

fn poetry(desk: &Desk, args: &[&str]) {
    let mut poetry = desk.client("poetry", args);
    poetry.env("POETRY_VIRTUALENVS_IN_PROJECT", "true").env("POETRY_NO_INTERACTION", "1");
    desk.succeeds(poetry);
}

/// A project of poetry or pdm with these sources, by the name of the tool.
fn sources(tool: &str, indexes: &[&str]) -> String {
    let source = |(number, index): (usize, &&str)| {
        // What pdm calls `pypi` takes PyPI's place.
        let name = if number == 0 { "pypi" } else { "other" };
        let name = if tool == "poetry" { format!("bed-{name}") } else { name.to_owned() };
        format!("[[tool.{tool}.source]]\nname = \"{name}\"\nurl = \"{}\"\n", BED.simple_url(index))
    };
    indexes.iter().enumerate().map(source).collect()
}

fn work(dependencies: &str) -> String {
    format!(
        "[project]\nname = \"bed-work\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = {dependencies}\n"
    )
}

fn poetry_project(desk: &Desk, dependencies: &str, indexes: &[&str]) {
    let text = work(dependencies) + "[tool.poetry]\npackage-mode = false\n" + &sources("poetry", indexes);
    desk.file("pyproject.toml", &text);
}

fn poetry_install(desk: &Desk) {
    poetry_project(desk, "[\"bed-app\"]", &["alice/dev"]);
    poetry(desk, &["install"]);
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn poetry_from_two_sources(desk: &Desk) {
    poetry_project(desk, "[\"bed-app\", \"bed-extra\"]", &["alice/dev", "alice/other"]);
    poetry(desk, &["lock"]);
    poetry(desk, &["sync"]);
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn poetry_add(desk: &Desk) {
    poetry_project(desk, "[]", &["alice/dev"]);
    poetry(desk, &["add", "bed-app"]);
    poetry(desk, &["update"]);
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

fn pdm(desk: &Desk, args: &[&str]) {
    let mut pdm = desk.client("pdm", args);
    pdm.env("PDM_CHECK_UPDATE", "false");
    desk.succeeds(pdm);
}

fn pdm_project(desk: &Desk, dependencies: &str, indexes: &[&str]) {
    let text = work(dependencies) + "[tool.pdm]\ndistribution = false\n" + &sources("pdm", indexes);
    desk.file("pyproject.toml", &text);
}

fn pdm_install(desk: &Desk) {
    pdm_project(desk, "[\"bed-app\"]", &["alice/dev"]);
    pdm(desk, &["lock"]);
    pdm(desk, &["install"]);
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

/// pdm as it is where nobody installed Python's keyring: it then asks the command.
fn pdm_with_the_keyring_command(desk: &Desk) {
    pdm_project(desk, "[\"bed-app\"]", &["alice/dev"]);
    let text = "import sys\nsys.modules['keyring'] = None\nfrom pdm.__main__ import main\nmain()\n";
    desk.file("bin/pdm", text);
    let mut python = desk.client("python", &[]);
    python.arg(desk.work().join("bin/pdm")).arg("lock").env("PDM_CHECK_UPDATE", "false");
    desk.succeeds(python);
    assert!(std::fs::read_to_string(desk.work().join("pdm.lock")).expect("a lock file").contains("bed-core"));
}

fn pdm_from_two_sources(desk: &Desk) {
    pdm_project(desk, "[]", &["alice/dev", "alice/other"]);
    pdm(desk, &["add", "bed-app", "bed-extra"]);
    all_there(desk, Command::new(desk.work().join(".venv/bin/python")));
}

/// With nothing but the URL: build itself switches pip's keyring on.
fn build_isolated(desk: &Desk) {
    desk.project("bed-built", "");
    let mut build = desk.client("pyproject-build", &["--wheel"]);
    build.env("PIP_INDEX_URL", dev());
    desk.succeeds(build);
    assert!(desk.work().join("dist/bed_built-0.1-py3-none-any.whl").exists());
}

/// A program of the clients that starts pip, with what a person sets for pip once and for all.
fn starts_pip(desk: &Desk, program: &str, args: &[&str]) -> Command {
    let mut command = desk.client(program, args);
    command.env("PIP_INDEX_URL", dev()).env("PIP_KEYRING_PROVIDER", "subprocess");
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

fn pipx_install(desk: &Desk) {
    // Or else it would look for a newer pip on an index that has none.
    let shared = Client::new(&TOOLS).expect("a client");
    let mut pipx = starts_pip(desk, "pipx", &["install", "--backend", "pip", "--skip-maintenance", "bed-app"]);
    pipx.env("PIPX_SHARED_LIBS", shared.venv())
        .env("PIPX_HOME", desk.work().join("pipx"))
        .env("PIPX_BIN_DIR", desk.work().join("bin"));
    desk.succeeds(pipx);
    let said = desk.succeeds(desk.here(Command::new(desk.work().join("bin/bed-app"))));
    assert_eq!(out(&said), "bed-app\n");
}

/// tox lets no variable of ours through: only this test's agent, which lies apart, needs that.
fn tox(desk: &Desk) {
    let text = "[testenv]\nskip_install = true\ndeps = bed-app\npass_env = DEVPI_TOKENS_*\n\
                commands = python -c \"import bed_app, bed_lib, bed_core\"\n";
    desk.file("tox.ini", text);
    desk.succeeds(starts_pip(desk, "tox", &["run", "-e", "py"]));
}

fn nox(desk: &Desk) {
    let text = "import nox\n\n@nox.session(venv_backend='virtualenv')\ndef tests(session):\n    \
                session.install('bed-app')\n    session.run('python', '-c', 'import bed_app, bed_lib, bed_core')\n";
    desk.file("noxfile.py", text);
    desk.succeeds(starts_pip(desk, "nox", &[]));
}

/// The hook lies in a repository of its own, whose build asks for `bed-core`.
fn pre_commit(desk: &Desk) {
    desk.project("bed-hook", "[project.scripts]\nbed-hook = \"bed_core:main\"\n");
    let hook = format!(
        "- id: bed\n  name: bed\n  language: python\n  pass_filenames: false\n  always_run: true\n  entry: python -c \"{IMPORT}\"\n"
    );
    desk.file(".pre-commit-hooks.yaml", &hook);
    git(desk, &["init", "--quiet"]);
    git(desk, &["add", "."]);
    git(desk, &["commit", "--quiet", "-m", "a hook"]);
    let revision = out(&git(desk, &["rev-parse", "HEAD"]));
    let config = format!(
        "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: bed\n    additional_dependencies: [bed-app]\n",
        desk.work().display(),
        revision.trim()
    );
    desk.file(".pre-commit-config.yaml", &config);
    git(desk, &["add", "."]);
    desk.succeeds(starts_pip(desk, "pre-commit", &["run", "--all-files", "--verbose"]));
}

fn git(desk: &Desk, args: &[&str]) -> std::process::Output {
    let mut git = desk.here(Command::new("git"));
    git.args(["-c", "user.name=alice", "-c", "user.email=alice@example.invalid"]).args(args);
    desk.succeeds(git)
}

fn devpi(desk: &Desk) {
    let mut client = Client::with_devpi(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    client.put_on_path(client.venv().join("bin"));
    for args in [&["use", &BED.index_url("alice/dev")][..], &["list"], &["install", "bed-app"]] {
        let mut devpi = client.own("devpi");
        devpi.args(args);
        desk.succeeds(devpi);
    }
    has_app_with_its_dependencies(&client);
}
