//! A vault whose key a command of the person's prints.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use support::page::shell_below;
use support::run::{assert_gives, get};
use support::{BED, Home, code, err, fed, is_alive, out, wait_for};

const AGENT: &str = env!("CARGO_BIN_EXE_devpi-tokens-agent");

/// A home with a key in a file, and that command in `config.toml`; `HOME` in it is the home.
fn home_with(command: &str) -> Home {
    let home = Home::new("command");
    let key = Command::new(AGENT).arg("--new-key").output().expect("a key");
    assert!(key.status.success() && out(&key).starts_with("AGE-SECRET-KEY-1"));
    fs::write(home.path().join("key"), out(&key)).expect("written");
    name(&home, command);
    home
}

fn name(home: &Home, command: &str) {
    fs::create_dir_all(home.paths().config).expect("a folder");
    let command = command.replace("HOME", home.path().to_str().expect("text"));
    fs::write(home.paths().config.join("config.toml"), format!("vault-command = {command}\n")).expect("written");
}

fn login(home: &Home) -> Output {
    fed(home.cli(&["login", &BED.simple_url("alice/dev"), "alice"]), &format!("{}\n", BED.password("alice")))
}

fn logged_in(command: &str) -> Home {
    let home = home_with(command);
    let done = login(&home);
    assert!(done.status.success(), "{}", err(&done));
    home
}

fn run(home: &Home, args: &[&str]) -> Output {
    home.cli(args).output().expect("it ends")
}

/// A refusal with that code and those words, in the time that a look-up may take.
fn assert_refused(home: &Home, expected: i32, words: &[&str]) {
    let begun = Instant::now();
    let got = get(home);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!((code(&got), out(&got).as_str()), (Some(expected), ""), "{}", err(&got));
    for word in words {
        assert!(err(&got).contains(word), "{word}: {}", err(&got));
    }
}

fn stop(home: &Home) {
    let stopped = run(home, &["agent", "stop"]);
    assert!(stopped.status.success(), "{}", err(&stopped));
}

fn starts(home: &Home) -> usize {
    fs::read_to_string(home.path().join("starts")).unwrap_or_default().lines().count()
}

