//! Files as spreadsheet programs write them.

use super::*;
use rust_xlsxwriter::Workbook as Book;

/// Row, column and text; the header is in row 0.
type Cell<'a> = (u32, u16, &'a str);

/// A workbook of sheets.
fn xlsx(sheets: &[(&str, &[Cell<'_>])]) -> Vec<u8> {
    let mut book = Book::new();
    for (name, cells) in sheets {
        let sheet = book.add_worksheet().set_name(*name).expect("a name");
        for (row, column, text) in *cells {
            sheet.write_string(*row, *column, *text).expect("a cell");
        }
    }
    book.save_to_buffer().expect("memory")
}

/// What is reported: severity, sheet, row, cell and code.
fn reported(bytes: &[u8]) -> Vec<(Severity, String, usize, String, &'static str)> {
    let found = compile(bytes).diagnostics;
    found.into_iter().map(|d| (d.severity, d.sheet, d.row, d.cell, d.code)).collect()
}

fn warning(sheet: &str, row: usize, cell: &str, code: &'static str) -> (Severity, String, usize, String, &'static str) {
    (Severity::Warning, sheet.into(), row, cell.into(), code)
}

/// A compound file with one stream, as old .xls and protected workbooks are.
fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    // from 4,096 bytes on a stream lies in sectors of its own
    let mut stream = stream.to_vec();
    stream.resize(stream.len().max(4096).next_multiple_of(512), 0);
    let sectors = stream.len() / 512;
    let mut head = vec![0u8; 512];
    head[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    head[24..34].copy_from_slice(&[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    let mut put = |at: usize, number: u32| head[at..at + 4].copy_from_slice(&number.to_le_bytes());
    put(44, 1);
    put(48, 1);
    put(56, 4096);
    put(60, 0xFFFF_FFFE);
    put(68, 0xFFFF_FFFE);
    (0..109).for_each(|table| put(76 + 4 * table, if table == 0 { 0 } else { 0xFFFF_FFFF }));
    // sector 0: the table of sectors; 1: the directory; the stream from 2 on
    let mut table = vec![0xFFFF_FFFDu32, 0xFFFF_FFFE];
    table.extend((0..sectors as u32).map(|at| if at + 1 == sectors as u32 { 0xFFFF_FFFE } else { at + 3 }));
    table.resize(128, 0xFFFF_FFFF);
    let entry = |name: &str, kind: u8, child: u32, start: u32, len: u32| {
        let mut entry = vec![0u8; 128];
        for (at, unit) in name.encode_utf16().enumerate() {
            entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64] = 2 * (name.len() as u8 + 1);
        entry[66] = kind;
        [68, 72].into_iter().for_each(|at| entry[at..at + 4].fill(0xFF));
        entry[76..80].copy_from_slice(&child.to_le_bytes());
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&len.to_le_bytes());
        entry
    };
    let mut directory = entry("Root Entry", 5, 1, 0xFFFF_FFFE, 0);
    directory.extend(entry(name, 2, 0xFFFF_FFFF, 2, stream.len() as u32));
    directory.resize(512, 0);
    let table: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    [head, table, directory, stream].concat()
}

fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(content.len() as u16).to_le_bytes()[..], content].concat()
}

/// The stream of an .xls with one sheet `survey`; `claimed` rows stand in its dimensions, `more` before its sheets.
fn xls_stream(cells: &[(u16, u16, &str)], claimed: u32, more: &[u8]) -> Vec<u8> {
    let begin = |kind: u16| record(0x0809, &[&[0, 6][..], &kind.to_le_bytes(), &[0; 12]].concat());
    let named = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 6, 0], b"survey"].concat());
    let head = [begin(5), more.to_vec()].concat();
    let at = head.len() + named(0).len() + 4;
    let mut stream = [head, named(at as u32), record(0x000A, &[]), begin(0x10)].concat();
    stream.extend(record(0x0200, &[&0u32.to_le_bytes()[..], &claimed.to_le_bytes(), &[0, 0, 3, 0, 0, 0]].concat()));
    for (row, column, text) in cells {
        let head = [row.to_le_bytes(), column.to_le_bytes(), [0, 0], (text.len() as u16).to_le_bytes()].concat();
        stream.extend(record(0x0204, &[&head[..], &[0], text.as_bytes()].concat()));
    }
    stream.extend(record(0x000A, &[]));
    stream
}

const ONE_QUESTION: &[(u16, u16, &str)] =
    &[(0, 0, "type"), (0, 1, "name"), (0, 2, "label"), (1, 0, "text"), (1, 1, "a"), (1, 2, "A")];

