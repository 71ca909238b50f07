//! What is wrong on this machine: the command that doctor gives is run as it stands, and all is well.

use std::os::unix::fs::PermissionsExt;

use devpi_tokens::client::Client;
use devpi_tokens::protocol::{Request, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use serde_json::json;

use super::desk::{Desk, PASSPHRASE, Report};
use crate::support::{BED, code, err, fed, out};

/// Runs the command that doctor gives for the one thing that is wrong, and fails where that does not mend it.
fn mended(desk: &Desk, check: &str, words: &str, input: &str) -> String {
    let (_, what, command) = desk.doctor("").only(check, "run");
    assert!(what.contains(words), "{what}");
    let after = desk.doctor_after(&command, input);
    assert_eq!((after.exit, after.wrong()), (Some(0), Vec::new()), "{command}: {}", after.text);
    command
}

fn password() -> String {
    format!("{}\n", BED.password("alice"))
}

#[test]
fn on_a_machine_that_is_set_up_all_is_well_and_every_check_is_made() {
    let desk = Desk::new();
    desk.is_well();
    let report = desk.doctor("");
    let has = |check: &str, words: &str| {
        let found = |finding: &&serde_json::Value| {
            finding["check"] == check && finding["what"].as_str().is_some_and(|what| what.contains(words))
        };
        assert!(report.findings.iter().any(|finding| found(&finding)), "{check}: {words}: {}", report.text);
    };
    has("environment", "DEVPI_TOKENS_HOME=");
    has("agent", &format!("version {}", env!("CARGO_PKG_VERSION")));
    has("agent", "it runs as process");
    has("vault", "open, sealed with a passphrase");
    has("token", "of alice at http://127.0.0.1:");
    has("token", "the server takes what is made from");
    has("server", "answers");
    has("server", "asks who reads (401)");
    has("bases", "those of alice/dev");
    has("clock", "agrees");
    has("keyring", "shim/keyring, which is ours");
    has("pip", "asks the keyring on PATH");
    has("uv", "it asks for a token for alice/dev");
    has("backend", "bin/twine (in ");
    has("names", "nobody asks as __token__");
}

#[test]
fn looking_changes_nothing_and_sends_no_kept_token() {
    let desk = Desk::new();
    let before = BED.log().expect("the log").len();
    let kept = desk.home.roots().remove(0);
    desk.is_well();
    let log = BED.log().expect("the log");
    let own = log[before..].iter().filter_map(|seen| seen.token());
    let own: Vec<_> = own.filter(|token| token.identifier == format!("alice-{}", kept.id)).collect();
    assert!(!own.is_empty(), "the server was not asked");
    assert!(own.iter().all(|token| token.caveats.len() > kept.restrictions.len() + 1), "{own:?}");
    // Each is for a minute, not what the agent handed out.
    let soon = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() + 120;
    let ends = |end: &str| end.parse::<u64>().is_ok_and(|end| end < soon);
    assert!(own.iter().all(|token| token.values("expires").into_iter().any(ends)), "{own:?}");
    let all: Vec<_> = desk.home.roots().into_iter().map(|root| root.id).collect();
    assert_eq!(all, [kept.id]);
}

#[test]
fn an_agent_that_is_down_is_started() {
    let desk = Desk::new();
    assert!(desk.home.cli(&["agent", "stop"]).status().expect("stop").success());
    let (level, what, command) = desk.doctor("").only("agent", "run");
    assert_eq!((level.as_str(), command.as_str()), ("warning", "devpi-tokens agent start"), "{what}");
    assert!(desk.home.agent().is_none(), "doctor starts none itself");
    // A vault with a passphrase is locked then, which is the next thing that it says.
    let (_, _, unlock) = desk.doctor_after(&command, "").only("vault", "run");
    assert!(fed(desk.shell(&unlock), PASSPHRASE).status.success());
    desk.is_well();
}

#[test]
fn a_stale_socket_is_taken_over() {
    let desk = Desk::new();
    desk.home.kill_agent();
    let (_, what, command) = desk.doctor("").only("agent", "run");
    assert!(what.contains("the one before was killed: nobody listens at ") && what.contains("agent.sock"), "{what}");
    let (_, _, unlock) = desk.doctor_after(&command, "").only("vault", "run");
    assert!(fed(desk.shell(&unlock), PASSPHRASE).status.success());
    desk.is_well();
}

#[test]
fn a_locked_vault_is_unlocked() {
    let desk = Desk::new();
    assert!(desk.home.cli(&["agent", "lock"]).status().expect("lock").success());
    let command = mended(&desk, "vault", "locked", &format!("{PASSPHRASE}\n"));
    assert_eq!(command, "devpi-tokens agent unlock");
}

#[test]
fn another_keyring_in_front_of_ours_is_put_behind_it() {
    let mut desk = Desk::new();
    let other = desk.write("other/keyring", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    desk.first = other.parent().map(Into::into);
    let report = desk.doctor("");
    let wrong = report.wrong();
    // pip and uv both run it.
    assert!(wrong.len() == 2 && wrong.iter().all(|finding| finding["check"] == "keyring"), "{}", report.text);
    let what = wrong[0]["what"].as_str().expect("text");
    assert!(what.contains("other/keyring, which does not know the agent"), "{what}");
    let command = wrong[0]["run"].as_str().expect("a command");
    let after = desk.doctor_after(command, "");
    assert_eq!((after.exit, after.wrong()), (Some(0), Vec::new()), "{command}: {}", after.text);
}

#[test]
fn a_keyring_that_is_not_there_is_linked() {
    let desk = Desk::new();
    std::fs::remove_file(desk.home.path().join("shim/keyring")).expect("removed");
    let report = desk.doctor("");
    let command = report.wrong()[0]["run"].as_str().expect("a command").to_owned();
    assert!(command.starts_with("devpi-tokens setup shim "), "{command}");
    let after = desk.doctor_after(&command, "");
    assert_eq!((after.exit, after.wrong()), (Some(0), Vec::new()), "{command}: {}", after.text);
}

/// Has the agent keep another root token of alice's, as if it had been kept long ago.
fn keep(desk: &Desk, caveats: &[&str]) {
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read", "upload"]})).expect("a token");
    let token = if caveats.is_empty() { token } else { BED.restrict(&token, caveats).expect("a token") };
    let kept = Root {
        holder: desk.home.roots().remove(0).holder,
        token: Secret::new(token),
        index: "alice/dev".parse().ok(),
        bases: Vec::new(),
        default: true,
        access: ServerAccess::default(),
        environment: Default::default(),
        policy: None,
    };
    let mut agent = Client::running(&desk.home.paths()).expect("a greeting").expect("an agent");
    agent.request(&Request::Keep(Box::new(kept))).expect("kept");
}

#[test]
fn an_expired_token_is_renewed() {
    let desk = Desk::new();
    keep(&desk, &["expires=1700000000"]);
    let command = mended(&desk, "token", " ended ", &password());
    assert_eq!(command, format!("devpi-tokens renew --server {} --as alice", BED.url()));
}

#[test]
fn a_token_that_ends_soon_is_renewed() {
    let desk = Desk::new();
    let soon = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() + 24 * 60 * 60;
    keep(&desk, &[&format!("expires={soon}")]);
    mended(&desk, "token", " ends ", &password());
}

#[test]
fn a_token_that_was_deleted_on_the_server_is_renewed() {
    let desk = Desk::new();
    let id = desk.home.roots().remove(0).id;
    BED.delete_token("alice", id.as_str()).expect("deleted");
    mended(&desk, "token", &format!("{id} of alice at {} was deleted on the server", BED.url()), &password());
}

#[test]
fn bases_that_are_not_known_are_asked_for() {
    let desk = Desk::logged_out(&BED.url());
    desk.login(&BED, &BED.url());
    let command = mended(&desk, "bases", "those of alice/dev at ", "");
    assert_eq!(command, format!("devpi-tokens exec {} -- true", BED.index_url("alice/dev")));
}

#[test]
fn a_pip_that_may_not_ask_a_person_is_told_to_ask_the_command() {
    let mut desk = Desk::new();
    let conf = desk.venv().join("pip.conf");
    let text = format!("[global]\nindex-url = {}\n", desk.simple());
    desk.write(".config/pip/pip.conf", &text);
    std::fs::write(&conf, "[global]\nno-input = true\n").expect("written");
    let command = mended(&desk, "pip", "may not ask a person (no-input)", "y\n");
    assert_eq!(command, "devpi-tokens setup pip");

    desk.write(".config/pip/pip.conf", &text);
    std::fs::remove_file(conf).expect("removed");
    desk.env.push(("PIP_NO_INPUT", "1".into()));
    mended(&desk, "pip", "may not ask a person (no-input)", "y\n");

    desk.env.push(("PIP_KEYRING_PROVIDER", "disabled".into()));
    let command = mended(&desk, "pip", "keyring-provider is disabled", "");
    assert_eq!(command, "export PIP_KEYRING_PROVIDER=subprocess");
}

#[test]
fn a_pip_that_asks_only_about_a_user_is_told_to_name_one() {
    let desk = Desk::new();
    let lib = std::fs::read_dir(desk.venv().join("lib")).expect("a folder").flatten().next().expect("a Python");
    let packages = lib.path().join("site-packages");
    let mut entries = std::fs::read_dir(&packages).expect("packages").flatten().map(|entry| entry.path());
    let is_pip =
        |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pip-"));
    let pip = entries.find(is_pip).expect("pip");
    std::fs::rename(pip, packages.join("pip-23.2.1.dist-info")).expect("another version");
    for report in [desk.doctor(""), desk.doctor("--as pip")] {
        let (level, what, mend) = report.only("pip", "do");
        assert_eq!(level, "warning");
        assert!(what.contains(" asks only if the URL names a user"), "{what}");
        assert!(mend.contains(&desk.simple().replace("://", "://USER@")), "{mend}");
    }
    let set_up = desk.shell("devpi-tokens setup pip --yes").output().expect("setup");
    assert!(out(&set_up).contains("//alice@"), "{}{}", out(&set_up), err(&set_up));
    desk.is_well();
    let replayed = desk.doctor("--as pip");
    assert!(replayed.wrong().is_empty() && replayed.text.contains(" alice: a token"), "{}", replayed.text);

    // Where it is configured with no index, the line is to be typed.
    desk.write(".config/pip/pip.conf", "[global]\nkeyring-provider = subprocess\n");
    let shown = desk.shell("devpi-tokens doctor").output().expect("doctor");
    let typed = format!("/pip install --index-url {} PACKAGE", desk.simple().replace("://", "://alice@"));
    assert!(out(&shown).contains(&typed) && out(&shown).ends_with("all is well\n"), "{}", out(&shown));
    assert_eq!(code(&shown), Some(0));
}

#[test]
fn a_limit_that_keeps_everybody_from_reading_is_named() {
    let desk = Desk::new();
    desk.write("config/config.toml", "[[limit]]\nread = \"never\"\n");
    let report = desk.doctor("");
    let hint = report.findings.iter().find(|finding| finding["level"] == "hint").expect("a hint");
    assert_eq!((report.exit, &hint["check"]), (Some(0), &json!("policy")), "{}", report.text);
    assert!(hint["what"].as_str().is_some_and(|what| what.contains("alice/dev")), "{hint}");
}

#[test]
fn an_index_that_uv_does_not_always_ask_for_is_named_with_the_line_that_is_missing() {
    let desk = Desk::new();
    desk.write_uv("");
    assert_eq!(mended(&desk, "uv", "no token for alice/dev at ", "y\n"), "devpi-tokens setup uv");
    desk.is_well();

    // What a project says is for whoever keeps the project.
    let text = format!("[[tool.uv.index]]\nname = \"other\"\nurl = \"{}\"\n", BED.simple_url("alice/other"));
    let file = desk.write("pyproject.toml", &text);
    let other = format!("{} {}", BED.simple_url("alice/other"), "");
    let report = desk.doctor(&other);
    let wrong = report.wrong();
    let by_hand = wrong.iter().find_map(|finding| finding["do"].as_str()).expect("a line and a file");
    assert_eq!(by_hand, format!("write authenticate = \"always\" below its url in {}", file.display()));
    std::fs::write(file, text + "authenticate = \"always\"\n").expect("written");
    assert!(!desk.doctor(&other).wrong().iter().any(|finding| finding["check"] == "uv"), "{}", report.text);
}

#[test]
fn a_pypirc_that_asks_as_pypis_tokens_do_is_named() {
    let desk = Desk::new();
    let path = desk.home.path().join(".pypirc");
    let before = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, format!("{before}username = __token__\n")).expect("written");
    let command = mended(&desk, "names", "[dev] asks as __token__", "y\n");
    assert_eq!(command, "devpi-tokens setup twine");
    std::fs::write(&path, format!("{before}username = alice\npassword = hunter2\n")).expect("written");
    let report = desk.doctor("");
    assert_eq!(report.only("names", "run").2, command);
    assert!(!report.text.contains("hunter2"), "{}", report.text);
}

#[test]
fn a_variable_that_asks_as_pypis_tokens_do_is_unset() {
    let mut desk = Desk::new();
    desk.env.push(("TWINE_USERNAME", "__token__".into()));
    assert_eq!(mended(&desk, "names", "TWINE_USERNAME is __token__", ""), "unset TWINE_USERNAME");
}

#[test]
fn a_twine_without_our_backend_is_named_with_what_adds_it() {
    let desk = Desk::new();
    let python = desk.venv().join("bin/python");
    let find = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let packages = desk.home.command(&python).args(["-c", find]).output().expect("python");
    let packages = std::path::PathBuf::from(String::from_utf8_lossy(&packages.stdout).trim());
    std::fs::remove_dir_all(packages.join("devpi_tokens_agent-0.dist-info")).expect("removed");
    let (_, what, command) = desk.doctor("").only("backend", "run");
    assert!(what.contains("it does not find the agent"), "{what}");
    assert_eq!(command, "devpi-tokens setup twine");
}

#[test]
fn a_home_where_nothing_is_kept_is_told_to_log_in() {
    let desk = Desk::logged_out(&BED.url());
    assert!(desk.home.cli(&["agent", "start"]).status().expect("start").success());
    let report = Report::of(&desk.shell("devpi-tokens doctor --json").output().expect("doctor"));
    let (level, what, by_hand) = report.only("vault", "do");
    assert_eq!((level.as_str(), by_hand.as_str()), ("failing", "log in: devpi-tokens login URL"), "{what}");
    let said = desk.shell("devpi-tokens doctor").output().expect("doctor");
    assert_eq!(err(&said), "");
}
