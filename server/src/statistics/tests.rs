//! Stories of a log and what may be read from it.

mod attack;
mod padding;
mod random;

use super::disclosure::ExactUse;
use super::*;
use crate::store::entry as log;
use proptest::prelude::*;
use tabara_protocol::catalog::{Binding, Grant};
use tabara_protocol::envelope::{SigningKey, sha256};
use tabara_protocol::facts::{FactValue, Facts};
use tabara_protocol::kind::{Kind, Reason};
use tabara_protocol::record::{QuestionnaireRef, Record, Uuid};
use tabara_protocol::referral::{Route, Status};

fn exact() -> Base {
    Base::Exact(ExactUse::after_the_entry_is_written())
}

fn one(code: &str) -> FactValue {
    FactValue::One(code.into())
}

/// A screening that comes out as presumed, in Kayanza (Butanyerera, the fourth province).
fn presumed(month: &str) -> Facts {
    let codes = [
        ("month", month),
        ("screen_commune", "BI-CO-04-02"),
        ("outcome", "presumed"),
        ("already", "no"),
        ("sex", "f"),
        ("age_band", "18-23"),
        ("destination_region", "gulf"),
    ];
    let mut facts: Facts = codes.map(|(name, code)| (name.to_owned(), one(code))).into();
    facts.insert("exploitation".into(), FactValue::Many(["ex_domestic".to_owned()].into()));
    facts
}

fn with(mut facts: Facts, name: &str, code: &str) -> Facts {
    facts.insert(name.into(), one(code));
    facts
}

/// A log in the writing. Everything comes from one phone, unless said otherwise.
struct Log(Counting, Vec<Entry>);

const PHONE: u64 = 1;

fn record(id: u128, kind: Kind, revises: Option<u128>, facts: &Facts) -> Box<Record> {
    let questionnaire = QuestionnaireRef { id: "test".into(), sha256: sha256(b"test") };
    Box::new(Record {
        record: Uuid::from_u128(id),
        case: Uuid::from_u128(id),
        seq: id as u64,
        kind,
        questionnaire,
        revises: revises.map(Uuid::from_u128),
        code: None,
        slip: None,
        proof: None,
        route: None,
        facts: facts.clone(),
        sealed: None,
    })
}

