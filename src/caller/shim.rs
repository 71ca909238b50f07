//! Which processes only stand between a caller and the helper.

use super::command::{Command, base_name};

/// Shells, and programs that do nothing but start another.
const STARTERS: &[&str] = &[
    "sh", "ash", "bash", "busybox", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "tcsh", "yash", "zsh",
    "asdf", "env", "mise", "nice", "nohup", "pyenv", "setsid", "stdbuf", "timeout",
];

/// git's commands that ask a credential helper on behalf of another command.
const GIT_LAYERS: &[&str] =
    &["credential", "remote-http", "remote-https", "remote-ftp", "remote-ftps", "http-fetch", "http-push"];

/// Whether a process only hands a question on: a shell, a version manager, the `keyring` command of Python or git's
/// transport. Whoever started it is the one who wants to know.
///
/// ```
/// use devpi_tokens::caller::is_shim;
/// let argv = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
/// assert!(is_shim(&argv("/bin/sh -c keyring-wrapper")));
/// assert!(!is_shim(&argv("/venv/bin/python3 /venv/bin/pip install foo")));
/// ```
pub fn is_shim(argv: &[String]) -> bool {
    let Some(first) = argv.first() else { return false };
    // A login shell's name begins with a dash.
    let program = base_name(first);
    let program = program.strip_prefix('-').unwrap_or(program);
    if STARTERS.contains(&program) {
        return true;
    }
    if program == "git" {
        return argv.get(1).is_some_and(|verb| is_git_layer(verb));
    }
    if let Some(verb) = program.strip_prefix("git-") {
        return is_git_layer(verb);
    }
    Command::of(argv).is_some_and(|command| command.name == "keyring")
}

/// `git credential fill`, `git credential-cache get`, `git remote-https origin URL`.
fn is_git_layer(verb: &str) -> bool {
    GIT_LAYERS.contains(&verb) || verb.starts_with("credential-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shim(line: &str) -> bool {
        is_shim(&line.split('|').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_shell_is_passed_over_whatever_it_runs() {
        for line in [
            "/bin/sh|/home/a/bin/keyring|--mode=creds|get|http://h/",
            "-bash",
            "/bin/bash|/home/alice/.pyenv/libexec/pyenv-exec|keyring|get",
            "busybox|sh|-c|x",
            "/usr/bin/env|keyring",
        ] {
            assert!(shim(line), "{line}");
        }
    }

    #[test]
    fn pythons_keyring_command_is_passed_over() {
        for line in [
            "/tmp/v/bin/python3|/tmp/v/bin/keyring|get|http://h/|alice",
            "python3.11|-m|keyring|get|http://h/|alice",
            "python|-Im|keyring|get",
            "/usr/local/bin/keyring|get|http://h/",
        ] {
            assert!(shim(line), "{line}");
        }
    }

    #[test]
    fn gits_own_layers_are_passed_over_and_the_command_is_not() {
        for line in [
            "/usr/libexec/git-core/git-remote-http|origin|http://h/y.git",
            "/usr/libexec/git-core/git|remote-https|origin|http://h/y.git",
            "git|credential|fill",
            "git|credential-cache|get",
        ] {
            assert!(shim(line), "{line}");
        }
        assert!(!shim("git|clone|http://h/y.git"));
        assert!(!shim("git|-C|x|fetch"));
    }

    #[test]
    fn a_client_is_no_shim() {
        for line in [
            "/tmp/v/bin/uv|pip|install|foo",
            "/tmp/v/bin/python3|/tmp/v/bin/twine|upload|dist/*",
            "python|-c|import keyring",
            "python",
            "make",
            "",
        ] {
            assert!(!shim(line), "{line}");
        }
        assert!(!is_shim(&[]));
    }
}
