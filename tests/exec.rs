//! Real clients under `exec`: builds that outlast their tokens, uploads, and a command that is left as it is.

mod support;

#[path = "exec/command.rs"]
mod command;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};

use rustix::process::Signal;
use serde_json::json;
use support::judge::{Sent, Watch, only_uploads};
use support::run::{run, succeeds};
use support::{BED, Home, TOOLS, code, err, fed, is_alive, out, send, wait_for};
use testbed::{Bed, Client, Closing};

/// The same behind a login page.
static REDIRECTING: LazyLock<Bed> =
    LazyLock::new(|| Bed::start(&TOOLS, Closing::Redirect302).expect("a server with a login page"));

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
fn with_slow_project(bed: &'static Bed) -> &'static Bed {
    static DONE: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let mut done = DONE.lock().expect("no panic before");
    if !done.contains(&bed.url()) {
        put_slow_project(bed);
        done.push(bed.url());
    }
    bed
}

fn with_alice(bed: &Bed) -> Home {
    let home = Home::new("memory");
    home.login(bed, &bed.simple_url("alice/dev"), "alice");
    home
}

/// `devpi-tokens exec …` around a client's command, with the client's environment.
fn exec(args: &[&str], command: Command) -> Command {
    let mut exec = Command::new(env!("CARGO_BIN_EXE_devpi-tokens"));
    exec.arg("exec").args(args).arg("--").arg(command.get_program()).args(command.get_args());
    exec.env_clear();
    for (name, value) in command.get_envs() {
        value.map(|value| exec.env(name, value));
    }
    if let Some(folder) = command.get_current_dir() {
        exec.current_dir(folder);
    }
    exec
}

/// Where the runs of a home have their folders.
fn runs(home: &Home) -> PathBuf {
    home.path().join("state/exec")
}

fn nothing_is_left(home: &Home) {
    let left: Vec<_> =
        std::fs::read_dir(runs(home)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The earliest end among a token's caveats.
fn end(caveats: &[String]) -> f64 {
    let ends = caveats.iter().filter_map(|caveat| caveat.strip_prefix("expires="));
    ends.map(|end| end.parse().expect("a number")).reduce(f64::min).expect("an end")
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

/// A configuration of uv that gives the indexes names; `rest` stands with each.
fn name_indexes(client: &Client, bed: &Bed, rest: &str) {
    let mut text = String::new();
    for (name, place) in [("my.dev", "default = true"), ("mid", "explicit = true"), ("base", "explicit = true")] {
        let url = bed.simple_url(&format!("alice/{}", name.replace("my.", "")));
        text += &format!("[[index]]\nname = \"{name}\"\nurl = \"{url}\"\n{place}\n{rest}\n");
    }
    std::fs::write(client.home().join("uv.toml"), text).expect("uv.toml");
}

/// A shell with that script, in the client's environment, `uv` and `twine` by their paths in `$UV` and `$TWINE`.
fn shell(client: &Client, script: &str) -> Command {
    let mut shell = client.command("sh");
    shell.args(["-e", "-c", script]);
    shell.env("UV", TOOLS.uv()).env("VIRTUAL_ENV", client.venv()).env("UV_NO_CACHE", "1");
    shell.env("TWINE", client.venv().join("bin/twine"));
    shell
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

/// Runs an upload under `exec`, which arrives with a token for this project alone.
fn uploads(home: &Home, command: Command, agent: &str, project: &str) {
    let watch = Watch::new(home, &BED);
    succeeds(home, command);
    let sent = watch.of(agent);
    let posts: Vec<Sent> = sent.into_iter().filter(|sent| sent.seen.method == "POST").collect();
    assert!(posts.iter().any(|sent| sent.seen.status == 200), "{posts:#?}");
    only_uploads(&posts, "alice/dev", project);
    nothing_is_left(home);
}

#[test]
fn twine_uploads_the_project_of_its_files() {
    let home = with_alice(&BED);
    let client = Client::with_keyring(&TOOLS).expect("a client");
    let url = BED.index_url("alice/dev");
    let mut twine = client.twine(["upload", "--non-interactive", "--repository-url", &url]);
    twine.arg(BED.new_upload("bed-exec-twine", "0.1").expect("a wheel"));
    uploads(&home, exec(&["--for", "upload"], twine), "twine/", "bed-exec-twine");
}

#[test]
fn twine_that_names_no_repository_uploads_to_the_named_index() {
    let home = with_alice(&BED);
    let client = Client::with_keyring(&TOOLS).expect("a client");
    let mut twine = client.twine(["upload", "--non-interactive"]);
    twine.arg(BED.new_upload("bed-exec-bare", "0.1").expect("a wheel"));
    uploads(&home, exec(&["--for", "upload", &BED.index_url("alice/dev")], twine), "twine/", "bed-exec-bare");
}

#[test]
fn clients_in_a_script_upload_to_the_named_index() {
    let home = with_alice(&BED);
    let client = Client::with_keyring(&TOOLS).expect("a client");
    let url = BED.index_url("alice/dev");
    let named = format!("[[index]]\nname = 'my.dev'\nurl = '{url}+simple/'\npublish-url = '{url}'\n");
    std::fs::write(client.home().join("uv.toml"), named).expect("uv.toml");
    for (project, agent, script) in [
        ("bed-exec-script", "twine/", "\"$TWINE\" upload --non-interactive --repository-url \"$URL\" \"$FILE\""),
        ("bed-exec-uv", "uv/", "\"$UV\" publish --publish-url \"$URL\" \"$FILE\""),
        ("bed-exec-index", "uv/", "\"$UV\" publish --index my.dev \"$FILE\""),
    ] {
        let mut shell = shell(&client, script);
        shell.env("FILE", BED.new_upload(project, "0.1").expect("a wheel")).env("URL", &url);
        uploads(&home, exec(&["--for", "upload", "--project", project, &url], shell), agent, project);
    }
}

#[test]
fn an_upload_to_another_place_gets_no_token() {
    let home = with_alice(&BED);
    let client = Client::with_keyring(&TOOLS).expect("a client");
    for (name, value, said) in [
        ("TWINE_REPOSITORY_URL", "https://upload.example/", "twine uploads to another place, so it gets no token"),
        ("TWINE_REPOSITORY", "public", "TWINE_REPOSITORY is set already, so twine gets no token"),
    ] {
        let mut shell = shell(&client, "env");
        shell.env(name, value);
        let done = succeeds(&home, exec(&["--for", "upload", &BED.index_url("alice/dev")], shell));
        assert!(err(&done).contains(said), "{}", err(&done));
        assert!(!out(&done).contains("PASSWORD") && !out(&done).contains("=devpi-"), "{}", out(&done));
    }
}

/// A server that refuses every request, and keeps its head.
struct Elsewhere {
    url: String,
    heads: Receiver<String>,
}

impl Elsewhere {
    /// On a host of its own: a netrc knows no port.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://localhost:{}/", listener.local_addr().expect("an address").port());
        let (tell, heads) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.expect("a request"));
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).expect("a line") > 0 {}
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
                std::io::copy(&mut stream.by_ref().take(length.unwrap_or(0)), &mut std::io::sink()).expect("a body");
                let answer = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                stream.get_mut().write_all(answer.as_bytes()).expect("answered");
                if tell.send(head).is_err() {
                    return;
                }
            }
        });
        Self { url, heads }
    }
}

