//! What the agent says of itself.

use super::Agent;
use crate::daemon::visitor::Visitor;
use crate::hosts;
use crate::protocol::{Beyond, Denial, Holder, Response, RootStatus, Status};

impl Agent {
    /// The servers of which there are tokens: for whoever has no list of them, through a restricted socket those that it
    /// is for.
    pub(super) fn servers(&self, visitor: &Visitor) -> Result<Response, Denial> {
        let only = match visitor.door() {
            None if visitor.is_restricted() => return Err(Denial::Restricted),
            Some(door) if !door.is_open() => return Err(Denial::Beyond { what: Beyond::Anything }),
            door => door.and_then(|door| door.socket().holder.as_ref()).map(|holder| &holder.server),
        };
        let list = hosts::read(&self.paths.hosts());
        let servers = hosts::servers(&list).filter(|server| only.is_none_or(|only| only == server)).collect();
        Ok(Response::Servers(servers))
    }

    pub(super) fn status(&self) -> Result<Status, Denial> {
        let (vault, keeper) = self.store.state()?;
        let (rollback, sockets) = (self.store.rollback(), self.sockets.all());
        let mut status = Status { vault, keeper, roots: Vec::new(), retired: Vec::new(), rollback, sockets };
        let Ok(contents) = self.store.contents() else {
            return Ok(status);
        };
        for server in &contents.servers {
            for (root, access) in server.roots.iter().map(|held| (&held.root.0, &held.access)) {
                status.roots.push(RootStatus {
                    holder: Holder { server: server.url.clone(), user: root.user().clone() },
                    id: root.id().clone(),
                    default: server.default == *root.user(),
                    restrictions: root.restrictions().iter().map(ToString::to_string).collect(),
                    expires: root.scope().expires(),
                    access: access.clone(),
                });
            }
        }
        status.retired.clone_from(&contents.retired);
        Ok(status)
    }
}
