//! The log as a file, proven without the server; and what is found when it was changed.

use super::*;
use crate::operator::log_export::export;
use crate::staff::audit_line::Action;
use crate::staff::file::Staff;
use tabara_protocol::log::entry::{EntryKind, read_record};
use tabara_protocol::log::file::{LogLine, LogReader, LogWriter};
use tabara_protocol::log::row::{Digests, EntryBody, EntryRow, leaf};
use tabara_protocol::log::verify::{EntryFault, LogFault, LogReport, verify};
use tabara_protocol::tree::Frontier;

type Lines = Vec<LogLine>;

impl House {
    pub(super) fn exported(&self) -> Vec<u8> {
        let file = tempfile::tempdir().unwrap().path().join("log");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let staff = Staff::open(self.folder.path()).unwrap();
        export(&self.store, &staff, &self.settings, &file).unwrap();
        std::fs::read(file).unwrap()
    }
    pub(super) fn proven(&self, file: &[u8], known: Option<TreeHead>) -> LogReport {
        verify(|| Ok(file), self.authority.public(), known).unwrap()
    }
    fn lines(&self) -> Lines {
        let file = self.exported();
        let mut reader = LogReader::new(&file[..]).unwrap();
        let mut lines = Vec::new();
        while let Some(line) = reader.next().unwrap() {
            lines.push(line);
        }
        lines.pop();
        lines
    }
    /// What a hostile operator makes, who has every key of the server: the tree is that of the changed entries, and signed.
    fn forged(&self, lines: &Lines) -> Vec<u8> {
        let mut frontier = Frontier::default();
        let mut writer = LogWriter::new(Vec::new()).unwrap();
        for line in lines {
            if let LogLine::Leaf { bundle, entries } = line {
                frontier.append(leaf(*bundle, entries).unwrap().hash(), |_, _, _| ());
            }
            writer.line(line).unwrap();
        }
        let head = TreeHead { size: frontier.size(), root: frontier.root() };
        let (standing, seq, grown, restore, connected, leaves, refused, later) = Default::default();
        let (updates, cursor, time) = (vec![], 0, self.now());
        let sign = |answers| {
            let parcel = Parcel {
                answers,
                time,
                head,
                standing,
                seq,
                grown,
                restore,
                connected,
                leaves,
                refused,
                later,
                providers: None,
                updates,
                cursor,
            };
            self.settings.operations.sign(Typ::Parcel, &parcel)
        };
        writer.end(sign).unwrap()
    }
    /// A log with all that happens: phones, records, corrections, withdrawals of several kinds, a wrong clock, decisions, a closed
    /// year, a restore, what expires, and people who look at numbers.
    fn lived_in() -> Self {
        let house = Self::new();
        house.publish_with(2, Policy { keep_years: [(Kind::Screening, 1)].into(), ..Policy::default() });
        let staff = Staff::open(house.folder.path()).unwrap();
        let [mut phone, mut other] = [(); 2].map(|()| house.phone());
        let (code, slip) = (Code::generate(), SigningKey::generate());
        let of_hers = |record: Record| Record { code: Some(code.clone()), slip: Some(slip.public()), ..record };
        let (first, second) = (of_hers(phone.screening(&house)), phone.screening(&house));
        let correction = Record { revises: Some(second.record), ..phone.screening(&house) };
        let strange = Record { seq: second.seq, record: Uuid::new_v4(), ..phone.screening(&house) };
        let sent = phone.sealed(&house, first.clone(), b"all she said");
        phone.send(&house, &[sent, phone.sign(&second), phone.sign(&correction), phone.sign(&strange)]);
        let agreed = other.withdrawal(&house, Some(first.record), None);
        let proof = Some(agreed.agreed(&slip, &other.record.public().kid()));
        let foreign = other.withdrawal(&house, Some(second.record), None);
        other.send(&house, &[other.sign(&Record { proof, ..agreed }), other.sign(&foreign)]);
        let late = of_hers(phone.screening(&house));
        phone.send(&house, &[phone.sign(&late)]);
        for waiting in house.store.read(|log| log.quarantined()).unwrap() {
            crate::intake::decide(&house.store, waiting.position, waiting.kind == EntryKind::Withdrawal, house.now())
                .unwrap();
        }
        house.clock.add(25 * DAY);
        log::tick(&house.store, &*house.clock).unwrap();
        house.clock.add(-25 * DAY + 60);
        log::accept_clock(&house.store, house.now()).unwrap();
        assert!(log::reopen(&house.store, "2026-11".into(), house.now()).unwrap());
        devices::revoke(&house.store, other.device, None, false, house.now()).unwrap();
        devices::trust(&house.store, other.device, house.now()).unwrap();
        devices::revoke(&house.store, other.device, Some(house.now()), false, house.now()).unwrap();
        for days in 0..430 {
            house.clock.add(DAY);
            if days % 90 == 0 {
                staff.note(house.now(), "aline", Action::SawExact, "BI-CO-04-02").unwrap();
                crate::note_audit(&house.store, &staff, &*house.clock).unwrap();
                let record = phone.screening(&house);
                phone.send(&house, &[phone.sign(&record)]);
            }
            log::tick(&house.store, &*house.clock).unwrap();
        }
        house
    }
}

