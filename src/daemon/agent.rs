//! What the agent does with each request.

mod confirm;
mod roots;
mod stage;
mod status;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use confirm::Granted;
use stage::Stage;
use tokio::sync::{mpsc, watch};

use super::bases::Bases;
use super::confirm::Confirmer;
use super::ending::Ending;
use super::handouts::{Given, Handouts};
use super::idle::{self, Watch};
use super::issuer::{Clock, Issuer};
use super::log;
use super::policies;
use super::quota::Quota;
use super::sockets::{Arrival, Sockets};
use super::store::Store;
use super::visitor::Visitor;
use super::weigh::weigh;
use crate::config;
use crate::exit::Failure;
use crate::paths::Paths;
use crate::policy::{self, Bounds, Grant, Limits, Rooted};
use crate::protocol::SessionBus;
use crate::protocol::ending;
use crate::protocol::{Credential, Denial, Holder, Question, Request, Response, Retired, Weighed};
use crate::target::Purpose;
use crate::vault::contents::{Contents, Held, Server};

/// The running agent.
pub(super) struct Agent {
    program: PathBuf,
    paths: Paths,
    store: Rc<Store>,
    bases: Rc<Bases>,
    issuer: RefCell<Issuer>,
    ending: Rc<Ending>,
    handouts: Handouts,
    confirmer: Confirmer,
    sockets: Sockets,
    /// Of tokens for restricted peers.
    quota: RefCell<Quota>,
    /// Those of the last question.
    limits: RefCell<Limits>,
    watch: RefCell<Watch>,
    started: u64,
    stage: watch::Sender<Stage>,
}

impl Agent {
    pub(super) fn new(program: PathBuf, paths: Paths) -> Result<Self, Failure> {
        let store = Rc::new(Store::new(program.clone(), &paths));
        let bases = Rc::new(Bases::new(program.clone(), Rc::clone(&store)));
        let ending = Rc::new(Ending::new(program.clone(), &paths.state));
        let handouts = Handouts::new(&paths.state)?;
        let confirmer = Confirmer::new();
        let (issuer, limits, sockets, quota) = Default::default();
        let watch = RefCell::new(Watch::new(idle::Instant::now()));
        let stage = watch::Sender::new(Stage::Serving);
        let started = now();
        Ok(Self {
            program,
            paths,
            store,
            bases,
            issuer,
            ending,
            handouts,
            confirmer,
            sockets,
            quota,
            limits,
            watch,
            started,
            stage,
        })
    }

    /// Where its own socket may be.
    pub(super) fn places(&self) -> &[PathBuf] {
        &self.paths.sockets
    }

    /// Who comes through its restricted sockets; nothing at the second call.
    pub(super) fn arrivals(&self) -> Option<mpsc::Receiver<Arrival>> {
        self.sockets.arrivals()
    }

    /// Answers nothing until somebody unlocks.
    pub(super) fn lock(&self) {
        self.issuer.borrow_mut().wipe();
        self.store.lock();
        self.confirmer.dismiss();
        tracing::info!("locked by hand");
    }

    /// Wipes what is in memory where nobody has asked for long, or where the machine was asleep.
    pub(super) fn look(&self) {
        log::say_whether_swappable();
        self.sockets.sweep();
        // A file that cannot be understood does not keep the vault open for longer than the last one that could.
        let _ = self.limits();
        self.look_at_clocks();
    }

    fn is_idle(&self) -> bool {
        self.watch.borrow().is_idle(idle::Instant::now(), self.idle_lock())
    }

    fn idle_lock(&self) -> Duration {
        Duration::from_secs(self.limits.borrow().idle_lock())
    }

    /// What [`Agent::look`] does about the clocks, by the limits that were read last.
    fn look_at_clocks(&self) {
        let why = self.watch.borrow_mut().look(idle::Instant::now(), self.idle_lock());
        if let Some(why) = why.filter(|_| self.store.close()) {
            self.issuer.borrow_mut().wipe();
            self.confirmer.dismiss();
            tracing::info!(%why, "locked");
        }
    }

