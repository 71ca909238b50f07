//! A canary: a root token, a password and a passphrase that are looked for in whatever a program of ours leaves behind.

#[path = "canary/start.rs"]
mod start;
mod support;

#[path = "support/scan.rs"]
mod scan;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use scan::{Scanner, untraced};
use serde_json::json;
use support::{BED, Home, TOOLS, err, fed, out};
use testbed::{Auth, Client};

const PASSWORD: &str = "Pw-zdmmUnlikely.7Tq";
const PASSPHRASE: &str = "correct horse 3Vunlikely staple";

/// The secrets of one test.
struct Secrets {
    canary: String,
    scanner: Scanner,
}

impl Secrets {
    fn new() -> Self {
        let canary = BED.create_token("alice", &json!({})).expect("a token");
        let scanner = Scanner::default()
            .token("the canary", &canary)
            .text("the password", PASSWORD)
            .text("the passphrase", PASSPHRASE);
        Self { canary, scanner }
    }

    /// Fails where a program printed one.
    fn printed(&self, what: &str, output: &Output) {
        for (stream, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
            assert_eq!(self.scanner.found_in(bytes), [""; 0], "in the standard {stream} of {what}");
        }
    }
}

/// A user of the server whose password is in no other text.
fn carol() -> &'static str {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let url = BED.direct_url();
        let given = json!({"user": "root", "password": BED.password("root")});
        let opened = testbed::send("POST", &format!("{url}/+login"), Auth::None, Some(&given)).expect("an answer");
        let session = opened.json()["result"]["password"].as_str().expect("a session").to_owned();
        let made = json!({"password": PASSWORD});
        let made = testbed::send("PUT", &format!("{url}/carol"), Auth::Devpi("root", &session), Some(&made));
        assert_eq!(made.expect("an answer").status, 201);
    });
    "carol"
}

/// A server that answers as devpi-server to nobody, and repeats to everybody else what was sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let root = url.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut secret, mut length) = (String::new(), 0);
            let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let request = lines.next().unwrap_or_default();
            for line in lines {
                let (name, value) = line.split_once(": ").unwrap_or_default();
                match name.to_ascii_lowercase().as_str() {
                    "authorization" | "x-devpi-auth" => value.clone_into(&mut secret),
                    "content-length" => length = value.parse().unwrap_or_default(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap_or_default();
            secret.push_str(&String::from_utf8_lossy(&body));
            let (status, answer) = if secret.is_empty() && request.starts_with("GET /+api") {
                let api = json!({"login": format!("{root}/+login"), "authstatus": ["noauth", "", []]});
                ("200 OK", json!({"type": "apiconfig", "result": api}))
            } else {
                ("403 Forbidden", json!({"message": secret}))
            };
            let answer = answer.to_string();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
            reader.get_mut().write_all((head + &answer).as_bytes()).unwrap_or_default();
        }
    });
    url
}

/// Each form of every program, good and bad, with all that it prints looked through. The vault is open.
fn everything(home: &Home, secrets: &Secrets) {
    let simple = BED.simple_url("alice/dev");
    let ours = |args: &[&str]| (args.join(" "), home.cli(args).output().expect("the command line"));
    let mut ran = vec![
        ours(&["status"]),
        ours(&["status", "--json"]),
        ours(&["agent", "status"]),
        ours(&["agent", "status", "--json"]),
        ours(&["get", &simple]),
        ours(&["get", &BED.simple_url("alice/mid")]),
        ours(&["get", &BED.index_url("alice/dev"), "--for", "upload", "--project", "bed-app"]),
        ours(&["get", &simple, "--user", "nobody"]),
        ours(&["get", "http://127.0.0.1:9/alice/dev/"]),
        ours(&["log"]),
        ours(&["log", "--json"]),
        ours(&["explain", &simple]),
        ("trace".to_owned(), fed(home.cli(&["trace"]), &format!("https://alice:{}@host/\n", secrets.canary))),
        ("trace".to_owned(), fed(home.cli(&["trace", "--json"]), &format!("{}\n", secrets.canary))),
    ];
    assert!(ran.iter().take(7).all(|(_, output)| output.status.success()), "{ran:?}");
    for args in [
        &["keyring", "get", "--mode", "creds", &simple] as &[&str],
        &["keyring", "--mode=creds", "--output=json", "get", &simple],
        &["keyring", "get", &simple, "alice"],
        &["keyring", "get", &simple, "bob"],
    ] {
        ran.push((args.join(" "), home.helper(args).output().expect("the helper")));
    }
    let host = BED.url().replace("http://", "");
    for verb in ["get", "store", "erase"] {
        let said = format!("protocol=http\nhost={host}\nusername=alice\npassword={}\n\n", secrets.canary);
        ran.push((format!("git's {verb}"), fed(home.helper(&[verb]), &said)));
    }
    let said = format!("protocol=http\nhost={host}/{}\n\n", secrets.canary);
    ran.push(("a host with a token in it".to_owned(), fed(home.helper(&["get"]), &said)));
    ran.extend(refused(home, secrets));
    for (what, output) in &ran {
        secrets.printed(what, output);
    }
}

