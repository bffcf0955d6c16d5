//! Services as rows: reading a table with all its faults, and writing one.

use crate::texts::TEXTS;
use std::collections::BTreeMap;
use std::str::FromStr;
use tabara_core::xlsform::workbook::{Sheet, Workbook};
use tabara_core::xlsform::{Diagnostic, Problem};
use tabara_forms::say;
use tabara_protocol::places;
use tabara_protocol::services::{
    Directory, LineKind, MAX_DIRECTORY, MAX_SERVICES, NATION, Service, ServiceFault, ServiceField, ServiceSex,
    service_types,
};

/// The sheet of the services; of a workbook without it, the first one is read.
const SHEET: &str = "services";

/// The columns, in the order in which they are written.
const COLUMNS: [(&str, ServiceField); 17] = [
    ("organisation", ServiceField::Organisation),
    ("name", ServiceField::Name),
    ("place", ServiceField::Place),
    ("offers", ServiceField::Offers),
    ("hours", ServiceField::Hours),
    ("sex", ServiceField::Sex),
    ("minimum_age", ServiceField::MinimumAge),
    ("maximum_age", ServiceField::MaximumAge),
    ("languages", ServiceField::Languages),
    ("accessibility", ServiceField::Accessibility),
    ("phones", ServiceField::Phones),
    ("email", ServiceField::Email),
    ("address", ServiceField::Address),
    ("capacity", ServiceField::Capacity),
    ("verified", ServiceField::Verified),
    ("line", ServiceField::Line),
    ("id", ServiceField::Id),
];

/// Words of cells.
const SEXES: [(ServiceSex, &str); 2] = [(ServiceSex::Female, "female"), (ServiceSex::Male, "male")];
const LINES: [(LineKind, &str); 2] = [(LineKind::Emergency, "emergency"), (LineKind::Hotline, "hotline")];

fn word<T: PartialEq>(words: &[(T, &str)], value: Option<T>) -> String {
    words.iter().find(|(one, _)| Some(one) == value.as_ref()).map_or(String::new(), |(_, word)| (*word).to_owned())
}

/// What came of a table.
#[derive(Debug)]
pub struct Imported {
    /// None if anything is wrong.
    pub directory: Option<Directory>,
    /// Everything that is wrong, row by row.
    pub faults: Vec<Diagnostic>,
}

/// Reads a table: .xlsx, .xls, .csv or .md.
pub fn import(bytes: &[u8]) -> Imported {
    let book = match Workbook::read_list(bytes) {
        Ok(book) => book,
        Err(problem) => {
            return Imported { directory: None, faults: vec![Diagnostic::of_file(problem)] };
        }
    };
    let empty = Sheet::default();
    let sheet = book.sheet(SHEET).or(book.sheets.first()).unwrap_or(&empty);
    let mut reader = Reader { sheet, columns: BTreeMap::new(), faults: Vec::new() };
    reader.header();
    let services = reader.rows();
    let mut faults = reader.faults;
    let directory = Directory::new(services).ok().filter(|directory| directory.to_json().len() <= MAX_DIRECTORY);
    if directory.is_none() && faults.is_empty() {
        let (most, mb) = (MAX_SERVICES, MAX_DIRECTORY >> 20);
        let message = say!(TEXTS: "directory-too-many", most, mb);
        faults.push(Diagnostic::of_file(message.coded("too-long")));
    }
    Imported { directory: directory.filter(|_| faults.is_empty()), faults }
}

