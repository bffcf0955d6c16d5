//! Whatever a file says, reading it ends soon, in an error or a form, and holds no more memory than a real form does. The
//! fuzz targets meet mutations of real input here for some seconds; `cargo xtask test --only fuzz` does it for longer.

use std::fmt::Write as _;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::screening::compile;
use tabara_core::xlsform::{Compiled, Severity};
use tabara_support::counting::{Counting, count};
use tabara_support::files::{cell, label, record, short, stream, xls, xlsx};
use tabara_support::hostile::TARGETS;
use tabara_support::rng::Rng;

#[global_allocator]
static COUNTING: Counting = Counting;

/// No more than this is held by the reading of one file.
const MOST: usize = 192 << 20;

/// One to four changes: bytes and lengths, pieces doubled, moved and left out, and words that parsers fear.
fn mutated(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    const WORDS: [&[u8]; 12] = [
        b"${",
        b"}",
        b"((((((((",
        b"|",
        b"\n| | begin repeat | r | R |\n",
        b"1e309",
        b"-",
        b"[99999999999]",
        b"\xff\xff\xff\xff",
        b"\0\0",
        b"once(",
        b"' | ",
    ];
    let mut bytes = seeds[rng.below(seeds.len())].clone();
    for _ in 0..=rng.below(4) {
        let (from, other) = (rng.below(bytes.len()), &seeds[rng.below(seeds.len())]);
        let to = (from + rng.below(64)).min(bytes.len());
        let piece = match rng.below(6) {
            0 => vec![rng.below(256) as u8],
            1 => WORDS[rng.below(WORDS.len())].to_vec(),
            2 => bytes[from..to].repeat(1 + rng.below(40)),
            3 => Vec::new(),
            4 => {
                let at = rng.below(other.len());
                other[at..(at + rng.below(400)).min(other.len())].to_vec()
            }
            _ => bytes[from..to].iter().map(|byte| byte ^ (1 << rng.below(8))).collect(),
        };
        bytes.splice(from..to, piece);
    }
    bytes
}

/// Tells what was read when something panics.
struct Told<'a>(&'a [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("read: b\"{}\"", self.0.escape_ascii());
        }
    }
}

#[test]
fn mutations_of_real_input_end_in_an_error_or_in_something_that_works() {
    let seed = std::env::var("TABARA_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || std::time::UNIX_EPOCH.elapsed().expect("a clock").as_nanos() as u64;
    let seed = seed.unwrap_or_else(now);
    for target in TARGETS {
        println!("seed {seed}, target {} (TABARA_SEED={seed} repeats it)", target.name);
        let (mut rng, seeds) = (Rng::new(seed), (target.seeds)());
        let begun = std::time::Instant::now();
        while begun.elapsed().as_secs() < 2 {
            let bytes = mutated(&mut rng, &seeds);
            let told = Told(&bytes);
            let ((), held) = count(|| (target.read)(told.0));
            assert!(held.most < MOST, "{} MB were held", held.most >> 20);
        }
    }
}

/// Compiles within the bounds of memory; the code of the first error, if there is one.
fn within_bounds(file: &[u8]) -> Option<&'static str> {
    let (Compiled { questionnaire, diagnostics: faults }, held) = count(|| compile(file));
    assert!(held.most < MOST, "{} MB were held", held.most >> 20);
    let error = faults.iter().find(|fault| fault.severity == Severity::Error).map(|fault| fault.code);
    assert_eq!(questionnaire.is_none(), error.is_some());
    error
}

/// `| survey |` with rows of type, name, label and calculation.
fn survey(rows: impl Iterator<Item = String>) -> String {
    rows.fold("| survey |\n| | type | name | label | calculation | repeat_count |\n".to_owned(), |mut form, row| {
        writeln!(form, "| | {row} |").expect("memory");
        form
    })
}

