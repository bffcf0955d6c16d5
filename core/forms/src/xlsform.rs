//! From a workbook to a questionnaire, off the phone: XLSForm as pyxform 4 understands it, with the additions that
//! Tabara needs (columns `fact`, `role`, `prefill`, `sealed_only`; sheet `indicators`; settings `kind` and `unit`).
//!
//! Every step adds its diagnostics to one list and goes on, so that an author sees all of them in one run:
//!
//! | step | module |
//! |--|--|
//! | bytes to sheets of text, by content | [`workbook`] |
//! | characters that nobody sees | `characters` |
//! | headers to columns and languages | `columns`, `languages` |
//! | lists of choices, tables beside the form | `choices`, `tables` |
//! | rows to nodes: types, names, sections, parameters | `survey`, `selects`, `types`, `parameters` |
//! | names in expressions and texts | `references` |
//! | expressions as a phone reads them, types, cycles | `rules` |
//! | what may be counted, and what must stay sealed | `countable`, `results` |
//!
//! A form with an error gives no questionnaire; warnings do not hinder one.

mod attachments;
mod characters;
mod choices;
mod columns;
mod delimited;
mod diagnostics;
mod fact_checks;
mod foreign;
mod languages;
mod parameters;
mod parse_errors;
mod phrase;
mod possible_values;
mod references;
mod review;
mod rules;
mod selects;
mod settings;
mod spelling;
mod survey;
mod types;
#[expect(clippy::result_large_err, reason = "a file that cannot be read is told once, off the phone")]
pub mod workbook;
mod xls;

pub use diagnostics::{Diagnostic, Severity};
#[doc(hidden)]
pub use phrase::ENGLISH;
pub use phrase::{Catalogue, Phrase, Problem, UNREADABLE};
pub use review::{PackageCell, PackageCheck, PackageReview};

use crate::expression::Cause;
use crate::package::{FORMAT, Package};
use crate::program::BoundPackage;
use crate::questionnaire::{PackageError, Questionnaire};
use crate::say;
use attachments::ExternalFiles;
use characters::clean_sheet;
use choices::Lists;
use columns::{SheetRow, SheetTable};
use diagnostics::{CellRef, Diagnostics, letters};
use fact_checks::FactChecks;
use languages::Languages;
use parse_errors::describe;
use settings::Settings;
use spelling::distance;
use workbook::{Sheet, Unread, Workbook};

/// What came of a form.
#[derive(Debug)]
pub struct Compiled {
    /// None if any fault is an error.
    pub questionnaire: Option<Questionnaire>,
    /// All diagnostics, by sheet and row.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a form that needs no other files: .xlsx, .xlsm, .xls or .csv or .md tables, told by content.
pub fn compile(bytes: &[u8]) -> Compiled {
    compile_with(bytes, &|_| None, &PackageCheck::NONE)
}

/// Compiles a form; `beside` reads a file that lies beside it, by name (`select_one_from_file`, `pulldata`), and `check`
/// is what a domain demands.
pub fn compile_with(bytes: &[u8], beside: &dyn Fn(&str) -> Option<Vec<u8>>, check: &PackageCheck) -> Compiled {
    let mut diagnostics = Diagnostics::default();
    let mut workbook = Workbook::default();
    let questionnaire = match Workbook::read(bytes) {
        Ok(read) => {
            workbook = read;
            prepare(&mut workbook, &mut diagnostics);
            read_form(&workbook, beside, check, &mut diagnostics)
        }
        Err(unreadable) => {
            diagnostics.error(CellRef::sheet(""), unreadable);
            None
        }
    };
    let questionnaire = questionnaire.filter(|_| !diagnostics.any_error());
    Compiled { questionnaire, diagnostics: diagnostics.sorted(&workbook) }
}

/// Cleans the sheets of a form, and reports what of them is not read.
fn prepare(workbook: &mut Workbook, diagnostics: &mut Diagnostics) {
    let one = workbook.sheets.len() == 1;
    let mut seen = Vec::new();
    for sheet in &mut workbook.sheets {
        let lower = sheet.name.trim().to_lowercase();
        // a workbook of one sheet may call it as it likes
        let known = SHEETS.iter().find(|known| **known == lower).copied().or(one.then_some("survey"));
        let Some(known) = known else { continue };
        if seen.contains(&known) {
            diagnostics
                .warn(CellRef::sheet(&sheet.name), say!("twin-sheet", name = sheet.name).coded("sheet-left-out"));
            continue;
        }
        seen.push(known);
        for unread in &sheet.unread {
            report_unread(known, unread, diagnostics);
        }
        clean_sheet(known, sheet, diagnostics);
    }
}

fn report_unread(sheet: &str, unread: &Unread, diagnostics: &mut Diagnostics) {
    match *unread {
        Unread::RowsFrom(row) => {
            let row = row + 1;
            diagnostics.warn(CellRef::row(sheet, row).at(0), say!("unread-rows", row));
        }
        Unread::ColumnsFrom(column) => {
            diagnostics.warn(CellRef::row(sheet, 1).at(column), say!("unread-columns", column = letters(column)))
        }
        Unread::Column { column, first, rows } => {
            let message = match rows {
                1 => say!("no-header-one", column = letters(column)),
                rows => say!("no-header", column = letters(column), rows),
            };
            let problem = message.coded("no-header").hint(say!("no-header-hint"));
            diagnostics.warn(CellRef::row(sheet, first + 1).at(column), problem);
        }
    }
}

/// Reports what the package itself refuses: cycles, and sizes that no sheet is to blame for.
fn report_package_error(
    error: &PackageError,
    package: &Package,
    rows: &[Option<SheetRow<'_>>],
    table: &SheetTable<'_>,
    diagnostics: &mut Diagnostics,
) {
    let PackageError::Rules(rules) = error else {
        return diagnostics.error(CellRef::sheet("survey"), say!("unusable", error));
    };
    for (_, rule) in rules {
        let message = describe(&rule.error.cause);
        let problem = match (&rule.error.cause, own_child(package, rule.node, rule.column)) {
            (Cause::Cycle(_), Some(child)) => {
                let section = &package.nodes[rule.node].name;
                let message = match rule.column {
                    "relevant" => say!("own-child-relevance", section, child),
                    _ => say!("own-child-count", section, child),
                };
                message.coded("cycle").hint(say!("own-child-hint", child))
            }
            (Cause::Cycle(_), None) => message.into(),
            _ => message.coded("bad-expression").hint(say!("see-cell")),
        };
        diagnostics.error(table.place_of(rows[rule.node], rule.column), problem);
    }
}

/// The name of a node inside a section that the section's own rule asks.
fn own_child<'p>(package: &'p Package, section: usize, column: &str) -> Option<&'p str> {
    let node = &package.nodes[section];
    let (_, rule) = node.expressions().find(|(known, _)| *known == column)?;
    let inside = |at: &usize| references::around(&package.nodes, *at).any(|parent| parent == section);
    let names = references::Names::of(&package.nodes);
    let asked = references::references(rule).flatten().filter_map(|reference| names.one(reference.name));
    asked.filter(inside).map(|at| package.nodes[at].name.as_str()).next()
}

