//! Phones and their keys.

use super::error::{Result, StoreError};
use super::transaction::{Reading, Writing};
use crate::entry::{EntryKind, EntryPayload};
use rusqlite::{OptionalExtension as _, Row, params};
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::record::{Order, Uuid};

/// The keys of a phone, as its chain binds them to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Position of the chain in the log.
    pub position: u64,
    pub device: Uuid,
    pub record_key: PublicKey,
    pub transport_key: PublicKey,
    /// Another binding of the same card came first, and the operator has not accepted this one.
    pub second: bool,
    pub revoked: bool,
}

/// A line of the list of phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub binding: Binding,
    pub organisation: String,
    pub commune: String,
    /// Records in the log.
    pub records: u64,
    /// Time of its last request, seconds since 1970 UTC.
    pub seen: Option<i64>,
}

/// An order to a phone, and when the phone acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStatus {
    pub order: Order,
    pub acknowledged: Option<i64>,
}

const COLUMNS: &str = "b.position, b.device, b.record_key, b.transport_key, b.second,
    EXISTS (SELECT 1 FROM revoked r WHERE r.device = b.device)";

fn binding(row: &Row) -> rusqlite::Result<Binding> {
    Ok(Binding {
        position: row.get(0)?,
        device: Uuid::from_bytes(row.get(1)?),
        record_key: PublicKey(row.get(2)?),
        transport_key: PublicKey(row.get(3)?),
        second: row.get(4)?,
        revoked: row.get(5)?,
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

    /// All phones, in the order they came.
    pub fn phones(&self) -> Result<Vec<Phone>> {
        let sql = format!(
            "SELECT {COLUMNS}, b.organisation, b.commune, s.time,
                    (SELECT count(*) FROM entry e WHERE e.binding = b.position)
             FROM binding b LEFT JOIN seen s ON s.binding = b.position ORDER BY b.position"
        );
        let phone = |row: &Row| {
            let (organisation, commune) = (row.get(6)?, row.get(7)?);
            Ok(Phone { binding: binding(row)?, organisation, commune, seen: row.get(8)?, records: row.get(9)? })
        };
        Ok(self.0.prepare(&sql)?.query_map([], phone)?.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writing<'_> {
    /// Notes that a phone has called.
    pub fn saw(&self, binding: u64, now: i64) -> Result<()> {
        self.0.0.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?1, ?2)")?.execute(params![binding, now])?;
        Ok(())
    }

    pub(super) fn revoke(&self, device: Uuid) -> Result<()> {
        self.0.0.prepare_cached("INSERT OR IGNORE INTO revoked VALUES (?1)")?.execute([device.as_bytes()])?;
        Ok(())
    }
}
