//! The pages in `docs/`, and the README behind its first page: each block of shell is run as it stands, each file that
//! they show is written, each message of the protocol is read, and every link leads somewhere.
//!
//! A block of shell is ```` ```sh ````. A file is a block with a title, its path: ```` ```toml title="uv.toml" ````.

mod support;

use std::path::{Path, PathBuf};

use devpi_tokens::protocol::{Request, Response};
use serde_json::json;
use support::page::{self, Block, blocks, shell_below};
use support::run::{WHEEL, at_terminal, succeeds};
use support::{BED, Home, TOOLS, err, fed, leak, out};
use testbed::Client;

const PASSPHRASE: &str = "several words\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every page, by its path below `docs/`.
fn pages() -> Vec<(String, String)> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<PathBuf> =
            entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect();
        paths.sort();
        paths
    }
    let read = |path: PathBuf| {
        let name = path.strip_prefix(folder()).expect("below").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("a page"))
    };
    below(&folder()).into_iter().map(read).collect()
}

/// The same with a project of the page's own: the pages upload at the same time.
fn filled_in(text: &str, project: &str) -> String {
    page::filled_in(text).replace("my-project", project).replace("my_project", &project.replace('-', "_"))
}

/// The environment that the page is about, with this project installed in it.
fn client_for(page: &str) -> Client {
    let client = match page {
        "clients/twine.md" => Client::with_keyring(&TOOLS),
        "clients/devpi.md" => Client::with_devpi(&TOOLS),
        _ => Client::with_clients(&TOOLS),
    };
    let client = client.expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    client
}