/// Tokens that are not kept, servers that are not there or mean no good.
fn refused(home: &Home, secrets: &Secrets) -> Vec<(String, Output)> {
    let simple = BED.simple_url("alice/dev");
    let restricted = |caveat: &str| BED.restrict(&secrets.canary, &[caveat]).expect("a token");
    let (cut, longer) = (&secrets.canary[..secrets.canary.len() - 1], format!("{}A", secrets.canary));
    let twice = format!("devpi-{}", secrets.canary);
    let mut ran = Vec::new();
    for (what, url, token) in [
        ("a token cut off", &simple, cut),
        ("a token with more behind it", &simple, &longer),
        ("a token with its prefix twice", &simple, &twice),
        ("two lines", &simple, &format!("{0}\n{0}\n", secrets.canary)),
        ("an expired root", &simple, &restricted("expires=1")),
        ("a root with an unknown restriction", &simple, &restricted("colour=red")),
        ("a server that is down", &"http://127.0.0.1:9/alice/dev/".to_owned(), &secrets.canary),
        ("a server that repeats what it got", &echo(), &secrets.canary),
    ] {
        let output = fed(home.cli(&["login", "-f", "-", url]), &format!("{token}\n"));
        ran.push((format!("login with {what}"), output));
    }
    for (what, url) in [("a wrong user", &simple), ("a server that repeats what it got", &echo())] {
        let output = fed(home.cli(&["login", url, "bob"]), &format!("{PASSWORD}\n"));
        assert!(!output.status.success(), "login with {what}");
        ran.push((format!("login by password, {what}"), output));
    }
    let frame = format!("{{\"token\":\"{}\"}}", secrets.canary);
    let mut errand = vec![0, 0, 0];
    errand.push(u8::try_from(frame.len()).unwrap_or(u8::MAX));
    errand.extend_from_slice(frame.as_bytes());
    let errand = String::from_utf8(errand).unwrap_or(frame);
    ran.push(("an errand that is none".to_owned(), fed(home.cli(&["fetch-bases"]), &errand)));
    ran
}

/// Keeps the canary in the agent, in a vault that is made for it.
fn keep(home: &Home, secrets: &Secrets, passphrase: &str) {
    let url = BED.simple_url("alice/dev");
    let kept = fed(home.cli(&["login", "-f", "-", &url]), &format!("{passphrase}{}\n", secrets.canary));
    assert!(kept.status.success(), "{}", err(&kept));
    secrets.printed("login with the canary", &kept);
    let other = fed(home.cli(&["login", &url, carol()]), &format!("{PASSWORD}\n"));
    assert!(other.status.success(), "{}", err(&other));
    secrets.printed("login by password", &other);
    let seen = BED.log().expect("the server's log");
    assert!(seen.iter().all(|seen| !seen.carried(&secrets.canary)), "the root itself was sent");
}

#[test]
fn a_memory_vault_leaves_nothing_of_a_root_behind() {
    let (home, secrets) = (Home::new("memory"), Secrets::new());
    keep(&home, &secrets, "");
    everything(&home, &secrets);
    assert!(home.log().contains("handed out"), "the log is there");
    assert_eq!(secrets.scanner.found_below(home.path()), [""; 0]);
    std::fs::write(home.path().join("state/planted"), &secrets.canary).expect("written");
    assert_ne!(secrets.scanner.found_below(home.path()), [""; 0], "a planted copy");
    std::fs::remove_file(home.path().join("state/planted")).expect("removed");
}

