//! What real authors write: each story is a small form, what a person answers, and what must follow.
#![cfg(feature = "authoring")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_forms::interview::{Interview, InterviewConfig};
use tabara_forms::questionnaire::Questionnaire;
use tabara_forms::xlsform::{Compiled, PackageCheck, Severity, compile, compile_with};

fn config() -> InterviewConfig {
    InterviewConfig { now: 1_795_372_200, seed: 7, offset: 120, ..InterviewConfig::default() }
}

fn questionnaire(form: &str) -> Arc<Questionnaire> {
    let Compiled { questionnaire, diagnostics } = compile(form.as_bytes());
    Arc::new(questionnaire.unwrap_or_else(|| panic!("{diagnostics:?}")))
}

fn start(form: &str) -> Interview {
    Interview::start(questionnaire(form), config())
}

fn say(interview: &mut Interview, answers: &[(&str, &str)]) {
    for (path, text) in answers {
        let answer = Some(*text).filter(|text| !text.is_empty());
        interview.set(path, answer).unwrap_or_else(|error| panic!("{path} = {text}: {error}"));
    }
}

fn value(interview: &Interview, path: &str) -> String {
    interview.value(path).text().into_owned()
}

/// Codes of errors and of warnings.
fn reported(form: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compile(form.as_bytes()).diagnostics.into_iter().partition(|one| one.severity == Severity::Error);
    let codes = |all: Vec<tabara_forms::xlsform::Diagnostic>| all.into_iter().map(|one| one.code).collect();
    (codes(errors), codes(warnings))
}

#[test]
fn a_choice_with_a_space_is_one_answer_also_where_a_filter_decides() {
    let form = "
        | survey |
        | | type | name | label | choice_filter | calculation |
        | | select_one area | area | Area | | |
        | | select_one town | town | Town | area = ${area} | |
        | | calculate | shown | | | jr:choice-name(${town}, '${town}') |
        | choices |
        | | list_name | name | label | area |
        | | area | north | North | |
        | | area | far south | Far south | |
        | | town | Old Port | The old port | north |
        | | town | Old | Old hill | north |
        | | town | Low Bank | Low bank | far south |";
    let mut interview = start(form);
    say(&mut interview, &[("area", "north"), ("town", "Old Port")]);
    assert_eq!((value(&interview, "town"), value(&interview, "shown")), ("Old Port".into(), "The old port".into()));
    // When its area is not the one at hand, the answer is not on offer, and it comes back whole
    say(&mut interview, &[("area", "far south")]);
    assert_eq!(value(&interview, "town"), "");
    say(&mut interview, &[("town", "Low Bank")]);
    assert_eq!(value(&interview, "town"), "Low Bank");
}

#[test]
fn a_row_with_a_space_in_its_answer_is_a_choice() {
    let form = "
        | survey |
        | | type | name | label | choice_filter |
        | | begin repeat | person | Person | |
        | | text | called | Called | |
        | | integer | age | Age | |
        | | end repeat | | | |
        | | select_one ${called} | first | Who speaks? | ${called} != '' |
        | | select_multiple ${called} | grown | Who is grown up? | ${age} >= 18 |";
    let mut interview = start(form);
    say(&mut interview, &[("person[1]/called", "Anne Marie"), ("person[1]/age", "30"), ("first", "Anne Marie")]);
    assert_eq!(value(&interview, "first"), "Anne Marie");
    interview.add_row("person").expect("room");
    say(&mut interview, &[("person[2]/called", "Anne"), ("person[2]/age", "40"), ("grown", "Anne Anne Marie")]);
    assert_eq!(value(&interview, "grown"), "Anne Anne Marie");
    // When one of the two is a child, the other is left
    say(&mut interview, &[("person[1]/age", "9")]);
    assert_eq!(value(&interview, "grown"), "Anne");
    assert!(interview.set("first", Some("Marie")).is_err(), "half a name is no choice");
}

