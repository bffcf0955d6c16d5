use super::super::double::{StillClock, Store as Secrets};
use super::*;
use crate::catalog::{Binding, Catalog, Chain, EnrolmentCard, Grant, Part, PartKind, Policy, Recipient, RecipientRole};
use crate::clock::Clock as _;
use crate::envelope::{self, Digest, SigningKey, Typ, sha256};
use crate::error::{NotFoundItem, PhoneFile};
use crate::record::{IntakeOutcome, News, Reason, Update, Updates};
use crate::vault::VaultError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;

const MARCH: i64 = 1_772_323_200; // 2026-03-01

struct Phone {
    folder: tempfile::TempDir,
    secrets: Secrets,
    clock: Arc<StillClock>,
    authority: SigningKey,
}

impl Phone {
    fn new() -> Self {
        let phone = Self {
            folder: tempfile::tempdir().unwrap(),
            secrets: Secrets::default(),
            clock: Arc::new(StillClock::at(MARCH)),
            authority: SigningKey::generate(),
        };
        phone.enrol(&phone.open(true));
        phone
    }
    fn open(&self, may_be_new: bool) -> Mailbox {
        Mailbox::open(self.folder.path(), &self.secrets, self.clock.clone(), may_be_new).unwrap()
    }
    fn enrol(&self, mailbox: &Mailbox) {
        let (seed, device) = (SigningKey::generate(), Uuid::new_v4());
        let (organisation, commune) = ("IOM".to_owned(), "BI-CO-04-02".to_owned());
        let grant = Grant { device, organisation, commune, expires: MARCH, card: seed.public() };
        let transport = SigningKey::generate();
        let binding =
            Binding { device, record_key: SigningKey::generate().public(), transport_key: transport.public() };
        let chain = Chain {
            grant: envelope::sign(Typ::Grant, &self.authority, &grant),
            binding: envelope::sign(Typ::Device, &seed, &binding),
        };
        let card = EnrolmentCard {
            grant: chain.grant.clone(),
            seed: Digest(*seed.seed()),
            authority: self.authority.public(),
            server: "https://tabara.example".into(),
            pin: Some(Digest([3; 32])),
        };
        mailbox.enrol(&card, &grant, &chain, &transport, 1).unwrap();
    }
    fn catalog(&self, version: u64, parts: Vec<Part>) -> String {
        let recipient = |role| Recipient { name: "r".into(), role, age: crate::seal::new_identity().1 };
        let catalog = Catalog {
            version,
            expires: MARCH,
            operations: self.authority.public(),
            recipients: vec![recipient(RecipientRole::CaseWorker), recipient(RecipientRole::Recovery)],
            reviewers: vec![],
            parts,
            revoked: vec![],
            policy: Policy::default(),
            rotation: Default::default(),
            least_protocol: 1,
        };
        envelope::sign(Typ::Catalog, &self.authority, &catalog)
    }
}

fn kept(record: Uuid, position: u64) -> Applied {
    let (outcome, receipt, epoch) = (IntakeOutcome::Accepted, "receipt".into(), Uuid::nil());
    Applied::Kept { record, outcome, reason: None, receipt, position, epoch }
}

fn post(mailbox: &Mailbox, count: usize) -> Vec<Uuid> {
    let ids: Vec<_> = (0..count).map(|_| Uuid::new_v4()).collect();
    for id in &ids {
        mailbox.post(*id, Some(&[7; 100]), |seq| format!("jws {seq}")).unwrap();
    }
    ids
}

