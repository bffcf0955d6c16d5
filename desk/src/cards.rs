//! Cards for a list of people: one sheet of paper for each, and a register. The register tells later which card was lost, used or
//! revoked, when what the server reports is read in.

use crate::authority;
use crate::card::{self, CardRequest};
use crate::catalog::InForce;
use crate::deployment::{self, DeploymentNotes};
use crate::error::{Result, at, no_date};
use crate::files::{read, word, write_private};
use crate::keys::PassphraseArgs;
use crate::register::{self, REGISTER, RegisteredCard};
use crate::rows::rows_of;
use crate::sheets;
use crate::texts::{TEXTS, Texts, refused};
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tabara_core::xlsform::workbook::Workbook;
use tabara_forms::say;
use tabara_protocol::catalog::{Area, DeviceRole, EnrolmentCard, Grant, Uuid};
use tabara_protocol::clock::{Clock as _, SystemClock, civil_date, end_of_day};
use tabara_protocol::places;
use tabara_protocol::wire::Standing;

/// People on one list.
const MAX_PEOPLE: usize = 2000;
/// The longest life of a card that no phone has used, in seconds (a year).
const LONGEST: i64 = 366 * 86_400;

#[derive(clap::Args)]
pub struct CardsArgs {
    /// People: .csv or .xlsx with the columns `name` and `commune` (code or name), and if need be `organisation`, `role`, `area`.
    #[arg(long, required_unless_present = "report")]
    list: Option<PathBuf>,
    /// What `tabara-server report` wrote: shows the register with what became of each card.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Last day on which the cards can be used, YYYY-MM-DD; without it 30 days from now.
    #[arg(long)]
    expires: Option<String>,
    /// The deployment's folder.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Only shows for whom cards would be made.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    secret: PassphraseArgs,
}

/// The columns of the list; the first two must be there.
const COLUMNS: [&str; 5] = ["name", "commune", "organisation", "role", "area"];

pub fn run(args: &CardsArgs, texts: &Texts) -> Result<()> {
    if let Some(report) = &args.report {
        print!("{}", states(&register::read(&args.dir)?, &InForce::read(report)?, texts));
        return Ok(());
    }
    let Some(list) = &args.list else { return Ok(()) };
    let notes = DeploymentNotes::read(&args.dir.join(deployment::FILE))?;
    let now = SystemClock::default().unix();
    let expires = match &args.expires {
        Some(day) => end_of_day(day).ok_or_else(no_date)?,
        None => end_of_day(&civil_date(now + 30 * 86_400).to_string()).ok_or_else(no_date)?,
    };
    if !(now..now + LONGEST).contains(&expires) {
        return Err(refused(say!(TEXTS: "cards-expiry", day = civil_date(expires))));
    }
    let requests = requests(list, &notes, expires)?;
    let mut all = register::read(&args.dir)?;
    if args.dry_run {
        for (name, request) in &requests {
            println!("{name}, {}, {}", request.organisation, crate::catalog::place(&request.commune));
        }
        println!("{}", texts.phrase(&say!(TEXTS: "dry-run")));
        return Ok(());
    }
    let prompt = texts.phrase(&say!(TEXTS: "authority-passphrase"));
    let key = authority::key(&args.dir.join("authority"), &args.secret.get(&prompt)?)?;
    let (mut sheets, first) = (Vec::new(), all.iter().map(|card| card.number).max().unwrap_or(0) + 1);
    for (number, (name, request)) in (first..).zip(&requests) {
        let (card, grant) = card::issue(&key, request)?;
        sheets.push(sheet(texts, number, name, &card, &grant)?);
        all.push(RegisteredCard {
            number,
            device: grant.device,
            name: name.clone(),
            organisation: grant.organisation,
            commune: grant.commune,
            role: word(&grant.role),
            issued: civil_date(now).to_string(),
            expires: civil_date(expires).to_string(),
        });
    }
    // a sheet whose card stands in no register could never be revoked: the register is written first
    register::write(&args.dir.join(REGISTER), &all)?;
    let pages = args.dir.join(format!("cards-{first}.html"));
    write_private(&pages, sheets::document("Tabara", texts.tag(), &sheets).as_bytes())?;
    let (count, file) = (requests.len(), pages.display());
    println!("{}", texts.phrase(&say!(TEXTS: "cards-made", count, file, register = args.dir.join(REGISTER).display())));
    Ok(())
}