/// The entries that lie in a leaf of a bundle.
fn sent(lines: &mut Lines) -> impl Iterator<Item = &mut EntryRow> {
    let leaves = lines.iter_mut().filter_map(|line| match line {
        LogLine::Leaf { entries, .. } => Some(entries),
        _ => None,
    });
    leaves.flatten().filter(|row| row.id.is_some())
}

fn last_whole(lines: &mut Lines) -> &mut EntryRow {
    sent(lines).filter(|row| row.kind == EntryKind::Record && matches!(row.body, EntryBody::Text(_))).last().unwrap()
}

/// The causes that a proof names, without their positions.
fn causes(report: &LogReport) -> Vec<EntryFault> {
    let cause = |fault: &LogFault| match fault {
        LogFault::Entry { cause, .. } => Some(*cause),
        _ => None,
    };
    report.faults.iter().filter_map(cause).collect()
}

#[test]
fn a_log_that_was_lived_in_proves_itself_and_that_it_has_only_grown() {
    let house = House::lived_in();
    house.rebuilt().unwrap();
    let file = house.exported();
    let report = house.proven(&file, None);
    assert_eq!(report.faults, [], "{report:?}");
    assert_eq!((report.head, report.signed), (Some(house.head()), Some(house.now())));
    assert_eq!((report.tombstones, report.audit_lines), (3, 5));
    assert!(report.expired > 0 && report.quarantined > 0);
    let known = house.head();
    let mut phone = house.phone();
    phone.seq = 1;
    let record = phone.screening(&house);
    phone.send(&house, &[phone.sign(&record)]);
    assert_eq!(house.proven(&house.exported(), Some(known)).faults, []);
    let stranger = verify(|| Ok(&file[..]), SigningKey::generate().public(), None).unwrap();
    assert!(stranger.faults.contains(&LogFault::Unsigned));
    assert!(!found_in_text(&file, b"age-encryption.org"), "sealed cases stay at home");
    // a restored log says so itself
    let backup = house.folder.path().join("backup");
    house.store.backup(&backup, house.now()).unwrap();
    let House { folder, store, settings, authority, clock, .. } = house;
    drop(store);
    let store = crate::operator::restore::restore(folder.path(), &backup, clock.unix()).unwrap();
    let (restored, staff) = (folder.path().join("log"), Staff::open(folder.path()).unwrap());
    export(&store, &staff, &settings, &restored).unwrap();
    let file = std::fs::read(restored).unwrap();
    assert_eq!(verify(|| Ok(&file[..]), authority.public(), None).unwrap().faults, []);
}

fn found_in_text(text: &[u8], bytes: &[u8]) -> bool {
    text.windows(bytes.len()).any(|part| part == bytes)
}

