//! How many connections there are, and who has to go when there are too many.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

/// How many connections there may be at once.
const CONNECTIONS: usize = 256;
/// How many descriptors are left to all else, however few the system gives: the logs, the vault and the children need
/// some for a moment, and a hand-out that could not be logged would go out all the same.
const OTHER_DESCRIPTORS: u64 = 32;
/// How many of them by one process.
const CONNECTIONS_OF_ONE: usize = 32;
/// How many of them from across a border: whoever is there does not shut out anybody here.
const CONNECTIONS_OUTSIDE: usize = 64;

/// The open connections, in the order in which they came.
pub(super) struct Guests {
    /// How many there may be at once.
    most: usize,
    open: RefCell<BTreeMap<u64, Rc<Seat>>>,
    came: Cell<u64>,
    /// Counts the silences, so that the longest one is known.
    fell_silent: Cell<u64>,
}

#[derive(Default)]
struct Seat {
    /// Whose, where that can be seen.
    pid: Option<u32>,
    /// Whether it is from across a border.
    outside: bool,
    /// The number of its silence, while it is waited for.
    silent: Cell<Option<u64>>,
    leave: Notify,
}

/// One connection; it counts until this is dropped.
pub(super) struct Guest {
    guests: Rc<Guests>,
    number: u64,
    seat: Rc<Seat>,
}

impl Guests {
    /// Places for as many as this process has descriptors for.
    pub(super) fn new() -> Self {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        Self::for_descriptors(descriptors.unwrap_or(u64::MAX))
    }

    fn for_descriptors(descriptors: u64) -> Self {
        let most = usize::try_from(descriptors.saturating_sub(OTHER_DESCRIPTORS)).unwrap_or(CONNECTIONS);
        Self {
            most: most.clamp(1, CONNECTIONS),
            open: RefCell::default(),
            came: Cell::default(),
            fell_silent: Cell::default(),
        }
    }

    /// Whether that process has all the connections that one may have.
    pub(super) fn have_enough_of(&self, pid: Option<u32>) -> bool {
        self.open.borrow().values().filter(|seat| seat.pid == pid).count() >= CONNECTIONS_OF_ONE
    }

    /// A place for a connection of that process. Where there is none left, whoever has been silent for the longest time
    /// is put out for it, by one from `outside` only another one from there; a process that has enough of them gets none.
    pub(super) fn admit(self: &Rc<Self>, pid: Option<u32>, outside: bool) -> Option<Guest> {
        if self.have_enough_of(pid) {
            return None;
        }
        let mut open = self.open.borrow_mut();
        let is_full = outside && open.values().filter(|seat| seat.outside).count() >= CONNECTIONS_OUTSIDE;
        if is_full || open.len() >= self.most {
            let may_go = open.iter().filter(|(_, seat)| seat.outside || !outside);
            let silent = may_go.filter_map(|(number, seat)| Some((seat.silent.get()?, *number)));
            let (_, longest) = silent.min()?;
            open.remove(&longest)?.leave.notify_one();
        }
        let number = self.came.replace(self.came.get() + 1);
        let seat = Rc::new(Seat { pid, outside, ..Seat::default() });
        open.insert(number, Rc::clone(&seat));
        Some(Guest { guests: Rc::clone(self), number, seat })
    }
}

impl Guest {
    /// What comes of waiting for it to speak; nothing where it is put out meanwhile.
    pub(super) async fn hear<T>(&self, speech: impl Future<Output = T>) -> Option<T> {
        let silence = &self.guests.fell_silent;
        self.seat.silent.set(Some(silence.replace(silence.get() + 1)));
        let heard = tokio::select! {
            biased;
            () = self.seat.leave.notified() => None,
            heard = speech => Some(heard),
        };
        self.seat.silent.set(None);
        heard
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.open.borrow_mut().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[test]
    fn one_process_does_not_take_all_the_places() {
        let guests = Rc::new(Guests::for_descriptors(1024));
        let held: Vec<_> = (0..CONNECTIONS_OF_ONE).filter_map(|_| guests.admit(Some(1), false)).collect();
        assert_eq!(held.len(), CONNECTIONS_OF_ONE);
        assert!(guests.admit(Some(1), false).is_none());
        assert!(guests.admit(Some(2), false).is_some());
        drop(held);
        assert!(guests.admit(Some(1), false).is_some());
    }

    #[test]
    fn there_are_no_more_places_than_descriptors_and_some_of_those_are_left() {
        for (descriptors, places) in [(0, 1), (32, 1), (48, 16), (288, 256), (u64::MAX, 256)] {
            let guests = Rc::new(Guests::for_descriptors(descriptors));
            let held: Vec<_> = (0..1000).filter_map(|pid| guests.admit(Some(pid), false)).collect();
            assert_eq!(held.len(), places, "{descriptors}");
        }
    }

    #[tokio::test]
    async fn those_from_across_a_border_shut_out_each_other_and_nobody_here() {
        let guests = Rc::new(Guests::for_descriptors(1024));
        let _here = guests.admit(Some(1), false).expect("a place");
        let held: Vec<Guest> = (0..100).filter_map(|pid| guests.admit(Some(pid), true)).collect();
        assert_eq!(held.len(), CONNECTIONS_OUTSIDE, "all are being answered");
        assert!(guests.admit(Some(2), false).is_some());
        let (put_out, came) = tokio::join!(held[7].hear(pending::<()>()), async {
            tokio::task::yield_now().await;
            [guests.admit(Some(500), true), guests.admit(Some(501), true)].map(|guest| guest.is_some())
        });
        assert_eq!((put_out, came), (None, [true, false]));
    }

    #[tokio::test]
    async fn of_all_the_places_nobody_here_gives_one_to_somebody_from_across_a_border() {
        let guests = Rc::new(Guests::for_descriptors(1024));
        let held: Vec<Guest> = (0..CONNECTIONS as u32).filter_map(|pid| guests.admit(Some(pid), false)).collect();
        let silent = held[0].hear(async {
            assert!(guests.admit(None, true).is_none());
            guests.admit(None, false).is_some()
        });
        assert_ne!(silent.await, Some(false));
    }

    #[tokio::test]
    async fn whoever_was_silent_for_the_longest_time_makes_room() {
        let guests = Rc::new(Guests::for_descriptors(1024));
        let processes = (0..CONNECTIONS as u32).map(Some);
        let held: Vec<Guest> = processes.filter_map(|pid| guests.admit(pid, false)).collect();
        assert_eq!(held.len(), CONNECTIONS);
        assert!(guests.admit(None, false).is_none(), "nobody is silent, all are being answered");

        let [first, second] = &held[..2] else { panic!("two guests") };
        assert_eq!(second.hear(async { 1 }).await, Some(1));
        let (second, first, came) = tokio::join!(second.hear(pending::<()>()), first.hear(pending::<()>()), async {
            tokio::task::yield_now().await;
            let newcomers = [(); 3].map(|()| guests.admit(None, false));
            newcomers.map(|guest| guest.is_some())
        });
        assert_eq!((second, first), (None, None), "both are put out");
        assert_eq!(came, [true, true, false]);
    }
}