/// The whole list, or the first line that is wrong: no card is made of half a list.
fn requests(list: &Path, notes: &DeploymentNotes, expires: i64) -> Result<Vec<(String, CardRequest)>> {
    let book = Workbook::read_list(&read(list)?).map_err(|e| at(list, e))?;
    let Some(sheet) = book.sheets.first() else { return Err(at(list, "nobody stands on the list")) };
    let titles = |column: &str| sheet.rows.iter().take(1).flatten().filter(|title| *title == column).count();
    if COLUMNS.iter().any(|column| titles(column) > 1) || COLUMNS[..2].iter().any(|column| titles(column) == 0) {
        let columns = COLUMNS.join(", ");
        return Err(at(list, format!("line 1: a list has the columns name and commune, each once; all are {columns}")));
    }
    if !sheet.unread.is_empty() {
        return Err(at(list, "a line has cells that stand in no column, or a long blank stretch stands before it"));
    }
    let mut found: Vec<(String, CardRequest)> = Vec::new();
    for (line, row) in (2..).zip(rows_of(sheet)).filter(|(_, row)| row.values().any(|cell| !cell.is_empty())) {
        let wrong = |what: String| at(list, format!("line {line}: {what}"));
        let [name, commune, organisation, role, area] =
            COLUMNS.map(|column| row.get(column).map_or("", String::as_str));
        let code = |word: &str, usual: &str| serde_json::Value::from(if word.is_empty() { usual } else { word });
        let role: DeviceRole = serde_json::from_value(code(role, "focal_point"))
            .map_err(|_| wrong(format!("role {role}: focal_point or provider")))?;
        let area: Area = serde_json::from_value(code(area, "commune"))
            .map_err(|_| wrong(format!("area {area}: commune, border_post, mobile_team or hotline")))?;
        let place = places::communes()
            .find(|place| place.code == commune || place.name.to_lowercase() == commune.to_lowercase());
        let place = place.ok_or_else(|| {
            let names = places::communes().map(|place| format!("{} {}", place.code, place.name)).collect::<Vec<_>>();
            wrong(format!("{commune} is none of the communes: {}", names.join(", ")))
        })?;
        if name.is_empty() || found.len() >= MAX_PEOPLE {
            return Err(wrong(format!("a card needs a name, and a list has at most {MAX_PEOPLE} lines")));
        }
        if found.iter().any(|(known, _)| known == name) {
            return Err(wrong(format!("{name} stands on the list twice")));
        }
        let organisation = if organisation.is_empty() { notes.organisation.clone() } else { organisation.to_owned() };
        let (commune, servers) = (place.code.to_owned(), notes.servers.clone());
        found.push((name.to_owned(), CardRequest { role, organisation, commune, area, expires, servers }));
    }
    if found.is_empty() { Err(at(list, "nobody stands on the list")) } else { Ok(found) }
}

/// One sheet of paper: whose card it is, what the phone shows and is compared aloud, and the code.
fn sheet(texts: &Texts, number: u32, name: &str, card: &EnrolmentCard, grant: &Grant) -> Result<Markup> {
    let t = |id: &str| texts.say(id);
    let certificate = grant.servers.iter().find_map(|server| server.pin).map(|pin| pin.aloud()).unwrap_or_default();
    let rows = [
        (t("paper-number"), number.to_string()),
        (t("paper-name"), name.to_owned()),
        (t("sheet-organisation"), grant.organisation.clone()),
        (t("paper-commune"), crate::catalog::place(&grant.commune)),
        (t("paper-expires"), civil_date(grant.expires).to_string()),
        (t("sheet-server"), grant.servers.iter().map(|server| server.url.as_str()).collect::<Vec<_>>().join(", ")),
    ];
    let aloud = [(t("sheet-authority"), card.authority.fingerprint()), (t("sheet-certificate"), certificate)];
    Ok(html! {
        h1 { (t("paper-title")) }
        (sheets::facts(&rows))
        p { (t("paper-once")) }
        div.qr { (PreEscaped(card::svg(card)?)) }
        h2 { (t("paper-aloud")) }
        div.aloud { (sheets::facts(&aloud)) }
        p.small { (card.text()) }
    })
}

