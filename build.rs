//! Links the unwinder of GCC into the programs, where the system has it as an archive.
//!
//! As a shared library it is one more file that the loader opens, maps and relocates at each start, which a program that
//! runs for a millisecond can feel. The standard library asks for `-lgcc_s`: the linker finds another one first.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let is_native = variable("HOST") == variable("TARGET");
    if is_native && variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu" {
        // Without the archives it is linked as ever.
        if let Some(archives) = archives() {
            let folder = PathBuf::from(variable("OUT_DIR"));
            std::fs::write(folder.join("libgcc_s.so"), format!("GROUP ( {archives} )\n")).expect("cargo's own folder");
            println!("cargo::rustc-link-search=native={}", folder.display());
        }
    }
}

/// The archives with the unwinder, and with what it calls.
fn archives() -> Option<String> {
    let paths = ["libgcc_eh.a", "libgcc.a"].map(|name| {
        let output = Command::new("cc").arg(format!("-print-file-name={name}")).output().ok()?;
        // A name alone means that there is none.
        let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        Path::new(&path).is_absolute().then_some(path)
    });
    let [unwinder, rest] = paths;
    Some(format!("{} {}", unwinder?, rest?))
}
