//! Who adds records of his own, and who watches the pages: RT-06, RT-12, RT-28.

use super::{Log, presumed, with};
use crate::statistics::contributors::Contributors;
use crate::statistics::disclosure::{Count, shown};
use crate::statistics::*;
use std::collections::BTreeMap;
use tabara_protocol::facts::FactValue;
use tabara_protocol::kind::Kind;

fn in_2021(month: u16) -> String {
    format!("2021-{month:02}")
}

#[test]
fn rt_06_fakes_of_two_phones_do_not_show_whether_somebody_is_in_a_sensitive_cell() {
    // Given two phones that add two fakes each to a rare form of exploitation, so that one more would show as "5"
    let seen = |real: u128| {
        let mut log = Log::new();
        let [one, other, third] = [(); 3].map(|()| log.enrolled());
        let mut organ = presumed("2021-06");
        organ.insert("exploitation".into(), FactValue::Many(["ex_organ".to_owned()].into()));
        for n in 0..4 {
            let fake = super::record(n, Kind::Screening, None, &organ);
            log.tell_from([one, other][n as usize % 2], None, EntryPayload::Record(fake));
        }
        for n in 0..real {
            let person = super::record(100 + n, Kind::Screening, None, &organ);
            log.tell_from([super::PHONE, third][n as usize % 2], None, EntryPayload::Record(person));
        }
        for n in 0..40 {
            log.screened(200 + n, &presumed("2021-06"));
        }
        log.closed("2021-06");
        let answer =
            log.0.snapshot(i64::MAX).answer("people-by-exploitation", Scope::Nation, Period::All, &Base::Inside);
        let answer = answer.unwrap();
        let codes = answer.codes();
        let organ = codes.iter().position(|code| code == "ex_organ").unwrap();
        (answer.parts().unwrap()[organ], codes.len())
    };
    // Then the page says the same whether one real person is there, two, or none
    assert_eq!(seen(0), seen(1));
    assert_eq!(seen(0), seen(2));
    // and six people of two other phones are shown
    assert_eq!(seen(6).0, Shown::Number(10));
}

#[test]
fn rt_12_whoever_looks_after_every_arrival_sees_nothing_move() {
    // Given a month that is open; all that this log receives comes on the first day of 1970, a Thursday
    const DAY: i64 = 86_400;
    let monday = |now: i64| crate::log::week_of(now);
    let mut log = Log::new();
    log.screened(0, &presumed("2021-06"));
    let before = log.0.snapshot(monday(0));
    // When people arrive within a week, the page is the same after each, until the next Monday
    for n in 1..12 {
        log.screened(n, &presumed("2021-06"));
        assert_eq!(log.0.snapshot(monday(3 * DAY)), before);
    }
    let renewed = log.0.snapshot(monday(4 * DAY));
    assert_eq!(
        (before.open_screened(&Base::Inside), renewed.open_screened(&Base::Inside)),
        (Shown::Below(5), Shown::Number(10))
    );
}

#[test]
fn rt_28_neither_communes_nor_provinces_can_be_read_month_by_month() {
    let kayanza = Scope::province("BI-PR-04").unwrap();
    let mut log = Log::new();
    let seen = |log: &mut Log, table: &str, period: Period| {
        let snapshot = log.0.snapshot(i64::MAX);
        [Scope::Nation, kayanza].map(|scope| snapshot.answer(table, scope, period, &Base::Inside))
    };
    for month in 1..=12u16 {
        for n in 0..20 {
            log.screened(u128::from(month) * 100 + n, &with(presumed(&in_2021(month)), "sex", "f"));
        }
        log.closed(&in_2021(month));
        // no commune before its year is whole, in whatever period one asks
        for period in [Period::All, Period::Year(2021)] {
            let [_, own] = seen(&mut log, "people-by-place", period);
            let whole = month == 12 && period == Period::Year(2021);
            assert_eq!(own.is_some_and(|own| !own.codes().is_empty()), whole, "{period:?} in month {month}");
            // and splits grow by whole quarters
            for answer in seen(&mut log, "people-by-sex", period) {
                let total = answer.map_or(0, |answer| answer.total.at_least());
                assert_eq!(total, u32::from(month / 3 * 3) * 20, "{period:?} in month {month}");
            }
        }
    }
}

/// A padder with two phones and a friend at the page wants to know whether somebody, whom a third phone told of, is in a
/// cell of a sensitive split. He knows how many people such a cell has in the mean, not who else is in it.
#[test]
fn rt_06_a_padder_with_two_phones_guesses_little_better_than_a_coin() {
    let mut random = 17u64;
    let mut below = move |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    const WORLDS: u32 = 3000;
    let mut worst = (0.5, 0.0, 0);
    for mean in [0.5f64, 1.0, 2.0, 4.0, 8.0, 16.0] {
        for padding in 0..=8u32 {
            // what the page shows, by whether she is there
            let mut seen: BTreeMap<Shown, [f64; 2]> = BTreeMap::new();
            for is_there in [0, 1] {
                for _ in 0..WORLDS {
                    let (mut count, mut phones) = (Count::default(), Contributors::default());
                    let mut tell = |phone: u64, people: u32| {
                        count.add(people);
                        phones.add(phone as u32, people);
                    };
                    // others come from ten phones, as many as chance will have it (Poisson)
                    let mut left = 1.0;
                    while left > (-mean).exp() {
                        left *= (below(1 << 20) + 1) as f64 / f64::from(1 << 20);
                        if left > (-mean).exp() {
                            tell(below(10), 1);
                        }
                    }
                    tell(below(10), is_there);
                    tell(100, padding / 2);
                    tell(101, padding.div_ceil(2));
                    let shown = shown(count, &Base::Inside).unless_few(&phones);
                    seen.entry(shown).or_default()[is_there as usize] += 0.5 / f64::from(WORLDS);
                }
            }
            let right: f64 = seen.values().map(|[out, there]| out.max(*there)).sum();
            if right > worst.0 {
                worst = (right, mean, padding);
            }
        }
    }
    let (right, mean, padding) = worst;
    let odds = right / (1.0 - right);
    println!("a padder's best guess: {odds:.2} : 1, with {padding} fakes in a cell of {mean} people in the mean");
    assert!(odds < 3.0);
}
