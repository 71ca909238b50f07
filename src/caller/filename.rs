//! The project that a distribution's file name tells.

use crate::target::ProjectName;

/// What a source distribution may end in: `.tar.gz` by
/// [PEP 625](https://peps.python.org/pep-0625/), the others by what tools took before.
const SDIST: &[&str] = &[".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"];

/// The project of a file by its name: a wheel by [PEP 427](https://peps.python.org/pep-0427/#file-name-convention), a
/// source distribution by what stands before the version. `None` for anything else, signatures and attestations
/// among it.
pub(super) fn project(name: &str) -> Option<ProjectName> {
    if let Some(stem) = name.strip_suffix(".whl") {
        let parts: Vec<&str> = stem.split('-').collect();
        return if matches!(parts.len(), 5 | 6) { parts[0].parse().ok() } else { None };
    }
    let stem = SDIST.iter().find_map(|ending| name.strip_suffix(ending))?;
    // A name may hold `-2` itself, so the last dash before a digit is the one before the version.
    let version = |(at, _): &(usize, &str)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let (end, _) = stem.rmatch_indices('-').find(version)?;
    stem[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<String> {
        project(name).map(|project| project.to_string())
    }

    #[test]
    fn a_file_name_tells_the_project_in_its_normal_form() {
        for (name, project) in [
            ("my_pkg-1.0-py3-none-any.whl", "my-pkg"),
            ("My.Pkg-1.0-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "my-pkg"),
            ("my_pkg-1.0.tar.gz", "my-pkg"),
            ("my-pkg-1.0.post1.zip", "my-pkg"),
            ("zope.interface-5.0+local.1.tar.gz", "zope-interface"),
            ("foo-2-1.0.tar.gz", "foo-2"),
            ("py3-tool-1!2.0rc1.tar.bz2", "py3-tool"),
        ] {
            assert_eq!(found(name).as_deref(), Some(project), "{name}");
        }
    }

    #[test]
    fn what_is_no_distribution_tells_nothing() {
        for name in [
            "",
            "-1.tar.gz",
            ".whl",
            "a-b.whl",
            "pkg.tar.gz",
            "pkg-x.tar.gz",
            "my_pkg-1.0.tar.gz.asc",
            "my_pkg-1.0-py3-none-any.whl.publish.attestation",
            "a=b,c-1.0.tar.gz",
            "a\u{1b}[2J-1.0-py3-none-any.whl",
            "README.md",
        ] {
            assert_eq!(found(name), None, "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_name_is_too_odd(name in "\\PC{0,40}(\\.whl|\\.tar\\.gz|-[0-9é]\\.zip)?") {
            let _ = project(&name);
        }
    }
}
