//! A lying server, and whoever plays its answers again: every row of the table of heads, and what may never happen.

use super::house::{DAY, House, Log, MARCH, blank};
use crate::envelope::{self, SigningKey, Typ, sha256};
use crate::record::{Code, Kind, News, Order, Reason, Record, Uuid};
use crate::slip::slip_key;
use crate::sync::take::{NoAnswer, check, take};
use crate::vault::mailbox::RecordStatus;
use crate::wire::{Connected, Leaf, LeafProof, Parcel, Standing};

impl House {
    fn status(&self, record: Uuid) -> RecordStatus {
        self.mailbox.status(record).unwrap()
    }
    fn waits(&self) -> usize {
        self.mailbox.waiting(100, usize::MAX).unwrap().len()
    }
    fn copy(&self, record: Uuid) -> bool {
        self.mailbox.settle(|books| books.kept_jws(record)).unwrap().is_some()
    }
}

#[test]
fn first_contact_is_trusted_and_what_grows_from_it_is_followed() {
    let mut house = House::met();
    let records = house.post(3);
    house.log.act("another phone");
    let report = house.honest();
    assert_eq!((report.accepted, report.already_had, report.restored, report.evidence), (3, 0, false, false));
    assert!(records.iter().all(|record| house.status(*record) == RecordStatus::Kept));
    assert_eq!(house.mailbox.sync_state().unwrap().head.unwrap().head, house.log.head());
    assert!(house.bundle().len() <= 2048, "nothing new is small");
}

/// RT-13, RT-14, field 2: nobody but the operations key settles anything, and only for what was asked.
#[test]
fn an_answer_of_another_key_for_another_bundle_or_played_again_changes_nothing() {
    let mut house = House::met();
    let records = house.post(1);
    let bundle = house.bundle();
    let good = house.answer(&bundle);
    let before = house.mailbox.sync_state().unwrap();
    let refused = |parcel: &Parcel| house.take(&house.sealed(parcel), true).unwrap_err();
    let stranger = house.sealed_by(&SigningKey::generate(), &good);
    assert_eq!(house.take(&stranger, true), Err(NoAnswer::NotForUs));
    assert_eq!(refused(&Parcel { answers: sha256(b"another"), ..good.clone() }), NoAnswer::NotForUs);
    // a verdict that stands in no tree
    let mut forged = good.clone();
    forged.leaves[0].text = forged.leaves[0].text.replace("accepted", "quarantined withdrawn_code");
    assert_eq!(refused(&forged), NoAnswer::NotForUs);
    let mut damaged = house.sealed(&good);
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(house.take(&damaged, true), Err(NoAnswer::Unreadable));
    assert_eq!((house.waits(), house.mailbox.sync_state().unwrap()), (1, before));
    let file = house.sealed(&good);
    assert_eq!(house.take(&file, true).unwrap().accepted, 1);
    assert_eq!(house.status(records[0]), RecordStatus::Kept);
    assert_eq!(house.take(&file, true), Err(NoAnswer::NotForUs), "it was answered");
}

/// RT-15: also a phone that only couriers serve hears of it.
#[test]
fn after_a_restore_what_it_kept_is_proven_again_and_the_rest_is_sent_again() {
    for by_courier in [false, true] {
        let mut house = House::met();
        let below = house.post(1);
        house.honest();
        let above = house.post(2);
        house.honest();
        assert_eq!(house.mailbox.introductions(false).unwrap(), []);
        house.log.restore(2, 3);
        let bundle = if by_courier {
            house.post(1);
            house.export()
        } else {
            house.bundle()
        };
        let parcel = house.answer(&bundle);
        let report = house.take(&house.sealed(&parcel), !by_courier).unwrap();
        assert!(report.restored && !report.evidence);
        assert_eq!(house.mailbox.queue_status().unwrap().restored, Some(MARCH));
        // the chain goes with its receipt
        let next = house.open(&house.bundle());
        assert_eq!(next.prove, [1, 2]);
        assert!(next.introductions[0].receipt.is_some());
        house.pass(31);
        house.mailbox.apply_retention().unwrap();
        assert!(house.copy(below[0]) && house.copy(above[0]), "nothing is erased before it is proven");
        house.honest();
        assert_eq!(house.status(below[0]), RecordStatus::Kept);
        assert!(above.iter().all(|record| house.status(*record) == RecordStatus::Waiting));
        let report = house.honest();
        assert_eq!((report.accepted, report.restored, report.evidence), (2, false, false));
        assert!(house.open(&house.bundle()).prove.is_empty());
    }
}

