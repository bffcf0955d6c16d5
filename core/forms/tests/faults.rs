//! The forms of authors on which this crate once failed, as they lie in the shared folder (`faults/forms`; TABARA_SHARED),
//! each with what must come of it. Without that folder there is nothing to compare.
#![cfg(feature = "authoring")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_forms::interview::{Interview, InterviewConfig};
use tabara_forms::xlsform::{Compiled, PackageCheck, Severity, compile_with};

/// File, and what is done: `path=answer` answers, `path==value` expects a value, `path+` and `path-` expect that it is asked or
/// not, `path~` and `path!` that the answer keeps its constraint or not; `row REPEAT` adds a row; `resume` goes on with the draft.
const INTERVIEWS: &[(&str, &str)] = &[
    (
        "f01-select-one-with-space-filtered.md",
        "prov=Ngozi; com=Ngozi centre; com==Ngozi centre; shown==Ngozi town; prov=Bujumbura Mairie; com=Mukaza sud; com==Mukaza sud",
    ),
    (
        "f02-select-from-rows-with-space.md",
        "mem[1]/nm=Marie Rose; mem[1]/age=30; head=Marie Rose; head==Marie Rose; adult=Marie Rose; adult==Marie Rose",
    ),
    ("f03-boolean-calculation.md", "n=1; isfalse==yes; pick==small; only_big-; only_small+"),
    ("f04-choice-name-of-twins.md", "reg=b; dis=1; lab==Beta one"),
    ("f05-count-lowered.md", "n=3; mem[3]/nm=C; n=1; n=3; mem[3]/nm==C"),
    ("f06-resume-over-calculation.md", "has=n; contact=through the aunt; resume; contact==through the aunt"),
    ("f07-format-of-a-time.md", "t=13:30; hm==13:30; late==late"),
    ("f08-xls-claims-rows.xls", "a+"),
    ("f10-truth-words.md", "a+; b+; c=x; c~; d==true"),
    ("f11-regex-letters.md", "n1=Ndayizeye; n1~; n1=Éloïse; n1~; n1=9; n1!; n2=abc; n2~; n3=Été; n3~"),
    (
        "f14-aggregate-in-predicate.md",
        "r[1]/nm=Ana; r[1]/age=30; row r; r[2]/nm=Ben; r[2]/age=40; row r; r[3]/nm=Cid; r[3]/age=5;
         eldest==Ben; eldest2==Ben; youngest==1; below==1",
    ),
    ("f22-round-halves.md", "x=1.005; r==1.01; x=10.075; r==10.08; x=0.285; r==0.29; x=5.015; r==5.02"),
];

/// File, and what is told: severity, code, row, and a part of the message.
type Told = (Severity, &'static str, usize, &'static str);
const TOLD: &[(&str, &[Told])] = &[
    (
        "f13-once-inside.md",
        &[(Severity::Error, "once-inside", 3, "once()"), (Severity::Error, "once-inside", 4, "once()")],
    ),
    ("f17-blank-rows.xlsx", &[(Severity::Warning, "unread-rows", 73, "row 73")]),
    (
        "f19-invisible-characters.xlsx",
        &[
            (Severity::Warning, "invisible-character", 0, "U+200B"),
            (Severity::Warning, "invisible-character", 0, "U+200E"),
        ],
    ),
    (
        "f20-semicolon-csv.md",
        &[
            (Severity::Warning, "doubtful-file", 2, "'semicolon.csv' has semicolons"),
            (Severity::Warning, "doubtful-file", 3, "'twins.csv' has the choice '1' twice"),
            (Severity::Warning, "doubtful-file", 3, "of 'twins.csv' has no 'name'"),
        ],
    ),
    ("f25-cell-without-header.md", &[(Severity::Warning, "no-header", 2, "column")]),
    ("f26-protected-workbook.xlsx", &[(Severity::Error, "unreadable", 0, "protected with a password")]),
];

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("TABARA_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    Some(shared.join("faults/forms")).filter(|folder| folder.exists())
}

