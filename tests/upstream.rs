//! The tests that came with the plugin whose commands these are, as they are on PyPI: here they run against ours.

mod support;

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use support::run::WHEEL;
use support::{Home, TOOLS, err, out};
use testbed::Client;

/// How many tests there are in the two files.
const TESTS: usize = 17;

/// A client with devpi, our wheel, and the modules of the other plugin without its entry point: two of its tests import
/// them.
fn client() -> Client {
    let client = Client::with_devpi(&TOOLS).expect("a client");
    client.add(&[&WHEEL]).expect("our wheel installed");
    client.borrow_module("devpi_tokens").expect("its modules");
    // Without a module of this name the tests are skipped; all that they import is a version. The server that they
    // start is another environment's.
    client.write_module("devpi_server", "__version__ = 'of another environment'\n").expect("a stub");
    client
}

/// Fails with what was printed.
fn printed(home: &Home, mut command: Command) -> String {
    let done = command.envs(home.variables()).stdin(Stdio::null()).output().expect("the program starts");
    assert!(done.status.success(), "{command:?}\n{}{}", out(&done), err(&done));
    out(&done)
}

/// Where devpi finds its six token commands.
fn places(home: &Home, client: &Client) -> Vec<String> {
    let mut python = client.own("python");
    python.args([
        "-c",
        "import devpi.main\n\
         for _, name, place in sum(devpi.main.get_pluginmanager().hook.devpiclient_subcommands(), []):\n\
         \x20   if name.startswith('token-'): print(place)",
    ]);
    let places: Vec<String> = printed(home, python).lines().map(str::to_owned).collect();
    assert_eq!(places.len(), 6, "{places:?}");
    places
}

#[test]
fn where_the_other_plugin_is_installed_the_commands_are_its_own() {
    let (home, client) = (Home::new("memory"), client());
    client.borrow_module("devpi_tokens-1.1.0.dist-info").expect("its entry point");
    let places = places(&home, &client);
    assert!(places.iter().all(|place| place.starts_with("devpi_tokens.client:")), "{places:?}");
    let mut devpi = client.own("devpi");
    devpi.arg("--help");
    assert!(printed(&home, devpi).contains("token-create"));
}

#[test]
fn the_commands_pass_the_tests_that_came_with_them() {
    let home = Home::new("memory");
    let mut client = client();
    let servers = home.path().join("servers");
    std::fs::create_dir(&servers).expect("a folder");
    for program in ["devpi-server", "devpi-init"] {
        symlink(TOOLS.server_program(program), servers.join(program)).expect("a link");
    }
    client.put_on_path(servers);

    let places = places(&home, &client);
    assert!(places.iter().all(|place| place.starts_with("devpi_tokens_agent.")), "{places:?}");

    let mut tests = client.own("python");
    tests.args(["-m", "pytest", "-q", "-rA", "--color=no", "-p", "no:cacheprovider", "--pyargs"]);
    tests.args(["devpi_tokens.tests.test_client", "devpi_tokens.tests.test_functional"]);
    let said = printed(&home, tests);
    let passed = said.lines().filter(|line| line.starts_with("PASSED ")).count();
    assert_eq!(passed, TESTS, "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with(&format!("{TESTS} passed")) && !last.contains("skipped"), "{last}");
}
