//! What nothing on this machine mends: doctor names it, and whom to ask.

use std::net::TcpListener;

use testbed::{Bed, Closing};

use super::desk::Desk;
use crate::support::proxy::Proxy;
use crate::support::{BED, TOOLS, err, fed};

/// The one finding of a machine at a server that answers in that way.
fn at(closing: Closing) -> (String, String, String) {
    let bed = Bed::start(&TOOLS, closing).expect("a server");
    let desk = Desk::at(&bed, &bed.url());
    let (level, what, whom) = desk.doctor("").only("server", "ask");
    assert!(whom.starts_with(&format!("whoever runs {}", bed.url())), "{whom}");
    assert!(what.starts_with(&format!("alice/dev at {}", bed.url())), "{what}");
    (level, what, whom)
}

#[test]
fn a_server_that_is_open_is_named() {
    let (level, what, whom) = at(Closing::Open);
    assert_eq!(level, "warning");
    assert!(what.contains("is open: everybody may read it"), "{what}");
    assert!(whom.ends_with("if it should not be"), "{whom}");
}

#[test]
fn a_server_that_redirects_is_named_and_uv_is_told_of_the_bases() {
    let bed = Bed::start(&TOOLS, Closing::Redirect302).expect("a server");
    let desk = Desk::at(&bed, &bed.url());
    let report = desk.doctor("");
    let [server, uv] = report.wrong()[..] else { panic!("not two findings: {}", report.text) };
    assert_eq!((&server["check"], &server["level"]), (&"server".into(), &"warning".into()), "{server}");
    assert!(server["what"].as_str().is_some_and(|what| what.contains("to a login page (302)")), "{server}");
    let whom = server["ask"].as_str().expect("whom to ask");
    assert!(whom.starts_with(&format!("whoever runs {} to answer with 401", bed.url())), "{whom}");
    assert!(uv["what"].as_str().is_some_and(|what| what.contains("no file of alice/mid, alice/base")), "{uv}");
    let after = desk.doctor_after(uv["run"].as_str().expect("a command"), "y\n");
    assert!(after.wrong().iter().all(|finding| finding["check"] == "server"), "{}", after.text);
}

#[test]
fn an_index_that_is_not_there_is_named_and_nothing_else_of_it() {
    let desk = Desk::new();
    let report = desk.doctor(&format!("{}/alice/dve/", BED.url()));
    let (level, what, by_hand) = report.only("index", "do");
    assert_eq!(level, "failing");
    assert!(what.starts_with(&format!("there is no alice/dve at {}", BED.url())), "{what}");
    assert!(by_hand.contains(&format!("devpi-tokens login {}/USER/INDEX/", BED.url())), "{by_hand}");
}

#[test]
fn a_url_of_a_server_where_nothing_is_kept_is_named() {
    let desk = Desk::new();
    let (level, what, by_hand) = desk.doctor("https://other.invalid/alice/dev/").only("index", "do");
    assert_eq!((level.as_str(), what.contains("no token is kept for other.invalid")), ("failing", true), "{what}");
    assert!(by_hand.contains("devpi-tokens login URL"), "{by_hand}");
}

#[test]
fn what_a_person_has_to_confirm_is_not_tried() {
    let desk = Desk::new();
    desk.write("config/config.toml", "[[limit]]\nconfirm = [\"read\", \"upload\"]\n");
    let report = desk.doctor("");
    assert_eq!(report.wrong(), Vec::<&serde_json::Value>::new(), "{}", report.text);
    assert!(report.text.contains("has to be confirmed, so it was not tried"), "{}", report.text);
}

#[test]
fn in_a_container_it_says_what_the_restricted_socket_is_for_and_looks_for_the_rest() {
    let mut desk = Desk::new();
    let socket = desk.home.path().join("ci/agent.sock");
    let made = desk.home.cli(&["agent", "socket", socket.to_str().expect("UTF-8")]).output().expect("agent socket");
    assert!(made.status.success(), "{}", err(&made));
    let inside = desk.home.path().join("container");
    desk.env.push(("DEVPI_TOKENS_HOME", inside.into()));
    desk.env.push(("DEVPI_TOKENS_SOCK", socket.into()));
    let report = desk.doctor("");
    assert!(report.text.contains("it gives tokens only: this is a restricted socket"), "{}", report.text);
    assert!(report.wrong().iter().all(|finding| finding["check"] != "agent"), "{}", report.text);
    let replayed = desk.doctor(&format!("--as pip {}", desk.simple()));
    assert!(replayed.text.contains("the server takes"), "{}", replayed.text);
}

