use super::super::double::{self, StillClock, Store as Secrets};
use super::*;
use crate::catalog::{Catalog, Part, PartKind, Policy, Recipient, RecipientRole};
use crate::envelope::{self, Digest, SigningKey, Typ, sha256};
use crate::error::{NotFoundItem, PhoneFile};
use crate::record::{News, Reason, Update};
use crate::vault::VaultError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;

const MARCH: i64 = 1_772_323_200; // 2026-03-01
const DAY: i64 = 86_400;

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
        double::enrol(&phone.open(true), &phone.authority);
        phone
    }
    fn open(&self, may_be_new: bool) -> Mailbox {
        Mailbox::open(self.folder.path(), &self.secrets, self.clock.clone(), may_be_new).unwrap()
    }
    fn pass(&self, days: i64) {
        self.clock.pass(Duration::from_secs((days * DAY) as u64));
    }
    fn catalog(&self, version: u64, parts: Vec<Part>, rotation: &[&SigningKey]) -> String {
        let recipient = |role| Recipient { name: "r".into(), role, age: crate::seal::new_identity().1 };
        let mut catalog = Catalog {
            version,
            expires: MARCH,
            operations: self.authority.public(),
            recipients: vec![recipient(RecipientRole::CaseWorker), recipient(RecipientRole::Recovery)],
            reviewers: vec![],
            parts,
            revoked: vec![],
            servers: vec![],
            policy: Policy::default(),
            rotation: Default::default(),
            reader: None,
            least_protocol: 2,
        };
        catalog.rotation.authorities = rotation.iter().map(|key| key.public()).collect();
        envelope::sign(Typ::Catalog, &self.authority, &catalog)
    }
}

fn learn(mailbox: &Mailbox, server: i64, fresh: bool) {
    mailbox.settle(|books| books.learn_time(server, fresh)).unwrap();
}

fn keep(mailbox: &Mailbox, jws: &str, index: u64, reason: Option<Reason>) {
    let leaf = ProvenLeaf { index, hash: Digest([1; 32]), day: "2026-03-01" };
    assert!(mailbox.settle(|books| books.keep(&sha256(jws.as_bytes()), leaf, reason, false)).unwrap());
}

fn post(mailbox: &Mailbox, names: &[&str]) -> Vec<Uuid> {
    let post = |name: &&str| {
        let id = Uuid::new_v4();
        mailbox.post(id, Some(&[7; 100]), |seq| format!("{name} {seq}")).unwrap();
        id
    };
    names.iter().map(post).collect()
}

fn waiting(mailbox: &Mailbox) -> Vec<Uuid> {
    mailbox.waiting(9, usize::MAX).unwrap().iter().map(|o| o.record).collect()
}

#[test]
fn who_the_phone_is_survives_and_a_second_card_counts_anew_beside_the_first() {
    let phone = Phone::new();
    let first = phone.open(false).enrolment().unwrap();
    assert_eq!(first.servers[0].pin, Some(Digest([3; 32])));
    assert!(first.introduction.chain.verify(&first.authorities[0]).is_ok());
    let mailbox = phone.open(false);
    let [one] = post(&mailbox, &["a"])[..] else { unreachable!() };
    double::enrol(&mailbox, &phone.authority);
    let [two] = post(&mailbox, &["b"])[..] else { unreachable!() };
    let second = mailbox.enrolment().unwrap();
    assert_ne!(second.device, first.device);
    let introduced = mailbox.introductions(false).unwrap();
    assert_eq!(introduced, [(second.id, second.introduction), (first.id, first.introduction)]);
    assert_eq!(mailbox.identities().unwrap().len(), 2, "an answer to the first card can still be opened");
    let sent = mailbox.waiting(9, usize::MAX).unwrap();
    assert_eq!(sent.iter().map(|o| (o.record, o.jws.as_str())).collect::<Vec<_>>(), [(one, "a 1"), (two, "b 1")]);
}

