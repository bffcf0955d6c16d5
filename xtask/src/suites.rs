//! `cargo xtask test`: the suites, what each needs, and how its output tells what passed.
//!
//! A suite that cannot run is listed with its reason; with `CI=true` that is a failure. The one exception is a suite
//! that only lacks the recorded cases of `TABARA_SHARED`, on a public clone, or (outside CI) a package that nobody has any more:
//! it is `absent`.

use crate::bindings;
use crate::needs::{self, Allow, Need};
use crate::terminal::{cargo, program, run, run_and_read, target};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

struct Suite {
    name: &'static str,
    what: &'static str,
    needs: &'static [Need],
    /// Runs without being named.
    usual: bool,
    steps: fn() -> Result<Vec<Command>, String>,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "lint",
        what: "format, clippy, documentation",
        needs: &[needs::C_COMPILER],
        usual: true,
        steps: lint,
    },
    Suite { name: "rust", what: "all packages, journeys", needs: &[needs::C_COMPILER], usual: true, steps: rust },
    Suite {
        name: "conformance",
        what: "cases of the field, JavaRosa",
        needs: &[needs::PYTHON, needs::JDK],
        usual: true,
        steps: conformance,
    },
    Suite { name: "demo", what: "150 interviews, figures; a minute of siege", needs: &[], usual: true, steps: demo },
    Suite {
        name: "python",
        what: "package, other libraries",
        needs: &[needs::PYTHON, needs::PROXIES],
        usual: true,
        steps: python,
    },
    Suite { name: "kotlin", what: "package on the JVM", needs: &[needs::JDK], usual: true, steps: kotlin },
    Suite {
        name: "android",
        what: "sample under Robolectric",
        needs: &[needs::JDK, needs::ANDROID],
        usual: true,
        steps: android,
    },
    Suite {
        name: "swift",
        what: "package and the iOS sample's view models",
        needs: &[needs::SWIFT],
        usual: false,
        steps: swift,
    },
    Suite {
        name: "swift-long",
        what: "8 threads for half a minute, 100,000 calls",
        needs: &[needs::SWIFT],
        usual: false,
        steps: swift_long,
    },
    Suite {
        name: "browser",
        what: "page in Chromium",
        needs: &[needs::NODE, needs::CHROMIUM],
        usual: true,
        steps: browser,
    },
    Suite {
        name: "fuzz",
        what: "every target for a minute, or for TABARA_FUZZ_MINUTES",
        needs: &[needs::C_COMPILER],
        usual: false,
        steps: fuzz,
    },
    Suite { name: "hostile", what: "hostile guests, longer", needs: &[needs::PYTHON], usual: false, steps: hostile },
    Suite {
        name: "hammer",
        what: "eight threads at one object for 30 seconds: Python, Kotlin",
        needs: &[needs::PYTHON, needs::JDK],
        usual: false,
        steps: hammer,
    },
    Suite { name: "arm", what: "the vault on 64-bit ARM", needs: &[needs::ARM], usual: false, steps: arm },
    Suite {
        name: "sanitizer",
        what: "the vault under AddressSanitizer",
        needs: &[needs::C_COMPILER],
        usual: false,
        steps: sanitizer,
    },
    Suite {
        name: "release",
        what: "the Debian package on a machine without Rust",
        needs: &[needs::C_COMPILER, needs::SSH_KEYGEN],
        usual: false,
        steps: || crate::release::steps(&shared()),
    },
    Suite { name: "siege", what: "a server under every attack, 10 minutes", needs: &[], usual: false, steps: siege },
    Suite {
        name: "mutants",
        what: "faults put into seal, envelope and tree, one by one: a test must notice each",
        needs: &[needs::C_COMPILER],
        usual: false,
        steps: mutants,
    },
    Suite { name: "soak", what: "long random histories", needs: &[], usual: false, steps: soak },
];

enum End {
    Passed,
    Failed(String),
    Skipped(String),
    Absent(String),
}

