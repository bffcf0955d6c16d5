//! Random small XForms, all from one number: groups, repeats in repeats, questions of the common types, relevance,
//! constraints, calculations and filtered choices over what stands before them.
//!
//! What the two engines decide apart (the table in `tabara_core::interview`) is not asked, by number: 5 and 6, answers
//! out of reach or out of order; 9, filters over rows or over what may not be relevant; 10, counted rows; 12, `!=` of
//! numbers; 14 and 15, dates as text; 20, positions in predicates. Nor what JavaRosa does wrongly: `max()` of negative
//! numbers, which begins at the least positive one.

use tabara_support::rng::Rng;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Integer,
    Decimal,
    Text,
    Date,
    One,
    Several,
    /// Filtered by another question; nobody answers it.
    Filtered,
    Number,
    Words,
}

#[derive(Clone)]
pub struct Field {
    /// `/data/r/x`
    pub path: String,
    pub kind: Kind,
    /// The repeats around it, outermost first.
    pub repeats: Vec<String>,
}

pub struct Form {
    dice: Rng,
    instance: String,
    binds: String,
    body: String,
    pub fields: Vec<Field>,
    /// By path, with the repeats around them.
    pub repeats: Vec<(String, Vec<String>)>,
    names: usize,
}

const LIST: &str = "<instance id=\"places\"><root><item><name>p1</name><label>P1</label><in>a</in><size>0</size></item>\
    <item><name>p2</name><label>P2</label><in>a</in><size>1</size></item>\
    <item><name>p3</name><label>P3</label><in>b</in><size>2</size></item>\
    <item><name>p4</name><label>P4</label><in>c</in><size>9</size></item></root></instance>";

impl Form {
    pub fn new(seed: u64) -> Self {
        let (dice, text) = (Rng::new(seed), String::new);
        let mut form =
            Self { dice, instance: text(), binds: text(), body: text(), fields: vec![], repeats: vec![], names: 0 };
        form.section("/data", &[], 0);
        form
    }

    pub fn xform(&self) -> String {
        // new rows begin like the first: a template stands before each outer repeat, as pyxform has it
        let names = self.repeats.iter().map(|(path, _)| path.rsplit('/').next().expect("a name"));
        let mut instance = self.instance.clone();
        for (name, (_, around)) in names.clone().zip(&self.repeats) {
            let tag = format!("<{name}>");
            if let (Some(from), true) = (instance.find(&tag), around.is_empty()) {
                let end = instance.find(&format!("</{name}>")).expect("closed") + tag.len() + 1;
                let mark =
                    |row: String, name: &str| row.replace(&format!("<{name}>"), &format!("<{name} jr:template=\"\">"));
                let template = names.clone().fold(instance[from..end].to_owned(), mark);
                instance.insert_str(from, &template);
            }
        }
        format!(
            "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
             xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>Random</h:title><model>\n<instance>\
             <data id=\"random\">{}</data></instance>{LIST}\n{}</model></h:head><h:body>\n{}</h:body></h:html>",
            instance, self.binds, self.body
        )
    }

    fn section(&mut self, path: &str, around: &[String], depth: usize) {
        let most = if depth == 0 { 10 } else { 5 };
        for _ in 0..2 + self.dice.below(most) {
            self.names += 1;
            let name = format!("n{}", self.names);
            let at = format!("{path}/{name}");
            match self.dice.below(12) {
                0 if depth < 3 => {
                    self.bind(&at, "", around, "");
                    self.within(&name, &at, around, depth, false);
                }
                1 if around.len() < 2 && depth < 3 => {
                    self.bind(&at, "", around, "");
                    self.repeats.push((at.clone(), around.to_vec()));
                    let mut around = around.to_vec();
                    around.push(at.clone());
                    self.within(&name, &at, &around, depth, true);
                }
                2..=4 => {
                    let kind = if self.dice.below(2) == 0 { Kind::Number } else { Kind::Words };
                    let rule =
                        if kind == Kind::Number { self.number(&at, around, 0) } else { self.words(&at, around, 0) };
                    self.instance += &format!("<{name}/>");
                    self.bind(&at, "string", around, &format!(" calculate=\"{}\"", escaped(&rule)));
                    self.fields.push(Field { path: at, kind, repeats: around.to_vec() });
                }
                _ => self.question(&name, &at, around),
            }
        }
    }

