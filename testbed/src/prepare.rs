//! The server's content: users, indexes that inherit, packages that depend on each other across them.
//!
//! Made once with a real server, then copied for each bed: starting from nothing takes four times as long.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::error::{Error, Result};
use crate::http::Session;
use crate::process::{own_folder, run};
use crate::server::Served;
use crate::tools::Tools;

/// Raised whenever what is prepared changes.
const CONTENT: &str = "2";

/// Users with their passwords.
pub(crate) const USERS: [(&str, &str); 3] = [("root", "pw"), ("alice", "alice-pw"), ("bob", "bob-pw")];

/// A project that is on the server: index, name, dependency.
struct Project(&'static str, &'static str, Option<&'static str>);

const PROJECTS: [Project; 4] = [
    Project("alice/base", "bed-core", None),
    Project("alice/mid", "bed-lib", Some("bed-core")),
    Project("alice/dev", "bed-app", Some("bed-lib")),
    Project("alice/other", "bed-extra", None),
];

/// Makes `tools.prepared`, unless it is there and was made with the same content and server.
pub(crate) fn prepare(tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let requirements = own_folder().join("requirements/server.txt");
    let wanted = fs::read_to_string(&requirements).map_err(Error::path("read", &requirements))? + CONTENT;
    let stamp = tools.prepared.join("prepared-from");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    progress("preparing a server with users, indexes and packages");
    let folder = &tools.prepared;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::path("remove", folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::path("create", folder))?;
    let state = folder.join("server");
    let mut init = Command::new(tools.server.bin("devpi-init"));
    init.arg("--serverdir").arg(&state).args(["--root-passwd", USERS[0].1, "--no-root-pypi"]);
    run("devpi-init", &mut init)?;
    // Without a file of its own every start draws a new secret, and with that every token is void.
    let mut secret = Command::new(tools.server.bin("devpi-gen-secret"));
    run("devpi-gen-secret", secret.arg("--secretfile").arg(state.join("secret")))?;

    let server = Served::devpi(tools, folder, false, None)?;
    fill(tools, &server.url(), folder)?;
    drop(server);
    fs::write(&stamp, wanted).map_err(Error::path("write", &stamp))
}

fn fill(tools: &Tools, url: &str, folder: &Path) -> Result<()> {
    let root = Session::login(url, USERS[0].0, USERS[0].1)?;
    for (user, password) in &USERS[1..] {
        root.call("PUT", user, Some(&json!({"password": password})))?;
    }
    let indexes = [
        ("alice/base", vec![]),
        ("alice/mid", vec!["alice/base"]),
        ("alice/dev", vec!["alice/mid"]),
        ("alice/other", vec![]),
        ("bob/dev", vec![]),
    ];
    for (index, bases) in indexes {
        root.call("PUT", index, Some(&json!({"type": "stage", "bases": bases, "volatile": true})))?;
    }
    let alice = Session::login(url, USERS[1].0, USERS[1].1)?;
    for Project(index, name, dependency) in PROJECTS {
        let dependencies: Vec<&str> = dependency.into_iter().collect();
        let mut twine = Command::new(tools.tools.bin("twine"));
        twine.args(["upload", "--non-interactive", "--disable-progress-bar"]);
        twine.args(["--repository-url", &format!("{url}/{index}/")]);
        for kind in ["wheel", "sdist"] {
            twine.arg(distribution(tools, folder, [kind, name, "1.0"], &dependencies)?);
        }
        twine.env("TWINE_USERNAME", "alice").env("TWINE_PASSWORD", alice.secret());
        run(&format!("twine upload to {index}"), &mut twine)?;
    }
    Ok(())
}

/// Writes a wheel or an sdist into `folder`: its kind, name and version.
pub(crate) fn distribution(tools: &Tools, folder: &Path, what: [&str; 3], dependencies: &[&str]) -> Result<PathBuf> {
    let [kind, name, version] = what;
    let mut make = Command::new(tools.server.python());
    make.arg("-I").arg(own_folder().join("python/make_dist.py")).arg(kind).arg(folder).args([name, version]);
    let printed = run("make_dist.py", make.args(dependencies))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&printed).trim()))
}
