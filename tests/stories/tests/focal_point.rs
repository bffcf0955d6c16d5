//! A focal point's phone with no network: from card to sealed record, and every way it can go wrong.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::envelope::{self, Digest, Typ};
use tabara_core::error::{
    AnswerReason, CardReason, DestructionReason, Error, FolderReason, InternalReason, NotFoundItem,
};
use tabara_core::error::{PhoneFile, RefusedReason};
use tabara_core::facts::FactValue;
use tabara_core::focal_point::{Finished, FocalPoint, Session, State};
use tabara_core::record::{Code, Kind, Record, SealedCase};
use tabara_core::seal;
use tabara_core::slip::slip_key;
use tabara_core::vault::SecretError;
use tabara_core::vault::mailbox::{Outgoing, ProvenLeaf, RecordStatus};
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office, set_aside};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200; // 2026-03-01
const PIN: &str = "271828";

struct World {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
    clock: Arc<SetClock>,
    office: Office,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: Arc::default(),
            clock: SetClock::at(MARCH),
            office: Office::new(&[FORM]),
        }
    }
    fn open(&self) -> Result<FocalPoint, Error> {
        FocalPoint::open(self.folder.path(), self.keys.clone(), self.clock.clone())
    }
    /// A phone with a card, a PIN and a catalog.
    fn enrolled(&self) -> FocalPoint {
        let phone = self.open().unwrap();
        phone.enrol(&self.office.card(MARCH), PIN).unwrap();
        self.office.supply(&phone);
        phone
    }
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

fn answers(session: &Session, answers: &[(&str, &str)]) {
    for (path, value) in answers {
        session.answer(path, Some(value)).unwrap();
    }
}

const TOLD: &[(&str, &str)] = &[
    ("consent", "yes"),
    ("statistics", "yes"),
    ("sex", "f"),
    ("left", "yes"),
    ("forced", "yes"),
    ("name", "Bisi-7719"),
];

fn interview(phone: &FocalPoint, told: &[(&str, &str)]) -> Result<Finished, Error> {
    let session = phone.start("first_line", "en").unwrap();
    answers(&session, told);
    session.finish(None)
}

fn sent(phone: &FocalPoint) -> Vec<Outgoing> {
    phone.mailbox().waiting(100, usize::MAX).unwrap()
}

fn record(phone: &FocalPoint, sent: &Outgoing) -> Record {
    let enrolment = phone.mailbox().enrolment().unwrap();
    let (_, binding) = enrolment.introduction.chain.verify(&enrolment.authorities[0]).unwrap();
    envelope::open(Typ::Record, &binding.record_key, &sent.jws).unwrap()
}

#[test]
fn an_interview_without_network_becomes_a_signed_record_that_only_the_case_worker_reads() {
    let world = World::new();
    let phone = world.enrolled();
    let finished = interview(&phone, TOLD).unwrap();
    let [out] = &sent(&phone)[..] else { panic!("one record waits") };
    let record = record(&phone, out);
    assert_eq!((record.record, record.seq), (finished.record, 1));
    assert_eq!(record.code, finished.code);
    let slip = slip_key(finished.code.as_ref().unwrap(), finished.undo.as_ref().unwrap()).public();
    assert_eq!(record.slip, Some(slip));
    assert_eq!(record.facts["month"], FactValue::One("2026-03".into()));
    assert_eq!(record.facts["screen_commune"], FactValue::One("BI-CO-04-02".into()));
    assert_eq!(record.facts["sex"], FactValue::One("f".into()));
    assert!(!out.jws.contains("Bisi"));
    let opened = seal::unseal(out.sealed.as_ref().unwrap(), &world.office.authority.case_worker).unwrap();
    let case: SealedCase = serde_json::from_slice(&opened).unwrap();
    assert_eq!((case.record, case.case), (record.record, record.case));
    assert!(case.answers.contains(&("name".into(), "Bisi-7719".into())));
    assert_eq!(case.answers.len(), TOLD.len());
    let [card] = &phone.cases(0).unwrap()[..] else { panic!("one case card") };
    assert_eq!((card.summary.code.as_ref(), card.status), (finished.code.as_ref(), RecordStatus::Waiting));
    assert_eq!(phone.cases_of(&finished.code.unwrap().to_string()).unwrap().len(), 1);
    assert_eq!(phone.drafts().unwrap(), []);
}

#[test]
fn pin_and_language_are_understood_from_any_keyboard() {
    let world = World::new();
    let phone = world.open().unwrap();
    phone.enrol(&world.office.card(MARCH), "\u{e9}t\u{e9}2024").unwrap();
    world.office.supply(&phone);
    phone.lock();
    phone.unlock("e\u{301}te\u{301}2024").unwrap();
    phone.change_pin("\u{200b}\u{e9}t\u{e9}\u{ff12}024", "o\u{302}tez-moi").unwrap();
    phone.lock();
    phone.unlock("\u{f4}tez-moi").unwrap();
    for shorter in ["12345", "12\u{200b}345", "e\u{301}\u{e9}123"] {
        assert!(matches!(phone.change_pin("\u{f4}tez-moi", shorter), Err(Error::PinTooShort { .. })), "{shorter:?}");
    }
    for french in ["fr", "FR", "fr-BI", "fr_CD", "Fran\u{e7}ais (fr)", " fr\u{200e}"] {
        let session = phone.start("first_line", french).unwrap_or_else(|e| panic!("{french:?}: {e}"));
        assert_eq!(session.page().unwrap().language, "Français (fr)", "{french:?}");
        assert_eq!(session.set_language("EN-gb").unwrap().language, "English (en)");
        assert!(matches!(session.set_language("zz"), Err(Error::NotFound { what: NotFoundItem::Language })));
        assert_eq!(session.page().unwrap().language, "English (en)");
    }
    assert!(matches!(phone.start("first_line", "zz"), Err(Error::NotFound { what: NotFoundItem::Language })));
}