#[test]
fn a_passphrase_vault_leaves_nothing_of_a_root_behind() {
    let (home, secrets) = (Home::new("passphrase"), Secrets::new());
    keep(&home, &secrets, &format!("{PASSPHRASE}\n"));
    everything(&home, &secrets);
    let locked = home.cli(&["agent", "lock"]).output().expect("lock");
    secrets.printed("lock", &locked);
    secrets.printed("get while locked", &home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("get"));
    let wrong = fed(home.cli(&["agent", "unlock"]), &format!("{PASSPHRASE}.\n"));
    assert!(!wrong.status.success(), "a wrong passphrase");
    secrets.printed("unlock with a wrong passphrase", &wrong);
    let right = fed(home.cli(&["agent", "unlock"]), &format!("{PASSPHRASE}\n"));
    assert!(right.status.success(), "{}", err(&right));
    assert!(home.path().join("data/vault").is_file(), "the vault is there");
    assert_eq!(secrets.scanner.found_below(home.path()), [""; 0]);
}

#[test]
fn the_scanner_finds_a_planted_copy_in_every_form() {
    let secrets = Secrets::new();
    let bare = secrets.canary.strip_prefix("devpi-").expect("a prefix");
    let bytes = URL_SAFE_NO_PAD.decode(bare).expect("a token");
    let signature = &bytes[bytes.len() - 32..];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut planted: Vec<Vec<u8>> = vec![
        secrets.canary.clone().into_bytes(),
        format!("{{\"token\":\"{bare}\"}}").into_bytes(),
        bytes.clone(),
        signature.to_vec(),
        hex(signature).into_bytes(),
        hex(signature).to_uppercase().into_bytes(),
        hex(bare.as_bytes()).into_bytes(),
        format!("Authorization: Basic {}", STANDARD.encode(format!("alice:{PASSWORD}"))).into_bytes(),
    ];
    for before in ["", "a", "ab", "abc"] {
        for secret in [signature, PASSWORD.as_bytes(), PASSPHRASE.as_bytes()] {
            let whole = [before.as_bytes(), secret, b"behind"].concat();
            planted.push(STANDARD.encode(&whole).into_bytes());
            planted.push(URL_SAFE_NO_PAD.encode(&whole).into_bytes());
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    let file = folder.path().join("deep/agent.log");
    for copy in planted {
        let line = [b"2026-11-23T00:00:00Z  INFO got ", copy.as_slice(), b" from a peer\n"].concat();
        std::fs::write(&file, line).expect("written");
        assert_ne!(secrets.scanner.found_below(folder.path()), [""; 0], "{}", String::from_utf8_lossy(&copy));
    }
    let derived = BED.restrict(&secrets.canary, &["allowed=pkg_read"]).expect("a token");
    assert_eq!(secrets.scanner.found_in(derived.as_bytes()), [""; 0], "a derived token may be seen");
}

#[test]
fn a_test_fails_whose_home_has_a_secret_left_in_it_whatever_the_test_was_about() {
    let token = BED.create_token("alice", &json!({})).expect("a token");
    // Not those of the token, which may happen to have no slash, or no digit.
    let signature: Vec<u8> = (0..32_u8).map(|number| number.wrapping_mul(151) ^ 0xfb).collect();
    assert!(STANDARD.encode(&signature).contains('/') && STANDARD.encode(&signature).contains('+'));
    let derived = BED.restrict(&token, &["allowed=pkg_read", "expires=9999999999", "not_before=1"]).expect("a token");
    let hex = signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let password = "Pw-unlikely in any log";
    support::leak::remember(Command::new("devpi-tokens").args(["agent", "unlock"]), password);
    let planted = [
        token.clone(),
        URL_SAFE_NO_PAD.encode(&signature),
        STANDARD.encode(&signature),
        derived,
        hex.to_uppercase(),
        hex,
        format!("{signature:?}"),
        "AGE-SECRET-KEY-1QQQ".to_owned(),
        password.to_owned(),
    ];
    let left = |file: &str, text: &str| {
        let home = Home::new("memory");
        let path = home.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, format!("2026-11-23T00:00:00Z  INFO got {text} from a peer\n")).expect("written");
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(home))).is_err()
    };
    for text in &planted {
        for file in ["state/agent.log", "state/handouts.log.3", "config/config.toml", "data/hosts"] {
            assert!(left(file, text), "a planted copy in {file}");
        }
    }
    assert!(left("data/vault", password));
    let harmless =
        "peer=19291 root=0123456789abcdef0123456789abcdef index=alice/dev project=the-longest-name-of-a-project-1";
    assert!(!left("state/agent.log", harmless));
}
