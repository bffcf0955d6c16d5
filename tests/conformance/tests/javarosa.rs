//! Random small forms with random answers and rows through JavaRosa and through our engine: the same relevance, the
//! same values, the same verdict on each answer, the same choices. Ours is left and taken up again in between, and
//! counts its own rows, which JavaRosa is then told. The seed of a form that differs is told; `TABARA_SEED` begins
//! there, `TABARA_FORMS` tells how many.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tabara_conformance::javarosa::{JavaRosa, setting};
use tabara_conformance::random::{Field, Form, Kind, SPACED};
use tabara_conformance::suite::{Suite, ours, same};
use tabara_conformance::xform;
use tabara_core::expression::moment::parse_time;
use tabara_core::interview::{Draft, Interview, Invalid, Missing};
use tabara_core::questionnaire::Questionnaire;
use tabara_support::rng::Rng;

/// A form that our engine has played.
struct Played {
    seed: u64,
    form: Form,
    steps: Vec<Step>,
    choices: Vec<String>,
    /// How often it was left and taken up again.
    resumes: usize,
}

impl Played {
    /// What a form may try of what went wrong once.
    const WHAT: [&str; 6] = ["counted rows that fell", "choices with spaces", "times", "truths", "once()", "resumes"];

    fn tried(&self) -> Vec<&'static str> {
        let has = |kinds: &[Kind]| self.form.fields.iter().any(|field| kinds.contains(&field.kind));
        let drafts = self.steps.iter().filter_map(|step| Some(step.after.as_ref()?.draft()));
        let tried = [
            drafts.into_iter().any(|draft| !draft.hidden.is_empty()),
            has(&[Kind::Spaced, Kind::Place]),
            has(&[Kind::Time]),
            has(&[Kind::Truth]),
            self.form.xform().contains("once("),
            self.resumes > 0,
        ];
        Self::WHAT.into_iter().zip(tried).filter_map(|(what, tried)| tried.then_some(what)).collect()
    }
}

/// What is done in JavaRosa, and what our engine made of it.
struct Step {
    /// What, where, and which text. Of the first nothing: the form is opened.
    words: [String; 3],
    /// Of an answer: whether it fits its constraint.
    fits: Option<bool>,
    /// None where more steps belong to one of ours.
    after: Option<Interview>,
}

/// How many rows each repeat has, by its path with rows.
type Rows = BTreeMap<String, usize>;

/// A path with a row for each repeat on it.
fn place(dice: &mut Rng, path: &str, repeats: &[String], rows: &Rows) -> Option<String> {
    let mut found = String::new();
    let mut generic = String::new();
    for part in path.split('/').skip(1) {
        generic += &format!("/{part}");
        found += &format!("/{part}");
        if repeats.contains(&generic) {
            let row = 1 + dice.below(rows.get(&found).copied().filter(|count| *count > 0)?);
            found += &format!("[{row}]");
        }
    }
    Some(found)
}

/// All places of a path.
fn places(path: &str, repeats: &[String], rows: &Rows) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut generic = String::new();
    for part in path.split('/').skip(1) {
        generic += &format!("/{part}");
        found.iter_mut().for_each(|place| *place += &format!("/{part}"));
        if repeats.contains(&generic) {
            let row = |place: String| (1..=rows[&place]).map(move |row| format!("{place}[{row}]"));
            found = found.into_iter().flat_map(row).collect();
        }
    }
    found
}

/// Our paths leave groups out.
fn short(path: &str) -> String {
    let (rows, name) = path.rsplit_once('/').expect("a path");
    let rows: String = rows.split('/').filter(|part| part.ends_with(']')).map(|row| format!("{row}/")).collect();
    rows + name
}

/// The rows of an interview that are not hidden.
fn rows_of(form: &Form, draft: &Draft) -> Rows {
    let hidden: BTreeMap<&str, u32> = draft.hidden.iter().map(|(path, count)| (path.as_str(), *count)).collect();
    let there: BTreeMap<&str, u32> = draft.rows.iter().map(|(path, count)| (path.as_str(), *count)).collect();
    let mut rows = Rows::new();
    for (repeat, around) in &form.repeats {
        // outer repeats come first
        for at in places(repeat, around, &rows) {
            let path = short(&at);
            let count = there[&*path] - hidden.get(&*path).copied().unwrap_or(0);
            rows.insert(at, count as usize);
        }
    }
    rows
}

/// What JavaRosa must do to have the rows that ours has now; what was said in those that a count has brought is said
/// again.
fn follow(form: &Form, before: &mut Rows, draft: &Draft, counted: bool) -> Vec<[String; 3]> {
    let now = rows_of(form, draft);
    let (mut steps, mut fresh) = (Vec::new(), Vec::new());
    for (path, count) in &now {
        let have = before.get(path).copied().unwrap_or(0);
        for gone in (*count..have).rev() {
            let row = format!("{path}[{}]", gone + 1);
            before.retain(|path, _| !path.starts_with(&row));
            steps.push(["remove".to_owned(), row, String::new()]);
        }
        for new in have..*count {
            fresh.push(format!("{path}[{}]", new + 1));
            steps.push(["add".to_owned(), path.clone(), String::new()]);
        }
    }
    *before = now;
    let said: BTreeMap<&str, &str> = draft.answers.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    for field in form.fields.iter().filter(|field| counted && field.kind.is_asked()) {
        for at in places(&field.path, &field.repeats, before) {
            let text = said.get(&*short(&at)).copied().unwrap_or_default();
            if text != field.default && fresh.iter().any(|row| at.starts_with(row)) {
                steps.push(["answer".to_owned(), at, text.to_owned()]);
            }
        }
    }
    steps
}

