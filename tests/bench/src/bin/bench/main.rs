//! `cargo xtask bench [NAME...] [--json FILE]`: our figures beside a peer or a floor measured in the same run, as
//! ratios. Without names all benches run but `build`, which compiles the workspace from nothing.

mod build;
mod forms;
mod generated;
mod local_page;
mod peers;
mod phone;
mod referrals;
mod server;
mod statistics;
mod vault;

use serde::Serialize;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;
use tabara_support::counting::Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// One figure.
#[derive(Serialize)]
pub struct Row {
    pub bench: &'static str,
    pub row: &'static str,
    pub ours: f64,
    pub unit: &'static str,
    /// What it is compared with.
    pub beside: &'static str,
    pub beside_value: f64,
    pub ratio: f64,
    pub command: String,
}

/// The rows of a run, printed as they come.
#[derive(Default)]
pub struct Rows(Vec<Row>);

impl Rows {
    pub fn add(
        &mut self,
        bench: &'static str,
        row: &'static str,
        ours: f64,
        unit: &'static str,
        beside: (&'static str, f64),
    ) {
        let (beside, beside_value) = beside;
        let command = format!("cargo xtask bench {bench}");
        let row = Row { bench, row, ours, unit, beside, beside_value, ratio: ours / beside_value, command };
        println!(
            "{:10} {:24} {:>12} {:6} {:>12} {:36} {:>9.2}  {}",
            row.bench,
            row.row,
            short(row.ours),
            row.unit,
            short(row.beside_value),
            row.beside,
            row.ratio,
            row.command
        );
        self.0.push(row);
    }
}

/// A figure with as many digits as tell something.
pub fn short(n: f64) -> String {
    match n.abs() {
        a if a >= 1000.0 => format!("{n:.0}"),
        a if a >= 10.0 => format!("{n:.1}"),
        a if a < 0.01 => format!("{n:.5}"),
        _ => format!("{n:.3}"),
    }
}

type Bench = (&'static str, bool, fn(&mut Rows));

const BENCHES: [Bench; 9] = [
    ("forms", true, forms::forms),
    ("interview", true, phone::interview),
    ("vault", true, phone::vault),
    ("seal", true, phone::seal),
    ("sync", true, server::sync),
    ("local_page", true, local_page::local_page),
    ("referrals", true, referrals::referrals),
    ("statistics", true, statistics::statistics),
    ("build", false, build::build),
];

/// Middle values, in microseconds, of things done in turn: what disturbs one disturbs the others too.
pub fn medians<const N: usize>(rounds: usize, mut things: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [(); N].map(|()| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (thing, times) in things.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            thing();
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    times.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    })
}

fn main() -> ExitCode {
    if vault::is_child() {
        return ExitCode::SUCCESS;
    }
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let json = words.iter().position(|w| w == "--json").map(|at| words.drain(at..(at + 2).min(words.len())).nth(1));
    if let Some(unknown) = words.iter().find(|w| !BENCHES.iter().any(|(name, ..)| name == w)) {
        let known: Vec<_> = BENCHES.iter().map(|(name, ..)| *name).collect();
        eprintln!("bench: there is no bench `{unknown}`; there are {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    println!(
        "{:10} {:24} {:>12} {:6} {:>12} {:36} {:>9}  command",
        "bench", "row", "ours", "unit", "beside", "", "ratio"
    );
    let mut rows = Rows::default();
    for (name, usual, run) in BENCHES {
        if words.iter().any(|w| w == name) || (words.is_empty() && usual) {
            run(&mut rows);
        }
    }
    let lines: String = rows.0.iter().map(|row| serde_json::to_string(row).expect("a row") + "\n").collect();
    match json {
        None => print!("\n{lines}"),
        Some(Some(file)) => {
            if let Err(e) = std::fs::File::create(&file).and_then(|mut f| f.write_all(lines.as_bytes())) {
                eprintln!("bench: {file}: {e}");
                return ExitCode::FAILURE;
            }
        }
        Some(None) => {
            eprintln!("bench: --json takes a file");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
