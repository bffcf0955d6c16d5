//! What a card says before it is used, so that the focal point can compare it with what she was told.

use crate::error::Result;
use tabara_core::Error;
use tabara_core::catalog::EnrolmentCard;
use tabara_core::error::CardReason;
use tabara_core::places;

/// The readable part of a card.
#[derive(uniffi::Record)]
pub struct CardPreview {
    /// The organisation that the focal point works for.
    pub organisation: String,
    /// Name of the commune of enrolment.
    pub commune: String,
    /// Seconds since 1970 UTC; the card cannot enrol after it.
    pub expires: i64,
    /// The server that this phone will sync with.
    pub server: String,
    /// The server's certificate key in groups, where the card pins one, to be compared aloud.
    pub certificate: Option<String>,
    /// The authority's key in groups, to be compared aloud with the coordinator's.
    pub fingerprint: String,
}

/// Reads a card's text (pasted or scanned; white space does not matter). Fails with `Card`.
#[uniffi::export]
pub fn read_card(text: &str) -> Result<CardPreview> {
    let (card, grant) = EnrolmentCard::parse(text).map_err(|e| Error::Card { reason: e.into() })?;
    let server = grant.servers.first().ok_or(Error::Card { reason: CardReason::NotGenuine })?;
    Ok(CardPreview {
        commune: places::name(&grant.commune).unwrap_or(&grant.commune).to_owned(),
        organisation: grant.organisation,
        expires: grant.expires,
        server: server.url.clone(),
        certificate: server.pin.map(|pin| pin.aloud()),
        fingerprint: card.authority.fingerprint(),
    })
}
