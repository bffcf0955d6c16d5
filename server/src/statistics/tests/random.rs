//! Random facts and random tables over random records: every cell must come out as a plain loop over the records counts it.

use super::*;
use tabara_protocol::tables::{Dimension, Population, Table, Tables};

/// A dictionary with what counting needs, and facts drawn at random.
fn dictionary(facts: &[(bool, usize)]) -> Dictionary {
    let mut text = String::from("# version 1\nfact,kinds,cardinality,codes,grid,sensitive,from,note\n");
    text += "month,screening,one,2020-01..2040-12,public,false,x,\n";
    text += "screen_commune,screening,one,BI-CO-01-01|BI-CO-04-02|BI-CO-04-03,public,false,x,\n";
    text += "outcome,screening,one,at_risk|presumed,public,false,x,\nalready,screening,one,no|yes|unknown,public,false,x,\n";
    for (n, (many, codes)) in facts.iter().enumerate() {
        let codes: Vec<String> = (0..*codes).map(|code| format!("c{code}")).collect();
        let cardinality = if *many { "many" } else { "one" };
        text += &format!("f{n},screening,{cardinality},{},public,false,x,\n", codes.join("|"));
    }
    Dictionary::parse(&text).unwrap()
}

fn tables(dictionary: &Dictionary, rows: &[(u8, Vec<usize>, usize)]) -> Tables {
    let names: Vec<&str> = dictionary.facts.iter().map(|fact| fact.name.as_str()).filter(|n| *n != "already").collect();
    let mut text = String::from("id,title,page,unit,population,dimensions,places,periods,sensitive,grid,note\n");
    for (n, (population, dimensions, of)) in rows.iter().enumerate() {
        // month and place are not split further
        let of_many = if dimensions.len() > 1 { &names[2..] } else { &names };
        let dimensions: Vec<&str> = dimensions.iter().map(|at| of_many[at % of_many.len()]).collect();
        let of = names[3 + of % (names.len() - 3)];
        let ones = dictionary.get(of).is_some_and(|fact| !fact.many);
        let (unit, population) = match population {
            0 => ("people", "screened".to_owned()),
            1 => ("people", "identified".to_owned()),
            2 if ones => ("screenings", format!("{of}=c0")),
            3 if ones => ("screenings", format!("{of}!=c0")),
            _ => ("screenings", "all".to_owned()),
        };
        let periods = if dimensions.len() > 1 { "all|year" } else { "all|year|quarter" };
        let dimensions = dimensions.join("|");
        text += &format!("t{n},x,x,{unit},{population},{dimensions},nation|province,{periods},false,public,\n");
    }
    Tables::parse(&text, dictionary).unwrap()
}