#[test]
fn numbers_have_no_gaps_and_who_brings_a_slip_keeps_her_code_and_case() {
    let form = FORM.replace(
        "| | text | name |",
        "| | text | slip | Code on the slip | Code du billet | | | | code | true | |\n| | text | name |",
    );
    let world = World { office: Office::new(&[&form]), ..World::new() };
    let phone = world.enrolled();
    let first = interview(&phone, TOLD).unwrap();
    let code = first.code.clone().unwrap();
    let spoken = code.to_string().to_lowercase();
    let second = interview(&phone, &[TOLD, &[("slip", spoken.as_str())]].concat()).unwrap();
    let third = interview(&phone, TOLD).unwrap();
    assert_eq!(second.code, first.code);
    assert_ne!(third.code, first.code);
    let records: Vec<Record> = sent(&phone).iter().map(|out| record(&phone, out)).collect();
    assert_eq!(records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(records[0].case, records[1].case);
    assert_ne!(records[0].case, records[2].case);
    assert_eq!(phone.cases_of(&Code::to_string(&code)).unwrap().len(), 2);
}

#[test]
fn a_mistyped_slip_holds_up_the_end_instead_of_beginning_a_new_case() {
    let form = FORM.replace(
        "| | text | name |",
        "| | text | slip | Code on the slip | Code du billet | | | | code | true | |\n| | text | name |",
    );
    let world = World { office: Office::new(&[&form]), ..World::new() };
    let phone = world.enrolled();
    let code = interview(&phone, TOLD).unwrap().code.unwrap().to_string();
    let swapped: String = [&code[1..2], &code[..1], &code[2..]].concat();
    let session = phone.start("first_line", "en").unwrap();
    answers(&session, &[TOLD, &[("slip", "not a code")]].concat());
    assert_eq!(session.finish(None).err(), Some(Error::Incomplete));
    if swapped != code {
        session.answer("slip", Some(&swapped)).unwrap();
        assert_eq!(session.finish(None).err(), Some(Error::Incomplete));
    }
    session.answer("slip", Some(&code)).unwrap();
    assert_eq!(session.finish(None).unwrap().code.unwrap().to_string(), code);
}

#[test]
fn without_consent_there_is_no_record_and_no_draft_and_without_agreement_to_count_there_are_no_facts() {
    let world = World::new();
    let phone = world.enrolled();
    assert_eq!(interview(&phone, &[("consent", "no")]).err(), Some(Error::NoConsent));
    assert_eq!((sent(&phone).len(), phone.drafts().unwrap().len()), (0, 0));
    let told: Vec<_> = TOLD.iter().map(|&(q, a)| if q == "statistics" { (q, "no") } else { (q, a) }).collect();
    interview(&phone, &told).unwrap();
    let [out] = &sent(&phone)[..] else { panic!("one record waits") };
    assert!(record(&phone, out).facts.is_empty());
    assert!(seal::unseal(out.sealed.as_ref().unwrap(), &world.office.authority.case_worker).is_ok());
}

#[test]
fn an_unfinished_interview_is_not_sealed_and_goes_on_at_the_same_place_after_a_lock() {
    let world = World::new();
    let phone = world.enrolled();
    let session = phone.start("first_line", "fr").unwrap();
    assert_eq!(session.finish(None).err(), Some(Error::Incomplete));
    session.answer("consent", Some("yes")).unwrap();
    session.next().unwrap();
    let page = session.answer("name", Some("Bisi")).unwrap();
    phone.lock();
    assert_eq!(session.page().err(), Some(Error::Locked));
    assert_eq!(session.answer("name", Some("other")).err(), Some(Error::Locked));
    assert_eq!(phone.drafts().err(), Some(Error::Locked));
    assert_eq!(phone.cases(0).err(), Some(Error::Locked));
    assert!(phone.start("first_line", "en").is_err());
    phone.unlock(PIN).unwrap();
    let [draft] = &phone.drafts().unwrap()[..] else { panic!("one draft") };
    assert_eq!(phone.resume(draft.draft).unwrap().page().unwrap(), page);
    // the old handle works again, too
    assert_eq!(session.page().unwrap(), page);
    session.discard().unwrap();
    assert_eq!(phone.drafts().unwrap(), []);
    assert_eq!(phone.resume(draft.draft).err(), Some(Error::NotFound { what: NotFoundItem::Draft }));
}

#[test]
fn a_draft_finishes_on_the_version_it_was_begun_with() {
    let mut world = World::new();
    let phone = world.enrolled();
    let session = phone.start("first_line", "en").unwrap();
    answers(&session, TOLD);
    let old = world.office.catalog.parts[0].sha256;
    world.office.publish(&[&FORM.replace("Not stated", "Unknown")]);
    world.office.supply(&phone);
    phone.lock();
    phone.unlock(PIN).unwrap();
    session.finish(None).unwrap();
    interview(&phone, TOLD).unwrap();
    let records: Vec<Record> = sent(&phone).iter().map(|out| record(&phone, out)).collect();
    assert_eq!(records[0].questionnaire.sha256, old);
    assert_eq!(records[1].questionnaire.sha256, world.office.catalog.parts[0].sha256);
    // nobody needs the old one any more
    phone.lock();
    phone.unlock(PIN).unwrap();
    assert_eq!(phone.mailbox().part(&old).unwrap(), None);
}

#[test]
fn a_revoked_phone_seals_its_drafts_at_the_next_unlock_and_begins_no_interview() {
    let mut world = World::new();
    let phone = world.enrolled();
    let drafts: Vec<Session> = (0..3).map(|_| phone.start("first_line", "en").unwrap()).collect();
    answers(&drafts[0], TOLD);
    // unfinished: what was said is sealed all the same
    answers(&drafts[1], &[("consent", "yes"), ("name", "Bisi-7720")]);
    answers(&drafts[2], &[("consent", "no")]);
    world.office.catalog.revoked.push(phone.mailbox().enrolment().unwrap().device);
    world.office.catalog.version += 1;
    world.office.supply(&phone);
    assert_eq!(phone.drafts().unwrap().len(), 3);
    phone.lock();
    phone.unlock(PIN).unwrap();
    assert_eq!(phone.drafts().unwrap(), []);
    let opened = |out: Outgoing| {
        let plain = seal::unseal(&out.sealed.unwrap(), &world.office.authority.case_worker).unwrap();
        serde_json::from_slice(&plain).unwrap()
    };
    let cases: Vec<SealedCase> = sent(&phone).into_iter().map(opened).collect();
    let names = cases.iter().flat_map(|case| &case.answers).filter(|(path, _)| path == "name").map(|(_, said)| said);
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>(), [&"Bisi-7719".into(), &"Bisi-7720".into()].into());
    assert_eq!(phone.start("first_line", "en").err(), Some(Error::Refused { reason: RefusedReason::CardRevoked }));
}