#[test]
fn a_server_that_forbids_is_named() {
    let (level, what, whom) = at(Closing::Forbidden403);
    assert_eq!(level, "warning");
    assert!(what.contains("refuses who reads (403)"), "{what}");
    assert!(whom.contains("to answer with 401"), "{whom}");
}

#[test]
fn a_clock_that_is_an_hour_off_is_named() {
    let proxy = Proxy::to(&BED.url());
    let desk = Desk::at(&BED, &proxy.url());
    desk.is_well();
    for (ahead, words) in [(3600, "1 hour ahead of"), (-3600, "1 hour behind")] {
        proxy.set_ahead(ahead);
        let (level, what, whom) = desk.doctor("").only("clock", "ask");
        assert_eq!(level, "failing");
        assert!(what.contains(words) && what.contains("which it was not at the login"), "{what}");
        assert!(whom.starts_with(&format!("whoever runs {} to set it", proxy.url())), "{whom}");
    }
}

#[test]
fn a_clock_that_was_off_at_the_login_is_a_warning() {
    let proxy = Proxy::to(&BED.url());
    proxy.set_ahead(3600);
    let desk = Desk::at(&BED, &proxy.url());
    let report = desk.doctor("");
    let clock = report.findings.iter().find(|finding| finding["check"] == "clock").expect("a clock");
    assert_eq!(clock["level"], "warning");
    assert!(clock["what"].as_str().is_some_and(|what| what.contains("tokens allow for it")), "{clock}");
}

#[test]
fn a_server_that_has_lost_its_secret_is_named() {
    let proxy = Proxy::to(&BED.url());
    let desk = Desk::at(&BED, &proxy.url());
    desk.is_well();
    let restarted = BED.with_secret_lost().expect("the same server");
    proxy.lead_to(&restarted.url());
    let (level, what, whom) = desk.doctor("").only("token", "ask");
    assert_eq!(level, "failing");
    assert!(what.contains("has lost the secret that its tokens were made with"), "{what}");
    assert!(whom.starts_with(&format!("whoever runs {} to start it with its --secretfile", proxy.url())), "{whom}");
    // What it says to do where the secret is gone for good.
    let renew = whom.rsplit(": ").next().expect("a command");
    let after = desk.doctor_after(renew, &format!("{}\n", BED.password("alice")));
    assert_eq!((after.exit, after.wrong()), (Some(0), Vec::new()), "{}", after.text);
}

#[test]
fn a_server_that_cannot_be_reached_is_named() {
    let proxy = Proxy::to(&BED.url());
    let desk = Desk::at(&BED, &proxy.url());
    proxy.close();
    let (level, what, whom) = desk.doctor("").only("server", "ask");
    assert_eq!(level, "failing");
    assert!(what.starts_with(&format!("{} cannot be reached", proxy.url())), "{what}");
    assert!(whom.starts_with(&format!("whoever runs {} whether it is up", proxy.url())), "{whom}");
}

#[test]
fn servers_are_asked_at_once_and_a_silent_one_about_nothing_more() {
    let proxies = [(); 2].map(|()| Proxy::to(&BED.url()));
    let desk = Desk::at(&BED, &proxies[0].url());
    let second = desk.home.cli(&["login", "--no-input", &format!("{}/alice/dev", proxies[1].url()), "alice"]);
    assert!(fed(second, &format!("{}\n", BED.password("alice"))).status.success());
    // Both hang up as soon as both are asked.
    let silent = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    for (proxy, listener) in proxies.iter().zip(&silent) {
        proxy.lead_to(&format!("http://{}", listener.local_addr().expect("an address")));
    }
    let asked = std::thread::spawn(move || silent.map(|listener| listener.accept().expect("a question").0).len());
    let report = desk.doctor("");
    assert_eq!(asked.join().expect("both are asked"), 2);
    let said: Vec<_> = report.wrong().iter().filter_map(|finding| finding["what"].as_str()).collect();
    assert_eq!(said.len(), 2, "one finding each: {}", report.text);
    assert!(said.iter().all(|what| !what.contains("did not answer within")), "{said:?}");
}
