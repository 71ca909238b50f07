//! The unit tests of the Python package, run with the keyring that the clients of the test bed have.

mod support;

use std::path::Path;
use std::process::Command;

use support::{TOOLS, err};

#[test]
fn the_python_package_passes_its_own_tests() {
    let home = tempfile::tempdir().expect("a folder");
    let done = Command::new(TOOLS.program("python"))
        .args(["-B", "-m", "unittest", "discover", "--start-directory", "tests", "--top-level-directory", "."])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("python"))
        // Nothing of the caller's: neither its keyring's configuration nor modules on a path of its own.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .output()
        .expect("python");
    let said = err(&done);
    assert!(done.status.success(), "{said}");
    assert!(said.lines().any(|line| line.starts_with("Ran ") && !line.starts_with("Ran 0 ")), "no test ran: {said}");
}
