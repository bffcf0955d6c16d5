//! The dictionary of tables (`questionnaires/tables.csv`): the only list of what is shown. One row is one table, for
//! pages, programs and exports alike. The compiler of forms, the server and the tests read it.

use crate::facts::{Codes, Dictionary, Fact};
use crate::kind::Kind;
use std::sync::OnceLock;

/// What a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// People screened or identified, each once.
    People,
    /// Interviews.
    Screenings,
    /// Focal points that sent a screening.
    FocalPoints,
    /// Decisions of reviewers.
    Reviews,
    /// Referrals of a person to a service.
    Referrals,
    /// People assisted.
    Assistance,
    /// Activities of organisations.
    Activities,
    /// Participants of activities.
    Participants,
    /// Printed matter given out.
    Materials,
    /// Cases at law.
    Cases,
}

impl Unit {
    /// In the order of the pages.
    pub const ALL: [Unit; 10] = {
        use Unit::*;
        [People, Screenings, FocalPoints, Reviews, Referrals, Assistance, Activities, Participants, Materials, Cases]
    };

    /// The word in `tables.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Unit::People => "people",
            Unit::Screenings => "screenings",
            Unit::FocalPoints => "focal_points",
            Unit::Reviews => "reviews",
            Unit::Referrals => "referrals",
            Unit::Assistance => "assistance",
            Unit::Activities => "activities",
            Unit::Participants => "participants",
            Unit::Materials => "materials",
            Unit::Cases => "cases",
        }
    }

    /// The kind of record that is counted.
    pub fn kind(self) -> Kind {
        match self {
            Unit::People | Unit::Screenings | Unit::FocalPoints => Kind::Screening,
            Unit::Reviews => Kind::Review,
            Unit::Referrals => Kind::Referral,
            Unit::Assistance => Kind::Assistance,
            Unit::Activities | Unit::Participants | Unit::Materials => Kind::Activity,
            Unit::Cases => Kind::Enforcement,
        }
    }

    /// Whether focal points tell it of people, one by one; the others are told by organisations.
    pub fn is_told_by_focal_points(self) -> bool {
        matches!(self, Unit::People | Unit::Screenings | Unit::Referrals)
    }

    /// Facts that counting this unit reads in every table.
    fn facts(self) -> &'static [&'static str] {
        match self {
            Unit::People => &["month", "screen_commune", "outcome", "already"],
            Unit::Reviews => &["month"],
            _ => &["month", "screen_commune"],
        }
    }
}

/// Which of a unit's records a table counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// Every record of the unit's kind.
    All,
    /// Of people: everybody screened, once.
    Screened,
    /// Of people: presumed victims, after review.
    Identified,
    /// Those with this code of a fact; or, where `is` is false, with another code or none.
    Where {
        /// The fact that decides.
        fact: String,
        /// Its code.
        code: String,
        /// Whether the record must have the code, or must not.
        is: bool,
    },
}

/// One dimension of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// A fact with a list of codes, or the month.
    Codes(String),
    /// Facts that are numbers: each is one code, and its numbers are added up.
    Sums(Vec<String>),
    /// How far a referral came: each of [`STAGES`] that its status, the fact, has reached.
    Stages(String),
}

/// A stage of a referral. One referral is in several.
#[derive(Debug)]
pub struct Stage {
    /// Its code.
    pub code: &'static str,
    /// The codes of `referral_status` that have always reached it.
    pub always: &'static [&'static str],
    /// Those that have reached it if the referral was sent, which its fact `delay` says: a person may refuse what is offered, and a
    /// service may be missing, before anything is sent.
    pub once_sent: &'static [&'static str],
}

impl Stage {
    /// Whether a referral with this status has reached it; `sent`: it was sent before.
    pub fn is_reached(&self, status: &str, sent: bool) -> bool {
        self.always.contains(&status) || sent && self.once_sent.contains(&status)
    }
}

