//! From an address to the root of its server.

use super::*;

#[test]
fn a_typical_address_takes_one_or_two_requests() {
    let top = Fake::pages(&[("/+api", &api("http://elsewhere", "")), ("/alice/dev/+api", &index_api(""))]);
    let below = Fake::pages(&[
        ("/devpi/+api", &api("https://outside:8443/devpi", "")),
        ("/devpi/alice/dev/+api", &index_api("https://outside:8443/devpi")),
    ]);
    for (fake, base, depth) in [(top, "", 0), (below, "/devpi", 1)] {
        for page in ["/alice/dev/+simple/", "/alice/dev/+simple/pkg/", "/alice/dev", "/alice/dev/+f/1/2/x.tar.gz"] {
            fake.seen.lock().expect("the list").clear();
            let found = fake.discover(&format!("{base}{page}")).expect("a server");
            assert_eq!(found.server.url().depth(), depth, "{page}");
            assert_eq!(found.index, Some(dev()), "{page}");
            assert_eq!(fake.asked(), [format!("{base}/+api")]);
        }
        fake.seen.lock().expect("the list").clear();
        let found = fake.discover(&format!("{base}/")).expect("a server");
        assert_eq!((found.server.url().depth(), found.index), (depth, None));
        assert!(fake.asked().len() <= 2, "{:?}", fake.asked());
    }
}

#[test]
fn the_page_of_a_user_or_a_project_is_no_root() {
    let fake = Fake::pages(&[
        ("/+api", &api("", "")),
        ("/alice/+api", &api("http://h", "")),
        ("/alice/dev/+api", &index_api("http://h")),
    ]);
    for page in ["/alice", "/alice/dev/pkg", "/alice/dev/pkg/1.0"] {
        assert_eq!(fake.discover(page).expect("a server").server.url().to_string(), fake.root, "{page}");
    }
    assert!(fake.asked().len() <= 7, "{:?}", fake.asked());
}

#[test]
fn a_proxy_that_takes_the_path_away_is_looked_through_and_told() {
    let fake = Fake::pages(&[("/devpi/+api", &api("http://backend:3141", ""))]);
    let found = fake.discover("/devpi/alice/dev/+simple/").expect("a server");
    assert_eq!(found.server.url().to_string(), format!("{}/devpi", fake.root));
    assert_eq!(found.believes.as_deref(), Some("http://backend:3141"));
}

#[test]
fn no_url_of_an_answer_is_ever_asked() {
    let evil = Fake::pages(&[("/+api", &api("", ""))]);
    let fake = Fake::pages(&[("/alice/+api", &api(&evil.root, ""))]);
    let found = fake.discover("/alice").expect("what answers there");
    assert!(found.server.url().to_string().starts_with(&fake.root));
    assert!(evil.asked().is_empty());
}

#[test]
fn an_address_without_devpi_ends_after_few_requests() {
    let fake = Fake::pages(&[]);
    let error = fake.discover(&"/a".repeat(200)).expect_err("nothing there");
    assert!(error.to_string().starts_with("no devpi server answers at http://127.0.0.1:"), "{error}");
    assert_eq!((error.exit() as u8, fake.asked().len()), (76, 8));
    let redirecting = Fake::bytes("HTTP/1.1 302 x\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
    let error = redirecting.discover("/alice/dev/").expect_err("a redirect");
    assert!(error.to_string().ends_with("answered with a redirect to /login"), "{error}");
}
