//! What the authority signs: cards, which begin the chain of trust authority -> card -> device, and the catalog,
//! which tells phones what to trust and use. The authority's key lies offline (`tabara-desk authority`).

mod card;

pub use card::{CardError, EnrolmentCard};

use crate::envelope::{self, Digest, EnvelopeError, PublicKey, SigningKey, Typ, sha256};
use crate::kind::Kind;
use crate::places;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
pub use uuid::Uuid;

/// What the owner of a device does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceRole {
    /// Screens and refers.
    #[default]
    FocalPoint,
    /// Is sent people, and answers.
    Provider,
}

impl DeviceRole {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::FocalPoint => "focal_point",
            Self::Provider => "provider",
        }
    }
}

/// Where a focal point works. It decides which places a record of hers may name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Her commune and its neighbours in the province.
    #[default]
    Commune,
    /// A border post: as a commune.
    BorderPost,
    /// A team that travels the country.
    MobileTeam,
    /// A hotline: callers are anywhere.
    Hotline,
}

impl Area {
    /// Whether a card of this area and commune covers a screening in another commune.
    pub fn covers(self, own: &str, commune: &str) -> bool {
        match self {
            Self::Commune | Self::BorderPost => places::province_of(own) == places::province_of(commune),
            Self::MobileTeam | Self::Hotline => true,
        }
    }
}

/// One way to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerAddress {
    /// `https://…` (or `http://` to a loopback address, for tests and demos).
    pub url: String,
    /// SHA-256 of the server's certificate key (SPKI), for servers without a public certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Digest>,
}

/// A grant or catalog names at most so many addresses.
pub const MAX_SERVERS: usize = 8;

/// What the authority grants with a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The phone's id, made by the authority.
    pub device: Uuid,
    /// What its owner does.
    pub role: DeviceRole,
    /// The organisation that the phone works for.
    pub organisation: String,
    /// Code of the commune of enrolment, `BI-CO-…`.
    pub commune: String,
    /// Where its owner works.
    pub area: Area,
    /// Where the phone syncs, until a catalog names other addresses.
    pub servers: Vec<ServerAddress>,
    /// Seconds since 1970 UTC; the card cannot be used to enrol after it.
    pub expires: i64,
    /// Public half of the card's one-time seed.
    pub card: PublicKey,
}

/// The phone's keys, signed by the card's seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The id that the grant names.
    pub device: Uuid,
    /// Signs records; lies in the vault, behind the PIN.
    pub record_key: PublicKey,
    /// Signs bundles; lies in the mailbox, so that sync works while locked.
    pub transport_key: PublicKey,
    /// Parcels are sealed to this age key (`age1…`); lies in the mailbox.
    pub mailbox: String,
    /// Referrals and notes are sealed to this age key (`age1…`); lies in the vault.
    pub vault: String,
}

/// The payload by which a key of a binding proves that the phone has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Possession {
    /// SHA-256 of the binding's envelope.
    binding: Digest,
}

/// Authority -> card -> device, checkable by anyone who knows the authority's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Envelope of kind grant, by the authority.
    pub grant: String,
    /// Envelope of kind device, by the card's seed: the phone's keys.
    pub binding: String,
    /// Envelopes of kind device over the binding's hash, by the record key and by the transport key: nobody binds a key that
    /// is another's.
    pub possession: [String; 2],
}

impl Chain {
    /// Binds a phone's keys to a card. All of them sign.
    pub fn bind(card: &EnrolmentCard, keys: &Binding, record: &SigningKey, transport: &SigningKey) -> Self {
        let binding = envelope::sign(Typ::Device, &SigningKey::from_seed(card.seed.0), keys);
        let proof = Possession { binding: sha256(binding.as_bytes()) };
        let possession = [record, transport].map(|key| envelope::sign(Typ::Device, key, &proof));
        Self { grant: card.grant.clone(), binding, possession }
    }
    /// Names it: SHA-256 of its JSON, by which phones fetch it.
    pub fn digest(&self) -> Digest {
        sha256(&serde_json::to_vec(self).expect("plain data has a JSON form"))
    }
    /// Checks all signatures and that they speak of the same device.
    pub fn verify(&self, authority: &PublicKey) -> Result<(Grant, Binding), EnvelopeError> {
        let grant: Grant = envelope::open(Typ::Grant, authority, &self.grant)?;
        let binding: Binding = envelope::open(Typ::Device, &grant.card, &self.binding)?;
        let hash = sha256(self.binding.as_bytes());
        for (key, proof) in [binding.record_key, binding.transport_key].iter().zip(&self.possession) {
            let proof: Possession = envelope::open(Typ::Device, key, proof)?;
            if proof.binding != hash {
                return Err(EnvelopeError::BadPayload);
            }
        }
        let sound = crate::seal::is_recipient(&binding.mailbox) && crate::seal::is_recipient(&binding.vault);
        if sound && binding.device == grant.device { Ok((grant, binding)) } else { Err(EnvelopeError::BadPayload) }
    }
}

