//! Frames, and the messages in them.

use std::io::Read;

use devpi_tokens::protocol::{Errand, IndexBases, Request, Response};
use devpi_tokens::wire::{self, WireError};
use serde_json::Value;

/// Bytes on the socket; then the same bytes as the content of one frame.
pub fn frame(data: &[u8]) {
    assert_received(data);
    if let Ok(length) = u32::try_from(data.len()) {
        assert_received(&[&length.to_be_bytes(), data].concat());
    }
    assert_kept::<Request>(data);
    assert_kept::<Response>(data);
    assert_kept::<IndexBases>(data);
    assert_kept::<Errand>(data);
}

/// Counts what is read, and how much was wanted.
struct Stream<'a> {
    rest: &'a [u8],
    wanted: usize,
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.wanted += buffer.len();
        self.rest.read(buffer)
    }
}

fn assert_received(bytes: &[u8]) {
    let mut stream = Stream { rest: bytes, wanted: 0 };
    let received = wire::receive::<Request>(&mut stream);
    let read = bytes.len() - stream.rest.len();
    let Some((header, rest)) = bytes.split_first_chunk::<4>() else {
        assert!(matches!(received, Err(WireError::Closed)));
        return;
    };
    let length = u32::from_be_bytes(*header);
    match received {
        Err(WireError::Length(said)) => {
            assert!((length == 0 || length > 65536) && said == u64::from(length));
            assert!(read == 4 && stream.wanted == 4, "read on for a length that is refused");
        }
        Err(WireError::Closed) => assert!(rest.len() < length as usize && length <= 65536),
        Ok(_) | Err(WireError::Json) => {
            assert!((1..=65536).contains(&length) && read == 4 + length as usize, "not one whole frame");
            assert_eq!(received.is_ok(), wire::decode::<Request>(&rest[..length as usize]).is_ok());
        }
        Err(other) => panic!("bytes in memory cannot fail with {other}"),
    }
}

/// Asserts that a message which is taken is written and read again as the same.
fn assert_kept<T: serde::Serialize + serde::de::DeserializeOwned>(content: &[u8]) {
    let message = match wire::decode::<T>(content) {
        Ok(message) => message,
        Err(error) => {
            assert_eq!(error.to_string(), WireError::Json.to_string(), "an error that quotes");
            return;
        }
    };
    let frame = match wire::encode(&message) {
        Ok(frame) => frame,
        Err(WireError::Length(length)) => {
            assert!(length > 65536);
            return;
        }
        Err(other) => panic!("what was read cannot be written: {other}"),
    };
    let again: T = wire::receive(&mut &frame[..]).expect("what was written");
    assert!(*wire::encode(&again).expect("a frame") == *frame, "it changes each time that it is written");
    // By two roads to the same values: nothing is lost but what is left out as absent.
    let value: Value = serde_json::from_slice(&frame[4..]).expect("JSON");
    let through: T = serde_json::from_value(value).expect("the same message");
    assert!(*wire::encode(&through).expect("a frame") == *frame);
}
