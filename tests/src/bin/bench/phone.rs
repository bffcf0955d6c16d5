//! What a focal point waits for: the next page, a durable answer, a sealed case.

use crate::{Rows, medians};
use flate2::{Compression, write::DeflateEncoder};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::envelope;
use tabara_core::focal_point::FocalPoint;
use tabara_core::interview::{Interview, Setting};
use tabara_core::seal;
use tabara_tests::deployment::compiled;
use tabara_tests::interviewer;
use tabara_tests::people;
use tabara_tests::phone::{KeyStore, Office};

/// The gate that alone opens and closes some fifty questions, and an answer without consequences.
const GATE: &str = "j_left";
const LOCAL: &str = "s1_lang";

/// A screening of somebody who was promised work abroad.
fn screening() -> Interview {
    let form = Arc::new(compiled("returnee-screening.md"));
    let mut interview =
        Interview::start(form, Setting { language: "fr".into(), now: 1_794_312_000, ..Setting::default() });
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
    let form = Path::new(env!("CARGO_MANIFEST_DIR")).join("../questionnaires/returnee-screening.md");
    let office = Office::new(&[&std::fs::read_to_string(form).expect("the questionnaire")]);
    let clock = Arc::new(SystemClock::default());
    let phone = FocalPoint::open(folder, Arc::new(KeyStore::default()), clock).expect("a phone");
    phone.enrol(&office.card(4_000_000_000), "271828").expect("enrolled");
    office.supply(&phone);
    (office, phone)
}

pub fn vault(rows: &mut Rows) {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, phone) = phone(&folder.path().join("phone"));
    let session = phone.start("returnee_screening", "fr").expect("a session");
    interviewer::interview(&session, &people::people(true)[0]).expect("an interview");
    let mut memory = screening();
    let plain = rusqlite::Connection::open(folder.path().join("plain.sqlite")).expect("a file");
    plain
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE draft (id INTEGER PRIMARY KEY, state BLOB)")
        .expect("a table");
    plain.execute("INSERT INTO draft VALUES (1, x'')", []).expect("a row");
    let mut turn = 0;
    let next = move || {
        turn += 1;
        ["rn", "fr", "sw"][turn % 3]
    };
    let (mut first, mut second) = (next, next);
    let mut ours = || drop(session.answer(LOCAL, Some(first())).expect("it is asked"));
    let mut beside = || {
        memory.answer(LOCAL, Some(second())).expect("it is asked");
        let state = serde_json::to_vec(&memory.draft()).expect("a draft");
        plain.execute("UPDATE draft SET state = ?1 WHERE id = 1", [state]).expect("written");
    };
    let [autosave, plainly] = medians(300, [&mut ours, &mut beside]);
    rows.add("vault", "autosave", autosave, "us", ("the same draft in plain SQLite", plainly));
    rows.add("vault", "autosave_over_plain", autosave - plainly, "us", ("issue's limit", 100.0));
    crate::vault::cases(rows);
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
    let waiting = phone.mailbox().waiting(0, number, usize::MAX).expect("the mailbox");
    waiting.into_iter().map(|out| (out.jws, out.sealed)).collect()
}
