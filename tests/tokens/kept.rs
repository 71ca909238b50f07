//! Tokens that are derived from a kept one.

use super::*;

#[test]
fn a_token_derived_from_the_kept_root_stays_under_the_ceiling() {
    let home = Home::with_alice();
    let derive = |args: &[&str]| home.cli(&[&["derive"], args].concat()).output().expect("it ends");
    // Longer than the ceiling of this kind: an hour for reading, fifteen minutes for uploads.
    let read_token = token(derive(&["-a", "pkg_read", "-i", "alice/dev", "-e", "2d"]));
    assert_about(lifetime(&read_token), 3600);
    assert_eq!(reads("alice", &read_token, "alice/dev"), 200);
    let upload = token(derive(&["-a", "upload", "-i", "alice/dev", "-p", "pkg", "-e", "never"]));
    assert_about(lifetime(&upload), 15 * 60);
    let short = token(derive(&["-a", "pkg_read", "-i", "alice/dev", "-e", "2min"]));
    assert_about(lifetime(&short), 120);
    // Nothing that the agent's kinds do not have.
    for token in [&read_token, &upload, &short] {
        let scope = read(token).scope();
        assert_eq!(scope.allowed().map(std::collections::BTreeSet::len), Some(1));
        assert!(!scope.allows_index(&"alice/other".parse().expect("an index")));
        // The root's own restrictions stand first: it is its descendant.
        assert!(caveats(token)[0].starts_with("allowed=del_entry,"), "{:?}", caveats(token));
    }
}

#[test]
fn a_token_wider_than_the_agent_gives_is_refused() {
    let home = Home::with_alice();
    let derive = |args: &[&str]| home.cli(&[&["derive"], args].concat()).output().expect("it ends");
    for args in [
        &["-a", "index_create", "-i", "alice/dev"][..],
        &["-a", "pkg_read,index_modify", "-i", "alice/dev"],
        &["-a", "upload,del_project", "-i", "alice/dev"],
        &["-a", "user_modify", "-i", "alice/dev"],
        &["-a", "upload", "-i", "alice/dev,alice/other"],
        &["-y", "-a", "made_up", "-i", "alice/dev"],
    ] {
        let refused = derive(args);
        assert_eq!((code(&refused), out(&refused).as_str()), (Some(77), ""), "{args:?}: {}", err(&refused));
    }
    // Where no index is named it is the one of the login, with its bases, and not all.
    let unnamed = token(derive(&["-a", "pkg_read"]));
    let index = |name: &str| name.parse().expect("an index");
    let indexes = ["alice/dev", "alice/mid", "alice/base"].map(index).into();
    assert_eq!(read(&unnamed).scope().indexes(), Some(&indexes));
}

#[test]
fn where_no_token_is_kept_there_is_nothing_to_derive_from() {
    let home = Home::new("memory");
    let refused = home.cli(&["derive", "-a", "pkg_read", "-i", "alice/dev"]).output().expect("it ends");
    assert_eq!((code(&refused), out(&refused).as_str()), (Some(1), ""), "{}", err(&refused));
    assert!(err(&refused).contains("devpi-tokens login"), "{}", err(&refused));
}

#[test]
fn a_kept_token_that_is_deleted_is_forgotten_by_the_agent() {
    let home = Home::with_alice();
    let status = || home.cli(&["status", "--json"]).output().expect("it ends");
    let kept: Value = serde_json::from_slice(&status().stdout).expect("JSON");
    let id = kept["roots"][0]["id"].as_str().expect("an id").to_owned();
    // Another token of the same user: the agent keeps its own.
    let other = token(as_user(&home, "alice", &["create", "-a", "pkg_read", "-e", "10min"]));
    let deleted = done(as_user(&home, "alice", &["delete", read(&other).id().as_str()]));
    assert!(!err(&deleted).contains("agent"), "{}", err(&deleted));
    assert_eq!(code(&status()), Some(0));
    let get = || home.cli(&["get", &BED.simple_url("alice/dev")]).output().expect("it ends");
    done(get());

    let deleted = done(as_user(&home, "alice", &["delete", &id]));
    assert!(err(&deleted).contains("the agent kept this token, and has forgotten it"), "{}", err(&deleted));
    assert!(!ids("alice").contains(&id));
    assert_eq!(code(&status()), Some(1));
    assert_eq!(out(&get()), "");
}

#[test]
fn the_kept_token_names_server_and_user_where_nobody_else_does() {
    let home = Home::with_alice();
    let password = format!("{}\n", BED.password("alice"));
    let made = token(fed(home.cli(&["create", "-a", "pkg_read", "-e", "10min"]), &password));
    assert_eq!(read(&made).user().as_str(), "alice");
    done(fed(home.cli(&["delete", read(&made).id().as_str()]), &password));
}
