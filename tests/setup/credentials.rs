//! Credentials that lie in files: into the agent, out of the files, and shown to nobody.

use std::time::SystemTime;

use serde_json::json;

use crate::support::run::succeeds;
use crate::support::{BED, Home, TOOLS, code, err, out};
use crate::{Person, packages};
use testbed::Client;

/// Somebody who has not logged in yet.
fn stranger() -> Person {
    Person::new(Home::lasting(), Client::new(&TOOLS).expect("a client"))
}

/// A token of alice to read, which ends before what a login makes.
fn token_to_read() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
    BED.create_token("alice", &json!({"allowed": ["pkg_read"], "expires": now + 86_400})).expect("a token")
}

/// A client that has our package beside it.
fn with_agent(person: &Person, package: &str, command: &str) {
    let has = ["keyring-25.7.0", "devpi_tokens_agent-0.1.0"];
    packages::tool(person, ".local/share/pipx/venvs", (package, command), &has);
}

fn with_user(url: &str, user: &str, secret: &str) -> String {
    url.replacen("http://", &format!("http://{user}:{secret}@"), 1)
}

#[test]
fn a_token_in_pip_conf_is_kept_by_the_agent_and_pip_installs_without_it() {
    let person = stranger();
    let token = token_to_read();
    let url = BED.simple_url("alice/dev");
    let text = format!("[global]\n# the team's\nindex-url = {}\n", with_user(&url, "alice", &token));
    person.file(".config/pip/pip.conf", &text);
    let shown = person.setup(&["pip"]);
    assert_eq!(code(&shown), Some(1));
    assert!(person.home.agent().is_none() && person.read(".config/pip/pip.conf") == text, "nobody agreed");
    let said = person.set_up(&["pip", "--yes"]);
    for said in [out(&shown), err(&shown), said] {
        assert!(!said.contains(&token[6..]), "{said}");
    }
    let plain = url.replacen("http://", "http://alice@", 1);
    assert!(person.read(".config/pip/pip.conf").starts_with(&format!("[global]\n# the team's\nindex-url = {plain}\n")));
    assert_eq!(person.home.roots().len(), 1);
    succeeds(&person.home, person.client.pip(["install", "bed-app"]));
    assert!(person.client.imports("bed_core"));
    assert_eq!(person.set_up(&["pip", "--yes"]), "nothing to do\n");
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/pip/pip.conf"), format!("[global]\n# the team's\nindex-url = {plain}\n"));
}

#[test]
fn a_password_only_logs_in() {
    let person = stranger();
    let url = BED.simple_url("alice/dev");
    let text = format!("[[index]]\nurl = \"{}\"\n", with_user(&url, "alice", BED.password("alice")));
    person.file(".config/uv/uv.toml", &text);
    person.set_up(&["uv", "--yes"]);
    assert!(!person.read(".config/uv/uv.toml").contains(BED.password("alice")));
    assert_eq!(person.home.roots()[0].holder.user.as_str(), "alice");
    succeeds(&person.home, person.client.uv(["pip", "install", "bed-app"]));
}

#[test]
fn a_credential_that_the_server_refuses_stays_where_it_is() {
    let person = stranger();
    let text = format!("[global]\nindex-url = {}\n", with_user(&BED.simple_url("alice/dev"), "alice", "wr0ng-one"));
    person.file(".config/pip/pip.conf", &text);
    let done = person.setup(&["pip", "--yes"]);
    assert!(code(&done) != Some(0), "{}", out(&done));
    let said = out(&done) + &err(&done);
    assert!(said.contains("its credential stays where it is\n") && !said.contains("wr0ng"), "{said}");
    assert!(person.read(".config/pip/pip.conf").starts_with(&text));
}