#[test]
fn who_has_the_servers_keys_is_found_out_by_name() {
    let house = House::lived_in();
    let lines = house.lines();
    let known = house.head();
    assert_eq!(house.proven(&house.forged(&lines), Some(known)).faults, [], "nothing was changed");
    type Attack = (&'static str, fn(&mut Lines), fn(&EntryFault) -> bool);
    let attacks: [Attack; 9] = [
        ("buried in secret", |lines| bury(last_whole(lines)), |c| *c == EntryFault::Buried),
        (
            "false quarantine",
            |lines| last_whole(lines).reason = Some(Reason::UnknownQuestionnaire),
            |c| matches!(c, EntryFault::Verdict { then: Some(Reason::UnknownQuestionnaire), now: None }),
        ),
        (
            "false acceptance",
            |lines| quarantined(lines).reason = None,
            |c| matches!(c, EntryFault::Verdict { then: None, now: Some(_) }),
        ),
        ("moved to an earlier time", |lines| last_whole(lines).received -= 40 * DAY, |c| *c == EntryFault::Time),
        ("moved to a later time", |lines| last_whole(lines).received += 40 * DAY, |c| *c == EntryFault::NotClosed),
        ("another fact in what has expired", |lines| fact_of_expired(lines), |c| *c == EntryFault::Expiry),
        ("nothing expired that should have", |lines| drop_acts(lines, EntryKind::Expiry), |c| *c == EntryFault::Expiry),
        ("a month that never closed", |lines| drop_acts(lines, EntryKind::Closing), |c| *c == EntryFault::NotClosed),
        ("another audit log", |lines| audit_anew(lines), |c| *c == EntryFault::Audit),
    ];
    for (what, change, cause) in attacks {
        let mut changed = lines.clone();
        change(&mut changed);
        let report = house.proven(&house.forged(&changed), None);
        assert!(causes(&report).iter().any(cause), "{what}: {:?}", report.faults);
        // and the tree that somebody has seen before is not there any more, but where leaves do not hold what was changed
        let report = house.proven(&house.forged(&changed), Some(known));
        let in_leaf = !matches!(what, "buried in secret" | "another fact in what has expired" | "another audit log");
        let grown = |fault: &LogFault| matches!(fault, LogFault::NotGrown(_));
        assert_eq!(report.faults.iter().any(grown), in_leaf, "{what}");
    }
    // a time that was moved within its day and month, and a record that is not there any more, show by the head alone
    let mut cut = lines.clone();
    cut.retain(|line| !matches!(line, LogLine::Leaf { entries, .. } if entries.iter().any(|row| row.seq == Some(1))));
    assert!(house.proven(&house.forged(&cut), Some(known)).faults.contains(&LogFault::NotGrown(known.size)));
}

fn bury(row: &mut EntryRow) {
    let EntryBody::Text(text) = &row.body else { panic!() };
    row.body = EntryBody::Tombstone(Digests::of(sha256(text.as_bytes()), &read_record(text).unwrap()));
}

fn quarantined(lines: &mut Lines) -> &mut EntryRow {
    sent(lines).find(|row| row.reason == Some(Reason::RepeatedSeq)).unwrap()
}

fn fact_of_expired(lines: &mut Lines) {
    for row in sent(lines) {
        if let EntryBody::Expired { text, digests: Digests { expired: Some(expired), .. } } = &mut row.body {
            *text = text.replace("2026-11", "2026-10");
            expired.left = sha256(text.as_bytes());
        }
    }
}

fn drop_acts(lines: &mut Lines, kind: EntryKind) {
    lines.retain(|line| !matches!(line, LogLine::Leaf { entries, .. } if entries[0].kind == kind));
}

fn audit_anew(lines: &mut Lines) {
    let mut before = Digest([0; 32]);
    for line in lines {
        if let LogLine::Audit(line) = line {
            line.name = "bosco".into();
            line.hash = line.digest(before);
            before = line.hash;
        }
    }
}

#[test]
fn one_wrong_bit_anywhere_is_found_and_a_cut_file_too() {
    let house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    phone.send(&house, &[phone.sign(&record)]);
    let file = house.exported();
    assert_eq!(house.proven(&file, None).faults, []);
    let prove = |file: &[u8]| verify(|| Ok(file), house.authority.public(), None);
    for at in (0..file.len()).step_by(23) {
        let mut changed = file.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(prove(&changed).map_or(true, |report| !report.faults.is_empty()), "byte {at}");
    }
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let without: Vec<u8> =
            lines.iter().enumerate().filter(|(n, _)| *n != at).flat_map(|(_, line)| *line).copied().collect();
        assert!(prove(&without).map_or(true, |report| !report.faults.is_empty()), "line {at}");
    }
    assert!(prove(&file[..file.len() - 30]).is_err());
}
