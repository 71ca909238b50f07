//! `devpi-tokens logout`: the agent forgets a token.

use super::args::Logout;
use super::prompt::Prompt;
use super::{Terminal, open, session, which};
use crate::client;
use crate::devpi::{self, Server};
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Holder, Request, Response, ServerAccess};
use crate::token::TokenId;

pub(super) fn run(args: Logout, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let prompt = Prompt::new(args.no_input);
    let paths = Paths::find()?;
    let status = open::opened(&paths, &prompt)?;
    let root = which::choose(&args.which, &status.roots)?;
    let holder = root.holder.clone();
    let retired = status.retired.iter().filter(|retired| retired.holder == holder).map(|retired| &retired.id);
    let ids: Vec<TokenId> = std::iter::once(&root.id).chain(retired).cloned().collect();
    if args.revoke {
        // First there, then here: a token that is forgotten and alive could no longer be deleted from here.
        delete((&holder, &root.access), &ids, &prompt, terminal)?;
    }
    match client::ask(&paths, &Request::Drop(holder.clone()))? {
        Response::Left(_) => {}
        _ => return Err(client::unexpected()),
    }
    let Holder { server, user } = &holder;
    terminal.tell(&format!("the agent has forgotten the token of {user} at {server}"))?;
    for id in ids {
        if args.revoke {
            terminal.tell(&format!("  {id} is deleted on the server"))?;
        } else {
            terminal.tell(&format!("  {id} stays alive on the server; to delete it there, too:"))?;
            terminal.say(format!("  devpi-tokens delete {id} --server {server} --as {user}"))?;
        }
    }
    Ok(Exit::Done)
}

fn delete(
    (holder, access): (&Holder, &ServerAccess),
    ids: &[TokenId],
    prompt: &Prompt,
    terminal: &mut Terminal<'_>,
) -> Result<(), Failure> {
    let server = Server::new(holder.server.clone(), &devpi::Options::of(access))?;
    let session = session::with_password(&server, &holder.user, prompt, terminal)?;
    for id in ids {
        match session.delete_token(&holder.user, id) {
            Ok(()) | Err(devpi::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
