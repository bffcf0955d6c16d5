//! The infosheet that IOM Burundi printed for 2020 (`tests/data/seeds/infosheet-2020.json`): records that add up to it are
//! taken in under a clock of 2020, and the page shows the same figures, number by number.

use serde_json::Value;
use std::collections::BTreeMap;
use tabara_core::facts::{FactValue, Facts};
use tabara_core::kind::Kind;
use tabara_core::record::{Record, Sent, Uuid};
use tabara_server::devices;
use tabara_server::log::{accept_clock, note_dictionary};
use tabara_server::staff::accounts::set_account;
use tabara_server::staff::file::Staff;
use tabara_server::staff::role::Role;
use tabara_support::coordinator::Coordinator;
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, Running, Told};
use tabara_support::seeded_server::PASSWORD;

const DAY: i64 = 86_400;
/// 1 June 2020, noon.
const JUNE: i64 = 1_591_012_800;
/// 20 January 2021: the year is over and closed.
const AFTER: i64 = 1_611_144_000;

/// Where everything happens that the sheet names no place for; the women of the case story; the events at the borders.
const GITEGA: &str = "BI-CO-05-03";
const CIBITOKE: &str = "BI-CO-02-01";
const BORDERS: [&str; 2] = ["BI-CO-03-01", "BI-CO-01-01"];

fn one(code: &str) -> FactValue {
    FactValue::One(code.to_owned())
}

fn many<'a>(codes: impl IntoIterator<Item = &'a str>) -> FactValue {
    FactValue::Many(codes.into_iter().map(str::to_owned).collect())
}

/// People by sex and whether they are children.
fn people(parts: [(&'static str, &'static str, usize); 4]) -> Vec<(&'static str, &'static str)> {
    parts.into_iter().flat_map(|(sex, child, n)| std::iter::repeat_n((sex, child), n)).collect()
}

/// The codes of the first so many.
fn given(types: &[(&str, usize)], at: usize) -> FactValue {
    many(types.iter().filter(|(_, n)| at < *n).map(|(code, _)| *code))
}

/// A record as it is told here: commune, kind, facts beside month and place.
type Told2020 = (&'static str, Kind, Vec<(&'static str, FactValue)>);

