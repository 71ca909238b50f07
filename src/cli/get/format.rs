//! The forms in which a token is handed on to what runs elsewhere: a container, a build.

use crate::cli::netrc::{self, Entry};
use crate::exit::{Exit, Failure};
use crate::protocol::Credential;
use crate::secret::Secret;
use crate::target::{IndexName, Purpose, ServerUrl};

/// Variables, a line each, for an `--env-file` or a shell: nothing in them needs quotes. Those that install have the token
/// in a URL, those that upload beside it.
pub(super) fn variables(
    (server, index): (&ServerUrl, Option<&IndexName>),
    purpose: Purpose,
    given: &Credential,
) -> Result<Secret, Failure> {
    let Some(index) = index else {
        return Err(Failure::new(Exit::Usage, "variables are for an index, and the URL names none")
            .with_remedy("name one: .../USER/INDEX/+simple/"));
    };
    let Credential { username, password, expires: _, notes: _ } = given;
    let (user, token) = (username.as_str(), password.expose());
    let page = server.join(&format!("{index}/"));
    Ok(Secret::new(match purpose {
        Purpose::Upload => format!(
            "TWINE_REPOSITORY_URL={page}\nTWINE_USERNAME={user}\nTWINE_PASSWORD={token}\n\
             UV_PUBLISH_URL={page}\nUV_PUBLISH_USERNAME={user}\nUV_PUBLISH_PASSWORD={token}\n"
        ),
        Purpose::Read => {
            let url = format!("{page}+simple/").replacen("://", &format!("://{user}:{token}@"), 1);
            format!("PIP_INDEX_URL={url}\nUV_DEFAULT_INDEX={url}\n")
        }
        other => {
            return Err(Failure::new(Exit::Usage, format!("no variables are known for {other}"))
                .with_remedy("take the token alone: leave out --format"));
        }
    }))
}

/// The entry of a netrc. It names the host alone: a netrc knows neither scheme nor port.
pub(super) fn netrc(server: &ServerUrl, given: &Credential) -> Secret {
    let entry = Entry { host: server.host(), user: &given.username, token: given.password.clone() };
    let (text, _) = netrc::with_entries(&[entry], b"");
    Secret::new(String::from_utf8_lossy(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Credential {
        Credential {
            username: "alice".parse().expect("a user"),
            password: Secret::new("devpi-AgE"),
            expires: 1_900_000_000,
            notes: Vec::new(),
        }
    }

    fn server() -> ServerUrl {
        "https://devpi.example:8443/path".parse().expect("a server")
    }

    #[test]
    fn those_that_install_have_the_token_in_the_url_and_those_that_upload_beside_it() {
        let index = "alice/dev".parse().expect("an index");
        let text = |purpose| variables((&server(), Some(&index)), purpose, &given()).expect("variables");
        let url = "https://alice:devpi-AgE@devpi.example:8443/path/alice/dev/+simple/";
        assert_eq!(text(Purpose::Read).expose(), format!("PIP_INDEX_URL={url}\nUV_DEFAULT_INDEX={url}\n"));
        let upload = text(Purpose::Upload);
        assert!(upload.expose().contains("\nTWINE_PASSWORD=devpi-AgE\n"), "{}", upload.expose());
        assert!(upload.expose().starts_with("TWINE_REPOSITORY_URL=https://devpi.example:8443/path/alice/dev/\n"));
        let other = variables((&server(), Some(&index)), Purpose::Push, &given()).expect_err("of no program");
        assert_eq!(other.exit, Exit::Usage);
        assert_eq!(variables((&server(), None), Purpose::Read, &given()).expect_err("no index").exit, Exit::Usage);
    }

    #[test]
    fn a_netrc_names_the_host_alone() {
        let text = netrc(&server(), &given());
        assert_eq!(text.expose().trim_end(), "machine devpi.example\nlogin alice\npassword devpi-AgE");
    }
}
