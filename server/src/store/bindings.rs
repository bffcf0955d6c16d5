//! Phones and their keys.

use super::error::{Result, StoreError};
use super::transaction::{Reading, Writing};
use crate::store::entry::{EntryKind, EntryPayload};
use rusqlite::{OptionalExtension as _, Row, params};
use tabara_protocol::catalog::{Area, DeviceRole};
use tabara_protocol::envelope::{Digest, PublicKey};
use tabara_protocol::kind::Reason;
use tabara_protocol::log::verdict::Sender;
use tabara_protocol::record::{Order, Uuid};
use tabara_protocol::wire::{MAX_PROVIDERS, Standing};

/// The keys of a phone, as its chain binds them to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Position of the chain in the log.
    pub position: u64,
    pub device: Uuid,
    pub record_key: PublicKey,
    pub transport_key: PublicKey,
    /// Parcels are sealed to this age key.
    pub mailbox: String,
    /// Where its owner works.
    pub area: Area,
    pub commune: String,
    pub organisation: String,
    /// It belongs to a provider of that organisation.
    pub is_provider: bool,
    /// The first of its card, or accepted by the operator, be it revoked or not.
    pub accepted: bool,
    pub standing: Standing,
}

impl Binding {
    /// As the rules for verdicts see it.
    pub fn sender(&self) -> Sender<'_> {
        Sender {
            binding: self.position,
            standing: self.standing,
            area: self.area,
            commune: &self.commune,
            organisation: &self.organisation,
            is_provider: self.is_provider,
        }
    }
}

/// A line of the list of phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub binding: Binding,
    /// Records in the log, and the highest `seq` among them.
    pub records: u64,
    pub highest_seq: u64,
    /// Records that it sent on the last day on which it was heard of.
    pub last_day: u64,
    /// Beginning of the day of its last request, seconds since 1970 UTC.
    pub seen: Option<i64>,
}

/// An order to a phone, and when the phone acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStatus {
    pub order: Order,
    pub acknowledged: Option<i64>,
}

/// What a phone has sent on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SentToday {
    pub records: u64,
    pub bytes: u64,
}

const COLUMNS: &str = "b.position, b.device, b.record_key, b.transport_key, b.mailbox, b.area, b.commune, b.waits,
    EXISTS (SELECT 1 FROM revoked r WHERE r.device = b.device), b.organisation, b.role";

fn binding(row: &Row) -> rusqlite::Result<Binding> {
    let (area, waits): (String, Option<String>) = (row.get(5)?, row.get(7)?);
    Ok(Binding {
        position: row.get(0)?,
        device: Uuid::from_bytes(row.get(1)?),
        record_key: PublicKey(row.get(2)?),
        transport_key: PublicKey(row.get(3)?),
        mailbox: row.get(4)?,
        area: serde_json::from_value(area.into()).unwrap_or_default(),
        commune: row.get(6)?,
        organisation: row.get(9)?,
        is_provider: row.get_ref(10)?.as_str()? == DeviceRole::Provider.word(),
        accepted: waits.is_none(),
        standing: match waits.as_deref().map(Reason::of) {
            _ if row.get(8)? => Standing::Revoked,
            None => Standing::Trusted,
            Some(Some(Reason::LateBinding)) => Standing::Late,
            Some(_) => Standing::Second,
        },
    })
}

