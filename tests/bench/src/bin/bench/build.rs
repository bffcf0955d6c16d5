//! Sizes and times of building.

use crate::Rows;
use std::process::Command;
use std::time::Instant;

pub fn build(rows: &mut Rows) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let folder = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    for packages in [&[][..], &["-p", "tabara-server"]] {
        let mut build = Command::new(&cargo);
        let built = build.args(["build", "-q"]).args(packages).env("CARGO_TARGET_DIR", folder.path()).status();
        assert!(built.is_ok_and(|s| s.success()), "everything builds");
    }
    rows.add("build", "cold_build", begun.elapsed().as_secs_f64(), "s", ("with vendored OpenSSL, toolchain.md", 227.0));
    drop(folder);
    let built = Command::new(&cargo).args(["xtask", "package"]).status();
    assert!(built.is_ok_and(|s| s.success()), "the package builds");
    library(rows, "build");
}

/// The size of the phone's library, where `cargo xtask package` has made it.
pub fn library(rows: &mut Rows, bench: &'static str) {
    match std::fs::metadata("out/package/native/libtabara.so") {
        Ok(library) => rows.add(bench, "library_stripped", library.len() as f64 / 1e6, "MB", ("issue's limit", 5.0)),
        Err(_) => println!("library_stripped: absent, `cargo xtask package` makes it"),
    }
}
