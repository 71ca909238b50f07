//! A server that answers whatever a test wants it to, with TLS or without.
#![allow(dead_code, unreachable_pub, reason = "as in the other files that tests share")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server on a port of its own. It answers each connection with what a function of the request's text writes, and
/// keeps what it was sent.
pub struct Fake {
    /// Its URL, without a slash at the end.
    pub root: String,
    /// The requests, in order, as they came.
    pub seen: Arc<Mutex<Vec<String>>>,
}

/// One connection.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

type Answer = dyn Fn(&str, &mut dyn Stream) -> std::io::Result<()> + Send + Sync;

impl Fake {
    /// One without TLS.
    pub fn new(answer: impl Fn(&str, &mut dyn Stream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start(Arc::new(answer), None)
    }

    /// One with TLS, whose certificate is that one.
    pub fn with_tls(
        certified: &Certified,
        answer: impl Fn(&str, &mut dyn Stream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Arc::new(answer), Some(certified.config()))
    }

    fn start(answer: Arc<Answer>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let root = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for plain in listener.incoming().flatten() {
                let (kept, answer, tls) = (Arc::clone(&kept), Arc::clone(&answer), tls.clone());
                std::thread::spawn(move || {
                    let mut stream: Box<dyn Stream> = match tls {
                        Some(config) => {
                            Box::new(StreamOwned::new(ServerConnection::new(config).expect("a connection"), plain))
                        }
                        None => Box::new(plain),
                    };
                    let request = read_request(&mut *stream);
                    // A handshake that came to nothing is no request.
                    if !request.is_empty() {
                        kept.lock().expect("the list").push(request.clone());
                        // A client that hangs up is part of these tests.
                        drop(answer(&request, &mut *stream));
                    }
                });
            }
        });
        Self { root, seen }
    }

    /// A server that answers every request with these bytes.
    pub fn bytes(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |_, stream| stream.write_all(&answer))
    }

    /// A server that knows some paths and answers 404 in HTML to others.
    pub fn pages(pages: &[(&str, &str)]) -> Self {
        let pages: Vec<(String, String)> =
            pages.iter().map(|(path, body)| ((*path).to_owned(), (*body).to_owned())).collect();
        Self::new(move |request, stream| {
            let path = request.split(' ').nth(1).unwrap_or_default();
            let found = pages.iter().find(|(known, _)| known == path);
            let answer = found.map_or_else(|| status("404 Not Found", "<html>"), |(_, body)| status("200 OK", body));
            stream.write_all(answer.as_bytes())
        })
    }

    /// The paths that were asked, in order.
    pub fn asked(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("the list");
        seen.iter().map(|request| request.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
    }
}

fn read_request(stream: &mut dyn Stream) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.trim().parse().expect("a length")) {
                return String::from_utf8_lossy(&read).into_owned();
            }
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return String::from_utf8_lossy(&read).into_owned(),
        }
    }
}

/// A whole answer with that status and body.
pub fn status(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Somebody who makes certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM form.
    pub pem: String,
}

/// A certificate with its key.
pub struct Certified {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    /// One whom nobody knows.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name or an address, changed as the test wants it.
    pub fn certify(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        Certified { certificate, key }
    }
}

impl Certified {
    fn config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(self.key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("protocols").with_no_client_auth();
        Arc::new(config.with_single_cert(vec![self.certificate.clone()], key).expect("a certificate and its key"))
    }
}
