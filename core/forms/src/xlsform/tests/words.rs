//! Words that authors write, and what they mean.

use super::*;
use crate::interview::{Interview, InterviewConfig};
use std::sync::Arc;

/// Whether each answer is accepted by the question of this name.
fn accepts(form: &str, question: &str, answers: &[&str]) -> Vec<bool> {
    let questionnaire = Arc::new(compiled(form).questionnaire.expect("usable"));
    let one = |answer: &&str| {
        let mut interview = Interview::start(questionnaire.clone(), InterviewConfig::default());
        while interview.page().questions.iter().all(|shown| shown.path != question) {
            let path = interview.page().questions[0].path.clone();
            interview.set(&path, Some("x")).expect("a text");
            interview.jump(question).expect("a question");
        }
        interview.set(question, Some(answer)).expect("a text");
        interview.missing().iter().all(|missing| missing.path != question)
    };
    answers.iter().map(one).collect()
}

#[test]
fn truth_words_mean_truth_in_every_rule() {
    let form = |word: &str| {
        format!(
            "| survey |
            | | type | name | label | relevant | constraint | calculation | required | readonly |
            | | text | a | A | {word} | {word} | | {word} | {word} |
            | | calculate | d | | | | {word} | | |"
        )
    };
    for (words, truth) in [(["TRUE", "true", "yes", "Yes"], "true()"), (["FALSE", "False", "no", "NO"], "false()")] {
        for word in words {
            let Compiled { questionnaire, diagnostics } = compiled(&form(word));
            let nodes = questionnaire.map(|questionnaire| questionnaire.nodes.clone()).expect("usable");
            let a = &nodes[0];
            assert_eq!([&a.relevant, &a.constraint, &a.required, &a.readonly], [truth; 4], "{word}");
            assert_eq!(nodes[1].calculation, truth, "{word}");
            // what can never be seen, or never be right, is worth a word
            let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
            assert_eq!(codes, if truth == "true()" { vec![] } else { vec!["never-holds"; 2] }, "{word}");
        }
    }
}

#[test]
fn letters_of_every_script_and_look_ahead_fit() {
    let form = "
        | survey |
        | | type | name | label | constraint |
        | | text | n1 | Name | regex(., '^\\p{L}+$') |
        | | text | n2 | No digits | regex(., '^(?!.*[0-9]).+$') |
        | | text | n3 | Capital first | regex(., '^\\p{Lu}\\p{Ll}*$') |";
    assert_eq!(compiled(form).diagnostics, []);
    assert_eq!(accepts(form, "n1", &["Ndayizeye", "Éloïse", "9"]), [true, true, false]);
    assert_eq!(accepts(form, "n2", &["abc", "a1"]), [true, false]);
    assert_eq!(accepts(form, "n3", &["Été", "été"]), [true, false]);
}

#[test]
fn a_pattern_that_no_phone_can_read_is_an_error_with_its_reason() {
    for (pattern, reason) in [
        ("^(a)\\1$", "refer back"),
        ("^\\p{Klingon}$", "\\p{}"),
        ("^([0-9]$", "not closed"),
        ("^a*+$", "instead of *+"),
    ] {
        let form =
            format!("| survey |\n| | type | name | label | constraint |\n| | text | t | T | regex(., '{pattern}') |");
        let Compiled { questionnaire, diagnostics } = compiled(&form);
        assert!(questionnaire.is_none(), "{pattern}");
        assert_eq!((diagnostics.len(), diagnostics[0].code), (1, "bad-regex"), "{pattern}");
        assert!(diagnostics[0].hint.contains(reason), "{}", diagnostics[0].hint);
    }
}

#[test]
fn a_scale_of_choices_can_be_compared_with_any_number() {
    let form = |rule: &str| {
        format!(
            "| survey |
            | | type | name | label | relevant |
            | | select_one score | pain | Pain | |
            | | text | why | Why | {rule} |
            | choices |
            | | list_name | name | label |
            | | score | 1 | 1 |
            | | score | 5 | 5 |
            | | score | 10 | 10 |"
        )
    };
    for rule in ["${pain} > 4", "4 < ${pain}", "${pain} >= 0 and ${pain} <= 9"] {
        assert_eq!(codes(&form(rule)), (vec![], vec![]), "{rule}");
    }
    assert_eq!(codes(&form("${pain} = 4")), (vec![], vec![(3, "unknown-choice")]));
    assert_eq!(codes(&form("${pain} != 4")), (vec![], vec![(3, "unknown-choice")]));
}

#[test]
fn a_relevance_that_asks_a_later_question_is_told() {
    let form = |around: [&str; 2]| {
        format!(
            "| survey |
            | | type | name | label | relevant | appearance |
            {}
            | | text | a | A | ${{b}} = 'x' | |
            | | text | b | B | | |
            {}
            | | text | c | C | ${{a}} = 'x' | |",
            around[0], around[1]
        )
    };
    let diagnostics = compiled(&form(["", ""])).diagnostics;
    assert_eq!(diagnostics.len(), 1);
    let told = &diagnostics[0];
    assert_eq!((told.cell.as_str(), told.code, told.span), ("D2", "later-question", Some((2, 1))));
    assert_eq!(&*told.hint, "move the question 'b' before this one");
    // on one page both are seen together
    let page = ["| | begin group | g | G | | field-list |", "| | end group | | | | |"];
    assert_eq!(compiled(&form(page)).diagnostics, []);
}
