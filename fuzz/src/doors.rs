//! The helper's two front doors: git's lines and the words of the keyring command.

use devpi_tokens::exit::Exit;
use devpi_tokens::helper::git::Service;
use devpi_tokens::helper::keyring::Get;
use devpi_tokens::target::ServerUrl;

/// What git says on standard input.
pub fn git_lines(data: &[u8]) {
    let parsed = Service::parse(data);
    let service = match parsed {
        Ok(Some(service)) => service,
        Ok(None) => return,
        Err(failure) => {
            assert_eq!(failure.exit, Exit::Malformed);
            assert!(failure.message.is_ascii() && failure.message.len() < 60, "it may quote what git said");
            return;
        }
    };
    let Service { protocol, host, path, username } = &service;
    assert!(["http", "https"].contains(&protocol.as_str()), "git asks by {protocol:?}");
    assert!(!host.is_empty() && !host.contains(['/', '?', '#', '%', '@', '\\']), "{host:?} is more than a host");
    let said =
        [("protocol", Some(protocol)), ("host", Some(host)), ("path", path.as_ref()), ("username", username.as_ref())];
    let said: Vec<String> = said.into_iter().filter_map(|(key, value)| Some(format!("{key}={}\n", value?))).collect();
    let heard = str::from_utf8(data).expect("UTF-8").split("\n\n").next().unwrap_or_default();
    for line in &said {
        let line = line.trim_end_matches('\n');
        assert!(!line.chars().any(char::is_control));
        assert_eq!(heard.split('\n').filter(|heard| *heard == line).count(), 1, "{line:?}");
    }
    let again = |lines: String| Service::parse(lines.as_bytes());
    let said = said.concat();
    assert_eq!(again(said.clone()).expect("what it says itself").as_ref(), Some(&service));
    assert_eq!(again(format!("{said}\nhost=evil\n")).expect("the end was before").as_ref(), Some(&service));
    for twice in ["host=evil", "protocol=https", "path=evil\npath=evil", "username=evil\nusername=evil"] {
        assert!(again(format!("{said}{twice}\n")).is_err(), "{twice:?} was said twice");
    }
    for odd in ["\r\n", "odd\n", "x=\0\n", "x=\u{9b}\n"] {
        assert!(again(format!("{said}{odd}")).is_err(), "{odd:?} is taken");
    }

    // Whatever address comes of it is on the host that was named, and on no other.
    let (Ok(target), Ok(server)) = (service.target(), format!("{protocol}://{host}").parse::<ServerUrl>()) else {
        return;
    };
    assert!(server.place(&target).is_some(), "{service:?} is not on its own host");
    let elsewhere: ServerUrl = format!("{protocol}://elsewhere.invalid").parse().expect("a server");
    assert!(elsewhere.place(&target).is_none() || elsewhere == server, "{service:?} is on another host");
    assert!(target.user().is_none());
}

/// The words behind `keyring`, one a line.
pub fn keyring_argv(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let words: Vec<&str> = text.split('\n').collect();
    let Some(get) = Get::parse(&words) else { return };
    let positionals: Vec<&str> = ["get", &get.service].into_iter().chain(get.user.as_deref()).collect();
    let mut rest = words.iter();
    assert!(positionals.iter().all(|one| rest.any(|word| word == one)), "{get:?} stands not in {words:?}");
    assert!(!get.with_user || words.iter().any(|word| word.ends_with("creds")));
    assert!(!get.json || words.iter().any(|word| word.ends_with("json")));

    let mode = if get.with_user { "creds" } else { "password" };
    let output = if get.json { "json" } else { "plain" };
    let plain = ["--mode", mode, "--output", output, "--"].into_iter().chain(positionals.iter().copied());
    let plain: Vec<&str> = plain.collect();
    assert_eq!(Get::parse(&plain).as_ref(), Some(&get), "it is read otherwise when it is written plainly");
    for verb in ["set", "del", "diagnose", "Get"] {
        let other: Vec<&str> = plain.iter().map(|word| if *word == "get" { verb } else { word }).collect();
        assert_eq!(Get::parse(&other).filter(|_| get.service != "get"), None, "{verb} is taken for get");
    }
    for more in [&["-b", "some.Backend"][..], &["--list-backends"], &["--disable"], &["--mode"], &["a", "b"]] {
        let other: Vec<&str> = more.iter().chain(&words).copied().collect();
        let swallows_the_next = *more == ["--mode"];
        assert!(swallows_the_next || Get::parse(&other).is_none(), "{more:?} is passed over");
    }
}
