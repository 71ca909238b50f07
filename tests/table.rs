//! What the agent promises, held against what real clients sent: a row for each client and operation.
//!
//! `cargo test --test table -- --nocapture` prints the table: what the tokens that travelled could do, as nginx saw
//! them and pymacaroons opened them.

mod support;

#[path = "table/desk.rs"]
mod desk;
#[path = "table/installs.rs"]
mod installs;
#[path = "table/uploads.rs"]
mod uploads;
#[path = "table/uv.rs"]
mod uv;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use desk::Desk;
use serde_json::json;
use support::BED;
use support::judge::{Sent, Watch, only_bases, only_reads, only_uploads_of};
use testbed::Auth;

/// Rows that run at the same time.
const WORKERS: usize = 3;

/// A client doing something, and what its tokens may be at most.
#[derive(Clone)]
struct Row {
    client: &'static str,
    operation: &'static str,
    promise: Promise,
    act: fn(&Desk),
}

/// What tokens a row needs: those and no others.
#[derive(Clone, Copy)]
struct Promise {
    /// The indexes that a token for reading names; none: nothing is read.
    reads: &'static [&'static str],
    upload: Option<Upload>,
}

/// One project, uploaded in version 0.1.
#[derive(Clone, Copy)]
struct Upload {
    index: &'static str,
    project: &'static str,
    /// At least the size of its files in bytes.
    bytes: u32,
}

/// What travelled in a row.
struct Travelled {
    requests: usize,
    /// What the tokens could do, with the longest time that one of each kind had left, in seconds.
    kinds: BTreeMap<String, f64>,
    agents: BTreeSet<String>,
}

impl Row {
    fn judge(&self) -> Travelled {
        let desk = Desk::new();
        let watch = Watch::new(&desk.home, &BED);
        let upload = self.promise.upload;
        if let Some(upload) = upload {
            assert!(!has_arrived(upload), "{} is there already", upload.project);
        }
        (self.act)(&desk);
        let sent = watch.sent();
        self.promise.holds(&sent);
        if let Some(upload) = upload {
            assert!(has_arrived(upload), "{} is not there", upload.project);
            is_good_for_nothing_else(&sent, upload);
        } else {
            assert!(sent.iter().any(|sent| sent.seen.uri.contains("/+f/") && sent.seen.status == 200), "{sent:#?}");
        }
        let refused: Vec<&Sent> = sent.iter().filter(|sent| [401, 403].contains(&sent.seen.status)).collect();
        assert!(refused.is_empty(), "these were refused: {refused:#?}");
        Travelled::of(&sent)
    }
}

impl Promise {
    /// Each request carried one of the tokens that are promised, and each of those was carried.
    fn holds(self, sent: &[Sent]) {
        let (bases, sent): (Vec<&Sent>, Vec<&Sent>) = sent.iter().partition(|sent| sent.is_about_bases());
        only_bases(bases);
        let (reading, others): (Vec<&Sent>, Vec<&Sent>) =
            sent.into_iter().partition(|sent| sent.value("allowed") == Some("pkg_read"));
        assert_eq!(reading.is_empty(), self.reads.is_empty(), "these read: {reading:#?}");
        only_reads(reading, self.reads);
        assert_eq!(others.is_empty(), self.upload.is_none(), "these did not read: {others:#?}");
        if let Some(Upload { index, project, bytes }) = self.upload {
            only_uploads_of(others, index, project, bytes);
        }
    }
}

impl Travelled {
    fn of(sent: &[Sent]) -> Self {
        let kind = |sent: &Sent| {
            let value = |key| sent.value(key).unwrap_or("any").replace(',', " ");
            match sent.value("projects") {
                None if sent.is_about_bases() => "bases".to_owned(),
                Some(projects) => format!("{} {projects} to {}", value("allowed"), value("indexes")),
                None => format!("{} {}", value("allowed"), value("indexes")),
            }
        };
        let left = |sent: &Sent| {
            sent.value("expires").and_then(|at| at.parse().ok()).unwrap_or(f64::INFINITY) - sent.seen.time
        };
        let agent = |sent: &Sent| sent.seen.agent.split_whitespace().next().unwrap_or_default().to_owned();
        let mut kinds = BTreeMap::new();
        for one in sent {
            let longest = kinds.entry(kind(one)).or_insert(0.0);
            *longest = left(one).max(*longest);
        }
        Self { requests: sent.len(), kinds, agents: sent.iter().map(agent).collect() }
    }
}

