//! The recorded scenarios of Web Forms (forms, answers, rows, languages; the whole state after every step) drive our
//! engine through the XForm importer. `agreed`: JavaRosa reaches the same states. `differs`: the two part somewhere, and
//! ours must be as a numbered decision of `tabara_core::interview` says.

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_conformance::suite::{Suite, cases, ours, same};
use tabara_conformance::xform;
use tabara_core::expression::{Ast, Value, moment, parse};
use tabara_core::interview::{AnswerError, Interview, InterviewConfig, Page};
use tabara_core::questionnaire::{NodeType, Questionnaire, Source};

/// The text of an answer as the recording holds it.
fn answer_text(args: &[Json]) -> Option<String> {
    let word = |json: &Json| match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(n) => Some(n.to_string()),
        Json::Bool(b) => Some(u8::from(*b).to_string()),
        Json::Object(object) => object.get("str").and_then(Json::as_str).map(str::to_owned),
        Json::Null => Some(String::new()),
        Json::Array(_) => None,
    };
    let words: Option<Vec<String>> = args.iter().map(word).collect();
    Some(words?.join(" "))
}

/// Plays one form; what differs, by step.
fn play(form: &Json, decide: bool) -> Result<Vec<String>, String> {
    let imported = xform::import(form["xform"].as_str().unwrap_or("")).ok_or("the XForm is not read")?;
    let controls = ["<input", "<select", "<rank", "<range", "<trigger", "<upload", "<repeat"];
    let xform = form["xform"].as_str().unwrap_or_default();
    let questionnaire = match Questionnaire::new(imported.package) {
        // C5: a form without questions is none
        Err(_) if decide && !controls.iter().any(|control| xform.contains(control)) => return Ok(vec![]),
        made => made.map_err(|error| format!("refused: {error:?}"))?,
    };
    // what the phone tells of itself was not recorded, but what became of it
    let told = questionnaire.nodes.iter().filter(|node| node.kind == NodeType::Property).filter_map(|node| {
        let at_first = &form["steps"][0]["set"];
        let (_, state) = at_first.as_object()?.iter().find(|(path, _)| ours(path) == node.name)?;
        Some((node.prefill.clone(), state["v"].as_str()?.to_owned()))
    });
    let setting = InterviewConfig {
        prefill: told.collect(),
        language: String::new(),
        now: 1_795_372_200,
        seed: 7,
        offset: 120,
        ..InterviewConfig::default()
    };
    let mut interview = Interview::start(Arc::new(questionnaire), setting);
    for (repeat, rows) in &imported.rows {
        level(&mut interview, repeat, *rows);
    }
    let calculations: String = interview.questionnaire().nodes.iter().map(|node| node.calculation.as_str()).collect();
    let decisions = Decisions {
        apply: decide,
        sums: calculations.contains("sum("),
        geometry: calculations.contains("area(") || calculations.contains("distance("),
        bare: bare_nodes(&interview),
        chance: by_chance_nodes(&interview),
    };
    let mut differences = imported.unknown.iter().map(|what| format!("unknown: {what}")).collect::<Vec<_>>();
    let unknown = differences.len();
    let mut theirs: BTreeMap<String, Json> = BTreeMap::new();
    // the question that they stand at
    let mut stands: Option<String> = None;
    for (number, step) in form["steps"].as_array().ok_or("no steps")?.iter().enumerate() {
        let mut changed = BTreeSet::new();
        for (path, state) in step["set"].as_object().into_iter().flatten() {
            changed.insert(path.clone());
            theirs.insert(path.clone(), state.clone());
        }
        for path in step["del"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            theirs.remove(path);
        }
        let args = step["args"].as_array().cloned().unwrap_or_default();
        let at = step["at"].as_str().unwrap_or("");
        let question = Some(ours(at)).filter(|at| interview.clone().jump(at).is_ok_and(|page| shows(&page, at)));
        if step["op"] == "next" {
            if let (Some(from), Some(to)) = (&stands, &question)
                && !leads(&interview, from, to)
            {
                differences.push(format!("step {number}: from {from} the way does not lead to {to}"));
            }
            // they also stand at groups and rows
            stands = question.or(stands);
            continue;
        }
        if step["op"] != "observe" {
            stands = question;
        }
        if step.get("threw").is_some() {
            break;
        }
        let done = match step["op"].as_str().unwrap_or("") {
            "init" => Ok(()),
            "answer" => {
                let (path, words) = match args.first().and_then(Json::as_str) {
                    Some(path) if args.len() > 1 && path.starts_with('/') => (path, &args[1..]),
                    _ => (at, &args[..]),
                };
                match answer_text(words) {
                    Some(text) => {
                        let text = Some(text.as_str()).filter(|text| !text.is_empty());
                        match interview.answer(&ours(path), text) {
                            Ok(_) => Ok(()),
                            // 16: no whole number is made of another, nor a date of a moment; what follows from theirs
                            // cannot follow from ours
                            Err(AnswerError::NotInteger) if decide => break,
                            Err(AnswerError::NotDate)
                                if decide && text.is_some_and(|text| moment::parse_moment(text, 0).is_some()) =>
                            {
                                break;
                            }
                            // theirs takes what a question cannot hold as a blank
                            Err(fault) if decide && ILL_TYPED.contains(&fault) => {
                                interview.answer(&ours(path), None).map(drop).map_err(|fault| fault.to_string())
                            }
                            Err(fault) => Err(format!("{path} {text:?}: {fault}")),
                        }
                    }
                    None => Err("an answer of another kind".to_owned()),
                }
            }
            "createNewRepeat" => {
                let path = at.rsplit_once('[').map_or(at, |(path, _)| path);
                let done = interview.add_row(&ours(path)).map(drop).map_err(|fault| format!("{path}: {fault}"));
                let generic: String =
                    ours(path).split('/').map(|p| p.split('[').next().unwrap_or(p)).collect::<Vec<_>>().join("/");
                for (inner, rows) in &imported.fresh {
                    let direct = inner.strip_prefix(&format!("{generic}/")).filter(|rest| !rest.contains('/'));
                    if let Some(name) = direct {
                        level(&mut interview, &format!("{}/{name}", ours(at)), *rows);
                    }
                }
                done
            }
            "removeRepeat" => {
                let path = args.first().and_then(Json::as_str).unwrap_or(at);
                interview.remove_row(&ours(path)).map(drop).map_err(|fault| format!("{path}: {fault}"))
            }
            "setLanguage" => {
                interview.set_language(args.first().and_then(Json::as_str).unwrap_or(""));
                Ok(())
            }
            _ => continue,
        };
        if let Err(fault) = done {
            differences.push(format!("step {number}: {fault}"));
        }
        compare(&interview, &theirs, number, &decisions, &changed, &mut differences);
        if differences.len() > unknown {
            break;
        }
    }
    if differences.len() == unknown { Ok(vec![]) } else { Ok(differences) }
}

