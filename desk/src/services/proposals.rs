//! What providers said of themselves in their answers to referrals, as a proposal for the directory: no free place, a free one again,
//! other opening hours. Nobody is named in it, and nothing is taken by itself: somebody calls the provider, then imports the table.

use crate::case::Proof;
use crate::error::Result;
use crate::export;
use crate::inbox::{self, InboxRefusal};
use crate::texts::Texts;
use std::path::Path;
use tabara_protocol::case_export::{Author, CaseExport};
use tabara_protocol::catalog::DeviceRole;
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::Kind;
use tabara_protocol::referral::Status;
use tabara_protocol::services::{Directory, Service};
use tabara_protocol::share::ReferralNote;

/// What a provider's device said with an answer.
pub(super) struct Told {
    received: i64,
    organisation: String,
    /// Code of the fact `service_type`.
    service: String,
    status: Status,
    note: ReferralNote,
}

/// What providers said in the files of a folder, the oldest first, and the files that cannot be read.
pub(super) fn told(folder: &Path, identity: &str, proof: Proof) -> Result<(Vec<Told>, Vec<InboxRefusal>)> {
    let read = |held: &CaseExport, _: &str| {
        Ok(export::entries(held, identity, proof)?.into_iter().filter_map(of_provider).collect())
    };
    let (mut all, refused) = inbox::each(folder, read)?;
    all.sort_by_key(|told| told.received);
    Ok((all, refused))
}

fn of_provider(entry: export::ShownEntry) -> Option<Told> {
    let record = entry.record.filter(|record| record.kind == Kind::Referral)?;
    let organisation = match entry.author? {
        Author::Phone { grant, revoked: false } if grant.role == DeviceRole::Provider => grant.organisation,
        _ => return None,
    };
    let (route, received) = (record.route?, entry.held.received);
    let note = entry.opened.and_then(|opened| ReferralNote::of(&opened.case.answers)).unwrap_or_default();
    Some(Told { received, organisation, service: route.service, status: route.status, note })
}

/// The directory as it would be, with each service that changes as it was before. The last word of a provider counts.
pub(super) fn proposed(directory: &Directory, told: &[Told]) -> (Vec<Service>, Vec<(Service, Service)>) {
    let mut services = directory.services().to_vec();
    for service in &mut services {
        let before = service.clone();
        let offers = |told: &&Told| told.organisation == service.organisation && service.offers.contains(&told.service);
        for told in told.iter().filter(offers) {
            match (&told.note, told.status) {
                (ReferralNote { full: true, .. }, _) => service.capacity = Some(0),
                // who takes somebody has room again, but nobody counted
                (_, Status::Accepted) if service.capacity == Some(0) => service.capacity = None,
                _ => {}
            }
            if let Some(hours) = &told.note.hours {
                service.hours.clone_from(hours);
            }
            let day = civil_date(told.received).to_string();
            if (service.capacity, &service.hours) != (before.capacity, &before.hours) && service.verified < day {
                service.verified = day;
            }
        }
        if (service.capacity, &service.hours) == (before.capacity, &before.hours) {
            *service = before;
        }
    }
    let changed = directory.services().iter().zip(&services).filter(|(before, after)| before != after);
    let changed = changed.map(|(before, after)| (before.clone(), after.clone())).collect();
    (services, changed)
}

/// A line for each service that changes.
pub(super) fn text(changed: &[(Service, Service)], texts: &Texts) -> String {
    let mut lines = Vec::new();
    for (before, after) in changed {
        let mut line = |what: String| {
            let of = [
                ("day", &after.verified),
                ("organisation", &after.organisation),
                ("service", &after.name),
                ("what", &what),
            ];
            lines.push(texts.get("services-proposed", &of.map(|(name, text)| (name, text.as_str().into()))));
        };
        match (before.capacity, after.capacity) {
            (before, after) if before == after => {}
            (_, Some(0)) => line(texts.say("services-proposed-full")),
            _ => line(texts.say("services-proposed-room")),
        }
        if before.hours != after.hours {
            let hours = [("hours", after.hours.as_str().into()), ("was", before.hours.as_str().into())];
            line(texts.get("services-proposed-hours", &hours));
        }
    }
    if lines.is_empty() {
        lines.push(texts.say("services-proposed-none"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_provider_counts_and_only_for_what_was_asked() {
        let service = |name: &str, offers: &str, capacity| {
            serde_json::json!({ "id": Service::id_of("Clinic", name, "BI"), "organisation": "Clinic", "name": name,
                "place": "BI", "offers": [offers], "capacity": capacity, "hours": "24/7" })
        };
        let list = serde_json::json!([service("Beds", "sv_shelter", 4), service("Care", "sv_medical", 0)]);
        let directory = Directory::read(list.to_string().as_bytes()).unwrap();
        let told = |day: i64, service: &str, status, note| Told {
            received: day * 86_400,
            organisation: "Clinic".into(),
            service: service.into(),
            status,
            note,
        };
        let full = || ReferralNote { full: true, ..ReferralNote::default() };
        let hours = ReferralNote { hours: Some("mo-fr 08:00-12:00".into()), ..ReferralNote::default() };
        let said = [
            told(20_000, "sv_shelter", Status::Declined, full()),
            told(20_001, "sv_medical", Status::Accepted, hours),
            told(20_002, "sv_legal", Status::Declined, full()),
        ];
        let (services, changed) = proposed(&directory, &said);
        let now: Vec<_> = services.iter().map(|s| (s.capacity, s.hours.as_str(), s.verified.as_str())).collect();
        assert_eq!(now, [(Some(0), "24/7", "2024-10-04"), (None, "mo-fr 08:00-12:00", "2024-10-05")]);
        let french = text(&changed, &Texts::new("fr").unwrap());
        assert_eq!(french.lines().count(), 3, "{french}");
        assert!(french.contains("mo-fr 08:00-12:00"), "{french}");
        // a free bed again: what is as before is no proposal
        let again =
            [told(20_000, "sv_shelter", Status::Declined, full()), told(20_003, "sv_medical", Status::Sent, full())];
        assert_eq!(proposed(&directory, &again).1.len(), 1);
        assert_eq!(proposed(&directory, &[]).1, []);
    }
}
