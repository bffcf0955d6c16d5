//! Counts the bytes that a piece of work holds: for figures of memory, and for tests that memory stays bounded. A
//! program that counts says `#[global_allocator] static COUNTING: Counting = Counting;`. Each thread counts for itself,
//! so that tests may run side by side.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub struct Counting;

#[derive(Clone, Copy)]
struct Count {
    on: bool,
    live: isize,
    most: isize,
}

thread_local! {
    // neither made nor dropped at run time: the allocator may look at it at any moment
    static COUNT: Cell<Count> = const { Cell::new(Count { on: false, live: 0, most: 0 }) };
}

fn note(bytes: isize) {
    let mut count = COUNT.get();
    if count.on {
        count.live += bytes;
        count.most = count.most.max(count.live);
        COUNT.set(count);
    }
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size as isize - layout.size() as isize);
        unsafe { System.realloc(at, layout, size) }
    }
}

/// What work held, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// By its result, when it had ended.
    pub after: usize,
    /// At most, meanwhile.
    pub most: usize,
}

/// Does some work on this thread and counts what it held.
pub fn count<T>(work: impl FnOnce() -> T) -> (T, Held) {
    COUNT.set(Count { on: true, live: 0, most: 0 });
    let done = work();
    let Count { live, most, .. } = COUNT.replace(Count { on: false, live: 0, most: 0 });
    (done, Held { after: live.max(0) as usize, most: most.max(0) as usize })
}
