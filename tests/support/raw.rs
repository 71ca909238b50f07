//! A client that says whatever it likes over the agent's socket.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than any of the agent's deadlines that a peer can meet before its greeting.
const PATIENCE: Duration = Duration::from_secs(12);

/// What kind of message it is: the one key that it has, or all that it says.
pub fn kind(message: &Value) -> &str {
    let key = message.as_object().filter(|object| object.len() == 1).and_then(|object| object.keys().next());
    key.map(String::as_str).or(message.as_str()).unwrap_or_else(|| panic!("{message}"))
}

/// Why an answer says no.
pub fn denied(answer: &Value) -> &str {
    kind(answer.get("denied").unwrap_or_else(|| panic!("no denial: {answer}")))
}

/// A connection.
pub struct Raw(UnixStream);

impl Raw {
    /// Connects, and says nothing.
    pub fn silent(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("the agent's socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Self(stream)
    }

    /// Connects and greets.
    pub fn greeted(socket: &Path) -> Self {
        let mut raw = Self::silent(socket);
        let answer = raw.ask(&json!({"hello": {"version": 1}}));
        assert_eq!(kind(&answer), "hello", "{answer}");
        raw
    }

    /// Bytes as they are. An agent that has hung up already is no failure: it may.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// A frame with that content.
    pub fn frame(&mut self, content: &[u8]) {
        let length = u32::try_from(content.len()).expect("a length");
        self.write(&[&length.to_be_bytes(), content].concat());
    }

    /// One frame and the answer to it.
    pub fn ask(&mut self, message: &Value) -> Value {
        self.frame(message.to_string().as_bytes());
        self.answer().expect("an answer")
    }

    /// The next answer; none where the agent hangs up.
    pub fn answer(&mut self) -> Option<Value> {
        let mut header = [0; 4];
        match self.0.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return None,
            Err(error) => panic!("neither answered nor hung up: {error}"),
        }
        let mut content = vec![0; u32::from_be_bytes(header) as usize];
        self.0.read_exact(&mut content).expect("a whole frame");
        Some(serde_json::from_slice(&content).expect("JSON"))
    }

    /// Bytes, one a second, until the agent hangs up; how long that took.
    pub fn trickle(&mut self, bytes: &[u8]) -> Duration {
        let begun = Instant::now();
        self.0.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        for byte in bytes {
            self.write(&[*byte]);
            match self.0.read(&mut [0]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
                _ => return begun.elapsed(),
            }
        }
        panic!("it was waited for");
    }

    /// The same request again and again, with no answer read, until the agent hangs up; how long that took.
    pub fn pester(&mut self, request: &Value) -> Duration {
        let begun = Instant::now();
        let content = request.to_string();
        let frame = [&(content.len() as u32).to_be_bytes(), content.as_bytes()].concat();
        loop {
            match self.0.write_all(&frame) {
                Ok(()) => assert!(begun.elapsed() < PATIENCE, "everything was taken"),
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    return begun.elapsed();
                }
                Err(error) => panic!("neither taken nor hung up: {error}"),
            }
        }
    }

    /// How long it takes until the agent hangs up, saying nothing before.
    pub fn hangs_up_after(&mut self) -> Duration {
        let begun = Instant::now();
        assert_eq!(self.answer(), None);
        begun.elapsed()
    }
}