#[test]
fn a_log_set_back_without_a_word_is_evidence_and_everything_is_sent_or_proven_again() {
    let mut house = House::met();
    let kept = house.post(1);
    house.honest();
    let lost = house.post(1);
    house.honest();
    let known = house.log.head();
    house.log = house.log.cut(2);
    let report = house.honest();
    assert!(report.evidence && !report.restored);
    let told = house.mailbox.queue_status().unwrap();
    assert!(told.evidence);
    let evidence = house.mailbox.sync_state().unwrap().evidence;
    assert_eq!((evidence[0].known.head, evidence[0].told.head), (known, house.log.head()));
    // the server cannot deny either of them
    for head in [&evidence[0].known, &evidence[0].told] {
        let parcel: Parcel = envelope::open(Typ::Parcel, &house.operations.public(), &head.envelope).unwrap();
        assert_eq!(parcel.head, head.head);
    }
    let next = house.open(&house.bundle());
    assert_eq!((next.prove, next.evidence), (vec![1], vec![known, house.log.head()]));
    assert_eq!(house.status(lost[0]), RecordStatus::Waiting);
    house.honest();
    // one leaf is proven, the other is beyond the tree and goes out again
    assert_eq!(house.status(kept[0]), RecordStatus::Kept);
    assert_eq!((house.status(lost[0]), house.waits()), (RecordStatus::Kept, 0));
    assert!(house.open(&house.bundle()).evidence.is_empty(), "coordinators are told once");
}

#[test]
fn another_tree_or_another_leaf_at_the_same_place_is_found_out() {
    let mut house = House::met();
    let records = house.post(1);
    house.honest();
    // another log of the same length and longer; the true proof does not help it
    for more in [0, 3] {
        let mut other = Log::default();
        (0..house.log.head().size + more).for_each(|at| other.act(&format!("other {at}")));
        let mut liar = House::met();
        liar.post(1);
        liar.honest();
        liar.log = other;
        assert!(liar.honest().evidence, "{more}");
    }
    // the leaf that the phone knows was rewritten, the record is still in it
    let size = house.log.head().size;
    house.log = house.log.cut(size - 1);
    house.log.act("in its place");
    assert!(house.honest().evidence);
    assert_eq!(house.open(&house.bundle()).prove, [1]);
    house.honest();
    assert_eq!(house.status(records[0]), RecordStatus::Waiting, "its proof is for another leaf");
    house.honest();
    assert_eq!(house.status(records[0]), RecordStatus::Kept);
}

#[test]
fn a_restore_that_hides_what_the_phone_has_seen_is_evidence() {
    let mut house = House::met();
    house.post(1);
    house.honest();
    house.log.act("another phone");
    house.honest();
    let leaf = |house: &mut House, kept, known| {
        house.log.restore(kept, known);
        house.log.proof(kept)
    };
    let hiding = leaf(&mut house, 1, 2);
    let report = house.sync(|parcel| (parcel.grown, parcel.restore) = (None, hiding));
    assert!(report.evidence && !report.restored);
}

/// A server that is forced to forget a person of last month cannot call it a restore.
#[test]
fn a_restore_that_takes_away_more_than_thirty_days_is_evidence() {
    for (days, evidence) in [(29, false), (32, true)] {
        let mut house = House::met();
        let records = house.post(1);
        house.honest();
        house.pass(days);
        house.log.restore(1, 2);
        let report = house.honest();
        assert_eq!((report.evidence, report.restored), (evidence, !evidence), "after {days} days");
        let next = [(); 3].map(|()| house.honest());
        assert!(next.iter().all(|report| !report.evidence && !report.restored), "it is told once");
        assert_eq!(next.iter().map(|report| report.accepted).sum::<u32>(), 1, "what was taken away is sent again");
        assert_eq!(house.status(records[0]), RecordStatus::Kept);
    }
}