    fn within(&mut self, name: &str, at: &str, around: &[String], depth: usize, repeat: bool) {
        self.instance += &format!("<{name}>");
        self.body += &format!("<group ref=\"{at}\"><label>{name}</label>");
        self.body += &if repeat { format!("<repeat nodeset=\"{at}\">\n") } else { "\n".to_owned() };
        // a section without a question is no section
        self.question(&format!("{name}q"), &format!("{at}/{name}q"), around);
        self.section(at, around, depth + 1);
        self.instance += &format!("</{name}>");
        self.body += if repeat { "</repeat></group>\n" } else { "</group>\n" };
    }

    fn question(&mut self, name: &str, at: &str, around: &[String]) {
        const KINDS: [Kind; 9] = {
            use Kind::*;
            [Integer, Integer, Integer, Decimal, Text, Date, One, Several, Filtered]
        };
        let kind = self.dice.choose(&KINDS).expect("kinds");
        let data = match kind {
            Kind::Integer => "int",
            Kind::Decimal => "decimal",
            Kind::Date => "date",
            _ => "string",
        };
        let items: String = ["a", "b", "c"]
            .iter()
            .map(|item| format!("<item><label>{}</label><value>{item}</value></item>", item.to_uppercase()))
            .collect();
        let filter = match kind {
            Kind::Filtered => {
                let mut ones = self.singles(around, |kind| kind == Kind::One);
                let mut numbers =
                    self.singles(around, |kind| matches!(kind, Kind::Integer | Kind::Decimal | Kind::Number));
                ones.retain(|field| self.steady(&field.path));
                numbers.retain(|field| self.steady(&field.path));
                match (self.dice.choose(&ones), self.dice.choose(&numbers)) {
                    (Some(one), _) if self.dice.below(2) == 0 => format!("in = {}", one.path),
                    (_, Some(number)) => format!("size &lt; {}", number.path),
                    _ => "size &lt; 2".to_owned(),
                }
            }
            _ => String::new(),
        };
        let control = match kind {
            Kind::One => format!("<select1 ref=\"{at}\"><label>{name}</label>{items}</select1>\n"),
            Kind::Several => format!("<select ref=\"{at}\"><label>{name}</label>{items}</select>\n"),
            Kind::Filtered => {
                format!(
                    "<select1 ref=\"{at}\"><label>{name}</label><itemset nodeset=\"instance('places')/root/item[{filter}]\">\
                     <value ref=\"name\"/><label ref=\"label\"/></itemset></select1>\n"
                )
            }
            _ => format!("<input ref=\"{at}\"><label>{name}</label></input>\n"),
        };
        let default =
            if kind == Kind::Integer && self.dice.below(3) == 0 { self.dice.pick(&["0", "2", "5"]) } else { "" };
        self.instance += &format!("<{name}>{default}</{name}>");
        let constraint = match (kind, self.dice.below(3)) {
            (Kind::Integer | Kind::Decimal, 0) => {
                let bound = self.number(at, around, 2);
                format!(". {} {bound}", self.dice.pick(&["<", "<=", ">", ">=", "="]))
            }
            (Kind::Text, 0) => format!("regex(., '[a-z]+') or {}", self.truth(at, around, 2)),
            (Kind::Several, 0) => "not(selected(., 'a')) or count-selected(.) = 1".to_owned(),
            _ => String::new(),
        };
        let constraint =
            if constraint.is_empty() { constraint } else { format!(" constraint=\"{}\"", escaped(&constraint)) };
        self.bind(at, data, around, &constraint);
        self.body += &control;
        self.fields.push(Field { path: at.to_owned(), kind, repeats: around.to_vec() });
    }

