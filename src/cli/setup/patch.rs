//! What a change was: shown line by line, and kept so that it can be taken back.
//!
//! Of both texts only the lines that were changed are kept, and none with a secret in it, so that no password lies in a
//! second place.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, DiffTag, TextDiff};

use super::mask::Mask;

/// How many lines around a change are looked at; of these only a section's header is shown.
const AROUND: usize = 1;

/// How long the shortest difference is looked for.
const LIMIT: Duration = Duration::from_secs(1);

/// What turns a changed text into the one before, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Patch {
    /// How long the changed text was, in bytes.
    length: usize,
    pub(super) pieces: Vec<Piece>,
}

/// Whole lines of the changed text, and those in their place before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    /// Where they began, in bytes.
    at: usize,
    pub(super) now: String,
    pub(super) before: String,
}

impl Patch {
    /// The way back from one text to the other, without the pieces that the mask hides something of, and whether there
    /// are none of these.
    pub(super) fn back(before: &str, after: &str, mask: &Mask) -> (Self, bool) {
        let diff = lines_of(after, before);
        let (old, new) = (diff.old_slices(), diff.new_slices());
        let (mut pieces, mut at, mut is_whole) = (Vec::new(), 0, true);
        for op in diff.ops() {
            // Counted along: where an insertion stands in the old text the crate does not always say.
            let now = if op.tag() == DiffTag::Insert { String::new() } else { old[op.old_range()].concat() };
            let before = if op.tag() == DiffTag::Delete { String::new() } else { new[op.new_range()].concat() };
            let length = now.len();
            if op.tag() != DiffTag::Equal {
                let hides = now.lines().chain(before.lines()).any(|line| mask.hides(line));
                is_whole &= !hides;
                pieces.extend((!hides).then_some(Piece { at, now, before }));
            }
            at += length;
        }
        (Self { length: after.len(), pieces }, is_whole)
    }

    /// The text with each piece put back that still stands there as it was put, and the pieces that do not.
    pub(super) fn undone(&self, text: &str) -> (String, Self) {
        let mut places: Vec<(Range<usize>, &Piece)> = Vec::new();
        let mut left = Self { length: self.length, pieces: Vec::new() };
        let is_untouched = self.is_untouched(text);
        for piece in &self.pieces {
            let at = if is_untouched { Some(piece.at) } else { self.place(piece, text) };
            // In order, and none within another.
            let end = places.last().map_or(0, |(place, _)| place.end);
            match at.filter(|at| *at >= end) {
                Some(at) => places.push((at..at + piece.now.len(), piece)),
                None if piece.is_undone(text) => {}
                None => left.pieces.push(piece.clone()),
            }
        }
        let mut undone = text.to_owned();
        for (place, piece) in places.into_iter().rev() {
            undone.replace_range(place, &piece.before);
        }
        (undone, left)
    }

    /// Whether nobody has touched the text since, as far as the pieces tell.
    fn is_untouched(&self, text: &str) -> bool {
        let stands = |piece: &Piece| text.get(piece.at..piece.at + piece.now.len()) == Some(piece.now.as_str());
        text.len() == self.length && self.pieces.iter().all(stands)
    }

    /// Where the lines of a piece stand. Of several pieces with the same lines each has its own place in the text, if
    /// there are as many.
    fn place(&self, piece: &Piece, text: &str) -> Option<usize> {
        let same = || self.pieces.iter().filter(|other| other.now == piece.now);
        let number = same().position(|other| other.at == piece.at)?;
        let places = places(text, &piece.now);
        places.get(number).copied().filter(|_| places.len() == same().count())
    }
}

impl Piece {
    /// Whether the lines from before stand there, and not those from afterwards.
    fn is_undone(&self, text: &str) -> bool {
        let stands = |lines: &str| !places(text, lines).is_empty();
        !stands(&self.now) && (self.before.is_empty() || stands(&self.before))
    }
}

/// Where those lines stand in a text, as whole lines.
fn places(text: &str, lines: &str) -> Vec<usize> {
    let begins = |at: usize| at == 0 || text[..at].ends_with('\n');
    let ends = |at: usize| at == text.len() || lines.ends_with('\n') || text[at..].starts_with(['\n', '\r']);
    let found = text.match_indices(lines).map(|(at, _)| at).filter(|at| !lines.is_empty() && begins(*at));
    found.filter(|at| ends(at + lines.len())).collect()
}

