//! Tokens in files.

use super::*;

#[test]
fn a_token_file_is_for_its_owner_alone_and_never_replaced_unasked() {
    let home = Home::new("memory");
    let folder = home.path().join("out");
    std::fs::create_dir(&folder).expect("a folder");
    let path = folder.join("token");
    let shown = path.to_str().expect("a path");
    let from = some_token();
    let derive = |args: &[&str]| fed(home.cli(&[&["derive", "-f", "-", "-e", "5min"], args].concat()), &from);

    let written = done(derive(&["-o", shown]));
    assert_eq!(out(&written), "");
    assert_eq!(mode(&path), 0o600);
    let first = std::fs::read_to_string(&path).expect("a file");
    assert!(first.starts_with("devpi-") && first.ends_with('\n') && first.lines().count() == 1);
    // What was written is read again.
    assert_eq!(inspect(&home, first.trim_end())["user"], "alice");

    let refused = derive(&["-a", "upload", "-o", shown]);
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(73), ""), "{}", err(&refused));
    assert!(err(&refused).contains("--force") && err(&refused).contains(shown), "{}", err(&refused));
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), first);

    // A file that anybody could read does not pass its mode on.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    done(derive(&["-a", "upload", "-o", shown, "--force"]));
    assert_ne!(std::fs::read_to_string(&path).expect("a file"), first);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(&folder), ["token"]);
}

#[test]
fn a_token_file_replaces_a_link_and_never_follows_it() {
    let home = Home::new("memory");
    let folder = home.path().join("out");
    std::fs::create_dir(&folder).expect("a folder");
    let (target, link, dangling) = (folder.join("target"), folder.join("link"), folder.join("dangling"));
    std::fs::write(&target, "another's").expect("written");
    symlink(&target, &link).expect("a link");
    symlink(folder.join("nowhere"), &dangling).expect("a link");
    let from = some_token();
    for path in [&link, &dangling] {
        let shown = path.to_str().expect("a path");
        let derive =
            |args: &[&str]| fed(home.cli(&[&["derive", "-f", "-", "-e", "5min", "-o", shown], args].concat()), &from);
        assert_eq!(code(&derive(&[])), Some(73));
        assert!(path.is_symlink());
        done(derive(&["--force"]));
        assert!(!path.is_symlink() && mode(path) == 0o600);
    }
    assert_eq!(std::fs::read_to_string(&target).expect("a file"), "another's");
    assert_eq!(names(&folder), ["dangling", "link", "target"]);
}

#[test]
fn where_a_file_cannot_be_written_no_token_is_made() {
    let home = Home::new("memory");
    let before = ids("alice");
    let folder = home.path().join("a-folder");
    std::fs::create_dir(&folder).expect("a folder");
    let (missing, folder) = (home.path().join("missing/token"), folder.to_str().expect("a path").to_owned());
    for (path, force) in [(missing.to_str().expect("a path"), false), (&folder, false), (&folder, true)] {
        let force = if force { &["--force"][..] } else { &[] };
        let refused = as_user(&home, "alice", &[&["create", "-a", "del_entry", "-o", path], force].concat());
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(73), ""), "{}", err(&refused));
        assert!(err(&refused).contains(path), "{}", err(&refused));
    }
    let left = BED.tokens("alice").expect("the tokens");
    let new = left.as_object().expect("by id").iter().filter(|(id, _)| !before.contains(id));
    // Other tests make tokens meanwhile, none of them for this.
    assert!(new.map(|(_, token)| token["restrictions"][0].clone()).all(|first| first != "allowed=del_entry"));
    assert!(!home.path().join("missing").exists() && names(Path::new(&folder)).is_empty());
    // Nothing that was begun is left where a server refuses.
    let path = home.path().join("refused");
    let refused = as_user(&home, "alice", &["create", "-u", "bob", "-o", path.to_str().expect("a path")]);
    assert_eq!(code(&refused), Some(77), "{}", err(&refused));
    assert!(!names(home.path()).iter().any(|name| name.contains("refused")), "{:?}", names(home.path()));
}
