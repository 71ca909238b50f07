//! Our package in the environments of clients that need it there.

use std::fs;
use std::os::unix::fs::symlink;

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
fn pipx_and_uv_are_asked_to_add_the_package_to_their_tools() {
    let person = Person::alice();
    for (tools, package, command) in
        [(".local/share/pipx/venvs", "poetry", "poetry"), (".local/share/uv/tools", "devpi-client", "devpi")]
    {
        let folder = person.path(&format!("{tools}/{package}"));
        fs::create_dir_all(folder.join("bin")).expect("made");
        fs::create_dir_all(folder.join("lib/python3.11/site-packages/keyring-25.7.0.dist-info")).expect("made");
        fs::write(folder.join("pyvenv.cfg"), "home = /usr/bin\n").expect("written");
        symlink("/usr/bin/python3", folder.join("bin/python")).expect("a link");
        person.file(&format!("{tools}/{package}/bin/{command}"), &format!("#!{}/bin/python\n", folder.display()));
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.join("bin").join(command), executable).expect("a mode");
    }
    // The programs that are told to; each writes down how it was called.
    for program in ["pipx", "uv"] {
        let path = person.file(&format!(".local/bin/{program}"), "#!/bin/sh\necho \"${0##*/} $*\" >> \"$HOME/told\"\n");
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let shown = person.setup(&["poetry", "devpi"]);
    assert_eq!(code(&shown), Some(1), "{}", err(&shown));
    assert_eq!(person.read("told"), "", "nothing is run unasked");
    let said = person.set_up(&["poetry", "devpi", "--yes"]);
    assert!(said.contains("poetry: in its environment it needs devpi-tokens-agent\n  pipx inject poetry"), "{said}");
    assert_eq!(
        person.read("told"),
        "pipx inject poetry devpi-tokens-agent\nuv tool install devpi-client --with devpi-tokens-agent\n"
    );
}