#[test]
fn a_zip_that_unfolds_without_end_is_refused_before_it_is_read() {
    let bomb = xlsx(&vec![b' '; 80 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(within_bounds(&bomb), Some("unreadable"));
    // one that is as large as it may be
    let row = |row: usize| format!("<row r=\"{row}\">{}</row>", cell(&format!("A{row}"), "text"));
    let rows: String = (1..49_000).map(row).collect();
    assert!(within_bounds(&xlsx(rows.as_bytes())).is_some());
}

#[test]
fn a_wrong_dimension_hides_nothing_far_cells_are_refused_and_blank_rows_without_end_are_not_read() {
    let head = format!("<row r=\"1\">{}{}{}</row>", cell("A1", "type"), cell("B1", "name"), cell("C1", "label"));
    let row = format!("<row r=\"2\">{}{}{}</row>", cell("A2", "text"), cell("B2", "q"), cell("C2", "Q"));
    assert_eq!(within_bounds(&xlsx(format!("{head}{row}").as_bytes())), None);
    let far = format!("{head}<row r=\"1048576\">{}</row>", cell("XFD1048576", "x"));
    assert_eq!(within_bounds(&xlsx(far.as_bytes())), Some("unreadable"));
    let blank = |row: usize| format!("<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"/></row>");
    let blank: String = (3..100_000).map(blank).collect();
    assert_eq!(within_bounds(&xlsx(format!("{head}{row}{blank}").as_bytes())), None);
}

#[test]
fn a_hundred_thousand_choices_are_refused_and_fifty_thousand_are_not() {
    let form = |choices: usize| {
        let all: String = (0..choices).map(|at| format!("| | l | c{at} | Choice {at} |\n")).collect();
        format!(
            "{}| choices |\n| | list_name | name | label |\n{all}",
            survey(["select_one l | q | Q | |".into()].into_iter())
        )
    };
    assert_eq!(within_bounds(form(100_000).as_bytes()), Some("unreadable"));
    assert_eq!(within_bounds(form(49_000).as_bytes()), None);
}

#[test]
fn bombs_of_depth_end_in_an_error() {
    let groups = survey((0..19_000).map(|at| format!("begin group | g{at} | G | |")));
    assert!(within_bounds(groups.as_bytes()).is_some());
    let rows = survey((0..30_000).map(|at| format!("text | q{at} | Q | |")));
    assert_eq!(within_bounds(rows.as_bytes()), Some("too-large"));
    for (open, close) in [("(", ")"), ("not(", ")"), ("${q}[", "]"), ("-", ""), ("1 + ", "1")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let form = survey(["text | q | Q | |".into(), format!("calculate | c | | {deep} |")].into_iter());
        assert_eq!(within_bounds(form.as_bytes()), Some("bad-expression"), "{open}");
    }
}

#[test]
fn references_in_a_ring_are_named_and_long_chains_are_not_a_ring() {
    let head = ["text | t | T | |".to_owned()];
    let ring = (0..15_000).map(|at| format!("calculate | c{at} | | ${{c{}}} + 1 |", (at + 1) % 15_000));
    assert_eq!(within_bounds(survey(head.clone().into_iter().chain(ring)).as_bytes()), Some("cycle"));
    let chain = (1..15_000).map(|at| format!("calculate | c{at} | | ${{c{}}} + 1 |", at - 1));
    let chain = head.into_iter().chain(["calculate | c0 | | 1 |".into()]).chain(chain);
    assert_eq!(within_bounds(survey(chain).as_bytes()), None);
}

#[test]
fn ten_thousand_rows_are_kept_within_bounds() {
    let rows = [
        "integer | n | N | |",
        "begin repeat | a | A | | ${n}",
        "begin repeat | b | B | | ${n}",
        "text | t | T | |",
        "calculate | k | | position(..) |",
        "end repeat | | | |",
        "end repeat | | | |",
        "calculate | all | | sum(${k}) |",
    ];
    let form = compile(survey(rows.into_iter().map(str::to_owned)).as_bytes());
    let form = std::sync::Arc::new(form.questionnaire.expect("a form"));
    let (interview, held) = count(|| {
        let mut interview = Interview::start(form, InterviewConfig::default());
        interview.set("n", Some("10000")).expect("it is asked");
        interview
    });
    assert!(held.most < MOST, "{} MB were held", held.most >> 20);
    assert!(interview.answers().len() > 10_000);
}

/// A sheet of an .xls that is a form.
fn sheet() -> Vec<u8> {
    let rows = [["type", "name", "label"], ["text", "q", "Q"]];
    let cells = rows
        .iter()
        .enumerate()
        .flat_map(|(row, cells)| cells.iter().enumerate().map(move |(column, text)| label(row, column, text)));
    cells.collect::<Vec<_>>().concat()
}

#[test]
fn an_xls_costs_what_it_holds_and_not_what_it_claims() {
    assert_eq!(within_bounds(&xls(&stream(&[], &[sheet()]))), None);
    // a sheet that claims to have four thousand million rows costs what it holds, and is read (LibreOffice writes such)
    let claim = [&0u32.to_le_bytes()[..], &u32::MAX.to_le_bytes(), &short(0), &short(0xFFFF), &short(0)].concat();
    let claims = [record(0x0200, &claim), sheet()].concat();
    assert_eq!(within_bounds(&xls(&stream(&[], &[claims]))), None);
    // two cells far apart, in one sheet and in many that are one
    let far = [sheet(), label(65_535, 255, "x")].concat();
    assert_eq!(within_bounds(&xls(&stream(&[], &[far]))), Some("unreadable"));
    let wide = [sheet(), label(40_000, 20, "x")].concat();
    assert_eq!(within_bounds(&xls(&stream(&[], &vec![wide; 40]))), Some("unreadable"));
    // one shared text of 60,000 letters in 2,000 cells
    let text = [&[1, 0, 0, 0, 1, 0, 0, 0][..], &short(8_000), &[0], &[b'a'; 8_000]].concat();
    let cells = (0..20_000).flat_map(|row| record(0x00FD, &[&short(row)[..], &short(0), &[0; 6]].concat()));
    let shared = stream(&record(0x00FC, &text), &[[sheet(), cells.collect()].concat()]);
    assert_eq!(within_bounds(&xls(&shared)), Some("unreadable"));
    // a long record in a million parts
    let parts = [record(0x00FC, &[0; 8]), record(0x003C, &[]).repeat(1_000_000)].concat();
    assert_eq!(within_bounds(&xls(&stream(&parts, &[sheet()]))), Some("unreadable"));
}

#[test]
fn an_xls_whose_sectors_follow_each_other_in_a_ring_ends() {
    let good = xls(&stream(&[], &[sheet()]));
    // the table is the first sector behind the head: entry 1 is the directory, entry 2 the first sector of the stream
    for entry in [1u32, 2, 5] {
        let mut ring = good.clone();
        let at = 512 + 4 * entry as usize;
        ring[at..at + 4].copy_from_slice(&entry.to_le_bytes());
        if entry > 1 {
            // and the stream says that it is long
            let length = 1024 + 128 + 120;
            ring[length..length + 4].copy_from_slice(&0x7FFF_FFFFu32.to_le_bytes());
        }
        assert_eq!(within_bounds(&ring), Some("unreadable"), "{entry}");
    }
}
