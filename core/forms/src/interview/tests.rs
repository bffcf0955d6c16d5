//! Stories on small questionnaires. A form is written as a table: type, name, then columns with their text; rows between
//! `begin` and `end` lie in a section.

mod decisions;
mod hostile;
mod incremental;

use super::*;
use crate::expression::Value;
use crate::expression::layout::NodeId;
use crate::package::NodeType;
use crate::questionnaire::Questionnaire;
use crate::questionnaire::{Choice, Choices, FORMAT, List, Node, Package, PackageError, Source, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `type name | column: text | column: text`, one row a line.
fn package(rows: &str) -> Package {
    let text = |text: &str| Text(text.split(" / ").map(str::to_owned).collect());
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: Vec<u32> = Vec::new();
    let list = |name: &str, choices: &[(&str, &str, &str)]| List {
        name: name.into(),
        columns: vec!["in".into()],
        choices: choices
            .iter()
            .map(|(name, label, value)| Choice {
                name: (*name).into(),
                label: text(label),
                values: vec![(*value).into()],
                ..Choice::default()
            })
            .collect(),
    };
    let lists = vec![
        list("yn", &[("yes", "Yes / Oui", ""), ("no", "No / Non", "")]),
        list("need", &[("food", "Food", ""), ("water", "Water", ""), ("none", "None", "")]),
        list("home", &[("b", "B", ""), ("b c", "BC", ""), ("a b", "AB", "a"), ("a", "A", "a")]),
        list("province", &[("a", "A", "north"), ("b", "B", "south")]),
        list("commune", &[("a1", "A1", "a"), ("a2", "A2", "a"), ("b1", "B1", "b"), ("b2", "for ${who}", "b")]),
    ];
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut cells = row.split(" | ");
        let mut words = cells.next().unwrap_or("").split_whitespace();
        let (kind, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if kind == "end" {
            open.pop();
            continue;
        }
        let kind = serde_json::from_str(&format!("\"{kind}\"")).expect("a type");
        let mut node = Node::new(kind, name);
        node.parent = open.last().copied();
        if let Some(list) = words.next() {
            let at = lists.iter().position(|l| l.name == list).expect("a list");
            node.choices = Some(Choices { from: Source::List(at as u32), filter: String::new() });
        }
        for cell in cells {
            let (column, value) = cell.split_once(": ").expect("column: text");
            let index = |name: &str| nodes.iter().position(|node| node.name == name).expect("a name") as u32;
            match column {
                "label" => node.label = text(value),
                "hint" => node.hint = text(value),
                "relevant" => node.relevant = value.into(),
                "required" => node.required = value.into(),
                "missing" => node.required_message = text(value),
                "constraint" => node.constraint = value.into(),
                "wrong" => node.constraint_message = text(value),
                "readonly" => node.readonly = value.into(),
                "is" => node.calculation = value.into(),
                "on" => node.trigger = vec![index(value)],
                "default" => node.default = value.into(),
                "initial" => node.initial = value.into(),
                "filter" => node.choices.as_mut().expect("choices").filter = value.into(),
                "rows" => {
                    node.choices = Some(Choices { from: Source::Rows(index(value)), filter: String::new() });
                }
                "count" => node.repeat_count = value.into(),
                "appearance" => node.appearance = value.into(),
                "fact" => node.fact = value.into(),
                "role" => node.role = value.into(),
                "prefill" => node.prefill = value.into(),
                "sealed" => node.sealed_only = true,
                other => panic!("no column {other}"),
            }
        }
        if node.kind.is_section() {
            open.push(nodes.len() as u32);
        }
        nodes.push(node);
    }
    let languages = vec!["English (en)".into(), "Français (fr)".into()];
    Package { format: FORMAT, id: "story".into(), version: "1".into(), languages, nodes, lists, ..Package::default() }
}

fn form(rows: &str) -> Arc<Questionnaire> {
    Arc::new(Questionnaire::new(package(rows)).unwrap_or_else(|error| panic!("{error:?}")))
}

fn setting() -> InterviewConfig {
    // 2026-11-22T20:30 in Bujumbura
    InterviewConfig { language: "en".into(), now: 1_795_372_200, seed: 7, offset: 120, ..InterviewConfig::default() }
}

fn start(rows: &str) -> Interview {
    Interview::start(form(rows), setting())
}

impl Interview {
    /// Answers that must be taken; an empty one clears.
    fn says(&mut self, answers: &[(&str, &str)]) -> &mut Self {
        for (path, text) in answers {
            let answer = Some(*text).filter(|text| !text.is_empty());
            self.answer(path, answer).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        }
        self
    }
    fn text_of(&self, path: &str) -> String {
        self.value(path).text().into_owned()
    }
    fn at(&self) -> String {
        self.page().path
    }
}

const SCREENING: &str = "
    select_one consent yn | label: Do you agree? / Êtes-vous d'accord ? | required: true() | missing: Please answer / Répondez | role: consent | fact: agreed
    integer age | label: Age / Âge | constraint: . >= 0 and . <= 120 | wrong: 0 to 120, not ${age} / De 0 à 120
    calculate child | is: if(${age} < 18 or ${age} = '', 1, 0) | fact: child
    group story | label: Story / Récit | relevant: ${consent} = 'yes'
      select_multiple need need | label: Needs | constraint: not(selected(., 'none') and count-selected(.) > 1) | fact: needs
      text who | label: Who is with you? | relevant: ${child} = 1 | sealed: yes | fact: who
      note hello | label: Hello ${who}, ${age} years
    end
    group where | appearance: field-list | label: Where
      select_one province province | prefill: device.province
      select_one commune commune | filter: in = ${province} | prefill: device.commune
    end
    text last
";

#[test]
fn pages_follow_the_answers() {
    let mut interview = start(SCREENING);
    assert_eq!(interview.at(), "consent");
    let refused = interview.next();
    assert!(refused.refused && refused.first && refused.path == "consent");
    assert_eq!(refused.questions[0].message.as_ref().map(|m| m.text.as_str()), Some("Please answer"));
    interview.says(&[("consent", "no")]);
    assert_eq!(interview.next().path, "age");
    let page = interview.next();
    assert_eq!((page.path.as_str(), page.title.as_deref()), ("where", Some("Where")), "the story is not relevant");
    assert_eq!(page.questions.iter().map(|q| q.path.as_str()).collect::<Vec<_>>(), ["province", "commune"]);
    interview.says(&[("consent", "yes")]);
    assert_eq!(interview.back().path, "hello");
    assert_eq!(interview.back().path, "who");
    let page = interview.back();
    assert_eq!((page.path.as_str(), page.title.as_deref()), ("need", Some("Story")));
    assert_eq!((interview.back().path, interview.back().path), ("age".into(), "consent".into()));
    assert_eq!(interview.back().path, "consent", "there is nothing before");
    assert!(interview.jump("last").is_ok_and(|page| page.last && page.progress.done == 7 && page.progress.all == 8));
}

#[test]
fn an_answer_that_breaks_its_constraint_is_kept_flagged_and_holds_up() {
    let mut interview = start(SCREENING);
    interview.says(&[("consent", "yes"), ("age", "130")]);
    let page = interview.jump("age").expect("relevant");
    let message = page.questions[0].message.clone().expect("flagged");
    assert_eq!((message.why, message.text.as_str()), (Invalid::Constraint, "0 to 120, not 130"));
    assert_eq!(page.questions[0].value.as_deref(), Some("130"));
    assert!(interview.next().refused);
    assert_eq!(interview.missing().iter().map(|m| m.path.as_str()).collect::<Vec<_>>(), ["age"]);
    interview.says(&[("age", "30")]);
    assert_eq!(interview.next().path, "need");
    assert_eq!(interview.missing(), []);
}

#[test]
fn what_is_not_relevant_is_kept_but_neither_read_nor_recorded() {
    let mut interview = start(SCREENING);
    interview.says(&[("consent", "yes"), ("age", "12"), ("who", "Ada")]);
    assert_eq!(interview.text_of("who"), "Ada");
    interview.says(&[("consent", "no")]);
    assert_eq!((interview.value("who"), interview.relevant("who")), (Value::Blank, false));
    assert_eq!(interview.answer("who", Some("x")), Err(AnswerError::NotRelevant));
    let recorded: Vec<_> = interview.answers().into_iter().map(|(path, text)| format!("{path}={text}")).collect();
    assert_eq!(recorded, ["consent=no", "age=12", "child=1"]);
    interview.says(&[("consent", "yes")]);
    assert_eq!(interview.text_of("who"), "Ada");
}

#[test]
fn texts_come_in_the_language_of_the_interview_with_answers_inside() {
    let mut interview = start(SCREENING);
    interview.says(&[("consent", "yes"), ("age", "12"), ("who", "Ada")]);
    assert_eq!(interview.jump("hello").unwrap().questions[0].label, "Hello Ada, 12 years");
    let page = interview.set_language("fr");
    assert_eq!(page.language, "Français (fr)");
    let page = interview.jump("consent").unwrap();
    assert_eq!(page.questions[0].label, "Êtes-vous d'accord ?");
    assert_eq!(page.questions[0].choices[1].label, "Non");
    assert_eq!(interview.jump("hello").unwrap().questions[0].label, "Hello Ada, 12 years", "no translation");
}

#[test]
fn what_a_list_says_stands_inside_a_text() {
    let label = "In ${c}: instance('commune')/root/item[name = ${c}]/in. instance(of) nothing, ${p}.";
    let mut interview = start(&format!("text p\n text c\n note n | label: {label}\n text who"));
    interview.says(&[("p", "x"), ("c", "b1")]);
    assert_eq!(interview.jump("n").unwrap().questions[0].label, "In b1: b. instance(of) nothing, x.");
}

#[test]
fn a_choice_that_is_filtered_away_comes_back() {
    let mut interview = start(SCREENING);
    let names = |page: &Page, at: usize| page.questions[at].choices.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    interview.says(&[("province", "a"), ("commune", "a2")]);
    assert_eq!(names(&interview.jump("commune").unwrap(), 1), ["a1", "a2"]);
    interview.says(&[("province", "b")]);
    assert_eq!(interview.value("commune"), Value::Blank);
    let page = interview.page();
    assert_eq!((names(&page, 1), page.questions[1].value.clone()), (vec!["b1".to_owned(), "b2".to_owned()], None));
    interview.says(&[("province", "a")]);
    assert_eq!(interview.text_of("commune"), "a2");
    // the label of a choice may hold an answer
    interview.says(&[("consent", "yes"), ("who", "Ada"), ("province", "b")]);
    assert_eq!(interview.page().questions[1].choices[1].label, "for Ada");
}

#[test]
fn the_device_fills_in_what_it_knows() {
    let prefill = [("device.province".into(), "b".into()), ("device.commune".into(), "b1".into())].into();
    let interview = Interview::start(form(SCREENING), InterviewConfig { prefill, ..setting() });
    assert_eq!((interview.text_of("province"), interview.text_of("commune")), ("b".into(), "b1".into()));
}

#[test]
fn facts_and_roles_come_from_their_columns() {
    let mut interview = start(SCREENING);
    interview.says(&[("consent", "yes"), ("age", "12"), ("need", "water food"), ("who", "Ada")]);
    assert_eq!(interview.role("consent").text(), "yes");
    assert_eq!(interview.role("nothing"), Value::Blank);
    let facts = serde_json::to_string(&interview.facts()).expect("JSON");
    assert_eq!(facts, r#"{"agreed":"yes","child":"1","needs":["food","water"]}"#);
    assert_eq!(interview.text_of("need"), "food water", "in the order of the list");
}

#[test]
fn only_fitting_answers_are_taken() {
    let mut interview = start(
        "integer i\n decimal d\n date day\n time at\n date_time moment\n select_one s yn\n select_multiple m need
         geopoint g\n acknowledge ok\n note n\n range r\n text t | readonly: ${i} = 1\n calculate c | is: 1",
    );
    use AnswerError::*;
    let cases = [
        ("i", "10.1", NotInteger),
        ("i", "3000000000", NotInteger),
        ("d", "1e3", NotNumber),
        ("d", "NaN", NotNumber),
        ("day", "2024-02-30", NotDate),
        ("at", "25:00", NotTime),
        ("moment", "2024-02-01", NotDate),
        ("s", "maybe", NotAChoice),
        ("m", "food fire", NotAChoice),
        ("g", "91 0", NotPlace),
        ("n", "x", ReadOnly),
        ("r", "11", OutOfRange),
        ("c", "2", UnknownQuestion),
        ("nowhere", "2", UnknownQuestion),
        ("t[2]", "2", UnknownQuestion),
    ];
    for (path, text, fault) in cases {
        assert_eq!(interview.answer(path, Some(text)), Err(fault), "{path} {text}");
    }
    assert_eq!(interview.answer("t", Some(&"x".repeat(MAX_ANSWER + 1))), Err(TooLong));
    interview.says(&[
        ("i", "-5"),
        ("d", ".5"),
        ("day", "2024-2-29"),
        ("at", "07:05"),
        ("ok", "yes"),
        ("g", "-3.4 29.4"),
    ]);
    let recorded: Vec<_> = interview.answers().into_iter().map(|(_, text)| text).collect();
    assert_eq!(recorded, ["-5", "0.5", "2024-02-29", "07:05:00.000+02:00", "-3.4 29.4", "OK", "1"]);
    interview.says(&[("i", "1")]);
    assert_eq!(interview.answer("t", Some("x")), Err(ReadOnly));
}

#[test]
fn read_only_is_inherited() {
    let mut interview = start("text lock\n group g | readonly: ${lock} = 'on'\n text a\n end");
    interview.says(&[("a", "x"), ("lock", "on")]);
    assert_eq!(interview.answer("a", Some("y")), Err(AnswerError::ReadOnly));
    assert!(interview.jump("a").unwrap().questions[0].readonly);
    interview.says(&[("lock", ""), ("a", "y")]);
}

const ROSTER: &str = "
    repeat m | label: Member
      text name
      integer age
      calculate at | is: position(..)
      calculate before | is: indexed-repeat(${age}, ${m}, position(..) - 1)
      calculate total | is: coalesce(indexed-repeat(${total}, ${m}, position(..) - 1), 0) + coalesce(${age}, 0)
      repeat toy | relevant: ${age} < 18
        text what
      end
      calculate toys | is: count-non-empty(${what})
    end
    calculate n | is: count(${m})
    calculate sum | is: sum(${age})
    calculate oldest | is: max(${age})
    calculate names | is: join(', ', ${name})
    calculate second | is: /data/m[2]/name
    calculate minors | is: count(/data/m[age < 18])
    calculate allToys | is: count(${toy})
    select_one chief | rows: name
";

#[test]
fn rows_come_and_go_and_everything_that_counts_them_follows() {
    let mut interview = start(ROSTER);
    assert_eq!((interview.at(), interview.text_of("n")), ("m[1]/name".into(), "1".into()));
    interview.says(&[("m[1]/name", "Ada"), ("m[1]/age", "40")]);
    assert_eq!(interview.add_row("m").unwrap().path, "m[2]/name");
    interview.says(&[("m[2]/name", "Bo"), ("m[2]/age", "7")]);
    interview.add_row("m").unwrap();
    interview.says(&[("m[3]/name", "Cy"), ("m[3]/age", "9")]);
    let of = |interview: &Interview, names: &[&str]| {
        names.iter().map(|name| interview.text_of(name)).collect::<Vec<_>>().join(" ")
    };
    let all = ["n", "sum", "oldest", "second", "minors", "m[3]/at", "m[3]/before", "m[3]/total"];
    assert_eq!(of(&interview, &all), "3 56 40 Bo 2 3 7 56");
    assert_eq!(interview.text_of("names"), "Ada, Bo, Cy");
    let offered = interview.jump("chief").unwrap().questions[0].choices.clone();
    assert_eq!(offered.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bo", "Cy"]);
    interview.says(&[("chief", "Bo"), ("m[1]/age", "41")]);
    assert_eq!(of(&interview, &["m[3]/total", "m[2]/before"]), "57 41", "a running total follows its first row");
    interview.remove_row("m[2]").unwrap();
    assert_eq!(
        of(&interview, &["n", "sum", "oldest", "second", "minors", "m[2]/at", "m[2]/total"]),
        "2 50 41 Cy 1 2 50"
    );
    assert_eq!((interview.value("chief"), interview.value("m[3]/name")), (Value::Blank, Value::Blank));
}

#[test]
fn rows_inside_rows_belong_to_their_row() {
    let mut interview = start(ROSTER);
    interview.says(&[("m[1]/age", "7"), ("m[1]/toy[1]/what", "ball")]);
    interview.add_row("m").unwrap();
    interview.says(&[("m[2]/age", "9")]);
    interview.add_row("m[2]/toy").unwrap();
    interview.says(&[("m[2]/toy[1]/what", "car"), ("m[2]/toy[2]/what", "kite")]);
    assert_eq!((interview.text_of("m[1]/toys"), interview.text_of("m[2]/toys")), ("1".into(), "2".into()));
    assert_eq!(interview.text_of("allToys"), "3");
    interview.says(&[("m[2]/age", "19")]);
    assert_eq!((interview.text_of("m[2]/toys"), interview.text_of("allToys")), ("0".into(), "1".into()));
}

#[test]
fn the_way_through_rows_asks_for_another() {
    let mut interview = start("repeat r | label: Child\n text a\n end\n text b");
    assert_eq!(interview.next().another.map(|another| (another.label, another.rows)), Some(("Child".into(), 1)));
    assert_eq!(interview.add_row("r").unwrap().path, "r[2]/a");
    assert_eq!(interview.next().another.map(|another| another.rows), Some(2));
    let page = interview.remove_row("r[2]").unwrap();
    assert_eq!((page.another.map(|another| another.rows), page.path.as_str()), (Some(1), "r"));
    assert_eq!(
        (interview.next().path, interview.back().path, interview.back().path),
        ("b".into(), "r".into(), "r[1]/a".into())
    );
    assert_eq!(interview.add_row("r[1]"), Err(AnswerError::UnknownQuestion));
    assert_eq!(interview.remove_row("r"), Err(AnswerError::UnknownQuestion));
}

#[test]
fn a_count_makes_rows_at_once_and_a_blank_one_keeps_them() {
    let mut interview = start(
        "integer n\n repeat r | count: ${n}\n integer x\n repeat s | count: ${x}\n text y\n end\n end\n calculate c | is: count(${y})",
    );
    assert!(interview.page().last, "there is no row yet");
    interview.says(&[("n", "2"), ("r[2]/x", "3"), ("r[2]/s[3]/y", "deep")]);
    assert_eq!(interview.text_of("c"), "3");
    interview.says(&[("n", "")]);
    assert_eq!(interview.text_of("r[2]/s[3]/y"), "deep");
    assert_eq!(interview.add_row("r"), Err(AnswerError::RowsAreCounted));
    interview.says(&[("n", "1")]);
    assert_eq!((interview.text_of("c"), interview.value("r[2]/x")), ("0".into(), Value::Blank));
    interview.says(&[("n", "2000000000")]);
    assert!(interview.value(&format!("r[{MAX_ROWS}]/x")).is_blank());
    assert!(interview.relevant(&format!("r[{MAX_ROWS}]/x")) && !interview.relevant(&format!("r[{}]/x", MAX_ROWS + 1)));
}

#[test]
fn defaults_triggers_and_once() {
    let mut interview = start(
        "text a | default: x\n text b | initial: concat(${a}, today())\n text c | is: concat(${a}, '!') | on: a
         calculate id | is: once(concat(${a}, uuid(4)))\n calculate stamp | is: ${a} | on: c
         repeat r\n text d | initial: concat(${a}, position(..))\n end",
    );
    assert_eq!((interview.text_of("b"), interview.value("c")), ("x2026-11-22".into(), Value::Blank));
    let id = interview.text_of("id");
    interview.says(&[("a", "y")]);
    assert_eq!((interview.text_of("b"), interview.text_of("c")), ("x2026-11-22".into(), "y!".into()));
    assert_eq!((interview.text_of("id"), interview.text_of("stamp")), (id, "y".into()), "a trigger sets off another");
    interview.add_row("r").unwrap();
    assert_eq!((interview.text_of("r[1]/d"), interview.text_of("r[2]/d")), ("x1".into(), "y2".into()));
}

#[test]
fn lists_are_read_as_tables() {
    let mut interview = start(
        "select_one p province\n select_one c commune
         calculate side | is: instance('province')/root/item[name = ${p}]/in
         calculate pulled | is: pulldata('commune', 'in', 'name', ${c})
         calculate label | is: jr:choice-name(${c}, '${c}')
         calculate communes | is: count(instance('commune')/root/item[in = current()/../p])
         calculate lastOne | is: instance('commune')/root/item[in = ${p}][position() = last()]/name
         calculate then | is: jr:itext(instance('yn')/root/item[name = ${who}]/itextId)
         select_one who yn\n calculate yes | is: jr:choice-name(${who}, '${who}')",
    );
    // the label of b2 asks for who
    interview.says(&[("p", "b"), ("c", "a2"), ("who", "yes")]);
    let of = |name| interview.text_of(name);
    assert_eq!([of("side"), of("pulled"), of("label"), of("communes"), of("lastOne")].join(" "), "south a A2 2 b2");
    assert_eq!([of("yes"), of("then")], ["Yes", "Yes"]);
    // a name follows the language, a text taken over stays until it is asked for again
    interview.set_language("fr");
    assert_eq!([interview.text_of("yes"), interview.text_of("then")], ["Oui", "Yes"]);
    interview.says(&[("who", "no"), ("who", "yes")]);
    assert_eq!(interview.text_of("then"), "Oui");
}

#[test]
fn the_last_interview_lends_what_the_form_asks_for() {
    let form = form("text a | initial: ${last-saved#a}\n text b");
    assert_eq!(form.last_saved().collect::<Vec<_>>(), ["a"]);
    let last_saved = [("a".into(), "kept".into()), ("b".into(), "secret".into())].into();
    let interview = Interview::start(form, InterviewConfig { last_saved, ..setting() });
    assert_eq!(interview.text_of("a"), "kept");
    assert_eq!(interview.state.around.last_saved.len(), 1);
}

#[test]
fn a_draft_is_taken_up_at_the_exact_place() {
    let forms = [SCREENING, ROSTER];
    for rows in forms {
        let form = form(rows);
        let mut interview = Interview::start(form.clone(), setting());
        if rows == SCREENING {
            interview.says(&[("consent", "yes"), ("age", "12"), ("who", "Ada"), ("age", "130")]);
            interview.says(&[("consent", "no"), ("commune", "a1")]);
            interview.jump("age").unwrap();
            interview.next();
        } else {
            interview.says(&[("m[1]/age", "7"), ("m[1]/toy[1]/what", "ball")]);
            interview.add_row("m").unwrap();
            interview.says(&[("m[2]/name", "Bo"), ("m[2]/age", "30")]);
            interview.jump("m[2]/age").unwrap();
            interview.next();
        }
        interview.set_language("fr");
        interview.stop();
        let text = serde_json::to_string(&interview.draft()).expect("JSON");
        let draft: Draft = serde_json::from_str(&text).expect("as written");
        let later = InterviewConfig { now: 1_795_999_999, language: "en".into(), ..setting() };
        let mut resumed = Interview::resume(form, later, &draft).expect("the same questionnaire");
        assert_eq!(resumed.page(), interview.page());
        assert_eq!(resumed.answers(), interview.answers());
        assert_eq!(resumed.draft(), interview.draft());
        assert!(resumed.is_stopped());
        if rows == SCREENING {
            resumed.says(&[("consent", "yes"), ("age", "12")]);
            assert_eq!(resumed.text_of("who"), "Ada");
        }
    }
}

#[test]
fn a_draft_holds_numbers_that_json_cannot_write() {
    // given: infinite numbers where a draft keeps what is computed
    let rows = "text t | is: 1 div 0\n calculate c | is: once(-1 div 0)\n text d | is: ${c} < 0 and ${t} > 0";
    let interview = start(rows);
    // when: the draft goes into the vault and comes back
    let text = serde_json::to_string(&interview.draft()).expect("JSON");
    let draft: Draft = serde_json::from_str(&text).expect("a draft");
    let resumed = Interview::resume(form(rows), setting(), &draft).expect("the same questionnaire");
    // then: they are still numbers
    assert_eq!(resumed.value("t"), Value::Number(f64::INFINITY));
    assert_eq!(resumed.value("c"), Value::Number(f64::NEG_INFINITY));
    assert_eq!((resumed.text_of("d"), resumed.draft()), ("true".into(), interview.draft()));
}

#[test]
fn a_draft_of_another_form_or_a_damaged_one_is_refused() {
    let mut draft = start(ROSTER).draft();
    let refused = |draft: &Draft| Interview::resume(form(ROSTER), setting(), draft).err();
    assert_eq!(Interview::resume(form(SCREENING), setting(), &draft).err(), Some(ResumeError::OtherQuestionnaire));
    assert_eq!(refused(&draft), None);
    for path in ["m[2]/name", "nothing", "", "m[0]/name", "m[18446744073709551615]/x", "//", "m["] {
        let bad = Draft { answers: vec![(path.into(), "x".into())], ..draft.clone() };
        assert_eq!(refused(&bad), Some(ResumeError::Damaged), "{path}");
    }
    draft.rows = vec![("m".into(), u32::MAX)];
    assert_eq!(refused(&draft), Some(ResumeError::Damaged));
    draft.rows = vec![("n".into(), 1)];
    assert_eq!(refused(&draft), Some(ResumeError::Damaged));
    let lost = Draft { at: "gone".into(), rows: vec![("m".into(), 1)], ..start(ROSTER).draft() };
    assert_eq!(Interview::resume(form(ROSTER), setting(), &lost).map(|i| i.at()).ok(), Some("m[1]/name".into()));
}

#[test]
fn rows_are_offered_also_to_a_question_inside_one_of_them() {
    let mut interview = start(
        "repeat m\n text name\n integer age\n repeat stay\n integer least
         select_one chief | rows: name | filter: ${age} > ${least}\n end\n end",
    );
    interview.says(&[("m[1]/name", "Ada"), ("m[1]/age", "40"), ("m[1]/stay[1]/least", "18")]);
    interview.add_row("m").unwrap();
    interview.says(&[("m[2]/name", "Bo"), ("m[2]/age", "30"), ("m[2]/stay[1]/least", "35")]);
    let offered = |interview: &Interview, path: &str| {
        let page = interview.clone().jump(path).expect("a question");
        page.questions[0].choices.iter().map(|choice| choice.name.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(offered(&interview, "m[1]/stay[1]/chief"), "Ada Bo");
    assert_eq!(offered(&interview, "m[2]/stay[1]/chief"), "Ada");
}

#[test]
fn a_copy_is_a_what_if() {
    let mut interview = start(SCREENING);
    interview.says(&[("age", "12")]);
    let mut copy = interview.clone();
    copy.says(&[("age", "30")]);
    assert_eq!((interview.text_of("child"), copy.text_of("child")), ("1".into(), "0".into()));
}

#[test]
fn rules_that_depend_on_each_other_are_refused_by_name() {
    let faults = |rows: &str| match Questionnaire::new(package(rows)) {
        Err(PackageError::Rules(faults)) => {
            faults.iter().map(|(name, fault)| format!("{name}: {}", fault.error)).collect::<Vec<_>>().join("; ")
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        faults("calculate a | is: ${c}\n calculate b | is: ${a}\n calculate c | is: ${b}"),
        "a: the values depend on each other: a -> c -> b -> a"
    );
    assert_eq!(faults("calculate a | is: . + 1"), "a: the values depend on each other: a -> a");
    assert_eq!(faults("group g | relevant: ${a} = 1\n integer a\n end"), "g: the values depend on each other: g -> g");
    assert_eq!(
        faults("text a | relevant: ${x} = nothing()\n text b | constraint: 1 +"),
        "a: there is no question or group named x; a: there is no function nothing(); b: the expression ends too early"
    );
    // its own value in the rows before is no cycle, nor is its own value in a constraint
    start("repeat r\n integer a | constraint: . > 0\n calculate t | is: sum(/data/r/a)\n end");
}

#[test]
fn blanks_compare_as_decided() {
    let interview = start(
        "integer i\n text t\n calculate a | is: ${i} != 0\n calculate b | is: ${t} != 'no'\n calculate c | is: ${i} = ''
         calculate d | is: not(${t} = 'no')\n calculate e | is: ${i} < 18\n calculate f | is: if(${t}, 1, 2)
         calculate g | is: sum(${i})\n calculate h | is: ${i} + 1\n calculate k | is: date('2004-01-01') - date('1984-01-01')
         calculate l | is: date('2004-01-01')",
    );
    let all: Vec<_> = "abcdefghkl".chars().map(|name| interview.text_of(&name.to_string())).collect();
    assert_eq!(all.join(" "), "false true true true false 2 0  7305 2004-01-01");
}
