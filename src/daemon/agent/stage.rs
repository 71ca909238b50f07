//! How the agent ends.

use super::Agent;

/// How far the agent's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// It was told to end.
    Stopping,
    /// Its socket is gone: whoever hears of its end from here on finds the next agent, not this one.
    OutOfReach,
}

impl Agent {
    /// Comes back when the agent is to end.
    pub(in crate::daemon) async fn stopping(&self) {
        self.reaches(Stage::Stopping).await;
    }

    /// Comes back when the agent is ending and its socket is gone.
    pub(in crate::daemon) async fn out_of_reach(&self) {
        self.reaches(Stage::OutOfReach).await;
    }

    pub(in crate::daemon) fn stop(&self) {
        self.move_on(Stage::Stopping);
    }

    /// To be called when the socket is gone.
    pub(in crate::daemon) fn leave_reach(&self) {
        self.sockets.close_all();
        self.move_on(Stage::OutOfReach);
    }

    fn move_on(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let moves = *stage < to;
            *stage = to.max(*stage);
            moves
        });
    }

    async fn reaches(&self, wanted: Stage) {
        // It fails where the sender is gone, which lives as long as `self`.
        let _ = self.stage.subscribe().wait_for(|stage| *stage >= wanted).await;
    }
}
