//! Adding restrictions to a token, beside the bare HMACs that this takes and beside other implementations.

use std::hint::black_box;
use std::time::Instant;

use devpi_tokens::token::{Restriction, RootToken, Token};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use testbed::{Pymacaroons, Tools};

use super::table::{Bound, Table};

/// How often everything is measured, in turns.
const ROUNDS: usize = 60;

/// How many tokens a round of a program in Rust makes, so that the clock is no part of it.
const BATCH: u32 = 2000;

const HMACS: &str = "four HMAC-SHA256 alone (sha2)";
const OURS: &str = "devpi-tokens, to the token's text";
const CRATE: &str = "the crate macaroon, to the token's text";
const PYTHON: &str = "pymacaroons, to the token's text";

/// What a look-up adds.
pub(super) const CAVEATS: [&str; 4] =
    ["allowed=pkg_read", "expires=1900000000", "indexes=alice/base,alice/dev,alice/mid", "not_before=1800000000"];

pub(super) fn run(tools: &Tools) -> Result<Table, Box<dyn std::error::Error>> {
    let mut python = Pymacaroons::start(tools)?;
    let text = python.mint("a key", "alice-abcdefgh", &["allowed=pkg_read,upload".to_owned()])?;
    let root = RootToken::try_from(Token::parse(&text)?)?;
    let restrictions: Vec<Restriction> = CAVEATS.iter().map(Restriction::read).collect();
    macaroon::initialize().map_err(|error| format!("{error:?}"))?;
    let other = macaroon::Macaroon::deserialize(text.trim_start_matches("devpi-"))?;

    let mut table = Table::new("deriving with four restrictions", "µs");
    for _ in 0..ROUNDS {
        table.add(HMACS, batch(BATCH, || chain(&mut [7; 32])));
        table.add(OURS, batch(BATCH, || root.attenuate(&restrictions).map(|token| token.text())));
        let theirs = || {
            let mut token = other.clone();
            CAVEATS.iter().for_each(|caveat| token.add_first_party_caveat((*caveat).into()));
            token.serialize(macaroon::Format::V2)
        };
        table.add(CRATE, batch(BATCH, theirs));
        table.add(PYTHON, python.time_restrict(&text, &CAVEATS.map(str::to_owned))? * 1e6);
    }
    table.claim(OURS, HMACS, Bound::AtMost(2.0));
    table.claim(CRATE, OURS, Bound::AtLeast(3.0));
    table.claim(PYTHON, OURS, Bound::AtLeast(30.0));
    Ok(table)
}

/// What nobody gets round: each caveat's signature is keyed with the one before.
fn chain(signature: &mut [u8; 32]) -> [u8; 32] {
    for caveat in CAVEATS {
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(signature) {
            mac.update(caveat.as_bytes());
            *signature = mac.finalize().into_bytes().into();
        }
    }
    *signature
}

/// How long one of that many runs takes, in microseconds.
pub(super) fn batch<T>(runs: u32, run: impl Fn() -> T) -> f64 {
    let began = Instant::now();
    (0..runs).for_each(|_| drop(black_box(run())));
    began.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}
