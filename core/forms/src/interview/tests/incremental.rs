//! What was computed step by step is what computing everything at once gives, and a draft taken up is what was left: on
//! random forms with random answers, rows that come, go and are counted, pages turned, another language, and drafts taken
//! up in between. A failure prints the seed of its form.

use super::*;
use proptest::prelude::*;

/// A small generator: the form and the answers follow from one number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) % below as u64) as usize
    }
    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

/// Names, with the repeats that they lie in, outermost first.
type Names = Vec<(String, Vec<String>)>;

/// An expression over what stands before.
fn expression(dice: &mut Dice, names: &Names, within: &[String], depth: usize) -> String {
    if names.is_empty() || depth > 3 {
        return dice.of(&["0", "1", "2", "'a'", "''", "7.5"]).to_owned();
    }
    let (name, repeats) = names[dice.roll(names.len())].clone();
    let inner = |dice: &mut Dice| expression(dice, names, within, depth + 1);
    match dice.roll(16) {
        0 => format!("{} + {}", inner(dice), inner(dice)),
        1 => format!("if({} > {}, {}, {})", inner(dice), inner(dice), inner(dice), inner(dice)),
        2 => format!("coalesce({}, {})", inner(dice), inner(dice)),
        3 => format!("concat({}, '-', {})", inner(dice), inner(dice)),
        4 => format!("sum(${{{name}}})"),
        5 => format!("count(${{{name}}})"),
        6 => format!("{} = {}", inner(dice), inner(dice)),
        7 => match dice.roll(3) {
            0 => format!("{} div {}", inner(dice), inner(dice)),
            _ => format!("{} != {}", inner(dice), inner(dice)),
        },
        8 => format!("selected(${{{name}}}, '{}')", dice.of(&["food", "yes", "1"])),
        9 => match repeats.last() {
            Some(repeat) => format!("indexed-repeat(${{{name}}}, ${{{repeat}}}, {})", inner(dice)),
            None => format!("string-length(${{{name}}})"),
        },
        10 => match repeats.first() {
            Some(_) => format!("join(' ', ${{{name}}})"),
            None => format!("not(${{{name}}})"),
        },
        11 if !within.is_empty() => "position(..)".to_owned(),
        12 if name.starts_with('s') => format!("jr:choice-name(${{{name}}}, '${{{name}}}')"),
        13 if !repeats.is_empty() => format!("count(${{{}}}[position() > {}])", repeats[0], dice.roll(3)),
        _ => format!("${{{name}}}"),
    }
}