#[test]
fn a_form_that_reads_its_last_record_finds_what_it_asks_for_unless_that_was_about_a_person() {
    let screening = FORM.replace("| sealed_only | appearance |", "| sealed_only | appearance | calculation |").replace(
        "| | text | name |",
        "| | calculate | before | | | | | | | | | ${last-saved#left} |\n| | text | name |",
    );
    let activity = include_str!("../../../questionnaires/activity-report.md");
    let columns = activity.lines().find(|line| line.contains("sealed_only")).unwrap().matches('|').count();
    let activity = activity.replace("| sealed_only |", "| sealed_only | calculation |").replacen(
        "| | end_group |",
        &format!("| | calculate | before |{} ${{last-saved#women}} |\n| | end_group |", " |".repeat(columns - 4)),
        1,
    );
    let world = World { office: Office::new(&[&screening, &activity]), ..World::new() };
    let phone = world.enrolled();
    let before = |form: &str, told: &[(&str, &str)]| {
        let session = phone.start(form, "en").unwrap();
        answers(&session, told);
        session.finish(None).unwrap();
        let opened =
            seal::unseal(sent(&phone).pop().unwrap().sealed.as_ref().unwrap(), &world.office.authority.case_worker);
        let case: SealedCase = serde_json::from_slice(&opened.unwrap()).unwrap();
        (case.record, case.answers.into_iter().find(|(path, _)| path == "before").map(|(_, said)| said))
    };
    assert_eq!((before("first_line", TOLD).1, before("first_line", TOLD).1), (None, None));
    let event = [("type", "awareness"), ("women", "17")];
    assert_eq!(before("activity_report", &event).1, None);
    let (second, found) = before("activity_report", &event);
    assert_eq!(found.as_deref(), Some("17"));
    phone.withdraw(second).unwrap();
    assert_eq!(before("activity_report", &event).1, None);
}

#[test]
fn a_slip_that_a_crash_swallowed_is_shown_again_and_no_other_phone_can() {
    let world = World::new();
    let phone = world.enrolled();
    let finished = interview(&phone, TOLD).unwrap();
    drop(phone);
    let phone = world.open().unwrap();
    assert_eq!(phone.slip(finished.record).err(), Some(Error::Locked));
    phone.unlock(PIN).unwrap();
    let slip = phone.slip(finished.record).unwrap().unwrap();
    assert!(Some(slip.code) == finished.code && Some(slip.undo) == finished.undo);
    let other = interview(&phone, TOLD).unwrap();
    assert_ne!(phone.slip(finished.record).unwrap().unwrap().undo, other.undo.unwrap());
}

