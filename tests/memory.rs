//! The agent's memory, looked at as root looks and as a program of the same user does: what is locked is gone, what is
//! open is out of reach, and the same look finds it where nothing protects it.
//!
//! The control is `tests/control/unhardened-agent.rs`: the agent, but with neither its hardening nor its allocator.

mod support;

#[path = "memory/look.rs"]
mod look;
#[path = "memory/user.rs"]
mod user;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devpi_tokens::paths::Paths;
use devpi_tokens::secret::Secret;
use devpi_tokens::vault::file::{Keeper, Sealed};
use devpi_tokens::vault::unwrap;
use look::{AtExit, Core, Needle, in_core, in_memory};
use rustix::process::Signal;
use serde_json::json;
use support::{BED, Home, err, fed, is_alive, send, wait_for};
use user::User;

const PASSPHRASE: &str = "correct horse 9Qunlikely staple";

/// What stands in the memory of every agent that is open.
const SIGNATURE: &str = "the token's signature";

/// The five bits of each character of an age identity, without its checksum
/// ([BIP 173](https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki)).
fn key_bytes(text: &str) -> Vec<u8> {
    let data = text.trim_end().rsplit('1').next().expect("a text").to_lowercase();
    let bits = data[..data.len() - 6].chars().flat_map(|c| {
        let value = "qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(c).expect("a character of it");
        (0..5).rev().map(move |bit| value >> bit & 1)
    });
    let bits: Vec<usize> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}

/// The vault's key, opened as the agent opens it.
fn vault_key(paths: &Paths) -> Vec<u8> {
    let sealed = Sealed::read(&paths.vault()).expect("readable").expect("a vault");
    let Keeper::Passphrase { wrapped } = &sealed.header().keeper else { panic!("another keeper") };
    let key = unwrap(wrapped, &Secret::new(PASSPHRASE)).expect("the passphrase");
    let bytes = key_bytes(key.to_secret().expose());
    assert_eq!(bytes.len(), 32);
    bytes
}

/// Has a token kept that is known here: what can be looked for. `cli` is the command line.
fn keep_a_known_token(cli: &dyn Fn(&[&str]) -> Command) -> Vec<Needle> {
    let token = BED.create_token("alice", &json!({})).expect("a token");
    let done =
        fed(cli(&["login", "-f", "-", &BED.simple_url("alice/dev"), "alice"]), &format!("{PASSPHRASE}\n{token}\n"));
    assert!(done.status.success(), "{}", err(&done));
    let bare = token.trim_start_matches("devpi-");
    let bytes = URL_SAFE_NO_PAD.decode(bare).expect("a token");
    vec![
        // Whatever is derived from it begins as it does: its end is its own.
        ("the token's text", bare.as_bytes()[bare.len() - 40..].to_vec()),
        (SIGNATURE, bytes[bytes.len() - 32..].to_vec()),
        ("the passphrase", PASSPHRASE.as_bytes().to_vec()),
        ("a vault's key as text", b"AGE-SECRET-KEY-1Q".to_vec()),
    ]
}

/// A home whose agent keeps a token that is known here, and what must be gone once it is locked.
fn with_a_known_token() -> (Home, Vec<Needle>) {
    let home = Home::new("passphrase");
    let mut needles = keep_a_known_token(&|args| home.cli(args));
    needles.push(("the vault's key", vault_key(&home.paths())));
    (home, needles)
}

fn get(cli: &dyn Fn(&[&str]) -> Command) {
    for url in [BED.simple_url("alice/dev"), BED.index_url("alice/dev"), BED.simple_url("alice/other")] {
        let got = cli(&["get", &url]).output().expect("it runs");
        assert!(got.status.success(), "{}", err(&got));
    }
}

/// The agent that is shipped.
fn agent_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_devpi-tokens-agent"))
}

/// The control.
fn unhardened() -> PathBuf {
    let path = agent_program().with_file_name("examples").join("unhardened-agent");
    assert!(path.exists(), "there is no control; type: cargo build --example unhardened-agent");
    path
}

/// Whether we may look into a process that says no: root may, but not every root.
fn may_look_at_all(pid: u32) -> bool {
    testbed::debian(&["gdb"], |_| ()).expect("gdb");
    rustix::process::geteuid().is_root() && File::open(format!("/proc/{pid}/mem")).is_ok()
}

#[test]
fn nothing_is_left_in_memory_after_a_lock_and_an_open_vault_is_found_there() {
    let (home, needles) = with_a_known_token();
    let cli = |args: &[&str]| home.cli(args);
    let agent = home.agent().expect("an agent");
    if !may_look_at_all(agent) {
        return;
    }
    let found = || in_memory(agent, &needles).expect("its memory");
    let found_in = |core| in_core(agent, core, None, &needles).expect("a core");
    get(&cli);
    for open in [found(), found_in(Core::Whole)] {
        assert!(open.contains(&SIGNATURE) && open.contains(&"the vault's key"), "the control: {open:?}");
        assert!(!open.contains(&"the passphrase"), "it is used once");
    }

    assert!(home.cli(&["agent", "lock"]).output().expect("lock").status.success());
    assert_eq!(found(), [""; 0]);
    assert_eq!(found_in(Core::Whole), [""; 0]);

    let done = fed(home.cli(&["agent", "unlock"]), &format!("{PASSPHRASE}\n"));
    assert!(done.status.success(), "{}", err(&done));
    get(&cli);
    let open = found();
    assert!(open.contains(&SIGNATURE), "the control: {open:?}");
    assert!(!open.contains(&"the passphrase"), "it is used once");
    send(agent, Signal::USR1);
    wait_for("the lock", || home.log().matches("locked by hand").count() == 2);
    assert_eq!(found(), [""; 0]);
}