fn random_form(dice: &mut Dice) -> String {
    let mut rows = String::new();
    let mut names: Names = Vec::new();
    let mut open: Vec<(bool, String)> = Vec::new();
    for i in 0..6 + dice.roll(24) {
        let within: Vec<String> = open.iter().filter(|(repeat, _)| *repeat).map(|(_, name)| name.clone()).collect();
        // `s`: a select whose choices have labels in two languages; `c`: nobody answers it, so it triggers nothing
        let kind = dice.roll(25);
        let computed = matches!(kind, 9..=11 | 17);
        let name = format!("{}{i}", ["c", "n", "s"][usize::from(!computed) + usize::from(kind == 12)]);
        let near: Vec<String> = names
            .iter()
            .filter(|(name, rows)| *rows == within && !name.starts_with('c'))
            .map(|(name, _)| name.clone())
            .collect();
        let far: Vec<String> =
            names.iter().filter(|(_, rows)| !rows.is_empty()).map(|(name, _)| name.clone()).collect();
        let relevant = match dice.roll(3) {
            0 => format!(" | relevant: {}", expression(dice, &names, &within, 1)),
            _ => String::new(),
        };
        match kind {
            0 | 1 if open.len() < 4 => {
                rows += &format!("group {name}{relevant}\n");
                open.push((false, name));
                continue;
            }
            2 if open.len() < 4 => {
                let count = match (dice.roll(3), names.iter().find(|(name, _)| name.starts_with('n'))) {
                    // a number that a person types, and mistypes
                    (1, Some((name, _))) => format!(" | count: ${{{name}}} mod 6"),
                    (0, _) => format!(" | count: {} mod 5", expression(dice, &names, &within, 2)),
                    _ => String::new(),
                };
                rows += &format!("repeat {name}{relevant}{count}\n");
                open.push((true, name));
                continue;
            }
            3 | 4 if !open.is_empty() => {
                // a section without a question is no section
                rows += &format!("text {name}x\nend\n");
                open.pop();
                continue;
            }
            5 => rows += &format!("select_multiple {name} need{relevant}\n"),
            6 => {
                rows += &format!(
                    "select_one {name} commune{relevant} | filter: in = {}\n",
                    expression(dice, &names, &within, 2)
                )
            }
            7 if !near.is_empty() => {
                let (is, on) = (expression(dice, &names, &within, 0), &near[dice.roll(near.len())]);
                rows += &format!("text {name}{relevant} | is: {is} | on: {on}\n");
            }
            12 => rows += &format!("select_one {name} yn{relevant}\n"),
            13 => rows += &format!("rank {name} need{relevant}\n"),
            14 if !far.is_empty() => {
                let (from, filter) = (&far[dice.roll(far.len())], expression(dice, &names, &within, 2));
                rows += &format!("select_one {name}{relevant} | rows: {from} | filter: {filter} != ''\n");
            }
            8 => rows += &format!("integer {name}{relevant} | default: {}\n", dice.roll(5)),
            9..=11 => rows += &format!("calculate {name}{relevant} | is: {}\n", expression(dice, &names, &within, 0)),
            15 => rows += &format!("text {name}{relevant}\n"),
            // a person may write over what is computed
            16 => rows += &format!("text {name}{relevant} | is: {}\n", expression(dice, &names, &within, 1)),
            17 => rows += &format!("calculate {name}{relevant} | is: once({})\n", expression(dice, &names, &within, 1)),
            18 => rows += &format!("time {name}{relevant}\n"),
            20 => rows += &format!("date {name}{relevant}\n"),
            21 => rows += &format!("date_time {name}{relevant} | is: {}\n", dice.of(&["now()", "today()", "''"])),
            22 => rows += &format!("decimal {name}{relevant} | initial: {}\n", expression(dice, &names, &within, 2)),
            23 => rows += &format!("select_one {name} home{relevant}\n"),
            24 => rows += &format!("rank {name} home{relevant} | filter: in = {}\n", dice.of(&["'a'", "''", "in"])),
            19 => rows += &format!("integer {name}{relevant} | is: {}\n", expression(dice, &names, &within, 1)),
            _ => rows += &format!("integer {name}{relevant}\n"),
        }
        names.push((name, within));
    }
    while open.pop().is_some() {
        rows += "text last\nend\n".replace("last", &format!("last{}", open.len())).as_str();
    }
    rows + "text tail\n"
}

/// Every cell: path, relevance, what is read, what was given.
fn everything(interview: &Interview) -> Vec<String> {
    let layout = &interview.form().program.layout;
    let mut all = Vec::new();
    for (node, place) in layout.nodes.iter().enumerate() {
        interview.state.rows.below(layout, 0, place.scope, &mut |row| {
            let cell = interview.state.rows.cell(row, place.cell as usize);
            let path = interview.path(node as NodeId, row);
            let given =
                if interview.form().kind(node as NodeId).is_section() { Value::Blank } else { cell.given.clone() };
            all.push(format!("{path} {} {:?} {:?}", cell.relevant, cell.value, given));
        });
    }
    all
}

fn paths(interview: &Interview, wanted: impl Fn(NodeType) -> bool) -> Vec<(NodeType, String)> {
    let layout = &interview.form().program.layout;
    let mut paths = Vec::new();
    for (node, place) in layout.nodes.iter().enumerate() {
        let kind = interview.form().kind(node as NodeId);
        if wanted(kind) {
            interview.state.rows.below(layout, 0, place.scope, &mut |row| {
                paths.push((kind, interview.path(node as NodeId, row)));
            });
        }
    }
    paths
}

