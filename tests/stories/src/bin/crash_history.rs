//! Uses a phone without rest and tells every event on its standard output, until somebody kills it (`tests/histories.rs`).

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tabara_support::crash_history::{PIN, live, open};
use tabara_support::phone::KeyStore;
use tabara_support::rng::Rng;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, keys, seed] = &words[..] else { panic!("FOLDER KEY-STORE SEED") };
    let phone = open(Path::new(folder), &Arc::new(KeyStore::at(keys.into()))).expect("a phone");
    phone.unlock(PIN).expect("the PIN");
    let mut out = std::io::stdout().lock();
    let mut tell = |event| {
        let line = serde_json::to_string(&event).expect("JSON");
        writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
    };
    live(&phone, &mut Rng::new(seed.parse().expect("a number")), 100_000, &mut tell).expect("no error");
}
