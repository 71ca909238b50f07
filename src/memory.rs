//! The agent's memory: pages that are locked and in no dump, and blocks that are wiped when they are freed.
//!
//! It is not enough that a [`Secret`](crate::secret::Secret) is wiped: what parses, seals and sends it (serde, age,
//! tokio) makes copies of its own and frees them as they are. So all of the agent's memory is treated as secret.
//! `mlockall(2)` is no way to that: it counts the program and its libraries, too, and once the limit is reached
//! (8 MiB for most users) it refuses memory, where a page that cannot be locked is better than none.
#![expect(unsafe_code, reason = "an allocator hands out raw memory, by its trait")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use dlmalloc::{Allocator, Dlmalloc};
use rustix::mm::{Advice, MapFlags, MlockFlags, ProtFlags};
use zeroize::Zeroize;

/// What is taken from the system at a time, in bytes: a whole number of pages, whatever size they have.
const PIECE: usize = 64 * 1024;

/// From this size on a block has pages of its own, which are not locked, in bytes: scrypt takes 64 MiB, many times of what
/// a user may lock. None of the messages and files that hold a secret is as large.
const LARGE: usize = 1024 * 1024;

/// What a page has at least, in bytes.
const PAGE: usize = 4096;

/// Whether there is memory that should be locked and is not.
static UNLOCKED: AtomicBool = AtomicBool::new(false);

/// Whether memory is in use that may be written to swap, because the system allows no more to be locked.
pub fn is_swappable() -> bool {
    UNLOCKED.load(Ordering::Relaxed)
}

/// Locks the whole pages of this memory, and leaves them out of dumps; where they cannot be locked, [`is_swappable`].
///
/// # Errors
/// Where the system cannot leave them out of dumps.
pub fn protect(memory: &mut [u128]) -> std::io::Result<()> {
    let (pages, length) = whole_pages(memory);
    // SAFETY: they are pages of `memory`, which is borrowed as a whole.
    unsafe {
        hide(pages, length)?;
        lock(pages, length);
    }
    Ok(())
}

/// Fills this memory with zeros, of which whole pages take no memory until they are written to again.
pub fn empty(memory: &mut [u128]) {
    memory.fill(0);
    let (pages, length) = whole_pages(memory);
    // SAFETY: they are pages of `memory`, which is borrowed as a whole, and read as zeros from then on, as they did
    // before. That it fails changes nothing.
    let _ = unsafe { rustix::mm::madvise(pages, length, Advice::LinuxDontNeed) };
}

/// Where the whole pages of this memory begin, and how long they are, in bytes.
fn whole_pages(memory: &mut [u128]) -> (*mut c_void, usize) {
    let page = rustix::param::page_size();
    let (begin, end) = (memory.as_ptr().addr(), memory.as_ptr_range().end.addr());
    let first = begin.next_multiple_of(page);
    let length = (end / page * page).saturating_sub(first);
    (memory.as_mut_ptr().cast::<c_void>().wrapping_byte_add(first - begin), length)
}

/// Leaves pages out of dumps (`madvise(2)`).
///
/// # Safety
/// They belong to the caller.
unsafe fn hide(pages: *mut c_void, length: usize) -> std::io::Result<()> {
    // SAFETY: that changes neither what is in them nor who may use them.
    Ok(unsafe { rustix::mm::madvise(pages, length, Advice::LinuxDontDump) }?)
}

/// Locks pages, each from its first use on (`mlock2(2)`). One that cannot be locked is better than none.
///
/// # Safety
/// They belong to the caller.
unsafe fn lock(pages: *mut c_void, length: usize) {
    // SAFETY: that changes neither what is in them nor who may use them.
    if unsafe { rustix::mm::mlock_with(pages, length, MlockFlags::ONFAULT) }.is_err() {
        UNLOCKED.store(true, Ordering::Relaxed);
    }
}