fn step(dice: &mut Dice, interview: &mut Interview) {
    match dice.roll(10) {
        7 => drop(interview.next()),
        8 => drop(interview.back()),
        9 => {
            let questions = paths(interview, NodeType::is_shown);
            // refused where the question is not relevant
            let _ = interview.jump(&questions[dice.roll(questions.len())].1);
        }
        6 => drop(interview.set_language(dice.of(&["en", "fr"]))),
        0 | 1 => {
            let repeats = paths(interview, |kind| kind == NodeType::Repeat);
            if let Some((_, path)) = repeats.get(dice.roll(repeats.len().max(1))) {
                // refused where rows are counted or not relevant: that changes nothing
                let _ = match dice.roll(2) {
                    0 => interview.remove_row(path),
                    _ => interview.add_row(path.rsplit_once('[').map_or(path, |(repeat, _)| repeat)),
                };
            }
        }
        _ => {
            let questions = paths(interview, NodeType::is_shown);
            let (kind, path) = &questions[dice.roll(questions.len())];
            let answer = match kind {
                _ if dice.roll(5) == 0 => None,
                NodeType::Time => Some(dice.of(&["13:30", "08:05:00.000+02:00", "23:59:59.999-05:00"])),
                NodeType::Date => Some(dice.of(&["2024-02-29", "1999-1-2"])),
                NodeType::DateTime => Some(dice.of(&["2024-02-29T10:00:00.000+02:00", "1999-12-31T23:59-05:00"])),
                NodeType::Decimal => Some(dice.of(&["0.5", "-7.25", "-0", "1.005", "3"])),
                NodeType::Integer => Some(dice.of(&["0", "1", "2", "3", "4", "-7"])),
                NodeType::Rank => Some(dice.of(&["none food water", "water", "food none", "a b b c", "a a b b"])),
                NodeType::SelectMultiple => Some(dice.of(&["food", "water food", "none"])),
                NodeType::SelectOne => Some(dice.of(&["a1", "a2", "b1", "yes", "no", "1", "b c", "a b", "b"])),
                _ => Some(dice.of(&["a", "b c", "  ", " yes ", "12", "true", "2024-02-29", "food"])),
            };
            let _ = interview.answer(path, answer);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn incremental_equals_full(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let rows = random_form(&mut dice);
        let form = match Questionnaire::new(package(&format!("{rows}text who\n"))) {
            Ok(form) => Arc::new(form),
            Err(PackageError::Rules(_)) => return Ok(()),
            Err(other) => panic!("{other}\n{rows}"),
        };
        let mut interview = Interview::start(form.clone(), setting());
        for _ in 0..25 {
            step(&mut dice, &mut interview);
            let mut again = interview.clone();
            again.change(|state, form| state.recompute_all(form));
            prop_assert_eq!(everything(&interview), everything(&again), "seed {}\n{}", seed, rows);
            let text = serde_json::to_string(&interview.draft()).expect("JSON");
            let draft: Draft = serde_json::from_str(&text).expect("a draft");
            let resumed = Interview::resume(form.clone(), setting(), &draft).expect("its own draft");
            prop_assert_eq!(everything(&interview), everything(&resumed), "resumed, seed {}\n{}", seed, rows);
            let (left, taken) = (interview.draft(), resumed.draft());
            let text = |draft: &Draft| serde_json::to_string(draft).expect("JSON");
            prop_assert_eq!(text(&left), text(&taken), "resumed, seed {}\n{}", seed, rows);
            prop_assert_eq!(interview.page(), resumed.page(), "resumed, seed {}\n{}", seed, rows);
            prop_assert_eq!(interview.missing(), resumed.missing(), "resumed, seed {}\n{}", seed, rows);
            prop_assert_eq!(interview.answers(), resumed.answers(), "resumed, seed {}\n{}", seed, rows);
            if dice.roll(3) == 0 {
                // what comes must not tell the two apart either
                interview = resumed;
            }
        }
    }
}