#[test]
fn what_was_sealed_under_another_authority_waits_for_a_card_of_it() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let [ours] = post(&mailbox, &["a"])[..] else { unreachable!() };
    // a stranger's card sends its own records alone, and none of its catalogs speak for the old ones
    let stranger = SigningKey::generate();
    double::enrol(&mailbox, &stranger);
    let [theirs] = post(&mailbox, &["b"])[..] else { unreachable!() };
    assert_eq!(waiting(&mailbox), [theirs]);
    assert_eq!(mailbox.introductions(false).unwrap().len(), 1);
    let told = mailbox.queue_status().unwrap();
    assert_eq!((told.records, told.for_another_card), (2, 1));
    double::enrol(&mailbox, &phone.authority);
    assert_eq!(waiting(&mailbox), [ours]);
}

#[test]
fn an_authority_that_took_over_sends_what_the_one_before_had_vouched_for() {
    let mut phone = Phone::new();
    let mailbox = phone.open(false);
    let [ours] = post(&mailbox, &["a"])[..] else { unreachable!() };
    let next = SigningKey::generate();
    mailbox.settle(|books| books.take_catalog(&phone.catalog(1, vec![], &[&next]))).unwrap();
    phone.authority = next;
    mailbox.settle(|books| books.take_catalog(&phone.catalog(2, vec![], &[]))).unwrap();
    double::enrol(&mailbox, &phone.authority);
    assert_eq!(waiting(&mailbox), [ours]);
}

#[test]
fn records_wait_in_order_within_limits_and_leave_with_their_verdicts() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let ids = post(&mailbox, &["a", "b", "c", "d"]);
    let of = |found: Vec<Outgoing>| found.iter().map(|o| o.record).collect::<Vec<_>>();
    assert_eq!(of(mailbox.waiting(2, usize::MAX).unwrap()), ids[..2]);
    assert_eq!(of(mailbox.waiting(9, 1).unwrap()), ids[..1]);
    keep(&mailbox, "a 1", 5, None);
    mailbox.settle(|books| books.refuse(&sha256(b"b 2"), Reason::Oversize, MARCH)).unwrap();
    keep(&mailbox, "c 3", 6, Some(Reason::UnknownCode));
    assert_eq!(waiting(&mailbox), ids[3..]);
    assert_eq!(mailbox.queue_status().unwrap().refused, [Refusal { record: ids[1], reason: Reason::Oversize }]);
    assert_eq!(
        [0, 2].map(|at| mailbox.status(ids[at]).unwrap()),
        [RecordStatus::Kept, RecordStatus::Quarantined(Reason::UnknownCode)]
    );
    mailbox.settle(|books| books.accept(ids[2])).unwrap();
    assert_eq!(mailbox.status(ids[2]).unwrap(), RecordStatus::Kept);
}

#[test]
fn what_was_refused_gets_another_chance_after_a_week_after_a_repair_and_when_asked_for() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    let [record] = post(&mailbox, &["a"])[..] else { unreachable!() };
    let refuse = || mailbox.settle(|books| books.refuse(&sha256(b"a 1"), Reason::Malformed, MARCH)).unwrap();
    assert!(refuse());
    phone.pass(6);
    mailbox.retry_refused().unwrap();
    assert!(waiting(&mailbox).is_empty());
    phone.pass(1);
    mailbox.retry_refused().unwrap();
    assert_eq!(waiting(&mailbox), [record]);
    assert!(refuse());
    mailbox.settle(|books| books.retry_refused()).unwrap();
    assert_eq!(waiting(&mailbox), [record]);
    assert!(refuse());
    assert!(mailbox.send_again(record).unwrap());
    assert_eq!(waiting(&mailbox), [record]);
    assert!(!mailbox.send_again(Uuid::new_v4()).unwrap());
}

#[test]
fn a_chain_that_the_server_lost_is_told_again_before_a_record_counts_as_refused() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    post(&mailbox, &["a"]);
    let me = mailbox.enrolment().unwrap().id;
    mailbox.settle(|books| books.introduced(&[me], Some("receipt"))).unwrap();
    assert_eq!(mailbox.introductions(false).unwrap(), []);
    let refuse = || mailbox.settle(|books| books.refuse(&sha256(b"a 1"), Reason::NoChain, MARCH)).unwrap();
    assert!(!refuse(), "it waits, and the chain goes first");
    assert_eq!(mailbox.introductions(false).unwrap()[0].1.receipt.as_deref(), Some("receipt"));
    assert!(refuse());
}

