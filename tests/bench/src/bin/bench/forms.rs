//! What an author and a focal point wait for, beside the field's own engines on the same generated forms. Ours and every
//! peer take turns, five rounds; each turn is a median, and the best of the five is shown. A total that all engines must
//! come to shows that they did the same work.

use crate::generated::{blocks, roster};
use crate::peers::{Peer, peers};
use crate::{Rows, medians, short};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening::compile;
use tabara_desk::form::export;
use tabara_support::counting::count;

const ROUNDS: usize = 5;
/// Rows with their unit and the aim of the house. Times are told in microseconds by whoever measures, memory in MB.
const ROWS: [(&str, &str, f64); 11] = [
    ("load_q2000", "ms", 3.0),
    ("chain_200", "ms", 0.1),
    ("local_answer", "ms", 0.005),
    ("finish_q2000", "ms", 2.0),
    ("roster_add_row", "ms", 0.05),
    ("repeat_1000_counts", "ms", 5.0),
    ("choices_20000", "ms", 3.0),
    ("compile_whova", "ms", 15.0),
    ("compile_msna", "ms", 50.0),
    ("compile_q2000", "ms", 40.0),
    ("memory_q2000", "MB", 3.0),
];

pub fn forms(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, table) in [("q2000", blocks(199)), ("roster", roster())] {
        let (tables, workbook) = (folder.path().join(format!("{name}.md")), folder.path().join(format!("{name}.xlsx")));
        std::fs::write(&tables, table).expect("a disk");
        export(&tables, &workbook).expect("a workbook");
    }
    let whova = shared().join("forms/workbooks/whova2016_odk.xlsx");
    let msna = shared().join("forms/workbooks/reach_msna_lebanon_2022.xlsx");
    for (file, name) in [(whova, "whova"), (msna, "msna")] {
        if std::fs::copy(&file, folder.path().join(format!("{name}.xlsx"))).is_err() {
            println!("absent: {} (TABARA_SHARED), and with it compile_{name}", file.display());
        }
    }
    let mut ours = Ours::new(folder.path());
    let mut peers = peers(folder.path());
    let mut best = vec![vec![None::<f64>; peers.len() + 1]; ROWS.len()];
    for _ in 0..ROUNDS {
        for (at, (row, ..)) in ROWS.iter().enumerate() {
            let mut turn = vec![ours.measure(row)];
            turn.extend(peers.iter_mut().map(|peer| peer.ask(row)));
            for (best, now) in best[at].iter_mut().zip(turn) {
                *best = [*best, now].into_iter().flatten().reduce(f64::min);
            }
        }
    }
    let wanted = ours.total();
    for peer in &mut peers {
        if let Some(total) = peer.ask("check") {
            assert_eq!(total.to_string(), wanted, "{} comes to another total", peer.name);
        }
    }
    table(rows, &peers, &best);
    println!("the totals agree: {wanted}");
}

/// Each row beside the best peer, then all peers.
fn table(rows: &mut Rows, peers: &[Peer], best: &[Vec<Option<f64>>]) {
    let scaled = |at: usize, value: f64| if ROWS[at].1 == "ms" { value / 1e3 } else { value };
    for (at, (row, unit, _)) in ROWS.iter().enumerate() {
        let Some(ours) = best[at][0] else { continue };
        let all = peers.iter().zip(&best[at][1..]).filter_map(|(peer, value)| Some((peer.name, (*value)?)));
        let beside = all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("no peer is there", f64::NAN));
        rows.add("forms", row, scaled(at, ours), unit, (beside.0, scaled(at, beside.1)));
    }
    print!("\n{:16}{:>6}{:>10}{:>12}", "", "unit", "aim", "ours");
    peers.iter().for_each(|peer| print!("{:>14}", peer.name));
    println!("   (`-`: it does not do this)");
    for (at, (row, unit, aim)) in ROWS.iter().enumerate() {
        print!("{row:16}{unit:>6}{aim:>10}");
        for (column, value) in best[at].iter().enumerate() {
            let absent = column > 0 && peers[column - 1].absent.is_some();
            let text = value.map_or(if absent { "absent" } else { "-" }.into(), |value| short(scaled(at, value)));
            print!("{text:>width$}", width = if column == 0 { 12 } else { 14 });
        }
        println!();
    }
    for (name, why) in peers.iter().filter_map(|peer| Some((peer.name, peer.absent.as_ref()?))) {
        println!("absent: {name}: {why}");
    }
}