#[test]
fn an_answer_of_before_the_last_sync_settles_its_records_and_moves_nothing_back() {
    let mut house = House::met();
    let carried = house.post(2);
    let bundle = house.export();
    let parcel = house.answer(&bundle);
    let file = house.sealed(&parcel);
    house.log.act("another phone");
    let sent = house.post(1);
    house.honest();
    let (mine, cursor) = (house.log.head(), house.mailbox.sync_state().unwrap().cursor);
    house.take(&file, false).unwrap();
    let state = house.mailbox.sync_state().unwrap();
    assert_eq!((state.head.unwrap().head, state.cursor), (mine, cursor));
    assert_eq!(state.unconnected.len(), 1);
    assert!(carried.iter().chain(&sent).all(|record| house.status(*record) == RecordStatus::Kept));
    // the next bundle asks, and the answer connects it
    let next = house.open(&house.bundle());
    assert_eq!(next.connect, [parcel.head.size]);
    assert!(!house.honest().evidence);
    assert_eq!(house.mailbox.sync_state().unwrap().unconnected, []);
}

#[test]
fn a_head_that_the_server_signed_and_cannot_connect_is_evidence() {
    let mut house = House::met();
    house.post(1);
    let bundle = house.export();
    // the courier is shown another tree
    let truth = house.log.clone();
    house.log.act("only for the courier");
    house.log.act("and this");
    let shown = house.answer(&bundle);
    let file = house.sealed(&shown);
    house.log = truth;
    house.log.act("the others");
    house.honest();
    let report = house.take(&file, false).unwrap();
    assert!(!report.evidence, "it may be a longer one");
    house.log.act("more");
    house.log.act("and more");
    assert!(house.honest().evidence);
    assert_eq!(house.mailbox.sync_state().unwrap().unconnected, []);
}

#[test]
fn two_roots_of_one_size_are_evidence_once_the_server_was_asked() {
    let mut house = House::met();
    house.post(1);
    let bundle = house.export();
    let truth = house.log.clone();
    house.log.act("only for the courier");
    let shown = house.answer(&bundle);
    let file = house.sealed(&shown);
    house.log = truth;
    house.log.act("the others");
    house.sync(|parcel| parcel.leaves.clear());
    assert_eq!(house.log.head().size, shown.head.size);
    assert!(!house.take(&file, false).unwrap().evidence, "a restore may have been between them");
    let (pending, mine) = (house.bundle(), house.mailbox.sync_state().unwrap().head.unwrap());
    assert_eq!(house.open(&pending).connect, [mine.head.size]);
    assert!(house.honest().evidence);
}

/// The courier's parcel is of before a restore, and the log has grown to the same size again since.
#[test]
fn an_old_parcel_of_the_same_size_as_a_restored_log_accuses_nobody() {
    let mut house = House::met();
    house.post(1);
    let bundle = house.export();
    house.log.act("lost");
    let carried = house.answer(&bundle);
    let (backup, file) = (house.log.cut(1), house.sealed(&carried));
    house.log.restore_from(&backup, 1, 1024);
    house.honest();
    assert_eq!(house.log.head().size, carried.head.size);
    assert!(!house.take(&file, false).unwrap().evidence);
    for _ in 0..3 {
        assert!(!house.honest().evidence);
    }
    assert_eq!((house.mailbox.sync_state().unwrap().unconnected, house.waits()), (vec![], 0));
}

/// A server that keeps two logs: the courier's continues the phone's head, and the next one continues it otherwise.
#[test]
fn a_second_log_that_a_courier_was_shown_is_found_beside_the_newest_head() {
    let mut house = House::met();
    house.post(1);
    let bundle = house.export();
    house.honest();
    let (truth, mine) = (house.log.clone(), house.log.head().size);
    house.log.act("only for the courier");
    let shown = house.answer(&bundle);
    let (file, size) = (house.sealed(&shown), shown.head.size);
    // the courier's log continues the phone's head: that is true, and says nothing of the present one
    let proof = house.log.between(mine, size).unwrap();
    house.log = truth;
    house.take(&file, false).unwrap();
    ["the others", "and more"].iter().for_each(|act| house.log.act(act));
    assert!(house.sync(|parcel| parcel.connected = vec![Connected { size, proof }]).evidence);
}

