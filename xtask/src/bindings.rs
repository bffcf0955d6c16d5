//! The phone library and the Kotlin, Swift and Python that UniFFI writes from it: `bindings/build.sh` makes them.

use crate::needs::{Allow, C_COMPILER};
use crate::terminal::{program, run};
use std::fs;

/// The library of the dev profile and its packages, for the tests: `target/bindings`, `bindings/python/tabara`.
pub fn generate() -> Result<(), String> {
    run(&mut program("sh", &["bindings/build.sh"]))
}

/// `cargo xtask package`: the same as it goes onto a phone, in `out/package`.
pub fn package(allow: &Allow) -> Result<(), String> {
    allow.install(&[C_COMPILER])?;
    println!("building the library for phones");
    run(&mut program("sh", &["bindings/build.sh", "phone", "out/package"]))?;
    let library = "out/package/native/libtabara.so";
    let bytes = fs::metadata(library).map_err(|e| e.to_string())?.len();
    println!("{library}: {:.2} MB stripped", bytes as f64 / 1e6);
    Ok(())
}
