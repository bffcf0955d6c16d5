//! What a wrong clock has closed, and how long things are kept.

use super::*;
use crate::operator::doctor::{self, Grade, Topic};
use crate::statistics::disclosure::ExactUse;
use crate::statistics::{Base, Counting, Period, Scope};

impl House {
    /// A woman whom the statistics count.
    fn identified(&self, phone: &mut Phone) -> Record {
        let mut record = phone.screening(self);
        let more = [("outcome", "presumed"), ("already", "no"), ("age_band", "18-23")];
        record.facts.extend(more.map(|(name, code)| (name.to_owned(), FactValue::One(code.into()))));
        record
    }
    /// People in closed months, and in open ones.
    fn counted(&self) -> (u32, u32) {
        let exact = Base::Exact(ExactUse::after_the_entry_is_written());
        let numbers = Counting::standard().follow(&self.store, i64::MAX).unwrap();
        let closed = numbers.headline(Scope::Nation, Period::All, &exact).identified.at_least();
        (closed, numbers.open_screened(&exact).at_least())
    }
    /// The clock runs on, and the server with it.
    fn pass(&self, days: i64) {
        for _ in 0..days {
            self.clock.add(DAY);
            log::tick(&self.store, &*self.clock).unwrap();
        }
    }
}

#[test]
fn a_month_that_a_wrong_clock_closed_is_opened_again() {
    let house = House::new();
    let mut phone = house.phone();
    let send = |phone: &mut Phone, record: &Record| phone.send(&house, &[phone.sign(record)]);
    let open = || house.store.read(|log| log.open_month()).unwrap().unwrap();
    let reopen = |month: &str| log::reopen(&house.store, month.into(), house.now()).unwrap();
    assert!(!reopen("2026-11"), "it is open");
    let (early, late) = (house.identified(&mut phone), house.identified(&mut phone));
    send(&mut phone, &early);
    // on 20 November the clock jumps to 15 December: November closes
    house.clock.add(25 * DAY);
    log::tick(&house.store, &*house.clock).unwrap();
    assert_eq!(open(), "2026-12");
    assert!(!reopen("2026-11"), "by this clock it would close again at once");
    // the operator puts the clock right, and says so; the closing stands, and what comes in November waits for the revision
    house.clock.add(-25 * DAY + 60);
    log::accept_clock(&house.store, house.now()).unwrap();
    send(&mut phone, &late);
    assert_eq!((open().as_str(), house.counted()), ("2026-12", (1, 0)));
    assert!(!reopen("2026-12") && !reopen("november") && !reopen("2026-9"));
    assert!(reopen("2026-11"));
    assert_eq!((open().as_str(), house.counted()), ("2026-11", (0, 2)));
    house.pass(20);
    assert_eq!((open().as_str(), house.counted()), ("2026-12", (2, 0)), "it closes in its time, with both");
    house.rebuilt().unwrap();
    // a reopening that was not allowed is found
    let forged = "UPDATE entry SET body = '{\"month\":\"2026-10\"}' WHERE kind = 17";
    assert!(house.tamper(forged).rebuilt().unwrap_err().contains("could not be opened again"));
}

#[test]
fn what_a_revision_has_settled_is_not_opened_again() {
    let house = House::new();
    house.pass(50);
    // 9 January: December closes, with the revision of the year; a clock that was 3 days ahead did it
    let reopen = |month: &str| log::reopen(&house.store, month.into(), house.now()).unwrap();
    house.clock.add(-3 * DAY);
    log::accept_clock(&house.store, house.now()).unwrap();
    assert!(!reopen("2026-11"), "it is in the revision");
    assert!(reopen("2026-12"), "its own revision comes again");
    house.pass(3);
    house.rebuilt().unwrap();
}