#[test]
fn twine_takes_no_token_to_another_host() {
    let home = with_alice(&BED);
    let elsewhere = Elsewhere::start();
    let client = Client::with_keyring(&TOOLS).expect("a client");
    std::fs::write(
        client.home().join(".pypirc"),
        format!("[distutils]\nindex-servers = other\n[other]\nrepository = {}\n", elsewhere.url),
    )
    .expect("written");
    let file = BED.new_upload("bed-exec-away", "0.1").expect("a wheel");
    for to in [["--repository-url", &elsewhere.url], ["-r", "other"]] {
        let mut twine = client.twine(["upload", "--non-interactive"]);
        twine.args(to).arg(&file);
        let mut script = shell(&client, "\"$TWINE\" upload --non-interactive \"$@\"");
        script.arg("script").args(to).arg(&file);
        // Where the command itself goes there is known before, so that it is told nothing and asks nobody.
        for (command, arrives) in [(twine, false), (script, true)] {
            let done = run(&home, exec(&["--for", "upload", &BED.index_url("alice/dev")], command));
            let head = elsewhere.heads.try_recv();
            assert!(!done.status.success() && head.is_ok() == arrives, "{}{}", out(&done), err(&done));
            let head = head.unwrap_or_default().to_ascii_lowercase();
            assert!(head.is_empty() || head.starts_with("post ") && !head.contains("authorization"), "{head}");
        }
    }
}