#[test]
fn an_agent_that_ends_wipes_its_memory_first() {
    let (home, needles) = with_a_known_token();
    get(&|args| home.cli(args));
    let agent = home.agent().expect("an agent");
    if !may_look_at_all(agent) {
        return;
    }
    let open = in_memory(agent, &needles).expect("its memory");
    assert!(open.contains(&SIGNATURE), "the control: {open:?}");
    let end = AtExit::of(agent);
    wait_for("gdb", || {
        let status = std::fs::read_to_string(format!("/proc/{agent}/status")).expect("a process");
        end.is_awaited() && status.lines().any(|line| line.starts_with("State:\tS"))
    });
    send(agent, Signal::TERM);
    assert_eq!(end.found(&needles), [""; 0]);
    wait_for("its end", || !is_alive(agent));
}

#[test]
fn a_program_of_the_same_user_sees_nothing_of_the_agent_and_all_of_one_that_is_not_hardened() {
    testbed::debian(&["gdb"], |_| ()).expect("gdb");
    for (program, is_hardened) in [(agent_program().to_owned(), true), (unhardened(), false)] {
        let user = User::with_agent(&program);
        let cli = |args: &[&str]| user.cli(args);
        let mut needles = keep_a_known_token(&cli);
        let paths = user.paths();
        needles.push(("the vault's key", user.does(|| vault_key(&paths))));
        get(&cli);
        let agent = user.agent();
        let seen = user.does(|| in_memory(agent, &needles));
        let dumped = in_core(agent, Core::Plain, user.other(), &needles);
        let dumped_by_root = || in_core(agent, Core::Plain, None, &needles).expect("a core");
        if is_hardened {
            assert_eq!(seen.expect_err("hidden").kind(), std::io::ErrorKind::PermissionDenied);
            let said = dumped.expect_err("hidden");
            assert!(said.contains("ptrace: Operation not permitted"), "{said}");
            // What it wants left out of dumps is left out of those that root takes, too.
            assert!(!may_look_at_all(agent) || dumped_by_root().is_empty(), "{:?}", dumped_by_root());
        } else {
            for found in [seen.expect("its memory"), dumped.expect("a core")] {
                assert!(found.contains(&SIGNATURE) && found.contains(&"the vault's key"), "the control: {found:?}");
            }
        }
    }
}

/// Whether nobody but root may look into a process (`PR_SET_DUMPABLE`): then its files belong to root (`proc(5)`).
fn is_hidden(pid: u32) -> bool {
    let owner = |name: &str| std::fs::metadata(format!("/proc/{pid}/{name}")).expect("a process").uid();
    let owners = ["mem", "environ", "maps", "fd"].map(owner);
    assert!(owners.iter().all(|owner| *owner == owners[0]), "{owners:?}");
    owners[0] == 0
}

/// Whether it leaves no core.
fn is_coreless(pid: u32) -> bool {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("a process");
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    line.split_whitespace().skip(4).take(2).all(|limit| limit == "0")
}

#[test]
fn the_agent_is_hidden_and_leaves_no_core_in_each_of_its_modes() {
    for (program, is_hardened) in [(agent_program().to_owned(), true), (unhardened(), false)] {
        let user = User::with_agent(&program);
        let command = |args: &[&str]| {
            let mut command = user.command("--core=unlimited", "devpi-tokens-agent");
            command.args(args);
            command
        };
        let expected = |pid: u32| {
            wait_for("the hardening", || is_hidden(pid) == is_hardened && is_coreless(pid) == is_hardened);
        };
        let mut daemon = command(&[]).stdout(Stdio::piped()).spawn().expect("an agent");
        wait_for("the agent", || user.log().contains("serving"));
        expected(user.agent());
        user.cli(&["agent", "stop"]).output().expect("it runs");
        daemon.wait().expect("it ends");

        let mut foreground =
            command(&["--foreground"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("an agent");
        wait_for("the agent", || user.home().join("state/agent.sock").exists());
        expected(foreground.id());
        user.cli(&["agent", "stop"]).output().expect("it runs");
        foreground.wait().expect("it ends");

        // As long as its question is not whole, it waits for the rest.
        let mut child =
            command(&["--vault-child"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a child");
        child.stdin.as_mut().expect("piped").write_all(b"{").expect("written");
        wait_for("the child", || is_hidden(child.id()));
        assert_eq!(is_coreless(child.id()), is_hardened);
        drop(child.stdin.take());
        child.wait().expect("it ends");
    }
}

#[test]
fn an_agent_that_may_lock_little_memory_says_so_once_and_serves() {
    let user = User::with_agent(agent_program());
    let warning = "pages of memory may be written to swap: the limit of locked memory is 65536 bytes";
    let mut limited = user.command("--memlock=65536", "devpi-tokens-agent");
    let mut agent = limited.stdout(Stdio::null()).spawn().expect("an agent");
    wait_for("the agent", || user.log().contains("serving"));
    let cli = |args: &[&str]| user.cli(args);
    keep_a_known_token(&cli);
    get(&cli);
    assert_eq!(user.log().matches(warning).count(), 1, "{}", user.log());
    assert!(user.cli(&["agent", "stop"]).output().expect("it runs").status.success());
    agent.wait().expect("it ends");

    let user = User::with_agent(agent_program());
    keep_a_known_token(&|args| user.cli(args));
    assert!(!user.log().contains("swap"), "{}", user.log());
}