#[test]
fn a_month_in_the_future_and_a_fact_that_nobody_listed_do_not_leave_the_phone() {
    let world = World::new();
    let phone = world.enrolled();
    // the phone's clock is years ahead when the interview begins; then the server tells the time
    world.clock.set(MARCH + 400 * 86_400);
    let session = phone.start("first_line", "en").unwrap();
    answers(&session, TOLD);
    phone.mailbox().settle(|books| books.learn_time(MARCH, true)).unwrap();
    session.finish(None).unwrap();
    // and a clock before the beginning of the dictionary does not stop a sealing
    let strange = World::new();
    strange.clock.set(0);
    let other = strange.open().unwrap();
    other.enrol(&strange.office.card(MARCH), PIN).unwrap();
    strange.office.supply(&other);
    interview(&other, TOLD).unwrap();
    let month = |phone: &FocalPoint| record(phone, &sent(phone)[0]).facts["month"].clone();
    assert_eq!(month(&phone), FactValue::One("2026-03".into()));
    assert_eq!(month(&other), FactValue::One("2020-01".into()));
}

#[test]
fn wrong_pins_cost_attempts_and_time_and_a_restart_shortens_nothing() {
    let world = World::new();
    let phone = world.enrolled();
    phone.lock();
    let wrong = |phone: &FocalPoint| phone.unlock("000000").err();
    let told = |left, seconds| Some(Error::WrongPin { attempts_left: left, retry_after: Duration::from_secs(seconds) });
    assert_eq!(wrong(&phone), told(9, 0));
    assert_eq!(wrong(&phone), told(8, 0));
    assert_eq!(wrong(&phone), told(7, 30));
    assert_eq!(phone.unlock(PIN).err(), Some(Error::TooSoon { retry_after: Duration::from_secs(30) }));
    drop(phone);
    let phone = world.open().unwrap();
    let waits = State::Locked { attempts_left: 7, retry_after: Duration::from_secs(30) };
    assert_eq!(phone.state().unwrap(), waits);
    world.clock.forward(Duration::from_secs(30));
    phone.unlock(PIN).unwrap();
    // a right PIN gives all attempts back
    phone.lock();
    assert_eq!(wrong(&phone), told(9, 0));
}

#[test]
fn at_the_limit_the_vault_is_destroyed_and_what_was_finished_is_still_sent() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    phone.lock();
    for _ in 0..9 {
        world.clock.forward(Duration::from_secs(3600));
        assert!(matches!(phone.unlock("000000"), Err(Error::WrongPin { .. })));
    }
    world.clock.forward(Duration::from_secs(3600));
    assert!(world.keys.knows("vault.1"));
    let reason = DestructionReason::TooManyWrongPins;
    assert_eq!(phone.unlock("000000").err(), Some(Error::VaultDestroyed { reason }));
    assert!(!world.keys.knows("vault.1"));
    assert_eq!(phone.unlock(PIN).err(), Some(Error::VaultDestroyed { reason }));
    let gone = |phone: &FocalPoint| (phone.state().unwrap(), sent(phone).len());
    assert_eq!(gone(&phone), (State::VaultDestroyed { reason }, 1));
    drop(phone);
    assert_eq!(gone(&world.open().unwrap()), (State::VaultDestroyed { reason }, 1));
    assert!(!world.path("vault.db").exists() && !world.path("keys.json").exists());
}

#[test]
fn a_forgotten_pin_ends_with_a_new_card_and_the_mailbox_goes_on() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    let first = phone.mailbox().enrolment().unwrap();
    let card = world.office.card(MARCH);
    assert_eq!(phone.enrol(&card, "314159").err(), Some(Error::AlreadyEnrolled));
    phone.lock();
    let stranger = Office::new(&[]);
    let of_another = Some(Error::Card { reason: CardReason::OtherAuthority });
    assert_eq!(phone.enrol(&stranger.card(MARCH), "314159").err(), of_another);
    assert_eq!(
        phone.enrol(&world.office.card(MARCH - 1), "314159").err(),
        Some(Error::Card { reason: CardReason::ExpiredByThisClock }),
        "no server has told the time yet"
    );
    assert_eq!(phone.enrol("no card", "314159").err(), Some(Error::Card { reason: CardReason::Unreadable }));
    assert_eq!(phone.enrol(&card, "31415").err(), Some(Error::PinTooShort { least: 6 }));
    phone.enrol(&card, "314159").unwrap();
    assert_eq!(phone.state().unwrap(), State::Unlocked);
    interview(&phone, TOLD).unwrap();
    let second = phone.mailbox().enrolment().unwrap();
    let known = phone.mailbox().introductions(false).unwrap();
    assert_eq!(known, [(second.id, second.introduction), (first.id, first.introduction)]);
    assert_eq!(record(&phone, &sent(&phone)[1]).seq, 1);
    assert_eq!(sent(&phone).len(), 2);
    phone.lock();
    assert!(matches!(phone.unlock(PIN), Err(Error::WrongPin { .. })));
    phone.unlock("314159").unwrap();
    phone.lock();
    assert_eq!(phone.enrol(&card, PIN).err(), Some(Error::Card { reason: CardReason::UsedAlready }));
}

