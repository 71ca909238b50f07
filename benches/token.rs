//! Tokens: read, narrowed, understood. `cargo bench --bench token`

use devpi_tokens::target::IndexName;
use devpi_tokens::token::{Restriction, RootToken, Scope, Token};

fn main() {
    divan::main();
}

/// The numbers of caveats that are measured; a token has 64 at most.
const CAVEATS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// A root token that pymacaroons has made.
fn root() -> RootToken {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../tests/vectors/tokens.json")).expect("the vectors");
    let token = Token::parse(vectors["derived"][0]["root"].as_str().expect("a token")).expect("a token");
    RootToken::try_from(token).expect("a root token")
}

fn restrictions(count: usize) -> Vec<Restriction> {
    let index = |number: usize| -> IndexName { format!("alice/i{number}").parse().expect("an index") };
    (0..count).map(|number| Restriction::Indexes([index(number), index(1000)].into())).collect()
}

#[divan::bench(args = CAVEATS)]
fn parse(bencher: divan::Bencher, caveats: usize) {
    let text = root().attenuate(&restrictions(caveats)).expect("a token").text();
    bencher.bench(|| Token::parse(text.expose()));
}

#[divan::bench(args = CAVEATS)]
fn derive(bencher: divan::Bencher, caveats: usize) {
    let (root, restrictions) = (root(), restrictions(caveats));
    bencher.bench(|| root.attenuate(&restrictions).map(|token| token.text()));
}

#[divan::bench(args = CAVEATS)]
fn scope(bencher: divan::Bencher, caveats: usize) {
    let restrictions = restrictions(caveats);
    bencher.bench(|| Scope::of(&restrictions));
}
