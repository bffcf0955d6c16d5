//! The rule on the real questionnaire: the cases of its authors, and its properties under random answers.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use tabara_core::facts::{Dictionary, Value};
use tabara_core::interview::{Interview, Setting};
use tabara_core::questionnaire::{Indicator, Node, NodeType, Questionnaire, Source, xlsform};
use tabara_core::record::Kind;
use tabara_core::screening::{Advice, Dimension, Outcome, Path, Profile, RaiseError, assess, check, consent, facts};

/// Cells of the cases, each row by column.
fn cases() -> Vec<BTreeMap<String, String>> {
    let text = include_str!("../data/screening-cases.csv");
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a sound table")).collect()
}

/// Answers by question, as they are written.
type Sheet = BTreeMap<String, String>;

fn form() -> Arc<Questionnaire> {
    static FORM: OnceLock<Arc<Questionnaire>> = OnceLock::new();
    let compile = || {
        let compiled = xlsform::compile(include_bytes!("../../questionnaires/returnee-screening.md"));
        Arc::new(compiled.questionnaire.unwrap_or_else(|| panic!("{:?}", compiled.faults)))
    };
    FORM.get_or_init(compile).clone()
}

fn setting() -> Setting {
    Setting { language: "en".into(), now: 1_780_000_000, ..Setting::default() }
}

/// An interview with these answers, given in the order of the form; what is not shown is not asked.
fn interview(sheet: &Sheet) -> Interview {
    let mut interview = Interview::start(form(), setting());
    for node in &form().nodes {
        if let Some(answer) = sheet.get(&node.name).filter(|_| interview.relevant(&node.name)) {
            interview.set(&node.name, Some(answer)).expect("an answer of the list");
        }
    }
    interview
}

/// A question of the survey, by the list of its choices.
struct Question {
    name: String,
    list: String,
    several: bool,
    choices: Vec<String>,
    /// Choices that raise a code.
    raising: Vec<String>,
    /// Raises nothing but means: no act, no purpose, no indicator of exploitation.
    only_means: bool,
}

impl Question {
    fn is_yn4(&self) -> bool {
        self.list == "yn4"
    }
    /// The indicating answer of a yes-no question.
    fn hit(&self) -> &str {
        self.raising.first().map_or("yes", String::as_str)
    }
    fn miss(&self) -> &str {
        if self.hit() == "yes" { "no" } else { "yes" }
    }
    fn has_none(&self) -> bool {
        self.several && self.choices.iter().any(|c| c == "none")
    }
}

fn questions() -> &'static [Question] {
    static QUESTIONS: OnceLock<Vec<Question>> = OnceLock::new();
    QUESTIONS.get_or_init(|| {
        let form = form();
        let selects = form.nodes.iter().enumerate().filter(|(_, node)| node.choices.is_some());
        let question = |(at, node): (usize, &Node)| {
            let Some(Source::List(list)) = node.choices.as_ref().map(|c| &c.from) else { panic!("no list") };
            let list = &form.lists[*list as usize];
            let choices: Vec<String> = list.choices.iter().map(|c| c.name.clone()).collect();
            let rows = form.indicators.iter().filter(|row| row.question == at as u32);
            let met = |row: &Indicator, choice: &str| match row.answer.strip_prefix('!') {
                Some(other) => choice != other,
                None => choice == row.answer,
            };
            let raises: Vec<&Indicator> = rows.collect();
            let raising = choices.iter().filter(|c| raises.iter().any(|row| met(row, c))).cloned().collect();
            let several = node.kind == NodeType::SelectMultiple;
            let means = |row: &&Indicator| match row.kind.as_str() {
                "indicator" => row.dimension != "EX",
                kind => kind == "means" || kind.is_empty(),
            };
            let only_means = node.name.starts_with("q_") && !raises.is_empty() && raises.iter().all(means);
            Question { name: node.name.clone(), list: list.name.clone(), several, choices, raising, only_means }
        };
        selects.map(question).collect()
    })
}

/// Where an outcome stands in the order of severity: a child's `presumed` ranks with tier 1.
fn severity(outcome: Outcome, tier: Option<u8>) -> (Outcome, bool) {
    (outcome, outcome == Outcome::Presumed && tier != Some(2))
}

fn rank(interview: &Interview) -> (Outcome, bool) {
    let assessment = assess(interview);
    severity(assessment.outcome, assessment.tier)
}

/// Whether a calculate of the questionnaire holds.
fn is(interview: &Interview, calculate: &str) -> bool {
    interview.value(calculate).text() == "1"
}

fn with(interview: &Interview, changes: &[(&str, &str)]) -> Interview {
    let mut copy = interview.clone();
    for (name, answer) in changes {
        copy.set(name, Some(answer).filter(|a| !a.is_empty()).copied()).expect("an answer of the list");
    }
    copy
}

