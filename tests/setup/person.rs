//! Somebody who is asked, and nobody who could be.

use crate::support::run::at_terminal;
use crate::support::{code, err, out};
use crate::{PIP, Person};

#[test]
fn each_change_is_asked_about_and_no_is_the_answer_of_enter() {
    let person = Person::alice();
    person.file(".config/pip/pip.conf", PIP);
    let before = person.files();
    let command = person.command(&["setup", "pip"]);
    let done = at_terminal(&command, &[("link them? [y/N] ", "n\n"), ("change it? [y/N] ", "\n")]);
    assert_eq!(code(&done), Some(0), "{}{}", out(&done), err(&done));
    assert_eq!(person.files(), before);
    let done = at_terminal(&command, &[("link them? [y/N] ", "n\n"), ("change it? [y/N] ", "y\n")]);
    assert_eq!(code(&done), Some(0), "{}{}", out(&done), err(&done));
    assert!(person.read(".config/pip/pip.conf").contains("subprocess"));
    assert!(!person.path(".local/bin/keyring").exists());
    let undo = person.command(&["setup", "--undo"]);
    at_terminal(&undo, &[("take all of this back? [y/N] ", "n\n")]);
    assert!(person.read(".config/pip/pip.conf").contains("subprocess"));
    at_terminal(&undo, &[("take all of this back? [y/N] ", "y\n")]);
    assert_eq!(person.files(), before);
}

#[test]
fn ctrl_c_at_any_prompt_leaves_things_as_they_were() {
    let person = Person::alice();
    person.file(".config/pip/pip.conf", PIP);
    person.file(".gitconfig", "[user]\n\tname = Alice\n");
    let before = person.files();
    let command = person.command(&["setup", "pip", "git"]);
    let prompts = ["link them? [y/N] ", "change it? [y/N] ", "change it? [y/N] "];
    for at in 0..prompts.len() {
        let mut answers: Vec<(&str, &str)> = prompts[..at].iter().map(|prompt| (*prompt, "n\n")).collect();
        answers.push((prompts[at], "\u{3}"));
        let done = at_terminal(&command, &answers);
        assert_eq!(code(&done), Some(130), "{at}: {}{}", out(&done), err(&done));
        assert_eq!(person.files(), before, "{at}");
    }
}

#[test]
fn where_nobody_can_agree_all_is_shown_and_nothing_changed() {
    let person = Person::alice();
    person.file(".config/pip/pip.conf", PIP);
    let before = person.files();
    let without = person.setup(&["pip", "git"]);
    let forbidden = person.setup(&["pip", "git", "--no-input"]);
    for done in [&without, &forbidden] {
        assert_eq!(code(done), Some(1), "{}{}", out(done), err(done));
        assert!(out(done).contains("  +keyring-provider = subprocess\n"), "{}", out(done));
        assert!(out(done).contains("  +    helper = devpi-tokens\n"), "{}", out(done));
        assert!(err(done).contains("devpi-tokens setup pip git --yes"), "{}", err(done));
    }
    let dry = person.setup(&["pip", "git", "--dry-run"]);
    assert_eq!((code(&dry), out(&dry)), (Some(0), out(&forbidden)));
    assert_eq!(person.files(), before);
}
