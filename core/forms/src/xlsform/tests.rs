//! Forms as authors write them, good and bad.

use super::*;

mod files;
mod words;

/// A form from lines of cells: `survey: type | name | label`.
fn compiled(form: &str) -> Compiled {
    compile(form.as_bytes())
}

#[test]
fn a_small_form_becomes_a_questionnaire() {
    let form = "
        | survey |
        | | type | name | label::English (en) | label::French (fr) | relevant | required |
        | | begin_group | g | Start | Début | | |
        | | select_one yn | agrees | Do you agree? | Êtes-vous d’accord ? | | yes |
        | | integer | age | How old? | Quel âge ? | ${agrees} = 'yes' | |
        | | end_group | | | | | |
        | choices |
        | | list_name | name | label::English (en) | label::French (fr) |
        | | yn | yes | Yes | Oui |
        | | yn | no | No | Non |
        | settings |
        | | form_title | form_id | version | default_language |
        | | A form | f1 | 3 | French (fr) |";
    let Compiled { questionnaire, diagnostics } = compiled(form);
    assert_eq!(diagnostics, []);
    let questionnaire = questionnaire.expect("no diagnostics");
    assert_eq!(
        (questionnaire.id.as_str(), questionnaire.title.as_str(), questionnaire.version.as_str()),
        ("f1", "A form", "3")
    );
    assert_eq!(questionnaire.languages, ["English (en)", "French (fr)"]);
    assert_eq!(questionnaire.default_language, 1);
    assert_eq!(questionnaire.choice_label("yn", "yes", "fr"), Some("Oui"));
    let [group, agrees, age] = &questionnaire.nodes[..] else { panic!("three nodes") };
    assert_eq!((group.name.as_str(), group.parent), ("g", None));
    assert_eq!((agrees.required.as_str(), agrees.parent, agrees.row), ("true()", Some(0), 3));
    assert_eq!(agrees.label.0[1], "Êtes-vous d'accord ?");
    assert_eq!(age.relevant, "${agrees} = 'yes'");
}

#[test]
fn all_faults_of_a_form_come_in_one_run_with_their_places() {
    let form = "
        | survey |
        | | type | name | label | relevant |
        | | select_one yess | q1 | One | |
        | | txt | q2 | Two | |
        | | text | q 3 | Three | |
        | | text | q4 | | ${q11} = 'x' |
        | | begin group | g | G | |
        | choices |
        | | list_name | name | label |
        | | yes | yes | Yes |
        | | yes | yes | Again |";
    let found: Vec<_> =
        compiled(form).diagnostics.into_iter().map(|f| (f.sheet, f.row, f.column, f.code, f.hint)).collect();
    let short: Vec<_> = found.iter().map(|(s, r, c, code, h)| (s.as_str(), *r, c.as_str(), *code, &**h)).collect();
    assert_eq!(
        short,
        [
            ("survey", 2, "type", "unknown-list", "did you mean 'yes'?"),
            ("survey", 3, "type", "unknown-type", "did you mean 'text'?"),
            (
                "survey",
                4,
                "name",
                "bad-name",
                "a name begins with a letter or _ and goes on with letters, digits, _, - or ."
            ),
            ("survey", 5, "label", "no-label", "write what the person shall read"),
            ("survey", 5, "relevant", "unknown-reference", "did you mean 'q1'?"),
            ("survey", 6, "type", "unclosed-section", "add a row 'end group' after its last question"),
            (
                "choices",
                3,
                "name",
                "duplicate-choice",
                "rename one, or set allow_choice_duplicates to yes on the sheet settings"
            ),
        ]
    );
}

