//! devpi-client with our plugin: each of its commands sends a token for what it does, and none is stored.

mod support;

use std::path::PathBuf;

use support::judge::{Sent, Watch, files_came_from, only, only_reads, only_uploads, statuses};
use support::run::{WHEEL, run, succeeds};
use support::{BED, Home, TOOLS, code, err, out};
use testbed::Client;

const DEV: [&str; 3] = ["alice/base", "alice/dev", "alice/mid"];

/// The versions under test, by what they call themselves.
const NEWEST: &str = "devpi-client/7.3.";
const BEFORE: &str = "devpi-client/7.2.";

/// A machine with devpi-client and our wheel.
struct Machine {
    home: Home,
    client: Client,
    /// How its devpi-client calls itself.
    agent: &'static str,
}

impl Machine {
    fn new(agent: &'static str) -> Self {
        let made = if agent == NEWEST { Client::with_devpi(&TOOLS) } else { Client::with_devpi_before(&TOOLS) };
        let mut client = made.expect("a client");
        client.add(&[&WHEEL]).expect("our wheel installed");
        // Where `devpi install` and `devpi test` look for pip and tox.
        client.put_on_path(client.venv().join("bin"));
        Self { home: Home::with_alice(), client, agent }
    }

    fn devpi(&self, args: &[&str]) -> std::process::Command {
        let mut devpi = self.client.own("devpi");
        devpi.args(args);
        devpi
    }

    fn succeeds(&self, args: &[&str]) -> String {
        out(&succeeds(&self.home, self.devpi(args)))
    }

    /// What devpi sent while a command ran. All of it carried tokens of ours.
    fn sent(&self, args: &[&str]) -> Vec<Sent> {
        let watch = Watch::new(&self.home, &BED);
        let before = BED.log().expect("the log").len();
        self.succeeds(args);
        let log = BED.log().expect("the log");
        let others = log[before..].iter().filter(|seen| seen.agent.starts_with(self.agent));
        let others: Vec<_> = others.filter(|seen| seen.user.is_some() && seen.token().is_none()).collect();
        assert!(others.is_empty(), "{args:?} sent something else than a token: {others:?}");
        watch.of(self.agent)
    }

    fn auth_json(&self) -> PathBuf {
        self.client.home().join(".devpi/client/auth.json")
    }
}

/// What the seven commands send.
fn seven_commands(machine: &Machine, project: &str) {
    let dev = BED.index_url("alice/dev");
    only_reads(&machine.sent(&["use", &dev]), &DEV);
    assert!(machine.succeeds(&["use"]).contains("logged in as alice"));
    only_reads(&machine.sent(&["list"]), &DEV);
    only_reads(&machine.sent(&["list", "bed-app"]), &DEV);

    let wheel = BED.new_upload(project, "0.1").expect("a wheel");
    let wheel = wheel.to_str().expect("a path");
    let sent = machine.sent(&["upload", wheel]);
    only_uploads(&sent, "alice/dev", project);
    assert_eq!(statuses(&sent, "/alice/dev/"), [200]);
    assert!(machine.succeeds(&["list", project]).contains("-0.1-"));

    let pinned = format!("{project}==0.1");
    let sent = machine.sent(&["push", &pinned, "alice/other"]);
    only(&sent, "pkg_read,upload", "alice/dev");
    let sent = machine.sent(&["list", "--index", "alice/other", project]);
    only_reads(&sent, &["alice/other"]);
    // A redirect takes a slash away.
    assert!(statuses(&sent, "/alice/other/").iter().all(|status| [200, 302].contains(status)), "{sent:#?}");

    let watch = Watch::new(&machine.home, &BED);
    let said = machine.succeeds(&["install", "bed-app"]);
    let sent = watch.of("pip/");
    only_reads(&sent, &DEV);
    files_came_from(&sent, &DEV);
    assert!(machine.client.imports("bed_core"));
    assert!(said.contains("****"), "devpi shows what pip was given: {said}");
    succeeds(&machine.home, machine.client.pip(["uninstall", "--yes", "bed-app", "bed-lib", "bed-core"]));

    tests(machine);

    let sent = machine.sent(&["remove", "-y", &pinned]);
    only(&sent, "del_entry,del_project,del_verdata,pkg_read", "alice/dev");
    assert!(sent.iter().any(|sent| sent.seen.method == "DELETE" && sent.seen.status == 200), "{sent:?}");
}