#[test]
fn what_is_no_business_of_ours_is_left_alone() {
    let person = Person::alice();
    let netrc = "machine github.invalid login me password s3cret\n";
    let pypirc = "[pypi]\nusername = __token__\npassword = pypi-s3cret\n[far]\nrepository = https://far.invalid/\nusername = a\npassword = s3cret\n";
    let pip = "[global]\nkeyring-provider = subprocess\nextra-index-url = https://me:s3cret@far.invalid/simple/\n";
    for (name, text) in [(".netrc", netrc), (".pypirc", pypirc), (".config/pip/pip.conf", pip)] {
        person.file(name, text);
    }
    let done = person.setup(&["pip", "twine", "--yes"]);
    assert!(!(out(&done) + &err(&done)).contains("s3cret"));
    assert_eq!(
        (person.read(".netrc"), person.read(".pypirc"), person.read(".config/pip/pip.conf")),
        (netrc.into(), pypirc.into(), pip.into())
    );
}

#[test]
fn tokens_in_netrc_poetrys_and_devpi_clients_files_go_once_the_agent_has_one() {
    let person = Person::alice();
    let token = token_to_read();
    person.file(
        ".netrc",
        &format!("# mine\nmachine 127.0.0.1 login alice password {token}\nmachine else login a password b\n"),
    );
    person.file(
        ".config/pypoetry/config.toml",
        &format!("[repositories.dev]\nurl = \"{}\"\n", BED.index_url("alice/dev")),
    );
    person.file(
        ".config/pypoetry/auth.toml",
        &format!("# mine\n[http-basic.dev]\nusername = \"alice\"\npassword = \"{token}\"\n"),
    );
    person.file(
        ".config/pdm/config.toml",
        &format!(
            "[repository.dev]\nurl = \"{}\"\nusername = \"alice\"\npassword = \"{token}\"\n",
            BED.index_url("alice/dev")
        ),
    );
    person.file(".devpi/client/auth.json", &json!({"auth": {BED.url() + "/": [["alice", token]]}}).to_string());
    for (package, command) in [("poetry", "poetry"), ("pdm", "pdm"), ("devpi-client", "devpi")] {
        with_agent(&person, package, command);
    }
    let done = person.setup(&["poetry", "pdm", "devpi", "--yes"]);
    let said = out(&done) + &err(&done);
    assert_eq!(code(&done), Some(0), "{said}");
    assert!(!said.contains(&token[6..]), "{said}");
    assert!(said.contains("this one stays valid until you type: devpi-tokens delete "), "{said}");
    assert_eq!(person.read(".netrc"), "# mine\nmachine else login a password b\n");
    assert_eq!(
        person.read(".config/pdm/config.toml"),
        format!("[repository.dev]\nurl = \"{}\"\nusername = \"alice\"\n", BED.index_url("alice/dev"))
    );
    let left: String = person.files().values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(!left.contains(&token[6..]), "{left}");
}

#[test]
fn nobody_is_told_to_delete_the_token_that_the_agent_itself_keeps() {
    let person = stranger();
    let token = token_to_read();
    let login = person.home.cli(&["login", "--file", "-", &BED.simple_url("alice/dev")]);
    assert!(crate::support::fed(login, &format!("{token}\n")).status.success());
    person.file(".devpi/client/auth.json", &json!({"auth": {BED.url() + "/": [["alice", token]]}}).to_string());
    with_agent(&person, "devpi-client", "devpi");
    let said = person.set_up(&["devpi", "--yes"]);
    assert!(said.contains("the agent keeps a token for ") && !said.contains("devpi-tokens delete"), "{said}");
    assert!(!person.read(".devpi/client/auth.json").contains(&token));
}

#[test]
fn a_password_in_a_netrc_is_left_unless_a_person_agrees() {
    let person = Person::alice();
    let text = format!("machine 127.0.0.1 login alice password {}\n", BED.password("alice"));
    person.file(".netrc", &text);
    let done = person.setup(&["pip", "--yes"]);
    assert!(
        err(&done).contains("~/.netrc: a password is left there, as other programs may need it\n"),
        "{}",
        err(&done)
    );
    assert_eq!(person.read(".netrc"), text);
}