const fn stage(code: &'static str, always: &'static [&'static str], once_sent: &'static [&'static str]) -> Stage {
    Stage { code, always, once_sent }
}

/// The stages of a referral, in the order of a table.
pub const STAGES: [Stage; 11] = [
    stage("offered", &["ready", "sent", "accepted", "completed", "declined", "refused", "lapsed"], &["unavailable"]),
    stage("agreed", &["ready", "sent", "accepted", "completed", "declined", "lapsed"], &["refused", "unavailable"]),
    stage("sent", &["sent", "accepted", "completed", "declined", "lapsed"], &["refused", "unavailable"]),
    stage("acknowledged", &["accepted", "completed", "declined"], &["unavailable"]),
    stage("received", &["completed"], &[]),
    stage("under_way", &["accepted"], &[]),
    stage("declined", &["declined"], &[]),
    stage("unavailable", &["unavailable"], &[]),
    stage("refused", &["refused"], &[]),
    stage("lapsed", &["lapsed"], &[]),
    stage("unknown", &["sent"], &[]),
];

impl Dimension {
    /// The facts that it reads.
    pub fn facts(&self) -> &[String] {
        match self {
            Dimension::Codes(fact) | Dimension::Stages(fact) => std::slice::from_ref(fact),
            Dimension::Sums(facts) => facts,
        }
    }

    /// Its name among the texts: the fact, the facts that are added up, joined by `+`, or `stage`.
    pub fn name(&self) -> String {
        if matches!(self, Dimension::Stages(_)) { "stage".to_owned() } else { self.facts().join("+") }
    }
}

/// One row of `tables.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name in addresses and exports.
    pub id: String,
    /// Key of its title among the texts.
    pub title: String,
    /// The page that it stands on, and the key of that page's title.
    pub page: String,
    /// What it counts.
    pub unit: Unit,
    /// Which records it counts.
    pub population: Population,
    /// One to three. Of several, the first makes the columns.
    pub dimensions: Vec<Dimension>,
    /// Whether it exists for the nation.
    pub national: bool,
    /// Whether it exists for each province.
    pub provincial: bool,
    /// Beside all closed months together, which every table has.
    pub yearly: bool,
    /// Whether it exists for each quarter.
    pub quarterly: bool,
    /// It splits by a fact that `facts.csv` marks as sensitive.
    pub sensitive: bool,
    /// Public releases show it, too; else authorised users only.
    pub public: bool,
    /// Key of a note among the texts.
    pub note: Option<String>,
}

/// All tables, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// In the order of the file.
    pub tables: Vec<Table>,
}

/// What is wrong with a line of `tables.csv`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("tables.csv, line {line}: {cause}")]
pub struct TablesError {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: &'static str,
}

/// The text of `tables.csv` that this build carries.
pub const TEXT: &str = include_str!("../../../questionnaires/tables.csv");

impl Tables {
    /// The tables that this build carries.
    pub fn standard() -> &'static Self {
        static STANDARD: OnceLock<Tables> = OnceLock::new();
        STANDARD.get_or_init(|| Self::parse(TEXT, Dictionary::standard()).expect("tables.csv is tested"))
    }

    /// Reads `tables.csv` and checks it against the facts; lists are separated by `|`, numbers that are added up by `+`.
    pub fn parse(text: &str, dictionary: &Dictionary) -> Result<Self, TablesError> {
        const HEAD: &str = "id,title,page,unit,population,dimensions,places,periods,sensitive,grid,note";
        if text.lines().next() != Some(HEAD) {
            return Err(TablesError { line: 1, cause: "the head line is not the expected one" });
        }
        let mut tables: Vec<Table> = Vec::new();
        for (at, row) in text.lines().enumerate().skip(1).filter(|(_, row)| !row.is_empty()) {
            let fault = |cause| TablesError { line: at + 1, cause };
            let table = parse_row(row).map_err(fault)?;
            table.check(dictionary).map_err(fault)?;
            if tables.iter().any(|other| other.id == table.id) {
                return Err(fault("the id is taken by a row above"));
            }
            tables.push(table);
        }
        Ok(Self { tables })
    }

    /// The table of this id.
    pub fn get(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }

    /// The pages, in the order of the file.
    pub fn pages(&self) -> Vec<&str> {
        let mut pages: Vec<&str> = Vec::new();
        for table in &self.tables {
            if !pages.contains(&table.page.as_str()) {
                pages.push(&table.page);
            }
        }
        pages
    }

    /// The tables that split by a fact.
    pub fn that_split_by<'a>(&'a self, fact: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.iter().filter(move |table| table.facts().any(|name| name == fact))
    }

    /// Whether a table counts this fact of records of this kind.
    pub fn reads(&self, kind: Kind, fact: &str) -> bool {
        // a reviewer's decision changes who is identified
        let reviewed = |table: &Table| kind == Kind::Review && table.unit == Unit::People && fact == "decision";
        self.tables.iter().any(|table| reviewed(table) || table.unit.kind() == kind && table.reads(fact))
    }
}

