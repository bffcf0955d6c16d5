//! The column `parameters` (`key=value key=value`) by type of question, and the question whether a default is an
//! expression.

use super::choices::Lists;
use super::phrase::Problem;
use crate::package::{Choices, Node, NodeType, Source};
use crate::say;
use std::collections::BTreeMap;

/// Reads `key=value` pairs, separated by spaces, commas or semicolons. Keys and most values are read in small letters;
/// `label` and `value` name columns of a file and stay as written.
pub fn parse(raw: &str) -> Result<BTreeMap<String, String>, ()> {
    let spaced = raw.replace('=', " = ");
    let mut words = spaced.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|word| !word.is_empty());
    let mut pairs = BTreeMap::new();
    while let Some(key) = words.next() {
        let (Some("="), Some(value)) = (words.next(), words.next()) else { return Err(()) };
        if key == "=" || value == "=" {
            return Err(());
        }
        let key = key.to_lowercase();
        let value = if matches!(&*key, "label" | "value") { value.to_owned() } else { value.to_lowercase() };
        pairs.insert(key, value);
    }
    Ok(pairs)
}

/// Checks the parameters of a question that is no select; a range gets its defaults.
pub fn check(node: &mut Node, lists: &Lists) -> Vec<Problem> {
    let mut problems = Vec::new();
    let accepted: &[&str] = match node.kind {
        NodeType::Text => &["rows"],
        NodeType::Image => &["app", "max-pixels"],
        NodeType::Audio => &["quality"],
        NodeType::Geopoint => &["allow-mock-accuracy", "capture-accuracy", "reference-geometry", "warning-accuracy"],
        NodeType::Geotrace | NodeType::Geoshape => &["allow-mock-accuracy", "incremental", "reference-geometry"],
        NodeType::Range => &["start", "end", "step", "tick_interval", "placeholder", "tick_labelset"],
        _ => return problems,
    };
    unknown_keys(node, accepted, &mut problems);
    let given = |key: &str| node.parameters.get(key).map(String::as_str);
    for key in accepted {
        let Some(value) = given(key) else { continue };
        let right = match *key {
            "rows" | "max-pixels" => value.parse::<i64>().is_ok(),
            "allow-mock-accuracy" | "incremental" => matches!(value, "true" | "false"),
            "capture-accuracy" | "warning-accuracy" => value.parse::<f64>().is_ok(),
            _ => true,
        };
        if !right {
            let problem = match *key {
                "rows" | "max-pixels" => say!("must-be-whole", key).hint(say!("such-as-5")),
                "allow-mock-accuracy" | "incremental" => say!("must-be-truth", key).into(),
                _ => say!("must-be-number", key).hint(say!("metres")),
            };
            problems.push(Problem { code: "bad-parameter", ..problem });
        }
    }
    let qualities = ["voice-only", "low", "normal", "external"];
    if given("quality").is_some_and(|value| !qualities.contains(&value)) {
        problems.push(say!("bad-quality").coded("bad-parameter").hint(say!("one-of", words = qualities.join(", "))));
    }
    let opens_app = matches!(&*node.appearance, "" | "annotate");
    if let Some(app) = given("app").filter(|app| opens_app && !is_package(app)) {
        problems.push(say!("bad-app", app).coded("bad-parameter"));
    }
    if node.kind == NodeType::Range {
        range(node, lists, &mut problems);
    }
    problems
}

/// Checks the parameters of a select.
pub fn check_select(node: &Node, from_file: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let accepted: &[&str] = if from_file { &["randomize", "seed", "value", "label"] } else { &["randomize", "seed"] };
    unknown_keys(node, accepted, &mut problems);
    let given = |key: &str| node.parameters.get(key).map(String::as_str);
    for key in ["value", "label"] {
        if from_file && given(key).is_some_and(|column| !crate::package::is_name(column)) {
            problems.push(say!("bad-column-name", key).coded("bad-parameter").hint(say!("column-name-hint")));
        }
    }
    match (given("randomize"), given("seed")) {
        (Some(value), _) if !matches!(value, "true" | "false") => {
            problems.push(say!("bad-randomize").coded("bad-parameter"))
        }
        (Some(_), Some(seed)) if seed.parse::<f64>().is_err() && !seed.starts_with("${") => {
            problems.push(say!("bad-seed").coded("bad-parameter"))
        }
        (None, Some(_)) => problems.push(say!("seed-alone").coded("bad-parameter")),
        _ => {}
    }
    problems
}

fn unknown_keys(node: &Node, accepted: &[&str], problems: &mut Vec<Problem>) {
    for key in node.parameters.keys().filter(|key| !accepted.contains(&key.as_str()) && *key != "autoplay") {
        problems.push(say!("unknown-parameter", key).hint(say!("known-parameters", words = accepted.join(", "))));
    }
}

fn is_package(app: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    app.contains('.') && app.split('.').all(part)
}

