//! Properties a to g of the rule, on random people. More of them: `PROPTEST_CASES=3000`.

use crate::sheets::{Question, Sheet, form, interview, is, questions, rank, setting, severity, with};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use tabara_core::facts::Dictionary;
use tabara_core::interview::Interview;
use tabara_core::record::Kind;
use tabara_core::screening::{Outcome, Path, assess, consent, facts};

/// One random person: a leaning, and a number for each question.
#[derive(Debug, Clone)]
struct Person {
    broad: bool,
    leaning: [u16; 4],
    age: u16,
    draws: Vec<u16>,
    edits: u64,
}

fn person() -> impl Strategy<Value = Person> {
    let draws = proptest::collection::vec(any::<u16>(), 3 * questions().len());
    let leaning = proptest::array::uniform4(0u16..1000);
    (any::<bool>(), leaning, any::<u16>(), draws, any::<u64>()).prop_map(|(broad, leaning, age, draws, edits)| Person {
        broad,
        leaning,
        age,
        draws,
        edits,
    })
}

impl Person {
    /// Yes, no, unknown or silent: every second person says no to nearly everything.
    fn lean(&self, draw: u16) -> usize {
        let square = |n: u16| u32::from(n) * u32::from(n) / 1000;
        let weights = if self.broad {
            self.leaning.map(square)
        } else {
            [u32::from(self.leaning[0]) / 2, 1000, u32::from(self.leaning[2]) / 12, u32::from(self.leaning[3]) / 12]
        };
        let total = weights.iter().sum::<u32>().max(1);
        let mut at = u32::from(draw) % total;
        weights
            .iter()
            .position(|w| {
                at < *w || {
                    at -= w;
                    false
                }
            })
            .unwrap_or(3)
    }

    fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new();
        let age = ["", "", "9", "16", "17", "18", "30", "44"][self.age as usize % 8];
        if !age.is_empty() {
            sheet.insert("s2_age".into(), age.into());
        }
        for (question, draws) in questions().iter().zip(self.draws.chunks(3)) {
            if let Some(answer) = self.answer(question, draws) {
                sheet.insert(question.name.clone(), answer);
            }
        }
        sheet
    }

    fn answer(&self, question: &Question, draws: &[u16]) -> Option<String> {
        let (draw, pick, rare) = (draws[0], draws[1] as usize, draws[2]);
        let any = |list: &[String]| Some(list[pick % list.len()].clone());
        let lean = self.lean(draw);
        match question.name.as_str() {
            "s2_age_unsure" => [None, Some("yes"), Some("no"), Some("no")][pick % 4].map(str::to_owned),
            "s3_stats" | "s3_keep" => any(&question.choices),
            name if name.starts_with("s3_") && rare % 50 == 0 => {
                if pick % 3 == 0 {
                    None
                } else {
                    any(&question.choices)
                }
            }
            "s3_caregiver" => Some(["yes", "none_present", "suspected"][pick % 3].into()),
            name if name.starts_with("s3_") => Some("yes".into()),
            "j_left" if rare % 2 == 0 => Some("yes".into()),
            _ if question.several => match lean {
                0 => {
                    let some: Vec<&String> = question.choices.iter().filter(|c| *c != "none").collect();
                    let count = [1, 1, 2, 3][rare as usize % 4];
                    let named: BTreeSet<&str> =
                        (0..count).map(|i| some[(pick + i * 7) % some.len()].as_str()).collect();
                    Some(named.into_iter().collect::<Vec<_>>().join(" "))
                }
                1 if question.has_none() => Some("none".into()),
                _ => None,
            },
            _ if question.is_yn4() || question.list == "yn" => match lean {
                0 => Some(question.hit().into()),
                1 => Some(question.miss().into()),
                2 if question.is_yn4() => Some(["dk", "refused"][pick % 2].into()),
                _ => None,
            },
            _ if question.list == "commune" || question.list == "country" => None,
            _ => any(&question.choices),
        }
    }
}

/// Edits towards the indicating answer of a shown question.
fn upward(interview: &Interview) -> Vec<(&'static str, String)> {
    let mut edits = Vec::new();
    for question in questions().iter().filter(|q| interview.relevant(&q.name)) {
        let given = interview.value(&question.name).text().into_owned();
        if question.is_yn4() && given != question.hit() {
            edits.push((question.name.as_str(), question.hit().to_owned()));
        } else if question.several {
            let named: Vec<&str> = given.split_whitespace().filter(|c| *c != "none").collect();
            let more = question.raising.iter().filter(|c| !named.contains(&c.as_str()));
            edits.extend(more.map(|c| (question.name.as_str(), [&named[..], &[c.as_str()]].concat().join(" "))));
        }
    }
    edits
}

/// Edits from unknown to the answer that does not indicate.
fn downward(interview: &Interview) -> Vec<(&'static str, String)> {
    let mut edits = Vec::new();
    for question in questions().iter().filter(|q| interview.relevant(&q.name)) {
        let given = interview.value(&question.name).text().into_owned();
        if question.is_yn4() && ["", "dk", "refused"].contains(&given.as_str()) {
            edits.push((question.name.as_str(), question.miss().to_owned()));
        } else if question.has_none() && given.is_empty() {
            edits.push((question.name.as_str(), "none".to_owned()));
        }
    }
    edits
}

