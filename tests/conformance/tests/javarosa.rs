//! Random small forms with random answers and rows through JavaRosa and through our engine: the same relevance, the
//! same values, the same verdict on each answer, the same choices. The seed of a form that differs is told;
//! `TABARA_SEED` begins there, `TABARA_FORMS` tells how many.
//!
//! JavaRosa is the one inside the wheel of pyxform, which `cargo xtask test` installs; where it is absent there is
//! nothing to run.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tabara_conformance::random::{Field, Form, Kind};
use tabara_conformance::suite::{Suite, ours, same};
use tabara_conformance::xform;
use tabara_core::interview::{Interview, InterviewConfig, Invalid};
use tabara_core::questionnaire::Questionnaire;
use tabara_support::rng::Rng;
use tabara_support::target;

/// ODK Validate, which holds JavaRosa: of the tests' own virtual environment.
fn jar() -> Option<PathBuf> {
    let library = target().join("venv/lib").read_dir().ok()?.flatten().next()?.path();
    let jar = library.join("site-packages/pyxform/validators/odk_validate/bin/ODK_Validate.jar");
    jar.is_file().then_some(jar)
}

/// What our engine made of each step.
struct Played {
    seed: u64,
    xform: String,
    steps: Vec<[String; 3]>,
    /// After each step: the interview, and whether the answer fits its constraint. None where more belongs to the step.
    states: Vec<Option<(Interview, Option<bool>)>>,
    choices: Vec<String>,
}

/// A path with a row for each repeat on it.
fn place(dice: &mut Rng, path: &str, repeats: &[String], rows: &BTreeMap<String, usize>) -> String {
    let mut found = String::new();
    let mut generic = String::new();
    for part in path.split('/').skip(1) {
        generic += &format!("/{part}");
        found += &format!("/{part}");
        if repeats.contains(&generic) {
            let row = 1 + dice.below(rows[&found]);
            found += &format!("[{row}]");
        }
    }
    found
}

fn play(seed: u64) -> Played {
    let form = Form::new(seed);
    let xform = form.xform();
    let imported = xform::import(&xform).expect("an XForm");
    assert!(imported.unknown.is_empty(), "seed {seed}: {:?}", imported.unknown);
    let questionnaire =
        Questionnaire::new(imported.package).unwrap_or_else(|error| panic!("seed {seed}: {error:?}\n{xform}"));
    let setting = InterviewConfig { now: 1_795_372_200, seed: 7, offset: 120, ..InterviewConfig::default() };
    let mut interview = Interview::start(Arc::new(questionnaire), setting);
    let mut dice = Rng::new(seed ^ 0xD1CE);
    // how many rows each repeat has, by its path with rows
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let fresh = |rows: &mut BTreeMap<String, usize>, at: &str| {
        for (repeat, around) in &form.repeats {
            let outer = around.last().map_or("", String::as_str);
            let generic = at.rsplit_once('[').map_or(at, |(path, _)| path);
            let generic: String =
                generic.split('/').map(|part| part.split('[').next().unwrap_or(part)).collect::<Vec<_>>().join("/");
            if outer == generic {
                rows.insert(format!("{at}{}", &repeat[outer.len()..]), 1);
            }
        }
    };
    fresh(&mut rows, "");
    let first: Vec<String> = rows.keys().cloned().collect();
    first.iter().for_each(|path| fresh(&mut rows, &format!("{path}[1]")));
    let questions: Vec<&Field> =
        form.fields.iter().filter(|field| !matches!(field.kind, Kind::Number | Kind::Words | Kind::Filtered)).collect();
    let mut played =
        Played { seed, xform, steps: vec![], states: vec![Some((interview.clone(), None))], choices: vec![] };
    for field in form.fields.iter().filter(|field| field.kind == Kind::Filtered && field.repeats.is_empty()) {
        played.choices.push(field.path.clone());
    }
    for _ in 0..14 {
        let words = match (dice.below(5), form.repeats.is_empty()) {
            (0, false) => {
                let (repeat, around) = &form.repeats[dice.below(form.repeats.len())];
                let at = place(&mut dice, repeat, around, &rows);
                let count = rows[&at];
                let row = 1 + dice.below(count);
                let path = format!("{at}[{row}]");
                let removes = count > 1 && dice.below(3) == 0;
                if count > 4 || !interview.relevant(&ours(&path)) {
                    continue;
                }
                let done = if removes { interview.remove_row(&ours(&path)) } else { interview.add_row(&ours(&at)) };
                if done.is_err() {
                    continue;
                }
                if removes {
                    // the rows after it move up, with what is inside
                    let inside = |path: &str| -> Option<(usize, String)> {
                        let (row, rest) = path.strip_prefix(&at)?.strip_prefix('[')?.split_once(']')?;
                        Some((row.parse().ok()?, rest.to_owned()))
                    };
                    let moved = rows.iter().filter_map(|(path, count)| match inside(path) {
                        Some((gone, _)) if gone == row => None,
                        Some((after, rest)) if after > row => Some((format!("{at}[{}]{rest}", after - 1), *count)),
                        _ => Some((path.clone(), *count)),
                    });
                    rows = moved.collect();
                    rows.insert(at, count - 1);
                    ["remove".to_owned(), path, String::new()]
                } else {
                    rows.insert(at.clone(), count + 1);
                    let known = rows.clone();
                    fresh(&mut rows, &format!("{at}[{}]", count + 1));
                    // a new row of ours has a first row in the repeats inside; theirs is made on the way there
                    let mut last = ["add".to_owned(), at, String::new()];
                    for inner in rows.keys().filter(|path| !known.contains_key(*path)) {
                        played
                            .steps
                            .push(std::mem::replace(&mut last, ["add".to_owned(), inner.clone(), String::new()]));
                        played.states.push(None);
                    }
                    last
                }
            }
            _ if questions.is_empty() => break,
            _ => {
                let field = questions[dice.below(questions.len())];
                let at = place(&mut dice, &field.path, &field.repeats, &rows);
                let text = match field.kind {
                    _ if dice.below(6) == 0 => "",
                    Kind::Integer => dice.pick(&["0", "1", "2", "3", "9", "-4"]),
                    Kind::Decimal => dice.pick(&["0.5", "2", "-1.5", "7.25"]),
                    Kind::Date => dice.pick(&["2024-05-31", "2024-06-01", "1999-02-28"]),
                    Kind::One => dice.pick(&["a", "b", "c"]),
                    Kind::Several => dice.pick(&["a", "b", "a c", "b c", "a b c"]),
                    _ => dice.pick(&["a", "x y", "12", "Zz"]),
                };
                if interview.answer(&ours(&at), Some(text).filter(|text| !text.is_empty())).is_err() {
                    continue;
                }
                ["answer".to_owned(), at, text.to_owned()]
            }
        };
        let fits = (words[0] == "answer").then(|| {
            let breaks = |missing: &tabara_core::interview::Missing| missing.message.why == Invalid::Constraint;
            let (rows, name) = words[1].rsplit_once('/').expect("a path");
            // our paths leave groups out
            let path: String =
                rows.split('/').filter(|part| part.ends_with(']')).map(|row| format!("{row}/")).collect();
            let path = path + name;
            !interview.missing().iter().any(|missing| missing.path == path && breaks(missing))
        });
        played.steps.push(words);
        played.states.push(Some((interview.clone(), fits)));
    }
    played
}