impl Log {
    fn new() -> Self {
        Self::of(Counting::standard())
    }
    fn of(counting: Counting) -> Self {
        let mut log = Self(counting, Vec::new());
        assert_eq!(log.enrolled(), PHONE);
        log
    }
    /// A new phone, by the position of its chain.
    fn enrolled(&mut self) -> u64 {
        let [card, record, transport] = [(); 3].map(|()| SigningKey::generate().public());
        let (device, commune) = (Uuid::from_u128(1), "BI-CO-04-02".to_owned());
        let (role, area, servers) = Default::default();
        let grant = Grant { device, role, organisation: "test".into(), commune, area, servers, expires: 0, card };
        let (mailbox, vault) = Default::default();
        let binding = Binding { device, record_key: record, transport_key: transport, mailbox, vault };
        self.tell(EntryPayload::Chain {
            grant: Box::new(grant),
            binding: Box::new(binding),
            chain: sha256(b"a chain"),
        });
        self.0.head()
    }
    fn tell(&mut self, payload: EntryPayload) -> &mut Self {
        self.tell_from(PHONE, None, payload)
    }
    fn tell_from(&mut self, phone: u64, reason: Option<Reason>, payload: EntryPayload) -> &mut Self {
        let position = self.0.head() + 1;
        self.take(Entry {
            position,
            received: 0,
            reason,
            binding: Some(phone),
            takes_back: vec![],
            about: None,
            payload,
        })
    }
    fn take(&mut self, mut entry: Entry) -> &mut Self {
        if let EntryPayload::Decision(decision) = &entry.payload {
            entry.about = self.1.iter().find(|other| other.position == decision.position).cloned().map(Box::new);
        }
        self.1.push(entry.clone());
        self.0.take(entry).unwrap();
        self
    }
    fn screened(&mut self, id: u128, facts: &Facts) -> &mut Self {
        self.tell(EntryPayload::Record(record(id, Kind::Screening, None, facts)))
    }
    fn corrected(&mut self, id: u128, of: u128, facts: &Facts) -> &mut Self {
        self.tell(EntryPayload::Record(record(id, Kind::Screening, Some(of), facts)))
    }
    fn withdrawn(&mut self, of: u128) -> &mut Self {
        let payload = EntryPayload::Withdrawal(record(of + 1000, Kind::Withdrawal, Some(of), &Facts::new()));
        let (position, takes_back) = (self.0.head() + 1, vec![Uuid::from_u128(of)]);
        self.take(Entry { position, received: 0, reason: None, binding: Some(PHONE), takes_back, about: None, payload })
    }
    fn reviewed(&mut self, of: u128, decision: &str) -> &mut Self {
        let facts = [("decision".to_owned(), one(decision))].into();
        self.tell(EntryPayload::Review(record(of + 2000, Kind::Review, Some(of), &facts)))
    }
    fn decided(&mut self, position: u64, accept: bool) -> &mut Self {
        self.tell(EntryPayload::Decision(log::QuarantineDecision { position, accept }))
    }
    fn closed(&mut self, month: &str) -> &mut Self {
        self.tell(EntryPayload::Closing(log::Closing { month: month.into() }))
    }
    fn revised(&mut self) -> &mut Self {
        self.tell(EntryPayload::Revision(log::Revision { through: String::new() }))
    }
    /// The exact number of people identified in closed months.
    fn identified(&mut self) -> u32 {
        self.0.snapshot(i64::MAX).headline(Scope::Nation, Period::All, &exact()).identified.at_least()
    }
    fn open(&mut self) -> u32 {
        self.0.snapshot(i64::MAX).open_screened(&exact()).at_least()
    }
    /// The parts of a table that hold somebody.
    fn parts(&mut self, table: &str) -> Vec<(String, u32)> {
        let answer = self.0.snapshot(i64::MAX).answer(table, Scope::Nation, Period::All, &exact()).unwrap();
        let parts = answer.parts().unwrap().into_iter().map(|part| part.at_least());
        answer.codes().into_iter().zip(parts).filter(|(_, n)| *n > 0).collect()
    }
}

fn part(code: &str, n: u32) -> (String, u32) {
    (code.to_owned(), n)
}

#[test]
fn splits_appear_once_when_the_month_closes() {
    let mut log = Log::new();
    for n in 0..7 {
        log.screened(n, &presumed("2021-06"));
    }
    assert_eq!((log.identified(), log.open()), (0, 7));
    log.closed("2021-06");
    assert_eq!((log.identified(), log.open()), (7, 0));
    assert_eq!(log.parts("people-by-sex"), [part("f", 7)]);
    assert_eq!(log.parts("people-by-place"), [part("BI-PR-04", 7)]);
    assert_eq!(log.parts("people-by-age-and-sex"), [part("f/18-23", 7)]);
    assert_eq!(log.parts("people-by-month"), [part("2021-06", 7)]);
}

#[test]
fn what_comes_late_waits_for_the_revision() {
    let mut log = Log::new();
    log.screened(1, &presumed("2021-06")).closed("2021-06");
    log.screened(2, &presumed("2021-06")).screened(3, &presumed("2021-05"));
    assert_eq!(log.identified(), 1);
    log.screened(4, &presumed("2021-07")).closed("2021-07");
    assert_eq!(log.identified(), 2, "July came out, June did not move");
    log.revised();
    assert_eq!(log.identified(), 4);
}

#[test]
fn a_withdrawal_counts_at_the_revision_and_at_once_in_an_open_month() {
    let mut log = Log::new();
    log.screened(1, &presumed("2021-06")).closed("2021-06").screened(2, &presumed("2021-07"));
    log.withdrawn(1).withdrawn(2);
    assert_eq!((log.identified(), log.open()), (1, 0));
    log.revised();
    assert_eq!(log.identified(), 0);
}

