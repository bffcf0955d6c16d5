//! Lays siege to a server and prints what honest people met: `siege BINARY SECONDS [--figures]`. Fails if the server took more than
//! 512 MB, or lost a record; with `--figures`, also if honest phones waited: that depends on the machine.

use std::process::ExitCode;
use tabara_support::load::siege;

/// Half of `MemoryMax` in deploy/tabara-server.service.
const MEMORY: u64 = 512 * 1024 * 1024;
/// Milliseconds that one of a hundred bundles may take.
const P99: f64 = 500.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let (binary, seconds, figures) = match &arguments[..] {
        [_, binary, seconds] => (binary, seconds, false),
        [_, binary, seconds, word] if word == "--figures" => (binary, seconds, true),
        _ => {
            eprintln!("siege BINARY SECONDS [--figures]");
            return ExitCode::from(2);
        }
    };
    let found = siege(binary.as_ref(), seconds.parse().expect("a number of seconds"));
    println!("{}", serde_json::to_string_pretty(&found).expect("figures have a JSON form"));
    println!(
        "siege of {seconds} s: peak {} MB, p99 {:.0} ms, {} records of honest phones, {} lost",
        found.peak_memory >> 20,
        found.p99_bundle,
        found.records,
        found.lost
    );
    let held = found.lost == 0 && found.records > 0 && found.peak_memory < MEMORY && found.sign_ins > 0;
    if held && (!figures || found.p99_bundle < P99 && found.p99_page < P99) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