    fn bind(&mut self, at: &str, data: &str, around: &[String], more: &str) {
        // a repeat that is not relevant has no rows there, and ours keep theirs
        let relevant = match self.dice.below(4) {
            0 if !data.is_empty() || around.is_empty() => {
                format!(" relevant=\"{}\"", escaped(&self.truth(at, around, 1)))
            }
            _ => String::new(),
        };
        let data = if data.is_empty() { String::new() } else { format!(" type=\"{data}\"") };
        self.binds += &format!("<bind nodeset=\"{at}\"{data}{relevant}{more}/>\n");
    }

    /// Whether neither a field nor a section around it has a relevance.
    fn steady(&self, path: &str) -> bool {
        let around = |bind: &str| {
            let of = bind.split('"').nth(1).unwrap_or_default();
            bind.contains(" relevant=") && (path == of || path.starts_with(&format!("{of}/")))
        };
        !self.binds.lines().any(around)
    }

    /// What stands for one value in a row.
    fn singles(&self, around: &[String], wanted: impl Fn(Kind) -> bool) -> Vec<Field> {
        let near = |field: &&Field| wanted(field.kind) && around.starts_with(&field.repeats);
        self.fields.iter().filter(near).cloned().collect()
    }

    /// A path to what lies in other rows: in a repeat that is not around, or in one right inside a row around.
    fn rows(&mut self, at: &str, around: &[String], wanted: impl Fn(Kind) -> bool) -> Option<(String, Field)> {
        let inside = |field: &&Field| {
            wanted(field.kind) && field.repeats.len() > around.len() && field.repeats.starts_with(around)
        };
        let found: Vec<Field> = self.fields.iter().filter(inside).cloned().collect();
        let field = self.dice.choose(&found)?;
        let path = match around.last() {
            None => field.path.clone(),
            Some(row) => {
                let up = at[row.len()..].matches('/').count();
                format!("{}{}", vec![".."; up].join("/"), &field.path[row.len()..])
            }
        };
        Some((path, field))
    }

