//! The directory in the JSON of Open Referral's Human Services Data Specification, version 3: a list of services, each whole.

use super::table::place_name;
use serde_json::{Value, json};
use tabara_protocol::catalog::Uuid;
use tabara_protocol::services::{Directory, Hours, NATION, Opening, Service, ServiceSex};

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

pub(super) fn json(directory: &Directory) -> Value {
    directory.services().iter().map(service).collect()
}

/// The id of something that belongs to a service: always the same for the same service.
fn id(service: &Service, what: &str) -> Uuid {
    Service::id_of(&service.id.to_string(), what, "")
}

fn service(service: &Service) -> Value {
    let organisation = Service::id_of(&service.organisation, "", "");
    let list = |name: &str, values: Vec<Value>| {
        if values.is_empty() { vec![] } else { vec![(name.to_owned(), Value::from(values))] }
    };
    let texts = [
        ("email", service.email.as_str()),
        ("assured_date", &service.verified),
        ("eligibility_description", eligibility(service)),
        ("alert", if service.capacity == Some(0) { "Full: call first." } else { "" }),
    ];
    let ages = [("minimum_age", service.minimum_age), ("maximum_age", service.maximum_age)];
    let mut all = serde_json::Map::from_iter([
        ("id".to_owned(), json!(service.id)),
        ("organization_id".to_owned(), json!(organisation)),
        ("name".to_owned(), json!(service.name)),
        ("status".to_owned(), json!("active")),
        (
            "organization".to_owned(),
            json!({ "id": organisation, "name": service.organisation, "description": service.organisation }),
        ),
    ]);
    all.extend(texts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| ((*name).to_owned(), json!(text))));
    all.extend(ages.iter().filter_map(|(name, age)| Some(((*name).to_owned(), json!((*age)?)))));
    let number = |(at, number): (usize, &String)| json!({ "id": id(service, &format!("phone {at}")), "number": number, "type": "voice" });
    all.extend(list("phones", service.phones.iter().enumerate().map(number).collect()));
    let language = |code: &String| json!({ "id": id(service, &format!("language {code}")), "code": code });
    all.extend(list("languages", service.languages.iter().map(language).collect()));
    all.extend(list("schedules", schedules(service)));
    let area = json!({ "id": id(service, "area"), "name": place_name(&service.place), "extent": service.place, "extent_type": "text" });
    all.extend(list("service_areas", vec![area]));
    all.extend(list("service_at_locations", if service.place == NATION { vec![] } else { vec![location(service)] }));
    all.extend(list("attributes", attributes(service)));
    Value::Object(all)
}

fn eligibility(service: &Service) -> &'static str {
    match service.sex {
        Some(ServiceSex::Female) => "Women and girls",
        Some(ServiceSex::Male) => "Men and boys",
        None => "",
    }
}

fn schedules(service: &Service) -> Vec<Value> {
    let weekly = match Hours::parse(&service.hours) {
        Some(Hours::Weekly(weekly)) => weekly,
        Some(Hours::Always) => vec![Opening { days: (0, 6), minutes: (0, 24 * 60) }],
        _ => vec![],
    };
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let one = |(at, opening): (usize, &Opening)| {
        let days = &DAYS[usize::from(opening.days.0)..=usize::from(opening.days.1)];
        json!({
            "id": id(service, &format!("schedule {at}")), "freq": "WEEKLY", "byday": days.join(","),
            "opens_at": time(opening.minutes.0), "closes_at": time(opening.minutes.1), "timezone": 2,
        })
    };
    weekly.iter().enumerate().map(one).collect()
}

fn location(service: &Service) -> Value {
    let province =
        tabara_protocol::places::province_of(&service.place).map_or(service.place.as_str(), |place| place.name);
    let country = if service.place.starts_with("BI-") { "BI" } else { service.place.as_str() };
    let mut location = json!({
        "id": id(service, "location"), "location_type": "physical", "name": service.name,
        "addresses": [{
            "id": id(service, "address"), "address_type": "physical", "address_1": service.address,
            "city": place_name(&service.place), "state_province": province, "postal_code": "", "country": country,
        }],
    });
    if !service.accessibility.is_empty() {
        location["accessibility"] =
            json!([{ "id": id(service, "accessibility"), "description": service.accessibility }]);
    }
    json!({ "id": id(service, "at"), "service_id": service.id, "location": location })
}

/// What it offers, as terms of our own taxonomy, and its capacity, for which version 3.0 has no field.
fn attributes(service: &Service) -> Vec<Value> {
    let term = |taxonomy: &str, code: &str| json!({ "id": Service::id_of(taxonomy, code, ""), "code": code, "name": code, "description": code, "taxonomy": taxonomy });
    let attribute = |taxonomy: &str, code: &str, value: Option<String>| {
        let mut attribute = json!({
            "id": id(service, code), "link_id": service.id, "link_entity": "service", "taxonomy_term": term(taxonomy, code),
        });
        if let Some(value) = value {
            attribute["value"] = value.into();
        }
        attribute
    };
    let offers = service.offers.iter().map(|code| attribute("Tabara service_type", code, None));
    let capacity = service.capacity.map(|places| attribute("Tabara", "capacity", Some(places.to_string())));
    offers.chain(capacity).collect()
}
