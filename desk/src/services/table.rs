//! Services as rows: reading a table with all its faults, and writing one.

use std::collections::BTreeMap;
use tabara_core::xlsform::workbook::{Sheet, Workbook};
use tabara_core::xlsform::{Diagnostic, Phrase, Severity, UNREADABLE};
use tabara_forms::say;
use tabara_protocol::catalog::Uuid;
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
            let fault = Diagnostic { hint: problem.hint, ..fault(UNREADABLE, problem.message) };
            return Imported { directory: None, faults: vec![fault] };
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
        let message = say!(
            "directory-too-many",
            "a directory has at most {most} services and {mb} MB",
            most = MAX_SERVICES,
            mb = MAX_DIRECTORY >> 20
        );
        faults.push(fault("too-long", message));
    }
    Imported { directory: directory.filter(|_| faults.is_empty()), faults }
}

fn fault(code: &'static str, message: Phrase) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        sheet: String::new(),
        row: 0,
        column: String::new(),
        cell: String::new(),
        content: String::new(),
        span: None,
        message,
        hint: Phrase::default(),
    }
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
                let message =
                    say!("directory-column", "there is no column '{word}', or it is there twice", word = title);
                let hint = say!("directory-columns", "the columns are {names}", names);
                self.faults.push(self.at(0, at, "unknown-column", message, hint));
            }
        }
        for (name, field) in &COLUMNS[..4] {
            if !self.columns.contains_key(field) {
                let message = say!("directory-no-column", "the column '{name}' is missing", name);
                self.faults.push(Diagnostic {
                    sheet: self.sheet.name.clone(),
                    row: 1,
                    ..fault("missing-column", message)
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
                let (message, hint) = words(field, what, self.cell(cells, field));
                let at = self.columns.get(&field).copied().unwrap_or_default();
                self.faults.push(self.at(row, at, code(what), message, hint));
            }
            if let Some(first) = seen.insert(service.id, row + 1) {
                let message = say!("directory-twice", "this service stands already in row {first}", first);
                let hint = say!("directory-twice-hint", "give it another name, or another id");
                self.faults.push(self.at(
                    row,
                    self.columns.get(&ServiceField::Name).copied().unwrap_or_default(),
                    "twice",
                    message,
                    hint,
                ));
            }
            services.push(service);
        }
        services
    }

    fn cell<'c>(&self, cells: &'c [String], field: ServiceField) -> &'c str {
        self.columns.get(&field).and_then(|at| cells.get(*at)).map_or("", String::as_str)
    }

    /// A row as a service, and what cannot be read of it.
    fn service(&self, cells: &[String]) -> (Service, Vec<(ServiceField, ServiceFault)>) {
        let mut wrong = Vec::new();
        let text = |field| self.cell(cells, field).to_owned();
        let list = |field, apart: &[char]| -> Vec<String> {
            self.cell(cells, field)
                .split(apart)
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut one_of = |field, read: &dyn Fn(&str) -> Option<usize>| {
            let word = self.cell(cells, field).to_lowercase();
            let found = if word.is_empty() { None } else { read(&word) };
            if found.is_none() && !word.is_empty() {
                wrong.push((field, ServiceFault::Unknown));
            }
            found
        };
        let sex = one_of(ServiceField::Sex, &|word| ["female", "male", "all"].iter().position(|sex| *sex == word));
        let line = one_of(ServiceField::Line, &|word| ["emergency", "hotline"].iter().position(|line| *line == word));
        let mut number = |field| {
            let text = self.cell(cells, field);
            let read = text.parse::<u32>().ok();
            if read.is_none() && !text.is_empty() {
                wrong.push((field, ServiceFault::Malformed));
            }
            read
        };
        let (minimum, maximum) = (number(ServiceField::MinimumAge), number(ServiceField::MaximumAge));
        let capacity = number(ServiceField::Capacity);
        let mut age = |field, years: Option<u32>| {
            let read = years.and_then(|years| u8::try_from(years).ok());
            wrong.extend((read.is_none() && years.is_some()).then_some((field, ServiceFault::Malformed)));
            read
        };
        let (minimum_age, maximum_age) =
            (age(ServiceField::MinimumAge, minimum), age(ServiceField::MaximumAge, maximum));
        let (organisation, name) = (text(ServiceField::Organisation), text(ServiceField::Name));
        let place = place(self.cell(cells, ServiceField::Place));
        let written = self.cell(cells, ServiceField::Id);
        let id = written.parse().unwrap_or_else(|_| Service::id_of(&organisation, &name, &place));
        wrong.extend(
            (!written.is_empty() && written.parse::<Uuid>().is_err())
                .then_some((ServiceField::Id, ServiceFault::Malformed)),
        );
        let service = Service {
            id,
            organisation,
            name,
            place,
            offers: list(ServiceField::Offers, &[' ', ',', ';']).iter().map(|code| offer(code)).collect(),
            hours: text(ServiceField::Hours),
            sex: sex.and_then(|at| [Some(ServiceSex::Female), Some(ServiceSex::Male), None][at]),
            minimum_age,
            maximum_age,
            languages: list(ServiceField::Languages, &[' ', ',', ';']),
            accessibility: text(ServiceField::Accessibility),
            phones: list(ServiceField::Phones, &[',', ';', '/']),
            email: text(ServiceField::Email),
            address: text(ServiceField::Address),
            capacity,
            verified: text(ServiceField::Verified),
            line: line.map(|at| [LineKind::Emergency, LineKind::Hotline][at]),
        };
        (service, wrong)
    }

    fn at(&self, row: usize, column: usize, code: &'static str, message: Phrase, hint: Phrase) -> Diagnostic {
        let cell =
            |row: usize| self.sheet.rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        // a directory has fewer columns than there are letters, but a table may have more
        let letter = u8::try_from(column).ok().filter(|at| *at < 26).map(|at| char::from(b'A' + at));
        Diagnostic {
            sheet: self.sheet.name.clone(),
            row: row + 1,
            column: cell(0),
            cell: letter.map(|letter| format!("{letter}{}", row + 1)).unwrap_or_default(),
            content: cell(row),
            hint,
            ..fault(code, message)
        }
    }
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
fn words(field: ServiceField, fault: ServiceFault, word: &str) -> (Phrase, Phrase) {
    let none = Phrase::default();
    match (fault, field) {
        (ServiceFault::Missing, ServiceField::Phones) => {
            (say!("directory-no-number", "a line to call needs a number"), none)
        }
        (ServiceFault::Missing, _) => (say!("directory-missing", "this must not be empty"), none),
        (ServiceFault::TooLong, _) => (say!("directory-too-long", "this is too long, or has too many entries"), none),
        (ServiceFault::Twice, _) => (say!("directory-id-twice", "another service has this id"), none),
        (ServiceFault::Unknown, ServiceField::Place) => (
            say!("directory-place", "there is no commune, province or country '{word}'", word),
            say!(
                "directory-place-hint",
                "write its official name or its code, such as BI-CO-04-02; BI for the whole country"
            ),
        ),
        (ServiceFault::Unknown, ServiceField::Offers) => (
            say!("directory-offer", "there is a service in '{word}' that nobody can be referred to", word),
            say!("directory-offer-hint", "the codes are {codes}", codes = service_types().join(", ")),
        ),
        (ServiceFault::Unknown, ServiceField::Sex) => (
            say!("directory-sex", "'{word}' is not known", word),
            say!("directory-sex-hint", "write female, male, or nothing for all"),
        ),
        (ServiceFault::Unknown, ServiceField::Line) => (
            say!("directory-line", "'{word}' is not known", word),
            say!(
                "directory-line-hint",
                "write emergency or hotline, or nothing for a service that is not a number to call at once"
            ),
        ),
        (_, ServiceField::Languages) => (
            say!("directory-language", "there is a language in '{word}' that is not written as a code", word),
            say!("directory-language-hint", "write ISO 639 codes, such as rn fr sw"),
        ),
        (_, ServiceField::Hours) => (
            say!("directory-hours", "'{word}' is not written as hours are", word),
            say!("directory-hours-hint", "write 24/7, or such as mo-fr 08:00-12:00,14:00-17:30; sa 08:00-12:00"),
        ),
        (_, ServiceField::Phones) => (
            say!("directory-phone", "'{word}' is no telephone number", word),
            say!(
                "directory-phone-hint",
                "write digits and spaces, with + in front of a country's; a comma between two numbers"
            ),
        ),
        (_, ServiceField::MinimumAge | ServiceField::MaximumAge | ServiceField::Capacity) => (
            say!("directory-number", "'{word}' cannot be", word),
            say!("directory-number-hint", "write a whole number; the oldest age is not below the youngest"),
        ),
        (_, ServiceField::Verified) => {
            (say!("directory-date", "'{word}' is not a date", word), say!("directory-date-hint", "write YYYY-MM-DD"))
        }
        _ => (say!("directory-malformed", "'{word}' is not written as it should be", word), none),
    }
}

/// The services as a workbook, with a sheet of the codes that its cells may have.
pub(super) fn workbook(directory: &Directory) -> Workbook {
    let header = COLUMNS.map(|(name, _)| name.to_owned()).to_vec();
    let rows = directory.services().iter().map(|service| COLUMNS.map(|(_, field)| cell(service, field)).to_vec());
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
        ServiceField::Sex => {
            service.sex.map_or("", |sex| if sex == ServiceSex::Female { "female" } else { "male" }).into()
        }
        ServiceField::MinimumAge => number(service.minimum_age.map(u32::from)),
        ServiceField::MaximumAge => number(service.maximum_age.map(u32::from)),
        ServiceField::Languages => service.languages.join(" "),
        ServiceField::Accessibility => service.accessibility.clone(),
        ServiceField::Phones => service.phones.join(", "),
        ServiceField::Email => service.email.clone(),
        ServiceField::Address => service.address.clone(),
        ServiceField::Capacity => number(service.capacity),
        ServiceField::Verified => service.verified.clone(),
        ServiceField::Line => {
            service.line.map_or("", |line| if line == LineKind::Emergency { "emergency" } else { "hotline" }).into()
        }
    }
}
