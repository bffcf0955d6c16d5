//! One row for each function: an expression and what it yields as text.

use crate::expression::{Environment, evaluate};
use std::collections::BTreeMap;

fn text(expression: &str) -> String {
    // 2026-11-22T18:30:00Z, in Bujumbura
    let around = Environment { now: 1_795_372_200_000, local: 120, seed: 7, language: 0, last_saved: BTreeMap::new() };
    let (value, errors) = evaluate(expression, &around);
    match errors.first() {
        Some(error) => format!("! {error}"),
        None => value.text().into_owned(),
    }
}

const CASES: &[(&str, &str)] = &[
    ("abs(-3.5)", "3.5"),
    ("acos(1)", "0"),
    ("area('0 0;0 1;1 1;1 0;0 0') > 12000000000", "true"),
    ("asin(0)", "0"),
    ("atan(0)", "0"),
    ("atan2(0, 1)", "0"),
    ("base64-decode('w6nDqMOx')", "éèñ"),
    ("boolean('a')", "true"),
    ("boolean-from-string('TRUE')", "true"),
    ("ceiling(2.1)", "3"),
    ("checklist(1, 2, true(), true(), true())", "false"),
    ("coalesce('', 'b')", "b"),
    ("concat('a', coalesce('', 0 div 0))", "aNaN"),
    ("concat('a', 1, true())", "a1true"),
    ("contains('abc', 'bc')", "true"),
    ("cos(0)", "1"),
    ("count-selected('a b c')", "3"),
    ("date('2024-2-29')", "2024-02-29"),
    ("date('2024-02-30')", "! '2024-02-30' is no date"),
    ("date-time('2024-02-29')", "2024-02-29T00:00:00.000+02:00"),
    ("decimal-date-time('1970-01-02T12:00:00+02:00')", "1.5"),
    ("decimal-time('06:00:00.000+02:00')", "0.25"),
    ("digest('abc', 'SHA-256')", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
    ("digest('abc', 'MD5', 'hex')", "900150983cd24fb0d6963f7d28e17f72"),
    ("digest('abc', 'SHA-1', 'hex')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("substr(digest('abc', 'SHA-384', 'hex'), 0, 16)", "cb00753f45a35e8b"),
    (
        "digest('abc', 'SHA-512')",
        "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
    ),
    ("digest('abc', 'SHA-3')", ""),
    ("round(distance('0 0;0 1'), 0)", "111319"),
    ("enclosed-area('0 0;0 1')", "0"),
    ("ends-with('abc', 'bc')", "true"),
    ("exp(0)", "1"),
    ("exp10(2)", "100"),
    ("false()", "false"),
    ("floor(-1.5)", "-2"),
    ("format-date('2024-02-09', '%Y/%n/%e %a %b %W')", "2024/2/9 Fri Feb 06"),
    ("format-date-time('2024-02-09T07:05:03.004+02:00', '%y-%m-%d %H:%M:%S.%3 %h')", "24-02-09 07:05:03.004 7"),
    ("geofence('0.5 0.5', '0 0;0 1;1 1;1 0;0 0')", "true"),
    ("geofence('', '0 0;0 1;1 1;1 0;0 0')", "! '' is no place"),
    ("if(1 > 2, 'a', 'b')", "b"),
    ("int(-1.9)", "-1"),
    ("is-selected('a b', 'b')", "true"),
    ("join(', ', 'a', 'b')", "a, b"),
    ("log(1)", "0"),
    ("log10(1000)", "3"),
    ("max(1, 3, 2)", "3"),
    ("min(1, '', 2)", "1"),
    ("normalize-space('  a   b ')", "a b"),
    ("not('')", "true"),
    ("now()", "2026-11-22T20:30:00.000+02:00"),
    ("number('0017.')", "17"),
    ("number('1e3')", "NaN"),
    ("round(pi(), 4)", "3.1416"),
    ("pow(4, 0.5)", "2"),
    ("random() >= 0 and random() < 1 and random() = random()", "true"),
    ("regex('abc', 'b')", "false"),
    ("regex('abc', '[a-c]+|x')", "true"),
    ("regex('Éloïse', '\\p{L}+')", "true"),
    ("regex('abc', '(?!.*[0-9]).+')", "true"),
    ("round(-1.5)", "-1"),
    ("round(12350.12, -2)", "12400"),
    ("selected('a bc', ' bc ')", "true"),
    ("selected('a bc', 'b')", "false"),
    ("selected-at('a b c', 2)", "c"),
    ("selected-at('a b c', 3)", ""),
    ("sin(0)", "0"),
    ("sqrt(9)", "3"),
    ("starts-with('abc', 'ab')", "true"),
    ("string(1 div 0)", "Infinity"),
    ("string-length('é́x')", "3"),
    ("substr('hello', -2)", "lo"),
    ("substr('hello', 1, 4)", "ell"),
    ("substring('12345', 1.5, 2.6)", "234"),
    ("substring-after('a-b', '-')", "b"),
    ("substring-before('a-b', '-')", "a"),
    ("tan(0)", "0"),
    ("today()", "2026-11-22"),
    ("today() + 1 > '2026-11-22'", "true"),
    ("translate('bar', 'abc', 'AB')", "BAr"),
    ("true()", "true"),
    ("string-length(uuid())", "36"),
    ("uuid(8) = uuid(8)", "true"),
    ("weighted-checklist(2, 3, true(), 2, false(), 9)", "true"),
    ("-'5' + 1", "-4"),
    ("-5 mod 3", "-2"),
    ("nothing()", "! there is no function nothing()"),
    ("true(5)", "! true() does not take 1 arguments"),
];

#[test]
fn every_function_does_what_its_row_says() {
    let wrong: Vec<_> = CASES.iter().filter(|(expression, yields)| text(expression) != *yields).collect();
    let got: Vec<_> = wrong.iter().map(|(expression, _)| text(expression)).collect();
    assert!(wrong.is_empty(), "{wrong:?} gave {got:?}");
}

#[test]
fn every_function_has_a_row() {
    // those that need a form are tested on one, in the interview
    const IN_FORMS: [&str; 12] = [
        "count",
        "count-non-empty",
        "current",
        "indexed-repeat",
        "instance",
        "jr:choice-name",
        "jr:itext",
        "last",
        "once",
        "position",
        "pulldata",
        "sum",
    ];
    let missing: Vec<_> = super::names()
        .filter(|name| !IN_FORMS.contains(name) && *name != "version")
        .filter(|name| !CASES.iter().any(|(expression, _)| expression.contains(&format!("{name}("))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_table_is_in_alphabetical_order() {
    assert!(super::names().is_sorted());
}