fn play(seed: u64) -> Played {
    let form = Form::new(seed);
    let xform = form.xform();
    let imported = xform::import(&xform).expect("an XForm");
    assert!(imported.unknown.is_empty(), "seed {seed}: {:?}", imported.unknown);
    let questionnaire = Arc::new(
        Questionnaire::new(imported.package).unwrap_or_else(|error| panic!("seed {seed}: {error:?}\n{xform}")),
    );
    let mut interview = Interview::start(questionnaire.clone(), setting());
    let mut dice = Rng::new(seed ^ 0xD1CE);
    let fields = form.fields.iter();
    let listed = |field: &&Field| matches!(field.kind, Kind::Filtered | Kind::Place) && field.repeats.is_empty();
    let choices = fields.clone().filter(listed).map(|field| field.path.clone()).collect();
    let questions: Vec<&Field> = fields.filter(|field| field.kind.is_asked()).collect();
    // JavaRosa's form holds one row of each repeat
    let mut rows = Rows::new();
    for (repeat, around) in &form.repeats {
        let first = places(repeat, around, &rows);
        rows.extend(first.into_iter().map(|path| (path, 1)));
    }
    let opened = Step { words: Default::default(), fits: None, after: None };
    let (mut steps, mut resumes) = (vec![opened], 0);
    let settle = |steps: &mut Vec<Step>, rows: &mut Rows, interview: &Interview, counted| {
        let more = follow(&form, rows, &interview.draft(), counted);
        steps.extend(more.into_iter().map(|words| Step { words, fits: None, after: None }));
        steps.last_mut().expect("opened").after = Some(interview.clone());
    };
    settle(&mut steps, &mut rows, &interview, true);
    for _ in 0..14 {
        let (mut fits, mut counted) = (None, true);
        let words = match (dice.below(5), form.repeats.is_empty()) {
            (0, false) => {
                let (repeat, around) = &form.repeats[dice.below(form.repeats.len())];
                let Some(at) = place(&mut dice, repeat, around, &rows) else { continue };
                let count = rows[&at];
                let path = format!("{at}[{}]", 1 + dice.below(count));
                let removes = count > 1 && dice.below(3) == 0;
                let asked = if count > 0 { &path } else { &at };
                if count > 4 || !interview.relevant(&ours(asked)) {
                    continue;
                }
                let done = if removes { interview.remove_row(&ours(&path)) } else { interview.add_row(&ours(&at)) };
                if done.is_err() {
                    continue;
                }
                counted = false;
                if removes {
                    rows = without(&rows, &at, &path);
                    ["remove".to_owned(), path, String::new()]
                } else {
                    rows.insert(at.clone(), count + 1);
                    ["add".to_owned(), at, String::new()]
                }
            }
            _ if questions.is_empty() => break,
            _ => {
                let counts = |field: &&&Field| form.counting.contains(&field.path);
                let field = match questions.iter().find(counts) {
                    // a count must rise and fall to be tried
                    Some(field) if dice.one_in(3) => *field,
                    _ => questions[dice.below(questions.len())],
                };
                let Some(at) = place(&mut dice, &field.path, &field.repeats, &rows) else { continue };
                let text = match field.kind {
                    _ if dice.below(6) == 0 => "",
                    Kind::Integer => dice.pick(&["0", "1", "2", "3", "9", "-4"]),
                    Kind::Decimal => dice.pick(&["0.5", "2", "-1.5", "7.25", "1.005", "-2.345"]),
                    Kind::Date => dice.pick(&["2024-05-31", "2024-06-01", "1999-02-28"]),
                    Kind::Time => dice.pick(&["08:30:00.000+02:00", "00:00:00.000+02:00", "23:59:00.000+02:00"]),
                    Kind::One => dice.pick(&["a", "b", "c"]),
                    Kind::Spaced => dice.pick(&SPACED),
                    Kind::Place => dice.pick(&["p1", "p4", "p 5", "p1 p2"]),
                    Kind::Several => dice.pick(&["a", "b", "a c", "b c", "a b c"]),
                    _ => dice.pick(&["a", "x y", "12", "Zz"]),
                };
                if interview.answer(&ours(&at), Some(text).filter(|text| !text.is_empty())).is_err() {
                    continue;
                }
                let breaks = |missing: &Missing| missing.message.why == Invalid::Constraint;
                let path = short(&at);
                fits = Some(!interview.missing().iter().any(|missing| missing.path == path && breaks(missing)));
                ["answer".to_owned(), at, text.to_owned()]
            }
        };
        if dice.below(3) == 0 {
            interview = resumed(&interview, seed);
            resumes += 1;
        }
        steps.push(Step { words, fits, after: None });
        settle(&mut steps, &mut rows, &interview, counted);
    }
    Played { seed, form, steps, choices, resumes }
}

