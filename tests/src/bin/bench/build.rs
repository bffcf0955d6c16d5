//! Sizes and times of building.

use crate::Rows;
use std::process::Command;
use std::time::Instant;

pub fn build(rows: &mut Rows) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let folder = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let built =
        Command::new(&cargo).args(["build", "-q", "--workspace"]).env("CARGO_TARGET_DIR", folder.path()).status();
    assert!(built.is_ok_and(|s| s.success()), "the workspace builds");
    rows.add("build", "cold_build", begun.elapsed().as_secs_f64(), "s", ("with vendored OpenSSL, toolchain.md", 227.0));
    drop(folder);
    let built = Command::new(&cargo).args(["xtask", "package"]).status();
    assert!(built.is_ok_and(|s| s.success()), "the package builds");
    let library = std::fs::metadata("out/package/native/libtabara.so").expect("the library").len() as f64;
    rows.add("build", "library_stripped", library / 1e6, "MB", ("SQLCipher alone with OpenSSL", 6.8));
}
