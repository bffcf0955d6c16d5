//! `cargo xtask WORD`: the same words on a developer's machine and in CI. Light on purpose: no dependencies, so that
//! it builds in seconds on a machine that has only Rust and a C compiler. It looks for what else a word needs, says
//! what is missing and why, and installs it where that is allowed.

mod bindings;
mod needs;
mod release;
mod suites;
mod terminal;

use std::process::ExitCode;
use terminal::{cargo, program, run, target};

const HELP: &str = "\
cargo xtask WORD (or ./x WORD)

  demo [--fast] [--once] [--yes] [--dir DIR] [--port N]
        a server, 25 simulated phones, 1,500 interviews; then three pages to look at, until Ctrl-C
        --fast: a tenth of the people   --once: check the figures and stop   --dir: keep the files there
  dev-server [PORT] [--yes]
        a server of your own with a card for one phone (out/dev/card.txt) and a sign-in, until Ctrl-C
  test [--only SUITE,SUITE...] [--yes]
        every suite, or those named; a table and `N passed, N failed, N skipped` at the end
  bench [NAME...] [--json FILE]
        benchmarks beside a peer or a floor, as ratios
  questionnaires
        writes the questionnaires as .xlsx workbooks to out/questionnaires
  package
        builds the phone library for release and writes its Kotlin, Swift and Python to out/package
  release
        builds the Debian package of server and desk with its checksum to out/release; TABARA_RELEASE_KEY=FILE names
        the SSH key that signs it

  --yes allows to install what is missing with apt; root and CI=true allow it too.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    std::env::set_current_dir(root).expect("the repository is where xtask was built");
    let (word, rest) = words.split_first().map_or(("help", &[][..]), |(w, rest)| (w.as_str(), rest));
    let allow = needs::Allow::from(rest);
    let rest: Vec<&str> = rest.iter().map(String::as_str).filter(|w| *w != "--yes").collect();
    let done = match word {
        _ if rest.iter().any(|word| ["--help", "-h"].contains(word)) => {
            println!("{HELP}");
            Ok(())
        }
        "demo" => demo(&rest, &allow),
        "dev-server" => dev_server(&rest, &allow),
        "test" => suites::test(&rest, &allow),
        "bench" => bench(&rest, &allow),
        "questionnaires" => questionnaires(&allow),
        "package" => bindings::package(&allow),
        "release" => release::release(&allow),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("there is no word `{word}`\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn demo(rest: &[&str], allow: &needs::Allow) -> Result<(), String> {
    allow.install(&[needs::C_COMPILER])?;
    run(cargo(&["run", "-q", "-p", "tabara-bench", "--bin", "demo", "--"]).args(rest))
}

/// The same program that tests in other languages start.
fn dev_server(rest: &[&str], allow: &needs::Allow) -> Result<(), String> {
    allow.install(&[needs::C_COMPILER])?;
    let port = rest.first().copied().unwrap_or("0");
    println!("building the server (the first time takes some minutes)");
    run(&mut cargo(&["run", "-q", "-p", "tabara-stories", "--bin", "deployment", "--", "dev-server", "out/dev", port]))
}

/// Optimised as for release, because figures of another build tell nothing.
fn bench(rest: &[&str], allow: &needs::Allow) -> Result<(), String> {
    allow.install(&[needs::C_COMPILER])?;
    if rest.is_empty() || rest.contains(&"forms") {
        peers(allow);
    }
    if rest.is_empty() || rest.contains(&"statistics") {
        databases(allow);
    }
    run(&mut cargo(&["build", "-q", "--profile", "bench", "-p", "tabara-server", "--bins"]))?;
    run(cargo(&["run", "-q", "--profile", "bench", "-p", "tabara-bench", "--bin", "bench", "--"]).args(rest))
}

/// DuckDB, and what speaks to PostgreSQL, for `bench statistics`. Without PostgreSQL itself the bench says so.
fn databases(allow: &needs::Allow) {
    let install =
        ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "tests/bench/peers/requirements.txt"];
    let there = allow
        .install(&[needs::PYTHON])
        .and_then(|()| suites::venv())
        .and_then(|python| run(&mut program(&python, &install)));
    if let Err(why) = there {
        println!("absent: DuckDB and PostgreSQL: {why}");
    }
}

/// The engines that `bench forms` measures beside ours. One that cannot be had stays away, and the bench says so.
fn peers(allow: &needs::Allow) {
    let python = || allow.install(&[needs::PYTHON]).and_then(|()| suites::venv().map(drop));
    let npm = || run(program("npm", &["ci", "--silent", "--no-audit", "--no-fund"]).current_dir("tests/bench/peers"));
    let folder = target("peers");
    let build =
        ["build", "-q", "--release", "--manifest-path", "tests/bench/peers/Cargo.toml", "--target-dir", &folder];
    for (peer, there) in [
        ("pyxform", python()),
        ("JavaRosa", allow.install(&[needs::JDK])),
        ("web-forms", allow.install(&[needs::NODE]).and_then(|()| npm())),
        ("rxform and rxeval", run(&mut cargo(&build))),
    ] {
        if let Err(why) = there {
            println!("absent: {peer}: {why}");
        }
    }
}

fn questionnaires(allow: &needs::Allow) -> Result<(), String> {
    allow.install(&[needs::C_COMPILER])?;
    let folder = std::path::Path::new("out/questionnaires");
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut forms: Vec<_> = std::fs::read_dir("questionnaires")
        .map_err(|e| format!("questionnaires: {e}"))?
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|p| p.extension().is_some_and(|e| e == "md")))
        .collect();
    forms.sort();
    for form in forms {
        let out = folder.join(form.with_extension("xlsx").file_name().expect("a form has a name"));
        let desk = ["run", "-q", "-p", "tabara-desk", "--", "form", "export"];
        run(cargo(&desk).arg(&form).arg("-o").arg(&out))?;
        println!("{}", out.display());
    }
    Ok(())
}
