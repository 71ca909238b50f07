//! Builds that outlast the token that they began with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use testbed::{Bed, Client};

use crate::support::judge::{Sent, Watch};
use crate::support::run::{run, succeeds};
use crate::support::{BED, Home, TOOLS, err, fed, out};
use crate::{REDIRECTING, end, exec, nothing_is_left, with_alice};

/// What every token in a netrc here lasts at most, in seconds.
const LIFETIME: f64 = 6.0;

/// A build that takes longer than the token that it finds: it waits for that token's end, or where that is far for the
/// end of any that `--lifetime 6s` allows.
const BACKEND: &str = r#"
import base64, os, re, time, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    words = open(os.environ["NETRC"]).read().split()
    token = words[words.index("password") + 1].removeprefix("devpi-")
    token = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    end = min(int(end) for end in re.findall(rb"expires=(\d+)", token))
    end = min(end, time.time() + 7)
    while time.time() <= end:
        time.sleep(end + 0.1 - time.time())
    name = "bed_slow-1.0-py3-none-any.whl"
    info = "bed_slow-1.0.dist-info/"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.writestr("bed_slow.py", "")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: bed-slow\nVersion: 1.0\nRequires-Dist: bed-core\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "")
    return name
"#;

/// Puts a project on the bed whose build outlasts its token, and which depends on another.
fn put_slow_project(bed: &Bed) {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("bed_slow-1.0");
    std::fs::create_dir(&inner).expect("made");
    for (name, text) in [
        ("PKG-INFO", "Metadata-Version: 2.1\nName: bed-slow\nVersion: 1.0\n"),
        ("pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = \"slow\"\nbackend-path = [\".\"]\n"),
        ("slow.py", BACKEND),
    ] {
        std::fs::write(inner.join(name), text).expect("written");
    }
    let sdist = folder.path().join("bed_slow-1.0.tar.gz");
    let tar = Command::new("tar").arg("-czf").arg(&sdist).arg("-C").arg(folder.path()).arg("bed_slow-1.0").status();
    assert!(tar.expect("tar").success());
    let token = bed.create_token("alice", &json!({"allowed": ["upload"]})).expect("a token");
    let client = Client::with_keyring(&TOOLS).expect("a client");
    let mut twine = client.twine(["upload", "--non-interactive", "--username", "alice", "--password", &token]);
    twine.args(["--repository-url", &bed.index_url("alice/dev")]).arg(&sdist);
    let done = twine.output().expect("twine");
    assert!(done.status.success(), "{}{}", out(&done), err(&done));
}

/// Each bed gets it once.
pub(crate) fn with_slow_project(bed: &'static Bed) -> &'static Bed {
    static DONE: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let mut done = DONE.lock().expect("no panic before");
    if !done.contains(&bed.url()) {
        put_slow_project(bed);
        done.push(bed.url());
    }
    bed
}

/// Every token was for reading these indexes, valid, and of so short a life; how many there were.
fn short_readers(sent: &[Sent]) -> usize {
    let mut tokens = BTreeSet::new();
    for Sent { seen, added, .. } in sent {
        assert_eq!(added[0], "allowed=pkg_read", "{seen:?}");
        assert!(added.contains(&"indexes=alice/base,alice/dev,alice/mid".to_owned()), "{seen:?}");
        let rest = end(added) - seen.time;
        assert!(rest > 0.0 && rest <= LIFETIME, "{rest} s left: {seen:?}");
        tokens.insert(added.clone());
    }
    tokens.len()
}

fn pip_outlasts_its_token(bed: &'static Bed) {
    let bed = with_slow_project(bed);
    let home = with_alice(bed);
    let watch = Watch::new(&home, bed);
    let client = Client::new(&TOOLS).expect("a client");
    let url = bed.simple_url("alice/dev");
    let pip = client.pip(["install", "--no-input", "-i", &url, "bed-slow"]);
    let done = succeeds(&home, exec(&["--lifetime", "6s", &url], pip));
    assert!(client.imports("bed_slow") && client.imports("bed_core"), "{}", out(&done));
    let sent = watch.of("pip/26.");
    assert!(short_readers(&sent) >= 2, "{sent:#?}");
    assert!(sent.iter().all(|sent| matches!(sent.seen.status, 200 | 404)), "{sent:#?}");
    nothing_is_left(&home);
}

/// The control: the same with one token, in a netrc that nobody touches.
fn pip_fails_with_one_token(bed: &'static Bed) {
    let bed = with_slow_project(bed);
    let home = with_alice(bed);
    let watch = Watch::new(&home, bed);
    let client = Client::new(&TOOLS).expect("a client");
    let url = bed.simple_url("alice/dev");
    let mut pip = client.pip(["install", "--no-input", "-i", &url, "bed-slow"]);
    pip.env("NETRC", static_netrc(&home, bed));
    let done = run(&home, pip);
    assert!(!done.status.success(), "{}", out(&done));
    let sent = watch.of("pip/26.");
    assert!(sent.iter().any(|sent| sent.seen.status == 403 && end(&sent.added) <= sent.seen.time), "{sent:#?}");
}

/// A netrc with a token of six seconds.
fn static_netrc(home: &Home, bed: &Bed) -> PathBuf {
    let wide = home.cli(&["get", &bed.simple_url("alice/dev")]).output().expect("get");
    let short = fed(home.cli(&["derive", "--file", "-", "--expires", "6s"]), &out(&wide));
    assert!(short.status.success(), "{}", err(&short));
    let netrc = home.path().join("static");
    std::fs::write(&netrc, format!("machine 127.0.0.1 login alice password {}", out(&short))).expect("written");
    netrc
}

#[test]
fn a_build_outlasts_its_token_where_the_server_says_401() {
    pip_outlasts_its_token(&BED);
}

#[test]
fn a_build_outlasts_its_token_where_the_server_shows_a_login_page() {
    pip_outlasts_its_token(&REDIRECTING);
}

#[test]
fn the_same_build_fails_with_one_short_token_where_the_server_says_401() {
    pip_fails_with_one_token(&BED);
}

#[test]
fn the_same_build_fails_with_one_short_token_where_the_server_shows_a_login_page() {
    pip_fails_with_one_token(&REDIRECTING);
}

#[test]
fn a_build_of_uv_outlasts_the_lifetime_and_fails_with_one_short_token() {
    let bed = with_slow_project(&BED);
    let home = with_alice(bed);
    let url = bed.simple_url("alice/dev");
    let install = ["pip", "install", "--default-index", &url, "bed-slow"];

    let client = Client::new(&TOOLS).expect("a client");
    let done = succeeds(&home, exec(&["--lifetime", "6s", &url], client.uv(install)));
    assert!(client.imports("bed_slow") && client.imports("bed_core"));
    assert!(
        err(&done).contains("uv reads its netrc once and keeps what it read: the token ends in 1 hour"),
        "{}",
        err(&done)
    );

    let client = Client::new(&TOOLS).expect("a client");
    let mut uv = client.uv(install);
    uv.env("NETRC", static_netrc(&home, bed));
    assert!(!run(&home, uv).status.success());
}