/// What a plain loop counts: all records that fit the table, the place and the period, by code.
fn plain(records: &[Facts], table: &Table, scope: Scope, period: Period, codes: &[Option<&str>]) -> u32 {
    let has = |facts: &Facts, fact: &str, code: &str| facts.get(fact).is_some_and(|v| v.codes().any(|c| c == code));
    let fits = |facts: &&Facts| {
        let one = |fact: &str| facts.get(fact).and_then(|value| value.codes().next()).unwrap_or("");
        let month = Month::parse(one("month")).unwrap();
        let province = tabara_protocol::places::province_of(one("screen_commune")).unwrap().code;
        let counts = one("already") != "yes";
        let in_population = match &table.population {
            Population::All => true,
            Population::Screened => counts,
            Population::Identified => counts && one("outcome") == "presumed",
            Population::Where { fact, code, is } => has(facts, fact, code) == *is,
        };
        let in_period = match period {
            Period::All => true,
            Period::Year(year) => month.year() == year,
            Period::Quarter(year, quarter) => (month.year(), month.quarter()) == (year, quarter),
        };
        let in_cell = table.dimensions.iter().zip(codes).all(|(dimension, code)| match (dimension, code) {
            (_, None) => true,
            (Dimension::Codes(fact), Some(code)) if fact == "screen_commune" => one(fact) == *code || province == *code,
            (Dimension::Codes(fact), Some(code)) => has(facts, fact, code),
            (Dimension::Sums(_) | Dimension::Stages(_), Some(_)) => unreachable!("no sums or stages here"),
        });
        in_population && in_period && in_cell && scope.code().is_none_or(|code| code == province)
    };
    records.iter().filter(fits).count() as u32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_facts_and_tables_count_as_a_plain_loop_does(
        facts in prop::collection::vec((any::<bool>(), 1usize..40), 1..8),
        rows in prop::collection::vec((0u8..5, prop::collection::vec(0usize..12, 1..4), 0usize..8), 1..6),
        drawn in prop::collection::vec(prop::collection::vec(any::<u32>(), 25), 1..30),
    ) {
        // Given a dictionary, tables over it, and records with codes of it: four draws, and three for each of seven facts
        let dictionary = dictionary(&facts);
        let tables = tables(&dictionary, &rows);
        let records: Vec<Facts> = drawn.iter().map(|draw| {
            let mut draw = draw.iter().copied();
            let mut pick = |codes: &[&str]| codes[draw.next().unwrap() as usize % codes.len()].to_owned();
            let mut record: Facts = [
                ("month", pick(&["2021-01", "2021-05", "2022-02"])),
                ("screen_commune", pick(&["BI-CO-01-01", "BI-CO-04-02", "BI-CO-04-03"])),
                ("outcome", pick(&["at_risk", "presumed", "presumed"])),
                ("already", pick(&["no", "no", "yes", "unknown"])),
            ].map(|(name, code)| (name.to_owned(), FactValue::One(code))).into();
            for (n, (many, codes)) in facts.iter().enumerate() {
                let mut code = || format!("c{}", draw.next().unwrap() as usize % codes);
                let value = if *many { FactValue::Many([code(), code()].into()) } else { FactValue::One(code()) };
                if draw.next().unwrap() % 5 > 0 {
                    record.insert(format!("f{n}"), value);
                }
            }
            record
        }).collect();
        // When all of it is counted and closed
        let mut log = Log::of(Counting::new(&dictionary, &tables));
        for (n, record) in records.iter().enumerate() {
            log.screened(n as u128, record);
        }
        log.closed("2022-12");
        // Then every cell, margin and total is what a plain loop counts
        let snapshot = log.0.snapshot(i64::MAX);
        let scopes = [Scope::Nation, Scope::province("BI-PR-01").unwrap(), Scope::province("BI-PR-04").unwrap()];
        let periods = [Period::All, Period::Year(2021), Period::Quarter(2022, 1)];
        for table in &tables.tables {
            for (scope, period) in scopes.iter().flat_map(|scope| periods.map(|period| (*scope, period))) {
                let Some(answer) = snapshot.answer(&table.id, scope, period, &exact()) else {
                    prop_assert!(matches!(period, Period::Quarter(..)) && !table.quarterly);
                    continue;
                };
                prop_assert_eq!(answer.total.at_least(), plain(&records, table, scope, period, &[None; 3]));
                // of a large table some cells; the next case has others
                    let step = answer.places().len() / 40 + 1;
                    for places in answer.places().into_iter().step_by(step) {
                    for mask in 0..1usize << places.len() {
                        let places: Vec<usize> =
                            places.iter().enumerate().map(|(at, place)| if mask >> at & 1 == 1 { *place } else { 0 }).collect();
                        let code = |(at, place): (usize, &usize)| Some(answer.shelves[at].codes[place.checked_sub(1)?].as_str());
                        let codes: Vec<Option<&str>> = places.iter().enumerate().map(code).collect();
                        let counted = answer.at(&places).map(Shown::at_least);
                        prop_assert_eq!(counted, Some(plain(&records, table, scope, period, &codes)), "{} {:?}", table.id, codes);
                    }
                }
            }
        }
    }
}
