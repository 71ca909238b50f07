//! The binary form of a macaroon: reading it strictly, and adding caveats at its end.
//!
//! Format 2 as in <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>, and format 1 to look at only.
//! Every text that is taken is the only spelling of its macaroon, so that two programs cannot read two things in it.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use super::field::{Packets, Reader, kind, write_field};
use crate::secret::{Secret, SecretBytes};

/// The longest text of a token that is decoded, in bytes.
const LONGEST: usize = 8 * 1024;
/// The most caveats that a token may have.
const MOST_CAVEATS: usize = 64;
/// How many most tokens have.
const USUAL_CAVEATS: usize = 8;
const SIGNATURE_LENGTH: usize = 32;

/// What stands behind the caveats in format 2: the end of their sections, then the signature's kind, length, bytes.
const TAIL: usize = 3 + SIGNATURE_LENGTH;

/// A macaroon that was refused. What it holds is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MacaroonError {
    /// More than 8 KiB of text.
    #[error("the token is longer than 8 KiB")]
    Length,
    /// Another character than `A-Z a-z 0-9 - _`, padding, or bits that belong to no byte.
    #[error("the token is not base64url without padding")]
    Encoding,
    /// The first byte begins neither format 1 nor format 2.
    #[error("the token is no macaroon of format 1 or 2")]
    Format,
    /// A length reaches over the end, or the end comes too early.
    #[error("the token is cut off")]
    Truncated,
    /// A length that is not written in the shortest way.
    #[error("a length in the token is not in its shortest form")]
    Varint,
    /// A field that is missing, unknown or at the wrong place.
    #[error("a field of the token is missing, unknown or out of order")]
    Field,
    /// A location, which tokens of devpi leave empty.
    #[error("the token names a location, which a devpi token never does")]
    Location,
    /// Not 32 bytes.
    #[error("the signature of the token is not 32 bytes long")]
    Signature,
    /// Something follows the signature.
    #[error("bytes follow the signature of the token")]
    Trailing,
    /// More than 64 caveats.
    #[error("the token has more than 64 caveats")]
    Caveats,
}

/// The two binary formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Packets with hexadecimal lengths: the first format, for looking at only.
    V1,
    /// What devpi-tokens writes.
    V2,
}

/// A caveat as it stands in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caveat<'a> {
    /// The predicate of a first-party caveat, the identifier of a third-party one. It comes from outside: escape it
    /// before it is shown.
    pub text: &'a [u8],
    /// Whether another server has to agree; devpi-server knows no such server.
    pub third_party: bool,
}

#[derive(Debug, Clone)]
struct Placed {
    text: Range<usize>,
    third_party: bool,
}

/// The bytes of a macaroon, wiped when dropped, and where in them its parts are.
#[derive(Clone)]
pub(super) struct Macaroon {
    format: Format,
    bytes: SecretBytes,
    location: Range<usize>,
    identifier: Range<usize>,
    caveats: Vec<Placed>,
    signature: Range<usize>,
}

impl Macaroon {
    /// Reads base64url text without a prefix.
    pub(super) fn parse(text: &str) -> Result<Self, MacaroonError> {
        let macaroon = Self::parse_located(text)?;
        // Format 1 cannot be derived from, so nothing depends on whose it is.
        if macaroon.format == Format::V2 && !macaroon.location.is_empty() {
            return Err(MacaroonError::Location);
        }
        Ok(macaroon)
    }

    /// The same for a macaroon that names a location, as those of other servers do.
    pub(super) fn parse_located(text: &str) -> Result<Self, MacaroonError> {
        if text.len() > LONGEST {
            return Err(MacaroonError::Length);
        }
        // Sized beforehand: a buffer that grows leaves copies behind that nobody wipes.
        let mut bytes = SecretBytes::from(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| MacaroonError::Encoding)?;
        bytes.truncate(length);
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: SecretBytes) -> Result<Self, MacaroonError> {
        match bytes.first() {
            Some(2) => Self::from_v2(bytes),
            Some(byte) if byte.is_ascii_hexdigit() => Self::from_v1(bytes),
            _ => Err(MacaroonError::Format),
        }
    }

    fn from_v2(bytes: SecretBytes) -> Result<Self, MacaroonError> {
        let mut reader = Reader::new(&bytes, 1);
        // Upstream writes the field with nothing in it, other libraries leave it out. The signature does not cover
        // it, and deriving keeps the bytes, so both are taken.
        let location = reader.optional(kind::LOCATION)?.unwrap_or_default();
        let identifier = reader.field(kind::IDENTIFIER)?;
        reader.end_of_section()?;
        let mut caveats = Vec::with_capacity(USUAL_CAVEATS);
        while reader.peek()? != kind::END {
            let location = reader.optional(kind::LOCATION)?;
            let text = reader.field(kind::IDENTIFIER)?;
            let third_party = reader.optional(kind::VERIFIER)?.is_some();
            if location.is_some() && !third_party {
                return Err(MacaroonError::Field);
            }
            reader.end_of_section()?;
            push(&mut caveats, Placed { text, third_party })?;
        }
        reader.end_of_section()?;
        let signature = reader.field(kind::SIGNATURE)?;
        let end = reader.place();
        Self { format: Format::V2, bytes, location, identifier, caveats, signature }.ending_at(end)
    }

