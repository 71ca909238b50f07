//! What commands about tokens say where they fail.

use super::*;

#[test]
fn errors_of_create_list_and_delete() {
    offline(
        "errors_sessions",
        &[
            (&["create", "--server", "host"], ""),
            (&["create", "--server", NOBODY, "--as", "alice"], ""),
            (&["create", "--expires", "soon"], ""),
            (&["create", "--expires", "1960-01-01"], ""),
            (&["create", "--not-before", "never"], ""),
            (&["create", "--allowed", "pkg_write"], ""),
            (&["create", "--allowed", "a b"], ""),
            (&["create", "--indexes", "a=b"], ""),
            (&["create", "--projects", "-"], ""),
            (&["create", "--output", "there"], ""),
            (&["create", "--force"], ""),
            (&["create", "--user", "a/b"], ""),
            (&["list", "--server", NOBODY, "--as", "alice"], ""),
            (&["list", "--user", "a/b"], ""),
            (&["delete"], ""),
            (&["delete", "no-id"], ""),
            (&["delete", "abcDEF23", "--server", NOBODY, "--as", "alice"], ""),
        ],
    );
}

#[test]
fn errors_of_create_list_and_delete_at_a_server() {
    let word = BED.password("alice").to_owned() + "\n";
    as_alice(
        "errors_sessions_server",
        &[
            (&["create"], ""),
            (&["create"], "wrong\n"),
            (&["create", "--user", "bob"], &word),
            (&["create", "--expires", "never"], &word),
            (&["create", "--expires", "2020-01-01"], &word),
            (&["create", "--output", "none/token"], &word),
            (&["create", "--server", &BED.url(), "--as", "nobody"], "wrong\n"),
            (&["list"], "wrong\n"),
            (&["list", "--user", "bob"], &word),
            (&["list", "--user", "nobody"], &word),
            (&["delete", "abcDEF23"], &word),
            (&["delete", "abcDEF23"], "wrong\n"),
            (&["delete", "abcDEF23", "--user", "bob"], &word),
            (&["logout", "--as", "bob"], ""),
            (&["renew"], "wrong\n"),
            (&["logout", "--revoke"], "wrong\n"),
        ],
    );
}

#[test]
fn errors_of_get_and_derive_with_a_kept_token() {
    let index = BED.index_url("alice/dev");
    as_alice(
        "errors_kept",
        &[
            (&["get", &index, "--user", "bob"], ""),
            (&["derive", "--allowed", "index_modify"], ""),
            (&["derive", "--allowed", "pkg_read", "--as", "bob"], ""),
            (&["derive", "--allowed", "upload", "--indexes", "alice/dev,alice/other"], ""),
        ],
    );
    let home = Home::with_alice();
    home.login(&BED, &BED.index_url("bob/dev"), "bob");
    let mut told = Told::new(&home);
    told.tell((&["logout"], ""));
    told.tell((&["logout", "--server", "https://other.example/"], ""));
    told.tell((&["derive", "--expires", "1h"], ""));
    assert!(home.cli(&["agent", "lock"]).status().expect("lock").success());
    told.tell((&["get", &index], ""));
    told.tell((&["status"], ""));
    told.tell((&["agent", "status"], ""));
    told.golden("errors_several_kept");
    let home = Home::new("memory");
    let word = BED.password("alice").to_owned() + "\n";
    let narrow = ["login", &index, "alice", "--allowed", "pkg_read", "--indexes", "alice/dev", "--projects", "pkg"];
    assert!(fed(home.cli(&narrow), &word).status.success(), "login");
    let mut told = Told::new(&home);
    told.tell((&["get", &index], ""));
    told.tell((&["get", &BED.simple_url("bob/dev")], ""));
    told.golden("errors_narrow");
}

#[test]
fn errors_of_commands_about_a_token() {
    offline(
        "errors_tokens",
        &[
            (&["derive"], ""),
            (&["derive", "--allowed", "pkg_write", "--file", "root"], ""),
            (&["derive", "--expires", "soon", "--file", "root"], ""),
            (&["derive", "--expires", "1h", "--file", "none"], ""),
            (&["derive", "--expires", "1h", "--file", "garbage"], ""),
            (&["derive", "--expires", "1h", "--file", "empty"], ""),
            (&["derive", "--expires", "1h", "--file", "odd"], ""),
            (&["derive", "--expires", "1h", "--file", "old"], ""),
            (&["derive", "--expires", "1h", "--file", "third"], ""),
            (&["derive", "--expires", "1h", "--file", "pypi"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--token", "x"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--output", "there"], ""),
            (&["derive", "--expires", "1h", "--file", "root", "--output", "none/token"], ""),
            (&["inspect"], ""),
            (&["inspect"], "\n"),
            (&["inspect"], "devpi-\n"),
            (&["inspect"], "devpi-devpi-AgEA\n"),
            (&["inspect"], "devpi-AgEA\n"),
            (&["inspect"], "devpi-AgEA+w==\n"),
            (&["inspect"], "pypi-\n"),
            (&["inspect", "--file", "none"], ""),
            (&["inspect", "--file", "."], ""),
            (&["inspect", "--token", "garbage"], ""),
            (&["inspect", "devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO_v80LY"], ""),
            (&["inspect", "--tokn=devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO"], ""),
            (&["can"], ""),
            (&["can", "read", "alice/dev"], ""),
            (&["can", "pkg_read", "dev"], ""),
            (&["can", "pkg_read", "alice/dev", "a b"], ""),
            (&["can", "pkg_read", "alice/dev", "--at", "soon", "--file", "reader"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "pypi"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "over"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "odd", "--at", "2026-11-23"], ""),
            (&["can", "pkg_read", "alice/dev", "--file", "json", "--at", "2026-11-23"], ""),
            (&["can", "user_login", "alice/dev", "--file", "root"], ""),
            (&["can", "upload", "alice/dev", "--file", "reader", "--at", "2026-11-23T18:30:00Z"], ""),
            (&["can", "pkg_read", "bob/dev", "--file", "reader", "--at", "2026-11-23T18:30:00Z"], ""),
            (&["token-login"], ""),
            (&["token-login", "--file", "garbage"], ""),
            (&["token-login", "--file", "root"], ""),
        ],
    );
}
