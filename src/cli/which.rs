//! Which of the kept tokens is meant.

use super::args::Which;
use crate::exit::{Exit, Failure};
use crate::protocol::{Holder, RootStatus};
use crate::target::{ServerUrl, UserName};

/// The one kept token that the arguments leave.
pub(super) fn choose<'a>(which: &Which, roots: &'a [RootStatus]) -> Result<&'a RootStatus, Failure> {
    let on_server = |url: &ServerUrl| which.server.as_ref().is_none_or(|target| url.place(target).is_some());
    let of_user = |user: &UserName| which.user.as_ref().is_none_or(|wanted| wanted == user);
    let fitting: Vec<&RootStatus> =
        roots.iter().filter(|root| on_server(&root.holder.server) && of_user(&root.holder.user)).collect();
    match fitting[..] {
        [only] => Ok(only),
        [] if roots.is_empty() => {
            Err(Failure::new(Exit::NotFound, "no token is kept").with_remedy("log in: devpi-tokens login URL"))
        }
        [] => Err(Failure::new(Exit::NotFound, "no such token is kept")
            .with_remedy(format!("these are:\n{}", listed(roots.iter())))),
        _ => Err(Failure::new(Exit::Usage, "more than one token is kept: which one is meant?")
            .with_remedy(format!("name it:\n{}", listed(fitting.into_iter())))),
    }
}

fn listed<'a>(roots: impl Iterator<Item = &'a RootStatus>) -> String {
    let line = |root: &RootStatus| {
        let Holder { server, user } = &root.holder;
        format!("--server {server} --as {user}")
    };
    roots.map(line).collect::<Vec<_>>().join("\n")
}