#[test]
fn an_xls_that_claims_a_million_rows_is_read_as_far_as_it_is_filled() {
    for claimed in [2, 1 << 20, u32::MAX] {
        let Compiled { questionnaire, diagnostics } =
            compile(&compound("Workbook", &xls_stream(ONE_QUESTION, claimed, &[])));
        assert_eq!(diagnostics, [], "{claimed}");
        assert_eq!(questionnaire.expect("usable").nodes[0].name, "a");
    }
}

#[test]
fn a_workbook_with_a_password_says_so() {
    let locked_records = xls_stream(ONE_QUESTION, 2, &record(0x002F, &[1, 0, 1, 0, 1, 0]));
    for file in [compound("EncryptedPackage", &[7; 100]), compound("Workbook", &locked_records)] {
        let diagnostics = compile(&file).diagnostics;
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code, UNREADABLE);
        assert_eq!(diagnostics[0].message.to_string(), "the workbook is protected with a password");
        assert!(diagnostics[0].hint.to_string().contains("take the password off"), "{}", diagnostics[0].hint);
    }
}

#[test]
fn a_file_of_another_kind_is_called_by_its_name() {
    for (file, kind) in [
        (&b"%PDF-1.7"[..], "PDF"),
        (b"<!DOCTYPE html><html><table>", "web page"),
        (b"<?xml version=\"1.0\"?><h:html xmlns:h=\"http://www.w3.org/1999/xhtml\">", "XForm"),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\x85l9\x8a.\0\0\0.\0\0\0\x08\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
    ] {
        let diagnostics = compile(file).diagnostics;
        assert_eq!((diagnostics.len(), diagnostics[0].code), (1, UNREADABLE));
        assert!(diagnostics[0].message.to_string().contains(kind), "{}", diagnostics[0].message);
    }
}

#[test]
fn what_stands_below_or_beside_a_blank_stretch_is_told() {
    let head = [(0, 0, "type"), (0, 1, "name"), (0, 2, "label"), (1, 0, "text"), (1, 1, "a"), (1, 2, "A")];
    let far_below = [&head[..], &[(72, 0, "text"), (72, 1, "b"), (72, 2, "B"), (75, 1, "c")]].concat();
    assert_eq!(reported(&xlsx(&[("survey", &far_below)])), [warning("survey", 73, "A73", "unread-rows")]);
    let far_right = [&head[..], &[(0, 40, "hint"), (1, 40, "H")]].concat();
    assert_eq!(reported(&xlsx(&[("survey", &far_right)])), [warning("survey", 1, "AO1", "unread-columns")]);
    // a stretch that pyxform reads over too is nothing to speak of
    let near = [&head[..], &[(40, 0, "text"), (40, 1, "b"), (40, 2, "B")]].concat();
    assert_eq!(reported(&xlsx(&[("survey", &near)])), []);
}

#[test]
fn cells_without_a_header_are_told_once_for_each_column() {
    let form = "
        | survey |
        | | type | name | label |
        | | select_one c | q | Q |
        | choices |
        | | list_name | name | label | |
        | | c | a | A | Oui |
        | | c | b | B | Non |";
    let diagnostics = compiled(form).diagnostics;
    assert_eq!(diagnostics.len(), 1);
    let Diagnostic { severity, sheet, row, cell, code, message, .. } = &diagnostics[0];
    let place = (*severity, sheet.as_str(), *row, cell.as_str(), *code);
    assert_eq!(place, (Severity::Warning, "choices", 2, "D2", "no-header"));
    assert_eq!(message.to_string(), "column D has cells in 2 rows, but no header, and is not read");
}

#[test]
fn invisible_characters_are_named_and_do_no_harm() {
    let file = xlsx(&[
        (
            "survey",
            &[
                (0, 0, "type"),
                (0, 1, "name"),
                (0, 2, "label"),
                (0, 3, "relevant\u{feff}"),
                (1, 0, "select_one c"),
                (1, 1, "q1"),
                (1, 2, "Q\u{200f}"),
                (2, 0, "text"),
                (2, 1, "t"),
                (2, 2, "T"),
                (2, 3, "${q1} = 'n'\u{202f}or ${q1} = 'z'"),
            ],
        ),
        (
            "choices",
            &[
                (0, 0, "list_name"),
                (0, 1, "name"),
                (0, 2, "label"),
                (1, 0, "c"),
                (1, 1, "n\u{200b}"),
                (1, 2, "N"),
                (2, 0, "c"),
                (2, 1, "z\u{200e}"),
                (2, 2, "Z"),
            ],
        ),
    ]);
    let Compiled { questionnaire, diagnostics } = compile(&file);
    let told: Vec<_> =
        diagnostics.iter().map(|d| (d.sheet.as_str(), d.cell.as_str(), d.code, d.message.to_string())).collect();
    let message = |code: &str| format!("the cell holds the invisible character {code}, which is left out");
    let space = "the cell holds the unusual space U+202F, which is read as a space".to_owned();
    assert_eq!(
        told,
        [
            ("survey", "D1", "invisible-character", message("U+FEFF")),
            ("survey", "D3", "invisible-character", space),
            ("choices", "B2", "invisible-character", message("U+200B")),
            ("choices", "B3", "invisible-character", message("U+200E")),
        ]
    );
    let questionnaire = questionnaire.expect("usable");
    assert_eq!(questionnaire.lists[0].choices[1].name, "z");
    // a mark of direction belongs to a text that people read
    assert_eq!(questionnaire.nodes[0].label.0, ["Q\u{200f}"]);
}

