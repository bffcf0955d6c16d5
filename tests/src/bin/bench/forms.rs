//! What an author waits for: a workbook becomes a package. The form of 2,000 questions is that of the shared folder's
//! `gen_forms.py`; the WHO verbal autopsy is read from there too, and left out where the folder is absent.

use crate::{Rows, medians};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::questionnaire::xlsform::compile;
use tabara_core::questionnaire::xlsform::workbook::Workbook;
use tabara_server::desk::form::export;

pub fn forms(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let (tables, workbook) = (folder.path().join("q2000.md"), folder.path().join("q2000.xlsx"));
    std::fs::write(&tables, blocks(199)).expect("a disk");
    export(&tables, &workbook).expect("a workbook");
    let bytes = std::fs::read(&workbook).expect("a workbook");
    let package = compiled(rows, "compile_q2000", &bytes).write();
    let mut load = || drop(std::hint::black_box(Questionnaire::read(&package).expect("a package")));
    let mut floor = || drop(std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&package).expect("JSON")));
    let [ours, json] = medians(9, [&mut load, &mut floor]);
    rows.add("forms", "load_q2000", ours / 1e3, "ms", ("its JSON alone", json / 1e3));
    if let Ok(bytes) = std::fs::read(shared().join("forms/workbooks/whova2016_odk.xlsx")) {
        compiled(rows, "compile_whova", &bytes);
    }
}

/// One row for a workbook, beside the reading of its cells.
fn compiled(rows: &mut Rows, row: &'static str, bytes: &[u8]) -> Questionnaire {
    let mut whole = || drop(std::hint::black_box(compile(bytes)));
    let mut cells = || drop(std::hint::black_box(Workbook::read(bytes).expect("a workbook")));
    let [ours, floor] = medians(9, [&mut whole, &mut cells]);
    rows.add("forms", row, ours / 1e3, "ms", ("its cells alone", floor / 1e3));
    compile(bytes).questionnaire.expect("a form without errors")
}

fn shared() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    std::env::var_os("TABARA_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from)
}

/// Blocks of ten questions in a group, each with a running total that reads the one before.
fn blocks(count: usize) -> String {
    let columns = "type | name | label::English (en) | label::Francais (fr) | relevant | required | constraint | \
                   constraint_message | calculation | choice_filter";
    let mut form = format!("| survey |\n| | {columns} |\n");
    let mut row = |kind: &str, name: &str, label: &str, rest: [&str; 6]| {
        let french = if label.is_empty() { String::new() } else { format!("FR {label}") };
        writeln!(form, "| | {kind} | {name} | {label} | {french} | {} |", rest.join(" | ")).expect("memory");
    };
    row("select_one yn", "consent", "Do you agree to take part?", ["", "yes", "", "", "", ""]);
    for b in 0..count {
        let at = |text: &str| text.replace('#', &b.to_string());
        let before = if b == 0 { "0".to_owned() } else { format!("${{t_{}}}", b - 1) };
        let total = at(&format!("{before} + coalesce(${{n_#}}, 0)"));
        let age = at("if(${d_#} != '', int((today() - ${d_#}) div 365.25), '')");
        let none = "not(selected(., 'none') and count-selected(.) > 1)";
        row("begin group", &at("g_#"), &at("Section #"), ["${consent} = 'yes'", "", "", "", "", ""]);
        let some = [". >= 0 and . <= 50", "0 to 50"];
        row("integer", &at("n_#"), &at("How many people in section #?"), ["", "yes", some[0], some[1], "", ""]);
        row("select_one region", &at("reg_#"), "Which region?", [""; 6]);
        let (asked, filter) = (at("${reg_#} != ''"), at("region = ${reg_#}"));
        row("select_one place", &at("pl_#"), "Which place?", [&asked, "", "", "", "", &filter]);
        row("select_multiple need", &at("need_#"), "What is needed?", ["", "", none, "None stands alone", "", ""]);
        let legal = at("selected(${need_#}, 'legal') and ${n_#} > 0");
        row("text", &at("why_#"), "Please explain", [&legal, "", "", "", "", ""]);
        row("date", &at("d_#"), "When did it happen?", [&at("${n_#} > 0"), "", ". <= today()", "", "", ""]);
        row("calculate", &at("age_#"), "", ["", "", "", "", &age, ""]);
        row("calculate", &at("t_#"), "", ["", "", "", "", &total, ""]);
        let note = at("So far ${t_#} people; section needs ${need_#}");
        row("note", &at("note_#"), &note, [&at("${t_#} > 0"), "", "", "", "", ""]);
        let share = at("${t_#} > 5 and ${age_#} != ''");
        row("decimal", &at("w_#"), "Share of income spent?", [&share, "", "", "", "", ""]);
        row("end group", "", "", [""; 6]);
    }
    form += "| choices |\n| | list_name | name | label::English (en) | label::Francais (fr) | region |\n";
    let mut choice = |list: &str, name: &str, label: &str, region: &str| {
        writeln!(form, "| | {list} | {name} | {label} | {label} | {region} |").expect("memory");
    };
    choice("yn", "yes", "Yes", "");
    choice("yn", "no", "No", "");
    (0..10).for_each(|i| choice("region", &format!("r{i}"), &format!("Region {i}"), ""));
    (0..100).for_each(|i| choice("place", &format!("p{i}"), &format!("Place {i}"), &format!("r{}", i % 10)));
    ["food", "water", "shelter", "health", "legal", "none"].iter().for_each(|need| choice("need", need, need, ""));
    form + "| settings |\n| | form_title | form_id | version | default_language |\n| | q2000 | q2000 | 1 | English (en) |\n"
}
