//! The decisions in the table of [`crate::interview`], each by its number: a form, what is answered, what follows.

use super::*;

/// Number, form, answers, what the nodes then hold.
type Decision = (u8, &'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)]);

const ROWS: &str = "repeat r\n integer x\n calculate n | is: count(../../r)\n
    calculate next | is: indexed-repeat(${x}, ${r}, position(..) + 1)\n calculate s | is: sum(/data/r/x)\n end";

const DECISIONS: &[Decision] = &[
    (1, "text t\n calculate c | is: regex(${t}, '[0-9]+')", &[("t", "a1")], &[("c", "false")]),
    (1, "text t\n calculate c | is: regex(${t}, '[0-9]+')", &[("t", "11")], &[("c", "true")]),
    (2, "integer i\n calculate c | is: if(${i}, 'a', 'b')", &[], &[("c", "b")]),
    (2, "integer i\n calculate c | is: if(${i}, 'a', 'b')", &[("i", "0")], &[("c", "b")]),
    (3, ROWS, &[("+r", ""), ("r[1]/x", "1"), ("r[2]/x", "9")], &[("r[1]/n", "2"), ("r[1]/s", "10")]),
    (4, ROWS, &[("+r", ""), ("r[2]/x", "9")], &[("r[1]/next", "9")]),
    (
        5,
        "select_one p province\n select_multiple c commune | filter: in = ${p}",
        &[("p", "a"), ("c", "a1 a2"), ("p", "b")],
        &[("c", "")],
    ),
    (
        5,
        "select_one p province\n select_multiple c commune | filter: in = ${p}",
        &[("p", "a"), ("c", "a1 a2"), ("p", "b"), ("p", "a")],
        &[("c", "a1 a2")],
    ),
    (6, "select_multiple m need", &[("m", "none water food")], &[("m", "food water none")]),
    (
        9,
        "select_one p province\n select_one c commune | filter: in = ${p}\n calculate has | is: ${c} != ''",
        &[("p", "a"), ("c", "a1"), ("p", "b")],
        &[("has", "false")],
    ),
    (
        10,
        "integer n\n repeat r | count: ${n}\n text t\n end\n calculate c | is: count(${r})",
        &[("n", "3")],
        &[("c", "3")],
    ),
    (
        10,
        "integer n\n repeat r | count: ${n}\n text t\n end\n calculate c | is: count(${r})",
        &[("n", "3"), ("n", "")],
        &[("c", "3")],
    ),
    (11, ROWS, &[("+r", ""), ("r[2]/x", "9")], &[("r[1]/s", "9")]),
    (11, "repeat r\n integer x\n end\n calculate s | is: sum(${x})", &[], &[("s", "0")]),
    (12, "integer i\n calculate c | is: ${i} != 0", &[], &[("c", "false")]),
    (12, "text t\n calculate c | is: ${t} != 'no'", &[], &[("c", "true")]),
    (13, "date d\n calculate c | is: date('2004-01-01') - ${d}", &[("d", "1984-01-01")], &[("c", "7305")]),
    (14, "calculate c | is: date('2018-01-01')", &[], &[("c", "2018-01-01")]),
    (
        15,
        "date_time t\n calculate c | is: ${t}",
        &[("t", "2018-01-01T10:00:00.000-07:00")],
        &[("c", "2018-01-01T10:00:00.000-07:00")],
    ),
    (
        18,
        "text a\n text b | relevant: ${a} = 'x'\n text c | relevant: false() | is: ${a} | on: a",
        &[("a", "y")],
        &[("c", "")],
    ),
    (19, "acknowledge ok", &[("ok", "yes")], &[("ok", "OK")]),
    (20, ROWS, &[("r[1]/x", "4")], &[("r[1]/n", "1")]),
    (
        20,
        "repeat r\n integer x\n end\n calculate a | is: /data/r[2]/x\n calculate b | is: /data/r[position() = 2]/x",
        &[("+r", ""), ("r[1]/x", "1"), ("r[2]/x", "2")],
        &[("a", "2"), ("b", "2")],
    ),
    (21, "decimal d\n calculate c | is: round(${d})", &[("d", "-1.5")], &[("c", "-1")]),
    (22, "text t\n calculate c | is: boolean-from-string(${t})", &[("t", "TRUE")], &[("c", "true")]),
    (23, "calculate c | is: distance('0 0;0 1') != round(distance('0 0;0 1'), 2)", &[], &[("c", "true")]),
    (
        24,
        "repeat r\n integer x\n calculate c | is: /data/r/x + 1\n end",
        &[("+r", ""), ("r[1]/x", "1"), ("r[2]/x", "5")],
        &[("r[1]/c", "2"), ("r[2]/c", "6")],
    ),
    (
        24,
        "repeat r\n integer x\n calculate c | is: coalesce(/data/r/x, 0)\n calculate t | is: concat(/data/r/x, '!')\n end",
        &[("+r", ""), ("r[1]/x", "1"), ("r[2]/x", "5")],
        &[("r[2]/c", "5"), ("r[2]/t", "5!")],
    ),
    (25, "rank k need", &[("k", "water none food")], &[("k", "water none food")]),
    (26, "decimal d\n calculate c | is: round(${d}, 2)", &[("d", "1.005")], &[("c", "1.01")]),
    (26, "decimal d\n calculate c | is: round(${d}, -1)", &[("d", "-9")], &[("c", "-10")]),
    (
        28,
        "integer n\n repeat r | count: ${n}\n text t\n end",
        &[("n", "2"), ("r[2]/t", "B"), ("n", "1"), ("n", "2")],
        &[("r[2]/t", "B")],
    ),
    (
        29,
        "repeat r\n integer x\n text t\n end\n calculate c | is: /data/r[x = max(${x})]/t",
        &[("+r", ""), ("r[1]/x", "1"), ("r[2]/x", "5"), ("r[2]/t", "most")],
        &[("c", "most")],
    ),
    // the three kinds that a person may write over, and what is only computed
    (31, "text t | is: 1 > 2\n calculate c | is: if(${t}, 'a', 'b')", &[], &[("c", "b")]),
    (31, "text t | is: 1 * 0\n calculate c | is: if(${t}, 'a', 'b')", &[], &[("c", "b")]),
    (31, "select_one s yn | is: 1 * 0\n calculate c | is: if(${s}, 'a', 'b')", &[], &[("c", "b")]),
    (31, "barcode t | is: 1 * 0\n calculate c | is: if(${t}, 'a', 'b')", &[], &[("c", "b")]),
    (31, "calculate t | is: 1 > 2\n calculate c | is: if(${t}, 'a', 'b')", &[], &[("c", "b")]),
    (31, "text t | is: 1 * 0\n calculate c | is: if(${t}, 'a', 'b')", &[("t", "0")], &[("c", "a")]),
    (
        34,
        "time a\n time b\n calculate c | is: ${a} < ${b}\n calculate d | is: ${a} = ${b}",
        &[("a", "08:30"), ("b", "09:30")],
        &[("c", "true"), ("d", "false")],
    ),
    (35, "time a", &[("a", "22:02")], &[("a", "22:02:00.000+02:00")]),
    (
        38,
        "text t\n calculate c | is: number(${t})\n calculate d | is: round(${t}, 1)",
        &[("t", "12,5")],
        &[("c", ""), ("d", "12.5")],
    ),
    (36, "group g\n integer x\n end\n calculate c | is: concat(/data/g, '!')", &[("x", "3")], &[("c", "!")]),
];

#[test]
fn every_decision_holds() {
    for (number, rows, answers, follows) in DECISIONS {
        // the label of a commune asks for who
        let mut interview = start(&format!("{rows}\n text who"));
        for (path, text) in *answers {
            match path.strip_prefix('+') {
                Some(repeat) => drop(interview.add_row(repeat)),
                None => drop(interview.says(&[(path, text)])),
            }
        }
        for (path, text) in *follows {
            assert_eq!(interview.text_of(path), *text, "decision {number}: {path} in {rows}");
        }
    }
}

#[test]
fn those_that_are_no_values_have_their_own_stories() {
    // 7 and 8: flagged, kept, checked again; 16: refused; 17: refused by name
    let mut interview = start("integer least\n integer i | constraint: . >= ${least}");
    interview.says(&[("least", "1"), ("i", "5")]);
    assert!(interview.missing().is_empty());
    interview.says(&[("least", "10")]);
    assert_eq!((interview.text_of("i"), interview.missing().len()), ("5".into(), 1));
    assert_eq!(interview.answer("i", Some("10.1")), Err(AnswerError::NotInteger));
    assert_eq!(interview.answer("i", Some("1099511627776")), Err(AnswerError::NotInteger));
    assert!(Questionnaire::new(package("calculate a | is: ${b}\n calculate b | is: ${a}")).is_err());
}

#[test]
fn every_number_of_the_table_is_tried() {
    // 27: `an_order_with_a_seed`; 30, 32 and 33: what the compiler takes and refuses; 37: there is no other record
    let elsewhere = [7, 8, 16, 17, 27, 30, 32, 33, 37];
    let table = include_str!("../../../DIFFERENCES.md").lines().filter_map(|line| line.strip_prefix("| E"));
    let numbers = table.flat_map(|line| line.split('|').next().unwrap_or_default().split(", E"));
    let numbers: Vec<u8> = numbers.map(|number| number.trim().parse().expect("a number")).collect();
    assert!(numbers.len() > 30, "{numbers:?}");
    let tried = |number: &u8| DECISIONS.iter().any(|decision| decision.0 == *number);
    let missing: Vec<&u8> = numbers.iter().filter(|number| !elsewhere.contains(number) && !tried(number)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