    /// The response to one request.
    pub(super) async fn answer(
        self: &Rc<Self>,
        request: Request,
        session: &SessionBus,
        visitor: &Visitor,
    ) -> Result<Response, Denial> {
        match request {
            // It reads the limits itself, and a look-up is to be fast.
            Request::Ask(_) => self.look_at_clocks(),
            _ => self.look(),
        }
        // Whoever asks across a border keeps no vault open over night.
        if !matches!(request, Request::Status) && !visitor.is_restricted() {
            self.watch.borrow_mut().asked(idle::Instant::now());
        }
        match request {
            Request::Ask(question) => {
                let answer = self.ask(&question, session, visitor).await;
                if let Err(denial) = &answer {
                    self.handouts.refused(now(), &question, visitor, denial);
                }
                answer.map(Response::Credential)
            }
            Request::Servers => self.servers(visitor),
            _ if visitor.is_restricted() => Err(Denial::Restricted),
            Request::Hello { .. } => Err(Denial::NotARequest),
            Request::Status => {
                self.store.open_in_silence(session).await;
                self.status().map(|status| Response::Status(Box::new(status)))
            }
            Request::ProbeKeyring => Ok(Response::Keyring { answers: self.store.keyring_answers(session).await }),
            Request::Create { keeper, passphrase } => {
                self.store.create(keeper, passphrase, session).await?;
                Ok(Response::Done)
            }
            Request::Lock => {
                self.lock();
                Ok(Response::Done)
            }
            Request::Unlock { passphrase } => {
                if self.store.unlock(passphrase, session).await? {
                    self.confirmer.unlocked(session);
                }
                Ok(Response::Done)
            }
            Request::OpenSocket(socket) => self.sockets.open(socket, self.places()).map(|()| Response::Done),
            Request::CloseSocket { path } => self.sockets.close(&path).map(|()| Response::Done),
            Request::Stop => {
                self.stop();
                Ok(Response::Done)
            }
            Request::Weigh(question) => {
                self.store.open_for_lookup(session).await.map_err(|denial| asked(denial, &question))?;
                self.weigh(question).map(|weighed| Response::Weighed(Box::new(weighed)))
            }
            Request::Keep(root) => {
                self.store.open_for_lookup(session).await?;
                let holder = root.holder.clone();
                let kept = self.keep(*root)?;
                self.confirmer.kept(holder, session);
                Ok(kept)
            }
            Request::Drop(holder) => {
                self.store.open_for_lookup(session).await?;
                self.forget(&holder)
            }
            Request::Deleted { holder, ids } => {
                let gone = |retired: &Retired| retired.holder == holder && ids.contains(&retired.id);
                self.store.change(|contents| contents.retired.retain(|retired| !gone(retired)))?;
                Ok(Response::Done)
            }
            Request::MakeDefault(holder) => self.make_default(holder),
            Request::Policy(holder) => {
                self.store.open_for_lookup(session).await?;
                policies::of(&self.store, &holder).map(Response::Policy)
            }
            Request::SetPolicy { holder, policy, passphrase } => {
                self.store.open_for_lookup(session).await?;
                self.set_policy((holder, policy), passphrase, visitor).await
            }
        }
    }

