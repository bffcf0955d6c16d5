//! What the server forwards: referrals to this phone's organisation, later steps of referrals, and the chains of those who
//! signed them. What is sealed stays sealed here, so that it can be erased while the vault is locked.

use super::bundles::Books;
use super::enrolment::authorities;
use super::file::Mailbox;
use crate::catalog::{Binding, Chain, DeviceRole, Grant};
use crate::envelope::{self, Digest, sha256};
use crate::vault::error::VaultError;
use crate::vault::store::{parsed, rows};
use crate::wire::providers_digest;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

/// A step of a referral as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Its place among all that came.
    pub id: i64,
    /// The referral's first record.
    pub referral: Uuid,
    /// Names the chain of who signed it.
    pub chain: Digest,
    /// The record; none: the referral is no longer wanted.
    pub jws: Option<String>,
    /// What was sealed to this phone.
    pub sealed: Option<Vec<u8>>,
}

fn forwarded(r: &Row) -> rusqlite::Result<Forwarded> {
    Ok(Forwarded { id: r.get(0)?, referral: parsed(r, 1)?, chain: parsed(r, 2)?, jws: r.get(3)?, sealed: r.get(4)? })
}

impl Books<'_> {
    /// These are the chains of all providers' devices that count.
    pub fn note_providers(&self, chains: &[Digest]) -> Result<(), VaultError> {
        self.t.execute("UPDATE chain SET listed = 0", [])?;
        let sql = "INSERT INTO chain (sha256, listed) VALUES (?1, 1) ON CONFLICT (sha256) DO UPDATE SET listed = 1";
        for chain in chains {
            self.t.prepare_cached(sql)?.execute([chain.to_string()])?;
        }
        let unused = "DELETE FROM chain WHERE NOT listed AND sha256 NOT IN (SELECT chain FROM forwarded)";
        Ok(self.t.execute(unused, []).map(drop)?)
    }
    /// Keeps a step of a referral, once.
    pub fn keep_forwarded(
        &self,
        referral: Uuid,
        jws: &str,
        chain: &Digest,
        sealed: Option<&[u8]>,
    ) -> Result<(), VaultError> {
        let chain = chain.to_string();
        self.t.execute("INSERT OR IGNORE INTO chain (sha256, listed) VALUES (?1, 0)", [&chain])?;
        let sql = "INSERT OR IGNORE INTO forwarded (hash, referral, chain, jws, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
        let hash = sha256(jws.as_bytes()).to_string();
        Ok(self.t.execute(sql, params![hash, referral.to_string(), chain, jws, sealed]).map(drop)?)
    }
    /// A referral is no longer wanted: what came of it is erased at once. The vault hears of it when it is open.
    pub fn recall(&self, referral: Uuid) -> Result<(), VaultError> {
        let erased = self.t.execute("DELETE FROM forwarded WHERE referral = ?1", [referral.to_string()])?;
        self.erased.set(self.erased.get() + erased);
        let sql = "INSERT OR IGNORE INTO forwarded (hash, referral, chain) VALUES (?1, ?1, ?2)";
        Ok(self.t.execute(sql, params![referral.to_string(), Digest([0; 32]).to_string()]).map(drop)?)
    }
    /// The phone was revoked: all that was sealed to it goes.
    pub fn forget_forwarded(&self) -> Result<(), VaultError> {
        self.erased.set(self.erased.get() + self.t.execute("DELETE FROM forwarded", [])?);
        Ok(())
    }
    /// Keeps a chain that is wanted; passes over any other file.
    pub fn take_chain(&self, bytes: &[u8]) -> Result<(), VaultError> {
        take_chain(self.t, bytes)
    }
}