struct Ours {
    package: Vec<u8>,
    workbooks: [(&'static str, Option<Vec<u8>>); 3],
    rows: Interview,
    villages: Interview,
    form: Interview,
    house: Interview,
    last: usize,
    turn: usize,
}

impl Ours {
    fn new(folder: &Path) -> Self {
        let workbook = |name: &str| std::fs::read(folder.join(name)).ok();
        let compiled = |name: &str| {
            let compiled = compile(&workbook(name).expect("a workbook"));
            compiled.questionnaire.unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics))
        };
        let package = compiled("q2000.xlsx").write();
        let (mut form, mut house) = (load(&package), load(&compiled("roster.xlsx").write()));
        let last = form.questionnaire().nodes.iter().filter(|node| node.name.starts_with("n_")).count() - 1;
        form.set("consent", Some("yes")).expect("it is asked");
        for b in 0..=last {
            form.set(&format!("n_{b}"), Some(&(2 + b % 7).to_string())).expect("it is asked");
        }
        // the first row is there from the beginning
        (1..=40).for_each(|row| add_row(&mut house, row, row > 1));
        let workbooks = [("whova", "compile_whova"), ("msna", "compile_msna"), ("q2000", "compile_q2000")]
            .map(|(name, row)| (row, workbook(&format!("{name}.xlsx"))));
        Self { package, workbooks, rows: counted_rows(), villages: villages(), form, house, last, turn: 0 }
    }

    /// A median in microseconds; memory in MB.
    fn measure(&mut self, row: &str) -> Option<f64> {
        let Self { package, workbooks, rows, villages, form, house, last, turn } = self;
        let mut other = (0..).map(|turn| turn % 60);
        let mut answer = |block: usize| {
            *turn += 1;
            form.set(&format!("n_{block}"), Some(&(10 + *turn % 15).to_string())).expect("it is asked");
        };
        let [time] = match row {
            "load_q2000" => medians(15, [&mut || drop(black_box(load(package)))]),
            "chain_200" => medians(200, [&mut || answer(0)]),
            "local_answer" => medians(400, [&mut || answer(*last)]),
            "repeat_1000_counts" => medians(
                30,
                [&mut || {
                    let age = other.next().expect("no end").to_string();
                    rows.set("m[500]/age", Some(&age)).expect("it is asked");
                }],
            ),
            "choices_20000" => medians(
                30,
                [&mut || {
                    let part = format!("_{}", other.next().expect("no end"));
                    drop(black_box(villages.answer("part", Some(&part)).expect("it is asked")));
                }],
            ),
            "finish_q2000" => medians(15, [&mut || drop(black_box(form.missing()))]),
            "roster_add_row" => {
                let mut copies: Vec<Interview> = (0..40).map(|_| house.clone()).collect();
                medians(40, [&mut || add_row(&mut copies.pop().expect("one a turn"), 41, true)])
            }
            "memory_q2000" => return Some(count(|| load(package)).1.after as f64 / 1e6),
            compiles => {
                let bytes = workbooks.iter().find(|(name, _)| *name == compiles)?.1.as_ref()?;
                medians(7, [&mut || drop(black_box(compile(bytes)))])
            }
        };
        Some(time)
    }

    fn total(&mut self) -> String {
        for block in [0, self.last] {
            self.form.set(&format!("n_{block}"), Some("10")).expect("it is asked");
        }
        self.form.value(&format!("t_{}", self.last)).text().into_owned()
    }
}

/// The package read, and an interview begun: what JavaRosa does before the first question.
fn load(package: &[u8]) -> Interview {
    let setting =
        InterviewConfig { language: "en".into(), now: 1_795_372_200, offset: 120, ..InterviewConfig::default() };
    Interview::start(Arc::new(Questionnaire::read(package).expect("a package")), setting)
}

/// A thousand people, each with two counts over all of them.
fn counted_rows() -> Interview {
    let form = "| survey |
        | | type | name | label | calculation | repeat_count |
        | | integer | n | How many? | | |
        | | begin repeat | m | Member | | ${n} |
        | | integer | age | Age | | |
        | | calculate | adults | | count(/data/m[age > 17]) | |
        | | calculate | younger | | count(/data/m[age < 5]) | |
        | | end repeat | | | | |";
    let mut interview = begun(form);
    interview.set("n", Some("1000")).expect("it is asked");
    for row in 1..=1000 {
        interview.set(&format!("m[{row}]/age"), Some(&(row % 60).to_string())).expect("it is asked");
    }
    interview
}

/// A select of 20,000 villages that a part of the name filters, at the page of both.
fn villages() -> Interview {
    let mut form = "| survey |
        | | type | name | label | choice_filter | appearance |
        | | begin group | g | G | | field-list |
        | | text | part | Part of the name | | |
        | | select_one village | village | Village | contains(name, ${part}) | |
        | | end group | | | | |
        | choices |
        | | list_name | name | label |"
        .to_owned();
    (0..20_000).for_each(|at| form += &format!("\n| | village | village_{at} | Village {at} |"));
    begun(&form)
}

fn begun(form: &str) -> Interview {
    let compiled = compile(form.as_bytes());
    load(&compiled.questionnaire.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)).write())
}

/// One more person, and what is known of them.
fn add_row(house: &mut Interview, row: usize, add: bool) {
    if add {
        house.add_row("m").expect("room for a row");
    }
    for (question, answer) in [("name", "P"), ("age", "33"), ("sick", "no")] {
        house.set(&format!("m[{row}]/{question}"), Some(answer)).expect("it is asked");
    }
}

fn shared() -> PathBuf {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    std::env::var_os("TABARA_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from)
}