/// Start, end and step make a ladder; ticks and labels must stand on its rungs.
fn range(node: &mut Node, lists: &Lists, problems: &mut Vec<Problem>) {
    let appearance = node.appearance.clone();
    let ticked = ["tick_interval", "placeholder", "tick_labelset"].iter().any(|key| node.parameters.contains_key(*key));
    if ticked && !appearance.is_empty() && !appearance.contains("vertical") && !appearance.contains("no-ticks") {
        problems.push(say!("range-appearance").into());
    }
    for (key, usual) in [("start", "1"), ("end", "10"), ("step", "1")] {
        node.parameters.entry(key.into()).or_insert_with(|| usual.into());
    }
    let mut numbers = BTreeMap::new();
    for key in ["start", "end", "step", "tick_interval", "placeholder"] {
        if let Some(value) = node.parameters.get(key) {
            match value.parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => {
                    numbers.insert(key, number);
                }
                None => problems.push(say!("must-be-number", key).coded("range-number")),
            }
        }
    }
    let (Some(&start), Some(&end), Some(&step)) = (numbers.get("start"), numbers.get("end"), numbers.get("step"))
    else {
        return;
    };
    let (low, high, width) = (start.min(end), start.max(end), (end - start).abs());
    for key in ["step", "tick_interval"] {
        match numbers.get(key) {
            Some(0.0) => problems.push(say!("must-not-be-zero", key).coded("range-step")),
            Some(size) if *size > width => problems.push(say!("step-too-large", key).coded("range-step")),
            _ => {}
        }
    }
    if step == 0.0 {
        return;
    }
    if numbers.get("tick_interval").is_some_and(|interval| !on_rung(*interval, step)) {
        problems.push(say!("tick-interval").coded("range-step"));
    }
    if let Some(placeholder) = numbers.get("placeholder") {
        if !on_rung(placeholder - start, step) {
            problems.push(say!("placeholder-step").coded("range-step"));
        }
        if !(low..=high).contains(placeholder) {
            problems.push(say!("placeholder-outside").coded("range-outside"));
        }
    }
    let Some(labels) = node.parameters.get("tick_labelset") else { return };
    let Some(list) = lists.index(labels) else {
        let unknown = say!("no-label-list", labels).coded("unknown-list").hint(say!("see-list-names"));
        problems.push(unknown.meant(labels, lists.names()));
        return;
    };
    let values: Vec<Option<f64>> =
        lists.lists[list].choices.iter().map(|c| c.name.parse::<f64>().ok().filter(|n| n.is_finite())).collect();
    let rung = numbers.get("tick_interval").copied().filter(|interval| *interval != 0.0);
    if values.iter().any(Option::is_none) {
        problems.push(say!("tick-names").coded("range-labels"));
    } else if values.iter().flatten().any(|value| !(low..=high).contains(value)) {
        problems.push(say!("tick-outside").coded("range-labels"));
    } else if values.iter().flatten().any(|v| !on_rung(v - start, step) || rung.is_some_and(|r| !on_rung(v - start, r)))
    {
        problems.push(say!("tick-steps").coded("range-labels"));
    } else if appearance.contains("no-ticks") {
        let mut ends: Vec<f64> = values.into_iter().flatten().collect();
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        if ends != [low, high] {
            problems.push(say!("tick-ends").coded("range-labels"));
        }
    }
    node.choices = Some(Choices { from: Source::List(list as u32), filter: String::new() });
}

fn on_rung(distance: f64, step: f64) -> bool {
    let rungs = distance / step;
    (rungs - rungs.round()).abs() < 1e-9
}

/// Whether a default is an expression: it asks another question, calls a function or reckons. The rule is pyxform's,
/// which also says that `-` in a date or place is no minus.
pub fn is_dynamic(default: &str, kind: NodeType) -> bool {
    use NodeType::{Date, DateTime, Geopoint, Geoshape, Geotrace};
    let hyphens = matches!(kind, Date | DateTime | Geopoint | Geotrace | Geoshape);
    let bytes = default.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &default[at..];
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += bytes[at + 1..].iter().position(|b| *b == quote).map_or(0, |end| end + 1);
            }
            b'-' if bytes.get(at + 1).is_some_and(|b| b.is_ascii_digit() || *b == b'.') => {}
            b'-' if hyphens => return false,
            b'+' if hyphens || kind == NodeType::Time => {}
            b'*' | b'+' | b'-' | b'|' => return true,
            b' ' if rest.starts_with(" mod ") || rest.starts_with(" div ") => return true,
            b'$' if rest.starts_with("${") && rest.contains('}') => return true,
            _ => {
                let name = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
                let length: usize = name.map(char::len_utf8).sum();
                let starts = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
                if starts && rest[length..].starts_with('(') {
                    return true;
                }
                // a name swallows its hyphens; a number ends where it ends
                let step = if starts { length } else { rest.chars().next().map_or(1, char::len_utf8) };
                at += step.max(1) - 1;
            }
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_however_they_are_separated() {
        let expected: BTreeMap<String, String> =
            [("randomize".to_owned(), "true".to_owned()), ("seed".to_owned(), "42".to_owned())].into();
        for raw in ["randomize=true seed=42", "Randomize = TRUE, seed=42", "randomize=true;seed=42"] {
            assert_eq!(parse(raw), Ok(expected.clone()), "{raw}");
        }
        for raw in ["randomize", "=true", "a=b c", "a==b"] {
            assert_eq!(parse(raw), Err(()), "{raw}");
        }
    }

    #[test]
    fn a_default_that_reckons_asks_or_calls_is_dynamic() {
        for default in ["${q}", "today()", "1 + 2", "a * b", "7 div 2", "if(a, b, c)", "once(random())"] {
            assert!(is_dynamic(default, NodeType::Text), "{default}");
        }
        for default in ["foo", "-5", "a-b", "2020-01-01", "it is 'x + y'", "https://example.org/a-b", "été-1"] {
            assert!(!is_dynamic(default, NodeType::Text), "{default}");
        }
        assert!(!is_dynamic("12.5 -4.1 0 0", NodeType::Geopoint));
        assert!(!is_dynamic("2020-01-01T10:00:00+02:00", NodeType::DateTime));
    }
}
