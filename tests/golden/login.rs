//! What a login says where it fails.

use super::*;

#[test]
fn errors_of_login() {
    offline(
        "errors_login",
        &[
            (&["login"], ""),
            (&["login", "ftp://host/"], ""),
            (&["login", "host"], ""),
            (&["login", "https://host/../alice/dev"], ""),
            (&["login", "https://alice:word@host/"], ""),
            (&["login", "https://host/\x1b[31m"], ""),
            (&["login", NOBODY, "a/b"], ""),
            (&["login", NOBODY, "alice", "--allowed", "pkg_write"], ""),
            (&["login", NOBODY, "alice", "--indexes", "dev"], ""),
            (&["login", NOBODY, "alice", "--projects", "-"], ""),
            (&["login", NOBODY, "alice", "--file", "root", "--expires", "1h"], ""),
            (&["login", NOBODY, "alice", "--expires", "tomorrow"], ""),
            (&["login", NOBODY, "alice", "--policy", "none"], ""),
            (&["login", NOBODY, "alice", "--ca-file", "none"], ""),
            (&["login", NOBODY, "alice", "--ca-file", "garbage"], ""),
            (&["login", NOBODY, "alice"], ""),
            (&["login", "http://devpi.example/", "alice"], ""),
        ],
    );
}

#[test]
fn errors_of_login_at_a_server() {
    let (root, index) = (BED.url() + "/", BED.index_url("alice/dev"));
    let word = BED.password("alice").to_owned() + "\n";
    let home = Home::new("memory");
    let mut told = Told::new(&home);
    for wrong in [
        (&["login", &root][..], ""),
        (&["login", &index, "alice"], ""),
        (&["login", &index, "alice"], "wrong\n"),
        (&["login", &index, "nobody"], "wrong\n"),
        (&["login", &index, "alice", "--expires", "soon"], &word),
        (&["login", &index, "alice", "--expires", "1960-01-01"], &word),
        (&["login", &index, "alice", "--expires", "never"], &word),
        (&["login", &index, "alice", "--file", "none"], ""),
        (&["login", &index, "alice", "--file", "empty"], ""),
        (&["login", &index, "alice", "--file", "garbage"], ""),
        (&["login", &index, "bob", "--file", "root"], ""),
        (&["login", &index, "alice", "--file", "root"], ""),
        (&["login", &index, "alice", "--file", "old"], ""),
        (&["login", &index, "alice", "--file", "third"], ""),
        (&["login", &index, "alice", "--file", "pypi"], ""),
        (&["login", &index, "alice", "--file", "-"], ""),
    ] {
        told.tell(wrong);
    }
    told.golden("errors_login_server");
}

#[test]
fn errors_of_login_about_the_vault() {
    let index = BED.index_url("alice/dev");
    for (name, vault, input) in [
        ("errors_vault_choice", "", ""),
        ("errors_vault_nonsense", "nonsense", ""),
        ("errors_vault_keyring", "keyring", ""),
        ("errors_vault_passphrase", "passphrase", "\n"),
    ] {
        let home = Home::new(vault);
        let mut told = Told::new(&home);
        told.tell((&["login", &index, "alice"], input));
        told.golden(name);
    }
}
