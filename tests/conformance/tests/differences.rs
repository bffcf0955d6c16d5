//! What `core/forms/DIFFERENCES.md` says of JavaRosa, by its numbers, seen in JavaRosa itself.

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tabara_conformance::javarosa::{JavaRosa, setting};
use tabara_conformance::xform;
use tabara_core::interview::Interview;
use tabara_core::questionnaire::Questionnaire;
use tabara_core::xlsform::compile;

/// A form of calculations over what is asked before them.
fn small(asked: &[(&str, &str)], computed: &[(&str, &str)]) -> String {
    let names = asked.iter().chain(computed).map(|(name, _)| format!("<{name}/>")).collect::<String>();
    let binds = asked.iter().map(|(name, data)| format!("<bind nodeset=\"/data/{name}\" type=\"{data}\"/>"));
    let rules = computed.iter().map(|(name, rule)| {
        let rule = rule.replace('<', "&lt;");
        format!("<bind nodeset=\"/data/{name}\" type=\"string\" calculate=\"{rule}\"/>")
    });
    let inputs = asked.iter().map(|(name, _)| format!("<input ref=\"/data/{name}\"><label>{name}</label></input>"));
    xform(&names, &binds.chain(rules).collect::<String>(), &inputs.collect::<String>())
}

fn xform(instance: &str, model: &str, body: &str) -> String {
    format!(
        "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
         xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>Small</h:title><model><instance><data id=\"small\">\
         {instance}</data></instance>{model}</model></h:head><h:body>{body}</h:body></h:html>"
    )
}

