//! How long a sealed case is tells nothing of what was said in it. Whoever keeps records or carries them sees that length,
//! also of people who refused to be counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::Uuid;
use tabara_core::screening::Outcome;
use tabara_support::deployment::SetClock;
use tabara_support::interviewer;
use tabara_support::people;
use tabara_support::phone::{KeyStore, Office};
use tabara_support::rng::Rng;

const FORM: &str = include_str!("../../../questionnaires/returnee-screening.md");
const MARCH: i64 = 1_772_323_200; // 2026-03-01
/// Every fifteenth person of the demo; `TABARA_ALL=1` takes all 1,500.
const EVERY: usize = 15;

/// The chance that one of `these` is longer than one of `those`, ties by halves: 0.5 if the length tells nothing.
fn auc(these: &[usize], those: &[usize]) -> f64 {
    let wins =
        |a: &usize| those.iter().map(|b| f64::from(u8::from(a > b)) + f64::from(u8::from(a == b)) / 2.0).sum::<f64>();
    these.iter().map(wins).sum::<f64>() / (these.len() * those.len()) as f64
}

/// Free texts of 0 to 120 letters, as a focal point types them, whatever the outcome.
fn free_text(rng: &mut Rng) -> String {
    let words =
        ["kwa ", "nyina ", "Bujumbura ", "après ", "le marché, ", "soir ", "79 00 ", "Rumonge ", "sœur ", "umubyeyi "];
    let mut text = String::new();
    for _ in 0..rng.below(14) {
        text += rng.pick(&words);
    }
    text.trim().to_owned()
}

#[test]
fn the_length_of_a_sealed_case_does_not_tell_its_outcome() {
    // Given the people of the demo, half of whom leave free texts
    let mut rng = Rng::new(22);
    let every = if std::env::var_os("TABARA_ALL").is_some() { 1 } else { EVERY };
    let mut people: Vec<_> = people::people(false).into_iter().step_by(every).collect();
    for person in &mut people {
        let keeps = rng.one_in(2);
        person.answers.insert("s3_keep", if keeps { "yes" } else { "no" }.into());
        for question in ["c_name", "c_reach", "c_times", "c_who", "c_code"] {
            if keeps {
                person.answers.insert(question, free_text(&mut rng));
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let office = Office::new(&[FORM]);
    let phone = FocalPoint::open(folder.path(), Arc::<KeyStore>::default(), SetClock::at(MARCH)).unwrap();
    phone.enrol(&office.card(MARCH), "271828").unwrap();
    office.supply(&phone);

    // When they are screened
    let outcomes: BTreeMap<Uuid, Outcome> = people
        .iter()
        .map(|person| interviewer::screen(&phone, person).unwrap())
        .map(|finished| (finished.record, finished.outcome))
        .collect();

    // Then nobody who sees only lengths does better than by guessing
    let sent = phone.mailbox().waiting(people.len(), usize::MAX).unwrap();
    assert_eq!(sent.len(), people.len());
    let mut lengths: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for out in &sent {
        lengths.entry(outcomes[&out.record].code()).or_default().push(out.sealed.as_ref().unwrap().len());
    }
    let all: BTreeSet<usize> = lengths.values().flatten().copied().collect();
    println!("{} lengths: {all:?}", all.len());
    let mut told = Vec::new();
    for (one, these) in &lengths {
        let others: Vec<usize> =
            lengths.iter().filter(|(code, _)| *code != one).flat_map(|(_, lengths)| lengths).copied().collect();
        let auc = auc(these, &others);
        println!("{one}: {} cases, AUC {auc:.3}", these.len());
        told.push((*one, these.len(), auc));
    }
    assert!(told.len() > 2, "several outcomes");
    assert!(told.iter().all(|(_, _, auc)| (0.45..=0.55).contains(auc)), "{told:?}");
    assert!(all.len() <= 2, "one of few lengths, but there are {}", all.len());
}
