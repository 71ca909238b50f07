//! The look-ups of a client, one after the other until one is answered, or why it makes none.

use super::Service;
use super::ask::{Form, Step};
use crate::caller::{PipAsks, UvAsks, uv_asks};
use crate::cli::args::Client;
use crate::cli::doctor::desk::{Desk, ask_command, shown};
use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::pip::{Way, asks, needs_user, unasked, way};
use crate::cli::installed::Installed;

pub(super) fn of(desk: &Desk, found: &Installed, service: &Service) -> Result<Vec<Step>, Finding> {
    match found.client {
        Client::Uv => {
            let asks = desk.seen(&[], uv_asks);
            let is_this = |url: &str| {
                let pair = desk.ours(url).zip(desk.ours(&service.url));
                pair.is_some_and(|(one, other)| one.server == other.server && one.index == other.index)
            };
            let is_always = asks.indexes.iter().any(|index| index.is_always && is_this(&index.url));
            uv(found, service, (&asks, is_always))
        }
        Client::Twine => twine(found, service),
        _ => pip(found, service, asks(desk, found).as_ref()),
    }
}

fn pip(found: &Installed, service: &Service, asks: Option<&PipAsks>) -> Result<Vec<Step>, Finding> {
    let environment = found.environment.as_ref();
    let way = asks.map_or(Way::None, |asks| way(asks, environment.is_some_and(|own| own.has_keyring)));
    let urls = [service.url.clone(), service.host()];
    match (way, environment) {
        (Way::None, _) => {
            let what =
                format!("{} asks no keyring, as it is told to (keyring-provider, no-input)", shown(&found.program));
            Err(Finding::failing("pip", what).run(ask_command("PIP_KEYRING_PROVIDER", "devpi-tokens setup pip")))
        }
        (Way::Import, Some(own)) => {
            Ok(urls.into_iter().map(|url| Step::import(&own.python, [&url, service.user(), "together"])).collect())
        }
        (Way::Import | Way::Command, _) if needs_user(found).is_some() => {
            let Some(user) = &service.user else { return Err(unasked(&shown(&found.program), &service.url)) };
            let words = |url: &String| vec!["get".to_owned(), url.clone(), user.clone()];
            urls.iter().map(|url| Step::command(keyring(found)?, words(url), Form::Password)).collect()
        }
        (Way::Import | Way::Command, _) => {
            let words = |url: &String| {
                let words = ["--mode=creds", "--output=json", "get", url].into_iter();
                words.chain(service.user.as_deref()).map(str::to_owned).collect()
            };
            urls.iter().map(|url| Step::command(keyring(found)?, words(url), Form::Json)).collect()
        }
    }
}

fn uv(found: &Installed, service: &Service, (asks, is_always): (&UvAsks, bool)) -> Result<Vec<Step>, Finding> {
    if asks.provider != "subprocess" {
        let what = "it asks no keyring: its keyring-provider is not subprocess";
        return Err(Finding::failing("uv", what).run(ask_command("UV_KEYRING_PROVIDER", "devpi-tokens setup uv")));
    }
    let host = service.host();
    if let Some(user) = &service.user {
        let words = |url: &String| vec!["get".to_owned(), url.clone(), user.clone()];
        let urls = [service.url.clone(), host];
        return urls.iter().map(|url| Step::command(keyring(found)?, words(url), Form::Password)).collect();
    }
    if !is_always {
        let what =
            "it asks for no token for that index: no user is in the URL, and authenticate = \"always\" is missing";
        let named = service.url.replacen("://", "://USER@", 1);
        return Err(Finding::failing("uv", what).by_hand(format!(
            "name the user, {named}, or make it an index in uv.toml and type: devpi-tokens setup uv"
        )));
    }
    let scheme = service.url.split("://").next().unwrap_or_default();
    let urls = [service.url.clone(), host.clone(), format!("{scheme}://{host}")];
    let words = |url: &String| ["get", url, "--mode", "creds"].map(str::to_owned).to_vec();
    urls.iter().map(|url| Step::command(keyring(found)?, words(url), Form::Lines)).collect()
}

fn twine(found: &Installed, service: &Service) -> Result<Vec<Step>, Finding> {
    match &found.environment {
        Some(own) => Ok(vec![Step::import(&own.python, [&service.url, service.user(), "apart"])]),
        None => Err(Finding::failing("twine", format!("the Python of {} cannot be told", shown(&found.program)))),
    }
}

fn keyring(found: &Installed) -> Result<&std::path::Path, Finding> {
    found.keyring.as_deref().ok_or_else(|| {
        let what = format!("{} finds no keyring on PATH", shown(&found.program));
        Finding::failing(found.client.command(), what).run("devpi-tokens doctor")
    })
}

impl Service {
    fn user(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }

    /// `host:port`, which clients ask about where the URL got no answer.
    fn host(&self) -> String {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://h:1/alice/dev/+simple/";

    fn found(client: Client) -> Installed {
        Installed { client, program: "/bin/x".into(), environment: None, keyring: Some("/k/keyring".into()) }
    }

    fn service(user: Option<&str>) -> Service {
        Service {
            url: URL.to_owned(),
            user: user.map(str::to_owned),
            server: "http://h:1".parse().expect("a server"),
            index: "alice/dev".parse().expect("an index"),
        }
    }

    fn lines(steps: Result<Vec<Step>, Finding>) -> Vec<String> {
        steps.map(|steps| steps.iter().map(|step| step.line.clone()).collect()).unwrap_or_default()
    }

    #[test]
    fn pip_asks_in_its_own_words() {
        let asks = PipAsks { provider: "subprocess".to_owned(), no_input: true };
        assert_eq!(
            lines(pip(&found(Client::Pip), &service(None), Some(&asks))),
            [
                format!("/k/keyring --mode=creds --output=json get {URL}"),
                "/k/keyring --mode=creds --output=json get h:1".to_owned()
            ]
        );
        let named = lines(pip(&found(Client::Pip), &service(Some("alice")), Some(&asks)));
        assert!(named.iter().all(|line| line.ends_with(" alice")), "{named:?}");
        let never = PipAsks { provider: "auto".to_owned(), ..asks };
        assert!(pip(&found(Client::Pip), &service(None), Some(&never)).is_err());
    }

    #[test]
    fn uv_asks_in_its_own_words_and_not_for_a_plain_url() {
        let asks = UvAsks { provider: "subprocess".to_owned(), indexes: Vec::new() };
        let uv = found(Client::Uv);
        assert_eq!(
            lines(super::uv(&uv, &service(None), (&asks, true))),
            [
                format!("/k/keyring get {URL} --mode creds"),
                "/k/keyring get h:1 --mode creds".to_owned(),
                "/k/keyring get http://h:1 --mode creds".to_owned()
            ]
        );
        let named = lines(super::uv(&uv, &service(Some("alice")), (&asks, false)));
        assert_eq!(named[0], format!("/k/keyring get {URL} alice"));
        assert!(super::uv(&uv, &service(None), (&asks, false)).is_err());
        let off = UvAsks { provider: "disabled".to_owned(), ..asks };
        assert!(super::uv(&uv, &service(None), (&off, true)).is_err());
    }
}