#[test]
fn a_record_that_was_kept_long_enough_stays_counted_and_is_tied_to_nobody() {
    let house = House::new();
    house.publish_with(2, Policy { keep_years: [(Kind::Screening, 1)].into(), ..Policy::default() });
    let (mut phone, mut other, code, slip) = (house.phone(), house.phone(), Code::generate(), SigningKey::generate());
    let of_hers = |record: Record| Record { code: Some(code.clone()), slip: Some(slip.public()), ..record };
    let record = of_hers(house.identified(&mut phone));
    let sent = phone.sealed(&house, record.clone(), b"all she said");
    let service = Record { kind: Kind::Assistance, facts: Default::default(), ..of_hers(phone.screening(&house)) };
    phone.send(&house, &[sent.clone(), phone.sign(&service)]);
    let (case, jws_part) = (&sent.sealed_bytes().unwrap().unwrap()[200..260], &sent.jws.as_bytes()[200..260]);
    let found = |bytes: &[u8]| found_in(house.folder.path(), bytes);
    house.pass(320);
    assert!(found(case) && found(jws_part), "not a year yet");
    house.pass(180);
    assert_eq!([case, jws_part, record.case.to_string().as_bytes()].map(found), [false; 3], "in no file");
    assert_eq!(house.counted().0, 1, "she stays counted");
    let held = crate::operator::case_export::gather(&house.store, &house.settings, code.clone()).unwrap();
    assert_eq!(held.entries.len(), 1, "the kind that has no limit stays whole");
    house.rebuilt().unwrap();
    assert_eq!(house.store.first_unproven().unwrap(), None);
    // the phone sends it again: it is there. It takes it back by its id: it is taken out, as ever
    let again = phone.sealed(&house, record.clone(), b"all she said");
    assert_eq!(phone.send(&house, &[again]).refused[0].reason, Reason::IdTaken, "another sealing is another record");
    assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], None);
    let withdrawal = phone.withdrawal(&house, Some(record.record), Some(code.clone()));
    let by_id = phone.sign(&withdrawal);
    assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&by_id)))[&jws(&by_id)], None);
    // by the code alone another phone finds nothing that it could take back: somebody looks
    let withdrawal = other.withdrawal(&house, None, Some(code));
    let by_code = other.sign(&withdrawal);
    let answer = kept(&other.send(&house, std::slice::from_ref(&by_code)))[&jws(&by_code)];
    assert_eq!(answer, Some(Reason::ForeignRevision));
    house.pass(120);
    assert_eq!(house.counted().0, 0);
    house.rebuilt().unwrap();
    // what was left is proven, too
    let expired = "kind = 2 AND length(digests) > 96";
    for change in [
        format!("UPDATE entry SET digests = substr(digests, 1, 128) || zeroblob(8) WHERE {expired}"),
        "DELETE FROM withdrawn".to_owned(),
        "UPDATE entry SET body = '{}', digests = zeroblob(136) WHERE kind = 2 AND digests IS NULL".to_owned(),
        "UPDATE entry SET body = replace(body, '\"records\":1', '\"records\":2') WHERE kind = 18".to_owned(),
    ] {
        let copy = tempfile::tempdir().unwrap();
        house.store.backup(&copy.path().join(crate::store::FILE), house.now()).unwrap();
        let file = rusqlite::Connection::open(copy.path().join(crate::store::FILE)).unwrap();
        file.execute_batch(&change).unwrap();
        drop(file);
        let empty = tempfile::tempdir().unwrap();
        let store = Store::open(copy.path()).unwrap();
        assert!(crate::operator::rebuild::rebuild(&store, &house.settings, empty.path()).is_err(), "{change}");
    }
}

#[test]
fn doctor_proves_the_log_and_notify_believes_it_for_two_days() {
    let house = House::new();
    let log = |house: &House| {
        let all = doctor::examine(&house.store, &house.settings).unwrap();
        all.into_iter().find(|finding| finding.topic == Topic::Log).unwrap().grade
    };
    assert_eq!(log(&house), Grade::Soon, "nobody has looked yet");
    assert_eq!(doctor::prove(&house.store, house.now()).unwrap(), None);
    assert_eq!(log(&house), Grade::Well);
    house.clock.add(3 * DAY);
    assert_eq!(log(&house), Grade::Soon);
    let house = house.tamper("UPDATE entry SET received = received - 86400 WHERE position = 2");
    assert_eq!(doctor::prove(&house.store, house.now()).unwrap(), Some(1));
    assert_eq!(log(&house), Grade::Now);
    house.clock.add(DAY);
    assert_eq!(log(&house), Grade::Now, "until it proves itself again");
}

#[test]
fn a_copy_of_the_log_that_is_older_than_what_was_erased_since_is_told() {
    let house = House::new();
    let told = |days: i64| {
        house.clock.0.store(START + days * DAY, Ordering::Relaxed);
        let all = doctor::examine(&house.store, &house.settings).unwrap();
        all.iter().any(|finding| finding.text.starts_with("2 copies of the log are older"))
    };
    let backups = house.folder.path().join("backup");
    std::fs::create_dir(&backups).unwrap();
    for copy in [backups.join("tabara.sqlite"), house.folder.path().join("tabara.sqlite.before-1795000000")] {
        let written = std::time::UNIX_EPOCH + Duration::from_secs(START as u64);
        std::fs::File::create(copy).unwrap().set_modified(written).unwrap();
    }
    assert!(!told(34) && told(36));
}
