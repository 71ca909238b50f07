//! What a look-up does before and after the agent's answer: the list of our hosts, frames. `cargo bench --bench lookup`

use devpi_tokens::hosts::{self, Hosts};
use devpi_tokens::protocol::{Question, Request};
use devpi_tokens::target::{Purpose, Target};
use devpi_tokens::wire;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 10, 100, 1_000, 10_000])]
fn url_among_servers(bencher: divan::Bencher, servers: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hosts");
    let all = (0..servers).map(|number| format!("https://devpi-{number}.example").parse().expect("a server"));
    std::fs::write(&path, hosts::text(all.collect::<Vec<_>>().iter())).expect("a list");
    let url = format!("https://devpi-{}.example/alice/dev/+simple/", servers / 2);
    bencher.bench(|| {
        let target: Target = url.parse().expect("a URL");
        Hosts::open(&path)?.find(&target)
    });
}

fn question() -> Request {
    Request::Ask(Question {
        server: "https://devpi.example.com".parse().expect("a server"),
        user: None,
        purpose: Purpose::Upload,
        indexes: vec!["alice/dev".parse().expect("an index")],
        projects: vec!["my-project".parse().expect("a project")],
        bytes: 3_000_000,
        stranger: None,
    })
}

#[divan::bench]
fn frame_written(bencher: divan::Bencher) {
    let question = question();
    bencher.bench(|| wire::encode(&question));
}

#[divan::bench]
fn frame_read(bencher: divan::Bencher) {
    let frame = wire::encode(&question()).expect("a frame");
    bencher.bench(|| wire::decode::<Request>(&frame[4..]));
}
