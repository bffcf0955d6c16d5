//! Random small XForms, all from one number: groups, repeats in repeats, counted ones among them, questions of the common
//! types, choices with spaces in their names, times, computed truths, relevance, constraints, calculations and filtered
//! choices over what stands before them.
//!
//! What the two engines decide apart (`core/forms/DIFFERENCES.md`) is not asked, by number: 5 and 6, answers out of reach
//! or out of order; 9, filters over rows or over what may not be relevant; 10 and 28, how rows follow a count, which
//! JavaRosa is told row by row; 12, `!=` of numbers; 14 and 15, dates and times as text; 20, positions in predicates; 34,
//! times compared. Nor what JavaRosa does wrongly: `max()` of negative numbers, which begins at the least positive one.

use tabara_support::rng::Rng;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Integer,
    Decimal,
    Text,
    Date,
    Time,
    One,
    /// Some of its choices have spaces in their names.
    Spaced,
    /// Its choices come from a list beside the form, also with spaces.
    Place,
    Several,
    /// Filtered by another question; nobody answers it.
    Filtered,
    Number,
    Words,
    /// A computed truth.
    Truth,
    /// A computed time.
    Clock,
}

impl Kind {
    /// Whether a person answers it.
    pub fn is_asked(self) -> bool {
        !matches!(self, Kind::Filtered | Kind::Number | Kind::Words | Kind::Truth | Kind::Clock)
    }
}

#[derive(Clone)]
pub struct Field {
    /// `/data/r/x`
    pub path: String,
    pub kind: Kind,
    /// The repeats around it, outermost first.
    pub repeats: Vec<String>,
    /// What stands in it before anybody answers.
    pub default: &'static str,
}

pub struct Form {
    dice: Rng,
    instance: String,
    binds: String,
    body: String,
    pub fields: Vec<Field>,
    /// By path, with the repeats around them.
    pub repeats: Vec<(String, Vec<String>)>,
    /// The counts of repeats, as attributes.
    counts: Vec<String>,
    /// The questions that count.
    pub counting: Vec<String>,
    names: usize,
}

const LIST: &str = "<instance id=\"places\"><root><item><name>p1</name><label>P1</label><in>a</in><size>0</size></item>\
    <item><name>p2</name><label>P2</label><in>a</in><size>1</size></item>\
    <item><name>p3</name><label>P3</label><in>b</in><size>2</size></item>\
    <item><name>p4</name><label>P4</label><in>c</in><size>9</size></item>\
    <item><name>p 5</name><label>P5</label><in>b c</in><size>3</size></item>\
    <item><name>p1 p2</name><label>P1 and 2</label><in>b c</in><size>7</size></item></root></instance>";