#[test]
fn who_the_phone_is_survives_and_a_second_card_counts_anew_beside_the_first() {
    let phone = Phone::new();
    let first = phone.open(false).enrolment().unwrap();
    assert_eq!(first.pin, Some(Digest([3; 32])));
    assert!(first.chain.verify(&first.authorities[0]).is_ok());
    let mailbox = phone.open(false);
    let [one] = post(&mailbox, 1)[..] else { unreachable!() };
    phone.enrol(&mailbox);
    let [two] = post(&mailbox, 1)[..] else { unreachable!() };
    let second = mailbox.enrolment().unwrap();
    assert_eq!(second.older, [first.chain]);
    assert_ne!(second.device, first.device);
    let waiting = mailbox.waiting(0, 9, usize::MAX).unwrap();
    assert_eq!(
        waiting.iter().map(|o| (o.record, o.jws.as_str())).collect::<Vec<_>>(),
        [(one, "jws 1"), (two, "jws 1")]
    );
}

#[test]
fn records_wait_in_order_within_limits_and_leave_with_their_verdicts() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let ids = post(&mailbox, 4);
    let of = |found: Vec<Outgoing>| found.iter().map(|o| o.record).collect::<Vec<_>>();
    assert_eq!(of(mailbox.waiting(0, 2, usize::MAX).unwrap()), ids[..2]);
    assert_eq!(of(mailbox.waiting(2, 9, usize::MAX).unwrap()), ids[2..]);
    assert_eq!(of(mailbox.waiting(0, 9, 1).unwrap()), ids[..1]);
    let refused = Applied::Refused { record: ids[1], reason: Reason::Oversize };
    mailbox.apply(&[kept(ids[0], 5), refused.clone()]).unwrap();
    assert_eq!(of(mailbox.waiting(0, 9, usize::MAX).unwrap()), ids[2..]);
    let told = mailbox.queue_status().unwrap();
    assert_eq!((told.records, told.refused), (2, vec![Refusal { record: ids[1], reason: Reason::Oversize }]));
    assert_eq!(mailbox.retry_refused(1).unwrap(), 0);
    assert_eq!(mailbox.retry_refused(2).unwrap(), 1);
    assert_eq!(of(mailbox.waiting(0, 9, usize::MAX).unwrap()), ids[1..]);
}

#[test]
fn a_restored_server_gets_back_what_is_still_here_and_nothing_leaves_before_its_days() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let ids = post(&mailbox, 2);
    mailbox.learn_time(MARCH).unwrap();
    mailbox.apply(&[kept(ids[0], 1), kept(ids[1], 2)]).unwrap();
    mailbox.apply_retention().unwrap();
    let offers = mailbox.kept().unwrap();
    mailbox.send_again(&[ids[1]]).unwrap();
    let sent = &mailbox.waiting(0, 9, usize::MAX).unwrap()[0];
    assert!(sent.sealed.is_some() && sent.jws == "jws 2");
    assert_eq!(offers[1], Offer { position: 2, ..sent.offer() });
    assert_eq!(mailbox.waiting(0, 9, usize::MAX).unwrap()[0].record, ids[1]);
    // thirty days and a second later: the kept one is gone, the waiting one is not
    phone.clock.pass(Duration::from_secs(30 * 86_400 + 1));
    mailbox.learn_time(phone.clock.unix()).unwrap();
    mailbox.apply_retention().unwrap();
    assert_eq!(mailbox.kept().unwrap(), []);
    assert_eq!(mailbox.waiting(0, 9, usize::MAX).unwrap().len(), 1);
    assert!(mailbox.has(ids[0]).unwrap());
    mailbox.send_again(&[ids[0]]).unwrap();
    assert_eq!(mailbox.waiting(0, 9, usize::MAX).unwrap().len(), 1);
}