/// Whether a path of the recording, without the form's name, is one of ours, which leave groups out.
fn same_place(ours: &str, path: &str) -> bool {
    let (rows, name) = path.rsplit_once('/').unwrap_or(("", path));
    let rows: String = rows.split('/').filter(|part| part.ends_with(']')).map(|row| format!("{row}/")).collect();
    format!("{rows}{name}") == ours
}

fn shows(page: &Page, path: &str) -> bool {
    page.questions.iter().any(|question| same_place(&question.path, path))
}

/// Whether the next page after a question is that of another. Ours asks for one more row where a repeat ends, and stays
/// where something is missing (E7).
fn leads(interview: &Interview, from: &str, to: &str) -> bool {
    let mut copy = interview.clone();
    let Ok(mut page) = copy.jump(from) else { return true };
    if shows(&page, to) {
        return true;
    }
    loop {
        let before = page.path.clone();
        page = copy.next();
        if page.refused || shows(&page, to) {
            return true;
        }
        // what only computes is a question without a label, after the import
        let computes = page.questions.iter().all(|question| question.label.is_empty());
        if !computes || page.path == before {
            return false;
        }
    }
}

/// So many rows at the beginning, where ours always begin with one.
fn level(interview: &mut Interview, repeat: &str, rows: usize) {
    for _ in 1..rows {
        interview.add_row(repeat).ok();
    }
    if rows == 0 {
        interview.remove_row(&format!("{repeat}[1]")).ok();
    }
}