struct Reader<'a> {
    sheet: &'a Sheet,
    /// The column of a field, by its index.
    columns: BTreeMap<ServiceField, usize>,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn header(&mut self) {
        let header = self.sheet.rows.first().map_or(&[][..], |row| row);
        for (at, title) in header.iter().enumerate().filter(|(_, title)| !title.is_empty()) {
            let known = COLUMNS.iter().find(|(name, _)| title.eq_ignore_ascii_case(name));
            let twice = known.is_some_and(|(_, field)| self.columns.insert(*field, at).is_some());
            if known.is_none() || twice {
                let names = COLUMNS.map(|(name, _)| name).join(", ");
                let message = say!(TEXTS: "directory-column", word = title);
                let hint = say!(TEXTS: "directory-columns", names);
                self.fault(0, at, message.coded("unknown-column").hint(hint));
            }
        }
        for (name, field) in &COLUMNS[..4] {
            if !self.columns.contains_key(field) {
                let message = say!(TEXTS: "directory-no-column", name);
                self.faults.push(Diagnostic {
                    sheet: self.sheet.name.clone(),
                    row: 1,
                    ..Diagnostic::of_file(message.coded("missing-column"))
                });
            }
        }
    }

    fn rows(&mut self) -> Vec<Service> {
        let (mut services, mut seen) = (Vec::new(), BTreeMap::new());
        let sheet = self.sheet;
        for (row, cells) in
            sheet.rows.iter().enumerate().skip(1).filter(|(_, cells)| cells.iter().any(|c| !c.is_empty()))
        {
            let (service, mut wrong) = self.service(cells);
            for found in service.faults() {
                if !wrong.iter().any(|(field, _)| *field == found.0) {
                    wrong.push(found);
                }
            }
            for (field, what) in wrong {
                let problem = Problem { code: code(what), ..words(field, what, self.cell(cells, field)) };
                self.fault(row, self.column(field), problem);
            }
            if let Some(first) = seen.insert(service.id, row + 1) {
                let message = say!(TEXTS: "directory-twice", first);
                self.fault(row, self.column(ServiceField::Name), message.coded("twice"));
            }
            services.push(service);
        }
        services
    }

    fn fault(&mut self, row: usize, column: usize, problem: Problem) {
        self.faults.push(Diagnostic::of_cell(self.sheet, row, column, problem));
    }

    /// The index of a field's column; the first if the table lacks it.
    fn column(&self, field: ServiceField) -> usize {
        self.columns.get(&field).copied().unwrap_or_default()
    }

    fn cell<'c>(&self, cells: &'c [String], field: ServiceField) -> &'c str {
        self.columns.get(&field).and_then(|at| cells.get(*at)).map_or("", String::as_str)
    }

    /// A row as a service, and what cannot be read of it.
    fn service(&self, cells: &[String]) -> (Service, Vec<(ServiceField, ServiceFault)>) {
        let mut wrong = Vec::new();
        let text = |field| self.cell(cells, field).to_owned();
        let list = |field, apart: &[char]| -> Vec<String> {
            let parts = self.cell(cells, field).split(apart).map(str::trim);
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let (sex, line) = (text(ServiceField::Sex).to_lowercase(), text(ServiceField::Line).to_lowercase());
        let known_sex = SEXES.iter().find(|(_, word)| *word == sex).map(|(sex, _)| *sex);
        let known_line = LINES.iter().find(|(_, word)| *word == line).map(|(line, _)| *line);
        let odd_sex = known_sex.is_none() && !["", "all"].contains(&sex.as_str());
        wrong.extend(odd_sex.then_some((ServiceField::Sex, ServiceFault::Unknown)));
        let odd_line = known_line.is_none() && !line.is_empty();
        wrong.extend(odd_line.then_some((ServiceField::Line, ServiceFault::Unknown)));
        let minimum_age = parsed(self.cell(cells, ServiceField::MinimumAge), ServiceField::MinimumAge, &mut wrong);
        let maximum_age = parsed(self.cell(cells, ServiceField::MaximumAge), ServiceField::MaximumAge, &mut wrong);
        let capacity = parsed(self.cell(cells, ServiceField::Capacity), ServiceField::Capacity, &mut wrong);
        let (organisation, name) = (text(ServiceField::Organisation), text(ServiceField::Name));
        let place = place(self.cell(cells, ServiceField::Place));
        let id = parsed(self.cell(cells, ServiceField::Id), ServiceField::Id, &mut wrong);
        let id = id.unwrap_or_else(|| Service::id_of(&organisation, &name, &place));
        let service = Service {
            id,
            organisation,
            name,
            place,
            offers: list(ServiceField::Offers, &[' ', ',', ';']).iter().map(|code| offer(code)).collect(),
            hours: text(ServiceField::Hours),
            sex: known_sex,
            minimum_age,
            maximum_age,
            languages: list(ServiceField::Languages, &[' ', ',', ';']),
            accessibility: text(ServiceField::Accessibility),
            phones: list(ServiceField::Phones, &[',', ';', '/']),
            email: text(ServiceField::Email),
            address: text(ServiceField::Address),
            capacity,
            verified: text(ServiceField::Verified),
            line: known_line,
        };
        (service, wrong)
    }
}

/// What a cell holds, such as a number; none if it is empty, or cannot be read.
fn parsed<T: FromStr>(cell: &str, field: ServiceField, wrong: &mut Vec<(ServiceField, ServiceFault)>) -> Option<T> {
    let read = cell.parse().ok();
    wrong.extend((read.is_none() && !cell.is_empty()).then_some((field, ServiceFault::Malformed)));
    read
}