/// The register with what became of each card.
fn states(cards: &[RegisteredCard], report: &InForce, texts: &Texts) -> String {
    let phones = report.report.iter().flat_map(|report| &report.phones);
    let mut seen: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    phones.for_each(|phone| seen.entry(phone.device).or_default().push(phone));
    let revoked = report.catalog.as_ref().map(|catalog| catalog.revoked.clone()).unwrap_or_default();
    let now = civil_date(SystemClock::default().unix()).to_string();
    let line = |card: &RegisteredCard| {
        let phones = seen.get(&card.device).map_or(&[][..], Vec::as_slice);
        let is_revoked = phones.iter().any(|phone| phone.standing == Standing::Revoked);
        let state = if is_revoked || revoked.contains(&card.device) {
            "paper-state-revoked"
        } else if phones.len() > 1 {
            "paper-state-twice"
        } else if phones.len() == 1 {
            "paper-state-used"
        } else if card.expires < now {
            "paper-state-expired"
        } else {
            "paper-state-unused"
        };
        let last = phones.iter().filter_map(|phone| phone.seen).max().map(|at| civil_date(at).to_string());
        let (number, device, place) = (card.number, card.device, crate::catalog::place(&card.commune));
        let (state, last) = (texts.say(state), last.unwrap_or_default());
        format!("{number:>5}  {device}  {:20}  {:12}  {place:14}  {state:12}  {last}\n", card.name, card.organisation)
    };
    let strangers = seen.keys().filter(|device| !cards.iter().any(|card| card.device == **device));
    let strangers = strangers.map(|device| format!("    -  {device}  {}\n", texts.say("paper-state-stranger")));
    cards.iter().map(line).chain(strangers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(list: &[u8]) -> Result<Vec<(String, CardRequest)>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("people.csv");
        std::fs::write(&file, list).unwrap();
        requests(&file, &DeploymentNotes { organisation: "CNLTP".into(), servers: vec![] }, 1_900_000_000)
    }

    #[test]
    fn a_list_is_read_as_a_spreadsheet_in_french_saves_it() {
        let people = told(
            "\u{feff}name;commune;organisation;role\r\nAline;Muyinga;;\r\n\r\nBeata;BI-CO-04-02;IOM;provider\r\n"
                .as_bytes(),
        );
        let people = people.unwrap();
        let all: Vec<_> = people.iter().map(|(name, of)| (name.as_str(), of.organisation.as_str(), of.role)).collect();
        assert_eq!(all, [("Aline", "CNLTP", DeviceRole::FocalPoint), ("Beata", "IOM", DeviceRole::Provider)]);
        assert_eq!(people[0].1.commune, "BI-CO-01-06");
    }

    #[test]
    fn no_card_is_made_of_a_list_with_a_line_that_is_wrong() {
        for (list, cure) in [
            ("name,place\nAline,Muyinga\n", "commune"),
            ("name,commune,name\nAline,Muyinga,Beata\n", "name"),
            ("name,commune\nAline,Muyinga,provider\n", "line"),
            ("name,commune\nAline,Muyinga\n\nBeata,Paris\n", "line 4"),
            ("name,commune,role\nAline,Muyinga,chief\n", "focal_point"),
            ("name,commune\nAline,Muyinga\nAline,Muyinga\n", "twice"),
            ("name,commune\n", "nobody"),
        ] {
            let fault = told(list.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(cure), "{fault}");
        }
    }
}