impl Table {
    /// What it counts, in a word or two, as programs read it: `people identified`, `referrals`.
    pub fn counted(&self) -> &'static str {
        match (self.unit, &self.population) {
            (Unit::People, Population::Screened) => "people screened",
            (Unit::People, _) => "people identified",
            (unit, _) => unit.word(),
        }
    }

    /// Totals, month by month. All other tables are splits.
    pub fn is_by_month(&self) -> bool {
        matches!(&self.dimensions[..], [Dimension::Codes(fact)] if fact == "month")
    }

    fn reads(&self, fact: &str) -> bool {
        let of_population = matches!(&self.population, Population::Where { fact: of, .. } if of == fact);
        of_population || self.unit.facts().contains(&fact) || self.facts().any(|name| name == fact)
    }

    fn facts(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().flat_map(Dimension::facts).map(String::as_str)
    }

    fn check(&self, dictionary: &Dictionary) -> Result<(), &'static str> {
        let fact = |name: &str| dictionary.get(name).filter(|fact| fact.is_for(self.unit.kind()));
        let facts: Option<Vec<&Fact>> = self.facts().map(fact).collect();
        let facts = facts.ok_or("a dimension is no fact of the unit's records")?;
        let of_people = matches!(self.population, Population::Screened | Population::Identified);
        if of_people != (self.unit == Unit::People) {
            return Err("people are screened or identified, and nothing else is");
        }
        if let Population::Where { fact: name, code, .. } = &self.population
            && !fact(name).is_some_and(|fact| !fact.many && fact.codes.has(code))
        {
            return Err("the population is no code of a fact of the unit's records");
        }
        for dimension in &self.dimensions {
            let is_number = |name: &String| matches!(fact(name).map(|f| &f.codes), Some(Codes::Numbers(..)));
            match dimension {
                Dimension::Codes(name) if is_number(name) => return Err("a number is added up (a+b), not a code"),
                Dimension::Sums(names) if !names.iter().all(is_number) => return Err("only numbers are added up"),
                Dimension::Codes(_) | Dimension::Sums(_) | Dimension::Stages(_) => {}
            }
        }
        let sums = self.dimensions.iter().filter(|dimension| matches!(dimension, Dimension::Sums(_))).count();
        if sums != usize::from(matches!(self.unit, Unit::Participants | Unit::Materials | Unit::Cases)) {
            return Err("one dimension adds up numbers where the unit is not a record, and none elsewhere");
        }
        if self.unit == Unit::FocalPoints && self.facts().any(|name| name != "screen_commune") {
            return Err("focal points are counted by place only");
        }
        if self.sensitive != facts.iter().any(|fact| fact.sensitive) {
            return Err("a table is sensitive where one of its facts is");
        }
        if self.public && facts.iter().any(|fact| !fact.public) {
            return Err("a public table shows a fact that is for inside only");
        }
        let places = self.facts().any(|name| name == "screen_commune");
        if places && self.unit.is_told_by_focal_points() && self.dimensions.len() > 1 {
            return Err("what focal points tell of people is not split further by place");
        }
        let crossed = self.dimensions.iter().filter(|dimension| !matches!(dimension, Dimension::Sums(_))).count() > 1;
        let of_persons = self.unit.is_told_by_focal_points() || self.unit == Unit::Assistance;
        if of_persons && crossed && self.quarterly {
            return Err("two facts of a person are crossed by year at most");
        }
        let months = self.facts().any(|name| name == "month");
        if months && self.provincial && self.dimensions.len() > 1 {
            return Err("a province is split by quarter at most, not by month");
        }
        if self.provincial && self.unit == Unit::Reviews {
            return Err("reviews have no place");
        }
        Ok(())
    }
}