#[test]
fn a_new_catalog_lists_an_old_questionnaire_until_the_new_one_is_here() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let part = |bytes: &[u8]| Part {
        kind: PartKind::Questionnaire,
        id: "screening".into(),
        sha256: sha256(bytes),
        len: bytes.len() as u64,
    };
    mailbox.take_catalog(&phone.catalog(1, vec![part(b"old")])).unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), []);
    assert!(matches!(mailbox.take_part(b"stranger"), Err(VaultError::NotFound(NotFoundItem::CatalogFile))));
    mailbox.take_part(b"old").unwrap();
    mailbox.take_catalog(&phone.catalog(2, vec![part(b"new")])).unwrap();
    assert_eq!(mailbox.missing_parts().unwrap(), [part(b"new")]);
    mailbox.drop_parts(&[]).unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), [("screening".into(), sha256(b"old"))]);
    mailbox.take_part(b"new").unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), [("screening".into(), sha256(b"new"))]);
    mailbox.drop_parts(&[sha256(b"old")]).unwrap();
    assert_eq!(mailbox.part(&sha256(b"old")).unwrap().as_deref(), Some(&b"old"[..]));
    mailbox.drop_parts(&[]).unwrap();
    assert_eq!(mailbox.part(&sha256(b"old")).unwrap(), None);
    assert!(matches!(mailbox.take_catalog(&phone.catalog(1, vec![])), Err(VaultError::Catalog(_))));
}

#[test]
fn time_is_the_servers_and_never_goes_back() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH);
    // the phone is a day behind
    mailbox.learn_time(MARCH + 86_400).unwrap();
    phone.clock.pass(Duration::from_secs(60));
    assert_eq!(mailbox.now().unwrap(), MARCH + 86_460);
    // someone turns the phone's clock: the run goes on by the monotonic clock
    phone.clock.unix.store(0, Ordering::SeqCst);
    assert_eq!(mailbox.now().unwrap(), MARCH + 86_460);
    // after a restart of a phone that does not tell when it started the calendar is all there is, but time does not go back
    drop(mailbox);
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 86_400);
    drop(mailbox);
    phone.clock.unix.store(600, Ordering::SeqCst);
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 86_400 + 600);
    // and a calendar that was set years ahead counts a month at most
    drop(mailbox);
    phone.clock.unix.store(MARCH, Ordering::SeqCst);
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 86_400 + 600 + 31 * 86_400);
}

#[test]
fn sync_state_and_updates_are_kept_and_an_update_comes_once() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    assert_eq!(mailbox.sync_state().unwrap(), SyncState::default());
    let state = SyncState { epoch: Some(Uuid::nil()), chain_known: true, reoffer: true, cursor: 1, order: None };
    mailbox.set_sync_state(&state).unwrap();
    let review = Update { position: 4, record: Uuid::nil(), news: News::Review { jws: "a.b.c".into() } };
    mailbox.take_updates(&[review.clone(), review], 4).unwrap();
    assert_eq!(phone.open(false).sync_state().unwrap(), SyncState { cursor: 4, ..state });
    // a new card has a new chain
    phone.enrol(&mailbox);
    assert!(!mailbox.sync_state().unwrap().chain_known);
}

#[test]
fn a_missing_counter_or_a_missing_file_is_damage() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    assert_eq!(mailbox.count_attempt().unwrap(), 1);
    assert_eq!(mailbox.count_attempt().unwrap(), 2);
    mailbox.reset_attempts().unwrap();
    assert_eq!(mailbox.pin_guard().unwrap().wrong, 0);
    mailbox.store.write(|t| Ok(t.execute("DELETE FROM guard", [])?)).unwrap();
    assert!(matches!(mailbox.count_attempt(), Err(VaultError::Damaged(PhoneFile::Mailbox))));
    assert!(matches!(mailbox.pin_guard(), Err(VaultError::Damaged(PhoneFile::Mailbox))));
    drop(mailbox);
    std::fs::remove_file(phone.folder.path().join("mailbox.db")).unwrap();
    let opened = Mailbox::open(phone.folder.path(), &phone.secrets, phone.clock.clone(), false);
    assert!(matches!(opened, Err(VaultError::Damaged(PhoneFile::Mailbox))));
}

#[test]
fn a_newer_mailbox_is_left_as_it_is() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    post(&mailbox, 1);
    mailbox.store.write(|t| Ok(t.pragma_update(None, "user_version", 99)?)).unwrap();
    drop(mailbox);
    let opened = Mailbox::open(phone.folder.path(), &phone.secrets, phone.clock.clone(), false);
    assert!(matches!(opened, Err(VaultError::Newer)));
}

