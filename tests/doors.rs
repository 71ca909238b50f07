//! The command line, the keyring command and git's helper side by side: which URLs get nothing, and with which code.

mod support;

use std::fs::File;
use std::process::{Command, Output, Stdio};

use devpi_tokens::token::{Restriction, Token};
use support::{BED, Home, code, err, fed, out};

/// `get` of the command line.
fn get(home: &Home, url: &str) -> Output {
    home.cli(&["get", url]).output().expect("it ends")
}

/// The keyring command, behind which there is no other.
fn keyring(home: &Home, args: &[&str]) -> Command {
    let mut command = home.helper(&["keyring"]);
    command.args(args);
    command
}

fn asked_by_pip(home: &Home, url: &str) -> Output {
    keyring(home, &["--mode=creds", "--output=json", "get", url]).output().expect("it ends")
}

/// git's helper, told the parts of a URL as git tells them, with the path.
fn asked_by_git(home: &Home, url: &str) -> Output {
    let (protocol, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    fed(home.helper(&["get"]), &format!("protocol={protocol}\nhost={host}\npath={path}\n\n"))
}

/// Asserts that the command line ends with that code, keyring with 1 and git's helper with 0, and that none of them
/// prints anything but a reason.
fn get_nothing(home: &Home, url: &str, exit: i32) {
    let (cli, pip, git) = (get(home, url), asked_by_pip(home, url), asked_by_git(home, url));
    assert_eq!((code(&cli), out(&cli).as_str()), (Some(exit), ""), "{url}: {}", err(&cli));
    assert_eq!((code(&pip), out(&pip).as_str()), (Some(1), ""), "{url}: {}", err(&pip));
    assert_eq!((code(&git), out(&git).as_str()), (Some(0), ""), "{url}: {}", err(&git));
    for said in [err(&cli), err(&pip), err(&git)] {
        assert!(!said.contains([' ', '\n']) || said.starts_with("devpi-tokens") || said.starts_with("git-"), "{said}");
    }
    assert!(err(&cli).lines().count() > 1, "says nothing of what to do: {}", err(&cli));
}

fn indexes(token: &str) -> Vec<String> {
    let token = Token::parse(token.trim_end()).expect("a token");
    let of = |restriction: Restriction| match restriction {
        Restriction::Indexes(indexes) => Some(indexes.iter().map(ToString::to_string).collect()),
        _ => None,
    };
    token.restrictions().into_iter().rev().find_map(of).unwrap_or_default()
}

/// A home whose kept token is for `alice/dev` alone.
fn narrow() -> Home {
    let home = Home::new("memory");
    let index = BED.index_url("alice/dev");
    let args = ["login", &index, "alice", "--allowed", "pkg_read", "--indexes", "alice/dev"];
    let done = fed(home.cli(&args), &format!("{}\n", BED.password("alice")));
    assert!(done.status.success(), "{}", err(&done));
    home
}

#[test]
fn a_url_that_two_programs_may_read_differently_is_malformed_and_gets_nothing() {
    let (home, root) = (Home::with_alice(), BED.url());
    let host = root.trim_start_matches("http://");
    for path in [
        "/alice/../alice/dev/",
        "/alice/./dev/",
        "/..",
        "//alice/dev/",
        "/alice//dev/",
        "/alice/%2e%2e/alice/dev/",
        "/alice/%2E/dev/",
        "/alice%2Fdev/",
        "/alice%2fdev/",
        "/alice/d%65v/",
        "/alice/dev;x=y/",
        "/alice\\dev/",
        "/alice/dev/\t",
        "/alice/d ev/",
        "/alice/dev/\x1b[31m",
        "/alice/dév/",
    ] {
        get_nothing(&home, &format!("{root}{path}"), 65);
    }
    for url in [
        format!("http://alice:hush@{host}/alice/dev/"),
        format!("http://:hush@{host}/alice/dev/"),
        format!("http://a@b@{host}/alice/dev/"),
        format!("http://{host}\\@evil.example/alice/dev/"),
        format!("http://evil.example\\@{host}/alice/dev/"),
        format!("http:/{host}/alice/dev/"),
        format!("ftp://{host}/alice/dev/"),
        format!("http://{host}:80/alice/dev/"),
        format!("{root}/{}", "a".repeat(2048)),
    ] {
        get_nothing(&home, &url, 65);
        let said = err(&get(&home, &url));
        assert!(!said.contains("hush"), "it repeats a password");
        assert_eq!(said.contains("a password stands in the URL"), url.contains("hush"), "{url}: {said}");
    }
    assert!(!home.log().contains("handed out"), "{}", home.log());
    // The control.
    assert!(get(&home, &format!("{root}/alice/dev/")).status.success());
}

#[test]
fn what_only_looks_like_a_server_of_ours_gets_nothing() {
    let (home, root) = (Home::with_alice(), BED.url());
    let host = root.trim_start_matches("http://");
    let (name, port) = host.rsplit_once(':').expect("a port");
    let other: u16 = port.parse::<u16>().expect("a port") ^ 1;
    for url in [
        format!("https://{host}/alice/dev/"),
        format!("http://{name}/alice/dev/"),
        format!("http://{name}:{other}/alice/dev/"),
        format!("http://{name}.evil.example:{port}/alice/dev/"),
        format!("http://evil-{host}/alice/dev/"),
        format!("http://localhost:{port}/alice/dev/"),
        format!("http://{name}@evil.example:{port}/alice/dev/"),
        format!("http://evil.example/{host}/alice/dev/"),
        format!("http://evil.example?{root}/alice/dev/"),
        format!("http://evil.example#@{host}/alice/dev/"),
        // On the server, and of no index there.
        format!("{root}/alice"),
        format!("{root}/alice/"),
        format!("{root}/alice/+simple/"),
        format!("{root}/+f/x/+simple/"),
        format!("{root}/+api"),
    ] {
        get_nothing(&home, &url, 1);
    }
    assert!(!home.log().contains("handed out"), "{}", home.log());
}

#[test]
fn an_index_whose_name_begins_as_another_ones_gets_no_token_for_that_one() {
    let (home, root) = (narrow(), BED.url());
    for beside in ["alice/dev-evil", "alice/devel", "alice/de", "alice/DEV", "alice/dev.", "alicex/dev"] {
        get_nothing(&home, &format!("{root}/{beside}/+simple/"), 77);
    }
    let token = get(&home, &format!("{root}/alice/dev/+simple/"));
    assert_eq!(indexes(&out(&token)), ["alice/dev"]);
}

#[test]
fn what_stands_behind_a_question_mark_or_a_hash_does_not_count() {
    let (home, root) = (Home::with_alice(), BED.url());
    for behind in ["", "?x=/../bob/dev", "#/../bob/dev", "?//%2e%2e;x#y"] {
        let token = get(&home, &format!("{root}/alice/other/+simple/{behind}"));
        assert_eq!(indexes(&out(&token)), ["alice/other"], "{behind}: {}", err(&token));
    }
    let index = get(&home, &format!("{root}?/alice/other/+simple/"));
    assert_eq!(indexes(&out(&index)), ["alice/base", "alice/dev", "alice/mid"], "{}", err(&index));
}

#[test]
fn the_user_in_a_url_is_the_one_whose_token_is_wanted() {
    let (home, root) = (Home::with_alice(), BED.url());
    let of = |user: &str| format!("{}/alice/dev/+simple/", root.replace("http://", &format!("http://{user}@")));
    let alices = asked_by_pip(&home, &of("alice"));
    assert!(alices.status.success() && out(&alices).contains(r#""username": "alice""#), "{}", err(&alices));
    let bobs = asked_by_pip(&home, &of("bob"));
    assert_eq!((code(&bobs), out(&bobs).as_str()), (Some(1), ""));
    assert_eq!(code(&get(&home, &of("bob"))), Some(69));
    // Two names that differ are no one's.
    let both = keyring(&home, &["get", &of("bob"), "alice"]).output().expect("it ends");
    assert_eq!((code(&both), out(&both).as_str()), (Some(1), ""));
}

/// Asserts that nothing has changed: the same agent keeps the same token, and still hands out.
fn unchanged(home: &Home, (agent, kept): &(Option<u32>, String), url: &str) {
    let status = home.cli(&["status", "--json"]).output().expect("it ends");
    assert_eq!((&home.agent(), &out(&status)), (agent, kept));
    let good = get(home, url);
    assert!(good.status.success(), "{}", err(&good));
}

#[test]
fn a_refusal_has_its_code_on_the_command_line_one_for_keyring_and_none_for_git_and_changes_nothing() {
    let (home, root) = (narrow(), BED.url());
    let url = format!("{root}/alice/dev/+simple/");
    let status = home.cli(&["status", "--json"]).output().expect("it ends");
    let before = (home.agent(), out(&status));
    for (asked, exit) in [
        (format!("{root}/alice/../dev/"), 65),
        ("http://127.0.0.1:1/alice/dev/".to_owned(), 1),
        // An upload, which the token does not allow, and another index.
        (format!("{root}/bob/dev/+simple/"), 77),
    ] {
        get_nothing(&home, &asked, exit);
        unchanged(&home, &before, &url);
    }
    let config = home.paths().config;
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), "[[limit]\n").expect("a file");
    get_nothing(&home, &url, 78);
    std::fs::remove_file(config.join("config.toml")).expect("removed");
    unchanged(&home, &before, &url);
    assert!(home.cli(&["agent", "lock"]).status().expect("it ends").success());
    get_nothing(&home, &url, 75);
    assert!(home.cli(&["agent", "unlock"]).status().expect("it ends").success());
    unchanged(&home, &before, &url);
    // Nobody reads what is answered.
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("a device"));
    let ends = |mut command: Command| code(&command.stdout(full()).output().expect("it ends"));
    assert_eq!(ends(home.cli(&["get", &url])), Some(74));
    assert_eq!(ends(keyring(&home, &["--mode=creds", "get", &url])), Some(1));
    unchanged(&home, &before, &url);
    // Usage, and what there is no token for.
    assert_eq!(code(&home.cli(&["get"]).output().expect("it ends")), Some(2));
    assert_eq!(code(&keyring(&home, &["get", &url]).output().expect("it ends")), Some(2));
    assert_eq!(code(&home.cli(&["get", "--user", "bob", &url]).output().expect("it ends")), Some(69));
    assert_eq!(code(&home.cli(&["derive", "-e", "1h", "-o", "/none/x"]).output().expect("it ends")), Some(73));
    unchanged(&home, &before, &url);
}
