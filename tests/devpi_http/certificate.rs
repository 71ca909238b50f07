//! Certificates, and what speaks no TLS.

use super::*;

/// A devpi server with that certificate, and what comes of asking it.
fn over_tls(certified: &fake::Certified, ca: Option<&str>) -> (Fake, Result<(), Error>) {
    let fake = Fake::with_tls(certified, |_, stream| stream.write_all(status("200 OK", &api("", "alice")).as_bytes()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, ca.unwrap_or_default()).expect("a file");
    // No time is what is asked about here: shaking hands may take long on a busy machine.
    let options = Options { ca_file: ca.is_some().then_some(path), ..Options::default() };
    let server = Server::new(fake.root.parse().expect("a URL"), &options).expect("a client");
    let outcome = server.check_token(&Secret::new("devpi-CANARY"), &alice());
    (fake, outcome)
}

#[test]
fn a_certificate_that_is_not_good_for_the_server_is_refused_before_anything_is_sent() {
    let (ours, other) = (Authority::new(), Authority::new());
    let here = "127.0.0.1";
    let expired = |params: &mut rcgen::CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let ahead = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
        params.not_after = rcgen::date_time_ymd(2091, 1, 1);
    };
    for (certified, ca, why) in [
        (ours.certify(here, |_| ()), None, "an authority that nobody knows"),
        (ours.certify(here, |_| ()), Some(&other.pem), "another authority"),
        (ours.certify("devpi.example", |_| ()), Some(&ours.pem), "another name"),
        (ours.certify("127.0.0.2", |_| ()), Some(&ours.pem), "another address"),
        (ours.certify(here, expired), Some(&ours.pem), "over"),
        (ours.certify(here, ahead), Some(&ours.pem), "not begun"),
    ] {
        let (fake, outcome) = over_tls(&certified, ca.map(String::as_str));
        let error = outcome.expect_err(why);
        assert!(error.to_string().starts_with("no secure connection to https://127.0.0.1:"), "{why}: {error}");
        assert_eq!(error.exit() as u8, 76, "{why}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("--ca-file")));
        assert!(fake.asked().is_empty(), "{why}");
    }
    // The control: the same with a certificate that is good.
    let (fake, outcome) = over_tls(&ours.certify(here, |_| ()), Some(&ours.pem));
    outcome.expect("an answer");
    assert_eq!(fake.asked(), ["/+api"]);
}

#[test]
fn what_speaks_no_tls_is_not_asked_for_https() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut hello = [0; 4096];
        let count = stream.read(&mut hello).expect("a hello");
        stream.write_all(status("200 OK", &api("", "alice")).as_bytes()).expect("an answer");
        String::from_utf8_lossy(&hello[..count]).into_owned()
    });
    let server = Server::new(url.parse().expect("a URL"), &quick()).expect("a client");
    let error = server.check_token(&Secret::new("devpi-CANARY"), &alice()).expect_err("no TLS");
    assert!(error.to_string().starts_with("no secure connection to https://127.0.0.1:"), "{error}");
    assert_eq!(error.exit() as u8, 76);
    assert!(!plain.join().expect("a hello").contains("/+api"));
}

#[test]
fn http_to_another_machine_is_refused_before_anything_is_sent() {
    let url = || "http://192.0.2.1".parse().expect("a URL");
    let error = Server::new(url(), &quick()).expect_err("unencrypted");
    assert_eq!(error.to_string(), "http://192.0.2.1 is not encrypted and not this machine");
    assert_eq!(error.exit() as u8, 78);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("--allow-http")));
    assert!(Server::new(url(), &Options { allow_http: true, ..quick() }).is_ok());
}

#[test]
fn a_ca_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let options = || Options { ca_file: Some(path.clone()), ..quick() };
    let try_it = || Server::new("https://host".parse().expect("a URL"), &options()).expect_err("no certificates");
    assert!(try_it().to_string().ends_with("ca.pem: No such file or directory (os error 2)"), "{}", try_it());
    std::fs::write(&path, "hello").expect("a file");
    assert!(try_it().to_string().ends_with("ca.pem: no certificates in PEM form"), "{}", try_it());
    assert_eq!(try_it().exit() as u8, 78);
}
