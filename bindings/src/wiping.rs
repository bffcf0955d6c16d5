//! Memory that the library gives back is wiped first. Answers, pages and PINs cross the border and live in the core as texts
//! of many owners; so it is done once, where all of them end. What an app copies, and what the system keeps of a stack or of
//! swapped memory, is out of reach.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::asm;

/// An allocator before another one. A block that grows is copied and its old place wiped, too: that is how `realloc` is done
/// where an allocator does not say otherwise.
pub struct Wiping<A>(pub A);

// SAFETY: every call goes to the inner allocator with the arguments that it came with; what is written before `dealloc` lies in
// the block that is given back.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's for `layout.size()` bytes until it is given back. The empty `asm!` may read memory
        // for all that the compiler knows, so that it does not leave the zeroes out.
        unsafe {
            block.write_bytes(0, layout.size());
            asm!("/* {0} */", in(reg) block, options(nostack, preserves_flags));
            self.0.dealloc(block, layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts the bytes that are not zero when a block comes back.
    struct Watching(AtomicUsize);

    // SAFETY: every call goes to the system's allocator.
    unsafe impl GlobalAlloc for Watching {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { System.alloc(layout) }
        }
        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the block is initialised by the test, and ours until it is given back.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            self.0.fetch_add(bytes.iter().filter(|byte| **byte != 0).count(), Ordering::SeqCst);
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(block, layout) }
        }
    }

    #[test]
    fn what_was_said_is_wiped_before_its_memory_goes_back_also_when_a_text_grows() {
        let wiping = Wiping(Watching(AtomicUsize::new(0)));
        let (small, large) = (Layout::array::<u8>(100).unwrap(), Layout::array::<u8>(5000).unwrap());
        // SAFETY: each block is written within its size, and given back once, by the layout that it was made with.
        unsafe {
            let block = wiping.alloc(small);
            block.write_bytes(b'B', 100);
            let block = wiping.realloc(block, small, 5000);
            assert_eq!(*block.add(99), b'B');
            block.add(100).write_bytes(b'B', 4900);
            wiping.dealloc(block, large);
        }
        assert_eq!(wiping.0.0.load(Ordering::SeqCst), 0);
    }
}