impl Form {
    pub fn new(seed: u64) -> Self {
        let (dice, text) = (Rng::new(seed), String::new);
        let (instance, binds, body) = (text(), text(), text());
        let mut form = Self {
            dice,
            instance,
            binds,
            body,
            fields: vec![],
            repeats: vec![],
            counts: vec![],
            counting: vec![],
            names: 0,
        };
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

    /// The form for JavaRosa, which counts no rows.
    pub fn uncounted(&self) -> String {
        self.counts.iter().fold(self.xform(), |xform, count| xform.replacen(count, "", 1))
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
                    let kind = self.dice.pick(&[
                        Kind::Number,
                        Kind::Number,
                        Kind::Words,
                        Kind::Words,
                        Kind::Truth,
                        Kind::Clock,
                    ]);
                    let rule = match kind {
                        Kind::Number if self.dice.one_in(6) => match self.once(&name, &at, around) {
                            true => continue,
                            false => self.number(&at, around, 0),
                        },
                        Kind::Number => self.number(&at, around, 0),
                        Kind::Truth => self.truth(&at, around, 0),
                        Kind::Clock => self.time(&at, around),
                        _ => self.words(&at, around, 0),
                    };
                    let data = if kind == Kind::Clock { "time" } else { "string" };
                    self.instance += &format!("<{name}/>");
                    self.bind(&at, data, around, &format!(" calculate=\"{}\"", escaped(&rule)));
                    self.fields.push(Field { path: at, kind, repeats: around.to_vec(), default: "" });
                }
                _ => self.question(&name, &at, around),
            }
        }
    }

    /// A number that is computed once, if there is one to begin with. JavaRosa computes it again where it is not relevant,
    /// and in a row that comes back (28).
    fn once(&mut self, name: &str, at: &str, around: &[String]) -> bool {
        let numbers = self.singles(around, |kind| kind == Kind::Integer);
        let counted = |row: &String| self.body.contains(&format!("nodeset=\"{row}\" jr:count"));
        let stays = self.steady(at) && !around.iter().any(counted);
        let Some(number) = self.dice.choose(&numbers).filter(|_| stays) else { return false };
        self.instance += &format!("<{name}/>");
        self.binds += &format!("<bind nodeset=\"{at}\" type=\"string\" calculate=\"once({} * 2)\"/>\n", number.path);
        self.fields.push(Field { path: at.to_owned(), kind: Kind::Number, repeats: around.to_vec(), default: "" });
        true
    }

    fn within(&mut self, name: &str, at: &str, around: &[String], depth: usize, repeat: bool) {
        self.instance += &format!("<{name}>");
        self.body += &format!("<group ref=\"{at}\"><label>{name}</label>");
        let count = if repeat { self.count(at, &around[..around.len() - 1]) } else { String::new() };
        self.body += &if repeat { format!("<repeat nodeset=\"{at}\"{count}>\n") } else { "\n".to_owned() };
        // a section without a question is no section
        self.question(&format!("{name}q"), &format!("{at}/{name}q"), around);
        self.section(at, around, depth + 1);
        self.instance += &format!("</{name}>");
        self.body += if repeat { "</repeat></group>\n" } else { "</group>\n" };
    }

    /// How many rows a repeat has, as an attribute; nothing where people add and remove them. JavaRosa has no rows to
    /// add or remove in what is not relevant.
    fn count(&mut self, at: &str, around: &[String]) -> String {
        let numbers = self.singles(around, |kind| kind == Kind::Integer);
        let several = self.singles(around, |kind| kind == Kind::Several);
        let (count, by) = match (self.dice.below(3), self.dice.choose(&numbers), self.dice.choose(&several)) {
            (0, Some(number), _) => (format!("{} mod 4", number.path), number),
            (1, Some(number), _) => (format!("if({0} > 3, 3, {0})", number.path), number),
            (1, None, Some(several)) => (format!("count-selected({})", several.path), several),
            _ => return String::new(),
        };
        if !self.steady(at) {
            return String::new();
        }
        let count = format!(" jr:count=\"{}\"", escaped(&count));
        self.counts.push(count.clone());
        self.counting.push(by.path);
        count
    }

    fn question(&mut self, name: &str, at: &str, around: &[String]) {
        const KINDS: [Kind; 13] = {
            use Kind::*;
            [Integer, Integer, Integer, Integer, Decimal, Text, Date, Time, One, Spaced, Place, Several, Filtered]
        };
        let kind = self.dice.choose(&KINDS).expect("kinds");
        let data = match kind {
            Kind::Integer => "int",
            Kind::Decimal => "decimal",
            Kind::Date => "date",
            Kind::Time => "time",
            _ => "string",
        };
        let items: &[&str] = if kind == Kind::Spaced { &SPACED } else { &["a", "b", "c"] };
        let items: String = items
            .iter()
            .map(|item| format!("<item><label>{}</label><value>{item}</value></item>", item.to_uppercase()))
            .collect();
        let filter = match kind {
            Kind::Filtered => {
                let mut ones = self.singles(around, |kind| matches!(kind, Kind::One | Kind::Spaced));
                let mut numbers =
                    self.singles(around, |kind| matches!(kind, Kind::Integer | Kind::Decimal | Kind::Number));
                ones.retain(|field| self.steady(&field.path));
                numbers.retain(|field| self.steady(&field.path));
                match (self.dice.choose(&ones), self.dice.choose(&numbers)) {
                    (Some(one), _) if self.dice.below(2) == 0 => format!("[in = {}]", one.path),
                    (_, Some(number)) => format!("[size &lt; {}]", number.path),
                    _ => "[size &lt; 2]".to_owned(),
                }
            }
            _ => String::new(),
        };
        let control = match kind {
            Kind::One | Kind::Spaced => format!("<select1 ref=\"{at}\"><label>{name}</label>{items}</select1>\n"),
            Kind::Several => format!("<select ref=\"{at}\"><label>{name}</label>{items}</select>\n"),
            Kind::Filtered | Kind::Place => {
                format!(
                    "<select1 ref=\"{at}\"><label>{name}</label><itemset nodeset=\"instance('places')/root/item{filter}\">\
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
        self.fields.push(Field { path: at.to_owned(), kind, repeats: around.to_vec(), default });
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
        match self.dice.below(20) {
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
            14 => match self.dice.choose(&self.singles(around, |kind| matches!(kind, Kind::Time | Kind::Clock))) {
                Some(field) => format!("round(decimal-time({}) * 1440)", field.path),
                None => constant(&mut self.dice),
            },
            15 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::Truth)) {
                Some(field) => format!("number({})", field.path),
                None => constant(&mut self.dice),
            },
            16 => {
                let number = self.number(at, around, depth + 1);
                match self.dice.pick(&["0", "1", "2", "-1"]) {
                    // JavaRosa cuts tens of negative numbers (26)
                    "-1" => format!("round(abs({number}), -1)"),
                    places => format!("round({number}, {places})"),
                }
            }
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
        let singles = self.singles(around, |kind| {
            use Kind::*;
            matches!(kind, Text | One | Spaced | Place | Several | Words | Truth)
        });
        match self.dice.below(14) {
            0 => format!("concat({}, '-', {})", self.words(at, around, depth + 1), self.number(at, around, depth + 1)),
            1 => format!("substr({}, 1, 3)", self.words(at, around, depth + 1)),
            2 => {
                let condition = self.truth(at, around, depth + 1);
                format!("if({condition}, {}, {})", self.words(at, around, depth + 1), self.words(at, around, 3))
            }
            3 => format!("coalesce({}, {})", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            4 => match self.rows(at, around, |kind| !matches!(kind, Kind::Date | Kind::Time | Kind::Clock)) {
                Some((path, _)) => format!("join(' ', {path})"),
                None => constant(&mut self.dice),
            },
            5 => match self
                .dice
                .choose(&self.singles(around, |kind| matches!(kind, Kind::One | Kind::Spaced | Kind::Place)))
            {
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
            9 => match self.dice.choose(&self.singles(around, |kind| matches!(kind, Kind::Time | Kind::Clock))) {
                Some(field) => format!("format-date-time({}, '%H:%M:%S %h')", field.path),
                None => constant(&mut self.dice),
            },
            10 => match self.dice.choose(&self.singles(&[], |kind| kind == Kind::Place)) {
                Some(field) => {
                    format!("instance('places')/root/item[name = {}]/{}", field.path, self.dice.pick(&["label", "in"]))
                }
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

    /// A time of day.
    fn time(&mut self, at: &str, around: &[String]) -> String {
        let times = self.singles(around, |kind| matches!(kind, Kind::Time | Kind::Clock));
        match (self.dice.choose(&times), self.dice.choose(&times), self.dice.below(3)) {
            (Some(one), Some(other), 0) => format!("if({}, {}, {})", self.truth(at, around, 2), one.path, other.path),
            (Some(one), Some(other), 1) => format!("coalesce({}, {})", one.path, other.path),
            (Some(one), ..) => one.path,
            (None, ..) => "''".to_owned(),
        }
    }

    fn truth(&mut self, at: &str, around: &[String], depth: usize) -> String {
        if depth > 3 {
            return self.dice.pick(&["true()", "false()"]).to_owned();
        }
        match self.dice.below(16) {
            // by value: 0 and a blank are false
            12 => self.number(at, around, depth + 1),
            0 => format!("({} and {})", self.truth(at, around, depth + 1), self.truth(at, around, depth + 1)),
            1 => format!("({} or {})", self.truth(at, around, depth + 1), self.truth(at, around, depth + 1)),
            2 => format!("not({})", self.truth(at, around, depth + 1)),
            3 => format!("{} = {}", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            4 => format!("{} != {}", self.words(at, around, depth + 1), self.words(at, around, depth + 1)),
            5 | 6 => {
                let several = self.singles(around, |kind| matches!(kind, Kind::One | Kind::Spaced | Kind::Several));
                match self.dice.choose(&several) {
                    Some(field) => format!("selected({}, '{}')", field.path, self.dice.pick(&["a", "b", "b c"])),
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
            9 | 10 => {
                let truths = self.singles(around, |kind| kind == Kind::Truth);
                match (self.dice.choose(&truths), self.dice.below(4)) {
                    (Some(truth), 0) => format!("{} = 'false'", truth.path),
                    (Some(truth), 1) => format!("{} = {}", truth.path, self.truth(at, around, depth + 1)),
                    (Some(truth), _) => truth.path,
                    (None, _) => "false()".to_owned(),
                }
            }
            11 => match self.dice.choose(&self.singles(around, |kind| kind == Kind::Spaced)) {
                Some(field) => format!("{} = '{}'", field.path, self.dice.pick(&SPACED)),
                None => "true()".to_owned(),
            },
            _ => {
                let operator = self.dice.pick(&["<", "<=", ">", ">=", "="]);
                format!("{} {operator} {}", self.number(at, around, depth + 1), self.number(at, around, depth + 1))
            }
        }
    }
}

/// The choices of [`Kind::Spaced`].
pub const SPACED: [&str; 4] = ["a", "b c", "b", "b c d"];

fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}
