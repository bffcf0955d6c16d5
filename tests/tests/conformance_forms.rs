//! pyxform's own test suite, recorded, against our compiler: forms that it accepts and refuses, and the rows it names.
//! The cases lie in the shared folder; where it is absent there is nothing to run.

#[path = "forms/compare.rs"]
mod compare;
#[allow(dead_code)]
mod xform;

use flate2::read::GzDecoder;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_core::interview::{Interview, Setting};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::questionnaire::xlsform::{Compiled, Severity, compile_beside};
use tabara_server::desk::preview;

fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let folder = std::env::var_os("TABARA_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    folder.join("forms/cases").is_dir().then_some(folder)
}

fn cases(file: &Path) -> Vec<Value> {
    let packed = std::fs::File::open(file).expect("the cases");
    let lines = BufReader::new(GzDecoder::new(packed)).lines();
    let all = lines.map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("JSON"));
    all.filter(|case| case["scope"] == "yes").collect()
}

/// The files that a case would have beside it: one row, with every column that its parameters name.
fn beside(form: &str, file: &str) -> Vec<u8> {
    let mut columns = vec!["name".to_owned(), "label".to_owned()];
    for key in ["value", "label"] {
        for (at, _) in form.match_indices(key) {
            let rest = form[at + key.len()..].trim_start();
            let word = rest.strip_prefix('=').unwrap_or_default().trim_start();
            let word: String = word.chars().take_while(|c| !c.is_whitespace() && !",;|".contains(*c)).collect();
            if !word.is_empty() && !columns.contains(&word) {
                columns.push(word);
            }
        }
    }
    let text = if file.ends_with(".xml") {
        let cells: String = columns.iter().map(|column| format!("<{column}>x</{column}>")).collect();
        format!("<root><item>{cells}</item></root>")
    } else if file.ends_with(".geojson") {
        let cells: Vec<String> = columns.iter().map(|column| format!("\"{column}\":\"x\"")).collect();
        format!("{{\"features\":[{{\"id\":\"x\",\"properties\":{{{}}}}}]}}", cells.join(","))
    } else {
        format!("{}\n{}\n", columns.join(","), vec!["x"; columns.len()].join(","))
    };
    text.into_bytes()
}

fn compiled(form: &str) -> Compiled {
    compile_beside(form.as_bytes(), &|file| Some(beside(form, file)))
}

/// The row in `[row : 3] ...`.
fn row_of(error: &str) -> Option<usize> {
    let (_, rest) = error.split_once("[row :")?;
    rest.split(']').next()?.trim().parse().ok()
}

struct Tally<'a> {
    name: &'a str,
    passed: usize,
    total: usize,
}

impl Tally<'_> {
    fn count(&mut self, passed: bool) -> bool {
        self.total += 1;
        self.passed += usize::from(passed);
        passed
    }
    fn tell(&self) {
        println!("conformance pyxform {}: {}/{}", self.name, self.passed, self.total);
    }
    fn percent(&self) -> f64 {
        100.0 * self.passed as f64 / self.total.max(1) as f64
    }
}

#[test]
fn forms_are_accepted_and_refused_as_pyxform_does() {
    let Some(shared) = shared() else { return println!("conformance pyxform accepted: absent") };
    let mut accepted = Tally { name: "accepted", passed: 0, total: 0 };
    let mut rows = Tally { name: "rows", passed: 0, total: 0 };
    let mut failures = String::new();
    for case in cases(&shared.join("forms/cases/pyxform-cases.jsonl.gz")) {
        let form = case["md"].as_str().expect("a form as tables");
        let Compiled { questionnaire, faults } = compiled(form);
        let errors: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
        let (theirs, error) = (case["actual"]["ok"] == true, case["actual"]["error"].as_str().unwrap_or_default());
        assert_eq!(
            questionnaire.is_some(),
            errors.is_empty(),
            "a questionnaire comes exactly of a form without errors"
        );
        let agreed = accepted.count(theirs == errors.is_empty());
        // where pyxform names a row, one of our faults names it too
        let row = row_of(error).filter(|_| agreed);
        let named = row.is_none_or(|row| rows.count(errors.iter().any(|fault| fault.row == row)));
        if !agreed || !named {
            let what = if agreed {
                "another row"
            } else if theirs {
                "refused by us"
            } else {
                "accepted by us"
            };
            writeln!(failures, "--- {what}: {}\n{error}\n{form}", case["test"].as_str().unwrap_or_default())
                .expect("text");
            errors.iter().for_each(|fault| writeln!(failures, "ours: {fault:?}").expect("text"));
        }
    }
    accepted.tell();
    rows.tell();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance-pyxform.txt");
    std::fs::write(&file, failures).expect("the folder of the build");
    println!("failures: {}", file.display());
    assert!(accepted.percent() >= 97.0, "accepted or refused as pyxform: {:.1} %", accepted.percent());
    assert!(rows.percent() >= 90.0, "rows as pyxform: {:.1} %", rows.percent());
}

