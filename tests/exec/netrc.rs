//! The netrc that a command finds: for it alone, and in all else what the person's own says.

use std::path::Path;

use serde_json::json;
use testbed::Client;

use crate::support::run::succeeds;
use crate::support::{BED, Home, TOOLS, err, out};
use crate::{ends, exec, nothing_is_left, waiting, with_alice};

/// A pip that reads `alice/other` at `localhost`, as the person's own netrc has a token for it.
#[test]
fn the_other_entries_of_the_own_netrc_work_and_ours_is_replaced() {
    let home = with_alice(&BED);
    let client = Client::new(&TOOLS).expect("a client");
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token");
    let own = format!(
        "# mine\nmachine 127.0.0.1 login alice password old\n\n# theirs\nmachine localhost login alice\n password {token}\n\
         macdef init\n  machine in a macro\n\ndefault login anonymous password \"a \\\"b\""
    );
    std::fs::write(client.home().join(".netrc"), own).expect("written");
    let other = BED.simple_url("alice/other").replace("127.0.0.1", "localhost");
    let url = BED.simple_url("alice/dev");
    let mut pip = client.pip(["install", "--no-input", "-i", &url, "--extra-index-url", &other]);
    pip.args(["bed-app", "bed-extra"]);
    succeeds(&home, exec(&[&url], pip));
    assert!(client.imports("bed_app") && client.imports("bed_extra"));
    let mut cat = client.command("sh");
    cat.args(["-c", "cat \"$NETRC\""]);
    let netrc = out(&succeeds(&home, exec(&[&url], cat)));
    let kept = "macdef init\n  machine in a macro\n\n\ndefault login anonymous password \"a \\\"b\"\n\n";
    assert!(netrc.ends_with(kept), "{netrc}");
    assert!(!netrc.contains("old") && netrc.contains(&token), "{netrc}");
}

#[test]
fn nobody_else_can_read_what_a_command_finds() {
    let home = with_alice(&BED);
    let done = ends(waiting(&home, "stat -c '%a %u' \"$NETRC\" \"$(dirname \"$NETRC\")\""));
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(out(&done), format!("600 {uid}\n700 {uid}\n"));
}

#[test]
fn a_run_within_a_run_has_one_entry_for_a_host() {
    let home = with_alice(&BED);
    let mut script = home.command("sh");
    script.args(["-c", "grep machine \"$NETRC\""]);
    let url = BED.simple_url("alice/dev");
    let done = succeeds(&home, exec(&[&url], exec(&[&url], script)));
    assert_eq!(out(&done), "machine 127.0.0.1\n");
    nothing_is_left(&home);
}

/// What Python reads in two netrc files: the same, but for the entry of our host in the second. Fails with Python's words.
fn same_for_python(home: &Home, before: &Path, after: &Path) {
    const SCRIPT: &str = r#"
import netrc, sys
before, after = map(netrc.netrc, sys.argv[1:])
before.hosts.pop("127.0.0.1", None)
user, account, token = after.hosts.pop("127.0.0.1")
assert (user, account, len(token) > 100) == ("alice", "", True), (user, account)
assert (before.hosts, before.macros) == (after.hosts, after.macros), (before.hosts, before.macros, after.hosts, after.macros)
"#;
    let mut python = home.command(TOOLS.program("python"));
    let done = python.args(["-c", SCRIPT]).args([before, after]).env("LANG", "C.UTF-8").output().expect("python");
    assert!(done.status.success(), "{:?}: {}", std::fs::read_to_string(before), err(&done));
}

#[test]
fn python_reads_of_other_hosts_what_it_read_before() {
    let home = with_alice(&BED);
    let (own, merged) = (home.path().join("own"), home.path().join("merged"));
    for text in [
        "",
        "\n\n",
        "machine a login b password c",
        "machine a login b password c\n# a comment, machine x\nmachine d login e password f # more",
        "machine a login machine password default\r\nmachine d\r\nlogin e\r\naccount f\r\npassword g\r\n",
        "default login b password c",
        "machine 127.0.0.1 login b password c machine a login b password c",
        "machine a login b password c machine 127.0.0.1 login d\npassword e\ndefault login f password g",
        "macdef one\nmachine 127.0.0.1\nlogin\n\nmachine a login b password c\nmacdef two\n\nmacdef three\nx y\n\n",
        "machine 127.0.0.1\nlogin a\npassword b\nmacdef init\ncd /\n\n",
        "machine \"a b\" login \"c\\\"d\" password e\\ f\"g machine x",
        "machine a login \"\" password \"\"\nmachine b password \"with a blank\"",
        "machine a user b password #c\nmachine é login ü password ö",
        "machine a\n\t login b\n\n\n password c\n\n\n",
        "machine a",
        "machine a login",
    ] {
        std::fs::write(&own, text).expect("written");
        let mut command = home.command("sh");
        command.args(["-c", "cp \"$NETRC\" merged"]).env("NETRC", &own);
        let done = succeeds(&home, exec(&[&BED.simple_url("alice/dev")], command));
        assert_eq!(err(&done).lines().count(), 1, "{text:?}: {}", err(&done));
        same_for_python(&home, &own, &merged);
    }
    // What it takes for none would take ours away as well.
    for (text, line) in [
        ("machine a login b password c\n\nmachine d logn e\nmachine f login g password h", 3),
        ("nonsense\nmachine a login b", 1),
        ("machine", 1),
    ] {
        std::fs::write(&own, text).expect("written");
        let mut command = home.command("sh");
        command.args(["-c", "cp \"$NETRC\" merged"]).env("NETRC", &own);
        let done = succeeds(&home, exec(&[&BED.simple_url("alice/dev")], command));
        let said = format!("{} is no netrc from line {line} on, and left out from there", own.display());
        assert!(err(&done).contains(&said), "{}", err(&done));
        let read = text.lines().take(line - 1).collect::<Vec<_>>().join("\n");
        std::fs::write(&own, if line > 1 { read + "\nmachine d" } else { String::new() }).expect("written");
        same_for_python(&home, &own, &merged);
    }
}
