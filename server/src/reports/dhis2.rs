//! Data and metadata for a DHIS2: a data element for each cell of each table, organisation units for the nation and its
//! provinces, all named by code (`idScheme=code`). What is under the base or hidden is left out, never sent as 0.

use super::rows::{FigureRow, Words};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tabara_protocol::envelope::sha256;
use tabara_protocol::places;

/// The body of `POST /api/dataValueSets?idScheme=code&dataElementIdScheme=code&orgUnitIdScheme=code`.
pub fn data_values(rows: &[FigureRow]) -> Value {
    let value = |row: &FigureRow| {
        let (value, period) = (row.value?, period(&row.period)?);
        Some(json!({"dataElement": element(row), "period": period, "orgUnit": row.place, "value": value.to_string()}))
    };
    json!({"dataValues": rows.iter().filter_map(value).collect::<Vec<_>>()})
}

/// The body of `POST /api/metadata`, which comes first. Ids follow from codes, so that a second import changes nothing.
pub fn metadata(rows: &[FigureRow], words: Words) -> Value {
    let elements: BTreeMap<String, String> = rows
        .iter()
        .filter(|row| row.value.is_some() && period(&row.period).is_some())
        .map(|row| {
            let [title, unit, _, code] = words(row);
            (
                element(row),
                [unit, title, code].iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(": "),
            )
        })
        .collect();
    let of_element = |(code, name): (&String, &String)| {
        json!({
            "id": uid(code), "code": code, "name": short(&format!("{name} [{code}]"), 230), "shortName": short(code, 50),
            "domainType": "AGGREGATE", "valueType": "INTEGER_ZERO_OR_POSITIVE", "aggregationType": "NONE",
        })
    };
    let nation =
        json!({"id": uid("BI"), "code": "BI", "name": "Burundi", "shortName": "Burundi", "openingDate": "2017-01-01"});
    let province = |place: places::Place| {
        json!({
            "id": uid(place.code), "code": place.code, "name": place.name, "shortName": place.name,
            "openingDate": "2025-06-05", "parent": {"id": uid("BI")},
        })
    };
    let units: Vec<Value> = [nation].into_iter().chain(places::provinces().map(province)).collect();
    let sets = [("YEARLY", "Yearly"), ("QUARTERLY", "Quarterly")].map(|(code, period_type)| {
        let members: Vec<Value> = elements.keys().map(|code| json!({"dataElement": {"id": uid(code)}})).collect();
        let code = format!("TABARA_{code}");
        json!({
            "id": uid(&code), "code": code, "name": format!("Tabara ({period_type})"), "shortName": code,
            "periodType": period_type, "dataSetElements": members,
            "organisationUnits": units.iter().map(|unit| json!({"id": unit["id"]})).collect::<Vec<_>>(),
        })
    });
    json!({
        "organisationUnits": units,
        "dataElements": elements.iter().map(of_element).collect::<Vec<_>>(),
        "dataSets": sets,
    })
}

fn element(row: &FigureRow) -> String {
    format!("TABARA_{}_{}", row.table, row.code).to_uppercase().replace(['/', ' '], "_")
}

/// `2021` and `2021Q2`; nothing of all months together, which a DHIS2 has no period for.
fn period(period: &str) -> Option<String> {
    (period != "all").then(|| period.replace("-q", "Q"))
}

/// A DHIS2 id that follows from a code: a letter and ten letters or digits.
fn uid(code: &str) -> String {
    const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let hash = sha256(code.as_bytes());
    let sign = |(at, byte): (usize, &u8)| char::from(SIGNS[usize::from(*byte) % if at == 0 { 52 } else { 62 }]);
    hash.0.iter().take(11).enumerate().map(sign).collect()
}

fn short(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_element_and_place_in_the_metadata_and_what_is_hidden_is_left_out() {
        let row = |code: &str, value| FigureRow {
            table: "people-by-sex".into(),
            unit: "people".into(),
            place: "BI-PR-04".into(),
            period: "2021-q2".into(),
            code: code.into(),
            value,
        };
        let rows = [row("f", Some(20)), row("m", None)];
        let (data, about) = (
            data_values(&rows),
            metadata(&rows, &|row| ["By sex", "People", "Butanyerera", &row.code].map(str::to_owned)),
        );
        let values = data["dataValues"].as_array().unwrap();
        assert_eq!(values.len(), 1);
        assert_eq!((&values[0]["period"], &values[0]["value"]), (&json!("2021Q2"), &json!("20")));
        let codes =
            |key: &str| about[key].as_array().unwrap().iter().map(|item| item["code"].clone()).collect::<Vec<_>>();
        assert_eq!(codes("dataElements"), [values[0]["dataElement"].clone()]);
        assert!(codes("organisationUnits").contains(&values[0]["orgUnit"]));
        let ids = about["organisationUnits"].as_array().unwrap().iter().map(|unit| unit["id"].as_str().unwrap().len());
        assert!(ids.into_iter().all(|length| length == 11));
    }
}
