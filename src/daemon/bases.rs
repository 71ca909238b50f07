//! Learns what an index inherits from. The agent itself asks no server: a process of the command line does, with a
//! token that ends in a minute.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::issuer::Clock;
use super::store::Store;
use crate::exit::Exit;
use crate::protocol::{Errand, IndexBases, Variables};
use crate::target::{IndexName, Permission, ServerUrl};
use crate::time::Expiry;
use crate::token::Restriction;
use crate::vault::contents::{Held, Server};
use crate::wire;

/// How long the process may take.
const LIMIT: Duration = Duration::from_secs(5);

/// For how long the token of an errand is good, in seconds.
const TOKEN_LIFETIME: u64 = 60;

/// After how long the bases of an index are asked for again, in seconds.
const STALE: u64 = 10 * 60;

/// How long a look-up waits for bases that are not known, whatever their number.
const BASES_LIMIT: Duration = Duration::from_secs(5);

/// How many processes ask for bases at once.
const MOST_FETCHING: usize = 4;

/// Why the bases are not known.
#[derive(Debug, thiserror::Error)]
enum BasesError {
    #[error("the token allows no reading")]
    NoToken,
    #[error("{0} cannot be run")]
    NoProgram(String),
    #[error("no answer within {} s", LIMIT.as_secs())]
    TimedOut,
    #[error("the server has no such index")]
    NoIndex,
    #[error("the server gave no answer that can be used")]
    NoAnswer,
}

/// What is known of bases, and who finds out the rest.
pub(super) struct Bases {
    /// The agent's own program, beside which the others lie.
    program: PathBuf,
    store: Rc<Store>,
    /// The turns of the processes that ask.
    fetching: Semaphore,
    /// The indexes whose bases are being asked for again.
    refreshing: RefCell<HashSet<(ServerUrl, IndexName)>>,
}

impl Bases {
    pub(super) fn new(program: PathBuf, store: Rc<Store>) -> Self {
        Self { program, store, fetching: Semaphore::new(MOST_FETCHING), refreshing: RefCell::default() }
    }

    /// The asked indexes and all that they inherit from, as far as that is known or can be learnt in time.
    pub(super) async fn complete(
        self: &Rc<Self>,
        (server, held): (&Server, &Held),
        asked: &[IndexName],
        clock: Clock,
    ) -> WithBases {
        let deadline = tokio::time::Instant::now() + BASES_LIMIT;
        let mut all = WithBases { indexes: asked.to_vec(), notes: Vec::new() };
        for index in asked {
            let task = task(server, held, index, clock);
            let known = server.bases.iter().find(|entry| entry.known.index == *index);
            if let Some(stale) = known.filter(|entry| entry.fetched + STALE <= clock.here) {
                // The last known ones serve until then.
                all.indexes.extend(stale.known.bases.iter().cloned());
                self.refresh((server.url.clone(), index.clone()), task, clock);
                continue;
            }
            let bases = match known {
                Some(entry) => Ok(entry.known.bases.clone()),
                None if tokio::time::Instant::now() >= deadline => Err("no answer in time".to_owned()),
                None => match tokio::time::timeout_at(deadline, self.learn(task, clock)).await {
                    Ok(learnt) => learnt.map_err(|error| error.to_string()),
                    Err(_) => Err("no answer in time".to_owned()),
                },
            };
            match bases {
                Ok(bases) => all.indexes.extend(bases),
                Err(error) => all
                    .notes
                    .push(format!("the bases of {index} are not known ({error}): this token is for that index alone")),
            }
        }
        all
    }

    /// Asks for the bases of an index behind the back of whoever looks up; where it fails, the next look-up tries again.
    fn refresh(self: &Rc<Self>, what: (ServerUrl, IndexName), task: Option<Task>, clock: Clock) {
        if !self.refreshing.borrow_mut().insert(what.clone()) {
            return;
        }
        tracing::debug!(server = %what.0, index = %what.1, "asking for the bases again");
        let bases = Rc::clone(self);
        tokio::task::spawn_local(async move {
            if let Err(error) = bases.learn(task, clock).await {
                tracing::debug!(index = %what.1, %error, "the bases were not learnt");
            }
            bases.refreshing.borrow_mut().remove(&what);
        });
    }

    /// Asks for the bases of an index and remembers them.
    async fn learn(&self, task: Option<Task>, clock: Clock) -> Result<Vec<IndexName>, BasesError> {
        let task = task.ok_or(BasesError::NoToken)?;
        let turn = self.fetching.acquire().await;
        let known = fetch(&self.program, &task).await?;
        drop(turn);
        let errand = &task.errand;
        if known.index != errand.index {
            return Err(BasesError::NoAnswer);
        }
        self.store.learn_bases(&errand.server, known.clone(), clock.here);
        Ok(known.bases)
    }
}

/// What the process that asks for bases is told, and its environment.
struct Task {
    errand: Errand,
    environment: Variables,
}

/// What the process that asks for bases needs; nothing where the root token allows no reading.
///
/// Its token is not restricted to the index: devpi-lockdown refuses such a token the bases, and which those are is the
/// question.
fn task(server: &Server, held: &Held, index: &IndexName, clock: Clock) -> Option<Task> {
    let root = &held.root.0;
    let restrictions = [
        Restriction::Allowed([Permission::PkgRead].into()),
        Restriction::Expires(Expiry::At(clock.there().saturating_add(TOKEN_LIFETIME))),
    ];
    let token = root.attenuate(&restrictions).ok()?;
    let errand = Errand {
        server: server.url.clone(),
        access: held.access.clone(),
        index: index.clone(),
        user: root.user().clone(),
        token: token.text(),
    };
    Some(Task { errand, environment: held.environment.clone() })
}

/// Indexes with their bases, and what a person should know about them.
pub(super) struct WithBases {
    pub(super) indexes: Vec<IndexName>,
    pub(super) notes: Vec<String>,
}

/// Runs the process and waits for its answer.
async fn fetch(agent: &Path, Task { errand, environment }: &Task) -> Result<IndexBases, BasesError> {
    let program = agent.with_file_name("devpi-tokens");
    let mut child = Command::new(&program)
        .arg(Errand::VERB)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value.expose())))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| BasesError::NoProgram(program.display().to_string()))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let errand = wire::encode(errand).map_err(|_| BasesError::NoAnswer)?;
    let talk = async {
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err(BasesError::NoAnswer) };
        let broken = |_: std::io::Error| BasesError::NoAnswer;
        stdin.write_all(&errand).await.map_err(broken)?;
        drop(stdin);
        let mut answer = Vec::new();
        stdout.take(wire::LONGEST as u64 + 4).read_to_end(&mut answer).await.map_err(broken)?;
        if child.wait().await.map_err(broken)?.code() == Some(Exit::NotFound as i32) {
            return Err(BasesError::NoIndex);
        }
        wire::receive::<IndexBases>(&mut answer.as_slice()).map_err(|_| BasesError::NoAnswer)
    };
    tokio::time::timeout(LIMIT, talk).await.map_err(|_| BasesError::TimedOut)?
}