/// Whether a phone may speak to this address: `https://`, or `http://` to this very machine, for tests and demos.
/// Host and port only: no user, path or query.
pub fn is_server_address(address: &str) -> bool {
    let (secure, rest) = match (address.strip_prefix("https://"), address.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return false,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse::<u16>().is_ok()),
        _ => (rest, true),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let v6 =
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).and_then(|h| h.parse::<std::net::Ipv6Addr>().ok());
    let well_formed = v6.is_some() || !host.is_empty() && host.chars().all(plain);
    let loopback = match v6 {
        Some(address) => address.is_loopback(),
        None => host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|a| a.is_loopback()),
    };
    port && well_formed && (secure || loopback)
}

/// What a recipient's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientRole {
    /// Opens cases in daily work.
    CaseWorker,
    /// Lies offline and opens cases when every other key is lost. Every catalog names one.
    Recovery,
    /// Opens courier bundles at the server.
    Intake,
}

/// An age key that phones seal to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Whose key it is, in words, for people who compare keys.
    pub name: String,
    /// What it may open.
    pub role: RecipientRole,
    /// `age1…`
    pub age: String,
}

/// Someone whose decisions on cases count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewer {
    /// Whose key it is, in words.
    pub name: String,
    /// Signs reviews.
    pub key: PublicKey,
}

/// A file that phones fetch by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What the file is.
    pub kind: PartKind,
    /// Its own name, such as the form's id.
    pub id: String,
    /// Names the file: `GET /v2/parts/{sha256}`.
    pub sha256: Digest,
    /// Length in bytes.
    pub len: u64,
}

/// What kinds of file a catalog lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A compiled questionnaire.
    Questionnaire,
    /// The service directory.
    Services,
}

/// Rules that phones follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Wrong PINs before the vault's wrap is destroyed.
    pub pin_attempts: u32,
    /// Days that sealed bytes stay on the phone after they are proven to be kept.
    pub keep_sealed_days: u32,
    /// Days that case cards stay.
    pub keep_cards_days: u32,
    /// Days without sync after which stored cases are hidden.
    pub lease_days: u32,
    /// Seconds without use after which an app should lock.
    pub lock_after_seconds: u32,
    /// Years that the server keeps records of each kind whole; a kind that is missing, or has 0, is kept for ever. After that the facts
    /// stay counted, and all that ties a record to a person goes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keep_years: BTreeMap<Kind, u32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pin_attempts: 10,
            keep_sealed_days: 30,
            keep_cards_days: 180,
            lease_days: 90,
            lock_after_seconds: 120,
            keep_years: BTreeMap::new(),
        }
    }
}

/// Keys that are being replaced. Old and new hold side by side until every phone has met the new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// Earlier operations keys, whose parcels may still be on their way.
    pub operations: Vec<PublicKey>,
    /// Further keys that may sign catalogs, beside the one that signed this: the next authority, or the last.
    pub authorities: Vec<PublicKey>,
}

/// The payload of the catalog's envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Only grows: an older catalog is refused.
    pub version: u64,
    /// Seconds since 1970 UTC. An expired catalog warns; it never stops sealing.
    pub expires: i64,
    /// Signs parcels and orders.
    pub operations: PublicKey,
    /// Whom cases are sealed to.
    pub recipients: Vec<Recipient>,
    /// Who may review records.
    pub reviewers: Vec<Reviewer>,
    /// The files that phones fetch.
    pub parts: Vec<Part>,
    /// Devices that are not trusted any more.
    pub revoked: Vec<Uuid>,
    /// Where phones sync from now on; if it is empty, where their cards say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerAddress>,
    /// Limits and times that phones follow.
    #[serde(default)]
    pub policy: Policy,
    /// Keys that come next.
    #[serde(default)]
    pub rotation: Rotation,
    /// SHA-256 of the reader page, with which a case worker opens an exported case without our program. No server gives the
    /// page out: code that sees what is sealed does not come from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<Digest>,
    /// Least version of the protocol that phones must speak; this build speaks [`PROTOCOL`].
    pub least_protocol: u32,
}

