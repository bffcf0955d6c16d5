//! `tabara-desk form simulate`: invented people are led through a form, so that its author sees before the field does how long
//! it takes, which questions are hardly ever reached, how outcomes spread, and what each question changes.
//!
//! People differ by temperament, not by question: some say yes to what indicates, most to nothing, some know little or will
//! not say. They agree nearly always. The same seed gives the same people.

use crate::error::{Result, invalid};
use crate::texts::Texts;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use tabara_core::envelope::Digest;
use tabara_core::interview::{Interview, InterviewConfig, Invalid, Question};
use tabara_core::questionnaire::{NodeType, Package, Questionnaire};
use tabara_core::screening::{assess, read_questionnaire};

/// Words a minute, read aloud.
const PACE: usize = 130;
/// A longer list is not read aloud: the focal point ticks what the person says.
const READ_CHOICES: usize = 8;
/// Asked of fewer than this percent, a question is hardly ever reached.
const HARDLY: usize = 5;
/// 2026-06-01.
const NOW: i64 = 1_780_272_000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct SimulationOrder {
    pub people: usize,
    pub seed: u64,
    /// Answers that everybody gives, by question.
    pub given: BTreeMap<String, String>,
}

/// What came out. Counts are of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Simulation {
    pub people: usize,
    /// Questions asked, and words read aloud: of each person, in ascending order.
    pub asked: Vec<usize>,
    pub words: Vec<usize>,
    /// How many people were asked each question, in the order of the form.
    pub reached: Vec<(String, usize)>,
    /// By outcome, with its tier.
    pub outcomes: BTreeMap<String, usize>,
    /// Of each question that raises a code: people whose outcome is another one without it.
    pub moved: Vec<(String, usize)>,
}

