//! A server whose log holds two years of invented screenings, put there by intake itself from signed records of 25
//! phones, with every month closed by the clock. For the pages: no vault, no interview, so it is quick.

use crate::deployment::SetClock;
use crate::load::{KeyDeployment, Phone, Told};
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::path::Path;
use tabara_core::facts::{FactValue, Facts};
use tabara_core::kind as record;
use tabara_core::places;
use tabara_core::record::{Record, Sent, Uuid};
use tabara_server::staff::accounts::{Issued, set_account};
use tabara_server::staff::file::Staff;
use tabara_server::staff::role::Role;
use tabara_server::{Settings, Store, devices};

/// 2021-06-15 12:00 UTC.
const START: i64 = 1_623_758_400;
const MONTH: i64 = 2_629_746;
/// June 2021 to July 2023; the last one stays open, so that a quarter ends before it.
const MONTHS: i64 = 26;

/// Password of every account here.
pub const PASSWORD: &str = "for the tests only";

/// The server's parts, and what was put in.
pub struct Screened {
    /// Who makes its cards.
    pub deployment: KeyDeployment,
    pub store: Store,
    pub settings: Settings,
    /// Facts of every screening in a closed month.
    pub closed: Vec<Facts>,
    /// Facts of every referral, assistance, activity and month of law enforcement in a closed month.
    pub others: Vec<(record::Kind, Facts)>,
    /// Accounts by name: `aline` (national coordinator), `bosco` (Butanyerera), `chantal` (national data officer), `diane`
    /// (reviewer), `eric` (device officer), `fanny` (auditor).
    pub accounts: BTreeMap<&'static str, Issued>,
}

impl Screened {
    /// Fills a folder with about `number` screenings.
    pub fn fill(folder: &Path, number: usize) -> Self {
        let clock = SetClock::at(START);
        let deployment = KeyDeployment::new(clock.clone());
        let (store, settings) = deployment.open(folder);
        let mut rng = Rng::new(17);
        let communes: Vec<&str> = places::communes().map(|place| place.code).collect();
        let mut phones: Vec<(Phone, &str)> = Vec::new();
        for n in 0..25 {
            let commune = communes[n * 5 % communes.len()];
            let phone = deployment.phone_in(commune);
            devices::register(&store, &settings, &phone.introduction()).expect("a new card");
            phones.push((phone, commune));
        }
        let (mut closed, mut others) = (Vec::new(), Vec::new());
        for month in 0..MONTHS {
            let now = START + month * MONTH;
            clock.set(now);
            let mut batch: Vec<Vec<Sent>> = phones.iter().map(|_| Vec::new()).collect();
            // some months bring many people home, others few
            for _ in 0..(number as i64 * (3 + month * 7 % 5 + month % 3) / 6 / MONTHS).max(1) {
                // the last two phones are never heard of
                let at = rng.below(23);
                let (phone, commune) = &mut phones[at];
                let facts = facts(&tabara_core::clock::civil_month(now), commune, &mut rng);
                let record = Record { record: Uuid::new_v4(), facts: facts.clone(), ..phone.screening() };
                batch[at].push(phone.sign(&record, None));
                if month < MONTHS - 1 {
                    closed.push(facts);
                }
            }
            for kind in OTHERS {
                for _ in 0..number as i64 / 10 / MONTHS {
                    let at = rng.below(23);
                    let (phone, commune) = &mut phones[at];
                    let facts = other_facts(kind, &tabara_core::clock::civil_month(now), commune, &mut rng);
                    let record = Record { record: Uuid::new_v4(), kind, facts: facts.clone(), ..phone.screening() };
                    batch[at].push(phone.sign(&record, None));
                    if month < MONTHS - 1 {
                        others.push((kind, facts));
                    }
                }
            }
            for (phone, records) in phones.iter().zip(&batch) {
                for part in records.chunks(100) {
                    let told = phone.0.hand_in(&store, &settings, part);
                    let counted = |told: &Told| matches!(told, Told::Kept { reason: None, .. });
                    assert!(told.iter().all(counted), "intake counts all of it");
                }
            }
        }
        let mut accounts = BTreeMap::new();
        let butanyerera = Role::read("provincial-coordinator", Some("BI-PR-04")).expect("a role");
        let roles = [
            ("aline", Role::NationalCoordinator),
            ("bosco", butanyerera),
            ("chantal", Role::NationalDataOfficer),
            ("diane", Role::Reviewer),
            ("eric", Role::DeviceOfficer),
            ("fanny", Role::Auditor),
        ];
        let staff = Staff::open(&settings.data).expect("the server's folder");
        for (name, role) in roles {
            let issued = set_account(&staff, START, name, role, PASSWORD).expect("an account");
            accounts.insert(name, issued);
        }
        Self { deployment, store, settings, closed, others, accounts }
    }

    /// The accounts and the audit log of this server.
    pub fn staff(&self) -> Staff {
        Staff::open(&self.settings.data).expect("the server's folder")
    }

    /// How many of the closed screenings came out as presumed and fit.
    pub fn identified(&self, fits: impl Fn(&Facts) -> bool) -> u32 {
        let presumed = |facts: &&Facts| has(facts, "outcome", "presumed") && fits(facts);
        self.closed.iter().filter(presumed).count() as u32
    }
}

/// Whether a fact holds a code.
pub fn has(facts: &Facts, fact: &str, code: &str) -> bool {
    facts.get(fact).is_some_and(|value| value.codes().any(|c| c == code))
}

