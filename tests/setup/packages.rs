//! Our package in the environments of clients that need it there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::Person;
use crate::support::judge::{Watch, only_uploads};
use crate::support::run::{WHEEL, succeeds};
use crate::support::{BED, Home, TOOLS, code, err, out};
use testbed::Client;

/// Somebody whose twine is in a virtual environment, where our package can be had from a folder.
fn with_twine() -> Person {
    Person::new(Home::lasting_with_alice(), Client::with_keyring(&TOOLS).expect("a client"))
}

#[test]
fn twine_gets_the_package_and_its_password_goes() {
    let person = with_twine();
    let text = format!(
        "[distutils]\nindex-servers =\n    dev\n    pypi\n\n# ours\n[dev]\nrepository = {}\nusername = alice\npassword = {}\n\n[pypi]\n\
         username = __token__\npassword = pypi-s3cret-of-somebody-else\n",
        BED.index_url("alice/dev"),
        BED.password("alice"),
    );
    person.file(".pypirc", &text);
    let mut command = person.command(&["setup", "twine", "--yes"]);
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", WHEEL.parent().expect("a folder"));
    let done = command.output().expect("setup");
    assert_eq!(code(&done), Some(0), "{}{}", out(&done), err(&done));
    let said = out(&done) + &err(&done);
    assert!(!said.contains(BED.password("alice")) && !said.contains("s3cret"), "{said}");
    assert!(said.contains("  -password = <password>\n"), "{said}");
    let line = format!("password = {}\n", BED.password("alice"));
    assert_eq!(person.read(".pypirc"), text.replace(&line, ""));
    let watch = Watch::new(&person.home, &BED);
    let wheel = BED.new_upload("setup-pkg", "1.0").expect("a wheel");
    let mut twine = person.client.twine(["upload", "--non-interactive", "-r", "dev"]);
    succeeds(&person.home, {
        twine.arg(&wheel);
        twine
    });
    only_uploads(&watch.of("twine/"), "alice/dev", "setup-pkg");
    assert_eq!(person.set_up(&["twine", "--yes"]), "nothing to do\n");
    let journal = fs::read_to_string(person.home.path().join("state/setup.json")).unwrap_or_default();
    assert!(!journal.contains("s3cret") && !journal.contains(BED.password("alice")), "{journal}");
}

#[test]
fn a_password_stays_until_its_client_can_ask_the_agent() {
    let person = with_twine();
    let text = format!("[dev]\nRepository = {}\nUsername = alice\nPassword = s3cret\n", BED.index_url("alice/dev"));
    person.file(".pypirc", &text);
    let mut command = person.command(&["setup", "twine", "--yes"]);
    // A folder with no package in it.
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", person.path(".config"));
    let done = command.output().expect("setup");
    assert_eq!(code(&done), Some(69), "{}{}", out(&done), err(&done));
    assert!(out(&done).contains("  from the index that is configured there\n"), "{}", out(&done));
    assert!(err(&done).contains("~/.pypirc: credentials are left there until twine has devpi-tokens-agent\n"));
    assert_eq!(person.read(".pypirc"), text);
}

/// A tool in an environment of its own, with those packages in it.
pub(crate) fn tool(person: &Person, tools: &str, (package, command): (&str, &str), has: &[&str]) -> PathBuf {
    let folder = person.path(&format!("{tools}/{package}"));
    fs::create_dir_all(folder.join("bin")).expect("made");
    for package in has {
        fs::create_dir_all(folder.join(format!("lib/python3.11/site-packages/{package}.dist-info"))).expect("made");
    }
    fs::write(folder.join("pyvenv.cfg"), "home = /usr/bin\n").expect("written");
    symlink("/usr/bin/python3", folder.join("bin/python")).expect("a link");
    let program =
        person.file(&format!("{tools}/{package}/bin/{command}"), &format!("#!{}/bin/python\n", folder.display()));
    fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    folder
}

const PIPX: &str = ".local/share/pipx/venvs";
const UV: &str = ".local/share/uv/tools";

/// A pipx and a uv that only write down how they were called.
fn told_programs(person: &Person) {
    for program in ["pipx", "uv"] {
        let path = person.file(&format!(".local/bin/{program}"), "#!/bin/sh\necho \"${0##*/} $*\" >> \"$HOME/told\"\n");
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
}

#[test]
fn pipx_and_uv_are_asked_to_add_the_package_to_their_tools() {
    let person = Person::alice();
    tool(&person, PIPX, ("poetry", "poetry"), &["keyring-25.7.0"]);
    let uv = tool(&person, UV, ("devpi-client", "devpi"), &["keyring-25.7.0"]);
    let receipt = "[tool]\nrequirements = [{ name = \"devpi-client\", specifier = \">=7\" }]\npython = \"3.12\"\n";
    fs::write(uv.join("uv-receipt.toml"), receipt).expect("written");
    told_programs(&person);
    let shown = person.setup(&["poetry", "devpi"]);
    assert_eq!(code(&shown), Some(1), "{}", err(&shown));
    assert_eq!(person.read("told"), "", "nothing is run unasked");
    let said = person.set_up(&["poetry", "devpi", "--yes"]);
    assert!(said.contains("poetry: in its environment it needs devpi-tokens-agent\n  pipx inject poetry"), "{said}");
    let ours = concat!("devpi-tokens-agent==", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        person.read("told"),
        format!("pipx inject poetry {ours}\nuv tool install devpi-client>=7 --with {ours} --python 3.12\n")
    );
}

#[test]
fn a_tool_that_uv_cannot_be_told_of_again_is_left_to_the_person() {
    let person = Person::alice();
    let uv = tool(&person, UV, ("twine", "twine"), &["keyring-25.7.0"]);
    let receipt = "[tool]\nrequirements = [{ name = \"twine\" }, { name = \"bar\", directory = \"/bar\" }]\n";
    fs::write(uv.join("uv-receipt.toml"), receipt).expect("written");
    told_programs(&person);
    let text = format!("[dev]\nrepository = {}\nusername = alice\npassword = s3cret\n", BED.index_url("alice/dev"));
    person.file(".pypirc", &text);
    let done = person.setup(&["twine", "--yes"]);
    assert!(out(&done).contains("  run it yourself, with that added; see uv-receipt.toml there\n"), "{}", out(&done));
    assert_eq!((person.read("told").as_str(), person.read(".pypirc")), ("", text));
}

#[test]
fn two_clients_that_read_one_file_are_set_up_with_one_question() {
    let person = Person::alice();
    for name in ["twine", "flit"] {
        tool(&person, PIPX, (name, name), &["keyring-25.7.0", "devpi_tokens_agent-0.1.0"]);
    }
    let text = format!("[dev]\nRepository = {}\nPassword = s3cret\n", BED.index_url("alice/dev"));
    person.file(".pypirc", &text);
    let shown = person.setup(&["twine", "flit", "--dry-run"]);
    assert_eq!(out(&shown).matches("~/.pypirc: a credential lies here\n").count(), 1, "{}", out(&shown));
    assert_eq!(out(&shown).matches("~/.pypirc: whose token an upload takes\n").count(), 1, "{}", out(&shown));
    person.set_up(&["twine", "flit", "--yes"]);
    assert_eq!(person.read(".pypirc"), text.replace("Password = s3cret\n", "username = alice\n"));
}
