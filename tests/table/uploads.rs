//! What uploads: every client that publishes.

use std::process::Command;

use testbed::Client;

use crate::desk::{Desk, dev, uv_toml};
use crate::support::run::{WHEEL, client_with_shim, client_with_wheel};
use crate::support::{BED, TOOLS};
use crate::{Promise, Row, Upload};

/// More than any file of the bed has, in bytes.
const SMALL: u32 = 10_000;

/// What is put into a large file, in bytes, and more than that file has.
const PADDING: u32 = 3_000_000;
const LARGE: u32 = PADDING + SMALL;

const READS: &[&str] = &["alice/base", "alice/dev", "alice/mid"];

/// A promise to upload a project to `alice/dev` and to read nothing.
const fn only(project: &'static str) -> Promise {
    Promise { reads: &[], upload: Some(Upload { index: "alice/dev", project, bytes: SMALL }) }
}

pub(crate) fn rows() -> Vec<Row> {
    let row = |client, operation, promise, act| Row { client, operation, promise, act };
    let large = Promise { upload: Some(Upload { index: "alice/dev", project: "bed-large", bytes: LARGE }), ..only("") };
    let elsewhere =
        Promise { reads: READS, upload: Some(Upload { index: "alice/other", project: "bed-uv-other", bytes: SMALL }) };
    let building = |project| Promise { reads: READS, ..only(project) };
    vec![
        row("twine", "upload", only("bed-twine"), twine),
        row("twine", "upload of 3 MB", large, twine_with_a_large_file),
        row("uv", "publish as a named user", only("bed-uv-user"), uv_as_a_user),
        row("uv", "publish --index, a known project", only("bed-app"), uv_to_an_index),
        row("uv", "publish --index, files in dist", only("bed-lib"), uv_from_dist),
        row("uv", "publish --index, a new project", only("bed-uv-new"), uv_new_project),
        row("uv", "publish where another index is checked", elsewhere, uv_elsewhere),
        row("poetry", "publish --build", only("bed-poetry"), poetry),
        row("poetry", "publish --build, which installs", building("bed-poetry-built"), poetry_that_installs),
        row("poetry", "publish", only("bed-poetry-dist"), poetry_from_dist),
        row("pdm", "publish, which builds", building("bed-pdm"), pdm),
        row("hatch", "publish", only("bed-hatch"), hatch),
        row("flit", "publish", only("bed-flit"), flit),
        row("devpi", "upload", Promise { reads: READS, ..only("bed-devpi") }, devpi),
    ]
}

fn wheel_of(project: &str) -> std::path::PathBuf {
    BED.new_upload(project, "0.1").expect("a wheel")
}

fn index() -> String {
    BED.index_url("alice/dev")
}

fn twine_with(desk: &Desk, wheel: &std::path::Path) {
    let client = client_with_wheel();
    let mut twine = client.twine(["upload", "--non-interactive", "--repository-url", &index()]);
    twine.arg(wheel);
    desk.succeeds(twine);
}

fn twine(desk: &Desk) {
    twine_with(desk, &wheel_of("bed-twine"));
}

fn twine_with_a_large_file(desk: &Desk) {
    let wheel = wheel_of("bed-large");
    let pad = "import os, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'a') as archive:\n    \
               archive.writestr('padding', os.urandom(int(sys.argv[2])))\n";
    let mut python = Command::new(TOOLS.program("python"));
    python.args(["-c", pad]).arg(&wheel).arg(PADDING.to_string());
    desk.succeeds(python);
    twine_with(desk, &wheel);
}

fn uv(desk: &Desk, publish_to: &str, args: &[&str]) -> Command {
    desk.file("uv.toml", &uv_toml(&["alice/dev"], publish_to));
    let mut uv = desk.here(client_with_shim(&desk.home).uv(["publish"]));
    uv.args(args);
    uv
}

fn uv_as_a_user(desk: &Desk) {
    let mut uv = desk.here(client_with_shim(&desk.home).uv(["publish", "--publish-url", &index()]));
    uv.args(["--username", "alice", "--keyring-provider", "subprocess"]).arg(wheel_of("bed-uv-user"));
    desk.succeeds(uv);
}

