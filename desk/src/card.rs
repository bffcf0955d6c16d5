//! Issuing a card: the authority's grant for one phone and a one-time secret, as text and as a QR code to print or to show
//! in the terminal. Anyone who reads a card can enrol with it once: hand it over like a key.

use crate::error::{Result, invalid};
use qrcode::{EcLevel, QrCode, render};
use tabara_protocol::catalog::{
    Area, DeviceRole, EnrolmentCard, Grant, MAX_SERVERS, ServerAddress, Uuid, is_server_address,
};
use tabara_protocol::envelope::{self, Digest, SigningKey, Typ};
use tabara_protocol::places;

/// The phone and the servers that a card is for.
#[derive(Debug, Clone)]
pub struct CardRequest {
    pub role: DeviceRole,
    pub organisation: String,
    /// Code of the commune of enrolment.
    pub commune: String,
    pub area: Area,
    /// Seconds since 1970 UTC.
    pub expires: i64,
    /// At least one: `https://…`, or `http://` to a loopback address.
    pub servers: Vec<ServerAddress>,
}

/// Issues a card; each has a device id and a secret of its own.
pub fn issue(authority: &SigningKey, order: &CardRequest) -> Result<(EnrolmentCard, Grant)> {
    if places::province_of(&order.commune).is_none() {
        return Err(invalid("the commune is not one of the 42 of 2025: its code is BI-CO-NN-NN"));
    }
    if order.organisation.trim().is_empty() {
        return Err(invalid("a card names its organisation"));
    }
    let tidy = |server: &ServerAddress| ServerAddress { url: server.url.trim_end_matches('/').into(), pin: server.pin };
    let servers: Vec<ServerAddress> = order.servers.iter().map(tidy).collect();
    let addressed = (1..=MAX_SERVERS).contains(&servers.len());
    if !addressed || !servers.iter().all(|server| is_server_address(&server.url)) {
        return Err(invalid("a card names one to eight addresses of the server: https://HOST or https://HOST:PORT"));
    }
    let seed = SigningKey::generate();
    let grant = Grant {
        device: Uuid::new_v4(),
        role: order.role,
        organisation: order.organisation.trim().to_owned(),
        commune: order.commune.clone(),
        area: order.area,
        servers,
        expires: order.expires,
        card: seed.public(),
    };
    let card = EnrolmentCard {
        grant: envelope::sign(Typ::Grant, authority, &grant),
        seed: Digest(*seed.seed()),
        authority: authority.public(),
    };
    Ok((card, grant))
}

fn qr(text: &str) -> Result<QrCode> {
    QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| invalid("the text is too long for a QR code"))
}

/// The card as a picture to print.
pub fn svg(card: &EnrolmentCard) -> Result<String> {
    Ok(qr(&card.text())?.render::<render::svg::Color>().min_dimensions(480, 480).build())
}

/// A text as a QR code for a terminal, which is mostly light on dark; two rows of modules in a line.
pub fn terminal(text: &str) -> Result<String> {
    let dense = render::unicode::Dense1x2::Light;
    Ok(qr(text)?
        .render::<render::unicode::Dense1x2>()
        .dark_color(dense)
        .light_color(render::unicode::Dense1x2::Dark)
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> CardRequest {
        let server = ServerAddress { url: "https://tabara.example/".into(), pin: Some(Digest([7; 32])) };
        CardRequest {
            role: DeviceRole::FocalPoint,
            organisation: "IOM".into(),
            commune: "BI-CO-04-02".into(),
            area: Area::BorderPost,
            expires: 1_900_000_000,
            servers: vec![server],
        }
    }

    #[test]
    fn a_phone_reads_the_card_that_was_issued() {
        let (card, grant) = issue(&SigningKey::generate(), &order()).unwrap();
        let (_, granted) = EnrolmentCard::parse(&card.text()).unwrap();
        assert_eq!(granted, grant);
        let server = ServerAddress { url: "https://tabara.example".into(), pin: Some(Digest([7; 32])) };
        assert_eq!((granted.servers, granted.area), (vec![server], Area::BorderPost));
        assert!(svg(&card).unwrap().contains("<svg"));
        // 105 when the card was JSON in base64
        assert!(qr(&card.text()).unwrap().width() <= 65);
        assert!(terminal(&card.text()).unwrap().lines().count() < 70);
    }

    #[test]
    fn a_card_for_an_unknown_commune_or_an_open_line_is_not_issued() {
        let key = SigningKey::generate();
        assert!(issue(&key, &CardRequest { commune: "BI-CO-99-02".into(), ..order() }).is_err());
        let open_line = ServerAddress { url: "http://tabara.example".into(), pin: None };
        for servers in [vec![], vec![open_line]] {
            assert!(issue(&key, &CardRequest { servers, ..order() }).is_err());
        }
        assert!(issue(&key, &CardRequest { organisation: " ".into(), ..order() }).is_err());
    }
}
