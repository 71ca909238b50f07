//! The front door of git: the lines of a credential helper (`gitcredentials(7)`, `git-credential(1)`).

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use super::Streams;
use super::question::{self, Asked};
use crate::exit::{Exit, Failure};
use crate::target::{AddressError, Target};
use crate::wrap::WIDTH;

const PROGRAM: &str = "git-credential-devpi-tokens";

/// The longest line and the longest input, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
const LONGEST: usize = 64 * 1024;

/// How long git may take to say what it wants.
const LIMIT: Duration = Duration::from_secs(5);

/// What git says of the credential that it wants.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    protocol: Option<String>,
    host: Option<String>,
    path: Option<String>,
    username: Option<String>,
}

/// A refusal is silence to git, which asks the next helper then; standard error is for the person.
pub(super) fn run<I: Read + AsFd>(verb: &str, mut streams: Streams<'_, I>) -> ExitCode {
    // `store` and `erase` change nothing: a root token comes by `login` and goes by `logout`.
    if verb == "get"
        && let Err(failure) = get(&mut streams)
    {
        failure.report(PROGRAM, WIDTH, streams.stderr);
    }
    ExitCode::SUCCESS
}

fn get<I: Read + AsFd>(streams: &mut Streams<'_, I>) -> Result<(), Failure> {
    let input = crate::pipe::read(&mut streams.stdin, LONGEST, LIMIT).map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Failure::new(Exit::TryAgain, "git did not say within 5 s what it wants"),
        ErrorKind::FileTooLarge => Failure::new(Exit::Malformed, "git says more than 64 KiB"),
        kind => Failure::new(Exit::Malformed, format!("cannot read what git wants: {kind}")),
    })?;
    let Some(service) = Service::parse(&input)? else { return Ok(()) };
    let Asked::Answer(credential) = question::ask_git(&service)? else { return Ok(()) };
    for note in &credential.notes {
        let _ = writeln!(streams.stderr, "{PROGRAM}: {note}");
    }
    let text = zeroize::Zeroizing::new(format!(
        "username={}\npassword={}\npassword_expiry_utc={}\n",
        credential.username,
        credential.password.expose(),
        credential.expires
    ));
    let written = streams.stdout.write_all(text.as_bytes()).and_then(|()| streams.stdout.flush());
    written.map_err(|error| Failure::new(Exit::CannotWrite, format!("cannot answer git: {}", error.kind())))
}

/// What git asks about, with its parts as it said them.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// `http` or `https`.
    pub protocol: String,
    /// Host and perhaps port.
    pub host: String,
    /// Without `credential.useHttpPath` git says none.
    pub path: Option<String>,
    /// The user in the URL.
    pub username: Option<String>,
}

impl Service {
    /// Reads the lines of git, up to the first empty one; `None` where they name no host, or nothing that is
    /// reached by HTTP.
    ///
    /// # Errors
    /// A [`Failure`] with [`Exit::Malformed`] for what two programs could read differently: control characters, a line
    /// without `=` or of more than 8 KiB, the same thing twice, more than a host in the host.
    pub fn parse(input: &[u8]) -> Result<Option<Self>, Failure> {
        Ok(parse(input)?.service())
    }

    /// The address that is asked about.
    ///
    /// # Errors
    /// [`AddressError`] where the parts make no address.
    pub fn target(&self) -> Result<Target, AddressError> {
        let Self { protocol, host, path, username: _ } = self;
        match path {
            Some(path) => format!("{protocol}://{host}/{path}").parse(),
            // Without a path the whole host is meant, also where our server lies below a path of it.
            None => host.parse(),
        }
    }
}

impl Wanted {
    fn service(self) -> Option<Service> {
        let present = |value: Option<String>| value.filter(|value| !value.is_empty());
        Some(Service {
            // git asks for the passwords of mail servers (`smtp`) and of certificates (`cert`) by the same lines.
            protocol: self.protocol.filter(|protocol| ["http", "https"].contains(&protocol.as_str()))?,
            host: present(self.host)?,
            path: present(self.path),
            username: present(self.username),
        })
    }
}

fn parse(input: &[u8]) -> Result<Wanted, Failure> {
    let malformed = |what: &str| Err(Failure::new(Exit::Malformed, format!("git says {what}")));
    let Ok(text) = std::str::from_utf8(input) else { return malformed("something that is not UTF-8") };
    let mut wanted = Wanted::default();
    for line in text.split('\n').take_while(|line| !line.is_empty()) {
        if line.len() > LONGEST_LINE {
            return malformed("a line of more than 8 KiB");
        }
        if line.chars().any(char::is_control) {
            return malformed("a line with a control character");
        }
        let Some((key, value)) = line.split_once('=') else { return malformed("a line without `=`") };
        let place = match key {
            "protocol" => &mut wanted.protocol,
            "host" => &mut wanted.host,
            "path" => &mut wanted.path,
            "username" => &mut wanted.username,
            _ => continue,
        };
        if place.replace(value.to_owned()).is_some() {
            return malformed("the same thing twice");
        }
    }
    if wanted.host.as_ref().is_some_and(|host| host.contains(['/', '?', '#', '%', '@', '\\'])) {
        return malformed("a host with more than a host in it");
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_read_and_the_rest_passed_over() {
        let input =
            b"protocol=https\nhost=h:3141\npath=alice/dev/\nusername=alice\nwwwauth[]=Basic\nx=y\n\nhost=evil\n";
        let service = parse(input).expect("lines").service().expect("a service");
        assert_eq!((service.protocol.as_str(), service.host.as_str()), ("https", "h:3141"));
        assert_eq!((service.path.as_deref(), service.username.as_deref()), (Some("alice/dev/"), Some("alice")));
    }

    #[test]
    fn no_host_or_no_protocol_is_no_question() {
        for input in ["", "\n", "host=h\n", "protocol=https\n", "protocol=https\nhost=\n", "protocol=\nhost=h\n"] {
            assert_eq!(parse(input.as_bytes()).expect("lines").service(), None, "{input:?}");
        }
    }

    #[test]
    fn what_is_not_reached_by_http_gets_no_token_of_the_same_host() {
        for protocol in ["smtp", "cert", "ftp", "HTTP", "http://evil?", "https://evil?"] {
            let input = format!("protocol={protocol}\nhost=127.0.0.1:3141\n");
            assert_eq!(Service::parse(input.as_bytes()).expect("lines"), None, "{protocol}");
        }
    }

    #[test]
    fn a_line_that_could_mean_two_things_is_refused() {
        let long = format!("path={}", "a".repeat(9000));
        for input in [
            "host=a\nhost=b",
            "username=a\nusername=b",
            "host=a\r",
            "host=a\0b",
            "host=a\x1b",
            "host",
            "host=u@h",
            "host=h/p",
            "host=h%2f",
            &long,
        ] {
            assert_eq!(parse(input.as_bytes()).expect_err(input).exit, Exit::Malformed);
        }
        assert!(parse(b"host=\xff").is_err());
    }
}
