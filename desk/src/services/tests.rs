use super::*;
use crate::form;
use crate::rows;
use crate::texts::Texts;
use tabara_protocol::services::{LineKind, ServiceSex};

const HEADER: &str =
    "organisation;name;place;offers;hours;sex;minimum_age;maximum_age;languages;phones;capacity;verified;line";

#[test]
fn a_table_as_people_write_it_becomes_a_directory_and_goes_out_and_in_again_unchanged() {
    let csv = format!(
        "{HEADER}\nMaison Amahoro;Shelter for girls;Muyinga;shelter, child;24/7;female;;17;rn fr;+257 22 11 00 00, 79 00 00 00;6;2026-11-02;\n\
         \nCommission;\"Hotline; free\";BI;sv_iom sv_legal;mo-fr 08:00-17:00;;;;;150;;;hotline\n\
         Ambassade;Embassy in Kuwait;kw;sv_docs;;;;;;;;;\n"
    );
    let directory = import(csv.as_bytes()).directory.unwrap();
    let [shelter, hotline, embassy] = directory.services() else { panic!("three services") };
    assert_eq!(
        (shelter.place.as_str(), shelter.sex, shelter.maximum_age),
        ("BI-CO-01-06", Some(ServiceSex::Female), Some(17))
    );
    assert_eq!(
        (shelter.offers.join(" "), shelter.phones.len(), shelter.capacity),
        ("sv_shelter sv_child".into(), 2, Some(6))
    );
    assert_eq!((hotline.name.as_str(), hotline.line), ("Hotline; free", Some(LineKind::Hotline)));
    assert_eq!(embassy.place, "KW");
    for extension in ["csv", "xlsx"] {
        let written = rows::file(&table::workbook(directory.services()), format!("x.{extension}").as_ref()).unwrap();
        assert_eq!(import(&written).directory.as_ref(), Some(&directory), "{extension}");
    }
    let hsds = hsds::json(&directory);
    assert_eq!(hsds[0]["schedules"][0]["byday"], "MO,TU,WE,TH,FR,SA,SU");
    assert_eq!(hsds[0]["service_at_locations"][0]["location"]["addresses"][0]["state_province"], "Buhumuza");
    assert_eq!(hsds[1]["service_areas"][0]["extent"], "BI");
}

#[test]
fn every_fault_is_told_with_row_and_column_and_no_directory_comes_of_the_table() {
    let csv = format!(
        "{HEADER}\n;Clinic;Atlantis;sv_medical;;;;;;;;;\nRed Cross;Food;Gitega;sv_fod;noon;;9;3;;none;;;hotline\nRed Cross;Food;Gitega;sv_food;;;;;;;;;\n"
    );
    let imported = import(csv.as_bytes());
    assert!(imported.directory.is_none());
    let told: Vec<_> = imported.faults.iter().map(|fault| (fault.cell.as_str(), fault.code)).collect();
    assert_eq!(
        told,
        [
            ("A2", "missing"),
            ("C2", "unknown-code"),
            ("D3", "unknown-code"),
            ("E3", "malformed"),
            ("H3", "malformed"),
            ("J3", "malformed"),
            ("B4", "twice")
        ]
    );
    let french = form::list(&imported.faults, &Texts::new("fr").unwrap());
    assert!(french.contains("C2 (place): il n'y a pas de commune, de province ou de pays « Atlantis »"), "{french}");
    let columns = import(b"organisation,nom,place\nx,y,z\n").faults;
    assert_eq!(
        columns.iter().map(|fault| fault.code).collect::<Vec<_>>()[..3],
        ["unknown-column", "missing-column", "missing-column"]
    );
    assert_eq!(import(b"%PDF-1.4").faults[0].code, "unreadable");
}

#[test]
fn gaps_are_told_by_need_and_place() {
    let csv = format!(
        "{HEADER}\nBarreau;Lawyers;Ruyigi;sv_legal;;;;;;;;;\nPolice;Police;BI;sv_police;;;;;;;;;\nBarreau;Line;BI;sv_legal;;;;;;109;;;hotline\n"
    );
    let coverage = coverage(&import(csv.as_bytes()).directory.unwrap());
    let at = |need: &str, name: &str| coverage.iter().rev().find(|c| c.need == need && c.place.name == name).unwrap();
    assert_eq!(
        (at("sv_legal", "Ruyigi").here, at("sv_legal", "Cankuzo").here, at("sv_legal", "Cankuzo").province),
        (1, 0, 1)
    );
    assert_eq!((at("sv_legal", "Rutana").province, at("sv_police", "Rutana").nation), (0, 1));
    let text = gaps::text(&coverage, &Texts::new("en").unwrap());
    assert!(text.contains("Burunga: nobody for Legal assistance (none in the whole country)"), "{text}");
    assert!(text.contains("Legal assistance: only elsewhere in the province, for 6 communes: "), "{text}");
    let table = String::from_utf8(gaps::table(&coverage, &Texts::new("fr").unwrap())).unwrap();
    assert_eq!(table.lines().count(), 1 + 15 * 47);
    assert!(table.contains("sv_legal,Assistance juridique,BI-PR-03,Burunga,0,0,0,yes"), "{table}");
}