/// What differs first, in words.
fn difference(played: &Played, theirs: &Json) -> Option<String> {
    if let Some(error) = theirs["error"].as_str() {
        return Some(format!("JavaRosa: {error}"));
    }
    let states = theirs["states"].as_array()?;
    for (number, (state, theirs)) in played.states.iter().zip(states).enumerate() {
        let Some((interview, fits)) = state else { continue };
        let step = if number == 0 { "at first".to_owned() } else { format!("after {:?}", played.steps[number - 1]) };
        if let (Some(fits), Some(wanted)) = (fits, theirs["fits"].as_bool())
            && *fits != wanted
        {
            return Some(format!("{step}: fits: ours {fits}, theirs {wanted}"));
        }
        for (path, state) in theirs["nodes"].as_object()? {
            let (name, relevant) = (ours(path), state[1].as_bool()?);
            if interview.relevant(&name) != relevant {
                return Some(format!("{step}: {path} relevant: theirs {relevant}"));
            }
            let Some(wanted) = state[0].as_str().filter(|_| relevant) else { continue };
            let value = interview.value(&name);
            let text = if value.is_blank() { String::new() } else { value.text().into_owned() };
            if !same(&text, wanted) {
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
    (states.len() != played.states.len()).then(|| "JavaRosa ended early".to_owned())
}

#[test]
fn javarosa_and_ours_play_random_forms_alike() {
    let Some(jar) = jar() else { return println!("conformance javarosa random: absent") };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let first = number("TABARA_SEED").unwrap_or(since.as_millis() as u64 * 1_000);
    let count = number("TABARA_FORMS").unwrap_or(400);
    println!("javarosa random: {count} forms from seed {first}");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("java/JavaRosa.java");
    let mut java = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-cp"])
        .args([&jar, &driver])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("java");
    let mut to = java.stdin.take().expect("piped");
    let mut from = BufReader::new(java.stdout.take().expect("piped")).lines();
    let mut suite = Suite::new("javarosa random");
    for seed in first..first + count {
        let played = play(seed);
        let asked = json!({ "xform": played.xform, "steps": played.steps, "choices": played.choices });
        writeln!(to, "{asked}").expect("java reads");
        let line = from.next().expect("java answers").expect("text");
        let theirs = serde_json::from_str(&line).expect("JSON");
        let found = difference(&played, &theirs);
        suite.count(found.is_none(), || {
            let steps = json!(played.steps);
            format!("seed {}: {}\n{steps}\n{}", played.seed, found.unwrap_or_default(), played.xform)
        });
    }
    drop(to);
    java.wait().expect("java ends");
    suite.tell(100.0);
}
