use super::*;
use crate::referral::NewReferral;
use crate::share::Share;

fn service(organisation: &str, place: &str, offers: &[&str]) -> Service {
    Service {
        id: Service::id_of(organisation, "service", place),
        organisation: organisation.into(),
        name: "service".into(),
        place: place.into(),
        offers: offers.iter().map(|code| (*code).to_owned()).collect(),
        hours: String::new(),
        sex: None,
        minimum_age: None,
        maximum_age: None,
        languages: vec![],
        accessibility: String::new(),
        phones: vec![],
        email: String::new(),
        address: String::new(),
        capacity: None,
        verified: "2026-11-01".into(),
        line: None,
    }
}

const NOON: i64 = 1_795_946_400; // Sunday 29 November 2026, 12:00 in Burundi

#[test]
fn a_directory_with_one_unsound_service_is_refused_with_its_place_and_field() {
    let clinic = service("Clinic", "BI-CO-04-02", &["sv_medical"]);
    let read = |services: &[Service]| Directory::read(&serde_json::to_vec(services).unwrap());
    assert_eq!(read(std::slice::from_ref(&clinic)).unwrap().service(clinic.id), Some(&clinic));
    type Change = fn(&mut Service);
    let changes: [(Change, ServiceField, ServiceFault); 12] = [
        (|s| s.organisation = " ".into(), ServiceField::Organisation, ServiceFault::Missing),
        (|s| s.name = "x".repeat(121), ServiceField::Name, ServiceFault::TooLong),
        (|s| s.place = "Kayanza".into(), ServiceField::Place, ServiceFault::Unknown),
        (|s| s.place = "BI-CO-99-01".into(), ServiceField::Place, ServiceFault::Unknown),
        (|s| s.offers = vec![], ServiceField::Offers, ServiceFault::Missing),
        (|s| s.offers = vec!["sv_magic".into()], ServiceField::Offers, ServiceFault::Unknown),
        (|s| s.hours = "mornings".into(), ServiceField::Hours, ServiceFault::Malformed),
        (|s| (s.minimum_age, s.maximum_age) = (Some(18), Some(3)), ServiceField::MaximumAge, ServiceFault::Malformed),
        (|s| s.phones = vec!["ask Marie".into()], ServiceField::Phones, ServiceFault::Malformed),
        (|s| s.line = Some(LineKind::Hotline), ServiceField::Phones, ServiceFault::Missing),
        (|s| s.address = "at\nthe market".into(), ServiceField::Address, ServiceFault::Malformed),
        (|s| s.verified = "last year".into(), ServiceField::Verified, ServiceFault::Malformed),
    ];
    for (change, field, fault) in changes {
        let mut other = service("Other", "BI-CO-04-02", &["sv_medical"]);
        change(&mut other);
        assert_eq!(read(&[clinic.clone(), other]), Err(BadDirectory::Service { at: 1, field, fault }));
    }
    let twice = BadDirectory::Service { at: 1, field: ServiceField::Id, fault: ServiceFault::Twice };
    assert_eq!(read(&[clinic.clone(), clinic]), Err(twice));
    assert_eq!(Directory::read(b"{}"), Err(BadDirectory::Unreadable));
    assert_eq!(Directory::read(&vec![b' '; MAX_DIRECTORY + 1]), Err(BadDirectory::Oversize));
}

