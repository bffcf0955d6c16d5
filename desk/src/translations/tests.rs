use super::*;

const FORM: &str = include_str!("../../../questionnaires/referral-follow-up.md");
const TAG: &str = "rn";

fn of(form: &str) -> Translation {
    let form = Workbook::read(form.as_bytes()).expect("a form");
    Translation::new(form, TAG).expect("the form has the language")
}

fn of_form() -> Translation {
    of(FORM)
}

#[test]
fn a_form_without_changes_is_written_as_it_was() {
    assert_eq!(markdown(FORM, of_form().workbook()), FORM);
}

#[test]
fn both_sheets_read_back_the_same() {
    let mut rows = of_form().rows();
    rows[3].note = "is \"consent\" right\\here?".into();
    rows[3].back_translation = "May I write it?".into();
    let book = crate::form::xlsx(&xlsx(&rows)).expect("a workbook");
    assert!(read_sheet(&book).expect("as written") == rows);
    assert!(read_sheet(po(&rows, "Ikirundi (rn)").as_bytes()).expect("as written") == rows);
    assert!(read_sheet(b"key,source\n").is_err() && read_sheet(b"\xff").is_err());
}

#[test]
fn a_translators_sheet_comes_back_and_no_text_is_lost() {
    // Given a sheet in which one text was changed and signed, one emptied, and one is of another form
    let mut form = of_form();
    let before = form.rows();
    let mut sheet = before.clone();
    let at = sheet.iter().position(|row| row.key == "survey/consent/label").expect("a text");
    let signed = ("reviewed".to_owned(), "A. N.".to_owned(), "2026-12-01".to_owned());
    sheet[at].text = "Noshobora kwandika ibi?".into();
    (sheet[at].status, sheet[at].by, sheet[at].date) = signed.clone();
    sheet[at].back_translation = "May I write this?".into();
    sheet[at + 1].text.clear();
    sheet[at + 2].status = "reviewed".into();
    sheet[at + 3].source = "an older question".into();
    sheet.push(TranslationRow { key: "survey/gone/label".into(), text: "x".into(), ..TranslationRow::default() });
    // When it is imported
    let done = form.import(&sheet);
    assert_eq!((done.changed, done.unknown.len(), done.stale.len()), (1, 1, 1));
    let written = markdown(FORM, form.workbook());
    let again = of(&written);
    let rows = again.rows();
    // Then the words, who signed them and their back-translation are there, and nothing else changed
    assert_eq!((rows[at].status.clone(), rows[at].by.clone(), rows[at].date.clone()), signed);
    assert_eq!(
        (rows[at].text.as_str(), rows[at].back_translation.as_str()),
        ("Noshobora kwandika ibi?", "May I write this?")
    );
    assert_eq!(rows[at + 1], before[at + 1]);
    // who signs without a name and a day has not signed
    assert_eq!(rows[at + 2].status, "draft");
    assert!(written.contains(&before[at].text), "the words before stay in the column 'before'");
    assert_eq!(again.status().states, BTreeMap::from([("draft".into(), rows.len() - 1), ("reviewed".into(), 1)]));
    // and the state falls with the words that it was given for
    let other = written.replacen("Noshobora kwandika ibi?", "Ibindi?", 1);
    assert_eq!(of(&other).status().states.get("reviewed"), None);
    let compiled = tabara_core::screening::compile(written.as_bytes());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
}

#[test]
fn every_questionnaire_is_honest_about_its_languages() {
    for entry in std::fs::read_dir("../questionnaires").expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".md") || name == "first-line.md" {
            continue;
        }
        let form = Workbook::read(&std::fs::read(entry.path()).expect("a form")).expect("a form");
        for tag in ["en", "fr", "rn", "sw"] {
            let status = Translation::new(form.clone(), tag).expect("a language").status();
            assert!(status.missing == 0 && status.too_long.is_empty(), "{name} {tag}: {status:?}");
            // the mark that users see says draft as long as any text is one
            let drafts = status.states.get("draft").copied().unwrap_or_default();
            let mark = texts(&form).into_iter().find(|text| text.key == format!("choices/translation/{tag}/label"));
            assert_eq!(
                drafts > 0,
                mark.is_some_and(|mark| mark.texts["English (en)"].starts_with("Draft")),
                "{name} {tag}"
            );
        }
    }
}

#[test]
fn a_sheet_of_translations_is_known_whatever_the_case_of_its_name() {
    let mut form = of(&format!(
        "{FORM}\n| Translations |\n| | language | key | note |\n| | Ikirundi (rn) | survey/consent/label | old |\n"
    ));
    let mut sheet = form.rows();
    let at = sheet.iter().position(|row| row.key == "survey/consent/label").expect("a text");
    assert_eq!(sheet[at].note, "old");
    sheet[at].note = "new".into();
    form.import(&sheet);
    assert_eq!(form.rows()[at].note, "new");
}