/// A phone that has seen the restore is not told it again as the reason of another loss.
#[test]
fn a_log_set_back_after_a_restore_is_evidence_although_the_restore_named_more() {
    for met_before in [true, false] {
        let mut house = House::met();
        house.honest();
        house.log.act("the others");
        if met_before {
            house.honest();
        }
        house.log.restore(1, 1024);
        let restored = house.log.clone();
        house.post(1);
        while house.mailbox.waiting(1, 0).unwrap().len() == 1 {
            house.honest();
        }
        house.log = restored;
        let report = house.honest();
        assert!(report.evidence && !report.restored, "{met_before}");
        for _ in 0..3 {
            house.honest();
        }
        assert_eq!(house.waits(), 0, "what it lost was sent again");
        assert!(house.log.head().size > 2);
    }
}

/// The wrong backup was restored first. What lies between the two is explained, and no record is lost by it.
#[test]
fn a_longer_backup_after_a_shorter_one_accuses_nobody_and_loses_nothing() {
    let mut house = House::met();
    let first = house.post(1);
    house.honest();
    ["the others", "more", "and more"].iter().for_each(|act| house.log.act(act));
    let backup = house.log.clone();
    house.honest();
    house.log.restore(1, 1024);
    for _ in 0..4 {
        house.honest();
    }
    assert_eq!(house.status(first[0]), RecordStatus::Kept);
    assert!(house.log.head().size < backup.head().size);
    house.log.restore_from(&backup, 1, 1025);
    for _ in 0..4 {
        house.honest();
    }
    let told = house.mailbox.queue_status().unwrap();
    assert!(!told.evidence && told.records == 0 && told.lost == 0);
}

#[test]
fn a_server_that_tells_an_old_time_cannot_pass_for_a_slow_courier() {
    let mut house = House::met();
    house.post(1);
    house.honest();
    house.log = house.log.cut(1);
    house.time -= 10 * DAY;
    assert!(house.honest().evidence);
}

#[test]
fn only_so_many_heads_wait_to_be_connected() {
    let mut house = House::met();
    for at in 0..12 {
        house.post(1);
        let bundle = house.export();
        house.log.act(&format!("courier {at}"));
        let parcel = house.answer(&bundle);
        let file = house.sealed(&parcel);
        house.log.act(&format!("others {at}"));
        house.sync(|parcel| parcel.connected.clear());
        // what cannot be connected is evidence; what comes after it is not connected
        house.take(&file, false).unwrap();
        assert!(house.mailbox.sync_state().unwrap().unconnected.len() <= 8);
    }
    assert!(house.open(&house.bundle()).evidence.len() <= 16);
}

/// RT-13: a withdrawal erases at once only where the person's slip, or this phone, says so.
#[test]
fn a_withdrawal_erases_at_once_only_if_it_proves_itself() {
    let mut house = House::met();
    let (code, secret) = (Code::generate(), Code::generate());
    let [hers, other] = [house.post_record(code.clone(), secret.clone()), house.post(1)[0]];
    house.honest();
    let withdrawal = |signer: &SigningKey, revises, key: Option<&SigningKey>| {
        let code = Some(code.clone());
        let mut said = Record { revises, code, ..blank(Uuid::new_v4(), Kind::Withdrawal) };
        said.proof = key.map(|key| said.agreed(key, &signer.public().kid()));
        Some(envelope::sign(Typ::Record, signer, &said))
    };
    let (stranger, slip) = (SigningKey::generate(), slip_key(&code, &secret));
    let wrong = slip_key(&code, &Code::generate());
    for jws in [
        None,
        withdrawal(&stranger, None, None),
        withdrawal(&stranger, None, Some(&wrong)),
        withdrawal(&stranger, Some(other), Some(&slip)),
    ] {
        let news = house.update(hers, News::Withdrawn { jws });
        house.sync(|parcel| parcel.updates = news);
        assert!(house.copy(hers), "not proven");
    }
    assert_eq!(house.status(hers), RecordStatus::Withdrawn, "it is marked");
    let news = house.update(other, News::Withdrawn { jws: withdrawal(&stranger, None, Some(&slip)) });
    house.sync(|parcel| parcel.updates = news);
    assert!(house.copy(other), "of another slip");
    let news = house.update(hers, News::Withdrawn { jws: withdrawal(&stranger, None, Some(&slip)) });
    house.sync(|parcel| parcel.updates = news);
    assert!(!house.copy(hers));
    let news = house.update(other, News::Withdrawn { jws: withdrawal(&house.phone.record, Some(other), None) });
    house.sync(|parcel| parcel.updates = news);
    assert!(!house.copy(other), "this phone said so");
}

