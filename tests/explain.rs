//! `devpi-tokens explain`: what it tells is what the agent then does, and telling it does nothing.

mod support;

use devpi_tokens::client::Client;
use devpi_tokens::protocol::{IndexBases, Request, Root, ServerAccess};
use devpi_tokens::secret::Secret;
use devpi_tokens::target::IndexName;
use serde_json::Value;
use support::judge::Watch;
use support::{BED, Home, code, err, fed, out};

fn explained(home: &Home, args: &[&str]) -> Value {
    let done = home.cli(&[&["explain", "--json"], args].concat()).output().expect("explain");
    assert!(done.status.success(), "{}", err(&done));
    serde_json::from_str(&out(&done)).expect("JSON")
}

#[test]
fn what_is_explained_is_what_is_then_handed_out_and_nothing_is_made_for_it() {
    let home = Home::with_alice();
    let watch = Watch::new(&home, &BED);
    let url = BED.simple_url("alice/dev");
    let told = explained(&home, &[&url, "--project", "bed-app"]);
    assert!(watch.sent().is_empty(), "the server was asked");
    assert!(!home.path().join("state/handouts.log").exists(), "a token was made");
    let cases = told["cases"].as_array().expect("the cases");
    for (case, args) in
        cases.iter().zip([&["--for", "read"][..], &["--for", "upload", "--project", "bed-app"], &["--for", "upload"]])
    {
        let given = home.cli(&[&["get", &url], args].concat()).output().expect("get");
        let token = fed(home.cli(&["inspect", "--json", "--file", "-"]), &out(&given));
        let token: Value = serde_json::from_str(&out(&token)).expect("JSON");
        let (granted, scope) = (&case["granted"], &token["scope"]);
        assert_eq!(granted["indexes"], scope["indexes"], "{args:?}");
        assert_eq!(granted["permissions"], scope["allowed"], "{args:?}");
        assert_eq!(granted["root"], token["id"], "{args:?}");
        let now = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
        let left = scope["expires"].as_u64().expect("an end") - now;
        let lifetime = granted["lifetime"].as_u64().expect("a lifetime");
        assert!(left <= lifetime && left + 10 > lifetime, "{left} of {lifetime}");
    }
    assert_eq!(cases.len(), 3);
}

#[test]
fn a_token_for_an_index_that_is_not_there_comes_with_a_line_that_says_so() {
    let home = Home::with_alice();
    let got = home.cli(&["get", &BED.simple_url("alice/dve")]).output().expect("it runs");
    assert!(got.status.success() && out(&got).starts_with("devpi-"), "{}", err(&got));
    assert!(
        err(&got).contains("the bases of alice/dve are not known (the server has no such index): this token is for"),
        "{}",
        err(&got)
    );
}

#[test]
fn bases_that_are_not_known_are_said_and_not_fetched() {
    let home = Home::new("memory");
    home.login(&BED, &BED.index_url("bob/dev"), "bob");
    let told = explained(&home, &[&BED.simple_url("alice/dev")]);
    let read = &told["cases"][0]["granted"];
    assert_eq!(read["unknown_bases"], serde_json::json!(["alice/dev"]));
    assert_eq!(read["indexes"], serde_json::json!(["alice/dev"]));
}

#[test]
fn a_base_that_the_kept_token_does_not_reach_is_named() {
    let home = Home::with_alice();
    let narrow = BED.create_token("alice", &serde_json::json!({"indexes": ["alice/dev", "alice/mid"]}));
    let index = |name: &str| name.parse::<IndexName>().expect("an index");
    // As a login keeps it that saw the bases with its session; the token itself may not ask for them.
    let kept = Root {
        holder: home.roots().remove(0).holder,
        token: Secret::new(narrow.expect("a token")),
        index: Some(index("alice/dev")),
        bases: vec![IndexBases { index: index("alice/dev"), bases: vec![index("alice/mid"), index("alice/base")] }],
        default: true,
        access: ServerAccess::default(),
        environment: Default::default(),
        policy: None,
    };
    let mut agent = Client::running(&home.paths()).expect("a greeting").expect("an agent");
    agent.request(&Request::Keep(Box::new(kept))).expect("kept");
    let shown = out(&home.cli(&["explain", &BED.simple_url("alice/dev")]).output().expect("explain"));
    assert!(shown.contains("read alice/dev, alice/mid, for 1 hour"), "{shown}");
    assert!(shown.contains("alice/base (out of the kept token's reach)"), "{shown}");
}

#[test]
fn a_refusal_is_explained_with_what_to_do_about_it() {
    let home = Home::new("memory");
    let word = BED.password("alice").to_owned() + "\n";
    let (simple, index) = (BED.simple_url("alice/dev"), BED.index_url("alice/dev"));
    let narrow = ["login", &index, "alice", "--allowed", "pkg_read"];
    assert!(fed(home.cli(&narrow), &word).status.success(), "login");
    let told = explained(&home, &[&simple]);
    assert!(told["cases"][0]["granted"].is_object() && told["cases"][1]["refused"].is_object(), "{told}");
    let shown = out(&home.cli(&["explain", &simple]).output().expect("explain"));
    assert!(shown.contains("nothing: the token of alice at ") && shown.contains("does not allow upload"), "{shown}");
    assert!(shown.contains("log in with a wider token: devpi-tokens login"), "{shown}");
    let other = home.cli(&["explain", &simple.replace("http://", "http://bob@")]).output().expect("explain");
    assert_eq!(code(&other), Some(69), "{}", err(&other));
    assert!(home.cli(&["agent", "lock"]).status().expect("lock").success());
    let locked = home.cli(&["explain", &simple]).output().expect("explain");
    assert_eq!(code(&locked), Some(75), "{}", err(&locked));
    assert!(err(&locked).contains("agent unlock"), "{}", err(&locked));
}

#[test]
fn a_url_that_gets_nothing_is_told_what_is_different() {
    let home = Home::with_alice();
    let simple = BED.simple_url("alice/dev");
    for (url, words) in [
        (simple.replace("http://", "https://"), "the URL says https, and http://"),
        (simple.replace("http://", "http://__token__@"), "a user whom no devpi server has"),
        (simple.replace("127.0.0.1", "localhost"), "no token is kept for that host"),
    ] {
        let done = home.cli(&["explain", &url]).output().expect("explain");
        assert_eq!(code(&done), Some(1), "{url}");
        assert!(err(&done).contains(words), "{url}: {}", err(&done));
        let helper = home.helper(&["keyring", "--mode=creds", "get", &url]).output().expect("keyring");
        assert_eq!((code(&helper), out(&helper).as_str()), (Some(1), ""), "{url}: the helper says the same");
    }
}