/// A case's defaults, then its own answers.
fn sheet_of(case: &BTreeMap<String, String>) -> (Sheet, bool) {
    let yes = ["s1_private", "s1_alone", "s3_assent", "s3_caregiver", "s3_stats"].map(str::to_owned);
    let checks = (1..=7).map(|i| format!("s3_c{i}"));
    let mut sheet: Sheet = yes.into_iter().chain(checks).map(|name| (name, "yes".to_owned())).collect();
    sheet.insert("s3_keep".into(), "no".into());
    if !case["age"].is_empty() {
        sheet.extend([("s2_age".into(), case["age"].clone()), ("s2_age_unsure".into(), "no".into())]);
    }
    for question in questions() {
        let default = match case["default"].as_str() {
            "negative" if question.is_yn4() => question.miss(),
            "negative" if question.has_none() => "none",
            "unknown" if question.is_yn4() => "dk",
            _ => continue,
        };
        sheet.insert(question.name.clone(), default.into());
    }
    let mut stopped = false;
    for (item, value) in case["answers"].split(';').map(|x| x.split_once('=').expect("item=value")) {
        match (item, value) {
            ("stopped", _) => stopped = value == "yes",
            ("consent", _) => drop(sheet.insert("s3_c1".into(), value.into())),
            (_, "") => drop(sheet.remove(item)),
            ("c_name" | "c_reach" | "c_times" | "c_who" | "c_code", _) => {
                sheet.insert(item.into(), value.into());
            }
            _ => drop(sheet.insert(item.into(), value.replace('|', " "))),
        }
    }
    (sheet, stopped)
}

fn words<T: serde::Serialize>(items: &[T], between: &str) -> String {
    let word = |item| serde_json::to_value(item).expect("plain").as_str().expect("a word").to_owned();
    items.iter().map(word).collect::<Vec<_>>().join(between)
}

/// What a case expects, computed, in the words of the table.
fn told(interview: &Interview) -> BTreeMap<&'static str, String> {
    let a = assess(interview);
    let screened = |text: String| if a.consent.record { text } else { String::new() };
    let of_cases = |flag: &&String| ["F_child_protection", "F_stopped"].contains(&flag.as_str());
    let flags: Vec<&String> = a.flags.iter().filter(of_cases).chain(&a.urgent).collect();
    BTreeMap::from([
        ("profile", words(&a.profiles, "|")),
        ("rule_path", a.rule_path.map_or(String::new(), |path| words(&[path], ""))),
        ("positive", words(&a.positive, " ")),
        ("act", screened(a.act.to_string())),
        ("purpose", screened(a.purpose.to_string())),
        ("outcome", a.outcome.code().into()),
        ("tier", a.tier.map_or(String::new(), |tier| tier.to_string())),
        ("review", (!a.review.is_empty()).to_string()),
        ("review_reasons", a.review.join("|")),
        ("flags", words(&flags, " ")),
        ("facts", if facts(interview, &a, "2026-11").is_empty() { "empty" } else { "yes" }.into()),
    ])
}

#[test]
fn every_case_of_the_rule_comes_out_as_its_authors_expect() {
    let cases = cases();
    for case in &cases {
        let (sheet, stopped) = sheet_of(case);
        let mut interview = interview(&sheet);
        if stopped {
            interview.stop();
        }
        for (column, value) in told(&interview) {
            assert_eq!(value, case[column], "{}: {} ({column})", case["id"], case["title"]);
        }
    }
    assert_eq!(cases.len(), 58);
}

#[test]
fn the_sheet_of_indicators_has_no_fault_and_a_bad_one_is_told() {
    let good = form();
    assert_eq!(check(&good), vec![]);
    let mut bad = (**good).clone();
    bad.indicators[0].kind = "guess".into();
    let strong = bad.indicators.iter().position(|row| row.kind == "indicator").expect("one");
    bad.indicators[strong].weights.clear();
    bad.settings.remove("rule");
    let columns: Vec<&str> = check(&bad).iter().map(|fault| fault.column).collect();
    for column in ["rule", "kind", "AL"] {
        assert!(columns.contains(&column), "{column} is missing in {columns:?}");
    }
}