/// Lets go of the pages of programs and libraries that were used until now: most are of what happens once, at the start.
/// They are the system's copies of files and stay with it; what is used again is mapped again.
///
/// Programs that start as many do, by a `fork` into the background, leave them behind in the first process.
pub fn let_go_of_files() {
    let Ok(maps) = File::open("/proc/self/smaps") else { return };
    let (mut maps, mut line, mut current) = (BufReader::new(maps), String::new(), None);
    while maps.read_line(&mut line).is_ok_and(|length| length > 0) {
        // `proc_pid_smaps(5)`: a line of addresses, access, offset, device, inode and path, then its figures.
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        match fields[..] {
            [addresses, access, _, _, inode, ..] if access.len() == 4 => {
                let is_plain = !access.contains(['w', 's']) && inode != "0";
                current = addresses.split_once('-').filter(|_| is_plain).and_then(|(begin, end)| {
                    let number = |text| usize::from_str_radix(text, 16).ok();
                    Some(number(begin)?..number(end)?)
                });
            }
            // Nothing in it is other than in its file.
            ["Anonymous:", "0", _] => {
                if let Some(range) = current.take() {
                    let pages = ptr::with_exposed_provenance_mut(range.start);
                    // SAFETY: what is read there stays what it was. That it fails changes nothing.
                    let _ = unsafe { rustix::mm::madvise(pages, range.len(), Advice::LinuxDontNeed) };
                }
            }
            _ => {}
        }
        line.clear();
    }
}

/// An address with room above it, and below whatever is mapped.
fn below_everything() -> usize {
    let probe = map(0, PAGE);
    // SAFETY: nobody else knows of it.
    let _ = unsafe { rustix::mm::munmap(probe.cast(), PAGE) };
    probe.addr().saturating_sub(ROOM)
}

/// New pages that are in no dump, at this address where that is free; null where there are none.
fn map(address: usize, length: usize) -> *mut u8 {
    let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: the system chooses an address where nothing else lies, and they are ours from then on.
    let pages = unsafe {
        let pages = rustix::mm::mmap_anonymous(ptr::without_provenance_mut(address), length, access, kind);
        pages.map_err(Into::into).and_then(|pages| hide(pages, length).map(|()| pages))
    };
    pages.map_or(ptr::null_mut(), |pages: *mut c_void| pages.cast())
}

/// How far below everything else the heap begins, in bytes: room for it to grow upwards.
const ROOM: usize = 256 * 1024 * 1024;

/// Where [`Heap`] has its memory from: each piece follows the one before, so that what is free at the end can be given
/// back. The system by itself puts each below the one before, where the end of the first is the end of all.
struct Pages {
    /// Where the last piece ends; 0 before the first.
    end: Cell<usize>,
}

// SAFETY: what `alloc` gives are pages that nobody else has, and they are given back only by `free` and `free_part`.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let address = match self.end.get() {
            0 => below_everything(),
            end => end,
        };
        let pages = map(address, size);
        if !pages.is_null() {
            self.end.set(pages.addr() + size);
            // SAFETY: they are ours.
            unsafe { lock(pages.cast(), size) };
        }
        (pages, size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, pages: *mut u8, old: usize, new: usize) -> bool {
        self.end.set(pages.addr() + new);
        // SAFETY: the allocator gives back the end of what `alloc` gave to it.
        unsafe { rustix::mm::munmap(pages.wrapping_add(new).cast(), old - new).is_ok() }
    }

    fn free(&self, pages: *mut u8, size: usize) -> bool {
        // SAFETY: the allocator gives back what `alloc` gave to it.
        unsafe { rustix::mm::munmap(pages.cast(), size).is_ok() }
    }

    fn can_release_part(&self, _: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PIECE
    }
}

/// The allocator of a program that holds secrets: `#[global_allocator]`.
pub struct Heap(Mutex<Blocks>);

struct Blocks {
    all: Dlmalloc<Pages>,
    /// How much was freed since it was last looked whether some of it can be given back, in bytes.
    freed: usize,
}

impl Heap {
    /// An empty one, which takes its first pages when they are needed.
    pub const fn new() -> Self {
        Self(Mutex::new(Blocks { all: Dlmalloc::new_with_allocator(Pages { end: Cell::new(0) }), freed: 0 }))
    }

