//! The register of the cards that a deployment gave out.

use crate::error::{Result, at};
use crate::files;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use tabara_protocol::catalog::Uuid;

/// The register's file in the deployment's folder.
pub const REGISTER: &str = "cards.csv";

/// A line of the register. The card's secret is not in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisteredCard {
    pub number: u32,
    pub device: Uuid,
    pub name: String,
    pub organisation: String,
    pub commune: String,
    pub role: String,
    pub issued: String,
    pub expires: String,
}

/// Reads the register of a folder; empty if there is none.
pub fn read(dir: &Path) -> Result<Vec<RegisteredCard>> {
    let file = dir.join(REGISTER);
    if !file.exists() {
        return Ok(Vec::new());
    }
    let bytes = files::read(&file)?;
    csv::Reader::from_reader(&*bytes).deserialize().collect::<std::result::Result<_, _>>().map_err(|e| at(&file, e))
}

/// The cards of a register in words, by their ids.
pub fn known(dir: &Path) -> Result<BTreeMap<Uuid, String>> {
    let words = |card: RegisteredCard| (card.device, format!("{} {}, {}", card.number, card.name, card.organisation));
    Ok(read(dir)?.into_iter().map(words).collect())
}

/// Writes it beside and renames: the old one stays until the new one is whole.
pub fn write(file: &Path, cards: &[RegisteredCard]) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let written = cards.iter().try_for_each(|card| table.serialize(card));
    let bytes =
        written.map_err(|e| at(file, e)).and_then(|()| table.into_inner().map_err(|e| at(file, e.to_string())))?;
    let beside = file.with_extension("new");
    std::fs::remove_file(&beside).ok();
    files::write_private(&beside, &bytes)?;
    std::fs::rename(&beside, file).map_err(|e| at(file, e))
}
