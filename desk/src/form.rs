//! `tabara-desk form`: checks a form and lists every fault, compiles it into the package that phones read, exports .md
//! tables as .xlsx for other XLSForm tools.

use crate::diff::{self, Diff};
use crate::error::{Result, at, invalid};
use crate::files::{read, write};
use crate::preview;
use crate::texts::{Texts, arguments};
use rust_xlsxwriter::{Format, Workbook as Book, XlsxError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_core::envelope::Digest;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::questionnaire::Questionnaire;
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
    Ok(compile_bytes(path, &read(path)?))
}

/// Compiles the form in a file that was read.
pub fn compile_bytes(path: &Path, bytes: &[u8]) -> Compiled {
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    compile_with_files(bytes, &|name| attachment(&folder, name))
}

/// A file of the same folder; none if the name leads out of it.
pub(crate) fn attachment(folder: &Path, name: &str) -> Option<Vec<u8>> {
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

/// `{"ok","faults":[{"severity","code","sheet","row","column","cell","content","span","message","hint" ...}]}`; `span` is
/// the first character of the content that is meant, and how many.
pub fn json(faults: &[Diagnostic], texts: &Texts) -> String {
    let all = faults.iter().map(|fault| {
        serde_json::json!({
            "severity": fault.severity, "code": fault.code,
            "sheet": fault.sheet, "row": fault.row, "column": fault.column,
            "cell": fault.cell, "content": fault.content, "span": fault.span,
            "message": texts.phrase(&fault.message), "message_id": fault.message.id, "arguments": arguments(&fault.message),
            "hint": texts.phrase(&fault.hint), "hint_id": fault.hint.id, "hint_arguments": arguments(&fault.hint),
        })
    });
    serde_json::json!({ "ok": verdict(faults) == FormVerdict::Usable, "faults": all.collect::<Vec<_>>() }).to_string()
}

/// Equal faults from so many on are shown once, with the rows of the others.
const FOLD: usize = 4;
/// Characters of a cell that are shown, and rows that are listed.
const SHOWN: usize = 80;
const LISTED: usize = 10;

/// A list to read: place and message, the cell with a mark under what is meant, and what to do. The last line is the sum.
pub fn list(faults: &[Diagnostic], texts: &Texts) -> String {
    let mut groups: Vec<Vec<&Diagnostic>> = Vec::new();
    for fault in faults {
        match groups.iter_mut().find(|group| alike(group[0], fault)) {
            Some(group) => group.push(fault),
            None => groups.push(vec![fault]),
        }
    }
    let mut text = String::new();
    for group in &groups {
        let rows: BTreeSet<usize> = group.iter().map(|fault| fault.row).collect();
        let folded = rows.len() >= FOLD;
        let shown = group.iter().filter(|fault| !folded || fault.row == group[0].row);
        shown.for_each(|fault| text += &entry(fault, texts));
        if folded {
            let more = rows.iter().filter(|row| **row != group[0].row);
            let mut listed: Vec<String> = more.take(LISTED).map(usize::to_string).collect();
            listed.extend((rows.len() - 1 > LISTED).then(|| "...".to_owned()));
            let args = [("count", (rows.len() - 1).into()), ("rows", listed.join(", ").into())];
            text += &format!("    {}\n", texts.get("rows-more", &args));
        }
    }
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    text + &format!(
        "{}\n",
        texts.get("sum", &[("errors", errors.into()), ("warnings", (faults.len() - errors).into())])
    )
}

/// Whether two faults say the same of two rows. Where names are unknown or bad, each name counts.
fn alike(one: &Diagnostic, other: &Diagnostic) -> bool {
    let named = one.code.starts_with("unknown-") || one.code.starts_with("bad-") || one.message.id.is_empty();
    let same_message = if named { one.message == other.message } else { one.message.id == other.message.id };
    let key = |fault: &'_ Diagnostic| (fault.severity, fault.code, fault.sheet.clone(), fault.column.clone());
    same_message && one.row > 0 && key(one) == key(other) && one.hint.id == other.hint.id
}

fn entry(fault: &Diagnostic, texts: &Texts) -> String {
    let severity =
        texts.get(if fault.severity == Severity::Error { "severity-error" } else { "severity-warning" }, &[]);
    let place = location(fault, texts);
    let separator = if place.is_empty() { "" } else { ": " };
    let mut text = format!("{severity}: {place}{separator}{} [{}]\n", texts.phrase(&fault.message), fault.code);
    if !fault.content.is_empty() {
        text += &content(&fault.content, fault.span);
    }
    if !fault.hint.is_empty() {
        text += &format!("    -> {}\n", texts.phrase(&fault.hint));
    }
    text
}

/// The cell's text around what is meant, and a line of `^` below it.
fn content(content: &str, span: Option<(usize, usize)>) -> String {
    let plain: Vec<char> = content.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    let (at, length) = span.unwrap_or((0, 0));
    let from = (at + length).saturating_sub(SHOWN * 3 / 4).min(at);
    let shown: String = plain.iter().skip(from).take(SHOWN).collect();
    let (before, after) = (if from > 0 { "..." } else { "" }, if plain.len() > from + SHOWN { "..." } else { "" });
    let mut text = format!("    | {before}{shown}{after}\n");
    if span.is_some() {
        let indent = before.len() + at - from;
        text += &format!("    | {:indent$}{}\n", "", "^".repeat(length.clamp(1, SHOWN)));
    }
    text
}

fn location(fault: &Diagnostic, texts: &Texts) -> String {
    let row = match (fault.cell.as_str(), fault.row) {
        ("", 0) => String::new(),
        ("", row) => format!(" {}", texts.get("row", &[("row", row.to_string().into())])),
        (cell, _) => format!(" {cell}"),
    };
    let column = if fault.column.is_empty() { String::new() } else { format!(" ({})", fault.column) };
    format!("{}{row}{column}", fault.sheet)
}

/// Compares two versions of a form: workbooks, or packages that were compiled before.
pub fn diff(old: &Path, new: &Path) -> Result<Diff> {
    let questionnaire = |path: &Path| -> Result<Questionnaire> {
        let bytes = read(path)?;
        if bytes.trim_ascii_start().starts_with(b"{") {
            return Questionnaire::read(&bytes).map_err(|error| at(path, error));
        }
        compile_bytes(path, &bytes).questionnaire.ok_or_else(|| at(path, "the form has errors: see form check"))
    };
    Ok(diff::diff(&*questionnaire(old)?, &*questionnaire(new)?))
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
    let mut interview = begin(questionnaire, language);
    let done = preview::lead(&mut interview, &mut std::io::stdin().lock(), &mut std::io::stdout().lock());
    done.map_err(|cause| invalid(format!("the terminal cannot be used: {cause}")))
}

/// An interview without a vault, as of now.
pub(crate) fn begin(questionnaire: Questionnaire, language: &str) -> Interview {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let language = language.into();
    let config = InterviewConfig { language, now: now as i64, seed: now, offset: 120, ..InterviewConfig::default() };
    Interview::start(Arc::new(questionnaire), config)
}

/// The tables of a form as they were read from a file.
pub fn workbook(path: &Path, bytes: &[u8]) -> Result<Workbook> {
    Workbook::read(bytes).map_err(|fault| at(path, fault))
}

/// Writes the workbook of a form as .xlsx, every cell as text.
pub fn export(form: &Path, output: &Path) -> Result<()> {
    let workbook = workbook(form, &read(form)?)?;
    let bytes = xlsx(&workbook).map_err(|fault| at(output, fault))?;
    write(output, bytes)
}

/// The workbook as .xlsx, every cell as text.
pub fn xlsx(workbook: &Workbook) -> std::result::Result<Vec<u8>, XlsxError> {
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
        assert!(
            list(&without.diagnostics, &Texts::new("en").unwrap())
                .contains("the file 'towns.csv' is not beside the form")
        );
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
        let json: serde_json::Value =
            serde_json::from_str(&json(&compiled.diagnostics, &Texts::new("en").unwrap())).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["faults"][0]["severity"], "error");
        assert_eq!(json["faults"][0]["code"], "unreadable");
    }

    #[test]
    fn a_fault_is_shown_with_its_cell_and_its_cure_in_english_and_french() {
        let form = "| survey |\n| | type | name | label | relevant |\n| | text | town | Town | |\n| | text | b | B | ${towm} = 'x' |";
        let found = compile_with_files(form.as_bytes(), &|_| None).diagnostics;
        let list = |language| list(&found, &Texts::new(language).unwrap());
        assert_eq!(
            list("en"),
            "error: survey D3 (relevant): there is no question 'towm' [unknown-reference]\n    | ${towm} = 'x'\n    |   ^^^^\n    -> did you mean 'town'?\n1 error, 0 warnings\n"
        );
        assert_eq!(
            list("fr"),
            "erreur: survey D3 (relevant): il n'y a pas de question « towm » [unknown-reference]\n    | ${towm} = 'x'\n    |   ^^^^\n    -> vouliez-vous dire « town » ?\n1 erreur, 0 avertissement\n"
        );
        let json: serde_json::Value = serde_json::from_str(&json(&found, &Texts::new("fr").unwrap())).unwrap();
        let fault = &json["faults"][0];
        assert_eq!(
            (&fault["cell"], &fault["span"], &fault["arguments"]["name"]),
            (&"D3".into(), &serde_json::json!([2, 4]), &"towm".into())
        );
    }

    #[test]
    fn equal_faults_are_folded() {
        let rows: String = (0..35).map(|at| format!("| | text | q{at} | |\n")).collect();
        let form = format!("| survey |\n| | type | name | label |\n{rows}");
        let found = compile_with_files(form.as_bytes(), &|_| None).diagnostics;
        assert_eq!(found.len(), 35);
        let list = list(&found, &Texts::new("en").unwrap());
        assert_eq!(list.lines().count(), 4, "{list}");
        assert!(list.contains("and 34 more rows: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ..."), "{list}");
    }

    #[test]
    fn two_versions_are_compared() {
        let folder = tempfile::tempdir().unwrap();
        let form = |name: &str, rows: &str, choices: &str| {
            let path = folder.path().join(name);
            let text = format!(
                "| survey |\n| | type | name | label | relevant |\n{rows}\n| choices |\n| | list_name | name | label |\n{choices}"
            );
            std::fs::write(&path, text).unwrap();
            path
        };
        let (yes, no) = ("| | yn | yes | Yes |", "| | yn | no | No |");
        let both = format!("{yes}\n{no}");
        let old = form("old.md", "| | select_one yn | a | A | |\n| | text | b | B | |\n| | integer | n | N | |", &both);
        let texts = Texts::new("en").unwrap();
        let same = diff(&old, &old).unwrap();
        assert!(same.changes.is_empty() && diff::comparable(&same));

        let words = form(
            "words.md",
            "| | select_one yn | a | Another A | |\n| | text | b | B | |\n| | integer | n | N | |\n| | text | new | X | |",
            &both,
        );
        let found = diff(&old, &words).unwrap();
        assert!(diff::comparable(&found));
        let text = diff::text(&found, &texts);
        assert!(text.contains("  + new (text)\n") && text.contains("  ~ a label: 'A' -> 'Another A'\n"), "{text}");

        let other = form("other.md", "| | select_one yn | a | A | |\n| | decimal | n | N | ${a} = 'yes' |", yes);
        let found = diff(&old, &other).unwrap();
        assert!(!diff::comparable(&found));
        let reasons: Vec<&str> = found.drafts.reasons.iter().map(|(_, reason)| &*reason.text).collect();
        assert_eq!(reasons, ["b is gone", "n has another type", "the choice yn/no is gone"]);
        let json: serde_json::Value = serde_json::from_str(&diff::json(&found, &texts)).unwrap();
        assert_eq!((&json["drafts"]["comparable"], &json["facts"]["comparable"]), (&"no".into(), &"yes".into()));
    }
}