#[test]
fn a_command_opens_the_vault_after_every_restart_and_unlocks_it() {
    let home = logged_in(r#"["cat", "HOME/key"]"#);
    let said = out(&run(&home, &["status"]));
    assert!(said.starts_with("vault: open, a command prints its key\n"), "{said}");
    // From then on the vault says which command it is, with the program that was found then.
    let vault = fs::read(home.paths().vault()).expect("the vault");
    let header = String::from_utf8_lossy(&vault).lines().nth(1).expect("a header").to_owned();
    let path = home.path().display();
    let words = format!(r#""keeper":"command","command":["/usr/bin/cat","{path}/key"]"#);
    assert!(header.contains(&words), "{header}");
    name(&home, r#"["false"]"#);
    for _ in 0..2 {
        stop(&home);
        assert_gives(&home);
    }
    assert!(run(&home, &["agent", "lock"]).status.success());
    assert_refused(&home, 75, &["devpi-tokens agent unlock"]);
    let unlocked = run(&home, &["agent", "unlock"]);
    assert!(unlocked.status.success(), "{}", err(&unlocked));
    assert_gives(&home);
    let key = fs::read_to_string(home.path().join("key")).expect("the key");
    for kept in [home.log().into_bytes(), vault] {
        assert!(!kept.windows(40).any(|part| part == &key.as_bytes()[..40]), "the key lies in the clear");
    }
}

#[test]
fn without_a_command_that_prints_a_key_no_vault_is_made() {
    let home = home_with(r#"["sh", "-c", "echo canary-of-the-key; echo canary-of-the-key >&2; exit 3"]"#);
    for (command, expected) in [
        ("", "config.toml names no command"),
        ("[]", "config.toml names no command"),
        (r#"["no-such-program"]"#, "there is no program no-such-program"),
        (r#"["sh", "-c", "echo canary-of-the-key; echo canary-of-the-key >&2; exit 3"]"#, "it ended with code 3"),
        (r#"["echo", "canary-of-the-key"]"#, "prints no key"),
        (r#"["true"]"#, "devpi-tokens-agent --new-key"),
    ] {
        name(&home, command);
        if command.is_empty() {
            fs::remove_file(home.paths().config.join("config.toml")).expect("removed");
        }
        let refused = login(&home);
        assert_eq!(code(&refused), Some(69), "{command}: {}", err(&refused));
        assert!(err(&refused).contains(expected), "{command}: {}", err(&refused));
        assert!(!home.paths().vault().exists() && !home.paths().hosts().exists(), "nothing is kept");
    }
    assert!(!home.log().contains("canary-of-the-key"));
    name(&home, r#"["cat", "HOME/key"]"#);
    assert!(login(&home).status.success(), "the same agent keeps it once the command is right");
}

#[test]
fn a_command_that_asks_the_person_is_waited_for_by_one_look_up_after_the_other() {
    let slow = "cd HOME; echo >>starts; until [ -e go ]; do sleep 0.05; done; cat key";
    let home = home_with(&format!(r#"["sh", "-c", "{slow}"]"#));
    fs::write(home.path().join("go"), "").expect("written");
    assert!(login(&home).status.success());
    stop(&home);
    fs::remove_file(home.path().join("go")).expect("removed");
    for _ in 0..2 {
        assert_refused(&home, 75, &["the vault is locked", "devpi-tokens agent unlock"]);
    }
    fs::write(home.path().join("go"), "").expect("written");
    wait_for("the command's answer", || get(&home).status.success());
    assert_eq!(starts(&home), 2, "one at the login, one that all look-ups shared");
}

#[test]
fn a_command_that_failed_is_not_run_for_every_look_up_but_for_whoever_unlocks() {
    let home =
        logged_in(r#"["sh", "-c", "cd HOME; echo >>starts; cat key || { echo canary-on-stderr >&2; exit 9; }"]"#);
    stop(&home);
    fs::rename(home.path().join("key"), home.path().join("gone")).expect("renamed");
    let before = starts(&home);
    for _ in 0..3 {
        assert_refused(&home, 69, &["it ended with code 9", "see what it says: /", "devpi-tokens agent unlock"]);
    }
    assert_eq!(starts(&home), before + 1);
    let refused = run(&home, &["agent", "unlock"]);
    assert_eq!((code(&refused), starts(&home)), (Some(69), before + 2), "{}", err(&refused));
    assert!(
        !home.log().contains("canary-on-stderr")
            && !err(&refused).lines().next().unwrap_or_default().contains("canary")
    );
    fs::rename(home.path().join("gone"), home.path().join("key")).expect("renamed");
    assert!(run(&home, &["agent", "unlock"]).status.success());
    assert_gives(&home);
}

#[test]
fn a_command_that_is_no_longer_waited_for_ends_with_all_that_it_has_started() {
    let home = logged_in(r#"["sh", "-c", "cd HOME; [ -e hang ] || exec cat key; sleep 600 & echo $$ $! >pids; wait"]"#);
    stop(&home);
    fs::write(home.path().join("hang"), "").expect("written");
    assert_refused(&home, 75, &[]);
    let pids = fs::read_to_string(home.path().join("pids")).expect("it runs");
    let pids: Vec<u32> = pids.split_whitespace().map(|pid| pid.parse().expect("a pid")).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    assert!(run(&home, &["agent", "lock"]).status.success());
    wait_for("the command's end", || pids.iter().all(|pid| !is_alive(*pid)));
}

#[test]
fn a_command_gets_the_home_of_the_user_database_and_nothing_of_its_callers() {
    let home = logged_in(r#"["sh", "-c", "env >HOME/environment; cat HOME/key"]"#);
    let text = fs::read_to_string(home.path().join("environment")).expect("it ran");
    let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"PATH") && names.contains(&"HOME"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("DEVPI_TOKENS")), "{names:?}");
    assert!(!text.contains(&format!("HOME={}\n", home.path().display())), "the caller's HOME");
}

/// Puts another command into the header, with a checksum that fits.
fn exchange(home: &Home, command: &str) {
    let bytes = fs::read(home.paths().vault()).expect("the vault");
    let content = &bytes[..bytes.len() - 32];
    let (from, find) = (br#""command":["#, b"],\"generation\"");
    let place = |part: &[u8]| content.windows(part.len()).position(|window| window == part).expect("a header");
    let (begin, end) = (place(from) + from.len(), place(find));
    let mut forged = [&content[..begin], command.as_bytes(), &content[end..]].concat();
    forged.extend_from_slice(&Sha256::digest(&forged));
    fs::write(home.paths().vault(), forged).expect("forged");
}

#[test]
fn a_command_that_was_exchanged_in_the_vault_is_not_run_by_this_agent_and_opens_nothing_for_the_next() {
    let home = logged_in(r#"["cat", "HOME/key"]"#);
    let path = home.path().display();
    let spy = format!(r#""/bin/sh","-c","cat {path}/key | tee {path}/stolen""#);
    fs::write(home.paths().config.join("config.toml"), "idle-lock = '1 s'\n").expect("written");
    wait_for("the lock", || out(&run(&home, &["status"])).starts_with("vault: locked, a command prints its key"));
    exchange(&home, &spy);
    assert_refused(&home, 69, &["was replaced"]);
    assert_eq!(code(&run(&home, &["agent", "unlock"])), Some(69));
    assert!(!home.path().join("stolen").exists(), "it was run");
    stop(&home);
    assert_refused(&home, 69, &["was changed by something that does not hold its key"]);
}

#[test]
fn whoever_asks_through_a_restricted_socket_opens_no_vault_that_was_locked_as_nobody_asked() {
    let home = logged_in(r#"["sh", "-c", "echo x >> HOME/ran; cat HOME/key"]"#);
    let socket = home.path().join("ci/agent.sock");
    assert_eq!(code(&run(&home, &["agent", "socket", socket.to_str().expect("text")])), Some(0));
    let ask = || {
        let mut command = home.cli(&["get", &BED.simple_url("alice/dev")]);
        command.env("DEVPI_TOKENS_HOME", home.path().join("container")).env("DEVPI_TOKENS_SOCK", &socket);
        command.output().expect("get")
    };
    assert_eq!(code(&ask()), Some(0));
    fs::write(home.paths().config.join("config.toml"), "idle-lock = '1 s'\n").expect("written");
    wait_for("the lock", || out(&run(&home, &["status"])).starts_with("vault: locked, a command prints its key"));
    let ran = || fs::read_to_string(home.path().join("ran")).expect("it ran").len();
    let before = ran();
    for _ in 0..3 {
        let refused = ask();
        assert_eq!((code(&refused), out(&refused)), (Some(75), String::new()), "{}", err(&refused));
    }
    assert_eq!(ran(), before, "the command was run");
    assert_eq!(code(&get(&home)), Some(0), "the control: a program of the user's opens it");
    assert!(ran() > before);
}

/// Runs a block of the README in a shell of that home, for whoever types that.
fn follow(home: &Home, before: &str, block: &str, typed: &str) {
    let config = home.paths().config;
    let block = block.replace("~/.config/devpi-tokens", config.to_str().expect("text"));
    // The command gets the home of the user database.
    let block = block.replace("[\"pass\"", &format!("[\"env\", \"HOME={}\", \"pass\"", home.path().display()));
    let mut shell = home.command("sh");
    let programs = Path::new(AGENT).parent().expect("a folder").display().to_string();
    shell.env("PATH", format!("{programs}:/usr/bin:/bin")).args(["-e", "-c", &format!("{before}{block}")]);
    let done = fed(shell, typed);
    assert!(done.status.success(), "{block}\n{}{}", out(&done), err(&done));
}

#[test]
fn a_key_is_kept_by_a_passphrase_or_a_password_store_as_the_readme_says() {
    testbed::debian(&["pass"], |_| ()).expect("pass");
    let blocks = shell_below("Who keeps the key");
    let [passphrase, store] = &blocks[..] else { panic!("{blocks:?}") };
    let password = format!("{}\n", BED.password("alice"));

    let home = Home::new("memory");
    follow(&home, "", passphrase, &format!("several words\n{password}"));
    stop(&home);
    assert_refused(&home, 75, &["the vault is locked", "devpi-tokens agent unlock"]);

    let home = Home::new("memory");
    let key = "gpg --batch --quiet --passphrase '' --quick-gen-key me default default never\npass init me\n";
    follow(&home, key, store, &password);
    stop(&home);
    assert_gives(&home);
    let ended = home.command("gpgconf").args(["--kill", "all"]).status();
    assert!(ended.expect("gpgconf").success());
}