fn parse_row(row: &str) -> Result<Table, &'static str> {
    let cells: Vec<&str> = row.split(',').collect();
    let [id, title, page, unit, population, dimensions, places, periods, sensitive, grid, note] = cells[..] else {
        return Err("eleven cells are expected");
    };
    let within = |list: &str, known: &[&str]| list.split('|').all(|word| known.contains(&word));
    let has = |list: &str, word: &str| list.split('|').any(|w| w == word);
    if id.is_empty()
        || title.is_empty()
        || page.is_empty()
        || !id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    {
        return Err("an id of small letters, digits and -, and the keys of title and page are expected");
    }
    let unit = Unit::ALL.into_iter().find(|known| known.word() == unit).ok_or("the unit is not known")?;
    let of_fact = |(fact, code): (&str, &str), is| Population::Where { fact: fact.into(), code: code.into(), is };
    let population = match population {
        "all" => Population::All,
        "screened" => Population::Screened,
        "identified" => Population::Identified,
        other => match (other.split_once("!="), other.split_once('=')) {
            (Some(pair), _) => of_fact(pair, false),
            (None, Some(pair)) => of_fact(pair, true),
            (None, None) => return Err("the population is not known"),
        },
    };
    let dimension = |text: &str| match text {
        "stage" => Dimension::Stages("referral_status".to_owned()),
        _ if text.contains('+') => Dimension::Sums(text.split('+').map(str::to_owned).collect()),
        _ => Dimension::Codes(text.to_owned()),
    };
    let dimensions: Vec<Dimension> = dimensions.split('|').map(dimension).collect();
    if dimensions.len() > 3 {
        return Err("a table has three dimensions at most");
    }
    if !within(places, &["nation", "province"]) || !within(periods, &["all", "year", "quarter"]) || !has(periods, "all")
    {
        return Err("places are nation and province; periods all, year and quarter, and all is one of them");
    }
    if !within(sensitive, &["true", "false"]) || !within(grid, &["public", "inside"]) {
        return Err("sensitive is true or false, grid is public or inside");
    }
    Ok(Table {
        id: id.into(),
        title: title.into(),
        page: page.into(),
        unit,
        population,
        dimensions,
        national: has(places, "nation"),
        provincial: has(places, "province"),
        yearly: has(periods, "year"),
        quarterly: has(periods, "quarter"),
        sensitive: sensitive == "true",
        public: grid == "public",
        note: Some(note.to_owned()).filter(|note| !note.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_every_kind_is_read_by_a_table() {
        let tables = Tables::standard();
        for fact in &Dictionary::standard().facts {
            for kind in &fact.kinds {
                assert!(tables.reads(*kind, &fact.name), "no table reads {} of a {}", fact.name, kind.word());
            }
        }
    }

    #[test]
    fn a_bad_row_is_named_with_its_cause() {
        let fault = |row: &str| {
            let text = format!("{}\n{row}", TEXT.lines().next().unwrap());
            Tables::parse(&text, Dictionary::standard()).map(|_| ()).unwrap_err()
        };
        let cause = |row: &str| fault(row).cause;
        assert_eq!(fault("t,by_sex,p,people,identified,sex").line, 2);
        let rows = [
            (
                "t,by_sex,p,people,identified,gender,nation,all,false,public,",
                "a dimension is no fact of the unit's records",
            ),
            ("t,by_sex,p,referrals,all,sex,nation,all,false,public,", "a dimension is no fact of the unit's records"),
            ("t,by_sex,p,cats,all,sex,nation,all,false,public,", "the unit is not known"),
            (
                "t,by_sex,p,people,all,sex,nation,all,false,public,",
                "people are screened or identified, and nothing else is",
            ),
            ("t,by_type,p,activities,all,women,nation,all,false,public,", "a number is added up (a+b), not a code"),
            ("t,by_type,p,participants,all,theme+women,nation,all,false,public,", "only numbers are added up"),
            (
                "t,means,p,people,identified,means,nation,all,false,public,",
                "a table is sensitive where one of its facts is",
            ),
            (
                "t,by,p,people,identified,method,nation,all,false,public,",
                "a public table shows a fact that is for inside only",
            ),
            (
                "t,v,p,assistance,beneficiary_type=tourist,sex,nation,all,false,public,",
                "the population is no code of a fact of the unit's records",
            ),
            (
                "t,by_sex,p,people,identified,sex|sex|sex|sex,nation,all,false,public,",
                "a table has three dimensions at most",
            ),
        ];
        for (row, wanted) in rows {
            assert_eq!(cause(row), wanted, "{row}");
        }
    }
}
