//! `devpi-tokens setup` on the files of real clients, read by these afterwards.

mod support;

#[path = "setup/credentials.rs"]
mod credentials;
#[path = "setup/packages.rs"]
mod packages;
#[path = "setup/person.rs"]
mod person;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use support::judge::{Watch, files_came_from, only_reads};
use support::run::succeeds;
use support::{BED, Home, TOOLS, code, err, out};
use testbed::{Bed, Client, Closing};

/// A server with a login page, which answers nobody with 401.
static REDIRECTING: LazyLock<Bed> =
    LazyLock::new(|| Bed::start(&TOOLS, Closing::Redirect302).expect("a server with a login page"));

/// Somebody with clients, files in a home, and an agent.
pub(crate) struct Person {
    pub(crate) home: Home,
    pub(crate) client: Client,
}

impl Person {
    pub(crate) fn new(home: Home, mut client: Client) -> Self {
        client.put_on_path(TOOLS.uv().parent().expect("a folder"));
        client.put_on_path(client.venv().join("bin"));
        client.put_on_path(client.home().join(".local/bin"));
        Self { home, client }
    }

    /// With alice logged in, and a pip and a uv.
    pub(crate) fn alice() -> Self {
        Self::new(Home::lasting_with_alice(), Client::new(&TOOLS).expect("a client"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.client.home().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, text).expect("written");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Every file of the home, but for the clients' own and what only programs read.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn below(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() && !path.is_symlink() {
                    if !["venv", ".cache"].iter().any(|name| path.ends_with(name)) {
                        files.insert(path.clone(), Vec::new());
                        below(&path, files);
                    }
                } else {
                    files.insert(path.clone(), fs::read(&path).unwrap_or_default());
                }
            }
        }
        let mut files = BTreeMap::new();
        below(self.client.home(), &mut files);
        files
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.client.command(env!("CARGO_BIN_EXE_devpi-tokens"));
        command.args(words).envs(self.home.variables()).stdin(std::process::Stdio::null());
        command
    }

    /// `devpi-tokens setup …`, whose lines all fit a terminal, but for words that are longer.
    pub(crate) fn setup(&self, words: &[&str]) -> Output {
        let done = self.command(&[&["setup"], words].concat()).output().expect("setup");
        for line in format!("{}{}", out(&done), err(&done)).lines() {
            assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "over 80 columns: {line}");
        }
        done
    }

    /// The same, which has to succeed; what it said.
    pub(crate) fn set_up(&self, words: &[&str]) -> String {
        let done = self.setup(words);
        assert_eq!(code(&done), Some(0), "{words:?}: {}{}", out(&done), err(&done));
        out(&done)
    }
}

const PIP: &str = "# mine, and it stays\n[global]\n; slow network\ntimeout = 60\nextra-index-url =\n    # the team's\n    \
                   https://pypi.invalid/simple/\n\n[install]\nno-compile = yes\n";

#[test]
fn pip_is_told_once_reads_it_and_everything_comes_back() {
    let person = Person::alice();
    person.file(".config/pip/pip.conf", PIP);
    let before = person.files();
    let said = person.set_up(&["pip", "--yes"]);
    assert!(said.contains("~/.config/pip/pip.conf: pip asks the agent\n"), "{said}");
    assert!(said.contains("\n  +keyring-provider = subprocess\n") && !said.contains("pypi.invalid"), "{said}");
    let told = PIP.replace("simple/\n", "simple/\nkeyring-provider = subprocess\n");
    assert_eq!(person.read(".config/pip/pip.conf"), told);
    let listed = out(&succeeds(&person.home, person.client.pip(["config", "list"])));
    assert!(listed.contains("global.keyring-provider='subprocess'\n"), "{listed}");
    assert!(listed.contains("global.timeout='60'\n") && listed.contains("install.no-compile='yes'\n"), "{listed}");

    let after = person.files();
    assert_eq!(person.set_up(&["pip", "--yes"]), "nothing to do\n");
    assert_eq!(person.files(), after);
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.files(), before);
    assert_eq!(person.set_up(&["--undo", "--yes"]), "nothing to undo\n");
}

