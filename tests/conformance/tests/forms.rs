//! pyxform's own test suite, recorded, against our compiler: forms that it accepts and refuses, and the rows it names.
//! The cases lie in the shared folder; where it is absent there is nothing to run.

use std::path::PathBuf;
use std::sync::Arc;
use tabara_conformance::suite::{Suite, cases, shared};
use tabara_conformance::{compare, xform};
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::xlsform::{Compiled, PackageCheck, Severity, compile_with};
use tabara_desk::preview;

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
    compile_with(form.as_bytes(), &|file| Some(beside(form, file)), &PackageCheck::NONE)
}

/// The row in `[row : 3] ...`.
fn row_of(error: &str) -> Option<usize> {
    let (_, rest) = error.split_once("[row :")?;
    rest.split(']').next()?.trim().parse().ok()
}

#[test]
fn forms_are_accepted_and_refused_as_pyxform_does() {
    let Some(cases) = cases("pyxform-cases.jsonl.gz", "yes") else {
        return println!("conformance pyxform accepted: absent");
    };
    let (mut accepted, mut rows) = (Suite::new("pyxform accepted"), Suite::new("pyxform rows"));
    for case in cases {
        let form = case["md"].as_str().expect("a form as tables");
        let Compiled { questionnaire, diagnostics: faults } = compiled(form);
        let errors: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
        let (theirs, error) = (case["actual"]["ok"] == true, case["actual"]["error"].as_str().unwrap_or_default());
        assert_eq!(
            questionnaire.is_some(),
            errors.is_empty(),
            "a questionnaire comes exactly of a form without errors"
        );
        let told = || format!("--- {}, there: {theirs}\n{error}\n{form}\nours: {errors:#?}", case["test"]);
        let agreed = accepted.count(theirs == errors.is_empty(), told);
        // where pyxform names a row, one of our faults names it too
        if let Some(row) = row_of(error).filter(|_| agreed) {
            rows.count(errors.iter().any(|fault| fault.row == row), told);
        }
    }
    accepted.tell(97.0);
    rows.tell(90.0);
}

/// Walks a form in the terminal with answers of every kind, and gives the number of lines that it says.
fn preview(questionnaire: &Questionnaire) -> usize {
    let mut interview = Interview::start(Arc::new(questionnaire.clone()), InterviewConfig::default());
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
    let Some(cases) = cases("pyxform-cases.jsonl.gz", "yes") else {
        return println!("conformance pyxform carried: absent");
    };
    let mut carried = Suite::new("pyxform carried");
    for case in cases {
        let (form, xform) = (case["md"].as_str().expect("a form"), case["actual"]["xform"].as_str());
        let Some(theirs) = xform.and_then(|xform| xform::import(&last_saved(xform))) else { continue };
        let differences = match compiled(form).questionnaire {
            Some(ours) => compare::packages(&ours, &theirs.package),
            None => vec!["refused by us".to_owned()],
        };
        carried.count(differences.is_empty(), || format!("--- {}\n{}\n{form}", case["test"], differences.join("\n")));
    }
    carried.tell(95.0);
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
        let Compiled { questionnaire, diagnostics: faults } =
            compile_with(&bytes, &|file| Some(beside("", file)), &PackageCheck::NONE);
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