/// What the output of a suite says.
#[derive(Default)]
struct Counts {
    passed: u32,
    failed: u32,
    /// Seconds and name of each test that the runner timed.
    times: Vec<(f64, String)>,
}

/// Runs the suites and prints the table.
pub fn test(words: &[&str], allow: &Allow) -> Result<(), String> {
    let chosen = choose(words)?;
    let mut rows = Vec::new();
    for suite in chosen {
        println!("\n== {}: {}", suite.name, suite.what);
        let start = Instant::now();
        let (counts, end) = attempt(suite, allow);
        rows.push((suite, counts, end, start.elapsed()));
    }
    report(&rows, !words.is_empty())
}

fn choose(words: &[&str]) -> Result<Vec<&'static Suite>, String> {
    let names: Vec<&str> = match words {
        [] => return Ok(SUITES.iter().filter(|s| s.usual).collect()),
        ["--only", list] => list.split(',').collect(),
        _ => return Err("test takes --only SUITE,SUITE...".into()),
    };
    let known = || SUITES.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
    let find = |name: &&str| SUITES.iter().find(|s| s.name == *name);
    names.iter().map(|n| find(n).ok_or_else(|| format!("no suite `{n}`; there are {}", known()))).collect()
}

fn attempt(suite: &Suite, allow: &Allow) -> (Counts, End) {
    let mut counts = Counts::default();
    if ["conformance", "release"].contains(&suite.name) && !shared().is_dir() {
        println!("absent: the shared cases and machines are not beside this clone (TABARA_SHARED)");
        return (counts, End::Absent("no TABARA_SHARED".into()));
    }
    if let Err(why) = allow.install(suite.needs) {
        println!("skipped: {why}");
        return (counts, End::Skipped(why));
    }
    let steps = match (suite.steps)() {
        Ok(steps) => steps,
        Err(why) => return (Counts { failed: 1, ..counts }, End::Failed(why)),
    };
    for mut step in steps {
        let (lines, result) = run_and_read(&mut step);
        if let Some(why) = lines.iter().find_map(|line| line.strip_prefix("absent: ").filter(|_| !suite.usual)) {
            return (counts, End::Absent(why.to_owned()));
        }
        let read = read_counts(&lines);
        counts.passed += read.passed;
        counts.failed += read.failed;
        counts.times.extend(read.times);
        if let Err(why) = result {
            counts.failed = counts.failed.max(1);
            return (counts, End::Failed(why));
        }
    }
    if counts.passed == 0 {
        return (Counts { failed: 1, ..counts }, End::Failed("no test ran".into()));
    }
    (counts, End::Passed)
}

