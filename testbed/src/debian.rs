//! Packages of the Debian family, for what neither cargo nor pip can bring.

use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::process::run;

/// Makes sure that these Debian packages are installed; installs them where this process is root.
///
/// # Errors
/// [`Error::Missing`] with the command to type where it is not root or there is no apt, [`Error::Failed`] with apt's
/// own words where it failed.
pub fn debian(packages: &[&str], mut progress: impl FnMut(&str)) -> Result<()> {
    // apt refuses to run twice.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() || run("apt-get --version", Command::new("apt-get").arg("--version")).is_err() {
        return Err(Error::Missing {
            what: missing.join(", "),
            remedy: format!("install it, on Debian: sudo apt-get install {}", missing.join(" ")),
        });
    }
    progress(&format!("installing {} with apt-get", missing.join(", ")));
    if apt_get(&missing).is_ok() {
        return Ok(());
    }
    // A fresh machine has no list of packages, an old one has a stale list.
    run("apt-get update", Command::new("apt-get").args(["-q", "update"]))?;
    apt_get(&missing)
}

fn apt_get(packages: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args(["-q", "-y", "--no-install-recommends", "install"]).args(packages);
    run(&format!("apt-get install {}", packages.join(" ")), &mut command).map(drop)
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    run("dpkg-query", &mut query).is_ok_and(|status| status == b"installed")
}

/// Without unsafe code or another dependency: the folder of a process belongs to its effective user.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
