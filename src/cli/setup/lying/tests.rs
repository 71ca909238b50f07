use super::*;

/// A token of pymacaroons, without a restriction.
const TOKEN: &str = "devpi-AgEAAg5hbGljZS1hYmNERUYyMwAABiBTicNRRBBO6IPBcF9f5hAlreWtPS5HMFUO";

/// A whole token, as the one above is cut off.
fn token() -> String {
    let vectors: Value = serde_json::from_str(include_str!("../../../../tests/vectors/tokens.json")).expect("vectors");
    vectors["derived"][0]["root"].as_str().expect("a token").to_owned()
}

/// What is found: address, user and secret of each, and the text without all of them.
fn seen(kind: Kind, text: &str) -> (Vec<String>, String) {
    let names = BTreeMap::from([("dev".to_owned(), "https://h/alice/dev/".to_owned())]);
    let found = find(kind, text, &names);
    let shown = found
        .iter()
        .map(|lying| format!("{} {} {}", lying.url, lying.user.as_deref().unwrap_or("-"), lying.secret.expose()));
    (shown.collect(), without(text, &found.iter().collect::<Vec<_>>()))
}

#[test]
fn a_password_in_an_address_is_found_in_every_language() {
    let text = "[global]\n# https://old:gone@h/x\nindex-url = https://alice:pa%40ss@h:1/alice/dev/+simple/ ; c\nextra-index-url =\n    \
                https://h/a/b/\n    https://bob@h/c/\nurl = \"https://bob:s3@h/d\", 'http://h/@e:f'\n";
    let (found, without) = seen(Kind::Addresses, text);
    assert_eq!(found, ["https://h/x old gone", "https://h:1/alice/dev/+simple/ alice pa@ss", "https://h/d bob s3"]);
    let expected = text.replace(":gone@", "@").replace(":pa%40ss@", "@").replace(":s3@", "@");
    assert_eq!(without, expected);
}

#[test]
fn a_token_in_the_place_of_the_user_goes_with_its_sign() {
    for (before, after) in [
        (format!("i = https://{TOKEN}@h/a/b/"), "i = https://h/a/b/"),
        (format!("i = https://{TOKEN}:@h/a/b/"), "i = https://h/a/b/"),
        (format!("i = https://__token__:{TOKEN}@h/a/b/"), "i = https://h/a/b/"),
        (format!("i = https://alice:{TOKEN}@h/a/b/"), "i = https://alice@h/a/b/"),
    ] {
        let (found, without) = seen(Kind::Addresses, &before);
        assert!(found.len() == 1 && found[0].ends_with(TOKEN), "{found:?}");
        assert_eq!(without, after);
    }
}

#[test]
fn a_password_in_pypirc_belongs_to_the_address_of_its_section() {
    let text = "[distutils]\nindex-servers = dev pypi\n[dev]\nrepository = https://h/a/dev/\nusername = alice\n# secret\n\
                password:\n   s3\n   cret\n[pypi]\nusername = __token__\npassword = pypi-x\n";
    let (found, without) = seen(Kind::Pypirc, text);
    assert_eq!(found, ["https://h/a/dev/ alice s3\ncret"]);
    assert_eq!(without, text.replace("password:\n   s3\n   cret\n", ""));
}

#[test]
fn a_table_with_an_address_and_a_password_is_found_at_any_depth() {
    let text = "# mine\n[pypi.extra] # here\nurl = \"https://h/a/dev/+simple/\"\nusername = \"alice\"\npassword = \"s3\" # psst\n\n\
                [publish.index.repos]\ntwo = { url = \"https://h/b/\", auth = \"s4\", user = \"__token__\" }\n";
    let (found, without) = seen(Kind::Tables, text);
    assert_eq!(found, ["https://h/b/ - s4", "https://h/a/dev/+simple/ alice s3"], "in the order of the names");
    let expected = text.replace("password = \"s3\" # psst\n", "").replace(" auth = \"s4\",", "");
    assert_eq!(without, expected);
    assert_eq!(seen(Kind::Tables, "= nonsense").0, Vec::<String>::new());
}

#[test]
fn poetrys_credentials_are_found_by_the_names_of_its_repositories() {
    let text = "[http-basic.dev]\nusername = \"alice\"\npassword = \"s3\"\n\n[http-basic.far]\nusername = \"a\"\npassword = \"b\"\n\n\
                [pypi-token]\ndev = \"tok\"\npypi = \"pypi-x\"\n";
    let (found, without) = seen(Kind::PoetryAuth, text);
    assert_eq!(found, ["https://h/alice/dev/ alice s3", "https://h/alice/dev/ - tok"]);
    let left: toml::Table = without.parse().expect("TOML");
    assert_eq!(left["http-basic"].as_table().expect("a table").keys().collect::<Vec<_>>(), ["far"]);
    assert_eq!(left["pypi-token"].as_table().expect("a table").keys().collect::<Vec<_>>(), ["pypi"]);
}

#[test]
fn an_entry_of_a_netrc_goes_and_the_comments_around_it_stay() {
    let text = "# mine\nmachine h login alice\n  password s3\n\n# theirs\nmachine else login bob password s4\n";
    let (found, _) = seen(Kind::Netrc, text);
    assert_eq!(found, ["h alice s3", "else bob s4"]);
    let all = find(Kind::Netrc, text, &BTreeMap::new());
    assert_eq!(without(text, &[&all[0]]), "# mine\n\n# theirs\nmachine else login bob password s4\n");
}

#[test]
fn a_token_of_devpi_client_is_found_and_a_session_is_left_to_end() {
    let token = token();
    let text =
        format!(r#"{{"auth": {{"https://h/": [["alice", "{token}"], ["bob", "a session"]]}}, "basicauth": {{}}}}"#);
    let (found, without) = seen(Kind::Sessions, &text);
    assert_eq!(found, [format!("https://h/ alice {token}")]);
    let left: Value = serde_json::from_str(&without).expect("JSON");
    assert_eq!(left, serde_json::json!({"auth": {"https://h/": [["bob", "a session"]]}, "basicauth": {}}));
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_odd_and_nothing_is_found_twice(text in "(://|@|:|=|/|machine |login |password |\\[|\\]|\n|url|\"|h|\\PC| ){0,30}") {
        for kind in [Kind::Addresses, Kind::Pypirc, Kind::Tables, Kind::PoetryAuth, Kind::Netrc, Kind::Sessions] {
            let (_, without) = seen(kind, &text);
            proptest::prop_assert!(seen(kind, &without).0.is_empty(), "{:?}: {:?}", kind, without);
        }
    }
}