#[test]
fn a_changed_pin_opens_and_the_old_one_opens_nothing_not_even_an_old_copy_of_the_files() {
    let world = World::new();
    let phone = world.enrolled();
    let old_keys = std::fs::read(world.path("keys.json")).unwrap();
    assert!(matches!(phone.change_pin("000000", "314159"), Err(Error::WrongPin { attempts_left: 9, .. })));
    assert_eq!(phone.change_pin(PIN, "12345").err(), Some(Error::PinTooShort { least: 6 }));
    phone.change_pin(PIN, "314159").unwrap();
    phone.lock();
    assert!(matches!(phone.unlock(PIN), Err(Error::WrongPin { .. })));
    phone.unlock("314159").unwrap();
    phone.lock();
    std::fs::write(world.path("keys.json"), old_keys).unwrap();
    assert_eq!(phone.unlock(PIN).err(), Some(Error::KeyStoreLost));
}

#[test]
fn a_panic_wipe_works_while_locked_and_what_was_finished_is_still_sent() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    let session = phone.start("first_line", "en").unwrap();
    phone.lock();
    phone.wipe().unwrap();
    phone.wipe().unwrap();
    let reason = DestructionReason::PanicWipe;
    assert_eq!(phone.state().unwrap(), State::VaultDestroyed { reason });
    assert_eq!(session.page().err(), Some(Error::Locked));
    assert_eq!(phone.unlock(PIN).err(), Some(Error::VaultDestroyed { reason }));
    assert!(!world.path("vault.db").exists() && !world.keys.knows("vault.1"));
    assert_eq!(sent(&phone).len(), 1);
    phone.enrol(&world.office.card(MARCH), PIN).unwrap();
    assert_eq!((phone.drafts().unwrap().len(), phone.cases(0).unwrap().len()), (0, 0));
    assert_eq!(sent(&phone).len(), 1);
}

#[test]
fn a_wipe_whose_key_store_was_away_is_finished_at_the_next_opening() {
    let world = World::new();
    let phone = world.enrolled();
    world.keys.fail(Some(SecretError::Unavailable));
    assert_eq!(phone.wipe().err(), Some(Error::KeyStoreUnavailable));
    assert!(!world.path("vault.db").exists());
    let destroyed = State::VaultDestroyed { reason: DestructionReason::PanicWipe };
    assert_eq!(phone.state().unwrap(), destroyed);
    world.keys.fail(None);
    assert!(world.keys.knows("vault.1"));
    drop(phone);
    assert_eq!(world.open().unwrap().state().unwrap(), destroyed);
    assert!(!world.keys.knows("vault.1"));
}

#[test]
fn a_key_store_that_is_away_costs_no_attempt() {
    let world = World::new();
    let phone = world.enrolled();
    phone.lock();
    world.keys.fail(Some(SecretError::Unavailable));
    for _ in 0..20 {
        assert_eq!(phone.unlock(PIN).err(), Some(Error::KeyStoreUnavailable));
    }
    assert_eq!(phone.enrol(&world.office.card(MARCH), PIN).err(), Some(Error::KeyStoreUnavailable));
    drop(phone);
    assert_eq!(world.open().err(), Some(Error::KeyStoreUnavailable));
    world.keys.fail(None);
    world.open().unwrap().unlock(PIN).unwrap();
}

#[test]
fn faulty_code_around_the_key_store_is_named_and_costs_neither_an_attempt_nor_a_file() {
    let world = World::new();
    let phone = world.enrolled();
    phone.lock();
    for (fault, reason) in [
        (SecretError::WrongLength(1), InternalReason::SecretLength { bytes: 1 }),
        (SecretError::Exception, InternalReason::SecretException),
    ] {
        world.keys.fail(Some(fault));
        assert_eq!(phone.unlock(PIN).err(), Some(Error::Internal { reason }));
        assert_eq!(phone.enrol(&world.office.card(MARCH), PIN).err(), Some(Error::Internal { reason }));
    }
    drop(phone);
    world.keys.fail(Some(SecretError::WrongLength(1)));
    assert_eq!(world.open().err(), Some(Error::Internal { reason: InternalReason::SecretLength { bytes: 1 } }));
    world.keys.fail(None);
    let phone = world.open().unwrap();
    assert_eq!(phone.state().unwrap(), State::Locked { attempts_left: 10, retry_after: Duration::ZERO });
    phone.unlock(PIN).unwrap();
}

#[test]
fn a_path_that_cannot_be_the_phones_folder_is_refused_by_name() {
    let world = World::new();
    std::fs::write(world.path("a file"), "x").unwrap();
    let opened = |path: PathBuf| FocalPoint::open(&path, world.keys.clone(), world.clock.clone()).err();
    for (path, reason) in [
        (PathBuf::new(), FolderReason::Empty),
        (world.path("a file"), FolderReason::NotAFolder),
        (world.path("a file").join("below"), FolderReason::NotAFolder),
        (world.path("with\0nul"), FolderReason::Invalid),
        (world.path(&"x".repeat(300)), FolderReason::Invalid),
    ] {
        assert_eq!(opened(path), Some(Error::Folder { reason }));
    }
}