/// Walks a form in the terminal with answers of every kind, and gives the number of lines that it says.
fn preview(questionnaire: &Questionnaire) -> usize {
    let mut interview = Interview::start(Arc::new(questionnaire.clone()), Setting::default());
    let answers = ["1", "", "2024-01-01", "x", "12:00", "2", ":add"];
    let lines: String = answers.iter().cycle().take(500).map(|answer| format!("{answer}\n")).collect();
    let mut said = Vec::new();
    preview::lead(&mut interview, &mut lines.as_bytes(), &mut said).expect("memory");
    said.iter().filter(|byte| **byte == b'\n').count()
}

/// Paths into the last saved record as our language writes them.
fn last_saved(xform: &str) -> String {
    let mut parts = xform.split("instance('__last-saved')");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_alphanumeric() && !"/_-.".contains(c)).unwrap_or(part.len());
        let name = part[..end].rsplit('/').next().unwrap_or_default();
        text += &format!("${{last-saved#{name}}}{}", &part[end..]);
    }
    text
}

#[test]
fn what_pyxform_makes_of_a_form_is_carried_on_to_the_phone() {
    let Some(shared) = shared() else { return println!("conformance pyxform carried: absent") };
    let mut carried = Tally { name: "carried", passed: 0, total: 0 };
    let mut failures = String::new();
    for case in cases(&shared.join("forms/cases/pyxform-cases.jsonl.gz")) {
        let (form, xform) = (case["md"].as_str().expect("a form"), case["actual"]["xform"].as_str());
        let Some(theirs) = xform.and_then(|xform| xform::import(&last_saved(xform))) else { continue };
        let differences = match compiled(form).questionnaire {
            Some(ours) => compare::packages(&ours, &theirs.package),
            None => vec!["refused by us".to_owned()],
        };
        if !carried.count(differences.is_empty()) {
            let test = case["test"].as_str().unwrap_or_default();
            writeln!(failures, "--- {test}\n{}\n{form}", differences.join("\n")).expect("text");
        }
    }
    carried.tell();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance-pyxform-carried.txt");
    std::fs::write(&file, failures).expect("the folder of the build");
    println!("failures: {}", file.display());
    assert!(carried.percent() >= 95.0, "carried as pyxform: {:.1} %", carried.percent());
}

#[test]
fn every_workbook_of_the_field_compiles_or_is_refused_with_its_reasons() {
    let Some(shared) = shared() else { return println!("conformance workbooks: absent") };
    let folder = shared.join("forms/workbooks");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("the workbooks").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let workbooks =
        files.iter().filter(|path| path.extension().is_some_and(|e| e.to_string_lossy().starts_with("xls")));
    let (mut compiles, mut total) = (0, 0);
    for path in workbooks {
        let bytes = std::fs::read(path).expect("a workbook");
        let name = path.file_name().expect("a name").to_string_lossy();
        let Compiled { questionnaire, faults } = compile_beside(&bytes, &|file| Some(beside("", file)));
        let errors: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
        total += 1;
        compiles += usize::from(questionnaire.is_some());
        match (&questionnaire, errors.first()) {
            (Some(q), _) => println!(
                "{name}: compiles, {} nodes, {} warnings, {} lines of preview",
                q.nodes.len(),
                faults.len(),
                preview(q)
            ),
            (None, Some(first)) => println!(
                "{name}: refused, {} errors; first: {} row {} {}: {} ({})",
                errors.len(),
                first.sheet,
                first.row,
                first.column,
                first.message,
                first.hint
            ),
            (None, None) => panic!("{name} is refused without a reason"),
        }
    }
    println!("conformance workbooks compiled: {compiles}/{total}");
}