const SHEETS: &[&str] = &["survey", "choices", "settings", "external_choices", "entities", "osm", "indicators"];

fn read_form(
    workbook: &Workbook,
    beside: &dyn Fn(&str) -> Option<Vec<u8>>,
    check: &PackageCheck,
    diagnostics: &mut Diagnostics,
) -> Option<Questionnaire> {
    let survey_sheet = survey_sheet(workbook, diagnostics)?;
    let blank = Sheet::default();
    let sheet = |name: &str| workbook.sheet(name).unwrap_or(&blank);
    check_sheets(workbook, diagnostics);
    let settings_table = SheetTable::new("settings", sheet("settings"), diagnostics);
    let survey_table = SheetTable::new("survey", survey_sheet, diagnostics);
    let choices_table = SheetTable::new("choices", sheet("choices"), diagnostics);
    let external_table = SheetTable::new("external_choices", sheet("external_choices"), diagnostics);
    choices::check_headers(&choices_table, diagnostics);
    if !survey_table.has("type") {
        diagnostics.error(CellRef::row("survey", 1), say!("no-type-column"));
        return None;
    }
    if choices_table.rows().next().is_some() {
        for column in ["list_name", "name"].iter().filter(|column| !choices_table.has(column)) {
            diagnostics.error(CellRef::row("choices", 1), say!("no-column", column));
        }
    }
    for table in [&settings_table, &survey_table, &choices_table, &external_table] {
        check_formulas(table, diagnostics);
    }
    let mut settings = Settings::read(&settings_table, diagnostics);
    let shown = [&survey_table, &choices_table];
    let languages = Languages::of(&shown, settings.get("default_language"), diagnostics);
    for table in shown {
        languages.check(table, diagnostics);
    }
    let mut lists = Lists::read(&choices_table, &languages, settings.says("allow_choice_duplicates"), diagnostics);
    let external = Lists::read(&external_table, &languages, true, diagnostics);
    let beside = ExternalFiles::new(beside);
    let mut reader = survey::Reader::new(&survey_table, &languages, &mut lists, &external, &beside, diagnostics);
    reader.collapse = settings.get("clean_text_values").and_then(survey::yes_no) != Some(false);
    reader.root = settings.get("name").unwrap_or("data");
    reader.near_choices = misspelt(workbook, "choices");
    reader.near_external = misspelt(workbook, "external_choices");
    let mut survey = reader.read();
    settings.adopt(&survey.settings);
    if survey.nodes.iter().all(|node| node.kind.is_section()) && !diagnostics.any_error() {
        diagnostics.error(CellRef::sheet("survey"), say!("no-question"));
    }
    if !settings.says("omit_instanceid") {
        references::add_instance_id(&mut survey, &survey_table);
    }
    let tables = references::Tables { settings: &settings_table, survey: &survey_table, choices: &choices_table };
    references::check(&mut survey, &mut lists, &languages, &tables, &beside, diagnostics);
    let survey::Survey { nodes, rows, .. } = survey;
    if nodes.iter().any(|node| !node.fact.is_empty()) && settings.get("form_id").is_none() {
        diagnostics.error(CellRef::sheet("settings").column("form_id"), say!("no-form-id"));
    }
    let mut package = Package {
        format: FORMAT,
        id: settings.take("form_id").unwrap_or_else(|| "data".into()),
        title: settings.take("form_title").unwrap_or_default(),
        version: settings.take("version").unwrap_or_default(),
        kind: settings.take("kind").unwrap_or_default(),
        unit: settings.take("unit").unwrap_or_default(),
        default_language: languages.default,
        languages: languages.names.clone(),
        nodes,
        lists: lists.lists,
        indicators: Vec::new(),
        settings: settings.rest(),
    };
    let bound = BoundPackage::of(&package, check.functions, true);
    let graph = rules::check(&package, &rows, &survey_table, &bound, check.functions, diagnostics);
    let indicators = SheetTable::new("indicators", sheet("indicators"), diagnostics);
    let mut countable = FactChecks { package: &package, graph: &graph, diagnostics };
    countable.check(&survey_table, &rows);
    let indicator_rows;
    (package.indicators, indicator_rows) = countable.indicators(&indicators, &languages, check.weights);
    let tables = review::Tables {
        settings: &settings_table,
        survey: &survey_table,
        rows: &rows,
        indicators: &indicators,
        indicator_rows: &indicator_rows,
    };
    (check.run)(&mut PackageReview::new(&mut package, &graph, tables, diagnostics));
    // what was told already needs no second word from the package
    match diagnostics.any_error() {
        true => None,
        false => match Questionnaire::program_of(&package, bound) {
            Ok(program) => Some(Questionnaire::of(package, program)),
            Err(error) => {
                report_package_error(&error, &package, &rows, &survey_table, diagnostics);
                None
            }
        },
    }
}