#[test]
fn a_language_that_the_questionnaire_does_not_have_is_refused_and_the_old_one_stays() {
    let world = World::new();
    let phone = world.enrolled();
    let session = phone.start("first_line", "en").unwrap();
    let before = session.page().unwrap().language;
    let unknown = Some(Error::NotFound { what: NotFoundItem::Language });
    assert_eq!(session.set_language("xx").err(), unknown);
    assert_eq!(session.page().unwrap().language, before);
}

#[test]
fn a_key_store_that_lost_its_secrets_is_told_from_damage_and_a_lost_vault_alone_leaves_the_mailbox() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    phone.lock();
    world.keys.lose("vault.1");
    assert_eq!(phone.unlock(PIN).err(), Some(Error::KeyStoreLost));
    assert_eq!(sent(&phone).len(), 1);
    drop(phone);
    let phone = world.open().unwrap();
    phone.enrol(&world.office.card(MARCH), PIN).unwrap();
    assert_eq!(sent(&phone).len(), 1);
    assert_eq!(set_aside(world.folder.path()), ["drafts-2.db", "keys.json", "vault.db"]);
    drop(phone);
    world.keys.reset();
    assert_eq!(world.open().unwrap().state(), Ok(State::KeyStoreLost));
}

#[test]
fn a_damaged_vault_is_kept_aside_when_a_new_card_comes() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    phone.lock();
    let mut bytes = std::fs::read(world.path("vault.db")).unwrap();
    bytes[100] ^= 1;
    std::fs::write(world.path("vault.db"), &bytes).unwrap();
    let damaged = Some(Error::Damaged { file: PhoneFile::Vault });
    assert_eq!(phone.unlock(PIN).err(), damaged);
    assert_eq!(phone.unlock(PIN).err(), damaged);
    assert_eq!(std::fs::read(world.path("vault.db")).unwrap(), bytes);
    phone.enrol(&world.office.card(MARCH), "314159").unwrap();
    assert_eq!(set_aside(world.folder.path()), ["drafts-2.db", "keys.json", "vault.db"]);
    // its secret is kept with it
    assert!(world.keys.knows("vault.1") && world.keys.knows("vault.2"));
    assert_eq!(sent(&phone).len(), 1);
    phone.lock();
    phone.unlock("314159").unwrap();
}

#[test]
fn a_missing_file_is_damage_and_a_new_card_keeps_everything_aside() {
    let world = World::new();
    drop(world.enrolled());
    std::fs::rename(world.path("keys.json"), world.path("elsewhere")).unwrap();
    let phone = world.open().unwrap();
    assert_eq!(phone.unlock(PIN).err(), Some(Error::Damaged { file: PhoneFile::Keys }));
    drop(phone);
    std::fs::rename(world.path("elsewhere"), world.path("keys.json")).unwrap();
    std::fs::rename(world.path("folder.json"), world.path("elsewhere")).unwrap();
    let phone = world.open().unwrap();
    assert_eq!(phone.state(), Ok(State::Damaged { file: PhoneFile::Folder }));
    phone.enrol(&world.office.card(MARCH), PIN).unwrap();
    assert_eq!(phone.state(), Ok(State::Unlocked));
    assert_eq!(set_aside(world.folder.path()), ["drafts-1.db", "keys.json", "mailbox.db", "vault.db"]);
}

#[test]
fn an_expired_lease_hides_cases_and_stops_nothing_else() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    phone.mailbox().synced().unwrap();
    world.clock.forward(Duration::from_secs(91 * 86_400));
    assert_eq!(phone.cases(0).unwrap(), []);
    assert!(phone.waiting().unwrap().lease_over);
    interview(&phone, TOLD).unwrap();
    assert_eq!(sent(&phone).len(), 2);
    phone.mailbox().synced().unwrap();
    assert_eq!(phone.cases(0).unwrap().len(), 2);
}

#[test]
fn cards_leave_the_phone_after_their_days() {
    let world = World::new();
    let phone = world.enrolled();
    interview(&phone, TOLD).unwrap();
    phone.lock();
    world.clock.forward(Duration::from_secs(182 * 86_400));
    phone.mailbox().settle(|books| books.learn_time(MARCH + 182 * 86_400, true)).unwrap();
    phone.unlock(PIN).unwrap();
    phone.mailbox().synced().unwrap();
    assert_eq!(phone.cases(0).unwrap(), []);
}

#[test]
fn a_raised_outcome_carries_its_reason_into_the_sealed_case_only() {
    let form = FORM.replace(
        "| | yn4 | yes | Yes | Oui |",
        "| | raise_reason | fear | She is afraid | Elle a peur |\n| | yn4 | yes | Yes | Oui |",
    );
    let world = World { office: Office::new(&[&form]), ..World::new() };
    let phone = world.enrolled();
    let told = [("consent", "yes"), ("statistics", "yes"), ("left", "no"), ("forced", "no")];
    let session = phone.start("first_line", "en").unwrap();
    answers(&session, &told);
    assert_eq!(
        session.finish(Some("no such reason")).err(),
        Some(Error::Answer { reason: AnswerReason::CannotBeRaised })
    );
    let finished = session.finish(Some("fear")).unwrap();
    assert_eq!(finished.outcome.code(), "presumed");
    let out = &sent(&phone)[0];
    let record = record(&phone, out);
    assert_eq!(record.facts["outcome"], FactValue::One("presumed".into()), "and nothing says that it was raised");
    assert!(!serde_json::to_string(&record).unwrap().contains("fear"));
    let opened = seal::unseal(out.sealed.as_ref().unwrap(), &world.office.authority.case_worker).unwrap();
    assert!(String::from_utf8(opened).unwrap().contains("fear"));
}

