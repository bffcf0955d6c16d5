//! Makes and reads encrypted files for independent witnesses in Python (`tests/python/test_vault.py`).

use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::{Digest, SigningKey};
use tabara_core::record::Uuid;
use tabara_core::vault::Vault;
use tabara_core::vault::cipher::{FileKey, open};
use tabara_core::vault::drafts::{self, DraftInfo};
use tabara_core::vault::mailbox::Mailbox;
use tabara_support::phone::KeyStore;

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

/// `begin`: twelve drafts that grow and shrink among each other, and is then killed. `seal`: goes on, seals eleven of them,
/// and is killed again. Prints the name of the file of drafts and its key.
fn live(folder: &Path, key: &FileKey, step: &str) {
    let id = Uuid::from_u128(1);
    let of_draft: Vec<Uuid> = (1..=12).map(Uuid::from_u128).collect();
    // each draft says a letter of its own, so that a piece of it shows wherever a page cuts it
    let state = |draft: usize, len: usize| vec![b'g' + draft as u8; 8 * len];
    let secret = KeyStore::at(folder.join("key-store"));
    let mailbox = Mailbox::open(folder, &secret, Arc::new(SystemClock::default()), true).expect("the mailbox");
    let (vault, mut drafts);
    if step == "begin" {
        vault = Vault::create(folder, key, id, &SigningKey::from_seed([1; 32])).expect("a new vault");
        drafts = vault.open_drafts(folder, &secret, &mailbox).expect("a file of drafts");
        for (at, draft) in of_draft.iter().enumerate() {
            let (questionnaire, sha256) = ("q".to_owned(), Digest([0; 32]));
            let info = DraftInfo { draft: *draft, questionnaire, sha256, started: 0 };
            drafts.begin(&info, &state(at, 10)).expect("a draft");
        }
        for round in 0..30 {
            for (at, draft) in of_draft.iter().enumerate() {
                drafts.save(*draft, &state(at, 1 + (round * 37 + at * 91) % 700)).expect("saved");
            }
        }
    } else {
        vault = Vault::open(folder, key, id).expect("the vault opens");
        drafts = vault.open_drafts(folder, &secret, &mailbox).expect("the file of drafts");
        for draft in &of_draft[..11] {
            drafts.discard(*draft).expect("ended");
            let next = drafts::key(vault.seed(), drafts.generation() + 1, &secret).expect("the next key");
            drafts = vault.move_drafts(folder, &drafts, &next).expect("moved");
            let old = vault.remove_old_drafts(folder, drafts.generation()).expect("removed");
            old.forget(&secret).expect("forgotten");
        }
    }
    let key = drafts::key(vault.seed(), drafts.generation(), &secret).expect("the key in force");
    let hex: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("drafts-{}.db {hex}", drafts.generation());
    // as a kill would leave it: nothing is closed, so SQLite does not tidy up
    std::mem::forget((vault, drafts, mailbox));
    std::process::exit(0);
}