#[test]
fn a_calculated_false_is_false() {
    let form = "
        | survey |
        | | type | name | label | calculation | relevant |
        | | integer | rooms | Rooms | | |
        | | calculate | large | | ${rooms} > 5 | |
        | | text | wide | Wide | ${rooms} > 5 | |
        | | calculate | compared | | if(${large} = false(), 'small', 'large') | |
        | | calculate | branch | | if(${large}, 'large', 'small') | |
        | | calculate | both | | if(not(${large}) and not(${wide}), 'small', 'large') | |
        | | text | stairs | Stairs | | ${large} |
        | | text | yard | Yard | | not(${large}) |";
    let mut interview = start(form);
    for (rooms, word) in [("2", "small"), ("9", "large"), ("3", "small")] {
        say(&mut interview, &[("rooms", rooms)]);
        for path in ["compared", "branch", "both"] {
            assert_eq!(value(&interview, path), word, "{path} of {rooms}");
        }
        assert_eq!(interview.relevant("stairs"), word == "large");
        assert_eq!(interview.relevant("yard"), word == "small");
        assert_eq!(value(&interview, "large"), (word == "large").to_string());
    }
}

#[test]
fn the_label_of_twins_is_that_of_the_choice_on_offer() {
    let form = "
        | settings |
        | | form_id | allow_choice_duplicates |
        | | f | yes |
        | survey |
        | | type | name | label | choice_filter | calculation |
        | | select_one river | river | River | | |
        | | select_one bridge | bridge | Bridge | river = ${river} | |
        | | calculate | crossed | | | jr:choice-name(${bridge}, '${bridge}') |
        | | begin repeat | trip | Trip | | |
        | | select_one river | along | Along | | |
        | | select_one bridge | over | Over | river = ${along} | |
        | | calculate | by | | | jr:choice-name(${over}, '${over}') |
        | | end repeat | | | | |
        | choices |
        | | list_name | name | label | river |
        | | river | long | Long | |
        | | river | short | Short | |
        | | bridge | 1 | Long one | long |
        | | bridge | 1 | Short one | short |
        | | bridge | 2 | Short two | short |";
    let mut interview = start(form);
    say(&mut interview, &[("river", "short"), ("bridge", "1")]);
    assert_eq!(value(&interview, "crossed"), "Short one");
    say(&mut interview, &[("river", "long")]);
    assert_eq!(value(&interview, "crossed"), "Long one");
    interview.add_row("trip").expect("room");
    say(&mut interview, &[("trip[2]/along", "short"), ("trip[2]/over", "1")]);
    say(&mut interview, &[("trip[1]/along", "long"), ("trip[1]/over", "1")]);
    assert_eq!(
        (value(&interview, "trip[1]/by"), value(&interview, "trip[2]/by")),
        ("Long one".into(), "Short one".into())
    );
}

#[test]
fn rows_that_a_lower_count_hides_come_back_with_their_answers() {
    let form = "
        | survey |
        | | type | name | label | repeat_count | calculation |
        | | integer | n | How many? | | |
        | | begin repeat | child | Child | ${n} | |
        | | text | name | Name | | |
        | | begin repeat | school | School | | |
        | | text | town | Town | | |
        | | end repeat | | | | |
        | | end repeat | | | | |
        | | calculate | all | | | join(' ', ${name}) |";
    let mut interview = start(form);
    say(&mut interview, &[("n", "3"), ("child[1]/name", "A"), ("child[2]/name", "B"), ("child[3]/name", "C")]);
    interview.add_row("child[3]/school").expect("room");
    say(&mut interview, &[("child[3]/school[2]/town", "Ruyigi")]);
    // When the number is mistyped, nothing of the hidden rows counts or is recorded
    say(&mut interview, &[("n", "1")]);
    assert_eq!(value(&interview, "all"), "A");
    assert!(interview.answers().iter().all(|(path, _)| !path.starts_with("child[2]")));
    // Then the rows are there again, in their order, also after the draft was put aside
    let again = Interview::resume(interview.questionnaire().clone(), config(), &interview.draft()).expect("its draft");
    for mut interview in [interview, again] {
        let left = interview.recorded();
        say(&mut interview, &[("n", "3")]);
        assert_eq!(value(&interview, "all"), "A B C");
        assert_eq!(value(&interview, "child[3]/school[2]/town"), "Ruyigi");
        // But what was recorded has forgotten them
        let mut left = left;
        say(&mut left, &[("n", "3")]);
        assert_eq!(value(&left, "all"), "A  ");
    }
}