type Found = Vec<(usize, &'static str)>;

/// (row, code) of the errors, then of the warnings.
fn codes(form: &str) -> (Found, Found) {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled(form).diagnostics.into_iter().partition(|fault| fault.severity == Severity::Error);
    let short = |diagnostics: Vec<Diagnostic>| diagnostics.into_iter().map(|fault| (fault.row, fault.code)).collect();
    (short(errors), short(warnings))
}

#[test]
fn a_default_is_a_possible_answer_and_a_failed_formula_is_told() {
    let form = |kind: &str, default: &str| {
        format!(
            "| survey |\n| | type | name | label | default |\n| | {kind} | q | Q | {default} |\n| choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |"
        )
    };
    assert_eq!(codes(&form("select_one yn", "yse")), (vec![], vec![(2, "unknown-choice")]));
    assert_eq!(codes(&form("select_multiple yn", "yes no")), (vec![], vec![]));
    assert_eq!(codes(&form("integer", "many")), (vec![], vec![(2, "type-clash")]));
    assert_eq!(codes(&form("text", "#REF!")), (vec![(2, "failed-formula")], vec![]));
}

#[test]
fn doubtful_rules_are_warnings_but_errors_where_people_are_counted() {
    let survey = |columns: &str, rows: &str| {
        format!(
            "| survey |\n| | type | name | label | {columns} |\n{rows}\n| choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |"
        )
    };
    let relevant = |rule: &str| {
        let rows = "| | select_one yn | a | A | |\n| | select_multiple yn | m | M | |\n| | integer | n | N | |\n| | date | d | D | |\n";
        codes(&survey("relevant", &format!("{rows}| | text | t | T | {rule} |")))
    };
    assert_eq!(relevant("${a} = 'yes'"), (vec![], vec![]));
    for (rule, code) in [
        ("${a} = 'yse'", "unknown-choice"),
        ("selected(${m}, 'yse')", "unknown-choice"),
        ("${m} = 'yes'", "several-answers"),
        ("selected(${n}, 'yes')", "type-clash"),
        ("${n} = 'seven'", "type-clash"),
        ("${d} > 5", "type-clash"),
        ("${d} = '2024-13-01'", "type-clash"),
        ("${n} != 7", "blank-number"),
        ("1 = 2", "never-holds"),
        ("false()", "never-holds"),
        ("regex(${n}, '[0-9]')", "open-regex"),
        ("nonsense = 1", "unknown-reference"),
    ] {
        assert_eq!(relevant(rule), (vec![], vec![(6, code)]), "{rule}");
    }
    for (rule, code) in [
        ("${a} =", "bad-expression"),
        ("selectd(${a}, 'yes')", "unknown-function"),
        ("not()", "bad-arguments"),
        ("regex(${n}, '^([0-9]$')", "bad-regex"),
        ("${b} = 1", "unknown-reference"),
    ] {
        assert_eq!(relevant(rule), (vec![(6, code)], vec![]), "{rule}");
    }
    let counts =
        survey("relevant | role", "| | select_one yn | a | A | | consent |\n| | text | t | T | ${a} = 'yse' | |");
    assert_eq!(codes(&counts), (vec![(3, "unknown-choice")], vec![]));
}

#[test]
fn a_cycle_is_told_with_its_names() {
    let form = "| survey |
        | | type | name | label | calculation | relevant |
        | | calculate | a | | ${b} + 1 | |
        | | calculate | b | | ${c} + 1 | |
        | | calculate | c | | ${a} + 1 | |
        | | text | t | T | | |";
    let diagnostics = compiled(form).diagnostics;
    assert_eq!(diagnostics.len(), 1);
    assert_eq!((diagnostics[0].row, diagnostics[0].code), (2, "cycle"));
    for name in ["a", "b", "c"] {
        assert!(diagnostics[0].message.contains(name), "{}", diagnostics[0].message);
    }
    let once = "| survey |\n| | type | name | label | calculation |\n| | calculate | a | | once(random()) |\n| | text | t | T | |";
    assert_eq!(codes(once), (vec![], vec![]));
}

#[test]
fn languages_come_from_columns_and_the_default_from_settings() {
    let form = |header: &str, cells: &str, default: &str| {
        format!(
            "| survey |\n| | type | name | {header} |\n| | text | q | {cells} |\n| settings |\n| | default_language | form_id |\n| | {default} | f |"
        )
    };
    let languages = |form: String| {
        let questionnaire = compiled(&form).questionnaire.expect("usable");
        let labels = questionnaire.nodes[0].label.0.clone();
        (questionnaire.languages.clone(), questionnaire.default_language, labels)
    };
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(languages(form("label", "Q", "")), (text(&[""]), 0, text(&["Q"])));
    let both = "label::English (en) | label::French (fr)";
    assert_eq!(languages(form(both, "Q | K", "fr")), (text(&["English (en)", "French (fr)"]), 1, text(&["Q", "K"])));
    assert_eq!(
        languages(form("label | label::French (fr)", "Q | K", "")),
        (text(&["default", "French (fr)"]), 0, text(&["Q", "K"]))
    );
    assert_eq!(
        languages(form("label | label::French (fr)", "Q | K", "French (fr)")),
        (text(&["French (fr)"]), 0, text(&["K"]))
    );
}

#[test]
fn a_label_that_lacks_a_language_is_told() {
    let form = "| survey |
        | | type | name | label::English (en) | label::French (fr) |
        | | text | q | Q | K |
        | | text | r | R | |";
    let diagnostics = compiled(form).diagnostics;
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(
        (diagnostics[0].row, diagnostics[0].column.as_str(), diagnostics[0].code),
        (3, "label::French (fr)", "missing-translation")
    );
}

#[test]
fn repeats_or_other_and_typed_calculates_get_the_nodes_they_imply() {
    let form = "| survey |
        | | type | name | label | repeat_count | calculation | trigger |
        | | integer | n | N | | | |
        | | begin repeat | r | R | ${n} + 1 | | |
        | | select_one yn or_other | s | S | | | |
        | | end repeat | | | | | |
        | | begin repeat | r2 | R2 | ${n} | | |
        | | decimal | d | | | ${n} * 2 | |
        | | end repeat | | | | | |
        | | dateTime | t | | | now() | ${n} |
        | choices |
        | | list_name | name | label |
        | | yn | yes | Yes |";
    let Compiled { questionnaire, diagnostics } = compiled(form);
    assert_eq!(diagnostics, []);
    let questionnaire = questionnaire.expect("no diagnostics");
    let names: Vec<&str> = questionnaire.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n", "r_count", "r", "s", "s_other", "r2", "d", "t"]);
    let node = |name: &str| &questionnaire.nodes[questionnaire.node(name).expect("there")];
    assert_eq!(node("r_count").calculation, "${n} + 1");
    assert_eq!((node("r").repeat_count.as_str(), node("r2").repeat_count.as_str()), ("${r_count}", "${n}"));
    assert_eq!((node("s_other").relevant.as_str(), node("s_other").parent), ("selected(${s}, 'other')", Some(2)));
    assert_eq!(questionnaire.lists[0].choices[1].name, "other");
    assert_eq!(
        (node("d").kind, node("d").parameters["type"].as_str()),
        (crate::package::NodeType::Calculate, "decimal")
    );
    assert_eq!(node("t").trigger, [0]);
    let clears = "| survey |\n| | type | name | label | trigger |\n| | text | a | A | |\n| | text | b | B | ${a} |";
    assert_eq!(compiled(clears).questionnaire.expect("usable").nodes[1].calculation, "''");
}