#[test]
fn a_withdrawal_beats_its_record_in_any_order_and_takes_the_corrections_along() {
    let mut log = Log::new();
    log.withdrawn(1).screened(1, &presumed("2021-06"));
    log.screened(2, &presumed("2021-06")).corrected(3, 2, &presumed("2021-06")).withdrawn(2);
    log.screened(4, &presumed("2021-06")).corrected(5, 4, &presumed("2021-06")).withdrawn(5);
    log.closed("2021-06");
    assert_eq!(log.identified(), 0);
}

#[test]
fn a_correction_replaces_and_is_never_counted_beside_its_original() {
    let mut log = Log::new();
    log.screened(1, &presumed("2021-06")).closed("2021-06");
    // corrected into the open month: the original stands until the revision, so the correction waits
    log.corrected(2, 1, &with(presumed("2021-07"), "sex", "m"));
    assert_eq!((log.identified(), log.open()), (1, 0));
    log.closed("2021-09");
    assert_eq!(log.parts("people-by-month"), [part("2021-06", 1)]);
    log.revised();
    assert_eq!(log.parts("people-by-month"), [part("2021-07", 1)]);
    assert_eq!(log.parts("people-by-sex"), [part("m", 1)]);
}

#[test]
fn of_several_corrections_the_last_one_stands() {
    let mut log = Log::new();
    log.screened(1, &presumed("2021-06"));
    log.corrected(2, 1, &with(presumed("2021-06"), "sex", "m"));
    log.corrected(3, 1, &with(presumed("2021-06"), "sex", "other"));
    // a correction of a correction that is still on its way
    log.screened(10, &presumed("2021-06")).corrected(12, 11, &with(presumed("2021-06"), "sex", "ns"));
    log.corrected(11, 10, &presumed("2021-06")).closed("2021-06");
    assert_eq!(log.parts("people-by-sex"), [part("other", 1), part("ns", 1)]);
}

#[test]
fn a_correction_without_facts_takes_the_person_out_of_the_count() {
    let mut log = Log::new();
    log.screened(1, &presumed("2021-06")).corrected(2, 1, &Facts::new()).closed("2021-06");
    assert_eq!(log.identified(), 0);
}

#[test]
fn a_referral_is_counted_by_its_facts_and_never_by_its_route() {
    // Given two people referred to a clinic, of whom one does not agree to be counted
    let route = Route { to: "Clinic".into(), service: "sv_medical".into(), urgency: "d1".into(), status: Status::Sent };
    let codes = [
        ("month", "2021-06"),
        ("screen_commune", "BI-CO-04-02"),
        ("service_type", "sv_medical"),
        ("referral_status", "sent"),
    ];
    let agreed: Facts = codes.map(|(name, code)| (name.to_owned(), one(code))).into();
    let mut log = Log::new();
    for (id, facts) in [(1, &agreed), (2, &Facts::new())] {
        let referral = record(id, Kind::Referral, None, facts);
        log.tell(EntryPayload::Record(Box::new(Record { route: Some(route.clone()), ..*referral })));
    }
    // When one of them was helped and the month closes
    let completed = with(agreed, "referral_status", "completed");
    log.tell(EntryPayload::Record(record(3, Kind::Referral, Some(1), &completed))).closed("2021-06");
    // Then there is one referral, in its last status
    assert_eq!(log.parts("referrals-by-service"), [part("completed/sv_medical", 1)]);
}