#[test]
fn a_run_that_uploads_reads_nothing_and_one_that_reads_uploads_nothing() {
    let home = with_alice(&BED);
    let url = BED.index_url("alice/dev");
    for (purpose, allowed) in [("read", "pkg_read"), ("upload", "upload")] {
        let mut cat = home.command("sh");
        cat.args(["-c", "cat \"$NETRC\""]);
        let done = succeeds(&home, exec(&["--for", purpose, &url], cat));
        let netrc = out(&done);
        let token = netrc.lines().find_map(|line| line.strip_prefix("password ")).expect("a token");
        let said = fed(home.cli(&["inspect", "--json", "--file", "-"]), token);
        assert!(out(&said).contains(&format!("allowed={allowed}\"")), "{}", out(&said));
    }
}

/// A pip that reads `alice/other` at `localhost`, as the person's own netrc has a token for it.
#[test]
fn the_other_entries_of_the_own_netrc_work_and_ours_is_replaced() {
    let home = with_alice(&BED);
    let client = Client::new(&TOOLS).expect("a client");
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token");
    let own = format!(
        "# mine\nmachine 127.0.0.1 login alice password old\n\n# theirs\nmachine localhost login alice\n password {token}\n\
         macdef init\n  machine in a macro\n\ndefault login anonymous password \"a \\\"b\""
    );
    std::fs::write(client.home().join(".netrc"), own).expect("written");
    let other = BED.simple_url("alice/other").replace("127.0.0.1", "localhost");
    let url = BED.simple_url("alice/dev");
    let mut pip = client.pip(["install", "--no-input", "-i", &url, "--extra-index-url", &other]);
    pip.args(["bed-app", "bed-extra"]);
    succeeds(&home, exec(&[&url], pip));
    assert!(client.imports("bed_app") && client.imports("bed_extra"));
    let mut cat = client.command("sh");
    cat.args(["-c", "cat \"$NETRC\""]);
    let netrc = out(&succeeds(&home, exec(&[&url], cat)));
    let kept = "macdef init\n  machine in a macro\n\n\ndefault login anonymous password \"a \\\"b\"\n\n";
    assert!(netrc.ends_with(kept), "{netrc}");
    assert!(!netrc.contains("old") && netrc.contains(&token), "{netrc}");
}

/// A shell under `exec` that says when it is there, and waits.
fn waiting(home: &Home, script: &str) -> Child {
    let mut command = home.command("sh");
    command.args(["-c", script]);
    let exec = exec(&["--lifetime", "6s", &BED.simple_url("alice/dev")], command);
    // What runs tests may ignore signals, and what is ignored is inherited.
    let mut plain = home.command("env");
    plain.arg("--default-signal").arg(exec.get_program()).args(exec.get_args());
    plain.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    plain.spawn().expect("it starts")
}

fn ends(child: Child) -> Output {
    child.wait_with_output().expect("its end")
}

#[test]
fn nobody_else_can_read_what_a_command_finds() {
    let home = with_alice(&BED);
    let done = ends(waiting(&home, "stat -c '%a %u' \"$NETRC\" \"$(dirname \"$NETRC\")\""));
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(out(&done), format!("600 {uid}\n700 {uid}\n"));
}

#[test]
fn an_agent_that_has_ended_takes_nothing_from_a_command_that_runs() {
    let home = with_alice(&BED);
    let mut script = home.command("sh");
    let text = "\"$AGENT\" agent stop; first=$(cat \"$NETRC\"); while test \"$first\" = \"$(cat \"$NETRC\")\"; do sleep 0.1; done";
    script.args(["-e", "-c", text]).env("AGENT", env!("CARGO_BIN_EXE_devpi-tokens"));
    let done = succeeds(&home, exec(&["--lifetime", "5s", &BED.simple_url("alice/dev")], script));
    assert_eq!((out(&done).as_str(), err(&done).lines().count()), ("the agent has ended\n", 1), "{}", err(&done));
    assert!(home.agent().is_none(), "it was started again");
}

