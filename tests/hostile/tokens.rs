//! Tokens that nobody made for us.

use std::process::Output;

use crate::support::offline::{Offline, encoded, field, macaroon, packet, token};
use crate::support::{BED, Home, code, err, fed, out};

/// Each case of the list with a text, all of which every command refuses.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let good = encoded(&macaroon("alice", &["expires=never"]));
    let (front, back) = good.split_at(20);
    let inside = |what: &str| format!("{front}{what}{back}").into_bytes();
    // The same token in the other base64.
    let other = |ours: char, theirs: &str| {
        assert!(good.contains(ours));
        good.replace(ours, theirs).into_bytes()
    };
    let of = |bytes: &[u8]| encoded(bytes).into_bytes();
    let [version, location, identifier] = [vec![2], field(1, b""), field(2, b"alice-abcDEF23")];
    let (signature, end) = (field(6, &[7; 32]), vec![0]);
    let second = |parts: &[&[u8]]| of(&[&version[..], &parts.concat()].concat());
    let first = |parts: &[Vec<u8>]| of(&[packet("identifier", b"alice-abcDEF23"), parts.concat()].concat());
    let signed = packet("signature", &[7; 32]);
    vec![
        ("empty", Vec::new()),
        ("only the prefix", b"devpi-".to_vec()),
        ("the prefix twice", format!("devpi-devpi-{good}").into_bytes()),
        ("a blank inside", inside(" ")),
        ("a tab inside", inside("\t")),
        ("a line ending inside", inside("\n")),
        ("NUL", inside("\0")),
        ("a mark of the order of bytes", format!("\u{feff}{good}").into_bytes()),
        ("a letter that looks like another", inside("\u{430}")),
        ("no UTF-8", [front.as_bytes(), b"\xff", back.as_bytes()].concat()),
        ("=", inside("=")),
        ("padding", format!("{good}==").into_bytes()),
        ("+", other('-', "+")),
        ("/", other('_', "/")),
        ("more than 8 KiB", "A".repeat(8 * 1024 + 1).into_bytes()),
        ("more than is read", "A".repeat(100 * 1024).into_bytes()),
        ("a signature's length over the rest", second(&[&identifier, &end, &end, &[6, 33], &[7; 32]])),
        ("a length over the rest", second(&[&[2, 0x7f], b"alice"])),
        (
            "a length in two bytes that fits into one",
            second(&[&[2, 0x8e, 0], &identifier[2..], &end, &end, &signature]),
        ),
        ("a length without an end", second(&[&[2], &[0xff; 11]])),
        ("bytes behind the signature", of(&[macaroon("alice", &[]), vec![0]].concat())),
        ("a short signature", second(&[&identifier, &end, &end, &field(6, &[7; 31])])),
        ("a long signature", second(&[&identifier, &end, &end, &field(6, &[7; 33])])),
        ("no end of a section", second(&[&identifier, &[1], &end, &signature])),
        ("fields out of order", second(&[&identifier, &location, &end, &end, &signature])),
        ("cut off", good.as_bytes()[..good.len() - 4].to_vec()),
        ("format 1, a length over the rest", first(&[b"ffffcid x".to_vec(), signed.clone()])),
        ("format 1, a length below its own", first(&[b"0003".to_vec(), signed.clone()])),
        ("format 1, no signature", first(&[packet("cid", b"x=1")])),
        ("format 1, a second signature", first(&[signed.clone(), signed.clone()])),
        ("format 1, 10,000 packets", first(&[packet("cid", b"x=1").repeat(10_000), signed.clone()])),
        ("format 1, 400 packets", first(&[packet("cid", b"x=1").repeat(400), signed])),
        ("more than 64 caveats", of(&macaroon("alice", &["x=1"; 65]))),
    ]
}

/// What can only be looked at.
fn of_old_or_of_another_server() -> [(&'static str, String); 2] {
    let first = [packet("identifier", b"alice-abcDEF23"), packet("signature", &[7; 32])].concat();
    let third = [field(1, b"https://other.invalid"), field(2, b"x"), field(4, b"v"), vec![0]].concat();
    let third = [vec![2], field(2, b"alice-abcDEF23"), vec![0], third, vec![0], field(6, &[7; 32])].concat();
    [("format 1", encoded(&first)), ("third-party", encoded(&third))]
}

/// Refused with 65, in one line and what to do about it, with nothing of what was read.
fn assert_malformed(refused: &Output, (what, said): (&str, &[u8])) {
    assert_eq!((code(refused), out(refused).as_str()), (Some(65), ""), "{what}: {}", err(refused));
    let complaint = err(refused);
    let lines: Vec<&str> = complaint.lines().collect();
    assert!(lines[0].starts_with("devpi-tokens: ") && lines.len() > 1, "{what}: {complaint}");
    assert!(lines[1..].iter().all(|line| line.starts_with("  ")), "{what}: {complaint}");
    assert!(complaint.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()), "{what}");
    let quoted = said.windows(12).any(|part| refused.stderr.windows(12).any(|shown| shown == part));
    assert!(!quoted, "{what} is quoted: {complaint}");
}

