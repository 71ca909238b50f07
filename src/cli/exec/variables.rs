//! Variables for the clients that need more than a netrc: uv for the indexes that it knows by a name, twine to read one.

use std::process::Command;

use super::questions::Run;
use super::token::Source;
use crate::caller::{Doing, Program};
use crate::secret::Secret;
use crate::target::Target;

/// What is set for the command, and what is said about what is not.
#[derive(Default)]
pub(super) struct Variables {
    set: Vec<(String, Secret)>,
    pub(super) left: Vec<String>,
}

impl Variables {
    /// Gives them to the command.
    pub(super) fn give(&self, command: &mut Command) {
        command.envs(self.set.iter().map(|(name, value)| (name, value.expose())));
    }

    /// Sets user and password, unless a person has set one of the two.
    fn credentials(&mut self, prefix: &str, user: &Secret, password: &Secret) {
        let names = ["USERNAME", "PASSWORD"].map(|last| format!("{prefix}_{last}"));
        match names.iter().find(|name| std::env::var_os(name).is_some()) {
            Some(name) => self.left.push(format!("{name} is set already, and left as it is")),
            None => {
                let values = [user, password].map(Secret::clone);
                self.set.extend(names.into_iter().zip(values));
            }
        }
    }
}

/// For each index of ours that uv knows by a name: user and token. uv prefers them to a netrc, and needs them behind a
/// server that answers with its login page, as it sends them unasked. Only where the command is uv: of any other, what
/// it builds would find a token that lasts.
pub(super) fn for_read(sources: &[Source], run: &Run) -> Variables {
    let mut variables = Variables::default();
    if run.program != Program::Uv {
        return variables;
    }
    for (name, url) in run.named() {
        if let Some(source) = sources.iter().find(|source| reaches(source, url)) {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let prefix = format!("UV_INDEX_{}", name.chars().map(plain).collect::<String>());
            variables.credentials(&prefix, &Secret::new(source.user().as_str()), source.whole());
        }
    }
    variables
}

/// For twine, which takes a netrc only where it is told an empty user and an empty password: so no token leaves the host
/// that it is for. Where to is said to the command itself alone: of those that a script starts, it would redirect the
/// ones that name another repository.
pub(super) fn for_upload(sources: &[Source], run: &Run) -> Variables {
    let mut variables = Variables::default();
    for source in sources {
        let names_none = run.twine.index_urls.is_empty();
        // It names a section of a file that is not looked into here.
        if names_none && std::env::var_os("TWINE_REPOSITORY").is_some() {
            variables.left.push("TWINE_REPOSITORY is set already, so twine gets no token".to_owned());
        } else if !names_none && !goes_to(source, &run.twine) {
            variables.left.push("twine uploads to another place, so it gets no token".to_owned());
        } else {
            variables.credentials("TWINE", &Secret::new(""), &Secret::new(""));
            if names_none && run.is_twine_without_repository() {
                let index = source.place.indexes.first().map(|index| source.place.server.join(&format!("{index}/")));
                variables.set.push(("TWINE_REPOSITORY_URL".to_owned(), Secret::new(index.unwrap_or_default())));
            }
        }
    }
    variables
}

fn goes_to(source: &Source, doing: &Doing) -> bool {
    !doing.index_urls.is_empty() && doing.index_urls.iter().all(|url| reaches(source, url))
}

/// Whether a URL is one of the indexes that a token is for, and names no other user.
fn reaches(source: &Source, url: &str) -> bool {
    let Ok(target) = url.parse::<Target>() else { return false };
    let place = source.place.server.place(&target);
    let index = place.and_then(|place| place.index);
    target.admits(source.user()) && index.is_some_and(|index| source.place.indexes.contains(&index))
}