    /// Runs it alone; in here nothing may allocate.
    fn with<T>(&self, run: impl FnOnce(&mut Blocks) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Blocks {
    /// Frees a block, and from time to time gives the system back what is free at the end.
    ///
    /// # Safety
    /// It was asked for with that layout.
    unsafe fn free(&mut self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { self.all.free(block, layout.size(), layout.align()) };
        self.freed += layout.size();
        // As often as a connection ends: the last one may be what lay at the end.
        if self.freed >= PAGE {
            self.freed = 0;
            // A piece stays: to give it back and take it again for each request would cost more.
            // SAFETY: only free pages are given back.
            unsafe { self.all.trim(PIECE) };
        }
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether it has pages of its own. Both ends of a block's life ask with the same layout.
fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE && layout.align() <= PAGE
}

// SAFETY: the blocks are dlmalloc's, or pages of their own, of the size and alignment of their layouts; it does not
// unwind. `realloc` is the trait's own: it copies to a new block, and frees, and thereby wipes, the old one.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return map(0, layout.size());
        }
        // SAFETY: any size and alignment may be asked for.
        self.with(|blocks| unsafe { blocks.all.malloc(layout.size(), layout.align()) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller asks.
        let block = unsafe { self.alloc(layout) };
        // Pages of their own are all zeros, and a write would use them up.
        if !block.is_null() && !is_large(layout) {
            // SAFETY: the block is of that size, and ours.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back what `alloc` gave him for this layout, and uses it no more.
        unsafe {
            wipe(block, layout.size());
            if is_large(layout) {
                // That it fails leaves the pages where they are: empty, and unused.
                let _ = rustix::mm::munmap(block.cast(), layout.size());
            } else {
                self.with(|blocks| blocks.free(block, layout));
            }
        }
    }
}

/// Overwrites a block in a way that no optimiser leaves out.
///
/// # Safety
/// The block has that size, and is the caller's alone.
unsafe fn wipe(block: *mut u8, size: usize) {
    // SAFETY: bytes that may never have been written are no values yet, which is what the type says.
    let bytes = unsafe { std::slice::from_raw_parts_mut(block.cast::<MaybeUninit<u8>>(), size) };
    bytes.zeroize();
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    /// The flags of the pages at an address, by `/proc/self/smaps` (`proc_pid_smaps(5)`).
    fn flags(address: usize) -> Vec<String> {
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("our map");
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let number = |text| usize::from_str_radix(text, 16).ok();
            if let Some((Some(begin), Some(end))) = range.map(|(begin, end)| (number(begin), number(end))) {
                inside = (begin..end).contains(&address);
            }
            if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
                return flags.split_whitespace().map(str::to_owned).collect();
            }
        }
        panic!("nothing is mapped there");
    }

    /// What lies at an address, also where it belongs to nobody any more.
    fn bytes_at(address: usize, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        let memory = File::open("/proc/self/mem").expect("our memory");
        memory.read_exact_at(&mut bytes, address as u64).expect("it is mapped");
        bytes
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    #[test]
    fn blocks_lie_in_locked_pages_outside_dumps_and_large_ones_outside_dumps_only() {
        let heap = Heap::new();
        for (size, is_locked) in [(1, true), (100, true), (300_000, true), (LARGE - 1, true), (LARGE, false)] {
            // SAFETY: written and freed as it was asked for.
            unsafe {
                let block = heap.alloc(layout(size, 1));
                block.write_bytes(7, size);
                let flags = flags(block.addr());
                assert!(flags.contains(&"dd".to_owned()), "{size}: {flags:?}");
                assert_eq!(flags.contains(&"lo".to_owned()), is_locked, "{size}: {flags:?}");
                heap.dealloc(block, layout(size, 1));
            }
        }
        assert!(!is_swappable());
    }

    #[test]
    fn a_block_that_is_freed_or_outgrown_is_wiped() {
        let heap = Heap::new();
        // A single one may be part of an address, which the allocator writes into what is free.
        let has_some = |bytes: &[u8]| bytes.windows(4).any(|window| window == [0xa5; 4]);
        for size in [64, 77, 4099, 70_001] {
            // SAFETY: written, grown and freed as it was asked for.
            unsafe {
                let before = heap.alloc(layout(32, 1));
                let block = heap.alloc(layout(size, 1));
                let behind = heap.alloc(layout(32, 1));
                block.write_bytes(0xa5, size);
                let larger = heap.realloc(block, layout(size, 1), 2 * size);
                assert_eq!(bytes_at(larger.addr(), size), vec![0xa5; size]);
                assert!(!has_some(&bytes_at(block.addr(), size)), "{size}, outgrown");
                heap.dealloc(larger, layout(2 * size, 1));
                assert!(!has_some(&bytes_at(larger.addr(), size)), "{size}, freed");
                heap.dealloc(before, layout(32, 1));
                heap.dealloc(behind, layout(32, 1));
            }
        }
    }

    #[test]
    fn after_a_flood_of_blocks_the_system_has_its_pages_back() {
        // In a process of its own: the heaps of other tests grow at the same place.
        const ALONE: &str = "DEVPI_TOKENS_TEST_ALONE";
        if std::env::var_os(ALONE).is_none() {
            let mut alone = std::process::Command::new(std::env::current_exe().expect("a program"));
            alone.args(["--exact", "memory::tests::after_a_flood_of_blocks_the_system_has_its_pages_back"]);
            let ran = alone.env(ALONE, "1").output().expect("it runs");
            let said = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let heap = Heap::new();
        let layout = layout(4000, 8);
        // SAFETY: each is freed once, as it was asked for.
        unsafe {
            let first = heap.alloc(layout);
            let flood: Vec<*mut u8> = (0..1000).map(|_| heap.alloc(layout)).collect();
            let end = heap.with(|blocks| blocks.all.allocator().end.get());
            assert!(end - first.addr() >= 4_000_000, "each piece follows the one before");
            flood.into_iter().for_each(|block| heap.dealloc(block, layout));
            let left = heap.with(|blocks| blocks.all.allocator().end.get()) - first.addr();
            assert!(left <= 3 * PIECE, "{left} bytes");
            heap.dealloc(first, layout);
        }
    }

    #[test]
    fn blocks_are_aligned_and_apart_and_zeroed_where_that_is_asked_for() {
        let heap = Heap::new();
        let mut blocks: Vec<(*mut u8, Layout)> = Vec::new();
        for _ in 0..2 {
            for size in [1, 24, 1000, 65_000, LARGE, LARGE + 1] {
                for align in [1, 16, 64, 4096, 65_536] {
                    let layout = layout(size, align);
                    // SAFETY: each is written within its size, and freed once.
                    unsafe {
                        let block = heap.alloc_zeroed(layout);
                        assert!(block.addr().is_multiple_of(align), "{layout:?}");
                        assert!(bytes_at(block.addr(), size).iter().all(|byte| *byte == 0), "{layout:?}");
                        block.write_bytes(0xff, size);
                        blocks.push((block, layout));
                    }
                }
            }
            blocks.sort_by_key(|(block, _)| block.addr());
            for pair in blocks.windows(2) {
                assert!(pair[0].0.addr() + pair[0].1.size() <= pair[1].0.addr(), "{pair:?}");
            }
            for (block, layout) in blocks.drain(..) {
                // SAFETY: as above.
                unsafe { heap.dealloc(block, layout) };
            }
        }
    }

    #[test]
    fn the_pages_of_files_are_let_go_of_and_come_back_as_they_were() {
        static CONSTANT: [u8; 16 * PAGE] = [7; 16 * PAGE];
        assert!(CONSTANT.iter().all(|byte| *byte == 7));
        let resident = || {
            let maps = std::fs::read_to_string("/proc/self/statm").expect("our pages");
            maps.split(' ').nth(2).and_then(|pages| pages.parse::<usize>().ok()).expect("those of files")
        };
        let before = resident();
        let_go_of_files();
        assert!(resident() < before, "{before}");
        assert!(CONSTANT.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn what_the_stack_had_is_protected_by_whole_pages() {
        let mut memory = vec![0_u128; 4096];
        protect(&mut memory).expect("protected");
        let flags = flags(memory.as_ptr().addr() + rustix::param::page_size());
        assert!(flags.contains(&"dd".to_owned()) && flags.contains(&"lo".to_owned()), "{flags:?}");
        protect(&mut []).expect("nothing to do");
        memory.fill(7);
        empty(&mut memory);
        assert!(memory.iter().all(|value| *value == 0));
        empty(&mut []);
    }
}