#[test]
fn the_words_for_every_outcome_advice_and_reason_stand_in_both_languages() {
    let form = form();
    let advice = [
        Advice::Urgent,
        Advice::NoRecord,
        Advice::Inform,
        Advice::TalkAgain,
        Advice::Prevent,
        Advice::Support,
        Advice::Refer,
        Advice::Reviewed,
    ];
    let reasons = ["soft_means", "could_be_presumed", "act_missing", "unknowns", "signs_seen", "age_decides"];
    let rows = |kind| form.indicators.iter().filter(move |row| row.kind == kind).map(|row| row.code.clone());
    let outcomes = ["not_screened", "no_indication", "inconclusive", "at_risk", "exploited", "presumed"];
    let mut wanted: Vec<(&str, String)> = advice.iter().map(|a| ("advice", words(&[a], ""))).collect();
    wanted.extend(outcomes.map(|o| ("outcome", o.to_owned())));
    wanted.extend(reasons.map(|r| ("review_reason", r.to_owned())));
    wanted.extend(rows("review").map(|code| ("review_reason", code)));
    wanted.extend(rows("urgent").map(|code| ("urgent", code)));
    wanted.extend(rows("flag").chain(["F_stopped".to_owned()]).map(|code| ("flag", code)));
    for (list, code) in wanted {
        for language in ["en", "fr"] {
            assert!(form.choice_label(list, &code, language).is_some(), "{list} {code} {language}");
        }
    }
}

fn case(id: &str) -> Interview {
    let cases = cases();
    interview(&sheet_of(cases.iter().find(|case| case["id"] == id).expect("a case")).0)
}

#[test]
fn a_focal_point_raises_with_a_reason_and_never_lowers() {
    let exploited = case("TC06");
    let mut assessment = assess(&exploited);
    assert_eq!(assessment.raise(&exploited, "bad mood"), Err(RaiseError::UnknownReason));
    assert_eq!(assessment.raise(&exploited, "seen_injuries"), Ok(()));
    assert_eq!((assessment.outcome, assessment.tier), (Outcome::Presumed, None));
    assert_eq!(assessment.advice(), [Advice::Refer]);
    let facts = assessment.facts();
    assert_eq!(facts.get("outcome"), Some(&Value::One("presumed".into())));
    assert_eq!(facts.get("override"), Some(&Value::One("1".into())));
    assert_eq!(assessment.raise(&exploited, "seen_fear"), Err(RaiseError::AlreadyPresumed));
    let refused = case("TC14");
    assert_eq!(assess(&refused).raise(&refused, "seen_injuries"), Err(RaiseError::NotScreened));
}

#[test]
fn an_unknown_that_would_decide_is_named_with_what_it_would_change() {
    // exploited, every means item unknown: one strong act of coercion is not enough, so no single answer is
    // told; with one indicator of deception known, a second one would be
    let nearly = with(&case("TC23"), &[("q_pay", "yes"), ("q_cond", "no")]);
    let assessment = assess(&nearly);
    assert_eq!(assessment.outcome, Outcome::Exploited);
    let job = assessment.would_change.iter().find(|change| change.question == "q_job").expect("q_job decides");
    assert_eq!((job.answer.as_str(), job.outcome, job.tier), ("yes", Outcome::Presumed, Some(2)));
    assert!(assessment.unknown.contains(&"q_job".to_owned()));
    assert!(!assessment.unknown.contains(&"q_pay".to_owned()));
    assert_eq!(assessment.counts[&Dimension::DR][&Profile::AL].medium, 1);
    assert!(assessment.counts[&Dimension::DR][&Profile::AL].unknown > 3);
}

#[test]
fn urgent_needs_are_told_even_without_consent_but_nothing_else_is() {
    let refused = with(&case("TC14"), &[("x_health", "yes")]);
    let assessment = assess(&refused);
    assert_eq!(assessment.advice(), [Advice::Urgent, Advice::NoRecord]);
    assert_eq!(assessment.urgent, BTreeSet::from(["U_medical".to_owned()]));
    assert!(assessment.codes.is_empty() && assessment.unknown.is_empty() && assessment.coded.is_empty());
    assert!(facts(&refused, &assessment, "2026-11").is_empty());
}

#[test]
fn the_facts_of_a_screening_are_those_of_the_dictionary() {
    let louise = with(&case("TC01"), &[("p_sex", "f"), ("p_nat", "BI"), ("p_res_province", "BI-PR-04")]);
    let got = facts(&louise, &assess(&louise), "2026-11");
    assert_eq!(Dictionary::standard().check(Kind::Screening, &got), Ok(()));
    let one = |name: &str| got.get(name).and_then(|value| value.codes().next()).unwrap_or("").to_owned();
    let expected = [
        ("month", "2026-11"),
        ("outcome", "presumed"),
        ("tier", "1"),
        ("review", "0"),
        ("override", "0"),
        ("sex", "f"),
        ("nationality", "BI"),
        ("home_province", "BI-PR-04"),
        ("age_band", "30-38"),
        ("child", "0"),
        ("destination_country", "KW"),
        ("destination_region", "gulf"),
        ("duration", "0-12"),
        ("gbv", "1"),
        ("recruiter_relation", "agency"),
    ];
    for (name, code) in expected {
        assert_eq!(one(name), code, "{name}");
    }
    let means: Vec<&str> = got["means"].codes().collect();
    assert_eq!(means, ["mc_deceive", "mc_movement", "mc_sexual"]);
}

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