#[test]
fn a_hostile_token_is_refused_by_every_command_that_reads_one_and_nothing_changes() {
    let offline = Offline::new();
    let before = offline.roots();
    let file = offline.home.path().join("token");
    let file = file.to_str().expect("a path");
    for (what, text) in hostile() {
        std::fs::write(file, &text).expect("a file");
        for verb in [
            &["inspect"][..],
            &["inspect", "--json"],
            &["derive", "-e", "1h", "-o", "derived"],
            &["can", "pkg_read", "alice/dev"],
            &["token-login"],
            &["trace"],
        ] {
            // A token is looked for in what is pasted to `trace`, which may be more than one line.
            assert_malformed(&offline.ran(&[verb, &["-f", file]].concat()), (what, &text));
        }
        // What no frame has room for never gets there.
        if let Some(text) = String::from_utf8(text).ok().filter(|text| text.len() < 60_000) {
            let kept = offline.keep("alice", &text).expect_err(what);
            assert_eq!(kept.exit as u8, 65, "{what}: {kept}");
        }
    }
    assert!(!offline.home.path().join("derived").exists());
    offline.assert_as_before(&before);
    offline.assert_unasked();
}

#[test]
fn a_hostile_token_on_standard_input_is_refused_as_it_is_in_a_file() {
    let offline = Offline::new();
    for (what, text) in hostile() {
        // What is nothing, or a line and then another, is not this token.
        if text.is_empty() || text.contains(&b'\n') {
            continue;
        }
        let text = [&text[..], b"\n"].concat();
        for args in [&["inspect"][..], &["inspect", "-f", "-"], &["derive", "-e", "1h", "-f", "-"]] {
            let mut command = offline.home.cli(args);
            let input = offline.home.path().join("input");
            std::fs::write(&input, &text).expect("a file");
            command.stdin(std::fs::File::open(&input).expect("a file"));
            assert_malformed(&command.output().expect("it runs"), (what, &text));
        }
    }
}

#[test]
fn a_token_of_pypi_is_refused_where_one_of_devpi_is_meant() {
    let offline = Offline::new();
    let foreign = token("alice", &[]).replacen("devpi-", "pypi-", 1);
    std::fs::write(offline.home.path().join("token"), &foreign).expect("a file");
    for verb in [&["derive", "-e", "1h"][..], &["can", "pkg_read", "alice/dev"], &["token-login"], &["trace"]] {
        let refused = offline.ran(&[verb, &["-f", "token"]].concat());
        assert_malformed(&refused, ("pypi-", foreign.as_bytes()));
        assert!(err(&refused).contains("a token of PyPI"), "{}", err(&refused));
    }
    assert_eq!(offline.keep("alice", &foreign).expect_err("refused").exit as u8, 65);
}

#[test]
fn what_can_only_be_looked_at_is_inspected_and_neither_derived_from_nor_kept() {
    let offline = Offline::new();
    let before = offline.roots();
    for (what, text) in of_old_or_of_another_server() {
        std::fs::write(offline.home.path().join("token"), &text).expect("a file");
        let shown = offline.ran(&["inspect", "-f", "token"]);
        assert!(shown.status.success() && out(&shown).contains("alice"), "{what}: {}", err(&shown));
        for force in [&[][..], &["--force-unknown"]] {
            let refused = offline.ran(&[&["derive", "-f", "token", "-e", "1h"], force].concat());
            assert_malformed(&refused, (what, text.as_bytes()));
        }
        assert_eq!(offline.keep("alice", &text).expect_err(what).exit as u8, 65, "{what}");
    }
    offline.assert_as_before(&before);
}

#[test]
fn one_line_ending_behind_a_token_is_fine_and_nothing_else_is() {
    let home = Home::new("memory");
    let good = token("alice", &["expires=never"]);
    let inspect = |text: &str, from: &str| {
        std::fs::write(home.path().join("token"), text).expect("a file");
        code(&fed(home.cli(&["inspect", "-f", from]), text))
    };
    for from in ["token", "-"] {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(inspect(&format!("{good}{end}"), from), Some(0), "{end:?} from {from}");
        }
        for odd in [format!(" {good}\n"), format!("{good} \n"), format!("{good}\r\r\n"), format!("\u{feff}{good}\n")] {
            assert_eq!(inspect(&odd, from), Some(65), "{odd:?} from {from}");
        }
    }
    assert_eq!(inspect(&format!("{good}\n\n"), "token"), Some(65));
    // A pipe has a line for each thing that is asked: the next one is not the token's.
    assert_eq!(inspect(&format!("{good}\n\n"), "-"), Some(0));
}

#[test]
fn a_login_with_a_hostile_token_keeps_nothing_and_makes_no_vault() {
    let index = BED.index_url("alice/dev");
    let home = Home::new("passphrase");
    let pass = "correct horse\n";
    for (what, text) in hostile() {
        std::fs::write(home.path().join("token"), &text).expect("a file");
        let refused = fed(home.cli(&["login", "-f", "token", &index, "alice"]), pass);
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(65), ""), "{what}: {}", err(&refused));
    }
    for (what, text) in of_old_or_of_another_server() {
        std::fs::write(home.path().join("token"), &text).expect("a file");
        let refused = fed(home.cli(&["login", "-f", "token", &index, "alice"]), pass);
        assert_eq!(code(&refused), Some(65), "{what}: {}", err(&refused));
    }
    // As good as any to look at, and no server has made it.
    std::fs::write(home.path().join("token"), token("alice", &[])).expect("a file");
    let refused = fed(home.cli(&["login", "-f", "token", &index, "alice"]), pass);
    assert_eq!(code(&refused), Some(77), "{}", err(&refused));
    assert!(!home.paths().vault().exists() && !home.paths().hosts().exists(), "a vault was made");
    let agent = home.agent();
    home.login_with(pass, &BED, &index, "alice");
    assert!(home.agent() == agent && home.paths().vault().exists(), "the control");
}
