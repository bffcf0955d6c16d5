//! Office files made by hand, around whatever content: for hostile ones that no program would write.

use std::io::{Cursor, Write as _};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An .xlsx with one sheet `survey`, from the XML between `<sheetData>` and its end.
pub fn xlsx(rows: &[u8]) -> Vec<u8> {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!("<Relationships><Relationship Id=\"r1\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>")
    };
    let book = "<workbook xmlns:r=\"x\"><sheets><sheet name=\"survey\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
    let sheet = [b"<worksheet><dimension ref=\"A1\"/><sheetData>", rows, b"</sheetData></worksheet>"].concat();
    let (office, book_of) =
        (relation("officeDocument", "xl/workbook.xml"), relation("worksheet", "worksheets/sheet1.xml"));
    let parts: [(&str, &[u8]); 5] = [
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", office.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", book_of.as_bytes()),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).expect("memory");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// A cell of that sheet with its text.
pub fn cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// A record of an .xls.
pub fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(content.len() as u16).to_le_bytes(), content].concat()
}

/// A row or column number, or a length, as an .xls writes it.
pub fn short(number: usize) -> [u8; 2] {
    (number as u16).to_le_bytes()
}

/// A text cell of an .xls.
pub fn label(row: usize, column: usize, text: &str) -> Vec<u8> {
    let content = [&short(row)[..], &short(column), &short(0), &short(text.len()), &[0], text.as_bytes()].concat();
    record(0x0204, &content)
}

/// The stream of an .xls: `head` among the records of the workbook, and sheets of the given records, of which the first
/// is called `survey`.
pub fn stream(head: &[u8], sheets: &[Vec<u8>]) -> Vec<u8> {
    let begin = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let end = record(0x000A, &[]);
    let name = |at: usize| if at == 0 { "survey".to_owned() } else { format!("sheet{at}") };
    let entry = |at: usize, place: u32| {
        let name = name(at);
        record(0x0085, &[&place.to_le_bytes()[..], &[0, 0, name.len() as u8, 0], name.as_bytes()].concat())
    };
    let entries: usize = (0..sheets.len()).map(|at| entry(at, 0).len()).sum();
    let mut place = begin.len() + entries + head.len() + end.len();
    let mut all = begin.clone();
    for (at, sheet) in sheets.iter().enumerate() {
        all.extend(entry(at, place as u32));
        place += begin.len() + sheet.len() + end.len();
    }
    all.extend([head, &end].concat());
    sheets.iter().for_each(|sheet| all.extend([&begin, sheet, &end].map(Vec::as_slice).concat()));
    all
}

/// An .xls (a compound file) around a stream: one table sector for every 127 sectors of it, then the directory.
pub fn xls(stream: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    let mut stream = stream.to_vec();
    // shorter streams lie elsewhere
    stream.resize(stream.len().max(4096).next_multiple_of(SECTOR), 0);
    let data = stream.len() / SECTOR;
    let tables = (data + 1).div_ceil(SECTOR / 4 - 1).max(1);
    assert!(tables <= 109, "a larger file needs a second table of tables");
    let mut next: Vec<u32> = vec![0xFFFF_FFFD; tables];
    next.push(0xFFFF_FFFE);
    next.extend((1..data).map(|at| (tables + 1 + at) as u32));
    next.push(0xFFFF_FFFE);
    next.resize(tables * SECTOR / 4, u32::MAX);
    let mut head = vec![0; SECTOR];
    head[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    head[24..34].copy_from_slice(&[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    let mut number = |at: usize, number: u32| head[at..at + 4].copy_from_slice(&number.to_le_bytes());
    for (at, value) in [(44, tables as u32), (48, tables as u32), (56, 4096), (60, 0xFFFF_FFFE), (68, 0xFFFF_FFFE)] {
        number(at, value);
    }
    (0..109).for_each(|at| number(76 + 4 * at, if at < tables { at as u32 } else { u32::MAX }));
    let entry = |name: &str, kind: u8, start: u32, len: u32| {
        let mut entry = vec![0; 128];
        name.encode_utf16()
            .enumerate()
            .for_each(|(at, unit)| entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes()));
        (entry[64], entry[66], entry[67]) = (2 * name.len() as u8 + 2, kind, 1);
        entry[68..80].fill(0xFF);
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&len.to_le_bytes());
        entry
    };
    let mut root = entry("Root Entry", 5, 0xFFFF_FFFE, 0);
    root[76..80].copy_from_slice(&1u32.to_le_bytes());
    let mut directory = [root, entry("Workbook", 2, tables as u32 + 1, stream.len() as u32)].concat();
    directory.resize(SECTOR, 0);
    let table: Vec<u8> = next.into_iter().flat_map(u32::to_le_bytes).collect();
    [head, table, directory, stream].concat()
}
