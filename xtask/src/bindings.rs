//! The phone library and the Kotlin, Swift and Python that UniFFI writes from it: `bindings/build.sh` makes them.

use crate::needs::{Allow, C_COMPILER, PYTHON};
use crate::suites::venv;
use crate::terminal::{program, run, target};
use std::fs;
use std::path::{Path, PathBuf};

/// The library of the dev profile with its Kotlin and Swift, for the tests: `target/bindings`.
pub fn generate() -> Result<(), String> {
    run(&mut program("sh", &["bindings/build.sh"]))
}

/// The same with the wheel, which is installed into the suites' own Python: returns that Python.
pub fn install() -> Result<String, String> {
    let python = with_wheel("debug", &target("bindings"))?;
    let wheels = Path::new(&target("bindings/python")).read_dir().map_err(|e| format!("no wheel was built: {e}"))?;
    let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--force-reinstall", "--no-deps"];
    let wheels: Vec<PathBuf> = wheels.filter_map(|entry| Some(entry.ok()?.path())).collect();
    run(program(&python, &install).args(["--no-index"]).args(wheels))?;
    Ok(python)
}

/// `bindings/build.sh` with maturin on the path.
fn with_wheel(profile: &str, out: &str) -> Result<String, String> {
    let python = venv()?;
    let bin = Path::new(&python).parent().expect("a program lies in a folder").to_owned();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&paths)));
    let path = path.map_err(|e| e.to_string())?;
    run(program("sh", &["bindings/build.sh", profile, out]).env("PATH", path))?;
    Ok(python)
}

/// `cargo xtask package`: the same as it goes onto a phone, in `out/package`.
pub fn package(allow: &Allow) -> Result<(), String> {
    allow.install(&[C_COMPILER, PYTHON])?;
    println!("building the library for phones");
    with_wheel("phone", "out/package")?;
    let library = "out/package/native/libtabara.so";
    let bytes = fs::metadata(library).map_err(|e| e.to_string())?.len();
    println!("{library}: {:.2} MB stripped", bytes as f64 / 1e6);
    Ok(())
}
