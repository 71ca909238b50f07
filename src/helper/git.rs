//! The front door of git: the lines of a credential helper (`gitcredentials(7)`, `git-credential(1)`).

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use super::Streams;
use super::question::{self, Asked};
use crate::exit::{Exit, Failure, why};
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
pub(super) fn run<I: Read + AsFd>(verb: &str, mut streams: Streams<'_, I>) -> Exit {
    // `store` and `erase` change nothing: a root token comes by `login` and goes by `logout`.
    if verb == "get"
        && let Err(failure) = get(&mut streams)
    {
        failure.report(PROGRAM, WIDTH, streams.stderr);
    }
    Exit::Done
}

fn get<I: Read + AsFd>(streams: &mut Streams<'_, I>) -> Result<(), Failure> {
    let said = crate::pipe::read_lines(&mut streams.stdin, (LONGEST, LONGEST_LINE), LIMIT);
    let input = said.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Failure::new(Exit::TryAgain, "git did not say within 5 s what it wants"),
        ErrorKind::FileTooLarge => Failure::new(Exit::Malformed, "git says more than 64 KiB, or 8 KiB in one line"),
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
    written.map_err(|error| Failure::new(Exit::CannotWrite, format!("cannot answer git: {}", why(error.kind()))))
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

    /// How each of these is refused, as it stands alone and behind what is well.
    fn refused(input: &[u8]) -> [String; 2] {
        [input.to_vec(), [b"protocol=https\n", input].concat()].map(|input| {
            let failure = parse(&input).expect_err(&input.escape_ascii().to_string());
            assert_eq!(failure.exit, Exit::Malformed);
            failure.message
        })
    }

    #[test]
    fn the_same_thing_said_twice_is_refused() {
        for key in ["protocol", "host", "path", "username"] {
            for (one, other) in [("a", "b"), ("a", "a"), ("", "a"), ("a", "")] {
                let twice = format!("{key}={one}\n{key}={other}\n");
                assert_eq!(refused(twice.as_bytes())[0], "git says the same thing twice", "{twice:?}");
            }
        }
    }

    #[test]
    fn control_characters_and_what_is_no_text_are_refused_in_every_line() {
        for key in ["host", "path", "username", "password", "wwwauth[]", "x"] {
            for odd in ["\r", "a\rb", "a\0b", "a\x1bb", "\x07", "a\tb", "\x7f", "a\u{9b}b"] {
                let said = refused(format!("{key}={odd}\n").as_bytes());
                assert_eq!(said, ["git says a line with a control character"; 2], "{key} {odd:?}");
            }
            let said = refused(&[key.as_bytes(), b"=\xff\n"].concat());
            assert_eq!(said, ["git says something that is not UTF-8"; 2], "{key}");
        }
    }

    #[test]
    fn a_line_without_a_value_or_of_more_than_8_kib_is_refused() {
        assert_eq!(refused(b"host\n"), ["git says a line without `=`"; 2]);
        let of = |length: usize| format!("path={}\n", "a".repeat(length - 5));
        assert_eq!(refused(of(8193).as_bytes()), ["git says a line of more than 8 KiB"; 2]);
        assert!(parse(of(8192).as_bytes()).is_ok());
    }

    #[test]
    fn a_host_with_more_than_a_host_in_it_is_refused() {
        for host in ["u@h", "u:p@h", "h/", "h/p", "h?", "h?x=1", "h#", "h%2f", "%68", "h\\"] {
            let said = refused(format!("host={host}\n").as_bytes());
            assert_eq!(said, ["git says a host with more than a host in it"; 2], "{host}");
        }
    }
}
