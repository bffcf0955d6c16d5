//! What a focal point waits for: the next page, a durable answer, a sealed case.

use crate::{Rows, medians};
use flate2::{Compression, write::DeflateEncoder};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tabara_core::clock::SystemClock;
use tabara_core::envelope;
use tabara_core::error::DestructionReason;
use tabara_core::focal_point::{FocalPoint, State};
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::seal;
use tabara_support::deployment::{compiled, copy_files};
use tabara_support::interviewer;
use tabara_support::people;
use tabara_support::phone::{KeyStore, Office};

/// The gate that alone opens and closes some fifty questions, and an answer without consequences.
const GATE: &str = "j_left";
const LOCAL: &str = "s1_lang";

/// A screening of somebody who was promised work abroad.
fn screening() -> Interview {
    let form = Arc::new(compiled("returnee-screening.md"));
    let mut interview = Interview::start(
        form,
        InterviewConfig { language: "fr".into(), now: 1_794_312_000, offset: 120, ..InterviewConfig::default() },
    );
    for (question, answer) in people::people(true).remove(0).answers {
        // what is not asked of this person is not answered
        let _ = interview.answer(question, Some(&answer));
    }
    for gate in ["j_moved", "j_work"] {
        interview.answer(gate, Some("no")).expect("it is asked");
    }
    interview
}

pub fn interview(rows: &mut Rows) {
    let (mut ours, floor) = (screening(), screening());
    let mut turn = 0;
    let mut answer_to_page = || {
        turn += 1;
        ours.answer(GATE, Some(["yes", "no"][turn % 2])).expect("it is asked");
    };
    let mut page_only = || drop(floor.page());
    let [answered, page] = medians(400, [&mut answer_to_page, &mut page_only]);
    rows.add("interview", "answer_to_page", answered, "us", ("drawing the page alone", page));
    let mut ours = screening();
    let mut local = || {
        turn += 1;
        ours.answer(LOCAL, Some(["rn", "fr"][turn % 2])).expect("it is asked");
    };
    let [answered, page] = medians(400, [&mut local, &mut page_only]);
    rows.add("interview", "local_answer_to_page", answered, "us", ("drawing the page alone", page));
}

/// An enrolled phone that has the screening questionnaire.
fn phone(folder: &Path) -> (Office, FocalPoint) {
    phone_with(folder, Arc::default())
}

fn phone_with(folder: &Path, keys: Arc<KeyStore>) -> (Office, FocalPoint) {
    let form = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../questionnaires/returnee-screening.md");
    let office = Office::new(&[&std::fs::read_to_string(form).expect("the questionnaire")]);
    let clock = Arc::new(SystemClock::default());
    let phone = FocalPoint::open(folder, keys, clock).expect("a phone");
    phone.enrol(&office.card(4_000_000_000), "271828").expect("enrolled");
    office.supply(&phone);
    (office, phone)
}

pub fn vault(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let (_office, phone) = phone(&folder.path().join("phone"));
    let session = phone.start("returnee_screening", "fr").expect("a session");
    interviewer::interview(&session, &people::people(true)[0]).expect("an interview");
    let memory = screening();
    let open = |name: &str, first: &str| {
        let file = rusqlite::Connection::open(folder.path().join(name)).expect("a file");
        file.execute_batch(first).expect("settings");
        file.execute_batch("CREATE TABLE draft (id INTEGER PRIMARY KEY, state BLOB)").expect("a table");
        file.execute("INSERT INTO draft VALUES (1, x'')", []).expect("a row");
        file
    };
    let (plain, phrase) = (open("plain.sqlite", crate::vault::PLAIN), open("phrase.sqlite", &crate::vault::phrase()));
    // each gives its own answers to its own interview, and writes the state as it is
    let beside = |file: rusqlite::Connection, mut memory: Interview| {
        let mut answers = turns();
        move || {
            memory.answer(LOCAL, Some(answers())).expect("it is asked");
            let state = serde_json::to_vec(&memory.draft()).expect("a draft");
            let mut write = file.prepare_cached("UPDATE draft SET state = ?1 WHERE id = 1").expect("SQL");
            write.execute([state]).expect("written");
        }
    };
    let mut answers = turns();
    let mut ours = || drop(session.answer(LOCAL, Some(answers())).expect("it is asked"));
    let (mut plain, mut phrase) = (beside(plain, memory.clone()), beside(phrase, memory));
    let [autosave, plainly, phrased] = medians(1000, [&mut ours, &mut plain, &mut phrase]);
    rows.add("vault", "autosave", autosave, "us", ("the same draft in plain SQLite", plainly));
    rows.add("vault", "autosave", autosave, "us", ("the same in SQLCipher by passphrase", phrased));
    rows.add("vault", "autosave_over_plain", autosave - plainly, "us", ("issue's limit", 100.0));
    crate::vault::cases(rows);
    wipe(rows);
    crate::build::library(rows, "vault");
}

