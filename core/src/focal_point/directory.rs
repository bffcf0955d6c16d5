//! The service directory on the phone: searched without a network and without a PIN, since a person in need cannot wait for
//! one. It says nothing about anybody.

use super::phone::{FocalPoint, Phone, lock};
use crate::catalog::PartKind;
use crate::error::{Error, NotFoundItem, Result};
use crate::services::{Directory, FoundService, HelpLine, Service, ServiceQuery, known_lines};
use crate::vault::PAGE;
use std::sync::Arc;
use uuid::Uuid;

impl FocalPoint {
    /// All services, for a page that shows where some are missing. Empty before the directory has come. Works while locked.
    pub fn directory(&self) -> Result<Arc<Directory>> {
        self.0.directory()
    }

    /// The commune of the card: where a search begins. Works while locked.
    pub fn commune(&self) -> Result<String> {
        Ok(self.0.mailbox()?.enrolment()?.commune)
    }

    /// A page of 50 services that fit, the nearest first; pages count from 0. Empty before the directory has come. Works while
    /// locked.
    pub fn find_services(&self, query: &ServiceQuery, page: u32) -> Result<Vec<FoundService>> {
        let now = self.0.mailbox()?.now()?;
        Ok(self.0.directory()?.search(query, now, (page as usize).saturating_mul(PAGE), PAGE))
    }

    /// One service of the directory. Works while locked.
    pub fn service(&self, id: Uuid) -> Result<Service> {
        self.0.directory()?.service(id).cloned().ok_or(Error::NotFound { what: NotFoundItem::Service })
    }

    /// Numbers to call at once, emergencies first: those of the directory, or else those that are built in. There before
    /// enrolment, without a PIN, and whatever has happened to the phone's files.
    pub fn help_lines(&self) -> Vec<HelpLine> {
        let lines = self.0.directory().map(|directory| directory.lines()).unwrap_or_default();
        if lines.is_empty() { known_lines() } else { lines }
    }
}

impl Phone {
    /// The directory that the catalog names, read once.
    pub(super) fn directory(&self) -> Result<Arc<Directory>> {
        let mailbox = self.mailbox()?;
        let parts = mailbox.catalog()?.map(|(_, catalog)| catalog.parts).unwrap_or_default();
        let Some(part) = parts.into_iter().find(|part| part.kind == PartKind::Services) else {
            return Ok(Arc::default());
        };
        if let Some((_, directory)) = lock(&self.directory).as_ref().filter(|(hash, _)| *hash == part.sha256) {
            return Ok(directory.clone());
        }
        let Some(bytes) = mailbox.part(&part.sha256)? else { return Ok(Arc::default()) };
        let unfit = |_| Error::NotFound { what: NotFoundItem::ServiceDirectory };
        let directory = Arc::new(Directory::read(&bytes).map_err(unfit)?);
        *lock(&self.directory) = Some((part.sha256, directory.clone()));
        Ok(directory)
    }
}