    async fn ask(
        self: &Rc<Self>,
        question: &Question,
        session: &SessionBus,
        visitor: &Visitor,
    ) -> Result<Credential, Denial> {
        if !question.is_within_limits() {
            return Err(Denial::NotARequest);
        }
        let mut question = visitor.narrowed(question)?;
        // Nor does he open one again that was locked as nobody else had asked.
        if !(visitor.is_restricted() && self.is_idle()) {
            self.store.open_for_lookup(session).await.map_err(|denial| asked(denial, &question))?;
        }
        let contents = self.store.contents()?;
        let (server, held) = kept_for(&contents, &question)?;
        let clock = Clock::new(now(), held.access.skew);
        if question.indexes.is_empty() {
            question.to_mut().indexes.extend(server.index.clone());
        }
        let limits = self.limits()?;
        let caller = visitor.caller();
        if let Some(given) =
            caller.as_ref().and_then(|caller| self.issuer.borrow_mut().repeat(caller, &question, clock.here))
        {
            return Ok(given);
        }
        let holder = Holder { server: server.url.clone(), user: held.root.0.user().clone() };
        if visitor.is_restricted() {
            self.quota.borrow_mut().take(clock.here)?;
        } else {
            self.ending.tell(&holder, &held.root.0, clock.there(), session);
        }
        // First of all, as no process is started and no server asked for what is refused anyway.
        decide(held, &question, (clock, &limits))?;
        let mut complete = Question::clone(&question);
        let mut notes = Vec::new();
        if question.purpose == Purpose::Read {
            let known = self.bases.complete((server, held), &question.indexes, clock).await;
            complete.indexes = known.indexes;
            notes = known.notes;
        }
        // That may have taken seconds, and the machine may have slept: what was locked, forgotten, replaced or narrowed
        // meanwhile gives nothing any more.
        self.look_at_clocks();
        if visitor.is_restricted() {
            self.sockets.sweep();
        }
        let question = visitor.narrowed(&question)?;
        let Granted { contents, clock, grant } = match self.confirmed((&question, &complete), visitor).await? {
            Ok(granted) => granted,
            Err(given) => return Ok(given),
        };
        let (_, held) = kept_for(&contents, &question)?;
        let (mut credential, mark) = self.issuer.borrow_mut().issue(&held.root.0, &grant, clock)?;
        credential.notes = notes;
        let end = held.root.0.scope().expires();
        credential.notes.extend(end.and_then(|end| ending::note(&holder, end, clock.there())));
        let given = Given { root: held.root.0.id(), grant: &grant, mark, credential: &credential };
        self.handouts.handed_out(clock.here, &question, visitor, &given);
        if let Some(caller) = caller {
            self.issuer.borrow_mut().remember(caller, question.into_owned(), &credential, clock.here);
        }
        Ok(credential)
    }

    fn weigh(&self, question: Question) -> Result<Weighed, Denial> {
        if !question.is_within_limits() {
            return Err(Denial::NotARequest);
        }
        let contents = self.store.contents()?;
        let (server, held) = kept_for(&contents, &question)?;
        let (clock, limits) = (Clock::new(now(), held.access.skew), self.limits()?);
        weigh((server, held), question, clock, |question| decide(held, question, (clock, &limits)))
    }

    /// Read for each question: what a person writes there holds from the next one on, for answers that would be
    /// repeated, too.
    fn limits(&self) -> Result<Limits, Denial> {
        let limits =
            config::limits(&self.paths.config).map_err(|error| Denial::Config { message: error.to_string() })?;
        if self.limits.replace(limits.clone()) != limits {
            self.issuer.borrow_mut().wipe();
        }
        Ok(limits)
    }
}

/// The server that is asked about, and the root token of the user who is meant there.
fn kept_for<'a>(contents: &'a Contents, question: &Question) -> Result<(&'a Server, &'a Held), Denial> {
    let server = contents.server(&question.server).ok_or_else(|| no_root(question))?;
    let held = server.root_of(question.user.as_ref()).ok_or_else(|| no_root(question))?;
    Ok((server, held))
}

fn decide(held: &Held, question: &Question, (clock, limits): (Clock, &Limits)) -> Result<Grant, Denial> {
    let root = &held.root.0;
    let holder = Holder { server: question.server.clone(), user: root.user().clone() };
    let bounds = Bounds { holder: &holder, policy: &held.policy, limits };
    policy::decide(Rooted { scope: &root.scope(), bounds }, question, clock.there())
}

/// Where there is no vault there is no token either, which is what somebody who asks for one wants to hear.
fn asked(denial: Denial, question: &Question) -> Denial {
    match denial {
        Denial::NoVault => no_root(question),
        other => other,
    }
}

fn no_root(question: &Question) -> Denial {
    Denial::NoRoot { server: question.server.clone(), user: question.user.clone() }
}

/// Seconds since the epoch.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