/// `devpi test`, with something in tox's place that says that all went well.
fn tests(machine: &Machine) {
    use std::os::unix::fs::PermissionsExt;
    let tox = machine.client.venv().join("bin/tox");
    let script = "#!/bin/sh\nwhile [ \"$1\" != --result-json ]; do shift; done\necho '{\"testenvs\": {}}' > \"$2\"\n";
    std::fs::write(&tox, script).expect("a script");
    std::fs::set_permissions(&tox, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let ini = machine.client.home().join("tox.ini");
    std::fs::write(&ini, "[tox]\n").expect("tox.ini");
    let sent = machine.sent(&["test", "--fallback-ini", ini.to_str().expect("a path"), "bed-app"]);
    only(&sent, "pkg_read,toxresult_upload", "alice/dev");
    let posted: Vec<_> = sent.iter().filter(|sent| sent.seen.method == "POST").map(|sent| sent.seen.status).collect();
    assert_eq!(posted, [200]);
}

fn works(agent: &'static str, project: &str) {
    let machine = Machine::new(agent);
    seven_commands(&machine, project);
    assert!(!machine.auth_json().exists(), "a login was written");
    // What needs the password goes on needing it.
    let refused = run(&machine.home, machine.devpi(&["token-list"]));
    assert_eq!(code(&refused), Some(1));
    assert!(out(&refused).contains("you need to be logged in"), "{}{}", out(&refused), err(&refused));

    // The same beside a session of devpi's own, which serves what no token may do.
    machine.succeeds(&["login", "alice", "--password", BED.password("alice")]);
    let session = std::fs::read(machine.auth_json()).expect("a login");
    seven_commands(&machine, &format!("{project}-too"));
    let index = format!("alice/{project}");
    machine.succeeds(&["index", "-c", &index]);
    let listed = machine.succeeds(&["token-list"]);
    assert!(listed.contains("Tokens for 'alice':") && listed.contains("allowed="), "{listed}");
    assert_eq!(std::fs::read(machine.auth_json()).expect("a login"), session, "the login was changed");
    machine.succeeds(&["logoff"]);
    assert!(machine.succeeds(&["use"]).contains("logged in as alice"), "not by the agent");
}

#[test]
fn the_newest_devpi_works_with_the_agent_and_writes_no_login() {
    works(NEWEST, "bed-devpi-newest");
}

#[test]
fn the_minor_version_before_works_as_well() {
    works(BEFORE, "bed-devpi-before");
}

#[test]
fn where_the_agent_has_nothing_devpi_is_as_without_it() {
    let machine = Machine { home: Home::new("memory"), ..Machine::new(NEWEST) };
    let refused = run(&machine.home, machine.devpi(&["use", &BED.index_url("alice/dev")]));
    assert!(out(&refused).contains("(not logged in)"), "{}", out(&refused));
    assert_eq!(err(&refused), "");
    assert!(machine.home.agent().is_none(), "an agent was started for nothing");
}

#[test]
fn an_upload_token_that_the_configuration_narrowed_to_two_seconds_is_refused_once_it_is_over() {
    let machine = Machine::new(NEWEST);
    let config = machine.home.paths().config;
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), "[[limit]]\nupload = \"2 s\"\n").expect("config.toml");
    machine.succeeds(&["use", &BED.index_url("alice/dev")]);
    let wheel = BED.new_upload("bed-devpi-brief", "0.1").expect("a wheel");
    let upload = ["upload", wheel.to_str().expect("a path")];
    // A busy machine may take two seconds itself, and is asked once more then.
    let arrived = (0..5).find_map(|_| {
        let watch = Watch::new(&machine.home, &BED);
        run(&machine.home, machine.devpi(&upload));
        watch.of(NEWEST).into_iter().find(|sent| sent.seen.method == "POST" && sent.seen.status == 200)
    });
    let sent = arrived.expect("an upload that was in time");
    only_uploads(std::slice::from_ref(&sent), "alice/dev", "bed-devpi-brief");
    let end = sent.added.iter().find_map(|caveat| caveat.strip_prefix("expires=")).expect("an end");
    let end: u64 = end.parse().expect("seconds");
    assert!(end as f64 <= sent.seen.time + 2.0, "{sent:?}");
    let over = std::time::UNIX_EPOCH + std::time::Duration::from_secs(end + 1);
    std::thread::sleep(over.duration_since(std::time::SystemTime::now()).unwrap_or_default());
    let again = BED.replay_upload(&sent.seen, "alice/dev", "bed-devpi-brief").expect("an answer");
    assert_eq!(again.status, 403, "{}", again.body);
}