#[test]
fn a_person_takes_a_record_back_and_the_phone_erases_what_it_holds_once_the_server_has_it() {
    let world = World::new();
    let phone = world.enrolled();
    let finished = interview(&phone, TOLD).unwrap();
    let (jws, leaf) = (sent(&phone)[0].hash, ProvenLeaf { index: 1, hash: Digest([1; 32]), day: "2026-03-01" });
    assert!(phone.mailbox().settle(|books| books.keep(&jws, leaf, None, false)).unwrap());
    let kept = || phone.mailbox().settle(|books| books.kept_jws(finished.record)).unwrap();
    assert!(kept().is_some());
    phone.withdraw(finished.record).unwrap();
    phone.withdraw(finished.record).unwrap();
    let [out] = &sent(&phone)[..] else { panic!("one withdrawal") };
    let withdrawal = record(&phone, out);
    assert_eq!((withdrawal.record, withdrawal.seq), (out.record, 2));
    assert_eq!((withdrawal.kind, withdrawal.revises), (Kind::Withdrawal, Some(finished.record)));
    assert!(withdrawal.facts.is_empty() && withdrawal.sealed.is_none());
    assert_eq!(kept(), None);
    assert!(phone.cases(0).unwrap()[0].summary.withdrawn);
    assert_eq!(phone.withdraw(withdrawal.record).err(), Some(Error::NotFound { what: NotFoundItem::Case }));
}

#[test]
fn a_memo_of_twenty_characters_stays_on_the_card_until_the_person_takes_the_record_back() {
    let world = World::new();
    let phone = world.enrolled();
    let record = interview(&phone, TOLD).unwrap().record;
    phone.note_memo(record, Some("  the red\n headscarf ")).unwrap();
    let too_long = Some(Error::Answer { reason: AnswerReason::TooLong });
    assert_eq!(phone.note_memo(record, Some("é".repeat(21).as_str())).err(), too_long);
    phone.note_memo(record, Some("é".repeat(20).as_str())).unwrap();
    phone.note_memo(record, Some("the red headscarf")).unwrap();
    let memo = |phone: &FocalPoint| phone.cases(0).unwrap()[0].summary.memo.clone();
    phone.lock();
    phone.unlock(PIN).unwrap();
    assert_eq!(memo(&phone).as_deref(), Some("the red headscarf"));
    // it does not leave the phone
    let out = &sent(&phone)[0];
    let opened = seal::unseal(out.sealed.as_ref().unwrap(), &world.office.authority.case_worker).unwrap();
    assert!(!format!("{}{}", out.jws, String::from_utf8_lossy(&opened)).contains("headscarf"));
    phone.withdraw(record).unwrap();
    assert_eq!(memo(&phone), None);
    assert_eq!(phone.note_memo(record, Some("again")).err(), Some(Error::NotFound { what: NotFoundItem::Case }));
}

#[test]
fn with_the_slip_a_person_takes_back_what_any_phone_recorded_and_a_mistyped_one_is_noticed() {
    let world = World::new();
    let phone = world.enrolled();
    let (code, secret) = (Code::generate(), Code::generate());
    let spoken = code.to_string().to_lowercase();
    assert_eq!(phone.withdraw_slip("7KQ4M2XHT", None).err(), Some(Error::NotFound { what: NotFoundItem::Code }));
    assert_eq!(phone.withdraw_slip(&spoken, Some("x")).err(), Some(Error::NotFound { what: NotFoundItem::SecondCode }));
    assert_eq!(sent(&phone).len(), 0);
    phone.withdraw_slip(&spoken, Some(secret.as_str())).unwrap();
    let withdrawal = record(&phone, &sent(&phone)[0]);
    assert_eq!((withdrawal.kind, withdrawal.revises, &withdrawal.code), (Kind::Withdrawal, None, &Some(code.clone())));
    let signer = envelope::peek(&sent(&phone)[0].jws).unwrap().kid;
    assert!(withdrawal.may_change(false, Some(slip_key(&code, &secret).public()), &signer));
    phone.lock();
    assert_eq!(phone.withdraw_slip(&spoken, None).err(), Some(Error::Locked));
}

#[test]
fn who_took_back_what_stood_under_a_slip_gets_a_new_code_and_the_old_one_is_dead() {
    let form = FORM.replace(
        "| | text | name |",
        "| | text | slip | Code on the slip | Code du billet | | | | code | true | |\n| | text | name |",
    );
    let world = World { office: Office::new(&[&form]), ..World::new() };
    let phone = world.enrolled();
    let code = interview(&phone, TOLD).unwrap().code.unwrap();
    phone.withdraw_slip(code.as_str(), None).unwrap();
    assert!(phone.cases(0).unwrap()[0].summary.withdrawn);
    let again = interview(&phone, &[TOLD, &[("slip", code.as_str())]].concat()).unwrap();
    assert_ne!(again.code, Some(code));
}