impl Mailbox {
    /// Names the list of providers' chains that is known here; none before the first.
    pub fn known_providers(&self) -> Result<Option<Digest>, VaultError> {
        let mut listed: Vec<Digest> =
            self.store.read(|c| rows(c, "SELECT sha256 FROM chain WHERE listed", [], |r| parsed(r, 0)))?;
        listed.sort_unstable();
        Ok((!listed.is_empty()).then(|| providers_digest(&listed)))
    }
    /// Chains that are named and not here yet.
    pub fn missing_chains(&self) -> Result<Vec<Digest>, VaultError> {
        self.store.read(|c| rows(c, "SELECT sha256 FROM chain WHERE chain IS NULL", [], |r| parsed(r, 0)))
    }
    /// Keeps a chain that was fetched.
    pub fn take_chain(&self, bytes: &[u8]) -> Result<(), VaultError> {
        self.store.write(|t| take_chain(t, bytes))
    }
    /// Who signs under a chain, if it is here and leads to an authority that is trusted.
    pub fn signer(&self, chain: &Digest) -> Result<Option<(Grant, Binding)>, VaultError> {
        self.store.read(|c| {
            let sql = "SELECT chain FROM chain WHERE sha256 = ?1 AND chain IS NOT NULL";
            let json: Option<String> = c.query_row(sql, [chain.to_string()], |r| r.get(0)).optional()?;
            Ok(match json.and_then(|json| serde_json::from_str::<Chain>(&json).ok()) {
                Some(chain) => authorities(c)?.iter().find_map(|authority| chain.verify(authority).ok()),
                None => None,
            })
        })
    }
    /// Providers' devices that count, by organisation, as their cards say. Nothing is verified yet.
    pub fn reachable(&self) -> Result<Vec<(String, Uuid)>, VaultError> {
        Ok(self.providers()?.into_iter().map(|(_, grant)| (grant.organisation, grant.device)).collect())
    }
    /// The devices of an organisation that a referral is sealed to: those for which the authority vouches.
    pub fn devices_of(&self, organisation: &str) -> Result<Vec<Binding>, VaultError> {
        let mut found = Vec::new();
        for (chain, _) in self.providers()?.into_iter().filter(|(_, grant)| grant.organisation == organisation) {
            found.extend(self.signer(&chain)?.map(|(_, binding)| binding));
        }
        Ok(found)
    }
    /// The chains of providers' devices that count, with the cards in them. Nothing is verified yet.
    fn providers(&self) -> Result<Vec<(Digest, Grant)>, VaultError> {
        let revoked = self.catalog()?.map(|(_, catalog)| catalog.revoked).unwrap_or_default();
        let sql = "SELECT sha256, chain FROM chain WHERE listed AND chain IS NOT NULL";
        let chains: Vec<(Digest, String)> =
            self.store.read(|c| rows(c, sql, [], |r| Ok((parsed(r, 0)?, r.get(1)?))))?;
        let grant = |(digest, json): (Digest, String)| {
            let chain: Chain = serde_json::from_str(&json).ok()?;
            Some((digest, envelope::stored::<Grant>(&chain.grant).ok()?))
        };
        let counts = |grant: &Grant| grant.role == DeviceRole::Provider && !revoked.contains(&grant.device);
        Ok(chains.into_iter().filter_map(grant).filter(|(_, grant)| counts(grant)).collect())
    }
    /// Steps that the vault has not taken yet and whose signer is known by now, in the order they came.
    pub fn forwarded(&self, most: usize) -> Result<Vec<Forwarded>, VaultError> {
        let sql = "SELECT id, referral, chain, jws, sealed FROM forwarded WHERE NOT opened
                   AND (jws IS NULL OR chain IN (SELECT sha256 FROM chain WHERE chain IS NOT NULL)) ORDER BY id LIMIT ?1";
        self.store.read(|c| rows(c, sql, [most], forwarded))
    }
    /// The vault has taken a step. What is sealed in a referral's first record stays here (`keep`), to be opened when it is
    /// asked for.
    pub fn taken(&self, id: i64, keep: bool) -> Result<(), VaultError> {
        let sql =
            if keep { "UPDATE forwarded SET opened = 1 WHERE id = ?1" } else { "DELETE FROM forwarded WHERE id = ?1" };
        self.store.write(|t| Ok(t.execute(sql, [id]).map(drop)?))
    }
    /// The first record of a referral, with what is sealed in it, if it is still here.
    pub fn first_of(&self, referral: Uuid) -> Result<Option<Forwarded>, VaultError> {
        let sql = "SELECT id, referral, chain, jws, sealed FROM forwarded WHERE referral = ?1 AND opened";
        self.store.read(|c| Ok(c.query_row(sql, [referral.to_string()], forwarded).optional()?))
    }
    /// Erases what was forwarded: of one referral, or all.
    pub fn erase_forwarded(&self, referral: Option<Uuid>) -> Result<(), VaultError> {
        let sql = "DELETE FROM forwarded WHERE ?1 IS NULL OR referral = ?1";
        let referral = referral.map(|id| id.to_string());
        if self.store.write(|t| Ok(t.execute(sql, [referral])?))? > 0 {
            self.store.rebuild()?;
        }
        Ok(())
    }
}

fn take_chain(t: &Connection, bytes: &[u8]) -> Result<(), VaultError> {
    let Ok(json) = std::str::from_utf8(bytes) else { return Ok(()) };
    let sql = "UPDATE chain SET chain = ?2 WHERE sha256 = ?1 AND chain IS NULL";
    Ok(t.execute(sql, [sha256(bytes).to_string().as_str(), json]).map(drop)?)
}