/// Facts of an invented screening.
pub fn facts(month: &str, commune: &str, rng: &mut Rng) -> Facts {
    let one = |code: &str| FactValue::One(code.to_owned());
    let outcomes = ["presumed", "presumed", "presumed", "presumed", "presumed", "presumed", "exploited", "at_risk"];
    let outcome = match rng.below(10) {
        0 => "no_indication",
        1 => "inconclusive",
        _ => rng.pick(&outcomes),
    };
    let ages = ["0-17", "18-23", "18-23", "18-23", "18-23", "24-29", "24-29", "24-29", "30-38", "30-38"];
    let age = if rng.one_in(20) { rng.pick(&["39+", "ns"]) } else { rng.pick(&ages) };
    let region = rng.pick(&["gulf", "gulf", "gulf", "gulf", "gulf", "gulf", "regional", "regional", "internal"]);
    let works: &[&str] = match region {
        "gulf" => &["ex_domestic", "ex_domestic", "ex_domestic", "ex_domestic", "ex_hospitality", "ex_sex_private"],
        _ => &["ex_domestic", "ex_agri", "ex_trade", "ex_begging", "ex_fish", "ex_mining", "ex_prostitution"],
    };
    let mut exploitation = vec![rng.pick(works)];
    if rng.one_in(4) {
        exploitation.push(rng.pick(&["ex_servitude", "ex_marriage", "ex_sex_private", "ex_child_labour"]));
    }
    if outcome == "no_indication" {
        exploitation = vec!["none"];
    }
    let services =
        ["sv_psychosocial", "sv_medical", "sv_iga", "sv_shelter", "sv_food", "sv_docs", "sv_legal", "sv_iom"];
    let wanted: Vec<&str> = services.iter().copied().filter(|_| rng.one_in(3)).collect();
    let many = |codes: Vec<&str>| FactValue::Many(codes.into_iter().map(str::to_owned).collect());
    let countries: &[&str] = match region {
        "gulf" => &["KW", "other", "other"],
        "regional" => &["KE", "RW", "UG", "CD", "other"],
        _ => &[],
    };
    let means = ["mc_docs", "mc_deceive", "mc_hours", "mc_threat", "mc_abuse", "mc_deny"];
    let means: Vec<&str> = means.iter().copied().filter(|_| rng.one_in(2)).collect();
    let methods = ["AtAPlaceOfBusiness", "ThroughOnlineSocialNetworks", "ThroughFriendsOrSocialEvents"];
    let mut facts: Facts = [
        ("month", one(month)),
        ("screen_commune", one(commune)),
        ("sex", one(if rng.one_in(7) { "m" } else { "f" })),
        ("age_band", one(age)),
        ("destination_region", one(region)),
        ("exploitation", many(exploitation)),
        ("outcome", one(outcome)),
        ("already", one(if rng.one_in(60) { "unknown" } else { "no" })),
        ("means", many(means)),
        ("recruiter_relation", many(vec![rng.pick(&["agency", "broker", "friend", "family"])])),
        ("method", many(vec![rng.pick(&methods)])),
        ("displacement", one(rng.pick(&["returnee", "returnee", "resident", "refugee", "internally_displaced"]))),
        ("nationality", one(rng.pick(&["BI", "BI", "BI", "BI", "regional"]))),
        ("duration", one(rng.pick(&["0-12", "13-24", "25+"]))),
        ("gbv", one(rng.pick(&["0", "1"]))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if !countries.is_empty() {
        facts.insert("destination_country".into(), one(rng.pick(countries)));
    }
    if !wanted.is_empty() {
        facts.insert("services_requested".into(), many(wanted));
    }
    facts
}

/// What else is counted.
pub const OTHERS: [record::Kind; 4] =
    [record::Kind::Referral, record::Kind::Assistance, record::Kind::Activity, record::Kind::Enforcement];

/// Facts of an invented record of another kind.
pub fn other_facts(kind: record::Kind, month: &str, commune: &str, rng: &mut Rng) -> Facts {
    let one = |code: &str| FactValue::One(code.to_owned());
    let many = |code: &str| FactValue::Many([code.to_owned()].into());
    let services = ["sv_psychosocial", "sv_medical", "sv_shelter", "sv_food"];
    let mut facts = vec![("month", one(month)), ("screen_commune", one(commune))];
    match kind {
        record::Kind::Referral => facts.extend([
            ("service_type", one(rng.pick(&services))),
            ("referral_status", one(rng.pick(&["sent", "accepted", "completed", "completed", "declined"]))),
            ("delay", one(rng.pick(&["d1", "d3", "d14", "d30", "d90", "later"]))),
        ]),
        record::Kind::Assistance => facts.extend([
            ("sex", one(rng.pick(&["f", "f", "m"]))),
            ("child", one(rng.pick(&["0", "1"]))),
            ("beneficiary_type", one(rng.pick(&["internally_displaced", "vulnerable_migrant", "trafficking_victim"]))),
            ("category", many(rng.pick(&["trafficking", "gbv", "child_protection"]))),
            ("assistance_type", many(rng.pick(&services))),
        ]),
        record::Kind::Activity => {
            facts.extend([
                ("activity_type", one(rng.pick(&["awareness", "training_partners", "assessment"]))),
                ("theme", many(rng.pick(&["trafficking", "returning_migrants", "gbv"]))),
            ]);
            let sums = ["women", "men", "girls", "boys", "flyers", "posters"];
            facts.extend(sums.map(|fact| (fact, one(&rng.below(80).to_string()))));
        }
        record::Kind::Enforcement => {
            facts.push(("law_unit", one(rng.pick(&["police", "prosecution", "court"]))));
            let sums = ["investigations", "suspects", "prosecutions", "convictions", "victims_referred"];
            facts.extend(sums.map(|fact| (fact, one(&rng.below(5).to_string()))));
        }
        record::Kind::Screening | record::Kind::Withdrawal | record::Kind::Review => {}
    }
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