/// The code of a place: as it is written, or by its official name. A commune goes before the province of its name.
fn place(text: &str) -> String {
    let upper = text.to_uppercase();
    if places::name(&upper).is_some() || places::is_country(&upper) || upper == NATION {
        return upper;
    }
    let named = |place: &places::Place| place.name.to_lowercase() == text.to_lowercase();
    let found = places::communes().find(named).or_else(|| places::provinces().find(named));
    found.map_or_else(|| text.to_owned(), |place| place.code.to_owned())
}

/// The official name of a place, or its code.
pub(super) fn place_name(code: &str) -> &str {
    places::name(code).unwrap_or(code)
}

/// The code of a service, which may be written without its `sv_`.
fn offer(word: &str) -> String {
    let long = format!("sv_{word}");
    if service_types().contains(&long) { long } else { word.to_owned() }
}

fn code(fault: ServiceFault) -> &'static str {
    match fault {
        ServiceFault::Missing => "missing",
        ServiceFault::TooLong => "too-long",
        ServiceFault::Unknown => "unknown-code",
        ServiceFault::Malformed => "malformed",
        ServiceFault::Twice => "twice",
    }
}

/// What is wrong with a cell, and what to do.
fn words(field: ServiceField, fault: ServiceFault, word: &str) -> Problem {
    use ServiceFault::{Missing, TooLong, Twice, Unknown};
    use ServiceField::{
        Capacity, Hours, Languages, Line, MaximumAge, MinimumAge, Offers, Phones, Place, Sex, Verified,
    };
    let message = match (fault, field) {
        (Missing, Phones) => say!(TEXTS: "directory-no-number"),
        (Missing, _) => say!(TEXTS: "directory-missing"),
        (TooLong, _) => say!(TEXTS: "directory-too-long"),
        (Twice, _) => say!(TEXTS: "directory-id-twice"),
        (Unknown, Place) => say!(TEXTS: "directory-place", word),
        (Unknown, Offers) => {
            let hint = say!(TEXTS: "directory-offer-hint", codes = service_types().join(", "));
            return say!(TEXTS: "directory-offer", word).hint(hint);
        }
        (Unknown, Sex) => say!(TEXTS: "directory-sex", word),
        (Unknown, Line) => say!(TEXTS: "directory-line", word),
        (_, Languages) => say!(TEXTS: "directory-language", word),
        (_, Hours) => say!(TEXTS: "directory-hours", word),
        (_, Phones) => say!(TEXTS: "directory-phone", word),
        (_, MinimumAge | MaximumAge | Capacity) => say!(TEXTS: "directory-number", word),
        (_, Verified) => say!(TEXTS: "directory-date", word),
        _ => say!(TEXTS: "directory-malformed", word),
    };
    message.into()
}

/// The services as a workbook, with a sheet of the codes that its cells may have.
pub(super) fn workbook(services: &[Service]) -> Workbook {
    let header = COLUMNS.map(|(name, _)| name.to_owned()).to_vec();
    let rows = services.iter().map(|service| COLUMNS.map(|(_, field)| cell(service, field)).to_vec());
    let codes = places::provinces().chain(places::communes()).map(|place| vec![place.code.into(), place.name.into()]);
    let needs = service_types().iter().map(|code| vec![code.clone(), String::new()]);
    let codes = std::iter::once(vec!["code".into(), "name".into()]).chain(codes).chain(needs).collect();
    let sheet = |name: &str, rows| Sheet { name: name.into(), rows, unread: vec![] };
    Workbook { sheets: vec![sheet(SHEET, std::iter::once(header).chain(rows).collect()), sheet("_codes", codes)] }
}

fn cell(service: &Service, field: ServiceField) -> String {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    match field {
        ServiceField::Id => service.id.to_string(),
        ServiceField::Organisation => service.organisation.clone(),
        ServiceField::Name => service.name.clone(),
        ServiceField::Place => service.place.clone(),
        ServiceField::Offers => service.offers.join(" "),
        ServiceField::Hours => service.hours.clone(),
        ServiceField::Sex => word(&SEXES, service.sex),
        ServiceField::MinimumAge => number(service.minimum_age.map(u32::from)),
        ServiceField::MaximumAge => number(service.maximum_age.map(u32::from)),
        ServiceField::Languages => service.languages.join(" "),
        ServiceField::Accessibility => service.accessibility.clone(),
        ServiceField::Phones => service.phones.join(", "),
        ServiceField::Email => service.email.clone(),
        ServiceField::Address => service.address.clone(),
        ServiceField::Capacity => number(service.capacity),
        ServiceField::Verified => service.verified.clone(),
        ServiceField::Line => word(&LINES, service.line),
    }
}
