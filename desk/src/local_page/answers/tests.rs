//! Every type of question: posted as its field posts it, and read back by the same field.

use super::step;
use crate::form::begin;
use crate::local_page::fields::{Shape, parts, shape};
use crate::local_page::posted::Posted;
use std::collections::BTreeSet;
use tabara_core::error::AnswerReason;
use tabara_core::interview::{Interview, Question};
use tabara_core::screening::compile;

/// The form with every type of question, on the three pages that the browser tests photograph.
fn interview() -> Interview {
    let compiled = compile(include_bytes!("../../../../tests/browser/every-question.md"));
    begin(compiled.questionnaire.expect("a form without errors"), "en")
}

/// Path, fields by the endings of their names, and the answer as XLSForm writes it.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

fn posted(pairs: &[(&str, &str)]) -> Posted {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a browser posts when nothing is touched.
fn untouched(question: &Question) -> Posted {
    let path = &question.path;
    let mut fields = posted(&[("q", path)]);
    match shape(question) {
        Shape::Several => {
            let chosen = question.value.as_deref().unwrap_or("").split_whitespace();
            fields.extend(chosen.map(|name| (format!("a:{path}"), name.to_owned())));
        }
        Shape::Order | Shape::NotHere | Shape::Read => {}
        _ => fields.extend(parts(question).into_iter().map(|(part, value)| (format!("a:{path}{part}"), value))),
    }
    fields
}

#[test]
fn every_type_of_question_is_posted_and_shown_again_as_it_was_posted() {
    let cases: &[Case<'_>] = &[
        ("one", &[("", "yes")], "yes"),
        ("several", &[("", "papaya"), ("", "mango")], "mango papaya"),
        ("listed", &[("", "gitega")], "gitega"),
        ("many", &[("", "ngozi")], "ngozi"),
        ("likert", &[("", "a4")], "a4"),
        ("quick", &[("", "mango")], "mango"),
        ("pictured", &[("", "blue")], "blue"),
        ("age", &[("", " 17 ")], "17"),
        ("pay", &[("", "2,50")], "2.5"),
        ("marks", &[("", "3")], "3"),
        ("slider", &[("", "35")], "35"),
        ("day", &[("", "2024-02-29")], "2024-02-29"),
        ("month", &[(":m", "07"), (":y", "2023")], "2023-07-01"),
        ("year", &[(":y", "1999")], "1999-01-01"),
        ("hour", &[("", "05:30")], "05:30"),
        ("moment", &[("", "2025-01-02T13:45")], "2025-01-02T13:45"),
        ("name", &[("", "Ange")], "Ange"),
        ("story", &[("", "one\r\ntwo")], "one\ntwo"),
        ("phone", &[("", "79 000 000")], "79 000 000"),
        ("spot", &[("", "-3,38"), (":lon", "29.36")], "-3.38 29.36"),
        ("way", &[("", "-3.3 29.3\r\n-3.4 29.4")], "-3.3 29.3;-3.4 29.4"),
        ("bar", &[("", "P-77")], "P-77"),
        ("seen", &[("", "OK")], "OK"),
    ];
    let mut interview = interview();
    let mut met = BTreeSet::new();
    for (path, fields, value) in cases {
        interview.jump(path).expect("it is asked");
        let mut all = posted(&[("q", path), ("go", "stay")]);
        all.extend(fields.iter().map(|(part, value)| (format!("a:{path}{part}"), (*value).to_owned())));
        let stepped = step(&mut interview, &all).expect("it is taken");
        assert!(stepped.refused.is_empty(), "{path}");
        let question = interview.page().questions.into_iter().find(|q| q.path == *path).expect("it is drawn");
        assert!(
            question.value.as_deref().is_some_and(|given| given.starts_with(value)),
            "{path}: {:?}",
            question.value
        );
        met.insert(format!("{:?}", shape(&question)));
    }
    assert_eq!(met.len(), 15, "{met:?}");
    // what is not touched stays, to the last second of a time
    let before = interview.answers();
    for path in ["one", "age", "name"] {
        let page = interview.jump(path).expect("a page");
        let mut all: Posted = page.questions.iter().flat_map(untouched).collect();
        all.push(("go".into(), "stay".into()));
        step(&mut interview, &all).expect("nothing changes");
    }
    assert_eq!(interview.answers(), before);
}

#[test]
fn a_rank_is_ordered_by_its_buttons() {
    let mut interview = interview();
    for (go, order) in [
        ("keep:ranked", "mango banana avocado papaya"),
        ("down:ranked:0", "banana mango avocado papaya"),
        ("up:ranked:3", "banana mango papaya avocado"),
        ("up:ranked:0", "banana mango papaya avocado"),
    ] {
        step(&mut interview, &posted(&[("q", "ranked"), ("go", go)])).expect("it is taken");
        assert_eq!(interview.value("ranked").text(), order, "{go}");
    }
    step(&mut interview, &posted(&[("q", "ranked"), ("go", "clear:ranked")])).expect("it is taken");
    assert!(interview.value("ranked").is_blank());
}

#[test]
fn what_does_not_fit_stays_on_the_page_with_what_was_typed() {
    let mut interview = interview();
    interview.jump("age").expect("a page");
    let all = posted(&[("q", "age"), ("a:age", "many"), ("q", "day"), ("a:day", "2024-02-29"), ("go", "next")]);
    let stepped = step(&mut interview, &all).expect("a step");
    let (reason, typed) = &stepped.refused["age"];
    assert_eq!((*reason, typed), (AnswerReason::NotInteger, &posted(&[("a:age", "many")])));
    assert_eq!(stepped.look_at.as_deref(), Some("age"));
    assert_eq!(interview.value("day").text(), "2024-02-29", "the other answers are taken");
    assert_eq!(interview.page().path, "numbers");
}

#[test]
fn a_page_is_not_left_while_an_answer_brings_questions_to_it() {
    let form = "| survey |
        | | type | name | label | appearance | relevant |
        | | begin_group | g | Page | field-list | |
        | | text | a | A | | |
        | | text | b | B | | ${a} = 'x' |
        | | end_group | | | | |
        | | text | c | C | | |";
    let mut interview = begin(compile(form.as_bytes()).questionnaire.expect("a form"), "");
    let first = posted(&[("q", "a"), ("a:a", "x"), ("go", "next")]);
    let stepped = step(&mut interview, &first).expect("a step");
    assert_eq!((interview.page().path.as_str(), stepped.look_at.as_deref()), ("g", Some("b")));
    let both = posted(&[("q", "a"), ("a:a", "x"), ("q", "b"), ("a:b", ""), ("go", "next")]);
    step(&mut interview, &both).expect("a step");
    assert_eq!(interview.page().path, "c");
    let stepped = step(&mut interview, &posted(&[("q", "c"), ("a:c", "end"), ("go", "end")])).expect("a step");
    assert!(stepped.at_end);
}

#[test]
fn rows_are_added_and_taken_out() {
    let mut interview = interview();
    interview.jump("child[1]/child_name").expect("a row");
    step(&mut interview, &posted(&[("go", "add:child")])).expect("a row");
    assert_eq!(interview.page().path, "child[2]/child_name");
    step(&mut interview, &posted(&[("go", "remove:child[2]")])).expect("a row");
    assert!(interview.page().another.is_some_and(|another| another.rows == 1));
}
