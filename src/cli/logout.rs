//! `devpi-tokens logout`: the agent forgets a token.

use super::args::Logout;
use super::prompt::Prompt;
use super::{Terminal, mint, open, session, which};
use crate::client;
use crate::devpi::{self, Server, TokenInfo};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, Request, Response, Retired, ServerAccess};
use crate::token::fingerprint;

pub(super) fn run(args: Logout, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.no_input);
    let paths = Paths::find()?;
    let status = open::opened(&paths, &prompt)?;
    let root = which::choose(&args.which, &status.roots)?;
    let holder = root.holder.clone();
    let own = Retired {
        holder: holder.clone(),
        id: root.id.clone(),
        in_use_until: 0,
        fingerprint: Some(fingerprint(&root.restrictions)),
    };
    let retired = status.retired.into_iter().filter(|retired| retired.holder == holder);
    let all: Vec<Retired> = std::iter::once(own).chain(retired).collect();
    if args.revoke {
        // First there, then here: a token that is forgotten and alive could no longer be deleted from here.
        delete(&root.access, &all, &prompt, terminal)?;
    }
    match client::ask(&paths, &Request::Drop(holder.clone()))? {
        Response::Left(_) => {}
        _ => return Err(client::unexpected()),
    }
    let Holder { server, user } = &holder;
    terminal.tell(&format!("the agent has forgotten the token of {user} at {server}"))?;
    for Retired { id, .. } in all {
        if args.revoke {
            terminal.tell(&format!("  {id} is deleted on the server"))?;
        } else {
            terminal.tell(&format!("  {id} stays alive on the server; to delete it there, too:"))?;
            terminal.say(format!("  devpi-tokens delete {id} --server {server} --as {user}"))?;
        }
    }
    Ok(Exit::Done)
}

/// Deletes them on the server, or none of them where it has another one by such an id than was kept: any program can have
/// the agent keep a token that it made up.
fn delete(access: &ServerAccess, all: &[Retired], prompt: &Prompt, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let Some(Retired { holder: Holder { server: url, user }, .. }) = all.first() else { return Ok(()) };
    let server = Server::new(url.clone(), &devpi::Options::of(access))?;
    let session = session::with_password(&server, user, prompt, terminal)?;
    let listed = session.tokens(user)?;
    let is_ours = |kept: &Retired, token: &TokenInfo| mint::is_same(kept, token) && mint::ends(token);
    let is_other = |kept: &&Retired| listed.iter().any(|token| token.id == kept.id && !is_ours(kept, token));
    if let Some(Retired { id, .. }) = all.iter().find(is_other) {
        let message = format!("the server may have another token by the id {id} than the agent: nothing is deleted");
        let delete = format!("devpi-tokens delete {id} --server {url} --as {user}");
        return Err(Failure::new(Exit::Refused, message)
            .with_remedy(format!("to delete it and all that was made from it: {delete}\nthen: devpi-tokens logout")));
    }
    for Retired { id, .. } in all {
        match session.delete_token(user, id) {
            Ok(()) | Err(devpi::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