/// Cells whose formula failed when the spreadsheet was saved.
fn check_formulas(table: &SheetTable<'_>, diagnostics: &mut Diagnostics) {
    const FAILED: &[&str] = &["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];
    for row in table.rows() {
        for (header, cell) in table.cells(row).filter(|(_, cell)| FAILED.contains(cell)) {
            let at = CellRef::row(table.sheet, row.number).column(&header.title);
            diagnostics.error(at, say!("failed-formula", cell));
        }
    }
}

/// The sheet `survey`; where a workbook has one sheet only, that one.
fn survey_sheet<'a>(workbook: &'a Workbook, diagnostics: &mut Diagnostics) -> Option<&'a Sheet> {
    let only = workbook.sheets.first().filter(|sheet| workbook.sheets.len() == 1 && !sheet.name.starts_with('_'));
    let only = only.filter(|sheet| !SHEETS.contains(&&*sheet.name.to_lowercase()));
    let found = workbook.sheet("survey").or(only).filter(|sheet| !sheet.rows.is_empty());
    if found.is_none() {
        let near = misspelt(workbook, "survey");
        let hint = match near.first() {
            Some(near) => say!("near-survey", near),
            None => say!("no-survey-hint"),
        };
        diagnostics.error(CellRef::sheet("survey"), say!("no-survey").hint(hint));
    }
    found
}

/// Sheets that have nearly this name.
fn misspelt<'a>(workbook: &'a Workbook, name: &str) -> Vec<&'a str> {
    let names = workbook.sheets.iter().map(|sheet| sheet.name.as_str());
    let strangers = names.filter(|sheet| !sheet.starts_with('_') && !SHEETS.contains(&&*sheet.to_lowercase()));
    strangers.filter(|sheet| distance(&sheet.to_lowercase(), name) <= 2).collect()
}

/// Sheets that are not read although the author may think so.
fn check_sheets(workbook: &Workbook, diagnostics: &mut Diagnostics) {
    for sheet in workbook.sheets.iter().filter(|sheet| sheet.rows.len() > 1) {
        let problem = match sheet.name.to_lowercase().as_str() {
            "entities" => say!("entities"),
            "osm" => say!("osm-sheet"),
            _ => continue,
        };
        diagnostics.warn(CellRef::sheet(&sheet.name), problem.coded("sheet-left-out"));
    }
    for name in ["settings", "indicators", "choices"].iter().filter(|name| workbook.sheet(name).is_none()) {
        for near in misspelt(workbook, name) {
            diagnostics.warn(
                CellRef::sheet(near),
                say!("near-sheet", near).coded("sheet-left-out").hint(say!("near-sheet-hint", name)),
            );
        }
    }
}

#[cfg(test)]
mod tests;