/// The rows after one is taken out: those behind it move up, with what is inside.
fn without(rows: &Rows, repeat: &str, row: &str) -> Rows {
    let number = |row: &str| row.strip_prefix(repeat)?.strip_prefix('[')?.split_once(']')?.0.parse::<usize>().ok();
    let gone = number(row).expect("a row");
    let moved = rows.iter().filter_map(|(path, count)| match number(path) {
        Some(at) if at == gone => None,
        Some(at) if at > gone => {
            let rest = &path[path[repeat.len()..].find(']').expect("a row") + repeat.len() + 1..];
            Some((format!("{repeat}[{}]{rest}", at - 1), *count))
        }
        _ => Some((path.clone(), *count)),
    });
    let mut rows: Rows = moved.collect();
    *rows.get_mut(repeat).expect("it has rows") -= 1;
    rows
}

/// The interview left and taken up again.
fn resumed(interview: &Interview, seed: u64) -> Interview {
    let text = serde_json::to_vec(&interview.draft()).expect("JSON");
    let draft: Draft = serde_json::from_slice(&text).expect("a draft");
    let resumed = Interview::resume(interview.questionnaire().clone(), setting(), &draft).expect("its own draft");
    let again = serde_json::to_vec(&resumed.draft()).expect("JSON");
    assert_eq!(text, again, "seed {seed}: the draft of a draft");
    assert_eq!(interview.page(), resumed.page(), "seed {seed}: the page of a draft");
    resumed
}

/// What differs first, in words.
fn difference(played: &Played, theirs: &Json) -> Option<String> {
    if let Some(error) = theirs["error"].as_str() {
        return Some(format!("JavaRosa: {error}"));
    }
    let states = theirs["states"].as_array()?;
    for (number, (ours_there, theirs)) in played.steps.iter().zip(states).enumerate() {
        let step = format!("step {number} {:?}", ours_there.words);
        if let (Some(fits), Some(wanted)) = (ours_there.fits, theirs["fits"].as_bool())
            && fits != wanted
        {
            return Some(format!("{step}: fits: ours {fits}, theirs {wanted}"));
        }
        let Some(interview) = &ours_there.after else { continue };
        for (path, state) in theirs["nodes"].as_object()? {
            let (name, relevant) = (ours(path), state[1].as_bool()?);
            if interview.relevant(&name) != relevant {
                return Some(format!("{step}: {path} relevant: theirs {relevant}"));
            }
            let Some(wanted) = state[0].as_str().filter(|_| relevant) else { continue };
            let value = interview.value(&name);
            let text = if value.is_blank() { String::new() } else { value.text().into_owned() };
            let times = parse_time(&text, 120).zip(parse_time(wanted, 120));
            if !same(&text, wanted) && times.is_none_or(|(a, b)| a != b) {
                return Some(format!("{step}: {path}: ours {text:?}, theirs {wanted:?}"));
            }
        }
        for (path, offered) in theirs["offers"].as_object()? {
            let page = interview.clone().jump(&ours(path)).ok()?;
            let question = page.questions.into_iter().find(|question| question.path == ours(path))?;
            let names: Vec<String> = question.choices.into_iter().map(|choice| choice.name).collect();
            if json!(names) != *offered {
                return Some(format!("{step}: {path} offers {names:?}, theirs {offered}"));
            }
        }
    }
    (states.len() != played.steps.len()).then(|| "JavaRosa ended early".to_owned())
}

#[test]
fn javarosa_and_ours_play_random_forms_alike() {
    let Some(mut javarosa) = JavaRosa::start() else { return println!("conformance javarosa random: absent") };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let first = number("TABARA_SEED").unwrap_or(since.as_millis() as u64 * 1_000);
    let count = number("TABARA_FORMS").unwrap_or(400);
    println!("javarosa random: {count} forms from seed {first}");
    let mut suite = Suite::new("javarosa random");
    let mut tried = BTreeMap::from(Played::WHAT.map(|what| (what, 0)));
    for seed in first..first + count {
        let played = play(seed);
        played.tried().into_iter().for_each(|what| *tried.get_mut(what).expect("known") += 1);
        let steps = json!(played.steps.iter().skip(1).map(|step| &step.words).collect::<Vec<_>>());
        let found = difference(&played, &javarosa.play(&played.form.uncounted(), &steps, &played.choices));
        suite.count(found.is_none(), || {
            format!("seed {}: {}\n{steps}\n{}", played.seed, found.unwrap_or_default(), played.form.xform())
        });
    }
    javarosa.end();
    println!("  forms with: {tried:?}");
    assert!(count < 400 || tried.values().all(|forms| *forms > 0), "something is never tried: {tried:?}");
    suite.tell(100.0);
}
