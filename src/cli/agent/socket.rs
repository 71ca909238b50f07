//! `devpi-tokens agent socket`: one more socket, which gives less.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cli::prompt::Prompt;
use crate::cli::terminal::Tone;
use crate::cli::{Terminal, args, open, status, which};
use crate::client::{self, Client};
use crate::escape;
use crate::exit::{Exit, Failure};
use crate::paths::Paths;
use crate::protocol::{Request, RestrictedSocket};

/// The bits of a folder's mode that let others enter it.
const ENTER: u32 = 0o011;

pub(super) fn run(args: args::Socket, paths: &Paths, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let unusable =
        |why: &str| Failure::new(Exit::Usage, format!("PATH {why}")).with_remedy("name a path in a folder of yours");
    let path = std::path::absolute(&args.path).map_err(|_| unusable("is empty, or there is no folder to begin at"))?;
    if path.to_str().is_none() {
        return Err(unusable("is not in UTF-8"));
    }
    if args.close {
        let Some(mut agent) = Client::running(paths)? else {
            terminal.say("no agent runs: there is nothing to close")?;
            return Ok(Exit::Done);
        };
        agent.request(&Request::CloseSocket { path })?;
        terminal.say("the socket is closed")?;
        return Ok(Exit::Done);
    }
    let which = args::Which { server: args.server, user: args.user };
    let holder = if which.server.is_some() || which.user.is_some() {
        let kept = open::opened(paths, &Prompt::new(args.no_input))?;
        Some(which::choose(&which, &kept.roots)?.holder.clone())
    } else {
        None
    };
    let socket = RestrictedSocket { path, purposes: args.purposes, indexes: args.indexes, holder };
    let said = format!("restricted socket {}", status::described(&socket));
    let folder = socket.path.parent().map(Path::to_owned).unwrap_or_default();
    client::ask(paths, &Request::OpenSocket(socket))?;
    terminal.tell(&said)?;
    if std::fs::metadata(&folder).is_ok_and(|found| found.mode() & ENTER != 0) {
        let folder = escape::printable(&folder.to_string_lossy());
        let all = format!("warning: every user of this machine who gets as far as {folder} may ask");
        terminal.tell_as(Tone::Careful, &all)?;
    }
    Ok(Exit::Done)
}
