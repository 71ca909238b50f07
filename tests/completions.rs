//! The completions: each shell loads them, and completes a command and an option with them.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{err, out};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

/// What the script says in a shell without anybody's configuration.
fn said(shell: &str, args: &[&str], script: &str) -> String {
    testbed::debian(&[shell], |_| ()).expect("the shell");
    let home = tempfile::tempdir().expect("a home");
    let mut command = Command::new(shell);
    command
        .args(args)
        .arg(script)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .env("TERM", "dumb");
    let done = command.current_dir(home.path()).output().expect("the shell runs");
    assert!(done.status.success(), "{shell}: {}{}", out(&done), err(&done));
    assert_eq!(err(&done), "", "{shell} complains");
    out(&done)
}

fn assert_offers(shell: &str, offered: &str, words: &[&str]) {
    let all: Vec<&str> = offered.split_whitespace().collect();
    for word in words {
        assert!(all.contains(word), "{shell} does not offer {word}: {offered}");
    }
    assert!(!offered.contains("fetch-bases"), "{shell} offers what is hidden");
}

#[test]
fn bash_completes_a_command_and_an_option() {
    let script = |words: &str, place: usize| {
        format!(
            "source '{}'\nCOMP_WORDS=({words})\nCOMP_CWORD={place}\n\
             named=$(complete -p devpi-tokens); named=${{named#*-F }}; named=${{named%% *}}\n\
             $named devpi-tokens \"${{COMP_WORDS[{place}]}}\" \"${{COMP_WORDS[{place}-1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file("devpi-tokens.bash").display()
        )
    };
    let offered = |words, place| said("bash", &["--noprofile", "--norc", "-c"], &script(words, place));
    assert_offers("bash", &offered("devpi-tokens i", 1), &["inspect"]);
    assert_offers("bash", &offered("devpi-tokens ''", 1), &["login", "agent"]);
    assert_offers("bash", &offered("devpi-tokens inspect --f", 2), &["--file"]);
    assert_offers("bash", &offered("devpi-tokens agent ''", 2), &["lock", "unlock"]);
}

#[test]
fn fish_completes_a_command_and_an_option() {
    let offered = |line: &str| {
        let script = format!("source '{}'; complete -C '{line}'", file("devpi-tokens.fish").display());
        said("fish", &["--no-config", "-c"], &script)
    };
    assert_offers("fish", &offered("devpi-tokens i"), &["inspect"]);
    assert_offers("fish", &offered("devpi-tokens "), &["login", "agent"]);
    assert_offers("fish", &offered("devpi-tokens inspect --f"), &["--file"]);
    assert_offers("fish", &offered("devpi-tokens agent "), &["lock", "unlock"]);
}

#[test]
fn zsh_completes_a_command_and_an_option() {
    // The shell shows completions to a terminal only: one of its own modules is the terminal, and Tab is typed there.
    let offered = |line: &str| {
        let script = format!(
            "zmodload zsh/zpty\n\
             zpty z zsh -f -i\n\
             zpty -w z 'PS1=; stty columns 200; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D'\n\
             zpty -w z 'zstyle \":completion:*\" list-prompt \"\"; unsetopt auto_menu zle_bracketed_paste; setopt list_ambiguous'\n\
             zpty -w z 'offer() {{ zle list-choices; zle -R; echo off\"\"ered }}; zle -N offer; bindkey \"^I\" offer; echo be\"\"gin'\n\
             zpty -r z said '*begin*'\n\
             zpty -n -w z '{line}'$'\\t'\n\
             zpty -r z said '*offered*'\n\
             print -r -- \"$said\"\n\
             zpty -d z",
            folder = file("").display()
        );
        said("zsh", &["-f", "-c"], &script)
    };
    assert_offers("zsh", &offered("devpi-tokens "), &["inspect", "login", "agent"]);
    assert_offers("zsh", &offered("devpi-tokens inspect --"), &["--file", "--json"]);
    assert_offers("zsh", &offered("devpi-tokens agent "), &["lock", "unlock"]);
}
