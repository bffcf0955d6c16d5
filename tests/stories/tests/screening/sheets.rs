//! Answer sheets, and the questionnaire that they answer.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::questionnaire::{Indicator, Node, NodeType, Questionnaire, Source};
use tabara_core::screening;
use tabara_core::screening::{Outcome, assess};

/// Cells of the cases, each row by column.
pub fn cases() -> Vec<BTreeMap<String, String>> {
    let text = include_str!("../../../data/screening-cases.csv");
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a sound table")).collect()
}

/// Answers by question, as they are written.
pub type Sheet = BTreeMap<String, String>;

pub fn form() -> Arc<Questionnaire> {
    static FORM: OnceLock<Arc<Questionnaire>> = OnceLock::new();
    let compile = || {
        let compiled = screening::compile(include_bytes!("../../../../questionnaires/returnee-screening.md"));
        Arc::new(compiled.questionnaire.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)))
    };
    FORM.get_or_init(compile).clone()
}

pub fn setting() -> InterviewConfig {
    InterviewConfig { language: "en".into(), now: 1_780_000_000, offset: 120, ..InterviewConfig::default() }
}

/// An interview with these answers, given in the order of the form; what is not shown is not asked.
pub fn interview(sheet: &Sheet) -> Interview {
    let mut interview = Interview::start(form(), setting());
    for node in &form().nodes {
        if let Some(answer) = sheet.get(&node.name).filter(|_| interview.relevant(&node.name)) {
            interview.set(&node.name, Some(answer)).expect("an answer of the list");
        }
    }
    interview
}

/// A question of the survey, by the list of its choices.
pub struct Question {
    pub name: String,
    pub list: String,
    pub several: bool,
    pub choices: Vec<String>,
    /// Choices that raise a code.
    pub raising: Vec<String>,
    /// Raises nothing but means: no act, no purpose, no indicator of exploitation.
    pub only_means: bool,
}

impl Question {
    pub fn is_yn4(&self) -> bool {
        self.list == "yn4"
    }
    /// The indicating answer of a yes-no question.
    pub fn hit(&self) -> &str {
        self.raising.first().map_or("yes", String::as_str)
    }
    pub fn miss(&self) -> &str {
        if self.hit() == "yes" { "no" } else { "yes" }
    }
    pub fn has_none(&self) -> bool {
        self.several && self.choices.iter().any(|c| c == "none")
    }
}

pub fn questions() -> &'static [Question] {
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
pub fn severity(outcome: Outcome, tier: Option<u8>) -> (Outcome, bool) {
    (outcome, outcome == Outcome::Presumed && tier != Some(2))
}

pub fn rank(interview: &Interview) -> (Outcome, bool) {
    let assessment = assess(interview);
    severity(assessment.outcome, assessment.tier)
}

/// Whether a calculate of the questionnaire holds.
pub fn is(interview: &Interview, calculate: &str) -> bool {
    interview.value(calculate).text() == "1"
}

pub fn with(interview: &Interview, changes: &[(&str, &str)]) -> Interview {
    let mut copy = interview.clone();
    for (name, answer) in changes {
        copy.set(name, Some(answer).filter(|a| !a.is_empty()).copied()).expect("an answer of the list");
    }
    copy
}

/// A case's defaults, then its own answers.
pub fn sheet_of(case: &BTreeMap<String, String>) -> (Sheet, bool) {
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

pub fn case(id: &str) -> Interview {
    let cases = cases();
    interview(&sheet_of(cases.iter().find(|case| case["id"] == id).expect("a case")).0)
}