/// Asked, computed, answered; then name, ours, and theirs of what the two make of it.
type Parting<'a> =
    (u8, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a [[&'a str; 3]]);

const PARTINGS: &[Parting<'static>] = &[
    (26, &[("d", "decimal")], &[("c", "round(/data/d, 2)")], &[("d", "1.005")], &[["c", "1.01", "1.01"]]),
    (26, &[("d", "decimal")], &[("c", "round(/data/d, -1)")], &[("d", "-9")], &[["c", "-10", "0"]]),
    (
        31,
        &[("n", "int")],
        &[("t", "/data/n > 1"), ("z", "/data/n * 0"), ("c", "if(/data/t, 'a', 'b')"), ("e", "if(/data/z, 'a', 'b')")],
        &[("n", "1")],
        &[["t", "false", "false"], ["c", "b", "b"], ["e", "b", "b"]],
    ),
    (
        34,
        &[("a", "time"), ("b", "time")],
        &[("c", "/data/a < /data/b"), ("d", "/data/a = /data/b")],
        &[("a", "08:30"), ("b", "09:30")],
        &[["c", "true", "false"], ["d", "false", "true"]],
    ),
    (38, &[("t", "string")], &[("c", "number(/data/t) * 2")], &[("t", "12,5")], &[["c", "", "25"]]),
    (35, &[("a", "time")], &[], &[("a", "22:02")], &[["a", "22:02:00.000+02:00", "22:02:00.000+02:00"]]),
];

#[test]
fn javarosa_and_ours_part_as_the_table_says() {
    let Some(mut javarosa) = JavaRosa::start() else { return println!("conformance javarosa partings: absent") };
    for (number, asked, computed, answers, told) in PARTINGS {
        let form = small(asked, computed);
        let package = xform::import(&form).expect("an XForm").package;
        let mut interview = Interview::start(Arc::new(Questionnaire::new(package).expect("a form")), setting());
        let steps = answers.iter().map(|(name, text)| {
            interview.answer(name, Some(text)).expect("an answer");
            json!(["answer", format!("/data/{name}"), text])
        });
        let steps = steps.collect();
        let played = javarosa.play(&form, &steps, &[]);
        let last = &played["states"][answers.len()]["nodes"];
        for [name, here, there] in *told {
            assert_eq!(interview.value(name).text(), *here, "E{number}: {name}, ours");
            assert_eq!(last[format!("/data/{name}")][0], *there, "E{number}: {name}, theirs in {played}");
        }
    }
    javarosa.end();
}

#[test]
fn rows_that_a_count_takes_away_stay_in_javarosa() {
    let Some(mut javarosa) = JavaRosa::start() else { return println!("conformance javarosa rows: absent") };
    // given: a repeat that another answer counts
    let form = xform(
        "<n/><r jr:template=\"\"><t/></r>",
        "<bind nodeset=\"/data/n\" type=\"int\"/><bind nodeset=\"/data/r/t\" type=\"string\"/>",
        "<input ref=\"/data/n\"><label>n</label></input><group ref=\"/data/r\"><label>r</label>\
         <repeat nodeset=\"/data/r\" jr:count=\"/data/n\"><input ref=\"/data/r/t\"><label>t</label></input></repeat></group>",
    );
    // when: it rises, a row is filled, and it falls
    let answer = |path: &str, text: &str| json!(["answer", path, text]);
    let walk = || json!(["walk", "", ""]);
    let steps = [answer("/data/n", "2"), walk(), answer("/data/r[2]/t", "B"), answer("/data/n", "1"), walk()];
    let played = javarosa.play(&form, &json!(steps), &[]);
    javarosa.end();
    let rows = |state: usize| {
        let nodes = played["states"][state]["nodes"].as_object().unwrap_or_else(|| panic!("{played}"));
        nodes.keys().filter(|path| path.ends_with(']')).count()
    };
    // then: theirs are made on the way through the form (E10) and stay (E28); ours are there at once, and hidden
    assert_eq!([rows(1), rows(2), rows(5)], [0, 2, 2]);
    let package = xform::import(&form).expect("an XForm").package;
    let mut interview = Interview::start(Arc::new(Questionnaire::new(package).expect("a form")), setting());
    let mut says = |path: &str, text: &str| drop(interview.answer(path, Some(text)).expect("an answer"));
    says("n", "2");
    says("r[2]/t", "B");
    says("n", "1");
    assert_eq!(interview.answers(), [("n".to_owned(), "1".to_owned())]);
    interview.answer("n", Some("2")).expect("an answer");
    assert_eq!(interview.value("r[2]/t").text(), "B");
}

#[test]
fn a_seed_gives_the_order_of_javarosa() {
    let Some(mut javarosa) = JavaRosa::start() else { return println!("conformance javarosa seeds: absent") };
    // given: five choices in an order that follows from an answer
    let names = ["a", "b", "c", "d", "e"];
    let items: String = names.map(|n| format!("<item><name>{n}</name><label>{n}</label></item>")).concat();
    let form = xform(
        "<hh/><q/>",
        &format!("<instance id=\"c\"><root>{items}</root></instance><bind nodeset=\"/data/hh\" type=\"string\"/>"),
        "<input ref=\"/data/hh\"><label>hh</label></input><select1 ref=\"/data/q\"><label>q</label>\
         <itemset nodeset=\"randomize(instance('c')/root/item, /data/hh)\"><value ref=\"name\"/><label ref=\"label\"/>\
         </itemset></select1>",
    );
    let choices: String = names.map(|n| format!("| | c | {n} | {n} |\n")).concat();
    let table = "| survey |\n| | type | name | label | parameters |\n| | text | hh | H | |\n\
        | | select_one c | q | Q | randomize=true seed=${hh} |\n| choices |\n| | list_name | name | label |\n";
    let compiled = compile(format!("{table}{choices}").as_bytes());
    let mut interview = Interview::start(Arc::new(compiled.questionnaire.expect("a form")), setting());
    // when: the answer is a number of any size, or missing (texts need a library that the wheel does not hold)
    let seeds = (1..=200).map(|hh: i64| (hh * hh * hh).to_string());
    let more = ["", "0", "-7", "1.9", "4294967296", "-2147483646"].map(str::to_owned);
    let seeds: Vec<String> = seeds.chain(more).collect();
    let steps: Json = seeds.iter().map(|seed| json!(["answer", "/data/hh", seed])).collect();
    let played = javarosa.play(&form, &steps, &["/data/q".to_owned()]);
    javarosa.end();
    // then: the orders are the same (E27)
    let mut orders = BTreeSet::new();
    for (at, seed) in seeds.iter().enumerate() {
        interview.answer("hh", Some(seed.as_str()).filter(|seed| !seed.is_empty())).expect("an answer");
        let page = interview.jump("q").expect("the question");
        let names: Vec<String> = page.questions[0].choices.iter().map(|choice| choice.name.clone()).collect();
        assert_eq!(json!(names), played["states"][at + 1]["offers"]["/data/q"], "seed {seed:?}: {}", played["error"]);
        orders.insert(names);
    }
    assert!(orders.len() > 80, "{orders:?}");
}
