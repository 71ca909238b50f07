//! The policies of the root tokens: shown to everybody, narrowed by everybody, widened by whoever knows a secret.

use super::store::Store;
use crate::policy::Policy;
use crate::protocol::{Denial, Holder, Keeper};
use crate::secret::Secret;

/// The policy of a user's root token.
pub(super) fn of(store: &Store, holder: &Holder) -> Result<Policy, Denial> {
    store.contents()?.held(holder).map(|held| held.policy.clone()).ok_or_else(|| no_root(holder))
}

/// Another policy for it. One that allows more needs the passphrase of the vault.
pub(super) async fn replace(
    store: &Store,
    holder: &Holder,
    policy: Policy,
    passphrase: Option<Secret>,
) -> Result<(), Denial> {
    fits(&policy)?;
    let kept = of(store, holder)?;
    if let Some(what) = policy.exceeds(&kept) {
        let by_passphrase = matches!(store.state()?, (_, Some(Keeper::Passphrase)));
        let passphrase = passphrase.filter(|_| by_passphrase);
        let passphrase = passphrase.ok_or(Denial::Widens { holder: holder.clone(), what, by_passphrase })?;
        store.is_passphrase(&passphrase).await?;
    }
    let kept = store.change(|contents| contents.held_mut(holder).map(|held| held.policy = policy.clone()))?;
    tracing::info!(server = %holder.server, user = %holder.user, "another policy");
    kept.ok_or_else(|| no_root(holder))
}

/// Refuses one that no message would hold.
pub(super) fn fits(policy: &Policy) -> Result<(), Denial> {
    if policy.index.len() <= Policy::MOST_INDEXES {
        Ok(())
    } else {
        Err(Denial::PolicyTooLong { most: Policy::MOST_INDEXES })
    }
}

fn no_root(holder: &Holder) -> Denial {
    Denial::NoRoot { server: holder.server.clone(), user: Some(holder.user.clone()) }
}
