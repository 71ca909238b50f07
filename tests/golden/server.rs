//! What each failure of a server is reported as.

use super::*;

#[test]
fn errors_about_a_server() {
    use devpi::Error as E;
    let server: devpi_tokens::target::ServerUrl = "https://devpi.example".parse().expect("a server");
    let user: devpi_tokens::target::UserName = "alice".parse().expect("a user");
    let (why, said) = ("what the system says".to_owned(), devpi::Said::default());
    let all = [
        E::Address(devpi_tokens::target::AddressError::Scheme),
        E::Unencrypted { server: "http://devpi.example".parse().expect("a server") },
        E::CaFile { path: "ca.pem".into(), why: why.clone() },
        E::Unreachable { server: server.clone(), why: why.clone() },
        E::TimedOut { server: server.clone(), limit: std::time::Duration::from_secs(20) },
        E::Insecure { server: server.clone(), why },
        E::Redirect { server: server.clone(), to: "https://login.example/".to_owned() },
        E::TooLarge { server: server.clone(), limit: 1024 * 1024 },
        E::BadAnswer { server: server.clone(), what: "no JSON" },
        E::NotDevpi { address: server.clone() },
        E::BadRequest { server: server.clone(), said: said.clone() },
        E::WrongPassword { server: server.clone(), user: user.clone() },
        E::Unauthorized { server: server.clone(), said: said.clone() },
        E::Forbidden { server: server.clone(), said: said.clone() },
        E::NotFound { server: server.clone(), what: "alice/dev".to_owned(), said: said.clone() },
        E::TooOften { server: server.clone(), said: said.clone() },
        E::Failed { server: server.clone(), said: said.clone() },
        E::Unavailable { server: server.clone(), said: said.clone() },
        E::Status { server: server.clone(), status: 418, said },
        E::NotAccepted { server: server.clone(), user },
        E::OtherUser { server, user: "mallory".to_owned() },
        E::TooManyBases { index: "alice/dev".parse().expect("an index"), limit: 60 },
    ];
    golden("server_errors", &all.into_iter().map(|error| reported(error.into())).collect::<String>());
}
