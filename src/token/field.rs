//! The fields of a macaroon, in both binary formats. The readers check every length and never recurse.

use std::ops::Range;

use super::MacaroonError;

/// The kinds of fields in format 2. `END` closes a section and has no length.
pub(super) mod kind {
    pub(in super::super) const END: u8 = 0;
    pub(in super::super) const LOCATION: u8 = 1;
    pub(in super::super) const IDENTIFIER: u8 = 2;
    pub(in super::super) const VERIFIER: u8 = 4;
    pub(in super::super) const SIGNATURE: u8 = 6;
}

/// Writes a field of format 2, its length in the shortest form.
pub(super) fn write_field(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    bytes.push(kind);
    let mut rest = value.len();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend_from_slice(value);
}

/// Fields of format 2: kind, length as a varint, bytes.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How many bytes are read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The kind of the next field.
    pub(super) fn peek(&self) -> Result<u8, MacaroonError> {
        self.bytes.get(self.at).copied().ok_or(MacaroonError::Truncated)
    }

    fn byte(&mut self) -> Result<u8, MacaroonError> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// At most two bytes, 14 bits: no token that is decoded is longer than 6 KiB.
    fn length(&mut self) -> Result<usize, MacaroonError> {
        let low = self.byte()?;
        if low < 0x80 {
            return Ok(low.into());
        }
        match self.byte()? {
            0 | 0x80.. => Err(MacaroonError::Varint),
            high => Ok(usize::from(high) << 7 | usize::from(low & 0x7f)),
        }
    }

    /// The value of the next field, which has to be of that kind.
    pub(super) fn field(&mut self, kind: u8) -> Result<Range<usize>, MacaroonError> {
        if self.byte()? != kind {
            return Err(MacaroonError::Field);
        }
        let length = self.length()?;
        let start = self.at;
        if length > self.bytes.len() - start {
            return Err(MacaroonError::Truncated);
        }
        self.at = start + length;
        Ok(start..self.at)
    }

    /// The value of the next field where it is of that kind.
    pub(super) fn optional(&mut self, kind: u8) -> Result<Option<Range<usize>>, MacaroonError> {
        if self.peek()? == kind { self.field(kind).map(Some) } else { Ok(None) }
    }

    pub(super) fn end_of_section(&mut self) -> Result<(), MacaroonError> {
        if self.byte()? == kind::END { Ok(()) } else { Err(MacaroonError::Field) }
    }
}

/// Packets of format 1: the length as four hexadecimal digits, itself included, then `key`, a blank, the value and
/// a line feed.
pub(super) struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Packets<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The value of the next packet where it begins with that key and blank.
    pub(super) fn optional(&mut self, key: &[u8]) -> Result<Option<Range<usize>>, MacaroonError> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let (digits, rest) = rest.split_at_checked(4).ok_or(MacaroonError::Truncated)?;
        let mut length = 0;
        for digit in digits {
            // Lower case only, as every writer of this format has it.
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return Err(MacaroonError::Field),
            };
            length = length << 4 | usize::from(value);
        }
        let packet = length.checked_sub(4).and_then(|length| rest.get(..length)).ok_or(MacaroonError::Truncated)?;
        let Some(value) = packet.strip_prefix(key) else { return Ok(None) };
        let value = value.strip_suffix(b"\n").ok_or(MacaroonError::Field)?;
        let start = self.at + 4 + key.len();
        self.at += length;
        Ok(Some(start..start + value.len()))
    }
}