/// RT-10, RT-17.
#[test]
fn an_order_holds_from_the_present_operations_key_with_notice_or_from_the_authority() {
    let mut house = House::met();
    let stolen = house.operations.clone();
    house.operations = SigningKey::generate();
    house.catalog.version += 1;
    house.catalog.operations = house.operations.public();
    house.catalog.rotation.operations = vec![stolen.public()];
    house.honest();
    let order = |signer: &SigningKey, device, wipe_by| {
        let order = Order { order: Uuid::new_v4(), device, wipe_by };
        News::Order { jws: envelope::sign(Typ::Order, signer, &order) }
    };
    let (me, soon, in_time) = (house.phone.device, MARCH + 47 * 3600, MARCH + 49 * 3600);
    let refused = [
        order(&stolen, me, in_time),
        order(&house.operations, me, soon),
        order(&house.operations, me, 0),
        order(&house.operations, Uuid::new_v4(), in_time),
        order(&SigningKey::generate(), me, in_time),
    ];
    for news in refused {
        let updates = house.update(me, news);
        house.sync(|parcel| parcel.updates = updates);
        assert_eq!(house.mailbox.order().unwrap(), None);
    }
    for (signer, wipe_by) in [(house.operations.clone(), in_time), (house.authority.clone(), 0)] {
        let updates = house.update(me, order(&signer, me, wipe_by));
        house.sync(|parcel| parcel.updates = updates);
        assert_eq!(house.mailbox.order().unwrap().unwrap().wipe_by, wipe_by);
    }
}

#[test]
fn an_order_is_acknowledged_by_bundles_until_nothing_waits() {
    let mut house = House::met();
    house.post(1);
    let me = house.phone.device;
    let order = Order { order: Uuid::new_v4(), device: me, wipe_by: 0 };
    let jws = envelope::sign(Typ::Order, &house.authority, &order);
    let updates = house.update(me, News::Order { jws });
    house.refuses = Some(Reason::Oversize);
    house.sync(|parcel| (parcel.updates, parcel.refused) = (updates, vec![]));
    assert_eq!(house.open(&house.bundle()).wiped, None, "there is a vault still");
    house.honest();
    house.refuses = None;
    house.mailbox.give_up_vault(crate::error::DestructionReason::WipeOrder, false).unwrap();
    house.mailbox.settle(|books| books.retry_refused()).unwrap();
    let wiped = house.open(&house.bundle()).wiped.unwrap();
    assert_eq!((wiped.order, wiped.waiting), (order.order, 0));
    house.honest();
    assert_eq!(house.mailbox.order().unwrap(), None);
}

/// Field 4: a server that refuses wrongly for a while strands nothing.
#[test]
fn what_was_refused_is_sent_again_after_a_new_catalog_and_to_another_server() {
    let mut house = House::met();
    let records = house.post(1);
    house.refuses = Some(Reason::BadSignature);
    assert_eq!(house.honest().refused, 1);
    assert_eq!(house.status(records[0]), RecordStatus::Refused(Reason::BadSignature));
    house.catalog.version += 1;
    assert!(house.honest().new_catalog);
    assert_eq!(house.waits(), 1);
    assert_eq!(house.honest().refused, 1);
    // the server's program is another one
    let bundle = house.bundle();
    let parcel = house.answer(&bundle);
    let file = house.sealed(&parcel);
    let checked = check(&house.mailbox, &file).unwrap().unwrap();
    take(&house.mailbox, &checked, true, Some("server 2")).unwrap();
    house.refuses = None;
    house.honest();
    assert_eq!(house.status(records[0]), RecordStatus::Kept);
}

