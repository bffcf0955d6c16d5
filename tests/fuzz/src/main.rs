//! One target after its name: `TABARA_FUZZ=workbook fuzz CORPUS [-max_total_time=60 ...]`; the seeds are written into the
//! corpus first.
#![no_main]

#[path = "../../support/src/files.rs"]
mod files;
#[path = "../../support/src/hostile.rs"]
mod hostile;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<hostile::Target> = LazyLock::new(|| {
    let name = std::env::var("TABARA_FUZZ").expect("TABARA_FUZZ names a target");
    hostile::TARGETS.into_iter().find(|target| target.name == name).expect("a target of this name")
});

fn seeds() {
    // what the core catches is no crash: calamine's panics on damaged files
    std::panic::set_hook(Box::new(|panic| {
        if !panic.location().is_some_and(|place| place.file().contains("calamine")) {
            eprintln!("{panic}");
        }
    }));
    let folder = std::env::args().nth(1).expect("a folder for the corpus");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (at, seed) in (TARGET.seeds)().iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{at}"), seed).expect("a disk");
    }
}

fuzz_target!(init: seeds(), |bytes: &[u8]| (TARGET.read)(bytes));