#[test]
fn the_nearest_service_that_fits_comes_first_and_says_what_to_know_before_going() {
    let mut full = service("Full", "BI-CO-04-02", &["sv_shelter"]);
    full.capacity = Some(0);
    let mut women = service("Women", "BI-CO-04-02", &["sv_shelter"]);
    women.sex = Some(ServiceSex::Female);
    let mut children = service("Children", "BI-CO-04-01", &["sv_shelter", "sv_child"]);
    (children.maximum_age, children.verified) = (Some(17), "2024-01-01".into());
    let mut weekdays = service("Weekdays", NATION, &["sv_shelter"]);
    weekdays.hours = "mo-fr 08:00-17:00".into();
    let far = service("Far", "BI-CO-01-01", &["sv_shelter"]);
    let embassy = service("Embassy", "KW", &["sv_docs", "sv_shelter"]);
    let clinic = service("Clinic", "BI-CO-04-02", &["sv_medical"]);
    let directory = Directory::new(vec![embassy, far, weekdays, children, clinic, full, women]).unwrap();

    let found = |query: &ServiceQuery| {
        let found = directory.search(query, NOON, 0, 50);
        found.into_iter().map(|f| (f.service.organisation, f.distance, f.remarks)).collect::<Vec<_>>()
    };
    let query =
        ServiceQuery { need: Some("sv_shelter".into()), place: Some("BI-CO-04-02".into()), sex: None, age: None };
    let told = |name: &str, distance, remarks: &[ServiceRemark]| (name.to_owned(), Some(distance), remarks.to_vec());
    let all = [
        told("Women", Distance::Here, &[]),
        told("Full", Distance::Here, &[ServiceRemark::Full]),
        told("Children", Distance::Province, &[ServiceRemark::Unverified]),
        told("Weekdays", Distance::Nation, &[ServiceRemark::Closed]),
        told("Far", Distance::Elsewhere, &[]),
    ];
    assert_eq!(found(&query), all);
    assert_eq!(directory.search(&query, NOON, 1, 2).len(), 2);
    let boy = ServiceQuery { sex: Some(ServiceSex::Male), age: Some(12), ..query.clone() };
    assert_eq!(found(&boy), all[1..]);
    let man = ServiceQuery { age: Some(30), ..boy };
    assert!(found(&man).iter().all(|(name, ..)| name != "Children" && name != "Women"));
    let abroad = found(&ServiceQuery { place: Some("KW".into()), ..query });
    assert_eq!((abroad[0].0.as_str(), abroad[0].1), ("Embassy", Some(Distance::Here)));
    assert_eq!(found(&ServiceQuery::default()).len(), 7);
}

#[test]
fn hours_are_read_as_people_write_them_and_told_in_the_time_of_burundi() {
    let open = |text: &str, at: i64| Hours::parse(text).unwrap().open_at(at);
    let monday = NOON + 24 * 3600;
    assert_eq!(open("", NOON), None);
    assert_eq!(open("24/7", NOON), Some(true));
    let weekly = "mo-fr 08:00-12:00, 14:00-17:30; sa 08:00-12:00";
    for (at, is) in [(NOON, false), (monday, false), (monday - 60, true), (monday + 2 * 3600, true)] {
        assert_eq!(open(weekly, at), Some(is), "{at}");
    }
    for bad in [
        "always",
        "mo",
        "mo 8-12",
        "xx 08:00-12:00",
        "mo 12:00-08:00",
        "fr-mo 08:00-12:00",
        "mo 08:00-24:01",
        "mo +8:00-09:00",
    ] {
        assert_eq!(Hours::parse(bad), None, "{bad}");
    }
}

#[test]
fn the_built_in_numbers_can_be_called_and_those_of_a_directory_come_in_order() {
    let known = known_lines();
    assert!(known.iter().all(|line| is_number(&line.number) && !line.name.is_empty()));
    assert!(known.iter().any(|line| line.kind == LineKind::Emergency));
    let line = |name: &str, kind, number: &str| {
        let mut line = service(name, NATION, &["sv_police"]);
        (line.name, line.line, line.phones) = (name.into(), Some(kind), vec![number.into()]);
        line
    };
    let two = [line("Hotline", LineKind::Hotline, "+257 22 00 00 00"), line("Police", LineKind::Emergency, "117")];
    let lines = Directory::new(two.into()).unwrap().lines();
    assert_eq!(lines.iter().map(|line| line.number.as_str()).collect::<Vec<_>>(), ["117", "+257 22 00 00 00"]);
}

#[test]
fn of_an_organisation_with_many_services_a_referral_goes_to_the_one_that_was_agreed_on() {
    let place = |place, offers| service("Clinic", place, &[offers]);
    let all = [
        place("BI-CO-04-02", "sv_legal"),
        place("BI-CO-04-03", "sv_medical"),
        place("BI-CO-04-04", "sv_medical"),
        place(NATION, "sv_medical"),
        service("Other", "BI-CO-04-04", &["sv_medical"]),
    ];
    let directory = Directory::new(all.to_vec()).unwrap();
    let found = |to: &str, need: &str, commune: Option<&str>| {
        let (service, urgency, commune) = (need.into(), "d1".into(), commune.map(str::to_owned));
        let new = NewReferral { service, urgency, to: Some(to.into()), commune, share: Share::default() };
        directory.of_referral(&Referral::agreed(&new).unwrap()).cloned()
    };
    for service in &all {
        assert_eq!(found(&service.organisation, &service.offers[0], service.commune()).as_ref(), Some(service));
    }
    assert_eq!(found("Clinic", "sv_medical", Some("BI-CO-04-02")).as_ref(), Some(&all[1]), "it moved: the same need");
    assert_eq!(found("Clinic", "sv_child", None).as_ref(), Some(&all[3]), "it is not offered any more");
    assert_eq!(found("Nobody", "sv_medical", None), None);
}