#[test]
fn of_all_steps_of_a_referral_the_furthest_is_counted_and_none_of_a_person_who_did_not_agree() {
    let codes = [("month", "2021-06"), ("screen_commune", "BI-CO-04-02"), ("service_type", "sv_medical")];
    let facts: Facts = codes.map(|(name, code)| (name.to_owned(), one(code))).into();
    let told = |log: &mut Log, id: u128, first: Option<u128>, status: Option<&str>| {
        let facts = status.map_or_else(Facts::new, |status| with(facts.clone(), "referral_status", status));
        log.tell(EntryPayload::Record(record(id, Kind::Referral, first, &facts)));
    };
    // Given two devices of a provider, which answer without knowing of each other: the later one declines
    let mut log = Log::new();
    told(&mut log, 1, None, Some("sent"));
    told(&mut log, 2, Some(1), Some("accepted"));
    told(&mut log, 3, Some(1), Some("declined"));
    // and a person who does not agree to be counted, of whom a provider sends facts nevertheless
    told(&mut log, 4, None, None);
    told(&mut log, 5, Some(4), Some("completed"));
    // and one whose late answer came after nobody had answered
    told(&mut log, 6, None, Some("sent"));
    told(&mut log, 7, Some(6), Some("lapsed"));
    told(&mut log, 8, Some(6), Some("accepted"));
    log.closed("2021-06");
    assert_eq!(log.parts("referrals-by-service"), [part("accepted/sv_medical", 2)]);
}

#[test]
fn sums_are_added_up_and_reviews_are_counted_where_they_have_no_place() {
    let sums = |unit: &str, convictions: &str| -> Facts {
        let codes =
            [("month", "2021-06"), ("screen_commune", "BI-CO-04-02"), ("law_unit", unit), ("convictions", convictions)];
        codes.map(|(name, code)| (name.to_owned(), one(code))).into()
    };
    let mut log = Log::new();
    for (id, facts) in [sums("court", "3"), sums("court", "12"), sums("police", "0")].iter().enumerate() {
        log.tell(EntryPayload::Record(record(id as u128, Kind::Enforcement, None, facts)));
    }
    let review = [("month", "2021-06"), ("decision", "confirmed"), ("decided_by", "iom")];
    let review = review.map(|(name, code)| (name.to_owned(), one(code))).into();
    log.tell(EntryPayload::Review(record(9, Kind::Review, Some(8), &review))).closed("2021-06");
    assert_eq!(log.parts("law-figures"), [part("convictions/court", 15)]);
    assert_eq!(log.parts("reviews-by-decision"), [part("confirmed/iom", 1)]);
}

#[test]
fn what_is_quarantined_counts_once_the_operator_accepts_it_and_as_late_as_that() {
    let mut log = Log::new();
    log.tell_from(
        PHONE,
        Some(Reason::RepeatedSeq),
        EntryPayload::Record(record(1, Kind::Screening, None, &presumed("2021-06"))),
    );
    let position = log.0.head();
    log.closed("2021-06").decided(position, true);
    assert_eq!(log.identified(), 0);
    log.decided(position, true).revised();
    assert_eq!(log.identified(), 1);
    log.decided(position, false).revised();
    assert_eq!(log.identified(), 0);
}

#[test]
fn a_log_that_is_read_again_after_a_withdrawal_was_buried_gives_the_same_numbers() {
    let story = |log: &mut Log, buried: bool| {
        let one = |n| if buried { EntryPayload::Tombstone { record: Uuid::from_u128(n) } } else { screening(n) };
        log.tell(one(1)).tell(screening(2)).closed("2021-06").withdrawn(1).revised();
        everything(log)
    };
    fn screening(n: u128) -> EntryPayload {
        EntryPayload::Record(record(n, Kind::Screening, None, &presumed("2021-06")))
    }
    assert_eq!(story(&mut Log::new(), false), story(&mut Log::new(), true));
}

#[test]
fn corrections_in_a_ring_are_counted_once_at_most() {
    let mut log = Log::new();
    log.corrected(1, 2, &presumed("2021-06")).corrected(2, 1, &presumed("2021-06")).closed("2021-06");
    assert_eq!(log.identified(), 1);
}