const ILL_TYPED: [AnswerError; 5] = [
    AnswerError::NotNumber,
    AnswerError::NotDate,
    AnswerError::NotTime,
    AnswerError::NotPlace,
    AnswerError::OutOfRange,
];

/// By which a value may differ from the recorded one.
struct Decisions {
    apply: bool,
    /// The form sums.
    sums: bool,
    /// The form measures.
    geometry: bool,
    /// Nodes whose relevance is just another node.
    bare: BTreeSet<String>,
    /// Nodes that are computed from `random()`.
    chance: BTreeSet<String>,
}

impl Decisions {
    fn allow(&self, ours: &Value, theirs: &str) -> bool {
        const LOCAL: i16 = 120;
        if !self.apply {
            return false;
        }
        let text = ours.text();
        let numbers = text.parse::<f64>().ok().zip(theirs.parse::<f64>().ok());
        let moments = ours.moment(LOCAL).zip(moment::parse_moment(theirs, LOCAL));
        let times = ours.time(LOCAL).zip(moment::parse_time(theirs, LOCAL));
        // 11: the sum of nothing is 0
        (self.sums && text == "0" && theirs.is_empty())
            // 13: dates are whole days
            || numbers.is_some_and(|(a, b)| (a - b).abs() < 1e-6)
            // 15: a moment or time keeps its offset, which is ours where it was told without
            || matches!(ours, Value::DateTime(_)) && moments.is_some_and(|(a, b)| a == b)
            || matches!(ours, Value::Time(_)) && times.is_some_and(|(a, b)| a == b)
            // 35: a time may have no seconds
            || matches!(ours, Value::Time(time) if time.ms % 60_000 == 0) && theirs.is_empty()
            // 23: measures are in full precision
            || self.geometry && numbers.is_some_and(|(a, b)| (a - b).abs() <= 0.005 + 1e-6)
    }
}

