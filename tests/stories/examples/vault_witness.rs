//! Makes and reads encrypted files for independent witnesses in Python (`tests/python/test_vault.py`).

use rusqlite::Connection;
use std::path::Path;
use tabara_core::envelope::{Digest, SigningKey};
use tabara_core::record::{Code, QuestionnaireRef, Uuid};
use tabara_core::vault::Vault;
use tabara_core::vault::cases::CaseSummary;
use tabara_core::vault::cipher::{FileKey, open};
use tabara_core::vault::drafts::DraftInfo;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", file, key] => write(&file_at(file, key, true)),
        ["read", file, key] => read(&file_at(file, key, false)),
        ["live", folder, key, step] => live(Path::new(folder), &FileKey(hex(key)), step),
        _ => panic!("write FILE KEY | read FILE KEY | live FOLDER KEY begin|seal"),
    }
}

fn hex(text: &str) -> [u8; 32] {
    let bytes = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal digits"));
    bytes.collect::<Vec<_>>().try_into().expect("32 bytes")
}

fn file_at(file: &str, key: &str, create: bool) -> Connection {
    open(Path::new(file), &FileKey(hex(key)), create).expect("the file opens")
}

fn write(file: &Connection) {
    file.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
        .expect("a table");
    for n in 0..500 {
        file.execute("INSERT INTO t VALUES (?1, ?2)", (n, format!("row {n} é").repeat(40))).expect("a row");
    }
}

fn read(file: &Connection) {
    let mut query = file.prepare("SELECT n, text FROM t ORDER BY n").expect("a table");
    let mut rows = query.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        println!("{}\t{}", row.get::<_, i64>(0).expect("a number"), row.get::<_, String>(1).expect("a text"));
    }
}

/// `begin`: twelve drafts that grow and shrink among each other, and is then killed. `seal`: goes on, seals eleven of
/// them, discards none, and is killed again.
fn live(folder: &Path, key: &FileKey, step: &str) {
    let id = Uuid::from_u128(1);
    let drafts: Vec<Uuid> = (1..=12).map(Uuid::from_u128).collect();
    // each draft says a letter of its own, so that a piece of it shows wherever a page cuts it
    let state = |draft: usize, len: usize| vec![b'g' + draft as u8; 8 * len];
    let vault = match step {
        "begin" => {
            let vault = Vault::create(folder, key, id, &SigningKey::from_seed([1; 32])).expect("a new vault");
            for (at, draft) in drafts.iter().enumerate() {
                let (questionnaire, sha256) = ("q".to_owned(), Digest([0; 32]));
                let info = DraftInfo { draft: *draft, questionnaire, sha256, started: 0 };
                vault.begin(&info, &state(at, 10)).expect("a draft");
            }
            for round in 0..30 {
                for (at, draft) in drafts.iter().enumerate() {
                    vault.save(*draft, &state(at, 1 + (round * 37 + at * 91) % 700)).expect("saved");
                }
            }
            vault
        }
        _ => {
            let vault = Vault::open(folder, key, id).expect("the vault opens");
            for draft in &drafts[..11] {
                let (record, case, code) = (Uuid::new_v4(), Uuid::new_v4(), Some(Code::generate()));
                let (month, commune) = ("2026-03".into(), "BI-CO-04-02".into());
                let questionnaire = QuestionnaireRef { id: "q".into(), sha256: Digest([0; 32]) };
                let (outcome, day, withdrawn) = (None, 20_000, false);
                let (counted, referrals) = (true, vec![]);
                let card = CaseSummary {
                    record,
                    case,
                    code,
                    questionnaire,
                    month,
                    commune,
                    outcome,
                    day,
                    withdrawn,
                    counted,
                    referrals,
                };
                vault.begin_sealing(*draft, &card, None).expect("begun");
                vault.end_sealing(*draft, &card).expect("sealed");
            }
            vault
        }
    };
    // as a kill would leave it: nothing is closed, so SQLite does not tidy up
    std::mem::forget(vault);
    std::process::exit(0);
}
