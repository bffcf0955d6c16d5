//! Referrals on the phone: a search in a directory of 5,000 services, beside a plain look at each of them; and a provider's list of
//! 1,000 referrals.

use crate::{Rows, medians};
use tabara_core::envelope::{Digest, SigningKey};
use tabara_core::places;
use tabara_core::record::{Code, Kind, QuestionnaireRef, Record, Uuid};
use tabara_core::referral::{Referral, URGENCIES};
use tabara_core::services::{Directory, Service, ServiceQuery, ServiceSex, service_types};
use tabara_core::vault::Vault;
use tabara_core::vault::cipher::FileKey;
use tabara_core::vault::incoming::HeldReferral;
use tabara_support::rng::Rng;

/// 5,000 services over all communes, of which a third are for one sex and some are full.
fn directory() -> Directory {
    let mut rng = Rng::new(16);
    let communes: Vec<_> = places::communes().map(|place| place.code).collect();
    let services = (0..5_000).map(|n| {
        let place = rng.pick(&communes);
        let name = format!("Service {n}");
        Service {
            id: Service::id_of("bench", &name, place),
            organisation: format!("Organisation {}", n % 200),
            place: place.into(),
            offers: [(); 2].map(|()| rng.choose(service_types()).expect("services")).to_vec(),
            hours: "mo-fr 08:00-12:00,14:00-17:30; sa 08:00-12:00".into(),
            sex: [None, None, Some(ServiceSex::Female)][n % 3],
            minimum_age: None,
            maximum_age: (n % 7 == 0).then_some(17),
            languages: vec!["rn".into(), "fr".into()],
            accessibility: String::new(),
            phones: vec!["+257 22 00 00 00".into()],
            email: String::new(),
            address: "Behind the market".into(),
            capacity: Some((n % 10) as u32),
            verified: "2026-10-01".into(),
            line: None,
            name,
        }
    });
    Directory::new(services.collect()).expect("sound services")
}

pub fn referrals(rows: &mut Rows) {
    let directory = directory();
    let (need, place) = (Some("sv_medical".to_owned()), Some("BI-CO-04-02".to_owned()));
    let query = ServiceQuery { need, place, sex: Some(ServiceSex::Female), age: Some(22) };
    let mut search = || assert_eq!(directory.search(&query, 1_795_946_400, 0, 50).len(), 50);
    let mut look = || assert_eq!(directory.services().iter().filter(|s| s.offers[0] == "none").count(), 0);
    let [ours, floor] = medians(200, [&mut search, &mut look]);
    rows.add("referrals", "search_5000", ours / 1000.0, "ms", ("a look at each service, ms", floor / 1000.0));
    provider_list(rows);
}

/// Any page of the list of a provider to whom 1,000 people were referred.
fn provider_list(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::create(folder.path(), &FileKey([7; 32]), Uuid::from_u128(1), &SigningKey::generate());
    let vault = vault.expect("a vault");
    for n in 0..1_000 {
        let (referral, urgency) = (Uuid::new_v4(), URGENCIES[n % URGENCIES.len()]);
        let to = tabara_support::phone::to_doctor(Some("Clinic"), "Aline");
        let agreed = Referral::agreed(&to).expect("a sound referral");
        let sent = Some(1_795_000_000 + n as i64 * 60);
        let referral =
            Referral { referral, urgency: urgency.into(), sent, status: tabara_core::referral::Status::Sent, ..agreed };
        let first = Record {
            record: referral.referral,
            case: Uuid::new_v4(),
            seq: 1,
            kind: Kind::Referral,
            questionnaire: QuestionnaireRef { id: "q".into(), sha256: Digest([1; 32]) },
            revises: None,
            code: Some(Code::generate()),
            slip: None,
            proof: None,
            route: referral.route(),
            facts: Default::default(),
            sealed: None,
        };
        let (from, chain, age_band, opens) = ("IOM".into(), Digest([2; 32]), Some("18-23".into()), true);
        vault.hold(&HeldReferral { referral, first, from, chain, age_band, opens }, 0).expect("kept");
    }
    let mut page = 0;
    let mut list = || {
        page = (page + 7) % 20;
        assert_eq!(vault.all_held(page).expect("a page").len(), 50);
    };
    let [ours] = medians(200, [&mut list]);
    rows.add("referrals", "provider_list_1000", ours / 1000.0, "ms", ("issue's limit, ms", 10.0));
}
