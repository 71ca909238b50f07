//! What a connection says, in frames.

use std::os::fd::AsFd;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;
use zeroize::Zeroize;

use crate::secret::SecretBytes;
use crate::wire::{self, HEADER, WireError};

/// For a frame, from its first byte to its last.
pub(super) const FRAME: Duration = Duration::from_secs(5);

/// How much is read at once, in bytes: most frames are shorter, and take one call to the system.
const PIECE: usize = 1024;

/// The bytes of a connection that are not a frame yet, wiped once they were one. In a box, as what is moved leaves a copy
/// behind.
pub(super) struct Inbox {
    bytes: Box<[u8; PIECE]>,
    length: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { bytes: Box::new([0; PIECE]), length: 0 }
    }

    /// The message in the next frame, of which `first` is the time until its first byte. The outer error ends the
    /// connection; the inner one is of the frame's content.
    pub(super) async fn next<T: DeserializeOwned>(
        &mut self,
        stream: &mut (impl AsyncRead + AsFd + Unpin),
        first: Duration,
    ) -> Result<Result<T, WireError>, WireError> {
        if self.length == 0 {
            timeout(first, self.read(stream)).await.map_err(|_| WireError::TimedOut)??;
        }
        match self.take()? {
            Some(message) => Ok(message),
            None => timeout(FRAME, self.rest(stream)).await.map_err(|_| WireError::TimedOut)?,
        }
    }

    /// The same, of a frame that has begun.
    async fn rest<T: DeserializeOwned>(
        &mut self,
        stream: &mut (impl AsyncRead + AsFd + Unpin),
    ) -> Result<Result<T, WireError>, WireError> {
        while self.length < PIECE {
            self.read(stream).await?;
            if let Some(message) = self.take()? {
                return Ok(message);
            }
        }
        // A frame that is longer than all of this.
        let Some((header, begin)) = self.bytes.split_first_chunk() else { return Err(WireError::Closed) };
        let mut content = SecretBytes::from(vec![0; wire::length(*header)?]);
        content[..begin.len()].copy_from_slice(begin);
        stream.read_exact(&mut content[PIECE - HEADER..]).await?;
        self.remove(PIECE);
        Ok(wire::decode(&content))
    }

    /// Reads what is there, at least one byte.
    async fn read(&mut self, stream: &mut (impl AsyncRead + AsFd + Unpin)) -> Result<(), WireError> {
        let room = &mut self.bytes[self.length..];
        // Whoever was just answered may have spoken already. tokio takes less than there was room for as the end of what is
        // there, and would wait for the system to say that there is more.
        let more = match rustix::io::read(&*stream, &mut *room) {
            Err(_) => stream.read(room).await?,
            Ok(more) => more,
        };
        if more == 0 {
            return Err(WireError::Closed);
        }
        self.length += more;
        Ok(())
    }

    /// The message in the first frame, where that is whole.
    fn take<T: DeserializeOwned>(&mut self) -> Result<Option<Result<T, WireError>>, WireError> {
        let Some((header, rest)) = self.bytes[..self.length].split_first_chunk() else { return Ok(None) };
        let length = wire::length(*header)?;
        let Some(content) = rest.get(..length) else { return Ok(None) };
        let message = wire::decode(content);
        self.remove(HEADER + length);
        Ok(Some(message))
    }

    fn remove(&mut self, count: usize) {
        self.bytes.copy_within(count..self.length, 0);
        let left = self.length - count;
        self.bytes[left..self.length].zeroize();
        self.length = left;
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.bytes[..self.length].zeroize();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    fn frame(text: &str) -> Vec<u8> {
        wire::encode(&text).expect("a frame").to_vec()
    }

    /// What somebody says, that many bytes at once, and then hangs up.
    fn said(bytes: Vec<u8>, piece: usize) -> UnixStream {
        let (ours, mut theirs) = UnixStream::pair().expect("a socket");
        tokio::spawn(async move {
            for piece in bytes.chunks(piece) {
                theirs.write_all(piece).await.expect("said");
                tokio::task::yield_now().await;
            }
        });
        ours
    }

    async fn next(inbox: &mut Inbox, stream: &mut UnixStream) -> String {
        inbox.next(stream, SOON).await.expect("a frame").expect("a text")
    }

    #[tokio::test]
    async fn frames_of_any_length_come_out_as_they_went_in_however_they_are_cut() {
        let lengths = [0, 1, PIECE - 8, PIECE - 7, PIECE - 6, PIECE - 5, PIECE, 3 * PIECE, 60_000];
        let texts = lengths.map(|length| "x".repeat(length));
        let all = texts.iter().flat_map(|text| frame(text)).collect::<Vec<u8>>();
        for piece in [1, 3, 4, 5, PIECE - 1, PIECE, PIECE + 1, 100_000] {
            let (mut stream, mut inbox) = (said(all.clone(), piece), Inbox::new());
            for text in &texts {
                assert_eq!(next(&mut inbox, &mut stream).await, *text, "{piece} at once");
            }
            assert!(matches!(inbox.next::<String>(&mut stream, SOON).await, Err(WireError::Closed)));
        }
    }

    #[tokio::test]
    async fn what_was_a_frame_is_wiped_and_what_follows_it_is_kept() {
        let is_empty = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let long = frame(&"x".repeat(2 * PIECE));
        let both = [frame("a secret"), frame("b")].concat();
        let (mut stream, mut inbox) = (said([&both[..], &long].concat(), both.len()), Inbox::new());
        assert_eq!(next(&mut inbox, &mut stream).await, "a secret");
        assert_eq!(inbox.bytes[..inbox.length], frame("b"));
        assert!(is_empty(&inbox.bytes[inbox.length..]));
        assert_eq!(next(&mut inbox, &mut stream).await, "b");
        assert!(is_empty(&inbox.bytes[inbox.length..]));
        next(&mut inbox, &mut stream).await;
        assert!(is_empty(&inbox.bytes[..]));
    }

    #[tokio::test]
    async fn a_wrong_length_is_refused_whatever_stands_behind_it() {
        for start in [&b"\0\0\0\0"[..], b"\0\x01\0\x01", b"GET / HTTP/1.1\r\n"] {
            let refused = Inbox::new().next::<String>(&mut said(start.to_vec(), 100), SOON).await;
            assert!(matches!(refused, Err(WireError::Length(_))), "{start:?}");
        }
        let cut = Inbox::new().next::<String>(&mut said(b"\0\0\0".to_vec(), 1), SOON).await;
        assert!(matches!(cut, Err(WireError::Closed)));
    }
}
