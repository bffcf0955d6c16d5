//! The phone library and the Kotlin, Swift and Python that UniFFI writes from it.
//!
//! Tests use the library of the dev profile in `target/bindings`; `package` builds for release into `out/package`.

use crate::needs::{Allow, C_COMPILER};
use crate::terminal::{cargo, program, run};
use std::fs;
use std::path::{Path, PathBuf};

/// The library's file name on Linux.
const LIBRARY: &str = "libtabara_bindings.so";

/// Builds the dev library and writes one language's code. Layout: `target/bindings/native/LIBRARY` and
/// `target/bindings/LANGUAGE/…`.
pub fn generate(language: &str) -> Result<(), String> {
    run(&mut cargo(&["build", "-q", "-p", "tabara-bindings"]))?;
    let out = Path::new("target/bindings");
    write(&target("debug").join(LIBRARY), language, &out.join(language))?;
    copy(&target("debug").join(LIBRARY), &out.join("native").join(LIBRARY))
}

/// `cargo xtask package`.
pub fn package(allow: &Allow) -> Result<(), String> {
    allow.install(&[C_COMPILER])?;
    println!("building the library for release");
    run(&mut cargo(&["build", "--release", "-p", "tabara-bindings"]))?;
    let (library, out) = (target("release").join(LIBRARY), Path::new("out/package"));
    for language in ["kotlin", "swift", "python"] {
        write(&library, language, &out.join(language))?;
    }
    // The symbols are what the generator reads: strip only after it.
    let stripped = out.join("native").join(LIBRARY);
    copy(&library, &stripped)?;
    run(program("strip", &["--strip-unneeded"]).arg(&stripped))?;
    let bytes = fs::metadata(&stripped).map_err(|e| e.to_string())?.len();
    println!("{}: {:.2} MB stripped", stripped.display(), bytes as f64 / 1e6);
    Ok(())
}

fn write(library: &Path, language: &str, out: &Path) -> Result<(), String> {
    run(&mut cargo(&["build", "-q", "-p", "tabara-bindgen"]))?;
    let mut bindgen = program(&target("debug").join("tabara-bindgen").to_string_lossy(), &["generate", "-n", "-l"]);
    run(bindgen.arg(language).arg("-o").arg(out).arg(library))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let folder = to.parent().expect("a file has a folder");
    fs::create_dir_all(folder).and_then(|()| fs::copy(from, to)).map_err(|e| format!("{}: {e}", to.display()))?;
    Ok(())
}

/// Where cargo puts what it builds.
pub fn target(profile: &str) -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::path::absolute(folder.join(profile)).expect("the working folder has a path")
}