const AS_TABLES: &str = "
    | survey |
    | | type | name | label | relevant |
    | | select_one yn | q | Q, or \"not\" | |
    | | text | t | T | ${q} = 'yes' |
    | choices |
    | | list_name | name | label |
    | | yn | yes | Yes |
    | | yn | no | No |";

#[test]
fn a_form_in_one_csv_is_the_same_form() {
    let commas = "survey,,,,\n,type,name,label,relevant\n,select_one yn,q,\"Q, or \"\"not\"\"\",\n,text,t,T,${q} = 'yes'\n\
        choices,,,,\n,list_name,name,label,\n,yn,yes,Yes,\n,yn,no,No,\n";
    let semicolons = "survey;;;;\r\n;type;name;label;relevant\r\n;select_one yn;q;\"Q, or \"\"not\"\"\";\r\n;text;t;T;${q} = 'yes'\r\n\
        choices;;;;\r\n;list_name;name;label;\r\n;yn;yes;Yes;\r\n;yn;no;No;\r\n";
    let utf16: Vec<u8> = format!("\u{feff}{semicolons}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let tables = compiled(AS_TABLES).questionnaire.expect("usable").write();
    for file in [commas.into(), semicolons.into(), format!("\u{feff}{semicolons}").into_bytes(), utf16] {
        let Compiled { questionnaire, diagnostics } = compile(&file);
        assert_eq!(diagnostics, []);
        assert_eq!(questionnaire.expect("usable").write(), tables);
    }
}

#[test]
fn a_csv_of_one_sheet_is_told_how_a_form_in_csv_looks() {
    let diagnostics = compile(b"type,name,label\ntext,a,A\n").diagnostics;
    assert_eq!((diagnostics.len(), diagnostics[0].code), (1, UNREADABLE));
    assert!(diagnostics[0].hint.to_string().contains("first column names the sheet"), "{}", diagnostics[0].hint);
}

#[test]
fn a_table_with_semicolons_twins_or_nameless_rows_is_told() {
    let form = "
        | survey |
        | | type | name | label |
        | | select_one_from_file semicolon.csv | k | K |
        | | select_one_from_file twins.csv | d | D |";
    let files = |name: &str| {
        let text = match name {
            "semicolon.csv" => "\u{feff}name;label;price\n1;Un;10\n2;\"Deux; trois\";20\n",
            _ => "name,label\n1,Un\n1,Encore\n,Blank\n",
        };
        Some(text.as_bytes().to_vec())
    };
    let Compiled { questionnaire, diagnostics } = compile_with(form.as_bytes(), &files, &PackageCheck::NONE);
    let told: Vec<_> = diagnostics.iter().map(|d| (d.severity, d.cell.as_str(), d.message.to_string())).collect();
    assert_eq!(
        told,
        [
            (Severity::Warning, "A2", "'semicolon.csv' has semicolons between its columns, and is read so".to_owned()),
            (Severity::Warning, "A3", "'twins.csv' has the choice '1' twice, in lines 2 and 3".to_owned()),
            (Severity::Warning, "A3", "line 4 of 'twins.csv' has no 'name', and is no choice".to_owned()),
        ]
    );
    let questionnaire = questionnaire.expect("usable");
    let list = |at: usize| {
        questionnaire.lists[at].choices.iter().map(|c| (c.name.as_str(), c.label.get(0, 0))).collect::<Vec<_>>()
    };
    assert_eq!(list(0), [("1", "Un"), ("2", "Deux; trois")]);
    assert_eq!(list(1), [("1", "Un"), ("1", "Encore")]);
}

#[test]
fn a_list_keeps_each_row_in_its_place_however_its_lines_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["name;place", "a;b", "", ";", "\"c\nd\";e", "f;g", ""].join(end);
        let list = Workbook::read_list(text.as_bytes()).expect("a list");
        let rows: Vec<String> = list.sheets[0].rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(rows, ["name|place", "a|b", "", "", "c\nd|e", "f|g"], "{end:?}");
    }
}
