//! Uploads: with a token for their project alone, and none to another place.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use testbed::Client;

use crate::support::judge::{Sent, Watch, only_uploads};
use crate::support::run::{run, succeeds};
use crate::support::{BED, Home, TOOLS, err, fed, out};
use crate::{exec, nothing_is_left, shell, with_alice};

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
