//! The divisions of Burundi in force since 2025: 5 provinces, 42 communes. Codes are `BI-PR-NN` and `BI-CO-NN-NN`,
//! where the first NN is the province. Also the codes of other countries. Source and licence: `core/protocol/src/places/SOURCE.md`.

use std::sync::OnceLock;

/// A province or commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `BI-PR-NN` for a province, `BI-CO-NN-NN` for a commune.
    pub code: &'static str,
    /// The official name.
    pub name: &'static str,
}

fn all() -> &'static [(Place, bool)] {
    static ALL: OnceLock<Vec<(Place, bool)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = include_str!("places/bi-2025.csv").lines().skip(1);
        let cells = rows.filter_map(|row| row.split_once(',').and_then(|(c, r)| Some((c, r.split_once(',')?))));
        cells.map(|(code, (level, name))| (Place { code, name }, level == "province")).collect()
    })
}

/// The five provinces.
pub fn provinces() -> impl Iterator<Item = Place> {
    all().iter().filter(|(_, province)| *province).map(|(place, _)| *place)
}

/// The 42 communes, province by province.
pub fn communes() -> impl Iterator<Item = Place> {
    all().iter().filter(|(_, province)| !*province).map(|(place, _)| *place)
}

/// The province of a commune, by code.
pub fn province_of(commune: &str) -> Option<Place> {
    communes().find(|c| c.code == commune)?;
    let number = commune.get(6..8)?;
    provinces().find(|p| p.code.get(6..8) == Some(number))
}

/// The name of a province or commune.
pub fn name(code: &str) -> Option<&'static str> {
    all().iter().find(|(place, _)| place.code == code).map(|(place, _)| place.name)
}

/// Whether this is the ISO 3166-1 alpha-2 code of another country.
pub fn is_country(code: &str) -> bool {
    include_str!("places/countries.txt").split_whitespace().any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commune_lies_in_a_province() {
        assert_eq!((provinces().count(), communes().count()), (5, 42));
        assert!(communes().all(|c| province_of(c.code).is_some()));
        assert_eq!(province_of("BI-CO-04-02").map(|p| p.name), Some("Butanyerera"));
        assert_eq!(province_of("BI-CO-99-02"), None);
    }
}
