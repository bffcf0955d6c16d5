//! Whatever the bytes: an error, or an interview that works; never a panic, never more than bounded time.

use super::*;
use crate::expression::{Environment, evaluate};
use proptest::prelude::*;

#[test]
fn an_expression_as_deep_as_it_may_be_is_evaluated() {
    let around = Environment { now: 0, local: 120, seed: 1, language: 0, last_saved: BTreeMap::new() };
    let chain = vec!["1"; 290].join(" + ");
    assert_eq!(evaluate(&chain, &around).0, Value::Number(290.0));
    let nested = "if(1, ".repeat(90) + "7" + &", 0)".repeat(90);
    assert_eq!(evaluate(&nested, &around).0, Value::Number(7.0));
}

#[test]
fn rows_that_make_rows_are_bounded() {
    // 10,000 rows of 10,000 rows
    let mut interview = start("integer n\n repeat a | count: ${n}\n repeat b | count: ${n}\n text t\n end\n end");
    interview.says(&[("n", "10000")]);
    assert!(interview.state.rows.count() <= 50_001);
    interview.says(&[("n", "0")]);
    assert_eq!(interview.state.rows.count(), 1);
}

#[test]
fn a_draft_with_more_rows_than_its_count_is_taken_up_with_those_that_count() {
    let rows = "integer n\n repeat r | count: ${n}\n repeat q\n integer d\n calculate k | is: position(..) + sum(${d})\n end\n end\n text t";
    let mut interview = start(rows);
    interview.says(&[("n", "2"), ("r[2]/q[1]/d", "1")]);
    let mut draft = interview.draft();
    draft.answers = vec![("n".into(), "0".into())];
    let resumed = Interview::resume(form(rows), setting(), &draft).expect("a draft");
    assert_eq!(resumed.answers(), [("n".to_owned(), "0".to_owned())]);
}

#[test]
fn rules_that_chase_each_other_across_rows_end() {
    // every row follows the row before it and the row after it
    let mut interview = start(
        "integer start\n integer n\n repeat r | count: ${n}\n
         calculate t | is: coalesce(indexed-repeat(${t}, ${r}, position(..) - 1), 0) + 1 + ${start}\n end",
    );
    interview.says(&[("start", "0"), ("n", "200")]);
    assert_eq!(interview.text_of("r[200]/t"), "200");
}

#[test]
fn ten_thousand_rows_that_look_at_each_other_are_settled() {
    let mut interview = start(
        "integer n\n repeat r | count: ${n}\n integer x | default: 1\n calculate at | is: position(..)\n
         calculate t | is: coalesce(indexed-repeat(${t}, ${r}, position(..) - 1), 0) + ${x}\n end\n
         calculate all | is: sum(${x})",
    );
    interview.says(&[("n", "10000")]);
    assert_eq!((interview.text_of("r[10000]/t"), interview.text_of("all")), ("10000".into(), "10000".into()));
    interview.says(&[("r[1]/x", "5")]);
    assert_eq!((interview.text_of("r[10000]/t"), interview.text_of("all")), ("10004".into(), "10004".into()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_an_expression_or_a_fault(text in "[-a-z0-9'\"(){}\\[\\]$/.,:=<>!*+| ]{0,60}|(sum|count|if|once|position|current|date|round|join|substr|regex|uuid|instance)\\([-a-z0-9'(){}$/.,=<>* ]{0,30}\\)") {
        let around = Environment { now: 0, local: 120, seed: 1, language: 0, last_saved: BTreeMap::new() };
        let (value, _) = evaluate(&text, &around);
        let _ = value.text();
    }

    #[test]
    fn a_package_with_a_changed_byte_is_refused_or_works(at in any::<prop::sample::Index>(), byte in 0u8..128, second in any::<prop::sample::Index>()) {
        let mut bytes = package(ROSTER).write();
        let (at, second) = (at.index(bytes.len()), second.index(bytes.len()));
        bytes[at] = byte;
        bytes[second] = b'9';
        if let Ok(questionnaire) = Questionnaire::read(&bytes) {
            let mut interview = Interview::start(Arc::new(questionnaire), setting());
            let _ = (interview.page(), interview.next(), interview.missing(), interview.answers(), interview.facts());
        }
    }

    #[test]
    fn any_answer_to_any_path_is_taken_or_refused(path in "[a-z]{0,6}(\\[[0-9]{0,20}\\])?(/[a-z]{0,6})?", text in "\\PC{0,40}") {
        let mut interview = start(SCREENING);
        let _ = (interview.answer(&path, Some(&text)), interview.add_row(&path), interview.remove_row(&path), interview.jump(&path));
        for name in ["age", "need", "province", "last", "consent"] {
            let _ = interview.answer(name, Some(&text));
        }
        let _ = (interview.page(), interview.missing(), interview.draft());
    }
}