/// Whether the server serves the project's version 0.1, seen by somebody else.
fn has_arrived(Upload { index, project, .. }: Upload) -> bool {
    let token = BED.create_token("alice", &json!({"allowed": ["pkg_read"]})).expect("a token");
    let page = BED.get(&format!("{index}/+simple/{project}/"), Auth::Basic("alice", &token)).expect("the page");
    page.status == 200 && page.body.contains(&format!("{}-0.1", project.replace('-', "_")))
}

/// The token that uploaded, once more: the server takes it for this project and for nothing else.
fn is_good_for_nothing_else(sent: &[Sent], upload: Upload) {
    let posts: Vec<&Sent> = sent.iter().filter(|sent| sent.seen.method == "POST").collect();
    assert!(!posts.is_empty() && posts.iter().all(|post| post.seen.status == 200), "{posts:#?}");
    let again =
        |index: &str, project: &str| BED.replay_upload(&posts[0].seen, index, project).expect("an answer").status;
    let elsewhere = if upload.index == "alice/other" { "alice/dev" } else { "alice/other" };
    assert_eq!(again(upload.index, upload.project), 200);
    assert_eq!(again(upload.index, "bed-another"), 403);
    assert_eq!(again(elsewhere, upload.project), 403);
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is to be read")]
fn no_token_that_travels_is_wider_than_promised() {
    let rows = [installs::rows(), uv::rows(), uploads::rows()].concat();
    let (waiting, told) = (Mutex::new(rows.iter().enumerate()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("a lock").next();
                    let Some((number, row)) = next else { return };
                    // The others are judged all the same.
                    let travelled = catch_unwind(AssertUnwindSafe(|| row.judge())).ok();
                    told.lock().expect("a lock").push((number, row, travelled));
                }
            });
        }
    });
    let mut told = told.into_inner().expect("a lock");
    told.sort_by_key(|(number, ..)| *number);
    let mut table = format!("{:10} {:42} sent  what the tokens could do, and for how long\n", "client", "operation");
    let mut failed = Vec::new();
    for (_, Row { client, operation, .. }, travelled) in told {
        let row = format!("{client:10} {operation:42}");
        match travelled {
            Some(Travelled { requests, kinds, agents }) => {
                let kinds: Vec<String> = kinds.iter().map(|(kind, left)| format!("{kind}, {left:.0} s")).collect();
                let agents = Vec::from_iter(agents).join(" ");
                writeln!(table, "{row} {requests:4}  {} ({agents})", kinds.join("; ")).expect("written");
            }
            None => {
                writeln!(table, "{row} not as promised").expect("written");
                failed.push(format!("{client}: {operation}"));
            }
        }
    }
    println!("{table}");
    assert!(failed.is_empty(), "not as promised: {failed:#?}\n{table}");
}

/// What a pip that reads `alice/dev` sends.
fn sent_by_pip() -> Vec<Sent> {
    let desk = Desk::new();
    let watch = Watch::new(&desk.home, &BED);
    installs::pip_with_the_keyring_command(&desk);
    watch.sent()
}

#[test]
#[should_panic(expected = "indexes=alice/base,alice/dev,alice/mid")]
fn a_token_with_an_index_too_many_is_noticed() {
    Promise { reads: &["alice/dev"], upload: None }.holds(&sent_by_pip());
}

#[test]
#[should_panic(expected = "these read")]
fn a_token_of_a_kind_that_is_not_promised_is_noticed() {
    let upload = Upload { index: "alice/dev", project: "bed-app", bytes: 0 };
    Promise { reads: &[], upload: Some(upload) }.holds(&sent_by_pip());
}