/// The value in the middle of an ascending list.
pub fn median(sorted: &[usize]) -> usize {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Leads people through a form.
pub fn simulate(form: &Arc<Questionnaire>, order: &SimulationOrder) -> Result<Simulation> {
    if let Some(unknown) = order.given.keys().find(|name| !form.nodes.iter().any(|node| node.name == **name)) {
        return Err(invalid(format!("the form has no question '{unknown}'")));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let people: Vec<u64> = (0..order.people as u64).collect();
    let lead_some = |part: &[u64]| part.iter().map(|n| lead(form, order, *n)).collect::<Vec<_>>();
    let led = in_parts(&people, threads, &lead_some);
    let mut told = Simulation { people: led.len(), ..Simulation::default() };
    told.asked = led.iter().map(|one| one.asked.len()).collect();
    told.words = led.iter().map(|one| one.words).collect();
    told.asked.sort_unstable();
    told.words.sort_unstable();
    let shown = form.nodes.iter().filter(|node| is_question(node.kind));
    let count = |name: &String| led.iter().filter(|one| one.asked.contains(name)).count();
    told.reached = shown.map(|node| (node.name.clone(), count(&node.name))).collect();
    if !form.indicators.is_empty() {
        let whole: Vec<String> = led.iter().map(|one| outcome(&one.interview)).collect();
        whole.iter().for_each(|outcome| *told.outcomes.entry(outcome.clone()).or_default() += 1);
        let questions: Vec<u32> =
            form.indicators.iter().map(|row| row.question).collect::<BTreeSet<_>>().into_iter().collect();
        let drop_some = |part: &[u32]| part.iter().map(|node| moved(form, *node, &led, &whole)).collect::<Vec<_>>();
        told.moved = in_parts(&questions, threads, &drop_some);
    }
    Ok(told)
}

/// Works on the parts of a list side by side.
fn in_parts<T: Sync, R: Send>(all: &[T], threads: usize, work: &(impl Fn(&[T]) -> Vec<R> + Sync)) -> Vec<R> {
    let size = all.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = all.chunks(size).map(|part| scope.spawn(move || work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no panic in a part")).collect()
    })
}

/// One person's interview.
struct Led {
    interview: Interview,
    asked: BTreeSet<String>,
    words: usize,
}

fn is_question(kind: NodeType) -> bool {
    kind.is_shown() && kind != NodeType::Note
}

fn setting() -> InterviewConfig {
    InterviewConfig { now: NOW, offset: 120, ..InterviewConfig::default() }
}

fn lead(form: &Arc<Questionnaire>, order: &SimulationOrder, number: u64) -> Led {
    let mut person = Person::new(order.seed, number);
    let mut led = Led { interview: Interview::start(form.clone(), setting()), asked: BTreeSet::new(), words: 0 };
    let mut page = led.interview.page();
    // far more pages than any form has: a repeat that asks for ever must not hold the tool
    for _ in 0..1000 {
        let mut seen = BTreeSet::new();
        while let Some(question) = page.questions.iter().find(|question| !seen.contains(&question.path)).cloned() {
            seen.insert(question.path.clone());
            if is_question(question.kind) && !question.readonly && led.asked.insert(question.path.clone())
                || question.kind == NodeType::Note
            {
                led.words += words_aloud(&question);
            }
            let answer = order.given.get(&question.path).cloned().or_else(|| person.answer(form, &question));
            if let Some(answer) = answer {
                page = give(&mut led.interview, &question, &answer);
            }
        }
        if page.last {
            break;
        }
        page = led.interview.next();
        if page.refused {
            break;
        }
    }
    led
}

/// Gives an answer, and takes back what the question does not accept.
fn give(interview: &mut Interview, question: &Question, answer: &str) -> tabara_core::interview::Page {
    let Ok(page) = interview.answer(&question.path, Some(answer)) else { return interview.page() };
    let message = page.questions.iter().find(|q| q.path == question.path).and_then(|q| q.message.as_ref());
    if message.is_some_and(|message| message.why == Invalid::Constraint) {
        return interview.answer(&question.path, None).unwrap_or(page);
    }
    page
}

/// Words that are read aloud: what the focal point answers herself is not, but what she is told to say is.
fn words_aloud(question: &Question) -> usize {
    let own = ["(FP)", "(PF)"].iter().find_map(|mark| question.label.strip_prefix(mark));
    let told = match own {
        Some(rest) => [" Say:", " Dites :"].iter().find_map(|say| rest.strip_prefix(say)).unwrap_or(""),
        None => question.label.as_str(),
    };
    let offers = |name: &str| question.choices.iter().any(|choice| choice.name == name);
    let read = own.is_none() && question.choices.len() <= READ_CHOICES && !(offers("yes") && offers("no"));
    let choices = question.choices.iter().filter(|_| read).map(|choice| choice.label.as_str());
    choices.chain([told]).map(|text| text.split_whitespace().count()).sum()
}

/// The outcome, with its tier.
fn outcome(interview: &Interview) -> String {
    let assessment = assess(interview);
    let tier = assessment.tier.map_or(String::new(), |tier| format!("/{tier}"));
    format!("{}{tier}", assessment.outcome.code())
}

/// How many outcomes are others if the form does not have the question.
fn moved(form: &Arc<Questionnaire>, node: u32, led: &[Led], whole: &[String]) -> (String, usize) {
    let name = form.nodes[node as usize].name.clone();
    let mut package: Package = (***form).clone();
    package.indicators.retain(|row| row.question != node);
    let written = serde_json::to_vec(&package).expect("plain data has a JSON form");
    let without = Arc::new(read_questionnaire(&written).expect("the form without a few rows"));
    let digest = Digest(without.sha256()).to_string();
    let other = |(one, whole): &(&Led, &String)| {
        let mut draft = one.interview.recorded().draft();
        digest.clone_into(&mut draft.questionnaire);
        let mut interview = Interview::resume(without.clone(), setting(), &draft).expect("the same questions");
        // an answer that is not shown any more is gone already
        let _ = interview.set(&name, None);
        outcome(&interview) != **whole
    };
    let touched = led.iter().zip(whole).filter(|(one, _)| one.asked.contains(&name));
    let count = touched.filter(other).count();
    (name, count)
}

/// A temperament, and numbers that follow from a seed (SplitMix64).
struct Person {
    state: u64,
    /// Percent of what indicates that is so, of what is not known or not said, and of signs of danger.
    so: u64,
    unknown: u64,
    danger: u64,
}

impl Person {
    fn new(seed: u64, number: u64) -> Self {
        let mut person =
            Self { state: seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d), so: 0, unknown: 0, danger: 4 };
        person.so = [3, 3, 8, 25, 45, 65][person.below(6) as usize];
        person.unknown = [1, 3, 8, 30][person.below(4) as usize];
        person
    }

    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }

    fn answer(&mut self, form: &Questionnaire, question: &Question) -> Option<String> {
        let text = |text: &str| Some(text.to_owned());
        match question.kind {
            _ if question.readonly || question.value.is_some() => None,
            NodeType::Integer | NodeType::Decimal | NodeType::Range => Some((8 + self.below(40)).to_string()),
            NodeType::Date => text("2026-03-01"),
            NodeType::Text => text("a few words"),
            NodeType::SelectOne | NodeType::SelectMultiple => self.choice(form, question),
            _ => None,
        }
    }

    fn choice(&mut self, form: &Questionnaire, question: &Question) -> Option<String> {
        let names: Vec<&str> = question.choices.iter().map(|choice| choice.name.as_str()).collect();
        let has = |name: &str| names.contains(&name);
        let at = form.nodes.iter().position(|node| node.name == question.path)? as u32;
        let rows: Vec<_> = form.indicators.iter().filter(|row| row.question == at).collect();
        let mut doubts = form.nodes.iter().filter(|node| node.role == "age_doubt");
        let doubt = doubts.any(|node| node.calculation.contains(&format!("${{{}}}", question.path)));
        let grave = |kind: &str| ["urgent", "flag", "review"].contains(&kind);
        let share = match rows.as_slice() {
            // what is only for safety is rare, whoever is asked
            rows if rows.iter().all(|row| grave(&row.kind)) => self.danger,
            // most people who are screened have been somewhere
            rows if rows.iter().any(|row| row.kind == "act") => (self.so + 100) / 2,
            _ => self.so,
        };
        if has("yes") && has("no") {
            let raising = rows.first().map(|row| row.answer.as_str()).filter(|answer| has(answer));
            let either = |yes: bool| if yes { "yes" } else { "no" };
            let answer = match raising {
                _ if doubt => either(self.percent(5)),
                _ if question.required => either(self.percent(98)),
                None => either(self.percent(85)),
                Some(_) if has("dk") && self.percent(self.unknown) => "dk",
                Some(hit) => {
                    if self.percent(share) {
                        hit
                    } else {
                        either(hit == "no")
                    }
                }
            };
            return Some(answer.to_owned());
        }
        let several = question.kind == NodeType::SelectMultiple;
        let aside = ["none", "no", "self"].into_iter().find(|name| has(name));
        if let Some(aside) = aside.filter(|_| !self.percent(20 + self.so)) {
            return Some(aside.to_owned());
        }
        let others: Vec<&str> = names.iter().copied().filter(|name| !several || *name != "none").collect();
        let first = self.below(others.len() as u64) as usize;
        let mut chosen = vec![*others.get(first)?];
        if several && self.percent(40) {
            let second = others[self.below(others.len() as u64) as usize];
            chosen.extend((second != chosen[0]).then_some(second));
        }
        Some(chosen.join(" "))
    }
}

