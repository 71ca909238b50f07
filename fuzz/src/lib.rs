//! What strangers may write, and what has to hold of it: the bodies of the fuzz targets, each a function of bytes.
//!
//! `cargo xtask fuzz` runs them under libFuzzer, `tests/fuzz.rs` as property tests.

pub mod address;
pub mod client;
pub mod doors;
pub mod frame;
pub mod policy;
pub mod seeds;
pub mod token;
#[cfg(feature = "agent")]
pub mod vault;

/// Characters that nobody sees and that turn or hide others, beside the control characters.
const UNSEEN: [std::ops::RangeInclusive<char>; 7] = [
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{e0000}'..='\u{e007f}',
];

/// Asserts that a text which is shown holds nothing that a terminal would act upon.
fn assert_harmless(shown: &str) {
    let acts = |c: char| c.is_control() || UNSEEN.iter().any(|range| range.contains(&c));
    assert!(!shown.chars().any(acts), "a terminal would act upon {shown:?}");
}