fn compiled(folder: &Path, file: &str) -> Compiled {
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    compile_with(&read(file).expect("a form"), &read, &PackageCheck::NONE)
}

fn begun(folder: &Path, file: &str) -> Interview {
    let Compiled { questionnaire, diagnostics } = compiled(folder, file);
    let questionnaire = questionnaire.unwrap_or_else(|| panic!("{file}: {diagnostics:?}"));
    Interview::start(Arc::new(questionnaire), InterviewConfig { offset: 120, ..InterviewConfig::default() })
}

/// Does one step, and says what came of it if that is not what is expected.
fn step(interview: &mut Interview, step: &str) -> Result<(), String> {
    let wrong = |found: String| Err(format!("{step}: {found}"));
    if step == "resume" {
        let (form, draft) = (interview.questionnaire().clone(), interview.draft());
        let config = InterviewConfig { offset: 120, ..InterviewConfig::default() };
        *interview = Interview::resume(form, config, &draft).map_err(|error| error.to_string())?;
    } else if let Some(repeat) = step.strip_prefix("row ") {
        interview.add_row(repeat).map_err(|error| error.to_string())?;
    } else if let Some((path, value)) = step.split_once("==") {
        let found = interview.value(path).text().into_owned();
        return if found == value { Ok(()) } else { wrong(found) };
    } else if let Some((path, answer)) = step.split_once('=') {
        return interview.set(path, Some(answer)).or_else(|error| wrong(error.to_string()));
    } else {
        let (path, wanted) = step.split_at(step.len() - 1);
        let broken = interview.missing().iter().any(|missing| missing.path == path);
        let holds = match wanted {
            "+" => interview.relevant(path),
            "-" => !interview.relevant(path),
            "~" => !broken,
            _ => broken,
        };
        return if holds { Ok(()) } else { wrong("it is not so".into()) };
    }
    Ok(())
}

#[test]
fn the_answers_of_the_shared_faults_are_right() {
    let Some(folder) = folder() else { return println!("absent: faults/forms of the shared folder") };
    let mut wrong = Vec::new();
    for (file, script) in INTERVIEWS {
        let mut interview = begun(&folder, file);
        let steps = script.split(';').map(str::trim);
        wrong.extend(steps.filter_map(|one| step(&mut interview, one).err()).map(|error| format!("{file}: {error}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_shared_faults_hold_is_told() {
    let Some(folder) = folder() else { return println!("absent: faults/forms of the shared folder") };
    for (file, wanted) in TOLD {
        let found = compiled(&folder, file).diagnostics;
        for (severity, code, row, part) in *wanted {
            let told = found.iter().any(|fault| {
                (fault.severity, fault.code) == (*severity, *code)
                    && (*row == 0 || fault.row == *row)
                    && fault.message.contains(part)
            });
            assert!(told, "{file}: {code} in row {row}, {part}\n{found:#?}");
        }
    }
    // a scale is compared with any number
    let scale = compiled(&folder, "f16-scale-compared.md").diagnostics;
    assert!(scale.iter().all(|fault| fault.severity == Severity::Warning), "{scale:#?}");
}

#[test]
fn a_seed_from_an_answer_gives_every_order_about_as_often() {
    let Some(folder) = folder() else { return println!("absent: faults/forms of the shared folder") };
    let mut interview = begun(&folder, "f23-seeded-order.md");
    let (mut orders, mut first) = (BTreeSet::new(), [0; 4]);
    for household in 1..=400 {
        interview.set("hh", Some(&household.to_string())).expect("it is asked");
        let page = interview.jump("q").expect("it is asked");
        let order: String = page.questions[0].choices.iter().map(|choice| choice.name.as_str()).collect();
        first[usize::from(order.as_bytes()[0] - b'a')] += 1;
        orders.insert(order);
    }
    assert!(orders.len() >= 20, "{orders:?}");
    assert!(first.iter().all(|times| (50..=150).contains(times)), "{first:?}");
}
