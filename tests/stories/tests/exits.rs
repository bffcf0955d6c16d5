//! Every state of a phone has a way out that an app can walk: a wiped key store, a damaged mailbox, two objects on one folder, two
//! people on one phone, an object that was closed.

use std::path::Path;
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::{FocalPoint, State};
use tabara_support::deployment::{SetClock, copy_files};
use tabara_support::phone::{KeyStore, Office, presumed_victim, set_aside, to_doctor};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";

fn open(folder: &Path, keys: &Arc<KeyStore>) -> Result<FocalPoint, Error> {
    FocalPoint::open(folder, keys.clone(), SetClock::at(MARCH))
}

fn enrolled(folder: &Path, keys: &Arc<KeyStore>, office: &Office) -> FocalPoint {
    let phone = open(folder, keys).unwrap();
    phone.enrol(&office.card(MARCH), PIN).unwrap();
    office.supply(&phone);
    phone
}

#[test]
fn a_wiped_key_store_is_a_state_from_which_a_new_card_leads_out_and_no_file_is_lost() {
    // given a phone with a sealed case whose key store lost everything
    let (folder, keys, office) = (tempfile::tempdir().unwrap(), Arc::<KeyStore>::default(), Office::new(&[FORM]));
    let phone = enrolled(folder.path(), &keys, &office);
    presumed_victim(&phone, "Bisi").finish(None).unwrap();
    drop(phone);
    keys.reset();
    // when the app opens it, then it says so, and takes a new card
    let phone = open(folder.path(), &keys).expect("an object to enrol with");
    assert_eq!(format!("{:?}", phone.state().unwrap()), "KeyStoreLost");
    assert_eq!(phone.unlock(PIN).err(), Some(Error::KeyStoreLost));
    phone.enrol(&office.card(MARCH), PIN).unwrap();
    assert_eq!(phone.state().unwrap(), State::Unlocked);
    office.supply(&phone);
    presumed_victim(&phone, "Ines").finish(None).unwrap();
    assert!(set_aside(folder.path()).contains(&"mailbox.db".to_owned()));
}

#[test]
fn a_damaged_mailbox_is_a_state_from_which_a_new_card_leads_out_and_no_file_is_lost() {
    let (folder, keys, office) = (tempfile::tempdir().unwrap(), Arc::<KeyStore>::default(), Office::new(&[FORM]));
    drop(enrolled(folder.path(), &keys, &office));
    std::fs::write(folder.path().join("mailbox.db"), [7; 8192]).unwrap();
    let phone = open(folder.path(), &keys).expect("an object to enrol with");
    assert_eq!(format!("{:?}", phone.state().unwrap()), "Damaged { file: Mailbox }");
    phone.enrol(&office.card(MARCH), PIN).unwrap();
    assert_eq!(phone.state().unwrap(), State::Unlocked);
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|f| { f.as_ref().unwrap().file_name().to_string_lossy().ends_with("mailbox.db") })
            .count(),
        2
    );
}

#[test]
fn cases_and_their_referrals_go_to_a_new_phone_and_to_no_other() {
    use tabara_core::envelope;
    use tabara_core::error::{NotFoundItem, UntrustedReason};
    use tabara_core::record::Record;
    use tabara_core::referral::Status;
    use tabara_core::slip::slip_key;
    use tabara_core::vault::mailbox::RecordStatus;
    // given an old phone with two cases, one with a referral under way and a memo
    let (folders, keys, office) =
        ([(); 3].map(|()| tempfile::tempdir().unwrap()), [(); 3].map(|()| Arc::default()), Office::new(&[FORM]));
    let [old, new, third] = [0, 1, 2].map(|n| enrolled(folders[n].path(), &keys[n], &office));
    let finished = presumed_victim(&old, "Bisi").finish(None).unwrap();
    presumed_victim(&old, "Ines").finish(None).unwrap();
    let referral = old.refer(finished.record, &to_doctor(None, "Bisi")).unwrap();
    old.note_referral(finished.record, referral.referral, Status::Sent, None).unwrap();
    old.note_memo(finished.record, Some("red headscarf")).unwrap();
    // when they go over, sealed to the key that the new phone shows
    let key = new.hand_over_key().unwrap();
    let no_key = Some(Error::NotFound { what: NotFoundItem::HandOverKey });
    assert_eq!(old.hand_over("no key", PIN).err(), no_key);
    assert!(matches!(old.hand_over(&key, "000000"), Err(Error::WrongPin { .. })));
    let file = old.hand_over(&format!(" {key}\n"), PIN).unwrap();
    assert!(!file.windows(9).any(|bytes| bytes == b"headscarf"));
    third.hand_over_key().unwrap();
    let refused = Some(Error::Untrusted { reason: UntrustedReason::HandOver });
    assert_eq!(third.take_over(&file).err(), refused);
    assert_eq!((new.take_over(&file), new.take_over(&file).err()), (Ok(2), refused), "once");
    // then the new phone goes on where the old one was
    let cards = new.cases(0).unwrap();
    assert!(cards.iter().all(|card| card.status == RecordStatus::Elsewhere));
    let card = cards.into_iter().find(|card| card.summary.record == finished.record).unwrap();
    assert_eq!(card.summary.memo.as_deref(), Some("red headscarf"));
    let slip = new.slip(finished.record).unwrap().unwrap();
    assert!(Some(slip.code.clone()) == finished.code && Some(slip.undo.clone()) == finished.undo);
    new.note_referral(finished.record, referral.referral, Status::Accepted, None).unwrap();
    new.withdraw(finished.record).unwrap();
    let sent = new.mailbox().waiting(9, usize::MAX).unwrap();
    assert_eq!(sent.len(), 3, "all by the second code of the slip, and her referral is taken back, too");
    let key = slip_key(&slip.code, &slip.undo).public();
    for out in sent {
        let (record, signer): (Record, _) =
            (envelope::stored(&out.jws).unwrap(), envelope::peek(&out.jws).unwrap().kid);
        assert!(record.may_change(false, Some(key), &signer));
    }
    new.lock();
    assert_eq!(new.hand_over_key().err(), Some(Error::Locked));
}