#[test]
fn what_is_to_come_later_waits_for_its_date_and_no_server_holds_it_back_for_ever() {
    let mut house = House::met();
    let records = house.post(2);
    let held = |house: &mut House, later| {
        house.sync(|parcel| {
            parcel.leaves.clear();
            parcel.later = Some(later);
        })
    };
    assert_eq!(held(&mut house, MARCH + DAY).later, Some(MARCH + DAY));
    let told = house.mailbox.queue_status().unwrap();
    assert_eq!((told.records, told.later), (2, Some(MARCH + DAY)));
    let next = house.honest();
    assert_eq!((next.accepted, next.already_had), (0, 0), "nothing is sent before");
    house.pass(1);
    house.clock.pass(std::time::Duration::from_secs(1));
    held(&mut house, i64::MAX);
    assert_eq!(house.mailbox.sync_state().unwrap().later, Some(MARCH + 8 * DAY));
    house.pass(8);
    house.honest();
    assert!(records.iter().all(|record| house.status(*record) == RecordStatus::Kept));
    assert_eq!(house.mailbox.queue_status().unwrap().later, None);
}

#[test]
fn a_phone_whose_folder_was_put_back_takes_no_number_twice() {
    let mut house = House::met();
    let report = house.sync(|parcel| parcel.seq = 40);
    assert!(report.set_back && house.mailbox.queue_status().unwrap().set_back);
    let seq = |house: &House| {
        house.post(1);
        let sent = house.mailbox.waiting(100, usize::MAX).unwrap();
        envelope::stored::<Record>(&sent.last().unwrap().jws).unwrap().seq
    };
    assert_eq!(seq(&house), 41);
    // a number that no phone reaches uses none up
    house.sync(|parcel| parcel.seq = u64::MAX);
    house.sync(|parcel| parcel.seq = i64::MAX as u64);
    assert_eq!(seq(&house), 42);
}

/// Field 28, 38; RT-33.
#[test]
fn how_the_server_sees_the_phone_and_that_the_catalog_is_over_is_told() {
    let mut house = House::met();
    for standing in [Standing::Second, Standing::Late, Standing::Revoked, Standing::Trusted] {
        assert_eq!(house.sync(|parcel| parcel.standing = standing).standing, standing);
        assert_eq!(house.mailbox.queue_status().unwrap().standing, standing);
    }
    assert!(!house.mailbox.queue_status().unwrap().catalog_expired);
    house.pass(401);
    house.honest();
    assert!(house.mailbox.queue_status().unwrap().catalog_expired);
}

/// Field 12.
#[test]
fn a_newer_catalog_moves_the_server_without_a_new_card() {
    let mut house = House::met();
    assert_eq!(house.mailbox.servers().unwrap()[0].url, "https://tabara.example");
    house.address("https://moved.example");
    house.honest();
    assert_eq!(house.mailbox.servers().unwrap()[0].url, "https://moved.example");
}

#[test]
fn a_catalog_that_breaks_a_rule_is_told_and_the_old_one_stays() {
    let mut house = House::met();
    house.catalog.recipients.remove(1);
    house.catalog.version += 1;
    let report = house.honest();
    assert!(report.catalog_fault.is_some() && !report.new_catalog);
    assert_eq!(house.mailbox.catalog().unwrap().unwrap().1.version, 1);
}

#[test]
fn a_phone_that_was_never_online_is_set_up_by_couriers_alone() {
    let mut house = House::new();
    house.log.act("the beginning");
    let registration = house.export();
    assert!(registration.starts_with(b"{"));
    let parcel = house.registered(&registration);
    assert!(house.take(&house.sealed(&parcel), false).unwrap().new_catalog);
    let records = house.post(2);
    let bundle = house.export();
    let asks = house.open(&bundle);
    assert!(asks.files.is_some() && asks.introductions.len() == 1);
    let parcel = house.answer(&bundle);
    assert_eq!(house.take(&house.sealed(&parcel), false).unwrap().accepted, 2);
    assert_eq!(house.status(records[0]), RecordStatus::Kept);
}

#[test]
fn a_record_that_an_earlier_bundle_brought_is_told_by_its_leaf() {
    let mut house = House::met();
    let records = house.post(1);
    let by_courier = house.export();
    house.answer(&by_courier);
    let report = house.honest();
    assert_eq!((report.accepted, report.already_had), (0, 1));
    assert_eq!(house.status(records[0]), RecordStatus::Kept);
}

