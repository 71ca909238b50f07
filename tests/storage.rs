//! The vault under everything that can happen to a file: damage, a full disk, a process that is killed while it writes.

#[path = "storage/disk.rs"]
mod disk;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use devpi_tokens::secret::Secret;
use devpi_tokens::vault::Key;
use devpi_tokens::vault::file::{Header, Keeper, Sealed, VaultError, write};
use sha2::{Digest, Sha256};
use support::run::{assert_gives, get};
use support::{BED, Home, code, err, fed, out};

fn run(home: &Home, args: &[&str]) -> Output {
    home.cli(args).output().expect("it ends")
}

fn assert_fails(done: &Output, expected: i32, words: &[&str]) {
    assert_eq!((code(done), out(done).as_str()), (Some(expected), ""), "{}", err(done));
    for word in words {
        assert!(err(done).contains(word), "{word}: {}", err(done));
    }
}

fn login(home: &Home, user: &str, before: &str) -> Output {
    let input = format!("{before}{}\n", BED.password(user));
    fed(home.cli(&["login", &BED.simple_url("alice/dev"), user]), &input)
}

/// A home whose vault opens unasked: a command prints its key.
fn with_command() -> Home {
    let home = Home::new("command");
    let key = Key::generate().to_secret();
    fs::write(home.path().join("key"), key.expose()).expect("written");
    fs::create_dir_all(home.paths().config).expect("a folder");
    let command = format!("vault-command = ['cat', '{}/key']\n", home.path().display());
    fs::write(home.paths().config.join("config.toml"), command).expect("written");
    home
}

fn with_checksum(content: &[u8]) -> Vec<u8> {
    [content, Sha256::digest(content).as_slice()].concat()
}

fn replace(content: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = content.windows(from.len()).position(|part| part == from.as_bytes()).expect("found");
    [&content[..at], to.as_bytes(), &content[at + from.len()..]].concat()
}

#[test]
fn a_damaged_vault_is_refused_left_as_it_is_and_the_generation_before_is_offered() {
    let home = with_command();
    for user in ["alice", "bob"] {
        let done = login(&home, user, "");
        assert!(done.status.success(), "{}", err(&done));
    }
    assert!(run(&home, &["agent", "stop"]).status.success());
    let (vault, previous) = (home.paths().vault(), home.path().join("data/vault.previous"));
    let whole = fs::read(&vault).expect("the vault");
    let content = &whole[..whole.len() - 32];
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let offer = format!("mv {} {}", previous.display(), vault.display());
    let damaged = ["is damaged", offer.as_str()];
    let newer = with_checksum(&replace(content, "devpi-tokens vault 1", "devpi-tokens vault 2"));
    let mended = with_checksum(&flipped[..flipped.len() - 32]);
    let cases: [(&str, &[u8], &[&str]); 8] = [
        ("empty", b"", &damaged),
        ("a byte", b"d", &damaged),
        ("half", &whole[..whole.len() / 2], &damaged),
        ("less its last byte", &whole[..whole.len() - 1], &damaged),
        ("a flipped bit", &flipped, &damaged),
        ("another file", &with_checksum(b"age-encryption.org/v1\n"), &damaged),
        ("a newer version", &newer, &["has the version 2", "install the newer"]),
        ("a flipped bit with a checksum that fits", &mended, &["changed by something that does not hold its key"]),
    ];
    let agent = {
        assert!(run(&home, &["agent", "start"]).status.success());
        home.agent()
    };
    for (what, bytes, words) in cases {
        fs::write(&vault, bytes).expect("written");
        assert_fails(&get(&home), 69, words);
        assert_fails(&run(&home, &["agent", "unlock"]), 69, words);
        assert_fails(&login(&home, "bob", ""), 69, words);
        assert!(fs::read(&vault).expect("there") == bytes, "{what}: it was touched");
    }
    assert_eq!(home.agent(), agent, "the agent is still the same");
    fs::write(&vault, &whole[..100]).expect("written");
    assert!(Command::new("sh").args(["-c", &offer]).status().expect("mv").success());
    assert_gives(&home);
    // That it is an older one is said, by the next agent as well.
    for _ in 0..2 {
        let said = out(&run(&home, &["status"]));
        assert!(said.contains("warning: this vault is older than the last one: generation"), "{said}");
        assert!(run(&home, &["agent", "stop"]).status.success());
        assert_gives(&home);
    }
    assert!(home.log().contains("the vault is older than the one that was here before"));
}