#[test]
fn the_agent_is_asked_again_in_time_and_what_it_refuses_ends_nothing() {
    let home = Home::new("memory");
    // What is made of it lasts for 70 seconds: the agent is asked again at 35, and gives nothing in the last 30.
    let login = ["login", "--expires", "70s", &BED.simple_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let next = "first=$(cat \"$NETRC\"); while test \"$first\" = \"$(cat \"$NETRC\")\"; do sleep 0.1; done; echo next";
    let mut child = waiting(&home, &format!("{next}; read end; {next}"));
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map(|line| line.expect("a line"));
    let refused = said.find(|line| line.starts_with("devpi-tokens: ")).expect("a refusal");
    assert!(refused.starts_with("devpi-tokens: trying again: the token of alice at "), "{refused}");
    assert!(refused.ends_with(" ends in a moment"), "{refused}");
    assert_eq!(home.log().matches("handed out").count(), 2, "{}", home.log());
    drop(child.stdin.take());
    assert_eq!(said.next(), None, "it is said once");
    let done = ends(child);
    assert_eq!((code(&done), out(&done).as_str()), (Some(0), "next\nnext\n"));
}

/// Says whether a token in the netrc had ended, once its input ends.
const WATCHING: &str = r#"
import base64, os, re, select, sys, time

late = set()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    words = open(os.environ["NETRC"]).read().split()
    token = words[words.index("password") + 1].removeprefix("devpi-")
    token = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if min(int(end) for end in re.findall(rb"expires=(\d+)", token)) <= time.time():
        late.add(token)
print(len(late), "late")
"#;

#[test]
fn a_slow_agent_lets_no_token_run_out() {
    let home = Home::new("memory");
    // The agent is asked again when half of that is over, and a token is replaced after six seconds.
    let login = ["login", "--expires", "45s", &BED.simple_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    let mut python = home.command(TOOLS.program("python"));
    python.args(["-c", WATCHING]);
    let mut exec = exec(&["--lifetime", "12s", &BED.simple_url("alice/dev")], python);
    exec.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = exec.spawn().expect("it starts");
    wait_for("the run", || std::fs::read_dir(runs(&home)).is_ok_and(|mut found| found.next().is_some()));
    let agent = home.agent().expect("an agent");
    send(agent, Signal::STOP);
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map(|line| line.expect("a line"));
    let failed = said.find(|line| line.starts_with("devpi-tokens: "));
    send(agent, Signal::CONT);
    assert_eq!(failed.as_deref(), Some("devpi-tokens: trying again: the agent took too long"));
    drop(child.stdin.take());
    let done = ends(child);
    assert_eq!((code(&done), out(&done).as_str()), (Some(0), "0 late\n"));
}

#[test]
fn without_a_url_the_indexes_of_pips_environment_are_meant() {
    let home = with_alice(&BED);
    let watch = Watch::new(&home, &BED);
    let client = Client::new(&TOOLS).expect("a client");
    let mut pip = client.pip(["install", "--no-input", "bed-app", "bed-extra"]);
    pip.env("PIP_INDEX_URL", BED.simple_url("alice/dev")).env("PIP_EXTRA_INDEX_URL", BED.simple_url("alice/other"));
    succeeds(&home, exec(&[], pip));
    assert!(client.imports("bed_app") && client.imports("bed_extra"));
    for sent in watch.of("pip/26.") {
        assert_eq!(sent.added[2], "indexes=alice/base,alice/dev,alice/mid,alice/other");
        assert!(end(&sent.added) <= sent.seen.time + 120.0, "{sent:?}");
    }
}

/// As `exec` is while its command runs, and asks again.
#[test]
fn an_agent_whose_starter_holds_signals_back_ends_by_them_all_the_same() {
    const HOLDING: &str = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); os.execv(sys.argv[1], sys.argv[1:])";
    let home = Home::new("memory");
    let mut start = home.command(TOOLS.program("python"));
    start.args(["-c", HOLDING, env!("CARGO_BIN_EXE_devpi-tokens"), "agent", "start"]);
    assert!(start.output().expect("it starts").status.success());
    let agent = home.agent().expect("an agent");
    send(agent, Signal::TERM);
    wait_for("the agent's end", || !is_alive(agent));
}

#[test]
fn a_run_within_a_run_has_one_entry_for_a_host() {
    let home = with_alice(&BED);
    let mut script = home.command("sh");
    script.args(["-c", "grep machine \"$NETRC\""]);
    let url = BED.simple_url("alice/dev");
    let done = succeeds(&home, exec(&[&url], exec(&[&url], script)));
    assert_eq!(out(&done), "machine 127.0.0.1\n");
    nothing_is_left(&home);
}

#[test]
fn a_command_is_not_started_where_there_is_no_token() {
    let home = with_alice(&BED);
    assert!(home.cli(&["agent", "lock"]).output().expect("lock").status.success());
    let child = waiting(&home, "echo > \"$HOME/started\"");
    let done = ends(child);
    assert_eq!(code(&done), Some(75), "{}", err(&done));
    assert!(err(&done).contains("devpi-tokens agent unlock"), "{}", err(&done));
    assert!(!home.path().join("started").exists());
    nothing_is_left(&home);
}

/// What Python reads in two netrc files: the same, but for the entry of our host in the second. Fails with Python's words.
fn same_for_python(home: &Home, before: &Path, after: &Path) {
    const SCRIPT: &str = r#"
import netrc, sys
before, after = map(netrc.netrc, sys.argv[1:])
before.hosts.pop("127.0.0.1", None)
user, account, token = after.hosts.pop("127.0.0.1")
assert (user, account, len(token) > 100) == ("alice", "", True), (user, account)
assert (before.hosts, before.macros) == (after.hosts, after.macros), (before.hosts, before.macros, after.hosts, after.macros)
"#;
    let mut python = home.command(TOOLS.program("python"));
    let done = python.args(["-c", SCRIPT]).args([before, after]).env("LANG", "C.UTF-8").output().expect("python");
    assert!(done.status.success(), "{:?}: {}", std::fs::read_to_string(before), err(&done));
}

#[test]
fn python_reads_of_other_hosts_what_it_read_before() {
    let home = with_alice(&BED);
    let (own, merged) = (home.path().join("own"), home.path().join("merged"));
    for text in [
        "",
        "\n\n",
        "machine a login b password c",
        "machine a login b password c\n# a comment, machine x\nmachine d login e password f # more",
        "machine a login machine password default\r\nmachine d\r\nlogin e\r\naccount f\r\npassword g\r\n",
        "default login b password c",
        "machine 127.0.0.1 login b password c machine a login b password c",
        "machine a login b password c machine 127.0.0.1 login d\npassword e\ndefault login f password g",
        "macdef one\nmachine 127.0.0.1\nlogin\n\nmachine a login b password c\nmacdef two\n\nmacdef three\nx y\n\n",
        "machine 127.0.0.1\nlogin a\npassword b\nmacdef init\ncd /\n\n",
        "machine \"a b\" login \"c\\\"d\" password e\\ f\"g machine x",
        "machine a login \"\" password \"\"\nmachine b password \"with a blank\"",
        "machine a user b password #c\nmachine é login ü password ö",
        "machine a\n\t login b\n\n\n password c\n\n\n",
        "machine a",
        "machine a login",
    ] {
        std::fs::write(&own, text).expect("written");
        let mut command = home.command("sh");
        command.args(["-c", "cp \"$NETRC\" merged"]).env("NETRC", &own);
        let done = succeeds(&home, exec(&[&BED.simple_url("alice/dev")], command));
        assert_eq!(err(&done).lines().count(), 1, "{text:?}: {}", err(&done));
        same_for_python(&home, &own, &merged);
    }
    // What it takes for none would take ours away as well.
    for (text, line) in [
        ("machine a login b password c\n\nmachine d logn e\nmachine f login g password h", 3),
        ("nonsense\nmachine a login b", 1),
        ("machine", 1),
    ] {
        std::fs::write(&own, text).expect("written");
        let mut command = home.command("sh");
        command.args(["-c", "cp \"$NETRC\" merged"]).env("NETRC", &own);
        let done = succeeds(&home, exec(&[&BED.simple_url("alice/dev")], command));
        let said = format!("{} is no netrc from line {line} on, and left out from there", own.display());
        assert!(err(&done).contains(&said), "{}", err(&done));
        let read = text.lines().take(line - 1).collect::<Vec<_>>().join("\n");
        std::fs::write(&own, if line > 1 { read + "\nmachine d" } else { String::new() }).expect("written");
        same_for_python(&home, &own, &merged);
    }
}