#[test]
fn what_is_quarantined_and_what_an_unknown_leaf_says() {
    let mut house = House::met();
    let records = house.post(1);
    let bundle = house.bundle();
    house.log.act("another phone");
    let jws = house.mailbox.waiting(1, usize::MAX).unwrap()[0].hash;
    let entries = vec![crate::wire::KeptEntry { jws, reason: Some(Reason::OldMonth) }];
    house.log.append(Leaf::Bundle { day: "2026-03-01".into(), bundle: sha256(&bundle), entries });
    let parcel = house.answer(&bundle);
    let elsewhere = LeafProof { index: 0, ..parcel.leaves[0].clone() };
    let moved = Parcel { leaves: vec![elsewhere], ..parcel.clone() };
    assert!(house.take(&house.sealed(&moved), true).is_err(), "a leaf that is not at its place");
    let report = house.take(&house.sealed(&parcel), true).unwrap();
    assert_eq!((report.accepted, report.quarantined), (0, 1));
    assert_eq!(house.status(records[0]), RecordStatus::Quarantined(Reason::OldMonth));
}

#[test]
fn what_a_restore_took_away_from_a_slow_courier_is_no_contradiction() {
    for told in [false, true] {
        let mut house = House::met();
        let carried = house.post(1);
        let bundle = house.export();
        house.log.act("another phone");
        house.log.act("and another");
        let shown = house.answer(&bundle);
        let file = house.sealed(&shown);
        if told {
            // the phone sees the log grow before it is cut, so the restore is told to it
            house.log.act("more");
            house.honest();
        }
        house.log.restore(2, 6);
        let report = house.honest();
        assert_eq!((report.restored, report.evidence), (told, false));
        house.take(&file, false).unwrap();
        (0..6).for_each(|at| house.log.act(&format!("after {at}")));
        while house.waits() > 0 || !house.mailbox.sync_state().unwrap().unconnected.is_empty() {
            assert!(!house.honest().evidence, "{told}");
        }
        assert_eq!(house.status(carried[0]), RecordStatus::Kept);
    }
}

/// Found by the histories: the phone takes a parcel of before the restore after one of after it.
#[test]
fn a_head_of_after_a_restore_is_no_contradiction_to_it() {
    let mut house = House::met();
    house.post(1);
    let bundle = house.export();
    let before = house.answer(&bundle);
    let file = house.sealed(&before);
    house.log.restore(1, 2);
    let lost = house.bundle();
    house.answer(&lost);
    house.take(&file, false).unwrap();
    (0..4).for_each(|_| assert!(!house.honest().evidence));
    assert!(house.mailbox.queue_status().unwrap().restored.is_some());
    assert_eq!((house.waits(), house.mailbox.sync_state().unwrap().unconnected), (0, vec![]));
}

/// RT-01: a thief takes a card of the same authority into use on a locked phone and stands in the line.
#[test]
fn a_thief_with_a_card_and_the_line_reads_no_record() {
    let mut house = House::met();
    let record = house.post(1)[0];
    house.honest();
    let waiting = house.post(2);
    let jws = house.mailbox.waiting(9, usize::MAX).unwrap()[0].jws.clone();
    let said = jws.split('.').nth(1).unwrap().as_bytes();
    let thief = crate::vault::double::enrol(&house.mailbox, &house.authority);
    // neither what the phone says openly nor what it seals holds a record for him, whose keys lie in the mailbox now
    let seen = [super::super::pack::registration(&house.mailbox).unwrap(), house.bundle()];
    for bytes in &seen {
        assert!(!bytes.windows(40).any(|part| part == &said[..40]));
    }
    let identity = house.mailbox.identities().unwrap().remove(0);
    assert!(crate::wire::Bundle::open(&seen[1], &identity).is_err());
    assert_ne!(thief.device, house.phone.device);
    // and no answer of his makes the phone send what the server has, or anything to another place
    assert_eq!(house.mailbox.servers().unwrap()[0].url, "https://tabara.example");
    assert_eq!(house.mailbox.waiting(9, usize::MAX).unwrap().len(), waiting.len());
    assert_eq!(house.status(record), RecordStatus::Kept);
}
