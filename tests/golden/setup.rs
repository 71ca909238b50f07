//! What `setup` shows, and says where it fails.

use super::*;

#[test]
fn errors_of_setup() {
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    std::fs::create_dir(home.path().join("bin")).expect("a folder");
    std::fs::write(home.path().join("bin/keyring"), "").expect("another keyring");
    // No folder above it: the paths are said in full, and theirs differ in length from machine to machine.
    told.tell((&["setup", "shim", "there"], ""));
    told.tell((&["setup", "nonsense"], ""));
    told.golden("errors_setup");
}

/// Clients in a folder of the home, the only one on PATH: programs that nobody runs, but for git.
fn with_clients(home: &Home) -> std::path::PathBuf {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bin = home.path().join("bin");
    let file = |path: &str, text: &str| {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    file("venv/pyvenv.cfg", "");
    file("venv/bin/python", "");
    file("venv/lib/python3.11/site-packages/keyring-25.7.0.dist-info/METADATA", "");
    file("venv/lib/python3.11/site-packages/pip-26.3.dist-info/METADATA", "");
    file("bin/twine", &format!("#!{}/venv/bin/python\n", home.path().display()));
    file("bin/pip", "");
    file("bin/uv", "");
    let path = std::env::var_os("PATH").expect("PATH");
    let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists());
    symlink(git.expect("git"), bin.join("git")).expect("a link");
    bin
}

#[test]
fn what_setup_shows_and_says() {
    let home = Home::lasting_with_alice();
    let bin = with_clients(&home);
    let mut told = Told::new(&home);
    let url = BED.index_url("alice/dev");
    for (name, text) in [
        (".config/pip/pip.conf", "# mine\n[global]\ntimeout = 60\n\n[install]\nno-compile = yes\n".to_owned()),
        (".config/uv/uv.toml", format!("[[index]]\nname = \"dev\"\nurl = \"{url}+simple/\" # ours\ndefault = true\n")),
        (".pypirc", format!("[dev]\nrepository = {url}\nusername = alice\npassword = pass-word@1\n")),
        (".netrc", "machine 127.0.0.1 login alice password pass-word@2\n".to_owned()),
    ] {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let lines: [(&[&str], &str); 15] = [
        (&["setup", "--dry-run"], ""),
        (&["setup", "pip", "git"], ""),
        (&["setup", "twine", "poetry"], "no\n"),
        (&["setup", "pip", "git"], "no\ny\n"),
        (&["setup", "pip", "git", "--yes"], ""),
        (&["setup", "pip", "git", "--yes"], ""),
        (&["setup", "--undo"], ""),
        (&["setup", "--undo", "--yes"], ""),
        (&["setup", "--undo", "--yes"], ""),
        (&["setup", "bip"], ""),
        (&["setup", "pip", "shim"], ""),
        (&["setup", "pip", "--undo"], ""),
        (&["setup", "--yes", "--no-input"], ""),
        (&["setup", "--yes", "--dry-run"], ""),
        (&["setup", "hatch", "--no-input"], ""),
    ];
    for (args, input) in lines {
        let mut command = home.cli(args);
        command.env("COLUMNS", "80").env("TZ", "UTC").env("PATH", &bin);
        let done = fed(command, input);
        told.take("devpi-tokens", args, &format!("{}{}", out(&done), err(&done)), code(&done));
    }
    told.golden("setup");
}