/// Every record behind the sheet: commune, kind, facts.
fn records() -> Vec<(&'static str, Kind, Facts)> {
    let mut all: Vec<Told2020> = Vec::new();
    let victims = people([("f", "0", 307), ("m", "0", 18), ("f", "1", 22), ("m", "1", 19)]);
    let types = [
        ("sv_psychosocial", 366),
        ("sv_iga", 107),
        ("sv_medical", 34),
        ("sv_mobility", 32),
        ("sv_training", 15),
        ("sv_material", 9),
        ("sv_shelter", 8),
        ("sv_legal", 2),
        ("sv_education", 2),
        ("sv_family", 1),
    ];
    for (at, (sex, child)) in victims.into_iter().enumerate() {
        // more than half of them also in the category of gender-based violence
        let categories = ["trafficking", "gbv"].into_iter().take(if at < 200 { 2 } else { 1 });
        all.push((
            if at < 29 { CIBITOKE } else { GITEGA },
            Kind::Assistance,
            vec![
                ("sex", one(sex)),
                ("child", one(child)),
                ("beneficiary_type", one("trafficking_victim")),
                ("category", many(categories)),
                ("assistance_type", given(&types, at)),
            ],
        ));
    }
    let others = people([("f", "0", 748), ("f", "1", 1810), ("m", "0", 390), ("m", "1", 1590)]);
    let types = [
        ("sv_psychosocial", 4538),
        ("sv_mobility", 416),
        ("sv_material", 409),
        ("sv_medical", 162),
        ("sv_shelter", 99),
        ("sv_legal", 67),
        ("sv_food", 52),
        ("sv_iga", 25),
        ("sv_training", 15),
        ("sv_education", 11),
    ];
    let (mut children, mut vulnerable, mut rest) = (0, [285, 321], 0);
    for (at, (sex, child)) in others.into_iter().enumerate() {
        let left = &mut vulnerable[usize::from(sex == "m")];
        let beneficiary = if *left > 0 {
            "vulnerable_migrant"
        } else {
            rest += 1;
            match rest {
                ..=3590 => "internally_displaced",
                3591..=3835 => "returning_refugee",
                _ => "other",
            }
        };
        *left = usize::saturating_sub(*left, 1);
        children += usize::from(child == "1");
        let mut categories = Vec::new();
        if child == "1" && children <= 3034 {
            categories.push("child_protection")
        }
        if child == "1" && children <= 13 {
            categories.push("uasc")
        }
        if at < 238 {
            categories.push("gbv")
        }
        let mut facts = vec![
            ("sex", one(sex)),
            ("child", one(child)),
            ("beneficiary_type", one(beneficiary)),
            ("assistance_type", given(&types, at)),
        ];
        if !categories.is_empty() {
            facts.push(("category", many(categories)))
        }
        all.push((GITEGA, Kind::Assistance, facts));
    }
    for (service, n) in [("sv_food", 2398), ("sv_material", 587), ("sv_medical", 132), ("sv_shelter", 48)] {
        let referral = || vec![("service_type", one(service)), ("referral_status", one("sent"))];
        all.extend((0..n).map(|_| (GITEGA, Kind::Referral, referral())));
    }
    let activity = |commune, kind: &str, sums: &[(&'static str, u32)]| {
        let mut facts = vec![("activity_type", one(kind)), ("theme", many(["trafficking"]))];
        facts.extend(sums.iter().map(|(fact, n)| (*fact, one(&n.to_string()))));
        (commune, Kind::Activity, facts)
    };
    for event in 0..12 {
        // 12 events, 10,938 people
        let reached = if event == 0 { 10_938 - 11 * 911 } else { 911 };
        let printed = if event == 0 {
            [("flyers", 1000), ("leaflets", 1000), ("posters", 100)]
        } else {
            [("flyers", 0), ("leaflets", 0), ("posters", 0)]
        };
        all.push(activity(BORDERS[event % 2], "awareness", &[&[("women", reached)][..], &printed].concat()));
    }
    all.push(activity(GITEGA, "training_partners", &[("not_split", 1116)]));
    all.push(activity(GITEGA, "training_staff", &[("women", 42), ("men", 42)]));
    all.extend((0..3).map(|_| activity(GITEGA, "assessment", &[])));
    all.push(activity(GITEGA, "research", &[]));
    let with_place = |(commune, kind, facts): Told2020| {
        let always = [("month", one("2020-06")), ("screen_commune", one(commune))];
        let facts = always.into_iter().chain(facts).map(|(name, value)| (name.to_owned(), value));
        (commune, kind, facts.collect())
    };
    all.into_iter().map(with_place).collect()
}

/// A number of the page with its share, by table and code.
type Cells = BTreeMap<(String, String), (u32, Option<u32>)>;

fn cells(html: &str) -> Cells {
    let (mut found, mut table) = (Cells::new(), String::new());
    for tag in html.split('<').filter_map(|part| part.split('>').next()) {
        let attribute =
            |name: &str| tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next());
        table = attribute("data-table").map_or(table, str::to_owned);
        let Some((code, value)) = attribute("data-code").zip(attribute("data-value")) else { continue };
        let percent = attribute("data-percent").map(|percent| percent.parse().unwrap());
        let cell = found.entry((table.clone(), code.to_owned())).or_insert((0, None));
        *cell = (value.parse().unwrap(), percent.or(cell.1));
    }
    found
}