    fn from_v1(bytes: SecretBytes) -> Result<Self, MacaroonError> {
        let mut packets = Packets::new(&bytes);
        let location = packets.optional(b"location ")?.unwrap_or_default();
        let identifier = packets.optional(b"identifier ")?.ok_or(MacaroonError::Field)?;
        let mut caveats = Vec::with_capacity(USUAL_CAVEATS);
        while let Some(text) = packets.optional(b"cid ")? {
            let third_party = packets.optional(b"vid ")?.is_some();
            if third_party {
                packets.optional(b"cl ")?.ok_or(MacaroonError::Field)?;
            }
            push(&mut caveats, Placed { text, third_party })?;
        }
        let signature = packets.optional(b"signature ")?.ok_or(MacaroonError::Field)?;
        let end = packets.place();
        Self { format: Format::V1, bytes, location, identifier, caveats, signature }.ending_at(end)
    }

    fn ending_at(self, end: usize) -> Result<Self, MacaroonError> {
        if self.signature.len() != SIGNATURE_LENGTH {
            return Err(MacaroonError::Signature);
        }
        if end != self.bytes.len() {
            return Err(MacaroonError::Trailing);
        }
        Ok(self)
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn location(&self) -> &[u8] {
        &self.bytes[self.location.clone()]
    }

    pub(super) fn identifier(&self) -> &[u8] {
        &self.bytes[self.identifier.clone()]
    }

    pub(super) fn caveats(&self) -> impl ExactSizeIterator<Item = Caveat<'_>> {
        let whole =
            |placed: &Placed| Caveat { text: &self.bytes[placed.text.clone()], third_party: placed.third_party };
        self.caveats.iter().map(whole)
    }

    /// The text behind a prefix: what [`parse`](Self::parse) was given.
    pub(super) fn text(&self, prefix: &str) -> Secret {
        // Sized beforehand: a buffer that grows leaves copies behind that nobody wipes.
        let length = base64::encoded_len(self.bytes.len(), false).unwrap_or_default();
        let mut text = String::with_capacity(prefix.len() + length);
        text.push_str(prefix);
        URL_SAFE_NO_PAD.encode_string(&*self.bytes, &mut text);
        Secret::new(text)
    }

    /// This macaroon with first-party caveats at its end, each signed with the signature before it. The bytes in
    /// front stay what they are.
    ///
    /// # Errors
    /// [`MacaroonError::Format`] for format 1; [`MacaroonError::Caveats`] and [`MacaroonError::Length`] where the
    /// result would not be taken itself.
    pub(super) fn with_caveats(&self, added: &[String]) -> Result<Self, MacaroonError> {
        if self.format != Format::V2 {
            return Err(MacaroonError::Format);
        }
        let body = &self.bytes[..self.bytes.len() - TAIL];
        let room = added.iter().map(|text| text.len() + 8).sum::<usize>();
        let mut bytes = Vec::with_capacity(self.bytes.len() + room);
        bytes.extend_from_slice(body);
        let mut signature = Signature::of(&self.bytes[self.signature.clone()]);
        for text in added {
            write_field(&mut bytes, kind::IDENTIFIER, text.as_bytes());
            bytes.push(kind::END);
            signature.sign(text.as_bytes());
        }
        bytes.push(kind::END);
        write_field(&mut bytes, kind::SIGNATURE, signature.bytes());
        let bytes = SecretBytes::from(bytes);
        if base64::encoded_len(bytes.len(), false).is_none_or(|length| length > LONGEST) {
            return Err(MacaroonError::Length);
        }
        Self::from_bytes(bytes)
    }
}

/// Shows neither the signature nor any text from outside.
impl fmt::Debug for Macaroon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, bytes: _, location: _, identifier: _, caveats, signature: _ } = self;
        f.debug_struct("Macaroon").field("format", format).field("caveats", &caveats.len()).finish_non_exhaustive()
    }
}

/// Compares in constant time: how long it takes tells the length, never where two macaroons differ.
impl PartialEq for Macaroon {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Macaroon {}

fn push(caveats: &mut Vec<Placed>, caveat: Placed) -> Result<(), MacaroonError> {
    if caveats.len() == MOST_CAVEATS {
        return Err(MacaroonError::Caveats);
    }
    caveats.push(caveat);
    Ok(())
}

/// The last signature, in the form in which it is the key of the next one: filled up with zeroes to a block (RFC 2104).
/// Wiped when it is dropped.
struct Signature([u8; 64]);

impl Signature {
    fn of(bytes: &[u8]) -> Self {
        let mut block = [0; 64];
        block[..SIGNATURE_LENGTH].copy_from_slice(bytes);
        Self(block)
    }

    /// Signs a caveat with HMAC-SHA256: with what comes of it the next one is signed.
    fn sign(&mut self, caveat: &[u8]) {
        let mut mac = Hmac::<Sha256>::new((&self.0).into());
        mac.update(caveat);
        let mut signature: [u8; SIGNATURE_LENGTH] = mac.finalize().into_bytes().into();
        self.0[..SIGNATURE_LENGTH].copy_from_slice(&signature);
        signature.as_mut_slice().zeroize();
    }

    fn bytes(&self) -> &[u8] {
        &self.0[..SIGNATURE_LENGTH]
    }
}

impl Drop for Signature {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}