#[test]
fn what_became_of_a_record_is_noted_with_it_and_what_was_taken_back_elsewhere_is_erased() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    phone.enrol(&mailbox);
    let records = [Uuid::new_v4(), Uuid::new_v4()];
    for record in records {
        mailbox.post(record, Some(b"sealed"), |seq| format!("jws {seq}")).unwrap();
    }
    let kept = |record: Uuid, reason: Option<Reason>| Applied::Kept {
        record,
        outcome: reason.map_or(IntakeOutcome::Accepted, |_| IntakeOutcome::Quarantined),
        reason,
        receipt: "receipt".into(),
        position: 1,
        epoch: Uuid::nil(),
    };
    mailbox.apply(&[kept(records[0], None), kept(records[1], Some(Reason::UnknownCode))]).unwrap();
    assert_eq!(
        records.map(|r| mailbox.status(r).unwrap()),
        [RecordStatus::Kept, RecordStatus::Quarantined(Reason::UnknownCode)]
    );
    let update = |position, record, news| Update { position, record, news };
    let updates = [
        update(7, records[0], News::Withdrawn),
        update(7, records[1], News::Decision { accept: true }),
        update(8, records[1], News::Other),
    ];
    mailbox.take_updates(&updates, 8).unwrap();
    assert_eq!(records.map(|r| mailbox.status(r).unwrap()), [RecordStatus::Withdrawn, RecordStatus::Kept]);
    assert_eq!(mailbox.kept().unwrap().iter().map(|o| o.record).collect::<Vec<_>>(), [records[1]]);
}

#[test]
fn an_update_that_only_a_later_version_knows_is_passed_over() {
    let told = r#"{"updates":[{"position":3,"record":"00000000-0000-0000-0000-000000000000","news":"gift","of":[1]},
        {"position":4,"record":"00000000-0000-0000-0000-000000000000","news":"withdrawn"}],"cursor":9}"#;
    let updates: Updates = crate::envelope::from_json(told.as_bytes()).unwrap();
    assert_eq!(updates.updates.into_iter().map(|u| u.news).collect::<Vec<_>>(), [News::Other, News::Withdrawn]);
}

#[test]
fn the_log_of_deeds_counts_each_record_once_and_leaves_after_its_days() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let ids = post(&mailbox, 2);
    mailbox.learn_time(MARCH).unwrap();
    mailbox.apply(&[kept(ids[0], 1), kept(ids[1], 2)]).unwrap();
    // the server was restored, and gets them again
    mailbox.send_again(&ids).unwrap();
    mailbox.apply(&[kept(ids[0], 1), kept(ids[1], 2)]).unwrap();
    mailbox.erase(ids[0]).unwrap();
    let deeds = |mailbox: &Mailbox| -> Vec<_> {
        mailbox.activities(0).unwrap().iter().map(|a| (a.at - MARCH, a.kind, a.records)).collect()
    };
    let told = [
        (0, ActivityKind::Purged, 1),
        (0, ActivityKind::Sent, 2),
        (0, ActivityKind::Finished, 1),
        (0, ActivityKind::Finished, 1),
    ];
    assert_eq!(deeds(&mailbox), told);
    let days = 31 * 86_400;
    phone.clock.pass(Duration::from_secs(days));
    mailbox.learn_time(phone.clock.unix()).unwrap();
    mailbox.apply_retention().unwrap();
    assert_eq!(deeds(&mailbox)[0], (days as i64, ActivityKind::Purged, 1));
    phone.clock.pass(Duration::from_secs(150 * 86_400));
    mailbox.learn_time(phone.clock.unix()).unwrap();
    mailbox.apply_retention().unwrap();
    assert_eq!(deeds(&mailbox), [(days as i64, ActivityKind::Purged, 1)]);
}