/// pip.conf with that credential, and uv.toml with that one, both of alice.
fn two(person: &Person, pip: &str, uv: &str) {
    let url = BED.simple_url("alice/dev");
    person.file(".config/pip/pip.conf", &format!("[global]\nindex-url = {}\n", with_user(&url, "alice", pip)));
    person.file(".config/uv/uv.toml", &format!("[[index]]\nurl = \"{}\"\n", with_user(&url, "alice", uv)));
}

#[test]
fn a_change_is_taken_back_also_after_a_password_has_gone_out_of_the_same_file() {
    let person = Person::alice();
    let with = |secret: &str| {
        format!("# mine\n[global]\nindex-url = {}\n", with_user(&BED.simple_url("alice/dev"), "alice", secret))
    };
    person.file(".config/pip/pip.conf", &with("x").replace(":x@", "@"));
    person.set_up(&["pip", "--yes"]);
    let told = person.read(".config/pip/pip.conf").replace("alice@", &format!("alice:{}@", BED.password("alice")));
    person.file(".config/pip/pip.conf", &told);
    person.set_up(&["pip", "--yes"]);
    person.set_up(&["--undo", "--yes"]);
    assert_eq!(person.read(".config/pip/pip.conf"), with("x").replace(":x@", "@"));
}

fn id_of(token: &str) -> String {
    devpi_tokens::token::Token::parse(token).expect("a token").id().to_string()
}

#[test]
fn a_second_token_never_takes_the_place_of_the_first_whose_only_copy_the_agent_has() {
    let person = stranger();
    let [reads, uploads] =
        ["pkg_read", "upload"].map(|may| BED.create_token("alice", &json!({"allowed": [may]})).expect("a token"));
    two(&person, &reads, &uploads);
    let done = person.setup(&["pip", "uv", "--yes"]);
    let roots = person.home.roots();
    assert_eq!((roots.len(), roots[0].id.to_string()), (1, id_of(&reads)), "{}{}", out(&done), err(&done));
    assert!(person.read(".config/uv/uv.toml").contains(&uploads), "nobody else has it");
    assert!(err(&done).contains("~/.config/uv/uv.toml: the token of alice is left there\n"), "{}", err(&done));
    let kept = person.setup(&["pip", "uv", "--yes"]);
    assert_eq!(out(&kept), "nothing to do\n", "{}", err(&kept));
}

#[test]
fn a_token_that_others_may_use_too_stays_on_the_server() {
    let person = stranger();
    let token = token_to_read();
    two(&person, &token, BED.password("alice"));
    person.set_up(&["pip", "uv", "--yes"]);
    assert!(BED.tokens("alice").expect("a list").get(id_of(&token)).is_some());
    assert_eq!(person.home.roots()[0].id.to_string(), id_of(&token));
    assert!(!person.read(".config/uv/uv.toml").contains(BED.password("alice")));
}

#[test]
fn one_password_in_two_files_is_logged_in_with_once() {
    let person = stranger();
    two(&person, BED.password("alice"), BED.password("alice"));
    let said = person.set_up(&["pip", "uv", "--yes"]);
    assert_eq!(said.matches("the agent keeps the token ").count(), 1, "{said}");
    for file in [".config/pip/pip.conf", ".config/uv/uv.toml"] {
        assert!(!person.read(file).contains(BED.password("alice")), "{file}");
    }
}

#[test]
fn what_ends_with_the_agent_takes_no_credential_out_of_a_file() {
    for home in [Home::new("memory"), Home::with_alice()] {
        let person = Person::new(home, Client::new(&TOOLS).expect("a client"));
        two(&person, BED.password("alice"), BED.password("alice"));
        let done = person.setup(&["pip", "uv", "--yes"]);
        assert!(
            err(&done).contains("pip.conf: credentials are left there, as what the agent keeps ends"),
            "{}",
            err(&done)
        );
        for file in [".config/pip/pip.conf", ".config/uv/uv.toml"] {
            assert!(person.read(file).contains(BED.password("alice")), "{file}");
        }
    }
}
