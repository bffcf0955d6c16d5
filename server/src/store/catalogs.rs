//! Catalogs and the files that they name.

use super::error::Result;
use super::transaction::{Reading, Writing};
use crate::entry::EntryKind;
use rusqlite::{OptionalExtension as _, params};
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::{self, Digest, PublicKey};

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

    /// The key of a reviewer whom the catalog in force names, by its thumbprint.
    pub fn reviewer(&self, kid: &str) -> Result<Option<PublicKey>> {
        let reviewers = self.catalog_in_force()?.map(|catalog| catalog.reviewers).unwrap_or_default();
        Ok(reviewers.into_iter().map(|reviewer| reviewer.key).find(|key| key.kid() == kid))
    }

    /// A file by its hash.
    pub fn part(&self, sha256: Digest) -> Result<Option<Vec<u8>>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM part WHERE sha256 = ?1")?;
        Ok(query.query_row([sha256.0], |r| r.get(0)).optional()?)
    }
}

impl Writing<'_> {
    /// Keeps a file.
    pub fn keep_part(&self, sha256: Digest, bytes: &[u8]) -> Result<()> {
        self.0.0.execute("INSERT OR IGNORE INTO part VALUES (?1, ?2)", params![sha256.0, bytes])?;
        Ok(())
    }
}
