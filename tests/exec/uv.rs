//! uv, which reads a netrc once: by the names of its indexes, and in a script.

use testbed::{Bed, Client};

use crate::builds::with_slow_project;
use crate::support::judge::Watch;
use crate::support::run::{run, succeeds};
use crate::support::{BED, TOOLS, err, out};
use crate::{REDIRECTING, end, exec, nothing_is_left, shell, with_alice};

/// A configuration of uv that gives the indexes names; `rest` stands with each.
fn name_indexes(client: &Client, bed: &Bed, rest: &str) {
    let mut text = String::new();
    for (name, place) in [("my.dev", "default = true"), ("mid", "explicit = true"), ("base", "explicit = true")] {
        let url = bed.simple_url(&format!("alice/{}", name.replace("my.", "")));
        text += &format!("[[index]]\nname = \"{name}\"\nurl = \"{url}\"\n{place}\n{rest}\n");
    }
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
}

fn uv_outlasts_the_lifetime(bed: &'static Bed) {
    let bed = with_slow_project(bed);
    let home = with_alice(bed);
    let watch = Watch::new(&home, bed);
    let client = Client::new(&TOOLS).expect("a client");
    name_indexes(&client, bed, "");
    succeeds(&home, exec(&["--lifetime", "6s"], client.uv(["pip", "install", "bed-slow"])));
    assert!(client.imports("bed_slow") && client.imports("bed_core"));
    for sent in watch.of("uv/") {
        let rest = end(&sent.added) - sent.seen.time;
        assert!(rest > 3500.0 && rest <= 3600.0, "{rest} s left: {sent:?}");
    }
    nothing_is_left(&home);
}

#[test]
fn uv_knows_its_indexes_by_name_where_the_server_says_401() {
    uv_outlasts_the_lifetime(&BED);
}

#[test]
fn uv_knows_its_indexes_by_name_where_the_server_shows_a_login_page() {
    uv_outlasts_the_lifetime(&REDIRECTING);
}

/// It finds the netrc as it is when it starts, however long the script has run by then.
fn uv_in_a_script_has_a_fresh_token(bed: &Bed) {
    let home = with_alice(bed);
    let watch = Watch::new(&home, bed);
    let client = Client::new(&TOOLS).expect("a client");
    name_indexes(&client, bed, "authenticate = \"always\"");
    let next = "first=$(cat \"$NETRC\"); while test \"$first\" = \"$(cat \"$NETRC\")\"; do sleep 0.1; done";
    let script = shell(&client, &format!("{next}; {next}; \"$UV\" pip install bed-app"));
    succeeds(&home, exec(&["--lifetime", "20s"], script));
    assert!(client.imports("bed_app"));
    for sent in watch.of("uv/") {
        let rest = end(&sent.added) - sent.seen.time;
        assert!(rest > 0.0 && rest <= 20.0, "{rest} s left: {sent:?}");
    }
    nothing_is_left(&home);
}

#[test]
fn uv_in_a_script_reads_the_netrc_where_the_server_says_401() {
    uv_in_a_script_has_a_fresh_token(&BED);
}

#[test]
fn uv_in_a_script_reads_the_netrc_where_the_server_shows_a_login_page() {
    uv_in_a_script_has_a_fresh_token(&REDIRECTING);
}

/// A project whose build writes its environment, and the netrc, to standard error and fails.
const TELLING: &str = "import os, sys\n\
    def build_wheel(*_):\n    sys.exit(str(dict(os.environ)) + open(os.environ['NETRC']).read())\n";

#[test]
fn a_build_behind_pip_and_a_script_see_no_token_that_lasts() {
    let home = with_alice(&BED);
    let client = Client::new(&TOOLS).expect("a client");
    name_indexes(&client, &BED, "");
    let project = client.home().join("telling");
    std::fs::create_dir(&project).expect("made");
    let built = "[build-system]\nrequires = []\nbuild-backend = \"telling\"\nbackend-path = [\".\"]\n";
    std::fs::write(project.join("pyproject.toml"), built).expect("written");
    std::fs::write(project.join("telling.py"), TELLING).expect("written");
    let mut pip = client.pip(["wheel", "--no-input", "--no-deps"]);
    pip.arg(&project);
    for command in [pip, shell(&client, "env; cat \"$NETRC\"")] {
        let done = run(&home, exec(&[], command));
        let seen = out(&done) + &err(&done);
        assert!(seen.contains("NETRC") && !seen.contains("UV_INDEX_"), "{seen}");
        let tokens: Vec<&str> =
            seen.split("password ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        assert_eq!((tokens.len(), seen.matches("devpi-").count()), (1, 1), "{seen}");
    }
}

#[test]
fn what_a_person_has_set_for_uv_is_left_as_it_is() {
    let home = with_alice(&BED);
    let client = Client::new(&TOOLS).expect("a client");
    name_indexes(&client, &BED, "");
    let mut uv = client.uv(["run", "--no-project", "env"]);
    uv.env("UV_INDEX_MY_DEV_PASSWORD", "mine");
    let done = succeeds(&home, exec(&[], uv));
    assert!(err(&done).contains("UV_INDEX_MY_DEV_PASSWORD is set already, and left as it is"), "{}", err(&done));
    assert!(out(&done).contains("UV_INDEX_MY_DEV_PASSWORD=mine\n") && !out(&done).contains("UV_INDEX_MY_DEV_USERNAME"));
    assert!(out(&done).contains("UV_INDEX_MID_USERNAME=alice\n"), "{}", out(&done));
}