#[test]
fn forty_wrong_bytes_anywhere_in_the_mailbox_leave_a_way_out() {
    let (origin, keys, office) = (tempfile::tempdir().unwrap(), Arc::<KeyStore>::default(), Office::new(&[FORM]));
    let phone = enrolled(origin.path(), &keys, &office);
    presumed_victim(&phone, "Bisi").finish(None).unwrap();
    drop(phone);
    let whole = std::fs::read(origin.path().join("mailbox.db")).unwrap();
    for at in (0..whole.len() - 40).step_by(4096).chain([17, whole.len() - 40]) {
        let (folder, keys) = (tempfile::tempdir().unwrap(), Arc::new(keys.image(None)));
        copy_files(origin.path(), folder.path());
        let mut bytes = whole.clone();
        bytes[at..at + 40].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(folder.path().join("mailbox.db"), bytes).unwrap();
        let phone = open(folder.path(), &keys).unwrap_or_else(|e| panic!("byte {at}: {e}"));
        let _ = (phone.unlock(PIN), phone.waiting(), phone.questionnaires());
        phone.lock();
        phone.enrol(&office.card(MARCH), PIN).unwrap_or_else(|e| panic!("byte {at}: {e}"));
        office.supply(&phone);
        presumed_victim(&phone, "Ines").finish(None).unwrap();
        assert_eq!(set_aside(folder.path()).iter().filter(|name| *name == "mailbox.db").count(), 1, "byte {at}");
    }
}

#[test]
fn a_folder_that_was_never_enrolled_has_nothing_to_lose_with_another_key_store() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), &Arc::default()).unwrap());
    let phone = open(folder.path(), &Arc::default()).unwrap();
    assert_eq!(phone.state().unwrap(), State::NotEnrolled);
    phone.enrol(&Office::new(&[FORM]).card(MARCH), PIN).unwrap();
}

#[test]
fn a_folder_has_one_object_at_a_time() {
    let (folder, keys, office) = (tempfile::tempdir().unwrap(), Arc::<KeyStore>::default(), Office::new(&[FORM]));
    let phone = enrolled(folder.path(), &keys, &office);
    let session = presumed_victim(&phone, "Bisi");
    assert_eq!(format!("{:?}", open(folder.path(), &keys).err()), "Some(InUse)");
    // and the folder is free again when the object is gone, whoever still holds a session
    drop(phone);
    let phone = open(folder.path(), &keys).unwrap();
    phone.unlock(PIN).unwrap();
    assert_eq!(session.answer("name", Some("late")).err(), Some(Error::Locked));
}

#[test]
fn an_object_that_is_gone_leaves_no_session_that_reads_or_writes() {
    let (folder, keys, office) = (tempfile::tempdir().unwrap(), Arc::<KeyStore>::default(), Office::new(&[FORM]));
    let phone = enrolled(folder.path(), &keys, &office);
    let session = presumed_victim(&phone, "Bisi");
    drop(phone);
    assert_eq!(session.page().err(), Some(Error::Locked));
    assert_eq!(session.answer("name", Some("late")).err(), Some(Error::Locked));
}

#[test]
fn two_people_on_one_phone_never_touch_each_others_secrets() {
    // given two folders over one key store
    let (anna, beate) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (keys, office) = (Arc::<KeyStore>::default(), Office::new(&[FORM]));
    let phones = [&anna, &beate].map(|folder| enrolled(folder.path(), &keys, &office));
    presumed_victim(&phones[1], "Ines");
    // when one is wiped, then the other goes on
    phones[0].wipe().unwrap();
    phones[1].lock();
    phones[1].unlock(PIN).unwrap();
    assert_eq!(phones[1].drafts().unwrap().len(), 1);
}
