//! What was said and typed is not left in memory once an interview is sealed and the phone locked: the library's allocator wipes
//! what is given back, and SQLCipher does so with its own. Reads the whole memory of this process.
#![cfg(target_os = "linux")]

#[path = "../../../bindings/src/wiping.rs"]
mod wiping;

use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use tabara_core::focal_point::FocalPoint;
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office};

#[global_allocator]
static ALLOCATOR: wiping::Wiping<std::alloc::System> = wiping::Wiping(std::alloc::System);

const MARCH: i64 = 1_772_323_200;
const MASK: u8 = 0x5a;

/// Something that is said nowhere else, kept under a mask: only whoever unmasks it makes a copy.
struct Said([u8; 24]);

impl Said {
    fn new() -> Self {
        let random: [u8; 24] = tabara_core::envelope::random();
        Self(random.map(|byte| (b'A' + byte % 26) ^ MASK))
    }
    fn text(&self) -> String {
        self.0.iter().map(|byte| char::from(byte ^ MASK)).collect()
    }
    /// How often it stands in the heap and the other memory of this process that can be written. Stacks are left out: nobody
    /// can promise anything about them.
    fn copies(&self) -> usize {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
        let mut window = vec![0u8; 1 << 20];
        let own = window.as_ptr() as usize..window.as_ptr() as usize + window.len();
        let here = &raw const window as usize;
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[stack]")) {
            let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let [start, end] = [start, end].map(|at| usize::from_str_radix(at, 16).unwrap());
            if (start..end).contains(&here) {
                continue; // this thread's stack
            }
            for at in (start..end).step_by(window.len() - 64) {
                let len = window.len().min(end - at);
                let read = memory.seek(SeekFrom::Start(at as u64)).and_then(|_| memory.read_exact(&mut window[..len]));
                if read.is_err() {
                    continue;
                }
                let hits = window[..len].windows(24).enumerate().filter(|(offset, bytes)| {
                    !own.contains(&(at + offset))
                        && bytes.iter().zip(&self.0).all(|(byte, masked)| byte ^ MASK == *masked)
                });
                found += hits.count();
            }
        }
        window.fill(0);
        found
    }
}

#[test]
fn after_sealing_and_locking_no_answer_and_no_pin_is_left_in_memory() {
    let (folder, said, pin) = (tempfile::tempdir().unwrap(), Said::new(), Said::new());
    let office = Office::new(&[include_str!("../../../questionnaires/first-line.md")]);
    let phone = FocalPoint::open(folder.path(), Arc::new(KeyStore::default()), SetClock::at(MARCH)).unwrap();
    phone.enrol(&office.card(MARCH), &pin.text()).unwrap();
    office.supply(&phone);
    let session = phone.start("first_line", "en").unwrap();
    for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes"), ("forced", "yes")] {
        session.answer(path, Some(value)).unwrap();
    }
    session.answer("name", Some(&said.text())).unwrap();
    let page = session.jump("name").unwrap();
    assert!(page.questions.iter().any(|question| question.value.as_deref() == Some(&*said.text())));
    assert!(said.copies() > 0, "the reader sees what is there");
    drop(page);
    session.finish(None).unwrap();
    phone.lock();
    phone.unlock(&pin.text()).unwrap();
    phone.lock();
    assert_eq!((said.copies(), pin.copies()), (0, 0));
}
