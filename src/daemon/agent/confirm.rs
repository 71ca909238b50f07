//! What a person has to say yes to.

use super::{Agent, decide, kept_for, now};
use crate::daemon::confirm::text::{self, Wanting};
use crate::daemon::issuer::Clock;
use crate::daemon::policies;
use crate::daemon::visitor::Visitor;
use crate::policy::{Grant, Policy};
use crate::protocol::{Credential, Denial, Holder, Question, Response, SessionBus};
use crate::secret::Secret;
use crate::token::TokenId;
use crate::vault::contents::Contents;

/// What is granted at an instant, of which root token.
pub(super) struct Granted {
    pub(super) contents: std::rc::Rc<Contents>,
    pub(super) clock: Clock,
    pub(super) grant: Grant,
}

impl Granted {
    fn root(&self, question: &Question) -> Result<TokenId, Denial> {
        Ok(kept_for(&self.contents, question)?.1.root.0.id().clone())
    }

    /// In seconds.
    fn lifetime(&self) -> u64 {
        self.grant.expires.saturating_sub(self.clock.there())
    }

    /// Whether it is nothing else than `shown`, which a person has confirmed.
    fn is(&self, shown: &Self, question: &Question) -> bool {
        let Grant { permissions, indexes, projects, expires: _, confirm: _ } = &self.grant;
        let same =
            (permissions, indexes, projects) == (&shown.grant.permissions, &shown.grant.indexes, &shown.grant.projects);
        let root = self.root(question);
        same && root.is_ok() && root == shown.root(question) && self.lifetime() <= shown.lifetime()
    }
}

impl Agent {
    /// A client has said where it is.
    pub(in crate::daemon) fn met(&self, session: &SessionBus, visitor: &Visitor) {
        if !visitor.is_restricted() {
            self.confirmer.met(session);
        }
    }

    /// What is granted now; the bases are in `complete`.
    fn granted(&self, question: &Question, complete: &Question) -> Result<Granted, Denial> {
        let contents = self.store.contents()?;
        let (_, held) = kept_for(&contents, question)?;
        let (clock, limits) = (Clock::new(now(), held.access.skew), self.limits()?);
        let grant = decide(held, complete, (clock, &limits))?;
        Ok(Granted { contents, clock, grant })
    }

    /// What is granted now, once a person has confirmed it where that has to be; or what another process of the same
    /// program got for the same question while this one waited.
    pub(super) async fn confirmed(
        &self,
        (question, complete): (&Question, &Question),
        visitor: &Visitor,
    ) -> Result<Result<Granted, Credential>, Denial> {
        let granted = self.granted(question, complete)?;
        if !granted.grant.confirm {
            return Ok(Ok(granted));
        }
        if visitor.is_restricted() {
            return Err(Denial::RestrictedUnconfirmed);
        }
        let asked = tokio::select! {
            biased;
            asked = self.ask_person(question, &granted, visitor) => asked,
            // Nobody is left to take the token.
            () = visitor.gone() => Err(Denial::NobodyAnswered),
        };
        // What was locked, forgotten, replaced or narrowed meanwhile gives nothing any more, whatever the answer was.
        self.look();
        let again = self.granted(question, complete)?;
        match asked? {
            Some(given) => Ok(Err(given)),
            None if again.is(&granted, question) => Ok(Ok(again)),
            None => Err(Denial::Overtaken),
        }
    }

    async fn ask_person(
        &self,
        question: &Question,
        granted: &Granted,
        visitor: &Visitor,
    ) -> Result<Option<Credential>, Denial> {
        let caller = visitor.caller();
        let lately = || caller.as_ref().and_then(|caller| self.confirmer.lately(caller, question)).map_or(Ok(()), Err);
        lately()?;
        let mut turn = self.confirmer.turn().await?;
        // In front of us may have been a process of the same program.
        lately()?;
        let given = caller.as_ref().and_then(|caller| self.issuer.borrow_mut().repeat(caller, question, now()));
        if given.is_some() {
            return Ok(given);
        }
        let user = kept_for(&granted.contents, question)?.1.root.0.user().clone();
        let holder = Holder { server: question.server.clone(), user };
        let text = text::of_token(&self.wanting(visitor), question, (&holder, &granted.grant, granted.lifetime()));
        let said = self.confirmer.ask(&mut turn, &holder, &text).await;
        if let (Err(denial), Some(caller)) = (&said, caller) {
            self.confirmer.remember(caller, question.clone(), denial);
        }
        said.map(|()| None)
    }

    /// Another policy for a root token. A person may confirm one that allows more, where the vault has no passphrase.
    pub(super) async fn set_policy(
        &self,
        (holder, policy): (Holder, Policy),
        passphrase: Option<Secret>,
        visitor: &Visitor,
    ) -> Result<Response, Denial> {
        let kept = policies::of(&self.store, &holder)?;
        let refused = match policies::may_replace(&self.store, (&holder, &kept, &policy), passphrase).await {
            Ok(()) => None,
            Err(Denial::Widens { holder, what, by_passphrase: false }) => Some((holder, what)),
            Err(other) => return Err(other),
        };
        if let Some((holder, what)) = refused {
            let widens = Denial::Widens { holder: holder.clone(), what: what.clone(), by_passphrase: false };
            let text = text::of_policy(&self.wanting(visitor), &holder, &what).ok_or_else(|| widens.clone())?;
            let asked = async {
                let mut turn = self.confirmer.turn().await?;
                self.confirmer.ask(&mut turn, &holder, &text).await
            };
            let asked = tokio::select! {
                biased;
                asked = asked => asked,
                () = visitor.gone() => Err(Denial::NobodyAnswered),
            };
            asked.map_err(|denial| match denial {
                // It may be widened by other means then.
                Denial::NobodyToAsk { .. } => widens,
                other => other,
            })?;
        }
        self.look();
        // What a person confirmed, or a passphrase allowed, was compared with that one.
        if policies::of(&self.store, &holder)? != kept {
            return Err(Denial::Overtaken);
        }
        policies::replace(&self.store, &holder, policy)?;
        self.issuer.borrow_mut().wipe();
        Ok(Response::Done)
    }

    fn wanting<'a>(&'a self, visitor: &'a Visitor) -> Wanting<'a> {
        Wanting { asker: visitor.asker(), folder: visitor.folder(), own: self.program.parent() }
    }
}
