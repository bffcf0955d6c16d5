//! What Tabara's own checks report of forms that count people.

use super::*;
use crate::screening::read_questionnaire;
use tabara_forms::xlsform::Severity;

/// Rows and codes of errors.
type Found = Vec<(usize, &'static str)>;

fn errors(form: &str) -> Found {
    let errors = compile(form.as_bytes()).diagnostics.into_iter().filter(|fault| fault.severity == Severity::Error);
    errors.map(|fault| (fault.row, fault.code)).collect()
}

/// A form that counts people, with the columns that this needs, and more rows.
fn counting(rows: &str, indicators: &str) -> String {
    format!(
        "| survey |
        | | type | name | label | fact | role | sealed_only | prefill | calculation | relevant | choice_filter |
        | | select_one yn | agrees | A | | consent | | | | | |
        | | select_one yn | counts | B | | statistics | | | | | |
        {rows}
        | choices |
        | | list_name | name | label |
        | | yn | yes | Yes |
        | | yn | no | No |
        | | sex | f | F |
        | | sex | m | M |
        | | what | ex_domestic | D |
        | | what | begging | B |
        | indicators |
        | | question | answer | code | kind | dimension | AL | condition | fact | assume |
        {indicators}
        | settings |
        | | form_id | kind | unit | rule |
        | | f | screening | people | 2 |"
    )
}

fn errors_of(rows: &str, indicators: &str) -> Found {
    errors(&counting(rows, indicators))
}

#[test]
fn a_fact_is_known_allowed_closed_and_of_the_right_number() {
    let of = |row: &str| errors_of(row, "");
    assert_eq!(of("| | select_one sex | s | S | sex | | | | | | |"), []);
    assert_eq!(of("| | select_one sex | s | S | sax | | | | | | |"), [(4, "unknown-fact")]);
    assert_eq!(of("| | select_one yn | s | S | sex | | | | | | |"), [(4, "fact-codes")]);
    assert_eq!(of("| | select_one what | s | S | exploitation | | | | | | |"), [(4, "fact-cardinality")]);
    assert_eq!(of("| | select_multiple what | s | S | exploitation | | | | | | |"), [(4, "fact-codes")]);
    assert_eq!(of("| | text | s | S | sex | | | | | | |"), [(4, "fact-type")]);
    assert_eq!(of("| | select_one sex | s | S | outcome | | | | | | |"), [(4, "fact-of-core")]);
    assert_eq!(of("| | select_one sex | s | S | delay | | | | | | |"), [(4, "fact-kind")]);
    let twice = "| | select_one sex | s | S | sex | | | | | | |\n| | select_one sex | t | T | sex | | | | | | |";
    assert_eq!(of(twice), [(5, "duplicate-column-entry")]);
    let inside = "| | begin repeat | r | R | | | | | | | |\n| | select_one sex | s | S | sex | | | | | | |\n| | end repeat | | | | | | | | | |";
    assert_eq!(of(inside), [(5, "fact-in-repeat")]);
}

#[test]
fn a_calculated_fact_can_only_come_to_its_codes() {
    let of = |calculation: &str| {
        errors_of(
            &format!(
                "| | select_one sex | q | Q | | | | | | | |\n| | calculate | x | | sex | | | | {calculation} | | |"
            ),
            "",
        )
    };
    assert_eq!(of("if(${q} = '', 'ns', ${q})"), []);
    assert_eq!(of("if(${q} = '', 'nss', ${q})"), [(5, "fact-codes")]);
    assert_eq!(of("if(${agrees} = 'no', 1, 'f')"), [(5, "fact-codes")]);
    assert_eq!(of("${agrees}"), [(5, "fact-codes")]);
    assert_eq!(of("if(${agrees} = 'yes' or ${agrees} = 'no', 'f', ${agrees})"), []);
    assert_eq!(of("if(selected('f m', ${agrees}), ${agrees}, 'other')"), []);
    assert_eq!(of("instance('sex')/root/item[name = ${q}]/name"), []);
    assert_eq!(of("instance('yn')/root/item[name = ${q}]/name"), [(5, "fact-codes")]);
}

#[test]
fn a_fact_never_depends_on_what_stays_sealed_however_indirectly() {
    let sealed = "| | select_one sex | name | N | | | true | | | | |\n";
    let of = |rows: &str| errors_of(&format!("{sealed}{rows}"), "");
    assert_eq!(errors_of("| | select_one sex | s | S | sex | | true | | | | |", ""), [(4, "fact-of-sealed")]);
    let through =
        "| | calculate | a | | | | | | ${name} | | |\n| | calculate | b | | sex | | | | if(${a} = 'f', 'f', 'm') | | |";
    assert_eq!(of(through), [(6, "fact-of-sealed")]);
    assert_eq!(of("| | select_one sex | s | S | sex | | | | | ${name} = 'f' | |"), [(5, "fact-of-sealed")]);
    assert_eq!(of("| | select_one sex | s | S | sex | | | | | | name = ${name} |"), [(5, "fact-of-sealed")]);
    let group = "| | begin group | g | G | | | | | | ${name} = 'f' | |\n| | select_one sex | s | S | sex | | | | | | |\n| | end group | | | | | | | | | |";
    assert_eq!(of(group), [(6, "fact-of-sealed")]);
    assert_eq!(of("| | select_one sex | s | S | sex | | | | | ${agrees} = 'yes' | |"), []);
}

#[test]
fn a_mark_to_stay_sealed_is_never_misread() {
    let of = |mark: &str| errors_of(&format!("| | select_one sex | s | S | sex | | {mark} | | | | |"), "");
    assert_eq!(of("no"), []);
    assert_eq!(of("TRUE"), [(4, "fact-of-sealed")]);
    assert_eq!(of("x"), [(4, "bad-truth"), (4, "fact-of-sealed")]);
}

#[test]
fn what_stays_sealed_is_not_kept_for_the_next_interview() {
    let sealed = "| | text | name | N | | | true | | | | |\n";
    let asks = |text: &str| errors_of(&format!("{sealed}| | text | q | Q | | | | | {text} | | |"), "");
    assert_eq!(asks("${last-saved#name}"), [(5, "last-saved-of-sealed")]);
    let label = format!("{sealed}| | text | q | Last time: ${{last-saved#name}} | | | | | | | |");
    assert_eq!(errors_of(&label, ""), [(5, "last-saved-of-sealed")]);
    assert_eq!(asks("${last-saved#agrees}"), []);
}

#[test]
fn an_indicator_that_moves_an_outcome_never_depends_on_what_stays_sealed() {
    let rows = "| | select_one yn | open | O | | | | | | | |\n| | select_one yn | shut | S | | | true | | | | |";
    let of = |indicator: &str| errors_of(rows, indicator);
    assert_eq!(of("| | open | yes | A_x | act | | | | | yes |"), []);
    assert_eq!(of("| | shut | yes | A_x | act | | | | | yes |"), [(2, "fact-of-sealed")]);
    assert_eq!(of("| | open | yes | A_x | act | | | shut | | yes |"), [(2, "fact-of-sealed")]);
    assert_eq!(of("| | shut | yes | N_x | need | | | | | never |"), []);
    assert_eq!(of("| | open | maybe | A_x | act | | | | | yes |"), [(2, "unknown-choice")]);
    assert_eq!(of("| | opne | yes | A_x | act | | | | | yes |"), [(2, "unknown-reference")]);
    assert_eq!(of("| | open | yes | A_x | indicator | DR | X | | | often |"), [(2, "bad-assume"), (2, "bad-weight")]);
    assert_eq!(of("| | open | yes | A_x | guess | | | | | yes |"), [(2, "bad-indicator")]);
    assert_eq!(of("| | open | yes | A_x | indicator | DR | | | | yes |"), [(2, "bad-indicator")]);
    let without_rule =
        counting(rows, "| | open | yes | A_x | act | | | | | yes |").replace("| people | 2 |", "| people | |");
    assert_eq!(errors(&without_rule), [(0, "bad-indicator")]);
    assert_eq!(of("| | open | yes | mc_dept | means | | | | means | yes |"), [(2, "fact-codes")]);
}

#[test]
fn a_form_that_counts_people_asks_for_consent_and_leave_to_count() {
    let form = counting("| | select_one sex | s | S | sex | | | | | | |", "").replace("| statistics |", "| |");
    assert_eq!(errors(&form), [(0, "no-consent")]);
    assert_eq!(errors_of("| | text | q | Q | | konsent | | | | | |", ""), [(4, "unknown-role")]);
    assert_eq!(errors_of("| | text | q | Q | | | | device.comune | | | |", ""), [(4, "unknown-prefill")]);
    assert_eq!(errors_of("| | text | outcome | Q | | | | | | | |", ""), [(4, "reserved-name")]);
}

#[test]
fn our_own_questionnaires_compile_without_a_word() {
    for form in [
        include_str!("../../../../questionnaires/first-line.md"),
        include_str!("../../../../questionnaires/returnee-screening.md"),
    ] {
        let Compiled { questionnaire, diagnostics: faults } = compile(form.as_bytes());
        assert_eq!(faults, []);
        let questionnaire = questionnaire.expect("no faults");
        let again = read_questionnaire(&questionnaire.write()).expect("what was written");
        assert_eq!(again.sha256(), questionnaire.sha256());
    }
}
