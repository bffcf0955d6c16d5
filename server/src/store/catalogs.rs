//! Catalogs and the files that they name.

use super::error::{Result, StoreError};
use super::transaction::{Reading, Writing};
use crate::store::entry::EntryKind;
use rusqlite::{OptionalExtension as _, params};
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::{self, Digest, PublicKey};
use tabara_protocol::wire::Introduction;

impl Reading<'_> {
    /// The JWS of the catalog in force.
    pub fn catalog(&self) -> Result<Option<String>> {
        Ok(self.last_of(EntryKind::Catalog)?.map(|(_, jws)| jws))
    }

    /// The JWS of every catalog, the oldest first.
    pub fn catalogs(&self) -> Result<Vec<String>> {
        let mut query = self.0.prepare("SELECT body FROM entry WHERE kind = ?1 AND kind <> 2 ORDER BY position")?;
        Ok(query.query_map([EntryKind::Catalog as i64], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The catalog in force, if it can be read.
    pub fn catalog_in_force(&self) -> Result<Option<Catalog>> {
        Ok(self.catalog()?.and_then(|jws| envelope::stored(&jws).ok()))
    }

    /// The keys with which this server signs, or signed before, as the catalog in force names them.
    pub fn operations_keys(&self) -> Result<Vec<PublicKey>> {
        Ok(self.catalog_in_force()?.map(|catalog| catalog.operations_keys()).unwrap_or_default())
    }

    /// The key of a reviewer whom the catalog in force names, by its thumbprint.
    pub fn reviewer(&self, kid: &str) -> Result<Option<PublicKey>> {
        let reviewers = self.catalog_in_force()?.map(|catalog| catalog.reviewers).unwrap_or_default();
        Ok(reviewers.into_iter().map(|reviewer| reviewer.key).find(|key| key.kid() == kid))
    }

    /// A file by its hash: one that a catalog names, or the chain of a phone.
    pub fn part(&self, sha256: Digest) -> Result<Option<Vec<u8>>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM part WHERE sha256 = ?1")?;
        let file = query.query_row([sha256.0], |r| r.get(0)).optional()?;
        if file.is_some() {
            return Ok(file);
        }
        let sql = "SELECT position, body FROM entry WHERE position = (SELECT position FROM binding WHERE chain = ?1)";
        let body = |r: &rusqlite::Row| Ok((r.get(0)?, r.get(1)?));
        let found: Option<(u64, String)> = self.0.prepare_cached(sql)?.query_row([sha256.0], body).optional()?;
        let Some((position, body)) = found else { return Ok(None) };
        let Introduction { chain, .. } = serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position })?;
        Ok(serde_json::to_vec(&chain).ok())
    }
}

impl Writing<'_> {
    /// Keeps a file.
    pub fn keep_part(&self, sha256: Digest, bytes: &[u8]) -> Result<()> {
        self.0.0.execute("INSERT OR IGNORE INTO part VALUES (?1, ?2)", params![sha256.0, bytes])?;
        Ok(())
    }
}
