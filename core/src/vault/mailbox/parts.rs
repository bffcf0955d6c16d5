//! The catalog in force, and the files that it names.

use super::enrolment::authorities;
use super::file::Mailbox;
use crate::catalog::{Catalog, Part, PartKind, Policy};
use crate::envelope::{Digest, PublicKey, sha256};
use crate::error::NotFoundItem;
use crate::vault::error::VaultError;
use crate::vault::store::{parsed, rows};
use rusqlite::{Connection, OptionalExtension as _, params};

impl Mailbox {
    /// The catalog in force.
    pub fn catalog(&self) -> Result<Option<(String, Catalog)>, VaultError> {
        self.store.read(catalog)
    }
    /// The policy in force; the default before the first catalog.
    pub fn policy(&self) -> Result<Policy, VaultError> {
        Ok(self.catalog()?.map(|(_, catalog)| catalog.policy).unwrap_or_default())
    }
    /// Parts that the catalog names and that are not here yet.
    pub fn missing_parts(&self) -> Result<Vec<Part>, VaultError> {
        self.store.read(|c| {
            let Some((_, catalog)) = catalog(c)? else { return Ok(vec![]) };
            let mut here = c.prepare("SELECT 1 FROM part WHERE sha256 = ?1")?;
            let mut missing = Vec::new();
            for part in catalog.parts {
                if !here.exists([part.sha256.to_string()])? {
                    missing.push(part);
                }
            }
            Ok(missing)
        })
    }
    /// Keeps a part, under its hash.
    pub fn take_part(&self, bytes: &[u8]) -> Result<(), VaultError> {
        if self.store.write(|t| take_part(t, bytes))? {
            Ok(())
        } else {
            Err(VaultError::NotFound(NotFoundItem::CatalogFile))
        }
    }
    /// The files that are here: parts and chains.
    pub fn part_hashes(&self) -> Result<Vec<Digest>, VaultError> {
        let sql = "SELECT sha256 FROM part UNION SELECT sha256 FROM chain WHERE chain IS NOT NULL";
        self.store.read(|c| rows(c, sql, [], |r| parsed(r, 0)))
    }
    /// The bytes of a part.
    pub fn part(&self, hash: &Digest) -> Result<Option<Vec<u8>>, VaultError> {
        let sql = "SELECT bytes FROM part WHERE sha256 = ?1";
        self.store.read(|c| Ok(c.query_row(sql, [hash.to_string()], |r| r.get(0)).optional()?))
    }
    /// For each questionnaire of the catalog the newest version that is here.
    pub fn questionnaires(&self) -> Result<Vec<(String, Digest)>, VaultError> {
        self.store.read(|c| {
            let Some((_, catalog)) = catalog(c)? else { return Ok(vec![]) };
            let mut found = Vec::new();
            for part in catalog.parts.iter().filter(|p| p.kind == PartKind::Questionnaire) {
                let sql = "SELECT sha256 FROM part WHERE questionnaire = ?1 ORDER BY sha256 = ?2 DESC, n DESC LIMIT 1";
                let newest =
                    c.query_row(sql, params![part.id, part.sha256.to_string()], |r| parsed(r, 0)).optional()?;
                found.extend(newest.map(|hash| (part.id.clone(), hash)));
            }
            Ok(found)
        })
    }
    /// Drops parts that neither the catalog nor a draft needs, once nothing of the catalog is missing.
    pub fn drop_parts(&self, pinned: &[Digest]) -> Result<(), VaultError> {
        if !self.missing_parts()?.is_empty() {
            return Ok(());
        }
        self.store.write(|t| {
            let Some((_, catalog)) = catalog(t)? else { return Ok(()) };
            let needed: Vec<_> = catalog.parts.iter().map(|p| p.sha256).chain(pinned.iter().copied()).collect();
            for hash in rows(t, "SELECT sha256 FROM part", [], |r| parsed::<Digest>(r, 0))? {
                if !needed.contains(&hash) {
                    t.execute("DELETE FROM part WHERE sha256 = ?1", [hash.to_string()])?;
                }
            }
            Ok(())
        })
    }
}

/// Checks a catalog against the authority and the one in force, and puts it in force.
pub(super) fn take_catalog(t: &Connection, jws: &str) -> Result<Catalog, VaultError> {
    let (old, trusted) = (catalog(t)?.map(|(_, catalog)| catalog), authorities(t)?);
    let (new, signer) = Catalog::verify_any(jws, &trusted, old.as_ref())?;
    let keys =
        |keys: &mut dyn Iterator<Item = &PublicKey>| keys.map(PublicKey::to_string).collect::<Vec<_>>().join(" ");
    // an authority that took over vouches for the cards of the one before
    let sql = "UPDATE enrolment SET authority = ?1 WHERE instr(?2, authority)";
    t.execute(sql, [signer.to_string(), keys(&mut trusted.iter())])?;
    let trusted = keys(&mut std::iter::once(&signer).chain(&new.rotation.authorities));
    t.execute("UPDATE server SET catalog = ?1, authority = ?2", [jws, &trusted])?;
    Ok(new)
}

/// Keeps a part, if the catalog names it.
pub(super) fn take_part(t: &Connection, bytes: &[u8]) -> Result<bool, VaultError> {
    let hash = sha256(bytes);
    let parts = catalog(t)?.map(|(_, catalog)| catalog.parts).unwrap_or_default();
    let Some(named) = parts.iter().find(|part| part.sha256 == hash) else { return Ok(false) };
    let questionnaire = (named.kind == PartKind::Questionnaire).then_some(&named.id);
    t.execute(
        "INSERT OR IGNORE INTO part (sha256, questionnaire, bytes) VALUES (?1, ?2, ?3)",
        params![hash.to_string(), questionnaire, bytes],
    )?;
    Ok(true)
}

pub(super) fn catalog(c: &Connection) -> Result<Option<(String, Catalog)>, VaultError> {
    let jws: Option<String> = c.query_row("SELECT catalog FROM server", [], |r| r.get(0)).optional()?.flatten();
    let Some(jws) = jws else { return Ok(None) };
    let (catalog, _) = Catalog::verify_any(&jws, &authorities(c)?, None)?;
    Ok(Some((jws, catalog)))
}
