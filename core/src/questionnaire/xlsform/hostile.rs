//! Forms made to do harm end in an error that costs little.

use super::workbook::Workbook;
use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// A zipped workbook with one sheet `survey`, from the XML of its rows.
fn xlsx(rows: impl Fn(&mut dyn Write)) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, content: &dyn Fn(&mut dyn Write)| {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        content(&mut zip);
    };
    let text = |text: &'static str| move |to: &mut dyn Write| to.write_all(text.as_bytes()).expect("memory");
    part("[Content_Types].xml", &text("<Types/>"));
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    part("_rels/.rels", &|to| {
        let target = format!("<Relationship Id=\"a\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/>");
        write!(to, "<Relationships>{target}</Relationships>").expect("memory");
    });
    part(
        "xl/workbook.xml",
        &text("<workbook xmlns:r=\"x\"><sheets><sheet name=\"survey\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"),
    );
    part("xl/_rels/workbook.xml.rels", &|to| {
        let target = format!("<Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/>");
        write!(to, "<Relationships>{target}</Relationships>").expect("memory");
    });
    part("xl/worksheets/sheet1.xml", &|to| {
        to.write_all(b"<worksheet><dimension ref=\"A1\"/><sheetData>").expect("memory");
        rows(to);
        to.write_all(b"</sheetData></worksheet>").expect("memory");
    });
    zip.finish().expect("a zip").into_inner()
}

fn cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn first_error(bytes: &[u8]) -> &'static str {
    let compiled = compile(bytes);
    assert!(compiled.questionnaire.is_none());
    compiled.faults.iter().find(|fault| fault.severity == Severity::Error).expect("an error").code
}

#[test]
fn a_wrong_dimension_hides_nothing_and_far_cells_are_refused() {
    let form = [cell("A1", "type"), cell("B1", "name"), cell("C1", "label")].concat();
    let row = [cell("A2", "text"), cell("B2", "q"), cell("C2", "Q")].concat();
    let good = xlsx(|to| write!(to, "<row r=\"1\">{form}</row><row r=\"2\">{row}</row>").expect("memory"));
    assert_eq!(compile(&good).questionnaire.expect("a form").nodes.len(), 1);
    let far = cell("XFD1048576", "x");
    let bad = xlsx(|to| write!(to, "<row r=\"1\">{form}</row><row r=\"1048576\">{far}</row>").expect("memory"));
    assert_eq!(first_error(&bad), UNREADABLE);
}

#[test]
fn blank_rows_without_end_are_not_read() {
    let bytes = xlsx(|to| {
        let form = [cell("A1", "type"), cell("B1", "name"), cell("C1", "label")].concat();
        write!(to, "<row r=\"1\">{form}</row>").expect("memory");
        for row in 2..100_000 {
            write!(to, "<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"/></row>").expect("memory");
        }
    });
    assert_eq!(Workbook::read(&bytes).expect("a workbook").sheets[0].rows.len(), 1);
}

#[test]
fn a_zip_that_unfolds_without_end_is_refused_before_it_is_read() {
    let spaces = vec![b' '; 1 << 20];
    let bomb = xlsx(|to| (0..65).for_each(|_| to.write_all(&spaces).expect("memory")));
    assert!(bomb.len() < 1 << 20);
    let compiled = compile(&bomb);
    assert_eq!(compiled.faults[0].code, UNREADABLE);
    assert!(compiled.faults[0].message.contains("unfolds"), "{}", compiled.faults[0].message);
}

#[test]
fn too_many_choices_rows_and_groups_are_an_error_each() {
    let choices: String = (0..100_000).map(|i| format!("| | l | c{i} | C |\n")).collect();
    let many = format!(
        "| survey |\n| | type | name | label |\n| | select_one l | q | Q |\n| choices |\n| | list_name | name | label |\n{choices}"
    );
    assert_eq!(first_error(many.as_bytes()), UNREADABLE);
    let rows: String = (0..30_000).map(|i| format!("| | text | q{i} | Q |\n")).collect();
    assert_eq!(first_error(format!("| survey |\n| | type | name | label |\n{rows}").as_bytes()), "too-large");
    let groups: String = (0..10_000).map(|i| format!("| | begin group | g{i} | G |\n")).collect();
    assert_eq!(first_error(format!("| survey |\n| | type | name | label |\n{groups}").as_bytes()), "unclosed-section");
}

#[test]
fn long_chains_rings_and_deep_expressions_do_not_hang() {
    let head = "| survey |\n| | type | name | label | calculation |\n| | text | t | T | |\n";
    let ring: String =
        (0..5_000).map(|i| format!("| | calculate | c{i} | | ${{c{}}} + 1 |\n", (i + 1) % 5_000)).collect();
    assert_eq!(first_error(format!("{head}{ring}").as_bytes()), "cycle");
    let chain: String = (1..5_000).map(|i| format!("| | calculate | c{i} | | ${{c{}}} + 1 |\n", i - 1)).collect();
    let chain = format!("{head}| | calculate | c0 | | 1 |\n{chain}");
    assert!(compile(chain.as_bytes()).questionnaire.is_some());
    let deep = format!("{head}| | calculate | c | | {}1{} |\n", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(first_error(deep.as_bytes()), "bad-expression");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), head in 0usize..4) {
        let heads: [&[u8]; 4] = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"| survey |\n| | type |\n| | "];
        let _ = compile(&[heads[head], &bytes].concat());
    }

    #[test]
    fn no_table_makes_the_compiler_panic(cells in prop::collection::vec("[a-z_ ${}().'0-9=|-]{0,12}", 1..60)) {
        let rows: String = cells.chunks(4).map(|row| format!("| | {} |\n", row.join(" | "))).collect();
        for head in ["type | name | label | relevant", "name | type | calculation | default"] {
            let _ = compile(format!("| survey |\n| | {head} |\n{rows}| choices |\n| | list_name | name | label | x |\n{rows}").as_bytes());
        }
    }
}