/// Runs what a page says, from its first block to its last, in one shell.
fn follow(page: &str, text: &str) {
    let home = Home::with_alice();
    let client = client_for(page);
    let work = client.home().join("work");
    std::fs::create_dir_all(work.join("dist")).expect("a folder");
    let name = Path::new(page).file_stem().expect("a name").to_string_lossy();
    let project = format!("my-{name}-project");
    let wheel = BED.new_upload(&project, "0.1").expect("a wheel");
    std::fs::copy(&wheel, work.join("dist").join(wheel.file_name().expect("a name"))).expect("a copy");
    let mut script = String::new();
    for block in blocks(text) {
        let text = filled_in(&block.text, &project);
        if let Some(title) = block.title().map(|title| filled_in(title, &project)) {
            let path = title.strip_prefix("~/").map_or_else(|| work.join(&title), |rest| client.home().join(rest));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        } else if block.kind == "sh" {
            script.push_str(&text);
        }
    }
    // The package is installed from its wheel, once, as it is on no index yet.
    let script = script.replace("pip install devpi-tokens-agent\n", "");
    // Somebody who agrees to all that it shows.
    let agreed = |line: &str| {
        if line.starts_with("devpi-tokens setup ") { format!("{line} --yes\n") } else { format!("{line}\n") }
    };
    let script: String = script.lines().map(agreed).collect();
    let programs = Path::new(env!("CARGO_BIN_EXE_devpi-tokens")).parent().expect("a folder");
    let path = [client.home().join(".local/bin"), client.venv().join("bin"), programs.to_owned()];
    let uv = TOOLS.uv();
    let path = path.iter().map(PathBuf::as_path).chain(uv.parent()).chain(["/usr/bin", "/bin"].map(Path::new));
    let mut shell = client.command("sh");
    shell.args(["-e", "-c", &script]).current_dir(&work);
    shell.env("PATH", std::env::join_paths(path).expect("a PATH"));
    shell.env("VIRTUAL_ENV", client.venv()).env("UV_NO_CACHE", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    shell.envs(home.variables());
    // What a person would type where he is asked.
    let done = fed(shell, &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{page}:\n{script}\n{}{}", out(&done), err(&done));
}

#[test]
fn every_block_of_shell_on_every_page_works() {
    let pages = pages();
    let shown: Vec<_> = pages.iter().filter(|(_, text)| blocks(text).iter().any(|block| block.kind == "sh")).collect();
    assert!(shown.len() >= 10, "only {} pages", shown.len());
    std::thread::scope(|scope| {
        for (page, text) in shown {
            scope.spawn(|| follow(page, text));
        }
    });
}

/// Types one block in a home where alice is logged in, `setup` was run, and a project lies in the folder.
fn type_block(number: usize, block: &str) {
    let home = Home::new("passphrase");
    let secret = BED.password("alice").to_owned() + "\n";
    home.login_with(PASSPHRASE, &BED, &BED.simple_url("alice/dev"), "alice");
    let mut client = Client::with_keyring(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("an installation");
    for folder in [client.venv().join("bin"), client.home().join(".local/bin")] {
        client.put_on_path(folder);
    }
    let mut setup = client.own("devpi-tokens");
    setup.args(["setup", "--yes"]);
    succeeds(&home, setup);
    let index = ["config", "set", "global.index-url", &BED.simple_url("alice/dev")];
    succeeds(&home, client.pip(index));
    let project = format!("my-project-{number}");
    let work = client.home().join("work");
    std::fs::create_dir(&work).expect("a folder");
    std::fs::write(work.join("Makefile"), "all:\n\tpip download --no-deps bed-app\n").expect("written");
    let mut unpack = client.command("tar");
    unpack.args(["-xz", "--strip-components", "1", "-f"]).arg(BED.new_sdist(&project, "0.1").expect("a project"));
    unpack.arg("-C").arg(&work);
    succeeds(&home, unpack);
    let token = home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("a token");

    let mut shell = client.command("sh");
    shell.args(["-e", "-c", &block.replace("PROJECT", &project)]).current_dir(&work).envs(home.variables());
    shell.env("EDITOR", "true").env("PIP_NO_CACHE_DIR", "1");
    let answers = [
        json!(["passphrase of the vault: ", PASSPHRASE, "unseen"]),
        json!(["password of alice at ", secret, "unseen"]),
    ];
    let traced = [json!(["token: ", out(&token), "unseen"])];
    let done = at_terminal(&shell, if block.contains("trace") { &traced } else { &answers });
    assert!(done.status.success(), "{block}\n{}{}", out(&done), err(&done));
}

#[test]
fn every_block_of_shell_of_every_day_works() {
    let blocks: Vec<String> =
        ["Every day", "When nothing seems to happen"].iter().flat_map(|heading| shell_below(heading)).collect();
    assert!(blocks.len() >= 7, "{blocks:?}");
    std::thread::scope(|scope| {
        for (number, block) in blocks.iter().enumerate() {
            scope.spawn(move || type_block(number, block));
        }
    });
}

#[test]
fn every_message_on_the_page_of_the_protocol_is_one() {
    let page = std::fs::read_to_string(folder().join("protocol.md")).expect("the page");
    let messages: Vec<Block> = blocks(&page).into_iter().filter(|block| block.kind == "json").collect();
    assert!(messages.len() >= 4);
    for Block { text, .. } in messages {
        let [request, response] =
            [serde_json::from_str::<Request>(&text).is_ok(), serde_json::from_str::<Response>(&text).is_ok()];
        assert!(request || response, "{text}");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let readme = std::fs::read_to_string(folder().join("../README.md")).expect("the README");
    for (page, text) in pages().into_iter().chain([("../README.md".to_owned(), readme)]) {
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let file = link.split('#').next().unwrap_or_default();
            let target = folder().join(&page).parent().expect("a folder").join(file);
            assert!(file.is_empty() || target.exists(), "{page}: {link}");
        }
    }
}

#[test]
fn the_picture_shows_neither_a_secret_nor_a_machine() {
    let picture = std::fs::read_to_string(folder().join("picture.svg")).expect("cargo xtask picture");
    assert_eq!(leak::in_text(picture.as_bytes()), [""; 0]);
    assert!(picture.contains("devpi.example.com") && !picture.contains("127.0.0.1"));
    for command in ["login ", "inspect", "doctor"] {
        assert!(picture.contains(&format!("devpi-tokens {command}")), "{command}");
    }
    // Its text stands in elements, a line each.
    let text = picture.split_once("<text").expect("a text").1;
    for line in text.lines() {
        let shown: String = line.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
        assert!(shown.replace("&gt;", ">").chars().count() <= 80, "{shown}");
    }
}
