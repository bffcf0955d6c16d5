//! Forms as authors write them, good and bad.

use super::*;

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
    let Compiled { questionnaire, faults } = compiled(form);
    assert_eq!(faults, []);
    let questionnaire = questionnaire.expect("no faults");
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
    let found: Vec<_> = compiled(form).faults.into_iter().map(|f| (f.sheet, f.row, f.column, f.code, f.hint)).collect();
    let short: Vec<_> =
        found.iter().map(|(s, r, c, code, h)| (s.as_str(), *r, c.as_str(), *code, h.as_str())).collect();
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
