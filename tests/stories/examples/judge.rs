//! Judges answer sheets: one JSON object a line on standard input, `{"answers": {question: text}, "stopped": bool}`,
//! one assessment a line on standard output. `tests/python/test_rule.py` compares them with the reference of the rule.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::screening;

#[derive(Deserialize)]
struct Sheet {
    answers: BTreeMap<String, String>,
    stopped: bool,
}

fn main() {
    let source = include_bytes!("../../../questionnaires/returnee-screening.md");
    let form = Arc::new(screening::compile(source).questionnaire.expect("our questionnaire has no fault"));
    for line in std::io::stdin().lock().lines() {
        let sheet: Sheet = serde_json::from_str(&line.expect("a line")).expect("a sheet");
        let setting =
            InterviewConfig { language: "en".into(), now: 1_780_000_000, offset: 120, ..InterviewConfig::default() };
        let mut interview = Interview::start(form.clone(), setting);
        // in the order of the form, as they are asked
        for node in &form.nodes {
            if let Some(answer) = sheet.answers.get(&node.name).filter(|_| interview.relevant(&node.name)) {
                interview.set(&node.name, Some(answer)).expect("an answer that the question takes");
            }
        }
        if sheet.stopped {
            interview.stop();
        }
        println!("{}", serde_json::to_string(&screening::assess(&interview)).expect("plain data"));
    }
}