/// Version of the protocol that this build speaks.
pub const PROTOCOL: u32 = 2;

/// Which rule a catalog breaks. The old one stays in force.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum CatalogError {
    /// The envelope is not the authority's, or damaged.
    #[error("not signed by the authority: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Its version is lower than that of the catalog in force.
    #[error("older than the catalog in force")]
    Older,
    /// It has the version of the catalog in force and other content.
    #[error("another catalog of the same version")]
    Forked,
    /// It names nobody who can open cases.
    #[error("names no recovery recipient, or no case worker")]
    NoRecipient,
    /// A recipient's key is not an age key.
    #[error("names a recipient whose key is not an age key")]
    BadRecipient,
    /// It asks for a newer protocol than this build speaks.
    #[error("asks for a newer protocol")]
    NewerProtocol,
}

impl Catalog {
    /// Checks a catalog against the pinned authority and the one in force.
    pub fn verify(jws: &str, authority: &PublicKey, in_force: Option<&Catalog>) -> Result<Self, CatalogError> {
        let new: Self = envelope::open(Typ::Catalog, authority, jws)?;
        let has = |role| new.recipients.iter().any(|r| r.role == role);
        if !has(RecipientRole::CaseWorker) || !has(RecipientRole::Recovery) {
            return Err(CatalogError::NoRecipient);
        }
        if new.recipients.iter().any(|r| !crate::seal::is_recipient(&r.age)) {
            return Err(CatalogError::BadRecipient);
        }
        if new.least_protocol > PROTOCOL {
            return Err(CatalogError::NewerProtocol);
        }
        match in_force {
            Some(old) if new.version < old.version => Err(CatalogError::Older),
            Some(old) if new.version == old.version && new != *old => Err(CatalogError::Forked),
            _ => Ok(new),
        }
    }
    /// The same, signed by any of these; tells also by which. Those that the phone trusts from then on are this key and
    /// [`Rotation::authorities`].
    pub fn verify_any(
        jws: &str,
        authorities: &[PublicKey],
        in_force: Option<&Catalog>,
    ) -> Result<(Self, PublicKey), CatalogError> {
        let kid = envelope::peek(jws)?.kid;
        let signer = authorities.iter().find(|key| key.kid() == kid).ok_or(EnvelopeError::WrongKey)?;
        Ok((Self::verify(jws, signer, in_force)?, *signer))
    }
    /// The keys that sign parcels: the present one, and earlier ones while they are replaced.
    pub fn operations_keys(&self) -> Vec<PublicKey> {
        std::iter::once(self.operations).chain(self.rotation.operations.iter().copied()).collect()
    }
    /// The keys that a case is sealed to: case workers and recovery.
    pub fn sealing_keys(&self) -> Vec<&str> {
        self.recipients.iter().filter(|r| r.role != RecipientRole::Intake).map(|r| r.age.as_str()).collect()
    }
    /// The key that bundles are sealed to, if the server takes any.
    pub fn intake_key(&self) -> Option<&str> {
        self.recipients.iter().find(|r| r.role == RecipientRole::Intake).map(|r| r.age.as_str())
    }
    /// The hash of the questionnaire that new interviews use.
    pub fn questionnaire(&self, id: &str) -> Option<Digest> {
        let mut parts = self.parts.iter().filter(|p| p.kind == PartKind::Questionnaire && p.id == id);
        parts.next().map(|p| p.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(version: u64) -> Catalog {
        let recipient = |name: &str, role| Recipient { name: name.into(), role, age: crate::seal::new_identity().1 };
        Catalog {
            version,
            expires: 0,
            operations: SigningKey::from_seed([1; 32]).public(),
            recipients: vec![recipient("desk", RecipientRole::CaseWorker), recipient("safe", RecipientRole::Recovery)],
            reviewers: vec![],
            parts: vec![],
            revoked: vec![],
            servers: vec![],
            policy: Policy::default(),
            rotation: Rotation::default(),
            reader: None,
            least_protocol: 1,
        }
    }

    #[test]
    fn a_newer_catalog_of_the_authority_is_taken_and_any_other_is_refused_by_name() {
        let authority = SigningKey::generate();
        let sign = |c: &Catalog| envelope::sign(Typ::Catalog, &authority, c);
        let verify = |c: &Catalog, old: Option<&Catalog>| Catalog::verify(&sign(c), &authority.public(), old);
        let (one, two) = (catalog(1), catalog(2));
        assert_eq!(verify(&two, Some(&one)).as_ref(), Ok(&two));
        assert_eq!(verify(&two, Some(&two)).as_ref(), Ok(&two));
        assert_eq!(verify(&one, Some(&two)), Err(CatalogError::Older));
        assert_eq!(verify(&catalog(2), Some(&two)), Err(CatalogError::Forked));
        let without_recovery = Catalog { recipients: two.recipients[..1].to_vec(), ..two.clone() };
        assert_eq!(verify(&without_recovery, None), Err(CatalogError::NoRecipient));
        assert_eq!(verify(&Catalog { least_protocol: 9, ..two.clone() }, None), Err(CatalogError::NewerProtocol));
        let stranger = envelope::sign(Typ::Catalog, &SigningKey::generate(), &two);
        assert!(matches!(Catalog::verify(&stranger, &authority.public(), None), Err(CatalogError::Envelope(_))));
    }

    #[test]
    fn a_phone_speaks_plain_http_to_its_own_machine_only() {
        for good in [
            "https://tabara.example",
            "https://10.0.0.7:8443",
            "http://127.0.0.1:80",
            "http://localhost:8080",
            "http://[::1]:9",
        ] {
            assert!(is_server_address(good), "{good}");
        }
        for bad in [
            "",
            "tabara.example",
            "http://tabara.example",
            "http://127.0.0.1.evil.example",
            "https://a@b",
            "https://a/b",
            "https://a:b",
            "https://",
            "http://10.0.0.7",
            "ftp://localhost",
        ] {
            assert!(!is_server_address(bad), "{bad}");
        }
    }

    #[test]
    fn authorities_hand_over_through_a_catalog_that_the_old_one_signs() {
        let (old, new) = (SigningKey::generate(), SigningKey::generate());
        let sign = |key, catalog: &Catalog| envelope::sign(Typ::Catalog, key, catalog);
        let both =
            Catalog { rotation: Rotation { authorities: vec![new.public()], ..Rotation::default() }, ..catalog(2) };
        let (_, signer) = Catalog::verify_any(&sign(&old, &both), &[old.public()], None).unwrap();
        assert_eq!(signer, old.public());
        let trusted = [signer, new.public()];
        assert_eq!(Catalog::verify_any(&sign(&new, &catalog(3)), &trusted, Some(&both)).unwrap().1, new.public());
        let stranger = SigningKey::generate();
        let refused = Catalog::verify_any(&sign(&stranger, &catalog(3)), &trusted, Some(&both));
        assert_eq!(refused, Err(CatalogError::Envelope(EnvelopeError::WrongKey)));
    }

    #[test]
    fn a_card_is_read_back_with_line_breaks_and_refused_when_forged() {
        let (authority, seed) = (SigningKey::generate(), SigningKey::generate());
        let grant = grant(Uuid::new_v4(), &seed);
        let mut card = card(&authority, &grant, &seed);
        let broken = card.text().as_bytes().chunks(40).map(|l| String::from_utf8_lossy(l) + "\r\n").collect::<String>();
        assert_eq!(EnrolmentCard::parse(&broken).map(|(_, g)| g), Ok(grant));
        let text = card.text();
        let (half, rest) = text.split_at(text.len() / 2);
        for sent in [
            format!("\u{feff}{half}\u{200b}\u{ad}{rest}\u{200e}"),
            format!("Dear Anna, your card begins with TABARA2. Scan it or paste this:\n\n{text}\n\nRegards, the team"),
            format!("> {half}\n>  {rest}\n> \n> Sent from my phone"),
            format!("\u{201c}{text}\u{201d}."),
        ] {
            assert_eq!(EnrolmentCard::parse(&sent).map(|(read, _)| read.text()).ok(), Some(text.clone()), "{sent:?}");
        }
        card.authority = SigningKey::generate().public();
        assert!(matches!(EnrolmentCard::parse(&card.text()), Err(CardError::BadGrant)));
        assert!(matches!(EnrolmentCard::parse("TABARA2.!"), Err(CardError::Unreadable)));
    }

    fn grant(device: Uuid, card: &SigningKey) -> Grant {
        Grant {
            device,
            role: DeviceRole::FocalPoint,
            organisation: "IOM".into(),
            commune: "BI-CO-04-02".into(),
            area: Area::Commune,
            servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: None }],
            expires: 9,
            card: card.public(),
        }
    }