#[test]
fn a_wrong_passphrase_is_told_from_damage_and_absurd_work_is_refused_before_it_is_done() {
    let home = Home::new("passphrase");
    let done = login(&home, "alice", "horse\n");
    assert!(done.status.success(), "{}", err(&done));
    assert!(run(&home, &["agent", "stop"]).status.success());
    let unlock = |passphrase: &str| fed(home.cli(&["agent", "unlock"]), &format!("{passphrase}\n"));
    let vault = home.paths().vault();
    let whole = fs::read(&vault).expect("the vault");
    assert_fails(&unlock("cow"), 77, &["that is not the vault's passphrase"]);
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    fs::write(&vault, &flipped).expect("written");
    for passphrase in ["horse", "cow"] {
        assert_fails(&unlock(passphrase), 69, &["is damaged: its checksum is wrong"]);
    }
    let text = String::from_utf8_lossy(&whole);
    let wrapped = text.split('"').skip_while(|word| *word != "wrapped").nth(2).expect("a wrapped key");
    let opened = String::from_utf8_lossy(&STANDARD.decode(wrapped).expect("base64")[..80]).into_owned();
    let stanza = opened.lines().nth(1).expect("a stanza");
    // 2^19 blocks would take half a gigabyte and be done, 2^30 a terabyte.
    for absurd in ["19", "30"] {
        let work = format!("{} {absurd}", stanza.strip_suffix(" 16").expect("our work factor"));
        let absurd = STANDARD.encode(replace(&STANDARD.decode(wrapped).expect("base64"), stanza, &work));
        fs::write(&vault, with_checksum(&replace(&whole[..whole.len() - 32], wrapped, &absurd))).expect("written");
        let begun = Instant::now();
        assert_fails(&unlock("horse"), 69, &["more memory and time than any vault of ours"]);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    fs::write(&vault, &whole).expect("written");
    assert!(unlock("horse").status.success(), "the right one still opens it");
    assert_gives(&home);
}

#[test]
fn a_vault_of_another_owner_is_unsafe() {
    if !rustix::process::geteuid().is_root() {
        let _ = writeln!(std::io::stderr(), "*** SKIPPED: only root can give a file away ***");
        return;
    }
    let home = with_command();
    assert!(login(&home, "alice", "").status.success());
    assert!(run(&home, &["agent", "stop"]).status.success());
    let vault = home.paths().vault();
    chown(&vault, Some(65534), None).expect("given away");
    assert_fails(&get(&home), 78, &["belongs to another user", vault.to_str().expect("text")]);
    chown(&vault, Some(0), None).expect("taken back");
    assert_gives(&home);
}

#[test]
fn whoever_sits_at_a_terminal_is_asked_before_a_file_is_replaced() {
    let home = with_command();
    let done = login(&home, "alice", "");
    assert!(done.status.success(), "{}", err(&done));
    let (from, to) = (home.path().join("from"), home.path().join("token"));
    fs::write(&from, out(&get(&home))).expect("written");
    fs::write(&to, "what was there").expect("written");
    for (answer, ends_with, replaced) in [("n", 73, false), ("", 73, false), ("y", 0, true)] {
        // util-linux's script gives a command a terminal of its own.
        let program = env!("CARGO_BIN_EXE_devpi-tokens");
        let line = format!("{program} derive -f {} -e 5min -o {}", from.display(), to.display());
        let mut script = home.command("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]);
        let asked = fed(script, &format!("{answer}\n"));
        assert!(out(&asked).contains("replace it?"), "{}", out(&asked));
        assert_eq!(code(&asked), Some(ends_with), "{answer:?}: {}", out(&asked));
        assert_eq!(fs::read_to_string(&to).expect("there") != "what was there", replaced, "{answer:?}");
    }
}

/// Which of two writers the inner run of a test is, and where its vault and the vault's key are.
const WRITER: &str = "DEVPI_TOKENS_TEST_WRITER";

/// How often a writer is killed.
const KILLS: usize = 500;

/// Within which time, where the machine has other things to do: fewer kills then.
const KILLING: Duration = Duration::from_secs(60);

/// How many changes each of two writers has made.
type Counts = [u64; 2];

fn open(vault: &Path, key: &Key) -> (Header, Counts) {
    let sealed = Sealed::read(vault).expect("whole").expect("there");
    let contents = sealed.open(key).expect("it opens");
    let (a, b) = std::str::from_utf8(&contents).expect("whole").split_once(' ').expect("two numbers");
    (sealed.header().clone(), [a, b].map(|count| count.parse().expect("a number")))
}

fn put(vault: &Path, key: &Key, (header, counts): (&Header, Counts)) -> Result<(), VaultError> {
    write(vault, header, key, format!("{} {}", counts[0], counts[1]).as_bytes())
}

/// Changes a vault without end, and says so after each change.
fn write_until_killed(folder: &Path, which: usize) -> ! {
    let text = fs::read_to_string(folder.join("key")).expect("the key");
    let mut changes = 0;
    let (vault, key) = (folder.join("data/vault"), Key::from_secret(&Secret::new(text)).expect("a key"));
    let mut stdout = std::io::stdout();
    loop {
        let (header, mut counts) = open(&vault, &key);
        counts[which] += 1;
        match put(&vault, &key, (&header.next(), counts)) {
            Ok(()) => {
                writeln!(stdout, "\ndone {}", counts[which]).and_then(|()| stdout.flush()).expect("told");
                // Of two that never stop, the one that is ahead would be so for ever.
                changes += 1;
                std::thread::sleep(Duration::from_micros(u64::from(rand(changes)) % 20_000));
            }
            Err(VaultError::Changed { .. } | VaultError::Busy { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// A process that writes, and what it says it has done.
struct Writer {
    process: Child,
    done: Receiver<u64>,
}

impl Writer {
    fn start(test: &str, folder: &Path, which: usize) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", test, "--nocapture"])
            .env(WRITER, format!("{which} {}", folder.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("a writer");
        let (tell, done) = channel();
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        std::thread::spawn(move || {
            // A line that was cut off by the end was not said.
            let counts = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("done ")?.parse().ok());
            let _ = counts.map(|count| tell.send(count)).find(Result::is_err);
        });
        Self { process, done }
    }

    /// Ends it at once; the last change that it said was done.
    fn kill(mut self) -> u64 {
        self.process.kill().expect("killed");
        self.process.wait().expect("it ends");
        self.done.iter().last().unwrap_or_default()
    }
}

#[test]
fn of_two_writers_that_are_killed_at_any_instant_no_change_is_lost_that_was_done() {
    const NAME: &str = "of_two_writers_that_are_killed_at_any_instant_no_change_is_lost_that_was_done";
    if let Ok(writer) = std::env::var(WRITER) {
        let (which, folder) = writer.split_once(' ').expect("two words");
        write_until_killed(Path::new(folder), which.parse().expect("a number"));
    }
    let home = tempfile::tempdir().expect("a folder");
    let (vault, new, key) = (home.path().join("data/vault"), home.path().join("data/vault.new"), Key::generate());
    fs::write(home.path().join("key"), key.to_secret().expose()).expect("written");
    put(&vault, &key, (&Header::first(Keeper::Keyring, &key), [0, 0])).expect("written");
    let begun = Instant::now();
    let mut in_the_middle = 0;
    let mut last = [0, 0];
    let mut kills = 0;
    for round in 0..KILLS / 2 {
        if begun.elapsed() > KILLING {
            break;
        }
        kills += 2;
        let writers = [0, 1].map(|which| Writer::start(NAME, home.path(), which));
        for writer in &writers {
            writer.done.recv_timeout(Duration::from_secs(20)).expect("it writes");
        }
        // Anywhere in the few milliseconds of a change, or while the new file is there.
        let instant = Duration::from_micros(u64::from(rand(round)) % 8000);
        let from = Instant::now();
        while from.elapsed() < instant && (round % 2 == 0 || !new.exists()) {
            std::hint::spin_loop();
        }
        let done = writers.map(Writer::kill);
        in_the_middle += usize::from(new.exists());
        let (_, found) = open(&vault, &key);
        for which in [0, 1] {
            assert!(found[which] >= done[which].max(last[which]), "round {round}: {found:?}, and {done:?} were done");
        }
        last = found;
    }
    let (header, _) = open(&vault, &key);
    let (took, generations) = (begun.elapsed(), header.generation);
    let said = format!("{kills} kills in {took:?}, {in_the_middle} with a half-made file, {generations} generations");
    let _ = writeln!(std::io::stderr(), "{said}");
    // Each change is one generation: none was written over.
    assert_eq!(generations, 1 + last[0] + last[1], "{said}");
    assert!(kills >= 50 && in_the_middle >= kills / 25, "the kills miss the writes: {said}");
    put(&vault, &key, (&header.next(), last)).expect("what was left behind hinders nobody");
    assert!(!new.exists());
}

/// A number that is another one at each round and each run.
fn rand(round: usize) -> u16 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(round) & 0xffff).try_into().unwrap_or_default()
}
