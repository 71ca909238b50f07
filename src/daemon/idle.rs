//! When the agent locks by itself: nobody has asked for long, the machine has slept, or its clock has jumped.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// How far the clocks may drift apart between two looks, in seconds, before that is a sleep or a jump.
const DRIFT: Duration = Duration::from_secs(5);

/// How far the wall clock may be set forward between two looks, in seconds: a step of NTP is smaller.
const STEP: Duration = Duration::from_secs(60);

/// One instant by three clocks (`clock_gettime(2)`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant {
    /// Since boot, sleep included.
    boot: Duration,
    /// Since boot, without sleep.
    awake: Duration,
    /// Since the epoch.
    wall: Duration,
}

impl Instant {
    pub(super) fn now() -> Self {
        let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
        // The wall clock as tokens are judged by it.
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { boot: read(ClockId::Boottime), awake: read(ClockId::Monotonic), wall }
    }
}

/// Why the agent locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Nobody asked for as long as that.
    Idle,
    /// The machine was asleep.
    Slept,
    /// The wall clock was set forward, or a machine within a machine stood still.
    Jumped,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "nobody asked for a long time",
            Self::Slept => "the machine was asleep",
            Self::Jumped => "the clock was set forward",
        })
    }
}

/// Looks at the clocks from time to time and before each request.
#[derive(Debug)]
pub(super) struct Watch {
    looked: Instant,
    asked: Duration,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Self { looked: now, asked: now.boot }
    }

    /// Somebody asks for something.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked = now.boot;
    }

    /// Whether nobody has asked for as long as that.
    pub(super) fn is_idle(&self, now: Instant, idle: Duration) -> bool {
        now.boot >= self.asked + idle
    }

    /// Why to lock now, if there is a reason.
    pub(super) fn look(&mut self, now: Instant, idle: Duration) -> Option<Why> {
        let before = std::mem::replace(&mut self.looked, now);
        let [boot, awake, wall] = [
            now.boot.saturating_sub(before.boot),
            now.awake.saturating_sub(before.awake),
            now.wall.saturating_sub(before.wall),
        ];
        if boot > awake + DRIFT {
            Some(Why::Slept)
        } else if wall > boot + STEP {
            Some(Why::Jumped)
        } else {
            self.is_idle(now, idle).then_some(Why::Idle)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: Duration = Duration::from_secs(8 * 60 * 60);

    fn at(boot: u64, awake: u64, wall: u64) -> Instant {
        let seconds = Duration::from_secs;
        Instant { boot: seconds(boot), awake: seconds(awake), wall: seconds(1_800_000_000 + wall) }
    }

    #[test]
    fn the_clocks_of_a_machine_that_runs_give_no_reason() {
        let mut watch = Watch::new(Instant::now());
        assert_eq!(watch.look(Instant::now(), HOURS), None);
        let mut watch = Watch::new(at(100, 100, 0));
        assert_eq!(watch.look(at(130, 130, 31), HOURS), None);
        assert_eq!(watch.look(at(160, 158, 90), HOURS), None, "a step of NTP");
        assert_eq!(watch.look(at(190, 188, 20), HOURS), None, "set back: tokens only seem to last longer");
    }

    #[test]
    fn sleep_is_seen_once_whatever_the_wall_clock_says() {
        let mut watch = Watch::new(at(100, 100, 0));
        assert_eq!(watch.look(at(110, 104, 0), HOURS), Some(Why::Slept));
        assert_eq!(watch.look(at(120, 114, 20), HOURS), None);
        assert_eq!(watch.look(at(5000, 120, 4900), HOURS), Some(Why::Slept));
    }

    #[test]
    fn a_clock_that_was_set_forward_is_seen() {
        let mut watch = Watch::new(at(100, 100, 0));
        assert_eq!(watch.look(at(130, 130, 91), HOURS), Some(Why::Jumped));
        assert_eq!(watch.look(at(160, 160, 121), HOURS), None);
    }

    #[test]
    fn idle_is_counted_from_the_last_request() {
        let mut watch = Watch::new(at(0, 0, 0));
        watch.asked(at(1000, 1000, 1000));
        assert_eq!(watch.look(at(1000, 1000, 1000), HOURS), None);
        let end = 1000 + HOURS.as_secs();
        assert_eq!(watch.look(at(end - 1, end - 1, end - 1), HOURS), None);
        assert_eq!(watch.look(at(end, end, end), HOURS), Some(Why::Idle));
    }
}
