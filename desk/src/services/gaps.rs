//! The mapping of actors: which service there is where, and where none is.

use crate::rows::csv;
use crate::texts::Texts;
use tabara_protocol::places::{self, Place};
use tabara_protocol::services::{Directory, NATION, Service, service_types};

/// How many services answer one need in one place, without those that only have a number to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Code of the fact `service_type`.
    pub need: String,
    /// A province or commune.
    pub place: Place,
    /// Services in that place itself: for a province also those of its communes.
    pub here: usize,
    /// For a commune: those of its province.
    pub province: usize,
    /// Those that work in the whole country.
    pub nation: usize,
}

/// Every need in every province and commune.
pub fn coverage(directory: &Directory) -> Vec<Coverage> {
    let province = |code: &str| places::province_of(code).map_or(code.to_owned(), |place| place.code.to_owned());
    let mut all = Vec::new();
    for need in service_types() {
        let serves = |service: &&Service| service.line.is_none() && service.offers.contains(need);
        let serving: Vec<_> =
            directory.services().iter().filter(serves).map(|s| (s.place.as_str(), province(&s.place))).collect();
        let nation = serving.iter().filter(|(place, _)| *place == NATION).count();
        for place in places::provinces().chain(places::communes()) {
            let mine = province(place.code);
            let in_province = serving.iter().filter(|(_, theirs)| *theirs == mine).count();
            let own = serving.iter().filter(|(at, _)| *at == place.code).count();
            let here = if mine == place.code { in_province } else { own };
            all.push(Coverage { need: need.clone(), place, here, province: in_province, nation });
        }
    }
    all
}

/// All of it as a table.
pub(super) fn table(coverage: &[Coverage], texts: &Texts) -> Vec<u8> {
    let header = ["need", "label", "place", "place_name", "services", "in_province", "in_whole_country", "gap"];
    let row = |c: &Coverage| {
        let gap = if c.here > 0 { "no" } else { "yes" };
        let counts = [c.here, c.province, c.nation].map(|number| number.to_string());
        let [here, province, nation] = counts;
        vec![
            c.need.clone(),
            texts.say(&c.need),
            c.place.code.into(),
            c.place.name.into(),
            here,
            province,
            nation,
            gap.into(),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(header.map(str::to_owned).to_vec()).chain(coverage.iter().map(row)).collect();
    csv(&rows)
}

/// The gaps as sentences: provinces without a service, and communes of the others.
pub(super) fn text(coverage: &[Coverage], texts: &Texts) -> String {
    let is_province = |c: &&Coverage| c.place.code.starts_with("BI-PR");
    let mut lines = String::new();
    for gap in coverage.iter().filter(|c| c.here == 0).filter(is_province) {
        let args =
            [("place", gap.place.name.into()), ("need", texts.say(&gap.need).into()), ("nation", gap.nation.into())];
        lines += &format!("{}\n", texts.get("gap-province", &args));
    }
    for need in service_types() {
        let lacking = coverage.iter().filter(|c| c.need == *need && c.here == 0 && c.province > 0);
        let names: Vec<&str> = lacking.map(|c| c.place.name).collect();
        if !names.is_empty() {
            let args =
                [("need", texts.say(need).into()), ("n", names.len().into()), ("places", names.join(", ").into())];
            lines += &format!("{}\n", texts.get("gap-communes", &args));
        }
    }
    if lines.is_empty() { texts.say("gap-none") + "\n" } else { lines }
}