#[test]
fn reviewers_add_and_take_away() {
    let mut log = Log::new();
    for n in 1..=4 {
        log.screened(n, &presumed("2021-06"));
    }
    log.screened(5, &with(presumed("2021-06"), "outcome", "at_risk"));
    log.reviewed(1, "not_confirmed").reviewed(2, "duplicate").reviewed(5, "confirmed");
    log.reviewed(3, "not_confirmed").reviewed(3, "confirmed").closed("2021-06");
    assert_eq!(log.identified(), 3, "records 3, 4 and 5");
    assert_eq!(log.parts("people-by-outcome"), [part("presumed", 3), part("not_confirmed", 1)]);
}

#[test]
fn people_are_screenings_less_those_screened_before() {
    let mut log = Log::new();
    for (n, already) in ["no", "yes", "yes", "no", "unknown"].iter().enumerate() {
        log.screened(n as u128, &with(presumed("2021-06"), "already", already));
    }
    log.closed("2021-06");
    let headline = log.0.snapshot(i64::MAX).headline(Scope::Nation, Period::All, &exact());
    let number = Shown::Number;
    assert_eq!((headline.screenings, headline.screened), (number(5), number(3)));
    assert_eq!((headline.identified_least, headline.identified), (number(2), number(3)));
    assert_eq!((headline.reporting, headline.enrolled), (number(1), number(1)));
}

#[test]
fn a_province_sees_its_communes_by_whole_years_only() {
    let mut log = Log::new();
    for n in 0..12 {
        log.screened(n, &presumed("2021-06"));
    }
    log.closed("2021-12");
    let mut places = |scope, period| {
        let snapshot = log.0.snapshot(i64::MAX);
        snapshot.answer("people-by-place", scope, period, &Base::Inside).unwrap()
    };
    let kayanza = Scope::province("BI-PR-04").unwrap();
    let year = places(kayanza, Period::Year(2021));
    assert_eq!(year.codes().len(), 8);
    assert!(year.codes().iter().zip(year.parts().unwrap()).all(|(code, n)| match code.as_str() {
        "BI-CO-04-02" => n == Shown::Number(10),
        _ => n == Shown::Below(5),
    }));
    assert!(places(kayanza, Period::Quarter(2021, 2)).codes().is_empty());
    assert_eq!(places(Scope::province("BI-PR-01").unwrap(), Period::Year(2021)).total, Shown::Below(5));
}

#[test]
fn hostile_facts_are_not_counted() {
    let mut log = Log::new();
    let bad = [("month", "2021-13"), ("month", "1999-01"), ("screen_commune", "BI-CO-99-99"), ("outcome", "x")];
    for (n, (name, code)) in bad.iter().enumerate() {
        log.screened(n as u128, &with(presumed("2021-06"), name, code));
    }
    log.screened(9, &Facts::new()).closed("2021-06");
    assert_eq!(log.identified(), 0);
}

fn arbitrary() -> impl Strategy<Value = Facts> {
    let pick = |codes: &'static [&'static str]| prop::sample::select(codes);
    let months = pick(&["2021-05", "2021-06", "2021-07"]);
    let outcomes = pick(&["presumed", "at_risk", "no_indication"]);
    let places = pick(&["BI-CO-04-02", "BI-CO-01-01"]);
    (months, pick(&["f", "m"]), outcomes, places, pick(&["0-17", "18-23", "39+"])).prop_map(|(m, sex, out, at, age)| {
        let facts = with(with(presumed(m), "sex", sex), "outcome", out);
        with(with(facts, "screen_commune", at), "age_band", age)
    })
}

/// Every closed number that exists, exactly.
fn everything(log: &mut Log) -> Vec<Answer> {
    let snapshot = log.0.snapshot(i64::MAX);
    let scopes: Vec<Scope> = (1..=5).map(Scope::Province).chain([Scope::Nation]).collect();
    let periods = [Period::All, Period::Year(2021), Period::Quarter(2021, 2), Period::Quarter(2021, 3)];
    let mut answers = Vec::new();
    for table in snapshot.tables().filter(|table| table.unit.kind() == Kind::Screening) {
        for (scope, period) in scopes.iter().flat_map(|scope| periods.map(|period| (*scope, period))) {
            answers.extend(snapshot.answer(&table.id, scope, period, &exact()));
        }
    }
    answers
}

