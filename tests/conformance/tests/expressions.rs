//! The recorded XPath suites of Web Forms and JavaRosa against our expression language, without a form.
//! The cases lie in the shared folder; where it is absent there is nothing to run. A result that differs passes only by
//! a numbered decision (`tabara_core::interview`), told from the values alone; what is left has failed.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use tabara_conformance::suite::{Suite, cases};
use tabara_core::expression::{Ast, Environment, Value, evaluate, moment, number_text, parse};

fn around(now: i64, local: i16) -> Environment {
    Environment { now, local, seed: 7, language: 0, last_saved: BTreeMap::new() }
}

/// Numbers that JSON cannot hold are recorded as text.
fn recorded_number(json: &Json) -> Option<f64> {
    match json {
        Json::Number(n) => n.as_f64(),
        Json::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}

fn same_number(a: f64, b: f64) -> bool {
    // sums of decimals end in other last digits
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// The decision by which a result differs, if there is one.
fn decision(expression: &str, ours: &Value, theirs: &Json, local: i16) -> Option<u8> {
    let number = ours.number(local);
    if let Some(theirs) = recorded_number(theirs) {
        // 13: they count moments from UTC midnight, we whole local days
        let shift = -f64::from(local) / 1_440.0;
        if (theirs - number - shift).abs() < 1e-6 {
            return Some(13);
        }
        // 21: what lay exactly between goes up
        let argument = expression.strip_prefix("round(").and_then(|rest| rest.split([',', ')']).next());
        let argument = argument.and_then(|text| text.trim_matches(['"', '\'']).parse::<f64>().ok());
        if argument.is_some_and(|a| number > theirs && same_number((number + theirs) / 2.0, a)) {
            return Some(21);
        }
        // 23: they round metres to two places
        if (expression.starts_with("area(") || expression.starts_with("distance("))
            && (number - theirs).abs() <= 0.005 + 1e-6
        {
            return Some(23);
        }
    }
    if let (Value::Date(day), Some(theirs)) = (ours, theirs.as_str().and_then(|text| moment::parse_moment(text, local)))
    {
        // 14: a date is a day, whatever the hour it was made of
        if theirs.day() == *day || theirs.at(0).day() == *day {
            return Some(14);
        }
    }
    let lower = expression.to_lowercase();
    if lower.starts_with("boolean-from-string('true') ") || (lower == "boolean-from-string('true')" && ours.truth()) {
        return Some(22);
    }
    None
}

/// Random results were recorded once: only their form can be compared.
fn same_form(expression: &str, ours: &Value, theirs: &Json) -> bool {
    let (ours, Some(theirs)) = (ours.text(), theirs.as_str()) else {
        return expression == "random()" && (0.0..1.0).contains(&ours.number(0));
    };
    expression.contains("uuid(") && ours.chars().map(|c| c == '-').eq(theirs.chars().map(|c| c == '-'))
}

/// The variables that JavaRosa's test class binds, with their values.
const VARIABLES: [(&str, &str); 4] =
    [("$var_float_five", "5.0"), ("$var_string_five", "'five'"), ("$var_int_five", "5"), ("$var_double_five", "5.0")];

/// An object of JavaRosa's test class that says what it is as each type, in our words.
const CONVERTIBLE: [(&str, &str); 3] = [
    ("boolean(convertible())", "boolean(true())"),
    ("number(convertible())", "number(5)"),
    ("string(convertible())", "string('hi')"),
];

/// What the functions hold that JavaRosa's test class adds in Java: one of our values, or an object of its own.
enum Held {
    Ours(Value),
    Custom(&'static str),
}

/// The value of a tree in which such functions may stand: ours reads it and converts every argument, the function of
/// the test class is done here. `None` where a part is faulty, or where no row of its arguments fits.
fn held(tree: &Ast<'_>, around: &Environment) -> Option<Held> {
    let Ast::Call { function, arguments, .. } = tree else { return by_ours(tree, around) };
    let given = || arguments.iter().map(|tree| held(tree, around)).collect::<Option<Vec<Held>>>();
    let value = match *function {
        "testfunc" => true.into(),
        "add" => match &given()?[..] {
            [Held::Ours(a), Held::Ours(b)] => (a.number(0) + b.number(0)).into(),
            _ => return None,
        },
        "proto" => match &given()?[..] {
            [Held::Ours(a)] => format!("[Double:{:?}]", a.number(0)).into(),
            [Held::Ours(a), Held::Ours(b)] => format!("[Double:{:?},Double:{:?}]", a.number(0), b.number(0)).into(),
            [Held::Ours(a), Held::Ours(b), Held::Ours(c)] => {
                format!("[Double:{:?},String:{},Boolean:{}]", a.number(0), b.text(), c.truth()).into()
            }
            _ => return None,
        },
        "raw" => {
            let kinds: Vec<String> = given()?.iter().map(as_it_is).collect();
            format!("[{}]", kinds.join(",")).into()
        }
        "get-custom" => match &given()?[..] {
            [Held::Ours(sub)] => return Some(Held::Custom(if sub.truth() { "CustomSubType" } else { "CustomType" })),
            _ => return None,
        },
        // what nobody knows is the empty text there
        "foo" | "bar" => given().map(|_| "".into())?,
        // a truth, a number, a text, a date, an object
        "check-types" => match &given()?[..] {
            [Held::Ours(_), Held::Ours(number), Held::Ours(_), Held::Ours(date), Held::Custom(_)] => {
                (!number.number(0).is_nan() && date.date(0).is_some()).into()
            }
            _ => return None,
        },
        "write" => matches!(&given()?[..], [Held::Ours(text)] if text.text() == "testing-write").into(),
        _ => return by_ours(tree, around),
    };
    Some(Held::Ours(value))
}

/// An argument as our language yields it, in Java's words.
fn as_it_is(held: &Held) -> String {
    match held {
        Held::Ours(Value::Number(n)) => format!("Double:{n:?}"),
        Held::Ours(Value::Bool(b)) => format!("Boolean:{b}"),
        Held::Ours(other) => format!("String:{}", other.text()),
        Held::Custom(class) => format!("{class}:"),
    }
}

fn by_ours(tree: &Ast<'_>, around: &Environment) -> Option<Held> {
    fn written(tree: &Ast<'_>) -> Option<String> {
        Some(match tree {
            Ast::Number(n) => number_text(*n),
            Ast::Text(text) => format!("'{text}'"),
            Ast::Call { function, arguments, .. } => {
                let arguments: Option<Vec<String>> = arguments.iter().map(written).collect();
                format!("{function}({})", arguments?.join(","))
            }
            _ => return None,
        })
    }
    let (value, faults) = evaluate(&written(tree)?, around);
    faults.is_empty().then_some(Held::Ours(value))
}

#[test]
fn xpath_as_web_forms_evaluates_it() {
    let Some(cases) = cases("xpath-cases.jsonl.gz", "free") else { return println!("conformance xpath free: absent") };
    let mut suite = Suite::new("xpath free");
    for case in cases {
        let expression = case["expr"].as_str().expect("an expression");
        let now = moment::parse_moment(case["now"].as_str().expect("a moment"), 0).expect("a moment");
        // Phoenix keeps UTC-7 all year
        let local = -420;
        let (ours, faults) = evaluate(expression, &around(now.ms, local));
        let result = &case["result"];
        let same = match case["type"].as_u64() {
            _ if case.get("threw").is_some() => !faults.is_empty(),
            Some(1) => recorded_number(result).is_some_and(|n| same_number(n, ours.number(local))),
            Some(2) => {
                let text = ours.text();
                result.as_str() == Some(&text)
                    || recorded_number(result).is_some_and(|n| text.parse().is_ok_and(|ours| same_number(n, ours)))
            }
            Some(3) => result.as_bool() == Some(ours.truth()),
            _ => false,
        };
        let passed =
            same || decision(expression, &ours, result, local).is_some() || same_form(expression, &ours, result);
        suite.count(passed, || format!("{expression}\n  theirs {result}, ours {ours:?} {faults:?}"));
    }
    suite.tell(98.5);
}

#[test]
fn xpath_as_javarosa_evaluates_it() {
    let Some(cases) = cases("javarosa-eval.jsonl.gz", "free") else {
        return println!("conformance javarosa-eval free: absent");
    };
    let mut suite = Suite::new("javarosa-eval free");
    for case in cases {
        let mut expression = case["expr"].as_str().expect("an expression").to_owned();
        let mut ours = None;
        // `ec`: evaluated with the variables and functions that the test class adds
        if case["context"].as_array().is_some_and(|words| words.iter().any(|word| word == "ec")) {
            for (name, value) in VARIABLES.into_iter().chain(CONVERTIBLE) {
                expression = expression.replace(name, value);
            }
            ours = parse(&expression).ok().and_then(|tree| held(&tree, &around(0, 0)));
        }
        let (ours, faulty) = match ours {
            Some(Held::Ours(value)) => (value, false),
            _ => {
                let (value, faults) = evaluate(&expression, &around(0, 0));
                (value, !faults.is_empty())
            }
        };
        let value = &case["value"];
        let same = match value {
            _ if case.get("error").is_some_and(|error| !error.is_null()) => faulty,
            _ if faulty => false,
            Json::Bool(b) => ours.truth() == *b,
            Json::Number(_) => recorded_number(value).is_some_and(|n| same_number(n, ours.number(0))),
            Json::String(text) => {
                *text == ours.text() || recorded_number(value).is_some_and(|n| same_number(n, ours.number(0)))
            }
            _ => false,
        };
        let passed = same || decision(&expression, &ours, value, 0).is_some();
        suite.count(passed, || {
            format!("{expression}\n  theirs {value} {}, ours {ours:?}, faulty: {faulty}", case["error"])
        });
    }
    suite.tell(99.0);
}