    fn number(&mut self, at: &str, around: &[String], depth: usize) -> String {
        let constant = |dice: &mut Rng| dice.pick(&["0", "1", "2", "3.5", "7", "-1"]).to_owned();
        if depth > 3 {
            return constant(&mut self.dice);
        }
        let numeric = |kind| matches!(kind, Kind::Integer | Kind::Decimal | Kind::Number);
        let singles = self.singles(around, numeric);
        match self.dice.below(17) {
            0 => format!("{} + {}", self.number(at, around, depth + 1), self.number(at, around, depth + 1)),
            1 => format!("({} - {})", self.number(at, around, depth + 1), self.number(at, around, depth + 1)),
            2 => format!("{} * {}", self.number(at, around, 3), self.number(at, around, 4)),
            3 => format!("({}) div 2", self.number(at, around, depth + 1)),
            4 => format!("({}) mod 3", self.number(at, around, depth + 1)),
            5 => {
                let condition = self.truth(at, around, depth + 1);
                format!("if({condition}, {}, {})", self.number(at, around, depth + 1), self.number(at, around, 3))
            }
            6 => format!("coalesce({}, {})", self.number(at, around, depth + 1), self.number(at, around, depth + 1)),
            7 => format!("string-length({})", self.words(at, around, depth + 1)),
            8 => {
                let function = self.dice.pick(&["int", "round", "abs", "number"]);
                format!("{function}({})", self.number(at, around, depth + 1))
            }
            9 => match self.rows(at, around, numeric) {
                Some((path, _)) => format!("{}({path})", self.dice.pick(&["sum", "count", "min"])),
                None => constant(&mut self.dice),
            },
            10 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::Several)) {
                Some(field) => format!("count-selected({})", field.path),
                None => constant(&mut self.dice),
            },
            11 => {
                let dates = self.singles(around, |kind| kind == Kind::Date);
                match (self.dice.choose(&dates), self.dice.choose(&dates)) {
                    (Some(a), Some(b)) => format!("({} - {})", a.path, b.path),
                    _ => constant(&mut self.dice),
                }
            }
            12 => match self.rows(at, around, numeric) {
                // of a row that may not be there; the repeats are all told
                Some((_, field)) if around.is_empty() => {
                    let picks: String =
                        field.repeats.iter().map(|repeat| format!(", {repeat}, {}", 1 + self.dice.below(2))).collect();
                    format!("indexed-repeat({}{picks})", field.path)
                }
                _ => constant(&mut self.dice),
            },
            13 => match around.last() {
                Some(row) => format!("position({})", vec![".."; at[row.len()..].matches('/').count()].join("/")),
                None => constant(&mut self.dice),
            },
            _ => self.dice.choose(&singles).map_or_else(|| constant(&mut self.dice), |field| field.path),
        }
    }

    fn words(&mut self, at: &str, around: &[String], depth: usize) -> String {
        let constant = |dice: &mut Rng| dice.pick(&["''", "'a'", "'b c'", "'12'"]).to_owned();
        if depth > 3 {
            return constant(&mut self.dice);
        }
        let singles = self.singles(around, |kind| matches!(kind, Kind::Text | Kind::One | Kind::Several | Kind::Words));
        match self.dice.below(12) {
            0 => format!("concat({}, '-', {})", self.words(at, around, depth + 1), self.number(at, around, depth + 1)),
            1 => format!("substr({}, 1, 3)", self.words(at, around, depth + 1)),
            2 => {
                let condition = self.truth(at, around, depth + 1);
                format!("if({condition}, {}, {})", self.words(at, around, depth + 1), self.words(at, around, 3))
            }
            3 => format!("coalesce({}, {})", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            4 => match self.rows(at, around, |kind| kind != Kind::Date) {
                Some((path, _)) => format!("join(' ', {path})"),
                None => constant(&mut self.dice),
            },
            5 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::One)) {
                Some(field) => format!("jr:choice-name({0}, '{0}')", field.path),
                None => constant(&mut self.dice),
            },
            6 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::Date)) {
                Some(field) => format!("format-date({}, '%Y/%n/%e')", field.path),
                None => constant(&mut self.dice),
            },
            7 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::Several)) {
                Some(field) => format!("selected-at({}, 0)", field.path),
                None => constant(&mut self.dice),
            },
            8 => {
                // JavaRosa takes a path inside the predicate for one in any row: only questions outside of rows are asked
                let outside = self.singles(&[], |kind| kind == Kind::Integer);
                let number = self.dice.choose(&outside).map_or_else(|| "1".to_owned(), |field| field.path);
                format!("instance('places')/root/item[size = {number}]/label")
            }
            _ => self.dice.choose(&singles).map_or_else(|| constant(&mut self.dice), |field| field.path),
        }
    }

    fn truth(&mut self, at: &str, around: &[String], depth: usize) -> String {
        if depth > 3 {
            return self.dice.pick(&["true()", "false()"]).to_owned();
        }
        match self.dice.below(12) {
            0 => format!("({} and {})", self.truth(at, around, depth + 1), self.truth(at, around, depth + 1)),
            1 => format!("({} or {})", self.truth(at, around, depth + 1), self.truth(at, around, depth + 1)),
            2 => format!("not({})", self.truth(at, around, depth + 1)),
            3 => format!("{} = {}", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            4 => format!("{} != {}", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            5 | 6 => {
                let several = self.singles(around, |kind| matches!(kind, Kind::One | Kind::Several));
                match self.dice.choose(&several) {
                    Some(field) => format!("selected({}, '{}')", field.path, self.dice.pick(&["a", "b"])),
                    None => "true()".to_owned(),
                }
            }
            7 => {
                let function = self.dice.pick(&["contains", "starts-with", "ends-with"]);
                format!("{function}({}, {})", self.words(at, around, depth + 1), self.words(at, around, 4))
            }
            8 => {
                let dates = self.singles(around, |kind| kind == Kind::Date);
                self.dice.choose(&dates).map_or("true()".into(), |date| format!("{} < date('2024-06-01')", date.path))
            }
            _ => {
                let operator = self.dice.pick(&["<", "<=", ">", ">=", "="]);
                format!("{} {operator} {}", self.number(at, around, depth + 1), self.number(at, around, depth + 1))
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}