fn tell(log: &mut Log, at: u128, facts: &Facts, kind: u8, about: u128) {
    match kind {
        0 => log.corrected(at, about, facts),
        1 => log.withdrawn(about),
        2 => log.reviewed(about, "not_confirmed"),
        3 => log.reviewed(about, "confirmed"),
        _ => log.screened(at, facts),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_single_arrival_moves_a_split(
        before in prop::collection::vec((arbitrary(), 0u8..12, 0u128..40), 1..30),
        late in prop::collection::vec((arbitrary(), 0u8..12, 0u128..60), 1..15),
    ) {
        let mut log = Log::new();
        for (n, (facts, kind, about)) in before.iter().enumerate() {
            tell(&mut log, n as u128, facts, *kind, *about);
        }
        log.closed("2021-06");
        let frozen = everything(&mut log);
        for (n, (facts, kind, about)) in late.iter().enumerate() {
            tell(&mut log, 40 + n as u128, facts, *kind, *about);
            prop_assert_eq!(&everything(&mut log), &frozen);
        }
    }

    #[test]
    fn the_numbers_do_not_depend_on_the_order_of_arrival_nor_on_when_they_are_asked_for(
        told in prop::collection::vec((arbitrary(), any::<u64>()), 1..30),
    ) {
        let (mut first, mut second) = (Log::new(), Log::new());
        for (n, (facts, _)) in told.iter().enumerate() {
            first.screened(n as u128, facts);
            first.0.snapshot(i64::MAX);
        }
        let mut shuffled: Vec<_> = told.iter().enumerate().collect();
        shuffled.sort_by_key(|(_, (_, order))| *order);
        for (n, (facts, _)) in shuffled {
            second.screened(n as u128, facts);
        }
        prop_assert_eq!(everything(first.closed("2021-07")), everything(second.closed("2021-07")));
    }

    // Whatever is corrected, withdrawn or reviewed: a person is in one month, one place, one outcome, or in none.
    #[test]
    fn nobody_is_counted_twice(
        told in prop::collection::vec((arbitrary(), 0u8..8, 0u128..30, 0u8..8), 1..40),
    ) {
        let mut log = Log::new();
        for (n, (facts, kind, about, turn)) in told.iter().enumerate() {
            tell(&mut log, n as u128, facts, *kind, *about);
            match turn {
                0 => log.closed("2021-05"),
                1 => log.closed("2021-06"),
                2 => log.revised(),
                _ => &mut log,
            };
            let snapshot = log.0.snapshot(i64::MAX);
            let screened = |scope| snapshot.headline(scope, Period::All, &exact()).screened.at_least();
            let originals = told[..=n].iter().filter(|(_, kind, ..)| *kind == 0 || *kind > 3).count() as u32;
            prop_assert!(screened(Scope::Nation) + snapshot.open_screened(&exact()).at_least() <= originals);
            prop_assert_eq!(screened(Scope::Nation), (1..=5).map(|p| screened(Scope::Province(p))).sum::<u32>());
        }
    }
}

#[test]
fn what_came_in_is_counted_by_what_became_of_it_and_only_of_weeks_that_are_over() {
    // Given six in time, five after their month had closed, a correction, and seven that wait
    let mut log = Log::new();
    (1..=6).for_each(|id| {
        log.screened(id, &presumed("2021-03"));
    });
    log.tell(EntryPayload::Closing(log::Closing { month: "2021-03".into() }));
    (7..=11).for_each(|id| {
        log.screened(id, &presumed("2021-03"));
    });
    log.corrected(12, 1, &presumed("2021-04"));
    let waiting: Vec<u64> = (13..=19)
        .map(|id| {
            let record = record(id, Kind::Screening, None, &presumed("2021-04"));
            log.tell_from(PHONE, Some(Reason::OutsideArea), EntryPayload::Record(record));
            log.0.head()
        })
        .collect();
    // When one is let in, one kept out, and one let in and then kept out
    let decisions = [(0, true), (1, false), (2, true), (2, false)];
    for (at, accept) in decisions {
        log.tell(EntryPayload::Decision(log::QuarantineDecision { position: waiting[at], accept }));
    }
    // Then each is counted by where it stands now, in the nation and in the province of the phone's card
    let (quality, base) = (log.0.arrivals.before(7 * 86_400), exact());
    let reason = Reason::OutsideArea;
    for scope in [Scope::Nation, Scope::province("BI-PR-04").unwrap()] {
        let of = |measure| quality.shown(scope, None, measure, &base);
        assert_eq!(of(quality::Measure::Received), Shown::Number(19));
        assert_eq!(of(quality::Measure::Late), Shown::Number(5));
        assert_eq!(of(quality::Measure::Corrected), Shown::Number(1));
        assert_eq!(quality.quarantined(scope, Some(1970), &base), Shown::Number(7));
        assert_eq!(of(quality::Measure::Accepted(reason)), Shown::Number(1));
        assert_eq!(of(quality::Measure::Rejected(reason)), Shown::Number(2));
        assert_eq!(quality.waiting(scope, reason, &base), Shown::Number(4));
        assert_eq!(quality.waiting(scope, reason, &Base::Inside), Shown::Below(5));
        assert_eq!(quality.phones(scope, false, &base), Shown::Number(1));
    }
    let other = quality.shown(Scope::province("BI-PR-05").unwrap(), None, quality::Measure::Received, &base);
    assert_eq!(other, Shown::Number(0));
    // and nothing of a week that is not over
    let quality = log.0.arrivals.before(0);
    assert_eq!(quality.shown(Scope::Nation, None, quality::Measure::Received, &base), Shown::Number(0));
}

#[test]
fn a_referral_stands_in_each_stage_that_it_has_reached() {
    let mut log = Log::new();
    let referral = |status: &str| {
        let (status, sent) =
            status.split_once(' ').map_or((status, None), |(status, _)| (status, Some(("delay", "d3"))));
        let facts = [
            ("month", "2021-03"),
            ("screen_commune", "BI-CO-04-02"),
            ("service_type", "sv_medical"),
            ("referral_status", status),
        ];
        facts.into_iter().chain(sent).map(|(name, code)| (name.to_owned(), one(code))).collect()
    };
    let sent =
        ["accepted", "completed", "completed", "completed", "declined", "lapsed"].map(|one| format!("{one} sent"));
    // refused when it was offered and later, no such service at once and later
    let both = ["refused", "refused sent", "unavailable", "unavailable sent"].map(str::to_owned);
    let waiting = ["ready", "sent", "sent"].map(str::to_owned);
    for (id, status) in (1..).zip(waiting.iter().chain(&sent).chain(&both)) {
        let facts: Facts = referral(status);
        log.tell(EntryPayload::Record(record(id, Kind::Referral, None, &facts)));
    }
    log.tell(EntryPayload::Closing(log::Closing { month: "2021-12".into() }));
    let snapshot = log.0.snapshot(0);
    let answer = snapshot.answer("referrals-by-stage", Scope::Nation, Period::Year(2021), &exact()).unwrap();
    let at = |stage: &str| answer.at(&[answer.shelves[0].codes.iter().position(|code| code == stage).unwrap() + 1]);
    let stages = [
        ("offered", 12),
        ("agreed", 11),
        ("sent", 10),
        ("acknowledged", 6),
        ("received", 3),
        ("under_way", 1),
        ("declined", 1),
        ("unavailable", 2),
        ("refused", 2),
        ("lapsed", 1),
        ("unknown", 2),
    ];
    for (stage, n) in stages {
        assert_eq!(at(stage), Some(Shown::Number(n)), "{stage}");
    }
    assert_eq!(answer.total, Shown::Number(13));
}