#[test]
fn copies_stay_for_their_days_after_the_leaf_was_proven_and_while_it_is_in_doubt() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    learn(&mailbox, MARCH, true);
    let ids = post(&mailbox, &["a", "b", "c"]);
    keep(&mailbox, "a 1", 1, None);
    keep(&mailbox, "b 2", 2, None);
    mailbox.settle(|books| books.lost_from(2)).unwrap();
    keep(&mailbox, "b 2", 2, None);
    mailbox.settle(|books| books.doubt_below(2)).unwrap();
    phone.pass(31);
    learn(&mailbox, MARCH + 31 * DAY, true);
    mailbox.apply_retention().unwrap();
    let here = |record| mailbox.settle(|books| books.kept_jws(record)).unwrap().is_some();
    assert_eq!(ids[..2].iter().map(|id| here(*id)).collect::<Vec<_>>(), [true, false]);
    assert_eq!(waiting(&mailbox), ids[2..]);
    // the doubted one is proven; the other is lost, and nobody has it any more
    mailbox.settle(|books| books.proven(1, Some(Digest([1; 32])))).unwrap();
    mailbox.settle(|books| books.doubt_below(9).and_then(|()| books.proven(2, None))).unwrap();
    assert_eq!(mailbox.queue_status().unwrap().lost, 1);
    mailbox.settle(|books| books.proven(1, Some(Digest([1; 32])))).unwrap();
    mailbox.apply_retention().unwrap();
    assert!(!here(ids[0]));
}

/// RT-02: a server's clock 31 or 181 days ahead, for one sync.
#[test]
fn a_server_that_lies_about_the_time_erases_nothing() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    learn(&mailbox, MARCH, true);
    let ids = post(&mailbox, &["a"]);
    keep(&mailbox, "a 1", 1, None);
    for days in [31, 181, 4000] {
        phone.clock.pass(Duration::from_secs(60));
        learn(&mailbox, MARCH + days * DAY, true);
        mailbox.apply_retention().unwrap();
        assert!(mailbox.settle(|books| books.kept_jws(ids[0])).unwrap().is_some(), "{days} days");
    }
    // set right again, time goes on from there
    learn(&mailbox, MARCH + 300, true);
    assert_eq!(mailbox.now().unwrap(), MARCH + 300);
}

/// Field 5: the phone's clock a year ahead for one start of the app; then with a server that joins in.
#[test]
fn a_phones_clock_that_leaps_ahead_moves_a_month_at_most_and_erases_nothing() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    learn(&mailbox, MARCH, true);
    let ids = post(&mailbox, &["a"]);
    keep(&mailbox, "a 1", 1, None);
    drop(mailbox);
    phone.clock.unix.store(MARCH + 400 * DAY, Ordering::SeqCst);
    let mailbox = phone.open(false);
    phone.clock.pass(Duration::from_secs(60));
    // over a restart no more than 31 days are seen to pass, and the calendar is told
    assert_eq!(mailbox.now().unwrap(), MARCH + 31 * DAY + 60);
    assert!(mailbox.calendar_error().unwrap() > 300 * DAY);
    assert_eq!(mailbox.told_time().unwrap(), MARCH);
    mailbox.apply_retention().unwrap();
    assert!(mailbox.settle(|books| books.kept_jws(ids[0])).unwrap().is_some());
    // a server that tells the same time does not erase before the phone itself has seen the days pass
    let seen = mailbox.own_time();
    assert!(seen <= 31 * DAY + 60);
    learn(&mailbox, MARCH + 400 * DAY, true);
    assert!(mailbox.calendar_error().unwrap().abs() < DAY);
}

#[test]
fn a_phone_that_lives_offline_follows_its_clock_from_day_to_day() {
    let phone = Phone::new();
    learn(&phone.open(false), MARCH, true);
    for _ in 0..5 {
        phone.pass(20);
        phone.open(false);
    }
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 100 * DAY);
    // behind: time does not go back
    phone.clock.unix.store(0, Ordering::SeqCst);
    let mailbox = phone.open(false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 100 * DAY);
}