/// The result in words.
pub fn text(told: &Simulation, texts: &Texts) -> String {
    let percent = |n: usize| n * 100 / told.people.max(1);
    let minutes = |words: usize| format!("{}.{}", words / PACE, words % PACE * 10 / PACE);
    let late = |sorted: &[usize]| sorted.get(sorted.len() * 9 / 10).copied().unwrap_or_default();
    let say = |id: &str, args: &[(&str, fluent_bundle::FluentValue<'_>)]| format!("{}\n", texts.get(id, args));
    let mut out = say("simulated", &[("people", told.people.into())]);
    out += &say("simulated-asked", &[("median", median(&told.asked).into()), ("late", late(&told.asked).into())]);
    let (words, many) = (median(&told.words), late(&told.words));
    let pace = [
        ("words", words.into()),
        ("minutes", minutes(words).into()),
        ("late", minutes(many).into()),
        ("pace", PACE.into()),
    ];
    out += &say("simulated-words", &pace);
    let hardly = told.reached.iter().filter(|(_, n)| percent(*n) < HARDLY);
    let hardly: Vec<String> = hardly.map(|(name, n)| format!("{name} {} %", percent(*n))).collect();
    if !hardly.is_empty() {
        out += &say("simulated-hardly", &[("questions", hardly.join(", ").into())]);
    }
    if !told.outcomes.is_empty() {
        out += &say("simulated-outcomes", &[]);
        for (outcome, n) in &told.outcomes {
            let _ = writeln!(out, "  {outcome:<16} {n:>6} {:>3} %", percent(*n));
        }
        out += &say("simulated-changes", &[]);
        let mut moved: Vec<_> = told.moved.iter().collect();
        moved.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        for (name, n) in moved {
            let _ = writeln!(out, "  {name:<16} {n:>6}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_core::screening;

    fn told(people: usize, given: &[(&str, &str)]) -> Simulation {
        let source = include_bytes!("../../questionnaires/first-line.md");
        let form = Arc::new(screening::compile(source).questionnaire.expect("no faults"));
        let given = given.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned())).collect();
        simulate(&form, &SimulationOrder { people, seed: 7, given }).expect("the questions are there")
    }

    #[test]
    fn a_form_is_measured_on_invented_people_and_the_same_seed_gives_the_same() {
        let all = told(200, &[]);
        assert_eq!(all, told(200, &[]));
        let reached = |name: &str| all.reached.iter().find(|(asked, _)| asked == name).expect("a question").1;
        assert_eq!(reached("consent"), 200);
        assert!((150..200).contains(&reached("left")), "{:?}", all.reached);
        assert_eq!(all.outcomes.values().sum::<usize>(), 200);
        // both questions move outcomes: the one is the act, the other the purpose
        assert!(all.moved.iter().all(|(_, n)| *n > 0), "{:?}", all.moved);
        let text = text(&all, &Texts::new("en").expect("spoken"));
        assert!(text.contains("200 invented people") && text.contains("presumed"), "{text}");
    }

    #[test]
    fn an_answer_that_everybody_gives_closes_what_stands_behind_it() {
        let refused = told(50, &[("consent", "no")]);
        assert_eq!(refused.outcomes, BTreeMap::from([("not_screened".to_owned(), 50)]));
        assert!(refused.moved.iter().all(|(_, n)| *n == 0));
        // "Do you agree to talk with me?" is all that is read aloud
        assert_eq!((median(&refused.asked), median(&refused.words)), (1, 7));
    }
}
