//! What came of a look-up, told without the secret.

use serde::Deserialize;

use super::ask::Form;
use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::token::{BASES, judged, missing, short};
use crate::cli::{now, when};
use crate::devpi::{Error, Server};
use crate::escape::printable;
use crate::protocol::Holder;
use crate::secret::Secret;
use crate::target::{IndexName, UserName};
use crate::token::Token;

/// A token that a client would send.
pub(super) struct Came {
    user: UserName,
    token: Token,
    text: Secret,
}

/// User and password as a client reads them; why not, where it cannot.
pub(super) fn read(answer: &Secret, form: Form, named: Option<String>) -> Result<Came, &'static str> {
    #[derive(Deserialize)]
    struct Credential {
        username: String,
        password: Secret,
    }
    let (user, text) = match form {
        Form::Json => {
            let Credential { username, password } =
                serde_json::from_str(answer.expose()).map_err(|_| "an answer that is no JSON of keyring's")?;
            (username, password)
        }
        Form::Lines => {
            let mut lines = answer.expose().lines();
            let (user, text) = lines.next().zip(lines.next()).ok_or("an answer of fewer than two lines")?;
            (user.to_owned(), Secret::new(text))
        }
        Form::Password => {
            let text = answer.expose().lines().next().ok_or("an empty answer")?;
            (named.unwrap_or_default(), Secret::new(text))
        }
    };
    let token = Token::parse(text.expose()).map_err(|_| "a password that is no token of devpi's: another keyring's")?;
    if user != token.user().as_str() {
        return Err("a token under another name than its user's, which the server refuses");
    }
    Ok(Came { user: token.user().clone(), token, text })
}

/// That nothing of use came.
pub(super) fn nothing(check: &'static str, line: &str, why: &str) -> Finding {
    Finding::failing(check, format!("{line}: {why}")).run("devpi-tokens doctor")
}

/// What came, in words.
pub(super) fn told(check: &'static str, line: &str, came: &Came) -> Finding {
    let scope = came.token.scope();
    fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
        items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
    }
    let allowed = scope.allowed().map_or("everything".to_owned(), joined);
    let indexes = scope.indexes().map_or("every index".to_owned(), joined);
    let projects = scope.projects().map(|projects| format!(" of {}", joined(projects))).unwrap_or_default();
    let ends = scope.expires().map_or("never ends".to_owned(), |end| format!("ends {}", when(now(), end)));
    let what = format!("made from {} of {}: {allowed} on {indexes}{projects}, {ends}", came.token.id(), came.user);
    Finding::ok(check, printable(&format!("{line}: a token {what}")))
}

impl Came {
    /// Whether the server takes it and has that index, asked with one of a minute that is made from it.
    pub(super) fn judged(&self, check: &'static str, (server, index): (&Server, &IndexName)) -> Finding {
        match short(&self.text, server) {
            Err(failure) => Finding::failed(check, failure),
            Ok(probe) => {
                let holder = Holder { server: server.url().clone(), user: self.user.clone() };
                let checked = server.check_token(&probe, &self.user);
                // Whoever does not take the token is asked nothing more.
                if checked.is_ok()
                    && let Err(Error::NotFound { .. }) = server.bases(index, Some((&self.user, &probe)), BASES)
                {
                    return missing(check, server.url(), index);
                }
                Finding { check, ..judged(&holder, self.token.id(), checked) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/vectors/tokens.json")).expect("the vectors");
        vectors["derived"][0]["root"].as_str().expect("a token").to_owned()
    }

    fn came(answer: &str, form: Form, named: Option<&str>) -> Result<String, &'static str> {
        read(&Secret::new(answer), form, named.map(str::to_owned)).map(|came| came.user.to_string())
    }

    #[test]
    fn an_answer_is_read_as_its_client_reads_it() {
        let token = token();
        let user = Token::parse(&token).expect("a token").user().to_string();
        let json = format!(r#"{{"username": "{user}", "password": "{token}"}}"#);
        assert_eq!(came(&json, Form::Json, None), Ok(user.clone()));
        assert_eq!(came(&format!("{user}\n{token}\n"), Form::Lines, None), Ok(user.clone()));
        assert_eq!(came(&format!("{token}\n"), Form::Password, Some(&user)), Ok(user.clone()));
        assert!(came(&token, Form::Json, None).is_err());
        assert!(came(&token, Form::Lines, None).is_err());
        assert!(came("", Form::Password, Some(&user)).is_err());
        assert!(came("secret", Form::Password, Some(&user)).is_err(), "a password is no token");
        assert!(came(&token, Form::Password, Some("mallory")).is_err(), "the server refuses it");
    }

    #[test]
    fn nothing_of_the_token_is_told() {
        let token = token();
        let user = Token::parse(&token).expect("a token").user().to_string();
        let came = read(&Secret::new(token.clone()), Form::Password, Some(user)).expect("a token");
        let told = told("pip", "keyring get", &came).what;
        let bare = token.trim_start_matches("devpi-");
        assert!(
            bare.as_bytes().windows(12).all(|part| !told.contains(std::str::from_utf8(part).expect("ASCII"))),
            "{told}"
        );
    }
}
