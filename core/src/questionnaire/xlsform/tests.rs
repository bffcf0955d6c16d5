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

type Found = Vec<(usize, &'static str)>;

/// (row, code) of the errors, then of the warnings.
fn codes(form: &str) -> (Found, Found) {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled(form).faults.into_iter().partition(|fault| fault.severity == Severity::Error);
    let short = |faults: Vec<Fault>| faults.into_iter().map(|fault| (fault.row, fault.code)).collect();
    (short(errors), short(warnings))
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
    codes(&counting(rows, indicators)).0
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
    assert_eq!(of("| | select_one sex | s | S | urgency | | | | | | |"), [(4, "fact-kind")]);
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
    assert_eq!(of("| | open | yes | mc_dept | means | | | | means | yes |"), [(2, "fact-codes")]);
}

#[test]
fn a_form_that_counts_people_asks_for_consent_and_leave_to_count() {
    let form = counting("| | select_one sex | s | S | sex | | | | | | |", "").replace("| statistics |", "| |");
    assert_eq!(codes(&form).0, [(0, "no-consent")]);
    assert_eq!(errors_of("| | text | q | Q | | konsent | | | | | |", ""), [(4, "unknown-role")]);
    assert_eq!(errors_of("| | text | q | Q | | | | device.comune | | | |", ""), [(4, "unknown-prefill")]);
    assert_eq!(errors_of("| | text | outcome | Q | | | | | | | |", ""), [(4, "reserved-name")]);
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
        ("regex(${n}, '^([0-9]$')", "bad-regex"),
        ("nonsense = 1", "unknown-reference"),
    ] {
        assert_eq!(relevant(rule), (vec![], vec![(6, code)]), "{rule}");
    }
    for (rule, code) in [
        ("${a} =", "bad-expression"),
        ("selectd(${a}, 'yes')", "unknown-function"),
        ("not()", "bad-arguments"),
        ("${b} = 1", "unknown-reference"),
    ] {
        assert_eq!(relevant(rule), (vec![(6, code)], vec![]), "{rule}");
    }
    assert_eq!(errors_of("| | text | q | Q | | | | | | ${agrees} = 'yse' | |", ""), [(4, "unknown-choice")]);
}

#[test]
fn a_cycle_is_told_with_its_names() {
    let form = "| survey |
        | | type | name | label | calculation | relevant |
        | | calculate | a | | ${b} + 1 | |
        | | calculate | b | | ${c} + 1 | |
        | | calculate | c | | ${a} + 1 | |
        | | text | t | T | | |";
    let faults = compiled(form).faults;
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].row, faults[0].code), (2, "cycle"));
    for name in ["a", "b", "c"] {
        assert!(faults[0].message.contains(name), "{}", faults[0].message);
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
    let faults = compiled(form).faults;
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].row, faults[0].column.as_str(), faults[0].code),
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
    let Compiled { questionnaire, faults } = compiled(form);
    assert_eq!(faults, []);
    let questionnaire = questionnaire.expect("no faults");
    let names: Vec<&str> = questionnaire.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n", "r_count", "r", "s", "s_other", "r2", "d", "t"]);
    let node = |name: &str| &questionnaire.nodes[questionnaire.node(name).expect("there")];
    assert_eq!(node("r_count").calculation, "${n} + 1");
    assert_eq!((node("r").repeat_count.as_str(), node("r2").repeat_count.as_str()), ("${r_count}", "${n}"));
    assert_eq!((node("s_other").relevant.as_str(), node("s_other").parent), ("selected(${s}, 'other')", Some(2)));
    assert_eq!(questionnaire.lists[0].choices[1].name, "other");
    assert_eq!(
        (node("d").kind, node("d").parameters["type"].as_str()),
        (crate::questionnaire::NodeType::Calculate, "decimal")
    );
    assert_eq!(node("t").trigger, [0]);
    let clears = "| survey |\n| | type | name | label | trigger |\n| | text | a | A | |\n| | text | b | B | ${a} |";
    assert_eq!(compiled(clears).questionnaire.expect("usable").nodes[1].calculation, "''");
}

#[test]
fn our_own_questionnaires_compile_without_a_word() {
    for form in [
        include_str!("../../../../questionnaires/first-line.md"),
        include_str!("../../../../questionnaires/returnee-screening.md"),
    ] {
        let Compiled { questionnaire, faults } = compile(form.as_bytes());
        assert_eq!(faults, []);
        let questionnaire = questionnaire.expect("no faults");
        let again = Questionnaire::read(&questionnaire.write()).expect("what was written");
        assert_eq!(again.sha256(), questionnaire.sha256());
    }
}
