//! The search itself. `TABARA_DEPTH` sets how far it goes: 9 takes seconds, 11 (87,463 states) ten minutes.

use stateright::{Checker as _, HasDiscoveries, Model as _};
use tabara_model::{Protocol, Rules};

const KEPT: &str = "no record is lost for ever, and none is counted twice";

fn depth(usual: usize) -> usize {
    std::env::var("TABARA_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(usual)
}

fn protocol(rules: Rules) -> Protocol {
    Protocol { rules, records: vec![vec![0, 1], vec![2]], disasters: 2 }
}

#[test]
fn nothing_is_lost_and_no_lie_goes_unseen_in_any_order_of_steps() {
    let checker = protocol(Rules::True).checker().threads(2).target_max_depth(depth(9)).spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.unique_state_count() > 1000);
}

fn loses(rules: Rules) {
    let found = HasDiscoveries::AnyOf([KEPT].into());
    let search = Protocol { disasters: 1, ..protocol(rules) }
        .checker()
        .threads(2)
        .target_max_depth(depth(13))
        .finish_when(found);
    println!("{}", search.spawn_bfs().join().discovery(KEPT).expect("the loss is found"));
}

/// A server that is set back in silence, and filled up beyond what it had reached.
#[test]
fn a_phone_that_compares_sizes_loses_a_record() {
    loses(Rules::CompareSizes);
}

/// A record that a courier brought to another place, after which the next loss hides behind the old place.
#[test]
fn a_phone_that_asks_for_its_last_record_only_loses_another() {
    loses(Rules::AskForTheLast);
}
