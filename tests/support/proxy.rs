//! A way to a server that can lead to another one, show another time, or end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What stands between a client and a server.
pub struct Proxy {
    port: u16,
    ways: Arc<Mutex<Ways>>,
}

#[derive(Clone)]
struct Ways {
    /// `HOST:PORT` of the server.
    to: String,
    /// How many seconds the date of each answer is moved by.
    ahead: i64,
    is_open: bool,
}

impl Proxy {
    /// To the server at that URL.
    pub fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let ways = Arc::new(Mutex::new(Ways { to: authority(url), ahead: 0, is_open: true }));
        let known = Arc::clone(&ways);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let ways = known.lock().expect("no panic").clone();
                if !ways.is_open {
                    break;
                }
                std::thread::spawn(move || pass(&mut stream.expect("a connection"), &ways));
            }
        });
        Self { port, ways }
    }

    /// Where clients find the server.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Leads to another server from now on.
    pub fn lead_to(&self, url: &str) {
        self.ways.lock().expect("no panic").to = authority(url);
    }

    /// Shows a time that many seconds ahead of the server's.
    pub fn set_ahead(&self, seconds: i64) {
        self.ways.lock().expect("no panic").ahead = seconds;
    }

    /// Listens no more.
    pub fn close(&self) {
        self.ways.lock().expect("no panic").is_open = false;
        // The one connection that it waits for.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        super::wait_for("the proxy's end", || TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }
}

fn authority(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// One request and its answer; whoever goes away in between is gone.
fn pass(stream: &mut TcpStream, ways: &Ways) -> Option<()> {
    let request = request(stream)?;
    let mut server = TcpStream::connect(&ways.to).ok()?;
    server.write_all(&request).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    stream.write_all(&redated(answer, ways.ahead)).ok()
}

/// One request, whole, that asks for the connection to be closed.
pub fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    reader.take(length).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The answer with another time in its head.
fn redated(answer: Vec<u8>, ahead: i64) -> Vec<u8> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return answer };
    let (head, body) = answer.split_at(end);
    let line = |line: &str| match line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("date")) {
        Some((name, date)) => {
            let date = jiff::fmt::rfc2822::parse(date).expect("a date").timestamp();
            let moved = jiff::Timestamp::from_second(date.as_second() + ahead).expect("a time");
            format!("{name}: {}", moved.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        }
        None => line.to_owned(),
    };
    let head: Vec<String> = String::from_utf8_lossy(head).split("\r\n").map(line).collect();
    [head.join("\r\n").as_bytes(), body].concat()
}
