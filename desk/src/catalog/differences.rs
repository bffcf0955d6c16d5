//! What changes from one catalog to the next, in words, and who can open cases then.

use super::POLICY;
use crate::texts::TEXTS;
use std::collections::{BTreeMap, BTreeSet};
use tabara_forms::say;
use tabara_forms::xlsform::Phrase;
use tabara_protocol::catalog::{Catalog, Part, RecipientRole, ServerAddress, Uuid};
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::sha256;

/// One sentence for each change. `phones` names devices in words.
pub fn between(before: Option<&Catalog>, after: &Catalog, phones: &BTreeMap<Uuid, String>) -> Vec<Phrase> {
    let mut said = vec![match before {
        Some(before) => say!(TEXTS: "catalog-follows", version = after.version, earlier = before.version),
        None => say!(TEXTS: "catalog-first", version = after.version),
    }];
    let expires = civil_date(after.expires);
    said.push(match before.map(|before| civil_date(before.expires)).filter(|was| *was != expires) {
        Some(was) => say!(TEXTS: "catalog-expires-new", day = expires, was),
        None if before.is_none() => say!(TEXTS: "catalog-valid", day = expires),
        None => say!(TEXTS: "catalog-expires", day = expires),
    });
    server_keys(before, after, &mut said);
    let people = |catalog: &Catalog| -> BTreeMap<(String, String), String> {
        let aloud = |key: &str| sha256(key.as_bytes()).aloud();
        let recipients = catalog.recipients.iter().filter(|one| one.role != RecipientRole::Intake);
        let recipients = recipients.map(|one| ((role(one.role), one.name.clone()), aloud(&one.age)));
        let reviewers =
            catalog.reviewers.iter().map(|one| (("reviewer".into(), one.name.clone()), one.key.fingerprint()));
        recipients.chain(reviewers).collect()
    };
    for (kind, (role, name), was, is) in changes(&before.map(people).unwrap_or_default(), &people(after)) {
        said.push(match kind {
            Kind::Added => say!(TEXTS: "catalog-person-added", role, name, key = is),
            Kind::Removed => say!(TEXTS: "catalog-person-removed", role, name),
            Kind::Changed => say!(TEXTS: "catalog-person-changed", role, name, was, is),
        });
    }
    // the first of an id is the one that new interviews use
    let files = |catalog: &Catalog| -> BTreeMap<String, String> {
        let describe = |part: &Part| format!("{} ({} kB)", &part.sha256.to_string()[..8], part.len.div_ceil(1000));
        catalog.parts.iter().rev().map(|part| (part.id.clone(), describe(part))).collect()
    };
    for (kind, file, was, is) in changes(&before.map(files).unwrap_or_default(), &files(after)) {
        said.push(match kind {
            Kind::Added => say!(TEXTS: "catalog-file-added", file, is),
            Kind::Removed => say!(TEXTS: "catalog-file-removed", file),
            Kind::Changed => say!(TEXTS: "catalog-file-changed", file, was, is),
        });
    }
    let revoked = |catalog: &Catalog| -> BTreeSet<Uuid> { catalog.revoked.iter().copied().collect() };
    let (were, are) = (before.map(revoked).unwrap_or_default(), revoked(after));
    let name = |device: &Uuid| phones.get(device).cloned().unwrap_or_default();
    said.extend(are.difference(&were).map(|device| say!(TEXTS: "catalog-revokes", device, phone = name(device))));
    said.extend(were.difference(&are).map(|device| say!(TEXTS: "catalog-trusts", device, phone = name(device))));
    let addresses = |catalog: &Catalog| catalog.servers.iter().map(address).collect::<Vec<_>>().join(", ");
    let moved = addresses(after);
    if before.map(addresses).unwrap_or_default() != moved {
        said.push(say!(TEXTS: "catalog-servers", addresses = moved));
    }
    let (mut was, mut is) = (before.map(|c| c.policy.clone()).unwrap_or_default(), after.policy.clone());
    for (name, _, place) in &POLICY {
        let (was, is) = (*place(&mut was), *place(&mut is));
        if was != is {
            said.push(say!(TEXTS: "catalog-rule", name, was, is));
        }
    }
    let open = after.recipients.iter().filter(|one| one.role != RecipientRole::Intake);
    let names = open.map(|one| format!("{} ({})", one.name, role(one.role))).collect::<Vec<_>>().join(", ");
    said.push(say!(TEXTS: "catalog-who-opens", names));
    said
}

fn server_keys(before: Option<&Catalog>, after: &Catalog, said: &mut Vec<Phrase>) {
    let is = after.operations.fingerprint();
    match before.map(|before| before.operations.fingerprint()).filter(|was| *was != is) {
        Some(was) => said.push(say!(TEXTS: "catalog-operations-changed", was, is)),
        None if before.is_none() => said.push(say!(TEXTS: "catalog-operations", is)),
        None => {}
    }
    let intake = |catalog: &Catalog| catalog.intake_key().map(|key| sha256(key.as_bytes()).aloud());
    if let (Some(was), Some(is)) = (before.and_then(intake), intake(after))
        && was != is
    {
        said.push(say!(TEXTS: "catalog-intake-changed", was, is));
    }
    let rotation = before.map(|before| before.rotation.clone()).unwrap_or_default();
    let (were, are) = (rotation.operations.len(), after.rotation.operations.len());
    if (were, are) != (0, 0) && rotation.operations != after.rotation.operations {
        said.push(say!(TEXTS: "catalog-earlier-keys", count = are));
    }
    for key in after.rotation.authorities.iter().filter(|key| !rotation.authorities.contains(key)) {
        said.push(say!(TEXTS: "catalog-authority-added", key = key.fingerprint()));
    }
    for key in rotation.authorities.iter().filter(|key| !after.rotation.authorities.contains(key)) {
        said.push(say!(TEXTS: "catalog-authority-removed", key = key.fingerprint()));
    }
}

fn role(role: RecipientRole) -> String {
    crate::files::word(&role)
}

fn address(server: &ServerAddress) -> String {
    let certificate = server.pin.map(|pin| format!(" ({})", pin.aloud()));
    format!("{}{}", server.url, certificate.unwrap_or_default())
}

enum Kind {
    Added,
    Removed,
    Changed,
}

fn changes<K: Ord + Clone>(
    before: &BTreeMap<K, String>,
    after: &BTreeMap<K, String>,
) -> Vec<(Kind, K, String, String)> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let change = |key: &K| match (before.get(key), after.get(key)) {
        (Some(was), Some(is)) if was == is => None,
        (Some(was), Some(is)) => Some((Kind::Changed, key.clone(), was.clone(), is.clone())),
        (Some(was), None) => Some((Kind::Removed, key.clone(), was.clone(), String::new())),
        (None, is) => Some((Kind::Added, key.clone(), String::new(), is.cloned().unwrap_or_default())),
    };
    keys.into_iter().filter_map(change).collect()
}