/// A few of the edits, chosen by a number.
fn some<T: Clone>(edits: &[T], mut number: u64) -> Vec<T> {
    let mut chosen = Vec::new();
    for _ in 0..edits.len().min(4) {
        chosen.push(edits[(number % edits.len() as u64) as usize].clone());
        number = number.rotate_right(13).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    chosen
}

fn runs(property: impl Fn(Person, Sheet, Interview) -> Result<(), TestCaseError>) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let run = |person: Person| {
        let sheet = person.sheet();
        let interview = interview(&sheet);
        property(person, sheet, interview)
    };
    runner.run(&person(), run).unwrap_or_else(|failure| panic!("{failure}"));
}

/// `runs` on those who consent.
fn screened(property: impl Fn(Person, Interview) -> Result<(), TestCaseError>) {
    runs(|person, _, interview| if consent(&interview).record { property(person, interview) } else { Ok(()) });
}

#[test]
fn a_an_indicating_answer_never_lowers_the_outcome() {
    screened(|person, interview| {
        let here = rank(&interview);
        for (question, answer) in some(&upward(&interview), person.edits) {
            let now = rank(&with(&interview, &[(question, &answer)]));
            prop_assert!(now >= here, "{question} = {answer}: {now:?} is below {here:?}");
        }
        Ok(())
    });
}

#[test]
fn b_an_unknown_answer_that_turns_out_not_to_indicate_never_raises_it() {
    screened(|person, interview| {
        let here = rank(&interview);
        for (question, answer) in some(&downward(&interview), person.edits) {
            let now = rank(&with(&interview, &[(question, &answer)]));
            prop_assert!(now <= here, "{question} = {answer}: {now:?} is above {here:?}");
        }
        Ok(())
    });
}

#[test]
fn c_a_doubtful_age_is_judged_at_least_like_an_adult_and_like_a_child() {
    screened(|_, interview| {
        if is(&interview, "age_doubt") {
            for age in ["30", "15"] {
                let known = rank(&with(&interview, &[("s2_age", age), ("s2_age_unsure", "no")]));
                prop_assert!(rank(&interview) >= known, "at {age}: {known:?}");
            }
        }
        Ok(())
    });
}

#[test]
fn d_a_child_is_presumed_whatever_is_answered_about_the_means() {
    screened(|person, interview| {
        let before = assess(&interview);
        if before.rule_path != Some(Path::Child) {
            return Ok(());
        }
        let shown: Vec<&Question> =
            questions().iter().filter(|q| q.only_means && interview.relevant(&q.name)).collect();
        for (at, question) in some(&shown, person.edits).into_iter().enumerate() {
            let answer = &question.choices[person.draws[at] as usize % question.choices.len()];
            let after = assess(&with(&interview, &[(&question.name, answer)]));
            let presumed = |outcome| outcome == Outcome::Presumed;
            prop_assert_eq!(presumed(after.outcome), presumed(before.outcome), "{} = {}", question.name, answer);
        }
        Ok(())
    });
}

#[test]
fn e_opening_the_vulnerability_gate_never_lowers_the_outcome() {
    screened(|_, interview| {
        if interview.relevant("q_why_used") {
            prop_assert!(rank(&with(&interview, &[("q_why_used", "yes")])) >= rank(&interview));
        }
        Ok(())
    });
}

#[test]
fn f_who_does_not_consent_is_not_screened_and_nobody_else() {
    runs(|_, sheet, interview| {
        let is = |name: &str, answer: &str| sheet.get(name).is_some_and(|given| given == answer);
        let age: Option<u32> = sheet.get("s2_age").map(|age| age.parse().expect("a number"));
        let minor = age.is_some_and(|age| age < 18)
            || is("s2_age_unsure", "yes")
            || (age.is_none() && !is("s2_age_unsure", "no"));
        let caregiver = ["yes", "none_present", "suspected"].iter().any(|answer| is("s3_caregiver", answer));
        let agreed =
            (1..=7).all(|i| is(&format!("s3_c{i}"), "yes")) && (!minor || (is("s3_assent", "yes") && caregiver));
        prop_assert_eq!(rank(&interview).0 == Outcome::NotScreened, !agreed);
        Ok(())
    });
}

#[test]
fn g_answers_to_questions_that_are_not_shown_change_nothing() {
    screened(|person, interview| {
        let mut draft = interview.draft();
        let hidden = questions().iter().filter(|q| !interview.relevant(&q.name) && (q.is_yn4() || q.several));
        for (question, draw) in hidden.zip(&person.draws) {
            let answer = match question.several {
                true => question.raising.join(" "),
                false => question.choices[*draw as usize % question.choices.len()].clone(),
            };
            draft.answers.push((question.name.clone(), answer));
        }
        let junk = Interview::resume(form(), setting(), &draft).expect("a sound draft");
        prop_assert_eq!(assess(&junk), assess(&interview));
        Ok(())
    });
}

#[test]
fn what_is_counted_is_in_the_dictionary_and_what_would_change_really_does() {
    screened(|person, interview| {
        let assessment = assess(&interview);
        let facts = facts(&interview, &assessment, "2026-11");
        prop_assert_eq!(Dictionary::standard().check(Kind::Screening, &facts), Ok(()));
        for change in some(&assessment.would_change, person.edits) {
            let given = interview.value(&change.question).text().into_owned();
            let question = questions().iter().find(|q| q.name == change.question).expect("a question");
            let answer = if question.several { format!("{given} {}", change.answer) } else { change.answer };
            let now = rank(&with(&interview, &[(&change.question, answer.trim())]));
            prop_assert_eq!(now, severity(change.outcome, change.tier));
            prop_assert!(now > rank(&interview));
        }
        Ok(())
    });
}