fn report(rows: &[(&Suite, Counts, End, Duration)], named: bool) -> Result<(), String> {
    println!("\n{:12} {:>7} {:>7} {:>7}  result", "suite", "passed", "failed", "time");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (suite, counts, end, time) in rows {
        let result = match end {
            End::Passed => "ok".to_owned(),
            End::Failed(why) => format!("FAILED: {why}"),
            End::Skipped(why) => format!("skipped: {why}"),
            End::Absent(why) => format!("absent: {why}"),
        };
        println!("{:12} {:7} {:7} {:5} s  {result}", suite.name, counts.passed, counts.failed, time.as_secs());
        passed += counts.passed;
        failed += counts.failed;
        skipped += u32::from(matches!(end, End::Skipped(_)));
    }
    let mut times: Vec<&(f64, String)> = rows.iter().flat_map(|(_, counts, ..)| &counts.times).collect();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    if !times.is_empty() {
        println!("\nslowest tests");
    }
    for (seconds, name) in times.iter().take(5) {
        println!("{seconds:8.1} s  {name}");
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    match (failed, skipped) {
        (0, 0) => Ok(()),
        (0, _) if !named && !needs::in_ci() => Ok(()),
        (0, _) => Err("a suite was skipped; CI, and who names it, accept none".into()),
        _ => Err("tests failed".into()),
    }
}

/// Reads the closing lines of cargo test, pytest, the lines of Swift Testing, Maven Surefire, node's runner and our own programs.
fn read_counts(lines: &[String]) -> Counts {
    let mut counts = Counts::default();
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let before =
        |line: &str, word: &str| number(line.split(word).next()?.rsplit([' ', '=', ',']).find(|w| !w.is_empty())?);
    for line in lines {
        let line = line.trim();
        counts.times.extend(time_of(line));
        if line.starts_with("test result:") || (line.starts_with('=') && line.contains(" passed")) {
            counts.passed += before(line, " passed").unwrap_or(0);
            counts.failed += if line.contains(" failed") { before(line, " failed").unwrap_or(0) } else { 0 };
        } else if let Some(rest) = line.split("Tests run: ").nth(1).filter(|_| !line.contains("Time elapsed")) {
            let part = |at: usize| rest.split(", ").nth(at).and_then(|p| number(p.rsplit(' ').next()?)).unwrap_or(0);
            counts.failed += part(1) + part(2);
            counts.passed += part(0).saturating_sub(part(1) + part(2) + part(3));
        } else if let Some(n) = line.strip_prefix("# pass ").and_then(number) {
            counts.passed += n;
        } else if let Some(n) = line.strip_prefix("# fail ").and_then(number) {
            counts.failed += n;
        } else if let Some(test) = line.strip_prefix("✔ Test ").filter(|test| !test.starts_with("run with ")) {
            counts.passed += u32::from(test.contains(" passed after "));
        } else if let Some(test) = line.strip_prefix("✘ Test ").filter(|test| !test.starts_with("run with ")) {
            counts.failed += u32::from(test.contains(" failed after "));
        } else if line.ends_with(": ok") {
            counts.passed += 1;
        }
    }
    counts
}

/// Seconds and name, where a line says how long one test took: `test NAME ... ok <1.2s>` of cargo test, `1.2s call NAME` of
/// pytest, `Time elapsed: 1.2 s -- in NAME` of Maven Surefire, `✔ Test NAME passed after 1.2 seconds.` of Swift Testing.
fn time_of(line: &str) -> Option<(f64, String)> {
    let seconds = |text: &str| text.trim().trim_end_matches('s').trim().parse().ok();
    if let Some((name, end)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")) {
        let time = end.split_once('<')?.1.strip_suffix('>')?;
        return Some((seconds(time)?, name.to_owned()));
    }
    if let Some((time, name)) = line.split_once("s call ") {
        return Some((seconds(time)?, name.trim().to_owned()));
    }
    if let Some((name, time)) = line.strip_prefix("✔ Test ").and_then(|rest| rest.split_once(" passed after ")) {
        let name = Some(name.trim_matches('"')).filter(|name| !name.starts_with("run with "))?;
        return Some((seconds(time.strip_suffix(" seconds.")?)?, name.to_owned()));
    }
    let (time, name) = line.split_once("Time elapsed: ")?.1.split_once(" s -- in ")?;
    Some((seconds(time)?, name.to_owned()))
}

/// Where the recorded cases lie.
fn shared() -> PathBuf {
    std::env::var_os("TABARA_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from)
}

fn lint() -> Result<Vec<Command>, String> {
    let clippy = ["clippy", "-q", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let mut doc = cargo(&["doc", "-q", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    let mut steps =
        vec![cargo(&["fmt", "--all", "--check"]), cargo(&clippy), program("echo", &["format and clippy: ok"])];
    steps.extend([doc, program("echo", &["documentation: ok"])]);
    if needs::on_path("cargo-deny") {
        steps.push(cargo(&["deny", "check", "licenses", "sources", "bans"]));
        steps.push(program("echo", &["licences and sources: ok"]));
    } else {
        println!("licences and sources: not checked here (cargo-deny is missing); a release needs it");
    }
    Ok(steps)
}

/// All packages but the server. In one build with the phone's core the server would get SQLCipher in place of SQLite, and lack
/// the core's cryptography for it.
const OTHERS: [&str; 3] = ["--workspace", "--exclude", "tabara-server"];

/// The programs that tests in other languages start, each built as it is shipped.
fn programs() -> Result<(), String> {
    for words in [
        &["-p", "tabara-server", "--bins"][..],
        &["-p", "tabara-desk", "--bins"],
        &["-p", "tabara-stories", "--bins", "--examples"],
    ] {
        run(cargo(&["build", "-q"]).args(words))?;
    }
    Ok(())
}

fn rust() -> Result<Vec<Command>, String> {
    // libtest tells times to who may use unstable options: the runner says so to the tests, and not to the compiler
    let runner = format!("CARGO_TARGET_{}_RUNNER", host()?.replace('-', "_").to_uppercase());
    let test = |packages: &[&str]| {
        let mut tests = cargo(&["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        tests.args(packages).args(["--", "-Zunstable-options", "--report-time"]);
        tests.env(&runner, "env RUSTC_BOOTSTRAP=1");
        tests
    };
    Ok(vec![
        test(&OTHERS),
        test(&["-p", "tabara-server"]),
        cargo(&["test", "--doc"].into_iter().chain(OTHERS).collect::<Vec<_>>()),
    ])
}

fn conformance() -> Result<Vec<Command>, String> {
    // JavaRosa lies in the wheel of pyxform
    venv()?;
    Ok(vec![cargo(&["test", "-p", "tabara-conformance", "--tests", "--", "--include-ignored", "--nocapture"])])
}

fn demo() -> Result<Vec<Command>, String> {
    let words = ["run", "-q", "-p", "tabara-bench", "--bin", "demo", "--", "--fast", "--once"];
    let siege = besieged(&[], "debug", "60")?;
    Ok(vec![cargo(&words), program("echo", &["demo --fast --once: ok"]), siege, program("echo", &["siege: ok"])])
}

/// Ten minutes on the optimised server, and honest phones must not have waited.
fn siege() -> Result<Vec<Command>, String> {
    let mut siege = besieged(&["--profile", "bench"], "release", "600")?;
    siege.arg("--figures");
    Ok(vec![siege, program("echo", &["siege: ok"])])
}

fn besieged(profile: &[&str], folder: &str, seconds: &str) -> Result<Command, String> {
    run(cargo(&["build", "-q", "-p", "tabara-server", "--bins"]).args(profile))?;
    let mut siege = cargo(&["run", "-q", "-p", "tabara-bench", "--bin", "siege"]);
    siege.args(profile).args(["--", &target(&format!("{folder}/tabara-server")), seconds]);
    Ok(siege)
}

fn arm() -> Result<Vec<Command>, String> {
    Ok(vec![program("sh", &["tests/arm.sh"])])
}

/// `vault/cipher.rs`, all that calls it, and SQLCipher itself: C and Rust are both instrumented.
fn sanitizer() -> Result<Vec<Command>, String> {
    let mut tests =
        cargo(&["test", "-p", "tabara-core", "--lib", "--target", &host()?, "--target-dir", &target("asan")]);
    tests.args(["--", "vault::"]).env("PROPTEST_CASES", "8");
    // leaks are not looked for, because SQLite keeps its registrations until the end
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address -Cforce-frame-pointers=yes");
    tests.env("CFLAGS", "-fsanitize=address -fno-omit-frame-pointer").env("ASAN_OPTIONS", "detect_leaks=0");
    // SQLCipher's own heap is one block to the sanitizer: each buffer gets its own memory instead
    tests.env("LIBSQLITE3_FLAGS", "-DSQLCIPHER_CRYPTO_CUSTOM=tabara_sqlcipher_setup -DSQLCIPHER_OMIT_MALLOC");
    Ok(vec![tests])
}

/// Histories of the vault on a bad disk, and of phones and server on a bad network. `TABARA_SOAK=PHONES,RECORDS` makes the
/// second shorter.
fn soak() -> Result<Vec<Command>, String> {
    let mut histories = cargo(&["test", "--profile", "bench", "-p", "tabara-stories"]);
    histories.args(["--test", "histories*", "--test", "network", "--", "--include-ignored", "--nocapture"]);
    histories.env("TABARA_HISTORIES", "1000");
    Ok(vec![histories])
}

fn python() -> Result<Vec<Command>, String> {
    let python = bindings::install()?;
    programs()?;
    let mut pytest = program(&python, &["-m", "pytest", "--color=no", "-rs"]);
    pytest.args(["bindings/python", "tests/python", "--durations=5"]);
    pytest.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(vec![pytest])
}

fn host() -> Result<String, String> {
    let told = program("rustc", &["-vV"]).output().map_err(|e| format!("rustc: {e}"))?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or("rustc does not tell its host".into())
}

/// libFuzzer with the coverage that stable Rust can give; what it finds lies in `fuzz` of the target folder. A release wants
/// `TABARA_FUZZ_MINUTES=30`.
fn fuzz() -> Result<Vec<Command>, String> {
    let host = host()?;
    let mut build = cargo(&["build", "-q", "--release", "--manifest-path", "tests/fuzz/Cargo.toml"]);
    // build scripts and macros run uninstrumented: cargo keeps them apart when a target is named
    build.args(["--target", &host, "--target-dir", &target("fuzz")]).env(
        "RUSTFLAGS",
        "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
         -Cllvm-args=-sanitizer-coverage-trace-compares",
    );
    run(&mut build)?;
    let fuzz = target(&format!("fuzz/{host}/release/fuzz"));
    let minutes: u64 = match std::env::var("TABARA_FUZZ_MINUTES") {
        Ok(text) => text.parse().map_err(|_| format!("TABARA_FUZZ_MINUTES: '{text}' is no number"))?,
        Err(_) => 1,
    };
    let time = format!("-max_total_time={}", minutes * 60);
    let steps = ["workbook", "table", "expression", "package", "answers", "keys"].into_iter().flat_map(|name| {
        let corpus = target(&format!("fuzz/corpus/{name}"));
        let mut step = program(&fuzz, &[&corpus, &time, "-max_len=131072", "-timeout=10"]);
        step.args([
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
            "-verbosity=0",
            "-print_funcs=0",
            &format!("-artifact_prefix={}/", target("fuzz")),
        ]);
        step.env("TABARA_FUZZ", name);
        [step, program("echo", &[&format!("fuzz {name}: ok")])]
    });
    Ok(steps.collect())
}

/// Python of the project's own virtual environment, with the versions that `tests/python/requirements.txt` pins.
pub fn venv() -> Result<String, String> {
    let python = std::path::absolute(target("venv/bin/python")).map_err(|e| e.to_string())?;
    if !python.exists() {
        run(&mut program("python3", &["-m", "venv", &target("venv")]))?;
    }
    let python = python.to_string_lossy().into_owned();
    let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "tests/python/requirements.txt"];
    run(&mut program(&python, &install))?;
    Ok(python)
}

/// The version of cargo-mutants that `.cargo/mutants.toml` was written for.
const MUTANTS: &str = "27.1.0";

/// What survives must stand in `.cargo/mutants.toml`, with its reason.
fn mutants() -> Result<Vec<Command>, String> {
    let tool = target("mutants/tool");
    run(&mut cargo(&["install", "-q", "--locked", "--version", MUTANTS, "--root", &tool, "cargo-mutants"]))?;
    let mut mutants = program(&format!("{tool}/bin/cargo-mutants"), &["mutants", "-p", "tabara-protocol"]);
    for file in ["seal", "envelope", "tree"] {
        mutants.args(["-f", &format!("core/protocol/src/{file}.rs")]);
    }
    mutants.args(["--no-shuffle", "--timeout", "300", "-o", &target("mutants")]);
    Ok(vec![mutants])
}

/// Hostile guests for longer: more requests from the OpenAPI document, and every deadline waited out.
fn hostile() -> Result<Vec<Command>, String> {
    let mut long = python()?;
    long[0].env("TABARA_EXAMPLES", "300").env("TABARA_PATIENT", "1").args(["-k", "test_hostile or test_openapi"]);
    Ok(long)
}

/// The tests of threads, for longer than in the suites of the languages.
fn hammer() -> Result<Vec<Command>, String> {
    let (mut python, mut kotlin) = (python()?, kotlin()?);
    python[0].args(["-k", "test_hammer"]);
    kotlin[0].arg("-Dit.test=HammerTest");
    let mut steps: Vec<Command> = python.into_iter().chain(kotlin).collect();
    steps.iter_mut().for_each(|step| {
        step.env("TABARA_HAMMER_SECONDS", "30");
    });
    Ok(steps)
}

/// Behind `package`: the tests get the jar and no path.
fn kotlin() -> Result<Vec<Command>, String> {
    maven("bindings/kotlin", "verify")
}

fn android() -> Result<Vec<Command>, String> {
    let mut steps = maven("mobile-samples/android", "test")?;
    steps.push(program("sh", &["bindings/kotlin/check-aar.sh"]));
    Ok(steps)
}

/// Builds library, Kotlin and programs, then lets Maven test one project.
fn maven(project: &str, phase: &str) -> Result<Vec<Command>, String> {
    bindings::generate()?;
    programs()?;
    let here = std::path::absolute(".").map_err(|e| e.to_string())?;
    let mut mvn = program("mvn", &["-B", "-ntp", phase, "-Dkotlin.compiler.daemon=false"]);
    mvn.arg(format!("-Dtabara.root={}", here.display()));
    mvn.current_dir(Path::new(project));
    Ok(vec![mvn])
}

/// The Swift package, then the view models of the iOS sample, where a warning is an error. What needs Apple's own modules is parsed.
fn swift() -> Result<Vec<Command>, String> {
    built_for_swift()?;
    let parse = "swiftc -frontend -parse mobile-samples/ios/App/*.swift && echo 'views parsed: ok'";
    Ok(vec![
        swift_test("bindings/swift", &[])?,
        swift_test("mobile-samples/ios", &[])?,
        in_swift(".", &["sh", "-c", parse])?,
    ])
}

/// What takes longer, with the figures printed.
fn swift_long() -> Result<Vec<Command>, String> {
    built_for_swift()?;
    Ok(vec![swift_test("bindings/swift", &["TABARA_LONG=1"])?])
}

fn built_for_swift() -> Result<(), String> {
    bindings::generate()?;
    run(&mut program("sh", &["mobile-samples/ios/words.sh"]))?;
    run(&mut cargo(&["build", "-q", "-p", "tabara-stories", "--bin", "deployment"]))
}

/// Tests one package, with further settings for its environment.
fn swift_test(package: &str, settings: &[&str]) -> Result<Command, String> {
    let server = format!("TABARA_DEPLOYMENT={}", absolute(&target("debug/deployment"))?);
    let mut test = in_swift(package, &["env", &server])?;
    test.args(settings).args(["swift", "test", "--disable-xctest", "-Xswiftc", "-warnings-as-errors"]);
    test.args(["--scratch-path", &absolute(&target(&format!("swift-build/{package}")))?]);
    Ok(test)
}

/// A command in a folder, where Swift is: `chroot.sh` installs it once.
fn in_swift(folder: &str, words: &[&str]) -> Result<Command, String> {
    let mut command = program("bash", &["bindings/swift/chroot.sh", &target("swift"), "run", folder]);
    command.args(words).env("BIND", format!("{} {}", absolute(".")?, absolute(&target(""))?));
    Ok(command)
}

fn absolute(path: &str) -> Result<String, String> {
    std::path::absolute(path).map(|path| path.to_string_lossy().into_owned()).map_err(|e| format!("{path}: {e}"))
}

fn browser() -> Result<Vec<Command>, String> {
    programs()?;
    let folder = Path::new("tests/browser");
    run(program("npm", &["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(folder))?;
    let mut node = program("node", &["--test", "--test-reporter=tap"]);
    node.current_dir(folder);
    Ok(vec![node])
}
