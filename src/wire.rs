//! Frames on the socket: four bytes of length, big-endian, then that many bytes of JSON.

use std::io::{Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::secret::SecretBytes;

/// How long the length in front of a frame is, in bytes.
pub const HEADER: usize = 4;

/// The longest frame, in bytes without its length.
pub const LONGEST: usize = 64 * 1024;

/// What most frames fit in, in bytes.
const USUAL: usize = 1024;

/// A frame that was refused, or a stream that failed. The content is never quoted: it may be a token.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A length of 0 or over [`LONGEST`].
    #[error("a frame of {0} bytes, where 1 to 65536 are taken")]
    Length(u64),
    /// Not the JSON that was expected.
    #[error("a frame that is not a message of this protocol")]
    Json,
    /// The other side closed the stream.
    #[error("the other side closed the connection")]
    Closed,
    /// The other side took too long.
    #[error("the other side took too long")]
    TimedOut,
    /// The stream failed.
    #[error("the connection failed: {0}")]
    Io(std::io::ErrorKind),
}

impl From<std::io::Error> for WireError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::UnexpectedEof | Kind::BrokenPipe | Kind::ConnectionReset => Self::Closed,
            Kind::WouldBlock | Kind::TimedOut => Self::TimedOut,
            kind => Self::Io(kind),
        }
    }
}

/// A message as a whole frame. The buffer is wiped when it is dropped.
///
/// # Errors
/// [`WireError::Length`] where the message is too long for one frame.
pub fn encode(message: &impl Serialize) -> Result<SecretBytes, WireError> {
    let mut frame = Vec::with_capacity(USUAL);
    frame.extend([0; HEADER]);
    let mut frame = SecretBytes::from(frame);
    serde_json::to_writer(&mut frame, message).map_err(|_| WireError::Json)?;
    let header = u32::try_from(frame.len() - HEADER).unwrap_or(u32::MAX).to_be_bytes();
    length(header)?;
    frame[..HEADER].copy_from_slice(&header);
    Ok(frame)
}

/// The length that stands in front of a frame, checked before anything is allocated for it.
///
/// # Errors
/// [`WireError::Length`] for 0 and for over [`LONGEST`].
pub fn length(header: [u8; HEADER]) -> Result<usize, WireError> {
    let length = u32::from_be_bytes(header);
    match usize::try_from(length) {
        Ok(fits) if (1..=LONGEST).contains(&fits) => Ok(fits),
        _ => Err(WireError::Length(length.into())),
    }
}

/// The message in a frame's content.
///
/// # Errors
/// [`WireError::Json`] where it is another or none.
pub fn decode<T: DeserializeOwned>(content: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(content).map_err(|_| WireError::Json)
}

/// Writes one message.
///
/// # Errors
/// As [`encode`], and those of the stream.
pub fn send(stream: &mut impl Write, message: &impl Serialize) -> Result<(), WireError> {
    stream.write_all(&encode(message)?)?;
    Ok(stream.flush()?)
}

/// Reads one message.
///
/// # Errors
/// As [`length`] and [`decode`], and those of the stream.
pub fn receive<T: DeserializeOwned>(stream: &mut impl Read) -> Result<T, WireError> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let mut content = SecretBytes::from(vec![0; length(header)?]);
    stream.read_exact(&mut content)?;
    decode(&content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Request;

    #[test]
    fn a_frame_is_its_length_in_four_bytes_and_json() {
        let frame = encode(&Request::Status).expect("a frame");
        assert_eq!(&frame[..], b"\0\0\0\x08\"status\"");
        assert!(matches!(receive(&mut &frame[..]), Ok(Request::Status)));
    }

    #[test]
    fn a_length_of_nothing_or_too_much_is_refused_before_it_is_allocated() {
        for header in [0u32, 65537, u32::MAX] {
            assert!(matches!(length(header.to_be_bytes()), Err(WireError::Length(_))), "{header}");
        }
        assert_eq!(length(65536u32.to_be_bytes()).expect("the longest"), 65536);
        let long = "x".repeat(LONGEST);
        assert!(matches!(encode(&long), Err(WireError::Length(_))));
    }

    #[test]
    fn garbage_an_unknown_verb_and_deep_nesting_are_no_messages() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for content in ["", "GET / HTTP/1.1", "{}", "\"export\"", "[1]", "\u{16}\u{3}\u{1}", &deep] {
            assert!(matches!(decode::<Request>(content.as_bytes()), Err(WireError::Json)), "{content:.20}");
        }
    }
}
