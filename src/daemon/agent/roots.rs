//! Root tokens that come in, go out, and lie on their server for a while when they are replaced.

use super::{Agent, now};
use crate::daemon::issuer::MOST_SKEW;
use crate::daemon::policies;
use crate::policy::LONGEST;
use crate::protocol::{Denial, Errand, Holder, Response, Retired, Root};
use crate::secret::Secret;
use crate::token::{RootToken, Token, fingerprint};
use crate::vault::contents::Held;

/// How many replaced tokens are remembered; an answer has to hold them all.
const MOST_RETIRED: usize = 64;

impl Agent {
    pub(super) fn keep(&self, kept: Root) -> Result<Response, Denial> {
        let bad = |why: String| Denial::BadToken { why };
        let token = Token::parse(kept.token.expose()).map_err(|error| bad(error.to_string()))?;
        let root = RootToken::try_from(token).map_err(|error| bad(error.to_string()))?;
        if *root.user() != kept.holder.user {
            return Err(bad(format!("it is of {}, not of {}", root.user(), kept.holder.user)));
        }
        if kept.access.skew.unsigned_abs() > MOST_SKEW.unsigned_abs() {
            return Err(bad("the server's clock is off by more than an hour".to_owned()));
        }
        kept.policy.as_ref().map_or(Ok(()), policies::fits)?;
        let fits = |(name, value): (&String, &Secret)| {
            let value = value.expose();
            let is_short = value.len() <= Errand::LONGEST_VARIABLE;
            Errand::ENVIRONMENT.contains(&name.as_str()) && is_short && !value.contains('\0')
        };
        if !kept.environment.iter().all(fits) {
            return Err(Denial::NotARequest);
        }
        let (holder, now) = (kept.holder.clone(), now());
        tracing::info!(server = %holder.server, user = %holder.user, root = %root.id(), "kept");
        let left = self.store.change(|contents| {
            if let Some(replaced) = contents.keep(kept.clone(), root.clone(), now) {
                let retired = self.retire(&holder, &replaced);
                contents.retired.retain(|known| known.holder != holder || known.id != retired.id);
                contents.retired.push(retired);
                let excess = contents.retired.len().saturating_sub(MOST_RETIRED);
                contents.retired.drain(..excess);
            }
            contents.retired.iter().filter(|retired| retired.holder == holder).cloned().collect()
        })?;
        self.issuer.borrow_mut().wipe();
        Ok(Response::Left(left))
    }

    pub(super) fn forget(&self, holder: &Holder) -> Result<Response, Denial> {
        let left: Vec<Retired> = self.store.change(|contents| {
            let dropped = contents.forget(holder).map(|held| self.retire(holder, &held));
            let (left, kept) = contents.retired.drain(..).partition(|retired| retired.holder == *holder);
            contents.retired = kept;
            let left: Vec<Retired> = left;
            dropped.into_iter().chain(left).collect()
        })?;
        self.issuer.borrow_mut().wipe();
        if left.is_empty() {
            return Err(Denial::NoRoot { server: holder.server.clone(), user: Some(holder.user.clone()) });
        }
        tracing::info!(server = %holder.server, user = %holder.user, "forgotten");
        Ok(Response::Left(left))
    }

    fn retire(&self, holder: &Holder, held: &Held) -> Retired {
        let root = &held.root.0;
        // What an agent before this one handed out is not known here; it ends with the longest lifetime at the latest.
        let earlier = if held.since < self.started { self.started + LONGEST } else { 0 };
        let known = self.issuer.borrow().last_end(root.id()).unwrap_or_default();
        let in_use_until = known.max(earlier).min(root.scope().expires().unwrap_or(u64::MAX));
        let restrictions: Vec<String> = root.restrictions().iter().map(ToString::to_string).collect();
        let fingerprint = Some(fingerprint(&restrictions));
        Retired { holder: holder.clone(), id: root.id().clone(), in_use_until, fingerprint }
    }

    pub(super) fn make_default(&self, holder: Holder) -> Result<Response, Denial> {
        let known = self.store.change(|contents| {
            let server = contents.server_mut(&holder.server)?;
            server.root_of(Some(&holder.user))?;
            server.default = holder.user.clone();
            Some(())
        })?;
        // A look-up without a user name means another user now.
        self.issuer.borrow_mut().wipe();
        known.map(|()| Response::Done).ok_or(Denial::NoRoot { server: holder.server, user: Some(holder.user) })
    }
}
