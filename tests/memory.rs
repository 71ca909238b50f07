//! The agent's memory, looked at as root looks: what is locked is gone, and while it is open the same look finds it.

mod support;

use std::fs::File;
use std::io::BufRead;
use std::os::unix::fs::FileExt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use devpi_tokens::secret::Secret;
use devpi_tokens::vault::file::{Keeper, Sealed};
use devpi_tokens::vault::unwrap;
use rustix::process::Signal;
use serde_json::json;
use support::{BED, Home, err, fed, send, wait_for};

const PASSPHRASE: &str = "correct horse 9Qunlikely staple";

/// What must not be found: a name and its bytes.
type Needle = (&'static str, Vec<u8>);

/// Everything of a process that can be written to, and is not a device.
fn memory(pid: u32) -> Vec<Vec<u8>> {
    let maps = File::open(format!("/proc/{pid}/maps")).expect("its map");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
    let regions = std::io::BufReader::new(maps).lines().map(|line| line.expect("a line"));
    let writable = regions.filter(|line| line.contains(" rw"));
    let read = writable.filter_map(|line| {
        let (begin, end) = line.split_once(' ')?.0.split_once('-')?;
        let at = |text| u64::from_str_radix(text, 16).expect("an address");
        let mut bytes = vec![0; usize::try_from(at(end) - at(begin)).expect("a length")];
        memory.read_exact_at(&mut bytes, at(begin)).ok().map(|()| bytes)
    });
    read.collect()
}

fn found(pid: u32, needles: &[Needle]) -> Vec<&'static str> {
    let memory = memory(pid);
    assert!(!memory.is_empty(), "nothing was read");
    let stands = |bytes: &Vec<u8>| memory.iter().any(|part| part.windows(bytes.len()).any(|window| window == bytes));
    needles.iter().filter(|(_, bytes)| stands(bytes)).map(|(name, _)| *name).collect()
}

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
fn vault_key(home: &Home) -> Vec<u8> {
    let sealed = Sealed::read(&home.paths().vault()).expect("readable").expect("a vault");
    let Keeper::Passphrase { wrapped } = &sealed.header().keeper else { panic!("another keeper") };
    let key = unwrap(wrapped, &Secret::new(PASSPHRASE)).expect("the passphrase");
    let bytes = key_bytes(key.to_secret().expose());
    assert_eq!(bytes.len(), 32);
    bytes
}

/// A home whose agent keeps a token that is known here, and what must be gone once it is locked.
fn with_a_known_token() -> (Home, Vec<Needle>) {
    let home = Home::new("passphrase");
    let token = BED.create_token("alice", &json!({})).expect("a token");
    let login = ["login", "-f", "-", &BED.simple_url("alice/dev"), "alice"];
    let done = fed(home.cli(&login), &format!("{PASSPHRASE}\n{token}\n"));
    assert!(done.status.success(), "{}", err(&done));
    let bare = token.trim_start_matches("devpi-");
    let bytes = URL_SAFE_NO_PAD.decode(bare).expect("a token");
    let needles = vec![
        // Whatever is derived from it begins as it does: its end is its own.
        ("the token's text", bare.as_bytes()[bare.len() - 40..].to_vec()),
        ("the token's signature", bytes[bytes.len() - 32..].to_vec()),
        ("the passphrase", PASSPHRASE.as_bytes().to_vec()),
        ("the vault's key", vault_key(&home)),
        ("a vault's key as text", b"AGE-SECRET-KEY-1Q".to_vec()),
    ];
    (home, needles)
}

fn get(home: &Home) {
    for url in [BED.simple_url("alice/dev"), BED.index_url("alice/dev"), BED.simple_url("alice/other")] {
        let got = home.cli(&["get", &url]).output().expect("it runs");
        assert!(got.status.success(), "{}", err(&got));
    }
}

#[test]
fn nothing_is_left_in_memory_after_a_lock_and_an_open_vault_is_found_there() {
    // Only root, and not every root, may look into a process that says no.
    let (home, needles) = with_a_known_token();
    let agent = home.agent().expect("an agent");
    if File::open(format!("/proc/{agent}/mem")).is_err() {
        return;
    }
    get(&home);
    let open = found(agent, &needles);
    assert!(open.contains(&"the token's signature") && open.contains(&"the vault's key"), "the control: {open:?}");

    assert!(home.cli(&["agent", "lock"]).output().expect("lock").status.success());
    assert_eq!(found(agent, &needles), [""; 0]);

    let done = fed(home.cli(&["agent", "unlock"]), &format!("{PASSPHRASE}\n"));
    assert!(done.status.success(), "{}", err(&done));
    get(&home);
    let open = found(agent, &needles);
    assert!(open.contains(&"the token's signature"), "the control: {open:?}");
    assert!(!open.contains(&"the passphrase"), "it is used once");
    send(agent, Signal::USR1);
    wait_for("the lock", || home.log().matches("locked by hand").count() == 2);
    assert_eq!(found(agent, &needles), [""; 0]);
}
