//! `tabara-desk form`: checks a form and lists every fault, compiles it into the package that phones read, exports .md
//! tables as .xlsx for other XLSForm tools.

use crate::error::{Result, at, invalid};
use crate::files::{read, write};
use crate::preview;
use rust_xlsxwriter::{Format, Workbook as Book, XlsxError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_core::envelope::Digest;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::screening::compile_with_files;
use tabara_core::xlsform::workbook::Workbook;
use tabara_core::xlsform::{Compiled, Diagnostic, Severity, UNREADABLE};

/// The result of a check, which is also the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormVerdict {
    /// Clean, or warnings only.
    Usable = 0,
    Faulty = 1,
    /// No workbook.
    Unreadable = 2,
}

/// Compiles the form in a file. External tables are read from the same folder.
pub fn compile(path: &Path) -> Result<Compiled> {
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(compile_with_files(&read(path)?, &|name| attachment(&folder, name)))
}

/// A file of the same folder; none if the name leads out of it.
fn attachment(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let plain = PathBuf::from(name).file_name().is_some_and(|file| file == name);
    plain.then(|| std::fs::read(folder.join(name)).ok()).flatten()
}

pub fn verdict(faults: &[Diagnostic]) -> FormVerdict {
    if faults.iter().any(|fault| fault.code == UNREADABLE) {
        FormVerdict::Unreadable
    } else if faults.iter().any(|fault| fault.severity == Severity::Error) {
        FormVerdict::Faulty
    } else {
        FormVerdict::Usable
    }
}

/// `{"ok","faults":[{"severity","code","sheet","row","column","message","hint"}]}`.
pub fn json(faults: &[Diagnostic]) -> String {
    serde_json::json!({ "ok": verdict(faults) == FormVerdict::Usable, "faults": faults }).to_string()
}

/// A table to read, and a last line with the sum of it.
pub fn table(faults: &[Diagnostic]) -> String {
    let locations: Vec<String> = faults.iter().map(location).collect();
    let width = locations.iter().map(|location| location.chars().count()).max().unwrap_or(0).min(40);
    let mut text = String::new();
    for (fault, location) in faults.iter().zip(locations) {
        let word = if fault.severity == Severity::Error { "error  " } else { "warning" };
        text += &format!("{word}  {location:width$}  {} [{}]\n", fault.message, fault.code);
        if !fault.hint.is_empty() {
            text += &format!("{:indent$}-> {}\n", "", fault.hint, indent = width + 11);
        }
    }
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    text + &format!("{errors} errors, {} warnings\n", faults.len() - errors)
}

fn location(fault: &Diagnostic) -> String {
    let row = if fault.row == 0 { String::new() } else { format!(" row {}", fault.row) };
    let column = if fault.column.is_empty() { String::new() } else { format!(", {}", fault.column) };
    format!("{}{row}{column}", fault.sheet)
}

/// Writes the package. Returns its id, version, length and SHA-256 as a text.
pub fn write_package(compiled: &Compiled, output: &Path) -> Result<String> {
    let questionnaire = compiled.questionnaire.as_ref().ok_or_else(|| invalid("the form has errors"))?;
    let bytes = questionnaire.write();
    write(output, &bytes)?;
    let (id, version, digest) = (&questionnaire.id, &questionnaire.version, Digest(questionnaire.sha256()));
    Ok(format!("{id} {version}, {} questions and groups, {} bytes, {digest}", questionnaire.nodes.len(), bytes.len()))
}

/// An interview in the terminal, in a language by name or code, as of now.
pub fn preview(compiled: Compiled, language: &str) -> Result<()> {
    let questionnaire = compiled.questionnaire.ok_or_else(|| invalid("the form has errors"))?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let config = InterviewConfig {
        language: language.into(),
        now: now as i64,
        seed: now,
        offset: 120,
        ..InterviewConfig::default()
    };
    let mut interview = Interview::start(Arc::new(questionnaire), config);
    let done = preview::lead(&mut interview, &mut std::io::stdin().lock(), &mut std::io::stdout().lock());
    done.map_err(|cause| invalid(format!("the terminal cannot be used: {cause}")))
}

/// Writes the workbook of a form as .xlsx, every cell as text.
pub fn export(form: &Path, output: &Path) -> Result<()> {
    let workbook = Workbook::read(&read(form)?).map_err(|fault| at(form, fault))?;
    let bytes = xlsx(&workbook).map_err(|fault| at(output, fault))?;
    write(output, bytes)
}

fn xlsx(workbook: &Workbook) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Book::new();
    // the same form gives the same bytes, so that an export can be compared
    let made = rust_xlsxwriter::ExcelDateTime::from_ymd(2020, 1, 1)?;
    book.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&made));
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    for sheet in &workbook.sheets {
        let page = book.add_worksheet().set_name(&sheet.name)?.set_freeze_panes(1, 0)?;
        for (row, cells) in (0u32..).zip(&sheet.rows) {
            let format = if row == 0 { &bold } else { &text };
            for (column, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                page.write_string_with_format(row, column, cell, format)?;
            }
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "
        | survey |
        | | type | name | label | default |
        | | select_one_from_file towns.csv | town | Town | |
        | | text | note | Note | 007 |";

    #[test]
    fn a_form_is_compiled_with_the_table_beside_it_and_with_nothing_from_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let form = folder.path().join("form.md");
        std::fs::write(&form, FORM).unwrap();
        let without = compile(&form).unwrap();
        assert_eq!(verdict(&without.diagnostics), FormVerdict::Faulty);
        assert!(table(&without.diagnostics).contains("the file 'towns.csv' is not beside the form"));
        std::fs::write(folder.path().join("towns.csv"), "name,label,region\nng,Ngozi,north\n").unwrap();
        let with = compile(&form).unwrap();
        assert_eq!(verdict(&with.diagnostics), FormVerdict::Usable);
        let questionnaire = with.questionnaire.unwrap();
        let towns = questionnaire.list("towns").unwrap();
        assert_eq!(
            (towns.choices[0].name.as_str(), towns.choices[0].values.as_slice()),
            ("ng", &["north".to_owned()][..])
        );
        assert_eq!(attachment(folder.path(), "../form.md"), None);
    }

    #[test]
    fn an_export_reads_back_as_the_same_workbook() {
        let tables = Workbook::read(FORM.as_bytes()).unwrap();
        let (first, again) = (xlsx(&tables).unwrap(), xlsx(&tables).unwrap());
        assert_eq!(first, again);
        let back = Workbook::read(&first).unwrap();
        assert_eq!(back.sheets[0].name, "survey");
        assert_eq!(back.sheets[0].rows[2], tables.sheets[0].rows[2]);
    }

    #[test]
    fn faults_are_told_to_programs_as_json() {
        let compiled = compile_with_files(b"\xff\xfe", &|_| None);
        assert_eq!(verdict(&compiled.diagnostics), FormVerdict::Unreadable);
        let json: serde_json::Value = serde_json::from_str(&json(&compiled.diagnostics)).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["faults"][0]["severity"], "error");
        assert_eq!(json["faults"][0]["code"], "unreadable");
    }
}