    fn card(authority: &SigningKey, grant: &Grant, seed: &SigningKey) -> EnrolmentCard {
        let signed = envelope::sign(Typ::Grant, authority, grant);
        EnrolmentCard { grant: signed, seed: Digest(*seed.seed()), authority: authority.public() }
    }

    #[test]
    fn a_card_whose_address_or_pin_was_changed_is_not_the_authoritys() {
        let (authority, seed) = (SigningKey::generate(), SigningKey::generate());
        let good = grant(Uuid::new_v4(), &seed);
        let thief = ServerAddress { url: "https://thief.example".into(), pin: Some(Digest([9; 32])) };
        let redirected = Grant { servers: vec![thief], ..good.clone() };
        // the thief has the card and its seed, and not the authority's key
        let forged = card(&SigningKey::generate(), &redirected, &seed);
        let forged = EnrolmentCard { authority: authority.public(), ..forged };
        assert!(matches!(EnrolmentCard::parse(&forged.text()), Err(CardError::BadGrant)));
        for servers in [vec![], vec![ServerAddress { url: "http://tabara.example".into(), pin: None }]] {
            let unreachable = card(&authority, &Grant { servers, ..good.clone() }, &seed);
            assert!(matches!(EnrolmentCard::parse(&unreachable.text()), Err(CardError::BadGrant)));
        }
    }