impl Reading<'_> {
    /// The phone with this record key.
    pub fn by_record_key(&self, kid: &str) -> Result<Option<Binding>> {
        self.binding_where("record_kid = ?1", kid)
    }

    /// The phone with this transport key.
    pub fn by_transport_key(&self, kid: &str) -> Result<Option<Binding>> {
        self.binding_where("transport_kid = ?1", kid)
    }

    fn binding_where(&self, condition: &str, kid: &str) -> Result<Option<Binding>> {
        let mut query = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM binding b WHERE {condition}"))?;
        Ok(query.query_row([kid], binding).optional()?)
    }

    /// The binding that the chain at a position made.
    pub fn binding(&self, position: u64) -> Result<Binding> {
        let mut query = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM binding b WHERE position = ?1"))?;
        Ok(query.query_row([position], binding)?)
    }

    /// All bindings of a card, in the order they came.
    pub fn bindings_of(&self, device: Uuid) -> Result<Vec<Binding>> {
        let sql = format!("SELECT {COLUMNS} FROM binding b WHERE device = ?1 ORDER BY position");
        Ok(self.0.prepare_cached(&sql)?.query_map([device.as_bytes()], binding)?.collect::<rusqlite::Result<_>>()?)
    }

    /// The chains of all providers' devices that count, sorted.
    pub fn providers(&self) -> Result<Vec<Digest>> {
        let mut query = self.0.prepare_cached(
            "SELECT chain FROM binding WHERE role = 'provider' AND waits IS NULL
             AND device NOT IN (SELECT device FROM revoked) ORDER BY position LIMIT ?1",
        )?;
        let chains = query.query_map([MAX_PROVIDERS], |r| Ok(Digest(r.get(0)?)))?;
        let mut chains: Vec<Digest> = chains.collect::<rusqlite::Result<_>>()?;
        chains.sort_unstable();
        Ok(chains)
    }

    /// When the last binding of a card came.
    pub fn last_binding_of(&self, device: Uuid) -> Result<Option<i64>> {
        let sql = "SELECT max(e.received) FROM binding b JOIN entry e ON e.position = b.position WHERE b.device = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([device.as_bytes()], |r| r.get(0))?)
    }

    pub fn is_revoked(&self, device: Uuid) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM revoked WHERE device = ?1")?.exists([device.as_bytes()])?)
    }

    /// Bindings in all.
    pub fn count_bindings(&self) -> Result<u64> {
        Ok(self.0.prepare_cached("SELECT count(*) FROM binding")?.query_row([], |r| r.get(0))?)
    }

    /// All orders to phones, in the order they were given.
    pub fn orders(&self) -> Result<Vec<OrderStatus>> {
        let sql =
            "SELECT position, kind, body, received FROM entry WHERE kind IN (10, 11) AND kind <> 2 ORDER BY position";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([])?;
        let mut given: Vec<OrderStatus> = Vec::new();
        while let Some(row) = rows.next()? {
            let (position, body): (u64, String) = (row.get(0)?, row.get(2)?);
            let kind = EntryKind::from_number(row.get(1)?).ok_or(StoreError::Damaged { position })?;
            match EntryPayload::read(kind, &body).map_err(|_| StoreError::Damaged { position })? {
                EntryPayload::Order(order) => given.push(OrderStatus { order, acknowledged: None }),
                EntryPayload::Acknowledgement(said) => {
                    let order = given.iter_mut().find(|given| given.order.order == said.order);
                    order.into_iter().for_each(|given| given.acknowledged = row.get(3).ok());
                }
                _ => {}
            }
        }
        Ok(given)
    }

    /// What a phone has sent on a day; none if it has not been heard of on it.
    pub fn sent_on(&self, binding: u64, day: i64) -> Result<Option<SentToday>> {
        let mut query = self.0.prepare_cached("SELECT records, bytes FROM seen WHERE binding = ?1 AND day = ?2")?;
        let sent = |r: &Row| Ok(SentToday { records: r.get(0)?, bytes: r.get(1)? });
        Ok(query.query_row([binding as i64, day], sent).optional()?)
    }

    /// All phones, in the order they came.
    pub fn phones(&self) -> Result<Vec<Phone>> {
        let sql = format!(
            "SELECT {COLUMNS}, s.day,
                    (SELECT count(*) FROM entry e WHERE e.binding = b.position),
                    (SELECT ifnull(max(seq), 0) FROM entry e WHERE e.binding = b.position), ifnull(s.records, 0)
             FROM binding b LEFT JOIN seen s ON s.binding = b.position ORDER BY b.position"
        );
        let phone = |row: &Row| {
            let (seen, records, highest_seq, last_day) = (row.get(11)?, row.get(12)?, row.get(13)?, row.get(14)?);
            Ok(Phone { binding: binding(row)?, records, highest_seq, seen, last_day })
        };
        Ok(self.0.prepare(&sql)?.query_map([], phone)?.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writing<'_> {
    /// Notes that a phone was heard of on a day, and what it has sent on it so far.
    pub fn saw(&self, binding: u64, day: i64, sent: SentToday) -> Result<()> {
        let mut replace = self.0.0.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?1, ?2, ?3, ?4)")?;
        replace.execute(params![binding, day, sent.records, sent.bytes])?;
        Ok(())
    }

    pub(super) fn revoke(&self, device: Uuid, revoked: bool) -> Result<()> {
        let lift = "DELETE FROM revoked WHERE device = ?1";
        let sql = if revoked { "INSERT OR IGNORE INTO revoked VALUES (?1)" } else { lift };
        self.0.0.prepare_cached(sql)?.execute([device.as_bytes()])?;
        Ok(())
    }
}