#[test]
fn numbers_to_call_need_no_card_and_services_are_found_while_the_phone_is_locked() {
    use tabara_core::catalog::{Part, PartKind};
    use tabara_core::envelope::sha256;
    use tabara_core::services::{Distance, ServiceQuery};

    let mut world = World::new();
    let phone = world.open().unwrap();
    assert!(phone.help_lines().iter().any(|line| line.number == "112"));
    phone.enrol(&world.office.card(MARCH), PIN).unwrap();
    assert_eq!(phone.find_services(&ServiceQuery::default(), 0), Ok(vec![]), "no directory yet");

    let directory = r#"[{"id":"5f0c3f36-8a1b-4a5e-9d53-000000000001","organisation":"Maison","name":"Shelter","place":"BI-CO-04-01","offers":["sv_shelter"]},
        {"id":"5f0c3f36-8a1b-4a5e-9d53-000000000002","organisation":"Commission","name":"Hotline","place":"BI","offers":["sv_iom"],"phones":["150"],"line":"hotline"}]"#;
    let mut publish = |bytes: &[u8]| {
        let part =
            Part { kind: PartKind::Services, id: "services".into(), sha256: sha256(bytes), len: bytes.len() as u64 };
        world.office.catalog.parts.retain(|part| part.kind != PartKind::Services);
        world.office.catalog.parts.push(part);
        world.office.catalog.version += 1;
        world.office.supply(&phone);
        phone.mailbox().take_part(bytes).unwrap();
    };
    publish(directory.as_bytes());
    phone.lock();
    let shelter =
        ServiceQuery { need: Some("sv_shelter".into()), place: phone.commune().ok(), ..ServiceQuery::default() };
    let found = phone.find_services(&shelter, 0).unwrap();
    assert_eq!((found.len(), found[0].distance), (1, Some(Distance::Province)));
    assert_eq!(phone.service(found[0].service.id), Ok(found[0].service.clone()));
    assert_eq!(phone.help_lines().iter().map(|line| line.number.as_str()).collect::<Vec<_>>(), ["150"]);

    publish(b"[{}]");
    let unreadable = Err(Error::NotFound { what: NotFoundItem::ServiceDirectory });
    assert_eq!(phone.find_services(&shelter, 0), unreadable);
    assert!(phone.help_lines().iter().any(|line| line.number == "112"), "the built-in numbers stay");
}

/// Field 27's kind: she comes to another phone with her slip, and what was recorded is wrong.
#[test]
fn with_her_slip_a_record_is_corrected_on_a_phone_that_knows_nothing_else_of_it() {
    let (first, second) = (World::new(), World::new());
    let sealed = |phone: &FocalPoint| -> Record {
        let waiting = phone.mailbox().waiting(9, usize::MAX).unwrap();
        envelope::stored(&waiting.last().unwrap().jws).unwrap()
    };
    let told = |phone: &FocalPoint| {
        let session = phone.start("first_line", "en").unwrap();
        answers(&session, TOLD);
        session
    };
    let here = first.enrolled();
    let Finished { code, undo, record, .. } = told(&here).finish(None).unwrap();
    let (code, undo) = (code.unwrap(), undo.unwrap());
    let there = second.enrolled();
    let session = told(&there);
    assert_eq!(
        session.correct(None, code.as_str(), "9QWK4M2XH").err(),
        Some(Error::NotFound { what: NotFoundItem::SecondCode }),
        "a mistyped code loses nothing"
    );
    let corrected = session.correct(None, code.as_str(), undo.as_str()).unwrap();
    let (was, is) = (sealed(&here), sealed(&there));
    assert_eq!((is.revises, is.record, is.code.clone()), (Some(record), corrected.record, Some(code.clone())));
    // the server asks no more than this, of any phone
    let waiting = there.mailbox().waiting(9, usize::MAX).unwrap();
    let signer = envelope::peek(&waiting[0].jws).unwrap().kid;
    assert!(is.may_change(false, was.slip, &signer));
    // her slip is the same: here, there, and after the app was closed
    for (phone, record) in [(&here, record), (&there, corrected.record)] {
        let slip = phone.slip(record).unwrap().unwrap();
        assert_eq!((slip.code, slip.undo), (code.clone(), undo.clone()));
    }
    assert_eq!(is.slip, was.slip);
    // what she took back is not corrected
    there.withdraw_slip(code.as_str(), Some(undo.as_str())).unwrap();
    let again = told(&there).correct(None, code.as_str(), undo.as_str()).err();
    assert_eq!(again, Some(Error::NotFound { what: NotFoundItem::Code }));
    // with another secret it names no record of hers
    let wrong = Code::generate();
    let guessed = told(&here).correct(None, code.as_str(), wrong.as_str()).unwrap();
    assert_ne!(sealed(&here).revises, Some(record));
    assert_ne!(guessed.record, record);
}