/// The languages in turn: never what was answered before.
fn turns() -> impl FnMut() -> &'static str {
    let mut turn = 0;
    move || {
        turn += 1;
        ["rn", "fr", "sw"][turn % 3]
    }
}

/// A panic wipe of a locked phone whose vault is as large as with 10,000 cases.
fn wipe(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("key-store");
    let origin = folder.path().join("phone");
    drop(phone_with(&origin, Arc::new(KeyStore::at(keys.clone()))));
    let wiped = |round: u32| {
        let copy = folder.path().join(round.to_string());
        std::fs::create_dir(&copy).expect("a folder");
        copy_files(&origin, &copy);
        std::fs::copy(&keys, copy.join("key-store")).expect("a copy");
        let mut vault = std::fs::File::options().append(true).open(copy.join("vault.db")).expect("the vault");
        vault.write_all(&vec![7; 8 << 20]).and_then(|()| vault.sync_all()).expect("written");
        let keys = Arc::new(KeyStore::at(copy.join("key-store")));
        let phone = FocalPoint::open(&copy, keys, Arc::new(SystemClock::default())).expect("a phone");
        let begun = Instant::now();
        phone.wipe().expect("wiped");
        let time = begun.elapsed().as_secs_f64() * 1e6;
        assert!(
            phone.state() == Ok(State::VaultDestroyed { reason: DestructionReason::PanicWipe })
                && !copy.join("vault.db").exists()
        );
        time
    };
    let mut times: Vec<f64> = (0..21).map(wiped).collect();
    times.sort_by(f64::total_cmp);
    rows.add("vault", "panic_wipe", times[10], "us", ("issue's limit", 100_000.0));
}

pub fn seal(rows: &mut Rows) {
    let mut interview = screening();
    interview.answer("c_name", Some("a name")).ok();
    let plain = serde_json::to_vec(&interview.answers()).expect("answers");
    let keys: Vec<String> = (0..3).map(|_| seal::new_identity().1).collect();
    let secret: [u8; 32] = envelope::random();
    let mut ours = || drop(seal::seal(&plain, &keys).expect("sealed"));
    let mut floor = || {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(&plain).expect("memory");
        let mut bytes = deflate.finish().expect("memory");
        let key = ring::aead::UnboundKey::new(&ring::aead::CHACHA20_POLY1305, &secret).expect("a key");
        let nonce = ring::aead::Nonce::assume_unique_for_key([0; 12]);
        let key = ring::aead::LessSafeKey::new(key);
        key.seal_in_place_append_tag(nonce, ring::aead::Aad::empty(), &mut bytes).expect("sealed");
    };
    let [sealed, floor] = medians(200, [&mut ours, &mut floor]);
    rows.add("seal", "seal_case", sealed, "us", ("deflate and ChaCha20-Poly1305, no recipients", floor));
}

/// Finished screenings as they wait on a phone whose catalog names three recipients.
pub fn waiting(number: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut office, phone) = phone(folder.path());
    let mut another = office.catalog.recipients[0].clone();
    (another.name, another.age) = ("second desk".into(), seal::new_identity().1);
    office.catalog.recipients.push(another);
    office.catalog.version += 1;
    office.supply(&phone);
    for person in people::people(true).iter().take(number) {
        interviewer::screen(&phone, person).expect("an interview");
    }
    let waiting = phone.mailbox().waiting(number, usize::MAX).expect("the mailbox");
    waiting.into_iter().map(|out| (out.jws, out.sealed)).collect()
}
