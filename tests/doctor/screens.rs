//! What a person sees, as files in `tests/golden/`.

use std::os::unix::fs::PermissionsExt;

use testbed::{Bed, Closing};

use super::desk::{Desk, PASSPHRASE};
use crate::support::proxy::Proxy;
use crate::support::{BED, TOOLS, fed, out};

/// What doctor shows in 80 columns, with words for what differs from run to run.
fn screen(desk: &Desk, args: &str) -> String {
    let line = format!("devpi-tokens doctor {args}");
    let done = desk.shell(&line).env("COLUMNS", "80").env("TZ", "UTC").output().expect("doctor");
    let said = out(&done);
    for line in said.lines() {
        // Its indentation aside, a word cannot be broken.
        assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "over 80 columns: {line}");
    }
    format!("$ {}\n{said}[exit {}]\n\n", line.trim_end(), done.status.code().expect("no signal"))
}

/// The text with words for what differs from run to run, each as long as what it stands for, so that lines break alike.
fn settled(text: &str, desk: &Desk) -> String {
    let path = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let mut text = text.replace(&path(desk.venv()), "VENV").replace(&path(desk.home.path()), "HOME");
    for root in desk.home.roots() {
        text = text.replace(root.id.as_str(), "TOKEN_ID");
    }
    // A port, a process and a date of a token's end, by what stands in front of them.
    for (begin, end, word) in [
        ("http://127.0.0.1:", &[' ', '/', ':', '\n', ',', ';'][..], "PORT"),
        ("process ", &[','], "PID"),
        (" ends in ", &['\n'], "TIME"),
        (" ended ", &['\n'], "TIME"),
    ] {
        let mut parts = text.split(begin);
        let mut next = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.find(end).map_or("", |at| &part[at..]);
            next = format!("{next}{begin}{word}{rest}");
        }
        text = next;
    }
    // Dates stand in brackets, by the begin of their year.
    let is_date = |words: &str| words.contains(" 20") && words.ends_with(" UTC");
    let mut parts = text.split('(');
    let mut settled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')').filter(|(words, _)| is_date(words)) {
            Some((_, rest)) => settled = format!("{settled}(DATE){rest}"),
            None => settled = format!("{settled}({part}"),
        }
    }
    settled
}

fn golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_machine_that_is_well() {
    let desk = Desk::new();
    let text = screen(&desk, "") + &screen(&desk, "--all") + &screen(&desk, "--as pip");
    golden("doctor_well", &settled(&text, &desk));
}

#[test]
fn a_machine_where_much_is_wrong() {
    let mut desk = Desk::new();
    let other = desk.write("other/keyring", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    desk.first = other.parent().map(Into::into);
    desk.env.push(("PIP_KEYRING_PROVIDER", "disabled".into()));
    desk.env.push(("TWINE_USERNAME", "__token__".into()));
    desk.write_uv("");
    let path = desk.home.path().join(".pypirc");
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, text + "username = __token__\n").expect("written");
    BED.delete_token("alice", desk.home.roots().remove(0).id.as_str()).expect("deleted");
    let mut text = screen(&desk, "");
    assert!(desk.home.cli(&["agent", "lock"]).status().expect("lock").success());
    text += &screen(&desk, "");
    assert!(desk.home.cli(&["agent", "stop"]).status().expect("stop").success());
    text += &screen(&desk, "");
    let agent = fed(desk.shell("devpi-tokens agent start && devpi-tokens agent unlock"), PASSPHRASE);
    assert!(agent.status.success());
    golden("doctor_wrong", &settled(&text, &desk));
}

#[test]
fn servers_that_somebody_else_has_to_mend() {
    let proxy = Proxy::to(&BED.url());
    let desk = Desk::at(&BED, &proxy.url());
    let mut text = String::new();
    for closing in [Closing::Open, Closing::Redirect302, Closing::Forbidden403] {
        // alice's token is not one of that server, which is said, too.
        let bed = Bed::start(&TOOLS, closing).expect("a server");
        proxy.lead_to(&bed.url());
        text += &screen(&desk, "");
    }
    let restarted = BED.with_secret_lost().expect("the same server");
    proxy.lead_to(&restarted.url());
    text += &screen(&desk, "");
    proxy.lead_to(&BED.url());
    proxy.set_ahead(-3600);
    text += &screen(&desk, "");
    proxy.close();
    text += &screen(&desk, "");
    golden("doctor_asks", &settled(&text, &desk));
}