fn printed(sheet: &Value, path: &str) -> f64 {
    path.split('.').fold(sheet, |at, key| &at[key]).as_f64().unwrap_or_else(|| panic!("{path} is printed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_of_2020_comes_out_number_by_number() {
    // Given the records of 2020, sent by their phones in 2020
    let folder = tempfile::tempdir().unwrap();
    let clock = SetClock::at(JUNE);
    let deployment = KeyDeployment::new(clock.clone());
    let (store, settings) = deployment.open(folder.path());
    let mut phones: BTreeMap<&str, _> = BTreeMap::new();
    let mut sent: BTreeMap<&str, Vec<Sent>> = BTreeMap::new();
    for (commune, kind, facts) in records() {
        let phone = phones.entry(commune).or_insert_with(|| {
            let phone = deployment.phone_in(commune);
            devices::register(&store, &settings, &phone.introduction()).unwrap();
            phone
        });
        let record = Record { record: Uuid::new_v4(), kind, facts, ..phone.screening() };
        sent.entry(commune).or_default().push(phone.sign(&record, None));
    }
    for (commune, records) in sent {
        for (day, part) in records.chunks(1900).enumerate() {
            clock.set(JUNE + day as i64 * DAY);
            for part in part.chunks(100) {
                let told = phones[commune].hand_in(&store, &settings, part);
                assert!(
                    told.iter().all(|told| matches!(told, Told::Kept { reason: None, .. })),
                    "intake counts all of it"
                );
            }
        }
        clock.set(JUNE + 20 * DAY);
    }
    clock.set(AFTER);
    // half a year of silence: nothing closes until the operator has looked at the clock
    accept_clock(&store, AFTER).unwrap();
    note_dictionary(&store, &*settings.clock).unwrap();
    // When the national data officer opens the sheet
    let staff = Staff::open(&settings.data).unwrap();
    let issued = set_account(&staff, AFTER, "chantal", Role::NationalDataOfficer, PASSWORD).unwrap();
    let running = Running::start(store, settings).await;
    let url = running.url.trim_end_matches(tabara_core::wire::PREFIX);
    let chantal = Coordinator::sign_in(url, "chantal", PASSWORD, &issued.recovery[0].to_string()).await.unwrap();
    let page = async |query: &str| chantal.get(&format!("/infosheet?{query}")).await.text().await.unwrap();
    let nation = page("place=BI&period=2020").await;
    let pages =
        BTreeMap::from([("BI", cells(&nation)), ("BI-PR-02", cells(&page("place=BI-PR-02&period=2020").await))]);
    // Then every figure that is printed and counted is there
    let sheet: Value = serde_json::from_str(include_str!("../../data/seeds/infosheet-2020.json")).unwrap();
    let mut rows = csv::Reader::from_reader(include_str!("../../data/seeds/cells.csv").as_bytes());
    let rows: Vec<[String; 5]> = rows.deserialize().map(Result::unwrap).collect();
    let mut places: BTreeMap<[&str; 3], f64> = BTreeMap::new();
    let mut compared = 0;
    for [file, path, place, table, code] in rows.iter().filter(|row| row[0] == "infosheet-2020" && row[3] != "words") {
        let cell = pages[place.as_str()].get(&(table.clone(), code.clone()));
        let (value, percent) = cell.unwrap_or_else(|| panic!("{file} {path}: {table} {code} is not on the sheet"));
        let wanted = printed(&sheet, path);
        if path.contains("_pct") {
            let percent = percent.unwrap_or_else(|| panic!("{path}: {table} {code} has no share"));
            assert!((f64::from(percent) - wanted).abs() <= 0.5, "{path}: {percent} %, printed {wanted} %");
        } else if path.contains("by_province_2017") {
            // the old provinces of one of today
            *places.entry([place, table, code]).or_default() += wanted;
        } else {
            assert_eq!(f64::from(*value), wanted, "{path}");
        }
        compared += 1;
    }
    for ([place, table, code], wanted) in places {
        assert_eq!(f64::from(pages[place][&(table.to_owned(), code.to_owned())].0), wanted, "{table} {code}");
    }
    assert!(compared > 60, "{compared} figures");
    // and its footnotes, with the overlap of two categories
    let notes = [
        "categories_overlap",
        "uasc_minimum",
        "gbv_disclosed_only",
        "victims_and_gbv",
        "mobility_scope",
        "material_scope",
        "migrants_in_vulnerable_situations",
        "other_beneficiaries",
        "several_kinds",
        "several_referrals_per_person",
    ];
    assert!(notes.iter().all(|note| nation.contains(&format!("data-note=\"{note}\""))));
    assert_eq!(pages["BI"][&("categories-together".into(), "trafficking/gbv".into())], (200, Some(55)));
    // a phone finds its way by a table of contents
    let blocks = nation.matches("<section id=\"block-").count();
    assert!(blocks > 10 && nation.matches("href=\"#block-").count() == blocks, "{blocks} blocks");
    // and for the public everything is a multiple of ten
    let public = page("place=BI&period=2020&audience=public").await;
    let public = cells(&public);
    assert_eq!(public[&("assisted-by-sex-and-age".into(), "total".into())].0, 4900);
    assert!(public.values().all(|(n, _)| n % 10 == 0));
    running.stop().await;
}
