//! The bodies of the fuzz targets as property tests: arbitrary bytes, and changes to inputs that get far.

#[path = "../fuzz/src/lib.rs"]
pub mod bodies;

use bodies::{address, client, doors, frame, policy, seeds, token, vault};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What parsers trip over, put in at any place.
const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\n\n",
    b" ",
    b"=",
    b",",
    b"/",
    b"//",
    b"..",
    b"%2e",
    b"@",
    b":",
    b"\\",
    b"?",
    b"#",
    b"\x1b[",
    b"\xff",
    "\u{202e}".as_bytes(),
    "\u{661}".as_bytes(),
    b"-",
    b"[[",
    b"\"",
    b"\xff\xff\xff\xff",
];

#[derive(Debug, Clone)]
enum Change {
    Put(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// The part behind the first place once more at the second one.
    Repeat(Index, Index, usize),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), select(&WORDS[..])).prop_map(|(at, word)| Change::Insert(at, word.to_vec())),
        (place(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place(), 1..24_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (place(), place(), 1..64_usize).prop_map(|(from, to, length)| Change::Repeat(from, to, length)),
        place().prop_map(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    let end = bytes.len();
    let place = |index: &Index| index.index(end + 1);
    match change {
        Change::Put(at, byte) if end > 0 => bytes[at.index(end)] = *byte,
        Change::Flip(at, bit) if end > 0 => bytes[at.index(end)] ^= 1 << bit,
        Change::Put(..) | Change::Flip(..) => {}
        Change::Insert(at, more) => drop(bytes.splice(place(at)..place(at), more.iter().copied())),
        Change::Remove(at, length) => drop(bytes.drain(place(at)..end.min(place(at) + length))),
        Change::Repeat(from, to, length) => {
            let part = bytes[place(from)..end.min(place(from) + length)].to_vec();
            bytes.splice(place(to)..place(to), part);
        }
        Change::Cut(at) => bytes.truncate(place(at)),
    }
    bytes
}

/// Arbitrary bytes, and the seeds of a target with some changes, or with another seed behind them.
fn input(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds::all().into_iter().find(|(name, _)| *name == target).expect("a target").1;
    let near = {
        let seeds = seeds.clone();
        move || {
            let near = (select(seeds.clone()), vec(change(), 1..6));
            near.prop_map(|(seed, changes)| changes.iter().fold(seed, changed))
        }
    };
    let joined = (near(), select(seeds)).prop_map(|(near, seed)| [near, seed].concat());
    prop_oneof![1 => vec(any::<u8>(), 0..256), 6 => near(), 1 => joined]
}

/// Declares one test a target.
macro_rules! holds {
    ($($name:ident: $target:literal, $body:path, $cases:literal;)+) => {
        $(#[test]
        fn $name() {
            for (_, seeds) in seeds::all().into_iter().filter(|(name, _)| *name == $target) {
                seeds.iter().for_each(|seed| $body(seed));
            }
            proptest!(ProptestConfig::with_cases($cases), |(bytes in input($target))| $body(&bytes));
        })+

        #[test]
        fn every_fuzz_target_is_a_property_test_too() {
            let names: Vec<&str> = seeds::all().iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$($target),+]);
            let manifest = include_str!("../fuzz/Cargo.toml");
            let built = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
            assert_eq!(built.collect::<Vec<_>>(), names);
        }
    };
}

holds! {
    a_token_has_one_spelling_and_what_is_derived_from_it_is_never_wider: "token_text", token::token_text, 2000;
    a_macaroon_of_format_1_is_what_its_parts_are_written_as: "macaroon_v1", token::macaroon_v1, 2000;
    a_macaroon_of_format_2_is_what_its_parts_are_written_as: "macaroon_v2", token::macaroon_v2, 2000;
    a_caveat_means_to_us_what_it_means_to_the_server: "caveats", token::caveats, 2000;
    an_address_is_on_the_server_that_it_names_and_on_no_other: "url", address::url, 2000;
    what_git_says_is_understood_in_one_way: "git_lines", doors::git_lines, 2000;
    the_words_of_keyring_are_understood_in_one_way: "keyring_argv", doors::keyring_argv, 2000;
    a_frame_that_is_too_long_is_not_read_and_a_message_stays_what_it_is: "frame", frame::frame, 2000;
    what_a_client_reads_names_only_urls_that_stand_there: "client_files", client::client_files, 1000;
    limits_only_narrow_and_a_wrong_line_is_named: "limits", policy::limits, 2000;
    a_vault_that_was_changed_does_not_open: "vault_file", vault::vault_file, 100;
}