fn compare(
    interview: &Interview,
    theirs: &BTreeMap<String, Json>,
    step: usize,
    decisions: &Decisions,
    changed: &BTreeSet<String>,
    differences: &mut Vec<String>,
) {
    for (path, state) in theirs {
        if path.ends_with("#range") || path.contains("/meta") || path.contains(":meta") || state.get("v").is_none() {
            continue;
        }
        let (name, relevant) = (ours(path), state["rel"].as_bool().unwrap_or(true));
        if interview.relevant(&name) != relevant {
            let bare = name.rsplit('/').next().is_some_and(|name| decisions.bare.contains(name));
            if decisions.apply && relevant && bare {
                continue;
            }
            differences.push(format!("step {step}: {path} relevant: theirs {relevant}"));
            continue;
        }
        if !relevant {
            continue;
        }
        if name.rsplit('/').next().is_some_and(|name| decisions.chance.contains(name)) {
            continue;
        }
        let value = interview.value(&name);
        let text = if value.is_blank() { String::new() } else { value.text().into_owned() };
        let wanted = match &state["v"] {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            Json::Array(words) => words.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        if !same(&text, &wanted) && !by_chance(&wanted, &value) && !decisions.allow(&value, &wanted) {
            differences.push(format!("step {step}: {path}: ours {text:?}, theirs {wanted:?}"));
        }
        // labels and choices change with the state of their own question, as the recording has it
        if !changed.contains(path) {
            continue;
        }
        let page = interview.clone().jump(&name).ok();
        let question =
            page.and_then(|page| page.questions.into_iter().find(|question| same_place(&question.path, &name)));
        if let (Some(question), Some(label)) = (&question, state["label"].as_str()) {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            if words(&question.label) != words(label) {
                differences.push(format!("step {step}: {path} label: ours {:?}, theirs {label:?}", question.label));
            }
        }
        if let Some(options) = state["opts"].as_array() {
            // a row without an answer is no choice, as pyxform's own predicate has it
            let wanted = options.iter().filter_map(|o| Some((o[0].as_str()?.to_owned(), o[1].as_str()?.to_owned())));
            let wanted: Vec<(String, String)> = wanted.filter(|(name, _)| !name.is_empty()).collect();
            let offered = question.map_or(vec![], |question| question.choices);
            let offered: Vec<_> = offered.into_iter().map(|choice| (choice.name, choice.label)).collect();
            // the label of a row is another of its answers there, which XLSForm cannot say
            let node = interview.questionnaire().nodes.iter().find(|node| name.ends_with(node.name.as_str()));
            let rows = node.and_then(|node| node.choices.as_ref()).is_some_and(|c| matches!(c.from, Source::Rows(_)));
            let same = |(ours, theirs): (&(String, String), &(String, String))| {
                ours.0 == theirs.0 && (ours.1 == theirs.1 || theirs.1.is_empty() || rows)
            };
            if offered.len() != wanted.len() || !offered.iter().zip(&wanted).all(same) {
                differences.push(format!("step {step}: {path}: offers {offered:?}, theirs {wanted:?}"));
            }
        }
    }
}

/// 2: relevance that is just another node, which we take by value and they by its existence.
fn bare_nodes(interview: &Interview) -> BTreeSet<String> {
    let nodes = interview.questionnaire().nodes.iter();
    let bare = nodes.filter(|node| matches!(parse(&node.relevant), Ok(Ast::Path { .. })));
    bare.map(|node| node.name.clone()).collect()
}

/// Nodes that are computed from `random()`, each time to something else.
fn by_chance_nodes(interview: &Interview) -> BTreeSet<String> {
    let nodes = interview.questionnaire().nodes.iter();
    nodes.filter(|node| node.calculation.contains("random()")).map(|node| node.name.clone()).collect()
}

/// Random and present-day values were recorded once: their form is what can be compared.
fn by_chance(theirs: &str, ours: &Value) -> bool {
    let uuid = |text: &str| text.trim_start_matches("uuid:").len() == 36 && text.matches('-').count() == 4;
    let text = ours.text();
    // the day on which the cases were recorded, which is also our today
    let recorded = |text: &str| moment::parse_moment(text, 0).is_some_and(|m| m.day().abs_diff(20_779) <= 1);
    (uuid(theirs) && uuid(&text)) || (recorded(theirs) && recorded(&text))
}

fn run(scope: &str, least: f64) {
    let Some(cases) = cases("scenario-cases.jsonl.gz", scope) else {
        return println!("conformance scenario {scope}: absent");
    };
    let mut suite = Suite::new(&format!("scenario {scope}"));
    for case in &cases {
        let mut differences = Vec::new();
        for form in case["forms"].as_array().into_iter().flatten() {
            differences.extend(play(form, scope == "differs").unwrap_or_else(|why| vec![why]));
        }
        differences.truncate(6);
        suite.count(differences.is_empty(), || {
            format!("{} > {}\n    {}", case["file"], case["test"], differences.join("\n    "))
        });
    }
    suite.tell(least);
}

#[test]
fn scenarios_on_which_the_reference_engines_agree() {
    run("agreed", 100.0);
}

#[test]
fn scenarios_on_which_they_differ() {
    run("differs", 95.0);
}
