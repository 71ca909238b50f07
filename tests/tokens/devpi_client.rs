//! devpi-client's own session, and a login of devpi-client with a token.

use super::*;

#[test]
fn devpi_clients_own_session_is_used_and_no_password_asked_for() {
    let home = Home::new("memory");
    let folder = devpi_client(&home, Some("bob"));
    let folder = folder.to_str().expect("a path");
    // Neither a server nor a user is named, and nothing is on standard input.
    let run = |args: &[&str]| home.cli(args).args(["--clientdir", folder]).output().expect("it ends");
    let made = token(run(&["create", "-a", "pkg_read", "-e", "10min"]));
    assert_eq!(reads("bob", &made, "bob/dev"), 200);
    let id = read(&made).id().to_string();
    assert!(out(&done(run(&["list"]))).contains(&id));
    done(run(&["delete", &id]));
    assert!(!ids("bob").contains(&id));
    // By its variable, too; and for another user there is no session.
    let mut list = home.cli(&["list"]);
    done(list.env("DEVPI_CLIENTDIR", folder).output().expect("it ends"));
    let other = run(&["list", "--as", "alice"]);
    assert_eq!(code(&other), Some(2), "{}", err(&other));
    assert!(err(&other).contains("password of alice"), "{}", err(&other));
}

#[test]
fn the_only_server_that_is_kept_is_meant_wherever_devpi_client_is() {
    let home = Home::with_alice();
    let folder = devpi_client(&home, None);
    let elsewhere = json!({"index": "http://127.0.0.1:2/bob/dev", "login": "http://127.0.0.1:2/+login"});
    std::fs::write(folder.join("current.json"), elsewhere.to_string()).expect("written");
    let refused = home.cli(&["list", "--clientdir", folder.to_str().expect("a path")]).output().expect("it ends");
    assert!(err(&refused).contains(&format!("password of alice at {}", BED.url())), "{}", err(&refused));
}

#[test]
fn a_session_of_devpi_client_that_is_over_is_refused_in_the_servers_words() {
    let home = Home::new("memory");
    let folder = devpi_client(&home, Some("bob"));
    let file = folder.join("auth.json");
    let mut auth: Value = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
    let sessions = auth["auth"].as_object_mut().expect("by server");
    for (_, users) in sessions.iter_mut() {
        users[0][1] = json!("bob-session-that-is-over");
    }
    std::fs::write(&file, auth.to_string()).expect("written");
    let refused = home.cli(&["list", "--clientdir", folder.to_str().expect("a path")]).output().expect("it ends");
    assert_eq!(code(&refused), Some(77), "{}", err(&refused));
    assert!(!err(&refused).contains("bob-session-that-is-over"), "{}", err(&refused));
}

#[test]
fn devpi_client_is_logged_in_with_a_token() {
    let home = Home::new("memory");
    let folder = devpi_client(&home, None);
    let shown = folder.to_str().expect("a path");
    let made = some_token();
    let login = |token: &str| fed(home.cli(&["token-login", "-f", "-", "--clientdir", shown]), token);
    let logged_in = done(login(&made));
    assert!(out(&logged_in).contains("logged in as alice"), "{}", out(&logged_in));
    assert_eq!(mode(&folder.join("auth.json")), 0o600);
    assert_eq!(mode(&folder.join("current.json")), 0o600);
    let used = done(devpi(&home, &folder).arg("use").output().expect("devpi runs"));
    assert!(out(&used).contains("logged in as alice"), "{}", out(&used));
    done(devpi(&home, &folder).args(["use", "alice/dev"]).output().expect("devpi runs"));
    let listed = done(devpi(&home, &folder).args(["list", "bed-app"]).output().expect("devpi runs"));
    assert!(out(&listed).contains("bed_app"), "{}", out(&listed));
    // Its own session of another user stays behind.
    let bob = format!("--password={}", BED.password("bob"));
    done(devpi(&home, &folder).args(["login", "bob", &bob]).output().expect("devpi runs"));
    done(login(&made));
    let used = done(devpi(&home, &folder).args(["use", "--user", "bob"]).output().expect("devpi runs"));
    assert!(out(&used).contains("bob"), "{}", out(&used));
}

#[test]
fn devpi_client_is_not_logged_in_with_a_token_that_is_no_good() {
    let home = Home::new("memory");
    let folder = devpi_client(&home, None);
    let shown = folder.to_str().expect("a path");
    let expired = BED.restrict(&some_token(), &["expires=1"]).expect("a token");
    let refused = fed(home.cli(&["token-login", "-f", "-", "--clientdir", shown]), &expired);
    assert!(!refused.status.success() && out(&refused).is_empty(), "{}", err(&refused));
    assert!(!folder.join("auth.json").exists());
    let nowhere = home.path().join("nobody");
    let unused = fed(home.cli(&["token-login", "-f", "-", "--clientdir", nowhere.to_str().expect("a path")]), &expired);
    assert_eq!(code(&unused), Some(2), "{}", err(&unused));
}