#[test]
fn a_newcomer_installs_from_a_private_index_after_login_and_setup() {
    let person = Person::alice();
    let before = person.files();
    person.set_up(&["pip", "uv", "git", "--yes"]);
    let watch = Watch::new(&person.home, &BED);
    succeeds(&person.home, person.client.pip(["install", "-i", &BED.simple_url("alice/dev"), "bed-app"]));
    assert!(person.client.imports("bed_core"));
    only_reads(&watch.of("pip/"), &["alice/base", "alice/dev", "alice/mid"]);
    person.set_up(&["--undo", "--yes"]);
    // Folders that programs use were there before or are theirs: all that setup made is gone.
    let left: Vec<_> = person.files().into_keys().filter(|path| !before.contains_key(path)).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn uv_toml(bed: &Bed) -> String {
    format!(
        "# mine\nlink-mode = \"copy\" # over the network\n\n# the team's\n[[index]]\nname = \"dev\"\nurl = \"{}\" # ours\ndefault = \
         true\n\n[[index]]\nname = \"far\"\nurl = \"https://far.invalid/simple\"\nexplicit = true\n",
        bed.simple_url("alice/dev")
    )
}

#[test]
fn uv_reads_what_it_was_told() {
    let person = Person::alice();
    let text = uv_toml(&BED);
    person.file(".config/uv/uv.toml", &text);
    person.set_up(&["uv", "--yes"]);
    let told = text
        .replace("network\n", "network\nkeyring-provider = \"subprocess\"\n")
        .replace("default = true\n", "default = true\nauthenticate = \"always\"\n");
    assert_eq!(person.read(".config/uv/uv.toml"), told);
    let watch = Watch::new(&person.home, &BED);
    succeeds(&person.home, person.client.uv(["pip", "install", "bed-app"]));
    only_reads(&watch.of("uv/"), &["alice/base", "alice/dev", "alice/mid"]);
    assert_eq!(person.set_up(&["uv", "--yes"]), "nothing to do\n");
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/uv/uv.toml"), text);
}

#[test]
fn behind_a_login_page_uv_is_told_of_every_base() {
    let home = Home::new("memory");
    home.login(&REDIRECTING, &REDIRECTING.simple_url("alice/dev"), "alice");
    let person = Person::new(home, Client::new(&TOOLS).expect("a client"));
    let text = uv_toml(&REDIRECTING);
    person.file(".config/uv/uv.toml", &text);
    let said = person.set_up(&["uv", "--yes"]);
    assert!(said.contains("  +name = \"alice-base\"\n") && said.contains("  +name = \"alice-mid\"\n"), "{said}");
    let watch = Watch::new(&person.home, &REDIRECTING);
    succeeds(&person.home, person.client.uv(["pip", "install", "bed-app"]));
    assert!(["bed_app", "bed_lib", "bed_core"].iter().all(|module| person.client.imports(module)));
    files_came_from(&watch.of("uv/"), &["alice/base", "alice/dev", "alice/mid"]);
    assert_eq!(person.set_up(&["uv", "--yes"]), "nothing to do\n");
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/uv/uv.toml"), text);
}

#[test]
fn git_reads_what_it_was_told_and_no_other_helper_keeps_our_tokens() {
    let person = Person::alice();
    let text = "# mine\n[user]\n\tname = Alice # me\n[alias]\n\tst = status\n[credential]\n\thelper = store\n";
    person.file(".gitconfig", text);
    let said = person.set_up(&["git", "--yes"]);
    assert!(said.contains(&format!("  +[credential \"{}\"]\n", BED.url())), "{said}");
    assert!(person.read(".gitconfig").starts_with(text));
    let mut fill = person.client.command("git");
    fill.args(["credential", "fill"]).envs(person.home.variables()).env("GIT_TERMINAL_PROMPT", "0");
    let (scheme, host) = ("http", BED.url().trim_start_matches("http://").to_owned());
    let filled = support::fed(fill, &format!("protocol={scheme}\nhost={host}\npath=alice/dev/+simple/\n\n"));
    assert!(out(&filled).contains("username=alice\npassword="), "{}{}", out(&filled), err(&filled));
    let mut approve = person.client.command("git");
    approve.args(["credential", "approve"]).envs(person.home.variables());
    assert_eq!(code(&support::fed(approve, &out(&filled))), Some(0));
    assert_eq!(person.read(".git-credentials"), "");
    assert_eq!(person.set_up(&["git", "--yes"]), "nothing to do\n");
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".gitconfig"), text);
}