#[test]
fn an_answer_over_a_calculation_is_there_after_the_draft_is_resumed() {
    let form = "
        | survey |
        | | type | name | label | calculation | relevant |
        | | select_one yn | owns | Owns a bicycle? | | |
        | | text | bicycle | Which? | | ${owns} = 'y' |
        | | text | reach | How is she reached? | ${bicycle} | |
        | choices |
        | | list_name | name | label |
        | | yn | y | Yes |
        | | yn | n | No |";
    let mut interview = start(form);
    say(&mut interview, &[("owns", "n"), ("reach", "by her sister")]);
    let again = Interview::resume(interview.questionnaire().clone(), config(), &interview.draft()).expect("its draft");
    assert_eq!(value(&again, "reach"), "by her sister");
}

#[test]
fn a_time_can_be_formatted_and_compared() {
    let form = "
        | survey |
        | | type | name | label | calculation |
        | | time | at | When? | |
        | | calculate | clock | | format-date-time(${at}, '%H:%M') |
        | | calculate | early | | if(format-date(${at}, '%H%M') < '0900', 'early', 'late') |
        | | calculate | said | | if(${at} < '09:00', 'early', 'late') |
        | | calculate | plain | | format-date-time(string(${at}), '%h.%M') |";
    let mut interview = start(form);
    say(&mut interview, &[("at", "16:45")]);
    let all = ["clock", "early", "said", "plain"].map(|path| value(&interview, path));
    assert_eq!(all, ["16:45", "late", "late", "16.45"]);
}

#[test]
fn once_inside_an_expression_is_refused_with_its_cure() {
    let form = |calculation: &str, relevant: &str| {
        format!(
            "| survey |\n| | type | name | label | calculation | relevant |\n| | integer | a | A | | |\n\
             | | calculate | c | | {calculation} | |\n| | text | t | T | | {relevant} |"
        )
    };
    assert_eq!(reported(&form("once(random())", "")), (vec![], vec![]));
    for calculation in ["once(7) * 10 + 0 * ${a}", "concat('H', once('x'), ${a})", "if(${a} = 1, once('x'), 'y')"] {
        assert_eq!(reported(&form(calculation, "")), (vec!["once-inside"], vec![]), "{calculation}");
    }
    assert_eq!(reported(&form("1", "once(${a} = 1)")), (vec!["once-inside"], vec![]));
}

#[test]
fn an_aggregate_in_a_predicate_sees_all_rows() {
    let form = "
        | survey |
        | | type | name | label | calculation | choice_filter |
        | | begin repeat | goat | Goat | | |
        | | text | called | Called | | |
        | | integer | weight | Weight | | |
        | | begin repeat | kid | Kid | | |
        | | text | kid_name | Kid | | |
        | | end repeat | | | | |
        | | end repeat | | | | |
        | | calculate | heaviest | | ${goat}[weight = max(${weight})]/called | |
        | | calculate | absolute | | ${goat}[weight = max(/data/goat/weight)]/called | |
        | | calculate | lightest | | count(${goat}[weight = min(${weight})]) | |
        | | calculate | under | | count(${goat}[weight < sum(${weight}) div count(${weight})]) | |
        | | calculate | mothers | | count(${goat}[count(${kid}) > 1]) | |
        | | select_one ${called} | best | Which? | | ${weight} = max(${weight}) |";
    let mut interview = start(form);
    for (row, (name, weight)) in [("Ina", "20"), ("Uma", "33"), ("Eze", "9")].into_iter().enumerate() {
        if row > 0 {
            interview.add_row("goat").expect("room");
        }
        let path = |name: &str| format!("goat[{}]/{name}", row + 1);
        say(&mut interview, &[(&path("called"), name), (&path("weight"), weight)]);
    }
    interview.add_row("goat[3]/kid").expect("room");
    let all = ["heaviest", "absolute", "lightest", "under", "mothers"].map(|path| value(&interview, path));
    // the mean is 20.67: two goats are under it
    assert_eq!(all, ["Uma", "Uma", "1", "2", "1"]);
    assert!(interview.set("best", Some("Ina")).is_err());
    say(&mut interview, &[("best", "Uma")]);
}

