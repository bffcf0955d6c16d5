//! Random histories of one phone, couriers and a server that restores, is set back, loses answers. A failure prints its steps.

use super::house::House;
use crate::record::Uuid;
use crate::sync::SyncReport;
use crate::vault::mailbox::RecordStatus;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Post,
    /// Another phone's bundle.
    Other,
    Sync,
    /// The server takes a bundle in, and its answer is lost.
    Lost,
    /// A courier brings a bundle to the server and keeps the parcel for a while.
    Carry,
    /// A courier comes back, not always in order.
    Return(usize),
    /// Restored, with its leaf: so many leaves are cut off.
    Restore(u64),
    /// Set back without a word.
    SetBack(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Post),
        2 => Just(Step::Other),
        5 => Just(Step::Sync),
        1 => Just(Step::Lost),
        2 => Just(Step::Carry),
        2 => (0usize..4).prop_map(Step::Return),
        1 => (1u64..6).prop_map(Step::Restore),
        1 => (1u64..6).prop_map(Step::SetBack),
    ];
    proptest::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    /// Nothing is lost for ever while the phone lives, who is honest is not accused, and a lie that the phone can see is kept.
    #[test]
    fn whatever_happens_all_records_are_kept_in_the_end(steps in steps()) {
        let mut house = House::met();
        let (mut posted, mut carried): (Vec<Uuid>, Vec<Vec<u8>>) = Default::default();
        let (mut others, mut lied, mut greatest) = (0, false, 0);
        for step in steps {
            greatest = greatest.max(house.log.head().size);
            match step {
                Step::Post => posted.extend(house.post(1)),
                Step::Other => {
                    others += 1;
                    house.log.act(&format!("another phone {others}"));
                }
                Step::Sync => drop(house.honest()),
                Step::Lost => {
                    let bundle = house.bundle();
                    house.answer(&bundle);
                }
                Step::Carry => {
                    if let Some(file) = crate::sync::courier::export(&house.mailbox).unwrap() {
                        let parcel = house.answer(&file);
                        carried.push(house.sealed(&parcel));
                    }
                }
                Step::Return(at) if at < carried.len() => drop(house.take(&carried.remove(at), false)),
                Step::Return(_) => {}
                Step::Restore(cut) => {
                    let kept = house.log.head().size.saturating_sub(cut).max(1);
                    house.log.restore(kept, greatest);
                }
                Step::SetBack(cut) => {
                    let known = house.mailbox.sync_state().unwrap().head.unwrap().head;
                    let size = house.log.head().size.saturating_sub(cut).max(1);
                    lied |= size < house.log.head().size;
                    house.log = house.log.cut(size);
                    // the phone sees it at the next contact; two roots of one size it asks about first, so at the one after
                    let seen = !house.log.cut(known.size).head().eq(&known);
                    let told = |report: SyncReport| report.evidence || report.restored;
                    let told = told(house.honest()) || told(house.honest());
                    prop_assert!(told || !seen, "a lie that the phone could see");
                }
            }
            let evidence = house.mailbox.queue_status().unwrap().evidence;
            prop_assert!(lied || !evidence, "an honest server is accused");
        }
        for file in carried {
            drop(house.take(&file, false));
        }
        for _ in 0..60 {
            house.honest();
            let state = house.mailbox.sync_state().unwrap();
            let asks = house.mailbox.doubted(u64::MAX, 1).unwrap().len() + state.unconnected.len();
            if asks + house.mailbox.waiting(1, 0).unwrap().len() == 0 {
                break;
            }
            // the others go on, so that every size is reached in the end
            house.log.act("the end");
        }
        prop_assert_eq!(house.mailbox.waiting(100, usize::MAX).unwrap().len(), 0);
        for record in posted {
            prop_assert_eq!(house.mailbox.status(record).unwrap(), RecordStatus::Kept);
            let jws = house.mailbox.settle(|books| books.kept_jws(record)).unwrap().unwrap();
            prop_assert!(house.log.holds(&jws), "the server has it");
        }
        prop_assert_eq!(house.mailbox.queue_status().unwrap().lost, 0);
    }
}
