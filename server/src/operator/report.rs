//! `tabara-server report`: what the desk needs for the next catalog, and phones in words.

use crate::settings::Settings;
use crate::settings::certificate::{OWN_CERTIFICATE, first_certificate, key_hash};
use crate::settings::key_files::{NEXT, signing_key};
use crate::store::{self, Store};
use crate::web::about::card_in_words;
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::Uuid;
use tabara_protocol::server_report::{ReportedPhone, ServerReport};

/// What the server tells of itself.
pub fn report(store: &Store, settings: &Settings) -> store::Result<ServerReport> {
    let (catalog, phones) = store.read(|log| Ok((log.catalog()?, log.phones()?)))?;
    let phone = |phone: store::Phone| ReportedPhone {
        device: phone.binding.device,
        organisation: phone.binding.organisation,
        commune: phone.binding.commune,
        standing: phone.binding.standing,
        records: phone.records,
        seen: phone.seen,
    };
    Ok(ServerReport {
        written: settings.clock.unix(),
        operations: settings.operations.public(),
        next_operations: signing_key(&settings.data.join(NEXT)).ok().map(|key| key.public()),
        intake: settings.intake_recipient(),
        certificate: first_certificate(&settings.data.join(OWN_CERTIFICATE)).as_deref().and_then(key_hash),
        catalog,
        phones: phones.into_iter().map(phone).collect(),
    })
}

/// A card in words: whose, where, when it was last heard of, and what it has sent.
pub fn describe(store: &Store, device: Uuid) -> store::Result<String> {
    let phones = store.read(|log| log.phones())?;
    let of: Vec<_> = phones.iter().filter(|phone| phone.binding.device == device).collect();
    let Some(first) = of.first() else { return Ok(format!("{device}, a card that no phone has used")) };
    let seen = of.iter().filter_map(|phone| phone.seen).max();
    let seen = seen.map_or("never seen".into(), |at| format!("last seen {}", civil_date(at)));
    let records: u64 = of.iter().map(|phone| phone.records).sum();
    Ok(format!(
        "{device}, {}, {seen}, {records} records",
        card_in_words(&first.binding.organisation, &first.binding.commune)
    ))
}
