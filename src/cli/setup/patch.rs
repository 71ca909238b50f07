//! What a change was: shown line by line, and kept so that it can be taken back.
//!
//! Of the text before only the lines that were changed are kept, so that no password of another line lies in a second
//! place.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use similar::{ChangeTag, DiffTag, TextDiff};

use super::mask::Mask;

/// How many lines around a change are shown.
const AROUND: usize = 1;

/// How long the shortest difference is looked for.
const LIMIT: Duration = Duration::from_secs(1);

/// What turns a changed text into the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Patch {
    /// What tells the text before from others, and the changed one.
    before: String,
    after: String,
    pieces: Vec<Piece>,
}

/// Bytes of the changed text, and what stood in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    from: usize,
    to: usize,
    text: String,
}

impl Patch {
    /// The way back from one text to the other.
    pub(super) fn back(before: &str, after: &str) -> Self {
        let diff = lines_of(after, before);
        let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
        let (old, new) = (diff.old_slices(), diff.new_slices());
        let (mut pieces, mut from) = (Vec::new(), 0);
        for op in diff.ops() {
            // Counted along: where an insertion stands in the old text the crate does not always say.
            let to = from + if op.tag() == DiffTag::Insert { 0 } else { length(&old[op.old_range()]) };
            let text = if op.tag() == DiffTag::Delete { String::new() } else { new[op.new_range()].concat() };
            if op.tag() != DiffTag::Equal {
                pieces.push(Piece { from, to, text });
            }
            from = to;
        }
        Self { before: digest(before), after: digest(after), pieces }
    }

    /// Whether this is the changed text, or that it was before.
    pub(super) fn is_after(&self, text: &str) -> bool {
        digest(text) == self.after
    }

    /// Whether this is the text before.
    pub(super) fn is_before(&self, text: &str) -> bool {
        digest(text) == self.before
    }

    /// The text before, of the changed one only.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        if !self.is_after(text) {
            return None;
        }
        let mut before = text.to_owned();
        for piece in self.pieces.iter().rev() {
            before.get(piece.from..piece.to)?;
            before.replace_range(piece.from..piece.to, &piece.text);
        }
        self.is_before(&before).then_some(before)
    }

    /// The lines that it would put back, for a text that was changed since.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().flat_map(|piece| piece.text.lines())
    }
}

/// Line by line, as short as can be found in time.
fn lines_of<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, 't, str> {
    TextDiff::configure().timeout(LIMIT).diff_lines(old, new)
}

/// Half of a SHA-256 in hexadecimal. What is secret in the text is not in it: it could be guessed from that, also when it
/// has long been out of the file.
fn digest(text: &str) -> String {
    let mask = Mask::of(&[text], std::iter::empty());
    let lines: Vec<String> = text.split('\n').map(|line| mask.line(line)).collect();
    let hash = Sha256::digest(format!("{}\n{}", text.len(), lines.join("\n")));
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The difference of two texts for a person, a few lines around each change.
pub(super) fn shown(before: &str, after: &str, mask: &Mask) -> Vec<String> {
    let diff = lines_of(before, after);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if number > 0 {
            lines.push("   ...".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = mask.line(change.value().trim_end_matches(['\n', '\r']));
            lines.push(format!("  {sign}{line}").trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_can_be_guessed_from_what_is_kept() {
        let with = |password: &str| Patch::back(&format!("[a]\npassword = {password}\n"), "[b]\n");
        assert_eq!(with("s3cret").before, with("hunter").before);
        assert_ne!(with("s3cret").before, with("longer-one").before);
    }

    #[test]
    fn a_difference_is_shown_with_a_line_around_it() {
        let mask = Mask::of(&[], std::iter::empty());
        let shown = shown("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nx\nd\ne\nf\n", &mask);
        assert_eq!(shown, ["   c", "  +x", "   d", "   ...", "   f", "  -g"]);
    }

    #[test]
    fn what_was_not_changed_is_not_kept() {
        let patch =
            Patch::back("[pypi]\npassword = s3cret\n[dev]\nx = 1\n", "[pypi]\npassword = s3cret\n[dev]\nx = 2\n");
        assert!(!serde_json::to_string(&patch).expect("JSON").contains("s3cret"));
    }

    proptest::proptest! {
        #[test]
        fn every_change_can_be_taken_back(before in "([ab]{0,2}\r?\n){0,8}é?", after in "([ab]{0,2}\r?\n){0,8}b?") {
            let patch = Patch::back(&before, &after);
            proptest::prop_assert_eq!(patch.apply(&after), Some(before));
            proptest::prop_assert_eq!(patch.apply(&format!("{after}x")), None);
        }
    }
}