    #[test]
    fn a_chain_holds_only_from_the_right_authority_to_the_same_device_whose_keys_all_sign() {
        let (authority, seed, device) = (SigningKey::generate(), SigningKey::generate(), Uuid::new_v4());
        let [record, transport] = [(); 2].map(|()| SigningKey::generate());
        let card = card(&authority, &grant(device, &seed), &seed);
        let (mailbox, vault) = (crate::seal::new_identity().1, crate::seal::new_identity().1);
        let (record_key, transport_key) = (record.public(), transport.public());
        let keys = Binding { device, record_key, transport_key, mailbox, vault };
        let chain = Chain::bind(&card, &keys, &record, &transport);
        let holds = |chain: &Chain| chain.verify(&authority.public()).is_ok();
        assert!(holds(&chain) && chain.verify(&seed.public()).is_err());
        let other = Binding { device: Uuid::new_v4(), ..keys.clone() };
        assert!(!holds(&Chain::bind(&card, &other, &record, &transport)), "another device");
        let stolen = EnrolmentCard { seed: Digest([1; 32]), ..card.clone() };
        assert!(!holds(&Chain::bind(&stolen, &keys, &record, &transport)), "without the card's seed");
        let thief = SigningKey::generate();
        assert!(!holds(&Chain::bind(&card, &keys, &thief, &transport)), "a record key of somebody else");
        assert!(!holds(&Chain::bind(&card, &keys, &record, &thief)), "a transport key of somebody else");
        let elsewhere =
            Chain::bind(&card, &Binding { vault: keys.mailbox.clone(), ..keys.clone() }, &record, &transport);
        assert!(!holds(&Chain { possession: elsewhere.possession, ..chain }), "a proof for another binding");
        let unsealable = Binding { vault: "age1nonsense".into(), ..keys };
        assert!(!holds(&Chain::bind(&card, &unsealable, &record, &transport)));
    }

    #[test]
    fn a_card_covers_its_province_and_a_team_or_hotline_the_country() {
        for area in [Area::Commune, Area::BorderPost] {
            assert!(area.covers("BI-CO-04-02", "BI-CO-04-01") && !area.covers("BI-CO-04-02", "BI-CO-01-01"));
        }
        for area in [Area::MobileTeam, Area::Hotline] {
            assert!(area.covers("BI-CO-04-02", "BI-CO-01-01"));
        }
    }
}