/// It asks with the simple URL, and uploads with the answer.
fn uv_to_an_index(desk: &Desk) {
    let mut uv = uv(desk, "alice/dev", &["--index", "dev"]);
    uv.arg(wheel_of("bed-app"));
    desk.succeeds(uv);
}

fn uv_from_dist(desk: &Desk) {
    desk.copy(&wheel_of("bed-lib"), "dist");
    desk.succeeds(uv(desk, "alice/dev", &["--index", "dev"]));
}

fn uv_new_project(desk: &Desk) {
    let mut uv = uv(desk, "alice/dev", &["--index", "dev", "--username", "alice"]);
    uv.arg(wheel_of("bed-uv-new"));
    desk.succeeds(uv);
}

fn uv_elsewhere(desk: &Desk) {
    let mut uv = uv(desk, "alice/other", &["--index", "dev", "--username", "alice"]);
    uv.arg(wheel_of("bed-uv-other"));
    desk.succeeds(uv);
}

fn poetry_with(desk: &Desk, args: &[&str]) {
    let mut poetry = desk.client("poetry", args);
    poetry.env("POETRY_REPOSITORIES_BED_URL", index()).env("POETRY_NO_INTERACTION", "1");
    desk.succeeds(poetry);
}

fn poetry(desk: &Desk) {
    let text = "[build-system]\nrequires = [\"poetry-core>=2.0\"]\nbuild-backend = \"poetry.core.masonry.api\"\n\
                [project]\nname = \"bed-poetry\"\nversion = \"0.1\"\n[[tool.poetry.source]]\nname = \"dev\"\n";
    desk.file("pyproject.toml", &format!("{text}url = \"{}\"\n", dev()));
    desk.file("bed_poetry.py", "");
    poetry_with(desk, &["publish", "--build", "-r", "bed"]);
}

fn poetry_that_installs(desk: &Desk) {
    desk.project("bed-poetry-built", &format!("[[tool.poetry.source]]\nname = \"dev\"\nurl = \"{}\"\n", dev()));
    poetry_with(desk, &["publish", "--build", "-r", "bed"]);
}

fn poetry_from_dist(desk: &Desk) {
    desk.file("pyproject.toml", "[project]\nname = \"bed-poetry-dist\"\nversion = \"0.1\"\n");
    desk.copy(&wheel_of("bed-poetry-dist"), "dist");
    // Not of this project, and not uploaded.
    desk.copy(&wheel_of("bed-poetry"), "dist");
    poetry_with(desk, &["publish", "-r", "bed"]);
}

fn pdm(desk: &Desk) {
    desk.project("bed-pdm", &format!("[[tool.pdm.source]]\nname = \"pypi\"\nurl = \"{}\"\n", dev()));
    let mut pdm = desk.client("pdm", &["publish", "-r", &index()]);
    pdm.env("PDM_CHECK_UPDATE", "false");
    desk.succeeds(pdm);
}

fn hatch(desk: &Desk) {
    desk.file("pyproject.toml", "[project]\nname = \"bed-hatch\"\nversion = \"0.1\"\n");
    desk.copy(&wheel_of("bed-hatch"), "dist");
    desk.succeeds(desk.client("hatch", &["publish", "-r", &index(), "-u", "alice", "--no-prompt"]));
}

fn flit(desk: &Desk) {
    let text = "[build-system]\nrequires = [\"flit_core >=3.2,<5\"]\nbuild-backend = \"flit_core.buildapi\"\n\
                [project]\nname = \"bed-flit\"\nversion = \"0.1\"\ndescription = \"made for a test\"\n";
    desk.file("pyproject.toml", text);
    desk.file("bed_flit.py", "");
    let mut flit = desk.client("flit", &["publish"]);
    flit.env("FLIT_INDEX_URL", index()).env("FLIT_USERNAME", "alice");
    desk.succeeds(flit);
}

fn devpi(desk: &Desk) {
    let client = Client::with_devpi(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    for args in [&["use", &index()][..], &["upload", wheel_of("bed-devpi").to_str().expect("a path")]] {
        let mut devpi = client.own("devpi");
        devpi.args(args);
        desk.succeeds(devpi);
    }
}