/// Line by line, as short as can be found in time.
fn lines_of<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, 't, str> {
    TextDiff::configure().timeout(LIMIT).diff_lines(old, new)
}

/// The difference of two texts for a person: the changed lines, and the headers of sections beside them.
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
                // What else stands there is nobody's business.
                ChangeTag::Equal if !is_header(change.value()) => continue,
                ChangeTag::Equal => ' ',
            };
            let line = mask.line(change.value().trim_end_matches(['\n', '\r']));
            lines.push(format!("  {sign}{line}").trim_end().to_owned());
        }
    }
    lines
}

/// Whether a line is the header of a section, in the languages of clients.
fn is_header(line: &str) -> bool {
    line.trim().starts_with('[') && line.trim().ends_with(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(before: &str, after: &str) -> Patch {
        Patch::back(before, after, &Mask::of(&[before, after], std::iter::empty())).0
    }

    #[test]
    fn a_difference_is_shown_with_the_header_beside_it_and_nothing_else() {
        let mask = Mask::of(&[], std::iter::empty());
        let shown = shown("a\nb\n[c]\nd\ne\nf\ng\n", "a\nb\n[c]\nx\nd\ne\nf\n", &mask);
        assert_eq!(shown, ["   [c]", "  +x", "   ...", "  -g"]);
    }

    #[test]
    fn neither_what_was_not_changed_nor_a_changed_line_with_a_secret_is_kept() {
        let patch = back("[pypi]\npassword = s3cret\n[dev]\nx = 1\n", "[pypi]\npassword = other\n[dev]\nx = 2\n");
        let kept = serde_json::to_string(&patch).expect("JSON");
        assert!(!kept.contains("s3cret") && !kept.contains("other") && kept.contains("x = 1"), "{kept}");
        assert_eq!(
            patch.undone("[pypi]\npassword = other\n[dev]\nx = 2\n").0,
            "[pypi]\npassword = other\n[dev]\nx = 1\n"
        );
    }

    #[test]
    fn lines_come_back_in_a_text_that_was_changed_elsewhere() {
        let patch = back("[a]\nk = old\n[b]\n", "[a]\nk = new\n[b]\nyes = 1\n");
        let (text, left) = patch.undone("# mine\n[a]\nk = new\nmore = 2\n[b]\nyes = 1\n[c]\n");
        assert_eq!((text.as_str(), left.pieces.len()), ("# mine\n[a]\nk = old\nmore = 2\n[b]\n[c]\n", 0));
    }

    #[test]
    fn lines_that_do_not_stand_there_as_they_were_put_are_left() {
        let patch = back("k = old\n", "k = new\nyes = 1\n");
        for text in ["k = mine\n", "k = new\nyes = 1\nk = new\nyes = 1\n", " k = new\nyes = 1\n"] {
            let (undone, left) = patch.undone(text);
            assert_eq!((undone.as_str(), left.pieces.len()), (text, 1), "{text}");
        }
        assert_eq!(patch.undone("x\nk = old\n").1.pieces, [], "it is as before already");
    }

    #[test]
    fn the_same_line_in_several_places_comes_out_of_each_of_them_or_of_none() {
        let patch = back("[1]\n[2]\n[3]\n", "[1]\nyes = 1\n[2]\nyes = 1\n[3]\n");
        assert_eq!(patch.undone("[0]\n[1]\nyes = 1\n[2]\nyes = 1\n[3]\n").0, "[0]\n[1]\n[2]\n[3]\n");
        let more = "[0]\nyes = 1\n[1]\nyes = 1\n[2]\nyes = 1\n[3]\n";
        let (text, left) = patch.undone(more);
        assert_eq!((text.as_str(), left.pieces.len()), (more, 2));
    }

    proptest::proptest! {
        #[test]
        fn every_change_can_be_taken_back(before in "([ab]{0,2}\r?\n){0,8}é?", after in "([ab]{0,2}\r?\n){0,8}b?") {
            let (text, left) = back(&before, &after).undone(&after);
            proptest::prop_assert_eq!((text, left.pieces.len()), (before, 0));
        }

        #[test]
        fn no_text_is_too_odd_to_take_a_change_back_in(before in "([ab]?\n){0,6}b?", after in "([ab]?\n){0,6}b?", now in "([ab]?\n){0,6}b?") {
            let _ = back(&before, &after).undone(&now);
        }
    }
}
