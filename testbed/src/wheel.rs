//! The Python distribution of the project around the bed, as a wheel.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Tools;
use crate::error::{Error, Result};
use crate::process::run;
use crate::tools::{folder, target};

/// Builds the wheel of the project at that folder, with the programs of cargo's development profile: seconds where
/// cargo has built them already. Parallel callers wait for the first.
///
/// # Errors
/// Where the build fails.
pub fn wheel(tools: &Tools, project: &Path) -> Result<PathBuf> {
    let out = folder().join("wheel");
    fs::create_dir_all(&out).map_err(Error::path("create", &out))?;
    let lock = out.join("lock");
    let held = File::create(&lock).map_err(Error::path("write", &lock))?;
    held.lock().map_err(Error::path("lock", &lock))?;
    // maturin looks at the dependencies of every platform, and cargo has fetched those of this one.
    run("cargo fetch", Command::new("cargo").args(["fetch", "--locked", "--quiet"]).current_dir(project))?;
    let mut maturin = Command::new(tools.build.bin("maturin"));
    // Unpacked, as no link is slow here.
    maturin.args(["build", "--quiet", "--profile", "dev", "--offline", "--compression-method", "stored"]);
    maturin.args(["--auditwheel", "skip", "--out"]).arg(&out).current_dir(project);
    // What cargo compiled for the tests is used here too, but the programs that tests run are not replaced under them:
    // without the tests' own dependencies they come out different. A cargo older than 1.91 knows no such folder and
    // compiles everything once more.
    maturin.arg("--target-dir").arg(out.join("cargo")).env("CARGO_BUILD_BUILD_DIR", target());
    // What a test's cargo has set would make maturin's cargo build everything anew.
    let of_cargo = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_cargo(name)) {
        maturin.env_remove(name);
    }
    run("maturin build", &mut maturin)?;
    let built = fs::read_dir(&out).map_err(Error::path("read", &out))?.flatten().map(|entry| entry.path());
    let newest = built
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .max_by_key(|path| path.metadata().and_then(|found| found.modified()).ok());
    newest.ok_or_else(|| Error::Missing {
        what: format!("the wheel in {}", out.display()),
        remedy: "see what maturin build says".to_owned(),
    })
}