#[test]
fn a_choice_compared_by_size_need_not_be_named() {
    let form = |rule: &str| {
        format!(
            "| survey |\n| | type | name | label | relevant | role |\n| | select_one scale | pain | Pain | | consent |\n\
             | | text | why | Why | {rule} | |\n| choices |\n| | list_name | name | label |\n\
             | | scale | 1 | 1 |\n| | scale | 5 | 5 |\n| | scale | 10 | 10 |"
        )
    };
    for rule in ["${pain} > 4", "${pain} >= 7", "4 < ${pain}", "${pain} <= 3"] {
        assert_eq!(reported(&form(rule)), (vec![], vec![]), "{rule}");
    }
    assert_eq!(reported(&form("${pain} = 4")).0, ["unknown-choice"]);
}

#[test]
fn round_rounds_the_decimal_that_one_reads() {
    let form = "
        | survey |
        | | type | name | label | calculation |
        | | decimal | x | X | |
        | | calculate | two | | round(${x}, 2) |
        | | calculate | none | | round(${x}) |
        | | calculate | tens | | round(${x}, -1) |";
    let mut interview = start(form);
    for (x, two, none, tens) in [
        ("1.005", "1.01", "1", "0"),
        ("10.075", "10.08", "10", "10"),
        ("0.285", "0.29", "0", "0"),
        ("5.015", "5.02", "5", "10"),
        ("2.675", "2.68", "3", "0"),
        ("9.995", "10", "10", "10"),
        ("-0.5", "-0.5", "0", "0"),
        ("-15", "-15", "-15", "-10"),
        ("1234567.005", "1234567.01", "1234567", "1234570"),
        ("99.999", "100", "100", "100"),
    ] {
        say(&mut interview, &[("x", x)]);
        let all = ["two", "none", "tens"].map(|path| value(&interview, path));
        assert_eq!(all, [two, none, tens], "{x}");
    }
}

#[test]
fn a_seed_from_an_answer_gives_every_order() {
    let form = "
        | survey |
        | | type | name | label | parameters |
        | | integer | house | House | |
        | | select_one c | q | Q | randomize=true seed=${house} |
        | choices |
        | | list_name | name | label |
        | | c | a | A |
        | | c | b | B |
        | | c | c | C |
        | | c | d | D |";
    let mut interview = start(form);
    let (mut orders, mut first) = (BTreeSet::new(), BTreeMap::<String, u32>::new());
    for house in 1..=400 {
        say(&mut interview, &[("house", &house.to_string())]);
        let names = |interview: &mut Interview| -> Vec<String> {
            interview.jump("q").expect("shown").questions[0].choices.iter().map(|c| c.name.clone()).collect()
        };
        let order = names(&mut interview);
        assert_eq!(order, names(&mut interview), "the same seed, the same order");
        *first.entry(order[0].clone()).or_default() += 1;
        orders.insert(order);
    }
    assert_eq!(orders.len(), 24);
    assert!(first.values().all(|times| (70..=130).contains(times)), "{first:?}");
}