#[test]
fn time_is_the_servers_and_a_file_is_a_lower_bound() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    assert_eq!((mailbox.now().unwrap(), mailbox.has_learned().unwrap()), (MARCH, false));
    learn(&mailbox, MARCH + DAY, true);
    phone.clock.pass(Duration::from_secs(60));
    assert_eq!(mailbox.now().unwrap(), MARCH + DAY + 60);
    // someone turns the phone's clock: the run goes on by the monotonic clock
    phone.clock.unix.store(0, Ordering::SeqCst);
    assert_eq!(mailbox.now().unwrap(), MARCH + DAY + 60);
    // a parcel of yesterday moves nothing back
    learn(&mailbox, MARCH, false);
    assert_eq!(mailbox.now().unwrap(), MARCH + DAY + 60);
    learn(&mailbox, MARCH + 5 * DAY, false);
    assert_eq!(mailbox.now().unwrap(), MARCH + 5 * DAY);
    assert_eq!(mailbox.told_time().unwrap(), MARCH + 5 * DAY);
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
    let take = |jws: &str| mailbox.settle(|books| books.take_catalog(jws));
    take(&phone.catalog(1, vec![part(b"old")], &[])).unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), []);
    assert!(matches!(mailbox.take_part(b"stranger"), Err(VaultError::NotFound(NotFoundItem::CatalogFile))));
    mailbox.take_part(b"old").unwrap();
    take(&phone.catalog(2, vec![part(b"new")], &[])).unwrap();
    assert_eq!(mailbox.missing_parts().unwrap(), [part(b"new")]);
    mailbox.drop_parts(&[]).unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), [("screening".into(), sha256(b"old"))]);
    mailbox.take_part(b"new").unwrap();
    assert_eq!(mailbox.questionnaires().unwrap(), [("screening".into(), sha256(b"new"))]);
    mailbox.drop_parts(&[sha256(b"old")]).unwrap();
    assert_eq!(mailbox.part(&sha256(b"old")).unwrap().as_deref(), Some(&b"old"[..]));
    mailbox.drop_parts(&[]).unwrap();
    assert_eq!(mailbox.part(&sha256(b"old")).unwrap(), None);
    assert!(matches!(take(&phone.catalog(1, vec![], &[])), Err(VaultError::Catalog(_))));
    // RT-33
    phone.pass(1);
    assert!(mailbox.queue_status().unwrap().catalog_expired);
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
    post(&mailbox, &["a"]);
    mailbox.store.write(|t| Ok(t.pragma_update(None, "user_version", 99)?)).unwrap();
    drop(mailbox);
    let opened = Mailbox::open(phone.folder.path(), &phone.secrets, phone.clock.clone(), false);
    assert!(matches!(opened, Err(VaultError::Newer)));
}

#[test]
fn an_update_that_only_a_later_version_knows_is_passed_over() {
    let told = r#"[{"position":3,"record":"00000000-0000-0000-0000-000000000000","news":"gift","of":[1]},
        {"position":4,"record":"00000000-0000-0000-0000-000000000000","news":"withdrawn"}]"#;
    let updates: Vec<Update> = crate::envelope::from_json(told.as_bytes()).unwrap();
    let news: Vec<_> = updates.into_iter().map(|update| update.news).collect();
    assert_eq!(news, [News::Other, News::Withdrawn { jws: None }]);
}

#[test]
fn the_log_of_deeds_counts_each_record_once_and_leaves_after_its_days() {
    let phone = Phone::new();
    let mailbox = phone.open(false);
    learn(&mailbox, MARCH, true);
    let ids = post(&mailbox, &["a", "b"]);
    let both = || {
        let leaf = ProvenLeaf { index: 1, hash: Digest([1; 32]), day: "2026-03-01" };
        let keep = |books: &Books, jws: &[u8]| books.keep(&sha256(jws), leaf, None, false);
        mailbox.settle(|books| keep(books, b"a 1").and_then(|_| keep(books, b"b 2"))).unwrap();
    };
    both();
    // the server was restored, and gets them again
    mailbox.settle(|books| books.lost_from(0)).unwrap();
    both();
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
    let contact = |days: i64| {
        phone.pass(days);
        learn(&mailbox, mailbox.now().unwrap(), true);
        mailbox.apply_retention().unwrap();
    };
    contact(31);
    assert_eq!(deeds(&mailbox)[0], (31 * DAY, ActivityKind::Purged, 1));
    contact(150);
    assert_eq!(deeds(&mailbox), [(31 * DAY, ActivityKind::Purged, 1)]);
}