#[test]
fn a_dot_file_that_is_a_link_stays_one() {
    let person = Person::alice();
    let real = person.file("dotfiles/pip.conf", PIP);
    fs::create_dir_all(person.path(".config/pip")).expect("made");
    std::os::unix::fs::symlink(&real, person.path(".config/pip/pip.conf")).expect("a link");
    fs::set_permissions(&real, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("a mode");
    person.set_up(&["pip", "--yes"]);
    assert_eq!(fs::read_link(person.path(".config/pip/pip.conf")).expect("a link"), real);
    assert!(person.read("dotfiles/pip.conf").contains("subprocess"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&real).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o640);
}

/// Somebody whose pip and git were set up, and what pip was told.
fn with_pip_and_git() -> (Person, String) {
    let person = Person::alice();
    person.file(".config/pip/pip.conf", "[global]\nkeyring-provider = import\n");
    person.file(".gitconfig", "[user]\n\tname = Alice\n");
    person.set_up(&["pip", "git", "--yes"]);
    let told = person.read(".config/pip/pip.conf");
    (person, told)
}

#[test]
fn what_somebody_added_since_stays_when_a_change_is_taken_back() {
    let (person, told) = with_pip_and_git();
    person.file(".config/pip/pip.conf", &format!("# mine\n{told}retries = 9\n"));
    let dry = person.set_up(&["--undo", "--dry-run"]);
    assert!(dry.contains("~/.config/pip/pip.conf: as before\n"), "{dry}");
    assert!(person.read(".config/pip/pip.conf").contains("subprocess"));
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/pip/pip.conf"), "# mine\n[global]\nkeyring-provider = import\nretries = 9\n");
    assert_eq!(person.read(".gitconfig"), "[user]\n\tname = Alice\n");
}

#[test]
fn what_was_changed_since_is_not_undone_and_the_lines_are_told() {
    let (person, told) = with_pip_and_git();
    let mine = told.replace("subprocess", "subprocess # mine");
    person.file(".config/pip/pip.conf", &mine);
    let dry = person.setup(&["--undo", "--dry-run"]);
    let undone = person.setup(&["--undo", "--yes"]);
    assert_eq!((code(&dry), code(&undone)), (Some(0), Some(74)), "{}{}", out(&undone), err(&undone));
    for done in [dry, undone] {
        assert!(
            out(&done).contains("~/.config/pip/pip.conf: was changed since, and is left as it is\n"),
            "{}",
            out(&done)
        );
        let said = err(&done);
        assert!(
            said.contains("~/.config/pip/pip.conf: setup has put there:\n    keyring-provider = subprocess\n"),
            "{said}"
        );
        assert!(said.contains("    keyring-provider = import\n"), "{said}");
    }
    assert_eq!(person.read(".config/pip/pip.conf"), mine);
    assert_eq!(person.read(".gitconfig"), "[user]\n\tname = Alice\n", "the others are undone all the same");
    person.file(".config/pip/pip.conf", &told);
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/pip/pip.conf"), "[global]\nkeyring-provider = import\n");
}

#[test]
fn nothing_that_is_secret_is_shown_beside_a_change_or_written_down() {
    let person = Person::alice();
    let text = "[global]\r\nproxy = bob:s3cret@proxy.invalid:3128\r\nsmtpPass = s3cret";
    person.file(".config/pip/pip.conf", text);
    let uv = "# s3cret\r\nkeyring-provider = \"subprocess\"\r\nx = 1";
    person.file(".config/uv/uv.toml", uv);
    let done = person.setup(&["pip", "uv", "--yes"]);
    assert_eq!(code(&done), Some(0), "{}", err(&done));
    assert!(!(out(&done) + &err(&done)).contains("s3cret"), "{}{}", out(&done), err(&done));
    assert_eq!(person.read(".config/uv/uv.toml"), uv, "nothing had to be changed");
    let journal = fs::read_to_string(person.home.path().join("state/setup.json")).expect("a journal");
    assert!(!journal.contains("s3cret"), "{journal}");
}

#[test]
fn the_home_of_another_user_is_left_alone() {
    let person = Person::alice();
    let theirs = tempfile::tempdir().expect("a folder");
    let home = match std::os::unix::fs::chown(theirs.path(), Some(65534), None) {
        Ok(()) => theirs.path(),
        Err(_) => Path::new("/"),
    };
    for words in [["setup", "--yes"], ["setup", "--undo"], ["setup", "shim"]] {
        let done = person.command(&words).env("HOME", home).output().expect("setup");
        assert_eq!(code(&done), Some(78), "{}", err(&done));
        assert!(err(&done).contains("HOME belongs to another user"), "{}", err(&done));
    }
    assert_eq!(fs::read_dir(theirs.path()).expect("a folder").count(), 0);
}

#[test]
fn files_that_a_variable_turns_off_are_no_failure() {
    let person = Person::alice();
    let mut command = person.command(&["setup", "pip", "git", "--yes"]);
    let done = command.env("NETRC", "/dev/null").env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("setup");
    assert_eq!(code(&done), Some(0), "{}{}", out(&done), err(&done));
}

#[test]
fn a_file_that_cannot_be_understood_is_left_and_the_others_are_set_up() {
    let person = Person::alice();
    person.file(".config/uv/uv.toml", "broken = [\n");
    let done = person.setup(&["uv", "pip", "--yes"]);
    assert_eq!(code(&done), Some(65), "{}{}", out(&done), err(&done));
    assert!(err(&done).contains("devpi-tokens: ~/.config/uv/uv.toml is not TOML\n"), "{}", err(&done));
    assert_eq!(person.read(".config/uv/uv.toml"), "broken = [\n");
    assert!(person.read(".config/pip/pip.conf").contains("subprocess"));
}