#[test]
fn a_seed_gives_the_order_that_javarosa_tests_for() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let choices: String = names.map(|name| format!("| | c | {name} | {name} |\n")).concat();
    let form = "
        | survey |
        | | type | name | label | parameters |
        | | text | house | House | |
        | | select_one c | q | Q | randomize=true seed=${house} |
        | choices |
        | | list_name | name | label |
        ";
    let mut interview = start(&format!("{form}{choices}"));
    // of its RandomizeTypesTest: a text is hashed
    for (seed, order) in [("1234", "gfedahbc"), ("foo", "eadbhgcf")] {
        say(&mut interview, &[("house", seed)]);
        let page = interview.jump("q").expect("shown");
        assert_eq!(page.questions[0].choices.iter().map(|c| c.name.as_str()).collect::<String>(), order, "{seed}");
    }
}

#[test]
fn a_table_can_be_asked_by_computed_names() {
    let form = "
        | survey |
        | | type | name | label | calculation |
        | | text | code | Code | |
        | | text | wanted | Column | |
        | | select_one t | which | Table | |
        | | calculate | by_column | | pulldata('prices', ${wanted}, 'code', ${code}) |
        | | calculate | by_table | | pulldata(if(${which} = 'old', 'prices_old', 'prices'), 'sugar', 'code', ${code}) |
        | choices |
        | | list_name | name | label |
        | | t | old | Old |
        | | t | new | New |";
    let files = |name: &str| match name {
        "prices.csv" => Some(b"code,sugar,salt\nng,30,5\nru,31,6\n".to_vec()),
        "prices_old.csv" => Some(b"code,sugar\nng,20\n".to_vec()),
        _ => None,
    };
    let Compiled { questionnaire, diagnostics } = compile_with(form.as_bytes(), &files, &PackageCheck::NONE);
    let mut interview =
        Interview::start(Arc::new(questionnaire.unwrap_or_else(|| panic!("{diagnostics:?}"))), config());
    say(&mut interview, &[("code", "ng"), ("wanted", "salt"), ("which", "old")]);
    assert_eq!((value(&interview, "by_column"), value(&interview, "by_table")), ("5".into(), "20".into()));
    say(&mut interview, &[("wanted", "sugar"), ("which", "new"), ("code", "ru")]);
    assert_eq!((value(&interview, "by_column"), value(&interview, "by_table")), ("31".into(), "31".into()));
    say(&mut interview, &[("wanted", "nothing")]);
    assert_eq!(value(&interview, "by_column"), "");
}

#[test]
fn a_group_that_asks_its_own_child_is_reported_with_the_cure() {
    let form = "| survey |\n| | type | name | label | relevant |\n| | begin group | g | G | ${inside} = 'x' |\n\
                | | text | inside | I | |\n| | end group | | | |";
    let diagnostics = compile(form.as_bytes()).diagnostics;
    let [only] = &diagnostics[..] else { panic!("one cause, one message: {diagnostics:?}") };
    assert_eq!((only.code, only.row, only.column.as_str()), ("cycle", 2, "relevant"));
    assert_eq!(&*only.message.text, "the group 'g' is shown only if 'inside' says so, and 'inside' stands in it");
    assert_eq!(&*only.hint.text, "move 'inside' out, in front of the group, or put the rule on the questions after it");
}

#[test]
fn functions_of_other_tools_are_named_as_such() {
    let hint = |call: &str| {
        let form = format!(
            "| survey |\n| | type | name | label | calculation |\n| | date | d | D | |\n| | calculate | c | | {call} |"
        );
        let [only] = &compile(form.as_bytes()).diagnostics[..] else { panic!("one message for {call}") };
        assert_eq!(only.code, "unknown-function");
        format!("{} / {}", only.message, only.hint)
    };
    assert!(hint("count-if(${d}, 1)").contains("SurveyCTO"));
    assert!(hint("count-if(${d}, 1)").contains("count(${repeat}[condition])"));
    assert!(hint("difference-in-months(${d}, today())").contains("CHT"));
    assert!(hint("cht:extension-lib('x')").contains("CHT"));
}
